"""Many accounts in one search: how they are packed into queries, and from where on a search reads. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sources.x_page import Json, id_at

LONGEST_QUERY = 512

OVERLAP = timedelta(minutes=10)
"""A post may be found this much later than posts that were made after it: a search reads so far back again."""

REACH = timedelta(days=6, hours=23)
"""X searches seven days back, and refuses ids that are older."""

_OR = " OR "


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: everything of its accounts from `since` on, as of `at`, newest first; without reposts,
    which X leaves out of searches. `cut`: only the newest part of that.
    """

    since: datetime
    at: datetime
    pages: Sequence[Json]
    cut: bool = False


def queries(handles: Iterable[str]) -> dict[str, str]:
    """The query that asks for each account, by its handle in lower case; as few queries as their length allows."""
    packs: list[list[str]] = []
    room = 0
    for handle in sorted({handle.casefold() for handle in handles}):
        needed = len(_OR) + len(_from(handle))
        if needed > room:
            packs.append([])
            room = LONGEST_QUERY + len(_OR)
        packs[-1].append(handle)
        room -= needed
    return {handle: _OR.join(map(_from, pack)) for pack in packs for handle in pack}


def _from(handle: str) -> str:
    return f"from:{handle}"


def first_id(since: datetime, now: datetime) -> int:
    """The id above which a search reads that is to find everything since then: at most as far back as X goes."""
    return id_at(max(min(since, now) - OVERLAP, now - REACH))


def is_in_reach(since: datetime, now: datetime) -> bool:
    """Whether a search can find everything since then."""
    return since - OVERLAP > now - REACH
