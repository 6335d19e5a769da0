"""Between the watch language and SQLite's FTS5: what to store of a post, what to ask.

A post is stored as its keys in order, each written with letters and digits only, so that the tokenizer of FTS5 has
nothing left to decide. A query becomes an expression of quoted keys; no character a person typed gets there unread.

An exact form that is also a lemma of its word is not stored again, which saves a third of the index: to ask for the
form is to ask for the lemma. So the expression finds every post that matches and some that do not (a phrase, too, is
only NEAR: a word has several keys in a row; NOT a phrase is left out): each row is verified with `Query.matches`.
"""

import re
from collections.abc import Iterable
from itertools import product

from bot.words.nodes import All, During, Either, Near, Node, Not, Phrase, Word
from bot.words.query import ALWAYS, Query
from bot.words.tokens import MOST_KEYS_A_PLACE, Text, Token

TOKENIZER = "ascii"
"""For `CREATE VIRTUAL TABLE … USING fts5(…, tokenize = …)`: it cuts at the spaces, at half the cost of unicode61."""

FORMAT = 2
"""Raised with every change of what is stored of a post."""

_MOST_PHRASES = 24  # ways to write one phrase before it is asked as an AND of its words
_KINDS = {"=": "φ", "#": "τ", "@": "ν"}  # Greek letters of a post's own are unsafe: no two keys are written alike
_UNSAFE = re.compile("[^0-9a-zа-яіїєё]")


def document(text: Text) -> str:
    """What to index of a post: its keys in order, then its facts."""
    return " ".join([*[word.written or _write(word) for word in text.words], *map(_token, sorted(text.facts))])


def _write(word: Token) -> str:
    word.written = " ".join(_token(key) for key in word.keys if not (key[0] == "=" and key[1:] in word.keys))
    return word.written


def expression(query: Query) -> str:
    """A MATCH expression that every matching post satisfies; never empty."""
    return _expression(query.node)


def is_exact(query: Query) -> bool:
    """Whether every post that satisfies the expression matches, given that it was published in the `span`."""
    parts = query.node.parts if isinstance(query.node, All) else (query.node,)
    return all(isinstance(part, During) or _is_exact(part) for part in parts)


def span(query: Query) -> tuple[int, int]:
    """[since, until) in seconds since 1970: a post that was published at another time does not match."""
    parts = query.node.parts if isinstance(query.node, All) else (query.node,)
    bounds = [part for part in parts if isinstance(part, During)]
    since = max((part.since for part in bounds), default=-ALWAYS)
    return since, min((part.until for part in bounds), default=ALWAYS)


def _is_exact(node: Node) -> bool:
    match node:
        case Word(keys):
            return not any(key[0] == "=" or key[-1] == "*" for key in keys)
        case All(parts) | Either(parts):
            return all(map(_is_exact, parts))
        case Not(part):
            return _is_exact(part)
        case _:
            return False


def _expression(node: Node) -> str:
    """ "" means: any post may match."""
    match node:
        case Word(keys):
            return _any(term for key in keys for term in _terms(key))
        case Phrase() | Near():
            return _close(node)
        case All(parts):
            return _without(
                _all(map(_expression, parts)),
                _any(_expression(part.part) for part in parts if isinstance(part, Not) and _is_exact(part)),
            )
        case Either(parts):
            return _any(map(_expression, parts))
        case _:
            return ""


def _close(node: Phrase | Near) -> str:
    match node:
        case Phrase(words):
            return _together(words, len(words) * MOST_KEYS_A_PLACE)
        case Near(apart, Word(ones), Word(others)):
            return _together((ones, others), (apart + 2) * MOST_KEYS_A_PLACE)
        case Near(_, one, other):
            return _all(map(_expression, (one, other)))


def _together(words: tuple[tuple[str, ...], ...], apart: int) -> str:
    """Words near each other in any order, so many tokens between them at the most."""
    terms = [list(dict.fromkeys(term for key in keys for term in _terms(key))) for keys in words]
    ways = 1
    for one in terms:
        ways *= len(one)
    prefixed = any(key.endswith("*") for keys in words for key in keys)
    if ways > _MOST_PHRASES or prefixed:
        return _all(map(_any, terms))
    return _any(f"NEAR({' '.join(way)}, {apart})" for way in product(*terms))


def _any(parts: Iterable[str]) -> str:
    found = list(dict.fromkeys(parts))
    if "" in found:
        return ""
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _all(parts: Iterable[str]) -> str:
    found = [part for part in dict.fromkeys(parts) if part]
    return f"({' AND '.join(found)})" if len(found) > 1 else "".join(found)


def _without(wanted: str, unwanted: str) -> str:
    return f"({wanted} NOT {unwanted})" if wanted and unwanted != "()" else wanted


def _terms(key: str) -> tuple[str, ...]:
    """How a key may stand in the index, a prefix with a star behind."""
    if key.endswith("*"):
        return (f'"{_token("=" + key[:-1])}"*', f'"{_token(key[:-1])}"*')
    if key[0] == "=":
        return (f'"{_token(key)}"', f'"{_token(key[1:])}"')
    return (f'"{_token(key)}"',)


def _token(key: str) -> str:
    kind = _KINDS.get(key[0], "")
    return kind + _UNSAFE.sub(lambda match: f"λ{ord(match[0]):x}λ", key[1:] if kind else key)
