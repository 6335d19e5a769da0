"""Damage is found, in time and with its remedy."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import soundness
from bot.store.connection import Connection, connect, sqlite3
from bot.store.database import Database


def fill(connection: Connection) -> None:
    rows = [(str(number), "x" * 1000) for number in range(2000)]
    connection.executemany("INSERT INTO gaps (since, reason) VALUES (?, ?)", rows)


@pytest.fixture(name="damaged")
def a_damaged_file(tmp_path: Path) -> Path:
    path = tmp_path / "parley.db"
    with closing(Database.open(path)) as database:
        database.submit(fill).result()
    with path.open("r+b") as file:
        file.seek(-60 * 4096, 2)
        file.write(b"\xff" * 4096 * 20)
    return path


@pytest.fixture(name="sound")
def a_sound_file(database: Database) -> Iterator[Connection]:
    database.submit(fill).result()
    with closing(connect(database.path)) as connection:
        yield connection


def test_a_sound_file_is_looked_through(sound: Connection, tmp_path: Path) -> None:
    assert soundness.damage(sound) == ""
    assert soundness.refuse_damaged(sound, tmp_path, 60)


def test_a_look_ends_in_time_and_the_connection_works_on(
    sound: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "_STEPS", 10)
    assert not soundness.refuse_damaged(sound, tmp_path, -1)
    assert sound.execute("SELECT count(*) FROM gaps").fetchone() == (2000,)


def test_a_damaged_database_does_not_start_and_is_left_as_it_is(damaged: Path) -> None:
    before = damaged.read_bytes()
    with pytest.raises(StoreError, match=r"is damaged \(.*\); restore a backup or move the file away \(parley restore"):
        Database.open(damaged, 60)
    assert damaged.read_bytes() == before
    with closing(connect(damaged)) as connection:
        assert soundness.damage(connection) != ""


def test_a_large_database_starts_without_a_whole_look(
    damaged: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "_STEPS", 10)
    caplog.set_level("INFO")
    Database.open(damaged, 1e-9).close()
    assert "parley check --database sees all of it" in caplog.text


def test_what_is_no_database_at_all_is_said_in_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    path.write_text("notes " * 5000)
    with pytest.raises(StoreError, match="restore a backup or move the file away"):
        Database.open(path, 60)


def test_a_database_that_is_busy_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    with closing(sqlite3.connect(str(path), isolation_level=None)) as other, closing(connect(path)) as connection:
        connection.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            soundness.damage(connection)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            soundness.refuse_damaged(connection, path, 60)
