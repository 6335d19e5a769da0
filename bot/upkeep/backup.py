"""A checked copy of the database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import StoreError
from bot.settings import Settings
from bot.store.connection import existing, sqlite3
from bot.upkeep.terminal import Say


def backup(settings: Settings, target: Path, say: Say) -> int:
    """Copy the database into a new file and check the copy; also while the bot runs.

    The copy is as of one moment: it is made in one go, and a reader holds up no writer. It is one file, which can be
    read where nothing can be written.
    """
    with existing(settings.database) as connection, _whole_or_not_at_all(target) as part:
        with closing(sqlite3.connect(str(part))) as copy:
            try:
                connection.backup(copy)
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"{target}: {error}; is there room for {settings.database.stat().st_size:,} bytes?"
                ) from error
            copy.execute("PRAGMA journal_mode = DELETE")
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise StoreError(f"{settings.database} is damaged ({found}); keep every older backup")
    say(f"{target}: {target.stat().st_size:,} bytes, checked")
    return 0


@contextmanager
def _whole_or_not_at_all(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its name at the end, if all went well."""
    _refuse_existing(target)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}; name a file in a folder that can be written") from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _refuse_existing(target)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
