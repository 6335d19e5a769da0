"""Statements stored."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from bot.collect import Collector
from bot.models import Post
from bot.store import sources
from bot.store.database import Database
from tests.bench.figures import Figure
from tests.bench.words import TEXTS
from tests.bench.worlds import NOW, ROSTER, followers
from tests.scripted import Scripted


def storing(folder: Path) -> Iterator[Figure]:
    """From fetched posts to the commit: read, attributed, matched, indexed, queued for ten followers."""
    posts = [
        Post("wire", str(number), f"https://wire.example/{number}", NOW, f"{TEXTS[number % len(TEXTS)]} ({number})")
        for number in range(3000)
    ]

    async def work() -> float:
        database = Database.open(folder / "parley.db")
        await database.write(sources.enrol, ROSTER.sources.values(), NOW)
        await database.write(followers, 10)
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
