"""`python -m tests.chaos --kills 60`: plays, prints the account; fails if it is wrong or if somebody had to wait."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.chaos import Run


def main() -> None:
    parser = argparse.ArgumentParser(description="The bot against a Telegram that fails and a hand that kills it")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(1_000_000)), help="repeats a run")
    parser.add_argument("--hangs", type=float, default=0.0005, help="share of messages that are never answered")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Run(Path(folder), chosen.seed, chosen.chats, chosen.hangs).play(chosen.kills, 30 / chosen.kills)
    print(report)
    sys.exit(not (report.sound() and report.prompt()))


if __name__ == "__main__":
    main()
