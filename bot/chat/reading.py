"""What people type after a command, read generously. Pure."""

import difflib
import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

from bot.models import EVERY_DAY, LANGUAGES, How

OFF = frozenset("off no none never stop - вимк вимкни вимкнути ні немає выкл выключи выключить нет".split())
ALL = frozenset("all everything everyone everybody усе все всі усі всё".split())
HOW: Mapping[str, How] = {
    **dict.fromkeys(("now", "loud", "зараз", "одразу", "сейчас", "сразу"), "now"),
    **dict.fromkeys(("silent", "silently", "quiet", "quietly", "тихо", "беззвучно"), "silent"),
    **dict.fromkeys(("digest", "дайджест", "огляд", "обзор"), "digest"),
    **dict.fromkeys(("off", "вимк", "выкл"), "off"),
}
LANGUAGE_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("en", "eng", "english", "англійська", "английский"), "en"),
    **dict.fromkeys(("uk", "ua", "ukr", "ukrainian", "українська", "украинский", "украинська"), "uk"),
    **dict.fromkeys(("ru", "rus", "russian", "російська", "русский"), "ru"),
}

MOST_PIECES = 20
"""Names in one command; more is no list that a person typed."""

MOST_ZONES = 8
"""Of a country; in one with more a city is to be named."""

ALIKE = 0.75
"""Of 1: how much the name of a place must look like what was typed. A slip leaves as much; a city that is in no list is
less like any that is.
"""


def pieces(typed: str) -> list[str]:
    """The names of a list: apart by commas, semicolons or lines."""
    return [piece for part in re.split(r"[,;\n]", typed) if (piece := part.strip())][:MOST_PIECES]


def how(typed: str) -> tuple[str, How]:
    """The names, and the way to be told that stands behind them ("medic silent"), at once if none does."""
    names, _, last = typed.strip().rpartition(" ")
    way = HOW.get(last.casefold())
    return (names.strip(" ,;"), way) if way and names.strip() else (typed.strip(), "now")


def counted(typed: str) -> tuple[str, int | None]:
    """A name and the number behind it; either may be missing."""
    match = re.fullmatch(r"(.*?)\s*\b(\d{1,4})", typed.strip(), re.DOTALL)
    return (match[1].strip(), int(match[2])) if match and match[2].isascii() else (typed.strip(), None)


def clock(typed: str) -> time | None:
    """A time of day: 20:00, 8, 7.30, 19h15, 7:30 pm; None if it is none."""
    match = re.fullmatch(
        r"(\d{1,2})(?:\s*[:.h\-\s]\s*(\d{2}))?\s*([ap])?\.?m?\.?h?", typed.strip().casefold(), re.ASCII
    )
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


BESIDE = frozenset("and at on и в по і й о об та у".split())
"""Words beside times and days that say nothing of their own."""

BETWEEN = frozenset("from to till until з із від до с со от по".split())

DAYS: Mapping[str, frozenset[int]] = {
    **dict.fromkeys(("daily", "everyday", "щодня", "щоденно", "ежедневно"), EVERY_DAY),
    **dict.fromkeys(("weekdays", "workdays", "будні", "будням", "будни", "буднях"), frozenset(range(1, 6))),
    **dict.fromkeys(("weekend", "weekends", "вихідні", "вихідних", "выходные", "выходным"), frozenset((6, 7))),
}


@dataclass(frozen=True, slots=True)
class When:
    """Times of day and days of the week as somebody typed them, and what was not understood. Days: none were named."""

    times: tuple[time, ...] = ()
    days: frozenset[int] = frozenset()
    unknown: str = ""


def when(typed: str) -> When:
    """ "8:00 20:30 mon-fri", "9 pm, weekdays", "о 20:00 пн, ср"."""
    words = [word for word in re.split(r"[\s,;]+", typed.strip().casefold()) if word and word not in BESIDE]
    named = [(word, _days(word)) for word in words]
    clocks = [word for word, days in named if not days]
    whole = clock(" ".join(clocks))
    read = [(word, clock(word)) for word in _with_halves(clocks)] if whole is None else [("", whole)]
    return When(
        tuple(sorted({at for _, at in read if at is not None})),
        frozenset().union(*(days for _, days in named)),
        " ".join(word for word, at in read if at is None),
    )


def span(typed: str) -> tuple[time, time] | None:
    """Hours from one time of day to another, over midnight or not: "23:00-7:00", "from 10 pm to 6", "з 23 до 7"."""
    words = [word for word in re.split(r"[\s,;]+", typed.strip().casefold()) if word and word not in BETWEEN]
    whole = " ".join(_with_halves(words))
    for mark in re.finditer(r"[-–—\s]", whole):
        since, until = clock(whole[: mark.start()]), clock(whole[mark.end() :])
        if since is not None and until is not None and since != until:
            return since, until
    return None


def _with_halves(words: Iterable[str]) -> list[str]:
    """The words, "am" and "pm" put to the one before."""
    joined: list[str] = []
    for word in words:
        if joined and re.fullmatch(r"[ap]\.?m\.?", word):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _days(word: str) -> frozenset[int]:
    """One day, a span of them ("fri-mon") or a word for several; none if it is nothing of that."""
    known = _day_names()
    first, _, last = re.sub("[–—]", "-", word).partition("-")
    if first in known and last in known:
        length = (known[last] - known[first]) % 7 + 1
        return frozenset((known[first] - 1 + day) % 7 + 1 for day in range(length))
    name = word.rstrip(".")
    return frozenset({known[name]}) if name in known else DAYS.get(name, frozenset())


@functools.cache
def _day_names() -> Mapping[str, int]:
    """Every name and abbreviation of a day in our languages, 1 is Monday; English ones with their plural."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for widths in Locale(language).days.values():
            for width in ("wide", "abbreviated", "short"):
                for day, name in widths.get(width, {}).items():
                    plain = name.casefold().rstrip(".")
                    names |= {plain: day + 1, plain + "s": day + 1}
    return names


def near(typed: str, known: Iterable[str], most: int = 3, likeness: float = 0.6) -> list[str]:
    """Those of the known words that look like what was typed; of 1 they are so much alike at least."""
    return difflib.get_close_matches(typed.casefold()[:40], list(known), most, likeness)


# --- time zones


def zones(typed: str) -> list[str]:
    """The IANA zones that a name, a city or a country in any of our languages, or a distance from UTC means."""
    if offset := _offset(typed):
        return [offset]
    if places := _between_hours(typed):
        return list(places)
    if typed.strip() in available_timezones():
        return [typed.strip()]
    plain = _plain(typed)
    return sorted(_places().get(plain) or _countries().get(plain) or ())


def zone_at(latitude: float, longitude: float) -> str:
    """The zone of a place on earth, at sea that of its meridian; empty if it is none. Slow the first time, as its map
    is read then.
    """
    import tzfpy  # 30 MB that most processes never need

    name = tzfpy.get_tz(longitude, latitude)
    return name if name in available_timezones() else ""


def near_zones(typed: str) -> list[str]:
    """Zones of cities and countries that look like what was typed."""
    known = {**_countries(), **_places()}
    found = near(_plain(typed), known, likeness=ALIKE)
    return list(dict.fromkeys(zone for place in found for zone in sorted(known[place])))


def _offset(typed: str) -> str:
    """Etc/GMT zones for whole hours; their sign runs against custom. Empty if it is no such distance."""
    match = re.fullmatch(r"(?:utc|gmt)?\s*([+\-−–])\s*(\d{1,2})(?::?00)?", typed.strip().casefold(), re.ASCII)
    if match is None:
        return "UTC" if typed.strip().casefold() in ("utc", "gmt", "z") else ""
    hours = int(match[2])
    if hours == 0:
        return "UTC"
    east = match[1] == "+"
    return f"Etc/GMT{'-' if east else '+'}{hours}" if hours <= (14 if east else 12) else ""


@functools.lru_cache(maxsize=64)
def _between_hours(typed: str) -> Sequence[str]:
    """The zones that are so far from UTC all year, if that is no whole hours: +5:30, UTC-9:30."""
    match = re.fullmatch(r"(?:utc|gmt)?\s*([+\-−–])\s*(\d{1,2}):?(15|30|45)", typed.strip().casefold(), re.ASCII)
    if match is None:
        return ()
    distance = timedelta(hours=int(match[2]), minutes=int(match[3])) * (1 if match[1] == "+" else -1)
    return sorted(zone for zone in frozenset().union(*_places().values()) if _distances(zone) == {distance})


def _distances(zone: str) -> set[timedelta | None]:
    """From UTC, in January and in July."""
    return {datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)}


@functools.cache
def _places() -> Mapping[str, frozenset[str]]:
    """Cities, plainly written, and the zones that bear their names; from the zones themselves and from CLDR."""
    found: dict[str, set[str]] = defaultdict(set)
    present: Mapping[str, str] = get_global("zone_aliases")
    known = available_timezones()
    for zone in known:
        current = present.get(zone, zone)
        if "/" in current and current in known and not current.startswith("Etc/"):
            found[_plain(zone.rpartition("/")[2])].add(current)
            found[_plain(zone)].add(current)
    for language in LANGUAGES:
        for zone, words in Locale(language).time_zones.items():
            current = present.get(zone, zone)
            if current in known and "city" in words:
                found[_plain(words["city"])].add(current)
    return {city: frozenset(zones) for city, zones in found.items()}


@functools.cache
def _countries() -> Mapping[str, frozenset[str]]:
    """Countries, plainly written, and their zones, if one can choose among these; from CLDR."""
    zones: Mapping[str, Sequence[str]] = get_global("territory_zones")
    known = available_timezones()
    few = {code: frozenset(found) & known for code, found in zones.items() if len(found) <= MOST_ZONES}
    return {
        _plain(name): few[code]
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if few.get(code)
    }


def _plain(name: str) -> str:
    """Without case, accents, apostrophes and the marks between words."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[_\-'’ʼ.]", " ", bare.casefold()).split())
