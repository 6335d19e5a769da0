"""Alerts delivered."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from telegram.ext import ExtBot

from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.deliver import Delivery
from bot.models import Lane, Message
from bot.store import outbox
from bot.store.connection import Connection
from bot.store.database import Database
from tests.bench.figures import Figure
from tests.bench.worlds import NOW, followers
from tests.process.running import listening


def delivering(folder: Path) -> Iterator[Figure]:
    """The outbox to a server with 30 ms latency, each acknowledgement on the disk (FULL)."""
    chats = 3000
    beside = "pace lifted, 64 in flight, synchronous=FULL"
    with listening("tests.bench.slow_telegram", "0.03") as url:

        async def work() -> float:
            database = Database.open(folder / "parley.db")
            members = await database.write(followers, chats)
            await database.write(_queue, members)
            pacing = Pacing(overall=100_000, chat=1000, group=100_000)
            bot: ExtBot[Lane] = ExtBot(
                "1:bench",
                base_url=f"{url}/bot",
                request=AiohttpRequest(),
                get_updates_request=AiohttpRequest(),
                rate_limiter=pacing,
            )
            await bot.initialize()
            delivery = Delivery(database, bot, pacing, lambda: NOW)
            began = time.perf_counter()
            while await delivery.step():
                pass
            took = time.perf_counter() - began
            await bot.shutdown()
            database.close()
            return chats / took

        yield Figure("alerts delivered", asyncio.run(work()), "a second", beside)

        async def stock() -> float:
            bot: ExtBot[None] = ExtBot("1:bench", base_url=f"{url}/bot")
            await bot.initialize()
            door = asyncio.Semaphore(8)

            async def send(chat: int) -> None:
                async with door:
                    await bot.send_message(chat, "A statement. " * 25)

            began = time.perf_counter()
            await asyncio.gather(*(send(chat) for chat in range(1, 501)))
            took = time.perf_counter() - began
            await bot.shutdown()
            return 500 / took

        yield Figure("the same, stock transport", asyncio.run(stock()), "a second", "8 in flight (its best), no outbox")


def _queue(connection: Connection, members: list[int]) -> None:
    message = Message("A statement. " * 25)
    outbox.queue(connection, [(member, False) for member in members], "post:1", [message], "alert", NOW)
