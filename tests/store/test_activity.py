"""How much was said: every statement once, when it was told first."""

from datetime import timedelta

import pytest

from bot.models import Statement
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
    assert database.read(activity.statements, *day, ["petrov"]) == [("petrov", NOON - timedelta(hours=5))]


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
    assert database.read(activity.topics, NOON - timedelta(days=1), NOON) == [
        ("truce", NOON - timedelta(hours=5)),
        ("truce", NOON - timedelta(hours=2)),
    ]
