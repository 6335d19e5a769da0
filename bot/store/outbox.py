"""The outbox: the only way a message that nobody asked for leaves the house.

A row goes queued ─▶ sending ─▶ sent, or back with a later `due_at` (deferred: Telegram said not now; unknown: nobody
can tell whether it arrived), or ends as refused. `due_at` NULL: nothing more happens to it. What was sent keeps the
number of its message; when its words are amended it is due once more, as an edit of that message.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import get_args

from bot.models import Lane, Message, Notification, Post, Retold
from bot.store import bodies, late
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

LANES: tuple[Lane, ...] = get_args(Lane)
"""The first goes first; the table holds the number."""

EDITS = LANES.index("digest")
"""The lane of an edit: an alert that somebody waits for goes before one that was read already."""

STANDING = "due_at IS NOT NULL AND state <> 'sending'"
SENDING = "state = 'sending'"
"""Together all rows that wait; each has an index of its own, so that those that are settled are not looked at."""

FORGOTTEN_AT_ONCE = 10_000
"""Rows dropped in one transaction, about 50 ms of the writer's time."""


# --- who is to be told of a post


@dataclass(frozen=True, slots=True)
class Subject:
    """What a post is about, for those who may want to know.

    `speakers` and `sides` of those who speak in it, `mentioned` and `mentioned_sides` of those who are only named, its
    source, the topics that it touches, and the numbers of the watches that match it; `pictured`: whether there is a
    picture to show.
    """

    speakers: Collection[str]
    sides: Collection[str]
    source: str
    topics: Collection[str]
    watches: Collection[int]
    mentioned: Collection[str] = ()
    mentioned_sides: Collection[str] = ()
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """Subscribers who get the same words: their language and zone, the watches (as typed) and topics (ids) that
    brought the post to them, how they want to be told what is told again, and whether they are shown its picture,
    the preview of its page, and a translation.
    """

    language: str
    zone: str
    watches: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    retold: Retold = "attach"
    pictures: bool = False
    previews: bool = False
    translate: bool = False


def audiences(connection: Connection, subject: Subject, now: datetime) -> dict[Audience, list[tuple[int, bool]]]:
    """The active subscribers to be told at once, grouped by what they get; each with whether silently.

    Not who has muted everybody that speaks in it; and a watch that is muted brings nothing.
    """
    groups: dict[Audience, list[tuple[int, bool]]] = {}
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
            SELECT subscriber, how, NULL, NULL FROM follows JOIN subscribers ON id = subscriber AND mentions
                WHERE what = 'all' AND :named
                OR what = 'speaker' AND value IN (SELECT value FROM json_each(:mentioned))
                OR what = 'side' AND value IN (SELECT value FROM json_each(:mentioned_sides))
            UNION ALL
            SELECT subscriber, how, NULL, NULL FROM follows WHERE what = 'source' AND value = :source
            UNION ALL
            SELECT subscriber, how, NULL, value FROM follows
                WHERE what = 'topic' AND value IN (SELECT value FROM json_each(:topics))
            UNION ALL
            SELECT subscriber, how, query, NULL FROM watches
                WHERE id IN (SELECT value FROM json_each(:watches)) AND NOT EXISTS (
                    SELECT 1 FROM mutes WHERE mutes.subscriber = watches.subscriber AND what = 'watch'
                    AND value = CAST(watches.id AS TEXT) AND (ends_at IS NULL OR ends_at > :now)
                )
        )
        , muted (subscriber) AS (
            SELECT subscriber FROM mutes
            WHERE what = 'speaker' AND value IN (SELECT value FROM json_each(:speakers))
                AND (ends_at IS NULL OR ends_at > :now)
            GROUP BY subscriber HAVING count(*) = :heard
        )
        , told (subscriber, silent, watches, topics) AS (
            SELECT subscriber, min(how = 'silent'),
                json_group_array(watch) FILTER (WHERE watch IS NOT NULL),
                json_group_array(topic) FILTER (WHERE topic IS NOT NULL)
            FROM reasons WHERE how NOT IN ('digest', 'off') AND subscriber NOT IN (SELECT subscriber FROM muted)
            GROUP BY subscriber
        )
        SELECT language, zone, watches, topics, retold, pictures AND :pictured AS pictured, previews, translate, silent,
            json_group_array(id)
        FROM told JOIN subscribers ON id = subscriber
        WHERE state = 'active'
        GROUP BY language, zone, watches, topics, retold, pictured, previews, translate, silent ORDER BY min(id)""",
        {
            "now": to_ms(now),
            "spoken": bool(subject.speakers),
            "heard": len(set(subject.speakers)),
            "speakers": json.dumps(list(subject.speakers)),
            "sides": json.dumps(list(subject.sides)),
            "source": subject.source,
            "topics": json.dumps(list(subject.topics)),
            "watches": json.dumps(list(subject.watches)),
            "pictured": subject.pictured,
            "named": bool(subject.mentioned),
            "mentioned": json.dumps(list(subject.mentioned)),
            "mentioned_sides": json.dumps(list(subject.mentioned_sides)),
        },
    )
    for language, zone, watches, topics, retold, pictured, previews, translate, silent, members in rows:
        shown = bool(pictured), bool(previews), bool(translate)
        audience = Audience(language, zone, _given(watches), _given(topics), retold, *shown)
        told = [(subscriber, bool(silent)) for subscriber in json.loads(members)]
        groups.setdefault(audience, []).extend(told)
    return groups


def _given(found: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(json.loads(found)))


# --- queueing


def tell(
    connection: Connection,
    subject: Subject,
    post: int,
    render: Callable[[Audience], Sequence[Message]],
    now: datetime,
    *,
    known: Collection[int] = (),
) -> int:
    """Queue an alert of a post for everybody whom the subject concerns, each text rendered once. Returns how many
    chats that are.

    It goes before others to whom a watch of their own brought it with sound. For whom alerts are held it waits in
    `late`. `known`: subscribers who have been told as much before; of them only those who want each telling.
    """
    told = 0
    held = holds(connection, subject, now)
    for audience, members in audiences(connection, subject, now).items():
        new = [one for one in members if audience.retold == "now" or one[0] not in known]
        at_once = hold_back(connection, post, new, held, now)
        if at_once:
            messages = render(audience)
            for lane, some in _by_urgency(audience, at_once):
                queue(connection, some, f"post:{post}", messages, lane, now, audience)
        told += len(new)
    return told


def holds(connection: Connection, subject: Subject, now: datetime) -> Mapping[int, late.Hold]:
    """The subscribers for whom an alert of this is held: not those whom an urgent watch brings it."""
    held = late.holds(connection, now)
    urgent = connection.execute(
        "SELECT subscriber FROM watches WHERE how = 'urgent' AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(subject.watches)),),
    )
    for (subscriber,) in urgent:
        held.pop(subscriber, None)
    return held


def hold_back(
    connection: Connection,
    post: int,
    members: Sequence[tuple[int, bool]],
    held: Mapping[int, late.Hold],
    now: datetime,
) -> list[tuple[int, bool]]:
    """Put away what is held of it for these; returns those who are told at once."""
    kept: dict[late.Hold, list[tuple[int, bool]]] = {}
    at_once = []
    for member in members:
        if (hold := held.get(member[0])) is None:
            at_once.append(member)
        else:
            kept.setdefault(hold, []).append(member)
    for hold, some in kept.items():
        late.put(connection, post, some, hold.until, now, hold.why)
    return at_once


def _by_urgency(
    audience: Audience, members: Sequence[tuple[int, bool]]
) -> Iterator[tuple[Lane, Sequence[tuple[int, bool]]]]:
    if not audience.watches:
        yield "alert", members
        return
    yield "urgent", [member for member in members if not member[1]]
    yield "alert", [member for member in members if member[1]]


def have_been_told(connection: Connection, keys: Collection[str]) -> frozenset[int]:
    """The subscribers who were told under one of the keys, or will be."""
    rows = connection.execute(
        """SELECT subscriber FROM outbox WHERE part = 0 AND state <> 'refused' AND notification IN (
            SELECT id FROM notifications WHERE key IN (SELECT value FROM json_each(?))
        )""",
        (json.dumps(list(keys)),),
    )
    return frozenset(subscriber for (subscriber,) in rows)


def amend(connection: Connection, key: str, render: Callable[[Audience], Sequence[Message]], now: datetime) -> int:
    """Give what was told under this key other words, each rendered once for its audience as it was told.

    What has arrived is edited in its chat, after all alerts; what still waits goes out in the new words; several
    amendments in a row become one edit, the newest. What was refused or may not have arrived is left, and so are
    subscribers who are not active. A part more than was told is not sent, a part less leaves the old one. Returns how
    many messages.
    """
    amended = 0
    rendered: dict[str, Sequence[Message]] = {}
    told = connection.execute(
        """SELECT notification, bodies.id, part, audience FROM bodies
        JOIN notifications ON notifications.id = notification WHERE key = ? AND audience <> '' ORDER BY bodies.id""",
        (key,),
    ).fetchall()
    for notification, old, part, whose in told:
        if whose not in rendered:
            rendered[whose] = render(_audience(whose))
        if part >= len(rendered[whose]):
            continue
        new = bodies.put(connection, notification, part, rendered[whose][part], whose)
        amended += _give(connection, notification, part, old, new, now)
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
    if not members:
        return
    notification = bodies.notification(connection, key)
    whose = "" if audience is None else json.dumps(astuple(audience), ensure_ascii=False)
    for part, message in enumerate(messages):
        body = bodies.put(connection, notification, part, message, whose)
        for silent in (False, True):
            connection.execute(
                """INSERT INTO outbox (subscriber, notification, part, body, lane, silent, state, due_at, queued_at)
                SELECT value, :notification, :part, :body, :lane, :silent, 'queued', :now, :now
                FROM json_each(:subscribers) WHERE true ON CONFLICT DO NOTHING""",
                {
                    "notification": notification,
                    "part": part,
                    "body": body,
                    "lane": LANES.index(lane),
                    "silent": silent,
                    "now": to_ms(now),
                    "subscribers": json.dumps([subscriber for subscriber, quiet in members if quiet == silent]),
                },
            )


# --- words that must go


@dataclass(frozen=True, slots=True)
class Told:
    """Words that were told of a post, or wait to be: under which key, which part, to whom."""

    key: str
    part: int
    audience: Audience
    message: Message
    notification: int
    body: int
    whose: str


def told_of(connection: Connection, post: Post) -> list[Told]:
    """All words that were told of a post: in its own alerts, and in whatever else leads to its address since it was
    seen: digests, catch-ups, questions about it.
    """
    since = (post.seen_at or post.published_at).replace(microsecond=0).isoformat()
    rows = connection.execute(
        """SELECT key, part, audience, message, notification, bodies.id FROM notifications
        JOIN bodies ON notification = notifications.id WHERE key IN (:post, :back) OR (key >= :edit AND key < :edits)
        UNION ALL
        SELECT key, part, audience, message, notification, bodies.id FROM notifications
        JOIN bodies ON notification = notifications.id
        WHERE ((key >= 'digest:' || :since AND key < 'digest;') OR (key >= 'late:' || :since AND key < 'late;')
            OR (key >= 'doubt:' AND key < 'doubt;') OR (key >= 'correction:' AND key < 'correction;'))
        AND instr(message, :url)""",
        {
            "post": f"post:{post.id}",
            "back": f"back:{post.id}",
            "edit": f"edit:{post.id}:",
            "edits": f"edit:{post.id};",
            "since": since,
            "url": post.url,
        },
    ).fetchall()
    return [
        Told(
            key,
            part,
            _audience(whose) if whose else _reader(connection, notification, part, body),
            bodies.from_json(message),
            notification,
            body,
            whose,
        )
        for key, part, whose, message, notification, body in rows
    ]


def _reader(connection: Connection, notification: int, part: int, body: int) -> Audience:
    """Who gets words that were made for nobody else."""
    row = connection.execute(
        """SELECT language, zone FROM outbox JOIN subscribers ON subscribers.id = subscriber
        WHERE notification = ? AND part = ? AND body = ? LIMIT 1""",
        (notification, part, body),
    ).fetchone()
    return Audience(*row) if row else Audience("en", "UTC")


def withdraw(connection: Connection, told: Told, now: datetime) -> None:
    """What has not been sent of these words will not be."""
    connection.execute(
        f"""UPDATE outbox SET state = 'refused', due_at = NULL, settled_at = ?, error = 'gone at its source'
        WHERE notification = ? AND part = ? AND body = ? AND {STANDING} AND message_id IS NULL""",  # noqa: S608
        (to_ms(now), told.notification, told.part, told.body),
    )


def take_back(connection: Connection, told: Told, message: Message, now: datetime) -> None:
    """Put other words in place of these, wherever they are: in chats, in what waits, in the records of what was sent.
    The old ones are forgotten.
    """
    new = bodies.put(connection, told.notification, told.part, message, told.whose)
    if new == told.body:
        return
    _give(connection, told.notification, told.part, told.body, new, now)
    connection.execute(
        "UPDATE outbox SET body = ? WHERE notification = ? AND part = ? AND body = ?",
        (new, told.notification, told.part, told.body),
    )
    bodies.drop(connection, told.body)


def _give(connection: Connection, notification: int, part: int, old: int, new: int, now: datetime) -> int:
    """Other words to whom can get them: what has arrived is edited, what waits goes out in them."""
    return connection.execute(
        """UPDATE outbox SET body = :new,
            state = iif(due_at IS NULL, 'queued', state),
            lane = iif(due_at IS NULL, :lane, lane),
            attempts = iif(due_at IS NULL, 0, attempts),
            settled_at = NULL,
            due_at = coalesce(due_at, :now)
        WHERE notification = :notification AND part = :part AND body = :old AND body <> :new
        AND (due_at IS NOT NULL OR (state = 'sent' AND message_id > 0))
        AND subscriber IN (SELECT id FROM subscribers WHERE state = 'active')""",
        {"notification": notification, "part": part, "old": old, "new": new, "lane": EDITS, "now": to_ms(now)},
    ).rowcount


def _audience(text: str) -> Audience:
    language, zone, watches, topics, *retold = json.loads(text)
    return Audience(language, zone, tuple(watches), tuple(topics), *retold)


# --- sending


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that stands in its chat: under which number (0: the answer gave none), and what had to be left out."""

    row: Notification
    message_id: int = 0
    error: str = ""


def claim(connection: Connection, now: datetime, limit: int) -> list[Notification]:
    """Take up to `limit` rows that are due into `sending`, the first lane first.

    Of each subscriber at most one, and only the first that it waits for: order within a chat is kept, and a chat has
    one message in flight.
    """
    claimed: list[int] = []
    for lane in range(len(LANES)):
        rows = connection.execute(
            f"""SELECT id FROM outbox AS row
            WHERE lane = :lane AND due_at <= :now AND {STANDING} AND NOT EXISTS (
                SELECT 1 FROM outbox AS other
                WHERE other.subscriber = row.subscriber AND other.due_at IS NOT NULL
                AND (other.state = 'sending' OR (other.lane, other.id) < (row.lane, row.id))
            ) ORDER BY due_at, id LIMIT :most""",  # noqa: S608
            {"lane": lane, "now": to_ms(now), "most": limit - len(claimed)},
        )
        claimed += [id for (id,) in rows]
        if len(claimed) >= limit:
            break
    connection.execute(
        "UPDATE outbox SET state = 'sending' WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(claimed),)
    )
    return _notifications(connection, claimed)


def sent(connection: Connection, arrived: Iterable[Arrival], now: datetime) -> None:
    """These stand in their chats. Words that were amended on their way are due at once, as an edit."""
    connection.executemany(
        """UPDATE outbox SET
            message_id = coalesce(nullif(:message_id, 0), message_id),
            attempts = attempts + 1,
            error = :error,
            (state, due_at, settled_at, lane) = (
                SELECT iif(stale, 'queued', 'sent'), iif(stale, :now, NULL), iif(stale, NULL, :now),
                    iif(stale, :edits, lane)
                FROM (SELECT body <> :body AND coalesce(nullif(:message_id, 0), message_id) IS NOT NULL AS stale)
            )
        WHERE id = :id""",
        [
            {
                "id": one.row.id,
                "body": one.row.body,
                "message_id": one.message_id,
                "error": one.error,
                "edits": EDITS,
                "now": to_ms(now),
            }
            for one in arrived
        ],
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


def died(connection: Connection, id: int, due_at: datetime | None, error: str, now: datetime) -> None:
    """The process ended while this was being sent. With `due_at` it is sent then; without, it stays unknown."""
    connection.execute("UPDATE outbox SET deaths = deaths + 1 WHERE id = ?", (id,))
    if due_at is None:
        _settle(connection, id, "unknown", error, now)
    else:
        _put_back(connection, id, "unknown", due_at, error, counted=False)


def refuse(connection: Connection, id: int, error: str, now: datetime) -> None:
    """It will never arrive; a message that stands already keeps its old words."""
    _settle(connection, id, "refused", error, now)


def hold(connection: Connection, chat: int, until: datetime) -> None:
    """Nothing goes to this chat before then: all that waits for it waits until then."""
    connection.execute(
        f"""UPDATE outbox SET due_at = max(due_at, ?) WHERE {STANDING}
        AND subscriber IN (SELECT id FROM subscribers WHERE chat = ?)""",  # noqa: S608
        (to_ms(until), chat),
    )


def interrupted(connection: Connection) -> list[Notification]:
    """At start: what the last process was sending when it ended. Nobody can tell whether these arrived."""
    rows = connection.execute("SELECT id FROM outbox WHERE state = 'sending' ORDER BY id")
    return _notifications(connection, [id for (id,) in rows])


def _notifications(connection: Connection, ids: Sequence[int]) -> list[Notification]:
    rows = connection.execute(
        """SELECT outbox.id, subscriber, chat, thread, lane, body, silent, attempts, doubts, deaths,
            coalesce(message_id, 0)
        FROM outbox JOIN subscribers ON subscribers.id = subscriber
        WHERE outbox.id IN (SELECT value FROM json_each(?)) ORDER BY lane, due_at, outbox.id""",
        (json.dumps(ids),),
    ).fetchall()
    words = bodies.read(connection, {row[5] for row in rows})
    return [
        Notification(
            id,
            subscriber,
            chat,
            thread,
            LANES[lane],
            words[body],
            bool(silent),
            attempts,
            doubts,
            deaths,
            body=body,
            message_id=message_id,
        )
        for id, subscriber, chat, thread, lane, body, silent, attempts, doubts, deaths, message_id in rows
    ]


def next_due_at(connection: Connection) -> datetime | None:
    """When the next row falls due; None if nothing waits."""
    return _first(connection, "SELECT min(due_at) FROM outbox AS row WHERE {}")


def overdue_since(connection: Connection, now: datetime) -> datetime | None:
    """Since when the row has been due that could have been sent first; None if nothing is due.

    A row that waits behind another one of its chat does not count: the first one's time decides.
    """
    return _first(
        connection,
        """SELECT due_at FROM outbox AS row WHERE {} AND due_at <= :now AND NOT EXISTS (
            SELECT 1 FROM outbox AS other WHERE other.subscriber = row.subscriber AND other.due_at IS NOT NULL
            AND (other.lane, other.id) < (row.lane, row.id)
        ) ORDER BY due_at, id LIMIT 1""",
        now=to_ms(now),
    )


def _first(connection: Connection, question: str, **given: int) -> datetime | None:
    """The earliest answer of all lanes; asked one by one each takes a single step in the index."""
    waits = f"lane = :lane AND {STANDING}"
    asked = [
        connection.execute(question.format(waits), {"lane": lane, **given}).fetchone() for lane in range(len(LANES))
    ]
    return from_ms(min((found for row in asked for found in row or () if found is not None), default=None))


def count(connection: Connection) -> int:
    """How many rows wait, those that are being sent with them."""
    (waiting, sending) = connection.execute(
        f"""SELECT (SELECT count(*) FROM outbox WHERE {STANDING}),
            (SELECT count(*) FROM outbox WHERE {SENDING})"""  # noqa: S608
    ).fetchone()
    return int(waiting + sending)


def depths(connection: Connection) -> list[tuple[Lane, str, int]]:
    """How many rows wait, by lane and state."""
    rows = connection.execute(
        f"""SELECT lane, state, count(*) FROM outbox WHERE {STANDING} GROUP BY lane, state
        UNION ALL SELECT lane, state, count(*) FROM outbox WHERE {SENDING} GROUP BY lane"""  # noqa: S608
    )
    return [(LANES[lane], state, count) for lane, state, count in rows]


def forget(connection: Connection, before: datetime) -> int:
    """Drop some of what was settled before then, and the words that nothing has any more. Returns how many rows.

    The keys go too; they guard against repeating a post's alert only as long as the post can be queued again, which
    ends with the transaction that stored it.
    """
    dropped = connection.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE settled_at < ? LIMIT ?)",
        (to_ms(before), FORGOTTEN_AT_ONCE),
    ).rowcount
    if dropped < FORGOTTEN_AT_ONCE:
        late.forget(connection, before)
        bodies.forget(connection)
    return dropped


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


def catch_up_later(
    connection: Connection, subject: Subject, post: int, now: datetime, *, known: Collection[int] = ()
) -> None:
    """Note a post found after a long silence, for one message to each (but to those) instead of an alert."""
    held = holds(connection, subject, now)
    for members in audiences(connection, subject, now).values():
        new = [one for one in members if one[0] not in known]
        late.put(connection, post, hold_back(connection, post, new, held, now), now + late.PAUSE, now)


def set_aside(connection: Connection, now: datetime) -> None:
    """In a copy that is put back: nobody can tell what became of what waited in it, so nothing of it is sent.

    Posts of which somebody was to be told at once are noted for their catch-up message.
    """
    connection.execute(
        f"""INSERT INTO late (subscriber, post, found_at, due_at)
        SELECT subscriber, posts.id, :now, :now FROM outbox JOIN notifications ON notifications.id = notification
        JOIN posts ON posts.id = CAST(substr(key, 6) AS INTEGER)
        WHERE key LIKE 'post:%' AND outbox.due_at IS NOT NULL AND message_id IS NULL {late.AGAIN}""",  # noqa: S608
        {"now": to_ms(now)},
    )
    connection.execute(
        """UPDATE outbox SET state = iif(message_id > 0, 'sent', 'unknown'), due_at = NULL, settled_at = ?,
            error = 'it waited when a copy was made that was put back' WHERE due_at IS NOT NULL""",
        (to_ms(now),),
    )
