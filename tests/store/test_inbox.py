from datetime import datetime, timedelta

from bot.store import inbox
from bot.store.database import Database


def test_a_repeated_update_is_known(database: Database, now: datetime) -> None:
    assert database.submit(inbox.receive, 7, "{}", now).result()
    assert not database.submit(inbox.receive, 7, "{}", now).result()


def test_the_unfinished_come_back_oldest_first(database: Database, now: datetime) -> None:
    for number in (9, 7, 8):
        database.submit(inbox.receive, number, f"update {number}", now).result()
    database.submit(inbox.done, 8, now).result()
    assert database.submit(inbox.waiting).result() == [(7, "update 7"), (9, "update 9")]


def test_what_was_finished_is_forgotten_but_for_its_number(database: Database, now: datetime) -> None:
    database.submit(inbox.receive, 7, "my secret watch", now).result()
    database.submit(inbox.done, 7, now).result()
    (row,) = database.read(lambda connection: connection.execute("SELECT payload FROM inbox").fetchall())
    assert row == ("",)
    assert not database.submit(inbox.receive, 7, "my secret watch", now).result()


def test_an_update_that_two_processes_died_of_is_set_aside(database: Database, now: datetime) -> None:
    database.submit(inbox.receive, 7, "poison", now).result()
    database.submit(inbox.receive, 8, "innocent", now).result()
    starts = []
    for _ in range(3):
        starts.append([number for number, _ in database.submit(inbox.waiting).result()])
        database.submit(inbox.begun, 7).result()
    assert starts == [[7, 8], [7, 8], [8]]


def test_old_numbers_are_dropped_and_unfinished_ones_kept(database: Database, now: datetime) -> None:
    for number in (7, 8):
        database.submit(inbox.receive, number, "{}", now).result()
    database.submit(inbox.done, 7, now).result()
    database.submit(inbox.forget, now + timedelta(days=3)).result()
    (left,) = database.read(lambda connection: connection.execute("SELECT update_id FROM inbox").fetchall())
    assert left == (8,)
