"""Telegram's own protocol as far as Telethon shows it to us: a channel in memory, behind the client's calls."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

_ABSENT = (
    *("action", "edit_date", "edit_hide", "forward", "grouped_id", "poll", "reply_to"),
    *("photo", "video", "video_note", "voice", "audio", "sticker", "document", "geo", "web_preview"),
)


class RPCError(Exception):
    """As `telethon.errors.RPCError`; its subclasses are known by their names."""


class FloodWaitError(RPCError):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"A wait of {seconds} seconds is required")
        self.seconds = seconds


class Client:
    """`refuse` is raised by the next call, by each while it is `down`. `asked` are the arguments of get_messages."""

    def __init__(self) -> None:
        self.entity = SimpleNamespace(id=1413275904, access_hash=77, title="A  channel", broadcast=True)
        self.messages: dict[int, Any] = {}
        self.refuse: Exception | None = None
        self.down = False
        self.asked: list[dict[str, Any]] = []
        self.resolved: list[str] = []
        self.handlers: list[tuple[Callable[[Any], Any], Any]] = []
        self.authorized = True
        self.connected = False
        self.is_bot = self.logged_out = False
        self.session = SimpleNamespace(save=lambda: "a session")
        self.answers: list[str] = []

    def post(self, *ids: int, **what: Any) -> None:
        for id in ids:
            date = datetime(2022, 3, 14, 12, tzinfo=UTC)
            self.messages[id] = SimpleNamespace(
                **{**dict.fromkeys(_ABSENT), "id": id, "date": date, "message": f"Post {id}", **what}
            )

    async def connect(self) -> None:
        self._say()
        self.connected = True

    async def start(self, **ask: Callable[[], str]) -> None:
        await self.connect()
        self.answers = [ask[what]() for what in ("phone", "code_callback", "password")]

    async def get_me(self) -> Any:
        return SimpleNamespace(bot=self.is_bot)

    async def log_out(self) -> None:
        self.logged_out = True

    async def disconnect(self) -> None:
        self.connected = False

    async def is_user_authorized(self) -> bool:
        return self.authorized

    def add_event_handler(self, handler: Callable[[Any], Any], event: Any) -> None:
        self.handlers.append((handler, event))

    async def get_entity(self, name: str) -> Any:
        self._say()
        self.resolved.append(name)
        return self.entity

    async def get_messages(
        self,
        peer: Any,
        *,
        limit: int = 100,
        min_id: int = 0,
        max_id: int = 0,
        reverse: bool = False,
        offset_date: datetime | None = None,
        ids: Sequence[int] | None = None,
    ) -> list[Any]:
        self._say()
        self.asked.append({"peer": peer, "limit": limit, "min_id": min_id, "max_id": max_id, "ids": ids})
        if ids is not None:
            return [self.messages.get(id) for id in ids]
        found = [
            message
            for id, message in sorted(self.messages.items(), reverse=not reverse)
            if id > min_id and (not max_id or id < max_id) and (offset_date is None or message.date >= offset_date)
        ]
        return found[:limit]

    def _say(self) -> None:
        refusal, self.refuse = self.refuse, self.refuse if self.down else None
        if refusal:
            raise refusal


def install(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    """Telethon's names, with this client behind them."""

    def made(session: str, *arguments: Any, **more: Any) -> Client:
        if session == "junk":
            raise ValueError("Not a valid string")
        return client

    events = SimpleNamespace(NewMessage=lambda: "new", MessageEdited=lambda: "edited", MessageDeleted=lambda: "deleted")
    modules: dict[str, dict[str, Any]] = {
        "telethon": {"TelegramClient": made, "events": events},
        "telethon.errors": {"RPCError": RPCError},
        "telethon.sessions": {"StringSession": lambda text="": text},
        "telethon.tl": {},
        "telethon.tl.types": {"InputPeerChannel": lambda id, hash: (id, hash)},
    }
    for name, contents in modules.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
