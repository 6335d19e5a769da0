"""Groups, forum topics, channels and operators through Telegram's own checks, by real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import app
from bot.models import Follow, Message
from bot.store import outbox, sources, subscribers
from bot.store.database import Database
from tests.telegram_server.serving import Telegram, serve
from tests.test_app import Bot, talking, until
from tests.worlds import ROSTER

pytestmark = pytest.mark.anyio

ANN = {"id": 60, "is_bot": False, "first_name": "Ann", "language_code": "en"}
FORUM = {"id": -100, "type": "supergroup", "title": "The desk", "is_forum": True}
WALL = {"id": -200, "type": "channel", "title": "The wall", "username": "the_wall"}
HOME = {"id": 60, "type": "private", "first_name": "Ann"}
ITSELF = {"id": 123456789, "is_bot": True, "first_name": "Test", "username": "test_bot"}


class Desk:
    """A bot under way, its server and its store."""

    def __init__(self, telegram: Telegram, bot: Bot, database: Database) -> None:
        self.telegram, self.bot, self.database = telegram, bot, database

    async def says(self, text: str, chat: dict[str, Any], **more: Any) -> str:
        """Ann says it there; returns what the bot answers, wherever it does."""
        return await self.happens(message={"from": ANN, "chat": chat, "text": text} | more)

    async def presses(self, data: str, chat: dict[str, Any] = HOME) -> str:
        under = self.telegram.standing(chat["id"])[-1]
        query = {"id": data, "from": ANN, "chat_instance": "1", "data": data, "message": under}
        return await self.happens(callback_query=query)

    async def happens(self, **update: Any) -> str:
        before = len(self.answers())
        await self.telegram.update(**update)
        await until(lambda: len(self.answers()) > before)
        call = self.answers()[-1]
        assert call["status"] == 200, call
        return str(call["fields"]["text"])

    def answers(self) -> list[dict[str, Any]]:
        told = ("sendMessage", "editMessageText")
        return [call for call in self.telegram.calls() if call["method"] in told and call["status"] is not None]

    def follows(self, chat: int, thread: int = 0) -> list[Follow]:
        known = self.database.read(subscribers.find, chat, thread)
        return self.database.read(subscribers.follows, known.id) if known else []

    async def tells(self, chat: int, thread: int, words: str) -> None:
        """Queues an alert for that place and lets it go."""
        known = self.database.read(subscribers.find, chat, thread)
        assert known is not None
        await self.database.write(
            outbox.queue, [(known.id, False)], f"post:{words}", [Message(words)], "alert", app.now()
        )
        self.bot.delivery.nudge()

    async def told(self, chat: int, words: str) -> dict[str, Any]:
        """The message with these words, once it stands there."""
        await until(lambda: words in [message.get("text") for message in self.telegram.standing(chat)])
        return next(one for one in self.telegram.standing(chat) if one.get("text") == words)


@pytest.fixture
async def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    await database.write(sources.enrol, list(ROSTER.sources.values()), app.now())
    async with serve() as telegram, talking(database, telegram.url, admins=(60,)) as bot:
        telegram.chat(**_facts(FORUM, owner=60))
        telegram.chat(**_facts(WALL, admins=[60, ITSELF["id"]]))
        await telegram.called("setMyCommands", 4, within=20)
        yield Desk(telegram, bot, database)


def _facts(chat: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"number": chat["id"], **{key: value for key, value in chat.items() if key != "id"}, **more}


async def test_each_topic_of_a_forum_gets_its_own(desk: Desk) -> None:
    topic = {"message_thread_id": 5, "is_topic_message": True}
    assert "You follow" in await desk.says("/subscribe petrov", FORUM, **topic)
    assert "You follow" in await desk.says("/subscribe ivanenko", FORUM)
    assert desk.answers()[-2]["fields"]["message_thread_id"] in (5, "5")
    assert (desk.follows(-100, 5), desk.follows(-100)) == (
        [Follow("speaker", "petrov")],
        [Follow("speaker", "ivanenko")],
    )
    await desk.tells(-100, 5, "An alert.")
    assert (await desk.told(-100, "An alert."))["message_thread_id"] == 5


async def test_an_anonymous_administrator_is_one_and_a_member_is_none(desk: Desk) -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    assert "You follow" in await desk.says("/subscribe petrov", FORUM, **{"from": anonymous, "sender_chat": FORUM})
    bob = ANN | {"id": 61, "first_name": "Bob"}
    assert "Only administrators" in await desk.says("/subscribe all", FORUM, **{"from": bob})
    assert desk.follows(-100) == [Follow("speaker", "petrov")]


async def test_a_channel_is_set_up_in_private_and_gets_its_alerts(desk: Desk) -> None:
    assert "I see no channel or group" in await desk.says("/manage @another", HOME)
    assert "You are setting up “The wall”" in await desk.says("/manage @the_wall", HOME)
    assert (await desk.says("/subscribe petrov", HOME)).startswith("📢 The wall\n✅ You follow")
    await desk.presses("1~on:speaker:ivanenko")
    assert [one.value for one in desk.follows(-200)] == ["ivanenko", "petrov"]
    assert desk.telegram.standing(-200) == []
    await desk.tells(-200, 0, "An alert.")
    await desk.told(-200, "An alert.")
    desk.telegram.chat(**_facts(WALL, admins=[ITSELF["id"]]))
    assert "You are no administrator" in await desk.says("/unsubscribe all", HOME)
    assert len(desk.follows(-200)) == 2


async def test_a_group_that_becomes_a_supergroup_is_put_together_with_what_was_subscribed_there(desk: Desk) -> None:
    old, new = ({"id": number, "type": kind, "title": "Both"} for number, kind in ((-5, "group"), (-105, "supergroup")))
    for chat in (old, new):
        desk.telegram.chat(**_facts(chat, owner=60))
    await desk.says("/subscribe petrov", old)
    await desk.says("/subscribe ivanenko", new)
    desk.telegram.chat(**_facts(old, state="migrated", new_id=-105))
    await desk.tells(-5, 0, "An alert.")
    await desk.told(-105, "An alert.")
    assert desk.database.read(subscribers.find, -5, 0) is None
    assert [one.value for one in desk.follows(-105)] == ["ivanenko", "petrov"]
    await desk.telegram.update(message={"from": ANN, "chat": old, "migrate_to_chat_id": -105})
    listed = await desk.says("/subscriptions", new)
    assert "Olha Ivanenko" in listed
    assert "Pavel Petrov" in listed
    assert len(desk.follows(-105)) == 2


async def test_a_group_that_puts_the_bot_out_and_takes_it_back_has_its_settings(desk: Desk) -> None:
    await desk.says("/subscribe petrov", FORUM)
    await desk.telegram.update(my_chat_member=_standing("member", "left"))
    await until(lambda: _state(desk) == "blocked")
    assert "In a group only administrators" in await desk.happens(my_chat_member=_standing("left", "member"))
    assert _state(desk) == "active"
    assert desk.follows(-100) == [Follow("speaker", "petrov")]


def _state(desk: Desk) -> str:
    known = desk.database.read(subscribers.find, -100, 0)
    return known.state if known else ""


def _standing(before: str, after: str) -> dict[str, Any]:
    old, new = ({"user": ITSELF, "status": status} for status in (before, after))
    return {"chat": FORUM, "from": ANN, "date": 1647259200, "old_chat_member": old, "new_chat_member": new}


# --- operators


async def test_an_announcement_arrives_as_it_was_written(desk: Desk) -> None:
    await desk.says("/start", HOME)
    bold = {"type": "bold", "offset": len("/admin announce "), "length": 5}
    command = {"type": "bot_command", "offset": 0, "length": 6}
    await desk.says("/admin announce Works on Sunday.", HOME, entities=[command, bold])
    await until(lambda: "admin:send:1:all" in str(desk.telegram.standing(60)[-1].get("reply_markup")))
    assert desk.telegram.texts(60).count("Works on Sunday.") == 1
    assert "to 1 chat" in await desk.presses("admin:send:1:all")
    desk.bot.delivery.nudge()
    await until(lambda: desk.telegram.texts(60).count("Works on Sunday.") == 2)
    assert desk.telegram.standing(60)[-1]["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
