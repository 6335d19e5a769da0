"""`@bot words` in any chat."""

from typing import Any

import pytest

from bot.models import Statement
from bot.store import posts
from tests.chat.offline import Talk, open_chat, text_of
from tests.chat.worlds import Office, an_office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

OWN = Statement("ivanenko", "own", "words")


def ids(answer: dict[str, Any]) -> list[str]:
    return [result["id"] for result in answer["results"]]


async def test_a_stranger_finds_a_statement_and_shares_it_with_its_link(talk: Talk, office: Office) -> None:
    number = office.said(99, "A truce is near.", quoted("petrov"))
    office.said(98, "Gas is dear.", quoted("petrov"))
    answer = await talk.types("truce")
    assert answer["method"] == "answerInlineQuery"
    assert (answer["cache_time"], answer["is_personal"]) == (30, True)
    (result,) = answer["results"]
    assert (result["id"], result["title"]) == (str(number), "🟥 Pavel Petrov · 14 March 2022")
    assert result["description"] == "A truce is near."
    content = result["input_message_content"]
    assert content["message_text"] == (
        "🟥 Pavel Petrov\nSouth\nQuoted by The Wire (state media)\nA truce is near.\n"
        "14 March 2022, 13:00 EET · wire.example"
    )
    assert {entity["type"] for entity in content["entities"]} >= {"bold", "blockquote", "text_link"}
    assert result["reply_markup"]["inline_keyboard"] == [[{"text": "Source", "url": "https://wire.example/99"}]]
    assert office.subscriber() is None


async def test_the_language_is_the_chosen_one_else_that_of_ones_telegram_and_the_zone_is_the_houses(
    talk: Talk, office: Office
) -> None:
    office.said(99, "A truce is near.", quoted("petrov"))
    german = talk.elsewhere(talk.chat, language_code="de")
    russian = talk.elsewhere(talk.chat, language_code="ru")
    assert "14 March 2022" in (await german.types("truce"))["results"][0]["title"]
    assert "14 марта 2022" in (await russian.types("truce"))["results"][0]["title"]
    await talk.says("/language uk")
    await talk.says("/zone Tokyo")
    (result,) = (await russian.types("truce"))["results"]
    assert "14 березня 2022, 13:00 EET" in result["input_message_content"]["message_text"]


async def test_pages_follow_each_other_without_gap_or_double(talk: Talk, office: Office) -> None:
    for number in range(1, 24):
        office.said(number, f"Truce number {number}.", quoted("petrov"))
    for words in ("truce", "", "from:petrov"):
        offset, seen = "", []
        for size in (10, 10, 3):
            answer = await talk.types(words, offset)
            assert len(answer["results"]) == size
            seen += ids(answer)
            offset = answer["next_offset"]
        assert offset == ""
        assert seen == [str(number) for number in range(23, 0, -1)]


async def test_what_x_no_longer_shows_is_not_shared(talk: Talk, office: Office) -> None:
    gone = office.said(1, "A truce, we said.", OWN, source="ivanenko-x")
    await office.database.write(posts.delete, gone, NOON, NOON)
    await office.database.write(posts.purge, gone)
    assert (await talk.types(""))["results"] == []
    assert (await talk.types("truce"))["results"] == []


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("nowhere", "Nothing found."),
        ("NOT truce", "It says only what must not be there; at least one word must…"),
        ("x" * 301, "It is too long."),
        ("(" * 12 + "truce", "There are too many brackets within brackets."),
    ],
)
async def test_what_finds_nothing_says_why(talk: Talk, office: Office, words: str, note: str) -> None:
    office.said(1, "A truce is near.", quoted("petrov"))
    answer = await talk.types(words)
    assert answer["results"] == []
    assert answer["button"] == {"text": note, "start_parameter": "inline"}


async def test_a_query_that_is_still_being_typed_finds_what_it_may_become(talk: Talk, office: Office) -> None:
    office.said(1, "A truce is near.", quoted("petrov"))
    assert ids(await talk.types('"truce is')) == ["1"]


@pytest.mark.parametrize("offset", ["x", "-1", "9" * 40, "１"])
async def test_an_offset_that_is_none_begins_anew(talk: Talk, office: Office, offset: str) -> None:
    office.said(1, "A truce is near.", quoted("petrov"))
    assert ids(await talk.types("truce", offset)) == ["1"]


async def test_who_types_too_fast_gets_nothing_for_a_while(office: Office) -> None:
    office.said(1, "A truce is near.", quoted("petrov"))
    hasty = await open_chat(an_office(office.database, commands_a_minute=1))
    for _ in range(4):
        assert ids(await hasty.types("truce")) == ["1"]
    refused = await hasty.types("truce")
    assert refused["results"] == []
    assert refused["button"]["text"] == "Too many searches; wait a minute."
    assert "Newest" in text_of(await hasty.says("/latest"))
    await hasty.application.shutdown()


async def test_an_answer_that_comes_too_late_harms_nobody(talk: Talk) -> None:
    talk.telegram.refuse["answerInlineQuery"] = (400, "Bad Request: query is too old")
    assert (await talk.types("truce"))["method"] == "answerInlineQuery"


async def test_what_was_shared_into_the_chat_with_the_bot_is_no_question(talk: Talk) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}
    assert await talk.says("A truce is near.", via_bot=bot) == []
