"""/admin: what operators see and switch; for everybody else there is no such command."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import digest
from bot.chat.desk import Desk
from bot.models import Cursor, Message
from bot.store import access, gaps, outbox, sources, subscribers
from bot.store.connection import Connection
from tests.chat.offline import Talk, data_of, open_chat, operator_of, text_of
from tests.chat.test_groups import IN, PUT_OUT, standing
from tests.chat.worlds import Office
from tests.store.worlds import put_subscriber
from tests.worlds import NOON, ROSTER

pytestmark = pytest.mark.anyio


async def test_for_everybody_else_there_is_no_such_command(talk: Talk, boss: Talk, office: Office) -> None:
    for words in ("/admin", "/admin people", "/admin announce Hello"):
        assert "I do not know /admin." in text_of(await talk.says(words))
    group = {"id": -100, "type": "supergroup", "title": "The desk"}
    assert await boss.elsewhere(group, id=99).says("/admin") == []
    assert "/admin" not in text_of(await talk.says("/admi"))
    (menu,) = await boss.says("/admin")
    pressed = [data for data in data_of(menu) if data.startswith("admin:")]
    assert len(pressed) == 6
    for data in (*pressed, "admin:bar:7", "admin:off:wire:0", "admin:send:1:all"):
        (note,) = await talk.presses(data, menu)
        assert "out of date" in note["text"]
    assert not office.database.read(access.is_barred, 7)


@pytest.mark.parametrize(
    "data",
    ["admin", "admin:", "admin:x", "admin:chat:x", "admin:chat:9999999999999999", "admin:on:nothing:0",
     "admin:send:1:fr", "admin:chat:1:2"],
)  # fmt: skip
async def test_buttons_that_mean_nothing_say_so(boss: Talk, data: str) -> None:
    (note,) = await boss.presses(data)
    assert "out of date" in note["text"]


async def test_every_page_leads_back(boss: Talk, office: Office) -> None:
    office.database.submit(put_subscriber, NOON, 99).result()
    (menu,) = await boss.says("/admin")
    assert "Subscribers: 1, new in 7 days: 1" in menu["text"]
    for data in data_of(menu):
        _, page = await boss.presses(data, menu)
        assert page["method"] == "editMessageText"
        assert "admin:menu" in data_of(page)
    for word in ("people", "Sources", "money", "queue", "news", "troubles"):
        assert "Running Parley" not in text_of(await boss.says(f"/admin {word}"))
    assert "Running Parley" in text_of(await boss.says("/admin nonsense"))


# --- people


async def test_people_are_counted_by_state_kind_and_language(boss: Talk, office: Office) -> None:
    def story(connection: Connection) -> None:
        put_subscriber(connection, NOON - timedelta(days=8), 1)
        put_subscriber(connection, NOON - timedelta(days=6), -2)
        subscribers.deactivate(connection, put_subscriber(connection, NOON, 3).chat, "blocked", NOON)
        subscribers.speak(connection, put_subscriber(connection, NOON, 4).id, "uk")

    office.database.submit(story).result()
    told = text_of(await boss.says("/admin people"))
    assert "New in 7 days: 3" in told
    assert "By state: active 3, have blocked the bot or put it out 1" in told
    assert "by kind: private chats 2, supergroups 1" in told
    assert "By language: English 2, Ukrainian 1" in told


async def test_a_chat_is_looked_up_shut_out_and_let_in_again(talk: Talk, boss: Talk, office: Office) -> None:
    await talk.says("/subscribe petrov")
    shown = (await boss.says("/admin 7"))[-1]
    assert "Chat 7" in shown["text"]
    assert "private · active · en · Europe/Kyiv · 20:00" in shown["text"]
    assert "Follows: 1, watches: 0" in shown["text"]
    _, shut = await boss.presses("admin:bar:7", shown)
    assert "Shut out" in shut["text"]
    known = office.subscriber()
    assert known is not None
    assert known.state == "barred"

    assert "have shut this chat out" in text_of(await talk.says("/latest"))
    assert await talk.says("/latest") == []
    assert await talk.says("some words") == []
    (note,) = await talk.presses("menu")
    assert "does not answer this chat" in note["text"]
    assert (await talk.types("truce"))["results"] == []
    await talk.tells(standing(talk.chat, PUT_OUT, IN, **talk.user))
    assert office.subscriber() == known
    (file,) = await talk.says("/export")
    assert file["method"] == "sendDocument"
    assert "shut out: 1" in text_of(await boss.says("/admin people"))

    await boss.presses("admin:admit:7", shut)
    again = office.subscriber()
    assert again is not None
    assert again.state == "active"
    assert len(office.follows()) == 1
    assert "Newest statements" in text_of(await talk.says("/latest"))


async def test_who_is_shut_out_can_still_erase_what_is_kept_and_stays_out(
    talk: Talk, boss: Talk, office: Office
) -> None:
    await talk.says("/subscribe petrov")
    await boss.presses("admin:bar:7")
    assert "erased" in text_of(await talk.says("/stop"))
    assert office.subscriber() is None
    assert "have shut this chat out" in text_of(await talk.says("/start"))
    assert office.subscriber() is None
    assert "It has no settings here." in text_of(await boss.says("/admin 7"))


async def test_a_person_who_is_shut_out_is_not_answered_in_a_group_either(talk: Talk, boss: Talk) -> None:
    await boss.presses("admin:bar:7")
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "The desk"})
    assert await group.says("/latest") == []
    assert text_of(await group.elsewhere(group.chat, id=8).says("/latest"))


async def test_a_group_that_is_shut_out_stays_so_when_it_becomes_a_supergroup(office: Office) -> None:
    def story(connection: Connection) -> None:
        put_subscriber(connection, NOON, -5)
        access.bar(connection, -5, NOON)
        subscribers.move(connection, -5, -105)

    office.database.submit(story).result()
    known = office.subscriber(-105)
    assert known is not None
    assert known.state == "barred"
    assert office.database.read(access.is_barred, -105)


async def test_each_topic_of_a_forum_is_shown(boss: Talk, office: Office) -> None:
    office.database.submit(put_subscriber, NOON, -9, 3).result()
    assert "Topic 3" in text_of(await boss.says("/admin -9"))


# --- sources


async def test_a_source_is_switched_off_and_on_and_that_outlives_a_restart(
    talk: Talk, boss: Talk, office: Office
) -> None:
    office.database.submit(sources.polled, "wire", Cursor("1"), NOON, NOON).result()
    office.clock.goes(hours=1)
    (page,) = await boss.says("/admin sources")
    _, off = await boss.presses("admin:off:wire:0", page)
    assert "⏸ The Wire" in off["text"]
    assert "switched off since" in off["text"]
    assert "admin:on:wire:0" in data_of(off)
    office.database.submit(sources.enrol, list(ROSTER.sources.values()), office.clock()).result()
    assert "wire" not in [due.id for due in office.database.read(sources.due, office.clock())]

    told = text_of(await talk.says("/status"))
    assert "1 source is collected." in told
    assert "⏸ 1 is switched off." in told
    assert "switched off since" in told
    (gap,) = office.database.read(gaps.between, NOON, office.clock())
    assert (gap.source, gap.since, gap.until, gap.reason) == ("wire", NOON, None, gaps.SWITCHED_OFF)
    assert "switched off: 1" in text_of(await boss.says("/admin"))

    office.clock.goes(hours=1)
    await boss.presses("admin:on:wire:0", off)
    assert "wire" in [due.id for due in office.database.read(sources.due, office.clock())]
    office.database.submit(sources.polled, "wire", Cursor("2"), office.clock(), office.clock()).result()
    (gap,) = office.database.read(gaps.between, NOON, office.clock())
    assert gap.until == office.clock()


async def test_a_poll_that_was_under_way_does_not_close_the_gap(office: Office) -> None:
    def story(connection: Connection) -> None:
        sources.polled(connection, "wire", Cursor("1"), NOON, NOON)
        sources.switch_off(connection, "wire", NOON + timedelta(minutes=1))
        sources.polled(connection, "wire", Cursor("2"), NOON + timedelta(minutes=2), NOON)

    office.database.submit(story).result()
    *_, last = office.database.read(gaps.between, NOON, NOON + timedelta(hours=1))
    assert (last.since, last.until) == (NOON + timedelta(minutes=2), None)


async def test_a_digest_says_that_a_source_was_switched_off(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe all digest")
    office.database.submit(sources.polled, "wire", Cursor("1"), NOON, NOON).result()
    office.database.submit(sources.switch_off, "wire", NOON).result()
    await digest.queue_due(office.database, ROSTER, office.clock.goes(hours=7))
    (row,) = await office.database.write(outbox.claim, office.clock(), 9)
    assert "The Wire" in row.message.text
    assert "Not readable" in row.message.text


@pytest.fixture
async def without_wire(office: Office) -> AsyncIterator[Talk]:
    """The operator of an office whose configuration has an agency off."""
    shown = {**ROSTER.sources, "wire": replace(ROSTER.sources["wire"], enabled=False)}
    settings = replace(office.desk.settings, roster=replace(ROSTER, sources=shown))
    office.database.submit(sources.enrol, list(shown.values()), office.clock()).result()
    opened = await open_chat(Office(Desk(office.database, settings, office.clock), office.clock))
    yield operator_of(opened)
    await opened.application.shutdown()


async def switches(operator: Talk) -> list[str]:
    (page,) = await operator.says("/admin sources")
    return [data for data in data_of(page) if data.startswith(("admin:on", "admin:off"))]


async def test_every_source_can_be_switched(boss: Talk) -> None:
    assert await switches(boss) == ["admin:off:ivanenko-x:0", "admin:off:petrov-telegram:0", "admin:off:wire:0"]


async def test_what_the_configuration_has_off_is_not_switched(without_wire: Talk) -> None:
    assert await switches(without_wire) == ["admin:off:ivanenko-x:0", "admin:off:petrov-telegram:0"]
    for data in ("admin:off:wire:0", "admin:on:wire:0"):
        (note,) = await without_wire.presses(data)
        assert "out of date" in note["text"]


# --- the queue and troubles


async def test_the_queue_is_shown_by_lane_with_its_age(boss: Talk, office: Office) -> None:
    def story(connection: Connection) -> None:
        one, two = (put_subscriber(connection, NOON, chat) for chat in (1, 2))
        outbox.queue(connection, [(one.id, False), (two.id, False)], "a", [Message("x")], "urgent", NOON)
        outbox.queue(connection, [(one.id, False)], "b", [Message("x")], "digest", NOON - timedelta(hours=2))
        first, second = outbox.claim(connection, NOON, 2)
        outbox.defer(connection, first.id, NOON + timedelta(hours=1), "Flood control exceeded")
        outbox.unknown(connection, second.id, None, "no answer", NOON)

    office.database.submit(story).result()
    told = text_of(await boss.says("/admin queue"))
    assert "urgent alerts: 1 for 1 chat, the oldest since 14 March 2022, 14:00 EET; put off: 1; not due yet: 1" in told
    assert "digests and edits: 1 for 1 chat, the oldest since 14 March 2022, 12:00 EET" in told
    assert "1 chat is held, until 14 March 2022, 15:00 EET" in told
    assert "Of 1 message of the last day nobody can tell whether it arrived." in told


async def test_troubles_are_told_with_what_to_do(boss: Talk, office: Office) -> None:
    def story(connection: Connection) -> None:
        operator = put_subscriber(connection, NOON, 99)
        eve = put_subscriber(connection, NOON, 7)
        sources.failed(connection, "wire", "the server answers 503", NOON, NOON)
        outbox.queue(connection, [(operator.id, False)], f"ailing:{NOON}", [Message("A source fails")], "notice", NOON)
        for number, (state, reason) in enumerate(
            [("refused", "ours: can't parse entities"), ("unknown", "no answer"), ("refused", "bot was blocked"),
             ("refused", "an operator took it back"), ("refused", "message is strange")]
        ):  # fmt: skip
            outbox.queue(connection, [(eve.id, False)], f"post:{number}", [Message("x")], "alert", NOON)
            (row,) = [one for one in outbox.claim(connection, NOON, 9) if one.subscriber == eve.id]
            if state == "refused":
                outbox.refuse(connection, row.id, reason, NOON)
            else:
                outbox.unknown(connection, row.id, None, reason, NOON)

    office.database.submit(story).result()
    told = text_of(await boss.says("/admin troubles"))
    assert "the server answers 503" in told
    assert "1 × ours: can't parse entities (last 14 March 2022, 12:00 UTC)\n   A mistake of Parley itself" in told
    assert "1 × no answer (last 14 March 2022, 12:00 UTC)\n   It may have arrived" in told
    assert "bot was blocked (last 14 March 2022, 12:00 UTC)\n   Nothing to do: the chat does not want it" in told
    assert "took it back (last 14 March 2022, 12:00 UTC)\n   Nothing to do: that was meant." in told
    assert "message is strange (last 14 March 2022, 12:00 UTC)\n   Telegram did not take it." in told
    assert "A source fails" in told
    assert "went wrong: 4" in text_of(await boss.says("/admin"))


async def test_without_troubles_that_is_said(boss: Talk) -> None:
    assert "Nothing has gone wrong of late." in text_of(await boss.says("/admin troubles"))
    assert "Nothing waits." in text_of(await boss.says("/admin queue"))


async def test_money_is_told_where_something_costs(boss: Talk) -> None:
    assert "X is not read" in text_of(await boss.says("/admin money"))


@pytest.fixture
async def paying(office: Office) -> AsyncIterator[Talk]:
    settings = replace(office.desk.settings, x_bearer_token="x", translate_url="https://translate.example")
    opened = await open_chat(Office(Desk(office.database, settings, office.clock), office.clock))
    yield operator_of(opened)
    await opened.application.shutdown()


async def test_money_has_caps_projection_and_translation(paying: Talk) -> None:
    told = text_of(await paying.says("/admin money"))
    assert "$0.00 of $5.00 today" in told
    assert "at this rate it lasts the month" in told
    assert "Translated this month: 0 of 500,000 characters" in told
