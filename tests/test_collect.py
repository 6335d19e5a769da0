"""A poll: what is stored, who is told, and what a failure leaves."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import collect
from bot.collect import Collector
from bot.meters import Meters
from bot.models import Changes, Cursor, Follow, Gap
from bot.store import checks, gaps, late, pictures, posts, search, sources, subscribers
from bot.store.database import Database
from bot.words import query
from bot.words import search as words_search
from tests.collecting import OLD, World
from tests.scripted import Scripted, unreadable
from tests.worlds import NOON, ROSTER, Clock, a_post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = World(database)
    yield made
    await made.close()


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


@pytest.mark.parametrize("allowed", [True, False])
async def test_where_pictures_are_is_kept_for_sources_that_may_show_them(database: Database, allowed: bool) -> None:
    shown = {id: replace(source, pictures=allowed) for id, source in ROSTER.sources.items()}
    roster = replace(ROSTER, sources=shown)
    post = a_post("1", "We meet.", "petrov-telegram", media=("photo",), pictures=("https://cdn.example/1.jpg",))
    readers = dict.fromkeys(("x", "telegram", "feed"), Scripted([post]))
    await database.write(sources.enrol, roster.sources.values(), NOON)
    collector = Collector(database, readers, roster, Clock(), lambda: 0.0, lambda: None)
    await asyncio.gather(*collector.begin_due())
    await collector.close()
    number = database.read(posts.known, "petrov-telegram", ["1"])["1"].id
    assert database.read(pictures.of, number) == (["https://cdn.example/1.jpg"] if allowed else [])


async def test_while_the_disk_stalls_only_few_polls_hold_what_they_read(database: Database) -> None:
    wires = {f"wire{number}": replace(ROSTER.sources["wire"], id=f"wire{number}") for number in range(20)}
    roster, meters = replace(ROSTER, sources=wires), Meters()
    far_end = Scripted(replace(OLD, source=id) for id in wires)
    readers = dict.fromkeys(("x", "telegram", "feed"), far_end)
    await database.write(sources.enrol, wires.values(), NOON)
    collector = Collector(database, readers, roster, Clock(), lambda: 0.0, lambda: None, meters)
    stalls = threading.Event()
    database.submit(lambda connection: stalls.wait())
    polls = collector.begin_due()
    await asyncio.sleep(0)  # each has asked its far end
    assert len(far_end.cursors) == len(polls)
    await collector.reader.read(wires["wire0"], [OLD], NOON)  # in its turn, behind all that ask to be read
    read = meters.registry.get_sample_value("parley_read_seconds_count")
    stalls.set()
    await asyncio.gather(*polls)
    assert read == collect.AT_ONCE + 1
    assert database.read(posts.count) == len(polls)
    await collector.close()


async def test_a_post_that_a_page_shows_twice_is_one(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll()
    await world.poll(*[a_post("7", "Мы согласны.", "petrov-telegram")] * 2)
    assert len(world.texts()) == 1
    world.remove("7")
    await world.poll(*[a_post("7", "Мы не согласны.", "petrov-telegram")] * 2)
    assert len(world.texts()) == 1
    assert len(world.database.read(posts.versions, world.stored("7").post.id)) == 2


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


async def test_a_watch_is_narrowed_by_who_speaks_where_and_how(world: World) -> None:
    await world.poll()
    world.subscribe(watch="ceasefire from:Петров kind:quote source:wire lang:en topic:truce NOT side:north")
    await world.poll(
        a_post("1", "“The ceasefire holds,” Petrov said."),
        a_post("2", "“The ceasefire holds,” Ivanenko said."),
        a_post("3", "The ceasefire holds, said a spokesman who met Petrov."),
    )
    (message,) = world.alerts()
    assert "The ceasefire holds,” Petrov" in message.text
    assert message.text.startswith("🔔 ceasefire from:Петров kind:quote")
    assert [entity.type for entity in message.entities].count("underline") == 1


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
    telling = world.stored("1")
    assert [(said.speaker, said.kind) for said in telling.statements] == [("petrov", "mention")]


async def test_a_note_by_the_platform_is_kept_and_matches_nothing(world: World) -> None:
    await world.poll()
    world.subscribe(Follow("all"), Follow("topic", "truce"), watch="ceasefire")
    await world.poll(a_post("1", "Channel photo updated: ceasefire", "petrov-telegram", kind="service"))
    assert world.texts() == []
    assert world.database.read(posts.count) == 2


async def test_what_is_stored_can_be_found(world: World) -> None:
    await world.poll(a_post("1", "The ceasefires hold, Petrov said."))
    wanted = query.parse("ceasefire")
    found = world.database.read(search.find, words_search.expression(wanted), lambda _: True)
    assert [hit.telling.post.external_id for hit in found] == ["1"]


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


async def test_an_edit_says_what_went_and_what_came_and_how_long_each_version_stood(world: World) -> None:
    world.subscribe(Follow("speaker", "petrov"))
    await world.poll()
    await world.poll(a_post("7", "Мы согласны.", "petrov-telegram", at=NOON + timedelta(minutes=8)))
    world.texts()
    for minutes, text in ((30, "Мы не согласны."), (60, "Мы совсем не согласны.")):
        world.clock.goes(minutes=minutes - 5)
        world.remove("7")
        await world.poll(a_post("7", text, "petrov-telegram", at=NOON + timedelta(minutes=8)))
    first, second = world.alerts()
    assert first.text.startswith("✏️ Changed after 32 minutes\n")
    assert second.text.startswith("✏️ Changed after 60 minutes\n")
    assert "Earlier version:\nМы не согласны.\nNow:\nМы совсем не согласны." in second.text
    assert [entity.type for entity in second.entities].count("underline") == 1
    assert "strikethrough" not in [entity.type for entity in second.entities]


async def test_an_edit_of_spaces_alone_is_kept_and_told_to_nobody(world: World) -> None:
    world.subscribe(Follow("speaker", "petrov"))
    await world.poll()
    await world.poll(a_post("7", "Мы согласны.", "petrov-telegram"))
    world.texts()
    world.remove("7")
    await world.poll(a_post("7", "Мы\nсогласны.", "petrov-telegram"))
    assert world.texts() == []
    assert len(world.database.read(posts.versions, world.stored("7").post.id)) == 2


async def test_who_watches_for_the_words_that_an_edit_takes_out_is_told(world: World) -> None:
    world.subscribe(watch="перемирие")
    await world.poll()
    await world.poll(a_post("7", "Перемирие завтра.", "petrov-telegram"))
    assert len(world.texts()) == 1
    world.remove("7")
    await world.poll(a_post("7", "Ничего завтра.", "petrov-telegram"))
    (text,) = world.texts()
    assert "Перемирие завтра." in text


@pytest.mark.parametrize(("changes", "told"), [("now", 1), ("digest", 0), ("off", 0)])
async def test_edits_are_told_as_the_subscriber_wants(world: World, changes: Changes, told: int) -> None:
    world.subscribe(Follow("speaker", "petrov"), changes=changes)
    world.subscribe(Follow("speaker", "petrov"), chat=2)
    await world.poll()
    await world.poll(a_post("7", "Мы согласны.", "petrov-telegram"))
    assert len(world.texts()) == 2
    world.remove("7")
    await world.poll(a_post("7", "Мы не согласны.", "petrov-telegram"))
    assert len(world.texts()) == told + 1


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
    old = [a_post(str(number), f"Point {number} is open, Petrov said.") for number in (1, 2)]
    fresh = a_post("3", "We are back, Petrov said.", at=world.clock())
    await world.poll(*old, fresh)
    (text,) = world.texts()
    assert "We are back" in text
    assert len(world.database.read(late.due, world.clock.goes(minutes=1))[who].posts) == 2


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
    await world.restart()
    await world.poll(a_post("2", again), a_post("3", "Grain leaves the port, Sidorov said on Tuesday evening"))
    told = [one for one in world.all() if one.post.external_id in "123"]
    assert [(telling.post.external_id, telling.story) for telling in told] == [("1", 2), ("2", 2), ("3", 0)]


# --- what is missing


def suspected(world: World) -> list[str]:
    found = [one for source in ROSTER.sources for one in world.database.read(checks.due, source, world.clock(), 99)]
    return [one.post.external_id for one in world.database.read(posts.tellings, [check.post for check in found])]


async def test_a_post_that_a_whole_page_no_longer_shows_is_suspected(world: World) -> None:
    world.source.whole.add("petrov-telegram")
    pages = [a_post(number, "Мы согласны.", "petrov-telegram") for number in ("5", "6", "7", "8")]
    await world.poll(*pages)
    world.remove("6")
    world.remove("8")
    world.source.members = ("8",)
    await world.poll()
    assert suspected(world) == ["6"]


async def test_without_a_whole_page_nothing_is_missing(world: World) -> None:
    await world.poll(a_post("6", "Мы согласны.", "petrov-telegram"), a_post("w", "Petrov spoke."))
    world.remove("6")
    world.remove("w")
    await world.poll()
    assert suspected(world) == []


async def test_the_first_look_suspects_nothing_that_history_brought(world: World) -> None:
    await world.take_in(a_post("6", "Старое.", "petrov-telegram"))
    world.source.whole.add("petrov-telegram")
    await world.poll(a_post("5", "Мы согласны.", "petrov-telegram"), a_post("8", "Ещё.", "petrov-telegram"))
    assert suspected(world) == []
    await world.poll()
    assert suspected(world) == ["6"]


async def test_posts_of_x_are_looked_up_after_an_hour(world: World) -> None:
    await world.poll()
    await world.poll(a_post("1", "We agree.", "ivanenko-x", at=world.clock()))
    world.clock.goes(minutes=54)
    assert suspected(world) == []
    world.clock.goes(minutes=1)
    assert suspected(world) == ["1"]


async def test_history_of_x_is_looked_up_if_it_is_young_enough(world: World) -> None:
    gone = replace(a_post("3", "Gone.", "ivanenko-x", at=NOON), deleted_at=NOON)
    days = timedelta(days=1)
    found = [a_post(str(age), "Sample.", "ivanenko-x", at=NOON - age * days) for age in (2, 8)]
    await world.take_in(*found, gone)
    world.clock.goes(days=5)
    assert suspected(world) == ["2"]
    world.clock.goes(days=30)
    assert suspected(world) == ["2"]


# --- late, unseen, quiet


async def test_what_is_found_long_after_it_was_said_says_so(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll()
    late = a_post("1", "We go on, Petrov said.", at=NOON - timedelta(hours=2))
    await world.poll(late, a_post("2", "We stop, Petrov said.", at=NOON))
    texts = world.texts()
    assert [("🕰 Found late: 14 March 2022, 12:10 UTC" in text) for text in texts] == [True, False]
    assert [world.stored(id).post.late for id in ("0", "1", "2")] == [False, True, False]


async def test_the_time_in_which_a_source_failed_is_a_gap(world: World) -> None:
    await world.poll()
    world.source.failure = unreadable()
    await world.poll()
    world.source.failure = None
    world.clock.goes(minutes=20)
    await world.poll()
    found = world.database.read(gaps.between, NOON, world.clock())
    span = (NOON + timedelta(minutes=5), NOON + timedelta(minutes=35))
    assert found == [Gap(source, *span, "no answer") for source in ("ivanenko-x", "petrov-telegram", "wire")]


async def test_what_a_source_says_that_it_could_not_read_is_a_gap(world: World) -> None:
    world.source.gap = (NOON - timedelta(days=9), NOON - timedelta(days=7))
    await world.poll()
    await world.poll()
    found = world.database.read(gaps.between, NOON - timedelta(days=10), NOON)
    assert {(gap.since, gap.until, gap.reason) for gap in found} == {(*world.source.gap, gaps.UNREAD)}
    assert len(found) == 3


async def test_the_time_that_the_computer_slept_is_a_gap_of_all(world: World) -> None:
    for minutes in (5, 14, 60):
        world.clock.goes(minutes=minutes)
        await world.tick()
    slept = Gap("", NOON + timedelta(minutes=19), NOON + timedelta(minutes=79), gaps.NOT_RUNNING)
    assert slept in world.database.read(gaps.between, NOON, world.clock())
    world.clock.goes(hours=-9)
    await world.tick()
    assert world.database.read(gaps.between, NOON - timedelta(days=1), world.clock()) == []


async def test_after_the_clock_was_set_back_nobody_waits_for_the_time_that_was(world: World) -> None:
    for _ in range(2):
        world.clock.goes(hours=3)
        await world.tick()
    world.source.failure = unreadable()
    world.clock.goes(minutes=5)
    await world.tick()
    world.clock.goes(hours=-3)
    await world.tick()
    due = {health.next_poll_at for health in world.database.read(sources.health)}
    assert due == {world.clock() + timedelta(minutes=10)}
    world.clock.goes(minutes=10)
    world.source.failure = None
    await world.tick()
    assert {health.last_ok_at for health in world.database.read(sources.health)} == {world.clock()}
    of_sources = [gap for gap in world.database.read(gaps.between, NOON, NOON + timedelta(days=1)) if gap.source]
    span = (world.clock() - timedelta(minutes=10), world.clock())
    assert {(gap.since, gap.until) for gap in of_sources} == {span}


async def test_a_source_that_is_to_be_read_much_later_is_not_seen_meanwhile(world: World) -> None:
    await world.poll()
    world.source.next_at = world.clock() + timedelta(minutes=70)
    await world.poll()
    assert world.database.read(gaps.between, NOON, world.clock()) == []
    read_at = world.clock.goes(minutes=70)
    world.source.next_at, world.source.note = read_at + timedelta(hours=5), "money is short"
    await asyncio.gather(*world.collector.begin_due())
    found = world.database.read(gaps.between, NOON, world.clock() + timedelta(hours=1))
    assert found == [
        Gap(source, read_at, None, "money is short") for source in ("ivanenko-x", "petrov-telegram", "wire")
    ]
    world.clock.goes(hours=5)
    world.source.next_at = None
    await asyncio.gather(*world.collector.begin_due())
    found = world.database.read(gaps.between, NOON, world.clock())
    assert [gap.until for gap in found] == [read_at + timedelta(hours=5)] * 3


async def test_a_tick_begins_only_some_of_many_polls(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "A_TICK", 2)
    world.clock.goes(minutes=5)
    polled = []
    for _ in range(2):
        await world.tick()
        polled.append(sum(health.last_ok_at is not None for health in world.database.read(sources.health)))
    assert polled == [2, 3]


async def test_a_source_that_is_usually_quiet_now_is_polled_rarely_until_it_speaks(world: World) -> None:
    await world.poll()
    world.clock.goes(hours=1)
    world.database.submit(sources.learn, "wire", [0.0] * 24, None, world.clock()).result()
    await world.poll()
    due = {one.id: one.next_poll_at - world.clock() for one in world.database.read(sources.health)}
    assert due == {
        "wire": timedelta(minutes=20),
        **dict.fromkeys(("ivanenko-x", "petrov-telegram"), timedelta(minutes=5)),
    }
    world.clock.goes(minutes=15)
    await world.poll(a_post("1", "We go on, Petrov said.", at=world.clock()))
    due = {one.id: one.next_poll_at - world.clock() for one in world.database.read(sources.health)}
    assert due["wire"] == timedelta(minutes=5)


async def test_a_clock_that_is_ahead_makes_no_source_lively_for_ever(world: World) -> None:
    await world.poll(a_post("1", "We go on, Petrov said.", at=NOON + timedelta(days=300)))
    assert {one.id: one.last_new_at for one in world.database.read(sources.health)}["wire"] == world.clock()
