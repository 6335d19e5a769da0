"""History taken in: a file with a million posts, as an operator imports it."""

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from tests.bench.corpus import texts
from tests.bench.figures import Figure
from tests.bench.spending import resident
from tests.bench.worlds import NOW
from tests.process.running import HOUSE, Parley, write_config

POSTS = 1_000_000
APART = timedelta(seconds=30)


def importing(folder: Path) -> Iterator[Figure]:
    """`parley import` with the index for searches, into a new database."""
    write_config(folder, "http://127.0.0.1:9")
    lines = folder / "posts.jsonl"
    _write(lines, POSTS)
    environment = Parley(folder).environment
    command = [sys.executable, "-m", "bot", "import", str(lines)]
    began, spent = time.perf_counter(), _processor()
    with subprocess.Popen(command, cwd=HOUSE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        with Weighing(process.pid) as weighing:
            assert process.stdout
            said = process.stdout.read()
            status = process.wait()
    took, spent = time.perf_counter() - began, _processor() - spent
    assert status == 0
    assert re.search(rf"{POSTS:,} new", said), said
    beside = f"{POSTS:,} posts of about 400 characters in three languages, each read for who speaks and indexed"
    yield Figure("posts imported", POSTS / took, "a second", beside)
    beside = f"its processes together; on two cores of its own that is {2 * POSTS / spent:,.0f} posts a second at best"
    yield Figure("processor time of a post imported", spent / POSTS * 1e6, "µs", beside)
    early, late = weighing.median(0.2, 0.3), weighing.median(0.9, 1.0)
    yield Figure("memory of an import", late, "MiB", f"all its processes, at the end; {early:.0f} after a quarter")
    size = sum(part.stat().st_size for part in folder.glob("parley.db*"))
    yield Figure("a post in the database", size / POSTS, "bytes", "text, statements, indexes")


def _processor() -> float:
    """Seconds of processor time of all processes that we began and that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(path: Path, count: int) -> None:
    """Posts of the outlet and of the speaker's own channel, by turns."""
    with path.open("w", encoding="utf-8") as file:
        for number, (language, text) in enumerate(texts(count)):
            post = {
                "source": "petrov-telegram" if number % 2 else "wire",
                "external_id": str(number),
                "url": f"https://t.me/sample/{number}",
                "published_at": (NOW + number * APART).isoformat(),
                "text": text,
                "language": language,
            }
            file.write(json.dumps(post, ensure_ascii=False) + "\n")


class Weighing:
    """The memory of a process and its children, in MiB, once a second while the `with` lasts."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: list[float] = []
        self._over = Event()
        self._thread = Thread(target=self._weigh)

    def __enter__(self) -> "Weighing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def median(self, since: float, until: float) -> float:
        """Of a part of the time that it took, both given as shares of it."""
        count = len(self._seen)
        part = sorted(self._seen[int(since * count) : int(until * count) + 1])
        return part[len(part) // 2]

    def _weigh(self) -> None:
        while not self._over.wait(1.0):
            self._seen.append(sum(map(resident, [self._pid, *_children(self._pid)])))


def _children(pid: int) -> list[int]:
    return [int(child) for tasks in Path(f"/proc/{pid}/task").glob("*/children") for child in tasks.read_text().split()]
