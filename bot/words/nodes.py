"""A compiled query as a tree: how it is written down and read back, and what it finds in a text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern
from typing import Any, TypeAlias

from bot.words.tokens import Text


@dataclass(frozen=True, slots=True)
class Word:
    """One word: any of its keys."""

    keys: tuple[str, ...]

    def matches(self, text: Text) -> bool:
        return text.has_any(self.keys)

    def plain(self) -> list[Any]:
        return ["w", *self.keys]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other, each by any of its keys."""

    words: tuple[tuple[str, ...], ...]

    def matches(self, text: Text) -> bool:
        return bool(_phrases(self, text))

    def plain(self) -> list[Any]:
        return ["p", *map(list, self.words)]


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms with at most `apart` words between them, in any order."""

    apart: int
    one: "Node"
    other: "Node"

    def matches(self, text: Text) -> bool:
        return bool(_near(self, text))

    def plain(self) -> list[Any]:
        return ["n", self.apart, self.one.plain(), self.other.plain()]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Node", ...]

    def matches(self, text: Text) -> bool:
        return all(part.matches(text) for part in self.parts)

    def plain(self) -> list[Any]:
        return ["&", *(part.plain() for part in self.parts)]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Node", ...]

    def matches(self, text: Text) -> bool:
        return any(part.matches(text) for part in self.parts)

    def plain(self) -> list[Any]:
        return ["|", *(part.plain() for part in self.parts)]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"

    def matches(self, text: Text) -> bool:
        return not self.part.matches(text)

    def plain(self) -> list[Any]:
        return ["!", self.part.plain()]


@dataclass(frozen=True, slots=True)
class During:
    """Published in [since, until), in seconds since 1970."""

    since: int
    until: int

    def matches(self, text: Text) -> bool:
        return self.since <= text.when < self.until

    def plain(self) -> list[Any]:
        return ["d", self.since, self.until]


_A_WORD = '["w","'
_read = json.JSONDecoder().raw_decode

Node: TypeAlias = Word | Phrase | Near | All | Either | Not | During


# --- one form for one meaning


def written(node: Node) -> str:
    """Equal for trees of one `simple` form."""
    return json.dumps(node.plain(), ensure_ascii=False, separators=(",", ":"))


def simple(node: Node) -> Node:
    """Nested ANDs and ORs flattened, their parts sorted and each there once."""
    match node:
        case Word(keys):
            return Word(tuple(sorted(set(keys))))
        case Phrase(words):
            return Phrase(tuple(tuple(sorted(set(keys))) for keys in words))
        case Not(part):
            return Not(simple(part))
        case Near(apart, one, other):
            return Near(apart, *sorted(map(simple, (one, other)), key=written))
        case During():
            return node
        case _:
            kind = type(node)
            flat: dict[str, Node] = {}
            for part in map(simple, node.parts):
                for one in part.parts if isinstance(part, kind) else (part,):
                    flat[written(one)] = one
            if kind is Either:
                flat = _words_as_one(flat)
            ordered = tuple(flat[key] for key in sorted(flat))
            return ordered[0] if len(ordered) == 1 else kind(ordered)


def _words_as_one(parts: dict[str, Node]) -> dict[str, Node]:
    """Either of several words is one word of any of their keys."""
    words = [part for part in parts.values() if isinstance(part, Word)]
    if len(words) < 2:
        return parts
    one = Word(tuple(sorted({key for word in words for key in word.keys})))
    return {key: part for key, part in parts.items() if not isinstance(part, Word)} | {written(one): one}


def read_back(key: str) -> Node:
    """The tree that was `written` so."""
    plain, _ = _read(key)
    return _built(plain)


def word_keys(key: str) -> tuple[str, ...]:
    """The keys of a tree that is one word, at a tenth of what it takes to read it back; () for most others."""
    if not key.startswith(_A_WORD) or "\\" in key:
        return ()
    return tuple(map(intern, key[len(_A_WORD) : -2].split('","')))


def _built(plain: list[Any]) -> Node:
    kind, *rest = plain
    if kind == "w":
        return Word(tuple(map(intern, rest)))
    if kind == "p":
        return Phrase(tuple(tuple(map(intern, keys)) for keys in rest))
    if kind == "!":
        return Not(_built(rest[0]))
    if kind == "d":
        return During(*rest)
    if kind == "n":
        return Near(rest[0], _built(rest[1]), _built(rest[2]))
    return (All if kind == "&" else Either)(tuple(map(_built, rest)))


def needs_something(node: Node) -> bool:
    """Whether no text without any of the words can match."""
    match node:
        case Word() | Phrase() | Near():
            return True
        case All(parts):
            return any(map(needs_something, parts))
        case Either(parts):
            return all(map(needs_something, parts))
        case _:
            return False


def only_dates(node: Node) -> bool:
    """Whether it asks for nothing but days."""
    match node:
        case During():
            return True
        case All(parts) | Either(parts):
            return all(map(only_dates, parts))
        case _:
            return False


# --- asking a text


def _phrases(phrase: Phrase, text: Text) -> list[int]:
    """The places where the phrase begins, ascending."""
    if not all(map(text.has_any, phrase.words)):
        return []
    begins: list[int] = []
    for shift, keys in enumerate(phrase.words):
        places = text.at(keys[0]) if len(keys) == 1 else sorted({place for key in keys for place in text.at(key)})
        begins = [begin for begin in begins if begin + shift in places] if shift else places
    return begins


def _stretches(node: Node, text: Text) -> list[tuple[int, int]]:
    """The places, first and last, where a term stands: a word, a phrase, or either of two ways to write one."""
    match node:
        case Word(keys):
            return [(place, place) for key in keys for place in text.at(key)]
        case Phrase(words):
            return [(place, place + len(words) - 1) for place in _phrases(node, text)]
        case _:
            parts = node.parts if isinstance(node, Either) else ()
            return [stretch for part in parts for stretch in _stretches(part, text)]


def _near(near: Near, text: Text) -> list[tuple[int, int]]:
    """The stretches of both terms that are near enough to each other."""
    ones, others = _stretches(near.one, text), _stretches(near.other, text)
    found = {
        stretch
        for one in ones
        for other in others
        if one != other and max(one[0], other[0]) - min(one[1], other[1]) - 1 <= near.apart
        for stretch in (one, other)
    }
    return sorted(found)


def spans(node: Node, text: Text) -> Iterator[tuple[int, int]]:
    """The stretches of the original that made it match, in no order; a part that did not match marks nothing."""
    if not node.matches(text):
        return
    match node:
        case Word(keys):
            yield from (text.spans[place] for key in keys for place in text.at(key))
        case Phrase(words):
            for place in _phrases(node, text):
                yield (text.spans[place][0], text.spans[place + len(words) - 1][1])
        case Near():
            yield from ((text.spans[first][0], text.spans[last][1]) for first, last in _near(node, text))
        case All(parts) | Either(parts):
            for part in parts:
                yield from spans(part, text)


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted stretches with those joined that overlap."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
