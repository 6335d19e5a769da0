"""A connection to the SQLite file, through the library that sqlite-utils uses (pysqlite3: the same modern SQLite on
every machine).
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from sqlite3 import Connection
else:
    from sqlite_utils.utils import sqlite3

    Connection = sqlite3.Connection

__all__ = ["Connection", "connect", "sqlite3"]

BUSY_MS = 5000
"""How long a statement waits for an operator's own tool that holds the file."""


def connect(path: Path, *, write: bool = False) -> Connection:
    """Open it in autocommit mode, so that transactions are only where the code says BEGIN."""
    connection: Connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection
