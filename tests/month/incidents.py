"""What goes wrong, and when: faults of the network and of the far ends, troubles of accounts, of the clock and of the
process.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.month.process import PATIENCE

A_MONTH = timedelta(days=30)

PLAN: Mapping[str, int] = {
    "timeout": 44,
    "reset": 44,
    "cut off": 44,
    "broken off": 44,
    "5xx": 44,
    "page for data": 44,
    "429": 24,
    "429 of X": 16,
    "usage cap": 3,
    "402": 5,
    "402 in other words": 5,
    "renamed": 12,
    "name taken over": 8,
    "hidden": 30,
    "deletion": 90,
    "edit": 90,
    "burst": 10,
    "asleep": 10,
    "clock ahead": 8,
    "clock behind": 8,
    "kill": 40,
}
"""So many of each in a month; some never come to pass, because nobody asks where they wait."""


@dataclass(frozen=True)
class Incident:
    at: datetime
    what: str


def plan(begin: datetime, length: timedelta, chance: Random) -> list[Incident]:
    """In order of time. A shorter time has its share, and of each kind one at the least."""
    found = []
    for what, count in PLAN.items():
        for _ in range(max(1, round(count * (length / A_MONTH)))):
            found.append(Incident(begin + length * chance.uniform(0.02, 0.98), what))
    return sorted(found, key=lambda incident: incident.at)


# --- faults of requests


def _page(words: str) -> str:
    return f"<html><head><title>{words}</title></head><body>{words}</body></html>"


def _problem(status: int, title: str, type: str) -> dict[str, Any]:
    body = {"status": status, "title": title, "type": type, "detail": f"{title}, as the sample says"}
    return {"status": status, "body": json.dumps(body)}


FAULTS: Mapping[str, Callable[[Random, bool], dict[str, Any]]] = {
    "timeout": lambda chance, x: {"seconds": 2 * PATIENCE, "times": 1},
    "reset": lambda chance, x: {"drop": True},
    "cut off": lambda chance, x: {"cut": chance.uniform(0.02, 0.98)},
    "broken off": lambda chance, x: {"drop": True, "cut": chance.uniform(0.02, 0.98)},
    "5xx": lambda chance, x: {"status": chance.choice((500, 502, 503, 504)), "body": _page("Bad gateway")},
    "page for data": lambda chance, x: {"body": _page("Please log in to the network")},
    "429": lambda chance, x: {"status": 429, "headers": {"Retry-After": str(chance.choice((60, 900, 3600)))}},
}
"""On any source's own pages; whether it is X."""


def of_x(what: str, now: datetime) -> dict[str, Any]:
    """What X says of the whole token."""
    match what:
        case "429 of X":
            reset = str(int(now.timestamp()) + 800)
            headers = {"x-rate-limit-reset": reset, "x-rate-limit-limit": "40000", "x-rate-limit-remaining": "39999"}
            return _problem(429, "Too Many Requests", "about:blank") | {"headers": headers}
        case "usage cap":
            return _problem(429, "UsageCapExceeded", "https://api.x.com/2/problems/usage-capped")
        case "402":
            return _problem(402, "CreditsDepleted", "https://api.x.com/2/problems/credits")
    return _problem(402, "Payment Required", "https://api.twitter.com/2/problems/credits-depleted")
