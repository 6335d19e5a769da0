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


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other, each by any of its keys."""

    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms with at most `apart` words between them, in any order."""

    apart: int
    one: "Node"
    other: "Node"


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


Node: TypeAlias = Word | Phrase | Near | All | Either | Not


# --- one form for one meaning


def written(node: Node) -> str:
    """Equal for trees of one `simple` form."""
    return json.dumps(_plain(node), ensure_ascii=False, separators=(",", ":"))


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
        case _:
            kind = type(node)
            flat: dict[str, Node] = {}
            for part in map(simple, node.parts):
                for one in part.parts if isinstance(part, kind) else (part,):
                    flat[written(one)] = one
            ordered = tuple(flat[key] for key in sorted(flat))
            return ordered[0] if len(ordered) == 1 else kind(ordered)


def read_back(key: str) -> Node:
    """The tree that was `written` so."""
    return _built(json.loads(key))


def _plain(node: Node) -> list[Any]:
    match node:
        case Word(keys):
            return ["w", *keys]
        case Phrase(words):
            return ["p", *map(list, words)]
        case Near(apart, one, other):
            return ["n", apart, _plain(one), _plain(other)]
        case All(parts):
            return ["&", *map(_plain, parts)]
        case Either(parts):
            return ["|", *map(_plain, parts)]
        case _:
            return ["!", _plain(node.part)]


def _built(plain: list[Any]) -> Node:
    kind, *rest = plain
    if kind == "w":
        return Word(tuple(map(intern, rest)))
    if kind == "p":
        return Phrase(tuple(tuple(map(intern, keys)) for keys in rest))
    if kind == "!":
        return Not(_built(rest[0]))
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


# --- asking a text


def matches(node: Node, text: Text) -> bool:
    match node:
        case Word(keys):
            return text.has_any(keys)
        case Phrase():
            return bool(_phrases(node, text))
        case Near():
            return bool(_near(node, text))
        case All(parts):
            return all(matches(part, text) for part in parts)
        case Either(parts):
            return any(matches(part, text) for part in parts)
        case _:
            return not matches(node.part, text)


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
    if not matches(node, text):
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
