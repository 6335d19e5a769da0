"""Run every measurement in a temporary folder, print a line each, write bench.json."""

import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from telegram.ext import ExtBot

from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.collect import Collector
from bot.deliver import Delivery
from bot.models import Follow, Lane, Message, Post, Roster, Side, Source, Speaker, Talks
from bot.store import outbox, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import query, tokens
from bot.words.index import WatchIndex
from tests.bench.words import TEXTS, watches
from tests.process.running import Parley, TelegramFarEnd, ask, listening, until, write_config
from tests.scripted import Scripted

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Figure:
    """One measurement. `beside`: what it is to be compared with."""

    name: str
    value: float
    unit: str
    beside: str


def main() -> None:
    figures: list[Figure] = []
    for measure in (storing, matching, delivering, starting):
        with tempfile.TemporaryDirectory() as folder:
            for figure in measure(Path(folder)):
                print(f"{figure.name}: {figure.value:,.4g} {figure.unit}   ({figure.beside})", flush=True)
                figures.append(figure)
    machine = {"python": sys.version.split()[0], "machine": platform.machine(), "at": datetime.now(UTC).isoformat()}
    Path("bench.json").write_text(json.dumps({"figures": [asdict(one) for one in figures]} | machine, indent=1) + "\n")


# --- statements stored


ROSTER = Roster(
    {"sample": Talks("sample", {"en": "Sample talks"})},
    {"north": Side("north", "sample", {"en": "North"}), "south": Side("south", "sample", {"en": "South"})},
    {
        "ivanenko": Speaker(
            "ivanenko", "north", {"en": "Olha Ivanenko", "uk": "Ольга Іваненко", "ru": "Ольга Иваненко"}
        ),
        "petrov": Speaker("petrov", "south", {"en": "Pavel Petrov", "uk": "Павло Петров", "ru": "Павел Петров"}),
    },
    {"wire": Source("wire", "feed", "https://wire.example/rss", outlet={"en": "The Wire"})},
    {},
)


def storing(folder: Path) -> Iterator[Figure]:
    """From fetched posts to the commit: read, attributed, matched, indexed, queued for ten followers."""
    posts = [
        Post("wire", str(number), f"https://wire.example/{number}", NOW, f"{TEXTS[number % len(TEXTS)]} ({number})")
        for number in range(3000)
    ]

    async def work() -> float:
        database = Database.open(folder / "parley.db")
        await database.write(sources.enrol, ROSTER.sources.values(), NOW)
        await database.write(_followers, 10)
        source = Scripted()
        collector = Collector(database, {"feed": source}, ROSTER, lambda: NOW, lambda: 0.0, lambda: None)
        await asyncio.gather(*collector.begin_due())
        took = 0.0
        for start in range(0, len(posts), 100):
            source.posts = posts[start : start + 100]
            await database.write(sources.hurry, [], NOW)
            began = time.perf_counter()
            await asyncio.gather(*collector.begin_due())
            took += time.perf_counter() - began
        await collector.close()
        database.close()
        return len(posts) / took

    yield Figure(
        "statements stored",
        asyncio.run(work()),
        "a second",
        "polls of 100 agency posts of about 400 characters, 10 followers each",
    )


def _followers(connection: Connection, count: int) -> list[int]:
    members = []
    for chat in range(1, count + 1):
        newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", "UTC", None, None)
        who = subscribers.enrol(connection, newcomer, NOW)
        subscribers.follow(connection, who.id, Follow("all"))
        members.append(who.id)
    return members


# --- watches matched


def matching(folder: Path) -> Iterator[Figure]:
    index = WatchIndex()
    compiled = [query.parse(text) for text in watches(10_000)]
    for number, one in enumerate(compiled):
        index.add(number, one)
    texts = [tokens.read(text) for text in TEXTS]
    times = []
    hits = 0
    for _ in range(20):
        for text in texts:
            began = time.perf_counter()
            hits += len(index.matches(text))
            times.append(time.perf_counter() - began)
    milliseconds = statistics.median(times) * 1000
    found = hits / len(times)
    yield Figure(
        "watches matched, a post, 10,000 watches",
        milliseconds,
        "ms",
        f"median; {found:.0f} watches hit a post; already tokenised",
    )
    few = texts[:20]
    began = time.perf_counter()
    for text in few:
        for one in compiled:
            one.matches(text)
    each = (time.perf_counter() - began) / len(few) * 1000
    yield Figure("the same, one watch after the other", each, "ms", "what the index saves")
    began = time.perf_counter()
    for post in TEXTS:
        tokens.read(post)
    yield Figure(
        "reading a post", (time.perf_counter() - began) / len(TEXTS) * 1000, "ms", "tokens and lemmas, words met before"
    )


# --- alerts delivered


def delivering(folder: Path) -> Iterator[Figure]:
    """The outbox to a server with 30 ms latency, each acknowledgement on the disk (FULL)."""
    chats = 3000
    beside = "pace lifted, 64 in flight, synchronous=FULL"
    with listening("tests.bench.slow_telegram", "0.03") as url:

        async def work() -> float:
            database = Database.open(folder / "parley.db")
            members = await database.write(_followers, chats)
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


# --- the process


def starting(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        telegram = stack.enter_context(listening("tests.telegram_server"))
        far_ends = stack.enter_context(listening("tests.far_ends"))
        write_config(folder, far_ends)
        parley = Parley(
            folder, TELEGRAM_API_URL=telegram, TELEGRAM_WEB_URL=far_ends, X_API_URL=far_ends, X_BEARER_TOKEN="bench"
        )
        began = time.perf_counter()
        parley.start()
        try:
            until(lambda: ask(f"{far_ends}/__requests"))
            yield Figure(
                "start to first poll",
                time.perf_counter() - began,
                "s",
                "process start to the first request to a source",
            )
            until(TelegramFarEnd(telegram).polling)
            time.sleep(5)
            assert parley.process
            status = Path(f"/proc/{parley.process.pid}/status")
            if status.exists():
                (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
                yield Figure(
                    "memory of the idle process",
                    int(line.split()[1]) / 1024,
                    "MiB",
                    "resident, 3 sources polled each second",
                )
        finally:
            parley.stop()


if __name__ == "__main__":
    main()
