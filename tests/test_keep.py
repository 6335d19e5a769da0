"""Room on the disk, copies by the clock, a clock that was wrong, and what is forgotten."""

import os
from contextlib import closing
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import keep
from bot.models import Cursor, IndexEntry, Message, Mute
from bot.settings import MEGABYTE, Backup, Keep, Settings
from bot.store import copies, disk, inbox, mutes, outbox, search, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import parts_of_index, put_post, put_source, put_subscriber
from tests.worlds import NOON, ROSTER, Clock

pytestmark = pytest.mark.anyio

OPERATOR, ANOTHER = 99, 98
DAY = timedelta(days=1)


class House:
    """A keeper of a real database; how much room there is, a test says."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
        self.database, self.clock, self.free = database, Clock(), 500 * MEGABYTE
        self.direct: list[tuple[int, str]] = []
        self.reachable = True
        self.nudged = 0
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=self.free, f_frsize=1))
        made = Settings(roster=ROSTER, database=database.path, admins=(OPERATOR, ANOTHER))
        self.keeper = keep.Keeper(database, replace(made, **settings), self.clock, self.say, self.nudge)  # type: ignore[arg-type]
        database.submit(put_subscriber, NOON, OPERATOR).result()

    async def say(self, chat: int, message: Message) -> bool:
        self.direct.append((chat, message.text))
        return self.reachable and chat == OPERATOR

    def nudge(self) -> None:
        self.nudged += 1

    def queued(self) -> list[str]:
        """What operators are told by the outbox."""
        told = []
        while rows := self.database.submit(outbox.claim, self.clock(), 99).result():
            (row,) = rows
            assert row.chat == OPERATOR
            self.database.submit(outbox.sent, [outbox.Arrival(row, 1)], self.clock()).result()
            told.append(row.message.text)
        return told

    def cannot_write(self) -> None:
        """As on a full disk: not even a small row finds room."""
        used = self.database.read(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
        limit = f"PRAGMA max_page_count = {used}"
        self.database.submit(lambda connection: connection.execute(limit).fetchall()).result()
        while self.database.submit(_put_words).exception() is None:
            pass


def _put_words(connection: Connection) -> None:
    connection.execute("INSERT INTO notifications (key) VALUES (hex(randomblob(9)))")


@pytest.fixture(name="house")
def a_house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(database, monkeypatch)


async def test_under_the_reserve_nothing_is_collected_and_operators_are_told_once(house: House) -> None:
    await house.keeper.look()
    assert not house.keeper.low
    house.free = 199 * MEGABYTE
    for _ in range(3):
        await house.keeper.look()
        house.clock.goes(minutes=5)
    assert house.keeper.low
    (told,) = house.queued()
    assert told.startswith("⚠️ The disk is almost full: 199 MB are left, the reserve is 200 MB.\nNothing is collected")
    assert house.nudged == 1


async def test_with_ample_room_it_goes_on_by_itself(house: House) -> None:
    house.free = 0
    await house.keeper.look()
    house.free = 210 * MEGABYTE  # a little more than the reserve could be gone in a moment
    await house.keeper.look()
    assert house.keeper.low
    house.free = 220 * MEGABYTE
    await house.keeper.look()
    assert not house.keeper.low
    assert house.queued()[1:] == ["✅ There is room on the disk again, and collecting goes on."]
    assert house.direct == []


async def test_where_the_outbox_cannot_be_written_operators_are_told_directly(house: House) -> None:
    house.cannot_write()
    house.free = 0
    house.reachable = False
    await house.keeper.look()
    assert [chat for chat, _ in house.direct] == [OPERATOR, ANOTHER]
    await house.keeper.look()
    assert len(house.direct) == 2, "not again at once"
    house.clock.goes(minutes=1)
    house.reachable = True
    await house.keeper.look()
    assert len(house.direct) == 4
    assert "almost full" in house.direct[2][1]
    house.clock.goes(minutes=5)
    await house.keeper.look()
    assert len(house.direct) == 4


# --- copies


def backing_up(database: Database, monkeypatch: pytest.MonkeyPatch, folder: Path) -> House:
    return House(database, monkeypatch, backup=Backup(folder=folder, at=time(4), keep=2))


async def test_a_copy_is_made_at_once_and_then_each_day_at_its_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = backing_up(database, monkeypatch, tmp_path / "safe")

    def made() -> list[str]:
        return [f"{at:%d %H:%M}" for at, _ in copies.made_in(tmp_path / "safe", database.path)]

    await house.keeper.back_up()
    assert made() == ["14 12:00"]
    for _ in range(20):  # 04:00 in Kyiv is 02:00 in UTC
        house.clock.goes(hours=1)
        await house.keeper.back_up()
    assert made() == ["14 12:00", "15 02:00"]
    late = backing_up(database, monkeypatch, tmp_path / "safe")
    late.clock.goes(days=3)
    await late.keeper.back_up()
    assert made() == ["15 02:00", "17 12:00"], "one that was missed is made late, once"
    await late.keeper.back_up()
    assert len(made()) == 2


async def test_without_a_folder_no_copy_is_made(house: House, tmp_path: Path) -> None:
    await house.keeper.back_up()
    assert copies.made_in(tmp_path, house.database.path) == []


async def test_a_copy_that_fails_is_told_once_and_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    house = backing_up(database, monkeypatch, tmp_path / "file" / "safe")
    for _ in range(3):
        await house.keeper.back_up()
        house.clock.goes(minutes=61)
    (told,) = house.queued()
    assert told.startswith("⚠️ No backup of the database could be made. It is tried again every hour.\n")
    assert "Not a directory" in told
    (tmp_path / "file").unlink()
    await house.keeper.back_up()
    assert len(copies.made_in(tmp_path / "file" / "safe", database.path)) == 1


async def test_a_copy_does_not_take_the_room_of_the_reserve(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = backing_up(database, monkeypatch, tmp_path / "safe")
    house.free = 200 * MEGABYTE
    await house.keeper.back_up()
    assert "left; a backup and the reserve take" in house.queued()[0]
    assert copies.made_in(tmp_path / "safe", database.path) == []


# --- the clock


async def test_what_was_planned_by_a_clock_that_was_ahead_is_planned_anew(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    year = NOON + 365 * DAY

    def of_next_year(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), year)
        sources.polled(connection, "wire", Cursor("1"), year, year + timedelta(minutes=5))
        who = put_subscriber(connection, year)
        outbox.queue(connection, [(who.id, False)], "post:1", [Message("x")], "alert", year)

    await database.write(of_next_year)
    assert database.read(outbox.next_due_at) == year
    await database.write(keep.mind_the_clock, NOON)
    assert "is it right?" in caplog.text
    assert [len(database.read(sources.due, NOON + timedelta(minutes=later))) for later in (0, 5)] == [2, 3]
    assert database.read(outbox.next_due_at) == NOON
    (who,) = [database.read(subscribers.get, 1)]
    assert who.next_digest_at == NOON + timedelta(hours=8)
    assert who.digested_at == NOON


async def test_a_clock_that_is_right_changes_nothing(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await database.write(keep.mind_the_clock, NOON)
    await database.write(sources.enrol, ROSTER.sources.values(), NOON)
    await database.write(sources.polled, "wire", Cursor("1"), NOON, NOON + DAY)
    await database.write(put_subscriber, NOON)
    await database.write(keep.mind_the_clock, NOON - timedelta(seconds=30))
    assert caplog.text == ""
    assert "wire" not in [one.id for one in database.read(sources.due, NOON)]


async def test_a_clock_that_is_far_from_telegrams_is_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for seconds in (None, 3, 90, -120):
        house.keeper.compare_clocks(None if seconds is None else timedelta(seconds=seconds))
    first, second = caplog.messages
    assert first.startswith("the clock is 90 s behind Telegram's: ")
    assert second.startswith("the clock is 120 s ahead of Telegram's: ")


# --- what is forgotten


async def test_what_is_older_than_the_settings_say_is_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(database, monkeypatch, keep=Keep(outbox=3, inbox=2))
    monkeypatch.setattr(inbox, "FORGOTTEN_AT_ONCE", 7)

    def a_week(connection: Connection) -> None:
        who = put_subscriber(connection, NOON)
        for day in range(8):
            at = NOON - day * DAY
            outbox.queue(connection, [(who.id, False)], f"post:{day}", [Message(str(day))], "alert", at)
            for row in outbox.claim(connection, at, 9):
                outbox.sent(connection, [outbox.Arrival(row, 1)], at)
            for number in range(10):
                inbox.receive(connection, 100 * day + number, '{"typed": "words"}', at)
                inbox.done(connection, 100 * day + number, at)
        for number in (1001, 1002):  # one is set aside for good, one waits
            inbox.receive(connection, number, '{"typed": "words"}', NOON - 7 * DAY)
        for _ in range(inbox.MOST_STARTS):
            inbox.begun(connection, 1001)

    await database.write(a_week)
    assert await house.keeper.forget() == 4 + 5 * 10 + 1
    kept = database.read(
        lambda connection: [
            connection.execute(question).fetchall()
            for question in ("SELECT count(*) FROM outbox", "SELECT message FROM bodies", "SELECT update_id FROM inbox")
        ]
    )
    assert kept[0] == [(4,)]
    assert len(kept[1]) == 4
    assert {number // 100 for (number,) in kept[2]} == {0, 1, 2, 10}
    assert (1002,) in kept[2]
    assert await house.keeper.forget() == 0


async def test_a_mute_is_forgotten_once_a_digest_was_made_after_it(house: House) -> None:
    """Whoever wants no digest has none to wait for."""

    def mute(connection: Connection, chat: int) -> None:
        who = put_subscriber(connection, NOON - DAY, chat)
        mutes.put(connection, who.id, Mute("speaker", "petrov", NOON - timedelta(hours=1)))
        mutes.put(connection, who.id, Mute("speaker", "ivanenko"))
        subscribers.set_digest(connection, who.id, who.digest if chat == 1 else None, who.zone, NOON)

    def kept(connection: Connection) -> list[tuple[int, str]]:
        rows = connection.execute("SELECT chat, value FROM mutes JOIN subscribers ON id = subscriber ORDER BY 1, 2")
        return rows.fetchall()

    for chat in (1, 2):
        await house.database.write(mute, chat)
    await house.keeper.forget()
    assert house.database.read(kept) == [(1, "ivanenko"), (1, "petrov"), (2, "ivanenko")]
    known = house.database.read(subscribers.find, 1)
    assert known
    await house.database.write(subscribers.digested, known, NOON, None)
    await house.keeper.forget()
    assert house.database.read(kept) == [(1, "ivanenko"), (2, "ivanenko")]


def test_the_size_of_a_database_counts_its_log(tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "parley.db")) as database:
        database.submit(put_subscriber, NOON).result()
        assert disk.size(database.path) == sum(
            (tmp_path / name).stat().st_size for name in ("parley.db", "parley.db-wal")
        )
    assert disk.free(tmp_path / "parley.db") == disk.free(tmp_path) > 0


async def test_the_full_text_index_is_put_in_order_unless_there_is_no_room(house: House) -> None:
    def add(connection: Connection, number: int) -> None:
        at = NOON + timedelta(minutes=number)
        search.add(connection, [(put_post(connection, at, str(number)), at, IndexEntry("talk", (), "version"))])

    await house.database.write(put_source, NOON)
    for number in range(20):
        await house.database.write(add, number)
    house.free = 1 * MEGABYTE
    await house.keeper.look()
    await house.keeper.join_index()
    assert house.database.read(parts_of_index) == 20
    house.free = 500 * MEGABYTE
    await house.keeper.look()
    await house.keeper.join_index()
    assert house.database.read(parts_of_index) < 4
