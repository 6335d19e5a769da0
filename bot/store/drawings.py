"""Pictures of counts on their way to those who want one with their digest: drawn once, uploaded once."""

from datetime import datetime

from bot.store.connection import Connection
from bot.store.times import to_ms


def put(connection: Connection, png: bytes, now: datetime) -> int:
    """Returns its number."""
    drawn = connection.execute("INSERT INTO drawings (png, made_at) VALUES (?, ?)", (png, to_ms(now)))
    return drawn.lastrowid or 0


def get(connection: Connection, id: int) -> tuple[bytes, str] | None:
    """The PNG, and by what name Telegram knows it (empty while it does not); None if it is not kept any more."""
    row = connection.execute("SELECT png, file_id FROM drawings WHERE id = ?", (id,)).fetchone()
    return (row[0], row[1]) if row else None


def known_as(connection: Connection, id: int, file_id: str) -> None:
    """Telegram has it under this name."""
    connection.execute("UPDATE drawings SET file_id = ? WHERE id = ?", (file_id, id))


def forget(connection: Connection, made_before: datetime) -> None:
    connection.execute("DELETE FROM drawings WHERE made_at < ?", (to_ms(made_before),))
