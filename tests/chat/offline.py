"""python-telegram-bot with the network taken away: a request that answers by itself and keeps every call."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from telegram import Update
from telegram.ext import Application
from telegram.request import BaseRequest, RequestData

from bot import chat
from tests import judging
from tests.chat.worlds import Office

BOT = {"id": 1, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}
GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


class Telegram(BaseRequest):
    """Answers as Telegram would. `refuse` maps a method to an error (code, description), `ranks` a user to a status or
    a member; `chats` are those that it knows, by number or name.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuse: dict[str, tuple[int, str]] = {}
        self.ranks: dict[int, str | dict[str, Any]] = {}
        self.chats: dict[int | str, dict[str, Any]] = {}
        self.numbers = itertools.count(100)

    @property
    def read_timeout(self) -> float:
        return 5

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """Nor to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **more: object
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        fields: dict[str, Any] = dict(request_data.parameters) if request_data else {}
        if request_data and request_data.contains_files:
            fields["files"] = {filename: content for filename, content, _ in request_data.multipart_data.values()}
        judging.call(name, request_data.json_parameters if request_data else {})
        self.calls.append((name, fields))
        if name in self.refuse:
            code, description = self.refuse[name]
            return code, json.dumps({"ok": False, "error_code": code, "description": description}).encode()
        if name == "getChat" and fields["chat_id"] not in self.chats:
            return 400, b'{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}'
        return 200, json.dumps({"ok": True, "result": self._result(name, fields)}).encode()

    def _result(self, name: str, fields: dict[str, Any]) -> Any:
        if name == "getMe":
            return BOT
        if name == "getChatMember":
            user = {"id": fields["user_id"], "is_bot": False, "first_name": "U"}
            rank = self.ranks.get(fields["user_id"], "member")
            return member(user, rank) if isinstance(rank, str) else rank
        if name == "getChat":
            details = {"accent_color_id": 0, "max_reaction_count": 0, "accepted_gift_types": GIFTS}
            return self.chats[fields["chat_id"]] | details
        if name in ("sendMessage", "editMessageText"):
            number = fields.get("message_id") or next(self.numbers)
            return as_shown(fields, {"id": fields["chat_id"], "type": "private"}, number)
        if name == "sendMediaGroup":
            return [as_shown({"text": ""}, {"id": 7, "type": "private"}, next(self.numbers)) for _ in fields["media"]]
        if name in ("sendDocument", "sendPhoto"):
            fields = {"text": fields.get("caption") or "", "entities": fields.get("caption_entities")}
            return as_shown(fields, {"id": 7, "type": "private"}, next(self.numbers))
        return True


def as_shown(fields: dict[str, Any], where: dict[str, Any], number: int) -> dict[str, Any]:
    """The bot's message as the chat shows it."""
    shown = {
        "message_id": number,
        "date": 1647259200,
        "chat": where,
        "from": BOT,
        "text": fields["text"],
        "entities": fields.get("entities") or [],
    }
    if fields.get("reply_markup"):
        shown["reply_markup"] = fields["reply_markup"]
    if fields.get("message_thread_id"):
        shown |= {"message_thread_id": fields["message_thread_id"], "is_topic_message": True}
    return json.loads(json.dumps(shown))  # type: ignore[no-any-return]


def member(user: dict[str, Any], status: str, **more: object) -> dict[str, Any]:
    """A chat member of that status, with all the fields that it must have."""
    rights = [
        "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
        "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
        "can_edit_stories", "can_delete_stories",
    ]  # fmt: skip
    silenced = [
        "is_member", "can_change_info", "can_invite_users", "can_pin_messages", "can_send_messages",
        "can_send_polls", "can_send_other_messages", "can_add_web_page_previews", "can_manage_topics",
        "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos", "can_send_video_notes",
        "can_send_voice_notes", "can_edit_tag", "can_react_to_messages",
    ]  # fmt: skip
    fields: dict[str, Any] = {"user": user, "status": status}
    if status == "administrator":
        fields |= dict.fromkeys(rights, True)
    elif status == "restricted":
        fields |= dict.fromkeys(silenced, True) | {"until_date": 0}
    elif status == "kicked":
        fields |= {"until_date": 0}
    elif status == "creator":
        fields |= {"is_anonymous": False}
    return fields | more


@dataclass
class Talk:
    """One person in one chat, as Telegram tells the bot of them."""

    office: Office
    application: Any
    telegram: Telegram
    chat: dict[str, Any] = field(default_factory=lambda: {"id": 7, "type": "private", "first_name": "Eve"})
    user: dict[str, Any] = field(
        default_factory=lambda: {"id": 7, "is_bot": False, "first_name": "Eve", "language_code": "en"}
    )
    thread: int = 0
    updates: Any = field(default_factory=lambda: itertools.count(1))

    def elsewhere(self, chat: dict[str, Any], *, thread: int = 0, **user: object) -> "Talk":
        """The same bot in another chat, perhaps with somebody else."""
        who = self.user | user
        return Talk(self.office, self.application, self.telegram, chat, who, thread, self.updates)

    async def says(self, text: str | None, kind: str = "message", **more: object) -> list[dict[str, Any]]:
        """Sends a text; returns the calls by which the bot answered, with all their fields."""
        message: dict[str, Any] = {
            "message_id": next(self.telegram.numbers),
            "date": 1647259200,
            "chat": self.chat,
            "text": text,
        }
        if kind == "message":
            message["from"] = self.user
        if text and text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        if self.thread:
            message |= {"message_thread_id": self.thread, "is_topic_message": True}
        return await self.tells({kind: {key: value for key, value in (message | more).items() if value is not None}})

    async def presses(self, data: str | None, on: dict[str, Any] | None = None, **more: object) -> list[dict[str, Any]]:
        """Presses a button with that data under the message `on` (an answer of the bot)."""
        fields = on or {"text": "A menu", "message_thread_id": self.thread}
        query = {
            "id": "5",
            "from": self.user,
            "chat_instance": "1",
            "data": data,
            "message": as_shown(fields, self.chat, next(self.telegram.numbers)),
        }
        return await self.tells({"callback_query": {k: v for k, v in (query | more).items() if v is not None}})

    async def watches(self, words: str) -> list[dict[str, Any]]:
        """Asks for a watch and saves it; returns the calls that answer the button."""
        answers = await self.says(f"/watch {words}")
        return await self.presses("keep", answers[-1])

    async def types(self, words: str, offset: str = "") -> dict[str, Any]:
        """Types words after the bot's name, wherever; gives the answer."""
        query = {"id": "9", "from": self.user, "query": words, "offset": offset, "chat_type": "group"}
        (answer,) = await self.tells({"inline_query": query})
        return answer

    async def tells(self, update: dict[str, Any]) -> list[dict[str, Any]]:
        before = len(self.telegram.calls)
        read = Update.de_json({"update_id": next(self.updates), **update}, self.application.bot)
        await self.application.process_update(read)
        return [{"method": name, **fields} for name, fields in self.telegram.calls[before:]]


async def open_chat(office: Office) -> Talk:
    telegram = Telegram()
    application = (
        Application.builder().token("1:offline").request(telegram).get_updates_request(telegram).updater(None).build()
    )
    chat.serve(application, office.desk)
    await application.initialize()
    return Talk(office, application, telegram)


def text_of(calls: list[dict[str, Any]]) -> str:
    """The words of the one message that was sent or edited."""
    (message,) = [call for call in calls if "text" in call and call["method"] in ("sendMessage", "editMessageText")]
    return str(message["text"])


def operator_of(talk: Talk) -> Talk:
    """The same bot, talked to in private by who runs it."""
    return talk.elsewhere({"id": 99, "type": "private", "first_name": "Ann"}, id=99, first_name="Ann")


def data_of(call: dict[str, Any]) -> list[str]:
    """What the buttons under it say, but for those that cite and export."""
    return [data for data in all_data_of(call) if not data.startswith(("cite:", "export:"))]


def all_data_of(call: dict[str, Any]) -> list[str]:
    """What the buttons under it say."""
    return [button["callback_data"] for button in buttons_of(call) if "callback_data" in button]


def marked_in(call: dict[str, Any]) -> list[str]:
    """What those buttons under it say that are marked as chosen."""
    return [button["callback_data"] for button in buttons_of(call) if button["text"].startswith("● ")]


def captions_of(call: dict[str, Any]) -> list[str]:
    """How the buttons under it are called."""
    return [button["text"] for button in buttons_of(call)]


def copies_of(call: dict[str, Any]) -> list[str]:
    """What the buttons under it copy."""
    return [button["copy_text"]["text"] for button in buttons_of(call) if "copy_text" in button]


def buttons_of(call: dict[str, Any]) -> list[dict[str, Any]]:
    """All that stand under it, row by row."""
    rows = (call.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]
