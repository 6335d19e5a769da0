"""What is said: notifications by their key, and the words in which they are said, rendered once and shared."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import fields

from bot.models import Button, Entity, Message
from bot.store.connection import Connection


def notification(connection: Connection, key: str) -> int:
    """The number under which the outbox knows this key."""
    connection.execute("INSERT INTO notifications (key) VALUES (?) ON CONFLICT DO NOTHING", (key,))
    number: int = connection.execute("SELECT id FROM notifications WHERE key = ?", (key,)).fetchone()[0]
    return number


def put(connection: Connection, notification: int, part: int, message: Message, audience: str = "") -> int:
    """The number of these words; each part and audience of a notification has its own."""
    text = to_json(message)
    known = "\n".join((str(part), audience, text))
    sha256 = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()
    connection.execute(
        "INSERT INTO bodies (notification, part, audience, sha256, message) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (notification, part, audience, sha256, text),
    )
    body: int = connection.execute(
        "SELECT id FROM bodies WHERE notification = ? AND sha256 = ?", (notification, sha256)
    ).fetchone()[0]
    return body


def read(connection: Connection, ids: Collection[int]) -> dict[int, Message]:
    rows = connection.execute(
        "SELECT id, message FROM bodies WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    return {id: from_json(message) for id, message in rows}


def drop(connection: Connection, id: int) -> None:
    """Forget these words; no row may have them any more."""
    connection.execute("DELETE FROM bodies WHERE id = ?", (id,))


def forget(connection: Connection) -> None:
    """Drop the notifications that no row of the outbox has any more, with their words."""
    connection.execute(
        "DELETE FROM notifications WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE notification = notifications.id)"
    )


def forget_unread(connection: Connection, ids: Collection[int]) -> None:
    """Drop those of these words that no row of the outbox has any more, though others have the same notification.

    Every row of a notification is looked at for words that go: some milliseconds for a hundred thousand.
    """
    connection.execute(
        """DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE outbox.notification = bodies.notification AND outbox.body = bodies.id
        )""",
        (json.dumps(list(ids)),),
    )


def to_json(message: Message) -> str:
    def short(part: Entity | Button) -> dict[str, object]:
        return {one.name: value for one in fields(part) if (value := getattr(part, one.name)) != one.default}

    return json.dumps(
        {
            "text": message.text,
            "entities": [short(entity) for entity in message.entities],
            "buttons": [[short(button) for button in row] for row in message.buttons],
            **({"picture": message.picture} if message.picture else {}),
            **({"drawing": message.drawing} if message.drawing else {}),
        },
        ensure_ascii=False,
    )


def from_json(text: str) -> Message:
    held = json.loads(text)
    return Message(
        held["text"],
        tuple(Entity(**entity) for entity in held["entities"]),
        tuple(tuple(Button(**button) for button in row) for row in held["buttons"]),
        held.get("picture", ""),
        held.get("drawing", 0),
    )
