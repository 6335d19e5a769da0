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
Save = Callable[[str, bytes], str]
"""Keeps a file under its name, and says where."""

CHAT = 1
"""The one chat, and the one person in it."""

CHAT_DETAILS = {
    "id": CHAT,
    "type": "private",
    "first_name": "You",
    "accent_color_id": 0,
    "max_reaction_count": 0,
    "accepted_gift_types": dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    ),
}
"""What getChat must hold besides, in Bot API 10."""

REMEMBERED = 500
"""Messages that can still be edited, and buttons that can still be pressed."""

LONGEST_LINE = 4096
"""What Telegram takes as one message."""

BOT = {"id": 2, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}

STYLES = {"bold": (1, 22), "italic": (3, 23), "underline": (4, 24), "strikethrough": (9, 29)}
"""How a terminal is told to begin and to end each."""

QUOTES = ("blockquote", "expandable_blockquote")

TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Characters that turn the direction of all that follows, the rest of the screen included."""


class ConsoleRequest(BaseRequest):
    """Answers the calls of a bot and prints its messages to `shown`: with bold and the like in a terminal, else plain.

    Nothing that anybody wrote can steer the terminal: control characters are shown as �. What `save` says of a file
    stands in its place.
    """

    def __init__(self, shown: TextIO, language: str = "en", save: Save = lambda name, content: name) -> None:
        self._shown = shown
        self._save = save
        self._styled = shown.isatty()
        self._person = {"id": CHAT, "is_bot": False, "first_name": "You", "language_code": language}
        self._messages: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._buttons: OrderedDict[int, tuple[int, str]] = OrderedDict()
        self._results: dict[int, Fields] = {}
        self._inline = ""
        self._last_number = self._last_button = 0
        self._at = 1  # Telegram's 0 is a message that cannot be seen any more
        self._closed = False

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
        saved = [self._save(name, content) for name, content, _ in files.values() if isinstance(content, bytes)]
        result = self._answer(url.rpartition("/")[2], fields, saved)
        if isinstance(result, tuple):
            status, description = result
            body = {"ok": False, "error_code": status, "description": description}
            return status, json.dumps(body).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    # what is typed

    def update(self, line: str, now: datetime) -> dict[str, Any]:
        """What a typed line means in the Bot API's terms: a button pressed, or a message."""
        line, self._at = line.strip()[:LONGEST_LINE], int(now.timestamp())
        if not self._styled:
            self._print(f"> {clean(line)}\n")  # a terminal shows what is typed, a pipe does not
        if line.startswith(f"@{BOT['username']}"):
            return self._inline_query(line.partition(" ")[2], "")
        if line.isascii() and line.isdigit() and int(line) in self._results:
            return self._choose(self._results[int(line)])
        pressed = self._buttons.get(int(line)) if line.isascii() and line.isdigit() else None
        number = self._next_number()
        if pressed is not None:
            of_message, data = pressed
            query = {"id": str(number), "from": self._person, "chat_instance": "1", "data": data}
            return {"update_id": number, "callback_query": query | {"message": self._messages[of_message]}}
        message = self._message(number, {"text": line}) | {"from": self._person}
        if line.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": _units(line.split()[0])}]
        return {"update_id": number, "message": message}

    def _inline_query(self, words: str, offset: str) -> dict[str, Any]:
        """`@parley_bot words`: what is found is listed, and its number shares it."""
        number, self._inline = self._next_number(), words
        query = {"id": str(number), "from": self._person, "query": words, "offset": offset}
        return {"update_id": number, "inline_query": query}

    def _choose(self, result: Fields) -> dict[str, Any]:
        """Share what was found, or turn the page: a result without content."""
        if "input_message_content" not in result:
            return self._inline_query(self._inline, result["next_offset"])
        content = result["input_message_content"]
        given = {"text": content["message_text"], "entities": content.get("entities")}
        message = self._message(self._next_number(), {**given, "reply_markup": result.get("reply_markup")})
        self._show(message)
        return {"update_id": message["message_id"], "message": {**message, "from": self._person, "via_bot": BOT}}

    def _list(self, fields: Fields) -> bool:
        """Show what an inline query found, each with the number that shares it."""
        results = [*fields["results"], *([fields] if fields.get("next_offset") else [])]
        lines = [f"({clean(fields['button']['text'])})"] if fields.get("button") else []
        self._results.clear()
        for result in results:
            self._last_button += 1
            self._results[self._last_button] = result
            words = f"{result['title']}: {result['description']}" if "title" in result else "▶️"
            lines.append(f"[{self._last_button}] {clean(words)}")
        self._print("\n".join(lines) + "\n\n")
        return True

    # the methods of the Bot API

    def _answer(self, method: str, fields: Fields, files: Sequence[str]) -> Any:  # noqa: PLR0911 - a table
        """The result of a call, or its refusal."""
        match method:
            case "getMe":
                return BOT
            case "getUpdates":
                return []
            case "getChat":
                return CHAT_DETAILS
            case "getChatMember":
                return {"status": "member", "user": self._person}
            case "editMessageText" | "editMessageReplyMarkup":
                return self._edit(fields)
            case "deleteMessage":
                return self._forget(int(fields["message_id"]))
            case "answerCallbackQuery":
                if fields.get("text"):
                    self._print(f"({clean(fields['text'])})\n\n")
                return True
            case "answerInlineQuery":
                return self._list(fields)
            case "sendChatAction":
                return True
        if method.startswith("send"):
            return self._send(fields, files)
        if method.startswith(("set", "delete", "pin", "unpin", "answer", "leave", "close", "log")):
            return True
        return 400, f"Bad Request: a terminal has no {method}"

    def _send(self, fields: Fields, files: Sequence[str]) -> dict[str, Any] | Refusal:
        text = fields.get("text") or fields.get("caption") or ""
        if not text and not files:
            return 400, "Bad Request: message text is empty"
        message = self._message(self._next_number(), fields)
        self._show(message, files)
        return message

    def _edit(self, fields: Fields) -> dict[str, Any] | Refusal:
        old = self._messages.get(int(fields["message_id"]))
        if old is None:
            return 400, "Bad Request: message to edit not found"
        given = fields if "text" in fields else {"text": old["text"], "entities": old.get("entities"), **fields}
        new = self._message(old["message_id"], given)
        if new == old:
            return 400, "Bad Request: message is not modified"
        if old["text"] and new.get("reply_markup") == old.get("reply_markup"):
            self._show_change(old, new)
        else:
            self._forget(old["message_id"])
            self._show(new)
        return new

    def _forget(self, message: int) -> bool:
        for number in [number for number, (where, _) in self._buttons.items() if where == message]:
            del self._buttons[number]
        return self._messages.pop(message, None) is not None

    def _message(self, number: int, fields: Fields) -> dict[str, Any]:
        message = {
            "message_id": number,
            "date": self._at,
            "chat": {"id": CHAT, "type": "private", "first_name": "You"},
            "from": BOT,
            "text": fields.get("text") or fields.get("caption") or "",
        }
        entities = fields.get("entities") or fields.get("caption_entities")
        if entities:
            message["entities"] = entities
        if fields.get("link_preview_options"):
            message["link_preview_options"] = fields["link_preview_options"]
        if fields.get("reply_markup"):
            message["reply_markup"] = fields["reply_markup"]
        return message

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    # printing

    def _show(self, message: dict[str, Any], files: Sequence[str] = ()) -> None:
        """Print a message with its files' names and its buttons, and remember it with these."""
        number = message["message_id"]
        self._messages[number] = message
        while len(self._messages) > REMEMBERED:
            self._forget(next(iter(self._messages)))
        entities = message.get("entities") or []
        lines = [f"[{clean(name)}]" for name in files]
        if message["text"]:
            lines.append(shape(message["text"], entities, styled=self._styled))
        if picture := (message.get("link_preview_options") or {}).get("url"):
            lines.append(f"[🖼 {clean(picture)}]")
        told = {entity["url"] for entity in entities if "url" in entity}
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            buttons = [self._button(number, button) for button in row if button.get("url") not in told]
            lines += ["  ".join(buttons)] if buttons else []
        self._print("\n".join(lines) + "\n\n")

    def _show_change(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Print what is new in a message whose buttons stay, below its first line, which tells which one it is."""
        before, now = (
            shape(one["text"], one.get("entities") or [], styled=self._styled).split("\n") for one in (old, new)
        )
        self._messages[new["message_id"]] = new
        self._print("\n".join([f"✏️ {now[0]}", *(line for line in now[1:] if line not in before)]) + "\n\n")

    def _button(self, message: int, button: Mapping[str, Any]) -> str:
        if "copy_text" in button:
            return f"{clean(button['text'])} «{clean(button['copy_text']['text'])}»"
        if "callback_data" not in button:
            return f"{clean(button['text'])} <{clean(button.get('url', ''))}>"
        self._last_button += 1
        self._buttons[self._last_button] = (message, button["callback_data"])
        return f"[{self._last_button}] {clean(button['text'])}"

    def _print(self, text: str) -> None:
        """Write it in what the stream can show; once nobody reads any more, write nothing."""
        if self._closed:
            return
        encoding = getattr(self._shown, "encoding", None) or "utf-8"
        try:
            self._shown.write(text.encode(encoding, "replace").decode(encoding))
            self._shown.flush()
        except BrokenPipeError:
            self._closed = True


def update_of(line: str, now: datetime, bot: Bot) -> Update:
    """A typed line as the update that the bot would get; the bot's calls must go through a ConsoleRequest."""
    console = bot.request
    if not isinstance(console, ConsoleRequest):
        raise TypeError("this bot does not talk to a terminal")
    return Update.de_json(console.update(line, now), bot)


# --- a message as lines of text


def shape(text: str, entities: Iterable[Mapping[str, Any]], *, styled: bool) -> str:
    """The text with its marks as a terminal can show them: quotations behind a bar, an address beside the last words
    that lead there.
    """
    index_of = _indices(text)
    addresses: dict[str, int] = {}
    before: dict[int, str] = {}
    after: dict[int, str] = {}
    quotes: list[tuple[int, int]] = []
    for entity in entities:
        begin, end = index_of.get(entity["offset"]), index_of.get(entity["offset"] + entity["length"])
        if begin is None or end is None:
            continue
        while end > begin and text[end - 1].isspace():
            end -= 1
        kind = entity["type"]
        if kind in QUOTES:
            quotes.append((begin, end))
        elif kind == "text_link" and text[begin:end] != entity["url"]:
            addresses[entity["url"]] = max(end, addresses.get(entity["url"], 0))
        elif kind in STYLES and styled:
            on, off = STYLES[kind]
            before[begin] = before.get(begin, "") + f"\x1b[{on}m"
            after[end] = f"\x1b[{off}m" + after.get(end, "")
    for url, end in addresses.items():
        after[end] = after.get(end, "") + f" <{clean(url)}>"
    lines, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        quoted = any(begin <= end and start < until for begin, until in quotes)
        marked = (after.get(at, "") + before.get(at, "") + clean(text[at : at + 1]) for at in range(start, end))
        lines.append(("│ " if quoted else "") + "".join(marked) + after.get(end, ""))
        start = end + 1
    return "\n".join(lines)


def clean(text: str) -> str:
    """One line of somebody's words without anything that a terminal would obey."""
    return "".join(map(_clean, text))


def _clean(character: str) -> str:
    if character in TURNING or character == "\r":
        return ""
    if character.isspace():
        return " "
    return "�" if unicodedata.category(character) in ("Cc", "Cs") else character


def _indices(text: str) -> dict[int, int]:
    """From an offset in UTF-16 units, as Telegram counts, to one in characters."""
    found, units = {0: 0}, 0
    for index, character in enumerate(text, 1):
        units += _units(character)
        found[units] = index
    return found


def _units(text: str) -> int:
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)
