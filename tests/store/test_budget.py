"""What X has billed, on the disk: each thing once a day, and calls without an answer at their worst."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.budget import DOLLAR, Ask, Budget, Grant, Used
from bot.store import budget
from bot.store.database import Database

RULES = Budget(post_price=1, user_price=10, day_cap=1000, month_cap=5000)
ASK = Ask("timeline 77", 100, 5)


class Ledger:
    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    def hold(self, ask: Ask = ASK, rules: Budget = RULES) -> Grant:
        return self.database.submit(budget.hold, rules, ask, self.now).result()

    def settle(
        self, grant: Grant, *posts: str, ask: Ask = ASK, users: tuple[str, ...] = (), whole: bool = True
    ) -> None:
        used = Used(frozenset(posts), frozenset(users))
        self.database.submit(budget.settle, RULES, ask, grant, used, whole).result()

    def drop(self, grant: Grant, ask: Ask = ASK) -> None:
        self.database.submit(budget.drop, ask, grant).result()

    @property
    def today(self) -> int:
        return self.database.read(budget.spent, self.now).today


@pytest.fixture
def ledger(database: Database, now: datetime) -> Ledger:
    return Ledger(database, now)


def test_a_call_counts_at_its_worst_until_its_answer_is_booked(ledger: Ledger) -> None:
    grant = ledger.hold()
    assert (grant.size, ledger.today) == (100, 100)
    ledger.settle(grant, "1", "2", users=("9",))
    assert ledger.today == 12


def test_each_thing_is_billed_once_a_day(ledger: Ledger) -> None:
    ledger.settle(ledger.hold(), "1", "2")
    ledger.settle(ledger.hold(), "2", "3", users=("2",))
    assert ledger.today == 13
    ledger.now += timedelta(days=1)
    ledger.settle(ledger.hold(), "1")
    assert ledger.today == 1
    assert ledger.database.read(budget.spent, ledger.now).month == 14


def test_a_refused_call_costs_nothing(ledger: Ledger) -> None:
    ledger.drop(ledger.hold())
    assert ledger.today == 0


def test_the_same_call_made_again_counts_once(ledger: Ledger) -> None:
    first = ledger.hold()
    second = ledger.hold(Ask("timeline 77", 50, 5))
    assert (first.again, second.again, ledger.today) == (False, True, 100)
    assert ledger.hold(Ask("timeline 78", 50, 5)).again is False
    assert ledger.today == 150


def test_a_lost_answer_stays_counted_when_the_next_try_is_refused(ledger: Ledger) -> None:
    ledger.hold()
    ledger.drop(ledger.hold())
    assert ledger.today == 100


def test_a_smaller_answer_does_not_stand_for_a_larger_one_that_was_lost(ledger: Ledger) -> None:
    ledger.hold()
    small = Ask("timeline 77", 10, 5)
    ledger.settle(ledger.hold(small), "1", ask=small, whole=False)
    assert ledger.today == 101
    ledger.settle(ledger.hold(small), "1", ask=small, whole=True)
    assert ledger.today == 1


def test_an_answer_with_as_much_room_stands_for_one_that_was_lost(ledger: Ledger) -> None:
    ledger.hold()
    ledger.settle(ledger.hold(), "1", whole=False)
    assert ledger.today == 1


def test_what_does_not_fit_is_made_smaller_or_refused(ledger: Ledger, now: datetime) -> None:
    rules = Budget(post_price=1, day_cap=17, month_cap=5000)
    assert ledger.hold(rules=rules).size == 17
    assert ledger.hold(Ask("other", 100, 5), rules) == Grant(now, 0, datetime(2022, 3, 15, tzinfo=UTC))
    assert ledger.today == 17
    assert ledger.hold(rules=rules).size == 17, "its own earlier try is not in its way"


def test_a_call_that_wants_less_than_the_least_gets_that(ledger: Ledger) -> None:
    assert ledger.hold(Ask("posts", 3, 5)).size == 3


def test_of_posts_that_are_named_those_paid_for_today_cost_nothing(ledger: Ledger) -> None:
    rules = Budget(post_price=1, day_cap=5, month_cap=5000)
    ledger.settle(ledger.hold(rules=rules), "a", "b", "c")
    named = Ask("posts", 6, ids=("x", "a", "b", "y", "c", "z"))
    assert ledger.hold(named, rules).size == 5
    assert ledger.today == 5
    assert ledger.hold(Ask("others", 2, ids=("a", "b")), rules).size == 2
    assert ledger.hold(Ask("more", 2, ids=("z", "a")), rules).size == 0
    assert ledger.today == 5


def test_a_call_at_midnight_counts_on_both_days(ledger: Ledger) -> None:
    ledger.now = datetime(2022, 3, 14, 23, 59, 30, tzinfo=UTC)
    grant = ledger.hold()
    ledger.now += timedelta(minutes=1)
    assert ledger.today == 100
    ledger.settle(grant, "1")
    assert ledger.today == 1
    ledger.now -= timedelta(minutes=1)
    assert ledger.today == 1
    ledger.drop(ledger.hold())
    assert ledger.today == 1


def test_days_and_months_are_those_of_utc(ledger: Ledger) -> None:
    local = datetime.fromisoformat("2022-04-01T01:30:00+02:00")
    ledger.now = local
    ledger.settle(ledger.hold(), "1")
    ledger.now = datetime(2022, 3, 31, 12, tzinfo=UTC)
    assert ledger.today == 1
    ledger.now = datetime(2022, 4, 1, tzinfo=UTC)
    assert ledger.database.read(budget.spent, ledger.now).month == 0


def test_the_rate_is_that_of_the_last_week_or_since_the_beginning(ledger: Ledger) -> None:
    assert ledger.database.read(budget.spent, ledger.now).days == 1
    ledger.settle(ledger.hold(), "1", "2")
    assert ledger.database.read(budget.spent, ledger.now).days == 1
    ledger.now += timedelta(days=2)
    spent = ledger.database.read(budget.spent, ledger.now)
    assert (spent.lately, spent.days) == (2, 2.5)
    ledger.now += timedelta(days=4)
    assert ledger.database.read(budget.spent, ledger.now).days == 6.5
    ledger.now += timedelta(days=1)
    spent = ledger.database.read(budget.spent, ledger.now)
    assert (spent.lately, spent.days, spent.month) == (0, 1, 2)


def test_what_is_old_is_forgotten_and_the_bill_stays_for_a_year(ledger: Ledger) -> None:
    ledger.settle(ledger.hold(), "1")
    ledger.hold(Ask("lost", 5))
    ledger.now += timedelta(days=17)
    ledger.database.submit(budget.forget, ledger.now).result()
    assert ledger.database.read(budget.spent, ledger.now).month == 6

    def left(connection: object) -> list[int]:
        tables = ("x_days", "x_billed", "x_holds")
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # type: ignore[attr-defined]

    assert ledger.database.read(left) == [1, 0, 1]
    ledger.database.submit(budget.forget, ledger.now + timedelta(days=400)).result()
    assert ledger.database.read(left) == [0, 0, 0]


def test_prices_are_those_of_the_day_they_were_paid(ledger: Ledger) -> None:
    ledger.settle(ledger.hold(), "1", users=("2",))
    assert ledger.hold(Ask("user", 1, kind="user"), Budget(user_price=DOLLAR)).size == 1
    assert ledger.today == 11 + DOLLAR
