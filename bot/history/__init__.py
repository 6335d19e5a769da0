"""Posts of the past into the store: what archives, exports and platforms' own histories bring. Nobody is told.

Reading a post for who speaks costs more than storing it, so that processes of their own read (`bot.history.readers`)
while the one writer stores, batch after batch, in their order.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.collect import plan_look_ups
from bot.errors import ParleyError
from bot.history.readers import Batch, Read, Readers
from bot.models import WITHDRAWN, IndexEntry, Post, Roster
from bot.sources.imports import Item
from bot.store import posts, search
from bot.store.connection import Connection
from bot.store.database import Database

BATCH = 1000
"""Posts in one transaction, for callers to cut by: what a kill can cost, and what is in memory at a time."""

AHEAD = 1
"""Batches that wait for the writer beside those that are being read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch that is on the disk: how many posts of our sources it had, how many of them were new, and in its order
    what else was found in lines: gaps, mistakes, posts of others.
    """

    size: int
    new: int
    aside: tuple[Item, ...]


async def keep(
    database: Database, roster: Roster, batches: Iterable[Batch] | AsyncIterable[Batch], now: datetime, processes: int
) -> AsyncGenerator[Kept, None]:
    """Store posts of sources of the roster; those that are there already are left as they are.

    Yields of each batch what became of it, in order. What the archive knows of the past stays: when a post was first
    seen, changed, and was gone. If `batches` raises a ParleyError, what came before is stored first. So many processes
    read.
    """
    waiting: deque[asyncio.Task[Read]] = deque()

    async def stored() -> Kept:
        read = await waiting.popleft()
        return Kept(read.size, await database.write(_keep, roster, read, now), tuple(read.aside))

    complaint: ParleyError | None = None
    source = _one_by_one(batches)
    try:
        async with Readers(database.path, roster, now, processes) as readers:
            while complaint is None:
                try:
                    batch = await anext(source)
                except StopAsyncIteration:
                    break
                except ParleyError as error:
                    complaint = error
                    break
                waiting.append(asyncio.create_task(readers.read(batch)))
                await asyncio.sleep(0)  # the readers begin before the next batch is cut
                if len(waiting) > processes + AHEAD:
                    yield await stored()
            while waiting:
                yield await stored()
    finally:
        for reading in waiting:
            reading.cancel()
    if complaint:
        raise complaint


async def _one_by_one(batches: Iterable[Batch] | AsyncIterable[Batch]) -> AsyncIterator[Batch]:
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
    else:
        for batch in batches:
            yield batch


def _keep(connection: Connection, roster: Roster, read: Read, now: datetime) -> int:
    numbers = posts.insert_all(connection, read.rows)
    posts.add_statements(connection, [(id, read.said[at]) for at, id in numbers.items()])
    purged = {
        at for at, post in read.more.items() if at in numbers and _put_more(connection, roster, numbers[at], post, now)
    }
    search.add(
        connection,
        [
            (id, posts.published_at(read.rows[at]), IndexEntry(read.documents[at], read.topics[at], read.version))
            for at, id in numbers.items()
            if at not in purged
        ],
    )
    return len(numbers)


def _put_more(connection: Connection, roster: Roster, id: int, post: Post, now: datetime) -> bool:
    """What else is known of a new post, or is to be asked. Returns whether its words had to go."""
    posts.put_past(connection, id, post)
    plan_look_ups(connection, roster.sources[post.source], id, post, now)
    if not post.deleted_at or roster.sources[post.source].kind not in WITHDRAWN:
        return False
    posts.purge(connection, id)
    return True
