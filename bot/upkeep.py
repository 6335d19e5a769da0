"""What an operator does by hand: look up the accounts, poll once, see how all fares, take history in, give it out, make
a backup.
"""

import asyncio
import os
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO
from urllib.parse import urlsplit

import aiohttp

from bot.app import fetchers, now, web_session
from bot.chat import about
from bot.collect import Collector, Fetcher, Reader, keep
from bot.errors import FetchError, ParleyError, StoreError
from bot.logs import one_line
from bot.models import Account, Post, Source
from bot.render.language import Voice
from bot.render.replies import settling
from bot.settings import Settings
from bot.sources import archive
from bot.store import gaps, posts, sources
from bot.store.connection import Connection, connect, sqlite3, troubles
from bot.store.database import Database

Say = Callable[[str], None]

SILENT = 2
"""A far end that could not be reached so many times in a row is not asked for its other accounts."""

BATCH = 500
"""Posts of an archive in one transaction."""

NO_X_TOKEN = "no X token (X_BEARER_TOKEN)"  # noqa: S105


# --- check


async def check(settings: Settings, say: Say, *, everything: bool = False) -> int:
    """Look up every enabled account (`everything`: the disabled ones too) and show its title and number.

    Returns 1 if an enabled one could not be confirmed; what is not looked up for want of a token does not count.
    """
    known = settings.roster.sources.values()
    chosen = [source for source in known if source.enabled or everything]
    width = max((len(source.id) for source in chosen), default=0)
    found: list[Finding] = []
    async with web_session(settings) as session, fetchers(session, settings) as readers:
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
    if off := len(known) - len(chosen):
        say(f"{off} sources are off; --all looks them up too")
    return int(any(finding.mark == "✗" and source.enabled for source, finding in zip(chosen, found, strict=True)))


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


# --- poll


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
    enabled = [source for source in settings.roster.sources.values() if source.enabled]
    unread = {source.id for source in enabled if source.kind == "x" and not settings.x_bearer_token}
    if unread:
        say(f"{len(unread)} accounts on X not read: {NO_X_TOKEN}")
    return {source.id for source in enabled} - unread


def _refuse_unknown(settings: Settings, named: Sequence[str]) -> None:
    file = settings.config / "sources.toml"
    for name in named:
        source = settings.roster.sources.get(name)
        if source is None:
            raise ParleyError(f"{file} has no source {name!r}")
        if not source.enabled:
            raise ParleyError(f"{name} is off ({file}, enabled = false); `parley check --all` looks it up")


# --- import


async def take_in(settings: Settings, path: Path, say: Say, shown: TextIO) -> int:
    """Store the posts of an archive; what is there already is left as it is, and nobody is alerted.

    Each batch is stored for good: begun again after whatever ended it, it passes over what is there. `shown` is told
    how far it is, if it is a terminal.
    """
    read = stored = 0
    progress = Progress(shown)
    with troubles(settings.database), closing(Database.open(settings.database)) as database:
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        reader = Reader(database, settings.roster)
        try:
            for batch in _batches(settings, path):
                stored += await keep(database, reader, settings.roster, _unstored(database, batch), now())
                read += len(batch)
                progress.show(_so_far(read, stored))
        finally:
            reader.close()
            progress.clear()
            say(_so_far(read, stored))
    return 0


def _so_far(read: int, stored: int) -> str:
    return f"{read:,} posts read, {stored:,} new"


def _batches(settings: Settings, path: Path) -> Iterator[list[Post]]:
    """Raises FetchError for what is no post, ParleyError for one of a source that config/ does not have; both name the
    line, and what stood before it comes first.
    """
    batch: list[Post] = []
    try:
        for number, post in archive.numbered(path):
            if post.source not in settings.roster.sources:
                raise ParleyError(
                    f"{path}, line {number}: {settings.config / 'sources.toml'} has no source {post.source!r}; "
                    "add it there (enabled = false if it is not to be read), then import again"
                )
            batch.append(post)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except ParleyError:
        yield batch
        raise
    yield batch


def _unstored(database: Database, batch: Sequence[Post]) -> list[Post]:
    """To look is a thousand times quicker than to read for speakers what is there already."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for post in batch:
        by_source[post.source].append(post.external_id)
    known = {source: database.read(posts.known, source, ids) for source, ids in by_source.items()}
    return [post for post in batch if post.external_id not in known[post.source]]


class Progress:
    """One line of a terminal that is written over again and again; silent where there is no terminal."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self._alive = shown.isatty()

    def show(self, words: str) -> None:
        self._write(f"\r\033[K{words}")

    def clear(self) -> None:
        self._write("\r\033[K")

    def _write(self, words: str) -> None:
        if self._alive:
            self._shown.write(words)
            self._shown.flush()


# --- status, export, backup


def status(settings: Settings, say: Say) -> int:
    """How the sources fare, what waits, and what X has cost; also while the bot runs."""
    moment = now()
    with _existing(settings.database) as connection:
        unseen = gaps.between(connection, moment - about.RECENT, moment)
        states = about.source_states(connection, settings, unseen, moment)
        queue = about.work(connection, settings, moment)
    away = [gap for gap in unseen if not gap.source]
    say(settling.report(Voice("en", settings.defaults.zone), settings.roster, states, moment, queue, away))
    return 0


def export(settings: Settings, say: Say) -> int:
    """Every post as one line of JSON, oldest first; `take_in` reads it back. Works while the bot runs."""
    with _existing(settings.database) as connection:
        for post in posts.everything(connection):
            say(archive.line(post))
    return 0


def backup(settings: Settings, target: Path, say: Say) -> int:
    """Copy the database into a new file and check the copy; also while the bot runs.

    The copy is as of one moment: it is made in one go, and a reader holds up no writer. It is one file, which can be
    read where nothing can be written.
    """
    with _existing(settings.database) as connection, _whole_or_not_at_all(target) as part:
        with closing(sqlite3.connect(str(part))) as copy:
            try:
                connection.backup(copy)
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"{target}: {error}; is there room for {settings.database.stat().st_size:,} bytes?"
                ) from error
            copy.execute("PRAGMA journal_mode = DELETE")
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise StoreError(f"{settings.database} is damaged ({found}); keep every older backup")
    say(f"{target}: {target.stat().st_size:,} bytes, checked")
    return 0


@contextmanager
def _existing(path: Path) -> Iterator[Connection]:
    if not path.exists():
        raise StoreError(f"{path} does not exist; PARLEY_DATABASE names the database")
    with troubles(path), closing(connect(path)) as connection:
        yield connection


@contextmanager
def _whole_or_not_at_all(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its name at the end, if all went well."""
    _refuse_existing(target)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}; name a file in a folder that can be written") from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _refuse_existing(target)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
