"""Digests: what is in them, when they fall due, and that each comes exactly once."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial

import pytest

from bot import charts, digest, schedule
from bot.models import Changes, Cursor, Follow, FollowWhat, Message, Mute, Post, Statement, Telling
from bot.store import drawings, gaps, mutes, outbox, posts, search, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import query
from bot.words.meaning import Meanings
from tests.worlds import NOON, ROSTER, a_post, daily

pytestmark = pytest.mark.anyio

EVENING = NOON + timedelta(hours=8)
MORNING = NOON - timedelta(hours=6)
HOUR = timedelta(hours=1)
MEANINGS = Meanings(ROSTER)


def put(connection: Connection, post: Post, *statements: Statement, seen_at: datetime | None = None) -> None:
    id = posts.insert(connection, post, seen_at or post.published_at)
    assert id
    posts.put_statements(connection, post, id, statements)
    search.add(connection, [(id, post.published_at, MEANINGS.again(Telling(replace(post, id=id), statements)))])


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
    due = schedule.next_digest_at(daily(time(20)), zone, MORNING)
    newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", zone, daily(time(20)), due)
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
        database.submit(outbox.sent, [outbox.Arrival(row, 1)], EVENING).result()
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


async def test_history_that_came_in_today_is_no_news(filled: Database) -> None:
    filled.submit(subscribe, Follow("all")).result()
    old = a_post("6", "Said last week.", at=NOON - timedelta(days=7))
    filled.submit(put, old, said("petrov", "Said last week."), seen_at=NOON).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    (text,) = texts(filled)
    assert "No guarantees" in text
    assert "Said last week" not in text


async def test_missed_digests_come_late_and_as_one(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(days=3, hours=1)) == 1
    assert filled.read(subscribers.get, who).next_digest_at == EVENING + timedelta(days=4)


async def test_a_digest_that_is_too_late_is_left_out_and_the_next_tells_it_all(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    half_a_day = timedelta(hours=12)
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(hours=13), half_a_day) == 0
    assert filled.read(subscribers.get, who).next_digest_at == EVENING + timedelta(days=1)
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(hours=36), half_a_day) == 1
    (text,) = texts(filled)
    assert "No guarantees" in text


async def test_each_gets_it_at_the_own_local_time(filled: Database) -> None:
    filled.submit(subscribe, Follow("all"), zone="Europe/Kyiv").result()
    filled.submit(subscribe, Follow("all"), chat=2, zone="America/New_York").result()
    assert await digest.queue_due(filled, ROSTER, EVENING - timedelta(hours=2)) == 1
    assert await digest.queue_due(filled, ROSTER, EVENING) == 0
    assert await digest.queue_due(filled, ROSTER, EVENING + timedelta(hours=4)) == 1


async def test_a_digest_made_before_its_subscriber_changed_it_is_not_queued(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    made = await filled.read_slow(digest._compose, digest.Moment(ROSTER, EVENING))
    filled.submit(subscribers.set_digest, who, None, "UTC", None).result()
    assert filled.submit(digest._queue, made, EVENING).result() == []
    assert texts(filled) == []


async def test_more_subscribers_than_one_batch_are_all_served(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "BATCH", 2)
    for chat in range(1, 6):
        filled.submit(subscribe, Follow("all"), chat=chat).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 5
    assert len(texts(filled)) == 5


async def test_of_digests_that_differ_only_the_last_are_remembered(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "MADE", 1)
    for chat, zone in enumerate(["UTC", "Africa/Abidjan", "UTC", "Africa/Accra"], 1):
        filled.submit(subscribe, Follow("all"), chat=chat, zone=zone).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 4
    told = texts(filled)
    assert told[0] == told[2]
    assert all("A truce is near" in text for text in told)
    made: list[str] = []

    def make(zone: str) -> list[Message]:
        made.append(zone)
        return []

    moment = digest.Moment(ROSTER, EVENING)
    for zone in ("Kyiv", "Kyiv", "Warsaw", "Kyiv"):
        moment.messages(zone, partial(make, zone))
    assert made == ["Kyiv", "Warsaw", "Kyiv"]


async def test_what_could_not_be_seen_is_named_with_its_times_if_it_was_long(filled: Database) -> None:
    def unseen(connection: Connection) -> None:
        for source in ROSTER.sources:
            sources.polled(connection, source, Cursor("x"), MORNING, MORNING)
        sources.failed(connection, "petrov-telegram", "no answer", MORNING + HOUR, EVENING)
        sources.polled(connection, "petrov-telegram", Cursor("x"), MORNING + 3 * HOUR, EVENING)
        sources.failed(connection, "wire", "no answer", MORNING + HOUR, EVENING)
        gaps.add(connection, "ivanenko-x", EVENING - 29 * HOUR / 60, EVENING, gaps.UNREAD)

    filled.submit(subscribe, Follow("all")).result()
    filled.submit(unseen).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    (text,) = texts(filled)
    assert "🟥 Pavel Petrov, Telegram @p_petrov: 06:00–09:00" in text
    assert "The Wire, wire.example: since 06:00" in text
    assert "o_ivanenko" not in text


async def test_the_next_digest_names_only_what_reaches_far_into_its_own_time(filled: Database) -> None:
    filled.submit(subscribe, Follow("all")).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    filled.submit(gaps.add, "wire", EVENING - 3 * HOUR, EVENING + HOUR / 3, gaps.UNREAD).result()
    filled.submit(gaps.add, "petrov-telegram", EVENING - 3 * HOUR, EVENING + HOUR, gaps.UNREAD).result()
    texts(filled)
    await digest.queue_due(filled, ROSTER, EVENING + 24 * HOUR)
    (text,) = texts(filled)
    assert "p_petrov" in text
    assert "wire.example" not in text


def change(connection: Connection) -> None:
    """After the first evening: Petrov deletes on the channel, Ivanenko edits on X, the agency rewrites item 1."""
    at = EVENING + HOUR
    channel = a_post("7", "We agree to a truce.", "petrov-telegram", at=NOON)
    account = a_post("8", "No grain.", "ivanenko-x", at=NOON)
    put(connection, channel, said("petrov", channel.text, "own"))
    put(connection, account, said("ivanenko", account.text, "own"))
    posts.delete(connection, 6, EVENING - HOUR, at)
    posts.revise(connection, 7, "Grain.", "en", at)
    posts.revise(connection, 2, "A truce is far.", "en", at)


@pytest.mark.parametrize(
    ("follow", "watch", "changes", "expected"),
    [
        (Follow("all"), "", "digest", ["🗑 deleted", "✏️ edited"]),
        (Follow("speaker", "petrov"), "", "digest", ["🗑 deleted"]),
        (None, "truce", "digest", ["🗑 deleted"]),
        (Follow("all"), "", "off", []),
        (Follow("all"), "", "now", []),
        (Follow("all", "", "digest"), "", "now", ["🗑 deleted", "✏️ edited"]),
        (Follow("all", "", "digest"), "truce", "now", ["✏️ edited"]),
        (Follow("all", "", "digest"), "", "off", []),
    ],
    ids=str,
)
async def test_changes_are_in_the_digest_of_who_was_not_told_at_once(
    filled: Database, follow: Follow | None, watch: str, changes: Changes, expected: list[str]
) -> None:
    who = filled.submit(subscribe, *([follow] if follow else []), watch=watch).result()
    for what in ("changes", "deletions"):
        filled.submit(subscribers.choose, who, what, changes).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    texts(filled)
    filled.submit(change).result()
    await digest.queue_due(filled, ROSTER, EVENING + 24 * HOUR)
    (text,) = texts(filled)
    assert [mark for mark in ("🗑 deleted", "✏️ edited") if mark in text] == expected
    assert "A truce is far" not in text
    await digest.queue_due(filled, ROSTER, EVENING + 48 * HOUR)
    (text,) = texts(filled)
    assert "✏️ Edited or deleted" not in text


@pytest.mark.parametrize(
    ("follow", "muted", "changes", "expected"),
    [
        (Follow("all"), Mute("speaker", "petrov"), "now", ["🗑 deleted"]),
        (Follow("all"), Mute("speaker", "petrov", EVENING + 2 * HOUR), "now", ["🗑 deleted"]),
        (Follow("all"), Mute("speaker", "petrov", EVENING), "now", []),
        (Follow("all"), Mute("speaker", "petrov"), "off", []),
        (None, Mute("watch", "1"), "now", ["🗑 deleted"]),
        (Follow("all"), Mute("watch", "1"), "now", []),
    ],
    ids=str,
)
async def test_the_digest_has_the_changes_of_what_was_muted(
    filled: Database, follow: Follow | None, muted: Mute, changes: Changes, expected: list[str]
) -> None:
    who = filled.submit(subscribe, *([follow] if follow else []), watch="truce").result()
    for what in ("changes", "deletions"):
        filled.submit(subscribers.choose, who, what, changes).result()
    filled.submit(mutes.put, who, muted).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    texts(filled)
    filled.submit(change).result()
    filled.submit(mutes.lift, who, muted.what, muted.value, EVENING + 3 * HOUR).result()
    await digest.queue_due(filled, ROSTER, EVENING + 24 * HOUR)
    (text,) = texts(filled)
    assert [mark for mark in ("🗑 deleted", "✏️ edited") if mark in text] == expected


async def test_a_digest_with_nothing_in_it_comes_only_to_who_wants_it(filled: Database) -> None:
    for chat in (1, 2):
        who = filled.submit(subscribe, Follow("speaker", "sidorov"), chat=chat).result()
        filled.submit(subscribers.choose, who, "empty_digest", str(int(chat == 1))).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 1
    (text,) = texts(filled)
    assert text == "📰 A quiet time: nothing new from those you follow since 14 March 2022, 06:00 UTC."
    assert filled.read(subscribers.get, who).digested_at == EVENING


async def test_who_wants_it_by_topic_gets_it_by_topic(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()
    filled.submit(subscribers.choose, who, "digest_by", "topic").result()
    await digest.queue_due(filled, ROSTER, EVENING)
    (text,) = texts(filled)
    assert "🏷 Truce\n12:00 · 🟦 Olha Ivanenko" in text


def habits(connection: Connection) -> None:
    """Five days before: at noon Petrov speaks each day, Ivanenko once of a truce, Sidorov each night."""
    for day in range(1, 6):
        at = NOON - timedelta(days=day)
        put(connection, a_post(f"p{day}", "No.", "petrov-telegram", at=at), said("petrov", "No.", "own"))
        put(connection, a_post(f"s{day}", "Yes.", at=at - 10 * HOUR), said("sidorov", "Yes."))
    put(connection, a_post("i", "A truce?", at=NOON - timedelta(days=2)), said("ivanenko", "A truce?"))


async def test_what_is_new_and_who_is_missing_is_told_from_the_same_hours_of_the_days_before(
    database: Database,
) -> None:
    def fill_today(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), MORNING)
        habits(connection)
        put(connection, a_post("1", "A truce."), said("ivanenko", "A truce."))
        put(connection, a_post("2", "A truce.", at=NOON + HOUR), said("sidorov", "A truce."))

    database.submit(fill_today).result()
    for chat, follow in enumerate([Follow("all"), Follow("side", "north"), Follow("speaker", "petrov")], 1):
        database.submit(subscribe, follow, chat=chat).result()
    await digest.queue_due(database, ROSTER, EVENING)
    everything, north, petrov = texts(database)
    assert "🆕 First in 5 days: 🟥 South – Truce" in everything
    assert "🔇 Usually heard at these hours, not now: 🟥 Pavel Petrov\n" in everything
    assert "🔇" not in north
    assert "🆕" not in north
    assert petrov.startswith("📰 A quiet time")


async def test_who_could_not_be_read_is_not_called_silent(database: Database) -> None:
    database.submit(sources.enrol, ROSTER.sources.values(), MORNING).result()
    database.submit(habits).result()
    database.submit(put, a_post("1", "A truce."), said("ivanenko", "A truce.")).result()
    for chat, uncollected in enumerate(([], ["wire", "petrov-telegram"], ["ivanenko-x"], []), 1):
        if chat == 4:
            database.submit(gaps.add, "petrov-telegram", EVENING - HOUR, EVENING, gaps.UNREAD).result()
        database.submit(subscribe, Follow("all"), chat=chat).result()
        await digest.queue_due(database, ROSTER, EVENING, uncollected=uncollected)
        (text,) = texts(database)
        assert ("🔇" in text) == (chat in (1, 3))
        assert "Truce 1" in text


async def test_two_days_of_history_are_too_few_to_call_anything_new(filled: Database) -> None:
    filled.submit(subscribe, Follow("all")).result()
    await digest.queue_due(filled, ROSTER, EVENING)
    assert "🆕" not in texts(filled)[0]


async def test_a_picture_comes_after_the_digest_of_who_wants_it_drawn_once_for_all_of_them(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chat in (1, 2, 3):
        who = filled.submit(subscribe, Follow("all"), chat=chat).result()
        filled.submit(subscribers.choose, who, "digest_picture", str(int(chat < 3))).result()
    assert await digest.queue_due(filled, ROSTER, EVENING) == 3
    rows = []
    while claimed := filled.submit(outbox.claim, EVENING, 9).result():
        filled.submit(outbox.sent, [outbox.Arrival(row, 1) for row in claimed], EVENING).result()
        rows += claimed
    pictures = [row for row in rows if row.message.drawing]
    assert [(row.chat, row.silent) for row in pictures] == [(1, True), (2, True)]
    assert len({row.message.drawing for row in pictures}) == 1
    kept = filled.read(drawings.get, pictures[0].message.drawing)
    assert kept is not None
    assert kept[0].startswith(b"\x89PNG")
    assert pictures[0].message.text == "Up to 14 March 2022, 20:00 UTC. /stats has the numbers."
    monkeypatch.setattr(charts, "available", lambda: False)
    assert await digest.queue_due(filled, ROSTER, EVENING + 24 * HOUR) == 3
    assert all(not row.message.drawing for row in filled.submit(outbox.claim, EVENING + 24 * HOUR, 9).result())


async def test_late_posts_become_one_message_after_a_minute(filled: Database) -> None:
    filled.submit(subscribe, Follow("all")).result()
    subject = outbox.Subject(["petrov"], ["south"], "wire", [], [])
    for id in (2, 3):
        filled.submit(outbox.catch_up_later, subject, id, EVENING).result()
    assert await digest.queue_catch_up(filled, ROSTER, EVENING) == 0
    assert await digest.queue_catch_up(filled, ROSTER, EVENING + timedelta(minutes=1)) == 1
    assert await digest.queue_catch_up(filled, ROSTER, EVENING + timedelta(minutes=9)) == 0
    (text,) = texts(filled)
    assert "A truce is near" in text
    assert "No guarantees" in text


async def test_after_an_outage_of_hours_there_is_one_message(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()

    def alerts(connection: Connection) -> None:
        for number in range(200):
            key = f"post:{number % 3 + 1}" if number < 3 else f"edit:1:{number}"
            outbox.queue(connection, [(who, False)], key, [Message("an alert")], "alert", NOON)

    filled.submit(alerts).result()
    assert await digest.gather_backlog(filled, NOON + timedelta(minutes=29)) == 0
    assert await digest.gather_backlog(filled, NOON + timedelta(minutes=30)) == 200
    assert await digest.queue_catch_up(filled, ROSTER, NOON + timedelta(minutes=31)) == 1
    (text,) = texts(filled)
    assert "3 posts while you were not reached" in text


async def test_a_few_alerts_that_wait_come_one_by_one(filled: Database) -> None:
    who = filled.submit(subscribe, Follow("all")).result()

    def alerts(connection: Connection) -> None:
        for number in range(digest.MANY_ALERTS):
            outbox.queue(connection, [(who, False)], f"post:{number}", [Message("an alert")], "alert", NOON)

    filled.submit(alerts).result()
    assert await digest.gather_backlog(filled, NOON + timedelta(hours=5)) == 0
