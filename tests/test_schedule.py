from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import schedule

ZONES = ["UTC", "Europe/Kyiv", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
MOMENTS = st.integers(1_577_836_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(st.times(), st.sampled_from(ZONES), MOMENTS)
def test_the_next_digest_lies_in_the_future_and_within_two_days(at: time, zone: str, after: datetime) -> None:
    due = schedule.next_digest_at(at.replace(second=0, microsecond=0), zone, after)
    assert after < due <= after + timedelta(hours=50)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0, 0), time(1, 30), time(2, 30), time(20, 0)])
def test_there_is_one_digest_for_every_local_date_of_a_year(zone: str, at: time) -> None:
    moment = datetime(2025, 12, 31, 23, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    days: list[date] = []
    while len(days) < 365:
        moment = schedule.next_digest_at(at, zone, moment)
        days.append(moment.astimezone(ZoneInfo(zone)).date())
    assert days == [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]


def test_a_time_that_the_clock_skips_comes_at_the_skip() -> None:
    assert schedule.next_digest_at(time(3, 30), "Europe/Kyiv", utc("2026-03-28 20:00")) == utc("2026-03-29 01:30")


def test_a_time_that_the_clock_shows_twice_comes_the_first_time_only() -> None:
    first = schedule.next_digest_at(time(3, 30), "Europe/Kyiv", utc("2026-10-24 20:00"))
    assert first == utc("2026-10-25 00:30")
    assert schedule.next_digest_at(time(3, 30), "Europe/Kyiv", first) == utc("2026-10-26 01:30")


@given(st.integers(1, 100), st.floats(0, 1), st.timedeltas(timedelta(seconds=1), timedelta(days=1)), MOMENTS)
def test_a_failing_source_is_tried_again_later_and_at_least_hourly(
    failures: int, chance: float, every: timedelta, now: datetime
) -> None:
    pause = schedule.next_try_at(every, failures, now, chance) - now
    assert every <= pause <= max(every, schedule.LONGEST_PAUSE) * 1.11


def test_pauses_grow_with_the_failures() -> None:
    now = utc("2026-01-01 00:00")
    pauses = [schedule.next_try_at(timedelta(minutes=5), failures, now, 0) - now for failures in (1, 2, 3, 9)]
    assert pauses == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40), timedelta(hours=1)]


def test_the_wish_of_the_far_end_is_kept() -> None:
    now = utc("2026-01-01 00:00")
    every = timedelta(minutes=5)
    assert schedule.next_poll_at(every, now, 0) == now + every
    assert schedule.next_poll_at(every, now, 0, asked=now + timedelta(hours=2)) == now + timedelta(hours=2)
    assert schedule.next_poll_at(every, now, 0, asked=now) == now + every


# --- habits


EVERY = timedelta(minutes=5)
PUBLISHED = st.lists(
    st.integers(0, 56 * 24 * 60).map(lambda minute: utc("2026-01-01 00:00") + timedelta(minutes=minute)), max_size=80
).map(sorted)


@given(st.lists(st.floats(0, 100), min_size=24, max_size=24) | st.just([]), MOMENTS, st.none() | MOMENTS)
def test_a_source_is_polled_within_its_limits_whatever_its_habits(
    rates: list[float], now: datetime, last_new_at: datetime | None
) -> None:
    assert EVERY <= schedule.pause(EVERY, rates, now, last_new_at) <= EVERY * schedule.SLOWEST


def test_quiet_hours_are_polled_rarely_and_lively_ones_often() -> None:
    rates = [0.0] * 8 + [1.0] * 8 + [0.3] * 8
    pauses = [schedule.pause(EVERY, rates, utc(f"2026-01-01 {hour}:30"), None) for hour in ("03", "10", "20")]
    assert pauses == [timedelta(minutes=20), EVERY, timedelta(minutes=10)]


def test_who_has_just_spoken_is_looked_at_often_at_any_hour() -> None:
    now = utc("2026-01-01 03:30")
    assert schedule.pause(EVERY, [0.0] * 24, now, now - timedelta(minutes=59)) == EVERY
    assert schedule.pause(EVERY, [0.0] * 24, now, now - timedelta(minutes=61)) == 4 * EVERY


def test_a_short_interval_is_meant_as_it_stands() -> None:
    now = utc("2026-01-01 03:30")
    assert schedule.pause(timedelta(seconds=10), [0.0] * 24, now, None) == timedelta(seconds=10)
    assert schedule.pause(timedelta(seconds=11), [0.0] * 24, now, None) == timedelta(seconds=44)


def test_rates_are_posts_an_hour_by_hour_of_the_day() -> None:
    begin = utc("2026-01-01 00:00")
    published = [begin + timedelta(days=day, hours=hour) for day in range(10) for hour in (9, 9.25, 9.5)]
    rates = schedule.rates(published, published[0] + timedelta(days=10))
    assert rates[8:11] == (1.0, 1.0, 1.0)
    assert sum(rates) == 3.0


def test_with_little_history_no_habits_are_claimed() -> None:
    begin = utc("2026-01-01 00:00")
    assert schedule.rates([], begin) == ()
    assert schedule.rates([begin] * 50, begin + timedelta(days=6)) == ()
    assert (
        schedule.expected_silence([begin + timedelta(days=day) for day in range(19)], begin + timedelta(days=19))
        is None
    )
    assert (
        schedule.expected_silence([begin + timedelta(hours=hour) for hour in range(190)], begin + timedelta(8)) is None
    )


@given(PUBLISHED)
def test_rates_count_every_post_once(published: list[datetime]) -> None:
    until = utc("2026-03-01 00:00")
    rates = schedule.rates(published, until)
    if rates:
        assert sum(rates) * ((until - published[0]) / timedelta(days=1)) == pytest.approx(len(published))


def test_nights_and_weekends_are_usual_silence() -> None:
    """Every twenty minutes from 06:00 to 18:00 on weekdays: Friday evening to Monday morning is 60 hours."""
    days = [utc("2026-01-05 06:00") + timedelta(days=day) for day in range(40)]
    published = [day + timedelta(minutes=20 * step) for day in days if day.weekday() < 5 for step in range(37)]
    assert schedule.expected_silence(published, utc("2026-02-14 00:00")) == 3 * timedelta(hours=60)


@given(PUBLISHED)
def test_an_expected_silence_is_longer_than_most_that_have_been(published: list[datetime]) -> None:
    silence = schedule.expected_silence(published, utc("2026-03-01 00:00"))
    if silence is not None:
        assert silence >= schedule.SHORTEST_SILENCE
        gaps = [after - before for before, after in pairwise(published)]
        assert sum(gap > silence for gap in gaps) <= len(gaps) / 2


# --- what becomes of posts


@given(MOMENTS, st.timedeltas(timedelta(-3), timedelta(days=9)))
def test_a_post_is_looked_up_again_at_three_ages(published_at: datetime, age: timedelta) -> None:
    now = published_at + age
    due = schedule.next_check_at(published_at, now)
    if age >= schedule.CHECKED_AT[-1]:
        assert due is None
    else:
        assert due is not None
        assert due > now
        assert due - published_at in schedule.CHECKED_AT
