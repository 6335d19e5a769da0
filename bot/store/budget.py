"""What X has billed: each post and user once a day, and the calls whose answer is not known yet, at their worst.

A call is noted before it is made (`hold`), and what it brought is booked (`settle`) before anybody sees it. A process
that is killed in between has counted too much, never too little: the note stays until the same call is made again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot import budget as rules
from bot.budget import Ask, Budget, Grant, Spent, Used
from bot.store.connection import Connection

MIDNIGHT = timedelta(minutes=1)
"""A call begun so shortly before midnight counts on both days: nobody knows on which X books it."""

LATELY = 7
"""Days from which a rate of spending is worked out."""

RECONCILED_FOR = 7
"""Days for which X is asked what it has counted: it speaks of some of them late or never."""

KEPT_DAYS = timedelta(days=400)


def hold(connection: Connection, budget: Budget, ask: Ask, now: datetime) -> Grant:
    """Note a call that is about to be made, or refuse it."""
    before = spent(connection, now, without=ask.question)
    affordable = rules.affordable(budget, ask, before, now)
    size, new = affordable, affordable
    if ask.ids:
        size, new = _first_affordable(connection, ask, affordable, now)
    if size < min(ask.least, ask.wanted):
        return Grant(now, 0, rules.frees_at(budget, ask, before, now))
    again = False
    for day in _days(now):
        row = connection.execute("SELECT 1 FROM x_holds WHERE day = ? AND question = ?", (day, ask.question)).fetchone()
        again = again or row is not None
        connection.execute(
            "INSERT INTO x_holds (day, question, results, price) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (day, question) DO UPDATE SET "
            "results = max(results, excluded.results), price = max(price, excluded.price)",
            (day, ask.question, new, new * rules.price(budget, ask)),
        )
    return Grant(now, size, again=again)


def settle(connection: Connection, budget: Budget, ask: Ask, grant: Grant, used: Used, whole: bool) -> None:
    """Book what an answer held, on the day when it was asked for.

    Its note goes, and so does that of an earlier try whose answer was lost, if this one held all that it could have:
    it was `whole`, or it had as much room.
    """
    for day in _days(grant.at):
        connection.execute(
            "DELETE FROM x_holds WHERE day = ? AND question = ? AND (? OR results <= ?)",
            (day, ask.question, whole, grant.size),
        )
        posts = _book(connection, day, "post", used.posts)
        users = _book(connection, day, "user", used.users)
        connection.execute(
            "INSERT INTO x_days (day, posts, users, spent) VALUES (?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET "
            "posts = posts + excluded.posts, users = users + excluded.users, spent = spent + excluded.spent",
            (day, posts, users, posts * budget.post_price + users * budget.user_price),
        )


def drop(connection: Connection, ask: Ask, grant: Grant) -> None:
    """X has refused the call: nothing is billed. What an earlier try may have brought stays noted."""
    if not grant.again:
        connection.executemany(
            "DELETE FROM x_holds WHERE day = ? AND question = ?", [(day, ask.question) for day in _days(grant.at)]
        )


def spent(connection: Connection, now: datetime, *, without: str = "", notes: bool = True) -> Spent:
    """`without` leaves out the note of that question; without `notes` only what X has surely billed counts."""
    today = _day(now)
    week = _day(now - timedelta(days=LATELY - 1))
    first = today[:8] + "01"
    of_today, of_month, lately, since = connection.execute(
        """SELECT coalesce(sum(spent) FILTER (WHERE day = :today), 0),
            coalesce(sum(spent) FILTER (WHERE day >= :first), 0),
            coalesce(sum(spent) FILTER (WHERE day >= :week), 0),
            min(day) FILTER (WHERE day >= :week)
        FROM (SELECT day, spent FROM x_days UNION ALL
            SELECT day, price FROM x_holds WHERE :notes AND question <> :without)
        WHERE day <= :today AND day >= min(:first, :week)""",
        {"today": today, "first": first, "week": week, "without": without, "notes": notes},
    ).fetchone()
    begun = datetime.fromisoformat(since or today).replace(tzinfo=UTC)
    return Spent(of_today, of_month, lately, max((now - begun) / timedelta(days=1), 1.0))


def take_over(connection: Connection, other: Connection) -> None:
    """Count what another database of the same line has booked since this one was copied from it: X has billed it."""
    connection.executemany(
        "INSERT INTO x_days (day, posts, users, spent) VALUES (?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET "
        "posts = max(posts, excluded.posts), users = max(users, excluded.users), spent = max(spent, excluded.spent)",
        other.execute("SELECT day, posts, users, spent FROM x_days"),
    )
    connection.executemany(
        "INSERT INTO x_billed (day, kind, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        other.execute("SELECT day, kind, id FROM x_billed"),
    )
    connection.executemany(
        "INSERT INTO x_holds (day, question, results, price) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        other.execute("SELECT day, question, results, price FROM x_holds"),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """The posts of a day as we and as X have counted them."""

    day: date
    ours: int
    theirs: int


def unreconciled(connection: Connection, now: datetime) -> bool:
    """Whether there is a day that is over, not long ago, of which X has not said what it has counted."""
    row = connection.execute(
        "SELECT 1 FROM x_days WHERE billed IS NULL AND day < ? AND day > ?",
        (_day(now), _day(now - timedelta(days=RECONCILED_FOR))),
    ).fetchone()
    return row is not None


def reconcile(connection: Connection, budget: Budget, counted: Mapping[date, int], now: datetime) -> list[Counted]:
    """Take in what X says of the days that are over and were not reconciled yet. Where it has counted more than we,
    what is missing is spent; calls whose answer was lost are among what it has counted.
    """
    found = []
    for day, ours in connection.execute(
        "SELECT day, posts FROM x_days WHERE billed IS NULL AND day < ? ORDER BY day", (_day(now),)
    ).fetchall():
        theirs = counted.get(date.fromisoformat(day))
        if theirs is None:
            continue
        connection.execute(
            "UPDATE x_days SET billed = ?1, posts = max(posts, ?1), spent = spent + max(?1 - posts, 0) * ?2 "
            "WHERE day = ?3",
            (theirs, budget.post_price, day),
        )
        connection.execute("DELETE FROM x_holds WHERE day = ?", (day,))
        found.append(Counted(date.fromisoformat(day), ours, theirs))
    return found


def forget(connection: Connection, now: datetime) -> None:
    """Ids are of use on their day alone; what a day cost is kept for a year."""
    yesterday = _day(now - timedelta(days=1))
    connection.execute("DELETE FROM x_billed WHERE day < ?", (yesterday,))
    connection.execute("DELETE FROM x_days WHERE day < ?", (_day(now - KEPT_DAYS),))
    connection.execute("DELETE FROM x_holds WHERE day < ?", (_day(now - KEPT_DAYS),))


def _first_affordable(connection: Connection, ask: Ask, affordable: int, now: datetime) -> tuple[int, int]:
    """How many ids, from the first one, may be asked for; and how many of those are not paid for yet today."""
    rows = connection.execute(
        "SELECT id FROM x_billed WHERE day = ? AND kind = ? AND id IN (SELECT value FROM json_each(?))",
        (_days(now)[-1], ask.kind, json.dumps(ask.ids)),
    )
    paid = {id for (id,) in rows}
    new = 0
    for size, id in enumerate(ask.ids):
        if id not in paid:
            if new == affordable:
                return size, new
            new += 1
    return len(ask.ids), new


def _book(connection: Connection, day: str, kind: str, ids: frozenset[str]) -> int:
    """Returns how many of them were not booked that day yet."""
    rows = connection.execute(
        "INSERT INTO x_billed (day, kind, id) SELECT ?, ?, value FROM json_each(?) WHERE true "
        "ON CONFLICT DO NOTHING RETURNING 1",
        (day, kind, json.dumps(sorted(ids))),
    )
    return len(rows.fetchall())


def _days(now: datetime) -> list[str]:
    return sorted({_day(now), _day(now + MIDNIGHT)})


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
