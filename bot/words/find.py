"""What a person means who types the name of a speaker, a side, a source or a topic.

Names are understood in every case form and spelling of the roster, ids and account names as they stand, words in
any language and inflection. What is only close ("Ivanenco", "Петрав") is offered apart, never taken for granted.
"""

import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeVar

from bot.models import Follow, FollowWhat, Names, Roster, Source, Speaker
from bot.words.letters import clean, fold
from bot.words.names import full_forms
from bot.words.query import Query, literal
from bot.words.tokens import Text, read

EVERYTHING = frozenset({"all", "everything", "everyone", "все", "всі", "усі", "усе", "всех", "всіх", "усіх"})

_CLOSE = 0.75  # of 1: two spellings of one Slavic surname are 0.8 alike, two surnames of one root 0.6
_MOST_NEAR = 5
_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?(?:t\.me/(?:s/)?|(?:x|twitter)\.com/)|^@", re.IGNORECASE)


def speakers(text: str, roster: Roster) -> list[str]:
    """The ids of the speakers whose name, alias, id or account the text is, in any case form; best first."""
    typed = _words(text)
    if not typed:
        return []
    ranked = [
        (rank, speaker.id) for speaker in roster.speakers.values() if (rank := _rank(typed, text, speaker, roster))
    ]
    best = max((rank for rank, _ in ranked), default=0)
    return [speaker for rank, speaker in ranked if rank == best]


def near(text: str, roster: Roster) -> list[str]:
    """The ids of the speakers whose name the text resembles in spelling or sound, closest first, at most five."""
    typed = _latin(text)
    ratios = {
        speaker.id: max(
            _ratio(typed, _latin(name)) for spelled in _spellings(speaker) for name in (spelled, _last(spelled))
        )
        for speaker in roster.speakers.values()
    }
    return _closest(ratios)


def follow_targets(text: str, roster: Roster) -> list[Follow]:
    """Everything one can follow that the text names: all, sides, speakers, topics, sources, in this order."""
    if " ".join(_words(text)) in EVERYTHING:
        return [Follow("all")]
    typed = read(text)
    found = [
        Follow("side", side.id)
        for side in roster.sides.values()
        if _is_called(text, typed, side.id, side.name, side.flag)
    ]
    found += [Follow("speaker", speaker) for speaker in speakers(text, roster)]
    found += [
        Follow("topic", topic.id) for topic in roster.topics.values() if _is_called(text, typed, topic.id, topic.name)
    ]
    found += [Follow("source", source.id) for source in roster.sources.values() if _is_source(text, typed, source)]
    return found


def near_targets(text: str, roster: Roster) -> list[Follow]:
    """What one can follow whose name the text resembles, closest first, at most five."""
    typed = _latin(text)
    ratios: dict[tuple[FollowWhat, str], float] = {
        ("speaker", id): 1.0 - at / 100 for at, id in enumerate(near(text, roster))
    }
    named: list[tuple[FollowWhat, str, Names]] = [("side", side.id, side.name) for side in roster.sides.values()]
    named += [("topic", topic.id, topic.name) for topic in roster.topics.values()]
    named += [("source", source.id, source.outlet) for source in roster.sources.values() if source.outlet]
    for what, id, names in named:
        ratios[what, id] = max(_ratio(typed, _latin(name)) for name in (id, *names.values()))
    return [Follow(what, id) for what, id in _closest(ratios)]


def _rank(typed: tuple[str, ...], text: str, speaker: Speaker, roster: Roster) -> int:
    """How surely a speaker is meant: the id or an account 3, a name or surname 2, a first name 1."""
    if _same_id(text, speaker.id) or any(_is_address(text, source) for source in roster.sources_of(speaker.id)):
        return 3
    surnames, first_names = full_forms(speaker)
    for surname in surnames:
        others = _without(typed, surname)
        if others is not None and all(_is_first(word, first_names) for word in others):
            return 2
    return 1 if set(typed) <= first_names else 0


def _is_first(word: str, first_names: Collection[str]) -> bool:
    """One of the first names, or the initial of one."""
    return word in first_names or (len(word) == 1 and any(name.startswith(word) for name in first_names))


def _without(typed: tuple[str, ...], surname: tuple[str, ...]) -> tuple[str, ...] | None:
    """What is left of the typed words without the surname at their end or beginning."""
    size = len(surname)
    if typed[-size:] == surname:
        return typed[:-size]
    return typed[size:] if typed[:size] == surname else None


def _is_called(text: str, typed: Text, id: str, names: Names, flag: str = "") -> bool:
    """`typed` is the text as it is read."""
    if _same_id(text, id) or (flag and text.strip() == flag):
        return True
    size = len(typed.spans)
    return size > 0 and any(words == size and query.matches(typed) for words, query in map(_read, names.values()))


@lru_cache(maxsize=2_000)
def _read(name: str) -> tuple[int, Query]:
    """Of how many words a name of the configuration is, and how it is found in every inflection."""
    return len(read(name).spans), literal(name)


def _is_source(text: str, typed: Text, source: Source) -> bool:
    if _same_id(text, source.id) or _is_address(text, source):
        return True
    return source.outlet is not None and _is_called(text, typed, source.id, source.outlet)


def _is_address(text: str, source: Source) -> bool:
    return _ADDRESS.sub("", text.strip()).strip("/").lower() == _ADDRESS.sub("", source.address).strip("/").lower()


def _same_id(text: str, id: str) -> bool:
    return re.sub(r"[\s_-]+", "-", text.strip().lower()) == re.sub(r"[\s_-]+", "-", id.lower())


def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(clean(word)) for word in re.findall(r"[\w'’ʼ\u0300-\u036f]+", text))


# --- likeness

_SOUNDS = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ye", "ж": "zh", "з": "z", "и": "y",
    "і": "i", "ї": "yi", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ь": "", "ю": "yu",
    "я": "ya", "ы": "y", "э": "e", "ъ": "",
}  # fmt: skip
_ALIKE = (
    ("iy", "y"),
    ("yy", "y"),
    ("yi", "y"),
    ("ii", "y"),
    ("i", "y"),
    ("kh", "h"),
    ("g", "h"),
    ("w", "v"),
    ("ff", "f"),
)


def _latin(text: str) -> str:
    """How a name sounds, roughly: Latin letters, those that transliterations disagree about made one."""
    sounds = "".join(_SOUNDS.get(letter, letter) for letter in " ".join(_words(text)))
    for one, other in _ALIKE:
        sounds = sounds.replace(one, other)
    return sounds


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


_Key = TypeVar("_Key")


def _closest(ratios: dict[_Key, float]) -> list[_Key]:
    close = [key for key, ratio in ratios.items() if ratio >= _CLOSE]
    return sorted(close, key=lambda key: -ratios[key])[:_MOST_NEAR]


def _spellings(speaker: Speaker) -> Iterator[str]:
    yield speaker.id
    yield from speaker.name.values()
    for aliases in speaker.aliases.values():
        yield from aliases


def _last(name: str) -> str:
    return name.rsplit(maxsplit=1)[-1]
