"""A poll: what is stored, who is told, and what a failure leaves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import time, timedelta

import pytest

from bot.collect import Collector, keep
from bot.errors import FetchError
from bot.models import Cursor, Follow, Message, Notification, Post
from bot.store import outbox, posts, search, sources, statements, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import query
from bot.words import search as words_search
from tests.scripted import Scripted, unreadable
from tests.worlds import NOON, ROSTER, Clock, a_post

pytestmark = pytest.mark.anyio

OLD = a_post("0", "Petrov said nothing new.", at=NOON - timedelta(days=1))


class World:
    """A collector over a real store, one scripted far end for every kind of source."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.source = Scripted([OLD])
        self.queued = 0
        self.collector = self.start()

    def start(self) -> Collector:
        readers = dict.fromkeys(("x", "telegram", "feed"), self.source)
        self.database.submit(sources.enrol, ROSTER.sources.values(), self.clock()).result()
        return Collector(self.database, readers, ROSTER, self.clock, lambda: 0.0, self._count)

    def _count(self) -> None:
        self.queued += 1

    async def poll(self, *new: Post) -> None:
        """Add posts to the far end and look at every source that is due, five minutes after the last time."""
        self.source.posts += new
        self.clock.goes(minutes=5)
        await asyncio.gather(*self.collector.begin_due())

    def subscribe(self, *follows: Follow, chat: int = 1, watch: str = "") -> int:
        def enrol(connection: Connection) -> int:
            newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", "UTC", time(20), None)
            who = subscribers.enrol(connection, newcomer, self.clock())
            for follow in follows:
                subscribers.follow(connection, who.id, follow)
            if watch:
                subscribers.watch(connection, who.id, watch, query.parse(watch).key, self.clock())
            return who.id

        return self.database.submit(enrol).result()

    def alerts(self) -> list[Message]:
        """Everything that waits, in the order in which it would be sent, taken out of the outbox."""
        taken: list[Notification] = []
        while rows := self.database.submit(outbox.claim, self.clock(), 99).result():
            for row in rows:
                self.database.submit(outbox.sent, row.id, 1, self.clock()).result()
            taken += rows
        return [row.message for row in taken]

    def texts(self) -> list[str]:
        return [message.text for message in self.alerts()]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = World(database)
    yield made
    await made.collector.close()


async def test_the_first_poll_stores_and_is_silent(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll()
    assert world.database.read(posts.count) == 1
    assert world.texts() == []


async def test_a_new_post_is_told_once_however_often_it_is_polled(world: World) -> None:
    await world.poll()
    world.subscribe(Follow("all"))
    await world.poll(a_post("1", "“We go on,” Petrov said."))
    await world.poll()
    (text,) = world.texts()
    assert "Pavel Petrov" in text
    assert "Quoted by The Wire (state media)" in text
    assert world.source.cursors[-1] == "after 2"
    assert world.queued == 2


async def test_one_alert_names_every_watch_and_topic_that_matches(world: World) -> None:
    await world.poll()
    world.subscribe(Follow("all"), Follow("topic", "truce"), watch="ceasefires")
    await world.poll(a_post("1", "The ceasefire holds, Petrov said."))
    (message,) = world.alerts()
    assert message.text.startswith("🔔 ceasefires, Truce\n")
    units = message.text.encode("utf-16-le")
    marked = [
        units[2 * entity.offset :][: 2 * entity.length].decode("utf-16-le")
        for entity in message.entities
        if entity.type == "underline"
    ]
    assert marked == ["ceasefire"]


async def test_a_watch_that_was_set_a_moment_ago_counts_and_a_removed_one_does_not(world: World) -> None:
    await world.poll()
    who = world.subscribe(watch="ceasefire")
    await world.poll(a_post("1", "A ceasefire, somebody said."))
    assert len(world.texts()) == 1
    (watch,) = world.database.read(subscribers.watches, who)
    world.database.submit(subscribers.unwatch, who, watch.id).result()
    await world.poll(a_post("2", "Again a ceasefire, somebody said."))
    assert world.texts() == []


async def test_a_mention_is_stored_and_nobody_is_told_that_somebody_spoke(world: World) -> None:
    await world.poll()
    world.subscribe(Follow("speaker", "petrov"))
    await world.poll(a_post("1", "The delegation met with Petrov in the evening."))
    assert world.texts() == []
    (telling,) = world.database.read(statements.seen_since, NOON + timedelta(minutes=5), 1)
    assert [(said.speaker, said.kind) for said in telling.statements] == [("petrov", "mention")]


async def test_what_is_stored_can_be_found(world: World) -> None:
    await world.poll(a_post("1", "The ceasefires hold, Petrov said."))
    wanted = query.parse("ceasefire")
    found = world.database.read(search.find, words_search.expression(wanted), lambda _: True)
    assert [telling.post.external_id for telling in found] == ["1"]


async def test_an_edit_on_a_channel_is_news_with_both_texts(world: World) -> None:
    world.subscribe(Follow("speaker", "petrov"))
    before = a_post("7", "Мы согласны.", "petrov-telegram")
    await world.poll()
    await world.poll(before)
    assert len(world.texts()) == 1
    world.source.posts.remove(before)
    await world.poll(a_post("7", "Мы не согласны.", "petrov-telegram"))
    (text,) = world.texts()
    assert "Мы согласны." in text
    assert "Мы не согласны." in text
    await world.poll()
    assert world.texts() == []


async def test_an_agency_that_rewrites_its_item_wakes_nobody(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll()
    world.source.posts[:] = [a_post("0", "Petrov said something new.", at=OLD.published_at)]
    await world.poll()
    assert world.texts() == []
    assert [version.text for version in world.database.read(posts.versions, 1)] == [
        OLD.text,
        "Petrov said something new.",
    ]


async def test_a_source_that_fails_keeps_its_cursor_and_delays_no_other(world: World) -> None:
    await world.poll()
    world.source.failure = unreadable()
    await world.poll()
    health = {one.id: one for one in world.database.read(sources.health)}
    assert {one.failures for one in health.values()} == {1}
    assert health["wire"].last_error == "no answer"
    world.source.failure = None
    world.clock.goes(minutes=20)
    await world.poll(a_post("1", "We go on, Petrov said."))
    assert world.source.cursors[-3:].count(Cursor("after 1")) == 1
    assert world.database.read(posts.count) == 2


@pytest.mark.parametrize("failure", [ValueError("a bug"), KeyError("post")], ids=repr)
async def test_a_bug_in_one_source_is_noted_and_goes_no_further(world: World, failure: Exception) -> None:
    world.source.failure = failure
    await world.poll()
    assert {one.last_error for one in world.database.read(sources.health)} == {f"internal error: {failure!r}"}


async def test_a_failure_for_good_rests_for_a_day_and_a_named_time_is_kept(world: World) -> None:
    world.source.failure = unreadable(permanent=True)
    await world.poll()
    day = timedelta(days=1)
    assert {one.next_poll_at - world.clock() for one in world.database.read(sources.health)} == {day}
    world.clock.goes(days=1)
    world.source.failure = unreadable(retry_at=world.clock() + timedelta(minutes=90))
    await world.poll()
    assert {one.next_poll_at - world.clock() for one in world.database.read(sources.health)} == {timedelta(minutes=85)}


async def test_another_account_under_the_name_is_not_read(world: World) -> None:
    world.source.account_id = "11"
    await world.poll()
    world.source.account_id = "666"
    world.subscribe(Follow("all"))
    await world.poll(a_post("1", "We give up, Petrov said."))
    assert world.texts() == []
    assert world.database.read(posts.count) == 1
    assert "another account now (number 666, it was 11)" in world.database.read(sources.health)[0].last_error


async def test_a_backlog_waits_for_one_message_and_fresh_posts_do_not(world: World) -> None:
    await world.poll()
    who = world.subscribe(Follow("all"))
    world.clock.goes(hours=6)
    late = [a_post(str(number), f"Point {number} is open, Petrov said.") for number in (1, 2)]
    fresh = a_post("3", "We are back, Petrov said.", at=world.clock())
    await world.poll(*late, fresh)
    (text,) = world.texts()
    assert "We are back" in text
    assert len(world.database.read(outbox.late, world.clock())[who]) == 2


async def test_a_source_is_polled_once_at_a_time(world: World) -> None:
    world.clock.goes(minutes=5)
    first = world.collector.begin_due()
    assert len(first) == 3
    assert world.collector.begin_due() == []
    await asyncio.gather(*first)


async def test_closing_in_the_middle_of_a_poll_leaves_it_undone(world: World) -> None:
    world.clock.goes(minutes=5)
    world.collector.begin_due()
    await world.collector.close()
    assert world.database.read(posts.count) == 0
    assert len(world.database.read(sources.due, world.clock())) == 3


async def test_the_same_statement_told_again_joins_the_story_of_the_first(world: World) -> None:
    await world.poll()
    first = "Petrov: the exchange of prisoners begins on Monday at the northern bridge"
    again = "The exchange of prisoners begins at the northern bridge on Monday, Petrov said, and added nothing"
    await world.poll(a_post("1", first))
    await world.collector.close()
    world.collector = world.start()
    await world.poll(a_post("2", again), a_post("3", "Grain leaves the port, Sidorov said on Tuesday evening"))
    told = world.database.read(statements.seen_since, NOON + timedelta(minutes=5), 9)
    assert [(telling.post.external_id, telling.story) for telling in told] == [("1", 2), ("2", 2), ("3", 0)]


async def test_history_is_taken_in_without_a_word(world: World) -> None:
    world.subscribe(Follow("all"))
    found = [a_post("1", "We go on, Petrov said."), a_post("2", "Переговоры идут.", "petrov-telegram")]
    reader = world.collector._reader
    assert await keep(world.database, reader, ROSTER, found, NOON) == 2
    assert await keep(world.database, reader, ROSTER, found, NOON) == 0
    assert world.texts() == []
    with pytest.raises(FetchError, match="has no source 'elsewhere'"):
        await keep(world.database, reader, ROSTER, [a_post("1", "x", "elsewhere")], NOON)
