"""Hold what we have counted of X's posts against what X has counted, once a day when the day is over."""

import logging
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta

from bot.budget import Budget
from bot.errors import FetchError
from bot.render import alerts
from bot.sources.x import X
from bot.store import budget, outbox, subscribers
from bot.store.budget import Counted
from bot.store.connection import Connection
from bot.store.database import Database

log = logging.getLogger(__name__)

SETTLED_AFTER = timedelta(hours=2)
"""So long after midnight X is asked for the day before: what it counts comes late."""

AGAIN_AFTER = timedelta(hours=6)
"""X is asked no sooner again, whatever it said."""

SHARE, FEW = 0.02, 10
"""A difference of up to this share, or of so many posts, is none: midnight falls between calls, and X bills a post that
is returned twice on a day mostly once.
"""


class Reconciler:
    """Asks when it is due. The day of which X has said nothing is a row; only the pause between two questions is kept
    here. `queued` is called when something was put into the outbox.
    """

    def __init__(
        self,
        database: Database,
        x: X,
        limits: Budget,
        admins: Collection[int],
        clock: Callable[[], datetime],
        queued: Callable[[], None],
    ) -> None:
        self._database, self._x, self._limits, self._admins = database, x, limits, admins
        self._clock, self._queued = clock, queued
        self._asked_at: datetime | None = None

    async def look(self) -> int:
        """Ask if it is due. Returns of how many days operators were told that the counts differ."""
        now = self._clock()
        morning = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + SETTLED_AFTER
        rests = self._asked_at is not None and timedelta() <= now - self._asked_at < AGAIN_AFTER
        if rests or now < morning or not self._database.read(budget.unreconciled, now):
            return 0
        self._asked_at = now
        try:
            counted = await self._x.usage(budget.RECONCILED_FOR, now)
        except FetchError as error:
            log.warning("what X has counted cannot be asked for: %s", error.reason)
            return 0
        told = await self._database.write(self._take, counted, now)
        if told:
            self._queued()
        return told

    def _take(self, connection: Connection, counted: dict[date, int], now: datetime) -> int:
        told = [one for one in budget.reconcile(connection, self._limits, counted, now) if differs(one)]
        for one in told:
            for who in subscribers.operators(connection, self._admins):
                message = alerts.counted_otherwise(one.day, one.ours, one.theirs, language=who.language, zone=who.zone)
                outbox.queue(connection, [(who.id, False)], f"usage:{one.day}", [message], "notice", now)
        return len(told)


def differs(counted: Counted) -> bool:
    return abs(counted.ours - counted.theirs) > max(FEW, SHARE * max(counted.ours, counted.theirs))
