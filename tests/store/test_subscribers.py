from datetime import datetime, time, timedelta

import pytest

from bot.models import Follow
from bot.store import late, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.subscribers import Newcomer
from tests.store.worlds import a_message, put_post, put_source, put_subscriber
from tests.worlds import daily

LATER = timedelta(hours=8)


def test_a_chat_that_comes_back_keeps_its_settings(database: Database, now: datetime) -> None:
    first = database.submit(put_subscriber, now).result()
    database.submit(subscribers.speak, first.id, "uk").result()
    database.submit(subscribers.set_digest, first.id, daily(time(7, 30)), "Europe/Kyiv", now + LATER).result()
    database.submit(subscribers.deactivate, 1, "blocked", now).result()
    again = database.submit(
        subscribers.enrol, Newcomer(1, 0, "private", "Anna", "ru", "UTC", None, None), now + LATER
    ).result()
    assert (again.id, again.language, again.digest, again.zone) == (first.id, "uk", daily(time(7, 30)), "Europe/Kyiv")
    assert (again.title, again.state, again.digested_at) == ("Anna", "active", now)
    assert database.read(subscribers.find, 1) == again
    assert database.read(subscribers.get, first.id) == again
    assert database.read(subscribers.find, 2) is None


def test_every_topic_of_a_forum_is_a_subscriber_of_its_own(database: Database, now: datetime) -> None:
    general = database.submit(put_subscriber, now, -100).result()
    topic = database.submit(put_subscriber, now, -100, 7).result()
    assert general.id != topic.id
    database.submit(subscribers.deactivate, -100, "paused", now, thread=7).result()
    assert [database.read(subscribers.get, id).state for id in (general.id, topic.id)] == ["active", "paused"]
    assert database.read(subscribers.count) == 1
    database.submit(subscribers.reactivate, -100).result()
    assert database.read(subscribers.count) == 2


def test_following_twice_changes_nothing_but_how(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now).result().id
    assert database.submit(subscribers.follow, who, Follow("speaker", "ann")).result()
    assert not database.submit(subscribers.follow, who, Follow("speaker", "ann")).result()
    assert database.submit(subscribers.follow, who, Follow("speaker", "ann", "silent")).result()
    assert database.submit(subscribers.follow, who, Follow("all")).result()
    assert database.read(subscribers.follows, who) == [Follow("all"), Follow("speaker", "ann", "silent")]
    assert database.submit(subscribers.unfollow, who, "all").result()
    assert not database.submit(subscribers.unfollow, who, "all").result()


def test_watches_of_the_same_meaning_are_one(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now).result().id
    first = database.submit(subscribers.watch, who, "ceasefire", "k1", now).result()
    assert database.submit(subscribers.watch, who, "Ceasefire", "k1", now).result() == first
    assert database.read(subscribers.watches, who) == [first]


def test_a_watch_is_removed_by_its_owner_alone(database: Database, now: datetime) -> None:
    ann, bob = (database.submit(put_subscriber, now, chat).result().id for chat in (1, 2))
    watch = database.submit(subscribers.watch, ann, "ceasefire", "k1", now).result()
    assert database.submit(subscribers.unwatch, bob, watch.id).result() is None
    assert database.submit(subscribers.unwatch, ann, watch.id).result() == watch


def test_an_index_of_watches_learns_what_came_and_went(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now).result().id
    one = database.submit(subscribers.watch, who, "one", "k1", now).result()
    revision, known = database.read(subscribers.watch_keys, -1)
    assert known == {one.id: "k1"}
    assert database.read(subscribers.watch_keys, revision) == (revision, {})
    two = database.submit(subscribers.watch, who, "two", "k2", now).result()
    database.submit(subscribers.unwatch, who, one.id).result()
    revision, changes = database.read(subscribers.watch_keys, revision)
    assert changes == {one.id: None, two.id: "k2"}
    database.submit(subscribers.erase, 1).result()
    assert database.read(subscribers.watch_keys, revision)[1] == {two.id: None}
    assert database.read(subscribers.keys_of, [who]) == {}


def fill(connection: Connection, now: datetime, chat: int, word: str) -> int:
    who = put_subscriber(connection, now, chat).id
    subscribers.follow(connection, who, Follow("speaker", word))
    subscribers.follow(connection, who, Follow("all"))
    subscribers.watch(connection, who, word, word, now)
    outbox.queue(connection, [(who, False)], f"post:{word}", [a_message(word)], "alert", now)
    return who


def test_erasing_a_chat_leaves_nothing_of_it(database: Database, now: datetime) -> None:
    database.submit(fill, now, 1, "ceasefire").result()
    kept = database.submit(fill, now, 2, "neutrality").result()
    assert database.submit(subscribers.erase, 1).result()
    assert not database.submit(subscribers.erase, 1).result()

    def left(connection: Connection) -> dict[str, int]:
        tables = ("subscribers", "follows", "watches", "outbox", "bodies")
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    assert database.read(left) == {"subscribers": 1, "follows": 2, "watches": 1, "outbox": 1, "bodies": 1}
    assert database.read(subscribers.watches, kept)[0].query == "neutrality"


def test_erasing_one_topic_leaves_the_others(database: Database, now: datetime) -> None:
    database.submit(put_subscriber, now, -100).result()
    database.submit(put_subscriber, now, -100, 7).result()
    assert database.submit(subscribers.erase, -100, 7).result()
    assert database.read(subscribers.find, -100)
    assert database.read(subscribers.find, -100, 7) is None


def test_a_moved_group_takes_everything_along(database: Database, now: datetime) -> None:
    who = database.submit(fill, now, -5, "ceasefire").result()
    database.submit(subscribers.move, -5, -1005).result()
    moved = database.read(subscribers.find, -1005)
    assert moved
    assert (moved.id, moved.kind) == (who, "supergroup")
    assert database.read(subscribers.find, -5) is None
    assert [row.chat for row in database.submit(outbox.claim, now, 9).result()] == [-1005]


def test_a_group_known_under_both_numbers_becomes_one(database: Database, now: datetime) -> None:
    database.submit(fill, now, -5, "ceasefire").result()
    new = database.submit(fill, now, -1005, "neutrality").result()
    database.submit(subscribers.move, -5, -1005).result()
    assert database.read(subscribers.find, -5) is None
    assert {follow.value for follow in database.read(subscribers.follows, new)} == {"", "ceasefire", "neutrality"}
    assert {watch.query for watch in database.read(subscribers.watches, new)} == {"ceasefire", "neutrality"}
    assert len(database.submit(outbox.claim, now, 9).result()) == 1
    assert database.read(subscribers.count) == 1


def test_a_dead_chat_loses_its_queue_and_keeps_its_wishes(database: Database, now: datetime) -> None:
    who = database.submit(fill, now, 1, "ceasefire").result()
    database.submit(subscribers.deactivate, 1, "blocked", now).result()
    assert database.submit(outbox.claim, now + LATER, 9).result() == []
    assert database.read(outbox.count) == 0
    assert len(database.read(subscribers.follows, who)) == 2


def test_a_digest_is_due_for_the_active_whose_time_has_come(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now).result()
    blocked = database.submit(put_subscriber, now, 2).result()
    database.submit(subscribers.deactivate, 2, "blocked", now).result()
    assert blocked.next_digest_at == now + LATER
    assert database.read(subscribers.next_digest_at) == now + LATER
    assert database.read(subscribers.digest_due, now, 9) == []
    assert database.read(subscribers.digest_due, now + LATER, 9) == [who]
    assert database.submit(subscribers.digested, who, now + LATER, now + 4 * LATER).result()
    assert not database.submit(subscribers.digested, who, now + LATER, now + 4 * LATER).result()
    assert database.read(subscribers.digest_due, now + LATER, 9) == []
    assert database.read(subscribers.get, who.id).digested_at == now + LATER
    database.submit(subscribers.set_digest, who.id, None, "UTC", None).result()
    assert database.read(subscribers.next_digest_at) is None


def test_late_posts_wait_for_one_message_each(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> list[int]:
        put_source(connection, now)
        who = put_subscriber(connection, now).id
        subscribers.follow(connection, who, Follow("all"))
        ids = [put_post(connection, now, number, "ann") for number in ("1", "2")]
        subject = outbox.Subject(["ann"], [], "web", [], [])
        for id in ids:
            outbox.catch_up_later(connection, subject, id, now)
        return [who, *ids]

    who, *ids = database.submit(story).result()
    assert database.read(late.due, now) == {}
    assert database.read(late.due, now + late.PAUSE) == {who: late.Gathered(tuple(ids), "late", False)}
    database.submit(late.told, who, ids, now).result()
    assert database.read(late.due, now + LATER) == {}
    assert database.read(late.have_been_told, ids) == {who}
    database.submit(late.forget, now + LATER).result()
    assert database.read(late.have_been_told, ids) == frozenset()


def test_what_is_no_choice_is_not_set(database: Database, now: datetime) -> None:
    who = database.submit(put_subscriber, now).result().id
    with pytest.raises(ValueError, match="loud"):
        database.submit(subscribers.choose, who, "changes", "loud").result()


def test_who_wants_to_be_told_of_changes_at_once(database: Database, now: datetime) -> None:
    ids = [database.submit(put_subscriber, now, chat).result().id for chat in (1, 2, 3)]
    assert database.read(subscribers.get, ids[0]).changes == "now"
    database.submit(subscribers.choose, ids[1], "changes", "digest").result()
    database.submit(subscribers.choose, ids[2], "changes", "off").result()
    assert database.read(lambda connection: subscribers.told_of_changes(connection, ids, gone=False)) == {ids[0]}
    assert database.read(subscribers.get, ids[1]).changes == "digest"
    database.submit(subscribers.choose, ids[0], "deletions", "off").result()
    assert database.read(lambda connection: subscribers.told_of_changes(connection, ids, gone=True)) == set(ids[1:])


def test_operators_are_those_who_talk_with_the_bot(database: Database, now: datetime) -> None:
    for chat, thread in ((1, 0), (2, 0), (-5, 0), (-5, 7)):
        database.submit(put_subscriber, now, chat, thread).result()
    database.submit(subscribers.deactivate, 2, "blocked", now).result()
    assert [who.chat for who in database.read(subscribers.operators, [1, 2, -5, 9])] == [1, -5]
