"""Channels and groups that somebody sets up from their private chat, having shown that they administer them.

Whether they still are is asked of Telegram again whenever something is to be changed; this remembers only which chats
they named, and which one what they say now is about.
"""

from dataclasses import dataclass
from typing import Any

from bot.store.connection import Connection

_COLUMNS = "id, user, chat, kind, title, current"


@dataclass(frozen=True, slots=True)
class Managed:
    """`chat` as `user` sees it from their private chat; `current` if what they say there is about it."""

    id: int
    user: int
    chat: int
    kind: str
    title: str
    current: bool = False


def choose(connection: Connection, user: int, chat: int, kind: str, title: str) -> Managed:
    """From here on what the user says in private is about this chat."""
    leave(connection, user)
    row = connection.execute(
        f"""INSERT INTO managed (user, chat, kind, title, current) VALUES (?, ?, ?, ?, 1)
        ON CONFLICT DO UPDATE SET kind = excluded.kind, title = excluded.title, current = 1
        RETURNING {_COLUMNS}""",  # noqa: S608
        (user, chat, kind, title),
    ).fetchone()
    return _managed(row)


def leave(connection: Connection, user: int) -> None:
    """From here on what the user says in private is about that private chat."""
    connection.execute("UPDATE managed SET current = 0 WHERE user = ?", (user,))


def current(connection: Connection, user: int) -> Managed | None:
    """The chat that what this user says in private is about, if it is another one."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM managed WHERE user = ? AND current", (user,)).fetchone()  # noqa: S608
    return _managed(row) if row else None


def find(connection: Connection, id: int, user: int) -> Managed | None:
    """The one with that number, if it is this user's."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM managed WHERE id = ? AND user = ?",  # noqa: S608
        (id, user),
    ).fetchone()
    return _managed(row) if row else None


def of(connection: Connection, user: int) -> list[Managed]:
    """All that this user has named, those named last first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM managed WHERE user = ? ORDER BY id DESC", (user,))  # noqa: S608
    return [_managed(row) for row in rows]


def drop(connection: Connection, id: int) -> None:
    """The user is no administrator there any more, or the bot is not there."""
    connection.execute("DELETE FROM managed WHERE id = ?", (id,))


def erase(connection: Connection, chat: int) -> None:
    """Whatever is kept of it, as a chat that is managed and as a person who manages."""
    connection.execute("DELETE FROM managed WHERE user = ?1 OR chat = ?1", (chat,))


def move(connection: Connection, chat: int, new_chat: int) -> None:
    """The group has another number now."""
    connection.execute("UPDATE OR IGNORE managed SET chat = ?, kind = 'supergroup' WHERE chat = ?", (new_chat, chat))
    connection.execute("DELETE FROM managed WHERE chat = ?", (chat,))


def _managed(row: Any) -> Managed:
    id, user, chat, kind, title, is_current = row
    return Managed(id, user, chat, kind, title, bool(is_current))
