from datetime import UTC, date, datetime, time, timedelta
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
