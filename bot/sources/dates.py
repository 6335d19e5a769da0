"""Dates as feeds write them. A date that cannot be read is None: nothing is guessed."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

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
    r"(?:[,\sT]*(?:[а-яіїєґa-z.]{1,6}\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)?"
)
_ZONE = r"\s*(?:(?P<zone>[A-Z]{1,4})?\s*(?P<offset>[+-]\d\d:?\d\d|[+-]\d\d?)?)\b"
_FORMS = tuple(
    re.compile(pattern + _CLOCK + _ZONE, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})",
        r"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<word>[^\W\d]{3,10})\.?[\s,-]+(?P<year>\d{4}|\d\d)\b"
        r"(?:\s*(?:г|р|года|року)\b\.?)?",
        r"(?:[^\W\d]+\.?,?\s+)?(?P<word>[^\W\d]{3,10})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})\b",
    )
)
_SECONDS = re.compile(r"\d{10}(?:\d{3})?")
_EARLIEST = 1990


def read(written: str, zone: tzinfo = UTC) -> datetime | None:
    """In UTC. `zone` is for dates that do not name theirs. Understands RFC 822 and ISO 8601 in their many shapes, day
    first with dots, months in English, Ukrainian and Russian words, and seconds since 1970.
    """
    written = " ".join(written.split())[:80]
    if _SECONDS.fullmatch(written):
        return datetime.fromtimestamp(int(written[:10]), UTC)
    found = next(filter(None, (form.match(written) for form in _FORMS)), None)
    return _assemble(found.groupdict(), zone) if found else None


def zone_of(written: str) -> tzinfo | None:
    """The zone that a date names, if it names one."""
    found = next(filter(None, (form.match(" ".join(written.split())[:80]) for form in _FORMS)), None)
    return _zone(found["zone"], found["offset"]) if found else None


def _assemble(part: dict[str, str | None], zone: tzinfo) -> datetime | None:
    year = int(part["year"] or 0) + (2000 if len(part["year"] or "") == 2 else 0)
    month = _MONTHS.get((part.get("word") or "")[:3].casefold()) or int(part.get("month") or 0)
    try:
        local = datetime(
            year,
            month,
            int(part["day"] or 0),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            min(int(part["second"] or 0), 59),
            tzinfo=_zone(part["zone"], part["offset"]) or zone,
        )
        return local.astimezone(UTC) if local.year >= _EARLIEST else None
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None, offset: str | None) -> tzinfo | None:
    if offset:
        sign = -1 if offset[0] == "-" else 1
        digits = offset[1:].replace(":", "").ljust(4, "0") if len(offset) > 2 else f"0{offset[1:]}00"
        hours, minutes = int(digits[:2]), int(digits[2:])
        return timezone(sign * timedelta(hours=hours, minutes=minutes)) if hours < 24 and minutes < 60 else None
    return _ZONES.get((name or "").upper())
