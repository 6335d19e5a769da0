"""/manage: a channel or a group is set up from the private chat of one of its administrators."""

from typing import Any

import pytest

from bot.models import Follow, Message
from bot.render.language import voice
from bot.render.replies import following as replies
from bot.render.replies import managing as pages
from bot.store import managed, subscribers
from bot.store.connection import Connection
from tests.chat.offline import BOT, Talk, all_data_of, captions_of, data_of, member, text_of
from tests.chat.worlds import Office, quoted
from tests.render import judge
from tests.worlds import ROSTER

pytestmark = pytest.mark.anyio

WALL = {"id": -200, "type": "channel", "title": "The wall", "username": "the_wall"}
DESK = {"id": -100, "type": "supergroup", "title": "The desk"}


@pytest.fixture
def wall(talk: Talk) -> Talk:
    """Eve administers a channel in which the bot may post; in private with the bot."""
    talk.telegram.chats |= {-200: WALL, "@the_wall": WALL, -100: DESK}
    talk.telegram.ranks |= {7: "administrator", 1: member(BOT, "administrator", can_post_messages=True)}
    return talk


def answer(calls: list[dict[str, Any]]) -> dict[str, Any]:
    return calls[-1]


async def test_a_channel_is_set_up_without_a_word_in_it(wall: Talk, office: Office) -> None:
    taken = answer(await wall.says("/manage @the_wall"))
    assert "You are setting up “The wall”" in taken["text"]
    shown = answer(await wall.says("/subscribe petrov"))
    assert shown["chat_id"] == 7
    assert shown["text"].startswith("📢 The wall\n✅ You follow")
    assert office.subscriber() is None
    assert office.follows(-200) == [Follow("speaker", "petrov")]
    known = office.subscriber(-200)
    assert known is not None
    assert (known.kind, known.title) == ("channel", "The wall")
    await wall.says("/digest 7:30")
    await wall.says("/zone UTC")
    offer = answer(await wall.says("/watch ceasefire"))
    await wall.presses("1~keep", offer)
    assert [one.query for one in office.watches(-200)] == ["ceasefire"]
    back = answer(await wall.says("/manage off"))
    assert "about this chat again" in back["text"]
    await wall.says("/subscribe ivanenko")
    assert office.follows() == [Follow("speaker", "ivanenko")]
    assert len(office.follows(-200)) == 1


async def test_its_buttons_are_for_the_chat_for_which_they_were_made(wall: Talk, office: Office) -> None:
    mine = answer(await wall.says("/subscribe"))
    await wall.says("/manage @the_wall")
    menu = answer(await wall.says("/subscribe"))
    assert data_of(menu)[0] == "1~on:all:"
    await wall.presses("on:all:", mine)
    assert (office.follows(), office.follows(-200)) == ([Follow("all")], [])
    await wall.says("/manage off")
    switched = answer(await wall.presses("1~on:all:", menu))
    assert office.follows(-200) == [Follow("all")]
    assert switched["text"].startswith("📢 The wall")
    assert "1~off:all:" in data_of(switched)


@pytest.mark.parametrize("data", ["2~menu", "x~menu", "1~", "~menu", "9999999999999~menu", "²~menu", "1~1~menu"])
async def test_a_button_for_no_chat_of_theirs_says_so(wall: Talk, data: str) -> None:
    await wall.says("/manage @the_wall")
    note = answer(await wall.presses(data))
    assert "out of date" in note["text"]


async def test_another_person_cannot_press_them(wall: Talk, office: Office) -> None:
    await wall.says("/manage @the_wall")
    other = wall.elsewhere({"id": 8, "type": "private", "first_name": "Bob"}, id=8)
    wall.telegram.ranks[8] = "administrator"
    note = answer(await other.presses("1~on:all:"))
    assert "out of date" in note["text"]
    assert office.subscriber(-200) is None


@pytest.mark.parametrize("word", ["https://t.me/the_wall", "t.me/the_wall", "-200"])
async def test_it_can_be_named_in_several_ways(wall: Talk, word: str) -> None:
    assert "You are setting up" in text_of([answer(await wall.says(f"/manage {word}"))])


@pytest.mark.parametrize(
    "origin",
    [
        {"type": "channel", "date": 1647259200, "chat": WALL, "message_id": 3},
        {"type": "chat", "date": 1647259200, "sender_chat": WALL},
    ],
)
async def test_a_forwarded_post_names_it(wall: Talk, origin: dict[str, Any]) -> None:
    assert "You are setting up" in answer(await wall.says("A post", forward_origin=origin))["text"]
    hidden = {"type": "hidden_user", "date": 1647259200, "sender_user_name": "Somebody"}
    assert "I go by commands" in answer(await wall.says("Words", forward_origin=hidden))["text"]


async def test_who_is_no_administrator_sets_up_nothing(wall: Talk, office: Office) -> None:
    wall.telegram.ranks[7] = "member"
    assert "You are no administrator of “The wall”" in answer(await wall.says("/manage @the_wall"))["text"]
    await wall.says("/subscribe petrov")
    assert (office.subscriber(-200), len(office.follows())) == (None, 1)


async def test_nobody_sets_up_the_private_chat_of_another(wall: Talk, office: Office) -> None:
    wall.telegram.chats["@bob"] = {"id": 8, "type": "private", "first_name": "Bob"}
    assert "You are no administrator" in answer(await wall.says("/manage @bob"))["text"]
    assert office.database.read(managed.of, 7) == []


async def test_who_was_one_is_asked_again_each_time(wall: Talk, office: Office) -> None:
    await wall.says("/manage @the_wall")
    menu = answer(await wall.says("/subscribe"))
    wall.telegram.ranks[7] = "member"
    refused = answer(await wall.presses("1~on:all:", menu))
    assert "Only administrators" in refused["text"]
    assert "You are no administrator" in answer(await wall.presses("1~menu", menu))["text"]
    wall.telegram.ranks[7] = "administrator"
    await wall.says("/manage @the_wall")
    wall.telegram.ranks[7] = "left"
    assert "You are no administrator" in answer(await wall.says("/subscriptions"))["text"]
    assert "You follow nobody" in answer(await wall.says("/subscriptions"))["text"]
    assert "You are no administrator" in answer(await wall.presses("manage:1"))["text"]
    assert office.database.read(managed.of, 7) == []
    assert "Channels and groups" in answer(await wall.presses("manage:1"))["text"]


async def test_where_the_bot_may_not_post_that_is_said(wall: Talk) -> None:
    wall.telegram.ranks[1] = member(BOT, "administrator", can_post_messages=False)
    assert "may not post there" in answer(await wall.says("/manage @the_wall"))["text"]
    for rank in ("left", "kicked"):
        wall.telegram.ranks[1] = rank
        assert "may not post there" in answer(await wall.says("/manage -100"))["text"]
    wall.telegram.ranks[1] = "member"
    assert "You are setting up “The desk”" in answer(await wall.says("/manage -100"))["text"]
    assert "I see no channel or group “@nothing”" in answer(await wall.says("/manage @nothing"))["text"]


async def test_the_list_shows_which_one_is_set_up(wall: Talk) -> None:
    assert "Send /manage @name here" in answer(await wall.says("/manage"))["text"]
    await wall.says("/manage @the_wall")
    wall.telegram.ranks[1] = "member"
    await wall.says("/manage -100")
    shown = answer(await wall.says("/manage"))
    assert captions_of(shown) == ["● 📢 The desk", "📢 The wall", "This chat"]
    assert all_data_of(shown) == ["manage:2", "manage:1", "manage:0"]
    home = answer(await wall.presses("manage:0", shown))
    assert "about this chat again" in home["text"]
    assert "● This chat" in captions_of(answer(await wall.presses("manage", home)))


async def test_in_a_group_the_commands_themselves_do_it(wall: Talk) -> None:
    group = wall.elsewhere(DESK)
    assert "in private" in answer(await group.says("/manage @the_wall"))["text"]
    note = answer(await group.presses("manage:0"))
    assert "out of date" in note["text"]


async def test_stop_erases_that_chat_and_stop_at_home_what_was_named(wall: Talk, office: Office) -> None:
    await wall.says("/subscribe ivanenko")
    await wall.says("/manage @the_wall")
    await wall.says("/subscribe petrov")
    exported = answer(await wall.says("/export"))
    assert b"petrov" in next(iter(exported["files"].values()))
    assert "erased" in answer(await wall.says("/stop"))["text"]
    assert office.subscriber(-200) is None
    assert len(office.follows()) == 1
    await wall.says("/manage off")
    exported = answer(await wall.says("/export"))
    assert b"The wall" in next(iter(exported["files"].values()))
    await wall.says("/stop")
    assert office.database.read(managed.of, 7) == []


async def test_an_operator_runs_the_bot_meanwhile(wall: Talk, boss: Talk) -> None:
    wall.telegram.ranks[99] = "creator"
    await boss.says("/manage @the_wall")
    (menu,) = await boss.says("/admin")
    assert menu["text"].startswith("🛠")
    assert "I do not know /nonsense" in answer(await boss.says("/nonsense"))["text"]


async def test_a_group_that_becomes_a_supergroup_is_still_the_one(office: Office) -> None:
    def story(connection: Connection) -> None:
        managed.choose(connection, 7, -5, "group", "The desk")
        managed.choose(connection, 8, -5, "group", "The desk")
        managed.choose(connection, 8, -105, "supergroup", "The desk")
        subscribers.move(connection, -5, -105)

    office.database.submit(story).result()
    assert [one.chat for who in (7, 8) for one in office.database.read(managed.of, who)] == [-105, -105]


def test_what_is_about_another_chat_says_so_as_long_as_there_is_room() -> None:
    _ = voice("en", "UTC")
    menu = replies.menu(_, ROSTER, [])
    headed = pages.about(menu, "The 😀 wall", 12)
    assert headed.text == "📢 The 😀 wall\n" + menu.text
    judge.within_limits(headed)
    judge.survives_telegram(headed)
    moved = [judge.stretch(headed, one) for one in headed.entities]
    assert moved == ["📢 The 😀 wall", *(judge.stretch(menu, one) for one in menu.entities)]
    long = Message("x" * 4090, (), menu.buttons)
    assert pages.about(long, "The wall", 12).text == long.text
    (row,) = pages.about(long, "The wall", 10**11).buttons[:1]
    assert row[0].data == "100000000000~on:all:"


async def test_reading_is_done_there_as_well(wall: Talk, office: Office) -> None:
    office.said(1, "words", quoted("petrov"))
    await wall.says("/manage @the_wall")
    assert answer(await wall.says("/latest"))["text"].startswith("📢 The wall\n")
    assert "Shall I look for" in answer(await wall.says("words"))["text"]
