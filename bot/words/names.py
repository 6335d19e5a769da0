"""Where a text names a speaker, and in which grammatical case; who is only a namesake."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from bot.models import Roster, Speaker
from bot.words import lemmas
from bot.words.declension import ANY, Cases, forms
from bot.words.letters import APOSTROPHES, MARKS, clean, fold, is_latin
from bot.words.query import literal
from bot.words.tokens import Text, read


@dataclass(frozen=True, slots=True)
class Named:
    """One place where a text names a speaker; start and end include the first name where it stands before."""

    speaker: str
    start: int
    end: int
    cases: Cases


@dataclass(frozen=True, slots=True)
class _Form:
    speaker: str
    before: tuple[str, ...]  # the words of the form that come before its last
    cases: dict[str, Cases]  # by language


Spelled = tuple[tuple[str, str], ...]
"""A speaker's names in the nominative, each after its language."""


class _Called:
    """The forms of one speaker's names: of surnames and first names, in every case."""

    def __init__(self, names: Spelled) -> None:
        self.surnames: dict[str, set[str]] = {}  # by language
        self.first_names: dict[str, dict[str, Cases]] = {}  # each form with its cases by language
        self.feminine = _is_feminine(names)
        for language, name in names:
            first, surname = _divided(name)
            self.surnames.setdefault(language, set()).add(surname)
            for word in first:
                for form, cases in forms(clean(word), language, feminine=self.feminine).items():
                    self.first_names.setdefault(fold(form), {})[language] = cases

    def forms(self) -> dict[tuple[str, ...], dict[str, Cases]]:
        """The comparable words of every form of every surname, and its cases by language."""
        found: dict[tuple[str, ...], dict[str, Cases]] = {}
        for language, surnames in self.surnames.items():
            for surname in surnames:
                *particles, last = surname.split()
                before = tuple(fold(clean(word)) for word in particles)
                for form, cases in forms(last, language, feminine=self.feminine).items():
                    words = (*before, *_keys(form))
                    known = found.setdefault(words, {})
                    known[language] = known.get(language, frozenset()) | cases
        return found


class _Person(_Called):
    """What is known of one speaker's name: its forms, and the guards against namesakes."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__(_names(speaker))
        self.id = speaker.id
        self.needs = [literal(words) for words in speaker.needs]
        self.never = {key for word in speaker.never for key in lemmas.text_keys(clean(word))}

    def begins(self, text: str, words: "_Words", at: int, surnames: Container[str]) -> int:
        """Where the full name begins whose surname is word `at`: at its first names. -1 if it is somebody else.

        `surnames` of others right before are no first names, whatever a dictionary says ("Лавров" as a form of Лавр).
        """
        start = words[at].start
        while at:
            before, gap = words[at - 1], text[words[at - 1].end : words[at].start]
            if gap in (" ", "\xa0"):
                key = before.key
                keys = _readings(key)
                if keys & self.never:
                    return -1
                if not before.text[0].isupper() or key in surnames:
                    return start
                if self.first_names.keys().isdisjoint(keys) and not lemmas.is_patronymic(key):
                    return -1 if lemmas.is_first_name(key) or self._is_foreign(words, at - 1) else start
            elif gap in (".", ". ") and len(before.text) == 1 and before.text.isupper():
                if not self._has_initial(text, words, at - 1):
                    return -1
            else:
                return start
            start, at = before.start, at - 1
        return start

    def _is_foreign(self, words: "_Words", at: int) -> bool:
        """Whether word `at`, in Latin letters before the surname, can only be the first name of somebody else: no word
        of English, no abbreviation, no place behind its preposition, and none of the speaker's spelled otherwise.
        """
        name, before = words[at].text, words[at - 1].text if at else ""
        if not is_latin(name) or len(name) < 3 or name.isupper() or name in _TITLES or before in _BEFORE_PLACES:
            return False
        return not lemmas.is_english(name) and not get_close_matches(words[at].key, self.first_names, 1, 0.6)

    def _has_initial(self, text: str, words: "_Words", at: int) -> bool:
        """Whether the first of the initials that end at word `at` is one of theirs."""
        while at and len(words[at - 1].text) == 1 and text[words[at - 1].end : words[at].start] in (".", ". "):
            at -= 1
        return any(name.startswith(words[at].key) for name in self.first_names)

    def is_meant_in(self, text: Text) -> bool:
        """Whether one of the words stands in the text that a very common surname needs."""
        return any(words.matches(text) for words in self.needs)


def full_forms(speaker: Speaker) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """The comparable words of all forms of the surnames, and those of the first names."""
    return _full_forms(_names(speaker))


@lru_cache(maxsize=1_000)
def _full_forms(names: Spelled) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    called = _Called(names)
    return frozenset(called.forms()), frozenset(called.first_names)


def _is_office(speaker: Speaker) -> bool:
    """Whether only its accounts name it: its name is made of everyday words."""
    return bool(speaker.needs) and all(word.startswith("@") for word in speaker.needs)


def _names(speaker: Speaker) -> Spelled:
    others = ((language, alias) for language, aliases in speaker.aliases.items() for alias in aliases)
    return (*speaker.name.items(), *others)


def _divided(name: str) -> tuple[list[str], str]:
    """First names, and the surname with its particles: "von der" belongs to what follows."""
    words = name.split()
    particle = next((at for at, word in enumerate(words[:-1]) if word[0].islower()), len(words) - 1)
    return words[:particle], " ".join(words[particle:])


def _is_feminine(names: Spelled) -> bool:
    for language, name in names:
        first, _ = _divided(name)
        if language in ("uk", "ru") and first:
            return lemmas.is_feminine_name(clean(first[0]))
    return False


def _keys(form: str) -> tuple[str, ...]:
    return tuple(_Seen(match.start(), match[0]).key for match in _WORD.finditer(form))


class Names:
    """The names of all speakers of a roster, ready to be found in texts. Built once: it loads the dictionaries."""

    def __init__(self, roster: Roster) -> None:
        self._people = {speaker.id: _Person(speaker) for speaker in roster.speakers.values()}
        self._forms: dict[str, list[_Form]] = {}
        for person in self._people.values():
            for words, cases in person.forms().items():
                if words:  # signs and digits alone are found in no text
                    *before, last = words
                    self._forms.setdefault(last, []).append(_Form(person.id, tuple(before), cases))
        self._parts = {
            person.id: frozenset(person.first_names).union(*person.forms())
            for person in self._people.values()
            if not _is_office(roster.speakers[person.id])
        }
        self._all_parts = frozenset[str]().union(*self._parts.values())
        self._may_name = lru_cache(1_000)(self._is_a_name)

    def is_part(self, word: str) -> bool:
        """Whether a comparable word is a form of anybody's surname or first name."""
        return word in self._all_parts

    def parts(self, speaker: str) -> frozenset[str]:
        """The comparable words that are forms of the speaker's names."""
        return self._parts.get(speaker, frozenset())

    def is_feminine(self, speaker: str) -> bool:
        return self._people[speaker].feminine

    def _is_a_name(self, word: str) -> bool:
        return word[0].isupper() and _key(_bare(word)) in self._forms

    def are_in(self, text: str) -> bool:
        """Whether any word of the text looks like a surname of the roster: quick, and mostly it is not so."""
        return any(map(self._may_name, _CAPITAL.findall(text)))

    def find(self, text: str, language: str = "", read_text: Text | None = None) -> list[Named]:
        """Everybody the text names, in order. `language` decides what a form that two languages share means;
        `read_text` is the text once it is read, which some names ask for.

        Not counted: names in small letters, names after somebody else's first name or initial, and names that need
        a word beside them (`Speaker.needs`) which the text does not have.
        """
        words = _Words(_WORD.finditer(text))
        found: list[Named] = []
        for at in words.where(self._may_name):
            word = words[at]
            for form in self._forms[word.key]:
                person = self._people[form.speaker]
                first = at - len(form.before)
                if first < 0 or tuple(words[before].key for before in range(first, at)) != form.before:
                    continue
                start = person.begins(text, words, first, self._forms)
                if start < 0:
                    continue
                if person.needs:
                    read_text = read_text or read(text, language)
                    if not person.is_meant_in(read_text):
                        continue
                cases = _cases(form.cases, language)
                if cases == ANY and at and language in ("ru", "uk"):
                    cases = _borrowed_case(person, words, at, start, language) or ANY
                found.append(Named(form.speaker, start, word.end, cases))
        return _longest(found)


_WORD = re.compile(rf"[^\W\d_ʼ]+(?:[{MARKS}{APOSTROPHES}]+[^\W\d_ʼ]+)*[{MARKS}]*")
_CAPITAL = re.compile(rf"[^\W\d_ʼa-zа-яёіїєґ][^\W\d_ʼ]*(?:[{MARKS}{APOSTROPHES}]+[^\W\d_ʼ]+)*[{MARKS}]*")
"""Every word of _WORD that begins with a capital letter, and ends of some others; five times as fast."""
_POSSESSIVE = re.compile(rf"(?<=[a-z])[{APOSTROPHES}]s$", re.IGNORECASE)
_TITLES = frozenset("Amb Min Dep Sec SecState SecDef Kremlin Duma Rada".split())  # that no dictionary of English has
_BEFORE_PLACES = frozenset("in at from of to near outside inside via for with across over on".split())


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word) if word[-1] in "sS" else word


class _Seen:
    """A word of a text; `key` is what is compared. An English possessive ends before its apostrophe."""

    __slots__ = ("end", "start", "text")

    def __init__(self, start: int, text: str) -> None:
        self.text = _bare(text)
        self.start, self.end = start, start + len(self.text)

    @property
    def key(self) -> str:
        return _key(self.text)


class _Words:
    """The words of a text in order; looked at closely only where somebody asks."""

    def __init__(self, found: Iterable[re.Match[str]]) -> None:
        self._found = list(found)
        self._seen: dict[int, _Seen] = {}

    def where(self, wanted: Callable[[str], bool]) -> list[int]:
        return [at for at, match in enumerate(self._found) if wanted(match[0])]

    def __getitem__(self, at: int) -> _Seen:
        if at not in self._seen:
            match = self._found[at]
            self._seen[at] = _Seen(match.start(), match[0])
        return self._seen[at]


@lru_cache(maxsize=1_000)
def _readings(key: str) -> frozenset[str]:
    return frozenset((key, *lemmas.text_keys(key)))


@lru_cache(maxsize=1_000)
def _key(word: str) -> str:
    return fold(clean(word))


def _cases(by_language: dict[str, Cases], language: str) -> Cases:
    if language in by_language:
        return by_language[language]
    return frozenset().union(*by_language.values())


def _borrowed_case(person: _Person, words: "_Words", at: int, start: int, language: str) -> Cases:
    """For a form without a case of its own, word `at`: the case of the first name, else of the title right before."""
    first = at
    while words[first].start > start:
        first -= 1
    if first != at and (known := person.first_names.get(words[first].key, {}).get(language, ANY)) != ANY:
        return known
    title = first - 1 if first and words[first - 1].end == start - 1 else at
    for number in (first, title):
        if number != at and (cases := lemmas.cases(clean(words[number].text), language)):
            return cases
    return frozenset()


def _longest(found: list[Named]) -> list[Named]:
    """Of names that overlap the longest one; none if two people bear exactly the same."""
    spans = Counter((named.start, named.end) for named in found)
    kept: list[Named] = []
    end = 0
    for named in sorted(found, key=lambda named: (named.start, -named.end)):
        if named.start >= end:
            end = named.end
            if spans[named.start, named.end] == 1:
                kept.append(named)
    return kept
