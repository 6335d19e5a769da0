"""Dates as feeds write them. A date that cannot be read is None: nothing is guessed."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOURS = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "WEST", "BST"), 1),
    **dict.fromkeys(("EET", "CEST"), 2),
    **dict.fromkeys(("MSK", "EEST", "TRT"), 3),
    "MSD": 4,
    "EDT": -4,
    **dict.fromkeys(("EST", "CDT"), -5),
    **dict.fromkeys(("CST", "MDT"), -6),
    **dict.fromkeys(("MST", "PDT"), -7),
    "PST": -8,
}
_ZONES = {name: timezone(timedelta(hours=hours)) for name, hours in _HOURS.items()}

# A month by the first three letters of its name, in every case of the noun.
_MONTHS = {
    word: number
    for words in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "січ лют бер кві тра чер лип сер вер жов лис гру",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
    )
    for number, word in enumerate(words.split(), 1)
} | {"май": 5}

_CLOCK = (
    r"(?:[,\sT]*(?:[а-яіїєґa-z.]{1,6}\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?)?"
)
_ZONE = r"\s*(?:(?P<zone>[A-Z]{1,4})?\s*(?P<offset>[+-]\d\d:?\d\d|[+-]\d\d?)?)\b"
_FORMS = tuple(
    re.compile(pattern + _CLOCK + _ZONE, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)",
        r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})",
        r"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<word>[^\W\d]{3,10})\.?[\s,-]+(?P<year>\d{4}|\d\d)\b"
        r"(?:\s*(?:г|р|года|року)\b\.?)?",
        r"(?:[^\W\d]+\.?,?\s+)?(?P<word>[^\W\d]{3,10})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})\b",
    )
)
_TURNED = tuple(
    (re.compile(pattern), order)
    for pattern, order in (
        (r"(\d{1,2}:\d\d(?::\d\d)?),?\s+(.*?\d{4})\b(.*)", r"\2 \1 \3"),  # 15:03, 29 Sep 2020
        (r"(?:\w{3},?\s+)?(\w{3})\s+(\d{1,2})\s+([\d:]+)\s+(?:([A-Z]+)\s+)?(\d{4})", r"\2 \1 \5 \3 \4"),  # as C has it
        (r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(.*)", r"\1-\2-\3T\4:\5:\6\7"),
    )
)
_PLACES = (
    (re.compile(r"\bмск\b|\bмоск", re.I), _ZONES["MSK"]),
    (re.compile(r"\bки[їе]в|\bкиїв", re.I), ZoneInfo("Europe/Kyiv")),
)
_PLACE = re.compile(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+\b")
_NAME = re.compile(rf"\b(?:{'|'.join(name for name in _ZONES if len(name) > 2)})\b")
_SECONDS = re.compile(r"\d{10}(?:\d{3})?")
_EARLIEST = 1990


def read(written: str, zone: tzinfo = UTC) -> datetime | None:
    """In UTC. `zone` is for dates that do not name theirs. Understands RFC 822 and ISO 8601 in their many shapes, day
    first with dots, months in English, Ukrainian and Russian words, and seconds since 1970.
    """
    if _SECONDS.fullmatch(written.strip()):
        return datetime.fromtimestamp(int(written.strip()[:10]), UTC)
    found = _match(written)
    return _assemble(found.groupdict(), _zone(found) or zone) if found else None


def zone_of(written: str) -> tzinfo | None:
    """The zone that a date names, if it names one."""
    found = _match(written)
    return _zone(found) if found else None


def _match(written: str) -> re.Match[str] | None:
    written = " ".join(written.split())[:80]
    for turned, order in _TURNED:
        if found := turned.fullmatch(written):
            written = found.expand(order)
    return next(filter(None, (form.match(written) for form in _FORMS)), None)


def _assemble(part: dict[str, str | None], zone: tzinfo) -> datetime | None:
    year = int(part["year"] or 0) + (2000 if len(part["year"] or "") == 2 else 0)
    month = _MONTHS.get((part.get("word") or "")[:3].casefold()) or int(part.get("month") or 0)
    try:
        local = datetime(
            year,
            month,
            int(part["day"] or 0),
            _hour(int(part["hour"] or 0), (part["half"] or "").lower()),
            int(part["minute"] or 0),
            min(int(part["second"] or 0), 59),
            tzinfo=zone,
        )
        return local.astimezone(UTC) if local.year >= _EARLIEST else None
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str) -> int:
    """Of a clock with two halves of twelve hours, or of one with twenty-four."""
    if not half:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def _zone(found: re.Match[str]) -> tzinfo | None:
    """By an offset, else by a name, else by what stands behind the date: a place, or a name in brackets."""
    if found["offset"]:
        return _offset(found["offset"])
    behind = found.string[found.end() :]
    if name := _ZONES.get((found["zone"] or "").upper()):
        return name
    if name_behind := _NAME.search(behind):
        return _ZONES[name_behind[0]]
    if place := _PLACE.search(behind):
        return _place(place[0])
    return next((zone for words, zone in _PLACES if words.search(behind)), None)


def _place(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _offset(written: str) -> tzinfo | None:
    sign = -1 if written[0] == "-" else 1
    digits = written[1:].replace(":", "").ljust(4, "0") if len(written) > 2 else f"0{written[1:]}00"
    hours, minutes = int(digits[:2]), int(digits[2:])
    return timezone(sign * timedelta(hours=hours, minutes=minutes)) if hours < 24 and minutes < 60 else None
