"""What the store knows of the time: a computer's clock can be wrong, and was it wrong yesterday?"""

from datetime import datetime

from bot.store.connection import Connection
from bot.store.times import from_ms


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
