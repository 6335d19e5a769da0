"""The watch index: which of very many queries match one text.

Every query is filed under a few keys of which a matching text must have at least one: a word under its keys, a phrase
under two of its words that follow each other, an AND under the keys of its rarest part, an OR under those of all parts.
A text then asks only for its own keys. A query of words alone, or of a phrase of two, is answered by that; of the
others a few are verified. What is rare is learnt from the texts that come by: a query that was asked in vain too often
is filed anew.

Pure dictionaries: C automata over expanded forms are 3 to 4 times as fast at best, and can neither forget nor add
cheaply, nor do NOT. Not for several threads at once.
"""

from collections import Counter
from itertools import chain, pairwise, product

from bot.words import query as queries
from bot.words.nodes import All, Either, Near, Node, Not, Phrase, Word
from bot.words.query import SHORTEST_PREFIX, Query
from bot.words.tokens import Text

_PATIENCE = 8  # times a query is asked in vain before it may be filed anew
_LEARN_EVERY = 8  # texts
_MOST_SEEN = 300_000  # keys whose frequency is remembered
_MOST_PAIRS = 16  # keys of one pair of words; of more the words are taken one by one
_PAIR_IS_RARER = 8  # so many times than the rarer of its words


class _Entry:
    """One distinct query: the watches that ask it, where it is filed, and what is left to verify.

    A text under whose keys it is filed matches if it has all of `need`, none of `forbid`, and `rest` matches.
    """

    __slots__ = ("filed", "forbid", "key", "need", "rest", "vain", "watches")

    def __init__(self, key: str, watch: int) -> None:
        self.key = key
        self.watches = [watch]
        self.filed: tuple[str, ...] = ()
        self.need: frozenset[str] = _NONE
        self.forbid: frozenset[str] = _NONE
        self.rest: Node | None = None
        self.vain = 0


_NONE: frozenset[str] = frozenset()


class WatchIndex:
    """Watches by number (0 and up); equal queries are kept and asked once. In memory: the store holds the watches."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._by_watch: dict[int, _Entry] = {}
        self._alone: dict[str, list[int]] = {}  # by key: the watches of a query of one word of one key
        self._drawers: dict[str, list[_Entry]] = {}  # by key: all others
        self._pairs: dict[str, list[_Entry]] = {}  # those filed under two words that follow each other
        self._prefixes: dict[str, set[str]] = {}  # by their first letters: prefixes that are filed
        self._seen: Counter[str] = Counter()  # in how many of the texts looked at a key stood
        self._texts = 0

    def __len__(self) -> int:
        return len(self._by_watch)

    def add(self, watch_id: int, query: Query) -> None:
        """File a watch; the same number again replaces its query."""
        self.remove(watch_id)
        entry = self._entries.get(query.key)
        if entry is None:
            entry = self._entries[query.key] = _Entry(query.key, watch_id)
            self._file(entry, query.node)
        else:
            entry.watches.append(watch_id)
        self._by_watch[watch_id] = entry

    def remove(self, watch_id: int) -> None:
        """Forget a watch; an unknown number is no mistake."""
        entry = self._by_watch.pop(watch_id, None)
        if entry is None:
            return
        entry.watches.remove(watch_id)
        if not entry.watches:
            del self._entries[entry.key]
            self._take_out(entry)

    def matches(self, text: Text) -> list[int]:
        """The numbers of all watches that match, each once, in no order."""
        watches: list[int] = []
        for key in self._alone.keys() & text.keys:
            watches += self._alone[key]
        for entry in self._asked(text):
            if (
                entry.need <= text.keys
                and entry.forbid.isdisjoint(text.keys)
                and (entry.rest is None or entry.rest.matches(text))
            ):
                watches += entry.watches
            else:
                entry.vain += 1
                if entry.vain >= _PATIENCE:
                    self._file_anew(entry)
        if self._texts % _LEARN_EVERY == 0:
            self.learn(text)
        self._texts += 1
        return watches

    def learn(self, text: Text) -> None:
        """Learn from a text what is rare: watches that are filed from here on are filed by that."""
        self._seen.update(text.keys)
        if len(self._seen) > _MOST_SEEN:
            self._seen = Counter({key: times // 2 for key, times in self._seen.items() if times > 1})

    def _asked(self, text: Text) -> set[_Entry]:
        """The queries that are filed under a key of the text and not alone there."""
        found = [self._drawers[key] for key in self._drawers.keys() & text.keys]
        if self._pairs:
            found += [self._pairs[key] for key in _pairs_of(text) & self._pairs.keys()]
        if self._prefixes:
            for form in text.forms:
                if prefixes := self._prefixes.get(form[:SHORTEST_PREFIX]):
                    found += [self._drawers[key] for key in prefixes if form.startswith(key[:-1])]
        return set(chain.from_iterable(found))

    def _file(self, entry: _Entry, node: Node) -> None:
        entry.filed = _filing_keys(node, self._seen)
        if isinstance(node, Word) and len(entry.filed) == 1 and entry.filed[0][-1] != "*":
            self._alone[entry.filed[0]] = entry.watches
            return
        entry.need, entry.forbid, entry.rest = _to_verify(node, entry.filed)
        for key in entry.filed:
            self._drawers_of(key).setdefault(key, []).append(entry)
            if key[-1] == "*":
                self._prefixes.setdefault(key[:SHORTEST_PREFIX], set()).add(key)

    def _take_out(self, entry: _Entry) -> None:
        if self._alone.get(entry.filed[0]) is entry.watches:
            del self._alone[entry.filed[0]]
            return
        for key in entry.filed:
            drawers = self._drawers_of(key)
            drawers[key].remove(entry)
            if not drawers[key]:
                del drawers[key]
                if key[-1] == "*":
                    self._forget_prefix(key)

    def _drawers_of(self, key: str) -> dict[str, list[_Entry]]:
        return self._pairs if " " in key else self._drawers

    def _forget_prefix(self, key: str) -> None:
        alike = self._prefixes[key[:SHORTEST_PREFIX]]
        alike.discard(key)
        if not alike:
            del self._prefixes[key[:SHORTEST_PREFIX]]

    def _file_anew(self, entry: _Entry) -> None:
        entry.vain = 0
        node = queries.load(entry.key).node
        if _filing_keys(node, self._seen) != entry.filed:
            self._take_out(entry)
            self._file(entry, node)


# --- pairs of words


def _pairs_of(text: Text) -> set[str]:
    """The keys of any two words that follow each other; exact forms are not paired."""
    rows = [[key for key in row if key[0] != "="] for row in text.rows]
    return {f"{one} {other}" for ones, others in pairwise(rows) for one in ones for other in others}


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


def _to_verify(node: Node, filed: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], Node | None]:
    """The keys that a text needs, those that it must not have, and what cannot be said in keys."""
    parts = node.parts if isinstance(node, All) else (node,)
    need: set[str] = set()
    forbid: set[str] = set()
    rest: list[Node] = []
    for part in parts:
        if _is_answered(part, filed):
            continue
        match part:
            case Word((key,)) if key[-1] != "*":
                need.add(key)
            case Not(Word(keys)) if not any(key[-1] == "*" for key in keys):
                forbid.update(keys)
            case _:
                rest.append(part)
    whole = All(tuple(rest)) if len(rest) > 1 else next(iter(rest), None)
    return frozenset(need) or _NONE, frozenset(forbid) or _NONE, whole


def _is_answered(node: Node, filed: tuple[str, ...]) -> bool:
    """Whether a text that has one of the keys matches."""
    match node:
        case Word(keys):
            return keys == filed
        case Phrase((one, other)):
            return _pair_keys(one, other) == filed
        case _:
            return False
