"""/speaker: the card of one speaker."""

from datetime import timedelta

import pytest

from bot.models import Cursor, Statement
from bot.store import gaps, sources
from tests.chat.offline import Talk, data_of, text_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("typed", ["Ivanenko", "Іваненко", "Ольги Иваненко", "ivanenko", "@o_ivanenko", "ivanenko-x"])
async def test_a_card_has_roles_accounts_last_words_and_activity(talk: Talk, office: Office, typed: str) -> None:
    office.said(1, "The first offer.", Statement("ivanenko", "own", "words"), source="ivanenko-x")
    office.said(99, "The last offer.", quoted("ivanenko"))
    (answer,) = await talk.says(f"/speaker {typed}")
    text = answer["text"]
    assert text.startswith(
        "🟦 Olha Ivanenko\n🟦 North\n\nRoles\n• head of delegation\n• minister, since 1 January 2023\n"
    )
    assert "Own accounts\n➖ 🟦 Olha Ivanenko, X @o_ivanenko\n" in text  # no token for X in this office
    assert "14 March 2022, 13:00 EET · Quoted by The Wire (state media)\nThe last offer." in text
    assert "Statements by week\n14–20 Mar ▇▇▇▇▇▇▇▇▇▇▇▇ 1\n7–13 Mar ▇▇▇▇▇▇▇▇▇▇▇▇ 1\n28 Feb – 6 Mar 0\n" in text
    assert data_of(answer) == ["latest:speaker:ivanenko", "on:speaker:ivanenko", "people:north:0"]


async def test_who_was_never_heard_has_a_card_too(talk: Talk) -> None:
    text = text_of(await talk.says("/speaker Sidorov"))
    assert text == (
        "🟥 Semyon Sidorov\n🟥 South\n\nNo account of their own is read; what outlets quote is.\n\n"
        "Nothing was heard of them yet."
    )


async def test_an_account_that_cannot_be_read_says_so(talk: Talk, office: Office) -> None:
    assert "⏳ 🟥 Pavel Petrov, Telegram @p_petrov – not read yet" in text_of(await talk.says("/speaker Petrov"))
    since, until = NOON - timedelta(hours=3), NOON - timedelta(hours=2)
    await office.database.write(sources.polled, "petrov-telegram", Cursor("c"), NOON, NOON)
    await office.database.write(gaps.add, "petrov-telegram", since, until, "gone")
    assert "Telegram @p_petrov – just now; not readable" in text_of(await talk.says("/speaker Petrov"))


async def test_from_an_alert_the_card_comes_as_a_message_of_its_own(talk: Talk) -> None:
    _, answer = await talk.presses("who:petrov")
    assert answer["method"] == "sendMessage"
    assert answer["text"].startswith("🟥 Pavel Petrov\n🟥 South\n")
    (stale,) = await talk.presses("who:nobody")
    assert stale["show_alert"]


async def test_without_a_name_one_chooses_by_side(talk: Talk) -> None:
    (answer,) = await talk.says("/speaker")
    assert data_of(answer) == ["people:north:0", "people:south:0"]
    (shown,) = [call for call in await talk.presses("people:south:0", answer) if call["method"] == "editMessageText"]
    assert data_of(shown) == ["about:speaker:petrov", "about:speaker:sidorov", "people::0"]
    assert "🟥 Pavel Petrov" in text_of(await talk.presses("about:speaker:petrov", shown))
    assert data_of((await talk.says("/speaker South"))[0]) == data_of(shown)


async def test_a_misspelt_name_is_answered_with_whom_it_looks_like(talk: Talk) -> None:
    (answer,) = await talk.says("/speaker Ivanenka")
    assert data_of(answer) == ["about:speaker:ivanenko"]
    assert "/speaker Olha Ivanenko" in answer["text"]
    (answer,) = await talk.says("/speaker wire")
    assert "For example" in answer["text"]
    assert data_of(answer) == []


@pytest.mark.parametrize("data", ["people:nowhere:0", "people:south:-1", "about:speaker:nobody", "about:side:south"])
async def test_a_button_for_nobody_is_stale(talk: Talk, data: str) -> None:
    (answer,) = await talk.presses(data)
    assert answer["method"] == "answerCallbackQuery"
    assert "out of date" in answer["text"]
