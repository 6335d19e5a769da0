"""The watch language: what a person types to be told about, and what to search for.

    query   = any
    any     = all { ("OR" | "АБО" | "ИЛИ") all }
    all     = one { [ "AND" | "І" | "ТА" | "И" ] one }        words side by side: all of them
    one     = ( "NOT" | "НЕ" ) one | "(" any ")" | near
    near    = term { ( "NEAR" | "NEAR/" number ) term }         at most so many words apart, 10 if it does not say
    term    = word            in every inflected form: ceasefire, перемир'я; cease-fire is found as ceasefire too
            | "…"             a phrase, its words inflected; “…”, „…“ and «…» are read alike
            | =word | ="…"    exactly this form, whatever its case
            | prefix*         words that begin so, at least three letters; also inside a phrase
            | #tag | @name
            | filter:value    from, side, source, kind, topic, lang: what is known of a post beside its words
            | since:day | until:day    in a search alone: 2022-03-10, 10.03.2022, 2022-03 or 2022, that day included

Operators are operators only in upper case: a small `and` is a word to be found. NOT binds closest, OR loosest. Every
way to match needs something that is there: a query of NOT alone is refused. A value of several words stands in
quotation marks: from:"von der Leyen".

A `Query` is compiled: it holds keys of `bot.words.tokens`, no words, and is written down and read back (`key`,
`load`) without any dictionary.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bot.errors import QueryError
from bot.models import LANGUAGES, StatementKind
from bot.words import lemmas, nodes, tokens
from bot.words.days import days
from bot.words.letters import clean
from bot.words.nodes import All, During, Either, Near, Node, Not, Phrase, Word
from bot.words.tokens import Text

__all__ = [
    "Either",
    "Filters",
    "Query",
    "Reason",
    "all_of",
    "fact",
    "known",
    "literal",
    "load",
    "marks",
    "parse",
]

LONGEST = 300
MOST_TERMS = 20
DEEPEST = 10
SHORTEST_PREFIX = 3

Reason = Literal[
    "empty",  # nothing was typed
    "too_long",  # over LONGEST characters
    "too_many_terms",  # over MOST_TERMS words
    "too_deep",  # over DEEPEST brackets within each other
    "unclosed_quote",
    "unclosed_bracket",
    "extra_bracket",  # a closing bracket that nothing opened
    "empty_brackets",
    "empty_quote",
    "missing_word",  # an operator without a word on one side
    "only_not",  # could match a text that has none of the words
    "short_prefix",  # fewer than SHORTEST_PREFIX letters before the *
    "misplaced_star",  # a * that does not end a word
    "misplaced_minus",  # -word, where NOT word is meant
    "no_word",  # a sign that is neither a word nor part of the language
    "unknown_filter_value",  # nothing of that kind has that name
    "bad_date",  # what stands behind since: or until: is no day
    "date_in_watch",  # a watch is about what is said from now on
    "only_dates",  # nothing but since: and until:
]


@dataclass(frozen=True, slots=True)
class Filters:
    """From the name of a filter and what was typed behind the colon to the ids that are `meant`, and to those whose
    names are `near` it, the likeliest first.
    """

    meant: Callable[[str, str], Collection[str]]
    near: Callable[[str, str], Collection[str]]


NAMES = ("from", "side", "source", "kind", "topic", "lang")
DATES = ("since", "until")
KINDS: tuple[str, ...] = get_args(StatementKind)
_OTHER_CODES = {"ua": "uk"}  # the country's code is not the language's

ALWAYS = 1 << 40
"""Seconds from 1970 past which nothing is published."""

NEAR = 10
FARTHEST = 50


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled query; equal when it means the same. `key` is its text for the store."""

    node: Node
    key: str

    def matches(self, text: Text) -> bool:
        return self.node.matches(text)

    def spans(self, text: Text) -> list[tuple[int, int]]:
        """Where the words that made it match stand in the original text: ascending, apart from each other."""
        return nodes.merged(sorted(nodes.spans(self.node, text)))


def parse(query: str, filters: Filters | None = None, zone: ZoneInfo | None = None) -> Query:
    """Compile what a person typed. Raises QueryError with a `Reason`; its suggestion, if any, does compile.

    Without `filters` a word with a colon is a word like others. With a `zone` it is a search, and may be bound to days
    there.
    """
    try:
        return _compiled(query, filters, zone)
    except QueryError as error:
        raise _error(error.reason, error.position, _working(error.suggestion, filters, zone)) from None


def marks(query: str, filters: Filters, text: Text) -> list[tuple[int, int]]:
    """The spans in the text of a query that was understood when it was typed; none if it no longer is."""
    try:
        return parse(query, filters).spans(text)
    except QueryError:
        return []


def all_of(queries: Iterable[Query]) -> Query:
    """The query that matches where all of these do."""
    return _query(All(tuple(query.node for query in queries)))


def literal(words: str) -> Query:
    """The query for these words one after the other, inflected; no operators. Without words: for nothing."""
    typed = _words(words.replace("*", " "), 0, exact=False)
    return _query(_term(typed) if typed else Word(()))


def known(name: str, value: str) -> Query:
    """The query for what is known of a post: the filter of that name with an id."""
    return _query(Word((fact(name, value),)))


def _compiled(query: str, filters: Filters | None, zone: ZoneInfo | None) -> Query:
    if len(query) > LONGEST:
        raise _error("too_long", LONGEST)
    node = _Parser(query, filters, zone).parse()
    if not nodes.needs_something(node):
        raise _error("only_dates" if nodes.only_dates(node) else "only_not", 0)
    return _query(node)


def _working(suggestion: str, filters: Filters | None, zone: ZoneInfo | None) -> str:
    """The suggestion, mended further if it has mistakes of its own; empty when that does not help."""
    for _ in range(3):
        try:
            _compiled(suggestion, filters, zone)
        except QueryError as error:
            suggestion = error.suggestion
        else:
            return suggestion
    return ""


def load(key: str) -> Query:
    """The query that wrote this `key`."""
    return Query(nodes.read_back(key), key)


# --- reading


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: Literal["term", "and", "or", "not", "near", "(", ")"]
    start: int
    end: int
    node: Node | None = None
    terms: int = 0
    apart: int = 0


_OPERATORS: dict[str, Literal["and", "or", "not"]] = {
    "AND": "and", "І": "and", "ТА": "and", "И": "and",
    "OR": "or", "АБО": "or", "ИЛИ": "or",
    "NOT": "not", "НЕ": "not",
}  # fmt: skip
_QUOTES = {'"': '"“”„«»', "“": '”"“', "”": '”"', "„": '“”"', "«": '»"'}
_BARE = re.compile(r'[^\s()"“”„«»]+')
_NEAR = re.compile(r"NEAR(?:/(\d{1,3}))?")
_FILTER = re.compile(rf"({'|'.join(NAMES + DATES)}):(\S*)", re.IGNORECASE)
_STAR = re.compile(r"\*(?=\s|$)")


def _error(reason: str, position: int, suggestion: str = "") -> QueryError:
    return QueryError(reason, position, suggestion)


class _Parser:
    """Recursive descent over the pieces of one query."""

    def __init__(self, query: str, filters: Filters | None, zone: ZoneInfo | None) -> None:
        self.query = query
        self.pieces = list(_pieces(query, filters, zone))
        self.next = 0
        self.depth = 0

    def parse(self) -> Node:
        if not self.pieces:
            raise _error("empty", 0)
        terms = 0
        for piece in self.pieces:
            terms += piece.terms
            if terms > MOST_TERMS:
                raise _error("too_many_terms", piece.start, self.query[: piece.start].rstrip())
        node = self.any()
        if self.next < len(self.pieces):
            at = self.pieces[self.next].start
            raise _error("extra_bracket", at, self._without(at, at + 1))
        return node

    def any(self) -> Node:
        parts = [self.all()]
        while self._take("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self) -> Node:
        parts = [self.one()]
        while self._take("and") or self._sees("term", "not", "("):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Node:
        if self.next == len(self.pieces):
            last = self.pieces[-1]
            if last.kind == "(":
                raise _error("unclosed_bracket", last.start, self._without(last.start, last.end))
            raise _error("missing_word", last.start, self._without(last.start, last.end))
        piece = self.pieces[self.next]
        self.next += 1
        if piece.kind == "term":
            return self._near(piece)
        if piece.kind == "not":
            with_depth = self._deeper(piece)
            part = self.one()
            self.depth = with_depth - 1
            return part.part if isinstance(part, Not) else Not(part)
        if piece.kind == "(":
            return self._bracket(piece)
        if piece.kind == ")":
            raise self._unexpected_bracket(piece)
        raise _error("missing_word", piece.start, self._without(piece.start, piece.end))

    def _near(self, piece: _Piece) -> Node:
        near: list[Node] = []
        one = _node_of(piece)
        while self._sees("near"):
            operator = self.pieces[self.next]
            if self.next + 1 == len(self.pieces) or self.pieces[self.next + 1].kind != "term":
                raise _error("missing_word", operator.start, self._without(operator.start, operator.end))
            other = _node_of(self.pieces[self.next + 1])
            self.next += 2
            near.append(Near(operator.apart, one, other))
            one = other
        if not near:
            return one
        return near[0] if len(near) == 1 else All(tuple(near))

    def _bracket(self, opening: _Piece) -> Node:
        with_depth = self._deeper(opening)
        if self._sees(")"):
            closing = self.pieces[self.next]
            raise _error("empty_brackets", opening.start, self._without(opening.start, closing.end))
        node = self.any()
        if not self._take(")"):
            raise _error("unclosed_bracket", opening.start, self.query.rstrip() + ")")
        self.depth = with_depth - 1
        return node

    def _deeper(self, piece: _Piece) -> int:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _error("too_deep", piece.start)
        return self.depth

    def _unexpected_bracket(self, piece: _Piece) -> QueryError:
        before = self.pieces[self.next - 2] if self.next > 1 else None
        if before is not None and before.kind in ("and", "or", "not"):
            return _error("missing_word", before.start, self._without(before.start, before.end))
        return _error("extra_bracket", piece.start, self._without(piece.start, piece.end))

    def _sees(self, *kinds: str) -> bool:
        return self.next < len(self.pieces) and self.pieces[self.next].kind in kinds

    def _take(self, kind: str) -> bool:
        seen = self._sees(kind)
        self.next += seen
        return seen

    def _without(self, start: int, end: int) -> str:
        return _join(self.query[:start], self.query[end:])


def _node_of(piece: _Piece) -> Node:
    return piece.node or Word(())


def _join(before: str, after: str) -> str:
    return " ".join(f"{before} {after}".split())


def _pieces(query: str, filters: Filters | None, zone: ZoneInfo | None) -> Iterator[_Piece]:
    position = 0
    while position < len(query):
        character = query[position]
        if character.isspace():
            position += 1
            continue
        if character in "()":
            piece = _Piece("(" if character == "(" else ")", position, position + 1)
        elif character in _QUOTES:
            piece = _phrase(query, position, position, exact=False)
        elif character == "=" and query[position + 1 : position + 2] in _QUOTES and position + 1 < len(query):
            piece = _phrase(query, position, position + 1, exact=True)
        elif filters is not None and (filtered := _filtered(query, position, filters, zone)):
            piece = filtered
        else:
            piece = _bare(query, position)
        yield piece
        position = piece.end


def _phrase(query: str, start: int, quote: int, *, exact: bool) -> _Piece:
    closing = _QUOTES[query[quote]]
    end = next((at for at in range(quote + 1, len(query)) if query[at] in closing), -1)
    if end < 0:
        raise _error("unclosed_quote", quote, query.rstrip() + closing[0])
    inside = query[quote + 1 : end]
    words = _words(inside, quote + 1, exact=exact)
    if not words:
        raise _error("empty_quote", quote, _join(query[:start], query[end + 1 :]))
    return _Piece("term", start, end + 1, _term(words), len(words))


def _bare(query: str, start: int) -> _Piece:
    match = _BARE.match(query, start)
    if match is None:  # a closing quotation mark that nothing opened
        raise _error("unclosed_quote", start, _join(query[:start], query[start + 1 :]))
    bare, end = match[0], match.end()
    if bare in _OPERATORS:
        return _Piece(_OPERATORS[bare], start, end)
    if near := _NEAR.fullmatch(bare):
        return _Piece("near", start, end, apart=min(int(near[1] or NEAR), FARTHEST))
    if bare[0] in "-–—" and len(bare) > 1 and bare[1].isalnum():
        rest = bare[1:]
        raise _error("misplaced_minus", start, _join(query[:start], f"NOT {rest} {query[end:]}"))
    if bare[0] == "#" and (tag := next((key for key in tokens.read(bare).keys if key[0] == "#"), "")):
        return _Piece("term", start, end, Word((tag,)), 1)
    exact = bare[0] == "=" and len(bare) > 1
    words = _words(bare[1:] if exact else bare, start + exact, exact=exact)
    if not words:
        raise _error("no_word", start, _join(query[:start], query[end:]))
    return _Piece("term", start, end, _term(words), len(words))


def _filtered(query: str, start: int, filters: Filters, zone: ZoneInfo | None) -> _Piece | None:
    """A filter with its value, which may stand in quotation marks; None if it is none."""
    bare = _BARE.match(query, start)
    found = _FILTER.fullmatch(bare[0]) if bare else None
    if bare is None or found is None:
        return None
    name, typed, end = found[1].lower(), found[2], bare.end()
    if not typed and query[end : end + 1] in _QUOTES and end < len(query):
        closing = _QUOTES[query[end]]
        last = next((at for at in range(end + 1, len(query)) if query[at] in closing), -1)
        if last < 0:
            raise _error("unclosed_quote", end, query.rstrip() + closing[0])
        typed, end = query[end + 1 : last], last + 1

    def instead(value: str) -> str:
        return f"{query[:start]}{name}:{value}{query[end:]}"

    position = start + len(name) + 1
    if name in DATES:
        if zone is None:
            raise _error("date_in_watch", start, _join(query[:start], query[end:]))
        if (meant := days(typed)) is None:
            raise _error("bad_date", position)
        return _Piece("term", start, end, _during(name, meant, zone), 1)
    values = _values(name, typed, filters)
    if not values:
        near = next(iter(_near_values(name, typed, filters)), "")
        raise _error("unknown_filter_value", position, instead(near) if near else "")
    return _Piece("term", start, end, Word(tuple(fact(name, value) for value in values)), 1)


def _values(name: str, typed: str, filters: Filters) -> list[str]:
    allowed = _allowed(name)
    if not allowed:
        return sorted(filters.meant(name, typed))
    value = typed.lower()
    value = _OTHER_CODES.get(value, value)
    return [value] if value in allowed else []


def _near_values(name: str, typed: str, filters: Filters) -> Collection[str]:
    allowed = _allowed(name)
    return get_close_matches(typed.lower(), allowed, 1, 0.5) if allowed else filters.near(name, typed)


def _allowed(name: str) -> tuple[str, ...]:
    return {"kind": KINDS, "lang": LANGUAGES}.get(name, ())


def _during(name: str, meant: tuple[date, date], zone: ZoneInfo) -> During:
    first, after = (int(datetime.combine(day, time(), zone).timestamp()) for day in meant)
    return During(first, ALWAYS) if name == "since" else During(-ALWAYS, after)


def fact(name: str, value: str) -> str:
    """The key of what is known of a post beside its words."""
    return f"{name}:{value}"


@dataclass(frozen=True, slots=True)
class _Typed:
    """One typed word: its keys, and whether a hyphen ties it to the word before."""

    keys: tuple[str, ...]
    form: str
    tied: bool = False


def _words(typed: str, offset: int, *, exact: bool) -> list[_Typed]:
    """The words of a run without spaces or of a phrase, cut as a text is cut."""
    text = tokens.read(typed)
    words: list[_Typed] = []
    stars = {match.start() for match in _STAR.finditer(typed)}
    for star in re.finditer(r"\*", typed):
        if star.start() not in stars:
            raise _error("misplaced_star", offset + star.start())
    before = -1
    for (start, end), form in zip(text.spans, text.forms, strict=True):
        token = typed[start:end]
        tied = start - 1 == before and typed[before] in "-‐‑"
        words.append(_Typed(_keys(token, form, exact, end in stars, offset + start), form, tied))
        stars.discard(end)
        before = end
    if stars:
        raise _error("misplaced_star", offset + min(stars))
    if len(words) > 1:  # in a phrase "us" may be the small word
        words = [
            replace(one, keys=(*one.keys, tokens.form_key(one.form))) if one.form in lemmas.ACRONYMS else one
            for one in words
        ]
    return words


def _keys(token: str, form: str, exact: bool, prefix: bool, position: int) -> tuple[str, ...]:
    if prefix:
        if len(form) < SHORTEST_PREFIX:
            raise _error("short_prefix", position)
        return (form + "*",)
    if token.startswith("@"):
        return (tokens.name_key(token),)
    if exact:
        return (tokens.form_key(form),)
    return lemmas.watch_keys(clean(token.removeprefix("#")))


def _term(words: list[_Typed]) -> Node:
    """A word or a phrase; a hyphenated pair is found written together as well."""
    if len(words) == 1:
        return Word(words[0].keys)
    apart = Phrase(tuple(word.keys for word in words))
    joined = _joined(words)
    return apart if joined is None else Either((apart, joined))


def _joined(words: list[_Typed]) -> Node | None:
    first = next((at for at, word in enumerate(words) if word.tied), None)
    if first is None:
        return None
    left, right = words[first - 1], words[first]
    whole = left.form + right.form
    if not whole.isalpha() or left.keys[0][0] in "=@" or right.keys[0][-1] == "*":
        return None
    keys = [word.keys for word in words]
    keys[first - 1 : first + 1] = [lemmas.watch_keys(whole)]
    return Word(keys[0]) if len(keys) == 1 else Phrase(tuple(keys))


def _query(node: Node) -> Query:
    node = nodes.simple(node)
    return Query(node, nodes.written(node))
