"""A copy is whole or not made at all."""

import io
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import LockedError, StoreError
from bot.settings import Settings
from bot.sources import archive
from bot.store.connection import Connection, connect
from bot.store.database import Database
from bot.upkeep.backup import backup
from bot.upkeep.poll import poll
from bot.upkeep.take_in import take_in
from tests.upkeep.worlds import VARIED, exported, kept, nowhere, stored
from tests.worlds import a_post

pytestmark = pytest.mark.anyio


HOLD = """
import sys, pathlib
from bot.store.database import Database
database = Database.open(pathlib.Path(sys.argv[1]))
def add(connection, text):
    connection.execute("INSERT INTO notifications (key) VALUES (?)", (text,))
database.submit(add, "stored").result()
print("ready", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the database, with something that stands in its log alone."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
        try:
            yield other
        finally:
            other.send_signal(signal.SIGKILL)


def keys(connection: Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT key FROM notifications")]


async def test_a_backup_is_complete_and_one_file_also_while_another_process_has_the_database(
    settings: Settings, tmp_path: Path
) -> None:
    await kept(settings, *VARIED)
    target = tmp_path / "safe" / "copy.db"
    target.parent.mkdir()
    said: list[str] = []
    with held(settings.database) as other:
        assert backup(settings, target, said.append) == 0
        with pytest.raises(LockedError, match=rf"\(process {other.pid}\)"):
            await poll(settings, [], nowhere)
    assert said == [f"{target}: {target.stat().st_size:,} bytes, checked"]
    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_mode & 0o077 == 0, "subscribers are nobody else's business"
    with closing(connect(target)) as copy:
        assert keys(copy) == ["stored"]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert exported(replace(settings, database=target)) == exported(settings)
    Database.open(target).close()


def test_a_backup_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    target = tmp_path / "copy.db"
    target.write_text("dear")
    with pytest.raises(StoreError, match="is there already; name a new file"):
        backup(settings, target, nowhere)
    assert target.read_text() == "dear"


def test_a_backup_to_where_nothing_can_be_written_says_so(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    with pytest.raises(StoreError, match="No such file or directory; name a file in a folder that can be written"):
        backup(settings, tmp_path / "none" / "copy.db", nowhere)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As if the disk were full: the kernel refuses to write beyond."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_backup_that_fails_leaves_no_half_file(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    target = tmp_path / "safe" / "copy.db"
    target.parent.mkdir()
    with files_no_longer_than(20_000), pytest.raises(StoreError, match=r"safe: .*; is there room for [\d,]+ bytes"):
        backup(settings, target, nowhere)
    assert list(target.parent.iterdir()) == []


def test_a_damaged_database_is_not_passed_off_as_a_backup(settings: Settings, tmp_path: Path) -> None:
    def fill(connection: Connection) -> None:
        rows = [(f"{number} {'x' * 1000}",) for number in range(300)]
        connection.executemany("INSERT INTO notifications (key) VALUES (?)", rows)

    with closing(Database.open(settings.database)) as database:
        database.submit(fill).result()
    with settings.database.open("r+b") as file:
        file.seek(-50 * 4096, 2)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(StoreError, match="keep every older backup"):
        backup(settings, tmp_path / "copy.db", nowhere)
    assert not (tmp_path / "copy.db").exists()


async def test_an_import_onto_a_full_disk_says_so(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(archive.line(a_post(str(number), "x", quoted="q" * 5000)) for number in range(100)))
    with files_no_longer_than(400_000), pytest.raises(StoreError, match="disk"):
        await take_in(settings, path, nowhere, io.StringIO())
    await take_in(settings, path, nowhere, io.StringIO())
    assert len(stored(settings)) == 100
