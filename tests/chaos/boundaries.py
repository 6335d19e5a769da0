"""The deliver loop, killed at every boundary: `python -m tests.chaos.boundaries URL FOLDER LANE`.

Three messages to one chat, once for each boundary. A boundary lies before every statement that the writer runs, before
every call to Telegram and after it. A child process ends there as by kill -9; another one takes up what it left.

Each boundary is a line of JSON: number, what was to happen next, whether the message on its way had been given to
Telegram, the states that were left, the states in the end. The chat of boundary 5 is 1005. Hooks sit at the seams
alone: SQLite's trace of statements, and the transport.
"""

import asyncio
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from telegram.ext import ExtBot

from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.deliver import Delivery
from bot.models import Lane, Message
from bot.store import outbox, subscribers
from bot.store.connection import Connection, connect
from bot.store.database import Database

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
FIRST_CHAT = 1000
TEXTS = ("one", "two", "three")
KILLED = 9
CALL = "the call"

Pass = Callable[[str], None]


class Seam(AiohttpRequest):
    def __init__(self, boundary: Pass) -> None:
        super().__init__()
        self._boundary = boundary

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self._boundary(CALL)
        answer = await super().do_request(url, *args, **kwargs)
        self._boundary("the answer is read")
        return answer


def lives(url: str, path: Path, now: datetime, boundary: Pass) -> None:
    """One process of the bot as far as delivery goes, until nothing waits."""

    async def deliver() -> None:
        database = Database.open(path)
        database.submit(lambda connection: connection.set_trace_callback(boundary)).result()
        pacing = Pacing(overall=10_000.0, chat=10_000.0)
        bot: Any = ExtBot("1:x", base_url=f"{url}/bot", request=Seam(boundary), rate_limiter=pacing)
        await bot.request.initialize()
        delivery = Delivery(database, bot, pacing, lambda: now)
        stop = asyncio.Event()
        running = asyncio.create_task(delivery.run(stop))
        while database.read(waiting) and not running.done():  # noqa: ASYNC110 - the answer stands in a database
            await asyncio.sleep(0.001)
        stop.set()
        await running
        await bot.request.shutdown()
        database.close()

    asyncio.run(deliver())


def waiting(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM outbox WHERE due_at IS NOT NULL").fetchone() is not None


def states(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM outbox ORDER BY id")]


def forked(life: Callable[[], None]) -> int:
    """Live in a child; gives its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        life()
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(1)
    os._exit(0)


def play(url: str, folder: Path, lane: Lane, number: int) -> dict[str, Any]:
    """Die at this boundary and live again."""
    path, note = folder / f"{lane}-{number}.db", folder / "next"
    shutil.copy(folder / "begin.db", path)
    with closing(connect(path, write=True)) as connection:
        connection.execute("UPDATE subscribers SET chat = ?", (FIRST_CHAT + number,))

    def first_life() -> None:
        passed, called, noted, one_death = 0, False, False, threading.Lock()

        def boundary(what: str) -> None:
            nonlocal passed, called, noted
            passed += 1
            if passed > number and one_death.acquire():
                note.write_text(json.dumps({"before": " ".join(what.split())[:60], "called": called}))
                os._exit(KILLED)
            noted = noted or "message_id = coalesce" in what
            called = what == CALL or (called and not (noted and what == "COMMIT"))
            noted = noted and what != "COMMIT"

        lives(url, path, NOW, boundary)

    status = forked(first_life)
    assert status == KILLED, f"boundary {number}: status {status}"
    left = states(path)
    assert forked(lambda: lives(url, path, NOW + timedelta(hours=1), lambda _: None)) == 0
    died: dict[str, Any] = json.loads(note.read_text())
    return died | {"boundary": number, "left": left, "end": states(path)}


def put(connection: Connection, lane: Lane) -> None:
    newcomer = subscribers.Newcomer(FIRST_CHAT, 0, "private", "Ann", "en", "UTC", None, None)
    who = subscribers.enrol(connection, newcomer, NOW).id
    for text in TEXTS:
        outbox.queue(connection, [(who, False)], f"key:{text}", [Message(text)], lane, NOW)


def main() -> None:
    url, folder, lane = sys.argv[1], Path(sys.argv[2]), cast(Lane, sys.argv[3])
    with closing(Database.open(folder / "begin.db")) as database:
        database.submit(put, lane).result()
    number, left = 0, [""]
    while left[:2] != ["sent", "sent"]:  # the third goes the way of the second
        found = play(url, folder, lane, number)
        print(json.dumps(found), flush=True)
        number, left = number + 1, found["left"]


if __name__ == "__main__":
    main()
