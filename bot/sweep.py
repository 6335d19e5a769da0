"""Ask the platforms what has become of posts: of those that a look no longer shows, and where it is their rule, of each
after an hour, a day and a week.

Nothing is taken for deleted because it is not there: only because the platform says so, and on Telegram twice. What it
says, what follows for the text, and the notifications are one transaction.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot import schedule, tell
from bot.errors import FetchError
from bot.models import WITHDRAWN, Fate, Fetcher, Post, Roster, Source, Telling
from bot.reader import Reader, Reading
from bot.store import checks, posts, search, sources
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Subject

log = logging.getLogger(__name__)

BATCH = 100
"""Posts of one source that are asked for at once: what X takes in one call."""

CONFIRMATIONS = {"telegram": 2}
"""How often a platform must say that a post is deleted; elsewhere once. Telegram says no more than "not found", and
has said it of posts that stood.
"""

CONFIRM_AFTER = timedelta(hours=1)
"""Between two confirmations: an outage of a far end, or a page that it has cached, is mostly over by then."""

UNSURE_AFTER, UNSURE_AT_MOST = timedelta(hours=1), timedelta(days=1)
"""The pause after an answer that says nothing; it doubles each time, up to a day."""

MOST_UNSURE = 10
"""After so many such answers in a row, about a week, the post is left as it is."""

HIDDEN_AGAIN, HIDDEN_FOR = timedelta(days=1), timedelta(days=30)
"""A post that is not shown because its account is suspended or protected may be shown again: it is asked for daily, at
that age no more. X bills nothing for what it does not show.
"""

FAILED_AFTER = timedelta(minutes=15)
"""The pause after nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform says of one post; `fate` None: it could not be asked for. `subject` is whom the post concerns,
    read where it is deleted.
    """

    check: checks.Check
    telling: Telling
    fate: Fate | None
    subject: Subject | None = None

    def enough(self, source: Source) -> bool:
        """Whether the post is deleted beyond doubt."""
        return self.fate == "deleted" and self.check.gone + 1 >= CONFIRMATIONS.get(source.kind, 1)


class Sweep:
    """Asks what is due. `queued` is called when something was put into the outbox."""

    def __init__(
        self,
        database: Database,
        fetchers: Mapping[str, Fetcher],
        roster: Roster,
        reader: Reader,
        clock: Callable[[], datetime],
        queued: Callable[[], None],
    ) -> None:
        self._database = database
        self._fetchers = fetchers
        self._roster = roster
        self._reader = reader
        self._clock = clock
        self._queued = queued
        self._asking: dict[str, asyncio.Task[None]] = {}

    def begin_due(self) -> list[asyncio.Task[None]]:
        """Ask for the posts of each source that has some due and is not being asked; each source is a task."""
        started = []
        for name in self._database.read(checks.waiting, self._clock()):
            if name not in self._asking and name in self._roster.sources:
                task = asyncio.create_task(self._ask_guarded(self._roster.sources[name]), name=f"sweep {name}")
                self._asking[name] = task
                task.add_done_callback(partial(self._ended, name))
                started.append(task)
        return started

    async def close(self) -> None:
        """End what is under way; it is asked anew after the next start."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _ended(self, source: str, _: asyncio.Task[None]) -> None:
        del self._asking[source]

    async def _ask_guarded(self, source: Source) -> None:
        """The boundary of the job: whatever goes wrong with one source stays with it."""
        try:
            await self.ask(source)
        except Exception as error:
            later = self._clock() + FAILED_AFTER
            if isinstance(error, FetchError):
                log.warning("source=%s cannot be asked what has become of its posts: %s", source.id, error.reason)
                later = max(later, error.retry_at or later)
            else:
                log.exception("source=%s asking what has become of its posts failed", source.id)
            await self._database.write(checks.postpone, source.id, self._clock(), later)

    async def ask(self, source: Source) -> int:
        """Ask for one batch of a source. Returns how many posts were found to be deleted. Raises FetchError."""
        found = self._database.read(_due, source.id, self._clock())
        if not found:  # a poll was quicker
            return 0
        asked = [telling.post for _, telling in found]
        known = source.account_id or self._database.read(sources.account_id, source.id)
        fates = await self._fetchers[source.kind].confirm(replace(source, account_id=known), asked, self._clock())
        told = [Answer(check, telling, fates.get(telling.post.external_id)) for check, telling in found]
        answers = await self._with_subjects(source, told)
        deleted = await self._database.write(_conclude, self._roster, source, answers, self._clock())
        await self._index_again(source, answers)
        if deleted:
            log.info("source=%s deleted=%d", source.id, deleted)
            self._queued()
        return deleted

    async def _index_again(self, source: Source, answers: Sequence[Answer]) -> None:
        """What was hidden and stands has its words again, and is found by them."""
        back = [one.telling.post for one in answers if one.fate == "stands" and one.telling.post.fate != "stands"]
        if back and source.kind in WITHDRAWN:
            shown = self._database.read(posts.tellings, [post.id for post in back])
            readings = await self._reader.read(source, [telling.post for telling in shown], self._clock())
            await self._database.write(_index, readings)

    async def _with_subjects(self, source: Source, answers: Sequence[Answer]) -> list[Answer]:
        gone: list[Post] = [answer.telling.post for answer in answers if answer.enough(source)]
        readings = await self._reader.read(source, gone, self._clock()) if gone else []
        subjects = {reading.post.id: reading.subject(self._roster) for reading in readings}
        return [replace(answer, subject=subjects.get(answer.telling.post.id)) for answer in answers]


def _due(connection: Connection, source: str, now: datetime) -> list[tuple[checks.Check, Telling]]:
    found = checks.due(connection, source, now, BATCH)
    return list(zip(found, posts.tellings(connection, [check.post for check in found]), strict=True))


def _index(connection: Connection, readings: Sequence[Reading]) -> None:
    for reading in readings:
        search.put(connection, reading.post.id, reading.post.published_at, reading.entry)


# --- in the transaction


def _conclude(connection: Connection, roster: Roster, source: Source, answers: Sequence[Answer], now: datetime) -> int:
    """Returns how many posts were deleted. A post that a poll has shown meanwhile is left alone."""
    deleted = 0
    for answer in answers:
        if not checks.stands(connection, answer.check):
            continue
        if answer.fate is None:
            checks.wait(connection, answer.check.post, now + UNSURE_AFTER)
        elif answer.fate == "unsure":
            _leave_open(connection, answer, now)
        elif answer.fate != "deleted":
            changed = posts.put_fate(connection, answer.telling.post.id, answer.fate, now)
            if changed and source.kind in WITHDRAWN:
                tell.retell(connection, roster, answer.telling.post.id, now)
            _go_on(connection, answer, now)
        elif answer.enough(source):
            _delete(connection, roster, source, answer, now)
            deleted += 1
        else:
            checks.confirmed(connection, answer.check.post, now + CONFIRM_AFTER)
    return deleted


def _leave_open(connection: Connection, answer: Answer, now: datetime) -> None:
    if answer.check.unsure + 1 >= MOST_UNSURE:
        _go_on(connection, answer, now)
    else:
        pause = min(UNSURE_AFTER * 2**answer.check.unsure, UNSURE_AT_MOST)
        checks.unanswered(connection, answer.check.post, now + pause)


def _go_on(connection: Connection, answer: Answer, now: datetime) -> None:
    """What is missing and not deleted is believed to stand for a while; the routine goes on with the next age."""
    if answer.check.missed_at:
        checks.cleared(connection, answer.check.post, now)
        return
    published_at = answer.telling.post.published_at
    due_at = schedule.next_check_at(published_at, now)
    if answer.fate in ("suspended", "protected") and now - published_at < HIDDEN_FOR:
        due_at = min(due_at or now + HIDDEN_AGAIN, now + HIDDEN_AGAIN)
    checks.plan(connection, answer.check.post, due_at)


def _delete(connection: Connection, roster: Roster, source: Source, answer: Answer, now: datetime) -> None:
    id = answer.check.post
    checks.drop(connection, id)
    posts.delete(connection, id, answer.check.missed_at or now, now)
    if source.kind in WITHDRAWN:
        posts.purge(connection, id)
        search.drop(connection, id)
        tell.retell(connection, roster, id, now)
    (telling,) = posts.tellings(connection, [id])
    if source.kind in tell.NEWSWORTHY and answer.subject:
        tell.deletion(connection, roster, telling, answer.subject, now)
