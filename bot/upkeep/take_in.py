"""Posts of files into the store: our own lines, Telegram Desktop's exports, answers of the X API."""

import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from bot import history
from bot.app import now
from bot.errors import FetchError, ParleyError
from bot.history import Kept
from bot.history.readers import Batch
from bot.models import Gap, Post, Source
from bot.settings import Settings
from bot.sources import imports
from bot.sources.imports import Foreign, Item, Lines
from bot.store import gaps, sources
from bot.store.connection import Connection, troubles
from bot.store.database import Database
from bot.upkeep.terminal import Progress, Say

NAMED = 20
"""Mistakes that are named one by one; so many without a single post before them, and the file is of another kind."""

ACCOUNTS = 5
"""Accounts that were passed over which are named."""


async def take_in(
    settings: Settings,
    path: Path,
    say: Say,
    shown: TextIO,
    *,
    source: str = "",
    zone: ZoneInfo | None = None,
    clock: Callable[[], datetime] = now,
) -> int:
    """Store the posts of a file; what is there already is left as it is, and nobody is alerted.

    Each batch is stored for good: begun again after whatever ended it, it passes over what is there. `source` is whose
    posts they are, where the file does not say; `zone` that of an old Telegram Desktop's local times. `shown` is told
    how far it is, if it is a terminal. Returns 1 if something could not be taken in; it was named. Raises ParleyError.
    """
    if source and source not in settings.roster.sources:
        raise ParleyError(f"{settings.config / 'sources.toml'} has no source {source!r}")
    with troubles(settings.database), closing(Database.open(settings.database)) as database:
        known = settings.roster.sources
        await database.write(sources.enrol, known.values(), clock())
        numbered = _with_numbers(database, known.values())
        named = next((one for one in numbered if one.id == source), None)
        country = settings.x.country
        found = imports.read(path, numbered, named=named, zone=zone, country=country, at_once=history.BATCH)
        whole = _size(path)
        progress = Progress(shown, clock)
        tally = Tally(settings, path, lambda line: progress.aside(say, line))
        batches = tally.batches(found)
        ended = False
        try:
            keeping = history.keep(database, settings.roster, batches, clock(), os.cpu_count() or 1)
            async with aclosing(keeping):
                async for kept in keeping:
                    tally.count(kept)
                    progress.show(tally.ends.popleft(), whole, tally.read, str(tally))
            await database.write(_put_gaps, tally.gaps)
            ended = True
        finally:
            progress.clear()
            if ended or tally.read or tally.found or tally.mistakes:
                tally.tell()
    return int(tally.failed)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _with_numbers(database: Database, known: Collection[Source]) -> list[Source]:
    """The sources with the numbers of their accounts: as config/ pins them, or as they were when they were read."""
    numbers = database.read(sources.account_ids)
    return [replace(one, account_id=one.account_id or numbers.get(one.id, "")) for one in known]


def _put_gaps(connection: Connection, found: Sequence[Gap]) -> None:
    for gap in found:
        gaps.put(connection, gap)


@dataclass
class Tally:
    """What was found in a file, in numbers; what cannot be taken in is told. `read` and `stored` are what is on the
    disk, `ends` where in the file the batches end that are not yet; `unknown` sources have posts in it, the `first` of
    each stands there.
    """

    settings: Settings
    path: Path
    say: Say
    read: int = 0
    stored: int = 0
    found: int = 0
    mistakes: int = 0
    ends: deque[int] = field(default_factory=deque)
    gaps: list[Gap] = field(default_factory=list)
    foreign: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return bool(self.mistakes or self.unknown)

    def __str__(self) -> str:
        return f"{self.read:,} posts read, {self.stored:,} new"

    def batches(self, items: Iterator[Item | Lines]) -> Iterator[Batch]:
        """The posts that can be stored, and lines that hold some; what stands before a mistake that ends the file comes
        before it is raised. Raises FetchError, too, if the file is of a kind that cannot be read.
        """
        batch: list[Post] = []
        end = 0
        try:
            for item in items:
                if isinstance(item, Lines):
                    self.ends.append(item.end)
                    yield item
                    continue
                end = item.read
                if post := self._taken(item):
                    batch.append(post)
                if len(batch) == history.BATCH:
                    self.ends.append(end)
                    yield batch
                    batch = []
        except FetchError:
            self.ends.append(end)
            yield batch
            raise
        if batch:
            self.ends.append(end)
            yield batch

    def count(self, kept: Kept) -> None:
        """What became of a batch. Raises FetchError if the file is of a kind that cannot be read."""
        self.read += kept.size
        self.stored += kept.new
        for item in kept.aside:
            self._taken(item)

    def _taken(self, item: Item) -> Post | None:
        match item.found:
            case Post(source=source) as post:
                self.found += 1
                if source in self.settings.roster.sources:
                    return post
                self.unknown[source] += 1
                self.first.setdefault(source, item.where)
            case Gap() as gap:
                self.gaps.append(gap)
            case Foreign(author):
                self.found += 1
                self.foreign[author] += 1
            case FetchError() as mistake:
                self._name(mistake)
        return None

    def _name(self, mistake: FetchError) -> None:
        self.mistakes += 1
        if self.mistakes <= NAMED:
            self.say(f"✗ {mistake}")
        elif not self.found and not self.read:
            raise FetchError(
                f"{self.path}: no posts. What can be read: lines that `parley export` wrote, result.json of Telegram "
                "Desktop's export of a channel (as JSON), answers of the X API in lines as twarc2 writes them"
            )

    def tell(self) -> None:
        if self.mistakes > NAMED:
            self.say(f"✗ and {self.mistakes - NAMED:,} more that cannot be read")
        file = self.settings.config / "sources.toml"
        for source, count in self.unknown.items():
            self.say(
                f"✗ {self.path}, {self.first[source]}: {file} has no source {source!r}, to which {count:,} posts "
                "belong; add it there (enabled = false if it is not to be read), then import again"
            )
        if self.foreign:
            named = [f"{author} {count:,}" for author, count in self.foreign.most_common(ACCOUNTS)]
            more = ["…"] if len(self.foreign) > ACCOUNTS else []
            self.say(f"{self.foreign.total():,} posts of others passed over: {', '.join(named + more)}")
        self.say(str(self))
