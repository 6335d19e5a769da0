"""Dates as feeds write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources import dates

NOON_MOSCOW = datetime(2020, 9, 29, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "Tue, 29 Sep 2020 15:03:00 +0300",
        "Tue, 29 Sep 2020 15:03 +03:00",
        "29 Sep 20 15:03:00 MSK",
        "Tue, 29 Sep 2020 15:03:00 EEST",
        "Tue, 29 Sep 2020 14:03:00 EET",
        "Tue, 29 Sep 2020 15:03:00 GMT+3",
        "Tue, 29 Sep 2020 12:03:00 GMT",
        "Tue, 29 Sep 2020 08:03:00 EDT",
        "Tue,  29 Sep 2020\n12:03:00 Z",
        "Вт, 29 сен 2020 15:03:00 +0300",
        "29 сентября 2020 г., 15:03 MSK",
        "29 сентября 2020 года в 15:03 +0300",
        "Вівторок, 29 вересня 2020 року, о 15:03 +0300",
        "September 29, 2020 12:03 UTC",
        "2020-09-29T15:03:00+03:00",
        "2020-09-29T15:03:00+0300",
        "2020-09-29T15:03+03",
        "2020-09-29 12:03:00.5Z",
        "29.09.2020 15:03 +0300",
        "29 сентября 2020 г. 15:03 (мск)",
        "29 сентября 2020 в 15:03 по московскому времени",
        "29 вересня 2020, 15:03 за київським часом",
        "Tue, 29 Sep 2020 15:03:00 Europe/Kyiv",
        "Tue, 29 Sep 2020 12:03:00 (UTC)",
        "September 29, 2020 12:03 PM GMT",
        "29/09/2020 12:03",
        "2020/09/29 12:03:00",
        "15:03, 29 сентября 2020 MSK",
        "15:03 29.09.2020 (мск)",
        "Tue Sep 29 12:03:00 2020",
        "Tue Sep 29 15:03:00 MSK 2020",
        "20200929T120300Z",
        "1601380980",
        "1601380980123",
    ],
)
def test_one_moment_in_many_shapes(written: str) -> None:
    assert dates.read(written) == NOON_MOSCOW


@pytest.mark.parametrize(
    "written", ["Tue, 29 Sep 2020 15:03:00", "29.09.2020, 15:03", "29 вересня 2020 15:03", "2020-09-29T15:03:00"]
)
def test_a_date_without_zone_takes_the_one_given(written: str) -> None:
    assert dates.read(written, timezone(timedelta(hours=3))) == NOON_MOSCOW
    assert dates.read(written) == NOON_MOSCOW + timedelta(hours=3)
    assert dates.zone_of(written) is None


@pytest.mark.parametrize(
    ("written", "hour"), [("12:03 AM", 0), ("1:03 a.m.", 1), ("11:03 am", 11), ("12:03 pm", 12), ("1:03 P.M.", 13)]
)
def test_a_day_may_have_two_halves(written: str, hour: int) -> None:
    assert dates.read(f"September 29, 2020 {written}") == NOON_MOSCOW.replace(hour=hour)


def test_a_place_that_is_none_names_no_zone() -> None:
    assert dates.zone_of("Tue, 29 Sep 2020 15:03:00 Europe/Nowhere") is None


def test_a_zone_is_read_from_a_date_that_names_it() -> None:
    assert dates.zone_of("Tue, 29 Sep 2020 15:03:00 +0300") == timezone(timedelta(hours=3))
    assert dates.zone_of("Tue, 29 Sep 2020 15:03:00 MSK") == timezone(timedelta(hours=3))
    assert dates.zone_of("soon") is None


@pytest.mark.parametrize("month", ["травня", "мая", "май", "May", "трав."])
def test_a_month_is_known_in_each_case_of_its_name(month: str) -> None:
    assert dates.read(f"1 {month} 2022 10:00 GMT") == datetime(2022, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["", "soon", "Tue, 32 Sep 2020 15:03:54", "29 Foo 2020", "25:00", "0001-01-01T00:00:00Z", "2020-02-30", "12345"],
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert dates.read(written) is None


def test_an_offset_that_cannot_be_is_passed_over() -> None:
    assert dates.read("2020-09-29T12:03:00+99:99") == NOON_MOSCOW


def test_a_leap_second_is_the_last_one_of_its_minute() -> None:
    assert dates.read("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.integers(640_000_000, 200_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)))
def test_every_moment_of_rfc_822_comes_back(moment: datetime) -> None:
    assert dates.read(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")) == moment


@given(st.text(max_size=60) | st.text("0123456789 .:+-TZсепянвмай", max_size=40))
def test_any_text_is_a_date_in_utc_or_none(written: str) -> None:
    found = dates.read(written)
    assert found is None or found.tzinfo is UTC
