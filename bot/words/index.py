"""The watch index: which of very many queries match one text.

Every query is filed under a few keys of which a matching text must have at least one: a word under its keys, a phrase
under two of its words that follow each other, an AND under the keys of its rarest part, an OR under those of all parts.
A text then asks only for its own keys. A query of words alone, or of a phrase of two, is answered by that; of the
others a few are verified. What is rare is learnt from the texts that come by: a query that was asked in vain too often
is filed anew.

Pure dictionaries: C automata over expanded forms are 3 to 4 times as fast at best, and can neither forget nor add
cheaply, nor do NOT. Not for several threads at once.
"""

from array import array
from collections import Counter
from itertools import chain, pairwise, product
from sys import intern
from typing import TypeVar

from bot.words import query as queries
from bot.words.nodes import All, Either, Near, Node, Not, Phrase, Word
from bot.words.query import SHORTEST_PREFIX, Query
from bot.words.tokens import Text

_PATIENCE = 8  # times a query is asked in vain before it may be filed anew
_LEARN_EVERY = 8  # texts
_MOST_SEEN = 300_000  # keys whose frequency is remembered
_MOST_PAIRS = 16  # keys of one pair of words; of more the words are taken one by one
_PAIR_IS_RARER = 8  # so many times than the rarer of its words

_Thing = TypeVar("_Thing")


class _Entry:
    """One distinct query: the watches that ask it, where it is filed, and what is left to verify.

    `filed` is empty for a query of one word: that stands under its own keys. A text under whose keys a query is filed
    matches if it has one key of each of `need`, none of `forbid`, and `rest` matches. `sure`: nothing is left.
    """

    __slots__ = ("filed", "forbid", "key", "need", "rest", "vain", "watches")

    def __init__(self, key: str, watch: int) -> None:
        self.key = key
        self.watches = array("q", [watch])
        self.filed: tuple[str, ...] = ()
        self.need: tuple[tuple[str, ...], ...] = ()
        self.forbid: tuple[str, ...] = ()
        self.rest: Node | None = None
        self.vain = 0

    @property
    def sure(self) -> bool:
        return not self.need and not self.forbid and self.rest is None

    def is_asked_for_by(self, text: Text) -> bool:
        for keys in self.need:
            if text.keys.isdisjoint(keys):
                return False
        return text.keys.isdisjoint(self.forbid) and (self.rest is None or self.rest.matches(text))


class WatchIndex:
    """Watches by number (0 and up); equal queries are kept and asked once. In memory: the store holds the watches."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._by_watch: dict[int, _Entry] = {}
        self._sure: dict[str, list[array[int]]] = {}  # by key: the watches of queries that it answers
        self._doubtful: dict[str, list[_Entry]] = {}  # by key: queries that are then verified
        self._pairs = 0  # how many keys of those are of two words
        self._prefixes: dict[str, set[str]] = {}  # by their first letters: prefixes that are filed
        self._seen: Counter[str] = Counter()  # in how many of the texts looked at a key stood
        self._texts = 0

    def __len__(self) -> int:
        return len(self._by_watch)

    def add(self, watch_id: int, query: Query | str) -> None:
        """File a watch by its query or the query's key; the same number again replaces its query."""
        self.remove(watch_id)
        key = query if isinstance(query, str) else query.key
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(key, watch_id)
            self._file(entry, (queries.load(query) if isinstance(query, str) else query).node)
        else:
            entry.watches.append(watch_id)
        self._by_watch[watch_id] = entry

    def remove(self, watch_id: int) -> None:
        """Forget a watch; an unknown number is no mistake."""
        entry = self._by_watch.pop(watch_id, None)
        if entry is None:
            return
        if len(entry.watches) == 1:
            del self._entries[entry.key]
            self._take_out(entry)
        else:
            entry.watches.remove(watch_id)

    def matches(self, text: Text) -> list[int]:
        """The numbers of all watches that match, each once, in no order."""
        keys = self._keys_of(text)
        found = {id(one): one for one in chain.from_iterable(filter(None, map(self._sure.get, keys)))}
        for entry in set(chain.from_iterable(filter(None, map(self._doubtful.get, keys)))):
            if entry.is_asked_for_by(text):
                found[id(entry)] = entry.watches
            else:
                entry.vain += 1
                if entry.vain >= _PATIENCE:
                    self._file_anew(entry)
        if self._texts % _LEARN_EVERY == 0:
            self.learn(text)
        self._texts += 1
        watches = array("q")
        for one in found.values():
            watches += one
        return watches.tolist()

    def learn(self, text: Text) -> None:
        """Learn from a text what is rare: watches that are filed from here on are filed by that."""
        self._seen.update(text.keys)
        if len(self._seen) > _MOST_SEEN:
            self._seen = Counter({key: times // 2 for key, times in self._seen.items() if times > 1})

    def _keys_of(self, text: Text) -> list[str]:
        """All keys of a text under which something may be filed."""
        keys = list(text.keys)
        if self._pairs:
            keys += text.pairs()
        if self._prefixes:
            for form in text.forms:
                if prefixes := self._prefixes.get(form[:SHORTEST_PREFIX]):
                    keys += [key for key in prefixes if form.startswith(key[:-1])]
        return keys

    def _file(self, entry: _Entry, node: Node) -> None:
        if isinstance(node, Word) and not _has_prefix(node.keys):  # most are
            for key in node.keys:
                _put_in(self._sure, intern(key), entry.watches)
            return
        entry.filed = tuple(map(intern, _filing_keys(node, self._seen)))
        entry.need, entry.forbid, entry.rest = _to_verify(node, entry.filed)
        for key in entry.filed:
            if entry.sure:
                _put_in(self._sure, key, entry.watches)
            else:
                _put_in(self._doubtful, key, entry)
            self._pairs += " " in key
            if key[-1] == "*":
                self._prefixes.setdefault(key[:SHORTEST_PREFIX], set()).add(key)

    def _take_out(self, entry: _Entry) -> None:
        for key in entry.filed or _filing_keys(queries.load(entry.key).node, self._seen):
            self._pairs -= " " in key
            if entry.sure:
                _without(self._sure, key, entry.watches)
            else:
                _without(self._doubtful, key, entry)
            if key[-1] == "*" and key not in self._sure and key not in self._doubtful:
                _without(self._prefixes, key[:SHORTEST_PREFIX], key)

    def _file_anew(self, entry: _Entry) -> None:
        entry.vain = 0
        node = queries.load(entry.key).node
        if _filing_keys(node, self._seen) != entry.filed:
            self._take_out(entry)
            self._file(entry, node)


def _put_in(drawers: dict[str, list[_Thing]], key: str, thing: _Thing) -> None:
    drawer = drawers.get(key)
    if drawer is None:
        drawers[key] = [thing]  # as small as it can be: most hold no more
    else:
        drawer.append(thing)


def _without(drawers: dict[str, list[_Thing]] | dict[str, set[_Thing]], key: str, thing: _Thing) -> None:
    """Take the very thing out of a drawer, and the drawer if it is empty then."""
    drawer = drawers[key]
    if isinstance(drawer, set):
        drawer.discard(thing)
    else:
        del drawer[next(at for at, one in enumerate(drawer) if one is thing)]
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


def _is_answered(node: Node, filed: tuple[str, ...]) -> bool:
    """Whether a text that has one of the keys matches."""
    match node:
        case Word(keys):
            return keys == filed
        case Phrase((one, other)):
            return _pair_keys(one, other) == filed
        case _:
            return False
