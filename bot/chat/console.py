"""The terminal as the far end of the Bot API: what the bot sends is printed, what is typed becomes updates.

python-telegram-bot talks to a `ConsoleRequest` as it talks to Telegram, so handlers and delivery are the real ones.
There is one person, one private chat and one bot. A button that sends something back has a number, never used twice,
and typing the number presses it.
"""

import json
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from telegram import Bot, Update
from telegram.request import BaseRequest, RequestData

Fields = Mapping[str, Any]
Refusal = tuple[int, str]

CHAT = 1
"""The one chat, and the one person in it."""

REMEMBERED = 500
"""Messages that can still be edited, and buttons that can still be pressed."""

LONGEST_LINE = 4096
"""What Telegram takes as one message."""

BOT = {"id": 2, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}

STYLES = {"bold": "\x1b[1m", "italic": "\x1b[3m", "underline": "\x1b[4m", "strikethrough": "\x1b[9m"}
PLAIN, FAINT = "\x1b[0m", "\x1b[2m"

QUOTES = ("blockquote", "expandable_blockquote")

TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Characters that turn the direction of all that follows, the rest of the screen included."""


class ConsoleRequest(BaseRequest):
    """Answers the calls of a bot and prints its messages to `shown`: with bold and the like in a terminal, else plain.

    Nothing that anybody wrote can steer the terminal: control characters are shown as �.
    """

    def __init__(self, shown: TextIO, language: str = "en") -> None:
        self._shown = shown
        self._styled = shown.isatty()
        self._person = {"id": CHAT, "is_bot": False, "first_name": "You", "language_code": language}
        self._messages: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._buttons: OrderedDict[int, tuple[int, str]] = OrderedDict()
        self._last_number = self._last_button = 0

    # what PTB asks of a transport

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close: the stream is the caller's."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **named: object
    ) -> tuple[int, bytes]:
        """Carry out one call and answer it as Telegram would."""
        fields = request_data.parameters if request_data is not None else {}
        files = request_data.multipart_data if request_data is not None else {}
        result = self._answer(url.rpartition("/")[2], fields, [name for name, _, _ in files.values()])
        if isinstance(result, tuple):
            status, description = result
            body = {"ok": False, "error_code": status, "description": description}
            return status, json.dumps(body).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    # what is typed

    def update(self, line: str, now: datetime) -> dict[str, Any]:
        """What a typed line means in the Bot API's terms: a button pressed, or a message."""
        line = line.strip()[:LONGEST_LINE]
        if not self._styled:
            self._print(f"> {line}\n")  # a terminal shows what is typed, a pipe does not
        pressed = self._buttons.get(int(line)) if line.isascii() and line.isdigit() else None
        number = self._next_number()
        if pressed is not None:
            of_message, data = pressed
            query = {"id": str(number), "from": self._person, "chat_instance": "1", "data": data}
            return {"update_id": number, "callback_query": query | {"message": self._messages[of_message]}}
        message = self._message(number, {"text": line}, now) | {"from": self._person}
        if line.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": _units(line.split()[0])}]
        return {"update_id": number, "message": message}

    # the methods of the Bot API

    def _answer(self, method: str, fields: Fields, files: Sequence[str]) -> Any:
        """The result of a call, or its refusal."""
        match method:
            case "getMe":
                return BOT
            case "getUpdates":
                return []
            case "getChat":
                details = {"accent_color_id": 0, "max_reaction_count": 0, "accepted_gift_types": _NO_GIFTS}
                return {"id": CHAT, "type": "private", "first_name": "You"} | details
            case "getChatMember":
                return {"status": "member", "user": self._person}
            case "editMessageText" | "editMessageReplyMarkup":
                return self._edit(fields)
            case "deleteMessage":
                return self._forget(int(fields["message_id"]))
            case "answerCallbackQuery":
                if fields.get("text"):
                    self._print(f"({fields['text']})\n\n")
                return True
            case "sendChatAction":
                return True
        if method.startswith("send"):
            return self._send(fields, files)
        if method.startswith(("set", "delete", "pin", "unpin", "answer", "leave", "close", "log")):
            return True
        return 400, f"Bad Request: a terminal has no {method}"

    def _send(self, fields: Fields, files: Sequence[str]) -> dict[str, Any] | Refusal:
        text = fields.get("text") or fields.get("caption") or ""
        for name in files:
            self._print(f"[{name}]\n")
        if not text and not files:
            return 400, "Bad Request: message text is empty"
        message = self._message(self._next_number(), fields, None)
        self._show(message)
        return message

    def _edit(self, fields: Fields) -> dict[str, Any] | Refusal:
        old = self._messages.get(int(fields["message_id"]))
        if old is None:
            return 400, "Bad Request: message to edit not found"
        given = fields if "text" in fields else {"text": old["text"], "entities": old.get("entities"), **fields}
        new = self._message(old["message_id"], given, None)
        if new == old:
            return 400, "Bad Request: message is not modified"
        self._forget(old["message_id"])
        self._show(new)
        return new

    def _forget(self, message: int) -> bool:
        for number in [number for number, (where, _) in self._buttons.items() if where == message]:
            del self._buttons[number]
        return self._messages.pop(message, None) is not None

    def _message(self, number: int, fields: Fields, at: datetime | None) -> dict[str, Any]:
        message = {
            "message_id": number,
            "date": int(at.timestamp()) if at is not None else 0,
            "chat": {"id": CHAT, "type": "private", "first_name": "You"},
            "from": BOT,
            "text": fields.get("text") or fields.get("caption") or "",
        }
        entities = fields.get("entities") or fields.get("caption_entities")
        if entities:
            message["entities"] = entities
        if fields.get("reply_markup"):
            message["reply_markup"] = fields["reply_markup"]
        return message

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    # printing

    def _show(self, message: dict[str, Any]) -> None:
        """Print a message with its buttons, and remember both."""
        number = message["message_id"]
        self._messages[number] = message
        while len(self._messages) > REMEMBERED:
            self._forget(next(iter(self._messages)))
        lines = [shape(message["text"], message.get("entities") or [], styled=self._styled)] if message["text"] else []
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            lines.append("  ".join(self._button(number, button) for button in row))
        self._print("\n".join(lines) + "\n\n")

    def _button(self, message: int, button: Mapping[str, str]) -> str:
        if "callback_data" not in button:
            return f"{clean(button['text'])} <{clean(button.get('url', ''))}>"
        self._last_button += 1
        self._buttons[self._last_button] = (message, button["callback_data"])
        return f"[{self._last_button}] {clean(button['text'])}"

    def _print(self, text: str) -> None:
        """Write it in what the stream can show; once nobody reads any more, write nothing."""
        encoding = getattr(self._shown, "encoding", None) or "utf-8"
        try:
            self._shown.write(text.encode(encoding, "replace").decode(encoding))
            self._shown.flush()
        except BrokenPipeError:
            self._print = _nowhere  # type: ignore[method-assign]


def update_of(line: str, now: datetime, bot: Bot) -> Update:
    """A typed line as the update that the bot would get; the bot's calls must go through a ConsoleRequest."""
    console = bot.request
    if not isinstance(console, ConsoleRequest):
        raise TypeError("this bot does not talk to a terminal")
    update = Update.de_json(console.update(line, now), bot)
    assert update is not None
    return update
