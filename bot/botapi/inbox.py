"""The durable inbox: an update is acknowledged to Telegram only once it is kept, and forgotten only once handled.

python-telegram-bot tells Telegram that it has the updates as soon as they are in its queue in memory; a process that is
killed then loses them. Its two places for one's own code close the hole: the queue that updates are put into, and the
processor that awaits their handlers.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

log = logging.getLogger(__name__)

Receive = Callable[[int, str], Awaitable[bool]]
"""Keeps an update (its number, its JSON) for good; False if it was received before."""
Note = Callable[[int], Awaitable[None]]
"""Notes something for good about the update of this number."""

MOST_IN_TURN = 100_000
"""Updates in memory at most that wait for their turn; more stay in the queue."""


class Inbox(asyncio.Queue[object]):
    """The queue for `Application.builder().update_queue(…)`: what is put into it has been kept before.

    An update that was received before is not put in again. One that cannot be kept is not acknowledged.
    """

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive = receive

    async def put(self, item: object) -> None:
        """Keep the update, then queue it. PTB's own mark, which ends the queue, is only queued.

        Raises TelegramError if it cannot be kept: of that kind alone PTB's polling survives a failure here. It asks
        again, with pauses that grow to 30 seconds.
        """
        if isinstance(item, Update):
            try:
                is_new = await self._receive(item.update_id, item.to_json())
            except Exception as error:
                raise TelegramError(f"update {item.update_id} could not be kept: {error}") from error
            if not is_new:
                return
        await super().put(item)

    async def resume(self, waiting: Iterable[tuple[int, str]], bot: Bot) -> None:
        """At start, before anything is polled: queue what an earlier process kept and did not finish."""
        for number, text in waiting:
            update = Update.de_json(json.loads(text), bot)
            log.info("update %d goes on where the last process ended", number)
            await super().put(update)


class InTurn(BaseUpdateProcessor):
    """The processor for `Application.builder().concurrent_updates(…)`: several chats at once, each in its order.

    An update counts as handled when its handlers have ended, be it with an error: PTB has given that to the error
    handlers, and the same again would fail again. One whose handling is cut off (the process ends) is not.
    Handlers must block (PTB's default), or an update counts as handled when they have merely begun.
    """

    def __init__(self, begun: Note, done: Note, chats_at_once: int = 16) -> None:
        super().__init__(MOST_IN_TURN)
        self._begun, self._done = begun, done
        self._room = asyncio.Semaphore(chats_at_once)
        self._turns: dict[int, tuple[asyncio.Lock, int]] = {}

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to let go of: PTB has awaited every update by then."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Note that the update's turn has come, await its handlers, note that it is done."""
        if not isinstance(update, Update):
            await coroutine
            return
        async with self._turn(_whose(update)), self._room:
            await self._begun(update.update_id)
            try:
                await coroutine
            except Exception:
                log.exception("update %d failed outside its handlers", update.update_id)
            await self._done(update.update_id)

    @asynccontextmanager
    async def _turn(self, chat: int) -> AsyncIterator[None]:
        """One update of a chat at a time, in the order in which they came."""
        lock, waiting = self._turns.get(chat, (asyncio.Lock(), 0))
        self._turns[chat] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns.pop(chat)
            if waiting > 1:
                self._turns[chat] = lock, waiting - 1


def _whose(update: Update) -> int:
    """The chat that an update belongs to, or the person if it has no chat (an inline query)."""
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else 0
