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

from array import array
from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import log
from sys import intern
from typing import NamedTuple, TypeAlias

from bot.models import Post, Roster, Statement
from bot.words import cues, lemmas
from bot.words.concepts import DATE, EXCLUSIVE, FRAMING, PLACE, SEAT, SIDE, SOUND, THINGS, Concepts
from bot.words.names import Names
from bot.words.sentences import old_news
from bot.words.tokens import Text

ENOUGH = 0.6
"""Share of the weight of the lighter text that has to stand in the other, and what neighbours add to it."""

ENOUGH_UNSAID = 0.75
"""The same where somebody of the roster speaks in one and nobody in the other, or in a translation in neither."""

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
        "course",
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
        "things",
    )

    def __init__(self, text: Text, told: Told, prints: "Prints") -> None:
        self.language = text.language
        self.at, self.own = told.at, told.own
        self.speakers, self.named = _few(told.speakers), _few(told.named)
        words: list[str] = []
        numbers: set[str] = set()
        meanings: set[str] = set()
        met: list[tuple[str, int]] = []  # meanings, with the places of their words
        negated: set[str] = set()
        last: tuple[str, ...] = ()  # the last word and what it means
        negation = 0  # words that the last "not" may still be about
        self.denied = False
        speaking = prints.names_of(self.speakers)
        old = _places_in(old_news(text.original), text)
        for place, form in enumerate(text.forms):
            word = text.words[place]
            kind, root, meaning = prints.sense(form, word.keys[0], text.language, word.function)
            if kind == _NOTHING or place in old:
                continue
            if kind == _WORD:
                if form in speaking:
                    continue
                words.append(root)
                if meaning:
                    met.append((meaning, place))
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
        meanings.update(meaning for meaning, _ in met)
        lands = {meaning for meaning, place in met if _is_land(meaning, text, place)}
        self._words = tuple(words)
        self._meanings = tuple(meanings)
        self.numbers = _few(numbers)
        self.places = _few(meaning for meaning, place in met if _is_place(meaning, text, place))
        self.lands = _few(lands - prints.sides_of(self.speakers))
        self.days = _few(one for one in meanings if one.startswith(DATE))
        self.things = _few(meanings & THINGS)
        self.course = _few(meanings & _COURSES)
        self.negated = _few(negated)

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
            (self.things, other.things),
        )
        return all(one <= two or two <= one for one, two in pairs) and not _contradict(self, other)

    def may_translate(self, other: "Fingerprint") -> bool:
        """Whether they can be the same in two languages."""
        if not self.language or not other.language or self.language == other.language:
            return False
        nearest = TWINS_APART if self.own and other.own else APART_TRANSLATED
        if _apart(self, other) > nearest:
            return False
        if self.speakers and other.speakers:
            return bool(self.speakers & other.speakers)
        return bool(self.named) and self.named == other.named


_NOTHING_OF_IT: frozenset[str] = frozenset()


def _few(found: Iterable[str]) -> frozenset[str]:
    """Mostly there are none, and all who have none share one set: 216 bytes each, of thousands of texts."""
    return frozenset(found) or _NOTHING_OF_IT


def _apart(one: Fingerprint, other: Fingerprint) -> timedelta:
    return abs(one.at - other.at) if one.at and other.at else timedelta()


def _contradict(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether one negates what the other says without a not."""
    for some in EXCLUSIVE:
        here, there = one.course & some, other.course & some
        if here and there and here != there:
            return True
    for first, second in ((one.course, other.course), (other.course, one.course)):
        if first & _ENDED and not second & _ENDED and second & _UNDER_WAY:
            return True
    if not one.negated and not other.negated:
        return False
    said = (one.words | one.meanings, other.words | other.meanings)
    return bool((one.negated & said[1]) - other.negated or (other.negated & said[0]) - one.negated)


_ENDED = frozenset({"resume", "finish"})
_UNDER_WAY = frozenset({"pause", "continue", "last"})
_COURSES = _ENDED.union(_UNDER_WAY, *EXCLUSIVE)
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


_IN = frozenset({"in", "at", "в", "во", "у"})


def _is_place(meaning: str, text: Text, place: int) -> bool:
    """Whether the word says where: of a seat of government only behind "in", for else it may be who speaks."""
    if not meaning.startswith(PLACE):
        return False
    return not meaning.endswith(SEAT) or (place > 0 and text.forms[place - 1] in _IN)


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
        self.sense = lru_cache(2_000)(self._sense)

    def _sense(self, form: str, key: str, language: str, function: bool) -> _Sense:
        if form.isdigit():
            return _NUMBER, form.lstrip("0") or "0", ""
        if form in _SPECIAL:
            return _SPECIAL[form], "", ""
        if key[0] in "@#=" or len(form) <= 2 or function or cues.is_verb(form):
            return _NOTHING, "", ""
        root = intern(key[:_ROOT])  # thousands of texts have the same
        if self._names.is_part(form):
            return _WORD, root, ""  # names are compared as persons, too
        meaning = intern(self._concepts.of(form, language))
        kind = _NOTHING if meaning in FRAMING else _WORD
        return kind, meaning if meaning and meaning[0] != SOUND else root, meaning

    def names_of(self, speakers: Iterable[str]) -> frozenset[str]:
        """The words that name them: they say who tells, not what."""
        return frozenset[str]().union(*map(self._names.parts, speakers))

    def sides_of(self, speakers: Iterable[str]) -> frozenset[str]:
        """Their sides, as words mean them: "head of the … delegation" tells who speaks, too."""
        return frozenset(SIDE + side.id for one in speakers if (side := self._roster.side_of(one)))

    def of(self, text: Text, told: Told) -> Fingerprint:
        return Fingerprint(text, told, self)


class _Remembered(NamedTuple):
    """`first` are the words by which it is found from longer texts that hold it."""

    key: Key
    at: datetime
    fingerprint: Fingerprint
    first: tuple[str, ...]


class Recent:
    """The texts of a window of time, so many at the most, and which of them a text repeats. In memory; the store keeps
    the stories.
    """

    def __init__(self, window: timedelta = timedelta(hours=36), most: int = 5000) -> None:
        self._window = window
        self._most = most
        self._texts: dict[int, _Remembered] = {}  # numbered as they came
        self._numbers: dict[Key, int] = {}
        self._order: deque[int] = deque()  # also of some that are forgotten
        self._counted = 0
        self._by_word = _Postings()
        self._by_first = _Postings()
        self._by_speaker = _Postings()
        self._by_named = _Postings()
        self._meant: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, key: Key, fingerprint: Fingerprint, at: datetime, *, earlier: bool = False) -> None:
        """Remember a text under a key; the same key again replaces it. `earlier`: it is older than all the others."""
        if key in self._numbers:
            self._forget(self._numbers[key])
        self._counted += 1
        number = self._numbers[key] = self._counted
        if earlier:
            self._order.appendleft(number)
        else:
            self._order.append(number)
        words = fingerprint.words
        first = self._rarest(words)
        self._texts[number] = _Remembered(key, at, fingerprint, first)
        for names, index in self._indexes(fingerprint, first):
            for name in names:
                index.put(name, number)
        self._meant.update(fingerprint.meanings)
        while len(self._texts) > self._most:
            self._forget(self._order.popleft())

    def drop_before(self, now: datetime) -> None:
        """Forget what is older than the window."""
        while self._order:
            oldest = self._texts.get(self._order[0])
            if oldest and oldest.at >= now - self._window:
                break
            self._forget(self._order.popleft())

    def match(self, fingerprint: Fingerprint, but: Key = None) -> list[Key]:
        """The keys of the remembered texts (`but` this one) that tell the same, closest first."""
        found = [*self._alike(fingerprint), *self._translated(fingerprint)]
        best: dict[int, float] = {}
        for number, likeness in found:
            best[number] = max(likeness, best.get(number, 0.0))
        best.pop(self._numbers.get(but, 0), None)
        return [self._texts[number].key for number in sorted(best, key=lambda number: -best[number])]

    # --- in one language

    def _alike(self, fingerprint: Fingerprint) -> Iterator[tuple[int, float]]:
        words = fingerprint.words
        if len(words) < _FEWEST_WORDS:
            return
        candidates = set[int]().union(*map(self._by_word.held, self._rarest(words)))
        candidates.update(*map(self._by_first.held, self._telling(words)))
        if fingerprint.speakers:  # others do not tell the same, whatever the words
            candidates &= self._spoken_by({*fingerprint.speakers, *_NOBODY})
        total = sum(map(self._weight, words))
        for number in candidates:
            other = self._texts[number].fingerprint
            if not fingerprint.is_near(other):
                continue
            likeness = self._likeness(fingerprint, other, total)
            if likeness >= (ENOUGH if bool(fingerprint.speakers) == bool(other.speakers) else ENOUGH_UNSAID):
                yield number, likeness

    def _spoken_by(self, speakers: Iterable[str]) -> set[int]:
        return set[int]().union(*map(self._by_speaker.held, speakers))

    def _telling(self, words: Iterable[str]) -> list[str]:
        """The words that are worth looking up: known, and not in a great part of all texts."""
        most = max(_FEW, len(self._texts) * _COMMON)
        return [word for word in words if 0 < self._by_word.count(word) <= most]

    def _rarest(self, words: Collection[str]) -> tuple[str, ...]:
        """The rarest of the words, up to the share of the weight without which nothing is the same."""
        weighed = sorted(((self._weight(word), word) for word in words), reverse=True)
        most = max(_FEW, len(self._texts) * _COMMON)
        left = _FIRST_SHARE * sum(weight for weight, _ in weighed)
        found = []
        for weight, word in weighed:
            if left <= 0 or self._by_word.count(word) > most:
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
        return _rarity(len(self._texts), self._by_word.count(word))

    # --- in two languages

    def _translated(self, fingerprint: Fingerprint) -> Iterator[tuple[int, float]]:
        candidates = self._spoken_by(fingerprint.speakers).union(self._by_named.held(_company(fingerprint)))
        for number in candidates:
            other = self._texts[number].fingerprint
            if fingerprint.may_translate(other) and fingerprint.may_be(other):
                likeness = self._likeness_translated(fingerprint, other)
                if likeness >= (ENOUGH_TRANSLATED if fingerprint.speakers and other.speakers else ENOUGH_UNSAID):
                    yield number, likeness

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

    def _forget(self, number: int) -> None:
        """A number that is forgotten already is no mistake."""
        text = self._texts.pop(number, None)
        if text is None:
            return
        del self._numbers[text.key]
        for names, index in self._indexes(text.fingerprint, text.first):
            for name in names:
                index.take_out(name, number)
        self._meant.subtract(text.fingerprint.meanings)
        for meaning in text.fingerprint.meanings:
            if not self._meant[meaning]:
                del self._meant[meaning]

    def _indexes(self, fingerprint: Fingerprint, first: Iterable[str]) -> tuple[tuple[Iterable[str], "_Postings"], ...]:
        """Under what a text stands, and where."""
        return (
            (fingerprint.words, self._by_word),
            (first, self._by_first),
            (fingerprint.speakers or _NOBODY, self._by_speaker),
            ((_company(fingerprint),) if fingerprint.named else (), self._by_named),
        )


def _company(fingerprint: Fingerprint) -> str:
    """All who are named, as one."""
    return " ".join(sorted(fingerprint.named))


class _Postings:
    """The numbers of the texts in which a word stands: mostly that is one, which needs no list of its own."""

    def __init__(self) -> None:
        self._held: dict[str, int | array[int]] = {}

    def put(self, word: str, number: int) -> None:
        held = self._held.get(word)
        if held is None:
            self._held[word] = number
        elif isinstance(held, int):
            self._held[word] = array("L", (held, number))
        else:
            held.append(number)

    def take_out(self, word: str, number: int) -> None:
        held = self._held[word]
        if not isinstance(held, int):
            held.remove(number)
        if held == number or not held:
            del self._held[word]

    def held(self, word: str) -> Collection[int]:
        held = self._held.get(word, ())
        return (held,) if isinstance(held, int) else held

    def count(self, word: str) -> int:
        return len(self.held(word))


_NOBODY = frozenset({""})


def _rarity(texts: int, holding: int) -> float:
    return 0.5 + log((1 + texts) / (1 + holding))
