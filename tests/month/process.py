"""The child: everything of Parley between the network and the store, on a clock that is told to it.

Its one argument is an Order as JSON. It says "ready"; for each time that it then reads from its input it does all that
is due at that time, and says "done". When its input ends it closes what is open; it may as well be killed.
"""

import asyncio
import json
import logging
import random
import sys
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot import alarm, app, digest
from bot.budget import Budget
from bot.collect import Collector
from bot.keep import mind_the_clock
from bot.models import Fetcher, Follow, Source
from bot.sources import web
from bot.sources.feed import Feed
from bot.sources.telegram_web import TelegramWeb
from bot.sources.x import X
from bot.store import sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.sweep import Sweep
from tests.month.roster import talks
from tests.worlds import Clock

READER, OPERATOR = 1, 2
"""Chats: of one who follows everything, and of the one who is told what ails."""

PATIENCE = 1.5
"""Seconds that a far end may take. Parley's own patience is half a minute; a month of that would take an hour."""


@dataclass(frozen=True)
class Order:
    """`at` is the time at the start; sources are (id, kind, address, speaker, language, seconds between polls)."""

    database: str
    url: str
    at: str
    sources: list[list[Any]]
    vocabulary: Any
    budget: dict[str, int]
    seed: int

    def text(self) -> str:
        return json.dumps(asdict(self))


def row(source: Source) -> list[Any]:
    seconds = source.every.total_seconds()
    return [source.id, source.kind, source.address, source.speaker, source.language, seconds]


def _source(id: str, kind: Any, address: str, speaker: str, language: str, seconds: float) -> Source:
    outlet = None if speaker else {"en": id}
    return Source(
        id, kind, address, speaker=speaker, outlet=outlet, language=language, every=timedelta(seconds=seconds)
    )


async def live(order: Order) -> None:
    logging.basicConfig(level=logging.INFO)
    web.TIMEOUT = aiohttp.ClientTimeout(total=PATIENCE)
    clock = Clock(datetime.fromisoformat(order.at))
    chance = random.Random(order.seed).random
    roster = talks([_source(*row) for row in order.sources])
    database = Database.open(Path(order.database))
    await database.write(mind_the_clock, clock())
    await database.write(sources.enrol, roster.sources.values(), clock())
    await database.write(_meet, clock())
    async with aiohttp.ClientSession() as session:
        accounts = [source for source in roster.sources.values() if source.kind == "x"]
        purse = app.purse(database, Budget(**order.budget), clock)
        readers: dict[str, Fetcher] = {
            "x": X(session, "a-token", order.url, accounts=accounts, vocabulary=order.vocabulary, purse=purse),
            "telegram": TelegramWeb(session, order.url, gap=0, chance=chance),
            "feed": Feed(session, gap=0, chance=chance),
        }
        collector = Collector(database, readers, roster, clock, chance, _nothing)
        sweep = Sweep(database, readers, roster, collector.reader, clock, _nothing)
        print("ready", flush=True)
        while written := await asyncio.to_thread(sys.stdin.readline):
            clock.at = datetime.fromisoformat(written.strip())
            while polls := await _begun(collector):
                await asyncio.gather(*polls)
            await asyncio.gather(*sweep.begin_due())
            await alarm.learn(database, clock())
            await alarm.tell_operators(database, roster, [OPERATOR], clock())
            await digest.queue_catch_up(database, roster, clock())
            print("done", flush=True)
        await sweep.close()
        await collector.close()
    database.close()


async def _begun(collector: Collector) -> list[asyncio.Task[Any]]:
    await collector.tick()
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("poll ")]


def _meet(connection: Connection, now: datetime) -> None:
    for chat in (READER, OPERATOR):
        newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", "UTC", None, None)
        who = subscribers.enrol(connection, newcomer, now)
        subscribers.choose(connection, who.id, "bundle", "0")
        if chat == READER:
            subscribers.follow(connection, who.id, Follow("all"))


def _nothing() -> None: ...


if __name__ == "__main__":
    asyncio.run(live(Order(**json.loads(sys.argv[1]))))
