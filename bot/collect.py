"""Poll a source: fetch outside any transaction; read what is new; then posts, versions, statements, notifications,
suspicions, gaps, cursor and next poll in one transaction. A crash at any point loses no alert and repeats no
collection.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot import schedule, tell
from bot.errors import FetchError
from bot.meters import Meters
from bot.models import WITHDRAWN, Fetched, Fetcher, Post, Roster, Source, Telling
from bot.reader import Reader, Reading
from bot.render.changes import differ
from bot.store import checks, clock, gaps, outbox, pictures, posts, search, sources
from bot.store.connection import Connection
from bot.store.database import Database

log = logging.getLogger(__name__)

CATCH_UP_AFTER = timedelta(hours=1)
"""A source unread for longer than this has a backlog: its old posts become one message, not an alert each."""

FRESH = timedelta(minutes=15)
"""Of a backlog, what is no older than this is still an alert."""

LATE_AFTER = timedelta(hours=1)
"""A post that was published so long before it was seen is marked as found late. Polls are minutes apart."""

A_TICK = 10
"""Polls that begin in one tick: after a start or a sleep everything is due at once. 500 sources take 50 ticks."""

AT_ONCE = 4
"""Polls whose posts are read and stored at the same time. One thread reads and one writes, so more would gain nothing;
but while the disk stalls, each that is read holds half a megabyte, and one that waits next to nothing.
"""

AWAY_AFTER = sources.AWAY_AFTER
"""Between two ticks so far apart the computer slept."""

LOOKED_UP = frozenset({"x"})
"""Kinds of sources whose posts are looked up again later, because no look shows that one is missing."""


class Collector:
    """Polls what is due. `queued` is called when a poll has put something into the outbox."""

    def __init__(
        self,
        database: Database,
        fetchers: Mapping[str, Fetcher],
        roster: Roster,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        queued: Callable[[], None],
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters or Meters()
        self.reader = Reader(database, roster, self._meters)
        self._database = database
        self._fetchers = fetchers
        self._roster = roster
        self._clock = clock
        self._chance = chance
        self._queued = queued
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._taking_in = asyncio.Semaphore(AT_ONCE)
        self._ticked_at: datetime | None = None

    async def tick(self) -> None:
        """Begin some of the polls that are due. The time that the computer slept is a gap of all sources; a clock that
        was set back makes none of them wait.
        """
        before, self._ticked_at = self._ticked_at, self._clock()
        if before and self._ticked_at - before > AWAY_AFTER:
            await self._database.write(gaps.add, "", before, self._ticked_at, gaps.NOT_RUNNING)
        elif before and self._ticked_at < before:
            await self._database.write(clock.mend, before, self._ticked_at)
        self.begin_due(most=A_TICK)

    def begin_due(self, only: Collection[str] | None = None, *, most: int | None = None) -> list[asyncio.Task[None]]:
        """Start a poll of each source (of `only` these, `most` so many) that is due and not being polled.

        Each is a task of its own: one slow source holds up no other.
        """
        waiting = [
            due
            for due in self._database.read(sources.due, self._clock())
            if due.id not in self._polls and (only is None or due.id in only)
        ]
        started = []
        for due in waiting[:most]:
            task = asyncio.create_task(self._poll_guarded(self._roster.sources[due.id], due), name=f"poll {due.id}")
            self._polls[due.id] = task
            task.add_done_callback(partial(self._ended, due.id))
            started.append(task)
        return started

    async def close(self) -> None:
        """End what is under way: nothing is lost, for a poll that did not commit has not happened."""
        for task in list(self._polls.values()):
            task.cancel()
        await asyncio.gather(*self._polls.values(), return_exceptions=True)
        self.reader.close()

    def _ended(self, source: str, _: asyncio.Task[None]) -> None:
        del self._polls[source]

    async def _poll_guarded(self, source: Source, due: sources.Due) -> None:
        """The boundary of the job: whatever goes wrong with one source stays with it."""
        try:
            with self._meters.poll_seconds.labels(source.kind).time():
                await self.poll(source, due)
        except Exception as error:
            log.exception("source=%s poll failed", source.id)
            await self._note_failure(source, due, FetchError(f"internal error: {error!r}"))

    async def poll(self, source: Source, due: sources.Due) -> int:
        """Look at one source. Returns how many posts were new; a source that cannot be read is noted, not raised."""
        try:
            fetched = await self._fetchers[source.kind].fetch(source, due.cursor, self._clock())
            refuse_other_account(source, fetched, due.account_id)
        except FetchError as error:
            await self._note_failure(source, due, error)
            return 0
        async with self._taking_in:
            return await self._take_in(source, due, fetched)

    async def _take_in(self, source: Source, due: sources.Due, fetched: Fetched) -> int:
        found, before = self._new_or_changed(source, fetched.posts)
        readings = await self.reader.read(source, [*found, *before], self._clock())
        now = self._clock()
        look = Look(source, due, fetched, readings[: len(found)], {one.post.id: one for one in readings[len(found) :]})
        next_at = self._next_at(source, due, look, now)
        stored = await self._database.write(_store, self._roster, look, now, next_at, self._meters)
        self._meters.polls.labels(source.id, "read").inc()
        self._meters.new_posts.labels(source.id).inc(len(stored))
        if found:
            log.info("source=%s new=%d changed=%d", source.id, len(stored), len(found) - len(stored))
            self._queued()
        return len(stored)

    def _new_or_changed(self, source: Source, found: Collection[Post]) -> tuple[list[Post], list[Post]]:
        """The posts to read, earliest first, and the known ones among them (with another text or fate) as they were."""
        known = self._database.read(posts.known, source.id, [post.external_id for post in found])
        fresh = []
        for post in sorted(found, key=lambda post: (post.published_at, post.external_id)):
            there = known.get(post.external_id)
            if there is None:
                fresh.append(post)
            elif there.sha256 != posts.fingerprint(post.text) or there.fate != "stands":
                fresh.append(replace(post, id=there.id))
        changed = self._database.read(posts.tellings, [post.id for post in fresh if post.id])
        return fresh, [telling.post for telling in changed]

    def _next_at(self, source: Source, due: sources.Due, look: "Look", now: datetime) -> datetime:
        last_new_at = look.newest(now) or due.last_new_at
        pause = schedule.pause(source.every, due.rates, now, last_new_at)
        return schedule.next_poll_at(pause, now, self._chance(), asked=look.fetched.next_at)

    async def _note_failure(self, source: Source, due: sources.Due, error: FetchError) -> None:
        self._meters.polls.labels(source.id, "stopped" if error.permanent else "failed").inc()
        now = self._clock()
        next_at = schedule.next_try_at(source.every, due.failures + 1, now, self._chance())
        if error.permanent:
            next_at = now + schedule.PERMANENT_PAUSE
        if error.retry_at:
            next_at = max(error.retry_at, now + source.every)
        log.warning("source=%s failed: %s; next try %s", source.id, error.reason, next_at.isoformat(timespec="seconds"))
        await self._database.write(
            sources.failed, source.id, error.reason, now, next_at, stopped=error.permanent, shared=error.shared
        )


def refuse_other_account(source: Source, fetched: Fetched, before: str = "") -> None:
    """A name can be taken over; the platform's number of the account cannot. That of config/ counts, else the one that
    it had `before`. Raises FetchError.
    """
    pinned = source.account_id or before
    if pinned and fetched.account_id and fetched.account_id != pinned:
        raise FetchError(
            f"{source.address} is another account now (number {fetched.account_id}, it was {pinned}): somebody may "
            "have taken the name; nothing is read until the right address, or the new number as account_id, stands in "
            "config/sources.toml",
            permanent=True,
        )


# --- in the transaction


@dataclass(frozen=True, slots=True)
class Look:
    """What one poll brought. `readings` are what is new or changed; known posts bear their numbers, and `before` says
    by number what was known of them.
    """

    source: Source
    due: sources.Due
    fetched: Fetched
    readings: Sequence[Reading]
    before: Mapping[int, Reading]

    @property
    def silent(self) -> bool:
        """The first poll of a source is."""
        return self.due.cursor is None

    def newest(self, now: datetime) -> datetime | None:
        """When the newest of the new posts was published. Clocks that are ahead do not count."""
        return max((min(one.post.published_at, now) for one in self.readings if not one.post.id), default=None)


def _store(
    connection: Connection, roster: Roster, look: Look, now: datetime, next_at: datetime, meters: Meters
) -> list[tuple[int, Reading]]:
    """All that one poll brought. Returns what was new, with its numbers."""
    new = []
    for reading in look.readings:
        if reading.post.id:
            _put_known(connection, roster, look, reading, now)
        elif id := _put_new(connection, roster, look, reading, now, meters):
            new.append((id, reading))
    _look_for_missing(connection, look, now)
    fetched = look.fetched
    sources.polled(
        connection,
        look.source.id,
        fetched.cursor,
        now,
        next_at,
        title=fetched.title,
        account_id=fetched.account_id,
        newest=look.newest(now),
        note=fetched.note,
    )
    if fetched.gap:
        gaps.add(connection, look.source.id, *fetched.gap, gaps.UNREAD)
    if next_at - now > schedule.longest_pause(look.source.every):
        gaps.begin(connection, look.source.id, fetched.note or gaps.PUT_OFF)
    return new


def _put_new(
    connection: Connection, roster: Roster, look: Look, reading: Reading, now: datetime, meters: Meters
) -> int | None:
    """Returns its number, None if another poll was first."""
    post = reading.post
    late = not look.silent and now - post.published_at > LATE_AFTER
    story = posts.story(connection, *reading.twin) if reading.twin else 0
    id = posts.insert(connection, post, now, story=story, late=late)
    if id is None:
        return None
    _put_meaning(connection, reading, id)
    if look.source.pictures:
        pictures.put(connection, id, post.pictures)
    plan_look_ups(connection, look.source, id, post, now)
    if look.silent:
        return id
    telling = Telling(replace(post, id=id, seen_at=now, late=late), reading.statements, story)
    backlog = look.due.last_ok_at is not None and now - look.due.last_ok_at > CATCH_UP_AFTER
    if backlog and now - post.published_at > FRESH:
        known = tell.told_before(connection, telling)
        outbox.catch_up_later(connection, reading.subject(roster), id, now, known=known)
    else:
        tell.post(connection, roster, telling, reading.subject(roster), reading.text, now, meters)
    return id


def _put_meaning(connection: Connection, reading: Reading, id: int) -> None:
    posts.put_statements(connection, reading.post, id, reading.statements)
    search.put(connection, id, reading.post.published_at, reading.entry)


def plan_look_ups(connection: Connection, source: Source, id: int, post: Post, now: datetime) -> None:
    """Ask later what has become of a post."""
    if due_at := look_up_at(source, post, now):
        checks.plan(connection, id, due_at)


def look_up_at(source: Source, post: Post, now: datetime) -> datetime | None:
    """When to ask what has become of a post, where no look would show that it is missing."""
    if source.kind not in LOOKED_UP or post.deleted_at:
        return None
    return schedule.next_check_at(post.published_at, now)


def _put_known(connection: Connection, roster: Roster, look: Look, reading: Reading, now: datetime) -> None:
    """A post that has another text, or that is there again."""
    id = reading.post.id
    (before,) = posts.tellings(connection, [id])
    again = before.post.fate != "stands"
    if again:
        posts.stand_again(connection, id, reading.post)
    changed = posts.revise(connection, id, reading.post.text, reading.post.language, now)
    if again or changed:
        _put_meaning(connection, reading, id)
    if again and look.source.kind in WITHDRAWN:
        tell.retell(connection, roster, id, now)
    if look.silent or look.source.kind not in tell.NEWSWORTHY:
        return
    if before.post.fate == "deleted":
        (telling,) = posts.tellings(connection, [id])
        tell.return_(connection, roster, telling, reading.subject(roster), now)
    elif changed and differ(before.post.text, reading.post.text):
        _tell_edit(connection, roster, look, reading, now)


def _tell_edit(connection: Connection, roster: Roster, look: Look, reading: Reading, now: datetime) -> None:
    """Told whom the post concerns, or concerned as it was."""
    (telling,) = posts.tellings(connection, [reading.post.id])
    versions = posts.versions(connection, reading.post.id)
    earlier = versions[-2]
    since = earlier.seen_at if len(versions) > 2 else telling.post.published_at
    subject = tell.both(reading.subject(roster), look.before[reading.post.id].subject(roster))
    tell.edit(connection, roster, telling, subject, earlier.text, since, len(versions), now)


def _look_for_missing(connection: Connection, look: Look, now: datetime) -> None:
    """What the look shows stands; what it would show and does not is suspected to be deleted."""
    fetched = look.fetched
    standing = {*(post.external_id for post in fetched.posts), *fetched.members}
    checks.shown(connection, look.source.id, standing)
    for part in posts.known(connection, look.source.id, fetched.members).values():
        if part.fate != "stands":
            posts.stand_again(connection, part.id)
    if fetched.covered and not look.silent:
        checks.suspect(connection, look.source.id, fetched.covered, standing, now)
