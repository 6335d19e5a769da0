"""Who is muted is not told of at once, and only for as long as it was wanted."""

from datetime import datetime, timedelta

import pytest

from bot.models import Follow, Mute
from bot.store import exports, mutes, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Subject
from tests.store.worlds import put_subscriber

HOUR = timedelta(hours=1)


def follow_all(connection: Connection, now: datetime) -> int:
    who = put_subscriber(connection, now).id
    subscribers.follow(connection, who, Follow("all"))
    return who


def reached(database: Database, now: datetime, *speakers: str, watches: tuple[int, ...] = ()) -> bool:
    return bool(database.read(outbox.audiences, Subject(speakers, ["red"], "web", [], watches), now))


def test_a_muted_speaker_is_not_told_of_until_the_time_is_over(database: Database, now: datetime) -> None:
    who = database.submit(follow_all, now).result()
    database.submit(mutes.put, who, Mute("speaker", "ann", now + HOUR)).result()
    assert not reached(database, now, "ann")
    assert not reached(database, now + HOUR - timedelta(milliseconds=1), "ann")
    assert reached(database, now + HOUR, "ann")
    assert reached(database, now, "bob")
    assert reached(database, now, "ann", "bob")
    database.submit(mutes.put, who, Mute("speaker", "bob")).result()
    assert not reached(database, now, "ann", "bob")
    assert not reached(database, now + 9999 * HOUR, "bob")


def test_a_muted_speaker_breaks_through_no_watch(database: Database, now: datetime) -> None:
    who = database.submit(follow_all, now).result()
    watch = database.submit(subscribers.watch, who, "talks", "k", now).result()
    database.submit(mutes.put, who, Mute("speaker", "ann")).result()
    assert not reached(database, now, "ann", watches=(watch.id,))


def test_a_muted_watch_brings_nothing_and_what_is_followed_comes_all_the_same(
    database: Database, now: datetime
) -> None:
    who = database.submit(put_subscriber, now).result().id
    watch = database.submit(subscribers.watch, who, "talks", "k", now).result()
    database.submit(mutes.put, who, Mute("watch", str(watch.id), now + HOUR)).result()
    assert not reached(database, now, "ann", watches=(watch.id,))
    assert reached(database, now + HOUR, "ann", watches=(watch.id,))
    database.submit(subscribers.follow, who, Follow("all")).result()
    (audience,) = database.read(outbox.audiences, Subject(["ann"], [], "web", [], [watch.id]), now)
    assert audience.watches == ()


def test_what_no_digest_asks_for_goes_and_the_rest_is_listed_in_the_order_of_its_end(
    database: Database, now: datetime
) -> None:
    who = database.submit(put_subscriber, now).result().id
    for mute in (Mute("speaker", "ann"), Mute("speaker", "bob", now + HOUR), Mute("watch", "7", now + HOUR / 2)):
        database.submit(mutes.put, who, mute).result()
    assert [one.value for one in database.read(mutes.of, who, now)] == ["7", "bob", "ann"]
    assert [one.value for one in database.read(mutes.of, who, now + HOUR)] == ["ann"]
    asked = frozenset({("speaker", "ann"), ("speaker", "bob"), ("watch", "7")})
    assert database.read(mutes.since_digest, [who]) == {who: asked}
    known = database.read(subscribers.get, who)
    database.submit(subscribers.digested, known, now + HOUR, None).result()
    assert database.read(mutes.since_digest, [who, 99]) == {who: frozenset({("speaker", "ann")})}
    database.submit(mutes.put, who, Mute("speaker", "ann", now + 3 * HOUR)).result()
    database.submit(mutes.forget, now + 2 * HOUR).result()
    held = database.read(exports.everything_of, 1, 0)
    assert held is not None
    assert [one["value"] for one in held["mutes"]] == ["ann"]
    database.submit(mutes.lift, who, "speaker", "ann", now + 2 * HOUR).result()
    assert database.read(mutes.of, who, now + 2 * HOUR) == []
    assert database.read(mutes.since_digest, [who]) == {who: frozenset({("speaker", "ann")})}


def test_a_mute_goes_with_its_watch_and_moves_with_its_group(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now, -5).result().id
    watch = database.submit(subscribers.watch, who, "talks", "k", now).result()
    database.submit(mutes.put, who, Mute("watch", str(watch.id))).result()
    database.submit(mutes.put, who, Mute("speaker", "ann")).result()
    new = database.submit(put_subscriber, now, -100).result().id
    database.submit(subscribers.move, -5, -100).result()
    assert {one.what for one in database.read(mutes.of, new, now)} == {"speaker", "watch"}
    database.submit(subscribers.unwatch, new, watch.id).result()
    assert [one.what for one in database.read(mutes.of, new, now)] == ["speaker"]


@pytest.mark.parametrize("erased", [True, False])
def test_a_mute_is_forgotten_with_its_chat(database: Database, now: datetime, erased: bool) -> None:
    who = database.submit(put_subscriber, now).result().id
    database.submit(mutes.put, who, Mute("speaker", "ann")).result()
    if erased:
        database.submit(subscribers.erase, 1).result()
    assert bool(database.read(mutes.of, who, now)) is not erased
