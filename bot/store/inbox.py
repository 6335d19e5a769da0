"""The inbox: what Telegram has told us and no handler has finished with. An update is acknowledged only once it is
here, so a crash loses none.
"""

from datetime import datetime

from bot.store.connection import Connection
from bot.store.times import to_ms

MOST_STARTS = 2
"""An update that was begun in this many processes and finished in none is set aside: it may be what kills them."""


FORGOTTEN_AT_ONCE = 500
"""Rows dropped in one transaction: a few milliseconds."""


def receive(connection: Connection, update_id: int, payload: str, now: datetime) -> bool:
    """Keep an update as JSON. False if it was received before: Telegram repeats what was not acknowledged in time."""
    row = connection.execute(
        "INSERT INTO inbox (update_id, payload, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
        (update_id, payload, to_ms(now)),
    ).fetchone()
    return row is not None


def waiting(connection: Connection) -> list[tuple[int, str]]:
    """At start: the updates that an earlier process left unfinished, oldest first."""
    return connection.execute(
        "SELECT update_id, payload FROM inbox WHERE done_at IS NULL AND starts < ? ORDER BY update_id", (MOST_STARTS,)
    ).fetchall()


def begun(connection: Connection, update_id: int) -> None:
    """Its handlers begin: if the process ends before they do, it may have been their fault."""
    connection.execute("UPDATE inbox SET starts = starts + 1 WHERE update_id = ?", (update_id,))


def done(connection: Connection, update_id: int, now: datetime) -> None:
    """Finished: what it said is forgotten, its number is kept to know a repetition."""
    connection.execute("UPDATE inbox SET done_at = ?, payload = '' WHERE update_id = ?", (to_ms(now), update_id))


def forget(connection: Connection, before: datetime) -> int:
    """Drop some of what was received before then and is finished or set aside. Returns how many rows.

    Telegram itself keeps an update for 24 hours, so that none can be repeated after two days.
    """
    return connection.execute(
        "DELETE FROM inbox WHERE update_id IN (SELECT update_id FROM inbox "
        "WHERE received_at < ? AND (done_at IS NOT NULL OR starts >= ?) LIMIT ?)",
        (to_ms(before), MOST_STARTS, FORGOTTEN_AT_ONCE),
    ).rowcount


def erase(connection: Connection, chat: int) -> None:
    """Forget what a chat (or a person) said in updates that were set aside; those that wait are finished soon."""
    connection.execute(
        """DELETE FROM inbox WHERE done_at IS NULL AND starts >= ? AND EXISTS (
            SELECT 1 FROM json_tree(payload)
            WHERE key = 'id' AND value = ? AND (path LIKE '%.chat' OR path LIKE '%.from')
        )""",
        (MOST_STARTS, chat),
    )
