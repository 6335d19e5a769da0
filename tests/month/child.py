"""The child as its parent has it: begun, told the time, killed at a chosen moment, begun anew."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.month.process import Order


@dataclass(frozen=True)
class Kill:
    """After so many requests of one tick: before the last of them is answered, or so many `seconds` after."""

    requests: int
    before: bool
    seconds: float


class Child:
    """What it logs stands in the file `log`."""

    def __init__(self, log: Path) -> None:
        self.kill: Kill | None = None
        self._log = log
        self._process: Process | None = None
        self._requests = 0

    async def start(self, order: Order) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.month.process", order.text()), stdin=PIPE, stdout=PIPE, stderr=log
            )
        assert await self._says() == "ready", self._said()

    async def tick(self, at: datetime) -> bool:
        """Let it do all that is due then. False if it was killed, as `kill` says."""
        assert self._process
        assert self._process.stdin
        self._requests = 0
        with suppress(ConnectionError):
            self._process.stdin.write(f"{at.isoformat()}\n".encode())
            await self._process.stdin.drain()
        survived = await self._says() == "done"
        if survived and not self.kill:
            return True
        self._do_kill()
        assert await self._process.wait() == -9, f"the child has failed by itself: {self._said()}"
        return False

    def asks(self) -> None:
        """It has made a request, which is about to be answered."""
        self._requests += 1
        if self.kill and self._requests >= self.kill.requests:
            if self.kill.before:
                self._do_kill()
            else:
                asyncio.get_running_loop().call_later(self.kill.seconds, self._do_kill)

    async def stop(self) -> None:
        """In order, as an operator does."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.close()
        assert await self._process.wait() == 0, self._said()

    async def end(self) -> None:
        """Whatever it is doing."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _do_kill(self) -> None:
        """Once."""
        planned, self.kill = self.kill, None
        if planned and self._process and self._process.returncode is None:
            self._process.kill()

    async def _says(self) -> str:
        assert self._process
        assert self._process.stdout
        return (await self._process.stdout.readline()).decode().strip()

    def _said(self) -> str:
        return self._log.read_text()[-3000:]
