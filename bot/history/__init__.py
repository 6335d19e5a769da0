"""Posts of the past into the store: what archives, exports and platforms' own histories bring. Nobody is told.

Reading a post for who speaks costs more than storing it, so that processes of their own read (`bot.history.readers`)
while the one writer stores, batch after batch, in their order.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import datetime

from bot.collect import plan_look_ups
from bot.errors import ParleyError
from bot.history.readers import Readers, Said
from bot.models import WITHDRAWN, Post, Roster
from bot.store import posts, search
from bot.store.connection import Connection
from bot.store.database import Database

BATCH = 1000
"""Posts in one transaction, for callers to cut by: what a kill can cost, and what is in memory at a time."""

AHEAD = 1
"""Batches that wait for the writer beside those that are being read."""


async def keep(
    database: Database,
    roster: Roster,
    batches: Iterable[Sequence[Post]] | AsyncIterable[Sequence[Post]],
    now: datetime,
    processes: int,
) -> AsyncIterator[tuple[int, int]]:
    """Store posts of sources of the roster; those that are there already are left as they are.

    Yields of each batch how many posts it had and how many were new, in order, once they are on the disk. What the
    archive knows of the past stays: when a post was first seen, changed, and was gone. If `batches` raises a
    ParleyError, what came before is stored first. So many processes read.
    """
    waiting: deque[tuple[int, Sequence[Post], asyncio.Task[list[Said]]]] = deque()

    async def stored() -> tuple[int, int]:
        size, unknown, reading = waiting.popleft()
        return size, await database.write(_keep, roster, list(zip(unknown, await reading, strict=True)), now)

    complaint: ParleyError | None = None
    source = _one_by_one(batches)
    try:
        async with Readers(roster, processes) as readers:
            while complaint is None:
                try:
                    batch = await anext(source)
                except StopAsyncIteration:
                    break
                except ParleyError as error:
                    complaint = error
                    break
                unknown = _unstored(database, batch)
                waiting.append((len(batch), unknown, asyncio.create_task(readers.read(unknown))))
                await asyncio.sleep(0)  # the readers begin before the next batch is cut
                if len(waiting) > processes + AHEAD:
                    yield await stored()
            while waiting:
                yield await stored()
    finally:
        for _, _, reading in waiting:
            reading.cancel()
    if complaint:
        raise complaint


async def _one_by_one(
    batches: Iterable[Sequence[Post]] | AsyncIterable[Sequence[Post]],
) -> AsyncIterator[Sequence[Post]]:
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
    else:
        for batch in batches:
            yield batch


def _unstored(database: Database, batch: Sequence[Post]) -> list[Post]:
    """To look is a thousand times quicker than to read for speakers what is there already."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for post in batch:
        by_source[post.source].append(post.external_id)
    known = {source: database.read(posts.known, source, ids) for source, ids in by_source.items()}
    return [post for post in batch if post.external_id not in known[post.source]]


def _has_past(post: Post) -> bool:
    """Whether an archive says more of it than what it said and when."""
    return bool(post.edited_at or post.deleted_at or post.late or post.versions or post.sha256) or post.fate != "stands"


def _keep(connection: Connection, roster: Roster, found: Sequence[tuple[Post, Said]], now: datetime) -> int:
    stored = 0
    indexed = []
    for post, said in found:
        id = posts.insert(connection, said.of(post), post.seen_at or now)
        if id is None:
            continue
        stored += 1
        if _has_past(post):
            posts.put_past(connection, id, post)
        posts.add_statements(connection, post, id, said.statements)
        if post.deleted_at and roster.sources[post.source].kind in WITHDRAWN:
            posts.purge(connection, id)
        else:
            indexed.append((id, post.published_at, said.entry))
        plan_look_ups(connection, roster.sources[post.source], id, post, now)
    search.add(connection, indexed)
    return stored
