"""Copies of the database file: made while it is in use, checked, and kept by number in a folder.

A copy in a folder bears the time of its making in its name (parley-20220314T120000Z.db), so that the folder alone says
which are old and when the next is due.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import StoreError
from bot.store.connection import Connection, existing, sqlite3
from bot.store.soundness import damage

STAMP = "%Y%m%dT%H%M%SZ"

ABANDONED = timedelta(days=1)
"""An unfinished copy this old belongs to a process that was killed."""


def copy(path: Path, target: Path) -> None:
    """Copy the database into a new file, readable by its owner alone, and check the copy.

    The copy is as of one moment: it is made in one go, and a reader holds up no writer. It is one file, which can be
    read where nothing can be written. Raises StoreError, and then there is no new file.
    """
    with existing(path) as connection, whole_or_not_at_all(target) as part:
        fill(part, connection, path)
        with closing(sqlite3.connect(str(part))) as made:
            found = damage(made)
        if found:
            raise StoreError(f"{path} is damaged ({found}); keep every older backup")


def copy_into(path: Path, folder: Path, keep: int, now: datetime) -> tuple[Path, list[Path]]:
    """Put a copy into the folder and drop all but the `keep` newest. Returns the copy and what was dropped.

    Nothing is dropped before the new copy is there and checked. Raises StoreError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}; name a folder that can be written") from error
    for part in folder.glob(f".{path.stem}-*.part"):
        if now.timestamp() - part.stat().st_mtime > ABANDONED.total_seconds():
            part.unlink(missing_ok=True)
    target = folder / f"{path.stem}-{now.astimezone(UTC).strftime(STAMP)}.db"
    copy(path, target)
    old = [file for _, file in made_in(folder, path)][:-keep]
    for file in old:
        file.unlink(missing_ok=True)
    return target, old


def made_in(folder: Path, path: Path) -> list[tuple[datetime, Path]]:
    """The copies of that database in the folder with the times of their making, the oldest first."""
    name = re.compile(rf"{re.escape(path.stem)}-([0-9]{{8}}T[0-9]{{6}}Z)\.db")
    found = []
    for file in folder.glob("*.db") if folder.is_dir() else ():
        if stamped := name.fullmatch(file.name):
            found.append((datetime.strptime(stamped[1], STAMP).replace(tzinfo=UTC), file))
    return sorted(found)


def fill(part: Path, source: Connection, path: Path) -> None:
    """Make `part` a copy of the database that is open from `path`. Raises StoreError for want of room."""
    with closing(sqlite3.connect(str(part))) as made:
        try:
            source.backup(made)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{part.parent}: {error}; is there room for {path.stat().st_size:,} bytes?") from error
        made.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def whole_or_not_at_all(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A file beside the target that takes its name at the end, on the disk, if all went well."""
    if not replace:
        _refuse_existing(target)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}; name a file in a folder that can be written") from error
    part = Path(name)
    try:
        yield part
        os.fsync(handle)
        if not replace:
            _refuse_existing(target)
        part.replace(target)
        sync_folder(target.parent)
    finally:
        os.close(handle)
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
