"""Alerts that are held, in quiet hours and in bursts: none is lost, each is told once, and what is urgent comes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import digest
from bot.models import Follow, Post
from bot.store import clock, late, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.collecting import World
from tests.worlds import ROSTER, a_post

pytestmark = pytest.mark.anyio

NIGHT = (time(12, 3), time(14))
"""Quiet hours that begin between the first and the second poll."""


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    world = World(database)
    await world.poll()
    yield world
    await world.close()


def said(number: int, words: str = "") -> Post:
    return a_post(str(number), words or f"Point {number} is open, Petrov said.")


def quiet(world: World, who: int, hours: tuple[time, time] | None = NIGHT) -> None:
    world.database.submit(subscribers.keep_quiet, who, hours).result()


async def told(world: World, **later: float) -> list[str]:
    """What is sent when so much time has passed, alerts and what was gathered."""
    world.clock.goes(**later)
    await digest.queue_catch_up(world.database, ROSTER, world.clock())
    return world.texts()


async def test_what_comes_in_quiet_hours_is_one_message_when_they_end(world: World) -> None:
    quiet(world, world.subscribe(Follow("all")))
    for number in (1, 2, 3):
        await world.poll(said(number))
    assert await told(world) == []
    assert await told(world, hours=1) == []
    await world.restart()
    (text,) = await told(world, hours=1)
    assert text.startswith("🌙 3 posts in your quiet hours")
    assert all(f"Point {number}" in text for number in (1, 2, 3))
    assert await told(world, hours=1) == []
    await world.poll(replace(said(4), published_at=world.clock()))
    assert "Point 4" in world.texts()[0]


async def test_others_are_told_meanwhile(world: World) -> None:
    quiet(world, world.subscribe(Follow("all")))
    world.subscribe(Follow("all"), chat=2)
    await world.poll(said(1))
    (text,) = await told(world)
    assert "Point 1" in text


@pytest.mark.parametrize(("how", "comes"), [("urgent", True), ("now", False), ("silent", False)])
async def test_an_urgent_watch_breaks_through(world: World, how: str, comes: bool) -> None:
    who = world.subscribe(Follow("all"), watch="truce")
    quiet(world, who)
    world.database.submit(subscribers.change_watch, who, 1, how).result()  # type: ignore[arg-type]
    await world.poll(said(1, "A truce is near, Petrov said."), said(2))
    texts = await told(world)
    assert ["truce" in text for text in texts] == [True] * comes
    (summary,) = await told(world, hours=3)
    assert ("truce" in summary) is not comes
    assert "Point 2" in summary


async def test_what_is_without_sound_stays_so(world: World) -> None:
    quiet(world, world.subscribe(Follow("all", "", "silent")))
    await world.poll(said(1))
    world.clock.goes(hours=3)
    await digest.queue_catch_up(world.database, ROSTER, world.clock())
    (row,) = world.database.submit(outbox.claim, world.clock(), 9).result()
    assert row.silent


@pytest.mark.parametrize("how", ["digest", "off"])
async def test_who_wants_no_alert_gets_no_summary_of_it(world: World, how: Literal["digest", "off"]) -> None:
    quiet(world, world.subscribe(Follow("all", "", how)))
    await world.poll(said(1))
    assert await told(world, hours=3) == []


async def test_an_edit_in_quiet_hours_is_told_in_the_summary(world: World) -> None:
    who = world.subscribe(Follow("all"))
    account = a_post("9", "I said no.", "petrov-telegram", at=world.clock())
    await world.poll(account)
    assert len(world.texts()) == 1
    quiet(world, who)
    world.remove("9")
    await world.poll(a_post("9", "I said yes.", "petrov-telegram", at=account.published_at))
    assert world.texts() == []
    (text,) = await told(world, hours=3)
    assert "✏️" in text
    assert "I said yes." in text


async def test_a_deletion_in_quiet_hours_is_told_in_the_summary(world: World) -> None:
    who = world.subscribe(Follow("all"))
    await world.poll(a_post("9", "I said no.", "ivanenko-x", at=world.clock()))
    assert len(world.texts()) == 1
    quiet(world, who)
    world.remove("9")
    await world.ask(minutes=55)
    assert world.stored("9").post.fate == "deleted"
    assert world.texts() == []
    (text,) = await told(world, hours=3)
    assert "deleted" in text


async def test_how_edits_and_deletions_are_told_is_apart(world: World) -> None:
    who = world.subscribe(Follow("all"))
    world.database.submit(subscribers.choose, who, "changes", "off").result()
    account = a_post("9", "I said no.", "petrov-telegram", at=world.clock())
    await world.poll(account, a_post("10", "I said so.", "ivanenko-x", at=world.clock()))
    world.texts()
    world.remove("9")
    await world.poll(replace(account, text="I said yes."))
    assert world.texts() == []
    world.remove("10")
    await world.ask(minutes=55)
    (text,) = world.texts()
    assert text.startswith("🗑 Deleted")
    world.database.submit(subscribers.choose, who, "changes", "now").result()
    world.remove("9")
    await world.poll(replace(account, text="I said perhaps."))
    (text,) = world.texts()
    assert "perhaps" in text


async def test_an_alert_shows_the_page_of_its_post_if_that_is_wanted(world: World) -> None:
    who = world.subscribe(Follow("all"))
    await world.poll(said(1))
    (plain,) = world.alerts()
    world.database.submit(subscribers.choose, who, "previews", "1").result()
    await world.poll(said(2))
    (shown,) = world.alerts()
    assert (plain.picture, shown.picture) == ("", "https://wire.example/2")


async def test_a_statement_that_was_held_is_known_when_others_tell_it_again(world: World) -> None:
    quiet(world, world.subscribe(Follow("all")))
    words = "Russia will not sign any agreement on the neutral status of the region, Petrov said."
    await world.poll(said(1, words))
    await told(world, hours=2)
    await world.poll(a_post("2", words, at=world.clock()))
    assert world.texts() == []


async def test_other_hours_or_none_end_the_wait(world: World) -> None:
    who = world.subscribe(Follow("all"))
    quiet(world, who)
    await world.poll(said(1))
    world.database.submit(late.wake, who, world.clock()).result()
    quiet(world, who, None)
    assert len(await told(world)) == 1


async def test_a_backlog_in_quiet_hours_waits_too(world: World) -> None:
    quiet(world, world.subscribe(Follow("all")), (time(13), time(22)))
    world.clock.goes(hours=6)
    await world.poll(said(1), said(2))
    assert await told(world, minutes=5) == []
    (text,) = await told(world, hours=4)
    assert "2 posts" in text


# --- bursts


def many(first: int, count: int) -> list[Post]:
    return [said(number) for number in range(first, first + count)]


async def test_a_burst_becomes_one_message_after_the_first_alerts(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll(*many(1, late.MOST + 4))
    assert len(world.texts()) == late.MOST
    await world.poll(*many(50, 3))
    assert world.texts() == []
    (text,) = await told(world, minutes=6)
    assert text.startswith("📦 7 more posts in a short time")
    assert await told(world, hours=1) == []
    await world.poll(replace(said(90), published_at=world.clock()))
    assert len(world.texts()) == 1


async def test_a_burst_that_runs_into_quiet_hours_waits_for_their_end(world: World) -> None:
    who = world.subscribe(Follow("all"))
    await world.poll(*many(1, late.MOST))
    await world.poll(said(40))
    assert len(world.texts()) == late.MOST
    quiet(world, who)
    await world.poll(said(41))
    (text,) = await told(world, minutes=11)
    assert "Point 40" in text
    assert "Point 41" not in text
    (text,) = await told(world, hours=2)
    assert text.startswith("🌙 1 post")
    assert "Point 41" in text


async def test_a_clock_that_is_put_back_ends_a_burst_and_what_is_held_comes(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll(*many(1, late.MOST))
    await world.poll(said(40))
    assert len(world.texts()) == late.MOST
    was = world.clock()
    world.clock.goes(days=-3)
    world.database.submit(clock.mend, was, world.clock()).result()
    (text,) = await told(world)
    assert "Point 40" in text


async def test_who_wants_an_alert_each_gets_them(world: World) -> None:
    who = world.subscribe(Follow("all"))
    world.database.submit(subscribers.choose, who, "bundle", "0").result()
    await world.poll(*many(1, late.MOST + 4))
    assert len(world.texts()) == late.MOST + 4


async def test_an_urgent_watch_comes_in_a_burst(world: World) -> None:
    who = world.subscribe(Follow("all"), watch="truce")
    world.database.submit(subscribers.change_watch, who, 1, "urgent").result()
    await world.poll(*many(1, late.MOST + 1))
    world.texts()
    await world.poll(said(40, "A truce is near, Petrov said."))
    (text,) = world.texts()
    assert "truce" in text


async def test_a_burst_is_counted_for_each_chat(world: World) -> None:
    world.subscribe(Follow("all"))
    world.subscribe(Follow("speaker", "ivanenko"), chat=2)
    await world.poll(*many(1, late.MOST + 1))
    world.texts()
    await world.poll(said(40, "We will see, Ivanenko said."))
    assert sum("Ivanenko said" in text for text in world.texts()) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 90), st.sampled_from(["", "quiet", "loud", "restart"])), max_size=8
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_held_each_post_is_told_once(database: Database, steps: list[tuple[int, int, str]]) -> None:
    """Posts, time that passes, quiet hours that change, processes that end: in the end everything was told once."""

    def empty(connection: Connection) -> None:
        for table in ("subscribers", "notifications", "posts", "sources"):
            connection.execute(f"DELETE FROM {table}")

    database.submit(empty).result()
    world = World(database)
    await world.poll()
    who = world.subscribe(Follow("all"))
    texts: list[str] = []
    count = 0
    for posts, minutes, change in steps:
        await world.poll(*(replace(said(1000 + count + number), published_at=world.clock()) for number in range(posts)))
        count += posts
        if change in ("quiet", "loud"):
            quiet(world, who, (time(12), time(13, 30)) if change == "quiet" else None)
        elif change:
            await world.restart()
        texts += await told(world, minutes=minutes)
    texts += await told(world, hours=24)
    texts += await told(world, hours=24)
    await world.close()
    assert [sum(f"Point {1000 + number} " in text for text in texts) for number in range(count)] == [1] * count
