"""The chats of this Telegram, the people in them and the messages that stand there."""

import re
import time
from collections import Counter
from typing import Any

import lo_bot_api_emulator as lo

from tests.telegram_server.markup import find_entities

Fields = dict[str, Any]
Message = dict[str, Any]

# What the bot is told when it writes to a chat, or to a topic of it, in this state.
STATES = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "never_started": (403, "Forbidden: bot can't initiate conversation with a user"),
    "kicked": (403, "Forbidden: bot was kicked from the {type} chat"),
    "not_member": (403, "Forbidden: bot is not a member of the {type} chat"),
    "group_deleted": (403, "Forbidden: the group chat was deleted"),
    "not_found": (400, "Bad Request: chat not found"),
    "no_rights": (400, "Bad Request: not enough rights to send text messages to the chat"),
    "migrated": (400, "Bad Request: group chat was upgraded to a supergroup chat"),
    "topic_closed": (400, "Bad Request: TOPIC_CLOSED"),
    "topic_gone": (400, "Bad Request: message thread not found"),
}
NOT_IN_CHAT = {"kicked", "not_member", "group_deleted", "not_found", "migrated"}

# state is one of STATES or "ok", and "migrated" needs a new_id; topics maps a thread id to a state; admins are user
# ids, owner is one. The other keys are Telegram's own.
CONTROL_KEYS = {"state", "new_id", "topics", "admins", "owner"}
CHAT_KEYS = CONTROL_KEYS | {"id", "type", "title", "username", "first_name", "is_forum"}


class Chats:
    """The chats, the people and the messages, as far as the bot has met them."""

    def __init__(self) -> None:
        self.facts: dict[int, dict[str, Any]] = {}
        self.people: dict[int, dict[str, Any]] = {}
        self.messages: dict[tuple[int, int], Message] = {}
        self.queries: set[str] = set()
        self._last_ids: Counter[int] = Counter()

    def tell(self, facts: dict[str, Any]) -> None:
        """Take in what is true of a chat from now on."""
        state = facts.get("state", "ok")
        if set(facts) - CHAT_KEYS or not isinstance(facts.get("id"), int) or state not in {"ok", *STATES}:
            raise ValueError(f"not facts about a chat: {facts}")
        known = self.facts.setdefault(facts["id"], {})
        topics = known.get("topics", {}) | facts.get("topics", {})
        known.update(facts, topics=topics)

    def happens(self, update: Fields) -> None:
        """Remember the message, the chat, the people and the query that an update brings."""
        for kind, event in update.items():
            if not isinstance(event, dict):
                continue
            if kind in ("message", "edited_message", "channel_post", "edited_channel_post"):
                self._receive(event)
            if kind in ("callback_query", "inline_query"):
                self.queries.add(str(event["id"]))
            if "from" in event:
                self.people[event["from"]["id"]] = event["from"]
            if "chat" in event:
                self.tell({key: value for key, value in event["chat"].items() if key in CHAT_KEYS})

    def _receive(self, message: Message) -> None:
        """Give a person's message an id, a date and entities where it has none, and keep it."""
        chat = message["chat"]["id"]
        if "message_id" not in message:
            message["message_id"] = self.next_id(chat)
        self._last_ids[chat] = max(self._last_ids[chat], message["message_id"])
        message.setdefault("date", int(time.time()))
        for body, entities in (("text", "entities"), ("caption", "caption_entities")):
            if body in message and entities not in message:
                message[entities] = find_entities(message[body])
        self.messages[chat, message["message_id"]] = message

    def next_id(self, chat: int) -> int:
        self._last_ids[chat] += 1
        return self._last_ids[chat]

    def named(self, name: str) -> int | None:
        return next((chat for chat, facts in self.facts.items() if facts.get("username") == name), None)

    def shown(self, chat: int) -> dict[str, Any]:
        """The chat as Telegram shows it in a message."""
        plain = {"type": "private", "first_name": "User"} if chat > 0 else {"type": "supergroup", "title": "Group"}
        facts = {key: value for key, value in self.facts.get(chat, {}).items() if key not in CONTROL_KEYS}
        return {"id": chat} | plain | facts

    def standing(self, chat: int) -> list[Message]:
        here = sorted(key for key in self.messages if key[0] == chat)
        return [self.messages[key] for key in here]

    def refuse_closed(self, chat: int, thread: Any = None) -> None:
        """Refuse a chat or a topic as Telegram would."""
        facts = self.facts.get(chat, {})
        for state in (facts.get("state"), facts.get("topics", {}).get(str(thread))):
            if state in STATES:
                code, description = STATES[state]
                moved = {"migrate_to_chat_id": facts["new_id"]} if state == "migrated" else None
                raise lo.ApiRefusal(description.format(type=self.shown(chat)["type"]), code, moved)

    def refuse_unmet(self, chat: Any) -> int:
        """Refuse a chat that the bot has never met or is no longer in."""
        number = int(chat) if re.fullmatch(r"-?\d+", str(chat)) else 0
        if number not in self.facts:
            raise lo.ApiRefusal("Bad Request: chat not found")
        if self.facts[number].get("state") in NOT_IN_CHAT:
            self.refuse_closed(number)
        return number

    def find(self, chat: Any, message: Any, what: str) -> Message:
        found = self.messages.get((int(chat), int(message)))
        if found is None:
            raise lo.ApiRefusal(f"Bad Request: message {what} not found")
        return found
