"""A poll: a page read, and the way from the far end to the disk."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from bot.collect import Collector
from bot.settings import load
from bot.sources import telegram_page
from bot.sources.telegram_web import TelegramWeb
from bot.store import posts, sources
from bot.store.database import Database
from tests.bench.figures import Figure
from tests.bench.words import TEXTS
from tests.far_ends import previews, serving

POLLS = 200


def polling(folder: Path) -> Iterator[Figure]:
    page = _page()
    times = [_timed(partial(telegram_page.parse, page, "sample")) for _ in range(POLLS)]
    beside = f"median of {POLLS}; {previews.PAGE} posts of about 400 characters, {len(page) // 1024} KiB"
    yield Figure("a Telegram page parsed", statistics.median(times) * 1000, "ms", beside)
    times = asyncio.run(_stored(folder))
    beside = "HTTP to a server in the same process, parsed, read, indexed, on the disk (FULL)"
    yield Figure("poll to stored", statistics.median(times) * 1000, "ms", f"median of {len(times)}; {beside}")
    yield Figure(
        "the same, the slowest of a hundred", sorted(times)[-len(times) // 100] * 1000, "ms", "99th percentile"
    )


def _page() -> bytes:
    channel = previews.Channel("sample")
    for text in TEXTS[: previews.PAGE]:
        channel.post({"text": text})
    body = previews.preview(channel, {}).body
    assert isinstance(body, bytes)
    return body


def _timed(work: partial[telegram_page.Page]) -> float:
    began = time.perf_counter()
    page = work()
    took = time.perf_counter() - began
    assert len(page.posts) == previews.PAGE
    return took


async def _stored(folder: Path) -> list[float]:
    """Seconds from the beginning of a poll that finds one new post to its commit."""
    roster = load({"PARLEY_CONFIG": "config"}, "sources.toml", lambda query: "").roster
    source = next(one for one in roster.sources.values() if one.kind == "telegram" and one.outlet and one.enabled)
    database = Database.open(folder / "parley.db")
    times = []
    async with serving.serve() as far, aiohttp.ClientSession() as session:
        web = TelegramWeb(session, far.url, gap=0)
        await database.write(sources.enrol, [source], _now())
        collector = Collector(database, {"telegram": web}, roster, _now, lambda: 0.0, lambda: None)
        for number in range(POLLS + previews.PAGE):
            far.post("telegram", source.address, text=TEXTS[number % len(TEXTS)])
            await database.write(sources.hurry, [source.id], _now())
            began = time.perf_counter()
            await asyncio.gather(*collector.begin_due())
            times.append(time.perf_counter() - began)
        assert database.read(posts.count) == len(times)
        await collector.close()
    database.close()
    return times[previews.PAGE :]


def _now() -> datetime:
    return datetime.now(UTC)
