"""What an operator does by hand: look up the accounts, poll once, take history in, give it out, make a backup."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from bot.app import fetchers, now, web_session
from bot.collect import Collector, Reader, keep
from bot.errors import FetchError, ParleyError, StoreError
from bot.models import Post, Source
from bot.settings import Settings
from bot.sources import archive
from bot.store import posts, sources
from bot.store.connection import connect, sqlite3
from bot.store.database import Database

Say = Callable[[str], None]

AT_ONCE = 4
"""Accounts looked up at the same time; the fetchers themselves go easy on each host."""

BATCH = 500
"""Posts of an archive in one transaction."""


# --- check


async def check(settings: Settings, say: Say) -> int:
    """Look up every enabled account and show its title and number. Returns 1 if one could not be confirmed."""
    enabled = [source for source in settings.roster.sources.values() if source.enabled]
    door = asyncio.Semaphore(AT_ONCE)
    async with web_session(settings) as session:
        readers = fetchers(session, settings)

        async def look_up(source: Source) -> bool:
            async with door:
                try:
                    account = await readers[source.kind].resolve(source, now())
                except FetchError as error:
                    say(f"✗ {source.id} ({source.kind} {source.address}): {error.reason}")
                    return False
            title = f"{source.id} ({source.kind} {source.address}): {account.title!r}"
            if source.account_id not in ("", account.account_id):
                say(f"✗ {title}, number {account.account_id}, but config says {source.account_id}: another account")
                return False
            say(f"✓ {title}, number {account.account_id or 'none'}")
            return True

        confirmed = await asyncio.gather(*(look_up(source) for source in enabled))
    say(f"{sum(confirmed)} of {len(enabled)} accounts confirmed")
    return 0 if all(confirmed) else 1


# --- poll


async def poll(settings: Settings, only: Sequence[str], say: Say) -> int:
    """Look at the sources once (at `only` these, if any are named), due or not. Returns 1 if one failed."""
    unknown = [name for name in only if name not in settings.roster.sources]
    if unknown:
        raise ParleyError(f"config/sources.toml has no source {', '.join(unknown)}")
    with closing(Database.open(settings.database)) as database:
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        await database.write(sources.hurry, list(only), now())
        async with web_session(settings) as session:
            collector = Collector(
                database, fetchers(session, settings), settings.roster, now, random.random, lambda: None
            )
            before = database.read(posts.count)
            await asyncio.gather(*collector.begin_due(set(only) or None))
            await collector.close()
        failing = [health for health in database.read(sources.health) if health.failing_since]
        for health in failing:
            say(f"✗ {health.id}: {health.last_error}")
        say(f"{database.read(posts.count) - before} new posts")
    return 1 if failing else 0


# --- import, export, backup


async def take_in(settings: Settings, path: Path, say: Say) -> int:
    """Store the posts of an archive; what is there already is left as it is, and nobody is alerted."""
    with closing(Database.open(settings.database)) as database:
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        reader = Reader(database, settings.roster)
        read = stored = 0
        try:
            for batch in _batches(archive.posts(path)):
                stored += await keep(database, reader, settings.roster, batch, now())
                read += len(batch)
                say(f"{read} posts read, {stored} new")
        finally:
            reader.close()
    return 0


def _batches(found: Iterator[Post]) -> Iterator[list[Post]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def export(settings: Settings, say: Say) -> int:
    """Every post as one line of JSON, oldest first; `take_in` reads it back. Works while the bot runs."""
    with closing(_existing(settings.database)) as connection:
        for post in posts.everything(connection):
            say(archive.line(post))
    return 0


def backup(settings: Settings, target: Path, say: Say) -> int:
    """Copy the database into a new file, page by page, and check the copy."""
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
    with closing(_existing(settings.database)) as connection, closing(sqlite3.connect(str(target))) as copy:
        connection.backup(copy, pages=1000)
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise StoreError(f"{target} is damaged ({found}); the database itself may be: keep every older backup")
    say(f"{target}: {target.stat().st_size} bytes, checked")
    return 0


def _existing(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise StoreError(f"{path} does not exist; PARLEY_DATABASE names the database")
    return connect(path)
