"""The days that people mean who type a date: a day, a month or a year."""

import re
from datetime import date, timedelta

_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?",
        r"(?:(?:(?P<day>\d{1,2})\.)?(?P<month>\d{1,2})\.)(?P<year>\d{4})",
    )
)
_EARLIEST, _LATEST = 1970, 2200


def days(typed: str) -> tuple[date, date] | None:
    """The first day that is meant, and the one after the last, by 2022-03-10, 10.03.2022, 2022-03, 03.2022 or 2022.

    None if it is none of these.
    """
    match = next((match for form in _FORMS if (match := form.fullmatch(typed))), None)
    if match is None:
        return None
    year, month, day = (int(match[part] or 0) for part in ("year", "month", "day"))
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, date(year + 1, 1, 1)
