"""What reading X may cost, and how far the money goes. Pure: what was spent and the time are arguments.

Money is counted in millionths of a US dollar, in whole numbers. X bills each post and each user that it returns, once
a day; its days, and our months, are those of UTC.

Two caps are hard: no call is made whose worst case would break one. Below them the month's money is shared out: a day
may use an even share of what is left of it, and polling waits whenever the day's share is used up faster than the day
goes by. The re-reading of old posts gets what reading may not touch, and what it leaves over.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

DOLLAR = 1_000_000

HEAD_START = timedelta(hours=6)
"""So much of the day's share may be spent ahead of the day: news comes in bursts."""

READING = 0.8
"""The part of the day's share that goes for new posts. X wants what it has deleted to be gone within a day, wherever it
is kept: the look-ups that show it are not to starve on a day full of news.
"""

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Prices of one returned post and of one returned user; the most that a day and a month may cost."""

    post_price: int = 5_000
    user_price: int = 10_000
    day_cap: int = 5 * DOLLAR
    month_cap: int = 50 * DOLLAR


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that is to be made.

    `question` names it: the same call made again has the same one. It brings at most `wanted` results, or fewer if told
    so, but `least` at the least; each is billed as up to `times` resources of its `kind` (a post brings along those
    that it answers). `ids`, if the call names what it wants: what of it is paid for today costs nothing, and the first
    few may be asked for alone. `spare`: it can wait, and takes only what the day has left so far.
    """

    question: str
    wanted: int
    least: int = 1
    times: int = 1
    kind: Literal["post", "user"] = "post"
    ids: tuple[str, ...] = ()
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What was answered `at` that time: how many results a call may bring, or how many of its ids it may name.

    Size 0: it is not to be made before `until`. `again`: the same question was put before that day, and nobody knows
    what came of it.
    """

    at: datetime
    size: int
    until: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """The ids of what an answer held, and so of what is billed."""

    posts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spent:
    """What today and this month have cost so far; calls whose answer never came are counted at their worst.

    `lately` is what the last `days` cost, today among them.
    """

    today: int = 0
    month: int = 0
    lately: int = 0
    days: float = 1.0


# --- one call


def price(budget: Budget, ask: Ask) -> int:
    """What one result of the call costs at the worst."""
    return ask.times * (budget.post_price if ask.kind == "post" else budget.user_price)


def affordable(budget: Budget, ask: Ask, spent: Spent, now: datetime) -> int:
    """How many results of the call can be paid for, at most as many as it wants."""
    money = min(budget.day_cap - spent.today, budget.month_cap - spent.month)
    if ask.spare:
        money = min(money, int(share(budget, spent, now) * _gone_by(now)) - spent.today)
    each = price(budget, ask)
    return min(ask.wanted, max(money, 0) // each) if each else ask.wanted


def frees_at(budget: Budget, ask: Ask, spent: Spent, now: datetime) -> datetime:
    """When a call that cannot be paid for now may be tried again."""
    least = price(budget, ask) * ask.least
    tomorrow = _midnight(now) + A_DAY
    if spent.month + least > budget.month_cap:
        return _end_of_month(now)
    if not ask.spare or spent.today + least > budget.day_cap:
        return tomorrow
    due = _midnight(now) + A_DAY * ((spent.today + least) / max(share(budget, spent, now), 1))
    return min(max(due, now + timedelta(minutes=1)), tomorrow)


# --- making it last


def share(budget: Budget, spent: Spent, now: datetime) -> int:
    """Today's even share of what was left of the month's money this morning."""
    left = max(budget.month_cap - (spent.month - spent.today), 0)
    days = (_end_of_month(now) - _midnight(now)).days
    return min(budget.day_cap, left // days)


def rests_until(budget: Budget, spent: Spent, now: datetime) -> datetime | None:
    """Until when nothing more should be read: today's share is used up faster than the day goes by. None: read on."""
    today = int(READING * share(budget, spent, now))
    if spent.today >= today:
        return _midnight(now) + A_DAY
    due = _midnight(now) + A_DAY * (spent.today / today) - HEAD_START
    return due if due > now else None


def lasts_until(budget: Budget, spent: Spent, now: datetime) -> datetime | None:
    """When the month's money will be used up if spending goes on as it did lately; None: it lasts the month."""
    left = max(budget.month_cap - spent.month, 0)
    a_day = spent.lately / spent.days
    days_left = (_end_of_month(now) - now) / A_DAY
    return None if a_day * days_left <= left else now + A_DAY * (left / a_day)


# --- days


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _gone_by(now: datetime) -> float:
    """How much of the day has gone by, from 0 to 1."""
    return (now - _midnight(now)) / A_DAY


def _end_of_month(now: datetime) -> datetime:
    first = _midnight(now).replace(day=1)
    return first + timedelta(days=monthrange(first.year, first.month)[1])
