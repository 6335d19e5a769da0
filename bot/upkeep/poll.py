"""Look at the sources once."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing

from bot.app import fetchers, now, web_session
from bot.collect import Collector
from bot.errors import ParleyError
from bot.logs import one_line
from bot.settings import Settings
from bot.store import posts, sources
from bot.store.connection import troubles
from bot.store.database import Database
from bot.upkeep.terminal import NO_X_TOKEN, Say


async def poll(settings: Settings, only: Sequence[str], say: Say) -> int:
    """Look at the enabled sources once (at `only` these, if any are named), due or not. Returns 1 if one failed."""
    _refuse_unknown(settings, only)
    wanted = set(only) or _readable(settings, say)
    async with AsyncExitStack() as stack:
        stack.enter_context(troubles(settings.database))
        database = stack.enter_context(closing(Database.open(settings.database)))
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        await database.write(sources.hurry, list(only), now())
        session = await stack.enter_async_context(web_session(settings))
        readers = await stack.enter_async_context(fetchers(session, settings, database))
        collector = Collector(database, readers, settings.roster, now, random.random, lambda: None)
        stack.push_async_callback(collector.close)
        before = database.read(posts.count)
        await asyncio.gather(*collector.begin_due(wanted))
        failing = [one for one in database.read(sources.health) if one.failing_since and one.id in wanted]
        new = database.read(posts.count) - before
    for one in failing:
        say(one_line(f"✗ {one.id}: {one.last_error}"))
    say(f"{len(wanted) - len(failing)} of {len(wanted)} sources read, {new} new posts")
    return int(bool(failing))


def _readable(settings: Settings, say: Say) -> set[str]:
    """All that are on; those on X only with a token."""
    if unread := settings.uncollected:
        say(f"{len(unread)} accounts on X not read: {NO_X_TOKEN}")
    return {source.id for source in settings.roster.sources.values() if source.enabled} - unread


def _refuse_unknown(settings: Settings, named: Sequence[str]) -> None:
    file = settings.config / "sources.toml"
    for name in named:
        source = settings.roster.sources.get(name)
        if source is None:
            raise ParleyError(f"{file} has no source {name!r}")
        if not source.enabled:
            raise ParleyError(f"{name} is off ({file}, enabled = false); `parley check --all` looks it up")
