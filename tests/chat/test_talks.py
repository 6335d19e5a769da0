"""/talks and /compare."""

from dataclasses import replace

import pytest

from bot.chat import Desk
from tests.chat.offline import Talk, data_of, open_chat, text_of
from tests.chat.worlds import Office, quoted

pytestmark = pytest.mark.anyio


@pytest.fixture
def heard(office: Office) -> Office:
    office.said(1, "A truce is near.", quoted("ivanenko"))
    office.said(2, "No truce is near.", quoted("petrov"))
    office.said(3, "A truce is very near.", quoted("ivanenko"))
    office.said(4, "Gas is dear.", quoted("sidorov"))
    return office


async def test_talks_show_rounds_and_each_sides_latest_words_on_their_course(talk: Talk, heard: Office) -> None:
    (answer,) = await talk.says("/talks")
    assert answer["text"].startswith(
        "🤝 Sample talks\n🟦 North, 🟥 South\n\nRounds\n• 7–8 March 2022, Hall 7 (x.example)\n"
    )
    assert "Hall 2 " not in answer["text"]
    north = answer["text"].split("🏷 Truce\n")[1]
    assert "🟦 Olha Ivanenko · Quoted by The Wire (state media)\nA truce is very near." in north
    assert "🟥 Pavel Petrov · Quoted by The Wire (state media)\nNo truce is near." in north
    assert "A truce is near." not in north
    assert data_of(answer) == ["rounds:sample:0", "compare:truce:0"]


async def test_each_statement_leads_to_its_evidence(talk: Talk, heard: Office) -> None:
    (answer,) = await talk.says("/talks")
    links = [entity["url"] for entity in answer["entities"] if entity["type"] == "text_link"]
    assert links == ["https://wire.example/3", "https://wire.example/2"]


async def test_all_rounds_are_a_button_away_and_back(talk: Talk) -> None:
    text = text_of(await talk.presses("rounds:sample:0"))
    assert text.startswith("Rounds: Sample talks\n• 7–8 March 2022, Hall 7 (x.example)\n")
    assert text.endswith("• 1–2 March 2022, Hall 1 (x.example)")
    assert "Sample talks" in text_of(await talk.presses("talks:sample"))


async def test_nothing_found_is_said(talk: Talk) -> None:
    assert "🏷 Truce\nNothing found." in text_of(await talk.says("/talks sample"))


async def test_without_talks_that_is_said(office: Office) -> None:
    roster = replace(office.desk.roster, talks={})
    bare = Office(Desk(office.database, replace(office.desk.settings, roster=roster), office.clock), office.clock)
    talk = await open_chat(bare)
    assert text_of(await talk.says("/talks")) == "No talks are set up."
    await talk.application.shutdown()


@pytest.mark.parametrize("typed", ["truce", "перемир'я", "Перемирие"])
async def test_a_topic_is_compared_side_by_side(talk: Talk, heard: Office, typed: str) -> None:
    (answer,) = await talk.says(f"/compare {typed}")
    north, south = answer["text"].split("\n\n🟥 South\n")
    assert north.startswith("⚖️ Truce\n\n🟦 North\n10 March 2022, 13:00 EET · 🟦 Olha Ivanenko")
    assert north.endswith("A truce is very near.")
    assert "No truce is near." in south
    assert "Topics know words, not irony" in south
    assert data_of(answer) == ["latest:topic:truce"]


async def test_any_words_are_compared_and_silent_sides_are_named(talk: Talk, heard: Office) -> None:
    (answer,) = await talk.says("/compare gas")
    assert "🟥 South\n" in answer["text"]
    assert "Found nothing by: 🟦 North." in answer["text"]
    assert data_of(answer) == ["search:1"]
    assert "Gas is dear." in text_of(await talk.presses("compared:0", answer))


async def test_without_words_one_chooses_a_topic(talk: Talk, heard: Office) -> None:
    (answer,) = await talk.says("/compare")
    assert data_of(answer) == ["compare:truce:0"]
    assert "No truce is near." in text_of(await talk.presses("compare:truce:0", answer))
    assert "What did each side" in text_of(await talk.presses("compare:0", answer))
    assert "No truce is near." in text_of(await talk.presses("about:topic:truce", answer))


async def test_what_cannot_be_compared_is_said(talk: Talk, heard: Office) -> None:
    assert "neither a speaker" in text_of(await talk.says("/compare Petrov")) or "Whom" in text_of(
        await talk.says("/compare Petrov")
    )
    assert "A quotation mark is opened here" in text_of(await talk.says('/compare "gas'))
    assert "too long" in text_of(await talk.says("/compare " + "gas " * 100))


@pytest.mark.parametrize("data", ["compare:nothing:0", "talks:none", "rounds:none:0", "compare:x"])
async def test_a_button_for_what_is_gone_is_stale(talk: Talk, data: str) -> None:
    (answer,) = await talk.presses(data)
    assert answer["method"] == "answerCallbackQuery"
    assert answer["show_alert"]
