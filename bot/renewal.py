"""Other rules or dictionaries turn words into other keys: compiled watches, topics and the full-text index are then
made anew, in the background, while the old index serves. What a process remembers of words it forgets when it ends,
and rules and dictionaries change only with a new process.

Every step is stored with how far it has come: ended at any moment, it goes on from there.
"""

import asyncio
import logging
from collections.abc import Sequence

from bot.errors import QueryError
from bot.models import IndexEntry, Roster, Telling, Watch
from bot.store import posts, search, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import facts, query, version
from bot.words.meaning import Meanings

log = logging.getLogger(__name__)

WATCHES = 500
"""Compiled in one go: half a second at the worst."""

POSTS = 100
"""Read and stored in one go: the loop and the writer wait for some ten milliseconds of it."""


async def renew(database: Database, roster: Roster) -> int:
    """Make anew what was made with other rules or dictionaries. Returns how many posts and watches that were."""
    renewed = await _renew_watches(database, roster) + await _renew_posts(database, roster)
    while await database.write(search.clear_old):
        pass
    return renewed


async def _renew_watches(database: Database, roster: Roster) -> int:
    wanted, renewed = version.of_watches(roster), 0
    while outdated := await database.write(subscribers.outdated, wanted, WATCHES):
        keys = await asyncio.to_thread(_compiled, outdated, roster)
        await database.write(subscribers.recompile, keys, wanted)
        renewed += len(outdated)
    if renewed:
        log.info("%d watches compiled anew", renewed)
    return renewed


def _compiled(watches: Sequence[Watch], roster: Roster) -> dict[int, str | None]:
    """None for a watch that is no longer understood: what it meant when it was typed stands."""
    filters = facts.filters(roster)
    keys: dict[int, str | None] = {}
    for watch in watches:
        try:
            keys[watch.id] = query.parse(watch.query, filters).key
        except QueryError:
            keys[watch.id] = None
    return keys


async def _renew_posts(database: Database, roster: Roster) -> int:
    wanted, renewed = version.of_posts(roster), 0
    if database.read(search.version) == wanted or not database.read(posts.after, 0, 1):
        return 0
    meanings = await asyncio.to_thread(Meanings, roster)
    done = await database.write(search.begin_anew, wanted)
    while True:
        found = await database.read_slow(posts.after, done, POSTS)
        if not found:
            break
        entries = await asyncio.to_thread(_entries, meanings, found)
        done = found[-1].post.id
        await database.write(search.grow, entries, done)
        renewed += len(found)
    await database.write(_change_over, meanings, done)
    log.info("%d posts indexed anew: %s", renewed, wanted)
    return renewed


def _entries(meanings: Meanings, found: Sequence[Telling]) -> list[tuple[Telling, IndexEntry]]:
    return [(telling, meanings.again(telling)) for telling in found if not _is_purged(telling)]


def _is_purged(telling: Telling) -> bool:
    """Of a post whose words had to go nothing is found."""
    return telling.post.deleted_at is not None and not telling.post.text


def _change_over(connection: Connection, meanings: Meanings, done: int) -> None:
    """With the posts that came since the last step, in one transaction."""
    while found := posts.after(connection, done, POSTS):
        done = found[-1].post.id
        search.grow(connection, _entries(meanings, found), done)
    search.change_over(connection)
