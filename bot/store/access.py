"""Who may use this instance: chats that an operator has shut out, and those that were told that it is closed.

Of a chat that is not let in nothing else is kept.
"""

from datetime import datetime

from bot.store import subscribers
from bot.store.connection import Connection
from bot.store.times import to_ms


def bar(connection: Connection, chat: int, now: datetime) -> None:
    """Shut the chat out: it is told nothing any more and may only read, take away and erase what is kept of it."""
    connection.execute("INSERT INTO barred (chat, at) VALUES (?, ?) ON CONFLICT DO NOTHING", (chat, to_ms(now)))
    subscribers.deactivate(connection, chat, "barred", now)


def admit(connection: Connection, chat: int) -> None:
    """Let the chat in again, with the settings that it had."""
    connection.execute("DELETE FROM barred WHERE chat = ?", (chat,))
    subscribers.readmit(connection, chat)


def is_barred(connection: Connection, chat: int) -> bool:
    return connection.execute("SELECT 1 FROM barred WHERE chat = ?", (chat,)).fetchone() is not None


def count_barred(connection: Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM barred").fetchone()[0]
    return found


def tell_barred(connection: Connection, chat: int) -> bool:
    """Whether to say it: once."""
    row = connection.execute("UPDATE barred SET told = 1 WHERE chat = ? AND NOT told RETURNING 1", (chat,)).fetchone()
    return row is not None


def turn_away(connection: Connection, chat: int, now: datetime) -> bool:
    """Whether to tell a chat that this instance is closed: once."""
    row = connection.execute(
        "INSERT INTO turned_away (chat, at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1", (chat, to_ms(now))
    ).fetchone()
    return row is not None


def forget(connection: Connection, before: datetime) -> int:
    """Forget who was turned away before then. Returns how many."""
    return connection.execute("DELETE FROM turned_away WHERE at < ?", (to_ms(before),)).rowcount
