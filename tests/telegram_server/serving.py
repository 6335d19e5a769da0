"""The server inside a test's own event loop: real HTTP on a free port of 127.0.0.1, its state within reach."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.telegram_server.chats import Message
from tests.telegram_server.faults import Fault
from tests.telegram_server.server import TelegramServer

TOKEN = "123456789:TEST"


class Telegram:
    """A running server. `url` is what TELEGRAM_API_URL would be."""

    def __init__(self, server: TelegramServer, url: str) -> None:
        self.server, self.url = server, url

    def chat(self, number: int, **facts: Any) -> None:
        """Say what is true of a chat from now on: state, type, title, topics, new_id …"""
        self.server.chats.tell({"id": number, **facts})

    def standing(self, chat: int) -> list[Message]:
        """The messages that stand in a chat, oldest first."""
        return self.server.chats.standing(chat)

    def texts(self, chat: int) -> list[str]:
        return [message["text"] for message in self.standing(chat)]

    def fault(self, kind: str, **details: Any) -> Fault:
        """Let something go wrong with the next call, or with those that the details say."""
        fault = Fault(kind, **details)
        self.server.faults.append(fault)
        return fault

    def calls(self, method: str = "") -> list[dict[str, Any]]:
        """Every call so far, those that a fault spoiled included."""
        return [call for call in self.server.calls if method in ("", call["method"])]

    async def called(self, method: str, times: int = 1, within: float = 5.0) -> None:
        """Wait until the bot has called the method so often; a call counts as soon as it has been read."""
        async with asyncio.timeout(within):
            while len(self.calls(method)) < times:  # noqa: ASYNC110 - the record is a list
                await asyncio.sleep(0.002)

    async def update(self, **event: Any) -> int:
        """Let something happen: `message={…}`, `callback_query={…}`; gives the update's number."""
        return await self.server.enqueue_update(event, token=TOKEN)


@asynccontextmanager
async def serve(*, flood: bool = False) -> AsyncIterator[Telegram]:
    server = TelegramServer(flood=flood)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Telegram(server, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
