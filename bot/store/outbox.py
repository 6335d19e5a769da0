"""The outbox: the only way a message that nobody asked for leaves the house.

A row goes queued ─▶ sending ─▶ sent, or back with a later `due_at` (deferred: Telegram said not now; unknown: nobody
can tell whether it arrived), or ends as refused. `due_at` NULL: nothing more happens to it. What was sent keeps the
number of its message; when its words are amended it is due once more, as an edit of that message.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import get_args

from bot.models import Button, Entity, Lane, Message, Notification
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

LANES: tuple[Lane, ...] = get_args(Lane)
"""The first goes first; the table holds the number."""


# --- messages as JSON


def to_json(message: Message) -> str:
    def short(part: Entity | Button) -> dict[str, object]:
        return {one.name: value for one in fields(part) if (value := getattr(part, one.name)) != one.default}

    return json.dumps(
        {
            "text": message.text,
            "entities": [short(entity) for entity in message.entities],
            "buttons": [[short(button) for button in row] for row in message.buttons],
        },
        ensure_ascii=False,
    )


def from_json(text: str) -> Message:
    held = json.loads(text)
    return Message(
        held["text"],
        tuple(Entity(**entity) for entity in held["entities"]),
        tuple(tuple(Button(**button) for button in row) for row in held["buttons"]),
    )


# --- who is to be told of a post


@dataclass(frozen=True, slots=True)
class Subject:
    """What a post is about, for those who may want to know.

    `speakers` and `sides` of those who speak in it (mentions do not count), its source, the topics that it touches,
    and the numbers of the watches that match it.
    """

    speakers: Collection[str]
    sides: Collection[str]
    source: str
    topics: Collection[str]
    watches: Collection[int]


@dataclass(frozen=True, slots=True)
class Audience:
    """Subscribers who get the same words: their language and zone, and the watches (as typed) and topics (ids) that
    brought the post to them.
    """

    language: str
    zone: str
    watches: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


def audiences(connection: Connection, subject: Subject) -> dict[Audience, list[tuple[int, bool]]]:
    """The active subscribers to be told at once, grouped by what they get; each with whether silently."""
    rows = connection.execute(
        """WITH reasons (subscriber, how, watch, topic) AS (
            SELECT subscriber, how, NULL, NULL FROM follows WHERE what = 'all' AND :spoken
            UNION ALL
            SELECT subscriber, how, NULL, NULL FROM follows
                WHERE what = 'speaker' AND value IN (SELECT value FROM json_each(:speakers))
            UNION ALL
            SELECT subscriber, how, NULL, NULL FROM follows
                WHERE what = 'side' AND value IN (SELECT value FROM json_each(:sides))
            UNION ALL
            SELECT subscriber, how, NULL, NULL FROM follows WHERE what = 'source' AND value = :source
            UNION ALL
            SELECT subscriber, how, NULL, value FROM follows
                WHERE what = 'topic' AND value IN (SELECT value FROM json_each(:topics))
            UNION ALL
            SELECT subscriber, how, query, NULL FROM watches
                WHERE id IN (SELECT value FROM json_each(:watches))
        )
        SELECT subscribers.id, language, zone, min(how = 'silent'), json_group_array(watch), json_group_array(topic)
        FROM reasons JOIN subscribers ON subscribers.id = subscriber
        WHERE state = 'active' AND how <> 'digest'
        GROUP BY subscribers.id ORDER BY subscribers.id""",
        {
            "spoken": bool(subject.speakers),
            "speakers": json.dumps(list(subject.speakers)),
            "sides": json.dumps(list(subject.sides)),
            "source": subject.source,
            "topics": json.dumps(list(subject.topics)),
            "watches": json.dumps(list(subject.watches)),
        },
    )
    groups: dict[Audience, list[tuple[int, bool]]] = {}
    for subscriber, language, zone, silent, watches, topics in rows:
        audience = Audience(language, zone, _given(watches), _given(topics))
        groups.setdefault(audience, []).append((subscriber, bool(silent)))
    return groups


def _given(found: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in json.loads(found) if value is not None))


# --- queueing


def tell(
    connection: Connection, subject: Subject, key: str, render: Callable[[Audience], Sequence[Message]], now: datetime
) -> int:
    """Queue an alert for everybody whom the subject concerns, each text rendered once. Returns how many chats."""
    told = 0
    for audience, members in audiences(connection, subject).items():
        queue(connection, members, key, render(audience), "alert", now, audience)
        told += len(members)
    return told


def amend(connection: Connection, key: str, render: Callable[[Audience], Sequence[Message]], now: datetime) -> int:
    """Give what was told under this key other words, each rendered once for its audience as it was told.

    What has arrived is edited in its chat; what still waits goes out in the new words; several amendments in a row
    become one edit, the newest. What was refused or may not have arrived is left, and so are subscribers who are not
    active. A part more than was told is not sent, a part less leaves the old one. Returns how many messages.
    """
    amended = 0
    rendered: dict[str, Sequence[Message]] = {}
    told = connection.execute("SELECT id, part, audience FROM bodies WHERE key = ? ORDER BY id", (key,)).fetchall()
    for old, part, whose in told:
        audience = _audience(whose)
        if whose not in rendered:
            rendered[whose] = render(audience)
        if part >= len(rendered[whose]):
            continue
        new = _body(connection, rendered[whose][part], key, part, audience)
        amended += connection.execute(
            """UPDATE outbox SET body = :new,
                state = iif(due_at IS NULL, 'queued', state),
                attempts = iif(due_at IS NULL, 0, attempts),
                settled_at = NULL,
                due_at = coalesce(due_at, :now)
            WHERE body = :old AND body <> :new AND (due_at IS NOT NULL OR (state = 'sent' AND message_id > 0))
            AND subscriber IN (SELECT id FROM subscribers WHERE state = 'active')""",
            {"new": new, "old": old, "now": to_ms(now)},
        ).rowcount
    return amended


def queue(
    connection: Connection,
    members: Sequence[tuple[int, bool]],
    key: str,
    messages: Sequence[Message],
    lane: Lane,
    now: datetime,
    audience: Audience | None = None,
) -> None:
    """Queue the same messages, in this order, for each (subscriber, silently).

    A subscriber who has had something under this key already gets nothing: the key says what is said. With their
    `audience` the words can be amended later.
    """
    for part, message in enumerate(messages):
        body = _body(connection, message, key, part, audience)
        connection.executemany(
            "INSERT INTO outbox (subscriber, key, body, lane, silent, state, due_at, queued_at) "
            "VALUES (?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT DO NOTHING",
            [
                (subscriber, f"{key}:{part}", body, LANES.index(lane), silent, to_ms(now), to_ms(now))
                for subscriber, silent in members
            ],
        )


def _body(connection: Connection, message: Message, key: str, part: int, audience: Audience | None) -> int:
    """The number of the body with these words; of what can be amended each key, part and audience has its own."""
    text = to_json(message)
    whose = None if audience is None else json.dumps(astuple(audience), ensure_ascii=False)
    known = text if whose is None else f"{key}\n{part}\n{whose}\n{text}"
    sha256 = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()
    connection.execute(
        "INSERT INTO bodies (sha256, message, key, part, audience) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (sha256, text, *((None, 0, None) if whose is None else (key, part, whose))),
    )
    body: int = connection.execute("SELECT id FROM bodies WHERE sha256 = ?", (sha256,)).fetchone()[0]
    return body


def _audience(text: str) -> Audience:
    language, zone, watches, topics = json.loads(text)
    return Audience(language, zone, tuple(watches), tuple(topics))


# --- sending


def claim(connection: Connection, now: datetime, limit: int) -> list[Notification]:
    """Take up to `limit` rows that are due into `sending`, the first lane first.

    Of each subscriber at most one, and only the first that it waits for: order within a chat is kept, and a chat has
    one message in flight.
    """
    claimed: list[int] = []
    for lane in range(len(LANES)):
        rows = connection.execute(
            """SELECT id FROM outbox AS row
            WHERE lane = :lane AND due_at <= :now AND due_at IS NOT NULL AND state <> 'sending' AND NOT EXISTS (
                SELECT 1 FROM outbox AS other
                WHERE other.subscriber = row.subscriber AND other.due_at IS NOT NULL
                AND (other.state = 'sending' OR (other.lane, other.id) < (row.lane, row.id))
            ) ORDER BY due_at, id LIMIT :most""",
            {"lane": lane, "now": to_ms(now), "most": limit - len(claimed)},
        )
        claimed += [id for (id,) in rows]
        if len(claimed) >= limit:
            break
    connection.execute(
        "UPDATE outbox SET state = 'sending' WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(claimed),)
    )
    return _notifications(connection, claimed)


def sent(connection: Connection, row: Notification, message_id: int, now: datetime) -> None:
    """It stands in the chat under this number (0: the answer gave none). Words that were amended while it was on its
    way are due at once.
    """
    connection.execute(
        """UPDATE outbox SET state = 'sent', due_at = NULL, settled_at = :now, error = '', attempts = attempts + 1,
            message_id = coalesce(nullif(:message_id, 0), message_id)
        WHERE id = :id""",
        {"id": row.id, "message_id": message_id, "now": to_ms(now)},
    )
    connection.execute(
        """UPDATE outbox SET state = 'queued', due_at = :now, settled_at = NULL, attempts = 0
        WHERE id = :id AND body <> :body AND message_id > 0""",
        {"id": row.id, "body": row.body, "now": to_ms(now)},
    )


def defer(connection: Connection, id: int, due_at: datetime, error: str, *, counted: bool = True) -> None:
    """It did not arrive and may be tried again then; `counted` as an attempt unless the pace alone held it up."""
    _put_back(connection, id, "deferred", due_at, error, counted=counted)


def unknown(connection: Connection, id: int, due_at: datetime | None, error: str, now: datetime) -> None:
    """Nobody can tell whether it arrived. With `due_at` it is sent once more then; without, it stays unknown."""
    connection.execute("UPDATE outbox SET doubts = doubts + 1 WHERE id = ?", (id,))
    if due_at is None:
        _settle(connection, id, "unknown", error, now)
    else:
        _put_back(connection, id, "unknown", due_at, error, counted=True)


def refuse(connection: Connection, id: int, error: str, now: datetime) -> None:
    """It will never arrive; a message that stands already keeps its old words."""
    _settle(connection, id, "refused", error, now)


def hold(connection: Connection, chat: int, until: datetime) -> None:
    """Nothing goes to this chat before then: all that waits for it waits until then."""
    connection.execute(
        """UPDATE outbox SET due_at = max(due_at, ?) WHERE due_at IS NOT NULL AND state <> 'sending'
        AND subscriber IN (SELECT id FROM subscribers WHERE chat = ?)""",
        (to_ms(until), chat),
    )


def interrupted(connection: Connection) -> list[Notification]:
    """At start: what the last process was sending when it ended. Nobody can tell whether these arrived."""
    rows = connection.execute("SELECT id FROM outbox WHERE state = 'sending' ORDER BY id")
    return _notifications(connection, [id for (id,) in rows])


def _notifications(connection: Connection, ids: Sequence[int]) -> list[Notification]:
    rows = connection.execute(
        """SELECT outbox.id, subscriber, chat, thread, lane, message, silent, attempts, doubts, body,
            coalesce(message_id, 0)
        FROM outbox JOIN subscribers ON subscribers.id = subscriber JOIN bodies ON bodies.id = body
        WHERE outbox.id IN (SELECT value FROM json_each(?)) ORDER BY lane, due_at, outbox.id""",
        (json.dumps(ids),),
    )
    return [
        Notification(id, subscriber, chat, thread, LANES[lane], from_json(message), bool(silent), *rest)
        for id, subscriber, chat, thread, lane, message, silent, *rest in rows
    ]


def next_due_at(connection: Connection) -> datetime | None:
    """When the next row falls due; None if nothing waits."""
    earliest: int | None
    (earliest,) = connection.execute(
        "SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL AND state <> 'sending'"
    ).fetchone()
    return from_ms(earliest)


def overdue_since(connection: Connection, now: datetime) -> datetime | None:
    """Since when the row has been due that could have been sent first; None if nothing is due.

    A row that waits behind another one of its chat does not count: the first one's time decides.
    """
    earliest: int | None
    (earliest,) = connection.execute(
        """SELECT min(due_at) FROM outbox AS row WHERE due_at <= ? AND due_at IS NOT NULL AND state <> 'sending'
        AND NOT EXISTS (
            SELECT 1 FROM outbox AS other WHERE other.subscriber = row.subscriber AND other.due_at IS NOT NULL
            AND (other.lane, other.id) < (row.lane, row.id)
        )""",
        (to_ms(now),),
    ).fetchone()
    return from_ms(earliest)


def counts(connection: Connection) -> dict[str, int]:
    """How many rows wait, by state."""
    return dict(connection.execute("SELECT state, count(*) FROM outbox WHERE due_at IS NOT NULL GROUP BY state"))


def depths(connection: Connection) -> list[tuple[Lane, str, int]]:
    """How many rows wait, by lane and state."""
    rows = connection.execute("SELECT lane, state, count(*) FROM outbox WHERE due_at IS NOT NULL GROUP BY lane, state")
    return [(LANES[lane], state, count) for lane, state, count in rows]


def forget(connection: Connection, before: datetime) -> int:
    """Drop what was settled before then, with the texts that nothing points at any more. Returns how many rows.

    The keys go too; they guard against repeating a post's alert only as long as the post can be queued again, which
    ends with the transaction that stored it.
    """
    dropped = connection.execute("DELETE FROM outbox WHERE settled_at < ?", (to_ms(before),)).rowcount
    if dropped:
        forget_bodies(connection)
    return dropped


def forget_bodies(connection: Connection) -> None:
    """Drop the texts that nothing points at any more."""
    connection.execute("DELETE FROM bodies WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE body = bodies.id)")


def _settle(connection: Connection, id: int, state: str, error: str, now: datetime) -> None:
    connection.execute(
        "UPDATE outbox SET state = iif(message_id > 0, 'sent', ?), due_at = NULL, settled_at = ?, error = ?, "
        "attempts = attempts + 1 WHERE id = ?",
        (state, to_ms(now), error, id),
    )


def _put_back(connection: Connection, id: int, state: str, due_at: datetime, error: str, *, counted: bool) -> None:
    connection.execute(
        "UPDATE outbox SET state = ?, due_at = ?, error = ?, attempts = attempts + ? WHERE id = ?",
        (state, to_ms(due_at), error[:500], counted, id),
    )


def catch_up_later(connection: Connection, subject: Subject, post: int, now: datetime) -> None:
    """Note a post found after a long silence, for one message to each instead of an alert."""
    for members in audiences(connection, subject).values():
        connection.executemany(
            "INSERT INTO late (subscriber, post, found_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(subscriber, post, to_ms(now)) for subscriber, _ in members],
        )


def late(connection: Connection, found_before: datetime) -> dict[int, list[int]]:
    """The posts of each active subscriber whose first late one was found before then."""
    rows = connection.execute(
        """SELECT subscriber, post FROM late JOIN subscribers ON id = subscriber WHERE state = 'active'
        AND subscriber IN (SELECT subscriber FROM late WHERE found_at <= ?) ORDER BY subscriber, post""",
        (to_ms(found_before),),
    )
    waiting: dict[int, list[int]] = {}
    for subscriber, post in rows:
        waiting.setdefault(subscriber, []).append(post)
    return waiting


def caught_up(connection: Connection, subscriber: int) -> None:
    connection.execute("DELETE FROM late WHERE subscriber = ?", (subscriber,))


def set_aside(connection: Connection, now: datetime) -> None:
    """In a copy that is put back: nobody can tell what became of what waited in it, so nothing of it is sent.

    Posts of which somebody was to be told at once are noted for their catch-up message.
    """
    connection.execute(
        """INSERT INTO late (subscriber, post, found_at)
        SELECT subscriber, posts.id, :now FROM outbox JOIN posts ON posts.id = CAST(substr(key, 6) AS INTEGER)
        WHERE key LIKE 'post:%' AND due_at IS NOT NULL AND message_id IS NULL ON CONFLICT DO NOTHING""",
        {"now": to_ms(now)},
    )
    connection.execute(
        """UPDATE outbox SET state = iif(message_id > 0, 'sent', 'unknown'), due_at = NULL, settled_at = ?,
            error = 'it waited when a copy was made that was put back' WHERE due_at IS NOT NULL""",
        (to_ms(now),),
    )
