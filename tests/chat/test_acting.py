"""The buttons under an alert: what they open in place, and silence that can be undone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.models import Mute
from bot.store import mutes
from tests.chat.offline import Talk, all_data_of, captions_of, text_of
from tests.chat.worlds import Office, quoted

pytestmark = pytest.mark.anyio


def muted(office: Office, chat: int = 7) -> list[Mute]:
    known = office.subscriber(chat)
    return list(office.database.read(mutes.of, known.id, office.clock())) if known else []


async def press(talk: Talk, data: str) -> dict[str, Any]:
    """The buttons are other ones in place; the words stay."""
    answered, rearranged = await talk.presses(data)
    assert answered["method"] == "answerCallbackQuery"
    assert rearranged["method"] == "editMessageReplyMarkup"
    return rearranged


async def test_the_row_unfolds_in_place_and_folds_again(talk: Talk, office: Office) -> None:
    number = office.said(1, "No.", quoted("petrov"))
    unfolded = await press(talk, f"tools:{number}")
    assert all_data_of(unfolded) == [
        f"cite:{number}",
        f"fold:{number}",
        "who:petrov",
        "recent:petrov",
        f"history:{number}",
        f"mute:{number}",
        f"doubt:{number}",
    ]
    assert all_data_of(await press(talk, f"fold:{number}")) == [f"cite:{number}", f"tools:{number}"]
    _answered, recent = await talk.presses("recent:petrov")
    assert recent["method"] == "sendMessage"
    assert recent["text"].startswith("Newest statements: 🟥 Pavel Petrov")
    _answered, versions = await talk.presses(f"history:{number}")
    assert versions["method"] == "sendMessage"


@pytest.mark.parametrize(
    ("span", "until", "said"),
    [
        ("hour", datetime(2022, 3, 14, 13, tzinfo=UTC), "muted until 15:00"),
        ("day", datetime(2022, 3, 14, 22, tzinfo=UTC), "muted until 00:00"),
        ("on", None, "muted until unmuted"),
    ],
)
async def test_a_speaker_is_muted_for_a_while_and_told_of_again(
    talk: Talk, office: Office, span: str, until: datetime | None, said: str
) -> None:
    number = office.said(1, "No.", quoted("petrov"))
    offered = await press(talk, f"mute:{number}")
    data = f"hush:speaker:petrov:{span}:{number}"
    assert data in all_data_of(offered)
    silent = await press(talk, data)
    assert captions_of(silent)[0] == f"🔔 🟥 Pavel Petrov: {said}"
    assert muted(office) == [Mute("speaker", "petrov", until)]
    listed = text_of(await talk.says("/subscriptions"))
    assert f"🔕 🟥 Pavel Petrov – {said}" in listed
    back = await press(talk, f"unhush:speaker:petrov:{number}")
    assert all_data_of(back) == [f"cite:{number}", f"tools:{number}"]
    assert muted(office) == []


async def test_the_watch_that_brought_it_is_muted_and_unmuted_in_the_list(talk: Talk, office: Office) -> None:
    await talk.watches("truce")
    await talk.watches("grain")
    (truce, _grain) = office.watches()
    number = office.said(1, "A truce is near.", quoted("petrov"))
    offered = await press(talk, f"mute:{number}")
    assert [data for data in all_data_of(offered) if ":watch:" in data] == [
        f"hush:watch:{truce.id}:{span}:{number}" for span in ("hour", "day", "on")
    ]
    silent = await press(talk, f"hush:watch:{truce.id}:on:{number}")
    assert captions_of(silent)[0] == "🔔 🔎 truce: muted until unmuted"
    (listed,) = await talk.says("/subscriptions")
    assert "🔕 🔎 truce – muted until unmuted" in listed["text"]
    (_answered, shown) = await talk.presses(f"unhush:watch:{truce.id}", listed)
    assert "🔕" not in shown["text"].split("press to change.")[-1]
    assert muted(office) == []


async def test_nobody_mutes_the_watch_of_another_chat(talk: Talk, office: Office) -> None:
    other = talk.elsewhere({"id": 8, "type": "private", "first_name": "Bob"}, id=8)
    await other.watches("truce")
    (truce,) = office.watches(8)
    number = office.said(1, "A truce is near.", quoted("petrov"))
    await press(talk, f"hush:watch:{truce.id}:on:{number}")
    assert muted(office) == []
    assert muted(office, 8) == []


async def test_in_a_group_only_its_admins_mute_and_everybody_unfolds(talk: Talk, office: Office) -> None:
    group = talk.elsewhere({"id": -5, "type": "supergroup", "title": "Desk"})
    number = office.said(1, "No.", quoted("petrov"))
    assert (await group.presses(f"tools:{number}"))[-1]["method"] == "editMessageReplyMarkup"
    for data in (f"mute:{number}", f"hush:speaker:petrov:on:{number}", "unhush:speaker:petrov"):
        refusal = (await group.presses(data))[-1]
        assert refusal["method"] == "answerCallbackQuery"
        assert "admin" in refusal["text"]
    assert muted(office, -5) == []
    talk.telegram.ranks[7] = "administrator"
    await group.presses(f"hush:speaker:petrov:on:{number}")
    assert [one.value for one in muted(office, -5)] == ["petrov"]


async def test_a_mute_that_has_run_out_is_not_listed(talk: Talk, office: Office) -> None:
    number = office.said(1, "No.", quoted("petrov"))
    await press(talk, f"hush:speaker:petrov:hour:{number}")
    office.clock.at += timedelta(hours=1)
    assert "🔕" not in text_of(await talk.says("/subscriptions"))


async def test_what_was_told_by_a_line_is_opened_whole_with_its_buttons(talk: Talk, office: Office) -> None:
    number = office.said(1, "No. " * 200, quoted("petrov"))
    _answered, whole = await talk.presses(f"whole:{number}")
    assert whole["method"] == "sendMessage"
    assert whole["text"].count("No.") == 200
    assert all_data_of(whole) == [f"cite:{number}", f"tools:{number}"]
    long = office.said(2, "Never. " * 900, quoted("petrov"))
    _answered, first, last = await talk.presses(f"whole:{long}")
    assert (first["text"] + last["text"]).count("Never.") == 900
    assert (all_data_of(first), all_data_of(last)) == ([], [f"cite:{long}", f"tools:{long}"])


@pytest.mark.parametrize(
    "data",
    ["whole:404", "tools:404", "fold:404", "mute:404", "hush:speaker:petrov:on:404", "unhush:speaker:petrov:404"],
)
async def test_a_button_of_what_is_not_stored_any_more_says_so(talk: Talk, office: Office, data: str) -> None:
    assert text_of(await talk.presses(data)) == "This statement is not stored any more."
    assert muted(office) == []


async def test_a_button_that_changes_nothing_is_pressed_without_a_word(talk: Talk, office: Office) -> None:
    number = office.said(1, "No.", quoted("petrov"))
    talk.telegram.refuse["editMessageReplyMarkup"] = (400, "Bad Request: message is not modified: same markup")
    assert len(await talk.presses(f"fold:{number}")) == 2
    talk.telegram.refuse["editMessageReplyMarkup"] = (400, "Bad Request: message can't be edited")
    assert "went wrong" in text_of(await talk.presses(f"fold:{number}"))
