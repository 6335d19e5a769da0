"""Between the watch language and SQLite's FTS5: what to store of a post, what to ask.

A post is stored as keys written with letters and digits only, so that the tokenizer of FTS5 has nothing left to decide.
A query becomes an expression of quoted keys; no character a person typed gets there unread.

First stand the words in their order, each by one key: two words that follow each other are a phrase to FTS5. One word
in ten has more lemmas; each of those comes again further down between its neighbours, so that every pair of keys that
may be a phrase is one. A phrase that nobody said is then not found at all, and not read post by post.

An exact form that is also a lemma of its word is not stored again, which saves a third of the index: to ask for the
form is to ask for the lemma. So the expression finds every post that matches and some that do not (of a longer phrase
its pairs are asked; NEAR is only AND; NOT a phrase is left out): each row is verified with `Query.matches`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise, product

from bot.words import lemmas
from bot.words.nodes import All, During, Either, Near, Node, Not, Phrase, Word
from bot.words.query import ALWAYS, Query
from bot.words.tokens import Text, Token, Written

TOKENIZER = "ascii"
"""For `CREATE VIRTUAL TABLE … USING fts5(…, tokenize = …)`: it cuts at the spaces, at half the cost of unicode61."""

FORMAT = 3
"""Raised with every change of what is stored of a post."""

_MOST_WAYS = 64  # to write one pair of words, before it is asked as an AND of both
_MOST_PAIRS = 100  # of keys of two neighbours that are stored; "пресс-секретарь" has 25
_TOO_MANY = "ω"  # says that a post has two neighbours with more
_KINDS = {"=": "φ", "#": "τ", "@": "ν"}  # Greek letters of a post's own are unsafe: no two keys are written alike
_UNSAFE = re.compile("[^0-9a-zа-яіїєё]")


def document(text: Text) -> str:
    """What to index of a post: its words by their first keys, its facts, all other keys."""
    facts = map(_fact, sorted(text.facts))
    if not text.words:
        return " ".join(facts)
    firsts, others, elsewhere = zip(*[word.written or _write(word) for word in text.words], strict=True)
    again = [
        _between(firsts[place - 1] if place else "", keys, firsts[place + 1 : place + 2], others[place + 1 : place + 2])
        for place, keys in enumerate(others)
        if keys
    ]
    return " ".join([*firsts, *facts, *filter(None, elsewhere), *again])


def _write(word: Token) -> Written:
    """Its first key; the other ones that may stand in a phrase; the form and the tag if they have to be stored."""
    keys = [_token(key) for key in word.keys if key[0] not in "=#"]
    rest = [_token(key) for key in word.keys if key[0] == "#" or (key[0] == "=" and key[1:] not in word.keys)]
    first = keys[0] if keys else rest.pop(0)
    word.written = first, tuple(keys[1:]), " ".join(rest)
    return word.written


def _between(before: str, keys: tuple[str, ...], after: tuple[str, ...], others: tuple[tuple[str, ...], ...]) -> str:
    """Each key of a word behind the first key of the word before and in front of every key of the one after."""
    followers = after + others[0] if others else ()
    if len(keys) * len(followers) > _MOST_PAIRS:
        return " ".join([_TOO_MANY, *[f"{before} {key}" for key in keys]])
    return " ".join([f"{before} {key} " + f" {key} ".join(followers) for key in keys])


def expression(query: Query, *, phrases: bool = True) -> str:
    """A MATCH expression that every matching post satisfies; never empty.

    Without `phrases` only words are asked for, as of an index of another `FORMAT`, in which they stand otherwise.
    """
    return _expression(query.node, phrases)


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


def _expression(node: Node, phrases: bool) -> str:
    """ "" means: any post may match."""
    match node:
        case Word(keys):
            return _word(keys)
        case Phrase(words):
            return _phrase(words) if phrases else _all(map(_word, words))
        case Near(_, one, other):
            return _all(_expression(part, phrases) for part in (one, other))
        case All(parts):
            return _without(
                _all(_expression(part, phrases) for part in parts),
                _any(_expression(part.part, phrases) for part in parts if isinstance(part, Not) and _is_exact(part)),
            )
        case Either(parts):
            return _any(_expression(part, phrases) for part in parts)
        case _:
            return ""


def _word(keys: tuple[str, ...]) -> str:
    return _any(term for key in keys for term in _terms(key))


def _phrase(words: tuple[tuple[str, ...], ...]) -> str:
    together, apart = _all(_pair(one, other) for one, other in pairwise(words)), _all(map(_word, words))
    return _any([together, apart if together == apart else _all([f'"{_TOO_MANY}"', apart])])


def _pair(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Two words, the other behind the one."""
    if len(one) * len(other) > _MOST_WAYS:
        return _all(map(_word, (one, other)))
    return _any(way for keys in product(one, other) for way in _ways(*keys))


def _ways(one: str, other: str) -> Iterator[str]:
    """The one key in front of the other, or both anywhere if one of them does not stand among the words."""
    ones, others = _placed(one), _placed(other)
    if ones and others:
        yield from (f'"{first} {second}"' for first, second in product(ones, others))
    else:
        yield _all([_word((one,)), _word((other,))])


def _placed(key: str) -> tuple[str, ...]:
    """How the key may stand among the words; () if it does not: forms that are no lemma stand elsewhere."""
    if key[-1] == "*":
        return ()
    if key[0] == "=":
        return (_token(key), _token(key[1:])) if key[1:] in lemmas.ACRONYMS else ()
    return (_token(key),)


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


@lru_cache(maxsize=1000)
def _fact(key: str) -> str:
    return _token(key)


def _token(key: str) -> str:
    kind = _KINDS.get(key[0], "")
    return kind + _UNSAFE.sub(lambda match: f"λ{ord(match[0]):x}λ", key[1:] if kind else key)
