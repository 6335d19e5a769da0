"""The watch index: which of very many queries match one text.

Every query is filed under a few keys of which a matching text must have at least one: a word under its keys, a
phrase or an AND under those of its rarest part, an OR under those of all parts. A text then asks only for its own
keys. A query of one word is answered by that alone; of the others a few dozen are verified. What is rare is learnt
from the texts that come by: a query that was asked in vain too often is filed anew.

Pure dictionaries: C automata over expanded forms are 3 to 4 times as fast at best, and can neither forget nor add
cheaply, nor do NOT. Not for several threads at once.
"""

from collections import Counter

from bot.words.nodes import All, Either, Near, Node, Phrase, Word
from bot.words.query import SHORTEST_PREFIX, Query
from bot.words.tokens import Text

_PATIENCE = 8  # times a query is asked in vain before it may be filed anew
_LEARN_EVERY = 8  # texts
_MOST_SEEN = 300_000  # keys whose frequency is remembered


class _Entry:
    """One distinct query, the watches that ask it, where it is filed, how often it was asked in vain."""

    __slots__ = ("filed", "query", "sure", "vain", "watches")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.filed: tuple[str, ...] = ()
        self.sure = isinstance(query.node, Word)  # whether any of its keys alone is a match
        self.watches: int | set[int] = -1  # a number, or a set of at least two: most queries have one watch
        self.vain = 0

    def add(self, watch: int) -> None:
        if isinstance(self.watches, set):
            self.watches.add(watch)
        else:
            self.watches = watch if self.watches < 0 else {self.watches, watch}

    def remove(self, watch: int) -> bool:
        """Whether no watch is left."""
        if not isinstance(self.watches, set):
            return True
        self.watches.discard(watch)
        if len(self.watches) == 1:
            (self.watches,) = self.watches
        return False


class WatchIndex:
    """Watches by number (0 and up); equal queries are kept and asked once. In memory: the store holds the watches."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._by_watch: dict[int, _Entry] = {}
        self._drawers: dict[str, _Entry | list[_Entry]] = {}  # by key
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
            entry = self._entries[query.key] = _Entry(query)
            self._file(entry)
        entry.add(watch_id)
        self._by_watch[watch_id] = entry

    def remove(self, watch_id: int) -> None:
        """Forget a watch; an unknown number is no mistake."""
        entry = self._by_watch.pop(watch_id, None)
        if entry is not None and entry.remove(watch_id):
            del self._entries[entry.query.key]
            self._take_out(entry)

    def matches(self, text: Text) -> list[int]:
        """The numbers of all watches that match, ascending."""
        watches: list[int] = []
        for entry in self._asked(text):
            if entry.sure or entry.query.matches(text):
                if isinstance(entry.watches, set):
                    watches.extend(entry.watches)
                else:
                    watches.append(entry.watches)
            else:
                entry.vain += 1
                if entry.vain >= _PATIENCE:
                    self._file_anew(entry)
        watches.sort()
        self._learn(text)
        return watches

    def _asked(self, text: Text) -> set[_Entry]:
        """The queries that are filed under a key of the text."""
        keys = self._drawers.keys() & text.keys
        if self._prefixes:
            for form in text.forms:
                prefixes = self._prefixes.get(form[:SHORTEST_PREFIX], ())
                keys.update(key for key in prefixes if form.startswith(key[:-1]))
        asked: set[_Entry] = set()
        for key in keys:
            there = self._drawers[key]
            if isinstance(there, list):
                asked.update(there)
            else:
                asked.add(there)
        return asked

    def _learn(self, text: Text) -> None:
        """Count the keys of every so many texts."""
        if self._texts % _LEARN_EVERY == 0:
            self._seen.update(text.keys)
            if len(self._seen) > _MOST_SEEN:
                self._seen = Counter({key: times // 2 for key, times in self._seen.items() if times > 1})
        self._texts += 1

    def _file(self, entry: _Entry) -> None:
        entry.filed = _filing_keys(entry.query.node, self._seen)
        for key in entry.filed:
            there = self._drawers.get(key)
            if there is None:
                self._drawers[key] = entry
            elif isinstance(there, list):
                there.append(entry)
            else:
                self._drawers[key] = [there, entry]
            if key[-1] == "*":
                self._prefixes.setdefault(key[:SHORTEST_PREFIX], set()).add(key)

    def _take_out(self, entry: _Entry) -> None:
        for key in entry.filed:
            there = self._drawers[key]
            if isinstance(there, list):
                there.remove(entry)
                if len(there) == 1:
                    self._drawers[key] = there[0]
            else:
                del self._drawers[key]
                if key[-1] == "*":
                    self._forget_prefix(key)

    def _forget_prefix(self, key: str) -> None:
        alike = self._prefixes[key[:SHORTEST_PREFIX]]
        alike.discard(key)
        if not alike:
            del self._prefixes[key[:SHORTEST_PREFIX]]

    def _file_anew(self, entry: _Entry) -> None:
        entry.vain = 0
        if _filing_keys(entry.query.node, self._seen) != entry.filed:
            self._take_out(entry)
            self._file(entry)


def _filing_keys(node: Node, seen: Counter[str]) -> tuple[str, ...]:
    """Keys of which every matching text has at least one: the rarest choice. () means any text."""
    match node:
        case Word(keys):
            return keys
        case Phrase(words):
            return min(words, key=lambda keys: _cost(keys, seen))
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
    return sum(seen[key] for key in keys), -min(map(len, keys), default=0)
