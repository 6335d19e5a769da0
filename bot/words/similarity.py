"""The same statement, told again: twin posts, agency copies, translations.

Two texts of one language tell the same when the lighter one's words, weighed by how rare they are, mostly stand in
the other one. Words are compared by the beginning of their lemma: tellings change the part of speech ("neutral
status", "neutrality") more often than they change the root. Two texts of different languages are compared by what
their words mean (`bot.words.concepts`), and only where the same people speak in both, or one account posts in two
languages within the hour.

However alike, these are strangers: when each has a number, a day, a place or a person that the other has not ("52
drones" is another event than "37 drones"); when one denies or negates what the other says; when nobody speaks in one
who speaks in the other; when more than half a day is between them, for tomorrow the same words are news again.
"""

from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import TypeAlias

from bot.models import Post, Roster, Statement
from bot.words import cues, lemmas
from bot.words.concepts import DATE, EXCLUSIVE, FRAMING, PLACE, SEAT, SIDE, SOUND, THINGS, Concepts
from bot.words.names import Names
from bot.words.sentences import old_news
from bot.words.tokens import Text

ENOUGH = 0.6
"""Share of the weight of the lighter text that has to stand in the other, and what neighbours add to it."""

ENOUGH_UNSAID = 0.75
"""The same where somebody of the roster speaks in one and nobody in the other."""

ENOUGH_TRANSLATED = 0.65
"""The same for two languages, where only words count that have a meaning or a sound to compare."""

APART = timedelta(hours=12)
"""Tellings of one statement are no further apart; agencies copy within hours."""

APART_TRANSLATED = timedelta(hours=6)

TWINS_APART = timedelta(hours=1)
"""Accounts of one speaker say the same in another language within this."""

_NEIGHBOURS = 0.02  # what each two words add that stand side by side in both texts
_MOST_NEIGHBOURS = 4

_ROOT = 6  # letters of a lemma
_FEWEST_WORDS = 4  # a text of fewer says too little to be the same as another
_FEWEST_MEANINGS = 3
_COMMON = 0.03  # words in more of the recent texts than this find no candidates
_FEW = 20  # a word in no more texts than this is never common
_FIRST_SHARE = 0.6  # of its weight, rarest first, by which a text finds others and is found: past 1 - ENOUGH, with play
_UNKNOWN = 0.25  # how much a word counts towards a translation that has only a sound

Key: TypeAlias = Hashable


@dataclass(frozen=True, slots=True)
class Told:
    """When a text was told, and who speaks and who is named in it, as far as that is known. `own`: by the speaker's
    own account.
    """

    at: datetime | None = None
    speakers: Collection[str] = ()
    named: Collection[str] = ()
    own: bool = False

    @classmethod
    def of(cls, post: Post, statements: Iterable[Statement]) -> "Told":
        said = list(statements)
        speakers = [one.speaker for one in said if one.speaks]
        own = any(one.kind == "own" for one in said)
        return cls(post.published_at, speakers, [one.speaker for one in said], own)


class Fingerprint:
    """What is compared of one text. Thousands are remembered: sets of many words are made of tuples when needed."""

    __slots__ = (
        "_meanings",
        "_words",
        "at",
        "days",
        "denied",
        "lands",
        "language",
        "named",
        "negated",
        "numbers",
        "own",
        "places",
        "speakers",
    )

    def __init__(self, text: Text, told: Told, prints: "Prints") -> None:
        self.language = text.language
        self.at, self.own = told.at, told.own
        self.speakers, self.named = frozenset(told.speakers), frozenset(told.named)
        words: list[str] = []
        numbers: set[str] = set()
        meanings: set[str] = set()
        lands: set[str] = set()
        negated: set[str] = set()
        last: tuple[str, ...] = ()  # the last word and what it means
        negation = 0  # words that the last "not" may still be about
        self.denied = False
        speaking = prints.names_of(self.speakers)
        old = _places_in(old_news(text.original), text)
        for place, form in enumerate(text.forms):
            kind, root, meaning = prints.sense(form, text.rows[place][0], text.language)
            if kind == _NOTHING or place in old:
                continue
            if kind == _WORD:
                if form in speaking:
                    continue
                words.append(root)
                if meaning:
                    meanings.add(meaning)
                    if _is_land(meaning, text, place):
                        lands.add(meaning)
                last = (root, meaning) if meaning else (root,)
                if negation:
                    negated.update(last)
                    negation = 0 if meaning and meaning[0] != SOUND else negation - 1
            elif kind == _NUMBER:
                numbers.update(_number(root, text, place))
            elif kind == _ABSENT:
                negated.update(last)
            elif kind == _NOT:
                until = place and text.forms[place - 1] in _UNTIL
                negation = 0 if until else 1 if form in _WITHOUT else 3
            elif kind == _DENIAL:
                self.denied = True
            elif place and text.forms[place - 1] in ("is", "are"):
                meanings.add("finish")  # "is over"
        self._words = tuple(words)
        self._meanings = tuple(meanings)
        self.numbers = frozenset(numbers)
        self.places = frozenset(one for one in meanings if one.startswith(PLACE) and not one.endswith(SEAT))
        self.lands = frozenset(lands) - prints.sides_of(self.speakers)
        self.days = frozenset(one for one in meanings if one.startswith(DATE))
        self.negated = frozenset(negated)

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self._words)

    @property
    def neighbours(self) -> frozenset[tuple[str, str]]:
        return frozenset(pairwise(self._words))

    @property
    def meanings(self) -> frozenset[str]:
        return frozenset(self._meanings)

    def is_near(self, other: "Fingerprint") -> bool:
        """Whether they can be the same by who speaks and when: a quick look, which most do not stand."""
        if self.speakers and other.speakers and self.speakers.isdisjoint(other.speakers):
            return False
        return self.denied == other.denied and _apart(self, other) <= APART

    def may_be(self, other: "Fingerprint") -> bool:
        """Whether nothing makes the two strangers to each other."""
        if not self.is_near(other):
            return False
        pairs = (
            (self.numbers, other.numbers),
            (self.named, other.named),
            (self.places, other.places),
            (self.lands, other.lands),
            (self.days, other.days),
            (self.meanings & THINGS, other.meanings & THINGS),
        )
        return all(one <= two or two <= one for one, two in pairs) and not _contradict(self, other)

    def may_translate(self, other: "Fingerprint") -> bool:
        """Whether they can be the same in two languages."""
        if not self.language or not other.language or self.language == other.language:
            return False
        nearest = TWINS_APART if self.own and other.own else APART_TRANSLATED
        return _apart(self, other) <= nearest and bool(self.speakers & other.speakers)


def _apart(one: Fingerprint, other: Fingerprint) -> timedelta:
    return abs(one.at - other.at) if one.at and other.at else timedelta()


def _contradict(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether one negates what the other says without a not."""
    for some in EXCLUSIVE:
        here, there = one.meanings & some, other.meanings & some
        if here and there and here != there:
            return True
    for first, second in ((one.meanings, other.meanings), (other.meanings, one.meanings)):
        if first & _ENDED and not second & _ENDED and second & _UNDER_WAY:
            return True
    said = (one.words | one.meanings, other.words | other.meanings)
    return bool((one.negated & said[1]) - other.negated or (other.negated & said[0]) - one.negated)


_ENDED = frozenset({"resume", "finish"})
_UNDER_WAY = frozenset({"pause", "continue", "last"})
_UNTIL = frozenset({"пока", "поки", "доки", "только", "лише", "тільки", "лишь"})  # "пока не", "не только"


_NOTHING, _WORD, _NUMBER, _NOT, _ABSENT, _DENIAL, _OVER = range(7)
_NEGATIONS = "не ні нельзя жодного жодної жодних жоден жодна not no never cannot without без"
_WITHOUT = frozenset({"без", "without"})  # what follows at once
_ABSENCES = "нет немає нема отсутствует відсутній відсутня"  # "результату ще немає": what is not there stands before
_COPULAS = "есть быть был была было были будет будут бути був було буде будуть може можуть могут может стал стало"
_SPECIAL = {
    **dict.fromkeys(_NEGATIONS.split(), _NOT),
    **dict.fromkeys(_ABSENCES.split(), _ABSENT),
    **dict.fromkeys(_COPULAS.split(), _NOTHING),
    **dict.fromkeys(cues.DENIALS, _DENIAL),
    "over": _OVER,
}
_Sense: TypeAlias = tuple[int, str, str]  # one of these, what stands for the word among those compared, its meaning


def _places_in(spans: Iterable[tuple[int, int]], text: Text) -> set[int]:
    """The places of the words that begin within spans of characters, which are in order."""
    found: set[int] = set()
    place = 0
    for start, end in spans:
        while place < len(text.spans) and text.spans[place][0] < end:
            if text.spans[place][0] >= start:
                found.add(place)
            place += 1
    return found


def _number(digits: str, text: Text, place: int) -> tuple[str, ...]:
    """The whole of a number that is written in groups of three digits or with the word "thousand"; nothing for the
    groups after the first.
    """
    if _goes_on(text, place):
        return ()
    while _goes_on(text, place + 1):
        place += 1
        digits += text.forms[place]
    thousands = place + 1 < len(text.forms) and text.forms[place + 1].startswith(_THOUSAND)
    return (digits + "000" if thousands else digits,)


_THOUSAND = ("тысяч", "тис", "thousand")


def _goes_on(text: Text, place: int) -> bool:
    """Whether the word is three digits more of the number before it."""
    if not 0 < place < len(text.forms):
        return False
    gap = text.original[text.spans[place - 1][1] : text.spans[place][0]]
    digits = text.forms[place].isdigit() and text.forms[place - 1].isdigit()
    return digits and len(text.forms[place]) == 3 and gap in (",", " ", "\xa0", "\u202f")


def _is_land(meaning: str, text: Text, place: int) -> bool:
    """Whether the word names a side, or something else that has a name of its own."""
    return meaning.startswith(SIDE) or (meaning[0] == SOUND and _is_proper(text, place))


def _is_proper(text: Text, place: int) -> bool:
    """Whether the word bears a capital letter that its place in the sentence does not explain."""
    start, end = text.spans[place]
    word = text.original[start:end]
    if not word[0].isupper() or (word.isascii() and not lemmas.is_proper(word)):
        return False
    before = text.original[max(0, start - 3) : start].rstrip(" \xa0")
    return bool(before) and before[-1] not in '.!?:…•\n«“„"—–-'


class Prints:
    """Makes fingerprints, for one roster."""

    def __init__(self, roster: Roster, names: Names) -> None:
        self._roster = roster
        self._concepts = Concepts(roster)
        self._names = names
        self.sense = lru_cache(30_000)(self._sense)

    def _sense(self, form: str, key: str, language: str) -> _Sense:
        if form.isdigit():
            return _NUMBER, form.lstrip("0") or "0", ""
        if form in _SPECIAL:
            return _SPECIAL[form], "", ""
        if key[0] in "@#=" or len(form) <= 2 or cues.is_verb(form) or lemmas.is_function(form):
            return _NOTHING, "", ""
        if self._names.is_part(form):
            return _WORD, key[:_ROOT], ""  # names are compared as persons, too
        meaning = self._concepts.of(form, language)
        kind = _NOTHING if meaning in FRAMING else _WORD
        return kind, meaning if meaning and meaning[0] != SOUND else key[:_ROOT], meaning

    def names_of(self, speakers: Iterable[str]) -> frozenset[str]:
        """The words that name them: they say who tells, not what."""
        return frozenset[str]().union(*map(self._names.parts, speakers))

    def sides_of(self, speakers: Iterable[str]) -> frozenset[str]:
        """Their sides, as words mean them: "head of the … delegation" tells who speaks, too."""
        return frozenset(SIDE + side.id for one in speakers if (side := self._roster.side_of(one)))

    def of(self, text: Text, told: Told) -> Fingerprint:
        return Fingerprint(text, told, self)


class Recent:
    """The texts of a window of time, and which of them a text repeats. In memory; the store keeps the stories."""

    def __init__(self, window: timedelta = timedelta(hours=36)) -> None:
        self._window = window
        self._texts: dict[Key, Fingerprint] = {}
        self._by_word: dict[str, set[Key]] = {}
        self._by_first: dict[str, set[Key]] = {}  # the words by which a text is found, for longer ones that hold it
        self._first: dict[Key, tuple[str, ...]] = {}
        self._by_speaker: dict[str, set[Key]] = {}
        self._meant: Counter[str] = Counter()
        self._added_at: dict[Key, datetime] = {}
        self._order: deque[tuple[datetime, Key]] = deque()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, key: Key, fingerprint: Fingerprint, at: datetime) -> None:
        """Remember a text under a key; the same key again replaces it."""
        self._forget(key)
        self._texts[key] = fingerprint
        self._added_at[key] = at
        self._order.append((at, key))
        for word in fingerprint.words:
            self._by_word.setdefault(word, set()).add(key)
        self._first[key] = self._rarest(fingerprint.words)
        for word in self._first[key]:
            self._by_first.setdefault(word, set()).add(key)
        for speaker in fingerprint.speakers or _NOBODY:
            self._by_speaker.setdefault(speaker, set()).add(key)
        self._meant.update(fingerprint.meanings)

    def drop_before(self, now: datetime) -> None:
        """Forget what is older than the window."""
        while self._order and self._order[0][0] < now - self._window:
            at, key = self._order.popleft()
            if self._added_at.get(key) == at:
                self._forget(key)

    def match(self, fingerprint: Fingerprint, but: Key = None) -> list[Key]:
        """The keys of the remembered texts (`but` this one) that tell the same, closest first."""
        found = [*self._alike(fingerprint), *self._translated(fingerprint)]
        best: dict[Key, float] = {}
        for key, likeness in found:
            best[key] = max(likeness, best.get(key, 0.0))
        best.pop(but, None)
        return sorted(best, key=lambda key: -best[key])

    # --- in one language

    def _alike(self, fingerprint: Fingerprint) -> Iterator[tuple[Key, float]]:
        words = fingerprint.words
        if len(words) < _FEWEST_WORDS:
            return
        candidates = set[Key]().union(*(self._by_word.get(word, _NONE) for word in self._rarest(words)))
        candidates.update(*(self._by_first.get(word, _NONE) for word in self._telling(words)))
        if fingerprint.speakers:  # others do not tell the same, whatever the words
            candidates &= self._spoken_by({*fingerprint.speakers, *_NOBODY})
        total = sum(map(self._weight, words))
        for key in candidates:
            other = self._texts[key]
            if not fingerprint.is_near(other):
                continue
            likeness = self._likeness(fingerprint, other, total)
            if likeness >= (ENOUGH if bool(fingerprint.speakers) == bool(other.speakers) else ENOUGH_UNSAID):
                yield key, likeness

    def _spoken_by(self, speakers: Iterable[str]) -> set[Key]:
        return set[Key]().union(*(self._by_speaker.get(one, _NONE) for one in speakers))

    def _telling(self, words: Iterable[str]) -> list[str]:
        """The words that are worth looking up: known, and not in a great part of all texts."""
        most = max(_FEW, len(self._texts) * _COMMON)
        return [word for word in words if 0 < len(self._by_word.get(word, _NONE)) <= most]

    def _rarest(self, words: Collection[str]) -> tuple[str, ...]:
        """The rarest of the words, up to the share of the weight without which nothing is the same."""
        weighed = sorted(((self._weight(word), word) for word in words), reverse=True)
        most = max(_FEW, len(self._texts) * _COMMON)
        left = _FIRST_SHARE * sum(weight for weight, _ in weighed)
        found = []
        for weight, word in weighed:
            if left <= 0 or len(self._by_word.get(word, _NONE)) > most:
                break
            found.append(word)
            left -= weight
        return tuple(found)

    def _likeness(self, one: Fingerprint, other: Fingerprint, total: float) -> float:
        if one.language and other.language and one.language != other.language:
            return 0.0
        if not one.may_be(other):
            return 0.0
        mine, theirs = one.words, other.words
        if len(theirs) < _FEWEST_WORDS:
            return 0.0
        shared = sum(map(self._weight, mine & theirs))
        lighter = min(total, sum(map(self._weight, theirs)))
        if not lighter or shared / lighter < ENOUGH - _MOST_NEIGHBOURS * _NEIGHBOURS:
            return 0.0
        neighbours = min(len(one.neighbours & other.neighbours), _MOST_NEIGHBOURS)
        return shared / lighter + neighbours * _NEIGHBOURS

    def _weight(self, word: str) -> float:
        """The rarer among the recent texts the heavier; never nothing, so that few texts can be compared too."""
        return _rarity(len(self._texts), len(self._by_word.get(word, _NONE)))

    # --- in two languages

    def _translated(self, fingerprint: Fingerprint) -> Iterator[tuple[Key, float]]:
        candidates = self._spoken_by(fingerprint.speakers)
        for key in candidates:
            other = self._texts[key]
            if fingerprint.may_translate(other) and fingerprint.may_be(other):
                likeness = self._likeness_translated(fingerprint, other)
                if likeness >= ENOUGH_TRANSLATED:
                    yield key, likeness

    def _likeness_translated(self, one: Fingerprint, other: Fingerprint) -> float:
        shared = one.meanings & other.meanings
        if len(shared) + len(one.numbers & other.numbers) < _FEWEST_MEANINGS:
            return 0.0
        lighter = min(self._meant_weight(one.meanings, shared), self._meant_weight(other.meanings, shared))
        return self._meant_weight(shared, shared) / lighter if lighter else 0.0

    def _meant_weight(self, meanings: Iterable[str], shared: Collection[str]) -> float:
        """A word that only sounds counts in full where the other text has it too, else it may just be another word."""
        return sum(
            _rarity(len(self._texts), self._meant[one]) * (_UNKNOWN if one[0] == SOUND and one not in shared else 1.0)
            for one in meanings
        )

    def _forget(self, key: Key) -> None:
        fingerprint = self._texts.pop(key, None)
        self._added_at.pop(key, None)
        if fingerprint is None:
            return
        for held, index in (
            (fingerprint.words, self._by_word),
            (self._first.pop(key), self._by_first),
            (fingerprint.speakers or _NOBODY, self._by_speaker),
        ):
            for one in held:
                keys = index[one]
                keys.discard(key)
                if not keys:
                    del index[one]
        self._meant.subtract(fingerprint.meanings)


_NONE: frozenset[Key] = frozenset()
_NOBODY = frozenset({""})


@lru_cache(maxsize=50_000)
def _rarity(texts: int, holding: int) -> float:
    return 0.5 + log((1 + texts) / (1 + holding))
