"""Put a copy of the database back in its place, so that what was sent before is not sent again, and whoever was erased
since stays erased.

The copy is made ready beside the database, in a file of its own; what it replaces is kept under another name. At no
moment is there no database, for a start would then make an empty one.
"""

from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import StoreError
from bot.store import budget, clock, gaps, outbox, sources, subscribers
from bot.store.connection import Connection, connect, existing, sqlite3, troubles
from bot.store.copies import STAMP, fill, sync_folder, whole_or_not_at_all
from bot.store.database import locked, migrate
from bot.store.soundness import damage
from bot.store.times import from_ms, to_ms

BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands in the place of the database now.

    `as_of` is the time of the newest thing in it, None if it is empty. `kept` is what was replaced, None if there was
    nothing. `erased`: how many chats are erased again that were erased after the copy was made; None if what was
    replaced could not tell.
    """

    as_of: datetime | None
    posts: int
    subscribers: int
    kept: Path | None
    erased: int | None


def restore(path: Path, file: Path, now: datetime, backlog: timedelta) -> Restored:
    """Put `file` in the place of the database at `path`.

    Sources are due at once, and what they posted since counts as a backlog (`backlog` is how old a source's last look
    is then). Raises LockedError while a Parley uses the database, StoreError for a file that will not do.
    """
    with locked(path):
        with existing(file) as source, whole_or_not_at_all(path, replace=True) as part:
            _refuse_damaged(file, source)
            fill(part, source, file)
            with troubles(file), closing(connect(part, write=True)) as copy:
                migrate(copy, file)
                erased, as_of = _begin_anew(copy, path, now, backlog)
                posts, chats = copy.execute(
                    "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM subscribers)"
                ).fetchone()
                copy.execute("PRAGMA journal_mode = DELETE")
            kept = _set_aside(path, now)
        return Restored(as_of, posts, chats, kept, erased)


def _refuse_damaged(file: Path, source: Connection) -> None:
    found = damage(source)
    if found:
        raise StoreError(f"{file} is damaged ({found}); take an older backup")
    if not source.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        raise StoreError(f"{file} is no database of Parley; take one that parley backup made")


def _begin_anew(
    copy: Connection, replaced: Path, now: datetime, backlog: timedelta
) -> tuple[int | None, datetime | None]:
    """Returns how many chats were erased again, and the time of the newest thing in the copy."""
    as_of = clock.newest(copy)
    erased = None
    copy.execute("BEGIN IMMEDIATE")
    outbox.set_aside(copy, now)
    last = copy.execute("SELECT max(last_ok_at) FROM sources").fetchone()[0]
    if last is not None:
        gaps.add(copy, "", from_ms(last), now, gaps.NOT_RUNNING)
    copy.execute("UPDATE sources SET last_ok_at = min(last_ok_at, ?)", (to_ms(now - backlog),))
    sources.hurry(copy, [], now)
    with suppress(StoreError), existing(replaced) as old:
        if not damage(old) and _same_line(copy, old):
            erased = _follow_up(copy, old)
            budget.take_over(copy, old)
    copy.execute("COMMIT")
    return erased, as_of


def _same_line(copy: Connection, old: Connection) -> bool:
    """Whether one was copied from the other. A database older than this mark cannot tell."""
    try:
        return bool(
            copy.execute("SELECT id FROM lineage").fetchone() == old.execute("SELECT id FROM lineage").fetchone()
        )
    except sqlite3.OperationalError:
        return False


def _follow_up(copy: Connection, old: Connection) -> int:
    """What became of the chats since: some have another number, and some said /stop. Returns how many are erased."""
    since = {(id, at): chat for id, at, chat in old.execute("SELECT id, created_at, chat FROM subscribers")}
    erased = 0
    for id, at, chat, thread in copy.execute("SELECT id, created_at, chat, thread FROM subscribers").fetchall():
        if (id, at) not in since:
            erased += subscribers.erase(copy, chat, thread)
        elif since[id, at] != chat:
            subscribers.move(copy, chat, since[id, at])
    return erased


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Keep what is at `path` under another name, with the log beside it if that cannot be folded in.

    The database itself stays where it is until the new one takes its name; its log does not, or SQLite would add it to
    the new one.
    """
    if not path.exists():
        return None
    with suppress(sqlite3.Error), closing(connect(path, write=True)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.execute("PRAGMA journal_mode = DELETE")
    kept = path.with_name(f"{path.name}.replaced-{now.strftime(STAMP)}")
    there = [end for end in ("", *BESIDE) if path.with_name(path.name + end).exists()]
    try:
        for end in there:
            path.with_name(kept.name + end).hardlink_to(path.with_name(path.name + end))
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be kept as {kept.name} ({error.strerror}); move it away with its -wal, then restore again"
        ) from error
    sync_folder(path.parent)
    for end in there[1:]:
        path.with_name(path.name + end).unlink()
    return kept
