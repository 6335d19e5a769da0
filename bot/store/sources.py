"""The sources: when each is due, where it left off, how it fares."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.models import Cursor, Source
from bot.store import gaps
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

AWAY_AFTER = timedelta(minutes=15)
"""A source that was due for so long and was not looked at: Parley was not running. Polls and restarts take less."""


@dataclass(frozen=True, slots=True)
class Due:
    """A source that is to be polled. `cursor` None: it was never read, so the poll is silent.

    `last_new_at` is when its newest post was published; `rates` its posts an hour, by hour of the day in UTC, empty
    while they are not known.
    """

    id: str
    cursor: Cursor | None
    account_id: str
    failures: int
    last_ok_at: datetime | None
    last_new_at: datetime | None = None
    rates: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """How a source fares. `failing_since` None: its last poll went well, or it has had none (`last_ok_at` None).

    `stopped`: it failed for good. `shared`: all of its kind fail, for the same reason. `silence` is the longest that it
    is expected to be silent, None while that is not known. `alarmed_at`: since when operators know that it is ailing;
    `alarm_shared`: with all of its kind. `note`: what wants mending although it is read.
    """

    id: str
    title: str
    account_id: str
    last_ok_at: datetime | None
    failing_since: datetime | None
    failures: int
    last_error: str
    next_poll_at: datetime
    stopped: bool = False
    last_new_at: datetime | None = None
    silence: timedelta | None = None
    alarmed_at: datetime | None = None
    note: str = ""
    shared: bool = False
    alarm_shared: bool = False


def enrol(connection: Connection, sources: Collection[Source], now: datetime) -> None:
    """Bring the table in line with config/.

    New sources are due at once and so are those that had failed for good (a start means that a person acted); absent
    ones rest, and so do those that an operator has switched off; one whose address has changed starts anew. The time
    since anything was last read is a gap of all.
    """
    _note_absence(connection, now)
    connection.execute("UPDATE sources SET enabled = 0")
    connection.executemany(
        """INSERT INTO sources (id, kind, address, enabled, next_poll_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            enabled = excluded.enabled AND off_since IS NULL,
            next_poll_at = CASE WHEN stopped THEN excluded.next_poll_at ELSE next_poll_at END,
            stopped = 0,
            cursor = CASE WHEN (kind, address) = (excluded.kind, excluded.address) THEN cursor END,
            account_id = CASE WHEN (kind, address) = (excluded.kind, excluded.address) THEN account_id ELSE '' END,
            kind = excluded.kind,
            address = excluded.address""",
        [(source.id, source.kind, source.address, source.enabled, to_ms(now)) for source in sources],
    )


def _note_absence(connection: Connection, now: datetime) -> None:
    last, due = connection.execute("SELECT max(last_ok_at), min(next_poll_at) FROM sources WHERE enabled").fetchone()
    if last is not None and now - from_ms(due) > AWAY_AFTER:
        gaps.add(connection, "", from_ms(last), now, gaps.NOT_RUNNING)


def set_back(connection: Connection, by: timedelta, now: datetime) -> None:
    """The clock was: what was due at some time is due so much earlier, and what has been has been."""
    connection.execute(
        """UPDATE sources SET next_poll_at = next_poll_at - ?1,
            last_ok_at = min(last_ok_at, ?2), failing_since = min(failing_since, ?2)""",
        (by // timedelta(milliseconds=1), to_ms(now)),
    )
    connection.execute("UPDATE gaps SET since = min(since, ?) WHERE until IS NULL", (to_ms(now),))


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
        "SELECT id, cursor, account_id, failures, last_ok_at, last_new_at, rates FROM sources "
        "WHERE enabled AND next_poll_at <= ? ORDER BY next_poll_at, id",
        (to_ms(now),),
    )
    return [
        Due(row[0], row[1], row[2], row[3], from_ms(row[4]), from_ms(row[5]), tuple(json.loads(row[6]))) for row in rows
    ]


def account_id(connection: Connection, source: str) -> str:
    """The platform's number of the account, as last seen; empty while it is not known."""
    found: str
    (found,) = connection.execute("SELECT account_id FROM sources WHERE id = ?", (source,)).fetchone()
    return found


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
    newest: datetime | None = None,
    note: str = "",
) -> None:
    """A poll went well; whatever gap there was is over. An empty title or account id leaves what is known.

    `newest` is when the newest post that the poll brought was published; `note` what wants mending all the same.
    """
    connection.execute(
        """UPDATE sources SET cursor = ?, last_ok_at = ?, next_poll_at = ?,
            failures = 0, failing_since = NULL, stopped = 0, shared = 0, last_error = '',
            title = coalesce(nullif(?, ''), title), account_id = coalesce(nullif(?, ''), account_id),
            last_new_at = nullif(max(coalesce(last_new_at, 0), ?), 0), note = ?
        WHERE id = ?""",
        (cursor, to_ms(now), to_ms(next_at), title, account_id, to_ms(newest) if newest else 0, note[:1000], source),
    )
    gaps.end(connection, source, now)
    if source in switched_off(connection):  # it was being read meanwhile
        gaps.begin(connection, source, gaps.SWITCHED_OFF)


def failed(
    connection: Connection,
    source: str,
    error: str,
    now: datetime,
    next_at: datetime,
    *,
    stopped: bool = False,
    shared: bool = False,
) -> None:
    """A poll went wrong, perhaps for good (`stopped`), perhaps for all of its kind (`shared`); the cursor stays where
    it was, and a gap begins.
    """
    gaps.begin(connection, source, error[:1000])
    connection.execute(
        """UPDATE sources SET failures = failures + 1, failing_since = coalesce(failing_since, ?), last_error = ?,
            next_poll_at = ?, stopped = ?, shared = ? WHERE id = ?""",
        (to_ms(now), error[:1000], to_ms(next_at), stopped, shared, source),
    )


def health(connection: Connection) -> list[Health]:
    """How every enabled source fares, by id."""
    rows = connection.execute(
        "SELECT id, title, account_id, last_ok_at, failing_since, failures, last_error, next_poll_at, stopped, "
        "last_new_at, silence, alarmed_at, note, shared, alarm_shared FROM sources WHERE enabled ORDER BY id"
    )
    return [
        Health(
            id=row[0],
            title=row[1],
            account_id=row[2],
            last_ok_at=from_ms(row[3]),
            failing_since=from_ms(row[4]),
            failures=row[5],
            last_error=row[6],
            next_poll_at=from_ms(row[7]),
            stopped=bool(row[8]),
            last_new_at=from_ms(row[9]),
            silence=None if row[10] is None else timedelta(milliseconds=row[10]),
            alarmed_at=from_ms(row[11]),
            note=row[12],
            shared=bool(row[13]),
            alarm_shared=bool(row[14]),
        )
        for row in rows
    ]


def switch_off(connection: Connection, source: str, now: datetime) -> None:
    """An operator does not want it to be read for now: that is a gap like any other, and outlives a restart."""
    gaps.begin(connection, source, gaps.SWITCHED_OFF)
    connection.execute(
        "UPDATE sources SET enabled = 0, off_since = ?, alarmed_at = NULL, alarm_shared = 0 WHERE id = ? AND enabled",
        (to_ms(now), source),
    )


def switch_on(connection: Connection, source: str, now: datetime) -> None:
    """It is read again, at once."""
    connection.execute(
        "UPDATE sources SET enabled = 1, off_since = NULL, next_poll_at = ?, stopped = 0 "
        "WHERE id = ? AND off_since IS NOT NULL",
        (to_ms(now), source),
    )


def switched_off(connection: Connection) -> dict[str, datetime]:
    """The sources that an operator has switched off, and since when."""
    rows = connection.execute("SELECT id, off_since FROM sources WHERE off_since IS NOT NULL ORDER BY id")
    return {id: from_ms(since) for id, since in rows}


def account_ids(connection: Connection) -> dict[str, str]:
    """The platforms' numbers of the accounts, as far as they were seen."""
    return dict(connection.execute("SELECT id, account_id FROM sources WHERE account_id <> ''"))


def alarmed(connection: Connection, source: str, at: datetime | None, *, shared: bool = False) -> None:
    """Operators were told that it is ailing, perhaps as all of its kind are (`shared`); None: that it is well again."""
    connection.execute(
        "UPDATE sources SET alarmed_at = ?, alarm_shared = ? WHERE id = ?", (at and to_ms(at), shared, source)
    )


# --- habits


def unlearned(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Enabled sources whose habits were worked out before then or never."""
    rows = connection.execute(
        "SELECT id FROM sources WHERE enabled AND coalesce(learned_at, 0) <= ? ORDER BY learned_at, id LIMIT ?",
        (to_ms(before), limit),
    )
    return [id for (id,) in rows]


def published_since(connection: Connection, source: str, since: datetime) -> list[datetime]:
    """When the source's posts were published, the earliest first."""
    rows = connection.execute(
        "SELECT published_at FROM posts WHERE source = ? AND published_at >= ? ORDER BY published_at",
        (source, to_ms(since)),
    )
    return [from_ms(at) for (at,) in rows]


def learn(
    connection: Connection, source: str, rates: Collection[float], silence: timedelta | None, now: datetime
) -> None:
    """How often it posts at each hour of the day, and the longest silence to expect (None: that cannot be said)."""
    connection.execute(
        "UPDATE sources SET rates = ?, silence = ?, learned_at = ? WHERE id = ?",
        (json.dumps(list(rates)), silence and silence // timedelta(milliseconds=1), to_ms(now), source),
    )
