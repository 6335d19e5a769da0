from datetime import datetime, timedelta

from bot.models import Source
from bot.store import sources
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import EVERY, NEXT, a_source, put_post, put_source


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


def test_the_newest_post_is_remembered_and_an_older_one_does_not_set_it_back(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source()], now).result()
    database.submit(sources.polled, "web", NEXT, now, now).result()
    assert database.read(sources.health)[0].last_new_at is None
    for newest in (now - EVERY, None, now - 2 * EVERY):
        database.submit(sources.polled, "web", NEXT, now, now, newest=newest).result()
        assert database.read(sources.due, now)[0].last_new_at == now - EVERY


def test_habits_are_kept_and_fall_due_again(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source("one"), a_source("two"), a_source("off", enabled=False)], now).result()
    assert database.read(sources.unlearned, now, 9) == ["one", "two"]
    assert database.read(sources.unlearned, now, 1) == ["one"]
    database.submit(sources.learn, "one", (0.5, 2.0), timedelta(hours=3), now).result()
    database.submit(sources.learn, "two", (), None, now + EVERY).result()
    assert database.read(sources.unlearned, now, 9) == ["one"]
    assert {due.id: due.rates for due in database.read(sources.due, now)} == {"one": (0.5, 2.0), "two": ()}
    assert [one.silence for one in database.read(sources.health)] == [timedelta(hours=3), None]


def test_times_of_publication_are_those_of_one_source_in_order(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    for day in (3, 1, 2):
        database.submit(put_post, now + timedelta(days=day), str(day)).result()
    found = database.read(sources.published_since, "web", now + timedelta(days=2))
    assert found == [now + timedelta(days=2), now + timedelta(days=3)]


def test_an_alarm_is_remembered_until_it_is_over(database: Database, now: datetime) -> None:
    database.submit(sources.enrol, [a_source()], now).result()
    database.submit(sources.failed, "web", "no such name", now, now, stopped=True).result()
    database.submit(sources.alarmed, "web", now + EVERY).result()
    (health,) = database.read(sources.health)
    assert (health.stopped, health.alarmed_at) == (True, now + EVERY)
    database.submit(sources.alarmed, "web", None).result()
    assert database.read(sources.health)[0].alarmed_at is None
