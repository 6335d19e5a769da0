"""The process with 500 sources of which none has news: what it takes from a computer that has other things to do."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.store import sources
from bot.store.connection import connect
from tests.bench.corpus import texts
from tests.bench.figures import Figure
from tests.bench.spending import processor, resident
from tests.process.running import Parley, TelegramFarEnd, ask, ended, listening, post, until, write_config

KINDS = {"feed": 440, "telegram": 60}
EACH = 20
"""Posts that stand at every source."""

WATCHED = 300.0
"""Seconds for which it is watched: each source is polled every five minutes, so once, unless it is a quiet hour."""

SOURCE = """
[[sources]]
id = "{kind}-{number}"
kind = "{kind}"
address = "{address}"
outlet = {{ en = "Outlet {number}" }}
"""


def idling(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        telegram = stack.enter_context(listening("tests.telegram_server"))
        far_ends = stack.enter_context(listening("tests.far_ends", "--host", "0.0.0.0"))
        _furnish(folder, far_ends)
        parley = Parley(folder, TELEGRAM_API_URL=telegram, TELEGRAM_WEB_URL=far_ends)
        with ended(parley):
            read = _started(parley, TelegramFarEnd(telegram))
            until(lambda: _polled(folder) == sum(KINDS.values()), within=300, pause=1.0)
            grown = resident(read)
            parley.stop()
            process = _started(parley, TelegramFarEnd(telegram))
            before, asked = processor(process), _asked(far_ends)
            time.sleep(WATCHED)
            took, polls = processor(process) - before, _asked(far_ends) - asked
            beside = f"of one core; {polls} polls in {WATCHED:.0f} s, nothing new"
            yield Figure("500 sources idle", took / WATCHED * 100, "%", beside)
            beside = (
                f"resident, begun with a full database; {grown:.0f} after the first polls, which brought 10,000 posts"
            )
            yield Figure("the same, memory", resident(process), "MiB", beside)
            parley.stop()


def _started(parley: Parley, telegram: TelegramFarEnd) -> int:
    """The number of the process, once it listens to Telegram."""
    parley.start()
    assert parley.process
    until(telegram.polling)
    return parley.process.pid


def _furnish(folder: Path, far_ends: str) -> None:
    """A folder of config/ with the sources, each feed on a host of its own, and their posts at the far ends."""
    write_config(folder, far_ends)
    written = []
    said = iter(texts(sum(KINDS.values()) * EACH))
    for kind, count in KINDS.items():
        for number in range(count):
            name = f"{kind}_{number}"
            host = far_ends.replace("127.0.0.1", f"127.0.{1 + number // 250}.{1 + number % 250}")
            address = f"{host}/feed/{name}" if kind == "feed" else name
            written.append(SOURCE.format(kind=kind, number=number, address=address))
            for age in range(EACH, 0, -1):
                at = (datetime.now(UTC) - timedelta(hours=age)).isoformat()
                _, text = next(said)
                post(far_ends, kind, name, **_post(kind, text, at))
    (folder / "config" / "sources.toml").write_text("".join(written))


def _post(kind: str, text: str, at: str) -> dict[str, Any]:
    return {"text": text, "date": at} if kind != "feed" else {"title": text[:80], "text": text, "date": at}


def _asked(far_ends: str) -> int:
    return len(ask(f"{far_ends}/__requests"))


def _polled(folder: Path) -> int:
    """How many sources have been read."""
    with closing(connect(folder / "parley.db")) as connection:
        return sum(one.last_ok_at is not None for one in sources.health(connection))
