"""How fast messages may go: one door for replies and outbox alike.

Three limits hold at once: of the whole bot, of one chat, and of one group or channel (https://core.telegram.org/bots/faq,
"My bot is hitting limits"). Who may go next is decided by lane, then in turn between the chats of a lane, then by age;
a chat that has to wait holds up nobody else. A 429 holds the chat that it names and slows the whole a little; refusals
of several chats within a second can only mean the bot's own limit, and hold everything.

Waiting calls stay in memory, so whoever has many messages asks `room` and `free_at` first and keeps the rest.
"""

import asyncio
import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, get_args

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.botapi.failures import wait_of
from bot.botapi.transport import UnsentError
from bot.meters import Meters
from bot.models import Lane

LANES: tuple[Lane, ...] = get_args(Lane)

COUNTED = ("send", "edit", "copy", "forward", "pin", "stop")
"""Methods that begin so put something into a chat and share its limits. Questions and answers to buttons have none."""
NOT_COUNTED = "sendChatAction"

BURST = 3
"""Messages that one chat takes at once. Telegram lets "short bursts" pass and does not say how short."""
SPARE = 1.05
"""Every period is kept this much longer: Telegram counts arrivals, and the second message may travel faster."""
MANY_REFUSED, MUCH_REFUSED = 3, 0.1
"""So many chats, and such a share of what goes in a second, refused within one: the limit is the bot's own."""
SLOWER, SLOWEST, RECOVERY = 0.8, 0.25, 0.05
"""A 429 takes the free pace down to 80 % (a higher one by as many messages a second), never below a quarter; each
second gives 5 % of the full pace back.
"""

FREE = 28.0
"""Messages a second that cost nothing; beyond 30 they do, where that is asked for
(https://core.telegram.org/bots/faq#how-can-i-message-all-of-my-bot-39s-subscribers-at-once).
"""

_FEW_CHATS = 1000

Limit = tuple[int, float]
"""At most so many within so many seconds."""


class _Chat:
    """One chat: when it was written to, and until when it is held. Times are the event loop's."""

    __slots__ = ("held_until", "key", "limits", "log")

    def __init__(self, key: object, limits: tuple[Limit, ...]) -> None:
        self.key, self.limits = key, limits
        self.held_until = -math.inf
        self.log: deque[float] = deque(maxlen=max((most for most, _ in limits), default=0))

    def free_at(self, weight: int = 1) -> float:
        """From when on the chat takes so many messages; one that is heavier than a limit needs it unused."""
        free = self.held_until
        for most, period in self.limits:
            back = max(most - weight, 0) + 1
            if len(self.log) >= back:
                free = max(free, self.log[-back] + period)
        return free

    def take(self, now: float, weight: int) -> None:
        self.log.extend([now] * weight)

    def idle(self, now: float) -> bool:
        """Nothing is known of it that still matters."""
        return self.held_until <= now and all(not self.log or self.log[-1] + period <= now for _, period in self.limits)


class _Line:
    """The calls of one lane that wait for one chat, oldest first."""

    __slots__ = ("chat", "lane", "waiting")

    def __init__(self, lane: Lane, chat: _Chat) -> None:
        self.lane, self.chat = lane, chat
        self.waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    def first(self) -> tuple[asyncio.Future[None], int] | None:
        """The oldest that still wants to go; those whose caller was cancelled are let go."""
        while self.waiting and self.waiting[0][0].done():
            self.waiting.popleft()
        return self.waiting[0] if self.waiting else None


class Pacing(BaseRateLimiter[Lane]):
    """The door. `rate_limit_args` is the lane of a call; without it, the call answers somebody and goes first.

    `overall` is messages a second for the whole bot, `chat` a second in one private chat, `group` a minute in one group
    or channel. A call that would have to wait longer than `patience` seconds because Telegram said so is turned away
    with RetryAfter, as Telegram itself would. Nothing is repeated here: RetryAfter goes on to the caller.

    `paid`: what goes beyond the `free` pace may be paid for, by whoever asks `turn` and tells Telegram so. The
    bot's own calls never are.
    """

    def __init__(
        self,
        overall: float = 28.0,
        chat: float = 1.0,
        group: float = 20.0,
        *,
        paid: bool = False,
        free: float = FREE,
        patience: float = 60.0,
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters or Meters()
        self._overall = overall
        self._paid, self._free = paid, free
        self._free_until = -math.inf
        self._patience = patience
        # A sudden burst comes on top of the pace: 28 + 2 stay within Telegram's 30 in whatever second they fall.
        self._burst = max(2.0, overall / 50)
        a_minute = max(1, int(group))
        self._private: tuple[Limit, ...] = ((BURST, SPARE * BURST / chat),)
        self._shared: tuple[Limit, ...] = (*self._private, (a_minute, SPARE * 60 * a_minute / group))

        self._chats: dict[object, _Chat] = {}
        self._prune_at = _FEW_CHATS
        self._lines: dict[tuple[Lane, object], _Line] = {}
        self._ready: dict[Lane, deque[_Line]] = {lane: deque() for lane in LANES}
        self._later: list[tuple[float, int, _Line]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

        self._spent_until = -math.inf  # the pace is used up to here; a burst may go ahead of it
        self._held_until = -math.inf
        self._slowed_to, self._slowed_at = overall, -math.inf
        self._refusals: deque[tuple[float, object, float]] = deque()

    async def initialize(self) -> None:
        """Nothing to prepare: the loop is taken from each call."""

    async def shutdown(self) -> None:
        """Turn away whoever still waits; nothing of theirs was sent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for line in self._lines.values():
            for future, _ in line.waiting:
                if not future.done():
                    future.set_exception(UnsentError("the bot is stopping"))
        self._lines.clear()
        self._later.clear()
        for ready in self._ready.values():
            ready.clear()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Lane | None,
    ) -> Any:
        """Make the call when it is its turn."""
        chat = _key(data.get("chat_id"))
        if endpoint.startswith(COUNTED) and endpoint != NOT_COUNTED:
            weight = len(data["media"]) if endpoint == "sendMediaGroup" else 1
            await self._turn(rate_limit_args or "answer", chat, weight)
            self._spend_free(weight)
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            self.refused(chat, wait_of(error))
            raise

    # what a sender of many asks

    async def turn(self, lane: Lane, chat: int) -> bool:
        """Wait for the turn of one message that does not go through the bot's methods. True if it must be paid for.

        Tell `refused` of a 429 that it gets.
        """
        await self._turn(lane, chat, 1)
        if self._paid and self._free_until > asyncio.get_running_loop().time() + 1 / self._free:
            return True
        self._spend_free(1)
        return False

    def _spend_free(self, weight: int) -> None:
        self._free_until = max(self._free_until, asyncio.get_running_loop().time()) + weight / self._free

    def free_at(self, chat: int) -> float:
        """The event loop's time from which on this chat may be written to; in the past if it may now."""
        known = self._chats.get(chat)
        return max(self._held_until, known.free_at() if known is not None else -math.inf)

    def room(self, seconds: float = 1.0) -> int:
        """How many more messages would get their turn within so many seconds, as far as the bot's limits go."""
        held = max(0.0, self._held_until - asyncio.get_running_loop().time())
        waiting = sum(len(line.waiting) for line in self._lines.values())
        return max(0, math.ceil(self.pace() * (seconds - held)) - waiting)

    def pace(self) -> float:
        """Messages a second at present: less than allowed for a while after a 429."""
        since = max(0.0, asyncio.get_running_loop().time() - self._slowed_at)
        return min(self._overall, self._slowed_to + RECOVERY * self._overall * since)

    # whose turn it is

    async def _turn(self, lane: Lane, chat: object, weight: int) -> None:
        loop = asyncio.get_running_loop()
        if self._at_once(lane, chat, weight, loop.time()):
            return
        line = self._line(lane, chat)
        future: asyncio.Future[None] = loop.create_future()
        line.waiting.append((future, weight))
        self._turn_away(line, loop.time())
        if len(line.waiting) == 1:
            self._ready[lane].append(line)
        self._pump()
        await future

    def _at_once(self, lane: Lane, chat: object, weight: int, now: float) -> bool:
        """Let the call go without further ado if nobody has to wait, neither for the bot nor for this chat."""
        somebody = any(self._ready.values()) or (lane, chat) in self._lines
        if somebody or self._free_at() > now or (self._later and self._later[0][0] <= now):
            return False
        known = self._chat(chat)
        if known.free_at(weight) > now:
            return False
        self._take(known, weight, now)
        return True

    def _take(self, chat: _Chat, weight: int, now: float) -> None:
        chat.take(now, weight)
        self._spent_until = max(self._spent_until, now) + weight / self.pace()

    def _line(self, lane: Lane, chat: object) -> _Line:
        line = self._lines.get((lane, chat))
        if line is None:
            line = self._lines[lane, chat] = _Line(lane, self._chat(chat))
        return line

    def _chat(self, key: object) -> _Chat:
        known = self._chats.get(key)
        if known is None:
            if len(self._chats) >= self._prune_at:
                self._forget_idle()
            known = self._chats[key] = _Chat(key, self._limits(key))
        return known

    def _forget_idle(self) -> None:
        """Forget the chats of which nothing matters any more, so that the memory is that of the last minute."""
        now = asyncio.get_running_loop().time()
        wanted = {line.chat.key for line in self._lines.values()}
        self._chats = {key: chat for key, chat in self._chats.items() if key in wanted or not chat.idle(now)}
        self._prune_at = max(_FEW_CHATS, 2 * len(self._chats))

    def _limits(self, chat: object) -> tuple[Limit, ...]:
        """A call for no chat (an inline message) counts for the bot alone."""
        if chat is None:
            return ()
        return self._private if isinstance(chat, int) and chat > 0 else self._shared

    def _pump(self) -> None:
        """Let go whoever may, then set the clock for the next."""
        now = asyncio.get_running_loop().time()
        while self._later and self._later[0][0] <= now:
            _, _, line = heapq.heappop(self._later)
            self._ready[line.lane].append(line)
        while self._free_at() <= now:
            ready = next((ready for ready in self._ready.values() if ready), None)
            if ready is None:
                break
            self._offer(ready.popleft(), now)
        self._set_timer()

    def _offer(self, line: _Line, now: float) -> None:
        """Let the first of a line go if its chat is free; then the line waits behind the others of its lane."""
        first = line.first()
        if first is not None:
            future, weight = first
            free_at = line.chat.free_at(weight)
            if free_at > now:
                heapq.heappush(self._later, (free_at, next(self._order), line))
                return
            line.waiting.popleft()
            self._take(line.chat, weight, now)
            future.set_result(None)
        if line.waiting:
            self._ready[line.lane].append(line)
        else:
            del self._lines[line.lane, line.chat.key]

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._free_at()
        if not any(self._ready.values()):
            if not self._later:
                return
            at = max(at, self._later[0][0])
        self._timer = asyncio.get_running_loop().call_at(at, self._pump)

    def _turn_away(self, line: _Line, now: float) -> None:
        """Let nobody wait in memory for what Telegram forbids for long."""
        wait = max(line.chat.held_until, self._held_until) - now
        if wait > self._patience:
            for future, _ in line.waiting:
                if not future.done():
                    future.set_exception(RetryAfter(math.ceil(wait)))

    # the whole bot

    def _free_at(self) -> float:
        """From when on the bot's own limits let a message go."""
        return max(self._held_until, self._spent_until - (self._burst - 1) / self.pace())

    def refused(self, key: object, wait: float) -> None:
        """Telegram said 429: hold that chat, slow down, and hold everything if many chats are told so at once."""
        self._meters.too_many.inc()
        now = asyncio.get_running_loop().time()
        if key is not None:
            chat = self._chat(key)
            chat.held_until = max(chat.held_until, now + wait)
        slower = SLOWER ** min(1.0, self._free / self._overall)
        self._slowed_to, self._slowed_at = max(SLOWEST * self._overall, slower * self.pace()), now
        self._refusals.append((now, key, wait))
        while self._refusals[0][0] < now - 1:
            self._refusals.popleft()
        if len({key for _, key, _ in self._refusals}) >= max(MANY_REFUSED, MUCH_REFUSED * self.pace()):
            self._held_until = max(self._held_until, now + min(wait for _, _, wait in self._refusals))
        for line in self._lines.values():
            self._turn_away(line, now)
        self._pump()


def _key(chat: Any) -> object:
    """One key for one chat: its number, however it was given, or its @name."""
    return int(chat) if isinstance(chat, str) and chat.lstrip("-").isdecimal() else chat
