from datetime import datetime, timedelta

import pytest

from bot.models import Fate
from bot.store import checks, posts, sources
from bot.store.checks import Check
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import NEXT, a_post, a_source, put_post, put_source

HOUR = timedelta(hours=1)


def fill(connection: Connection, now: datetime) -> None:
    """Posts 2, 4, 6, 8 and 10 of one source; another has a post 6 too."""
    put_source(connection, now, "web", "other")
    for number in range(2, 12, 2):
        put_post(connection, now, str(number))
    posts.insert(connection, a_post(now, "6", source="other"), now)


@pytest.fixture
def numbered(database: Database, now: datetime) -> Database:
    database.submit(fill, now).result()
    return database


def missing(database: Database, at: datetime) -> list[str]:
    found = [check.post for check in database.read(checks.due, "web", at, 99)]
    return [telling.post.external_id for telling in database.read(posts.tellings, found)]


def test_what_lies_in_the_covered_span_and_does_not_stand_is_missing(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.suspect, "web", (3, 9), {"4", "5"}, now).result()
    assert missing(numbered, now) == ["6", "8"]
    assert numbered.read(checks.waiting, now) == ["web"]
    assert numbered.read(checks.waiting, now - HOUR) == []
    assert numbered.read(checks.due, "web", now, 1) == [Check(3, now, 0, 0)]


def test_a_span_of_absurd_width_is_compared_at_its_upper_end(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.suspect, "web", (1, 10**12), set(), now).result()
    assert missing(numbered, now) == []
    numbered.submit(checks.suspect, "web", (-(10**12), 10), {"10"}, now).result()
    assert missing(numbered, now) == ["2", "4", "6", "8"]


@pytest.mark.parametrize("fate", ["deleted", "protected", "withheld"])
def test_what_is_known_not_to_be_shown_is_not_missed(numbered: Database, now: datetime, fate: Fate) -> None:
    if fate == "deleted":
        numbered.submit(posts.delete, 3, now, now).result()
    else:
        numbered.submit(posts.put_fate, 3, fate, now).result()
    numbered.submit(checks.suspect, "web", (6, 6), set(), now).result()
    assert missing(numbered, now) == []


def test_what_is_shown_again_is_no_longer_suspected_and_routine_goes_on(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.suspect, "web", (6, 8), set(), now).result()
    numbered.submit(checks.plan, 1, now).result()
    numbered.submit(checks.shown, "web", ["2", "6", "7"]).result()
    assert sorted(missing(numbered, now)) == ["2", "8"]


def test_who_is_cleared_is_suspected_again_only_after_a_day(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.suspect, "web", (6, 6), set(), now).result()
    numbered.submit(checks.confirmed, 3, now).result()
    numbered.submit(checks.cleared, 3, now).result()
    assert missing(numbered, now + checks.BELIEVED) == []
    for hours in (1, 23):
        numbered.submit(checks.suspect, "web", (6, 6), set(), now + hours * HOUR).result()
        assert missing(numbered, now + checks.BELIEVED) == []
    later = now + checks.BELIEVED
    numbered.submit(checks.suspect, "web", (6, 6), set(), later).result()
    assert numbered.read(checks.due, "web", later, 9) == [Check(3, later, 0, 0)]


def test_a_suspicion_goes_on_as_it_began(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.suspect, "web", (6, 6), set(), now).result()
    numbered.submit(checks.confirmed, 3, now + HOUR).result()
    numbered.submit(checks.suspect, "web", (6, 6), set(), now + HOUR).result()
    assert numbered.read(checks.due, "web", now + HOUR, 9) == [Check(3, now, 1, 0)]


def test_what_is_missing_waits_while_its_source_cannot_be_read_and_routine_does_not(
    numbered: Database, now: datetime
) -> None:
    numbered.submit(checks.suspect, "web", (6, 6), set(), now).result()
    numbered.submit(checks.plan, 1, now).result()
    (suspected, *_) = [one for one in numbered.read(checks.due, "web", now, 9) if one.missed_at]
    assert numbered.read(checks.stands, suspected)
    numbered.submit(sources.failed, "web", "no answer", now, now).result()
    assert missing(numbered, now) == ["2"]
    assert not numbered.read(checks.stands, suspected)
    numbered.submit(checks.drop, 1).result()
    assert numbered.read(checks.waiting, now) == []
    numbered.submit(sources.polled, "web", NEXT, now, now).result()
    assert numbered.read(checks.waiting, now) == ["web"]


def test_nobody_is_asked_for_sources_that_are_off(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.plan, 1, now).result()
    numbered.submit(sources.enrol, [a_source("web", enabled=False), a_source("other")], now).result()
    assert numbered.read(checks.waiting, now) == []


def test_all_that_is_due_of_a_source_can_be_put_off(numbered: Database, now: datetime) -> None:
    for post, at in ((1, now), (2, now - HOUR), (3, now + HOUR), (6, now)):
        numbered.submit(checks.plan, post, at).result()
    numbered.submit(checks.postpone, "web", now, now + 2 * HOUR).result()
    assert numbered.read(checks.waiting, now) == ["other"]
    assert missing(numbered, now + HOUR) == ["6"]
    assert missing(numbered, now + 2 * HOUR) == ["6", "2", "4"]


def test_answers_that_say_nothing_are_counted_until_one_says_something(numbered: Database, now: datetime) -> None:
    numbered.submit(checks.plan, 1, now).result()
    numbered.submit(checks.unanswered, 1, now).result()
    numbered.submit(checks.unanswered, 1, now).result()
    assert numbered.read(checks.due, "web", now, 9) == [Check(1, None, 0, 2)]
    numbered.submit(checks.confirmed, 1, now).result()
    assert numbered.read(checks.due, "web", now, 9) == [Check(1, None, 1, 0)]
    numbered.submit(checks.plan, 1, now).result()
    assert numbered.read(checks.due, "web", now, 9) == [Check(1, None, 0, 0)]
    assert not numbered.read(checks.stands, Check(1, None, 1, 0))
