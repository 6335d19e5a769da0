"""Counts by day, and the picture of them: words and numbers alone, for `bot.charts` to draw."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.models import Roster
from bot.render.language import Voice
from bot.render.text import inline

SIDES = 6
"""Sides that have a colour of their own; the rest is one."""

TOPICS = 8
"""Topics that a picture shows, those touched most often."""

NAME = 28
"""UTF-16 units of a name in a picture."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each side spoke, and each topic was touched, on each of the `days`; silent ones are left out.

    The most frequent stand first.
    """

    days: Sequence[date]
    sides: Mapping[str, Sequence[int]]
    topics: Mapping[str, Sequence[int]]

    @property
    def total(self) -> int:
        return sum(sum(by_day) for by_day in self.sides.values())

    def on(self, day: int) -> int:
        return sum(by_day[day] for by_day in self.sides.values())


@dataclass(frozen=True, slots=True)
class Picture:
    """All words of it are in the reader's language. A row is its name and a number for each of the `days`."""

    title: str
    days: Sequence[str]
    bars_title: str
    bars: Sequence[tuple[str, Sequence[int]]]
    heat_title: str
    heat: Sequence[tuple[str, Sequence[int]]]
    note: str


def days_until(_: Voice, count: int, now: datetime) -> list[date]:
    """So many days on the reader's calendar, today the last."""
    today = _.local_day(now)
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def since(_: Voice, days: Sequence[date]) -> datetime:
    """When the first of the days begins where the reader is."""
    return datetime.combine(days[0], datetime.min.time(), _.zone)


def starts(_: Voice, days: Sequence[date], now: datetime) -> list[datetime]:
    """When each of the days begins where the reader is, and `now`, with which the last one ends."""
    return [*(since(_, [day]) for day in days), now]


def count(
    roster: Roster,
    days: Sequence[date],
    said: Iterable[tuple[str, int, int]],
    touched: Iterable[tuple[str, int, int]],
) -> Counts:
    """By side what speakers said, and by topic what was touched: each with the number of the day and how often."""
    sides: Counter[tuple[str, int]] = Counter()
    for speaker, day, times in said:
        if (side := roster.side_of(speaker)) is not None:
            sides[side.id, day] += times
    topics = Counter({(topic, day): times for topic, day, times in touched if topic in roster.topics})
    return Counts(days, _by_day(sides, len(days)), _by_day(topics, len(days)))


def _by_day(counted: Counter[tuple[str, int]], days: int) -> dict[str, list[int]]:
    names = dict.fromkeys(name for name, _ in counted)
    rows = {name: [counted[name, day] for day in range(days)] for name in names}
    return {name: row for name, row in sorted(rows.items(), key=lambda one: -sum(one[1])) if any(row)}


def picture(_: Voice, roster: Roster, counts: Counts) -> Picture:
    """Statements by day and side, topics by day; with what readers must know of counts. Sides stand as in the
    configuration, so that one keeps its colour from day to day.
    """
    most = set(list(counts.sides)[:SIDES])
    bars = [(_plain(_, roster.sides[side].name), counts.sides[side]) for side in roster.sides if side in most]
    if rest := [row for side, row in counts.sides.items() if side not in most]:
        bars.append((_("others").plain, [sum(day) for day in zip(*rest, strict=True)]))
    return Picture(
        title=_.short_span(counts.days[0], counts.days[-1]).plain,
        days=[_.short_day(day).plain for day in counts.days],
        bars_title=_("Statements by day and side").plain,
        bars=bars,
        heat_title=_("Topics by day").plain,
        heat=[(_plain(_, roster.topics[topic].name), row) for topic, row in list(counts.topics.items())[:TOPICS]],
        note=_("Topics know words, not irony; who rebuts a thing is counted as naming it.").plain,
    )


def _plain(_: Voice, names: Mapping[str, str]) -> str:
    return inline(_.name(names).plain, NAME).plain
