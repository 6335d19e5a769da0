"""Send what is due: each row of the outbox goes out once, and what Telegram answers becomes its next state.

A row is claimed, sent and settled, in that order and each on the disk before the next. Whatever ends the process in
between, the row is found in `sending` at the next start. The answer decides (bot.botapi.failures):

    sent       it stands in the chat
    deferred   it did not arrive: once more, later; after MOST_TRIES it is parked, with a line in the log
    moved      the group has another number now: there, at once
    refused    the chat takes nothing any more: its subscribers rest, their settings stay
    ours       the message is wrong: once more without what was refused, and an error in the log
    lost       nobody can tell whether it arrived: see MOST_DOUBTS; an edit is simply repeated
    stopped    the token is refused: nothing can be sent at all, and `run` ends with an error

Only here is a message repeated; neither the transport nor the pacing does. Nothing is known here of posts.

What makes it fast: rows are claimed and acknowledged many in a transaction, words are written out once for all who get
them, and calls go straight to the transport, through the same door of pace as the bot's own.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, assert_never

from telegram.constants import ChatMemberStatus
from telegram.error import RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.botapi.failures import Deferred, Lost, Moved, Ours, Outcome, RefusalKind, Refused, Sent, Stopped, sort, wait_of
from bot.botapi.messages import caption, written
from bot.botapi.pacing import Pacing
from bot.botapi.transport import Written
from bot.errors import ParleyError, StoreError
from bot.meters import Meters
from bot.models import Lane, Message, Notification, Subscriber, SubscriberState
from bot.render import owners
from bot.store import backlog, drawings, outbox, subscribers
from bot.store.connection import Connection, sqlite3
from bot.store.database import Database
from bot.store.outbox import Arrival

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_TRIES = 5
"""Tries of a row that end in words we do not know, or in no known chat, before it is parked."""

MOST_MISSING = 3
"""Tries, an hour apart, before a chat that Telegram does not know is believed to be gone."""

MOST_DOUBTS: dict[Lane, int] = {
    "answer": 1,
    "urgent": 2,
    "alert": 2,
    "notice": MOST_TRIES,
    "digest": 1,
    "broadcast": 1,
}
"""Sendings of which nobody can tell whether they arrived, before the message is left: a lost statement is worse than a
double, a second digest worse than a lost one, and whoever asked for an answer asks again. The operators' own are
repeated as often as after any other failure.
"""

MOST_DEATHS = 5
"""As many processes may end while they send a statement before it is left: it may be what ends them."""

REPEAT_AFTER = timedelta(seconds=10)
"""Before a message is sent once more whose first sending may have arrived."""

SLACK = timedelta(milliseconds=500)
"""On top of the time that a 429 names, as python-telegram-bot adds."""

HELD_IN_MEMORY = 1.0
"""Seconds that a claimed row may wait for its chat; one that must wait longer goes back to the outbox."""

TROUBLED = 3
"""Calls in a row without an answer: Telegram or the way to it is down, and nothing more is tried with real messages."""

GRACE = 5.0
"""Seconds for what is on its way when told to stop. What is not answered by then may have arrived."""

AHEAD = 0.1
"""Seconds of the pace that are claimed before their turn comes: what a dying process leaves in doubt without need."""

FEWEST = 16
"""Rows that may be on their way however quickly Telegram answers."""

WORDS_KEPT = 512
"""Written-out messages that are remembered; an alert to all needs one a language."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to reach Telegram or to write to a disk that refuses; they double."""

OURS = "ours"
"""How the error of a row begins that Telegram refused for what we had put into it."""

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


OWNERS_ASK: dict[RefusalKind, Literal["rights", "topic"]] = {
    "rights": "rights",
    "topic_closed": "topic",
    "topic_gone": "topic",
}
"""Refusals that the owner of the chat can mend."""


class Delivery:
    """Sends from one outbox through one bot.

    As many rows are on their way as the pace and the time that Telegram takes to answer call for, never more than
    `at_once`, and one a chat.
    """

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        pacing: Pacing,
        clock: Callable[[], datetime],
        *,
        at_once: int = 256,
        meters: Meters | None = None,
    ) -> None:
        self._database, self._bot, self._pacing, self._clock = database, bot, pacing, clock
        self._meters = meters or Meters()
        self._at_once = at_once
        self._latency = 0.2
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._unsent: dict[int, Notification] = {}
        self._chats: dict[int, asyncio.Task[None]] = {}
        self._words: dict[int, bytes] = {}
        self._uploads: dict[int, asyncio.Lock] = {}
        self._failure: BaseException | None = None
        self._arrived: list[Arrival] = []
        self._noting: asyncio.Task[None] | None = None
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
        room, worthwhile = self._room(), self._worthwhile()
        if room < worthwhile and self._sending:
            return worthwhile / self._pacing.pace()
        try:
            begun = await self._begin(room) if room else 0
        except (StoreError, sqlite3.Error) as error:
            log.error("the outbox cannot be read, next try in %.0f s: %s", LONGEST_PAUSE, error)
            return LONGEST_PAUSE
        if begun == room:  # there may be more than room
            return max(worthwhile, begun) / self._pacing.pace()
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
        """Wait a little for what is on its way, and put back what is not: it has surely not arrived."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while self._sending:
                    await asyncio.wait(self._sending)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._unsent:
            await self._write(_put_back, list(self._unsent.values()), self._clock())

    def _raise(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._wake.set()

    # claiming

    async def _recover(self) -> None:
        """Take up what an earlier process was sending when it ended. Nobody can tell whether it arrived."""
        rows = self._database.read(outbox.interrupted)
        if rows:
            log.warning("%d messages were being sent when the last process ended and may have arrived", len(rows))
            await self._database.write(_interrupted, rows, self._clock())

    def _window(self) -> int:
        """How many may be on their way: twice what the pace sends until an answer comes."""
        return min(self._at_once, max(FEWEST, math.ceil(2 * self._pacing.pace() * self._latency)))

    def _room(self) -> int:
        return max(0, min(self._window() - len(self._sending), self._pacing.room(AHEAD)))

    def _worthwhile(self) -> int:
        """How many rows are worth a transaction while others are on their way: few, or all would come in one burst."""
        return max(1, min(self._window(), int(self._pacing.pace() * AHEAD)) // 4)

    async def _begin(self, most: int) -> int:
        rows = await self._database.write(outbox.claim, self._clock(), most)
        for row in rows:
            self._unsent[row.id] = row
            task = asyncio.create_task(self._deliver(row))
            self._sending.add(task)
            task.add_done_callback(self._ended)
        return len(rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._fail(failure)
        elif not self._sending or self._room() >= self._worthwhile():
            self._wake.set()

    # one row

    async def _deliver(self, row: Notification) -> None:
        """Send the row when the chat has no other on its way, and settle it."""
        before = self._chats.get(row.chat)
        me = self._chats[row.chat] = asyncio.current_task()  # type: ignore[assignment]
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._send_and_settle(row)
        finally:
            if self._chats[row.chat] is me:
                del self._chats[row.chat]

    async def _send_and_settle(self, row: Notification) -> None:
        wait = self._pacing.free_at(row.chat) - asyncio.get_running_loop().time()
        if wait > HELD_IN_MEMORY:
            due_at = self._clock() + timedelta(seconds=wait)
            del self._unsent[row.id]
            await self._write(outbox.defer, row.id, due_at, "the chat has had enough for now", counted=False)
            return
        if row.doubts or row.deaths:
            self._meters.doubles.labels(row.lane).inc()
        outcome, message_id = await self._send(row, row.message)
        if isinstance(outcome, Ours):
            log.error("message %d was refused and should never have been made: %s", row.id, outcome.reason)
            plainer = _without(row.message, outcome)
            if plainer is not None:
                refused = outcome.reason
                outcome, message_id = await self._send(row, plainer)
                if isinstance(outcome, Sent):
                    self._meters.sends.labels(row.lane, "plain").inc()
                    self._note(Arrival(row, message_id, f"{OURS}: {refused}"))
                    return
        elif row.message.drawing and _for_its_picture(outcome):
            outcome = Ours("media", str(outcome))  # the words of a digest are messages of their own
        elif row.message.picture and _for_its_picture(outcome):
            log.info("message %d goes without its picture: %s", row.id, outcome)
            outcome, message_id = await self._send(row, replace(row.message, picture=""))
        await self._settle(row, outcome, message_id)

    async def _send(self, row: Notification, message: Message) -> tuple[Outcome, int]:
        """One call, and what came of it; the number that a new message got in its chat, else 0."""
        if message.drawing:
            return await self._send_drawing(row, message)
        try:
            method, words = self._call(row, message)
        except Exception as error:
            log.exception("message %d cannot be written out", row.id)
            return Ours("markup", f"{type(error).__name__}: {error}"), 0
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            paid = await self._pacing.turn(row.lane, row.chat)
            self._unsent.pop(row.id, None)
            result = await self._post(method, row.chat, words, paid=paid)
        except TelegramError as error:
            self._unsent.pop(row.id, None)
            outcome = sort(error)
            unanswered = isinstance(outcome, Lost) or (isinstance(outcome, Deferred) and outcome.unreached)
            self._unanswered = self._unanswered + 1 if unanswered else 0
            return outcome, 0
        finally:
            self._meters.send_seconds.observe(loop.time() - began)
        self._unanswered, self._pause = 0, FIRST_PAUSE
        if row.message_id:
            return Sent(), 0
        if not isinstance(result, dict) or "message_id" not in result:
            return Lost(f"an answer without a message: {str(result)[:100]}"), 0
        return Sent(), int(result["message_id"])

    async def _send_drawing(self, row: Notification, message: Message) -> tuple[Outcome, int]:
        """A picture of ours: uploaded once, sent by the name that Telegram gives it from then on."""
        self._unsent.pop(row.id, None)
        async with self._uploads.setdefault(message.drawing, asyncio.Lock()):
            kept = self._database.read(drawings.get, message.drawing)
            if kept is not None and not kept[1]:
                return await self._send_photo(row, message, kept[0])
        self._uploads.pop(message.drawing, None)
        if kept is None:
            return Ours("empty", "the picture is not kept any more"), 0
        return await self._send_photo(row, message, kept[1])

    async def _send_photo(self, row: Notification, message: Message, photo: bytes | str) -> tuple[Outcome, int]:
        """The picture itself, or its name."""
        try:
            sent = await self._bot.send_photo(
                row.chat,
                photo,
                filename="parley.png",
                message_thread_id=row.thread or None,
                disable_notification=row.silent,
                rate_limit_args=row.lane,
                **caption(message),
            )
        except TelegramError as error:
            return sort(error), 0
        if isinstance(photo, bytes) and sent.photo:
            await self._write(drawings.known_as, message.drawing, sent.photo[-1].file_id)
        return Sent(), sent.message_id

    def _call(self, row: Notification, message: Message) -> tuple[str, bytes]:
        """The method, and its parameters as JSON without the first brace and without the chat."""
        if message is not row.message:
            words = written(message)
        elif (known := self._words.get(row.body)) is not None:
            words = known
        else:
            if len(self._words) >= WORDS_KEPT:
                self._words.clear()
            words = self._words[row.body] = written(message)
        if row.message_id:
            return "editMessageText", b'"message_id":%d,%b' % (row.message_id, words)
        thread = b'"message_thread_id":%d,' % row.thread if row.thread else b""
        silent = b'"disable_notification":true,' if row.silent else b""
        return "sendMessage", thread + silent + words

    async def _post(self, method: str, chat: int, words: bytes, *, paid: bool) -> Any:
        """Raises TelegramError as any call of the bot does."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        body = b'{"chat_id":%d,%b%b' % (chat, b'"allow_paid_broadcast":true,' if paid else b"", words)
        try:
            result = await self._bot.request.post(f"{self._bot.base_url}/{method}", Written(body))
        except RetryAfter as error:
            self._pacing.refused(chat, wait_of(error))
            raise
        self._latency += (loop.time() - began - self._latency) / 32
        return result

    async def _settle(self, row: Notification, outcome: Outcome, message_id: int) -> None:
        now = self._clock()
        self._meters.sends.labels(row.lane, type(outcome).__name__.lower()).inc()
        match outcome:
            case Sent():
                self._note(Arrival(row, message_id))
            case Moved():
                log.info("subscriber=%d its group has another number now", row.subscriber)
                await self._write(_moved, row, outcome.chat, now)
            case Refused():
                log.info("subscriber=%d refuses messages: %s", row.subscriber, outcome.reason)
                silenced = await self._write(_refused, row, outcome, now)
                if silenced and outcome.kind in OWNERS_ASK:
                    await self._tell_owners(silenced[0], OWNERS_ASK[outcome.kind])
            case Deferred():
                await self._write(_deferred, row, outcome, now)
            case Lost():
                log.warning("message %d may or may not have arrived: %s", row.id, outcome.reason)
                await self._write(_lost, row, outcome, now)
            case Ours():
                await self._write(_give_up, row, f"{OURS}: {outcome.reason}", now)
            case Stopped():
                await self._write(outbox.defer, row.id, now, outcome.reason, counted=False)
                self._fail(_refused_token(outcome))
            case _:
                assert_never(outcome)

    async def _tell_owners(self, silenced: Subscriber, why: Literal["rights", "topic"]) -> None:
        """Once for each time that a chat falls silent, in private, whoever of its administrators the bot knows."""
        try:
            members = await self._bot.get_chat_administrators(silenced.chat)
        except TelegramError as error:
            log.info("subscriber=%d is silent, and nobody can be told: %s", silenced.id, error)
            return
        owner = [member.user.id for member in members if member.status == ChatMemberStatus.OWNER]
        everybody = [member.user.id for member in members]
        if await self._write(_tell_one_of, [owner, everybody], silenced, why, self._clock()):
            self.nudge()

    def _note(self, arrival: Arrival) -> None:
        """Write down that a row was sent, together with all that arrive while the last such note is being written."""
        self._arrived.append(arrival)
        if self._noting is None:
            self._noting = asyncio.create_task(self._note_all())
            self._sending.add(self._noting)
            self._noting.add_done_callback(self._ended)

    async def _note_all(self) -> None:
        while self._arrived:
            arrived, self._arrived = self._arrived, []
            await self._write(outbox.sent, arrived, self._clock())
        self._noting = None

    async def _write(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Write down what came of a row, however often the disk refuses: a message that was sent must not look as if it
        was not. Being cancelled does not undo what is already under way.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return await asyncio.shield(self._database.write(function, *args, **kwargs))
            except (StoreError, sqlite3.Error) as error:
                log.error("what came of a message cannot be written down, next try in %.0f s: %s", pause, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


# --- what an answer makes of the store; each in one transaction


def _put_back(connection: Connection, rows: Sequence[Notification], now: datetime) -> None:
    for row in rows:
        outbox.defer(connection, row.id, now, "the process ended before it was sent", counted=False)


def _interrupted(connection: Connection, rows: Sequence[Notification], now: datetime) -> None:
    for row in rows:
        reason = "the process ended while it was being sent"
        most = MOST_DEATHS if MOST_DOUBTS[row.lane] > 1 else 1
        if row.message_id:
            outbox.defer(connection, row.id, now, reason, counted=False)
        else:
            outbox.died(connection, row.id, now if row.deaths + 1 < most else None, reason, now)


def _moved(connection: Connection, row: Notification, chat: int, now: datetime) -> None:
    subscribers.move(connection, row.chat, chat)
    if not row.message_id:  # else it stands in the old chat, which takes no edits
        outbox.defer(connection, row.id, now, f"moved to {chat}", counted=False)


def _refused(connection: Connection, row: Notification, refusal: Refused, now: datetime) -> list[Subscriber]:
    """Returns the subscribers that are silent from here on."""
    outbox.refuse(connection, row.id, refusal.reason, now)
    if refusal.kind not in STATES:
        return []
    thread = row.thread if refusal.kind in ("topic_closed", "topic_gone") else None
    return subscribers.deactivate(connection, row.chat, STATES[refusal.kind], now, thread=thread)


def _tell_one_of(
    connection: Connection,
    circles: Sequence[Sequence[int]],
    silenced: Subscriber,
    why: Literal["rights", "topic"],
    now: datetime,
) -> int:
    """Tell the first circle of people of whom the bot knows somebody. Returns how many."""
    known = next((found for circle in circles if (found := subscribers.operators(connection, circle))), [])
    for who in known:
        messages = owners.silenced(silenced.title, why, language=who.language, zone=who.zone)
        key = f"silent:{silenced.chat}:{silenced.thread}:{now.isoformat()}"
        outbox.queue(connection, [(who.id, False)], key, messages, "notice", now)
    return len(known)


def _give_up(connection: Connection, row: Notification, reason: str, now: datetime) -> None:
    """This message will not arrive; the post that it told of is told with others."""
    outbox.refuse(connection, row.id, reason, now)
    backlog.given_up(connection, row.id, now)


def _deferred(connection: Connection, row: Notification, outcome: Deferred, now: datetime) -> None:
    tries = row.attempts + 1
    if outcome.unreached:
        outbox.defer(connection, row.id, now + timedelta(seconds=1), outcome.reason, counted=False)
    elif not outcome.counted:
        until = now + timedelta(seconds=outcome.seconds or 30.0) + SLACK
        outbox.defer(connection, row.id, until, outcome.reason, counted=False)
        outbox.hold(connection, row.chat, until)
    elif outcome.missing and tries >= MOST_MISSING:
        log.info("subscriber=%d is not known to Telegram any more", row.subscriber)
        outbox.refuse(connection, row.id, outcome.reason, now)
        subscribers.deactivate(connection, row.chat, "blocked", now)
    elif tries >= MOST_TRIES:
        log.error("message %d is given up after %d tries: %s", row.id, tries, outcome.reason)
        _give_up(connection, row, outcome.reason, now)
    else:
        pause = timedelta(hours=1) if outcome.missing else timedelta(seconds=min(30 * 4**row.attempts, 3600))
        outbox.defer(connection, row.id, now + pause, outcome.reason)


def _lost(connection: Connection, row: Notification, outcome: Lost, now: datetime) -> None:
    if row.message_id:
        _deferred(connection, row, Deferred(outcome.reason), now)
        return
    again = now + REPEAT_AFTER if row.doubts + 1 < MOST_DOUBTS[row.lane] else None
    outbox.unknown(connection, row.id, again, outcome.reason, now)


def _without(message: Message, refusal: Ours) -> Message | None:
    """The same words without what Telegram could not take; None if it is the words themselves."""
    if refusal.kind == "markup":
        return replace(message, entities=())
    if refusal.kind == "buttons":
        return replace(message, buttons=())
    return None


def _for_its_picture(outcome: Outcome) -> bool:
    """Whether the words alone may be taken: a picture that cannot be had, or that the chat allows nobody to add."""
    return (isinstance(outcome, Deferred) and outcome.without == "media") or (
        isinstance(outcome, Refused) and outcome.kind == "rights"
    )


def _refused_token(outcome: Stopped) -> ParleyError:
    return ParleyError(
        f"Telegram refuses the bot's token ({outcome.reason}): check TELEGRAM_BOT_TOKEN and TELEGRAM_API_URL"
    )
