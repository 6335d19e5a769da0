"""The rules of X's money: caps are hard, the month is shared out by days, and old posts get what is left over."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budget import (
    DOLLAR,
    READING,
    Ask,
    Budget,
    Spent,
    affordable,
    frees_at,
    lasts_until,
    price,
    rests_until,
    share,
)

MONTH = Budget(day_cap=5 * DOLLAR, month_cap=31 * DOLLAR)
FIRST = datetime(2022, 3, 1, tzinfo=UTC)
TIMES = st.datetimes(datetime(2022, 1, 1), datetime(2024, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
MONEY = st.integers(0, 60 * DOLLAR)


def ask(**more: object) -> Ask:
    return Ask("question", 100, 5, 3, **more)  # type: ignore[arg-type]


def at(day: int, hour: float = 0) -> datetime:
    return FIRST + timedelta(days=day - 1, hours=hour)


# --- one call


def test_a_result_costs_its_post_and_what_that_brings_along() -> None:
    assert price(MONTH, ask()) == 15_000
    assert price(MONTH, Ask("question", 1, kind="user")) == 10_000


@given(MONEY, MONEY, TIMES, st.booleans())
def test_no_call_can_break_a_cap(today: int, month: int, now: datetime, spare: bool) -> None:
    spent = Spent(today, max(month, today))
    results = affordable(MONTH, ask(spare=spare), spent, now)
    assert 0 <= results <= 100
    assert results == 0 or today + results * 15_000 <= MONTH.day_cap
    assert results == 0 or spent.month + results * 15_000 <= MONTH.month_cap


@given(MONEY, MONEY, TIMES, st.booleans())
def test_what_is_refused_may_be_tried_again_at_a_later_time_within_the_month(
    today: int, month: int, now: datetime, spare: bool
) -> None:
    spent = Spent(today, max(month, today))
    until = frees_at(MONTH, ask(spare=spare), spent, now)
    assert now < until <= now + timedelta(days=31)
    if spent.month + 75_000 <= MONTH.month_cap:
        assert until.date() in (now.date(), now.date() + timedelta(days=1))


def test_a_day_frees_at_midnight_and_a_month_on_its_first() -> None:
    now = at(31, 13)
    assert frees_at(MONTH, ask(), Spent(5 * DOLLAR, 6 * DOLLAR), now) == at(32)
    assert frees_at(MONTH, ask(), Spent(0, 31 * DOLLAR), at(4)) == at(32)
    assert frees_at(MONTH, ask(spare=True), Spent(5 * DOLLAR, 6 * DOLLAR), now) == at(32)


def test_as_many_results_as_there_is_money_for() -> None:
    assert affordable(MONTH, ask(), Spent(5 * DOLLAR - 150_000, 10 * DOLLAR), at(15)) == 10
    assert affordable(MONTH, ask(), Spent(0, 31 * DOLLAR - 149_999), at(15)) == 9
    assert affordable(MONTH, ask(), Spent(), at(15)) == 100


def test_what_costs_nothing_is_never_short_of_money() -> None:
    free = Budget(post_price=0, user_price=0)
    assert affordable(free, ask(), Spent(9 * DOLLAR, 99 * DOLLAR), at(5)) == 100


def test_old_posts_get_what_the_day_has_left_over_so_far() -> None:
    old = Ask("question", 100, spare=True)
    assert affordable(MONTH, old, Spent(), at(1, 6)) == 50  # a quarter of a dollar's worth of posts
    assert affordable(MONTH, old, Spent(DOLLAR // 5, DOLLAR // 5), at(1, 6)) == 10
    assert affordable(MONTH, old, Spent(DOLLAR, DOLLAR), at(1, 6)) == 0
    assert frees_at(MONTH, old, Spent(DOLLAR // 2, DOLLAR // 2), at(1, 6)) == at(1, 12) + timedelta(days=0.005)
    assert frees_at(MONTH, old, Spent(DOLLAR, DOLLAR), at(1, 6)) == at(2)
    assert frees_at(MONTH, old, Spent(0, 0), at(1, 6)) == at(1, 6) + timedelta(minutes=1)


# --- making it last


def test_the_months_money_is_shared_out_evenly_over_the_days_left() -> None:
    assert share(MONTH, Spent(), at(1)) == DOLLAR
    assert share(MONTH, Spent(DOLLAR // 2, DOLLAR // 2), at(1, 23)) == DOLLAR
    assert share(MONTH, Spent(0, 11 * DOLLAR), at(22)) == 2 * DOLLAR
    assert share(MONTH, Spent(0, 1 * DOLLAR), at(31)) == 5 * DOLLAR, "never above the day's cap"
    assert share(MONTH, Spent(0, 40 * DOLLAR), at(31)) == 0


@given(st.lists(st.integers(0, 3 * DOLLAR), min_size=31, max_size=31))
def test_who_keeps_to_his_share_has_money_to_the_last_day(wishes: list[int]) -> None:
    month = 0
    for day, wish in enumerate(wishes, start=1):
        today = share(MONTH, Spent(0, month), at(day))
        assert today > 0 or month == MONTH.month_cap
        month += min(wish, today)
    assert month <= MONTH.month_cap


def test_polling_rests_while_the_share_is_used_faster_than_the_day_goes_by() -> None:
    def rest(spent: float, hour: float) -> datetime | None:
        money = int(spent * READING * DOLLAR)
        return rests_until(MONTH, Spent(money, money), at(1, hour))

    assert rest(0, 0) is None
    assert rest(0.25, 1) is None, "six hours' worth may be spent ahead"
    assert rest(0.5, 5) == at(1, 6)
    assert rest(0.5, 6) is None
    assert rest(0.99, 18) is None
    assert rest(1, 23) == at(2)
    assert rest(3, 1) == at(2)


def test_a_day_full_of_news_leaves_money_for_look_ups() -> None:
    """They come late on such a day, but on that day."""
    old = Ask("stand 1", 100, ids=tuple(map(str, range(100))), spare=True)
    read = int(READING * DOLLAR)
    assert rests_until(MONTH, Spent(read, read), at(1, 20)) == at(2)
    assert affordable(MONTH, old, Spent(read, read), at(1, 18)) == 0
    assert affordable(MONTH, old, Spent(read, read), at(1, 21)) == 15


@given(MONEY, MONEY, TIMES)
def test_a_rest_ends_by_midnight(today: int, month: int, now: datetime) -> None:
    until = rests_until(MONTH, Spent(today, max(month, today)), now)
    assert until is None or now < until <= now + timedelta(days=1)


@pytest.mark.parametrize(
    ("spent", "now", "until"),
    [
        (Spent(0, 0, 0, 1), at(1), None),
        (Spent(0, 10 * DOLLAR, 7 * DOLLAR, 7), at(11), None),
        (Spent(0, 10 * DOLLAR, 14 * DOLLAR, 7), at(11), at(21.5)),  # type: ignore[arg-type]
        (Spent(0, 31 * DOLLAR, 7 * DOLLAR, 7), at(20, 5), at(20, 5)),
        (Spent(0, 40 * DOLLAR, 7 * DOLLAR, 7), at(20, 5), at(20, 5)),
        (Spent(DOLLAR, DOLLAR, DOLLAR, 1), at(1, 2), at(31, 2)),
        (Spent(2 * DOLLAR, 2 * DOLLAR, 2 * DOLLAR, 1), at(1), at(15.5)),  # type: ignore[arg-type]
    ],
)
def test_until_when_the_money_lasts_at_this_rate(spent: Spent, now: datetime, until: datetime | None) -> None:
    assert lasts_until(MONTH, spent, now) == until
