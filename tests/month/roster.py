"""Forty sources: accounts on X, channels, feeds of several kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from bot.models import Roster, Source
from tests.worlds import ROSTER

MINUTES = (10, 20, 30)
"""Between two polls; each source has one of these."""

ACCOUNTS, CHANNELS, FEEDS = 14, 14, 12
HOSTS = 4
"""Of feeds; channels and X share the first of them, each by its own way."""

Dates = Literal["rfc", "msk", "words", "none"]


@dataclass(frozen=True)
class Kind:
    """Of feeds."""

    format: Literal["rss", "atom"] = "rss"
    encoding: str = "utf-8"
    guid: bool = True
    dates: Dates = "rfc"
    headers: Mapping[str, str] | None = None


KINDS = (
    Kind(),
    Kind("atom", dates="rfc"),
    Kind(encoding="windows-1251", dates="msk"),
    Kind(guid=False, dates="words"),
    Kind(dates="none", headers={"Cache-Control": "max-age=1500"}),
    Kind(encoding="koi8-u", dates="msk"),
)

_MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
_MOSCOW = timedelta(hours=3)


def written(at: datetime, dates: Dates) -> str:
    """A date as such a feed writes it."""
    match dates:
        case "rfc":
            return format_datetime(at)
        case "msk":
            return format_datetime(at.astimezone(UTC) + _MOSCOW).replace("+0000", "MSK")
        case "words":
            return f"{at.day} {_MONTHS[at.month - 1]} {at.year} г., {at:%H:%M:%S}"
        case "none":
            return ""


def sources(urls: Sequence[str]) -> list[Source]:
    """Names are of one length: none begins with another."""
    speakers = list(ROSTER.speakers)
    found = []
    for number in range(ACCOUNTS + CHANNELS):
        kind: Literal["x", "telegram"] = "x" if number < ACCOUNTS else "telegram"
        name = f"{'person' if kind == 'x' else 'channel'}_{number:02}"
        found.append(
            Source(
                f"{kind}-{number:02}",
                kind,
                name,
                speaker=speakers[number % len(speakers)],
                language="ru" if kind == "telegram" else "",
                every=timedelta(minutes=MINUTES[number % len(MINUTES)]),
            )
        )
    for number in range(FEEDS):
        found.append(
            Source(
                f"feed-{number:02}",
                "feed",
                f"{urls[number % len(urls)]}/feed/wire_{number:02}",
                outlet={"en": f"Wire {number}"},
                language="ru",
                every=timedelta(minutes=MINUTES[number % len(MINUTES)]),
            )
        )
    return found


def talks(known: Sequence[Source]) -> Roster:
    return Roster(ROSTER.talks, ROSTER.sides, ROSTER.speakers, {source.id: source for source in known}, ROSTER.topics)
