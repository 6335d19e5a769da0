"""Groups, forums and channels: who may change what comes there, and what becomes of the chat."""

from typing import Any

import pytest

from bot.chat.buttons import VERBS
from bot.models import Follow
from bot.store import subscribers
from tests.chat.offline import BOT, Talk, as_shown, data_of, member, text_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

GROUP = {"id": -100, "type": "supergroup", "title": "The desk"}
FORUM = GROUP | {"is_forum": True}
CHANNEL = {"id": -200, "type": "channel", "title": "The wall"}

STEERING = [
    "/subscribe all",
    "/unsubscribe all",
    "/watch ceasefire",
    "/unwatch 1",
    "/digest 10:00",
    "/quiet 23-7",
    "/zone UTC",
    "/language uk",
    "/stop",
]

STEERING_BUTTONS = [
    "begin:follow:all:",
    "on:all:",
    "off:speaker:petrov",
    "how:speaker:petrov:digest",
    "drop:speaker:petrov",
    "set:retold:off",
    "watch",
    "keep",
    "narrow:side:north",
    "nowatch",
    "mute:1",
    "hush:speaker:petrov:on:1",
    "unhush:speaker:petrov:1",
    "unwatch:1",
    "watched:1:urgent",
    "digest:off",
    "quiet:22:00-07:00",
    "zone:UTC",
    "language:uk",
    "news:0",
]


@pytest.fixture
def group(talk: Talk) -> Talk:
    """Bob, a plain member."""
    return talk.elsewhere(GROUP, id=50)


@pytest.fixture
def boss(group: Talk) -> Talk:
    """Ann, an administrator of the same group."""
    group.telegram.ranks[60] = "administrator"
    return group.elsewhere(GROUP, id=60)


@pytest.mark.parametrize("command", STEERING)
async def test_a_member_cannot_change_what_comes_into_a_group(
    group: Talk, boss: Talk, office: Office, command: str
) -> None:
    await boss.says("/subscribe petrov")
    await boss.watches("fleet")
    before = office.subscriber(-100), office.follows(-100), office.watches(-100)
    assert "Only administrators" in text_of(
        [call for call in await group.says(command) if call["method"] != "getChatMember"]
    )
    assert (office.subscriber(-100), office.follows(-100), office.watches(-100)) == before


@pytest.mark.parametrize("command", STEERING)
async def test_an_administrator_can(boss: Talk, office: Office, command: str) -> None:
    await boss.watches("fleet")
    before = office.subscriber(-100), office.follows(-100), office.watches(-100)
    answers = await boss.says(command)
    if command.startswith("/watch"):
        answers = await boss.presses("keep", answers[-1])
    assert "Only administrators" not in answers[-1]["text"]
    if command != "/unsubscribe all":
        assert (office.subscriber(-100), office.follows(-100), office.watches(-100)) != before


async def test_the_owner_and_the_anonymous_administrator_can_too(group: Talk, office: Office) -> None:
    group.telegram.ranks[70] = "creator"
    await group.elsewhere(GROUP, id=70).says("/subscribe petrov")
    anonymous = group.elsewhere(GROUP, id=1087968824, username="GroupAnonymousBot")
    answers = await anonymous.says("/subscribe ivanenko", sender_chat=GROUP)
    assert [answer["method"] for answer in answers] == ["sendMessage"]
    assert len(office.follows(-100)) == 2


async def test_a_channel_that_writes_into_a_group_is_no_administrator(group: Talk, office: Office) -> None:
    await group.says("/subscribe all", sender_chat=CHANNEL)
    assert office.subscriber(-100) is None
    assert await group.says("/latest", sender_chat=CHANNEL, is_automatic_forward=True) == []


async def test_if_telegram_does_not_say_who_is_an_administrator_nobody_is(boss: Talk, office: Office) -> None:
    boss.telegram.refuse["getChatMember"] = (400, "Bad Request: member list is inaccessible")
    assert "Only administrators" in (await boss.says("/subscribe all"))[-1]["text"]
    assert office.subscriber(-100) is None


async def test_anybody_may_read_and_nothing_is_stored_by_it(group: Talk, office: Office) -> None:
    office.said(1, "words", quoted("petrov"))
    assert "Pavel Petrov" in text_of(await group.says("/latest"))
    _, page = await group.presses("latest:all:")
    assert "Pavel Petrov" in page["text"]
    await group.says("/subscribe")
    await group.says("/start")
    assert office.subscriber(-100) is None


async def test_start_by_an_administrator_takes_the_group_in_with_its_title(boss: Talk, office: Office) -> None:
    assert "In a group only administrators" in (await boss.says("/start"))[-1]["text"]
    known = office.subscriber(-100)
    assert known is not None
    assert (known.title, known.kind) == ("The desk", "supergroup")


async def test_a_button_works_for_administrators_alone(group: Talk, boss: Talk, office: Office) -> None:
    (menu,) = await group.says("/subscribe")
    asked, note = await group.presses("on:all:", menu)
    assert asked["method"] == "getChatMember"
    assert (note["method"], note["show_alert"]) == ("answerCallbackQuery", True)
    assert "Only administrators" in note["text"]
    assert office.subscriber(-100) is None
    await boss.presses("on:all:", menu)
    assert office.follows(-100) == [Follow("all")]


@pytest.mark.parametrize("data", STEERING_BUTTONS)
async def test_no_button_lets_a_member_change_what_comes(group: Talk, boss: Talk, office: Office, data: str) -> None:
    office.said(1, "words", quoted("petrov"))
    await boss.says("/subscribe petrov")
    await boss.watches("fleet")
    before = office.subscriber(-100), office.follows(-100), office.watches(-100)
    words = {"text": "army", "entities": [{"type": "code", "offset": 0, "length": 4}]}
    asked, note = await group.presses(data, words)
    assert (asked["method"], note["method"]) == ("getChatMember", "answerCallbackQuery")
    assert "Only administrators" in note["text"]
    assert (office.subscriber(-100), office.follows(-100), office.watches(-100)) == before


def test_each_button_that_changes_what_comes_is_tried() -> None:
    assert {data.split(":")[0] for data in STEERING_BUTTONS} == {verb for verb, one in VERBS.items() if one.steers}


async def test_a_button_under_the_message_of_the_channel_itself_still_asks_for_the_person(
    group: Talk, office: Office
) -> None:
    shown = as_shown({"text": "A menu"}, CHANNEL, 5) | {"sender_chat": CHANNEL}
    viewer = group.elsewhere(CHANNEL)
    await viewer.presses("on:all:", message=shown)
    assert office.subscriber(-200) is None


async def test_words_and_commands_for_others_are_left_alone_in_a_group(group: Talk) -> None:
    assert await group.says("hello all") == []
    assert await group.says("/ban @somebody") == []
    assert await group.says("/latest@another_bot") == []
    assert "I do not know /ban." in text_of(await group.says("/ban@parley_bot"))


async def test_each_topic_of_a_forum_has_settings_of_its_own(boss: Talk, office: Office) -> None:
    topic = boss.elsewhere(FORUM, thread=12)
    answers = await topic.says("/subscribe petrov")
    assert answers[-1]["message_thread_id"] == 12
    await boss.elsewhere(FORUM).says("/subscribe ivanenko")
    assert office.follows(-100, 12) == [Follow("speaker", "petrov")]
    assert office.follows(-100, 0) == [Follow("speaker", "ivanenko")]
    await topic.presses("on:topic:truce")
    assert len(office.follows(-100, 12)) == 2
    await topic.says("/stop")
    assert office.subscriber(-100, 12) is None
    assert office.subscriber(-100, 0) is not None


async def test_a_reply_in_a_plain_group_is_no_topic(boss: Talk, office: Office) -> None:
    await boss.says("/subscribe petrov", message_thread_id=33)
    assert office.subscriber(-100, 0) is not None


async def test_who_can_post_in_a_channel_commands_there(talk: Talk, office: Office) -> None:
    wall = talk.elsewhere(CHANNEL)
    (answer,) = await wall.says("/subscribe all", kind="channel_post", sender_chat=CHANNEL)
    assert (answer["method"], answer["chat_id"]) == ("sendMessage", -200)
    assert office.follows(-200) == [Follow("all")]
    assert await wall.says("/unknown", kind="channel_post", sender_chat=CHANNEL) == []


async def test_a_post_of_nobody_changes_nothing(talk: Talk, office: Office) -> None:
    await talk.elsewhere(CHANNEL).says("/subscribe all", kind="channel_post")
    assert office.subscriber(-200) is None


# --- what becomes of the chat


def standing(chat: dict[str, Any], old: dict[str, Any], new: dict[str, Any], **user: Any) -> dict[str, Any]:
    who = {"id": 50, "is_bot": False, "first_name": "Bob", "language_code": "uk"} | user
    return {
        "my_chat_member": {
            "chat": chat,
            "from": who,
            "date": 1647259200,
            "old_chat_member": old,
            "new_chat_member": new,
        }
    }


IN, OUT, PUT_OUT = (member(BOT, status) for status in ("member", "left", "kicked"))
PRIVATE = {"id": 7, "type": "private"}
MUTED = member(BOT, "restricted", can_send_messages=False)
AWAY = member(BOT, "restricted", is_member=False)
HEARD = member(BOT, "restricted")
POSTING = member(BOT, "administrator", can_post_messages=True)
MUTE_ADMIN = member(BOT, "administrator", can_post_messages=False)


@pytest.mark.parametrize(
    ("chat", "old", "new", "state"),
    [
        (PRIVATE, IN, PUT_OUT, "blocked"),
        (GROUP, IN, OUT, "blocked"),
        (GROUP, IN, AWAY, "blocked"),
        (GROUP, IN, MUTED, "paused"),
        (GROUP, MUTED, HEARD, "active"),
        (CHANNEL, POSTING, MUTE_ADMIN, "paused"),
        (CHANNEL, MUTE_ADMIN, POSTING, "active"),
    ],
)
async def test_settings_rest_while_the_bot_cannot_write_and_come_back_with_it(
    talk: Talk, office: Office, chat: dict[str, Any], old: dict[str, Any], new: dict[str, Any], state: str
) -> None:
    there = talk.elsewhere(chat)
    there.telegram.ranks[7] = "administrator"
    await there.says("/subscribe all")
    await office.database.write(subscribers.deactivate, chat["id"], "paused", NOON)
    assert await there.tells(standing(chat, old, new)) == []
    known = office.subscriber(chat["id"])
    assert known is not None
    assert known.state == state
    assert office.follows(chat["id"]) == [Follow("all")]


async def test_a_group_that_takes_the_bot_in_is_greeted_in_the_language_of_who_did(talk: Talk, office: Office) -> None:
    (hello,) = await talk.tells(standing(GROUP, OUT, IN))
    assert "У групі лише адміністратори" in hello["text"]
    assert office.subscriber(-100) is None


async def test_a_group_that_takes_the_bot_back_is_greeted_in_its_own_language(boss: Talk, office: Office) -> None:
    await boss.says("/language ru")
    await boss.tells(standing(GROUP, IN, PUT_OUT))
    (hello,) = await boss.tells(standing(GROUP, PUT_OUT, IN))
    assert "В группе только администраторы" in hello["text"]
    assert "begin:language:uk" in data_of(hello)


async def test_a_channel_that_takes_the_bot_in_is_not_written_to(talk: Talk) -> None:
    assert await talk.tells(standing(CHANNEL, OUT, POSTING)) == []


async def test_a_promotion_in_a_group_is_not_greeted(talk: Talk) -> None:
    assert await talk.tells(standing(GROUP, IN, member(BOT, "administrator"))) == []


@pytest.mark.parametrize("told_first", ["old", "new"])
async def test_a_group_that_becomes_a_supergroup_keeps_its_settings(
    talk: Talk, office: Office, told_first: str
) -> None:
    old = talk.elsewhere({"id": -5, "type": "group", "title": "The desk"})
    old.telegram.ranks[7] = "creator"
    new = talk.elsewhere({"id": -105, "type": "supergroup", "title": "The desk"})
    await old.says("/subscribe all")
    notes = [
        old.says(None, migrate_to_chat_id=-105),
        new.says(None, migrate_from_chat_id=-5),
    ]
    for note in notes if told_first == "old" else reversed(notes):
        assert await note == []
    assert office.subscriber(-5) is None
    assert office.follows(-105) == [Follow("all")]
