"""What people type after a command is read generously, and what it is not is not guessed."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import quota, reading
from bot.chat.wiring import COMMANDS
from bot.render.commands import commands
from tests.worlds import NOON


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("20:00", time(20)),
        ("8", time(8)),
        ("07.30", time(7, 30)),
        ("19h15", time(19, 15)),
        ("19 15", time(19, 15)),
        ("8am", time(8)),
        ("12 a.m.", time(0)),
        ("12 pm", time(12)),
        ("7:30 PM", time(19, 30)),
        ("13 pm", None),
        ("24:00", None),
        ("20:60", None),
        ("2000", None),
        ("noon", None),
        ("", None),
        ("٢٠:٠٠", None),
    ],
)
def test_times_of_day(typed: str, at: time | None) -> None:
    assert reading.clock(typed) == at


@pytest.mark.parametrize(
    ("typed", "zones"),
    [
        ("Europe/Kyiv", ["Europe/Kyiv"]),
        ("europe/kiev", ["Europe/Kyiv"]),
        ("Київ", ["Europe/Kyiv"]),
        ("нью-йорк", ["America/New_York"]),
        ("lord howe", ["Australia/Lord_Howe"]),
        ("+3", ["Etc/GMT-3"]),
        ("UTC−5", ["Etc/GMT+5"]),
        ("gmt+02:00", ["Etc/GMT-2"]),
        ("+0", ["UTC"]),
        ("utc", ["UTC"]),
        ("Etc/GMT-3", ["Etc/GMT-3"]),
        ("+15", []),
        ("-13", []),
        ("+5:30", ["Asia/Colombo", "Asia/Kolkata"]),
        ("+1:15", []),
        ("Украина", ["Europe/Kyiv", "Europe/Simferopol"]),
        ("Швейцарія", ["Europe/Zurich"]),
        ("turkiye", ["Europe/Istanbul"]),
        ("Russia", []),
        ("Atlantis", []),
        ("", []),
        ("../../etc/passwd", []),
    ],
)
def test_zones_by_name_place_or_distance(typed: str, zones: list[str]) -> None:
    assert reading.zones(typed) == zones


def test_a_city_with_a_slip_of_the_finger_is_offered() -> None:
    assert reading.near_zones("Kyev") == ["Europe/Kyiv"]
    assert reading.near_zones("Turkey") == ["Europe/Istanbul"]


def test_a_city_that_is_in_no_list_is_not_taken_for_another() -> None:
    assert reading.near_zones("Львів") == reading.near_zones("Атлантида") == []


def test_a_word_on_how_ends_a_list_of_names() -> None:
    assert reading.how("ann, ben тихо") == ("ann, ben", "silent")
    assert reading.how("ann, digest") == ("ann", "digest")
    assert reading.how("digest") == ("digest", "now")
    assert reading.how("") == ("", "now")


def test_a_number_behind_a_name_is_how_many() -> None:
    assert reading.counted("ann 3") == ("ann", 3)
    assert reading.counted("3") == ("", 3)
    assert reading.counted("ann3") == ("ann3", None)
    assert reading.counted("") == ("", None)
    assert reading.counted("٣") == ("٣", None)


def test_a_list_is_cut_at_what_a_person_types() -> None:
    assert reading.pieces(" a, b;;\nc ") == ["a", "b", "c"]
    assert len(reading.pieces("a," * 1000)) == reading.MOST_PIECES


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_nothing_that_is_typed_breaks_the_reading(typed: str) -> None:
    reading.clock(typed)
    reading.how(typed)
    reading.counted(typed)
    reading.pieces(typed)
    reading.near(typed, COMMANDS)
    assert len(reading.zones(typed)) < 20


def test_the_menu_of_commands_is_what_is_understood() -> None:
    assert list(COMMANDS) == [name for name, _ in commands("en")]


def test_chats_that_have_been_silent_are_forgotten() -> None:
    few = quota.Quota(1)
    old = NOON - timedelta(minutes=5)
    for chat in range(quota.CHATS):
        few.wait(chat, old)
        few.wait(chat, old)
        few.tell(chat, old)
    assert few.wait(-1, NOON) == 0
    assert few.wait(-1, NOON) == 60
    assert few.wait(3, NOON) == 0
    assert len(few._given) < 10


@given(st.lists(st.integers(0, 90), max_size=40), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_no_minute_holds_more_than_the_quota(gaps: list[int], most: int) -> None:
    limit, at, answered = quota.Quota(most), NOON, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        if limit.wait(1, at) == 0:
            answered.append(at)
    for start in answered:
        assert sum(start <= one < start + quota.MINUTE for one in answered) <= most


def test_the_time_to_wait_is_when_there_is_room() -> None:
    limit = quota.Quota(1)
    limit.wait(1, NOON)
    later: datetime = NOON + timedelta(seconds=20.5)
    assert limit.wait(1, later) == 40
    assert limit.wait(1, later + timedelta(seconds=40)) == 0
