"""A closed instance: who is in its list is answered; others are told once how to ask, and nothing else is kept."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.chat import Desk
from bot.settings import Access
from bot.store import access
from bot.store.database import Database
from tests.chat.offline import Talk, open_chat, text_of
from tests.chat.test_groups import IN, OUT, standing
from tests.chat.worlds import Office, an_office

pytestmark = pytest.mark.anyio

GROUP = {"id": -100, "type": "supergroup", "title": "The desk"}


@pytest.fixture
def office(database: Database) -> Office:
    opened = an_office(database)
    settings = replace(opened.desk.settings, access=Access(open=False, allow=frozenset({8, -100})))
    return Office(Desk(database, settings, opened.clock), opened.clock)


@pytest.fixture
async def talk(office: Office) -> AsyncIterator[Talk]:
    """Eve, who is in no list."""
    opened = await open_chat(office)
    yield opened
    await opened.application.shutdown()


async def test_a_stranger_is_told_once_how_to_ask_and_nothing_is_kept(talk: Talk, office: Office) -> None:
    told = text_of(await talk.says("/subscribe all"))
    assert "open only to those whom its operators have let in" in told
    assert "write to office@parley.example and name this chat: 7" in told
    assert await talk.says("/start") == []
    assert await talk.says("truce") == []
    (note,) = await talk.presses("on:all:")
    assert "does not answer this chat" in note["text"]
    assert (await talk.types("truce"))["results"] == []
    assert office.subscriber() is None


async def test_what_is_kept_of_a_person_is_theirs_all_the_same(talk: Talk) -> None:
    assert "What is stored about you" in text_of(await talk.says("/privacy"))
    assert "Nothing is stored" in text_of(await talk.says("/stop"))


async def test_those_in_the_list_and_operators_are_answered(talk: Talk, boss: Talk) -> None:
    listed = talk.elsewhere({"id": 8, "type": "private", "first_name": "Bob"}, id=8)
    assert "You follow everything" in text_of(await listed.says("/subscribe all"))
    assert "You follow everything" in text_of(await boss.says("/subscribe all"))
    assert text_of(await talk.elsewhere(GROUP).says("/latest"))
    elsewhere = listed.elsewhere({"id": -300, "type": "supergroup", "title": "Other"}, id=8)
    assert text_of(await elsewhere.says("/latest"))
    assert "open only to those" in text_of(await elsewhere.elsewhere(elsewhere.chat, id=7).says("/latest"))


async def test_a_group_that_is_not_let_in_is_told_so_once(talk: Talk) -> None:
    other = GROUP | {"id": -300}
    (told,) = await talk.tells(standing(other, OUT, IN))
    assert "Цей бот відкритий лише для тих" in told["text"]
    assert await talk.tells(standing(other, OUT, IN)) == []
    (hello,) = await talk.tells(standing(GROUP, OUT, IN))
    assert "У групі лише адміністратори" in hello["text"]


async def test_after_a_while_it_is_forgotten_that_it_was_said(talk: Talk, office: Office) -> None:
    await talk.says("/start")
    assert await office.database.write(access.forget, office.clock()) == 0
    assert await office.database.write(access.forget, office.clock.goes(days=31)) == 1
    assert "open only to those" in text_of(await talk.says("/start"))


async def test_in_a_channel_nobody_in_person_counts(talk: Talk) -> None:
    wall = {"id": -100, "type": "channel", "title": "The wall"}
    (answer,) = await talk.elsewhere(wall).says("/subscribe all", kind="channel_post", sender_chat=wall)
    assert "You follow everything" in answer["text"]
