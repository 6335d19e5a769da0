"""Making the digests of an evening: everybody's are due at once, after a day like others in a fortnight of posts."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bot import app, digest, settings
from bot.models import CHOICES, Follow, Post, Roster, Statement, Timetable
from bot.store import posts, sources, subscribers, topics
from bot.store.connection import Connection
from bot.store.database import Database
from tests.bench.corpus import texts
from tests.bench.figures import Figure
from tests.process.running import HOUSE

SUBSCRIBERS = 10_000
DAYS, A_DAY = 15, 200
"""Days of posts, and posts a day: forty sources that speak five times each."""

ZONES = ("Europe/Kyiv", "Europe/Warsaw", "America/New_York")
LARGE = 100_000


def digesting(folder: Path) -> Iterator[Figure]:
    roster = settings.load({"PARLEY_CONFIG": str(HOUSE / "config")}).roster
    now = app.now()
    database = Database.open(folder / "parley.db")
    database.submit(_fill, roster, now).result()
    began, processor = time.perf_counter(), time.process_time()
    queued = asyncio.run(digest.queue_due(database, roster, now))
    seconds, own = time.perf_counter() - began, time.process_time() - processor
    database.close()
    assert queued == SUBSCRIBERS
    beside = (
        f"{queued:,} due at once, {A_DAY} posts a day, 3 languages and zones, by side or topic; {own:.1f} s of it own"
    )
    yield Figure(f"digests of {LARGE:,} subscribers made and queued", seconds * LARGE / queued, "s", beside)


def _fill(connection: Connection, roster: Roster, now: datetime) -> None:
    chance = random.Random(22)
    sources.enrol(connection, roster.sources.values(), now)
    speakers, known, outlets = list(roster.speakers), list(roster.topics), list(roster.sources)
    for number, (language, text) in enumerate(texts(DAYS * A_DAY)):
        at = now - timedelta(days=DAYS) * (1 - number / (DAYS * A_DAY)) + timedelta(seconds=1)
        post = Post(chance.choice(outlets), str(number), f"https://posts.example/{number}", at, text, language)
        id = posts.insert(connection, post, at)
        assert id
        posts.put_statements(connection, post, id, [Statement(chance.choice(speakers), "quote", "")])
        topics.add(connection, [(id, chance.sample(known, chance.randint(0, 3)))], "bench")
    for chat in range(1, SUBSCRIBERS + 1):
        language, zone = ("en", "uk", "ru")[chat % 3], ZONES[chat // 3 % 3]
        newcomer = subscribers.Newcomer(
            chat, 0, "private", "", language, zone, Timetable((settings.Defaults().digest,)), now
        )
        who = subscribers.enrol(connection, newcomer, now - timedelta(days=1)).id
        subscribers.follow(connection, who, Follow("all") if chat % 10 else Follow("speaker", speakers[chat % 40]))
        subscribers.choose(connection, who, "digest_by", CHOICES["digest_by"][chat % 2])
