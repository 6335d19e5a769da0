"""Hours of a channel over real HTTP, at hundreds of times the speed. Whatever goes wrong on the way, the store ends
with what is true at the far end, in posts, texts and deletions, and nobody is told what is not.
"""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.collect import Collector
from bot.models import Follow, Gap, Roster, Source
from bot.sources.telegram_web import TelegramWeb
from bot.store import gaps, outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.sweep import Sweep
from tests.far_ends.serving import Far, serve
from tests.worlds import ROSTER, Clock

pytestmark = pytest.mark.anyio

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
STEP = timedelta(minutes=5)
STEPS = 160
NAME = "p_petrov"
SOURCE = Source("channel", "telegram", NAME, speaker="petrov", language="ru", every=STEP)
TALKS = Roster(ROSTER.talks, ROSTER.sides, ROSTER.speakers, {SOURCE.id: SOURCE}, ROSTER.topics)
TROUBLES: list[dict[str, Any]] = [
    {"status": 503},
    {"drop": True},
    {"cut": 3000},
    {"status": 429, "headers": {"Retry-After": "900"}},
    {"body": "<html><body>Please log in to the network</body></html>"},
]


class Days:
    """A channel on which things happen, and the bot that looks at it. `troubled`: steps in which something failed."""

    def __init__(self, path: Path, far: Far, session: aiohttp.ClientSession, seed: int) -> None:
        self.path, self.far, self.session = path, far, session
        self.chance = random.Random(seed)
        self.clock = Clock(BEGIN)
        self.texts: dict[int, str] = {}
        self.gone: dict[int, datetime] = {}
        self.edited: set[int] = set()
        self.edits = 0
        self.next_id = 1
        self.wake()
        self.database.submit(follow_all).result()

    def wake(self) -> None:
        """A process begins."""
        self.database = Database.open(self.path)
        self.database.submit(sources.enrol, [SOURCE], self.clock()).result()
        readers: Any = {"telegram": TelegramWeb(self.session, self.far.url, gap=0, chance=lambda: 0.0)}
        chance = self.chance.random
        self.collector = Collector(self.database, readers, TALKS, self.clock, chance, lambda: None)
        self.sweep = Sweep(self.database, readers, TALKS, self.collector.reader, self.clock, lambda: None)

    async def end(self) -> None:
        await self.sweep.close()
        await self.collector.close()
        self.database.close()

    async def look(self) -> None:
        self.clock.goes(minutes=5)
        await self.collector.tick()
        await asyncio.gather(*running("poll "))
        await asyncio.gather(*self.sweep.begin_due())

    # --- what happens at the far end

    def say(self) -> None:
        media = self.chance.choice([(), (), ("photo",), ("photo", "photo", "video")])
        self.texts[self.next_id] = f"Пункт {self.next_id} согласован."
        at = self.clock().isoformat()
        self.far.post("telegram", NAME, id=self.next_id, text=self.texts[self.next_id], media=media, date=at)
        self.next_id += max(1, len(media))

    def change(self) -> None:
        if self.texts:
            id = self.chance.choice(list(self.texts)[-20:])
            self.texts[id] += " Уточнено."
            self.far.post("telegram", NAME, id=id, text=self.texts[id])
            self.edited.add(id)
            self.edits += 1

    def remove(self) -> None:
        if self.texts:
            id = self.chance.choice(list(self.texts)[-20:])
            self.far.post("telegram", NAME, id=id, delete=True)
            del self.texts[id]
            self.gone[id] = self.clock()

    def fail(self) -> None:
        path = self.chance.choice(["/s/", f"/{NAME}/", "/"])
        self.far.ends.faults.clear()
        self.far.fault(path, times=self.chance.randint(1, 3), **self.chance.choice(TROUBLES))

    def close(self) -> None:
        """Telegram shows its own front page instead of the channel's."""
        self.far.account("telegram", NAME, state="front_page")

    async def happen(self) -> None:
        what = self.chance.random()
        if self.far.ends.channel(NAME).state != "ok" and what < 0.25:
            self.far.account("telegram", NAME, state="ok")
            return
        if what < 0.12:
            self.say()
        elif what < 0.18:
            self.change()
        elif what < 0.22:
            self.remove()
        elif what < 0.26:
            self.fail()
        elif what < 0.27:
            self.close()
        elif what < 0.28:
            await self.end()
            self.clock.goes(hours=self.chance.choice([0, 0, 3]))
            self.wake()

    async def calm_down(self) -> None:
        """Nothing happens any more, until everything that is to be noticed has been."""
        self.far.account("telegram", NAME, state="ok")
        self.far.ends.faults.clear()
        for _ in range(24):
            self.clock.goes(minutes=60)
            await self.look()

    # --- what came of it

    def told(self) -> list[str]:
        def texts(connection: Connection) -> list[str]:
            rows = connection.execute("SELECT message FROM outbox JOIN bodies ON bodies.id = body ORDER BY outbox.id")
            return [outbox.from_json(message).text for (message,) in rows]

        return self.database.read(texts)


def running(name: str) -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith(name)]


def follow_all(connection: Connection) -> None:
    newcomer = subscribers.Newcomer(1, 0, "private", "Ann", "en", "UTC", None, None)
    who = subscribers.enrol(connection, newcomer, BEGIN)
    subscribers.follow(connection, who.id, Follow("all"))


@pytest.mark.parametrize("seed", [1, 3])
async def test_the_store_ends_with_what_is_true_and_nobody_is_told_what_is_not(tmp_path: Path, seed: int) -> None:
    async with serve() as far, aiohttp.ClientSession() as session:
        days = Days(tmp_path / "parley.db", far, session, seed)
        days.say()
        await days.look()
        for _ in range(STEPS):
            await days.happen()
            await days.look()
        await days.calm_down()
        stored = {int(post.external_id): post for post in days.database.read(lambda c: list(posts.everything(c)))}
        told = days.told()
        unseen: list[Gap] = days.database.read(gaps.between, BEGIN, days.clock())
        await days.end()

    # below its lowest post a page does not say what is missing
    standing = {id: post.text for id, post in stored.items() if post.fate == "stands"}
    assert {id: text for id, text in standing.items() if id > min(days.texts)} == {
        id: text for id, text in days.texts.items() if id > min(days.texts)
    }
    deleted = {id for id, post in stored.items() if post.fate == "deleted"}
    assert deleted <= set(days.gone)
    assert {post.fate for post in stored.values()} <= {"stands", "deleted"}
    assert {id for id, post in stored.items() if post.edited_at} <= days.edited
    assert sum("✏️ Changed" in text for text in told) <= days.edits
    assert sum("🗑 Deleted" in text for text in told) <= len(deleted)
    assert not any("No longer deleted" in text for text in told)
    assert unseen
    assert all(gap.until for gap in unseen)
    assert deleted
    assert any("✏️ Changed" in text for text in told)
