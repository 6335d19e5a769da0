"""Paying for calls to X: asked for before each, booked after it, before anybody sees what it brought."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.budget import Ask, Grant, Used
from bot.errors import FetchError

Hold = Callable[[Ask], Awaitable[Grant]]
Settle = Callable[[Ask, Grant, Used, bool], Awaitable[None]]
Drop = Callable[[Ask, Grant], Awaitable[None]]


@dataclass(slots=True)
class Purse:
    """The money for X. Keeps no figures: `hold`, `settle` and `drop` write them down, as `bot.store.budget` does.

    `rests_until` says until when reading should pause so that the month's money lasts the month.
    """

    hold: Hold
    settle: Settle
    drop: Drop
    rests_until: Callable[[], datetime | None]
    _under_way: int = 0
    _one_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, ask: Ask) -> Grant:
        """Raises FetchError if the call cannot be paid for. What is held for calls under way may come free: so long
        as there are any, one waits for them.
        """
        while True:
            one_ended = self._one_ended
            grant = await self.hold(ask)
            if grant.size:
                self._under_way += 1
                return grant
            if not self._under_way:
                raise FetchError(
                    "the money for X is used up: its caps are [x] in config/parley.toml",
                    retry_at=grant.until,
                    shared=True,
                )
            await one_ended.wait()

    def close(self) -> None:
        """A call that was granted has ended, however."""
        self._under_way -= 1
        self._one_ended.set()
        self._one_ended = asyncio.Event()
