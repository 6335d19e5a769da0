"""Digests: what is in them, when they fall due, and that each comes exactly once."""

from datetime import datetime, time, timedelta

import pytest

from bot import digest, schedule
from bot.models import Cursor, Follow, FollowWhat, Post, Statement
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import query
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

EVENING = NOON + timedelta(hours=8)
MORNING = NOON - timedelta(hours=6)


def put(connection: Connection, post: Post, *statements: Statement, seen_at: datetime | None = None) -> None:
    id = posts.insert(connection, post, seen_at or post.published_at)
    assert id
    posts.put_statements(connection, post, id, statements)


def said(speaker: str, text: str, kind: str = "report") -> Statement:
    return Statement(speaker, kind, text)  # type: ignore[arg-type]


def fill(connection: Connection) -> None:
    """A day: Ivanenko and Petrov speak, Sidorov is mentioned, an item names nobody, one came yesterday."""
    sources.enrol(connection, ROSTER.sources.values(), MORNING)
    put(connection, a_post("0", "Old news.", at=MORNING - timedelta(days=1)), said("petrov", "Old news."))
    put(connection, a_post("1", "A truce is near."), said("ivanenko", "A truce is near."))
    put(connection, a_post("2", "No guarantees."), said("petrov", "No guarantees.", "quote"))
    put(connection, a_post("3", "They met Sidorov."), said("sidorov", "They met Sidorov.", "mention"))
    put(connection, a_post("4", "Grain goes out."))


def subscribe(connection: Connection, *follows: Follow, watch: str = "", chat: int = 1, zone: str = "UTC") -> int:
    due = schedule.next_digest_at(time(20), zone, MORNING)
    newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", zone, time(20), due)
    who = subscribers.enrol(connection, newcomer, MORNING)
    for follow in follows:
        subscribers.follow(connection, who.id, follow)
    if watch:
        subscribers.watch(connection, who.id, watch, query.parse(watch).key, MORNING)
    return who.id


@pytest.fixture
def filled(database: Database) -> Database:
    database.submit(fill).result()
    return database


def texts(database: Database) -> list[str]:
    """What waits, in the order of its chats; each is taken out."""
    rows = database.submit(outbox.claim, EVENING + timedelta(days=9), 99).result()
    for row in rows:
        database.submit(outbox.sent, row.id, 1, EVENING).result()
    return [row.message.text for row in sorted(rows, key=lambda row: row.chat)]


POINTS = ["A truce is near", "No guarantees", "They met Sidorov", "Grain goes out", "Old news"]


@pytest.mark.parametrize(
    ("what", "value", "expected"),
    [
        ("all", "", POINTS[:2]),
        ("speaker", "petrov", POINTS[1:2]),
        ("speaker", "sidorov", []),
        ("side", "north", POINTS[:1]),
        ("source", "wire", POINTS[:4]),
        ("topic", "truce", POINTS[:1]),
    ],
)
async def test_a_digest_holds_what_is_followed(
    filled: Database, what: FollowWhat, value: str, expected: list[str]
) -> None:
    filled.submit(subscribe, Follow(what, value)).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 1
    (text,) = texts(filled)
    assert [point for point in POINTS if point in text] == expected


async def test_a_digest_holds_what_is_watched_or_followed_for_the_digest_alone(filled: Database) -> None:
    filled.submit(subscribe, watch="grain").result()
    filled.submit(subscribe, Follow("speaker", "petrov", "digest"), chat=2).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    grain, petrov = texts(filled)
    assert "Grain goes out" in grain
    assert "No guarantees" in petrov


async def test_who_follows_nothing_gets_no_digest(filled: Database) -> None:
    who = filled.submit(subscribe).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 0
    assert texts(filled) == []
    assert filled.read(subscribers.get, who).next_digest_at == EVENING + timedelta(days=1)


async def test_each_digest_comes_once_and_the_next_goes_on_where_it_ended(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    assert await digest.queue_due(filled, ROSTER, EVENING - timedelta(seconds=1)) == 0
    assert await digest.queue_due(filled, ROSTER, EVENING) == 1
    assert await digest.queue_due(filled, ROSTER, EVENING) == 0
    texts(filled)
    late = a_post("5", "Talks resume.", at=NOON)
    filled.submit(put, late, said("petrov", "Talks resume."), seen_at=EVENING + timedelta(minutes=1)).result()
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(days=1)) == 1
    (text,) = texts(filled)
    assert "Talks resume" in text
    assert "truce" not in text
    assert filled.read(subscribers.get, who).digested_at == EVENING + timedelta(days=1)


async def test_missed_digests_come_late_and_as_one(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(days=3, hours=1)) == 1
    assert filled.read(subscribers.get, who).next_digest_at == EVENING + timedelta(days=4)


async def test_each_gets_it_at_the_own_local_time(filled: Database) -> None:
    filled.submit(subscribe, Follow("all"), zone="Europe/Kyiv").result()
    filled.submit(subscribe, Follow("all"), chat=2, zone="America/New_York").result()
    assert await digest.queue_due(filled, ROSTER, EVENING - timedelta(hours=2)) == 1
    assert await digest.queue_due(filled, ROSTER, EVENING) == 0
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(hours=4)) == 1


async def test_a_digest_made_before_its_subscriber_changed_it_is_not_queued(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    made = await filled.read_slow(digest._compose, ROSTER, EVENING)
    filled.submit(subscribers.set_digest, who, None, "UTC", None).result()
    assert filled.submit(digest._queue, made, EVENING).result() == 0
    assert texts(filled) == []


async def test_more_subscribers_than_one_batch_are_all_served(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "BATCH", 2)
    for chat in range(1, 6):
        filled.submit(subscribe, Follow("all"), chat=chat).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 5
    assert len(texts(filled)) == 5


async def test_a_source_that_could_not_be_read_is_named(filled: Database) -> None:
    filled.submit(subscribe, Follow("all")).result()
    filled.submit(sources.polled, "petrov-telegram", Cursor("x"), MORNING, MORNING).result()
    filled.submit(sources.failed, "petrov-telegram", "no answer", EVENING - timedelta(hours=2), EVENING).result()
    filled.submit(sources.failed, "ivanenko-x", "no answer", EVENING - timedelta(minutes=2), EVENING).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    (text,) = texts(filled)
    assert "p_petrov" in text
    assert "o_ivanenko" not in text


async def test_late_posts_become_one_message_after_a_minute(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    subject = outbox.Subject(["petrov"], ["south"], "wire", [], [])
    for id in (2, 3):
        filled.submit(outbox.catch_up_later, subject, id, EVENING).result()
    assert await digest.queue_catch_up(filled, ROSTER, EVENING) == 0
    assert await digest.queue_catch_up(filled, ROSTER, EVENING + timedelta(minutes=1)) == 1
    assert await digest.queue_catch_up(filled, ROSTER, EVENING + timedelta(minutes=9)) == 0
    (text,) = texts(filled)
    assert "A truce is near" in text
    assert "No guarantees" in text
    assert who
