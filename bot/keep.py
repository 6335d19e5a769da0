"""Keep the house in order: room on the disk, copies of the database, the clock, forgetting what is not needed any more.

With too little room nothing is collected, so that what is left suffices for what people say and are told. A post that
is not stored has not been looked for either: it is found when there is room again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot import schedule
from bot.errors import StoreError
from bot.models import Message, Timetable
from bot.render import alerts
from bot.settings import Settings
from bot.store import (
    access,
    announcements,
    budget,
    clock,
    copies,
    disk,
    drawings,
    exports,
    inbox,
    mutes,
    outbox,
    search,
    subscribers,
)
from bot.store.connection import Connection, sqlite3
from bot.store.database import Database

log = logging.getLogger(__name__)

Render = Callable[[str], list[Message]]
"""Makes a message to operators in a language."""

AMPLE = 10
"""Collecting goes on with a tenth more than the reserve free: not in turns with stopping."""

AGAIN = timedelta(minutes=1)
"""Operators who could not be told are told after so long."""

BACKUP_AGAIN = timedelta(hours=1)
"""A copy that failed is tried again after so long."""

MOST_JOINS = 50
"""Steps in which the full-text index is put in order at a time: 0.1 s in all, between which others write."""

DRAWN = timedelta(days=2)
"""For how long a drawing is kept: those who get it have it by then."""

OFF = timedelta(minutes=1)
"""A clock so far from Telegram's is told."""

BEHIND = timedelta(minutes=1)
"""A clock so far before what is stored was put back, or was ahead before."""


class Keeper:
    """Looks after one database. `say` writes to a chat at once, past the outbox; it returns whether that worked."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime],
        say: Callable[[int, Message], Awaitable[bool]],
        queued: Callable[[], None],
    ) -> None:
        self._database, self._settings, self._clock, self._say, self._queued = database, settings, clock, say, queued
        self.low = False
        self.backed_up_at: datetime | None = None
        self._untold: tuple[str, Render] | None = None
        self._tell_at: datetime | None = None
        self._backup_at: datetime | None = None
        self._backup_failed = False

    # room

    async def look(self) -> None:
        """See how much room there is, and tell the operators when that changes what is done.

        Whoever was erased while somebody read is gone from the log, too, as soon as it can be emptied.
        """
        await self._database.scrub()
        free, reserve = disk.free(self._database.path), self._settings.disk_reserve
        if free < reserve and not self.low:
            self.low = True
            log.error(
                "%s has %d MB left, under the reserve of %d MB: nothing is collected", *self._in_mb(free, reserve)
            )
            self._untold = "disk-low", lambda language: alerts.disk_low(free, reserve, language=language)
        elif self.low and free >= reserve + reserve // AMPLE:
            self.low = False
            log.info("there is room again: collecting goes on")
            self._untold = "disk-ample", lambda language: alerts.disk_ample(language=language)
        await self._tell_untold()

    def _in_mb(self, *sizes: int) -> tuple[object, ...]:
        return self._database.path, *(size // 1_000_000 for size in sizes)

    async def _tell_untold(self) -> None:
        now = self._clock()
        if self._untold is None or (self._tell_at and now < self._tell_at):
            return
        told = await self._tell(*self._untold)
        self._untold, self._tell_at = (None, None) if told else (self._untold, now + AGAIN)

    async def _tell(self, what: str, render: Render) -> bool:
        """By the outbox; where that cannot be written, at once. False if no operator could be told."""
        now, admins = self._clock(), self._settings.admins
        try:
            await self._database.write(_queue_notice, admins, f"{what}:{now.isoformat()}", render, now)
        except (StoreError, sqlite3.Error) as error:
            log.warning("operators are told directly, for the outbox cannot be written: %s", error)
        else:
            self._queued()
            return True
        (message,) = render(self._settings.defaults.language)
        told = [await self._say(chat, message) for chat in admins]
        return any(told) or not admins

    def compare_clocks(self, ahead: timedelta | None) -> None:
        """`ahead` is how far Telegram's clock is ahead of ours, if that is known."""
        if ahead is not None and abs(ahead) > OFF:
            log.warning(
                "the clock is %d s %s Telegram's: digests come at wrong times; let it be set by the network",
                abs(ahead.total_seconds()),
                "behind" if ahead > timedelta(0) else "ahead of",
            )

    # copies

    async def back_up(self) -> None:
        """Make the copy that is due, if copies are wanted."""
        wanted, now = self._settings.backup, self._clock()
        if wanted.folder is None:
            return
        if self._backup_at is None:
            self._backup_at = self._next_backup_at(wanted.folder, now)
        if now < self._backup_at:
            return
        try:
            self._refuse_without_room(wanted.folder)
            made, _ = await asyncio.to_thread(copies.copy_into, self._database.path, wanted.folder, wanted.keep, now)
        except (StoreError, OSError) as error:
            log.error("no backup was made, next try in an hour: %s", error)
            self._backup_at = now + BACKUP_AGAIN
            reason = str(error)
            if not self._backup_failed:
                self._backup_failed = await self._tell(
                    "backup", lambda language: alerts.backup_failed(reason, language=language)
                )
        else:
            log.info("backup made: %s", made)
            self._backup_failed = False
            self.backed_up_at = now
            self._backup_at = self._next_backup_at(wanted.folder, now)

    def _next_backup_at(self, folder: Path, now: datetime) -> datetime:
        """By the newest copy in the folder: a restart forgets nothing, and one that was missed is made late."""
        made = copies.made_in(folder, self._database.path)
        if not made:
            return now
        self.backed_up_at = made[-1][0]
        return schedule.next_digest_at(
            Timetable((self._settings.backup.at,)), self._settings.defaults.zone, min(made[-1][0], now)
        )

    def _refuse_without_room(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        needed = disk.size(self._database.path) + self._settings.disk_reserve
        if disk.free(folder) < needed:
            raise StoreError(f"{folder} has {disk.free(folder):,} bytes left; a backup and the reserve take {needed:,}")

    # the full-text index

    async def join_index(self) -> None:
        """Join the parts that new posts have left the index in; of very many some at a time."""
        joins = 0
        while not self.low and joins < MOST_JOINS and await self._database.write(search.join_parts):
            joins += 1

    # forgetting

    async def forget(self) -> int:
        """Drop what is older than the settings say, in steps that hold nobody up. Returns how many rows went."""
        now, keep = self._clock(), self._settings.keep
        gone = 0
        for forget, days in ((outbox.forget, keep.outbox), (inbox.forget, keep.inbox)):
            while dropped := await self._database.write(forget, now - timedelta(days=days)):
                gone += dropped
        for put_away in (access.forget, announcements.forget):
            await self._database.write(put_away, now - timedelta(days=keep.outbox))
        await self._database.write(budget.forget, now)
        await self._database.write(drawings.forget, now - DRAWN)
        await self._database.write(exports.forget, now)
        await self._database.write(mutes.forget, now)
        return gone


def mind_the_clock(connection: Connection, now: datetime) -> None:
    """At start: what was noted under a clock that was ahead must not wait for that time to come."""
    newest = clock.newest(connection)
    if newest and newest - now > BEHIND:
        log.warning(
            "the clock (%s) is before the newest that is stored (%s): is it right? What was planned is planned anew",
            now.isoformat(timespec="seconds"),
            newest.isoformat(timespec="seconds"),
        )
        clock.mend(connection, newest, now)


def _queue_notice(connection: Connection, admins: Sequence[int], key: str, render: Render, now: datetime) -> None:
    for who in subscribers.operators(connection, admins):
        outbox.queue(connection, [(who.id, False)], key, render(who.language), "notice", now)
