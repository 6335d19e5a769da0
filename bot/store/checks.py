"""Posts whose fate is to be asked for: those that a look no longer shows, and those of platforms that ask for it.

A check is missing (`missed_at`: a look that shows everything around the post did not show it) or of routine.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

MOST_COVERED = 20_000
"""Ids of one look that are compared at the most, the highest ones. A page spans some dozens, a poll some hundreds."""

BELIEVED = timedelta(days=1)
"""For how long a platform is believed that says of a missing post that it stands; then it is asked once more."""


@dataclass(frozen=True, slots=True)
class Check:
    """`gone`: how often the platform has said that the post is deleted; `unsure`: how often in a row it did not say."""

    post: int
    missed_at: datetime | None
    gone: int
    unsure: int


def plan(connection: Connection, post: int, due_at: datetime | None) -> None:
    """Ask for the post's fate then; None: not any more."""
    if due_at is None:
        connection.execute("DELETE FROM checks WHERE post = ?", (post,))
        return
    connection.execute(
        "INSERT INTO checks (post, due_at) VALUES (?, ?) "
        "ON CONFLICT (post) DO UPDATE SET due_at = excluded.due_at, gone = 0, unsure = 0",
        (post, to_ms(due_at)),
    )


def suspect(
    connection: Connection, source: str, covered: tuple[int, int], standing: Collection[str], now: datetime
) -> None:
    """A look shows everything between two ids: stored posts there that are not `standing` are missing, and asked for.

    What is suspected already stays as it is; what was cleared a while ago is suspected anew.
    """
    low, high = max(covered[0], covered[1] - MOST_COVERED + 1), covered[1]
    gone = sorted({str(number) for number in range(low, high + 1)}.difference(standing))
    connection.execute(
        """INSERT INTO checks (post, due_at, missed_at)
        SELECT id, :now, :now FROM posts
        WHERE source = :source AND external_id IN (SELECT value FROM json_each(:gone)) AND fate = 'stands'
        ON CONFLICT (post) DO UPDATE SET due_at = :now, missed_at = :now, gone = 0, unsure = 0
        WHERE due_at IS NULL AND cleared_at <= :believed""",
        {"now": to_ms(now), "source": source, "gone": json.dumps(gone), "believed": to_ms(now - BELIEVED)},
    )


def shown(connection: Connection, source: str, external_ids: Collection[str]) -> None:
    """These posts stand: a look shows them. No suspicion is left."""
    connection.execute(
        """DELETE FROM checks WHERE missed_at IS NOT NULL AND post IN (
            SELECT id FROM posts WHERE source = ? AND external_id IN (SELECT value FROM json_each(?))
        )""",
        (source, json.dumps(list(external_ids))),
    )


def waiting(connection: Connection, now: datetime) -> list[str]:
    """The enabled sources with checks that are due, the longest waiting first.

    What is missing waits while its source cannot be read: then absence and answers mean nothing.
    """
    rows = connection.execute(
        """SELECT source FROM checks JOIN posts ON posts.id = post JOIN sources ON sources.id = source
        WHERE due_at <= ? AND enabled AND (missed_at IS NULL OR failing_since IS NULL)
        GROUP BY source ORDER BY min(due_at), source""",
        (to_ms(now),),
    )
    return [source for (source,) in rows]


def due(connection: Connection, source: str, now: datetime, limit: int) -> list[Check]:
    """Checks of the source that are due, the longest waiting first."""
    rows = connection.execute(
        """SELECT post, missed_at, gone, unsure FROM checks JOIN posts ON posts.id = post
        JOIN sources ON sources.id = source
        WHERE source = ? AND due_at <= ? AND (missed_at IS NULL OR failing_since IS NULL)
        ORDER BY due_at, post LIMIT ?""",
        (source, to_ms(now), limit),
    )
    return [Check(post, from_ms(missed_at), gone, unsure) for post, missed_at, gone, unsure in rows]


def stands(connection: Connection, check: Check) -> bool:
    """Whether the check is as it was: a look that showed the post meanwhile has ended it, and while the source cannot
    be read nothing is to be concluded of what is missing.
    """
    row = connection.execute(
        """SELECT 1 FROM checks JOIN posts ON posts.id = post JOIN sources ON sources.id = source
        WHERE post = ? AND missed_at IS ? AND gone = ? AND (missed_at IS NULL OR failing_since IS NULL)""",
        (check.post, check.missed_at and to_ms(check.missed_at), check.gone),
    ).fetchone()
    return row is not None


def postpone(connection: Connection, source: str, now: datetime, until: datetime) -> None:
    """Nobody could be asked: all that is due of the source waits until then."""
    connection.execute(
        "UPDATE checks SET due_at = ? WHERE due_at <= ? AND post IN (SELECT id FROM posts WHERE source = ?)",
        (to_ms(until), to_ms(now), source),
    )


def confirmed(connection: Connection, post: int, again_at: datetime) -> None:
    """The platform says that it is deleted, and is asked once more."""
    connection.execute(
        "UPDATE checks SET gone = gone + 1, unsure = 0, due_at = ? WHERE post = ?", (to_ms(again_at), post)
    )


def wait(connection: Connection, post: int, until: datetime) -> None:
    """It could not be asked for."""
    connection.execute("UPDATE checks SET due_at = ? WHERE post = ?", (to_ms(until), post))


def unanswered(connection: Connection, post: int, again_at: datetime) -> None:
    """The platform does not say."""
    connection.execute("UPDATE checks SET unsure = unsure + 1, due_at = ? WHERE post = ?", (to_ms(again_at), post))


def cleared(connection: Connection, post: int, now: datetime) -> None:
    """It is missing, but the platform says that it stands."""
    connection.execute(
        "UPDATE checks SET due_at = NULL, gone = 0, unsure = 0, cleared_at = ? WHERE post = ?", (to_ms(now), post)
    )


def drop(connection: Connection, post: int) -> None:
    """Nothing more is to be asked."""
    plan(connection, post, None)
