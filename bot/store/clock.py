"""What the store knows of the time: a computer's clock can be wrong, and was it wrong yesterday?"""

from datetime import datetime, timedelta

from bot import schedule
from bot.store import sources, subscribers
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

LONGEST_WAIT = timedelta(hours=1)
"""No message waits longer for its next try, unless Telegram itself has named a longer time."""

A_DAY = timedelta(hours=25)
"""The longest day of a year, between two digests."""


def newest(connection: Connection) -> datetime | None:
    """The time of the latest thing that was noted; None if there is nothing."""
    latest: int | None
    (latest,) = connection.execute(
        """SELECT max(at) FROM (
            SELECT max(seen_at) AS at FROM posts
            UNION ALL SELECT max(last_ok_at) FROM sources
            UNION ALL SELECT max(received_at) FROM inbox
            UNION ALL SELECT max(created_at) FROM subscribers
            UNION ALL SELECT queued_at FROM outbox WHERE id = (SELECT max(id) FROM outbox)
            UNION ALL SELECT max(settled_at) FROM outbox
        )"""
    ).fetchone()
    return from_ms(latest)


def mend(connection: Connection, was: datetime, now: datetime) -> None:
    """The clock was ahead, up to `was`, when all this was noted: let nothing wait for a time that was planned by it.

    Sources are due so much earlier. What is due later than it can be is due now; digests are due when their local time
    next comes.
    """
    sources.set_back(connection, was - now, now)
    connection.execute("UPDATE sources SET learned_at = min(learned_at, ?)", (to_ms(now),))
    connection.execute("UPDATE subscribers SET burst_until = NULL WHERE burst_until > ?", (to_ms(now),))
    connection.execute("UPDATE late SET due_at = ? WHERE due_at > ?", (to_ms(now), to_ms(now + A_DAY)))
    connection.execute("UPDATE outbox SET due_at = ? WHERE due_at > ?", (to_ms(now), to_ms(now + LONGEST_WAIT)))
    connection.execute("UPDATE subscribers SET digested_at = min(digested_at, ?)", (to_ms(now),))
    too_late = connection.execute(
        "SELECT id, digest, digest_days, zone FROM subscribers WHERE next_digest_at > ?", (to_ms(now + A_DAY),)
    ).fetchall()
    for id, digest, days, zone in too_late:
        when = subscribers.timetable(digest, days)
        next_at = schedule.next_digest_at(when, zone, now) if when else now
        connection.execute("UPDATE subscribers SET next_digest_at = ? WHERE id = ?", (to_ms(next_at), id))
