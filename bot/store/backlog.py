"""What could not be told in its time is caught up with: alerts that wait so long that they would be a flood, and
those that were given up.
"""

import json
from collections.abc import Collection
from datetime import datetime

from bot.store import late
from bot.store.connection import Connection
from bot.store.times import to_ms

TOLD_TOGETHER = "it waited so long that it is told together with others"

_OF_A_POST = """(key LIKE 'post:%' OR key LIKE 'edit:%' OR key LIKE 'deleted:%' OR key LIKE 'back:%')"""
_POST = "CAST(substr(key, instr(key, ':') + 1) AS INTEGER)"


def swamped(connection: Connection, queued_before: datetime, most: int) -> list[int]:
    """The subscribers for whom more than `most` alerts wait that were queued before then. Reads all that waits."""
    rows = connection.execute(
        """SELECT subscriber FROM outbox WHERE due_at IS NOT NULL AND lane IN (?, ?) AND message_id IS NULL
        AND queued_at <= ? GROUP BY subscriber HAVING count(*) > ?""",
        (*late.ALERTS, to_ms(queued_before), most),
    )
    return [subscriber for (subscriber,) in rows]


def gather(connection: Connection, subscribers: Collection[int], now: datetime) -> int:
    """Take back the alerts that wait for these subscribers, for one message to each. Returns how many.

    What may have arrived, or is on its way, stays.
    """
    waiting = connection.execute(
        f"""SELECT outbox.id, subscriber, {_POST} FROM outbox
        JOIN notifications ON notifications.id = notification
        WHERE subscriber IN (SELECT value FROM json_each(?)) AND due_at IS NOT NULL AND message_id IS NULL
        AND state IN ('queued', 'deferred') AND doubts + deaths = 0 AND {_OF_A_POST}""",  # noqa: S608
        (json.dumps(list(subscribers)),),
    ).fetchall()
    connection.executemany(
        "UPDATE outbox SET state = 'refused', due_at = NULL, settled_at = ?, error = ? WHERE id = ?",
        [(to_ms(now), TOLD_TOGETHER, id) for id, _, _ in waiting],
    )
    connection.executemany(
        "INSERT INTO late (subscriber, post, found_at, due_at) "  # noqa: S608
        f"SELECT ?, id, ?, ? FROM posts WHERE id = ? {late.AGAIN}",
        [(subscriber, to_ms(now), to_ms(now + late.PAUSE), post) for _, subscriber, post in waiting],
    )
    return len(waiting)


def given_up(connection: Connection, row: int, now: datetime) -> None:
    """The post that this row of the outbox was to tell, if it was one, is to be caught up with."""
    connection.execute(
        f"""INSERT INTO late (subscriber, post, found_at, due_at) SELECT subscriber, posts.id, ?, ? FROM outbox
        JOIN notifications ON notifications.id = notification JOIN posts ON posts.id = {_POST}
        WHERE outbox.id = ? AND {_OF_A_POST} {late.AGAIN}""",  # noqa: S608
        (to_ms(now), to_ms(now + late.PAUSE), row),
    )
