"""Look up the account of every source, and show whose it is; look through the database for damage."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import aiohttp

from bot import charts
from bot.app import fetchers, now, web_session
from bot.errors import FetchError, LockedError
from bot.logs import one_line
from bot.models import Account, Fetcher, Source
from bot.settings import Settings
from bot.store.connection import DAMAGED, existing
from bot.store.database import Database
from bot.store.soundness import damage
from bot.upkeep.terminal import NO_X_TOKEN, Say

SILENT = 2
"""A far end that could not be reached so many times in a row is not asked for its other accounts."""


async def check(settings: Settings, say: Say, *, everything: bool = False) -> int:
    """Look up every enabled account (`everything`: the disabled ones too) and show its title and number.

    Returns 1 if an enabled one could not be confirmed; what is not looked up for want of a token does not count.
    """
    known = settings.roster.sources.values()
    chosen = [source for source in known if source.enabled or everything]
    width = max((len(source.id) for source in chosen), default=0)
    found: list[Finding] = []
    async with AsyncExitStack() as stack:
        database = stack.enter_context(_that_counts(settings))
        session = await stack.enter_async_context(web_session(settings))
        readers = await stack.enter_async_context(fetchers(session, settings, database))
        look = LookUps(settings, readers)
        tasks = [asyncio.create_task(look.up(source)) for source in chosen]
        try:
            for source, task in zip(chosen, tasks, strict=True):
                found.append(await task)
                say(_line(source, found[-1], width))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    marks = Counter(finding.mark for finding in found)
    say(f"{marks['✓']} of {marks['✓'] + marks['✗']} accounts confirmed")
    if marks["–"]:
        say(f"{marks['–']} accounts on X not looked up: {NO_X_TOKEN}")
    if not charts.available():
        say('no pictures, /stats is text alone: they need matplotlib (pip install ".[charts]")')
    if off := len(known) - len(chosen):
        say(f"{off} sources are off; --all looks them up too")
    return int(any(finding.mark == "✗" and source.enabled for source, finding in zip(chosen, found, strict=True)))


def check_database(settings: Settings, say: Say) -> int:
    """Look through the whole database for damage, also while the bot runs. Returns 1 if there is some."""
    with existing(settings.database) as connection:
        found = damage(connection)
    say(f"{settings.database} is damaged ({found}); {DAMAGED}" if found else f"{settings.database}: no damage")
    return int(bool(found))


@contextmanager
def _that_counts(settings: Settings) -> Iterator[Database | None]:
    """The database, where what look-ups on X cost is counted; none while the bot has it, or before there is one."""
    with ExitStack() as stack:
        database = None
        if settings.x_bearer_token and settings.database.exists():
            with suppress(LockedError):
                database = stack.enter_context(closing(Database.open(settings.database)))
        yield database


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of looking an account up. ✓ confirmed, ✗ not, – not looked up."""

    mark: Literal["✓", "✗", "–"]
    words: str


class LookUps:
    """Looks up one account after the other at each far end, all far ends at the same time."""

    def __init__(self, settings: Settings, readers: Mapping[str, Fetcher]) -> None:
        self._readers = readers
        self._with_x = bool(settings.x_bearer_token)
        self._hosts = {"x": _host(settings.x_api_url), "telegram": _host(settings.telegram_web_url)}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unreached: Counter[str] = Counter()

    async def up(self, source: Source) -> Finding:
        if source.kind == "x" and not self._with_x:
            return Finding("–", f"not looked up: {NO_X_TOKEN}")
        host = self._hosts.get(source.kind) or _host(source.address)
        async with self._turns[host]:
            if self._unreached[host] >= SILENT:
                return Finding("✗", f"not looked up: {host} cannot be reached")
            try:
                account = await self._readers[source.kind].resolve(source, now())
            except FetchError as error:
                self._unreached[host] = self._unreached[host] + 1 if _is_connection(error) else 0
                return Finding("✗", error.reason)
            self._unreached[host] = 0
        return _compared(source, account)


def _host(url: str) -> str:
    """Of a path: the path, which is a far end of its own."""
    return urlsplit(url).netloc or url


def _is_connection(error: FetchError) -> bool:
    return isinstance(error.__cause__, aiohttp.ClientConnectionError | OSError)


def _compared(source: Source, account: Account) -> Finding:
    """A name can be taken over; the platform's number of the account cannot."""
    number = f"number {account.account_id}" if account.account_id else "no number"
    said = f"“{account.title}”, {number}" + (f"; {account.note}" if account.note else "")
    if source.account_id and not account.account_id:
        return Finding("✓", f"{said}; account_id {source.account_id} cannot be compared")
    if source.account_id not in ("", account.account_id):
        return Finding("✗", f"{said}; another account: config/ says {source.account_id}")
    return Finding("✓", said)


def _line(source: Source, finding: Finding, width: int) -> str:
    off = "" if source.enabled else " (off)"
    return one_line(f"{finding.mark} {source.id:<{width}} {source.kind} {source.address}{off}: {finding.words}")
