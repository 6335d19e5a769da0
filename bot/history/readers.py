"""Processes that read posts: one processor core each, for a second thread of ours would only wait for the first.

A process is told of the database and a roster once, then sent batches of posts or of lines that hold some, and answers
each with what is to be stored of it; every message is a pickle behind its length. It ends when its input does, so that
none outlives us.
"""

import asyncio
import gc
import pickle
import struct
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeAlias, cast

import bot
from bot.collect import look_up_at
from bot.errors import ParleyError
from bot.models import Post, Roster
from bot.sources import imports
from bot.sources.imports import Item, Lines
from bot.store import posts
from bot.store.connection import Connection, connect, troubles
from bot.words import tokens
from bot.words.meaning import Meanings

WORDS = 150_000
"""Words of a language that a process remembers: it meets most of what an archive has, and weighs some 150 MB then."""

_LENGTH = struct.Struct(">I")
_HOME = str(Path(bot.__file__).parents[1])

Batch: TypeAlias = Sequence[Post] | Lines


@dataclass(frozen=True, slots=True)
class Read:
    """What is to be stored of a batch, of each post that is not there yet: in columns of plain values, which travel
    between processes at a fraction of what posts cost.

    `size` is how many posts of our sources the batch had, `aside` what else was in it. `more`, by their place among the
    others: posts of which more is to be stored than a row.
    """

    version: str
    size: int
    aside: list[Item]
    rows: list[posts.Row] = field(default_factory=list)
    said: list[list[posts.StatementRow]] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    topics: list[tuple[str, ...]] = field(default_factory=list)
    more: dict[int, Post] = field(default_factory=dict)


class Readers:
    """So many processes at the most, for as long as the `async with` lasts; each begins when it is first needed."""

    def __init__(self, database: Path, roster: Roster, now: datetime, most: int) -> None:
        self._task = (database, roster, now)
        self._turn = asyncio.Semaphore(most)
        self._processes: list[asyncio.subprocess.Process] = []
        self._idle: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def read(self, batch: Batch) -> Read:
        """What is to be stored of it. Raises ParleyError if that cannot be told, or the process ends over it."""
        async with self._turn:
            process = self._idle.pop() if self._idle else await self._begun()
            _send(process, batch)
            answer: Read | ParleyError = await _received(process)
            self._idle.append(process)
        if isinstance(answer, ParleyError):
            raise answer
        return answer

    async def _begun(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", f"from {__name__} import main; main()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": _HOME},
        )
        self._processes.append(process)
        _send(process, self._task)
        return process


def _send(process: asyncio.subprocess.Process, message: Any) -> None:
    written = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    cast(asyncio.StreamWriter, process.stdin).write(_LENGTH.pack(len(written)) + written)


async def _received(process: asyncio.subprocess.Process) -> Any:
    answers = cast(asyncio.StreamReader, process.stdout)
    try:
        (length,) = _LENGTH.unpack(await answers.readexactly(_LENGTH.size))
        return pickle.loads(await answers.readexactly(length))  # noqa: S301  from our own process
    except asyncio.IncompleteReadError as error:
        raise ParleyError(
            f"a process that read posts ended with {await process.wait()}; is there enough memory?"
        ) from error


# --- in the process


def main() -> None:
    tokens.remember(WORDS)
    gc.disable()  # nothing here makes cycles, and to look for them in the dictionaries takes a fifth of the time
    work(sys.stdin.buffer, sys.stdout.buffer)


def work(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer batch after batch until there are no more."""
    database, roster, now = _next(requests)
    meanings = Meanings(roster)
    with closing(connect(database)) as connection:
        while (batch := _next(requests)) is not None:
            written = pickle.dumps(_answer(connection, database, meanings, roster, batch, now), pickle.HIGHEST_PROTOCOL)
            answers.write(_LENGTH.pack(len(written)))
            answers.write(written)
            answers.flush()


def _next(requests: BinaryIO) -> Any:
    """None at the end."""
    begin = requests.read(_LENGTH.size)
    return pickle.loads(requests.read(*_LENGTH.unpack(begin))) if begin else None  # noqa: S301  as above


def _answer(
    connection: Connection, database: Path, meanings: Meanings, roster: Roster, batch: Batch, now: datetime
) -> Read | ParleyError:
    try:
        with troubles(database):
            return _read(connection, meanings, roster, batch, now)
    except ParleyError as error:
        return error


def _read(connection: Connection, meanings: Meanings, roster: Roster, batch: Batch, now: datetime) -> Read:
    found, aside = _parted(batch, roster)
    read = Read(meanings.version, len(found), aside)
    for post in _unstored(connection, found):
        source = roster.sources[post.source]
        meaning = meanings.of(post, source)
        if _has_past(post) or look_up_at(source, post, now):
            read.more[len(read.rows)] = post
        read.rows.append(posts.row(meaning.post, post.seen_at or now))
        read.said.append(posts.statement_rows(post, meaning.statements))
        read.documents.append(meaning.entry.document)
        read.topics.append(meaning.entry.topics)
    return read


def _parted(batch: Batch, roster: Roster) -> tuple[Sequence[Post], list[Item]]:
    """The posts of our sources, and what else there is."""
    if not isinstance(batch, Lines):
        return batch, []
    found: list[Post] = []
    aside: list[Item] = []
    for item in imports.items(batch):
        if isinstance(item.found, Post) and item.found.source in roster.sources:
            found.append(item.found)
        else:
            aside.append(item)
    return found, aside


def _unstored(connection: Connection, found: Sequence[Post]) -> Sequence[Post]:
    """To look is fifty times quicker than to read for speakers what is there already."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for post in found:
        by_source[post.source].append(post.external_id)
    known = {source: posts.known(connection, source, ids) for source, ids in by_source.items()}
    return [post for post in found if post.external_id not in known[post.source]]


def _has_past(post: Post) -> bool:
    """Whether an archive says more of it than what it said and when."""
    return bool(post.edited_at or post.deleted_at or post.late or post.versions or post.sha256) or post.fate != "stands"
