"""Whether a database file is sound, as far as SQLite can tell from looking at its pages."""

import time
from pathlib import Path

from bot.errors import StoreError
from bot.store.connection import DAMAGED, Connection, sqlite3

_STEPS = 10_000
"""SQLite's own steps between two looks at the time; some milliseconds."""


def damage(connection: Connection) -> str:
    """The first damage found in the whole file, its indexes included; empty if there is none. Minutes for many GB."""
    return _found(connection, "PRAGMA integrity_check(1)")


def refuse_damaged(connection: Connection, path: Path, seconds: float) -> bool:
    """Look for damage for so long, leaving out whether indexes agree with their tables. False if time was too short.

    Half a gigabyte takes a second. Raises StoreError with the remedy.
    """
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        found = _found(connection, "PRAGMA quick_check(1)")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return False
        raise
    finally:
        connection.set_progress_handler(None, 0)
    if found:
        raise StoreError(f"{path} is damaged ({found}); {DAMAGED}")
    return True


def _found(connection: Connection, question: str) -> str:
    try:
        (found,) = connection.execute(question).fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found).splitlines()[-1]
