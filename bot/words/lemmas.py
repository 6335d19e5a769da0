"""Lemmas: the keys under which a word is found, from pymorphy3 (Russian, Ukrainian) and simplemma (English).

The rules were chosen by measuring on hand-written pairs of watch and text and on Universal Dependencies treebanks:

1.  ы э ё ъ call the Russian dictionary; і ї є ґ and the apostrophe the Ukrainian one; Latin letters the English
    one. Any other Cyrillic word asks both, unless the language of the text is clear and its dictionary knows the
    word: the Ukrainian one takes Russian "после" for a vocative of "посол".
2.  A word of a text has all lemmas of the dictionaries asked; nothing is pruned by probability. A word known as a
    preposition, conjunction, particle or pronoun by one of them has only those readings.
3.  A word of a watch that is itself a lemma keeps that one alone in the dictionary which says so ("Лавров" is not
    "лавр"); an inflected one keeps all, and so does one that may be an adjective ("красная" of "красная линия" is
    no noun). Decided per dictionary: the other one may only be guessing.
4.  Upper and lower case never decide what a watch means. In a text they tell US, IT and WHO from us, it and who.
5.  Nobody addresses a thing: the vocative of a thing counts only where the word can be nothing else ("діє" is said of
    a law, not to an action).

The dictionaries are loaded at the first word that needs one (0.2 s for both Cyrillic ones, 0.3 s for English).
"""

import re
from functools import cache, lru_cache
from importlib import metadata
from typing import Any, NamedTuple

from bot.words.letters import fold, is_cyrillic, is_latin

RULES = 3
"""Raised with every change of the rules that gives a word other keys."""


@cache
def version() -> str:
    """What keys depend on: the rules and the dictionaries. Stored keys of another version have to be made anew."""
    dictionaries = ("pymorphy3", "pymorphy3-dicts-ru", "pymorphy3-dicts-uk", "simplemma")
    return " ".join([str(RULES), *(f"{name} {metadata.version(name)}" for name in dictionaries)])


_CONVERBS = (
    (re.compile("вши$"), ("ти",)),
    (re.compile("вшис[ья]$"), ("тися",)),
    (re.compile("ючи$"), ("ти", "вати")),
    (re.compile("ючис[ья]$"), ("тися", "ватися")),
    (re.compile("[яа]чи$"), ("ити", "ати", "іти", "їти")),
    (re.compile("[яа]чис[ья]$"), ("итися", "атися", "ітися", "їтися")),
)
_CONVERB_ENDINGS = ("вши", "вшись", "вшися", "чи", "чись", "чися")
_SOFTENED = {"зі": "га", "ці": "ка", "сі": "ха"}  # Ukrainian names in -га, -ка, -ха: "Сибізі"

MOST_KEYS = 14
"""No word has more keys: at most 7 of each Cyrillic dictionary, the likeliest first."""

_RUSSIAN_ONLY = re.compile("[ыэёъ]")
_UKRAINIAN_ONLY = re.compile("[іїєґ']")
_FUNCTION = frozenset({"PREP", "CONJ", "PRCL", "NPRO"})
_THING_ADDRESSED = frozenset({"voct", "inan"})
_POSSESSIVE = re.compile(r"'s?$")

ACRONYMS = frozenset({"us", "it", "who"})
"""Words that mean an acronym where they are written in capitals; in small letters they are no keyword of anybody."""

# simplemma leads "us" to "we": a watch for US would fire on every "we".
_ENGLISH_FUNCTION = frozenset(
    """
    the a an of to in on at by for from with and or but not no is are was were be been being has have had will would
    can could should may might must do does did this that these those it its he she they we you i his her their our
    your my him them us who which what when where why how if as than then there here about after before into over
    under against between during until while because also only more most very now so such any all both each
    """.split()
)
_ENGLISH_AS_IS = frozenset({"us", "it", "its", "me", "him", "her", "them", "as"})

# simplemma gives a form one lemma, mostly that of the rarer word: "left" is no form of "leave" to it, "lives" none of
# "life". These have two; the last ones it does not know.
_ENGLISH_ALSO = dict(
    pair.split(":")
    for pair in """
    left:leave felt:feel bore:bear wound:wind rose:rise shot:shoot bound:bind thought:think won:win broke:break
    swore:swear bit:bite shook:shake laid:lay ground:grind bent:bend smelt:smell spelt:spell bade:bid founded:found
    lives:life wives:wife leaves:leaf halves:half shelves:shelf thieves:thief calves:calf bases:basis axes:axis
    people:person worse:bad bigger:big further:far cutting:cut beginning:begin
    fixes:fix mixes:mix panicked:panic preferred:prefer cancelled:cancel cancelling:cancel travelled:travel
    travelling:travel labelled:label labelling:label fuelled:fuel fuelling:fuel signalled:signal signalling:signal
    """.split()
)

# One spelling for what is written in two: British and American, and the ways to write a Slavic name.
_ENGLISH_SPELLING = {
    "armour": "armor", "behaviour": "behavior", "centre": "center", "defence": "defense", "favour": "favor",
    "harbour": "harbor", "honour": "honor", "kilometre": "kilometer", "labour": "labor", "manoeuvre": "maneuver",
    "neighbour": "neighbor", "programme": "program", "rumour": "rumor",
}  # fmt: skip
_SLAVIC_NAME = re.compile("(?<=[a-z]{2}sk)(?:yy|iy|yi|ij|ii)$")

# A name that no dictionary knows may be read as anything but a name ("Мерцем" as a form of "мерец"). Its stem
# without the ending of a name is one more guess.
_NAME_ENDING = re.compile("(?<=[бвгджзклмнпрстфхцчшщ])(?:ом|ем|ым|им|ою|ею|ей|ові|еві|а|я|у|ю|е|і|и|ь)$")


@cache
def _dictionary(language: str) -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer(lang=language)


@cache
def _english() -> Any:
    """Without the 65,000 words that simplemma remembers otherwise."""
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy

    return Lemmatizer(cache_max_size=0, lemmatization_strategy=DefaultStrategy(low_memory=True))


def text_keys(word: str, language: str = "") -> tuple[str, ...]:
    """The keys of a cleaned word that stands in a text whose language is clear (or "")."""
    return in_text(word, language)[0]


def in_text(word: str, language: str = "") -> tuple[tuple[str, ...], bool]:
    """The same, and whether it is known as a function word: preposition, conjunction, particle or pronoun."""
    if not is_cyrillic(word):
        return _other_keys(word), word in _ENGLISH_FUNCTION
    readings = [_readings(name, word) for name in _asked(word, language)]
    function = [reading for reading in readings if reading.function]
    keys = dict.fromkeys(key for reading in function or readings for key in reading.lemmas)
    return tuple(keys), bool(function)


def watch_keys(word: str) -> tuple[str, ...]:
    """The keys of a cleaned word that a person typed to be told about."""
    itself = fold(word)
    if not is_cyrillic(word):
        found = _other_keys(word)
        return found[:1] if found[0] == itself else found
    keys: dict[str, None] = {}
    for name in _asked(word, ""):
        reading = _readings(name, word)
        alone = reading.known and itself in reading.lemmas
        keys.update(dict.fromkeys((itself, *reading.adjectives) if alone else reading.lemmas))
    return tuple(keys)


def _asked(word: str, language: str) -> tuple[str, ...]:
    if _RUSSIAN_ONLY.search(word):
        return ("ru",)
    if _UKRAINIAN_ONLY.search(word):
        return ("uk",)
    if language and _readings(language, word).known:
        return (language,)
    return ("ru", "uk")


class _Reading(NamedTuple):
    """What one dictionary says of a word: whether it knows it, and as a function word; the folded lemmas, and which of
    them are adjectives.
    """

    known: bool
    function: bool
    lemmas: tuple[str, ...]
    adjectives: tuple[str, ...] = ()


@lru_cache(maxsize=500)  # each word of a text is asked for several times in a row; `tokens` remembers the rest
def _readings(language: str, word: str) -> _Reading:
    parses = _dictionary(language).parse(word)
    known = any(parse.is_known for parse in parses)
    function = [parse for parse in parses if known and _FUNCTION.intersection(parse.tag.grammemes)]
    likely = function or [parse for parse in parses if not parse.tag.grammemes >= _THING_ADDRESSED] or parses
    found = list(dict.fromkeys(fold(parse.normal_form) for parse in likely))[: MOST_KEYS // 2 - 2]
    adjectives = dict.fromkeys(fold(parse.normal_form) for parse in likely if "ADJF" in parse.tag.grammemes)
    if language == "uk":
        found += _of_converb(word)
    if not known and len(word) > 4:
        softened = _SOFTENED.get(word[-2:]) if language == "uk" else None
        found.append(fold(word[:-2] + softened if softened else _NAME_ENDING.sub("", word)))
    return _Reading(known, bool(function), tuple(dict.fromkeys(found)), tuple(adjectives))


def _of_converb(word: str) -> list[str]:
    """The verb of "наголосивши" or "підкреслюючи": the Ukrainian dictionary takes a converb for a word of its own."""
    for ending, replacements in _CONVERBS if word.endswith(_CONVERB_ENDINGS) else ():
        stem = ending.sub("", word)
        if stem != word:
            verbs = (stem + one for one in replacements)
            return [fold(verb) for verb in verbs if any(parse.tag.POS == "VERB" for parse in _known(verb, "uk"))][:1]
    return []


def _other_keys(word: str) -> tuple[str, ...]:
    if not is_latin(word):
        return (fold(word),)
    word = _POSSESSIVE.sub("", word)
    if word in _ENGLISH_AS_IS:
        return (word,)
    lemma = _english().lemmatize(word, "en").lower()
    if lemma == word:  # it knows "Russians" only with a capital letter
        lemma = _english().lemmatize(word.capitalize(), "en").lower()
    also = _ENGLISH_ALSO.get(word)
    return tuple(dict.fromkeys(_spelled(fold(one)) for one in (lemma, also) if one))


def _spelled(lemma: str) -> str:
    if lemma.endswith("isation"):
        return f"{lemma[:-7]}ization"
    if lemma.endswith("ise") and is_english(american := f"{lemma[:-3]}ize"):
        return american
    return _ENGLISH_SPELLING.get(lemma) or _SLAVIC_NAME.sub("y", lemma)


# --- what grammar says of a single Cyrillic word; only of words that a dictionary knows

_CASES = {"nomn": "nominative", "gent": "genitive", "gen2": "genitive"}


def cases(word: str, language: str) -> frozenset[str]:
    """ "nominative", "genitive", "other": the cases a cleaned word can stand in; none if it has no case."""
    found = {str(parse.tag.case) for parse in _known(word, language) if parse.tag.case}
    return frozenset(_CASES.get(case, "other") for case in found)


def is_first_name(word: str) -> bool:
    return _has(word, "Name")


def is_patronymic(word: str) -> bool:
    return _has(word, "Patr")


def is_feminine_name(word: str) -> bool:
    """Whether a first name in the nominative is a woman's; by its ending if no dictionary knows it."""
    for language in ("ru", "uk"):
        genders = {
            str(parse.tag.gender)
            for parse in _known(word, language)
            if "Name" in parse.tag.grammemes and fold(parse.normal_form) == fold(word)
        }
        if genders:
            return genders == {"femn"}
    return word.endswith(("а", "я"))


def is_known(word: str, language: str) -> bool:
    return bool(_known(word, language))


@lru_cache(maxsize=500)
def is_english(word: str) -> bool:
    """Whether the English dictionary knows the word, as it stands or in small letters."""
    import simplemma

    return any(simplemma.is_known(one, lang="en", low_memory=True) for one in (word, word.lower()))


@lru_cache(maxsize=1_000)
def is_proper(word: str) -> bool:
    """Whether an English word, as it stands, keeps its capital letter in the dictionary, or is not in it."""
    return bool(_english().lemmatize(word, "en")[:1].isupper())


def is_verb(word: str, language: str) -> bool:
    """Whether the word can only be a finite verb."""
    found = _known(word, language)
    return bool(found) and all(parse.tag.POS == "VERB" for parse in found)


def can_be_verb(word: str, language: str) -> bool:
    """Whether a finite verb is among the things that the word can be."""
    return any(parse.tag.POS == "VERB" for parse in _known(word, language))


def is_person(word: str, language: str) -> bool:
    """Whether the word can be a person in the nominative ("депутат")."""
    return any({"NOUN", "anim", "nomn"} <= parse.tag.grammemes for parse in _known(word, language))


def _has(word: str, grammeme: str) -> bool:
    return any(grammeme in parse.tag.grammemes for language in ("ru", "uk") for parse in _known(word, language))


@lru_cache(maxsize=500)
def _known(word: str, language: str) -> tuple[Any, ...]:
    return tuple(parse for parse in _dictionary(language).parse(word) if parse.is_known)
