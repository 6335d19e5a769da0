"""A connection to the SQLite file, through the library that sqlite-utils uses (pysqlite3: the same modern SQLite on
every machine).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from sqlite3 import Connection
else:
    from sqlite_utils.utils import sqlite3

    Connection = sqlite3.Connection

__all__ = ["Connection", "connect", "existing", "snapshot", "sqlite3", "troubles"]

BUSY_MS = 5000
"""How long a statement waits for an operator's own tool that holds the file."""


def connect(path: Path, *, write: bool = False) -> Connection:
    """Open it in autocommit mode, so that transactions are only where the code says BEGIN."""
    connection: Connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what somebody erases is overwritten, not only unlinked
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Several reads see the file as of one moment, whatever is written meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


@contextmanager
def troubles(path: Path) -> Iterator[None]:
    """Turns what SQLite says of the file into a StoreError that says what to do; our own mistakes stay as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        cure = _CURES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if cure is None:
            raise
        raise StoreError(f"{path}: {error}; {cure}") from error


@contextmanager
def existing(path: Path) -> Iterator[Connection]:
    """To read a database that is there, also while another process has it; none is made. Raises StoreError."""
    if not path.exists():
        raise StoreError(f"{path} does not exist; PARLEY_DATABASE names the database")
    with troubles(path), closing(connect(path)) as connection:
        yield connection


DAMAGED = "restore a backup or move the file away (parley restore FILE does both)"

_CURES = {
    sqlite3.SQLITE_BUSY: "another program is writing to it; let that one end, then try again",
    sqlite3.SQLITE_CANTOPEN: "PARLEY_DATABASE must name a file that can be written",
    sqlite3.SQLITE_READONLY: "PARLEY_DATABASE must name a file that can be written",
    sqlite3.SQLITE_FULL: "make room on the disk, then try again",
    sqlite3.SQLITE_IOERR: "the disk is full or failing; make room on it, then try again",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_ERROR: "is it a database of Parley?",
}
"""By SQLite's own classes of failure."""
