"""Alerts that pile up become one message; nothing of what they tell is lost."""

from datetime import datetime, timedelta

from bot.models import Lane
from bot.store import backlog, late, outbox
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import a_message, put_post, put_source, put_subscriber

HOUR = timedelta(hours=1)


def tell(connection: Connection, now: datetime, chat: int, *keys: str, lane: Lane = "alert") -> int:
    who = put_subscriber(connection, now, chat).id
    for key in keys:
        outbox.queue(connection, [(who, False)], key, [a_message(key)], lane, now)
    return who


def world(connection: Connection, now: datetime) -> None:
    put_source(connection, now)
    for number in range(1, 9):
        put_post(connection, now, str(number))


def waiting(database: Database) -> list[str]:
    keys = "SELECT key FROM outbox JOIN notifications ON notifications.id = notification WHERE due_at IS NOT NULL"
    return [key for (key,) in database.read(lambda connection: connection.execute(keys).fetchall())]


def put_off(database: Database) -> list[tuple[int, int]]:
    question = "SELECT subscriber, post FROM late ORDER BY subscriber, post"
    return database.read(lambda connection: connection.execute(question).fetchall())


def test_only_who_has_waited_long_for_many_is_flooded(database: Database, now: datetime) -> None:
    many = database.submit(tell, now, 1, "post:1", "edit:1:1", "post:2").result()
    database.submit(tell, now, 2, "post:1", "post:2").result()
    database.submit(tell, now + HOUR, 3, "post:1", "post:2", "post:3").result()
    database.submit(tell, now, 4, "digest:1", "digest:2", "digest:3", lane="digest").result()
    assert database.read(backlog.swamped, now, 2) == [many]


def test_what_waits_is_taken_back_and_each_post_is_caught_up_with_once(database: Database, now: datetime) -> None:
    database.submit(world, now).result()
    who = database.submit(tell, now, 1, "post:1", "edit:1:1", "post:2", "deleted:3", "back:4", "post:99").result()
    other = database.submit(tell, now, 2, "post:1").result()
    database.submit(tell, now, 1, "late:2022", lane="urgent").result()
    assert database.submit(backlog.gather, [who], now).result() == 6
    assert put_off(database) == [(who, 1), (who, 2), (who, 3), (who, 4)]
    assert sorted(waiting(database)) == ["late:2022", "post:1"]
    database.submit(tell, now, 1, "post:1").result()
    assert sorted(waiting(database)) == ["late:2022", "post:1"], "told once is told"
    assert other


def test_what_may_have_arrived_is_not_told_again(database: Database, now: datetime) -> None:
    database.submit(world, now).result()
    who = database.submit(tell, now, 1, "post:1", "post:2").result()
    (row,) = database.submit(outbox.claim, now, 9).result()
    assert database.submit(backlog.gather, [who], now).result() == 1
    database.submit(outbox.unknown, row.id, now, "lost", now).result()
    assert database.submit(backlog.gather, [who], now).result() == 0
    assert put_off(database) == [(who, 2)]


def test_nobody_is_sent_a_summary_while_alerts_still_wait(database: Database, now: datetime) -> None:
    database.submit(world, now).result()
    who = database.submit(tell, now, 1, "post:1", "post:2").result()
    database.submit(backlog.gather, [who], now).result()
    database.submit(tell, now, 1, "post:3").result()
    assert database.read(late.due, now + late.PAUSE) == {}
    (row,) = database.submit(outbox.claim, now, 9).result()
    assert database.read(late.due, now + late.PAUSE) == {}
    database.submit(outbox.sent, [outbox.Arrival(row, 5)], now).result()
    assert database.read(late.due, now + late.PAUSE)[who].posts == (1, 2)
