"""Reading the past of sources, as far as it has come: it can take hours, be paid for, and be ended at any moment."""

from dataclasses import dataclass
from datetime import datetime

from bot.models import Cursor, Source
from bot.store import gaps
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Backfill:
    """From `since` until it was begun, the newest first; `posts` are read so far, down to the time that is reached."""

    since: datetime
    begun_at: datetime
    cursor: Cursor | None = None
    posts: int = 0
    reached: datetime | None = None


def begun(connection: Connection, source: Source, since: datetime, now: datetime) -> Backfill:
    """The one that was begun for the same date and not ended, or a new one."""
    row = connection.execute(
        "SELECT begun_at, cursor, posts, reached FROM backfills WHERE source = ? AND address = ? AND since = ?",
        (source.id, source.address, to_ms(since)),
    ).fetchone()
    return Backfill(since, from_ms(row[0]), row[1], row[2], from_ms(row[3])) if row else Backfill(since, now)


def note(connection: Connection, source: Source, backfill: Backfill) -> None:
    """What stands before its cursor is stored."""
    connection.execute(
        "INSERT OR REPLACE INTO backfills (source, address, since, begun_at, cursor, posts, reached) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            source.id,
            source.address,
            to_ms(backfill.since),
            to_ms(backfill.begun_at),
            backfill.cursor or "",
            backfill.posts,
            backfill.reached and to_ms(backfill.reached),
        ),
    )


def end(connection: Connection, source: Source, since: datetime, begun_at: datetime) -> None:
    """It is over, and everything between these times is known: what gaps there were are closed."""
    connection.execute("DELETE FROM backfills WHERE source = ?", (source.id,))
    gaps.close(connection, source.id, since, begun_at)
