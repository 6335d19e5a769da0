"""The watch index: which of very many queries match one text.

Every query is filed under a few keys of which a matching text must have at least one: a word under its keys, a
phrase or an AND under those of its rarest part, an OR under those of all parts. A text then asks only for its own
keys. A query of one word is answered by that alone; of the others a few dozen are verified. Pure dictionaries: C
automata over expanded forms are 3 to 4 times as fast at best, and can neither forget nor take back cheaply, nor NOT.
"""

from collections.abc import Iterable

from bot.words.query import All, Either, Node, Not, Phrase, Query, Word
from bot.words.tokens import Text


class _Entry:
    """One distinct query and the watches that ask it."""

    __slots__ = ("filed", "query", "watches")

    def __init__(self, query: Query, filed: tuple[str, ...]) -> None:
        self.query = query
        self.filed = filed
        self.watches: set[int] = set()


class WatchIndex:
    """Watches by number; equal queries are kept and asked once. In memory: the store holds the watches."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._by_watch: dict[int, _Entry] = {}
        self._sure: dict[str, dict[str, _Entry]] = {}  # key -> queries that the key alone answers
        self._maybe: dict[str, dict[str, _Entry]] = {}  # key -> queries to verify
        self._prefix_lengths: dict[int, int] = {}  # length -> how many filed prefixes have it

    def __len__(self) -> int:
        return len(self._by_watch)

    def add(self, watch_id: int, query: Query) -> None:
        """File a watch; the same number again replaces its query."""
        self.remove(watch_id)
        entry = self._entries.get(query.key)
        if entry is None:
            entry = self._entries[query.key] = _Entry(query, _filing_keys(query.node))
            drawer = self._drawer(query)
            for key in entry.filed:
                drawer.setdefault(key, {})[query.key] = entry
                self._count_prefix(key, 1)
        entry.watches.add(watch_id)
        self._by_watch[watch_id] = entry

    def remove(self, watch_id: int) -> None:
        """Forget a watch; an unknown number is no mistake."""
        entry = self._by_watch.pop(watch_id, None)
        if entry is None:
            return
        entry.watches.discard(watch_id)
        if entry.watches:
            return
        del self._entries[entry.query.key]
        drawer = self._drawer(entry.query)
        for key in entry.filed:
            del drawer[key][entry.query.key]
            if not drawer[key]:
                del drawer[key]
            self._count_prefix(key, -1)

    def matches(self, text: Text) -> list[int]:
        """The numbers of all watches that match, ascending."""
        found: dict[str, _Entry] = {}
        asked: dict[str, _Entry] = {}
        sure, maybe = self._sure, self._maybe
        for key in self._asked_keys(text):
            if key in sure:
                found.update(sure[key])
            if key in maybe:
                asked.update(maybe[key])
        watches: list[int] = []
        for entry in found.values():
            watches.extend(entry.watches)
        for entry in asked.values():
            if entry.query.matches(text):
                watches.extend(entry.watches)
        watches.sort()
        return watches

    def _asked_keys(self, text: Text) -> Iterable[str]:
        if not self._prefix_lengths:
            return text.places
        forms = set(text.forms)
        prefixes = {form[:length] + "*" for length in self._prefix_lengths for form in forms if len(form) >= length}
        return [*text.places, *prefixes]

    def _drawer(self, query: Query) -> dict[str, dict[str, _Entry]]:
        return self._sure if isinstance(query.node, Word) else self._maybe

    def _count_prefix(self, key: str, by: int) -> None:
        if key.endswith("*"):
            length = len(key) - 1
            left = self._prefix_lengths.get(length, 0) + by
            if left:
                self._prefix_lengths[length] = left
            else:
                del self._prefix_lengths[length]


def _filing_keys(node: Node) -> tuple[str, ...]:
    """Keys of which every matching text has at least one; a long word is taken for a rare one. () means any text."""
    match node:
        case Word(keys):
            return keys
        case Phrase(words):
            return max(words, key=_rarity)
        case All(parts):
            return max(map(_filing_keys, parts), key=_rarity)
        case Either(parts):
            filed = [_filing_keys(part) for part in parts]
            return tuple(sorted({key for some in filed for key in some})) if all(filed) else ()
        case Not():
            return ()


def _rarity(keys: tuple[str, ...]) -> int:
    return min(map(len, keys), default=0)
