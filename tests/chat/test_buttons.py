"""Buttons that are old, forged or pressed twice, and answers that Telegram does not take."""

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram.error import NetworkError

from bot import chat
from bot.chat import buttons
from bot.store.database import Database
from tests.chat.made import shapes as made_shapes
from tests.chat.offline import Talk, text_of
from tests.chat.worlds import Office

pytestmark = pytest.mark.anyio

FORGED = [
    "",
    "menu:1",
    "nonsense",
    "side:north",
    "side:nowhere:0",
    "side:north:-1",
    "side:north:one",
    "side:north:99999999999999",
    "on:speaker:nobody",
    "on:person:petrov",
    "on:all:petrov",
    "on:all",
    "off:person:x",
    "how:speaker:petrov:loudly",
    "how:thing:petrov:now",
    "drop:thing:petrov",
    "drop:",
    "speakers:nowhere:0",
    "latest:speaker:nobody",
    "latest:all",
    "latest:all::1:2:3",
    "latest:all::x",
    "latest:all::100000",
    "all:speaker:petrov:1:1",
    "all:speaker:nobody:27450000:1440:0",
    "all:side:south:27450000:1440:0",
    "all:topic:truce:27450000:99999:0",
    "all:topic:truce:27450000:1440:99999999",
    "more:topic:truce:-1:1440:0",
    "whole:x",
    "tools:x",
    "recent:nobody",
    "mute:",
    "hush:speaker:nobody:on:1",
    "hush:speaker:petrov:year:1",
    "hush:side:south:on:1",
    "hush:watch:x:on:1",
    "unhush:side:south:1",
    "search:1",
    "search:x",
    "watch",
    "watch:1",
    "watches:x",
    "unwatch:x",
    "unwatch:",
    "digest:25:00",
    "digest:now",
    "digest:20:00:00:00",
    "digest:20:00",
    "digest:days:",
    "digest:days:8",
    "digest:days:x",
    "digest:on:",
    "digest:maybe:8:00",
    "quiet:22:00",
    "quiet:now",
    "begin",
    "begin:x",
    "begin:language",
    "begin:language:xx",
    "begin:follow:side:west",
    "begin:digest:25:00",
    "begin:whom:1",
    "set",
    "set:state:gone",
    "set:translate",
    "set:translate:1",
    "set:changes:loud",
    "set:mentions:2",
    "set:a:b:c",
    "settings:1",
    "news",
    "news:2",
    "news:0:0",
    "zone:Nowhere/City",
    "zone:Kyiv",
    "language:xx",
    "status:",
    "topics",
    "__class__:x",
]


@pytest.mark.parametrize("data", FORGED)
async def test_a_button_that_means_nothing_says_so_and_changes_nothing(talk: Talk, office: Office, data: str) -> None:
    (note,) = await talk.presses(data)
    assert note["method"] == "answerCallbackQuery"
    assert note["text"] == "This button is out of date. Please give the command again."
    assert note["show_alert"] is True
    assert office.subscriber() is None


async def test_a_button_without_data_or_out_of_reach_is_out_of_date(talk: Talk) -> None:
    (game,) = await talk.presses(None, game_short_name="chess")
    assert "out of date" in game["text"]
    (gone,) = await talk.presses("menu", message={"chat": talk.chat, "message_id": 3, "date": 0})
    assert "out of date" in gone["text"]
    (inline,) = await talk.tells(
        {
            "callback_query": {
                "id": "5",
                "from": talk.user,
                "chat_instance": "1",
                "data": "menu",
                "inline_message_id": "a",
            }
        }
    )
    assert "out of date" in inline["text"]


@given(st.text(max_size=64) | st.lists(st.sampled_from([*buttons.VERBS, "all", "", "1", "0", "north"])).map(":".join))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_data_it_is_understood_or_refused(office: Office, data: str) -> None:
    turn: Any = _turn(office)
    try:
        buttons.understand(data, turn)
    except ValueError:
        return


def _turn(office: Office) -> Any:
    from telegram import Chat, Message

    from bot.chat.turn import Turn

    message = Message(1, None, Chat(7, "private"), text="A menu")  # type: ignore[arg-type]
    return Turn(office.desk, None, message.chat, 0, message, None)  # type: ignore[arg-type]


def test_every_button_that_is_made_is_understood() -> None:
    """The verbs in the source of `render` are those that are read here."""
    made = {shape.split(":")[0] for shape in made_shapes()} - {"*"}
    assert made <= set(buttons.VERBS)
    assert len(made) > 40


@pytest.mark.parametrize(
    "words", ["message is not modified: same", "message to edit not found", "message can't be edited"]
)
async def test_a_message_that_cannot_be_changed_is_written_anew_unless_it_is_the_same(talk: Talk, words: str) -> None:
    talk.telegram.refuse["editMessageText"] = (400, f"Bad Request: {words}")
    calls = await talk.presses("menu")
    methods = [call["method"] for call in calls]
    expected = ["answerCallbackQuery", "editMessageText"]
    assert methods == (expected if "same" in words else [*expected, "sendMessage"])


async def test_a_button_whose_time_ran_out_still_does_what_it_says(talk: Talk, office: Office) -> None:
    talk.telegram.refuse["answerCallbackQuery"] = (400, "Bad Request: query is too old and response timeout expired")
    await talk.presses("on:all:")
    assert len(office.follows()) == 1


async def test_an_answer_that_telegram_refuses_is_noted_and_told_once(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.telegram.refuse["editMessageText"] = (400, "Bad Request: something new")
    calls = await talk.presses("menu")
    assert "Something went wrong here" in calls[-1]["text"]
    assert "an update was not handled" in caplog.text


async def test_a_chat_that_blocks_us_while_we_answer_is_no_error(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.telegram.refuse["sendMessage"] = (403, "Forbidden: bot was blocked by the user")
    assert len(await talk.says("/help")) == 1
    assert [record.levelno for record in caplog.records if record.name.startswith("bot")] == []


async def test_if_even_the_apology_cannot_be_sent_it_stays_at_that(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.telegram.refuse["sendMessage"] = (400, "Bad Request: something new")
    assert [call["method"] for call in await talk.says("/help")] == ["sendMessage", "sendMessage"]


async def test_a_fault_of_our_own_is_noted_without_what_was_typed(
    talk: Talk, caplog: pytest.LogCaptureFixture, office: Office
) -> None:
    await office.database.write(lambda connection: connection.execute("DROP TABLE places") and None)
    assert "Something went wrong" in text_of(await talk.says("/watch secretword"))
    assert "an update was not handled" in caplog.text
    assert "secretword" not in caplog.text


async def test_errors_of_polling_are_a_line_in_the_log(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    await talk.application.process_error(None, NetworkError("no answer"))
    await talk.application.process_error(None, ValueError("odd"))
    assert "Telegram did not take an answer: NetworkError" in caplog.text
    assert "an update was not handled" in caplog.text


async def test_the_menu_of_commands_is_set_in_three_languages_and_for_all_others(talk: Talk) -> None:
    await chat.register(talk.application.bot)
    calls = [fields for name, fields in talk.telegram.calls if name == "setMyCommands"]
    assert [call.get("language_code") for call in calls] == [None, "en", "uk", "ru"]
    assert calls[0]["commands"] == calls[1]["commands"] != calls[2]["commands"]


async def test_a_menu_that_cannot_be_set_is_a_warning(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.telegram.refuse["setMyCommands"] = (429, "Too Many Requests: retry after 9")
    with caplog.at_level(logging.WARNING):
        await chat.register(talk.application.bot)
    assert "the next start tries again" in caplog.text


def test_the_desk_is_small(database: Database, office: Office) -> None:
    assert office.desk.roster is office.desk.settings.roster


async def test_text_of_an_edit_is_found(talk: Talk) -> None:
    assert "Whom do you want to follow?" in text_of(await talk.presses("menu"))
