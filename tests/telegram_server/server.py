"""The emulator's doors and checks, with chats behind them that remember."""

import json
import re
import time
from typing import Any

import lo_bot_api_emulator as lo
from aiohttp import web

from tests.telegram_server.chats import Chats, Message
from tests.telegram_server.emulator import FaultyEmulator
from tests.telegram_server.faults import Fields, Pace
from tests.telegram_server.markup import Entity, read_markup

# Methods that are only acknowledged: the call is on record and nothing else happens.
ACKNOWLEDGED = [
    "setMyName",
    "setMyDescription",
    "setMyShortDescription",
    "setMyDefaultAdministratorRights",
    "setMessageReaction",
    "unpinChatMessage",
    "unpinAllChatMessages",
    "editForumTopic",
    "sendMessageDraft",
]
TOPIC_STATES = {"closeForumTopic": "topic_closed", "reopenForumTopic": "ok", "deleteForumTopic": "topic_gone"}
RIGHTS = [
    "manage_chat",
    "delete_messages",
    "manage_video_chats",
    "restrict_members",
    "promote_members",
    "change_info",
    "invite_users",
    "post_stories",
    "edit_stories",
    "delete_stories",
    "post_messages",
    "edit_messages",
    "pin_messages",
    "manage_topics",
]
GIFTS = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
MAX_RAW_BYTES = 32768


class TelegramServer(FaultyEmulator):
    """The emulator's doors and checks, with chats behind them that remember."""

    def __init__(self, *, flood: bool = False) -> None:
        super().__init__()
        self.chats = Chats()
        self.commands: dict[tuple[str, str], Any] = {}
        self.pace = Pace() if flood else None
        self.bot_id = 7

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/__chat", self._post_chat)
        app.router.add_get("/__chat/{id}", self._get_chat)
        return app

    async def _post_chat(self, request: web.Request) -> web.Response:
        try:
            self.chats.tell(await request.json())
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"ok": True})

    async def _get_chat(self, request: web.Request) -> web.Response:
        return web.json_response(self.chats.standing(int(request.match_info["id"])))

    async def enqueue_update(self, update: Any, *, token: str) -> int:
        """Let something happen, completed as Telegram would, and queue it for the bot."""
        self.chats.happens(update)
        result: int = await super().enqueue_update(update, token=token)
        return result

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a call as the bot that its token names."""
        number = request.match_info["token"].split(":")[0]
        self.bot_id = int(number) if number.isdigit() else self.bot_id
        return await super().handle(request)

    def validate(self, method: str, fields: Fields, uploads: Fields) -> Any:
        """Check a call as the emulator does, then as Telegram does, and let it take effect."""
        self._name_to_number(fields)
        known, answer = self._answer(method, fields)
        if known:
            return answer
        old = self._message_to_edit(method, fields) if method.startswith("edit") else None
        entities = self._read_bodies(method, fields)
        result = super().validate(method, fields, uploads)
        if method == "deleteMessage":
            message = self.chats.find(fields["chat_id"], fields["message_id"], "to delete")
            del self.chats.messages[message["chat"]["id"], message["message_id"]]
        elif method == "sendChatAction":
            self.chats.refuse_closed(int(fields["chat_id"]), fields.get("message_thread_id"))
        elif method.startswith("send"):
            self._admit(fields)
            for message, found in zip(result if isinstance(result, list) else [result], entities, strict=True):
                self._send(message, fields, uploads, found)
        elif old is not None:
            self._edit(old, result, method, entities[0])
        return result

    def _name_to_number(self, fields: Fields) -> None:
        chat = fields.get("chat_id")
        if isinstance(chat, str) and chat.startswith("@"):
            fields["chat_id"] = self.chats.named(chat[1:]) or chat

    # methods that the emulator does not model, or models too thinly

    def _answer(self, method: str, fields: Fields) -> tuple[bool, Any]:
        """Answer what needs none of the emulator's checks; tell first whether this is such a method."""
        chat = fields.get("chat_id")
        match method:
            case "getMe":
                return True, self._me()
            case "getChat":
                return True, self._full_chat(self.chats.refuse_unmet(chat))
            case "getChatMember":
                return True, self._member(self.chats.refuse_unmet(chat), int(fields["user_id"]))
            case "getChatAdministrators":
                return True, self._administrators(self.chats.refuse_unmet(chat))
            case "leaveChat":
                self.chats.tell({"id": self.chats.refuse_unmet(chat), "state": "not_member"})
                return True, True
            case "pinChatMessage":
                return True, bool(self.chats.find(chat, fields["message_id"], "to pin"))
            case "createForumTopic":
                return True, self._create_topic(self.chats.refuse_unmet(chat), str(fields.get("name", "")))
            case "closeForumTopic" | "reopenForumTopic" | "deleteForumTopic":
                return True, self._set_topic(self.chats.refuse_unmet(chat), fields, TOPIC_STATES[method])
            case "getMyCommands":
                return True, self.commands.get(scope(fields), [])
            case "setMyCommands":
                self.commands[scope(fields)] = self._check_commands(self.decoded(fields["commands"]))
            case "deleteMyCommands":
                self.commands.pop(scope(fields), None)
            case "answerCallbackQuery":
                self._check_query(fields.get("callback_query_id"))
            case "answerInlineQuery":
                self._check_query(fields.get("inline_query_id"))
        return method in ACKNOWLEDGED, True

    def _me(self) -> dict[str, Any]:
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "Test",
            "username": "test_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": True,
        }

    def _full_chat(self, chat: int) -> dict[str, Any]:
        gifts = dict.fromkeys(GIFTS, False)
        details = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
        return self.chats.shown(chat) | details

    def _member(self, chat: int, user: int) -> dict[str, Any]:
        person = self._me() if user == self.bot_id else self.chats.people.get(user)
        if person is None:
            raise lo.ApiRefusal("Bad Request: member not found")
        if user == self.chats.facts[chat].get("owner"):
            return {"status": "creator", "user": person, "is_anonymous": False}
        if user not in self.chats.facts[chat].get("admins", []):
            return {"status": "member", "user": person}
        rights = {f"can_{right}": True for right in RIGHTS}
        return {"status": "administrator", "user": person, "can_be_edited": False, "is_anonymous": False} | rights

    def _administrators(self, chat: int) -> list[dict[str, Any]]:
        if chat > 0:
            raise lo.ApiRefusal("Bad Request: there are no administrators in the private chat")
        facts = self.chats.facts[chat]
        admins = [*([facts["owner"]] if "owner" in facts else []), *facts.get("admins", [])]
        return [self._member(chat, user) for user in admins if user in {self.bot_id, *self.chats.people}]

    def _create_topic(self, chat: int, name: str) -> dict[str, Any]:
        if not 1 <= len(name) <= 128:
            raise lo.ApiRefusal("Bad Request: TOPIC_TITLE_EMPTY")
        thread = self.chats.next_id(chat)
        self._set_topic(chat, {"message_thread_id": thread}, "ok")
        return {"message_thread_id": thread, "name": name, "icon_color": 7322096}

    def _set_topic(self, chat: int, fields: Fields, state: str) -> bool:
        self.chats.facts[chat].setdefault("topics", {})[str(fields["message_thread_id"])] = state
        return True

    @staticmethod
    def _check_commands(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise lo.ApiRefusal("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise lo.ApiRefusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return commands

    def _check_query(self, query: Any) -> None:
        if str(query) not in self.chats.queries:
            raise lo.ApiRefusal("Bad Request: query is too old and response timeout expired or query ID is invalid")

    # texts and messages

    def _read_bodies(self, method: str, fields: Fields) -> list[list[Entity]]:
        """Read the markup of every text in a call: one for a message, one for each item of an album."""
        if method == "sendMediaGroup":
            media = self.decoded(fields.get("media"))
            found = [self._read_body(item, "caption", "caption_entities") for item in media]
            fields["media"] = json.dumps(media)
            return found
        if "text" in fields:
            return [self._read_body(fields, "text", "entities")]
        return [self._read_body(fields, "caption", "caption_entities")]

    def _read_body(self, fields: Fields, body: str, entities: str) -> list[Entity]:
        text = fields.get(body)
        mode = fields.pop("parse_mode", None)
        if not isinstance(text, str) or not text:
            return []
        if len(text.encode()) > MAX_RAW_BYTES:
            raise lo.ApiRefusal("Bad Request: text is too long")
        if mode:
            fields[body], found = read_markup(text, mode)
            return found
        given: list[Entity] = self.decoded(fields.get(entities)) or []
        refuse_misplaced(text, given)
        return given

    def _admit(self, fields: Fields) -> None:
        chat = int(fields["chat_id"])
        self.chats.refuse_closed(chat, fields.get("message_thread_id"))
        reply = self.decoded(fields.get("reply_parameters")) or {}
        if "message_id" in reply and not reply.get("allow_sending_without_reply"):
            self.chats.find(chat, reply["message_id"], "to be replied")
        if self.pace is not None:
            self.pace.admit(chat)

    def _send(self, message: Message, fields: Fields, uploads: Fields, entities: list[Entity]) -> None:
        """Complete the emulator's message and let it stand in its chat."""
        chat = int(fields["chat_id"])
        message |= {"message_id": self.chats.next_id(chat), "date": int(time.time())}
        message |= {"chat": self.chats.shown(chat), "from": self._me()}
        if entities:
            message["entities" if "text" in message else "caption_entities"] = entities
        if fields.get("message_thread_id"):
            message |= {"message_thread_id": int(fields["message_thread_id"]), "is_topic_message": True}
        if fields.get("link_preview_options"):
            message["link_preview_options"] = self.decoded(fields["link_preview_options"])
        if str(fields.get("protect_content")).lower() == "true":
            message["has_protected_content"] = True
        if "document" in message and "document" in uploads:
            message["document"]["file_name"] = uploads["document"]["filename"]
        self.chats.messages[chat, message["message_id"]] = dict(message)

    def _message_to_edit(self, method: str, fields: Fields) -> Message:
        old = self.chats.find(fields["chat_id"], fields["message_id"], "to edit")
        if old.get("from", {}).get("id") != self.bot_id:
            raise lo.ApiRefusal("Bad Request: message can't be edited")
        if method == "editMessageText" and "text" not in old:
            raise lo.ApiRefusal("Bad Request: there is no text in the message to edit")
        return old

    def _edit(self, old: Message, result: Message, method: str, entities: list[Entity]) -> None:
        new = {key: value for key, value in old.items() if key != "reply_markup"}
        new |= {key: result[key] for key in ("text", "caption", "reply_markup") if key in result}
        if method != "editMessageReplyMarkup":
            body = "entities" if "text" in new else "caption_entities"
            new.pop(body, None)
            new |= {body: entities} if entities else {}
        if new | {"edit_date": 0} == old | {"edit_date": 0}:
            raise lo.ApiRefusal(
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message"
            )
        result.clear()
        result |= new | {"edit_date": int(time.time())}
        self.chats.messages[result["chat"]["id"], result["message_id"]] = dict(result)

    # the emulator's own checks, with what Telegram allows besides

    @classmethod
    def validate_markup(cls, markup: Fields, *, private_chat: bool = True) -> None:
        markup = json.loads(json.dumps(markup))
        if "force_reply" in markup:
            return
        markup.pop("selective", None)
        rows = [*(markup.get("inline_keyboard") or []), *(markup.get("keyboard") or [])]
        for button in [button for row in rows for button in row if isinstance(button, dict)]:
            cls._check_button(button)
        super().validate_markup(markup, private_chat=private_chat)

    @staticmethod
    def _check_button(button: Fields) -> None:
        """Check what the emulator does not know of a button, and take it away."""
        if button.pop("style", None) not in (None, "primary", "success", "danger"):
            raise lo.ApiRefusal("Bad Request: invalid button style specified")
        for key in ("icon_custom_emoji_id", "request_chat", "request_users"):
            button.pop(key, None)
        if "switch_inline_query_chosen_chat" in button:
            button["switch_inline_query"] = button.pop("switch_inline_query_chosen_chat").get("query", "")
        if len(str(button.get("callback_data", "")).encode()) > 64:
            raise lo.ApiRefusal("Bad Request: BUTTON_DATA_INVALID")

    @classmethod
    def validate_reply(cls, fields: Fields) -> None:
        try:
            reply = cls.decoded(fields.get("reply_parameters"))
        except ValueError:
            reply = None
        if isinstance(reply, dict):
            plain = {key: value for key, value in reply.items() if not key.startswith("quote")}
            fields = fields | {"reply_parameters": plain}
        super().validate_reply(fields)

    def source(self, kind: str, value: Any, uploads: Fields, *, album: bool = False) -> Any:
        """Besides uploads and file ids, take any web address for a file that could be fetched."""
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return {"filename": value.rsplit("/", 1)[-1], "data": b"", "size": 0}
        return super().source(kind, value, uploads, album=album)


def refuse_misplaced(text: str, entities: list[Entity]) -> None:
    """Refuse entities that reach beyond the text or cut a character of two UTF-16 units."""
    edges, position = {0}, 0
    for character in text:
        position += 2 if ord(character) > 0xFFFF else 1
        edges.add(position)
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if entity["length"] < 1 or begin not in edges or end not in edges:
            raise lo.ApiRefusal("Bad Request: ENTITY_BOUNDS_INVALID")


def scope(fields: Fields) -> tuple[str, str]:
    """For whom and in which language a list of commands is."""
    return str(fields.get("scope", "")), str(fields.get("language_code", ""))
