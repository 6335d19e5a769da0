"""What costs when nothing happens, and what a million waiting messages weigh. `python -m tests.bench.enduring FOLDER
URL` is the process that is weighed.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from telegram.ext import ExtBot

from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.deliver import Delivery
from bot.models import Message
from bot.store import outbox
from bot.store.connection import Connection
from bot.store.database import Database
from tests.bench.figures import Figure
from tests.bench.spending import processor, resident
from tests.bench.worlds import NOW, followers
from tests.process.running import HOUSE, Parley, TelegramFarEnd, listening, until, write_config

CHATS, ALERTS = 100_000, 10
WARMING, SENDING = 3.0, 15.0
IDLE = 20.0


def enduring(folder: Path) -> Iterator[Figure]:
    yield from _a_million(folder / "million")
    yield _idle(folder)


def _a_million(folder: Path) -> Iterator[Figure]:
    folder.mkdir()
    with closing(Database.open(folder / "parley.db")) as database:
        members = [(member, False) for member in database.submit(followers, CHATS).result()]
        for number in range(ALERTS):
            database.submit(_queue, number, members).result()
    size = (folder / "parley.db").stat().st_size / 2**20
    with listening("tests.bench.slow_telegram", "0.05") as url:
        command = [sys.executable, "-m", "tests.bench.enduring", str(folder), url]
        output = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    before, after, sent = (float(number) for number in output.split())
    yield Figure(
        "memory gained while a million messages wait",
        after - before,
        "MiB",
        f"{before:.0f} before the first, {after:.0f} at the most while {sent:,.0f} were sent; must stay within 20",
    )
    yield Figure("database with a million waiting messages", size, "MiB", "100,000 subscribers")


def _queue(connection: Connection, number: int, members: list[tuple[int, bool]]) -> None:
    outbox.queue(connection, members, f"post:{number}", [Message(f"Statement {number}. " * 25)], "alert", NOW)


async def _send(folder: Path, url: str) -> None:
    """Prints the resident memory before and at the most while sending, in MiB, and how many were sent."""
    with closing(Database.open(folder / "parley.db")) as database:
        pacing = Pacing(1000.0, paid=True)
        request = AiohttpRequest()
        bot: Any = ExtBot("1:bench", base_url=f"{url}/bot", request=request, rate_limiter=pacing)
        async with bot:
            delivery = Delivery(database, bot, pacing, lambda: NOW)
            stop = asyncio.Event()
            running = asyncio.create_task(delivery.run(stop))
            await asyncio.sleep(WARMING)
            weights = [resident(os.getpid())]
            for _ in range(int(SENDING)):
                await asyncio.sleep(1)
                weights.append(resident(os.getpid()))
            stop.set()
            await running
        counted = "SELECT count(*) FROM outbox WHERE state = 'sent'"
        (sent,) = database.read(lambda connection: connection.execute(counted).fetchone())
    print(weights[0], max(weights), sent)
    print([round(w) for w in weights], file=sys.stderr)


def _idle(folder: Path) -> Figure:
    with ExitStack() as stack:
        telegram = stack.enter_context(listening("tests.telegram_server"))
        far_ends = stack.enter_context(listening("tests.far_ends"))
        write_config(folder, far_ends)
        sources = folder / "config" / "sources.toml"
        sources.write_text(sources.read_text().replace('every = "1s"', 'every = "5m"'))
        parley = Parley(
            folder, TELEGRAM_API_URL=telegram, TELEGRAM_WEB_URL=far_ends, X_API_URL=far_ends, X_BEARER_TOKEN="bench"
        )
        parley.start()
        try:
            until(TelegramFarEnd(telegram).polling)
            time.sleep(5)
            assert parley.process
            began = processor(parley.process.pid)
            time.sleep(IDLE)
            share = (processor(parley.process.pid) - began) / IDLE * 100
        finally:
            parley.stop()
    return Figure(
        "processor time of the idle process", share, "% of a core", "3 sources every 5 minutes; must be below 1"
    )


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(_send(Path(sys.argv[1]), sys.argv[2]))
