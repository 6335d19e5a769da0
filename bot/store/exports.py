"""What leaves the house as a file: all that is stored of a chat; and how many posts of X a chat may still take."""

import json
from datetime import UTC, datetime
from typing import Any

from bot.store.connection import Connection
from bot.store.times import from_ms

A_DAY = 500
"""Posts of X with their words that X lets a person take away in a day ("Content redistribution" of its policy)."""

SENT = 5000
"""The newest messages that an export repeats; of all others it says how many there are."""


def everything_of(connection: Connection, chat: int, thread: int) -> dict[str, Any] | None:
    """Every row of every table that is kept for this subscriber; times in ISO 8601. None if nothing is stored.

    The tables are found by their column `subscriber`, so none is forgotten.
    """
    rows = _rows(connection, "SELECT * FROM subscribers WHERE chat = ? AND thread = ?", (chat, thread))
    taken = _rows(connection, "SELECT day, posts FROM x_exports WHERE chat = ? ORDER BY day", (chat,))
    manages = _rows(connection, "SELECT chat, kind, title FROM managed WHERE user = ? ORDER BY id", (chat,))
    if not rows:
        return {"x_exports": taken, "managed": manages} if taken or manages else None
    (subscriber,) = rows
    held: dict[str, Any] = {"subscriber": subscriber, "x_exports": taken, "managed": manages}
    for table in _kept_for_subscribers(connection):
        if table != "outbox":
            held[table] = _rows(connection, f"SELECT * FROM {table} WHERE subscriber = ?", (subscriber["id"],))  # noqa: S608
    messages = _rows(
        connection,
        "SELECT outbox.*, message FROM outbox LEFT JOIN bodies ON bodies.id = body "
        "WHERE subscriber = ? ORDER BY outbox.id DESC",
        (subscriber["id"],),
    )
    held["messages"] = [
        {**one, "message": one["message"] and json.loads(one["message"])["text"]} for one in messages[:SENT]
    ]
    held["messages_left_out"] = max(len(messages) - SENT, 0)
    return held


def _words(message: str | None) -> str | None:
    return json.loads(message)["text"] if message else None


def _kept_for_subscribers(connection: Connection) -> list[str]:
    rows = connection.execute(
        """SELECT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND columns.name = 'subscriber' ORDER BY tables.name"""
    )
    return [name for (name,) in rows]


def _rows(connection: Connection, query: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    found = connection.execute(query, values)
    names = [column[0] for column in found.description]
    return [{name: _readable(name, value) for name, value in zip(names, row, strict=True)} for row in found]


def _readable(name: str, value: Any) -> Any:
    return from_ms(value).isoformat() if name.endswith("_at") and isinstance(value, int) else value


# --- posts of X


def take(connection: Connection, chat: int, wanted: int, now: datetime) -> int:
    """How many of so many posts of X the chat may still take today; they are counted as taken."""
    day = _day(now)
    row = connection.execute("SELECT posts FROM x_exports WHERE chat = ? AND day = ?", (chat, day)).fetchone()
    taken = min(wanted, max(A_DAY - (row[0] if row else 0), 0))
    if taken:
        connection.execute(
            "INSERT INTO x_exports (chat, day, posts) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET posts = posts + excluded.posts",
            (chat, day, taken),
        )
    return taken


def forget(connection: Connection, now: datetime) -> None:
    """Days that are over limit nothing any more."""
    connection.execute("DELETE FROM x_exports WHERE day < ?", (_day(now),))


def erase(connection: Connection, chat: int) -> None:
    connection.execute("DELETE FROM x_exports WHERE chat = ?", (chat,))


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
