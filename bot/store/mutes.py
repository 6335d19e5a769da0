"""What a chat does not want to be told of for a while: a speaker, or a watch of its own. The digest has it, so a mute
that is over stays until the next digest was made.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.models import Mute, MuteWhat
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms


def put(connection: Connection, subscriber: int, mute: Mute) -> None:
    """In place of one of the same."""
    connection.execute(
        "INSERT INTO mutes (subscriber, what, value, ends_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET ends_at = excluded.ends_at",
        (subscriber, mute.what, mute.value, mute.until and to_ms(mute.until)),
    )


def lift(connection: Connection, subscriber: int, what: MuteWhat, value: str, now: datetime) -> None:
    """It is over now, if it was not before."""
    connection.execute(
        "UPDATE mutes SET ends_at = :now "
        "WHERE subscriber = :subscriber AND what = :what AND value = :value AND (ends_at IS NULL OR ends_at > :now)",
        {"subscriber": subscriber, "what": what, "value": value, "now": to_ms(now)},
    )


def of(connection: Connection, subscriber: int, now: datetime) -> Sequence[Mute]:
    """Those that hold, in the order in which they run out."""
    rows = connection.execute(
        "SELECT what, value, ends_at FROM mutes WHERE subscriber = ? AND (ends_at IS NULL OR ends_at > ?) "
        "ORDER BY ends_at IS NULL, ends_at, what, value",
        (subscriber, to_ms(now)),
    )
    return [Mute(what, value, from_ms(ends_at)) for what, value, ends_at in rows]


def since_digest(connection: Connection, subscribers: Collection[int]) -> dict[int, frozenset[tuple[MuteWhat, str]]]:
    """What was muted at some time since the last digest of each of these subscribers; those who muted nothing are
    left out.
    """
    rows = connection.execute(
        """SELECT subscriber, what, value FROM mutes JOIN subscribers ON id = subscriber
        WHERE subscriber IN (SELECT value FROM json_each(?)) AND (ends_at IS NULL OR ends_at > digested_at)""",
        (json.dumps(list(subscribers)),),
    )
    found: dict[int, frozenset[tuple[MuteWhat, str]]] = {}
    for subscriber, what, value in rows:
        found[subscriber] = found.get(subscriber, frozenset()) | {(what, value)}
    return found


def forget(connection: Connection, now: datetime) -> None:
    """Drop what is over and no digest asks for any more."""
    connection.execute(
        """DELETE FROM mutes WHERE ends_at <= (
            SELECT iif(digest IS NULL, ?, digested_at) FROM subscribers WHERE id = subscriber
        )""",
        (to_ms(now),),
    )
