"""How much was said: every statement once, when it was told first."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.models import Statement
from bot.render import figures
from bot.render.language import voice
from bot.store import activity, posts, sources, topics
from bot.store.connection import Connection
from bot.store.database import Database
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio


def put(connection: Connection, number: int, hours: float, *said: Statement, twin: int = 0) -> int:
    post = a_post(str(number), f"Words {number}", at=NOON - timedelta(hours=hours))
    stored = posts.insert(connection, post, NOON, story=posts.story(connection, "wire", str(twin)) if twin else 0)
    assert stored
    posts.put_statements(connection, post, stored, said)
    return stored


def quote(speaker: str) -> Statement:
    return Statement(speaker, "quote", "words")


async def test_statements_are_counted_once_and_mentions_not_at_all(database: Database) -> None:
    def fill(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        put(connection, 1, 5, quote("petrov"))
        put(connection, 2, 4, quote("petrov"), quote("ivanenko"), twin=1)
        put(connection, 3, 3, Statement("petrov", "mention", ""))
        put(connection, 4, 2, quote("ivanenko"))
        put(connection, 5, 30, quote("petrov"))
        put(connection, 6, 0, quote("petrov"))

    await database.write(fill)
    day = NOON - timedelta(days=1), NOON
    assert sorted(database.read(activity.statements, *day)) == [
        ("ivanenko", NOON - timedelta(hours=4)),
        ("ivanenko", NOON - timedelta(hours=2)),
        ("petrov", NOON - timedelta(hours=5)),
    ]
    assert database.read(activity.statements_by_day, day, "petrov") == [("petrov", 0, 1)]


async def test_topics_are_counted_once_a_statement_and_only_where_somebody_speaks(database: Database) -> None:
    def fill(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        told = [put(connection, 1, 5, quote("petrov"))]
        told.append(put(connection, 2, 4, quote("ivanenko"), twin=1))
        told.append(put(connection, 3, 3, Statement("petrov", "mention", "")))
        told.append(put(connection, 4, 2, quote("ivanenko")))
        for post in told:
            topics.put(connection, post, ["truce"], "v")

    await database.write(fill)
    days = [NOON - timedelta(hours=24), NOON - timedelta(hours=3), NOON]
    assert database.read(activity.topics_by_day, days) == [("truce", 0, 1), ("truce", 1, 1)]


@pytest.mark.parametrize(
    ("zone", "last"),
    [("Europe/Kyiv", date(2022, 3, 28)), ("Europe/Kyiv", date(2022, 10, 31)), ("Australia/Lord_Howe", date(2022, 4, 5)),
     ("America/New_York", date(2022, 3, 15))],
)  # fmt: skip
async def test_days_of_23_and_25_hours_are_days_like_any_other(database: Database, zone: str, last: date) -> None:
    now = datetime.combine(last, time(15), ZoneInfo(zone))

    def fill(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        for number in range(200):
            post = a_post(str(number), "Words", at=now.astimezone(UTC) - timedelta(minutes=47 * number))
            stored = posts.insert(connection, post, NOON)
            assert stored
            posts.put_statements(connection, post, stored, [quote("petrov")])

    await database.write(fill)
    _ = voice("en", zone)
    days = figures.days_until(_, 7, now)
    told = database.read(activity.statements, figures.since(_, days), now)
    counted = Counter(days.index(_.local_day(at)) for _who, at in told)
    found = database.read(activity.statements_by_day, figures.starts(_, days, now))
    assert {day: count for _who, day, count in found} == counted
    assert len(counted) == 7
