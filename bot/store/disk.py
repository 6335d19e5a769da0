"""Room on the disk that holds the database."""

import os
from pathlib import Path


def free(path: Path) -> int:
    """Bytes that may still be written beside this file, or into this folder."""
    where = path if path.is_dir() else path.parent
    found = os.statvfs(where)
    return found.f_bavail * found.f_frsize


def size(database: Path) -> int:
    """Bytes of the database with its log."""
    parts = (database, database.with_name(database.name + "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
