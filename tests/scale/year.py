"""Days of an instance with a million subscribers, with the real store, digests, pacing and delivery on a clock that
jumps. Only Telegram is made up: it takes every message after a while.

Subscribers and pace are both divided by the same number, which leaves all waiting times as they are; a year is made of
four kinds of days, each of which is played once.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData

from bot import digest, schedule
from bot.botapi.pacing import FREE, Pacing
from bot.deliver import Delivery
from bot.models import Follow, Lane, Post, Statement, Telling
from bot.render import alerts
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Audience, Subject
from bot.words import query
from tests.botapi.virtual_time import run
from tests.worlds import ROSTER, daily

T = TypeVar("T")

SUBSCRIBERS = 1_000_000
CEILING = 1000.0
"""Messages a second, the most that Telegram sells."""
MORNING = datetime(2022, 3, 14, tzinfo=UTC)
DAY = 86_400.0
ZONES = ("Europe/Kyiv", "Europe/Moscow", "Europe/London", "America/New_York")

SHARES = {"ivanenko": 0.2, "petrov": 0.1, "sidorov": 0.05}
"""How many follow each speaker; 5 of 100 follow everything, 2 of 100 have a watch that hits a post."""
EVERYTHING, WATCHING = 0.05, 0.02
TRUCE = query.parse("truce").key
COMMANDS = 2.0
"""Commands a second that a million people type."""


@dataclass(frozen=True)
class Kind:
    """A kind of day: its posts, within how many hours of it they come, and how many days of a year are such."""

    name: str
    posts: int
    hours: tuple[float, float]
    days: int


KINDS = (
    Kind("quiet", 10, (6, 22), 120),
    Kind("usual", 40, (6, 22), 200),
    Kind("busy", 100, (6, 22), 40),
    Kind("storm: 60 posts in three hours", 60, (11, 14), 5),
)


@dataclass(frozen=True)
class Day:
    """What one day showed; waits are seconds, by lane: median, 95th and 99th percentile, longest."""

    kind: Kind
    messages: int
    waits: dict[str, tuple[float, float, float, float]]
    bytes_a_message: float
    busiest: float
    """Share of the day's hours' pace that the busiest hour used."""
    paid: int


class Patient(Database):
    """Waits for the writer without letting the loop go on: its clock would jump meanwhile."""

    async def write(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self.submit(function, *args, **kwargs).result()

    async def read_slow(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self.read(function, *args, **kwargs)


class Telegram(BaseRequest):
    """Takes everything, in 30 to 120 ms."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.paid = 0
        self.hours: dict[int, int] = {}

    @property
    def read_timeout(self) -> float:
        return 20.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        body = request_data.json_payload if request_data is not None else b""
        self.paid += b'"allow_paid_broadcast"' in body
        hour = int(asyncio.get_running_loop().time() // 3600)
        self.hours[hour] = self.hours.get(hour, 0) + 1
        await asyncio.sleep(self._chance.uniform(0.03, 0.12))
        if url.endswith("getMe"):
            return 200, b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"x","username":"x_bot"}}'
        return 200, b'{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}}'


def play(kind: Kind, folder: Path, divided: int) -> Day:
    return run(_play(kind, folder, divided))


async def _play(kind: Kind, folder: Path, divided: int) -> Day:
    chance = random.Random(kind.name)
    database = Patient.open(folder / "parley.db")
    await database.write(_enrol, SUBSCRIBERS // divided, chance)
    empty = _size(database)
    loop = asyncio.get_running_loop()
    began = loop.time()

    def clock() -> datetime:
        return MORNING + timedelta(seconds=loop.time() - began)

    telegram = Telegram(chance)
    pacing = Pacing(CEILING / divided, paid=True, free=FREE / divided)
    bot: ExtBot[Lane] = ExtBot("1:x", request=telegram, get_updates_request=Telegram(chance), rate_limiter=pacing)
    delivery = Delivery(database, bot, pacing, clock)
    stop = asyncio.Event()
    async with bot:
        running = asyncio.create_task(delivery.run(stop))
        posting = asyncio.create_task(_posts(kind, database, delivery, clock, chance))
        answers = asyncio.create_task(_answers(pacing, COMMANDS / divided, chance))
        while loop.time() < began + DAY or database.read(outbox.next_due_at):
            if await digest.queue_due(database, ROSTER, clock()):
                delivery.nudge()
            await asyncio.sleep(15)
        await posting
        waited = await answers
        stop.set()
        await running
    waits = await database.write(_waits)
    messages = sum(len(some) for some in waits.values())
    waits["answer"] = [wait / divided for wait in waited]
    grown = _size(database) - empty
    database.close()
    pace = CEILING / divided * 3600
    return Day(
        kind,
        messages * divided,
        {
            lane: _percentiles(some)
            for lane, some in (waits | {"answer": [wait / divided for wait in waited]}).items()
            if some
        },
        grown / messages,
        max(telegram.hours.values()) / pace,
        telegram.paid * divided,
    )


def _enrol(connection: Connection, count: int, chance: random.Random) -> None:
    sources.enrol(connection, ROSTER.sources.values(), MORNING)
    for chat in range(1, count + 1):
        zone = chance.choice(ZONES)
        due = schedule.next_digest_at(daily(time(20)), zone, MORNING)
        newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", zone, daily(time(20)), due)
        who = subscribers.enrol(connection, newcomer, MORNING).id
        subscribers.choose(connection, who, "bundle", "0")
        if chance.random() < EVERYTHING:
            subscribers.follow(connection, who, Follow("all"))
        for speaker, share in SHARES.items():
            if chance.random() < share:
                subscribers.follow(connection, who, Follow("speaker", speaker))
        if chance.random() < WATCHING:
            subscribers.watch(connection, who, "truce", TRUCE, MORNING)


async def _posts(
    kind: Kind, database: Database, delivery: Delivery, clock: Callable[[], datetime], chance: random.Random
) -> None:
    first, last = kind.hours
    for number, at in enumerate(sorted(chance.uniform(first, last) * 3600 for _ in range(kind.posts))):
        await asyncio.sleep(max(0.0, at - (clock() - MORNING).total_seconds()))
        speaker = chance.choices(list(SHARES), [5, 3, 2])[0]
        await database.write(_tell, number, speaker, clock(), chance.random() < 0.2)
        delivery.nudge()


def _tell(connection: Connection, number: int, speaker: str, now: datetime, watched: bool) -> None:
    text = f"A statement of the day, the {number}th, in as many words as an agency takes for it. " * 4
    post = Post("wire", str(number), f"https://wire.example/{number}", now, text, "en")
    id = posts.insert(connection, post, now)
    assert id
    statement = Statement(speaker, "report", text)
    posts.put_statements(connection, post, id, [statement])
    telling = Telling(post, (statement,))
    watches = [watch for (watch,) in connection.execute("SELECT id FROM watches")] if watched else []
    subject = Subject([speaker], [ROSTER.speakers[speaker].side], "wire", [], watches)

    def render(audience: Audience) -> Any:
        return alerts.alert(telling, ROSTER, language=audience.language, zone=audience.zone, watches=[], found=[])

    outbox.tell(connection, subject, id, render, now)


async def _answers(pacing: Pacing, rate: float, chance: random.Random) -> list[float]:
    """People type commands all day; how long each answer waits for its turn. These waits shrink with a faster pace."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []

    async def answer(chat: int) -> None:
        began = loop.time()
        await pacing.turn("answer", chat)
        waits.append(loop.time() - began)

    end = loop.time() + DAY
    asked: set[asyncio.Task[None]] = set()
    while loop.time() < end:
        await asyncio.sleep(chance.expovariate(rate))
        task = asyncio.create_task(answer(10_000_000 + chance.randrange(1_000_000)))
        asked.add(task)
        task.add_done_callback(asked.discard)
    await asyncio.gather(*asked)
    return waits


def _waits(connection: Connection) -> dict[str, list[float]]:
    waits: dict[str, list[float]] = {lane: [] for lane in outbox.LANES}
    for lane, wait in connection.execute("SELECT lane, settled_at - queued_at FROM outbox WHERE state = 'sent'"):
        waits[outbox.LANES[lane]].append(wait / 1000)
    return waits


def _size(database: Database) -> int:
    size: int = database.read(
        lambda connection: connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        ).fetchone()[0]
    )
    return size


def _percentiles(values: list[float]) -> tuple[float, float, float, float]:
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return at(0.5), at(0.95), at(0.99), ordered[-1]
