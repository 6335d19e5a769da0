"""What becomes of posts: deleted only because the platform says so, told at most once, undone when it was wrong."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest

from bot import renewal, schedule, sweep
from bot.models import Changes, Fate, Follow, Post
from bot.store import checks, outbox, posts, search, sources
from bot.store.database import Database
from bot.words import query
from bot.words import search as words_search
from tests.collecting import World
from tests.scripted import unreadable
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = World(database)
    yield made
    await made.close()


def on_channel(number: int, text: str = "Мы согласны на перемирие.") -> Post:
    return a_post(str(number), text, "petrov-telegram")


async def a_channel(world: World) -> None:
    """Somebody follows all; the channel has posts 5 to 8, nothing else is due."""
    world.source.whole.add("petrov-telegram")
    world.subscribe(Follow("all"))
    await world.poll(on_channel(5))
    await world.poll(*map(on_channel, (6, 7, 8)))
    assert len(world.texts()) == 3


async def an_account(world: World) -> None:
    """Somebody follows all; the account has said two things, which are an hour old."""
    world.subscribe(Follow("all"))
    await world.poll()
    posted = [a_post(id, f"Sample: we agreed on point {id}.", "ivanenko-x", at=world.clock()) for id in ("11", "12")]
    await world.poll(*posted)
    assert len(world.texts()) == 2
    world.clock.goes(minutes=55)


# --- channels


async def test_a_post_is_deleted_when_telegram_has_said_so_twice_an_hour_apart(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    missed_at = world.clock()
    await world.ask()
    assert world.source.asked == [["6"]]
    await world.ask(minutes=59)
    assert len(world.source.asked) == 1
    assert world.texts() == []
    assert world.stored("6").post.deleted_at is None
    await world.ask(minutes=1)
    (text,) = world.texts()
    assert text.startswith("🗑 Deleted after")
    assert "Мы согласны на перемирие." in text
    assert world.stored("6").post.deleted_at == missed_at
    assert {one.post.fate for one in world.all() if one.post.external_id != "6"} == {"stands"}
    await world.poll()
    await world.ask(hours=30)
    assert len(world.source.asked) == 2
    assert world.texts() == []


async def test_what_telegram_still_has_is_not_deleted_and_not_asked_for_at_every_look(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    world.source.fates["6"] = "stands"
    for _ in range(10):
        await world.poll()
        await world.ask()
    assert world.source.asked == [["6"]]
    await world.ask(days=1)
    await world.poll()
    await world.ask()
    assert world.source.asked == [["6"], ["6"]]
    assert world.stored("6").post.fate == "stands"
    assert world.texts() == []


async def test_between_the_confirmations_a_look_that_shows_the_post_ends_the_suspicion(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.poll(on_channel(6))
    await world.ask(hours=2)
    assert world.source.asked == [["6"]]
    assert world.texts() == []
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.ask(minutes=59)
    assert world.stored("6").post.fate == "stands"


async def test_nothing_is_concluded_while_the_channel_cannot_be_read(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    world.source.failure = unreadable("empty: the channel shows no posts")
    await world.poll()
    await world.ask(hours=3)
    assert world.source.asked == [["6"]]
    world.source.failure = None
    await world.poll()
    await world.ask()
    assert world.stored("6").post.fate == "deleted"


async def test_an_answer_is_not_believed_if_the_channel_failed_while_it_was_asked_for(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    world.clock.goes(hours=1)
    asking = world.sweep.begin_due()
    await asyncio.sleep(0)
    world.database.submit(sources.failed, "petrov-telegram", "blocked", world.clock(), world.clock()).result()
    await asyncio.gather(*asking)
    assert world.source.asked == [["6"], ["6"]]
    assert world.stored("6").post.fate == "stands"


async def test_a_deleted_post_that_is_there_again_is_put_right_and_told_so_once(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.ask(hours=1)
    world.texts()
    await world.poll(on_channel(6))
    (text,) = world.texts()
    assert text.startswith("↩️ No longer deleted\n🟥 Pavel Petrov")
    assert (world.stored("6").post.fate, world.stored("6").post.deleted_at) == ("stands", None)
    await world.poll()
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.ask(hours=1)
    assert world.stored("6").post.fate == "deleted"
    assert world.texts() == []


async def test_a_part_of_an_album_that_was_taken_for_deleted_stands(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.ask(hours=1)
    world.source.members = ("6",)
    await world.poll()
    assert world.stored("6").post.fate == "stands"


async def test_an_answer_that_says_nothing_is_asked_for_again_ever_more_rarely_and_not_for_ever(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    world.source.fates["6"] = "unsure"
    await world.poll()
    times = []
    for _ in range(24 * 12):
        before = len(world.source.asked)
        await world.ask()
        times += [world.clock()] * (len(world.source.asked) - before)
        world.clock.goes(hours=1)
    pauses = [(later - one) / HOUR for one, later in pairwise(times)]
    assert pauses == [1, 2, 4, 8, 16, 24, 24, 24, 24]
    assert world.stored("6").post.fate == "stands"
    assert world.texts() == []


async def test_a_doubt_between_two_confirmations_does_not_undo_the_first(world: World) -> None:
    await a_channel(world)
    world.remove("6")
    await world.poll()
    await world.ask()
    world.source.fates["6"] = "unsure"
    await world.ask(hours=1)
    del world.source.fates["6"]
    await world.ask(hours=1)
    assert world.stored("6").post.fate == "deleted"


# --- accounts on X


async def test_one_answer_of_x_is_enough_and_takes_the_text_away_everywhere(world: World) -> None:
    await an_account(world)
    world.remove("11")
    await world.ask()
    assert world.source.asked == [["11", "12"]]
    (text,) = world.texts()
    assert text.startswith("🗑 Deleted after 60 minutes\n🟦 Olha Ivanenko")
    assert "point 11" not in text
    gone = world.stored("11")
    assert (gone.post.text, gone.post.fate, gone.post.deleted_at) == ("", "deleted", world.clock())
    assert [said.text for said in gone.statements] == [""]
    (version,) = world.database.read(posts.versions, gone.post.id)
    assert version.sha256 == posts.fingerprint("Sample: we agreed on point 11.")
    wanted = words_search.expression(query.parse("agreed"))
    found = world.database.read(search.find, wanted, lambda telling: True)
    assert [hit.telling.post.external_id for hit in found] == ["12"]


async def test_posts_of_x_are_asked_for_after_an_hour_a_day_and_a_week(world: World) -> None:
    await an_account(world)
    published = world.clock() - timedelta(hours=1)
    asked = []
    for _ in range(24 * 9):
        before = len(world.source.asked)
        await world.ask()
        asked += [world.clock() - published] * (len(world.source.asked) - before)
        world.clock.goes(hours=1)
    assert asked == list(schedule.CHECKED_AT)


async def renewed(world: World) -> None:
    """The index is made anew, as after other rules."""
    world.database.submit(lambda connection: connection.execute("UPDATE dictionaries SET version = 'old'")).result()
    assert await renewal.renew(world.database, ROSTER) > 0


@pytest.mark.parametrize("fate", ["protected", "suspended", "withheld"])
async def test_what_x_hides_has_no_words_until_it_is_shown_again(world: World, fate: Fate) -> None:
    await an_account(world)
    world.source.fates["11"] = fate
    await world.ask()
    hidden = world.stored("11").post
    assert (hidden.fate, hidden.deleted_at, hidden.text) == (fate, None, "")
    assert world.stored("11").statements[0].text == ""
    assert [version.text for version in world.database.read(posts.versions, hidden.id)] == [""]
    await renewed(world)
    assert world.texts() == []
    del world.source.fates["11"]
    await world.ask(hours=23)
    wanted = words_search.expression(query.parse("agreed"))
    hits = world.database.read(search.find, wanted, lambda telling: True)
    assert sorted(hit.telling.post.external_id for hit in hits) == ["11", "12"]
    again = world.stored("11")
    assert (again.post.fate, again.post.text) == ("stands", "Sample: we agreed on point 11.")
    assert again.statements[0].text == again.post.text


@pytest.mark.parametrize("fate", ["protected", "suspended"])
async def test_what_is_hidden_with_its_account_is_asked_for_daily_for_a_month(world: World, fate: Fate) -> None:
    await an_account(world)
    world.source.fates |= {"11": fate, "12": fate}
    for _ in range(20):
        await world.ask(hours=24)
    assert len(world.source.asked) == 20
    del world.source.fates["11"]
    await world.ask(hours=24)
    assert (world.stored("11").post.fate, world.stored("12").post.fate) == ("stands", fate)
    for _ in range(20):
        await world.ask(hours=24)
    assert len(world.source.asked) == 30
    assert world.stored("12").post.fate == fate


async def test_the_number_that_an_account_had_goes_along_with_the_question(world: World) -> None:
    world.source.account_id = "77"
    await an_account(world)
    await world.ask()
    assert world.source.pinned == "77"


async def test_a_doubt_about_a_post_of_x_is_asked_again_before_the_next_age(world: World) -> None:
    await an_account(world)
    world.source.fates["11"] = "unsure"
    await world.ask()
    await world.ask(hours=1)
    assert world.source.asked == [["11", "12"], ["11"]]
    assert world.stored("11").post.fate == "stands"


async def test_what_could_not_be_asked_for_waits_however_often(world: World) -> None:
    await an_account(world)
    world.source.unasked = {"11"}
    world.remove("11")
    for _ in range(sweep.MOST_UNSURE + 5):
        await world.ask()
        world.clock.goes(hours=1)
    assert world.stored("11").post.fate == "stands"
    world.source.unasked.clear()
    await world.ask()
    assert world.stored("11").post.fate == "deleted"


async def test_many_posts_are_asked_for_a_hundred_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    await world.poll()
    await world.poll(*(a_post(str(id), "Sample.", "ivanenko-x", at=world.clock()) for id in range(21, 26)))
    world.clock.goes(hours=1)
    for _ in range(5):
        await world.ask()
    assert [len(asked) for asked in world.source.asked] == [2, 2, 1]


async def test_a_timeline_that_cannot_be_read_does_not_keep_from_asking_x(world: World) -> None:
    """A suspended account ends its timeline, and its posts must not be shown any longer."""
    await an_account(world)
    world.database.submit(sources.failed, "ivanenko-x", "suspended", world.clock(), world.clock()).result()
    world.source.fates |= {"11": "suspended", "12": "suspended"}
    await world.ask()
    assert {world.stored(id).post.fate for id in ("11", "12")} == {"suspended"}


async def test_a_post_of_x_that_comes_back_has_its_text_again(world: World) -> None:
    await an_account(world)
    (post,) = [post for post in world.source.posts if post.external_id == "11"]
    world.remove("11")
    await world.ask()
    world.texts()
    await world.poll(post)
    assert world.stored("11").post.text == post.text
    (text,) = world.texts()
    assert "No longer deleted" in text
    assert "point 11" in text


# --- whatever the platform


@pytest.mark.parametrize(("changes", "told"), [("now", 2), ("digest", 1), ("off", 1)])
async def test_a_deletion_is_told_as_the_subscriber_wants(world: World, changes: Changes, told: int) -> None:
    await a_channel(world)
    world.subscribe(watch="перемирия", chat=2, changes=changes)
    world.remove("6")
    await world.poll()
    await world.ask()
    await world.ask(hours=1)
    assert len(world.texts()) == told


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (unreadable("no answer"), sweep.FAILED_AFTER),
        (unreadable("too many requests", retry_at=NOON + timedelta(hours=9)), timedelta(hours=7, minutes=55)),
        (ValueError("a bug"), sweep.FAILED_AFTER),
    ],
    ids=["no answer", "a named time", "a bug"],
)
async def test_who_cannot_be_asked_is_asked_later(world: World, failure: Exception, pause: timedelta) -> None:
    await an_account(world)
    world.source.failure = failure
    await world.ask()
    world.source.failure = None
    world.remove("11")
    await world.ask(seconds=pause.total_seconds() - 1)
    assert len(world.source.asked) == 1
    await world.ask(seconds=1)
    assert world.stored("11").post.fate == "deleted"


async def test_a_source_is_asked_once_at_a_time_and_closing_concludes_nothing(world: World) -> None:
    await an_account(world)
    world.remove("11")
    assert len(world.sweep.begin_due()) == 1
    assert world.sweep.begin_due() == []
    await world.sweep.close()
    assert world.stored("11").post.fate == "stands"
    await world.restart()
    await world.ask()
    assert world.stored("11").post.fate == "deleted"
    assert world.queued


async def test_a_failure_in_the_middle_leaves_post_and_notification_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_account(world)
    world.remove("11")
    whole = outbox.queue

    def cut_off(*arguments: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "queue", cut_off)
    await world.ask()
    assert world.stored("11").post.text == "Sample: we agreed on point 11."
    monkeypatch.setattr(outbox, "queue", whole)
    await world.ask(minutes=15)
    assert world.stored("11").post.fate == "deleted"
    assert len(world.texts()) == 1


async def test_what_a_poll_has_settled_meanwhile_is_not_asked_for(world: World) -> None:
    await an_account(world)
    for id in ("11", "12"):
        world.database.submit(checks.drop, world.stored(id).post.id).result()
    assert await world.sweep.ask(ROSTER.sources["ivanenko-x"]) == 0
    assert world.source.asked == []


async def test_a_source_that_has_left_the_configuration_is_not_asked(world: World) -> None:
    await an_account(world)
    world.sweep._roster = world.sweep._roster.__class__({}, {}, {}, {}, {})
    assert world.sweep.begin_due() == []


async def test_a_deleted_item_of_an_agency_is_noted_and_wakes_nobody(world: World) -> None:
    world.subscribe(Follow("all"))
    await world.poll()
    await world.poll(a_post("w", "We agree, Petrov said."))
    assert len(world.texts()) == 1
    world.database.submit(checks.plan, world.stored("w").post.id, world.clock()).result()
    world.remove("w")
    await world.ask()
    assert world.stored("w").post.fate == "deleted"
    assert world.stored("w").post.text
    assert world.texts() == []
