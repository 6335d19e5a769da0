"""Readers' doubts whether somebody said what a post is said to say, and what the operators made of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.models import CORRECTED, StatementKind
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

State = Literal["asked", "confirmed", "refused"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A doubt about one statement. `kind` and `rule` are what it was taken for; `subscriber` asked first, if known."""

    id: int
    post: int
    speaker: str
    kind: StatementKind
    rule: str
    state: State
    subscriber: int | None
    settled_at: datetime | None = None


_COLUMNS = "id, post, speaker, kind, rule, state, subscriber, settled_at"


def ask(connection: Connection, post: int, speaker: str, subscriber: int | None, now: datetime) -> Correction | None:
    """Note a doubt. None if the speaker does not speak in the post, or somebody has asked already."""
    row = connection.execute(
        f"""INSERT INTO corrections (post, speaker, kind, rule, state, subscriber, asked_at)
        SELECT post, speaker, kind, rule, 'asked', ?3, ?4 FROM statements
        WHERE post = ?1 AND speaker = ?2 AND kind NOT IN ('mention', 'unknown')
        ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",  # noqa: S608
        (post, speaker, subscriber, to_ms(now)),
    ).fetchone()
    return _correction(row) if row else None


def open_of(connection: Connection, subscriber: int | None) -> int:
    """How many doubts of that subscriber (None: of all who are not known) wait for an answer."""
    count: int = connection.execute(
        "SELECT count(*) FROM corrections WHERE subscriber IS ? AND state = 'asked'", (subscriber,)
    ).fetchone()[0]
    return count


def settle(connection: Connection, id: int, *, confirmed: bool, now: datetime) -> Correction | None:
    """The operators have decided; they may decide otherwise later. None if nothing changes by it.

    Confirmed, the speaker is only mentioned in the post from here on, however often it is read again. Refused after
    that, it is as it was taken for.
    """
    state = "confirmed" if confirmed else "refused"
    row = connection.execute(
        f"UPDATE corrections SET state = ?1, settled_at = ?2 WHERE id = ?3 AND state <> ?1 RETURNING {_COLUMNS}",  # noqa: S608
        (state, to_ms(now), id),
    ).fetchone()
    if row is None:
        return None
    found = _correction(row)
    if confirmed:
        connection.execute(
            "UPDATE statements SET kind = 'mention', rule = ?, evidence = '', confidence = 100 "
            "WHERE post = ? AND speaker = ?",
            (CORRECTED, found.post, found.speaker),
        )
    else:
        connection.execute(
            "UPDATE statements SET kind = ?, rule = ? WHERE post = ? AND speaker = ? AND rule = ?",
            (found.kind, found.rule, found.post, found.speaker, CORRECTED),
        )
    return found


def between(connection: Connection, since: datetime, until: datetime) -> list[int]:
    """The posts of which something was put right in (since, until]."""
    rows = connection.execute(
        "SELECT DISTINCT post FROM corrections WHERE state = 'confirmed' AND settled_at > ? AND settled_at <= ?",
        (to_ms(since), to_ms(until)),
    )
    return [post for (post,) in rows]


def confirmed(connection: Connection, limit: int) -> list[Correction]:
    """The public log: what was put right, the last first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM corrections WHERE state = 'confirmed' "  # noqa: S608
        "ORDER BY settled_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    return [_correction(row) for row in rows]


def _correction(row: tuple[int, int, str, StatementKind, str, State, int | None, int | None]) -> Correction:
    return Correction(*row[:7], from_ms(row[7]))
