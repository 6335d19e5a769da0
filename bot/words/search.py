"""Between the watch language and SQLite's FTS5: what to store of a post, what to ask.

A post is stored as its keys in order, each written with letters and digits only, so that the tokenizer of FTS5 has
nothing left to decide. A query becomes an expression of quoted keys; no character a person typed gets there unread.

The expression finds every post that matches and some that do not (NOT is left out, a phrase is only NEAR: a word
has several keys in a row), so each row is verified with `Query.matches`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from bot.words.nodes import All, Either, Near, Node, Phrase, Word
from bot.words.query import Query
from bot.words.tokens import MOST_KEYS_A_PLACE, Text

TOKENIZER = "unicode61 remove_diacritics 0"
"""For `CREATE VIRTUAL TABLE … USING fts5(…, tokenize = …)`."""

_MOST_PHRASES = 24  # ways to write one phrase before it is asked as an AND of its words
_KINDS = {"=": "f0", "#": "t0", "@": "n0"}
_UNSAFE = re.compile("[^0-9a-zа-яіїєё]")


def document(text: Text) -> str:
    """What to index of a post: its keys in order, then its facts."""
    return " ".join([*map(_row, text.rows), *map(_token, sorted(text.facts))])


@lru_cache(maxsize=50_000)
def _row(keys: tuple[str, ...]) -> str:
    """The keys of one place. Remembered: most words of a post are words of others."""
    return " ".join(map(_token, keys))


def expression(query: Query) -> str:
    """A MATCH expression that every matching post satisfies; never empty."""
    return _expression(query.node)


def _expression(node: Node) -> str:
    """ "" means: any post may match."""
    match node:
        case Word(keys):
            return _any(map(_term, keys))
        case Phrase(words):
            return _phrase(words)
        case Near(_, one, other):
            return _all(map(_expression, (one, other)))
        case All(parts):
            return _all(map(_expression, parts))
        case Either(parts):
            return _any(map(_expression, parts))
        case _:
            return ""


def _phrase(words: tuple[tuple[str, ...], ...]) -> str:
    ways = 1
    for keys in words:
        ways *= len(keys)
    prefixed = any(key.endswith("*") for keys in words for key in keys)
    if ways > _MOST_PHRASES or prefixed:
        return _all(_any(map(_term, keys)) for keys in words)
    apart = len(words) * MOST_KEYS_A_PLACE
    return _any(f"NEAR({' '.join(map(_term, way))}, {apart})" for way in product(*words))


def _any(parts: Iterable[str]) -> str:
    found = list(dict.fromkeys(parts))
    if "" in found:
        return ""
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _all(parts: Iterable[str]) -> str:
    found = [part for part in dict.fromkeys(parts) if part]
    return f"({' AND '.join(found)})" if len(found) > 1 else "".join(found)


def _term(key: str) -> str:
    if key.endswith("*"):
        return f'"{_token("=" + key[:-1])}"*'
    return f'"{_token(key)}"'


def _token(key: str) -> str:
    kind = _KINDS.get(key[0], "")
    return kind + _UNSAFE.sub(lambda match: f"0{ord(match[0]):x}0", key[1:] if kind else key)
