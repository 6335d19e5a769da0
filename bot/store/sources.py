"""The sources: when each is due, where it left off, how it fares."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.models import Cursor, Source
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Due:
    """A source that is to be polled. `cursor` None: it was never read, so the poll is silent."""

    id: str
    cursor: Cursor | None
    account_id: str
    failures: int
    last_ok_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How a source fares. `failing_since` None: its last poll went well, or it has had none (`last_ok_at` None)."""

    id: str
    title: str
    account_id: str
    last_ok_at: datetime | None
    failing_since: datetime | None
    failures: int
    last_error: str
    next_poll_at: datetime


def enrol(connection: Connection, sources: Collection[Source], now: datetime) -> None:
    """Bring the table in line with config/.

    New sources are due at once and so are those that had failed for good (a start means that a person acted); absent
    ones rest; one whose address has changed starts anew.
    """
    connection.execute("UPDATE sources SET enabled = 0")
    connection.executemany(
        """INSERT INTO sources (id, kind, address, enabled, next_poll_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            enabled = excluded.enabled,
            next_poll_at = CASE WHEN stopped THEN excluded.next_poll_at ELSE next_poll_at END,
            stopped = 0,
            cursor = CASE WHEN (kind, address) = (excluded.kind, excluded.address) THEN cursor END,
            account_id = CASE WHEN (kind, address) = (excluded.kind, excluded.address) THEN account_id ELSE '' END,
            kind = excluded.kind,
            address = excluded.address""",
        [(source.id, source.kind, source.address, source.enabled, to_ms(now)) for source in sources],
    )


def hurry(connection: Connection, only: Collection[str], now: datetime) -> None:
    """Make the sources due at once: these, or all if none is named."""
    connection.execute(
        "UPDATE sources SET next_poll_at = ?1 "
        "WHERE json_array_length(?2) = 0 OR id IN (SELECT value FROM json_each(?2))",
        (to_ms(now), json.dumps(list(only))),
    )


def due(connection: Connection, now: datetime) -> list[Due]:
    """The enabled sources whose time has come, longest waiting first."""
    rows = connection.execute(
        "SELECT id, cursor, account_id, failures, last_ok_at FROM sources "
        "WHERE enabled AND next_poll_at <= ? ORDER BY next_poll_at, id",
        (to_ms(now),),
    )
    return [Due(row[0], row[1], row[2], row[3], from_ms(row[4])) for row in rows]


def next_poll_at(connection: Connection) -> datetime | None:
    """When the next enabled source falls due; None if there is none."""
    earliest: int | None
    (earliest,) = connection.execute("SELECT min(next_poll_at) FROM sources WHERE enabled").fetchone()
    return from_ms(earliest)


def polled(
    connection: Connection,
    source: str,
    cursor: Cursor,
    now: datetime,
    next_at: datetime,
    *,
    title: str = "",
    account_id: str = "",
) -> None:
    """A poll went well. An empty title or account id leaves what is known."""
    connection.execute(
        """UPDATE sources SET cursor = ?, last_ok_at = ?, next_poll_at = ?,
            failures = 0, failing_since = NULL, stopped = 0, last_error = '',
            title = coalesce(nullif(?, ''), title), account_id = coalesce(nullif(?, ''), account_id)
        WHERE id = ?""",
        (cursor, to_ms(now), to_ms(next_at), title, account_id, source),
    )


def failed(
    connection: Connection, source: str, error: str, now: datetime, next_at: datetime, *, stopped: bool = False
) -> None:
    """A poll went wrong, perhaps for good (`stopped`); the cursor stays where it was."""
    connection.execute(
        """UPDATE sources SET failures = failures + 1, failing_since = coalesce(failing_since, ?), last_error = ?,
            next_poll_at = ?, stopped = ? WHERE id = ?""",
        (to_ms(now), error[:1000], to_ms(next_at), stopped, source),
    )


def health(connection: Connection) -> list[Health]:
    """How every enabled source fares, by id."""
    rows = connection.execute(
        "SELECT id, title, account_id, last_ok_at, failing_since, failures, last_error, next_poll_at "
        "FROM sources WHERE enabled ORDER BY id"
    )
    return [
        Health(
            id, title, account_id, from_ms(last_ok_at), from_ms(failing_since), failures, error, from_ms(next_poll_at)
        )
        for id, title, account_id, last_ok_at, failing_since, failures, error, next_poll_at in rows
    ]
