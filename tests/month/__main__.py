"""The month itself, with a report."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.month.incidents import PLAN
from tests.month.judge import findings
from tests.month.simulation import simulated


async def run(days: float, seed: int, folder: Path) -> int:
    begun = time.monotonic()
    async with simulated(folder, seed, timedelta(days=days)) as one:
        await one.run(lambda words: print(words, flush=True))
        seconds = time.monotonic() - begun
        found = findings(one, one.database)
    for what in PLAN:
        print(f"{one.hits[what]:6} {what}")
    speed = (one.now - one.begin).total_seconds() / seconds
    said = sum(len(account.said) for account in one.accounts.values())
    money = ", ".join(f"{time} {cost / 1e6:.2f} of {cap / 1e6:.0f} $" for time, cost, cap in one.spent if len(time) < 8)
    print(
        f"{one.hits.total():6} in all, on {len(one.accounts)} sources; {said} posts, {one.witness.looks} looks; "
        f"X: {money}"
    )
    print(
        f"{days:g} days and the {(one.now - one.end).days} after them in {seconds:.0f} s: {speed:.0f} times the speed"
    )
    print(*found, f"{len(found)} differences between the store and what is true", sep="\n")
    return int(bool(found))


def main() -> int:
    parser = argparse.ArgumentParser(description="a month of forty sources in some minutes, with faults of every kind")
    parser.add_argument("days", type=float, nargs="?", default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    options = parser.parse_args()
    print(f"seed {options.seed} (--seed repeats it)", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="parley-month-"))
    failed = asyncio.run(run(options.days, options.seed, folder))
    if failed:
        print(f"the store and the log of the child are in {folder}")
    else:
        shutil.rmtree(folder)
    return failed


if __name__ == "__main__":
    sys.exit(main())
