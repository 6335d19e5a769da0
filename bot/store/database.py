"""The SQLite file: who may open it, which thread writes, how a transaction runs.

One writer thread owns every write. It takes whatever is waiting, runs it in one transaction (each caller in a savepoint
of its own, so that one failure undoes only itself) and wakes the callers after the commit. Under load a commit, and so
the one fsync of `synchronous=FULL`, is shared by many callers: FULL then costs nothing that shows.
"""

import asyncio
import errno
import fcntl
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlite_utils

from bot.errors import LockedError, StoreError
from bot.store.connection import BUSY_MS, Connection, connect, sqlite3, troubles
from bot.store.migrations import migrations
from bot.store.soundness import refuse_damaged

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

GROUP = 500
"""Callers in one transaction at the most; bounds how long the first of them waits."""

Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class Database:
    """An open database. Make one with `Database.open`, end it with `close`."""

    def __init__(self, path: Path, lock: int, writer: Connection) -> None:
        self.path = path
        self._lock = lock
        self._writer = writer
        self._reader = connect(path)
        self._closed = False
        self.erased = False
        """Somebody was erased, and the log has not been emptied since."""
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._scrubs: queue.SimpleQueue[Future[bool]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="parley-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, patience: float = 0.0) -> "Database":
        """Open the file for this process alone and bring its tables up to date; make it if it is not there.

        With `patience` it is looked for damage before, for so many seconds at the most.
        Raises LockedError if another process has it, StoreError if it cannot be used.
        """
        lock = _lock(path)
        try:
            with troubles(path):
                if not path.exists():
                    path.touch(mode=0o600)  # what people watch for is nobody else's business
                writer = connect(path, write=True)
                if patience and not refuse_damaged(writer, path, patience):
                    log.info("%s is large: only a part was looked at; parley check --database sees all of it", path)
                migrate(writer, path)
                return cls(path, lock, writer)
        except StoreError:
            os.close(lock)
            raise

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the function on the writer thread in a transaction; return when that is on the disk."""
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def submit(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> "Future[T]":
        """As `write`, for callers without an event loop: `.result()` waits."""
        done: Future[T] = Future()
        if self._closed:
            raise StoreError("the database is closed")
        self._jobs.put((lambda connection: function(connection, *args, **kwargs), done))
        return done

    def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short read at once, on the caller's thread, which must be the one of the event loop."""
        return function(self._reader, *args, **kwargs)

    async def read_slow(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a long read (a digest, an export) on a thread and a connection of its own."""

        def with_connection() -> T:
            connection = connect(self.path)
            try:
                return function(connection, *args, **kwargs)
            finally:
                connection.close()

        return await asyncio.to_thread(with_connection)

    async def scrub(self) -> None:
        """If something was `erased`, empty the log beside the file, where it stands still.

        While somebody reads what was there before that cannot be: `erased` stays true, and it is to be asked for again.
        """
        if self.erased:
            done: Future[bool] = Future()
            self._scrubs.put(done)
            await self.write(_nothing)
            self.erased = not await asyncio.wrap_future(done)

    def close(self) -> None:
        """Finish what was submitted, then let go of the file."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._reader.close()
        self._writer.close()
        os.close(self._lock)

    # on the writer thread

    def _write_all(self) -> None:
        going = True
        while going:
            waiting = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(waiting) < GROUP and waiting[-1] is not None:
                    waiting.append(self._jobs.get_nowait())
            going = waiting[-1] is not None
            jobs = [job for job in waiting if job is not None and job[1].set_running_or_notify_cancel()]
            if jobs:
                _run_together(self._writer, jobs)
            with suppress(queue.Empty):
                while True:
                    self._scrubs.get_nowait().set_result(_empty_log(self._writer))


def _nothing(connection: Connection) -> None:
    """Wakes the writer."""


def _empty_log(connection: Connection) -> bool:
    """Move all that stands in the log into the file. False, without waiting, if a reader needs it still."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:  # the disk is full or failing; that is told where it matters
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return not busy


def _run_together(connection: Connection, jobs: list[Job]) -> None:
    """Run the jobs in one transaction, then tell each caller how its own part went."""
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for work, done in jobs:
            outcomes.append((done, *_run_alone(connection, work)))
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - every caller must be told, whatever happened
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for _, done in jobs:
            done.set_exception(StoreError(f"nothing was written: {error}"))
        return
    for done, result, failure in outcomes:
        if failure is None:
            done.set_result(result)
        else:
            done.set_exception(failure)


def _run_alone(connection: Connection, work: Callable[[Connection], Any]) -> tuple[Any, BaseException | None]:
    """One job in its savepoint. Raises only if the whole transaction is lost (a full disk, say)."""
    connection.execute("SAVEPOINT job")
    try:
        result = work(connection)
    except BaseException as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return None, error
    connection.execute("RELEASE job")
    return result, None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every Parley from the database meanwhile. Raises LockedError, StoreError."""
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    """Take the database for this process; the kernel lets go of it however the process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _take(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        cure = "make room on the disk" if full else "PARLEY_DATABASE must name a file that can be written"
        raise StoreError(f"{path}: {error.strerror}; {cure}") from error


def _take(path: Path) -> int:
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise LockedError(f"{path} is in use by another Parley (process {holder}); stop that one first") from error
    try:
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
    except OSError:
        os.close(handle)
        raise
    return handle


def migrate(connection: Connection, path: Path) -> None:
    """Bring the tables up to date. A file made by a later Parley is refused: it would be misread."""
    database = sqlite_utils.Database(connection, execute_plugins=False)
    ours = {step.name for step in migrations.pending(sqlite_utils.Database(memory=True))}
    theirs = {step.name for step in migrations.applied(database)}
    if theirs - ours:
        raise StoreError(
            f"{path} was made by a newer Parley (it knows {', '.join(sorted(theirs - ours))}); "
            "run that version, or restore a backup that this one has made"
        )
    migrations.apply(database)
