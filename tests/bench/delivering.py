"""From the outbox to the chats: against a server of this computer that takes every message after a fixed time, with
every acknowledgement on the disk (synchronous=FULL).
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from telegram.ext import ExtBot

from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.deliver import Delivery
from bot.models import Lane, Message
from bot.store import inbox, outbox
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Arrival, Subject
from tests.bench.figures import Figure
from tests.bench.worlds import NOW, followers
from tests.process.running import ask, listening

WORDS = Message("A statement. " * 25)
SUBJECT = Subject(["ivanenko"], ["north"], "wire", [], [])
LIFTED = {"overall": 100_000.0, "chat": 1000.0, "group": 100_000.0}
MANY = 100_000


def delivering(folder: Path) -> Iterator[Figure]:
    for latency in (0, 0.05):
        with listening("tests.bench.slow_telegram", str(latency)) as url:
            yield from _as_fast_as_it_goes(folder / str(latency), url, latency)
    with listening("tests.bench.slow_telegram", "0.05") as url:
        yield from asyncio.run(_paced(folder / "paced", url))
    with listening("tests.bench.slow_telegram", "0.03") as url:
        yield asyncio.run(_a_thousand_chats(folder / "thousand", url))
    with listening("tests.bench.slow_telegram", "0.05") as url:
        yield from asyncio.run(_a_fan_out(folder / "many", url))


# --- as fast as it goes


def _as_fast_as_it_goes(folder: Path, url: str, latency: float) -> Iterator[Figure]:
    at = f"at {latency * 1000:.0f} ms latency, pace lifted, synchronous=FULL"
    for name, measure, chats, beside in (
        ("alerts delivered", _ours, 10_000, at),
        ("the same, a bare prototype", _prototype, 5000, f"{at}; python-telegram-bot on our transport, 128 in flight"),
        ("the same, stock python-telegram-bot", _stock, 1000, f"{at}; {32 if not latency else 128} in flight, no pace"),
    ):
        rate, processor = asyncio.run(measure(folder / measure.__name__, url, chats, latency))
        yield Figure(name, rate, "a second", f"{beside}; {processor * 1e6:.0f} µs of processor time each")


async def _ours(folder: Path, url: str, chats: int, latency: float) -> tuple[float, float]:
    async with _outbox(folder, chats) as database, _sender(database, url, **LIFTED) as delivery:
        began, spent = time.perf_counter(), time.process_time()
        await _until_sent(database, delivery)
        return chats / (time.perf_counter() - began), (time.process_time() - spent) / chats


async def _prototype(folder: Path, url: str, chats: int, latency: float) -> tuple[float, float]:
    """The design without what makes it safe for chats: no pace, no order, no failures."""
    async with _outbox(folder, chats) as database, _bot(url, AiohttpRequest()) as bot:
        began, spent = time.perf_counter(), time.process_time()
        rows = await database.write(outbox.claim, NOW, chats)

        async def send() -> None:
            while rows:
                row = rows.pop()
                sent = await bot.send_message(row.chat, row.message.text)
                await database.write(outbox.sent, [Arrival(row, sent.message_id)], NOW)

        await asyncio.gather(*(send() for _ in range(128)))
        return chats / (time.perf_counter() - began), (time.process_time() - spent) / chats


async def _stock(folder: Path, url: str, chats: int, latency: float) -> tuple[float, float]:
    async with _outbox(folder, chats) as database, _bot(url) as bot:
        began, spent = time.perf_counter(), time.process_time()
        rows = await database.write(outbox.claim, NOW, chats)

        async def send() -> None:
            while rows:
                row = rows.pop()
                sent = await bot.send_message(row.chat, row.message.text, pool_timeout=60)
                await database.write(outbox.sent, [Arrival(row, sent.message_id)], NOW)

        await asyncio.gather(*(send() for _ in range(128 if latency else 32)))
        return chats / (time.perf_counter() - began), (time.process_time() - spent) / chats


# --- at the paid pace


async def _paced(folder: Path, url: str) -> list[Figure]:
    chats = 10_000
    async with _outbox(folder, chats) as database, _sender(database, url, overall=1000.0, paid=True) as delivery:
        lags: list[float] = []
        lagging = asyncio.create_task(_measure_lag(lags))
        spent, began = time.process_time(), time.perf_counter()
        await _until_sent(database, delivery)
        processor = (time.process_time() - spent) / (time.perf_counter() - began)
        lagging.cancel()
    times = [at for at, _ in ask(f"{url}/times")]
    first, last = times[1000], times[-1000]
    rate = (chats - 2000) / (last - first)
    return [
        Figure("alerts delivered, paced to 1,000 a second", rate, "a second", "must hold within 2 %; latency 50 ms"),
        Figure(
            "lag of the event loop meanwhile", _percentile(lags, 99) * 1000, "ms", "99th percentile; must be below 5"
        ),
        Figure("processor time meanwhile", processor * 100, "% of a core", "writer thread included"),
    ]


async def _a_thousand_chats(folder: Path, url: str) -> Figure:
    async with _outbox(folder, 1000) as database, _sender(database, url, overall=1000.0, paid=True) as delivery:
        began = time.perf_counter()
        await _until_sent(database, delivery)
        took = time.perf_counter() - began
    return Figure("1,000 chats at 1,000 a second", took, "s", "latency 30 ms, acknowledgements included; must be 1.1")


# --- while an alert goes to a hundred thousand


async def _a_fan_out(folder: Path, url: str) -> list[Figure]:
    figures: list[Figure] = []
    async with _outbox(folder, 0) as database:
        members = await database.write(followers, MANY)
        for key in ("queued:1", "queued:2", "queued:3"):
            figures.append(await _queueing(database, key, members))
        figures = [min(figures, key=lambda figure: figure.value)]
        async with _sender(database, url, overall=1000.0, paid=True) as delivery:
            stop = asyncio.Event()
            running = asyncio.create_task(delivery.run(stop))
            await asyncio.sleep(0.5)
            committed = await database.write(_tell, 1)
            told = time.monotonic()
            delivery.nudge()
            replies = await _replies(delivery._bot, database)
            stop.set()
            await running
        arrivals = ask(f"{url}/times")
        first = min(at for at, chat in arrivals if chat < MANY * 10)
    return [
        *figures,
        Figure("an alert told to 100,000 followers", committed, "s", "chosen, rendered, queued; without the commit"),
        Figure("first alert after the commit", (first - told) * 1000, "ms", "at the server; must be below 50"),
        Figure(
            "replies during a fan-out to 100,000",
            _percentile(replies, 99) * 1000,
            "ms",
            f"99th percentile of {len(replies)}, kept and answered, Telegram's 50 ms included; must be below 150",
        ),
    ]


async def _queueing(database: Database, key: str, members: list[int]) -> Figure:
    pairs = [(member, False) for member in members]
    began = time.perf_counter()
    await database.write(outbox.queue, pairs, key, [WORDS], "alert", NOW)
    took = time.perf_counter() - began
    await database.write(lambda connection: connection.execute("DELETE FROM outbox"))
    return Figure("100,000 notifications queued", took, "s", "the commit included; must be below 0.2")


def _tell(connection: Connection, post: int) -> float:
    began = time.perf_counter()
    outbox.tell(connection, SUBJECT, post, lambda _: [WORDS], NOW)
    return time.perf_counter() - began


async def _replies(bot: ExtBot[Lane], database: Database) -> list[float]:
    """People write throughout the fan-out's first 20 seconds; how long each waits."""

    async def reply(number: int) -> float:
        await asyncio.sleep(number / 25)
        began = time.perf_counter()
        await database.write(inbox.receive, number, "{}", NOW)
        await database.write(inbox.begun, number)
        await bot.send_message(MANY * 10 + number, "an answer")
        return time.perf_counter() - began

    return list(await asyncio.gather(*(reply(number) for number in range(500))))


# --- what they share


@asynccontextmanager
async def _outbox(folder: Path, chats: int) -> AsyncIterator[Database]:
    """A database with an alert for so many chats."""
    database = Database.open(folder / "parley.db")
    members = await database.write(followers, chats)
    await database.write(outbox.queue, [(member, False) for member in members], "post:0", [WORDS], "alert", NOW)
    try:
        yield database
    finally:
        database.close()


@asynccontextmanager
async def _bot(url: str, request: AiohttpRequest | None = None, pacing: Pacing | None = None) -> AsyncIterator[Any]:
    """python-telegram-bot, with its own transport unless another is given."""
    updates = AiohttpRequest() if request else None
    bot: Any = ExtBot(
        "1:bench", base_url=f"{url}/bot", request=request, get_updates_request=updates, rate_limiter=pacing
    )
    async with bot:
        yield bot


@asynccontextmanager
async def _sender(database: Database, url: str, **pace: Any) -> AsyncIterator[Delivery]:
    pacing = Pacing(**pace)
    async with _bot(url, AiohttpRequest(), pacing) as bot:
        yield Delivery(database, bot, pacing, lambda: NOW)


async def _until_sent(database: Database, delivery: Delivery) -> None:
    """Deliver until every row is acknowledged."""
    stop = asyncio.Event()
    running = asyncio.create_task(delivery.run(stop))
    while database.read(outbox.next_due_at) or delivery._sending:  # noqa: ASYNC110 - the answer stands in a database
        await asyncio.sleep(0.005)
    stop.set()
    await running


async def _measure_lag(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - began - 0.005)


def _percentile(values: list[float], which: int) -> float:
    return statistics.quantiles(values, n=100)[which - 1]
