"""One file, one process, one writer: what `Database` promises."""

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlite_utils

from bot.errors import LockedError, StoreError
from bot.store import connection as connecting
from bot.store.connection import Connection, connect, sqlite3, troubles
from bot.store.database import Database
from bot.store.migrations import migrations

pytestmark = pytest.mark.anyio


def add(connection: Connection, text: str) -> int:
    number: int = connection.execute("INSERT INTO notifications (key) VALUES (?) RETURNING id", (text,)).fetchone()[0]
    return number


def texts(connection: Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT key FROM notifications ORDER BY id")]


async def test_a_write_is_read_by_the_other_connections(database: Database) -> None:
    assert await database.write(add, "one") == 1
    assert database.read(texts) == ["one"]
    assert await database.read_slow(texts) == ["one"]


async def test_of_writes_that_share_a_transaction_the_failed_one_alone_is_undone(database: Database) -> None:
    outcomes = await asyncio.gather(
        *(database.write(add, text) for text in ("one", "two", "one", "three")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [int, int, sqlite3.IntegrityError, int]
    assert database.read(texts) == ["one", "two", "three"]


async def test_a_write_that_fails_after_its_first_half_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        add(connection, "half")
        raise ValueError

    with pytest.raises(ValueError):
        await database.write(half)
    assert database.read(texts) == []


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.read(add, "one")


async def test_when_the_whole_transaction_is_lost_every_caller_is_told(database: Database) -> None:
    def fill(connection: Connection, text: str) -> None:
        connection.execute("INSERT INTO notifications (key) VALUES (? || hex(zeroblob(500000)))", (text,))

    await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 100").fetchall())
    outcomes = await asyncio.gather(*(database.write(fill, text) for text in ("one", "two")), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {StoreError, sqlite3.OperationalError, sqlite3.IntegrityError}
    assert not any(outcome is None for outcome in outcomes)
    assert database.read(texts) == []
    assert await database.write(add, "small") == 1


async def test_a_cancelled_caller_does_not_stop_the_writer(database: Database) -> None:
    cancelled = asyncio.create_task(database.write(add, "one"))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    await database.write(add, "two")
    assert "two" in database.read(texts)


async def test_closing_finishes_what_was_submitted(tmp_path: Path) -> None:
    opened = Database.open(tmp_path / "parley.db")
    waiting = [opened.submit(add, str(number)) for number in range(1000)]
    opened.close()
    assert all(one.done() for one in waiting)
    with pytest.raises(StoreError, match="closed"):
        opened.submit(add, "too late")
    again = Database.open(tmp_path / "parley.db")
    assert len(again.read(texts)) == 1000
    again.close()


def test_a_second_instance_refuses_to_start_and_says_who_has_it(database: Database) -> None:
    script = "import sys, pathlib; from bot.store.database import Database; Database.open(pathlib.Path(sys.argv[1]))"
    second = subprocess.run(
        [sys.executable, "-c", script, str(database.path)], check=False, capture_output=True, text=True
    )
    assert second.returncode != 0
    assert f"LockedError: {database.path} is in use by another Parley (process " in second.stderr


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    script = "import os, sys, pathlib; from bot.store.database import Database\n"
    script += "Database.open(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -9
    Database.open(path).close()


def test_the_refused_instance_lets_go_of_what_it_took(database: Database) -> None:
    with pytest.raises(LockedError):
        Database.open(database.path)
    assert database.path.exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    path.write_text("these are notes, not a database" * 100)
    with pytest.raises(StoreError, match="restore a backup or move the file away"):
        Database.open(path)
    assert path.read_text().startswith("these are notes")


def test_a_new_database_is_its_owners_alone(database: Database) -> None:
    database.submit(add, "one").result()
    files = [file for file in database.path.parent.iterdir() if file.name.startswith(database.path.name)]
    assert len(files) == 4
    assert not any(file.stat().st_mode & 0o077 for file in files)


def test_a_disk_without_room_for_the_lock_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="No space left on device; make room on the disk"):
        Database.open(tmp_path / "parley.db")


def test_a_folder_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="PARLEY_DATABASE"):
        Database.open(tmp_path / "data" / "parley.db")


def test_a_file_that_another_program_writes_to_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "BUSY_MS", 10)
    path = tmp_path / "parley.db"
    other = sqlite3.connect(str(path), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="database is locked; another program is writing to it"):
        Database.open(path)
    other.close()
    Database.open(path).close()


def test_a_database_of_something_else_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.touch()
    with pytest.raises(StoreError, match="no such table: posts; is it a database of Parley"), troubles(path):
        connect(path).execute("SELECT * FROM posts")


def test_a_mistake_of_ours_is_no_trouble_of_the_file(tmp_path: Path) -> None:
    other = sqlite3.connect(":memory:")
    other.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")
    with pytest.raises(sqlite3.IntegrityError), troubles(tmp_path):
        other.execute("INSERT INTO one VALUES (1), (1)")
    with pytest.raises(sqlite3.ProgrammingError), troubles(tmp_path):
        other.execute("SELECT ?", ())


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE _sqlite_migrations SET name = 'of_tomorrow' WHERE name = 'search'")
    connection.close()
    with pytest.raises(StoreError, match=r"newer Parley .*of_tomorrow"):
        Database.open(path)


def test_the_tables_from_any_earlier_step_are_those_from_nothing() -> None:
    def schema(steps: int) -> list[str]:
        made = sqlite_utils.Database(memory=True)
        names = [step.name for step in migrations.pending(made)]
        if steps < len(names):
            migrations.apply(made, stop_before=names[steps])
        migrations.apply(made)
        return sorted(sql for (sql,) in made.conn.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))

    complete = schema(99)
    assert all(
        schema(steps) == complete for steps in range(1, len(migrations.pending(sqlite_utils.Database(memory=True))))
    )


def test_rows_of_an_earlier_version_are_taken_along() -> None:
    made = sqlite_utils.Database(memory=True)
    migrations.apply(made, stop_before="fates")
    made.conn.execute(
        "INSERT INTO sources (id, kind, address, enabled, next_poll_at) VALUES ('web', 'feed', 'x', 1, 0)"
    )
    made.conn.execute(
        "INSERT INTO posts (source, external_id, url, published_at, seen_at, text, language, kind, media, quoted, "
        "author, sha256, deleted_at) VALUES ('web', '1', '', 0, 0, '', '', 'post', '[]', '', '', '', 5), "
        "('web', '2', '', 0, 0, '', '', 'post', '[]', '', '', '', NULL)"
    )
    migrations.apply(made)
    rows = made.conn.execute("SELECT fate, fate_at, late FROM posts ORDER BY id").fetchall()
    assert rows == [("deleted", 5, 0), ("stands", None, 0)]
    assert made.conn.execute("SELECT rates, silence FROM sources").fetchall() == [("[]", None)]


def test_the_outbox_of_an_earlier_version_is_taken_along() -> None:
    made = sqlite_utils.Database(memory=True)
    migrations.apply(made, stop_before="shared_words")
    for chat in (1, 2):
        made.conn.execute(
            "INSERT INTO subscribers (chat, kind, title, language, zone, digested_at, state, created_at) "
            "VALUES (?, 'private', '', 'en', 'UTC', 0, 'active', 0)",
            (chat,),
        )
    made.conn.execute("INSERT INTO bodies (sha256, message) VALUES ('a', 'one'), ('b', 'two'), ('c', 'daily')")
    rows = [
        (1, "post:7:0", 1, 1, "sent", None, 77),
        (1, "post:7:1", 2, 1, "queued", 5, None),
        (2, "post:7:0", 1, 1, "refused", None, None),
        (2, "digest:2022-03-14T18:00:00+00:00:0", 3, 2, "queued", 5, None),
        (2, "ailing:10:0", 3, 3, "queued", 6, None),
    ]
    made.conn.executemany(
        "INSERT INTO outbox (subscriber, key, body, lane, silent, state, due_at, message_id, queued_at) "
        "VALUES (?, ?, ?, ?, 0, ?, ?, ?, 1)",
        rows,
    )
    migrations.apply(made)
    taken = made.conn.execute(
        "SELECT subscriber, key, outbox.part, message, lane, state, due_at, message_id FROM outbox "
        "JOIN notifications ON notifications.id = outbox.notification "
        "JOIN bodies ON bodies.id = body ORDER BY outbox.id"
    ).fetchall()
    assert taken == [
        (1, "post:7", 0, "one", 2, "sent", None, 77),
        (1, "post:7", 1, "two", 2, "queued", 5, None),
        (2, "post:7", 0, "one", 2, "refused", None, None),
        (2, "digest:2022-03-14T18:00:00+00:00", 0, "daily", 4, "queued", 5, None),
        (2, "ailing:10", 0, "daily", 3, "queued", 6, None),
    ]
    assert made.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_table_of_ours_is_strict_and_durable(database: Database) -> None:
    loose = database.read(
        lambda connection: connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict "
            "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        ).fetchall()
    )
    assert loose == []
    settings = database.submit(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert settings.result() == ["wal", 2, 1]
