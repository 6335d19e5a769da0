"""The process with 500 sources of which none has news: what it takes from a computer that has other things to do."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.bench.words import TEXTS
from tests.process.running import Parley, TelegramFarEnd, ask, listening, post, until, write_config

KINDS = {"feed": 390, "telegram": 60, "x": 50}
EACH = 20
"""Posts that stand at every source."""

WATCHED = 120.0
"""Seconds for which it is watched: each source is polled every five minutes."""

SOURCE = """
[[sources]]
id = "{kind}-{number}"
kind = "{kind}"
address = "{address}"
{whose}
"""


def idling(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        telegram = stack.enter_context(listening("tests.telegram_server"))
        far_ends = stack.enter_context(listening("tests.far_ends", "--host", "0.0.0.0"))
        _furnish(folder, far_ends)
        parley = Parley(
            folder, TELEGRAM_API_URL=telegram, TELEGRAM_WEB_URL=far_ends, X_API_URL=far_ends, X_BEARER_TOKEN="bench"
        )
        parley.start()
        stack.callback(parley.stop)
        until(lambda: _polled(far_ends) >= KINDS["feed"] + KINDS["telegram"], within=300, pause=1.0)
        until(TelegramFarEnd(telegram).polling)
        assert parley.process
        before, asked = _cpu(parley.process.pid), _asked(far_ends)
        time.sleep(WATCHED)
        took = _cpu(parley.process.pid) - before
        polls = _asked(far_ends) - asked
        beside = f"{polls} polls in {WATCHED:.0f} s, nothing new; of one core"
        yield Figure("500 sources idle", took / WATCHED * 100, "%", beside)
        yield Figure("the same, memory", _resident(parley.process.pid), "MiB", "resident")


def _furnish(folder: Path, far_ends: str) -> None:
    """A folder of config/ with the sources, each feed on a host of its own, and their posts at the far ends."""
    write_config(folder, far_ends)
    written = []
    for kind, count in KINDS.items():
        for number in range(count):
            name = f"{kind}_{number}"
            host = far_ends.replace("127.0.0.1", f"127.0.{1 + number // 250}.{1 + number % 250}")
            address = f"{host}/feed/{name}" if kind == "feed" else name
            whose = 'speaker = "petrov"' if kind == "x" else f'outlet = {{ en = "Outlet {number}" }}'
            written.append(SOURCE.format(kind=kind, number=number, address=address, whose=whose))
            for age in range(EACH, 0, -1):
                said = (datetime.now(UTC) - timedelta(hours=age)).isoformat()
                text = TEXTS[(number + age) % len(TEXTS)]
                post(far_ends, kind, name, **_post(kind, text[:270] if kind == "x" else text, said))
    (folder / "config" / "sources.toml").write_text("".join(written))


def _post(kind: str, text: str, said: str) -> dict[str, Any]:
    return {"text": text, "date": said} if kind != "feed" else {"title": text[:80], "text": text, "date": said}


def _asked(far_ends: str) -> int:
    return len(ask(f"{far_ends}/__requests"))


def _polled(far_ends: str) -> int:
    """How many addresses have been asked for: one a source, but for those on X."""
    return len({request["path"] for request in ask(f"{far_ends}/__requests")})


def _cpu(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
