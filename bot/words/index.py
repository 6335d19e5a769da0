"""The watch index: which of very many queries match one text.

Every query is filed under a few keys of which a matching text must have at least one: a word under its keys, a phrase
under two of its words that follow each other, an AND under the keys of its rarest part, an OR under those of all parts.
A text then asks only for its own keys. A query of words alone, or of a phrase of two, is answered by that: its watches
stand as bare numbers under its keys. So do those of one word AND or NOT another, in a dictionary of the other word
under the one. Of the others a few are verified. What is rare is learnt from the texts that come by: a query that was
asked in vain too often is filed anew.

Pure dictionaries: C automata over expanded forms are 3 to 4 times as fast at best, and can neither forget nor add
cheaply, nor do NOT. Not for several threads at once.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import chain, pairwise, product
from typing import NamedTuple, TypeAlias, TypeVar

from bot.words import nodes
from bot.words.nodes import All, Either, Near, Node, Not, Phrase, Word
from bot.words.query import SHORTEST_PREFIX, Query
from bot.words.tokens import Text

_PATIENCE = 8  # times a query is asked in vain before it may be filed anew
_LEARN_EVERY = 8  # texts
_MOST_SEEN = 10_000  # keys whose frequency is remembered
_MOST_PAIRS = 16  # keys of one pair of words; of more the words are taken one by one
_PAIR_IS_RARER = 8  # so many times than the rarer of its words
_SHEET = 256  # watches


class _Entry:
    """One query that has to be verified: the watches that ask it, where it is filed, and what is left to verify.

    A text under whose keys it is filed matches if it has one key of each of `need`, none of `forbid`, and `rest`
    matches.
    """

    __slots__ = ("filed", "forbid", "key", "need", "rest", "vain", "watches")

    def __init__(self, key: str) -> None:
        self.key = key
        self.watches = array("q")
        self.filed: tuple[str, ...] = ()
        self.need: tuple[tuple[str, ...], ...] = ()
        self.forbid: tuple[str, ...] = ()
        self.rest: Node | None = None
        self.vain = 0

    def is_asked_for_by(self, text: Text) -> bool:
        for keys in self.need:
            if text.keys.isdisjoint(keys):
                return False
        return text.keys.isdisjoint(self.forbid) and (self.rest is None or self.rest.matches(text))


class _Both(NamedTuple):
    """The keys of two words that a text must have, those first under which the watches are filed."""

    one: tuple[str, ...]
    other: tuple[str, ...]


class _Without(NamedTuple):
    """The keys of a word that a text must have, and of those that it must not have."""

    one: tuple[str, ...]
    forbid: tuple[str, ...]


_Filed: TypeAlias = str | tuple[str, ...] | _Both | _Without | _Entry
"""Where a watch stands: under one key, under several, under two words, or with a query that is verified."""


class WatchIndex:
    """Watches by number (0 and up). Equal queries are verified once. In memory: the store holds the watches."""

    def __init__(self) -> None:
        self._count = 0
        self._filed: dict[int, list[_Filed | None]] = {}  # sheets: watches of numbers that follow each other
        self._alone: dict[str, array[int]] = {}  # by key: watches that it answers, filed nowhere else
        self._either: dict[str, array[int]] = {}  # by key: watches that it answers, and so do others
        self._both: dict[str, dict[str, array[int]]] = {}  # by two keys: watches that both answer
        self._without: dict[str, dict[tuple[str, ...], array[int]]] = {}  # by a key: by those that must not be there
        self._doubtful: dict[str, list[_Entry]] = {}  # by key: queries that are then verified
        self._entries: dict[str, _Entry] = {}
        self._pairs = 0  # how many are filed under two words
        self._prefixes: dict[str, Counter[int]] = {}  # by their first letters: lengths of prefixes that are filed
        self._seen: Counter[str] = Counter()  # in how many of the texts looked at a key stood
        self._texts = 0

    def __len__(self) -> int:
        return self._count

    def add(self, watch_id: int, query: Query | str) -> None:
        """File a watch by its query or the query's key; the same number again replaces its query."""
        self.remove(watch_id)
        sheet = self._filed.get(watch_id // _SHEET)
        if sheet is None:
            sheet = self._filed[watch_id // _SHEET] = [None] * _SHEET
        sheet[watch_id % _SHEET] = self._file(watch_id, query)
        self._count += 1

    def remove(self, watch_id: int) -> None:
        """Forget a watch; an unknown number is no mistake."""
        sheet = self._filed.get(watch_id // _SHEET)
        filed = sheet[watch_id % _SHEET] if sheet else None
        if sheet is None or filed is None:
            return
        sheet[watch_id % _SHEET] = None
        self._count -= 1
        if isinstance(filed, _Entry):
            filed.watches.remove(watch_id)
            if not filed.watches:
                del self._entries[filed.key]
                self._take_out(filed)
        elif isinstance(filed, str):
            self._take_from(self._alone, filed, watch_id)
        elif isinstance(filed, _Both):
            _take_below(self._both, filed.one, filed.other, watch_id)
        elif isinstance(filed, _Without):
            _take_below(self._without, filed.one, (filed.forbid,), watch_id)
        else:
            for key in filed:
                self._take_from(self._either, key, watch_id)

    def matches(self, text: Text) -> list[int]:
        """The numbers of all watches that match, each once, in no order."""
        keys = self._keys_of(text)
        found = array("q")
        for watches in filter(None, map(self._alone.get, keys)):
            found += watches
        several = set[int]().union(*filter(None, map(self._either.get, keys)))
        for others in filter(None, map(self._both.get, text.keys)):
            for other in others.keys() & text.keys:
                several.update(others[other])
        for exceptions in filter(None, map(self._without.get, text.keys)):
            for forbid, watches in exceptions.items():
                if text.keys.isdisjoint(forbid):
                    several.update(watches)
        found.extend(several)
        for entry in set(chain.from_iterable(filter(None, map(self._doubtful.get, keys)))):
            if entry.is_asked_for_by(text):
                found += entry.watches
            else:
                entry.vain += 1
                if entry.vain >= _PATIENCE:
                    self._file_anew(entry)
        if self._texts % _LEARN_EVERY == 0:
            self.learn(text)
        self._texts += 1
        return found.tolist()

    def learn(self, text: Text) -> None:
        """Learn from a text what is rare: watches that are filed from here on are filed by that."""
        self._seen.update(text.keys)
        if len(self._seen) > _MOST_SEEN:
            self._seen = Counter({key: times // 2 for key, times in self._seen.items() if times > 1})

    def _keys_of(self, text: Text) -> set[str]:
        """All keys of a text under which something may be filed."""
        keys = text.keys.copy()
        if self._pairs:
            keys.update(text.pairs())
        if self._prefixes:
            for form in text.forms:
                if lengths := self._prefixes.get(form[:SHORTEST_PREFIX]):
                    keys.update([form[:length] + "*" for length in lengths if length <= len(form)])
        return keys

    def _file(self, watch: int, query: Query | str) -> _Filed:
        written = query if isinstance(query, str) else query.key
        if keys := nodes.word_keys(written):  # most are
            return self._put_in(keys, watch)
        entry = self._entries.get(written)
        if entry is None:
            node = nodes.read_back(written)
            keys = _filing_keys(node, self._seen)
            if keys and _is_answered(node, keys):
                return self._put_in(keys, watch)
            if two := _two_words(node, keys):
                if isinstance(two, _Both):
                    _put_below(self._both, two.one, two.other, watch)
                else:
                    _put_below(self._without, two.one, (two.forbid,), watch)
                return two
            entry = self._entries[written] = _Entry(written)
            self._file_entry(entry, node, keys)
        entry.watches.append(watch)
        return entry

    def _file_entry(self, entry: _Entry, node: Node, keys: tuple[str, ...]) -> None:
        entry.filed = keys
        entry.need, entry.forbid, entry.rest = _to_verify(node, keys)
        for key in keys:
            drawer = self._doubtful.get(key)
            if drawer is None:
                self._doubtful[key] = [entry]  # as small as it can be: most hold no more
            else:
                drawer.append(entry)
            self._count_key(key, 1)

    def _take_out(self, entry: _Entry) -> None:
        for key in entry.filed:
            drawer = self._doubtful[key]
            del drawer[next(at for at, one in enumerate(drawer) if one is entry)]
            if not drawer:
                del self._doubtful[key]
            self._count_key(key, -1)

    def _file_anew(self, entry: _Entry) -> None:
        entry.vain = 0
        node = nodes.read_back(entry.key)
        keys = _filing_keys(node, self._seen)
        if keys != entry.filed:
            self._take_out(entry)
            self._file_entry(entry, node, keys)

    def _put_in(self, keys: tuple[str, ...], watch: int) -> _Filed:
        drawers = self._either if len(keys) > 1 else self._alone
        for key in keys:
            drawer = drawers.get(key)
            if drawer is None:
                drawers[key] = array("q", (watch,))
            else:
                drawer.append(watch)
            self._count_key(key, 1)
        return keys if len(keys) > 1 else keys[0]

    def _take_from(self, drawers: dict[str, "array[int]"], key: str, watch: int) -> None:
        drawers[key].remove(watch)
        if not drawers[key]:
            del drawers[key]
        self._count_key(key, -1)

    def _count_key(self, key: str, by: int) -> None:
        """Texts are cut into pairs and beginnings only if something is filed under those."""
        if " " in key:
            self._pairs += by
        elif key[-1] == "*":
            lengths = self._prefixes.setdefault(key[:SHORTEST_PREFIX], Counter())
            lengths[len(key) - 1] += by
            if not lengths[len(key) - 1]:
                del lengths[len(key) - 1]


_Key = TypeVar("_Key", str, tuple[str, ...])


def _put_below(
    drawers: dict[str, dict[_Key, "array[int]"]], keys: tuple[str, ...], below: Iterable[_Key], watch: int
) -> None:
    for key in keys:
        drawer = drawers.setdefault(key, {})
        for other in below:
            if other in drawer:
                drawer[other].append(watch)
            else:
                drawer[other] = array("q", (watch,))


def _take_below(
    drawers: dict[str, dict[_Key, "array[int]"]], keys: tuple[str, ...], below: Iterable[_Key], watch: int
) -> None:
    for key in keys:
        drawer = drawers[key]
        for other in below:
            drawer[other].remove(watch)
            if not drawer[other]:
                del drawer[other]
        if not drawer:
            del drawers[key]


# --- pairs of words


def _pair_keys(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of two words of a phrase; () if there are too many, or exact forms and prefixes among them."""
    if len(one) * len(other) > _MOST_PAIRS or any(key[0] == "=" or key[-1] == "*" for key in one + other):
        return ()
    return tuple(f"{first} {second}" for first, second in product(one, other))


# --- where to file


def _filing_keys(node: Node, seen: Counter[str]) -> tuple[str, ...]:
    """Keys of which every matching text has at least one: the rarest choice. () means any text."""
    match node:
        case Word(keys):
            return keys
        case Phrase(words):
            pairs = [keys for one, other in pairwise(words) if (keys := _pair_keys(one, other))]
            return min(pairs or words, key=lambda keys: _cost(keys, seen))
        case Near(_, one, other):
            return min(_filing_keys(one, seen), _filing_keys(other, seen), key=lambda keys: _cost(keys, seen))
        case All(parts):
            filed = [keys for part in parts if (keys := _filing_keys(part, seen))]
            return min(filed, key=lambda keys: _cost(keys, seen), default=())
        case Either(parts):
            either = [_filing_keys(part, seen) for part in parts]
            return tuple(sorted({key for keys in either for key in keys})) if all(either) else ()
        case _:
            return ()


def _cost(keys: tuple[str, ...], seen: Counter[str]) -> tuple[int, int]:
    """How often these keys stand in texts; of what was never seen a long word is taken for a rare one."""
    return sum(_times(key, seen) for key in keys), -min(map(len, keys), default=0)


def _times(key: str, seen: Counter[str]) -> int:
    one, _, other = key.partition(" ")
    return min(seen[one], seen[other]) // _PAIR_IS_RARER if other else seen[key]


# --- what is left to verify


def _is_answered(node: Node, filed: tuple[str, ...]) -> bool:
    """Whether a text that has one of the keys matches."""
    match node:
        case Word(keys):
            return keys == filed
        case Phrase((one, other)):
            return _pair_keys(one, other) == filed
        case _:
            return False


def _two_words(node: Node, filed: tuple[str, ...]) -> _Both | _Without | None:
    """The keys of one word AND or NOT another, if they are not too many."""
    match node:
        case All((Word(one), Word(other))) if not _has_prefix(one + other) and len(one) * len(other) <= _MOST_PAIRS:
            return _Both(one, other) if one == filed else _Both(other, one)
        case All((Not(Word(forbid)), Word(one))) if not _has_prefix(one + forbid):
            return _Without(one, forbid)
        case _:
            return None


def _to_verify(node: Node, filed: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...], Node | None]:
    """Of each of these a text needs one key; these it must not have; and what cannot be said in keys."""
    need: list[tuple[str, ...]] = []
    forbid: list[str] = []
    rest: list[Node] = []
    for part in node.parts if isinstance(node, All) else (node,):
        if _is_answered(part, filed):
            continue
        match part:
            case Word(keys) if not _has_prefix(keys):
                need.append(keys)
            case Not(Word(keys)) if not _has_prefix(keys):
                forbid += keys
            case _:
                rest.append(part)
    return tuple(need), tuple(forbid), All(tuple(rest)) if len(rest) > 1 else next(iter(rest), None)


def _has_prefix(keys: tuple[str, ...]) -> bool:
    return any(key[-1] == "*" for key in keys)
