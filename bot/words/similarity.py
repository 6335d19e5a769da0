"""The same statement, told again: twin posts and agency copies.

Two texts tell the same when the shorter one's words, weighed by how rare they are, mostly stand in the other one,
when their numbers do not contradict ("52 drones" is another event than "37 drones"), and when nobody speaks in one
who does not speak in the other. On hand-written tellings this finds more than nine pairs in ten
(MinHash half, simhash one in seven); what the same person says later in nearly the same words can be joined wrongly.
Translations are not found.

Words are compared by the beginning of their lemma: tellings change the part of speech ("neutral status",
"neutrality") more often than they change the root.
"""

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from math import log

from bot.words import lemmas
from bot.words.tokens import Text

ENOUGH = 0.6
"""Share of the weight of the lighter text that has to stand in the other, and what neighbours add to it."""

_NEIGHBOURS = 0.02  # what each two words add that stand side by side in both texts
_MOST_NEIGHBOURS = 4

_ROOT = 6  # letters of a lemma
_FEWEST_WORDS = 4  # a text of fewer says too little to be the same as another
_COMMON = 0.03  # words in more of the recent texts than this find no candidates
_FEW = 20  # a word in no more texts than this is never common


class Fingerprint:
    """What is compared of one text: its words, its numbers, and who speaks in it, as far as that is known."""

    __slots__ = ("neighbours", "numbers", "speakers", "words")

    def __init__(self, text: Text, speakers: Iterable[str] = ()) -> None:
        words: list[str] = []
        numbers: set[str] = set()
        for form, keys in zip(text.forms, text.rows, strict=True):
            if form.isdigit():
                numbers.add(form.lstrip("0") or "0")
            elif keys[0][0] not in "@#" and len(form) > 2 and not lemmas.is_function(form):
                words.append(keys[0][:_ROOT])
        self.words = frozenset(words)
        self.neighbours = frozenset(pairwise(words))
        self.numbers = frozenset(numbers)
        self.speakers = frozenset(speakers)

    def may_be(self, other: "Fingerprint") -> bool:
        """Whether neither the numbers nor the speakers of the two are strangers to each other."""
        for one, two in ((self.numbers, other.numbers), (self.speakers, other.speakers)):
            if one and two and not one & two:
                return False
        return True


class Recent:
    """The texts of a window of time, and which of them a text repeats. In memory; the store keeps the stories."""

    def __init__(self, window: timedelta = timedelta(hours=36)) -> None:
        self._window = window
        self._texts: dict[int, Fingerprint] = {}
        self._by_word: dict[str, set[int]] = {}
        self._added_at: dict[int, datetime] = {}
        self._order: deque[tuple[datetime, int]] = deque()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, number: int, fingerprint: Fingerprint, at: datetime) -> None:
        """Remember a text under a number; the same number again replaces it."""
        self._forget(number)
        self._texts[number] = fingerprint
        self._added_at[number] = at
        self._order.append((at, number))
        for word in fingerprint.words:
            self._by_word.setdefault(word, set()).add(number)

    def drop_before(self, now: datetime) -> None:
        """Forget what is older than the window."""
        while self._order and self._order[0][0] < now - self._window:
            at, number = self._order.popleft()
            if self._added_at.get(number) == at:
                self._forget(number)

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
        most = max(_FEW, len(self._texts) * _COMMON)
        return [word for word in words if 0 < len(self._by_word.get(word, ())) <= most]

    def _likeness(self, one: Fingerprint, other: Fingerprint) -> float:
        if not one.may_be(other):
            return 0.0
        weight = self._weight
        lighter = min(sum(map(weight, one.words)), sum(map(weight, other.words)))
        neighbours = min(len(one.neighbours & other.neighbours), _MOST_NEIGHBOURS)
        return sum(map(weight, one.words & other.words)) / lighter + neighbours * _NEIGHBOURS if lighter else 0.0

    def _weight(self, word: str) -> float:
        """The rarer among the recent texts the heavier; never nothing, so that few texts can be compared too."""
        return 0.5 + log((1 + len(self._texts)) / (1 + len(self._by_word.get(word, ()))))

    def _forget(self, number: int) -> None:
        fingerprint = self._texts.pop(number, None)
        self._added_at.pop(number, None)
        for word in fingerprint.words if fingerprint else ():
            numbers = self._by_word[word]
            numbers.discard(number)
            if not numbers:
                del self._by_word[word]
