from datetime import datetime, timedelta

from bot.models import Source
from bot.store import sources
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import EVERY, NEXT, a_source


def test_a_new_source_is_due_at_once_and_has_no_cursor(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source()], now).result()
    assert database.read(sources.due, now) == [sources.Due("web", None, "", 0, None)]
    assert database.read(sources.next_poll_at) == now


def test_a_poll_moves_the_cursor_and_the_due_time(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source()], now).result()
    database.submit(sources.polled, "web", NEXT, now, now + EVERY, title="Web", account_id="7").result()
    assert database.read(sources.due, now) == []
    assert database.read(sources.due, now + EVERY) == [sources.Due("web", NEXT, "7", 0, now)]
    database.submit(sources.polled, "web", NEXT, now, now + EVERY).result()
    (health,) = database.read(sources.health)
    assert (health.title, health.account_id, health.failing_since) == ("Web", "7", None)


def test_failures_count_until_a_poll_goes_well_and_keep_the_cursor(database: Database, now: datetime) -> None:
    def story(connection: Connection) -> None:
        sources.enrol(connection, [a_source()], now)
        sources.polled(connection, "web", NEXT, now, now)
        sources.failed(connection, "web", "no answer", now + EVERY, now + 2 * EVERY)
        sources.failed(connection, "web", "no answer still", now + 2 * EVERY, now + 3 * EVERY)

    database.submit(story).result()
    (health,) = database.read(sources.health)
    assert (health.failures, health.failing_since, health.last_error) == (2, now + EVERY, "no answer still")
    assert database.read(sources.due, now + 3 * EVERY)[0].cursor == NEXT
    database.submit(sources.polled, "web", NEXT, now + 3 * EVERY, now + 4 * EVERY).result()
    (health,) = database.read(sources.health)
    assert (health.failures, health.failing_since, health.last_error) == (0, None, "")


def test_a_changed_address_is_another_source(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source()], now).result()
    database.submit(sources.polled, "web", NEXT, now, now, account_id="7").result()
    database.submit(sources.enrol, [a_source(language="en")], now).result()
    assert database.read(sources.due, now)[0].cursor == NEXT
    database.submit(sources.enrol, [Source("web", "feed", "https://example.org/atom")], now).result()
    assert database.read(sources.due, now)[0] == sources.Due("web", None, "", 0, now)


def test_absent_and_disabled_sources_rest(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source("one"), a_source("two"), a_source("off", enabled=False)], now).result()
    database.submit(sources.enrol, [a_source("two"), a_source("off", enabled=False)], now).result()
    assert [due.id for due in database.read(sources.due, now)] == ["two"]


def test_a_start_gives_a_source_that_had_failed_for_good_another_try(database: Database, now: datetime) -> None:
    tomorrow = now + timedelta(days=1)
    database.submit(sources.enrol, [a_source("gone"), a_source("slow")], now).result()
    database.submit(sources.failed, "gone", "no such name", now, tomorrow, stopped=True).result()
    database.submit(sources.failed, "slow", "asked to wait", now, tomorrow).result()
    assert database.read(sources.due, now) == []
    database.submit(sources.enrol, [a_source("gone"), a_source("slow")], now).result()
    assert [due.id for due in database.read(sources.due, now)] == ["gone"]


def test_hurry_makes_the_named_sources_due_or_all(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source("one"), a_source("two")], now + EVERY).result()
    database.submit(sources.hurry, ["two"], now).result()
    assert [due.id for due in database.read(sources.due, now)] == ["two"]
    database.submit(sources.hurry, [], now).result()
    assert [due.id for due in database.read(sources.due, now)] == ["one", "two"]
