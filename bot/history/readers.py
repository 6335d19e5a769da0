"""Processes that read posts: one processor core each, for a second thread of ours would only wait for the first.

A process is sent a roster once, then batches of posts, and answers each with what is said in them; every message is a
pickle behind its length. It ends when its input does, so that none outlives us.
"""

import asyncio
import gc
import pickle
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import bot
from bot.errors import ParleyError
from bot.models import IndexEntry, Post, Roster, Statement
from bot.words.meaning import Meanings

_LENGTH = struct.Struct(">I")
_HOME = str(Path(bot.__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Said:
    """What is said in a post, as far as it is stored."""

    language: str
    statements: tuple[Statement, ...]
    entry: IndexEntry

    def of(self, post: Post) -> Post:
        """The post with its language."""
        return post if post.language == self.language else replace(post, language=self.language)


class Readers:
    """So many processes at the most, for as long as the `async with` lasts; each begins when it is first needed."""

    def __init__(self, roster: Roster, most: int) -> None:
        self._roster = roster
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

    async def read(self, found: Sequence[Post]) -> list[Said]:
        """What is said in the posts, in their order. Raises ParleyError if the process ends over them."""
        async with self._turn:
            process = self._idle.pop() if self._idle else await self._begun()
            _send(process, found)
            answer: list[Said] = await _received(process)
            self._idle.append(process)
            return answer

    async def _begun(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", f"from {__name__} import main; main()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": _HOME},
        )
        self._processes.append(process)
        _send(process, self._roster)
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
    gc.disable()  # nothing here makes cycles, and to look for them in the dictionaries takes a fifth of the time
    work(sys.stdin.buffer, sys.stdout.buffer)


def work(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer batch after batch until there are no more."""
    roster: Roster = _next(requests)
    meanings = Meanings(roster)
    while (found := _next(requests)) is not None:
        written = pickle.dumps([_said(meanings, roster, post) for post in found], pickle.HIGHEST_PROTOCOL)
        answers.write(_LENGTH.pack(len(written)) + written)
        answers.flush()


def _next(requests: BinaryIO) -> Any:
    """None at the end."""
    begin = requests.read(_LENGTH.size)
    return pickle.loads(requests.read(*_LENGTH.unpack(begin))) if begin else None  # noqa: S301  as above


def _said(meanings: Meanings, roster: Roster, post: Post) -> Said:
    meaning = meanings.of(post, roster.sources[post.source])
    return Said(meaning.post.language, meaning.statements, meaning.entry)
