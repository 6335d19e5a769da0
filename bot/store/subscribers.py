"""The subscribers: chats, what they follow and watch, and how they are to be told."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from bot import schedule
from bot.models import CHOICES, EVERY_DAY, Follow, FollowWhat, Subscriber, SubscriberState, Timetable, Watch, WatchHow
from bot.store import bodies, exports, inbox, managed, topics
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

_COLUMNS = (
    "id, chat, thread, kind, title, language, zone, digest, digest_days, digested_at, next_digest_at, state, changes, "
    "retold, mentions, digest_by, empty_digest, digest_picture, pictures, announcements, quiet, bundle, "
    "deletions, previews, translate"
)
_NAMES = _COLUMNS.split(", ")
_FLAGS = [name for name, words in CHOICES.items() if set(words) == {"0", "1"}]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A chat as it is first met, with the defaults that it gets."""

    chat: int
    thread: int
    kind: str
    title: str
    language: str
    zone: str
    digest: Timetable | None
    next_digest_at: datetime | None


# --- chats


def find(connection: Connection, chat: int, thread: int = 0) -> Subscriber | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM subscribers WHERE chat = ? AND thread = ?",  # noqa: S608
        (chat, thread),
    ).fetchone()
    return _subscriber(row) if row else None


def get(connection: Connection, id: int) -> Subscriber:
    """The subscriber with that number, which must be there."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM subscribers WHERE id = ?", (id,)).fetchone()  # noqa: S608
    return _subscriber(row)


def enrol(connection: Connection, who: Newcomer, now: datetime) -> Subscriber:
    """Take in a chat; one that is known keeps its settings, gets its new title and is active again."""
    row = connection.execute(
        f"""INSERT INTO subscribers
            (chat, thread, kind, title, language, zone, digest, digest_days, digested_at, next_digest_at, state,
            created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?)
        ON CONFLICT (chat, thread) DO UPDATE SET kind = excluded.kind, title = excluded.title, state = 'active'
        RETURNING {_COLUMNS}""",  # noqa: S608
        (
            who.chat,
            who.thread,
            who.kind,
            who.title,
            who.language,
            who.zone,
            *_written(who.digest),
            to_ms(now),
            who.next_digest_at and to_ms(who.next_digest_at),
            to_ms(now),
        ),
    ).fetchone()
    return _subscriber(row)


def speak(connection: Connection, subscriber: int, language: str) -> None:
    connection.execute("UPDATE subscribers SET language = ? WHERE id = ?", (language, subscriber))


def choose(connection: Connection, subscriber: int, name: str, value: str) -> None:
    """Set one of the fields in CHOICES to one of its words; of announcements a chat gets one, so all of it decides."""
    if value not in CHOICES[name]:
        raise ValueError(value)
    whose = "chat = (SELECT chat FROM subscribers WHERE id = ?)" if name == "announcements" else "id = ?"
    connection.execute(f"UPDATE subscribers SET {name} = ? WHERE {whose}", (value, subscriber))  # noqa: S608


def keep_quiet(connection: Connection, subscriber: int, quiet: tuple[time, time] | None) -> None:
    """Set the local hours in which alerts are held; None for none."""
    written = None if quiet is None else "-".join(at.strftime("%H:%M") for at in quiet)
    connection.execute("UPDATE subscribers SET quiet = ? WHERE id = ?", (written, subscriber))


def told_of_changes(connection: Connection, subscribers: Collection[int], *, gone: bool) -> set[int]:
    """Those of them who want to be told at once when a post is edited, or deleted (`gone`)."""
    rows = connection.execute(
        "SELECT id FROM subscribers "
        "WHERE iif(?, deletions, changes) = 'now' AND id IN (SELECT value FROM json_each(?))",
        (gone, json.dumps(list(subscribers))),
    )
    return {id for (id,) in rows}


def set_digest(
    connection: Connection, subscriber: int, digest: Timetable | None, zone: str, next_digest_at: datetime | None
) -> None:
    """Set when digests come (None: never) and the zone of these times."""
    connection.execute(
        "UPDATE subscribers SET digest = ?, digest_days = ?, zone = ?, next_digest_at = ? WHERE id = ?",
        (*_written(digest), zone, next_digest_at and to_ms(next_digest_at), subscriber),
    )


def digested(connection: Connection, subscriber: Subscriber, until: datetime, next_digest_at: datetime | None) -> bool:
    """The digest of everything seen up to `until` is being queued; the next one is due then.

    False, and nothing is changed, if the subscriber's schedule is no longer as it was when the digest was made.
    """
    moved = connection.execute(
        "UPDATE subscribers SET digested_at = ?, next_digest_at = ? "
        "WHERE id = ? AND state = 'active' AND next_digest_at = ? RETURNING 1",
        (
            to_ms(until),
            next_digest_at and to_ms(next_digest_at),
            subscriber.id,
            subscriber.next_digest_at and to_ms(subscriber.next_digest_at),
        ),
    ).fetchone()
    return moved is not None


def digest_due(connection: Connection, now: datetime, limit: int) -> list[Subscriber]:
    """The active subscribers whose digest is due, longest waiting first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM subscribers WHERE next_digest_at <= ? AND state = 'active' "  # noqa: S608
        "ORDER BY next_digest_at, id LIMIT ?",
        (to_ms(now), limit),
    )
    return [_subscriber(row) for row in rows]


def next_digest_at(connection: Connection) -> datetime | None:
    """When the next digest of anybody falls due; None if nobody has one."""
    earliest: int | None
    (earliest,) = connection.execute(
        "SELECT min(next_digest_at) FROM subscribers WHERE next_digest_at IS NOT NULL AND state = 'active'"
    ).fetchone()
    return from_ms(earliest)


def deactivate(
    connection: Connection, chat: int, state: SubscriberState, now: datetime, *, thread: int | None = None
) -> list[Subscriber]:
    """The chat (or only one topic of it) can not be written to: drop what was queued, keep its settings.

    Returns those who were active until now.
    """
    topic = "" if thread is None else "AND thread = ?"
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM subscribers WHERE chat = ? {topic}",  # noqa: S608
        (chat,) if thread is None else (chat, thread),
    ).fetchall()
    known = [_subscriber(row) for row in found]
    connection.executemany(
        "UPDATE subscribers SET state = ? WHERE id = ? AND state <> 'barred'", [(state, one.id) for one in known]
    )
    connection.executemany(
        "UPDATE outbox SET state = iif(message_id > 0, 'sent', 'refused'), due_at = NULL, settled_at = ?, "
        "error = ? WHERE subscriber = ? AND due_at IS NOT NULL",
        [(to_ms(now), state, one.id) for one in known],
    )
    return [one for one in known if one.state == "active"]


def reactivate(connection: Connection, chat: int) -> None:
    """The chat can be written to again, in all its topics; not if an operator has shut it out."""
    connection.execute("UPDATE subscribers SET state = 'active' WHERE chat = ? AND state <> 'barred'", (chat,))


def readmit(connection: Connection, chat: int) -> None:
    """An operator lets it in again. Whether it can be written to the next message shows."""
    connection.execute("UPDATE subscribers SET state = 'active' WHERE chat = ? AND state = 'barred'", (chat,))


def move(connection: Connection, chat: int, new_chat: int) -> None:
    """A group became a supergroup: its subscribers go along; where the new one is known already, both become one.

    The supergroup counts its messages anew, so those of the group cannot be edited any more.
    """
    connection.execute(
        """UPDATE outbox SET message_id = NULL, state = 'sent', due_at = NULL,
            settled_at = coalesce(settled_at, queued_at)
        WHERE message_id > 0 AND subscriber IN (SELECT id FROM subscribers WHERE chat = ?)""",
        (chat,),
    )
    moved = connection.execute(
        """SELECT old.id, new.id FROM subscribers AS old
        LEFT JOIN subscribers AS new ON new.chat = ? AND new.thread = old.thread WHERE old.chat = ?""",
        (new_chat, chat),
    ).fetchall()
    for old, new in moved:
        if new is None:
            connection.execute(
                "UPDATE subscribers SET chat = ?, kind = 'supergroup', state = 'active' WHERE id = ?", (new_chat, old)
            )
            continue
        for table in ("follows", "watches", "mutes", "late", "outbox"):
            connection.execute(f"UPDATE OR IGNORE {table} SET subscriber = ? WHERE subscriber = ?", (new, old))  # noqa: S608
        connection.execute(
            "UPDATE subscribers SET announcements = min(announcements, "
            "(SELECT announcements FROM subscribers WHERE id = ?)) WHERE id = ?",
            (old, new),
        )
        connection.execute("DELETE FROM subscribers WHERE id = ?", (old,))
    managed.move(connection, chat, new_chat)
    connection.execute("UPDATE OR REPLACE barred SET chat = ? WHERE chat = ?", (new_chat, chat))
    connection.execute(
        "UPDATE subscribers SET state = 'barred' WHERE chat IN (SELECT chat FROM barred WHERE chat = ?)", (new_chat,)
    )


def erase(connection: Connection, chat: int, thread: int | None = None) -> bool:
    """Forget a chat, or one topic of it, with everything it ever set or was sent. False if it was not known."""
    topic = "" if thread is None else "AND thread = ?"
    whose = (chat,) if thread is None else (chat, thread)
    told = connection.execute(
        "SELECT DISTINCT body FROM outbox JOIN subscribers ON subscribers.id = subscriber "  # noqa: S608
        f"WHERE chat = ? {topic}",
        whose,
    ).fetchall()
    erased = connection.execute(
        f"DELETE FROM subscribers WHERE chat = ? {topic} RETURNING id",  # noqa: S608
        whose,
    ).fetchall()
    bodies.forget_unread(connection, [body for (body,) in told])
    bodies.forget(connection)
    exports.erase(connection, chat)
    if thread is None:
        managed.erase(connection, chat)
    inbox.erase(connection, chat)
    return bool(erased)


def operators(connection: Connection, chats: Collection[int]) -> list[Subscriber]:
    """The subscribers behind the chats of the operators, as far as they have begun to talk with the bot."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM subscribers "  # noqa: S608
        "WHERE chat IN (SELECT value FROM json_each(?)) AND thread = 0 AND state = 'active' ORDER BY id",
        (json.dumps(list(chats)),),
    )
    return [_subscriber(row) for row in rows]


def count(connection: Connection) -> int:
    """How many subscribers are active."""
    found: int = connection.execute("SELECT count(*) FROM subscribers WHERE state = 'active'").fetchone()[0]
    return found


def count_watches(connection: Connection) -> int:
    """The watches of all subscribers."""
    found: int = connection.execute("SELECT count(*) FROM watches").fetchone()[0]
    return found


# --- what they follow


def follow(connection: Connection, subscriber: int, what: Follow) -> bool:
    """False if it was followed in this very way already."""
    changed = connection.execute(
        """INSERT INTO follows (subscriber, what, value, how) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET how = excluded.how WHERE how <> excluded.how RETURNING 1""",
        (subscriber, what.what, what.value, what.how),
    ).fetchone()
    return changed is not None


def unfollow(connection: Connection, subscriber: int, what: FollowWhat, value: str = "") -> bool:
    """False if it was not followed."""
    gone = connection.execute(
        "DELETE FROM follows WHERE subscriber = ? AND what = ? AND value = ? RETURNING 1", (subscriber, what, value)
    ).fetchone()
    return gone is not None


def follows(connection: Connection, subscriber: int) -> list[Follow]:
    rows = connection.execute(
        "SELECT what, value, how FROM follows WHERE subscriber = ? ORDER BY what, value", (subscriber,)
    )
    return [Follow(*row) for row in rows]


# --- what they watch


def watch(
    connection: Connection,
    subscriber: int,
    query: str,
    key: str,
    now: datetime,
    how: WatchHow = "now",
    version: str = "",
) -> Watch:
    """Save a watch, compiled with that version of the dictionaries; one of the same meaning is kept as it is. Returns
    the one that stands.
    """
    connection.execute(
        "INSERT INTO watches (subscriber, query, key, how, created_at, dictionary) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (subscriber, query, key, how, to_ms(now), topics.dictionary(connection, version)),
    )
    row = connection.execute(
        "SELECT id, subscriber, query, how FROM watches WHERE subscriber = ? AND key = ?", (subscriber, key)
    ).fetchone()
    return Watch(*row)


def change_watch(connection: Connection, subscriber: int, watch: int, how: WatchHow) -> None:
    """Another way to be told, if it is this subscriber's."""
    connection.execute("UPDATE watches SET how = ? WHERE id = ? AND subscriber = ?", (how, watch, subscriber))


def unwatch(connection: Connection, subscriber: int, watch: int) -> Watch | None:
    """Remove the watch if it is this subscriber's; returns it."""
    row = connection.execute(
        "DELETE FROM watches WHERE id = ? AND subscriber = ? RETURNING id, subscriber, query, how", (watch, subscriber)
    ).fetchone()
    return Watch(*row) if row else None


def watches(connection: Connection, subscriber: int) -> list[Watch]:
    rows = connection.execute(
        "SELECT id, subscriber, query, how FROM watches WHERE subscriber = ? ORDER BY id", (subscriber,)
    )
    return [Watch(*row) for row in rows]


def outdated(connection: Connection, version: str, limit: int) -> list[Watch]:
    """Watches that were compiled with another version than this."""
    number = topics.dictionary(connection, version)
    rows = connection.execute(
        "SELECT id, subscriber, query, how FROM watches WHERE dictionary IS NULL OR dictionary < ?1 OR dictionary > ?1 "
        "LIMIT ?2",
        (number, limit),
    )
    return [Watch(*row) for row in rows]


def recompile(connection: Connection, keys: Mapping[int, str | None], version: str) -> None:
    """Put the compiled queries of watches in place of what stood there; None leaves one as it is, but for its version.

    Of two watches of one subscriber that have come to mean the same, the older one stays.
    """
    number = topics.dictionary(connection, version)
    for watch, key in keys.items():
        changed = connection.execute(
            "UPDATE OR IGNORE watches SET key = coalesce(?, key), dictionary = ? WHERE id = ? RETURNING 1",
            (key, number, watch),
        ).fetchone()
        if changed is None:
            connection.execute(
                "DELETE FROM watches WHERE id = (SELECT max(id) FROM watches WHERE id = ?1 "
                "OR key = ?2 AND subscriber = (SELECT subscriber FROM watches WHERE id = ?1))",
                (watch, key),
            )
            connection.execute(
                "UPDATE OR IGNORE watches SET key = ?, dictionary = ? WHERE id = ?", (key, number, watch)
            )


def keys_of(connection: Connection, subscribers: Collection[int]) -> dict[int, str]:
    """The compiled query of every watch of these subscribers, by the watch's number."""
    return dict(
        connection.execute(
            "SELECT id, key FROM watches WHERE subscriber IN (SELECT value FROM json_each(?))",
            (json.dumps(list(subscribers)),),
        )
    )


def watch_keys(connection: Connection, after: int) -> tuple[int, dict[int, str | None]]:
    """What an index of watches has to learn to be up to date.

    `after` is the revision that it stands at, -1 when it is empty. Returns the present revision and the compiled
    query of each watch that came, or None for each that went.
    """
    revision: int = connection.execute("SELECT coalesce(max(revision), 0) FROM watch_changes").fetchone()[0]
    if after < 0:
        return revision, dict(connection.execute("SELECT id, key FROM watches"))
    if after == revision:
        return revision, {}
    rows = connection.execute(
        "SELECT watch, key FROM watch_changes LEFT JOIN watches ON watches.id = watch WHERE revision > ?", (after,)
    )
    return revision, dict(rows.fetchall())


def _written(digest: Timetable | None) -> tuple[str | None, str]:
    if digest is None:
        return None, _days(EVERY_DAY)
    return ",".join(at.strftime("%H:%M") for at in digest.times), _days(digest.days)


def _days(days: Collection[int]) -> str:
    return "".join(str(day) for day in sorted(days))


def timetable(digest: str | None, days: str) -> Timetable | None:
    """As it is stored: 08:00,20:00 and 12345."""
    if digest is None:
        return None
    return Timetable(tuple(map(time.fromisoformat, digest.split(","))), frozenset(map(int, days)))


def _subscriber(row: Any) -> Subscriber:
    held = dict(zip(_NAMES, row, strict=True))
    held["digest"] = timetable(held["digest"], held.pop("digest_days"))
    held["digested_at"], held["next_digest_at"] = from_ms(held["digested_at"]), from_ms(held["next_digest_at"])
    held["quiet"] = None if held["quiet"] is None else schedule.hours(held["quiet"])
    return Subscriber(**held | {name: bool(held[name]) for name in _FLAGS})
