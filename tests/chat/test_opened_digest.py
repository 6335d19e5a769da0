"""What the buttons under a digest open: all statements of one speaker, or on one topic, in its window."""

from datetime import timedelta

import pytest

from tests.chat.offline import Talk, data_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

START = int((NOON - timedelta(days=4)).timestamp()) // 60
WINDOW = f"{START}:{5 * 24 * 60}"


async def test_all_of_a_speaker_comes_beside_the_digest_and_its_pages_turn_in_place(talk: Talk, office: Office) -> None:
    for number in range(10, 17):
        office.said(number, f"words {number}", quoted("petrov"))
    office.said(20, "others", quoted("ivanenko"))
    _answered, first = await talk.presses(f"all:speaker:petrov:{WINDOW}:0")
    assert first["method"] == "sendMessage"
    assert first["text"].startswith("🟥 Pavel Petrov\nFrom 10 March 2022, 14:00 EET to 15 March 2022, 14:00 EET\n\n1. ")
    assert [number for number in range(10, 17) if f"words {number}" in first["text"]] == [12, 13, 14, 15, 16]
    assert data_of(first)[0] == f"more:speaker:petrov:{WINDOW}:1"
    _answered, second = await talk.presses(f"more:speaker:petrov:{WINDOW}:1", first)
    assert second["method"] == "editMessageText"
    assert "words 10" in second["text"]
    assert "7. " in second["text"]
    assert data_of(second)[0] == f"more:speaker:petrov:{WINDOW}:0"


async def test_all_on_a_topic_has_what_is_said_of_it_and_no_mere_mention(talk: Talk, office: Office) -> None:
    office.said(10, "A truce is near.", quoted("petrov"))
    office.said(11, "Grain goes out.", quoted("petrov"))
    office.said(12, "Truce, writes the agency.")
    _answered, opened = await talk.presses(f"all:topic:truce:{WINDOW}:0")
    assert "A truce is near." in opened["text"]
    assert "Grain" not in opened["text"]
    assert "agency" not in opened["text"]
    assert data_of(opened)[-2:] == ["on:topic:truce", "doubt:1"]


async def test_a_digest_of_long_ago_whose_posts_are_gone_opens_as_nothing(talk: Talk) -> None:
    _answered, opened = await talk.presses(f"all:speaker:petrov:{10**12}:5:0")
    assert "Nothing found." in opened["text"]
