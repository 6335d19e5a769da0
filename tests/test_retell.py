"""What X takes back goes from chats, from what waits and from the records of what was sent; the rest stays."""

from collections.abc import AsyncIterator
from datetime import time, timedelta

import pytest

from bot import digest
from bot.models import Fate, Follow, Notification
from bot.store import outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.collecting import World
from tests.worlds import ROSTER, a_post, daily

pytestmark = pytest.mark.anyio

SECRET = "Sample of a secret on point 11."
GONE = "The text was deleted on X and is no longer shown."
HIDDEN = "X does not show this text to everybody at the moment, so it is not shown here."


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """Somebody follows all; an account has said something that was told, but has not been sent yet."""
    made = World(database)
    made.subscribe(Follow("all"))
    await made.poll()
    await made.poll(
        a_post("11", SECRET, "ivanenko-x", at=made.clock()),
        a_post("12", "Sample of something else.", "ivanenko-x", at=made.clock()),
    )
    made.clock.goes(minutes=55)
    yield made
    await made.close()


def kept(world: World) -> str:
    """All words that the outbox holds."""
    return world.database.read(lambda connection: str(connection.execute("SELECT message FROM bodies").fetchall()))


def rows(world: World) -> list[Notification]:
    return world.database.submit(outbox.claim, world.clock(), 99).result()


async def deleted(world: World) -> None:
    world.remove("11")
    await world.ask(minutes=5)
    assert world.stored("11").post.fate == "deleted"
    assert "secret" not in kept(world)


async def test_an_alert_that_stands_in_a_chat_is_edited(world: World) -> None:
    assert "secret" in "".join(world.texts())
    await deleted(world)
    (notice,) = world.texts()
    assert notice.startswith("🗑 Deleted after")
    (edit,) = world.edited
    assert edit.startswith("🟦 Olha Ivanenko")
    assert GONE in edit


async def test_an_alert_that_was_not_sent_yet_is_not_sent(world: World) -> None:
    await deleted(world)
    told = world.texts()
    assert [text.split("\n")[0] for text in told] == ["🟦 Olha Ivanenko", "🗑 Deleted after 65 minutes"]
    assert "something else" in told[0]
    assert world.edited == []


async def test_who_does_not_want_deletions_hears_nothing_of_it_at_all(world: World) -> None:
    world.subscribe(Follow("all"), changes="off")
    await deleted(world)
    assert ["something else" in text for text in world.texts()] == [True]


async def test_an_alert_on_its_way_is_edited_as_soon_as_it_stands(world: World) -> None:
    (row,) = rows(world)
    assert "secret" in row.message.text
    await deleted(world)
    world.database.submit(outbox.sent, [outbox.Arrival(row, 7)], world.clock()).result()
    world.texts()
    (edit,) = world.edited
    assert GONE in edit


async def test_whoever_could_not_be_reached_leaves_no_words_behind(world: World) -> None:
    (row,) = rows(world)
    world.database.submit(outbox.refuse, row.id, "blocked", world.clock()).result()
    world.database.submit(subscribers.deactivate, 1, "blocked", world.clock()).result()
    await deleted(world)
    assert world.texts() == []


async def test_a_long_post_goes_from_each_of_its_messages(world: World) -> None:
    world.texts()
    await world.poll(a_post("13", "A secret sample. " * 800, "ivanenko-x", at=world.clock()))
    told = world.texts()
    assert len(told) > 3
    world.remove("13")
    await world.ask(hours=2)
    assert "secret sample" not in kept(world)
    world.texts()
    assert len([edit for edit in world.edited if GONE in edit]) == len(told)


async def test_an_edit_that_was_told_goes_with_it(world: World) -> None:
    world.texts()
    world.remove("11")
    await world.poll(a_post("11", f"{SECRET} Changed.", "ivanenko-x", at=world.clock() - timedelta(minutes=55)))
    (edit,) = world.texts()
    assert "secret" in edit
    assert "Changed." in edit
    await deleted(world)
    world.texts()
    assert len(world.edited) == 2
    assert all(GONE in text for text in world.edited)


@pytest.mark.parametrize("sent", [True, False])
async def test_a_digest_keeps_the_rest(world: World, sent: bool) -> None:
    world.texts()
    evening = world.clock().replace(hour=20, minute=0)
    world.database.submit(subscribers.set_digest, 1, daily(time(20)), "UTC", evening).result()
    assert await digest.queue_due(world.database, ROSTER, evening) == 1
    world.clock.at = evening
    if sent:
        (told,) = world.texts()
        assert "secret" in told
    await deleted(world)
    told = "".join(world.texts())
    shown = [text for text in [*world.edited, told] if "📰 Digest" in text]
    assert len(shown) == 1
    assert GONE in shown[0]
    assert "something else" in shown[0]
    assert "secret" not in shown[0]


@pytest.mark.parametrize("fate", ["protected", "suspended", "withheld"])
async def test_what_is_hidden_is_hidden_in_chats_until_it_is_shown_again(world: World, fate: Fate) -> None:
    world.texts()
    world.source.fates["11"] = fate
    await world.ask(minutes=5)
    assert world.texts() == []
    assert len(world.edited) == 1
    assert HIDDEN in world.edited[0]
    assert "secret" not in kept(world)
    del world.source.fates["11"]
    await world.ask(hours=24)
    world.texts()
    assert SECRET in world.edited[1]


async def test_a_digest_does_not_get_the_words_back(world: World) -> None:
    evening = world.clock().replace(hour=13, minute=1)
    world.database.submit(subscribers.set_digest, 1, daily(time(13, 1)), "UTC", evening).result()
    assert await digest.queue_due(world.database, ROSTER, evening) == 1
    world.clock.at = evening
    world.source.fates["11"] = "protected"
    await world.ask(minutes=5)
    del world.source.fates["11"]
    await world.ask(hours=24)
    shown = [text for text in world.texts() if "📰 Digest" in text]
    assert [HIDDEN in text for text in shown] == [True]


async def test_a_look_that_shows_it_again_brings_the_words_back(world: World) -> None:
    world.texts()
    (post,) = [post for post in world.source.posts if post.external_id == "11"]
    world.source.fates["11"] = "protected"
    await world.ask(minutes=5)
    world.texts()
    await world.poll(post)
    world.texts()
    assert SECRET in world.edited[-1]


async def test_a_channel_s_words_are_evidence(world: World) -> None:
    world.source.whole.add("petrov-telegram")
    await world.poll(*[a_post(id, f"Sample of point {id}.", "petrov-telegram", at=world.clock()) for id in "567"])
    await world.poll(*[a_post(id, f"Sample of point {id}.", "petrov-telegram", at=world.clock()) for id in "8"])
    world.texts()
    world.remove("7")
    await world.poll()
    await world.ask()
    await world.ask(hours=1)
    assert world.stored("7").post.fate == "deleted"
    assert "Sample of point 7." in kept(world)
    world.texts()
    assert world.edited == []


async def test_half_of_it_is_never_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(connection: Connection, *arguments: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "take_back", cut_off)
        world.remove("11")
        await world.ask(minutes=5)
    assert world.stored("11").post.text == SECRET
    assert "secret" in kept(world)
    await world.ask(minutes=15)
    assert world.stored("11").post.text == ""
    assert "secret" not in kept(world)
