"""/history, and how edits and deletions are told."""

from datetime import timedelta

import pytest

from bot.models import Statement
from bot.store import posts
from tests.chat.offline import Talk, data_of, text_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

OWN = Statement("ivanenko", "own", "words")


async def edit(office: Office, number: int, text: str, hours: float = 1) -> None:
    await office.database.write(posts.revise, number, text, "en", NOON + timedelta(hours=hours))


@pytest.fixture
def changed(office: Office) -> Office:
    """Post 1 of the wire is rewritten, 2 on X and 3 on Telegram are edited, 4 on Telegram is deleted; 5 stands."""
    office.said(1, "Item one.", quoted("petrov"))
    office.said(2, "We agree on two.", OWN, source="ivanenko-x")
    office.said(3, "We agree on three.", Statement("petrov", "own", "words"), source="petrov-telegram")
    office.said(4, "We agree on four.", Statement("petrov", "own", "words"), source="petrov-telegram")
    office.said(5, "We agree on five.", OWN, source="ivanenko-x")
    return office


@pytest.fixture(autouse=True)
async def _changes(changed: Office) -> None:
    await edit(changed, 1, "Item one, rewritten.")
    await edit(changed, 2, "We do not agree on two.", 2)
    await edit(changed, 3, "We do not agree on three.", 3)
    await changed.database.write(posts.delete, 4, NOON, NOON + timedelta(hours=4))


async def test_the_last_changes_are_listed_where_they_are_news(talk: Talk) -> None:
    (answer,) = await talk.says("/history")
    lines = [line for line in answer["text"].split("\n") if line.startswith(("We", "Item"))]
    assert lines == ["We agree on four.", "We do not agree on three.", "We do not agree on two."]
    assert data_of(answer) == ["history:4", "history:3", "history:2"]


@pytest.mark.parametrize(
    ("typed", "title", "numbers"),
    [
        ("Petrov", "🟥 Pavel Petrov", [4, 3]),
        ("north", "🟦 North", [2]),
        ("Дріт", "The Wire, wire.example", [1]),
        ("Сидоров", "🟥 Semyon Sidorov", []),
    ],
)
async def test_the_last_changes_of_whom_is_named(talk: Talk, typed: str, title: str, numbers: list[int]) -> None:
    (answer,) = await talk.says(f"/history {typed}")
    assert answer["text"].startswith(f"✏️ Edited or deleted: {title}\n\n")
    assert data_of(answer) == [f"history:{number}" for number in numbers]
    assert ("Nothing was edited or deleted" in answer["text"]) is (not numbers)


@pytest.mark.parametrize(
    "typed",
    [
        "https://x.com/o_ivanenko/status/2",
        "https://twitter.com/O_Ivanenko/status/2?s=20",
        "x.com/o_ivanenko/status/2",
        "3",
    ],
)
async def test_a_link_or_a_number_of_the_list_shows_every_version(talk: Talk, typed: str) -> None:
    (answer,) = await talk.says(f"/history {typed}")
    assert "1. An earlier version, first seen 14 March 2022, 14:00 EET\nWe agree on two.\nSHA-256 " in answer["text"]
    assert "2. The last version, first seen 14 March 2022, 16:00 EET\nWe do not agree on two.\n" in answer["text"]


@pytest.mark.parametrize("typed", ["https://t.me/p_petrov/4", "t.me/s/P_Petrov/4", "https://telegram.me/p_petrov/4"])
async def test_a_link_to_a_channel_leads_to_its_post(talk: Talk, typed: str) -> None:
    text = text_of(await talk.says(f"/history {typed}"))
    assert "🗑 Deleted at the source" in text
    assert "The only version" in text
    assert "We agree on four." in text


async def test_a_link_to_an_agency_is_known_if_its_item_has_changed(talk: Talk) -> None:
    assert "Item one, rewritten." in text_of(await talk.says("/history https://wire.example/1"))
    assert "no earlier version is known" in text_of(await talk.says("/history https://wire.example/2"))


@pytest.mark.parametrize("typed", ["https://x.com/o_ivanenko/status/77", "https://t.me/other/4", "0", "9", "99"])
async def test_what_is_not_known_is_said_to_be_so(talk: Talk, typed: str) -> None:
    assert text_of(await talk.says(f"/history {typed}")) == f"Of {typed} no earlier version is known."


async def test_a_name_that_means_nobody_is_answered_with_what_it_looks_like(talk: Talk) -> None:
    (answer,) = await talk.says("/history Petrof")
    assert "latest:speaker:petrov" in data_of(answer)
    assert "/history Olha Ivanenko" in answer["text"]
    assert "neither a speaker" in text_of(await talk.says("/history 12345"))


async def test_a_button_shows_the_versions_in_a_message_of_their_own(talk: Talk) -> None:
    answers = await talk.presses("history:3")
    assert [answer["method"] for answer in answers] == ["answerCallbackQuery", "sendMessage"]
    assert "We do not agree on three." in answers[1]["text"]
    assert "no earlier version is known" in text_of(await talk.presses("history:77"))
    (stale,) = await talk.presses("history:x")
    assert stale["method"] == "answerCallbackQuery"


async def test_of_a_post_that_had_to_go_only_times_and_hashes_are_left(talk: Talk, office: Office) -> None:
    await office.database.write(posts.delete, 2, NOON, NOON + timedelta(hours=5))
    await office.database.write(posts.purge, 2)
    text = text_of(await talk.says("/history https://x.com/o_ivanenko/status/2"))
    assert "agree" not in text
    assert text.count("SHA-256") == 2


# --- how they are told


async def test_how_changes_are_told_is_set_with_a_button_and_kept(talk: Talk, office: Office) -> None:
    _, shown = await talk.presses("set:changes")
    assert "✏️ What is edited is told: at once." in shown["text"]
    assert data_of(shown) == ["set:changes:now", "set:changes:digest", "set:changes:off", "settings"]
    for way, words in (("digest", "in the digest only"), ("off", "not at all"), ("now", "at once")):
        assert f"edited is told: {words}." in text_of(await talk.presses(f"set:changes:{way}"))
        known = office.subscriber()
        assert known is not None
        assert known.changes == way
    (stale,) = await talk.presses("set:changes:loud")
    assert stale["method"] == "answerCallbackQuery"


async def test_in_a_group_only_its_administrators_set_it(talk: Talk, office: Office) -> None:
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "A group"}, id=8)
    assert "Only administrators" in (await group.presses("set:changes:off"))[-1]["text"]
    group.telegram.ranks[8] = "administrator"
    await group.says("/subscribe all")
    await group.presses("set:changes:off")
    known = office.subscriber(-100)
    assert known is not None
    assert known.changes == "off"
