"""/start: the three taps of a newcomer, and links that follow somebody."""

from datetime import UTC, datetime, time

import pytest

from bot.models import LANGUAGES, Follow
from tests.chat.offline import Talk, data_of, open_chat, text_of
from tests.chat.worlds import Office, an_office
from tests.worlds import daily

pytestmark = pytest.mark.anyio


async def test_a_newcomer_is_set_up_with_three_taps(talk: Talk, office: Office) -> None:
    newcomer = talk.elsewhere(talk.chat, language_code="uk")
    (hello,) = await newcomer.says("/start")
    assert hello["text"].startswith("👋 Parley збирає")
    assert data_of(hello) == [f"begin:language:{language}" for language in LANGUAGES]
    _, whom = await newcomer.presses("begin:language:ru", hello)
    assert whom["method"] == "editMessageText"
    assert "За кем вы хотите следить?" in whom["text"]
    assert data_of(whom) == [
        "begin:follow:all:",
        "begin:follow:side:north",
        "side:north:0",
        "begin:follow:side:south",
        "side:south:0",
        "topics:0",
        "begin:digest",
    ]
    _, digest = await newcomer.presses("begin:follow:side:north", whom)
    assert "Север" in digest["text"]
    assert "begin:digest:08:00" in data_of(digest)
    _, done = await newcomer.presses("begin:digest:08:00", digest)
    assert "Это всё." in done["text"]
    assert "Север" in done["text"]
    assert "08:00" in done["text"]
    known = office.subscriber()
    assert known is not None
    assert (known.language, known.zone, known.digest, known.title) == ("ru", "Europe/Kyiv", daily(time(8)), "")
    assert known.next_digest_at == datetime(2022, 3, 15, 6, 0, tzinfo=UTC)
    assert office.follows() == [Follow("side", "north")]


async def test_who_is_taken_in_and_taps_nothing_has_what_the_house_gives(talk: Talk, office: Office) -> None:
    await talk.says("/start")
    known = office.subscriber()
    assert known is not None
    assert (known.language, known.digest) == ("en", daily(time(20)))
    assert known.next_digest_at == datetime(2022, 3, 14, 18, 0, tzinfo=UTC)


async def test_a_tap_is_taken_back_and_any_step_can_be_left_out(talk: Talk, office: Office) -> None:
    await talk.says("/start")
    _, digest = await talk.presses("begin:follow:all:")
    _, whom = await talk.presses("begin:whom", digest)
    assert whom["reply_markup"]["inline_keyboard"][0][0]["text"] == "✅ Everything"
    _, whom = await talk.presses("begin:follow:all:", whom)
    assert whom["reply_markup"]["inline_keyboard"][0][0]["text"] == "➕ Everything"
    assert office.follows() == []
    _, digest = await talk.presses("begin:digest", whom)
    assert "You follow nobody yet." in digest["text"]
    _, done = await talk.presses("begin:digest:off", digest)
    assert "You get no digest." in done["text"]
    known = office.subscriber()
    assert known is not None
    assert known.digest is None


async def test_a_group_is_set_up_by_its_administrators(talk: Talk, office: Office) -> None:
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "A group"}, id=8)
    note = (await group.presses("begin:follow:all:"))[-1]
    assert "Only administrators" in note["text"]
    group.telegram.ranks[8] = "administrator"
    hello = (await group.says("/start"))[-1]
    assert "begin:language:uk" in data_of(hello)
    await group.presses("begin:language:uk", hello)
    await group.presses("begin:follow:all:")
    assert office.follows(-100) == [Follow("all")]


# --- links


@pytest.mark.parametrize(
    ("link", "follow"),
    [
        ("follow_ivanenko", Follow("speaker", "ivanenko")),
        ("follow_Ivanenko", Follow("speaker", "ivanenko")),
        ("follow_olha_ivanenko", Follow("speaker", "ivanenko")),
        ("follow_north", Follow("side", "north")),
        ("follow_truce", Follow("topic", "truce")),
        ("follow_wire", Follow("source", "wire")),
        ("follow_petrov-telegram", Follow("source", "petrov-telegram")),
    ],
)
async def test_a_link_follows_whom_it_names(talk: Talk, office: Office, link: str, follow: Follow) -> None:
    (answer,) = await talk.says(f"/start {link}")
    assert "✅ You follow" in answer["text"]
    assert {"menu", "digest", "settings"} < set(data_of(answer))
    assert office.follows() == [follow]


async def test_a_link_to_whom_one_follows_leaves_that_as_it_is(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe ivanenko silent")
    assert "☑️ You follow" in text_of(await talk.says("/start follow_ivanenko"))
    assert office.follows() == [Follow("speaker", "ivanenko", "silent")]


async def test_a_link_keeps_the_limit_of_follows(office: Office) -> None:
    talk = await open_chat(an_office(office.database, follows=1))
    await talk.says("/start follow_ivanenko")
    refusal = "1 more was left out: one chat may follow 1 at most."
    assert refusal in text_of(await talk.says("/start follow_petrov"))
    assert refusal in text_of(await talk.presses("begin:follow:side:south"))
    assert refusal in text_of(await talk.presses("on:side:south"))
    assert office.follows() == [Follow("speaker", "ivanenko")]


@pytest.mark.parametrize("link", ["follow_nobody", "follow_", "win_a_prize", "follow_'; DROP TABLE"])
async def test_a_link_to_nobody_says_so_and_offers_a_beginning(talk: Talk, office: Office, link: str) -> None:
    (answer,) = await talk.says(f"/start {link}")
    assert "nobody here goes by that" in answer["text"]
    assert {"menu", "digest", "settings"} < set(data_of(answer))
    assert office.follows() == []


async def test_a_link_that_is_misspelt_offers_whom_it_may_mean(talk: Talk, office: Office) -> None:
    (answer,) = await talk.says("/start follow_ivanenka")
    assert "Did you mean one of these?" in answer["text"]
    assert "on:speaker:ivanenko" in data_of(answer)
    await talk.presses("on:speaker:ivanenko", answer)
    assert office.follows() == [Follow("speaker", "ivanenko")]


async def test_a_link_that_brings_the_bot_into_a_group_follows_there_if_an_administrator_opens_it(
    talk: Talk, office: Office
) -> None:
    """Telegram says it in the group with the bot's name, as whoever opened ?startgroup=…"""
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "A group"}, id=8)
    asked, answer = await group.says("/start@parley_bot follow_ivanenko")
    assert asked["method"] == "getChatMember"
    assert "In a group only administrators change what comes here" in answer["text"]
    assert office.subscriber(-100) is None
    talk.telegram.ranks[8] = "administrator"
    _asked, answer = await group.says("/start@parley_bot follow_ivanenko")
    assert answer["text"].startswith("✅ You follow 🟦 Olha Ivanenko")
    assert office.follows(-100) == [Follow("speaker", "ivanenko")]
    assert await group.says("/start@another_bot follow_petrov") == []
