"""When sources could not be seen. Each span is a row, so that digests and /status can say what may be missing."""

from datetime import datetime

from bot.models import Gap
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

UNREAD = "more was posted than could be read"
NOT_RUNNING = "Parley was not running"
PUT_OFF = "it is to be read later"
SWITCHED_OFF = "an operator has switched it off"


def begin(connection: Connection, source: str, reason: str) -> None:
    """The source cannot be read; what it says has not been seen since it last was. One that lasts already goes on.

    A source that never was read has no gap: nothing of it was promised yet.
    """
    connection.execute(
        "INSERT INTO gaps (source, since, reason) SELECT id, last_ok_at, ? FROM sources "
        "WHERE id = ? AND last_ok_at IS NOT NULL ON CONFLICT DO NOTHING",
        (reason, source),
    )


def end(connection: Connection, source: str, now: datetime) -> None:
    """The source was read. Nothing is left of a gap that has not begun yet, as a clock that was set back has it."""
    connection.execute("DELETE FROM gaps WHERE source = ? AND until IS NULL AND since >= ?", (source, to_ms(now)))
    connection.execute("UPDATE gaps SET until = ? WHERE source = ? AND until IS NULL", (to_ms(now), source))


def add(connection: Connection, source: str, since: datetime, until: datetime, reason: str) -> None:
    """A span that is over; `source` empty for all. With those of the same kind that it touches it becomes one."""
    if since >= until:
        return
    touching = connection.execute(
        "DELETE FROM gaps WHERE source IS ? AND reason = ? AND since <= ? AND until >= ? RETURNING since, until",
        (source or None, reason, to_ms(until), to_ms(since)),
    ).fetchall()
    spans = [(to_ms(since), to_ms(until)), *touching]
    connection.execute(
        "INSERT INTO gaps (source, since, until, reason) VALUES (?, ?, ?, ?)",
        (source or None, min(span[0] for span in spans), max(span[1] for span in spans), reason),
    )


def put(connection: Connection, gap: Gap) -> bool:
    """A gap that an archive tells of, as it is. False, and nothing is stored, where it is known or where we have looked
    ourselves: at that source, or, of a gap of all sources, at any.
    """
    row = connection.execute(
        """INSERT INTO gaps (source, since, until, reason) SELECT :source, :since, :until, :reason
        WHERE NOT EXISTS (SELECT 1 FROM sources WHERE last_ok_at IS NOT NULL AND (:source IS NULL OR id = :source))
        AND NOT EXISTS (SELECT 1 FROM gaps WHERE source IS :source AND since = :since)
        AND (:source IS NULL OR EXISTS (SELECT 1 FROM sources WHERE id = :source))
        ON CONFLICT DO NOTHING RETURNING 1""",
        {
            "source": gap.source or None,
            "since": to_ms(gap.since),
            "until": gap.until and to_ms(gap.until),
            "reason": gap.reason,
        },
    ).fetchone()
    return row is not None


def close(connection: Connection, source: str, since: datetime, until: datetime) -> None:
    """Everything that the source said between then is read: what gaps it has there are none any more. Gaps of all
    sources remain those of every other one that is collected.
    """
    begin, end = to_ms(since), to_ms(until)
    reached = connection.execute(
        "SELECT id, source, since, until, reason FROM gaps WHERE (source = ? OR source IS NULL) "
        "AND since < ? AND coalesce(until, ?) > ?",
        (source, end, end + 1, begin),
    ).fetchall()
    for id, whose, since_ms, until_ms, reason in reached:
        others = [] if whose else [one for (one,) in connection.execute("SELECT id FROM sources WHERE enabled")]
        connection.execute("DELETE FROM gaps WHERE id = ?", (id,))
        left = [(since_ms, begin)] if since_ms < begin else []
        left += [(max(end, since_ms), until_ms)] if until_ms is None or until_ms > end else []
        rows = [(source, *span, reason) for span in left]
        rows += [(other, since_ms, until_ms, reason) for other in others if other != source]
        connection.executemany(
            "INSERT INTO gaps (source, since, until, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
        )


def everything(connection: Connection) -> list[Gap]:
    """Every gap, the earliest first."""
    rows = connection.execute(
        "SELECT coalesce(source, ''), since, until, reason FROM gaps ORDER BY since, source, until, reason"
    )
    return [Gap(source, from_ms(begun), from_ms(ended), reason) for source, begun, ended, reason in rows]


def between(connection: Connection, since: datetime, until: datetime) -> list[Gap]:
    """The gaps that reach into [since, until), the earliest first: of all, of the sources that are collected, and of
    those that an operator has switched off.
    """
    rows = connection.execute(
        """SELECT coalesce(source, ''), since, until, reason FROM gaps LEFT JOIN sources ON sources.id = source
        WHERE since < ? AND (until IS NULL OR until > ?) AND (source IS NULL OR enabled OR off_since IS NOT NULL)
        ORDER BY since, gaps.id""",
        (to_ms(until), to_ms(since)),
    )
    return [Gap(source, from_ms(begun), from_ms(ended), reason) for source, begun, ended, reason in rows]
