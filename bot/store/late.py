"""Posts that a subscriber gets in one message instead of an alert each.

A row comes here when its post was found long after it was published, when an alert of it was given up or waited too
long, when the subscriber has quiet hours, and when there have been many alerts in a short time. `due_at` says when it
is told with the others; told rows stay for a while, so that the same statement told again is known.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from bot import schedule
from bot.models import Lane
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

Why = Literal["late", "quiet", "burst"]
"""late: it could not be told in its time. quiet: in quiet hours. burst: too much came at once."""

ALERTS = tuple(get_args(Lane).index(lane) for lane in ("urgent", "alert"))
"""The lanes of alerts, as the outbox numbers them."""

PAUSE = timedelta(minutes=1)
"""How long late posts are gathered, so that several sources that were silent together make one message."""

BURST = timedelta(minutes=10)
"""In this time a chat gets MOST alerts one by one; what comes beyond is gathered for as long and is one message."""

MOST = 10

AGAIN = """ON CONFLICT DO UPDATE SET found_at = excluded.found_at, due_at = excluded.due_at, why = excluded.why,
    silent = excluded.silent, told_at = NULL WHERE told_at IS NOT NULL"""
"""What was told before and comes again is told again; what waits already waits as it does."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A subscriber gets no alert before `until`."""

    until: datetime
    why: Why


def holds(connection: Connection, now: datetime) -> dict[int, Hold]:
    """The subscribers for whom alerts are held at this moment; a burst that has begun is noted."""
    return {**_bursting(connection, now), **_quiet(connection, now)}


def _quiet(connection: Connection, now: datetime) -> dict[int, Hold]:
    """One question for all who keep the same hours in the same zone."""
    found: dict[int, Hold] = {}
    kept = connection.execute("SELECT DISTINCT quiet, zone FROM subscribers WHERE quiet IS NOT NULL").fetchall()
    for quiet, zone in kept:
        until = schedule.quiet_until(schedule.hours(quiet), zone, now)
        if until is not None:
            rows = connection.execute("SELECT id FROM subscribers WHERE quiet = ? AND zone = ?", (quiet, zone))
            found |= dict.fromkeys((id for (id,) in rows), Hold(until, "quiet"))
    return found


def _bursting(connection: Connection, now: datetime) -> dict[int, Hold]:
    """Those for whom much is gathered already, and those who have had MOST alerts by now."""
    found: dict[int, Hold] = {}
    gathering = connection.execute(
        "SELECT burst_until, json_group_array(id) FROM subscribers WHERE burst_until > ? GROUP BY burst_until",
        (to_ms(now),),
    )
    for until, ids in gathering:
        found |= dict.fromkeys(json.loads(ids), Hold(from_ms(until), "burst"))
    new = _told_much(connection, now, found)
    if new:
        connection.execute(
            "UPDATE subscribers SET burst_until = ? WHERE id IN (SELECT value FROM json_each(?))",
            (to_ms(now + BURST), json.dumps(new)),
        )
    return found | dict.fromkeys(new, Hold(now + BURST, "burst"))


def _told_much(connection: Connection, now: datetime, known: Collection[int]) -> list[int]:
    """Who has had MOST alerts in the time of a burst, but for those who are known or want an alert each.

    Whoever has had MOST of so many has had one of any that are as many as there are beyond MOST - 1: those who had one
    of the newest of them are looked at.
    """
    recent = [
        id
        for (id,) in connection.execute(
            "SELECT notifications.id FROM posts JOIN notifications ON key = 'post:' || posts.id "
            "WHERE seen_at > ? ORDER BY notifications.id DESC",
            (to_ms(now - BURST),),
        )
    ]
    newest = connection.execute(
        "SELECT DISTINCT subscriber FROM outbox WHERE part = 0 AND notification IN (SELECT value FROM json_each(?))",
        (json.dumps(recent[: max(len(recent) - MOST + 1, 0)]),),
    )
    asked = [subscriber for (subscriber,) in newest if subscriber not in known]
    rows = connection.execute(
        """SELECT id FROM subscribers WHERE bundle AND id IN (SELECT value FROM json_each(:asked)) AND (
            SELECT count(*) FROM outbox WHERE part = 0 AND subscriber = subscribers.id
            AND notification IN (SELECT value FROM json_each(:recent))
        ) >= :most""",
        {"asked": json.dumps(asked), "recent": json.dumps(recent), "most": MOST},
    )
    return [subscriber for (subscriber,) in rows]


def put(
    connection: Connection,
    post: int,
    members: Iterable[tuple[int, bool]],
    due_at: datetime,
    now: datetime,
    why: Why = "late",
) -> None:
    """Each (subscriber, silently) is to be told of the post with others, then."""
    ids: dict[bool, list[int]] = {False: [], True: []}
    for subscriber, silent in members:
        ids[silent].append(subscriber)
    for silent, some in ids.items():
        connection.execute(
            f"""INSERT INTO late (subscriber, post, found_at, due_at, why, silent)
            SELECT value, ?, ?, ?, ?, ? FROM json_each(?) WHERE true {AGAIN}""",  # noqa: S608
            (post, to_ms(now), to_ms(due_at), why, silent, json.dumps(some)),
        )


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one subscriber is to be told now; `silent` if nothing of it was meant to be heard. Of several reasons the
    quiet hours are named, else what is late.
    """

    posts: tuple[int, ...]
    why: Why
    silent: bool


def due(connection: Connection, now: datetime, most: int = 200) -> dict[int, Gathered]:
    """What is due, by subscriber, of so many active ones at most.

    Whoever still waits for an alert is left for later: while Telegram is out of reach,
    messages do not pile up.
    """
    rows = connection.execute(
        """SELECT subscriber, json_group_array(post), max(why), min(silent) FROM (
            SELECT * FROM late WHERE told_at IS NULL AND due_at <= :now AND subscriber IN (
                SELECT DISTINCT subscriber FROM late JOIN subscribers ON id = subscriber
                WHERE told_at IS NULL AND due_at <= :now AND state = 'active' AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.subscriber = late.subscriber AND outbox.due_at IS NOT NULL
                    AND lane IN (SELECT value FROM json_each(:alerts))
                ) LIMIT :most
            ) ORDER BY post
        ) GROUP BY subscriber ORDER BY subscriber""",
        {"now": to_ms(now), "alerts": json.dumps(ALERTS), "most": most},
    )
    return {
        subscriber: Gathered(tuple(json.loads(found)), why, bool(silent)) for subscriber, found, why, silent in rows
    }


def told(connection: Connection, subscriber: int, found: Collection[int], now: datetime) -> None:
    """These posts have been put into a message."""
    connection.execute(
        "UPDATE late SET told_at = ? WHERE subscriber = ? AND post IN (SELECT value FROM json_each(?))",
        (to_ms(now), subscriber, json.dumps(list(found))),
    )


def have_been_told(connection: Connection, found: Collection[int]) -> frozenset[int]:
    """The subscribers who were told of one of the posts with others, or will be."""
    rows = connection.execute(
        "SELECT DISTINCT subscriber FROM late WHERE post IN (SELECT value FROM json_each(?))",
        (json.dumps(list(found)),),
    )
    return frozenset(subscriber for (subscriber,) in rows)


def wake(connection: Connection, subscriber: int, due_at: datetime) -> None:
    """The subscriber keeps other quiet hours, or none: what was held for them is due then."""
    connection.execute(
        "UPDATE late SET due_at = ? WHERE subscriber = ? AND told_at IS NULL AND why = 'quiet'",
        (to_ms(due_at), subscriber),
    )


def next_due_at(connection: Connection) -> datetime | None:
    """When the first of what waits is due; None if nothing waits."""
    earliest: int | None
    (earliest,) = connection.execute("SELECT min(due_at) FROM late WHERE told_at IS NULL").fetchone()
    return from_ms(earliest)


def forget(connection: Connection, before: datetime) -> None:
    """Drop what was told before then."""
    connection.execute("DELETE FROM late WHERE told_at < ?", (to_ms(before),))
