"""What operators want to know of everything at once: who is subscribed, what waits, what went wrong."""

import json
from datetime import datetime, timedelta

from bot.models import Alarm, Known, Misfire, People, Queue, Waiting
from bot.store import access, bodies, subscribers
from bot.store.connection import Connection
from bot.store.outbox import LANES, SENDING, STANDING
from bot.store.times import from_ms, to_ms

ALARMS = ("ailing", "backup", "conflict", "disk-ample", "disk-low", "silent", "usage")
"""How the keys of what operators and owners are told begin."""


def people(connection: Connection, new_since: datetime) -> People:
    """Reads the whole index that is made for it, once."""
    states: dict[str, int] = {}
    kinds: dict[str, int] = {}
    languages: dict[str, int] = {}
    new = 0
    rows = connection.execute(
        "SELECT state, kind, language, sum(created_at >= ?), count(*) FROM subscribers GROUP BY state, kind, language",
        (to_ms(new_since),),
    )
    for state, kind, language, are_new, count in rows:
        states[state] = states.get(state, 0) + count
        new += are_new
        if state == "active":
            kinds[kind] = kinds.get(kind, 0) + count
            languages[language] = languages.get(language, 0) + count
    return People(states, kinds, languages, new, access.count_barred(connection))


def chat(connection: Connection, chat: int) -> list[Known]:
    """What is known of a chat, each of its topics by itself."""
    rows = connection.execute(
        """SELECT id, created_at,
            (SELECT count(*) FROM follows WHERE subscriber = subscribers.id),
            (SELECT count(*) FROM watches WHERE subscriber = subscribers.id),
            (SELECT count(*) FROM outbox WHERE subscriber = subscribers.id AND state = 'sent'),
            (SELECT count(*) FROM outbox WHERE subscriber = subscribers.id AND state = 'refused')
        FROM subscribers WHERE chat = ? ORDER BY thread""",
        (chat,),
    ).fetchall()
    return [Known(subscribers.get(connection, id), from_ms(since), *counts) for id, since, *counts in rows]


# --- what waits


def queue(connection: Connection, now: datetime) -> Queue:
    """Reads all that waits."""
    columns = "lane, subscriber, state, due_at, queued_at"
    lanes = connection.execute(
        f"""SELECT lane, count(*), count(DISTINCT subscriber), sum(state = 'deferred'),
            sum(state IN ('unknown', 'sending')), sum(due_at > ?), min(queued_at)
        FROM (SELECT {columns} FROM outbox WHERE {STANDING} UNION ALL SELECT {columns} FROM outbox WHERE {SENDING})
        GROUP BY lane ORDER BY lane""",  # noqa: S608
        (to_ms(now),),
    )
    held, until = connection.execute(
        f"""SELECT count(DISTINCT subscriber), max(due_at) FROM outbox
        WHERE {STANDING} AND due_at > ? AND state = 'deferred'""",  # noqa: S608
        (to_ms(now),),
    ).fetchone()
    (unknown,) = connection.execute(
        "SELECT count(*) FROM outbox WHERE settled_at >= ? AND error <> '' AND state = 'unknown'",
        (to_ms(now - timedelta(days=1)),),
    ).fetchone()
    waiting = [
        Waiting(LANES[lane], rows, chats, deferred, doubtful, later, from_ms(oldest))
        for lane, rows, chats, deferred, doubtful, later, oldest in lanes
    ]
    return Queue(tuple(waiting), held, from_ms(until), unknown)


# --- what went wrong


def misfires(connection: Connection, since: datetime, limit: int) -> list[Misfire]:
    """How messages ended since then that did not end well, what happened last first."""
    rows = connection.execute(
        """SELECT state, error, count(*), max(settled_at) FROM outbox
        WHERE settled_at >= ? AND error <> '' GROUP BY state, error ORDER BY max(settled_at) DESC LIMIT ?""",
        (to_ms(since), limit),
    )
    return [Misfire(state, reason, count, from_ms(at)) for state, reason, count, at in rows]


def alarms(connection: Connection, chat: int, limit: int) -> list[Alarm]:
    """What this chat was told as an operator's, as far as it is remembered, the newest first."""
    rows = connection.execute(
        """SELECT queued_at, body FROM outbox JOIN notifications ON notifications.id = notification
        WHERE part = 0 AND subscriber = (SELECT id FROM subscribers WHERE chat = ? AND thread = 0)
            AND substr(key, 1, instr(key, ':') - 1) IN (SELECT value FROM json_each(?))
        ORDER BY outbox.id DESC LIMIT ?""",
        (chat, json.dumps(ALARMS), limit),
    ).fetchall()
    words = bodies.read(connection, [body for _, body in rows])
    return [Alarm(from_ms(at), words[body]) for at, body in rows]
