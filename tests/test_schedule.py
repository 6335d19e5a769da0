from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import schedule
from bot.models import Timetable
from tests.worlds import daily

ZONES = ["UTC", "Europe/Kyiv", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
MOMENTS = st.integers(1_577_836_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(st.times(), st.sampled_from(ZONES), MOMENTS)
def test_the_next_digest_lies_in_the_future_and_within_two_days(at: time, zone: str, after: datetime) -> None:
    due = schedule.next_digest_at(daily(at.replace(second=0, microsecond=0)), zone, after)
    assert after < due <= after + timedelta(hours=50)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0, 0), time(1, 30), time(2, 30), time(20, 0)])
def test_there_is_one_digest_for_every_local_date_of_a_year(zone: str, at: time) -> None:
    moment = datetime(2025, 12, 31, 23, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    days: list[date] = []
    while len(days) < 365:
        moment = schedule.next_digest_at(daily(at), zone, moment)
        days.append(moment.astimezone(ZoneInfo(zone)).date())
    assert days == [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]


def test_a_time_that_the_clock_skips_comes_at_the_skip() -> None:
    assert schedule.next_digest_at(daily(time(3, 30)), "Europe/Kyiv", utc("2026-03-28 20:00")) == utc(
        "2026-03-29 01:30"
    )


def test_a_time_that_the_clock_shows_twice_comes_the_first_time_only() -> None:
    first = schedule.next_digest_at(daily(time(3, 30)), "Europe/Kyiv", utc("2026-10-24 20:00"))
    assert first == utc("2026-10-25 00:30")
    assert schedule.next_digest_at(daily(time(3, 30)), "Europe/Kyiv", first) == utc("2026-10-26 01:30")


@pytest.mark.parametrize(
    ("zone", "at", "after", "due"),
    [
        # Kyiv: 03:00 becomes 04:00 on 29 March 2026, 04:00 becomes 03:00 on 25 October
        ("Europe/Kyiv", "03:30", "2026-03-28 02:00", ["2026-03-29 01:30", "2026-03-30 00:30"]),
        ("Europe/Kyiv", "03:30", "2026-10-24 01:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        # New York: 02:00 becomes 03:00 on 8 March, 02:00 becomes 01:00 on 1 November
        ("America/New_York", "02:30", "2026-03-07 12:00", ["2026-03-08 07:30", "2026-03-09 06:30"]),
        ("America/New_York", "01:30", "2026-10-31 12:00", ["2026-11-01 05:30", "2026-11-02 06:30"]),
        # Lord Howe: 02:00 becomes 01:30 on 5 April, 02:00 becomes 02:30 on 4 October
        ("Australia/Lord_Howe", "01:30", "2026-04-03 20:00", ["2026-04-04 14:30", "2026-04-05 15:00"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-02 20:00", ["2026-10-03 15:45", "2026-10-04 15:15"]),
    ],
)
def test_a_digest_comes_once_where_clocks_change(zone: str, at: str, after: str, due: list[str]) -> None:
    """23 and 25 hours apart, at Lord Howe 23.5 and 24.5."""
    first = schedule.next_digest_at(daily(time.fromisoformat(at)), zone, utc(after))
    assert [first, schedule.next_digest_at(daily(time.fromisoformat(at)), zone, first)] == [utc(one) for one in due]


def test_times_that_fall_on_one_moment_are_one_digest() -> None:
    """In New York 02:30 does not exist on 8 March 2026 and is 03:30."""
    when = daily(time(2, 30), time(3, 30))
    first = schedule.next_digest_at(when, "America/New_York", utc("2026-03-08 00:00"))
    assert first == utc("2026-03-08 07:30")
    assert schedule.next_digest_at(when, "America/New_York", first) == utc("2026-03-09 06:30")


def test_a_day_that_a_zone_leaves_out_has_its_digest_all_the_same() -> None:
    """Samoa had no 30 December 2011."""
    when = Timetable((time(8), time(20)), frozenset({5, 6}))
    due = [schedule.next_digest_at(when, "Pacific/Apia", utc("2011-12-29 20:00"))]
    for _ in range(3):
        due.append(schedule.next_digest_at(when, "Pacific/Apia", due[-1]))
    assert due == [utc(f"2011-12-{at}") for at in ("30 18:00", "31 06:00")] + [
        utc("2012-01-05 18:00"),
        utc("2012-01-06 06:00"),
    ]


EVERYWHERE = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
TIMETABLES = st.builds(
    Timetable,
    st.lists(CLOCKS, min_size=1, max_size=6, unique=True).map(lambda times: tuple(sorted(times))),
    st.sets(st.integers(1, 7), min_size=1).map(frozenset),
)


@given(TIMETABLES, st.sampled_from(EVERYWHERE), MOMENTS)
def test_each_time_of_each_chosen_day_has_one_digest_in_any_zone(when: Timetable, zone: str, start: datetime) -> None:
    due = [start]
    while due[-1] < start + timedelta(days=20):
        due.append(schedule.next_digest_at(when, zone, due[-1]))
    clock = ZoneInfo(zone)
    days = [start.astimezone(clock).date() + timedelta(days=day) for day in range(-2, 40)]
    meant = {
        datetime.combine(day, at, clock).astimezone(UTC)
        for day in days
        if day.isoweekday() in when.days
        for at in when.times
    }
    assert due[1:] == sorted(moment for moment in meant if start < moment <= due[-1])
    for moment in due[1:]:
        local = moment.astimezone(clock)
        assert local.time() in when.times or _skipped(local)


def _skipped(local: datetime) -> bool:
    """Whether the clock went ahead within the last day."""
    before = local.astimezone(UTC) - timedelta(days=1)
    return local.utcoffset() != before.astimezone(local.tzinfo).utcoffset()


CHANGES = st.lists(st.tuples(st.integers(1, 5 * 24 * 60), st.sampled_from(EVERYWHERE)), max_size=6)


@given(TIMETABLES, st.sampled_from(EVERYWHERE), MOMENTS, CHANGES)
def test_who_travels_gets_each_digest_once(
    when: Timetable, zone: str, now: datetime, changes: list[tuple[int, str]]
) -> None:
    """The local date and time that a digest is for is kept beside what is stored, and the two agree."""
    due: datetime | None = schedule.next_digest_at(when, zone, now)
    told: list[datetime] = []
    meant = _meant(when, zone, now)
    for minutes, new in [*changes, (30 * 24 * 60, zone)]:
        until = now + timedelta(minutes=minutes)
        while due is not None and due <= until:
            told.append(meant)
            now, meant, due = due, _meant(when, zone, due), schedule.next_digest_at(when, zone, due)
        now, due = until, schedule.rescheduled(when, zone, due, when, new, until)
        zone = new
        assert due == max(meant.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), now)
    assert len(told) == len(set(told))
    assert all(one.time() in when.times and one.isoweekday() in when.days for one in told)


def _meant(when: Timetable, zone: str, after: datetime) -> datetime:
    """The local date and time of the next digest, as its timetable has it: naive."""
    clock = ZoneInfo(zone)
    due = schedule.next_digest_at(when, zone, after)
    day = due.astimezone(clock).date()
    days = (day, day - timedelta(days=1))
    slots = [datetime.combine(one, at) for one in days if one.isoweekday() in when.days for at in when.times]
    return next(slot for slot in slots if slot.replace(tzinfo=clock).astimezone(UTC) == due)


def test_other_times_count_from_now_and_what_is_due_already_stays_due() -> None:
    now, evening, morning = utc("2026-01-05 19:00"), daily(time(20)), daily(time(8))
    due = utc("2026-01-05 20:00")
    assert schedule.rescheduled(evening, "UTC", due, morning, "UTC", now) == utc("2026-01-06 08:00")
    assert schedule.rescheduled(evening, "UTC", due, None, "UTC", now) is None
    assert schedule.rescheduled(None, "UTC", None, morning, "UTC", now) == utc("2026-01-06 08:00")
    assert schedule.rescheduled(evening, "UTC", now, morning, "UTC", now) == now
    odd = utc("2026-01-05 19:30")  # set by hand: of no local time that is known
    assert schedule.rescheduled(evening, "UTC", odd, evening, "Europe/Kyiv", now) == odd


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        ("23:00-07:00", "Europe/Kyiv", "2026-01-05 20:59", None),
        ("23:00-07:00", "Europe/Kyiv", "2026-01-05 21:00", "2026-01-06 05:00"),
        ("23:00-07:00", "Europe/Kyiv", "2026-01-06 04:59", "2026-01-06 05:00"),
        ("23:00-07:00", "Europe/Kyiv", "2026-01-06 05:00", None),
        ("13:00-15:00", "UTC", "2026-01-06 14:00", "2026-01-06 15:00"),
        ("13:00-15:00", "UTC", "2026-01-06 15:00", None),
        ("23:00-07:00", "Europe/Kyiv", "2026-03-28 23:00", "2026-03-29 04:00"),  # seven hours long
        ("23:00-07:00", "Europe/Kyiv", "2026-10-25 04:30", "2026-10-25 05:00"),  # nine hours long
    ],
)
def test_quiet_hours_end_when_the_clock_says_so(hours: str, zone: str, now: str, until: str | None) -> None:
    assert schedule.quiet_until(schedule.hours(hours), zone, utc(now)) == (utc(until) if until else None)


@given(st.tuples(CLOCKS, CLOCKS).filter(lambda hours: hours[0] != hours[1]), st.sampled_from(EVERYWHERE), MOMENTS)
def test_quiet_hours_are_over_within_two_days_in_any_zone(hours: tuple[time, time], zone: str, now: datetime) -> None:
    until = schedule.quiet_until(hours, zone, now)
    if until is None:
        local = now.astimezone(ZoneInfo(zone)).time()
        assert not (hours[0] <= local < hours[1]) or _skipped(now.astimezone(ZoneInfo(zone)))
    else:
        assert now < until <= now + timedelta(hours=49)
        assert schedule.quiet_until(hours, zone, until) is None or _skipped(until.astimezone(ZoneInfo(zone)))


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
