"""The process: how soon it works, what it weighs."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.spending import resident
from tests.process.running import Parley, TelegramFarEnd, ask, listening, until, write_config


def starting(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        telegram = stack.enter_context(listening("tests.telegram_server"))
        far_ends = stack.enter_context(listening("tests.far_ends"))
        write_config(folder, far_ends)
        parley = Parley(
            folder, TELEGRAM_API_URL=telegram, TELEGRAM_WEB_URL=far_ends, X_API_URL=far_ends, X_BEARER_TOKEN="bench"
        )
        began = time.perf_counter()
        parley.start()
        try:
            until(lambda: ask(f"{far_ends}/__requests"))
            yield Figure(
                "start to first poll",
                time.perf_counter() - began,
                "s",
                "process start to the first request to a source",
            )
            until(TelegramFarEnd(telegram).polling)
            time.sleep(5)
            assert parley.process
            yield Figure(
                "memory of the idle process",
                resident(parley.process.pid),
                "MiB",
                "resident, 3 sources polled each second",
            )
        finally:
            parley.stop()
