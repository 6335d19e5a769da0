"""Send what is due: each row of the outbox goes out once, and what Telegram answers becomes its next state.

A row is claimed, sent and settled, in that order and each on the disk before the next. Whatever ends the process in
between, the row is found in `sending` at the next start. The answer decides (bot.botapi.failures):

    sent       it stands in the chat
    deferred   it did not arrive: once more, later; after MOST_TRIES it is parked, with a line in the log
    moved      the group has another number now: there, at once
    refused    the chat takes nothing any more: its subscribers rest, their settings stay
    ours       the message is wrong: once more without what was refused, and an error in the log
    lost       nobody can tell whether it arrived: see `_lost`; an edit is simply repeated
    stopped    the token is refused: nothing can be sent at all, and `run` ends with an error

Only here is a message repeated; neither the transport nor the pacing does. Nothing is known here of posts.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.botapi.failures import Deferred, Lost, Moved, Ours, Outcome, RefusalKind, Refused, Sent, Stopped, sort
from bot.botapi.messages import arguments
from bot.botapi.pacing import Pacing
from bot.errors import ParleyError, StoreError
from bot.models import Message, Notification, SubscriberState
from bot.store import outbox, subscribers
from bot.store.connection import Connection, sqlite3
from bot.store.database import Database

log = logging.getLogger(__name__)

MOST_TRIES = 5
"""Tries of a row that end in words we do not know, or in no known chat, before it is parked."""

MOST_MISSING = 3
"""Tries, an hour apart, before a chat that Telegram does not know is believed to be gone."""

REPEAT_AFTER = timedelta(seconds=30)
"""Before a message is sent once more whose first sending may have arrived."""

SLACK = timedelta(milliseconds=500)
"""On top of the time that a 429 names, as python-telegram-bot adds."""

HELD_IN_MEMORY = 1.0
"""Seconds that a claimed row may wait for its chat; one that must wait longer goes back to the outbox."""

TROUBLED = 3
"""Calls in a row without an answer: Telegram or the way to it is down, and nothing more is tried with real messages."""

GRACE = 5.0
"""Seconds for what is on its way when told to stop. What is not answered by then may have arrived."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to reach Telegram or to write to a disk that refuses; they double."""

STATES: dict[RefusalKind, SubscriberState] = {
    "blocked": "blocked",
    "not_started": "blocked",
    "kicked": "blocked",
    "gone": "gone",
    "rights": "paused",
    "topic_closed": "paused",
    "topic_gone": "paused",
}
"""What a refusal makes of the chat's subscribers; the last two only of those in that topic."""


class Delivery:
    """Sends from one outbox through one bot; `at_once` rows at most are on their way."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        pacing: Pacing,
        clock: Callable[[], datetime],
        *,
        at_once: int = 64,
    ) -> None:
        self._database, self._bot, self._pacing, self._clock = database, bot, pacing, clock
        self._at_once = at_once
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._arrived: list[tuple[Notification, int]] = []
        self._noting: asyncio.Task[None] | None = None
        self._one_note = asyncio.Lock()
        self._unanswered = 0
        self._pause = FIRST_PAUSE

    def nudge(self) -> None:
        """Something was queued: do not wait for the next time that is known of."""
        self._wake.set()

    # the loop

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then let what is on its way arrive.

        Raises ParleyError when Telegram refuses the token.
        """
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        try:
            await self._recover()
            while not stop.is_set() and self._failure is None:
                self._wake.clear()
                await self._rest(await self._round())
        finally:
            stopping.cancel()
            await self._let_go()
        self._raise()

    async def step(self) -> int:
        """Send what may be sent at this moment and see it settled. Returns how many rows that were."""
        begun = await self._begin(self._room())
        while self._sending:
            await asyncio.wait(self._sending)
        self._raise()
        return begun

    async def _round(self) -> float:
        """Begin what may be begun. Returns the seconds after which to look again, if nothing happens before."""
        if self._unanswered >= TROUBLED:
            return await self._knock()
        room = self._room()
        if room < self._worthwhile() and self._sending:
            return 60.0  # the end of any of them wakes us
        try:
            begun = await self._begin(room) if room else 0
        except (StoreError, sqlite3.Error) as error:
            log.error("the outbox cannot be read, next try in %.0f s: %s", LONGEST_PAUSE, error)
            return LONGEST_PAUSE
        if begun == room:
            return 0.25  # there may be more than room
        due_at = self._database.read(outbox.next_due_at)
        if due_at is None:
            return 60.0
        # What is due and was not claimed waits for another row of its chat; that may be due later.
        return min(max((due_at - self._clock()).total_seconds(), 1.0), 60.0)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _knock(self) -> float:
        """Ask whether Telegram answers at all, with growing pauses, instead of wagering messages on it."""
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        try:
            await self._bot.get_me()
        except TelegramError as error:
            outcome = sort(error)
            if isinstance(outcome, Stopped):
                self._fail(_refused_token(outcome))
            log.warning("Telegram does not answer (%s); next try in %.0f s", type(error).__name__, pause)
            return pause
        self._unanswered = 0
        return 0.0

    async def _let_go(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending, timeout=GRACE)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _raise(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._wake.set()

    # claiming

    async def _recover(self) -> None:
        """Put back what an earlier process was sending when it ended.

        Only those that were on the wire in that moment can arrive twice: of 28 a second, one or two.
        """
        rows = self._database.read(outbox.interrupted)
        if not rows:
            return
        log.warning("%d messages were being sent when the last process ended; they go out again", len(rows))

        def put_back(connection: Connection, now: datetime) -> None:
            for row in rows:
                outbox.defer(connection, row.id, now, "the process ended while it was being sent", counted=False)

        await self._database.write(put_back, self._clock())

    def _room(self) -> int:
        return max(0, min(self._at_once - len(self._sending), self._pacing.room()))

    def _worthwhile(self) -> int:
        """How many rows are worth a transaction while others are on their way: few, or all would come in one burst."""
        return max(1, min(self._at_once, int(self._pacing.pace())) // 8)

    async def _begin(self, most: int) -> int:
        rows = await self._database.write(outbox.claim, self._clock(), most)
        for row in rows:
            task = asyncio.create_task(self._deliver(row), name=f"send {row.id}")
            self._sending.add(task)
            task.add_done_callback(self._ended)
        return len(rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._wake.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._fail(failure)

    # one row

    async def _deliver(self, row: Notification) -> None:
        wait = self._pacing.free_at(row.chat) - asyncio.get_running_loop().time()
        if wait > HELD_IN_MEMORY:
            due_at = self._clock() + timedelta(seconds=wait)
            await self._write(outbox.defer, row.id, due_at, "the chat has had enough for now", counted=False)
            return
        outcome, message_id = await self._send(row, row.message)
        if isinstance(outcome, Ours):
            log.error("message %d was refused and should never have been made: %s", row.id, outcome.reason)
            plainer = _without(row.message, outcome)
            if plainer is not None:
                outcome, message_id = await self._send(row, plainer)
        await self._settle(row, outcome, message_id)

    async def _send(self, row: Notification, message: Message) -> tuple[Outcome, int]:
        """One call, and what came of it; the number that a new message got in its chat, else 0."""
        try:
            if row.message_id:
                await self._bot.edit_message_text(
                    chat_id=row.chat, message_id=row.message_id, rate_limit_args=row.lane, **arguments(message)
                )
                message_id = 0
            else:
                sent = await self._bot.send_message(
                    row.chat,
                    message_thread_id=row.thread or None,
                    disable_notification=row.silent or None,
                    rate_limit_args=row.lane,
                    **arguments(message),
                )
                message_id = sent.message_id
        except TelegramError as error:
            outcome = sort(error)
            unanswered = isinstance(outcome, Lost) or (isinstance(outcome, Deferred) and outcome.unreached)
            self._unanswered = self._unanswered + 1 if unanswered else 0
            return outcome, 0
        except Exception as error:
            log.exception("message %d failed in the bot itself", row.id)
            return sort(error), 0
        self._unanswered, self._pause = 0, FIRST_PAUSE
        return Sent(), message_id

    async def _settle(self, row: Notification, outcome: Outcome, message_id: int) -> None:
        now = self._clock()
        match outcome:
            case Sent():
                await self._note(row, message_id)
            case Moved():
                log.info("chat %d has become %d", row.chat, outcome.chat)
                await self._write(_moved, row, outcome.chat, now)
            case Refused():
                log.info("chat %d refuses messages: %s", row.chat, outcome.reason)
                await self._write(_refused, row, outcome, now)
            case Deferred():
                await self._write(_deferred, row, outcome, now)
            case Lost():
                log.warning("message %d may or may not have arrived: %s", row.id, outcome.reason)
                await self._write(_lost, row, outcome, now)
            case Ours():
                await self._write(outbox.refuse, row.id, outcome.reason, now)
            case Stopped():
                await self._write(outbox.defer, row.id, now, outcome.reason, counted=False)
                self._fail(_refused_token(outcome))
            case _:
                assert_never(outcome)

    async def _note(self, row: Notification, message_id: int) -> None:
        """Write down that a row was sent, together with all that arrive while the last such note is being written."""
        self._arrived.append((row, message_id))
        if self._noting is None:
            self._noting = asyncio.create_task(self._note_all())
        await asyncio.shield(self._noting)

    async def _note_all(self) -> None:
        async with self._one_note:
            arrived, self._arrived, self._noting = self._arrived, [], None
            await self._write(_sent, arrived, self._clock())

    async def _write(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Write down what came of a row, however often the disk refuses: a message that was sent must not look as if it
        was not. Being cancelled does not undo what is already under way.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                await asyncio.shield(self._database.write(function, *args, **kwargs))
            except (StoreError, sqlite3.Error) as error:
                log.error("what came of a message cannot be written down, next try in %.0f s: %s", pause, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return


# --- what an answer makes of the store; each in one transaction


def _sent(connection: Connection, arrived: Sequence[tuple[Notification, int]], now: datetime) -> None:
    for row, message_id in arrived:
        outbox.sent(connection, row, message_id, now)


def _moved(connection: Connection, row: Notification, chat: int, now: datetime) -> None:
    subscribers.move(connection, row.chat, chat)
    if not row.message_id:  # else it stands in the old chat, which takes no edits
        outbox.defer(connection, row.id, now, f"moved to {chat}", counted=False)


def _refused(connection: Connection, row: Notification, refusal: Refused, now: datetime) -> None:
    outbox.refuse(connection, row.id, refusal.reason, now)
    if refusal.kind in STATES:
        thread = row.thread if refusal.kind in ("topic_closed", "topic_gone") else None
        subscribers.deactivate(connection, row.chat, STATES[refusal.kind], now, thread=thread)


def _deferred(connection: Connection, row: Notification, outcome: Deferred, now: datetime) -> None:
    tries = row.attempts + 1
    if outcome.unreached:
        outbox.defer(connection, row.id, now + timedelta(seconds=1), outcome.reason, counted=False)
    elif not outcome.counted:
        until = now + timedelta(seconds=outcome.seconds or 30.0) + SLACK
        outbox.defer(connection, row.id, until, outcome.reason, counted=False)
        outbox.hold(connection, row.chat, until)
    elif outcome.missing and tries >= MOST_MISSING:
        log.info("chat %d is not known to Telegram any more", row.chat)
        outbox.refuse(connection, row.id, outcome.reason, now)
        subscribers.deactivate(connection, row.chat, "blocked", now)
    elif tries >= MOST_TRIES:
        log.error("message %d is given up after %d tries: %s", row.id, tries, outcome.reason)
        outbox.refuse(connection, row.id, outcome.reason, now)
    else:
        pause = timedelta(hours=1) if outcome.missing else timedelta(seconds=min(30 * 4**row.attempts, 3600))
        outbox.defer(connection, row.id, now + pause, outcome.reason)


def _lost(connection: Connection, row: Notification, outcome: Lost, now: datetime) -> None:
    """Statements and digests are repeated once: a lost one is worse than a double. The operators' own are repeated as
    often as any other failure, and so are edits, which do no harm. An answer is not: whoever asked asks again.
    """
    if row.message_id:
        _deferred(connection, row, Deferred(outcome.reason), now)
        return
    most = {"answer": 1, "alert": 2, "digest": 2, "notice": MOST_TRIES}[row.lane]
    again = now + REPEAT_AFTER if row.doubts + 1 < most else None
    outbox.unknown(connection, row.id, again, outcome.reason, now)


def _without(message: Message, refusal: Ours) -> Message | None:
    """The same words without what Telegram could not take; None if it is the words themselves."""
    if refusal.kind == "markup":
        return replace(message, entities=())
    if refusal.kind == "buttons":
        return replace(message, buttons=())
    return None


def _refused_token(outcome: Stopped) -> ParleyError:
    return ParleyError(
        f"Telegram refuses the bot's token ({outcome.reason}): check TELEGRAM_BOT_TOKEN and TELEGRAM_API_URL"
    )
