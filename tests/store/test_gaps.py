from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Gap
from bot.store import gaps, sources
from bot.store.connection import Connection, connect
from bot.store.database import Database
from tests.store.worlds import EVERY, NEXT, a_source, put_source

HOUR = timedelta(hours=1)


def read(database: Database, since: datetime, until: datetime) -> list[Gap]:
    return database.read(gaps.between, since, until)


def test_a_source_is_unseen_from_its_last_good_poll_to_the_next(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> None:
        put_source(connection, now)
        sources.polled(connection, "web", NEXT, now, now)
        sources.failed(connection, "web", "no answer", now + EVERY, now)
        sources.failed(connection, "web", "another reason", now + 2 * EVERY, now)

    database.submit(story).result()
    assert read(database, now, now + HOUR) == [Gap("web", now, None, "no answer")]
    database.submit(sources.polled, "web", NEXT, now + 3 * EVERY, now).result()
    assert read(database, now, now + HOUR) == [Gap("web", now, now + 3 * EVERY, "no answer")]
    database.submit(sources.failed, "web", "again", now + 4 * EVERY, now).result()
    assert [gap.until for gap in read(database, now, now + HOUR)] == [now + 3 * EVERY, None]


def test_a_source_that_never_was_read_has_no_gap(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    database.submit(sources.failed, "web", "no token", now, now).result()
    assert read(database, now - HOUR, now + HOUR) == []


def test_what_reaches_into_the_window_counts_and_its_edges_do_not(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    database.submit(gaps.add, "web", now - HOUR, now, gaps.UNREAD).result()
    assert read(database, now, now + HOUR) == []
    assert read(database, now - 2 * HOUR, now - HOUR) == []
    assert len(read(database, now - EVERY, now + HOUR)) == 1


def test_a_source_that_is_off_has_no_gaps(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    database.submit(gaps.add, "web", now - HOUR, now, gaps.UNREAD).result()
    database.submit(sources.enrol, [a_source("web", enabled=False)], now).result()
    assert read(database, now - 2 * HOUR, now) == []


def test_gaps_of_different_kinds_and_sources_stay_apart(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> None:
        put_source(connection, now, "one", "two")
        for source, reason in (("one", "a"), ("one", "b"), ("two", "a"), ("", "a")):
            gaps.add(connection, source, now - HOUR, now, reason)
            gaps.add(connection, source, now - HOUR / 2, now + HOUR, reason)
            gaps.add(connection, source, now, now, reason)

    database.submit(story).result()
    found = read(database, now - HOUR, now + HOUR)
    assert [(gap.source, gap.reason) for gap in found] == [("one", "a"), ("one", "b"), ("two", "a"), ("", "a")]
    assert {(gap.since, gap.until) for gap in found} == {(now - HOUR, now + HOUR)}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    path = tmp_path_factory.mktemp("gaps") / "parley.db"
    Database.open(path).close()
    return connect(path, write=True)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_gaps_of_one_kind_never_touch_and_cover_what_was_added(
    shared: Connection, spans: list[tuple[int, int]]
) -> None:
    begin = datetime.fromisoformat("2022-03-14T12:00:00+00:00")
    minute = timedelta(minutes=1)
    shared.execute("BEGIN")
    for since, length in spans:
        gaps.add(shared, "", begin + since * minute, begin + (since + length) * minute, gaps.UNREAD)
    found = gaps.between(shared, begin, begin + 100 * minute)
    shared.execute("ROLLBACK")
    covered = {
        moment
        for gap in found
        if gap.until
        for moment in range((gap.since - begin) // minute, (gap.until - begin) // minute)
    }
    assert covered == {moment for since, length in spans for moment in range(since, since + length)}
    assert all(one.until and one.until < other.since for one, other in pairwise(found))


# --- when Parley itself was away


def test_the_time_in_which_nothing_was_looked_at_is_a_gap_of_all(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> None:
        put_source(connection, now, "one", "two")
        sources.polled(connection, "one", NEXT, now, now + EVERY)
        sources.polled(connection, "two", NEXT, now + EVERY, now + 2 * EVERY)
        sources.enrol(connection, [a_source("one"), a_source("two")], now + 7 * HOUR)

    database.submit(story).result()
    assert read(database, now, now + 9 * HOUR) == [Gap("", now + EVERY, now + 7 * HOUR, gaps.NOT_RUNNING)]
    database.submit(sources.enrol, [a_source("one"), a_source("two")], now + 8 * HOUR).result()
    assert len(read(database, now, now + 9 * HOUR)) == 1


def test_a_restart_is_no_gap_nor_is_a_source_that_was_not_due(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> None:
        put_source(connection, now, "one")
        sources.polled(connection, "one", NEXT, now, now + 7 * HOUR)
        sources.enrol(connection, [a_source("one")], now + 7 * HOUR + EVERY)

    database.submit(story).result()
    assert read(database, now, now + 9 * HOUR) == []
