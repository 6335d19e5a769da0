from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Button, Entity, Follow, How, Message, Notification
from bot.store import bodies, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Arrival, Audience, Subject
from tests.store.worlds import a_message, put_subscriber

MINUTE = timedelta(minutes=1)
BY_ANN = Subject(["ann"], ["red"], "web", ["truce"], [])


@given(
    st.builds(
        Message,
        st.text(),
        st.lists(st.builds(Entity, st.text(), st.integers(0, 9), st.integers(1, 9), st.text())).map(tuple),
        st.lists(st.lists(st.builds(Button, st.text(), st.text(), st.text())).map(tuple)).map(tuple),
        st.text(),
        st.integers(0),
    )
)
def test_a_message_comes_back_as_it_went_in(message: Message) -> None:
    assert bodies.from_json(bodies.to_json(message)) == message


def follow(connection: Connection, now: datetime, chat: int, *follows: Follow, language: str = "en") -> int:
    who = put_subscriber(connection, now, chat).id
    subscribers.speak(connection, who, language)
    for one in follows:
        subscribers.follow(connection, who, one)
    return who


@pytest.mark.parametrize(
    ("one", "reached"),
    [
        (Follow("all"), True),
        (Follow("speaker", "ann"), True),
        (Follow("speaker", "bob"), False),
        (Follow("side", "red"), True),
        (Follow("side", "blue"), False),
        (Follow("source", "web"), True),
        (Follow("source", "wire"), False),
        (Follow("topic", "truce"), True),
        (Follow("topic", "prisoners"), False),
        (Follow("all", how="digest"), False),
    ],
    ids=str,
)
def test_a_follow_reaches_what_it_names(database: Database, now: datetime, one: Follow, reached: bool) -> None:
    database.submit(follow, now, 1, one).result()
    assert bool(database.read(outbox.audiences, BY_ANN, now)) == reached


def test_where_nobody_speaks_the_followers_of_all_are_left_in_peace(database: Database, now: datetime) -> None:
    database.submit(follow, now, 1, Follow("all")).result()
    database.submit(follow, now, 2, Follow("source", "web")).result()
    (members,) = database.read(outbox.audiences, Subject([], [], "web", [], []), now).values()
    assert len(members) == 1


def test_subscribers_who_get_the_same_words_are_one_audience(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> list[int]:
        whos = [follow(connection, now, chat, Follow("all")) for chat in (1, 2)]
        whos.append(follow(connection, now, 3, Follow("all"), language="uk"))
        whos.append(follow(connection, now, 4, Follow("all"), Follow("topic", "truce"), Follow("side", "red")))
        watch = subscribers.watch(connection, whos[0], "talks", "k", now)
        other = subscribers.watch(connection, whos[0], "peace", "l", now)
        return [*whos, watch.id, other.id]

    one, two, three, four, talks, peace = database.submit(story).result()
    subject = Subject(["ann"], ["red"], "web", ["truce"], [talks, peace])
    assert database.read(outbox.audiences, subject, now) == {
        Audience("en", "UTC", ("talks", "peace")): [(one, False)],
        Audience("en", "UTC"): [(two, False)],
        Audience("uk", "UTC"): [(three, False)],
        Audience("en", "UTC", (), ("truce",)): [(four, False)],
    }


def test_who_wants_pictures_is_an_audience_of_its_own_where_there_is_one(database: Database, now: datetime) -> None:
    first = database.submit(follow, now, 1, Follow("all")).result()
    second = database.submit(follow, now, 2, Follow("all")).result()
    database.submit(subscribers.choose, second, "pictures", "1").result()
    assert len(database.read(outbox.audiences, BY_ANN, now)) == 1
    assert database.read(outbox.audiences, replace(BY_ANN, pictured=True), now) == {
        Audience("en", "UTC"): [(first, False)],
        Audience("en", "UTC", pictures=True): [(second, False)],
    }


@pytest.mark.parametrize(("hows", "silent"), [(["silent"], True), (["silent", "now"], False), (["now"], False)])
def test_an_alert_is_silent_if_every_reason_for_it_is(
    database: Database, now: datetime, hows: list[How], silent: bool
) -> None:
    values = ["speaker", "side"]
    follows = [
        Follow(what, value, how)  # type: ignore[arg-type]
        for what, value, how in zip(values, ["ann", "red"], hows, strict=False)
    ]
    database.submit(follow, now, 1, *follows).result()
    (members,) = database.read(outbox.audiences, BY_ANN, now).values()
    assert members[0][1] == silent


def test_a_blocked_chat_is_told_nothing(database: Database, now: datetime) -> None:
    database.submit(follow, now, 1, Follow("all")).result()
    database.submit(subscribers.deactivate, 1, "blocked", now).result()
    assert database.read(outbox.audiences, BY_ANN, now) == {}


def test_telling_twice_under_one_key_tells_once(database: Database, now: datetime) -> None:
    database.submit(follow, now, 1, Follow("all")).result()
    rendered: list[Audience] = []

    def render(audience: Audience) -> list[Message]:
        rendered.append(audience)
        return [a_message("one"), a_message("two")]

    assert database.submit(outbox.tell, BY_ANN, 1, render, now).result() == 1
    database.submit(outbox.tell, BY_ANN, 1, render, now).result()
    assert database.read(outbox.depths) == [("alert", "queued", 2)]
    assert rendered == [Audience("en", "UTC")] * 2


def test_an_amendment_is_rendered_once_for_each_audience_as_it_was_told(database: Database, now: datetime) -> None:
    for chat, language in enumerate(["en", "en", "uk"], start=1):
        database.submit(follow, now, chat, Follow("all"), Follow("topic", "truce"), language=language).result()
    database.submit(outbox.tell, BY_ANN, 1, lambda _: [a_message("one"), a_message("two")], now).result()
    database.submit(outbox.tell, BY_ANN, 2, lambda _: [a_message("another")], now).result()
    database.submit(subscribers.speak, 1, "ru").result()
    asked: list[Audience] = []

    def render(audience: Audience) -> list[Message]:
        asked.append(audience)
        return [a_message(f"amended for {audience.language}")]

    assert database.submit(outbox.amend, "post:1", render, now).result() == 3
    assert asked == [Audience("en", "UTC", (), ("truce",)), Audience("uk", "UTC", (), ("truce",))]
    texts = "SELECT json_extract(message, '$.text') FROM outbox JOIN bodies ON body = bodies.id ORDER BY outbox.id"
    assert [text for (text,) in database.read(lambda connection: connection.execute(texts).fetchall())] == [
        *["amended for en"] * 2,
        *["two"] * 2,
        "amended for uk",
        "two",
        *["another"] * 3,
    ]


def queue(connection: Connection, now: datetime, chat: int, *texts: str, lane: str = "alert") -> None:
    who = put_subscriber(connection, now, chat).id
    key = f"{lane}:{texts}"
    outbox.queue(connection, [(who, False)], key, [a_message(text) for text in texts], lane, now)  # type: ignore[arg-type]


def claimed(database: Database, now: datetime, limit: int = 9) -> list[Notification]:
    return database.submit(outbox.claim, now, limit).result()


def test_a_chat_has_one_message_in_flight_and_its_order_is_kept(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one", "two").result()
    database.submit(queue, now, 2, "eins").result()
    first = claimed(database, now)
    assert [row.message.text for row in first] == ["one", "eins"]
    assert claimed(database, now) == []
    database.submit(outbox.sent, [Arrival(first[0], 77)], now).result()
    assert [row.message.text for row in claimed(database, now)] == ["two"]


def test_a_row_is_claimed_once(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one").result()
    both = [database.submit(outbox.claim, now, 9) for _ in range(2)]
    assert sorted(len(one.result()) for one in both) == [0, 1]


def test_alerts_go_before_digests(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "digest", lane="digest").result()
    database.submit(queue, now, 2, "digest too", lane="digest").result()
    database.submit(queue, now, 2, "alert").result()
    assert [row.message.text for row in claimed(database, now, 2)] == ["alert", "digest"]


def test_what_is_deferred_holds_up_its_own_chat_alone(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one", "two").result()
    database.submit(queue, now, 2, "eins").result()
    first = claimed(database, now)[0]
    database.submit(outbox.defer, first.id, now + MINUTE, "429", counted=False).result()
    assert claimed(database, now) == []
    again = claimed(database, now + MINUTE)
    assert [(row.message.text, row.attempts) for row in again] == [("one", 0)]
    database.submit(outbox.defer, first.id, now, "500").result()
    assert claimed(database, now)[0].attempts == 1


def test_a_held_chat_waits_with_everything(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one").result()
    database.submit(queue, now, 2, "eins").result()
    database.submit(outbox.hold, 1, now + MINUTE).result()
    assert [row.chat for row in claimed(database, now)] == [2]
    assert database.read(outbox.next_due_at) == now + MINUTE
    assert [row.chat for row in claimed(database, now + MINUTE)] == [1]


def test_an_unknown_outcome_waits_for_its_repeat_or_for_nothing(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one").result()
    database.submit(queue, now, 2, "eins").result()
    one, other = claimed(database, now)
    database.submit(outbox.unknown, one.id, now + MINUTE, "no answer", now).result()
    database.submit(outbox.unknown, other.id, None, "no answer", now).result()
    assert database.read(outbox.depths) == [("alert", "unknown", 1)]
    assert [row.id for row in claimed(database, now + MINUTE)] == [one.id]


def test_what_a_dead_process_was_sending_is_found(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one", "two").result()
    taken = claimed(database, now)
    assert database.read(outbox.interrupted) == taken
    database.submit(outbox.refuse, taken[0].id, "blocked", now).result()
    assert database.read(outbox.interrupted) == []


def test_settled_rows_and_their_texts_are_forgotten_in_time(database: Database, now: datetime) -> None:
    database.submit(queue, now, 1, "one").result()
    database.submit(queue, now, 1, "two").result()
    (first,) = claimed(database, now)
    database.submit(outbox.sent, [Arrival(first, 77)], now).result()
    assert database.submit(outbox.forget, now).result() == 0
    assert database.submit(outbox.forget, now + MINUTE).result() == 1
    (left,) = database.read(lambda connection: connection.execute("SELECT count(*) FROM bodies").fetchall())
    assert left == (1,)


def test_an_empty_outbox_has_nothing_due(database: Database, now: datetime) -> None:
    assert database.read(outbox.next_due_at) is None
    assert claimed(database, now) == []
