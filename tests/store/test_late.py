"""What is told of posts that are gathered for one message: why, with or without sound, and when."""

from datetime import datetime, timedelta

import pytest

from bot.store import late
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.late import Gathered, Why
from tests.store.worlds import put_post, put_source, put_subscriber

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _two_posts(database: Database, now: datetime) -> None:
    def fill(connection: Connection) -> None:
        put_source(connection, now)
        for number in range(2):
            put_post(connection, now, str(number))
        put_subscriber(connection, now)

    database.submit(fill).result()


def hold(database: Database, post: int, why: Why, due_at: datetime, *, silent: bool = False) -> None:
    database.submit(late.put, post, [(1, silent)], due_at, due_at, why).result()


@pytest.mark.parametrize(
    ("reasons", "named"),
    [
        (["burst", "late"], "late"),
        (["late", "quiet"], "quiet"),
        (["quiet", "burst"], "quiet"),
        (["burst", "burst"], "burst"),
    ],
)
def test_of_several_reasons_the_quiet_hours_are_named_else_what_is_late(
    database: Database, now: datetime, reasons: list[Why], named: Why
) -> None:
    for post, why in enumerate(reasons, 1):
        hold(database, post, why, now)
    assert database.read(late.due, now) == {1: Gathered((1, 2), named, False)}


@pytest.mark.parametrize(("sounds", "silent"), [([True, True], True), ([True, False], False), ([False, True], False)])
def test_it_is_silent_if_nothing_of_it_was_meant_to_be_heard(
    database: Database, now: datetime, sounds: list[bool], silent: bool
) -> None:
    for post, one in enumerate(sounds, 1):
        hold(database, post, "burst", now, silent=one)
    assert database.read(late.due, now) == {1: Gathered((1, 2), "burst", silent)}


def test_what_waits_waits_as_it_does_and_what_was_told_is_told_again_as_it_comes(
    database: Database, now: datetime
) -> None:
    hold(database, 1, "quiet", now)
    hold(database, 1, "burst", now + HOUR, silent=True)
    assert database.read(late.due, now) == {1: Gathered((1,), "quiet", False)}
    database.submit(late.told, 1, [1], now).result()
    hold(database, 1, "burst", now + HOUR, silent=True)
    assert database.read(late.due, now) == {}
    assert database.read(late.due, now + HOUR) == {1: Gathered((1,), "burst", True)}


def test_only_what_quiet_hours_hold_comes_when_they_end(database: Database, now: datetime) -> None:
    hold(database, 1, "quiet", now + HOUR)
    hold(database, 2, "burst", now + HOUR)
    database.submit(late.wake, 1, now).result()
    assert database.read(late.due, now) == {1: Gathered((1,), "quiet", False)}
    assert database.read(late.next_due_at) == now
