"""The same statement told again: who is told, what their alert says then, and what is put right."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import digest, tell
from bot.models import Follow, Post, Retold
from bot.store import corrections, late, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.collecting import World
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

SAID = "“The delegations meet again on Friday and bring a draft agreement,” Petrov told reporters."
AGAIN = "Petrov: delegations meet again on Friday and bring a draft agreement"
OWN = "The delegations meet again on Friday and bring a draft agreement. We shall see what they make of it."
OWN_RUSSIAN = "Делегации снова встретятся в пятницу и привезут проект соглашения. Посмотрим, что из этого выйдет."


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = World(database)
    await made.poll()
    yield made
    await made.close()


def wants(world: World, *follows: Follow, chat: int = 1, retold: Retold = "attach", mentions: bool = False) -> int:
    who = world.subscribe(*follows, chat=chat)
    world.database.submit(subscribers.choose, who, "retold", retold).result()
    world.database.submit(subscribers.choose, who, "mentions", str(int(mentions))).result()
    return who


def sent(world: World) -> list[tuple[int, bool, str]]:
    """Chat, whether it is an edit of what stands there, and the text; each arrives."""
    arrived = []
    while rows := world.database.submit(outbox.claim, world.clock(), 99).result():
        done = [outbox.Arrival(row, row.message_id or 100 + row.id) for row in rows]
        world.database.submit(outbox.sent, done, world.clock()).result()
        arrived += [(row.chat, bool(row.message_id), row.message.text) for row in rows]
    return arrived


def wire(number: int, text: str) -> Post:
    return a_post(str(number), text, at=NOON + timedelta(minutes=number))


async def test_a_later_telling_is_added_to_the_alert(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID))
    ((_, edited, first),) = sent(world)
    assert not edited
    assert "Also:" not in first
    await world.poll(wire(8, AGAIN))
    ((_, edited, text),) = sent(world)
    assert edited
    assert text == first + "\nAlso: The Wire 12:08"


async def test_who_wants_pictures_gets_the_first_one_with_the_alert(database: Database) -> None:
    shown = {id: replace(source, pictures=True) for id, source in ROSTER.sources.items()}
    world = World(database, replace(ROSTER, sources=shown))
    await world.poll()
    eve, _bob = (world.subscribe(Follow("all"), chat=chat) for chat in (1, 2))
    await database.write(subscribers.choose, eve, "pictures", "1")
    pictures = ("https://cdn.example/1.jpg", "https://cdn.example/2.jpg")
    await world.poll(a_post("1", SAID, at=NOON, media=("photo", "photo"), pictures=pictures))

    def waiting() -> list[str]:
        return [row.message.picture for row in database.submit(outbox.claim, world.clock(), 99).result()]

    assert waiting() == ["https://cdn.example/1.jpg", ""]
    await world.close()


async def test_of_tellings_before_it_was_sent_the_alert_goes_out_with_all(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID), wire(8, AGAIN))
    ((_, edited, text),) = sent(world)
    assert not edited
    assert text.endswith("Also: The Wire 12:08")


async def test_a_process_that_begins_anew_knows_what_was_told(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID))
    sent(world)
    await world.restart()
    await world.poll(wire(8, AGAIN))
    assert [edited for _, edited, _ in sent(world)] == [True]


async def test_two_sources_that_are_read_at_once_tell_one_story(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID), a_post("9", OWN_RUSSIAN, "petrov-telegram", NOON + timedelta(minutes=2)))
    assert len({telling.story for telling in world.all() if telling.post.external_id in "19"}) == 1


async def test_the_speakers_own_words_after_a_report_are_an_alert_of_their_own_and_their_twin_is_not(
    world: World,
) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID))
    sent(world)
    await world.poll(a_post("7", OWN_RUSSIAN, "petrov-telegram", NOON + timedelta(minutes=9), language="ru"))
    (own, report) = sorted(sent(world), key=lambda one: one[1])
    assert "Own words" in own[2]
    assert own[2].endswith("Russian\nAlso: The Wire (English) 12:01")
    assert report[2].endswith("Also: 🟥 Pavel Petrov (Russian) 12:09")
    await world.poll(a_post("8", OWN, "petrov-telegram", NOON + timedelta(minutes=12), language="en"))
    assert [edited for _, edited, _ in sent(world)] == [True, True]


async def test_who_follows_only_the_later_source_gets_an_alert_that_names_the_first(world: World) -> None:
    wants(world, Follow("source", "petrov-telegram"))
    await world.poll(wire(1, SAID))
    assert sent(world) == []
    await world.poll(a_post("7", OWN, "petrov-telegram", NOON + timedelta(minutes=9), language="en"))
    ((_, edited, text),) = sent(world)
    assert not edited
    assert text.endswith("Also: The Wire 12:01")


@pytest.mark.parametrize(("retold", "later"), [("attach", [True]), ("now", [False]), ("off", [])])
async def test_how_it_is_told_is_for_the_subscriber_to_say(world: World, retold: Retold, later: list[bool]) -> None:
    wants(world, Follow("all"), retold=retold)
    await world.poll(wire(1, SAID))
    sent(world)
    await world.poll(wire(8, AGAIN))
    assert [edited for _, edited, _ in sent(world)] == later


async def test_another_event_is_an_alert_of_its_own(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID))
    await world.poll(wire(8, AGAIN.replace("Friday", "Monday")))
    await world.poll(a_post("900", SAID, at=NOON + timedelta(hours=15)))
    assert [edited for _, edited, _ in sent(world)] == [False] * 3
    assert {telling.story for telling in world.all()} == {0}


async def test_an_alert_is_not_edited_for_ever(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(*(wire(number, f"{AGAIN}, paper {'abcdefghijklmnopqrst'[number]} writes") for number in range(18)))
    ((_, _, text),) = sent(world)
    assert "and 4 more" in text
    await world.poll(wire(40, AGAIN))
    assert sent(world) == []


async def test_after_an_outage_what_was_told_before_is_not_told_again(world: World) -> None:
    wants(world, Follow("all"))
    await world.poll(wire(1, SAID))
    sent(world)
    world.clock.goes(hours=3)
    await world.poll(wire(8, AGAIN))
    assert world.database.read(late.due, world.clock.goes(minutes=5)) == {}


async def test_after_an_outage_a_story_that_everybody_told_is_listed_once(world: World) -> None:
    wants(world, Follow("all"))
    world.clock.goes(hours=3)
    await world.poll(wire(8, AGAIN), wire(1, SAID), wire(30, "Petrov: the grain ships leave the port tomorrow morning"))
    await digest.queue_catch_up(world.database, ROSTER, world.clock.goes(minutes=5))
    ((_, _, text),) = sent(world)
    assert text.count("told reporters") == 1
    assert text.count("Reported by") == 1
    assert "grain ships" in text


async def test_mentions_come_to_who_wants_them(world: World) -> None:
    wants(world, Follow("speaker", "petrov"), chat=1, mentions=True)
    wants(world, Follow("side", "south"), chat=2, mentions=True)
    wants(world, Follow("all"), chat=3, mentions=True)
    wants(world, Follow("speaker", "ivanenko"), chat=4, mentions=True)
    wants(world, Follow("speaker", "petrov"), chat=5)
    await world.poll(wire(1, "The delegation met with Petrov in the evening."))
    alerts = sent(world)
    assert sorted(chat for chat, _, _ in alerts) == [1, 2, 3]
    assert all("Mentioned, not speaking: 🟥 Pavel Petrov" in text for _, _, text in alerts)


# --- what is put right


def doubt(connection: Connection, world: World, post: int, subscriber: int | None) -> corrections.Correction:
    asked = corrections.ask(connection, post, "petrov", subscriber, world.clock())
    assert asked is not None
    tell.doubted(connection, ROSTER, asked, [99], world.clock())
    return asked


def settle(connection: Connection, world: World, number: int, confirmed: bool) -> None:
    settled = corrections.settle(connection, number, confirmed=confirmed, now=world.clock())
    assert settled is not None
    tell.corrected(connection, ROSTER, settled, world.clock())


async def test_a_correction_wins_over_the_rules_whatever_is_read_again(world: World) -> None:
    who = wants(world, Follow("all"))
    wants(world, chat=99)
    await world.poll(wire(1, SAID))
    (alert,) = sent(world)
    number = world.stored("1").post.id
    asked = world.database.submit(doubt, world, number, who).result()
    ((chat, _, question),) = sent(world)
    assert chat == 99
    assert question.startswith("🤔 A reader doubts that these are the words of 🟥 Pavel Petrov.")
    assert "A verb of saying stands beside the name: Petrov told" in question

    world.database.submit(settle, world, asked.id, True).result()
    answer, amended = sent(world)
    assert answer[2].startswith("✳️ You were right: these are not the words of 🟥 Pavel Petrov.")
    assert amended[1]
    assert "✳️ Corrected: these are not the words of 🟥 Pavel Petrov" in amended[2]
    assert "Quoted by" not in amended[2]

    world.source.posts[:] = [wire(1, SAID + " He smiled.")]
    await world.poll()
    assert [(one.kind, one.rule) for one in world.stored("1").statements] == [("mention", "corrected")]

    world.database.submit(settle, world, asked.id, False).result()
    assert world.stored("1").statements[0].kind == "quote"
    assert any("The operators looked" in text for _, _, text in sent(world))
    assert alert[0] == 1


async def test_one_doubt_for_each_speaker_of_a_post_and_only_of_who_speaks(world: World) -> None:
    await world.poll(wire(1, SAID), wire(2, "The delegation met with Petrov in the evening."))
    number, mention = world.stored("1").post.id, world.stored("2").post.id
    assert world.database.submit(corrections.ask, number, "petrov", None, NOON).result() is not None
    assert world.database.submit(corrections.ask, number, "petrov", None, NOON).result() is None
    assert world.database.submit(corrections.ask, mention, "petrov", None, NOON).result() is None
    assert world.database.submit(corrections.settle, 1, confirmed=True, now=NOON).result() is not None
    assert world.database.submit(corrections.settle, 1, confirmed=True, now=NOON).result() is None
    assert world.database.submit(corrections.settle, 9, confirmed=True, now=NOON).result() is None
    assert world.database.read(corrections.between, NOON - timedelta(hours=1), NOON) == [number]
    assert world.database.read(corrections.between, NOON, NOON + timedelta(hours=1)) == []
    assert [one.speaker for one in world.database.read(corrections.confirmed, 9)] == ["petrov"]
