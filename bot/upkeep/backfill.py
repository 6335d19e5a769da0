"""The past of a source, read back to a date where its platform shows it."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TextIO

from bot import history
from bot.app import fetchers, now, web_session
from bot.budget import DOLLAR, affordable
from bot.budget import Ask as Call
from bot.collect import refuse_other_account
from bot.errors import ParleyError
from bot.models import Fetched, Historian, Post, Source
from bot.settings import Settings
from bot.sources.x import DEEPEST
from bot.sources.x_api import WITH_EACH
from bot.store import backfills, budget, sources
from bot.store.backfills import Backfill
from bot.store.connection import troubles
from bot.store.database import Database
from bot.upkeep.terminal import NO_X_TOKEN, Progress, Say

Agree = Callable[[str], bool]
"""Asks the operator whether to go on."""

NEARLY_ALL = DEEPEST - 100
"""Some posts are withheld or cannot be understood: from so many on, X may have had more to show."""


async def backfill(
    settings: Settings,
    name: str,
    since: datetime,
    say: Say,
    shown: TextIO,
    agree: Agree,
    *,
    clock: Callable[[], datetime] = now,
) -> int:
    """Store what a source said since then, as far as its platform shows it; nobody is alerted, gaps are closed.

    Begun again for the same date after whatever ended it, it goes on where it was. What may cost money is told before.
    Returns 1 if the operator does not agree. Raises ParleyError.
    """
    source = _source(settings, name)
    if since >= clock():
        raise ParleyError(f"{since:%Y-%m-%d} is not over yet: --since wants a date of the past")
    async with AsyncExitStack() as stack:
        stack.enter_context(troubles(settings.database))
        database = stack.enter_context(closing(Database.open(settings.database)))
        await database.write(sources.enrol, settings.roster.sources.values(), clock())
        known = database.read(sources.account_ids).get(source.id, "")
        source = replace(source, account_id=source.account_id or known)
        session = await stack.enter_async_context(web_session(settings))
        reader = (await stack.enter_async_context(fetchers(session, settings, database)))[source.kind]
        if not isinstance(reader, Historian):
            raise ParleyError(f"{name} is a feed, and a feed has no past: it holds only its newest items")
        begun = database.read(backfills.begun, source, since, clock())
        if source.kind == "x" and not agree(_cost(settings, database, begun, clock())):
            return 1
        pages = Pages(source, reader, begun, clock)
        progress = Progress(shown, clock)
        try:
            await _read(settings, database, pages, progress, clock)
        except ParleyError:
            progress.clear()
            say(f"{pages}; the same command goes on from there")
            raise
        finally:
            progress.clear()
        say(f"{pages}, back to {await _ended(database, pages):%Y-%m-%d}")
    return 0


def _source(settings: Settings, name: str) -> Source:
    file = settings.config / "sources.toml"
    source = settings.roster.sources.get(name)
    if source is None:
        raise ParleyError(f"{file} has no source {name!r}")
    if not source.enabled:
        raise ParleyError(f"{name} is off ({file}, enabled = false)")
    if source.kind == "x" and not settings.x_bearer_token:
        raise ParleyError(f"{name} cannot be read: {NO_X_TOKEN}")
    return source


def _cost(settings: Settings, database: Database, begun: Backfill, moment: datetime) -> str:
    """What it may cost at the most: by what X shows, and by the caps."""
    left = max(DEEPEST - begun.posts, 0)
    budgeted = settings.x.budget
    results = affordable(budgeted, Call("", left, times=WITH_EACH), database.read(budget.spent, moment), moment)
    most = results * WITH_EACH * budgeted.post_price / DOLLAR
    return (
        f"X shows up to {DEEPEST:,} posts of an account, and each may bring along two that it answers or quotes. Today "
        f"this can cost ${most:,.2f} at the most, within [x] of {settings.config / 'parley.toml'}; live reading waits "
        "when a day's money is used up"
    )


class Pages:
    """What the platform shows, page by page, and how far that is stored."""

    def __init__(self, source: Source, reader: Historian, begun: Backfill, clock: Callable[[], datetime]) -> None:
        self.source = source
        self.stored_to = begun
        self.new = 0
        self._reader = reader
        self._clock = clock
        self._waiting: deque[Backfill] = deque()

    def __str__(self) -> str:
        return f"{self.stored_to.posts:,} posts read, {self.new:,} new"

    async def batches(self) -> AsyncIterator[tuple[Post, ...]]:
        read = self.stored_to
        pages = self._reader.history(self.source, read.since, self._clock(), read.cursor)
        async for page in pages:
            refuse_other_account(self.source, page)
            read = _further(read, page)
            self._waiting.append(read)
            yield page.posts

    def stored(self, new: int) -> Backfill:
        """The next batch is on the disk."""
        self.stored_to = self._waiting.popleft()
        self.new += new
        return self.stored_to


def _further(read: Backfill, page: Fetched) -> Backfill:
    oldest = min((post.published_at for post in page.posts), default=None)
    reached = min(filter(None, (read.reached, oldest)), default=None)
    return replace(read, cursor=page.cursor, posts=read.posts + len(page.posts), reached=reached)


async def _read(
    settings: Settings, database: Database, pages: Pages, progress: Progress, clock: Callable[[], datetime]
) -> None:
    keeping = history.keep(database, settings.roster, pages.batches(), clock(), 1)
    async with aclosing(keeping):
        async for page in keeping:
            read = pages.stored(page.new)
            await database.write(backfills.note, pages.source, read)
            done, whole = read.begun_at - (read.reached or read.begun_at), read.begun_at - read.since
            progress.show(done // timedelta(seconds=1), whole // timedelta(seconds=1), read.posts, str(pages))


async def _ended(database: Database, pages: Pages) -> datetime:
    """Since when everything is known: the date that was asked for, or as far back as X goes."""
    done = pages.stored_to
    since = done.since
    if pages.source.kind == "x" and done.posts >= NEARLY_ALL and done.reached:
        since = done.reached
    await database.write(backfills.end, pages.source, since, done.begun_at)
    return since
