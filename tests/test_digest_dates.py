"""Digests where clocks change and where people travel, over a real store: each comes once, and what was said stands in
exactly one of them.
"""

import re
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import digest, schedule
from bot.models import Follow, Statement, Subscriber, Timetable
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.test_schedule import EVERYWHERE, TIMETABLES
from tests.worlds import ROSTER, a_post, daily

pytestmark = pytest.mark.anyio

LATE = timedelta(seconds=1)
"""The tick that finds a digest due comes so much later."""


class Reader:
    """Somebody who follows everything, and what the digests told them: each with its window."""

    def __init__(self, database: Database, when: Timetable, zone: str, now: datetime) -> None:
        self.database, self.now = database, now
        self.id = database.submit(self._enrol, when, zone).result()
        self.windows: list[tuple[datetime, datetime]] = []
        self.told: list[str] = []
        self.said: dict[str, datetime] = {}

    def _enrol(self, connection: Connection, when: Timetable, zone: str) -> int:
        connection.execute("DELETE FROM subscribers")
        connection.execute("DELETE FROM posts")
        sources.enrol(connection, ROSTER.sources.values(), self.now)
        due = schedule.next_digest_at(when, zone, self.now)
        newcomer = subscribers.Newcomer(1, 0, "private", "", "en", zone, when, due)
        who = subscribers.enrol(connection, newcomer, self.now)
        subscribers.follow(connection, who.id, Follow("all"))
        return who.id

    def hears(self, *moments: datetime) -> None:
        """Something is seen at each of these moments."""

        def say(connection: Connection) -> None:
            for at in moments:
                words = f"Words {len(self.said)}."
                post = a_post(str(len(self.said)), words, at=at)
                id = posts.insert(connection, post, at)
                assert id
                posts.put_statements(connection, post, id, [Statement("petrov", "quote", words)])
                self.said[words] = at

        self.database.submit(say).result()

    def moves(self, zone: str) -> None:
        """As /zone does."""

        def change(connection: Connection) -> None:
            who = subscribers.get(connection, self.id)
            due = schedule.rescheduled(who.digest, who.zone, who.next_digest_at, who.digest, zone, self.now)
            subscribers.set_digest(connection, self.id, who.digest, zone, due)

        self.database.submit(change).result()

    async def waits(self, until: datetime) -> list[datetime]:
        """Lets time pass; something is said just when each digest is due and a moment later. Returns when they were."""
        due_at = []
        while (due := self._stored().next_digest_at) and due <= until:
            self.hears(due, due + LATE, due + 2 * LATE)
            before = self._stored().digested_at
            assert await digest.queue_due(self.database, ROSTER, due - LATE) == 0
            assert await digest.queue_due(self.database, ROSTER, due + LATE) == 1
            assert await digest.queue_due(self.database, ROSTER, due + LATE) == 0
            self.windows.append((before, self._stored().digested_at))
            due_at.append(due)
        self._read()
        self.now = until
        return due_at

    def _read(self) -> None:
        while rows := self.database.submit(outbox.claim, self.now + timedelta(days=99), 99).result():
            self.told += [words for row in rows for words in re.findall(r"Words \d+\.", row.message.text)]
            self.database.submit(outbox.sent, [outbox.Arrival(row, 1) for row in rows], self.now).result()

    def _stored(self) -> Subscriber:
        return self.database.read(subscribers.get, self.id)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def assert_told_once(reader: Reader, begun: datetime) -> None:
    """Windows join without gap or overlap, and what was seen in them is told once."""
    starts, ends = [start for start, _ in reader.windows], [end for _, end in reader.windows]
    assert starts == [begun, *ends[:-1]]
    assert sorted(reader.told) == sorted(words for words, at in reader.said.items() if at <= ends[-1])


@pytest.mark.parametrize(
    ("zone", "change", "hours", "at"),
    [
        ("Europe/Kyiv", "2026-03-29 01:00", 23, "03:30"),  # does not exist
        ("Europe/Kyiv", "2026-03-29 01:00", 23, "20:00"),
        ("Europe/Kyiv", "2026-10-25 01:00", 25, "03:30"),  # comes twice
        ("America/New_York", "2026-03-08 07:00", 23, "02:30"),  # does not exist
        ("America/New_York", "2026-11-01 06:00", 25, "01:30"),  # comes twice
        ("America/New_York", "2026-11-01 06:00", 25, "20:00"),
        ("Australia/Lord_Howe", "2026-04-04 15:00", 24.5, "01:30"),  # comes twice
        ("Australia/Lord_Howe", "2026-10-03 15:30", 23.5, "02:15"),  # does not exist
        ("Australia/Lord_Howe", "2026-10-03 15:30", 23.5, "20:00"),
    ],
)
async def test_over_a_change_of_clocks_each_comes_once_and_nothing_is_left_out(
    database: Database, zone: str, change: str, hours: float, at: str
) -> None:
    begun = utc(change) - timedelta(days=2)
    reader = Reader(database, daily(time.fromisoformat(at)), zone, begun)
    due = await reader.waits(begun + timedelta(days=5))
    dates = [moment.astimezone(ZoneInfo(zone)).date() for moment in due]
    assert dates == [dates[0] + timedelta(days=day) for day in range(len(dates))]
    assert {(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(due)} == {24, hours}
    assert_told_once(reader, begun)


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Europe/Warsaw", "Asia/Tbilisi", "Asia/Tokyo", "America/New_York"])
async def test_who_changes_the_zone_an_hour_before_gets_todays_once(database: Database, zone: str) -> None:
    """At 19:00 in Kyiv: where it is 20:00 or later it comes at once, elsewhere at 20:00 there; each day has one."""
    begun = utc("2026-05-04 09:00")
    reader = Reader(database, daily(time(20)), "Europe/Kyiv", begun)
    assert await reader.waits(utc("2026-05-05 16:00")) == [utc("2026-05-04 17:00")]
    reader.moves(zone)
    due = await reader.waits(utc("2026-05-07 01:00"))
    eight = datetime(2026, 5, 5, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert due[0] == max(eight, utc("2026-05-05 16:00"))
    assert due[1] == eight + timedelta(days=1)
    assert_told_once(reader, begun)


async def test_who_flies_west_after_the_digest_does_not_get_it_again(database: Database) -> None:
    begun = utc("2026-05-04 09:00")
    reader = Reader(database, daily(time(20)), "Europe/Kyiv", begun)
    assert await reader.waits(utc("2026-05-04 18:00")) == [utc("2026-05-04 17:00")]
    reader.moves("America/New_York")
    assert await reader.waits(utc("2026-05-06 12:00")) == [utc("2026-05-06 00:00")]
    assert_told_once(reader, begun)


MOVES = st.lists(st.tuples(st.integers(1, 3 * 24 * 60), st.sampled_from(EVERYWHERE)), max_size=4)
BEGINNINGS = st.integers(1_704_067_200, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(TIMETABLES, st.sampled_from(EVERYWHERE), BEGINNINGS, MOVES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_the_times_days_zones_and_journeys_everything_is_told_once(
    database: Database, when: Timetable, zone: str, begun: datetime, moves: list[tuple[int, str]]
) -> None:
    reader = Reader(database, when, zone, begun)
    for minutes, elsewhere in moves:
        await reader.waits(reader.now + timedelta(minutes=minutes))
        reader.moves(elsewhere)
    await reader.waits(reader.now + timedelta(days=8))
    assert reader.windows
    assert_told_once(reader, begun)
