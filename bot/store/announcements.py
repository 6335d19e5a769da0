"""What operators write to all: drafted, then queued in the lane of broadcasts, and taken back as far as it waits.

A draft outlives a restart. A chat gets an announcement once, however many of its topics are subscribed, and none if it
wants none.
"""

from datetime import datetime
from typing import Any

from bot.models import Announcement, Message, Progress
from bot.store import bodies
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

_COLUMNS = "id, message, state, language, at, chats"

_WANTED = """SELECT min(id) AS subscriber, language FROM subscribers
    WHERE state = 'active' AND :language IN ('', language) GROUP BY chat HAVING min(announcements) = 1"""

_WAITS = "state IN ('queued', 'deferred') AND due_at IS NOT NULL AND message_id IS NULL"


def key(id: int) -> str:
    """Under which the outbox knows it."""
    return f"announcement:{id}"


def draft(connection: Connection, message: Message, now: datetime) -> Announcement:
    row = connection.execute(
        f"INSERT INTO announcements (message, state, at) VALUES (?, 'drafted', ?) RETURNING {_COLUMNS}",  # noqa: S608
        (bodies.to_json(message), to_ms(now)),
    ).fetchone()
    return _announcement(row)


def find(connection: Connection, id: int) -> Announcement | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM announcements WHERE id = ?", (id,)).fetchone()  # noqa: S608
    return _announcement(row) if row else None


def newest(connection: Connection, limit: int) -> list[Announcement]:
    """Those that were sent, the newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM announcements WHERE state <> 'drafted' ORDER BY id DESC LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [_announcement(row) for row in rows]


def readers(connection: Connection) -> dict[str, int]:
    """How many chats would get one, by language."""
    return dict(
        connection.execute(f"SELECT language, count(*) FROM ({_WANTED}) GROUP BY language", {"language": ""})  # noqa: S608
    )


def send(connection: Connection, id: int, language: str, now: datetime) -> dict[str, list[int]] | None:
    """It is sent from here on: to which subscribers, by language. None if it is no draft any more."""
    drafted = connection.execute(
        "UPDATE announcements SET state = 'sent', language = ?, at = ? WHERE id = ? AND state = 'drafted' RETURNING 1",
        (language, to_ms(now), id),
    ).fetchone()
    if drafted is None:
        return None
    found: dict[str, list[int]] = {}
    for subscriber, spoken in connection.execute(_WANTED, {"language": language}):
        found.setdefault(spoken, []).append(subscriber)
    chats = sum(map(len, found.values()))
    connection.execute("UPDATE announcements SET chats = ? WHERE id = ?", (chats, id))
    return found


def drop(connection: Connection, id: int) -> bool:
    """Forget a draft. False if it is none any more."""
    row = connection.execute(
        "DELETE FROM announcements WHERE id = ? AND state = 'drafted' RETURNING 1", (id,)
    ).fetchone()
    return row is not None


def take_back(connection: Connection, announcement: Announcement, now: datetime) -> int:
    """What has not been sent of it will not be. Returns how many chats that spares."""
    connection.execute(
        "UPDATE announcements SET state = 'taken back', at = ? WHERE id = ? AND state = 'sent'",
        (to_ms(now), announcement.id),
    )
    return connection.execute(
        f"""UPDATE outbox SET state = 'refused', due_at = NULL, settled_at = ?, error = 'an operator took it back'
        WHERE notification = (SELECT id FROM notifications WHERE key = ?) AND {_WAITS}""",  # noqa: S608
        (to_ms(now), key(announcement.id)),
    ).rowcount


def progress(connection: Connection, announcement: Announcement) -> Progress:
    """Of what the outbox still remembers."""
    rows = connection.execute(
        """SELECT CASE WHEN state = 'sent' THEN 'sent' WHEN state = 'unknown' AND due_at IS NULL THEN 'unknown'
            WHEN state = 'refused' THEN 'refused' ELSE 'waiting' END AS what, count(*)
        FROM outbox WHERE notification = (SELECT id FROM notifications WHERE key = ?) GROUP BY what""",
        (key(announcement.id),),
    )
    return Progress(**dict(rows))


def forget(connection: Connection, before: datetime) -> int:
    """Drop what got its state before then. Returns how many."""
    return connection.execute("DELETE FROM announcements WHERE at < ?", (to_ms(before),)).rowcount


def want(connection: Connection, chat: int, wanted: bool) -> None:
    """Whether the chat, in all its topics, gets announcements from here on."""
    connection.execute("UPDATE subscribers SET announcements = ? WHERE chat = ?", (wanted, chat))


def _announcement(row: Any) -> Announcement:
    id, message, state, language, at, chats = row
    return Announcement(id, bodies.from_json(message), state, language, from_ms(at), chats)
