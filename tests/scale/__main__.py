"""`python -m tests.scale 100`: one subscriber stands for so many. Prints a page of figures."""

import os
import sys
import tempfile
from pathlib import Path

from tests.scale.year import KINDS, Day, play


def main() -> None:
    os.environ["PTB_TIMEDELTA"] = "1"
    divided = int(sys.argv[1])
    days = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            days.append(play(kind, Path(folder), divided))
        _show(days[-1])
    messages = sum(day.messages * day.kind.days for day in days)
    paid = sum(day.paid * day.kind.days for day in days)
    size = sum(day.messages * day.bytes_a_message for day in days) / sum(day.messages for day in days)
    print(f"a year: {messages:,.0f} messages, {paid:,.0f} of them paid for ({paid / 10:,.0f} Stars)")
    print(f"{size:.0f} bytes a message stay while it is remembered: {messages / 365 * size / 2**30:.2f} GiB a day")


def _show(day: Day) -> None:
    print(f"{day.kind.name}: {day.kind.posts} posts, {day.messages:,} messages; {day.kind.days} such days")
    print(f"  busiest hour: {day.busiest:.0%} of the pace; paid for: {day.paid:,}")
    for lane, waits in day.waits.items():
        print(f"  {lane:8} " + "  ".join(f"{wait:8.2f}" for wait in waits), flush=True)


if __name__ == "__main__":
    main()
