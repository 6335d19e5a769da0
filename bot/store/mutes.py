"""What a chat does not want to be told of for a while: a speaker, or a watch of its own. The digest has it."""

from collections.abc import Sequence
from datetime import datetime

from bot.models import Mute, MuteWhat
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms


def put(connection: Connection, subscriber: int, mute: Mute, now: datetime) -> None:
    """In place of one of the same; what has run out goes."""
    connection.execute("DELETE FROM mutes WHERE subscriber = ? AND ends_at <= ?", (subscriber, to_ms(now)))
    connection.execute(
        "INSERT INTO mutes (subscriber, what, value, ends_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET ends_at = excluded.ends_at",
        (subscriber, mute.what, mute.value, mute.until and to_ms(mute.until)),
    )


def lift(connection: Connection, subscriber: int, what: MuteWhat, value: str) -> None:
    connection.execute("DELETE FROM mutes WHERE subscriber = ? AND what = ? AND value = ?", (subscriber, what, value))


def of(connection: Connection, subscriber: int, now: datetime) -> Sequence[Mute]:
    """Those that hold, in the order in which they run out."""
    rows = connection.execute(
        "SELECT what, value, ends_at FROM mutes WHERE subscriber = ? AND (ends_at IS NULL OR ends_at > ?) "
        "ORDER BY ends_at IS NULL, ends_at, what, value",
        (subscriber, to_ms(now)),
    )
    return [Mute(what, value, from_ms(ends_at)) for what, value, ends_at in rows]
