"""Poll a source: fetch outside any transaction; read what is new; then posts, versions, statements, notifications,
cursor and next poll in one transaction. A crash at any point loses no alert and repeats no collection.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, Protocol, TypeVar, cast

from bot import schedule
from bot.errors import FetchError
from bot.models import Account, Cursor, Fetched, Message, Post, Roster, Source, Statement, Telling, in_language
from bot.render import alerts
from bot.store import outbox, posts, search, sources, statements, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import attribution, language, query, similarity, tokens, topics
from bot.words import search as words_search
from bot.words.index import WatchIndex
from bot.words.names import Names

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

CATCH_UP_AFTER = timedelta(hours=1)
"""A source unread for longer than this has a backlog: its old posts become one message, not an alert each."""

FRESH = timedelta(minutes=15)
"""Of a backlog, what is no older than this is still an alert."""

STORY_WINDOW = timedelta(hours=36)
"""A statement told again after longer than this is news again."""

MOST_RECENT = 5000
"""Texts compared with at the most; a busy day of the shipped sources has about a thousand."""

ALERTED_EDITS = {"x", "telegram"}
"""Where an edit is news. Agencies rewrite their items all day: their versions are kept, nobody is woken."""


class Fetcher(Protocol):
    """One a kind of source, in `bot.sources`."""

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """Raises FetchError."""

    async def resolve(self, source: Source, now: datetime) -> Account:
        """Who the address belongs to. Raises FetchError."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A post with all that can be said of it without looking at the store.

    `twin` is the number of a recent post that tells the same, 0 if there is none; `known` is the number of the post
    itself, if it is an edit.
    """

    post: Post
    text: tokens.Text
    statements: tuple[Statement, ...]
    topics: tuple[str, ...]
    watches: tuple[int, ...]
    document: str
    fingerprint: similarity.Fingerprint
    twin: int = 0
    known: int = 0


class Reader:
    """Reads posts on a thread of its own, so that the event loop stays free.

    Owns what is compared with in memory: the index of watches and the texts of the last days. Both are made anew from
    the store.
    """

    def __init__(self, database: Database, roster: Roster) -> None:
        self._database = database
        self._roster = roster
        self._names = Names(roster)
        self._topics = topics.compile(roster.topics.values())
        self._index = WatchIndex()
        self._revision = -1
        self._recent: similarity.Recent | None = None
        self._thread = ThreadPoolExecutor(1, "parley-reader")

    async def read(self, source: Source, found: Collection[tuple[Post, int]], now: datetime) -> list[Reading]:
        """Read each (post, its number if it is known), with the watches that stand at this moment."""
        self._revision, changes = self._database.read(subscribers.watch_keys, self._revision)
        if self._recent is None:
            self._recent = similarity.Recent(STORY_WINDOW)
            told = self._database.read(statements.seen_since, now - STORY_WINDOW, MOST_RECENT)
            await self._on_thread(self._remember_texts, [telling.post for telling in told])
        return await self._on_thread(self._read_all, source, found, changes)

    async def remember(self, stored: Collection[tuple[int, Reading]], now: datetime) -> None:
        """These were stored under these numbers: what is read from now on may repeat them."""
        await self._on_thread(self._remember, stored, now)

    def close(self) -> None:
        self._thread.shutdown()

    def _on_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **kwargs))

    # on the thread

    def _remember_texts(self, told: Collection[Post]) -> None:
        for post in told:
            text = tokens.read(post.text, post.language)
            self._texts.add(post.id, similarity.Fingerprint(text), post.seen_at or post.published_at)

    def _remember(self, stored: Collection[tuple[int, Reading]], now: datetime) -> None:
        for id, reading in stored:
            self._texts.add(id, reading.fingerprint, now)
        self._texts.drop_before(now)

    @property
    def _texts(self) -> similarity.Recent:
        return cast(similarity.Recent, self._recent)

    def _read_all(
        self, source: Source, found: Collection[tuple[Post, int]], changes: Mapping[int, str | None]
    ) -> list[Reading]:
        for watch, key in changes.items():
            if key is None:
                self._index.remove(watch)
            else:
                self._index.add(watch, query.load(key))
        return [self._read(source, post, known) for post, known in found]

    def _read(self, source: Source, post: Post, known: int) -> Reading:
        post = replace(post, language=post.language or language.detect(post.text) or source.language)
        text = tokens.read(post.text, post.language)
        fingerprint = similarity.Fingerprint(text)
        return Reading(
            post,
            text,
            attribution.attribute(post, source, self._roster, self._names),
            tuple(topics.hits(text, self._topics)),
            tuple(self._index.matches(text)),
            words_search.document(text),
            fingerprint,
            next(iter(self._texts.match(fingerprint)), 0),
            known,
        )


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
    ) -> None:
        self._database = database
        self._fetchers = fetchers
        self._roster = roster
        self._clock = clock
        self._chance = chance
        self._queued = queued
        self._reader = Reader(database, roster)
        self._polls: dict[str, asyncio.Task[None]] = {}

    def begin_due(self, only: Collection[str] | None = None) -> list[asyncio.Task[None]]:
        """Start a poll of each source (or of `only` these) that is due and not being polled.

        Each is a task of its own: one slow source holds up no other.
        """
        started = []
        for due in self._database.read(sources.due, self._clock()):
            if due.id not in self._polls and (only is None or due.id in only):
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
        self._reader.close()

    def _ended(self, source: str, _: asyncio.Task[None]) -> None:
        del self._polls[source]

    async def _poll_guarded(self, source: Source, due: sources.Due) -> None:
        """The boundary of the job: whatever goes wrong with one source stays with it."""
        try:
            await self.poll(source, due)
        except Exception as error:
            log.exception("source=%s poll failed", source.id)
            await self._note_failure(source, due, FetchError(f"internal error: {error!r}"))

    async def poll(self, source: Source, due: sources.Due) -> int:
        """Look at one source. Returns how many posts were new; a source that cannot be read is noted, not raised."""
        try:
            fetched = await self._fetchers[source.kind].fetch(source, due.cursor, self._clock())
            _refuse_other_account(source, due, fetched)
        except FetchError as error:
            await self._note_failure(source, due, error)
            return 0
        found = self._new_or_changed(source, fetched.posts)
        readings = await self._reader.read(source, found, self._clock())
        now = self._clock()
        next_at = schedule.next_poll_at(source.every, now, self._chance(), asked=fetched.next_at)
        stored = await self._database.write(_store, self._roster, source, due, fetched, readings, now, next_at)
        if readings:
            log.info("source=%s new=%d changed=%d", source.id, len(stored), len(readings) - len(stored))
            self._queued()
            await self._reader.remember(stored, now)
        return len(stored)

    def _new_or_changed(self, source: Source, found: Collection[Post]) -> list[tuple[Post, int]]:
        """The posts to read, earliest first, each with its number if it is known with another text."""
        known = self._database.read(posts.known, source.id, [post.external_id for post in found])
        fresh = [
            (post, known[post.external_id].id if post.external_id in known else 0)
            for post in found
            if post.external_id not in known or known[post.external_id].sha256 != posts.fingerprint(post.text)
        ]
        return sorted(fresh, key=lambda item: (item[0].published_at, item[0].external_id))

    async def _note_failure(self, source: Source, due: sources.Due, error: FetchError) -> None:
        now = self._clock()
        next_at = schedule.next_try_at(source.every, due.failures + 1, now, self._chance())
        if error.permanent:
            next_at = now + schedule.PERMANENT_PAUSE
        if error.retry_at:
            next_at = max(error.retry_at, now + source.every)
        log.warning("source=%s failed: %s; next try %s", source.id, error.reason, next_at.isoformat(timespec="seconds"))
        await self._database.write(sources.failed, source.id, error.reason, now, next_at, stopped=error.permanent)


def _refuse_other_account(source: Source, due: sources.Due, fetched: Fetched) -> None:
    """A name can be taken over; the platform's number of the account cannot."""
    pinned = source.account_id or due.account_id
    if pinned and fetched.account_id and fetched.account_id != pinned:
        raise FetchError(
            f"{source.address} is another account now (number {fetched.account_id}, it was {pinned}); nothing is read "
            "until the right address, or the new number as account_id, stands in config/sources.toml",
            permanent=True,
        )


async def keep(database: Database, reader: Reader, roster: Roster, found: Collection[Post], now: datetime) -> int:
    """Store posts of any sources without telling anybody; those that are there already are left. Returns how many
    were new. Raises FetchError for a post of a source that config/ does not know.
    """
    by_source: dict[str, list[tuple[Post, int]]] = {}
    for post in found:
        by_source.setdefault(post.source, []).append((post, 0))
    stored = 0
    for name, items in by_source.items():
        if name not in roster.sources:
            raise FetchError(
                f"config/sources.toml has no source {name!r}, to which post {items[0][0].external_id} belongs"
            )
        readings = await reader.read(roster.sources[name], items, now)
        stored += await database.write(_keep, readings, now)
    return stored


def _keep(connection: Connection, readings: Collection[Reading], now: datetime) -> int:
    """What the archive knows of the past stays: when a post was first seen, changed, and was gone."""
    stored = 0
    for reading in readings:
        post = reading.post
        id = posts.insert(connection, post, post.seen_at or now)
        if id is not None:
            stored += 1
            posts.put_history(connection, id, post.edited_at, post.deleted_at)
            _put_meaning(connection, reading, id)
    return stored


# --- in the transaction


def _store(
    connection: Connection,
    roster: Roster,
    source: Source,
    due: sources.Due,
    fetched: Fetched,
    readings: Collection[Reading],
    now: datetime,
    next_at: datetime,
) -> list[tuple[int, Reading]]:
    """All that one poll brought. Returns what was new, with its numbers."""
    new: list[tuple[int, Reading]] = []
    backlog = due.last_ok_at is not None and now - due.last_ok_at > CATCH_UP_AFTER
    for reading in readings:
        if reading.known:
            changed = _put_edit(connection, reading, now)
            if changed and source.kind in ALERTED_EDITS and due.cursor is not None:
                _tell_edit(connection, roster, reading, changed, now)
            continue
        id = posts.insert(connection, reading.post, now, story=posts.story(connection, reading.twin))
        if id is None:
            continue
        new.append((id, reading))
        _put_meaning(connection, reading, id)
        if due.cursor is None:
            continue  # the first poll of a source is silent
        if backlog and now - reading.post.published_at > FRESH:
            outbox.catch_up_later(connection, _subject(reading, roster), id, now)
        else:
            _tell_post(connection, roster, reading, id, now)
    sources.polled(
        connection, source.id, fetched.cursor, now, next_at, title=fetched.title, account_id=fetched.account_id
    )
    return new


def _put_meaning(connection: Connection, reading: Reading, id: int) -> None:
    posts.put_statements(connection, reading.post, id, reading.statements)
    search.put(connection, id, reading.document)


def _put_edit(connection: Connection, reading: Reading, now: datetime) -> str | None:
    """Returns the text that the post had before, or None if another poll was first."""
    (before,) = posts.tellings(connection, [reading.known])
    if not posts.revise(connection, reading.known, reading.post.text, reading.post.language, now):
        return None
    _put_meaning(connection, reading, reading.known)
    return before.post.text


def _subject(reading: Reading, roster: Roster) -> outbox.Subject:
    speakers = [said.speaker for said in reading.statements if said.kind != "mention"]
    sides = {side.id for speaker in speakers if (side := roster.side_of(speaker))}
    return outbox.Subject(speakers, sides, reading.post.source, reading.topics, reading.watches)


def _tell_post(connection: Connection, roster: Roster, reading: Reading, id: int, now: datetime) -> None:
    telling = Telling(replace(reading.post, id=id, seen_at=now), reading.statements)

    def render(audience: outbox.Audience) -> list[Message]:
        return alerts.alert(
            telling,
            roster,
            language=audience.language,
            zone=audience.zone,
            watches=_labels(audience, roster),
            found=[span for watch in audience.watches for span in query.parse(watch).spans(reading.text)],
        )

    outbox.tell(connection, _subject(reading, roster), f"post:{id}", render, now)


def _tell_edit(connection: Connection, roster: Roster, reading: Reading, before: str, now: datetime) -> None:
    (telling,) = posts.tellings(connection, [reading.known])

    def render(audience: outbox.Audience) -> list[Message]:
        return alerts.edited(before, telling, roster, language=audience.language, zone=audience.zone)

    key = f"edit:{reading.known}:{len(posts.versions(connection, reading.known))}"
    outbox.tell(connection, _subject(reading, roster), key, render, now)


def _labels(audience: outbox.Audience, roster: Roster) -> list[str]:
    """What brought the post to them, in their words: watches as typed, topics by name."""
    named = [in_language(roster.topics[topic].name, audience.language) for topic in audience.topics]
    return [*audience.watches, *named]
