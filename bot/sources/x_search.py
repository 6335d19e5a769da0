"""Many accounts in one search: how they are packed into queries, from where on a search reads, and for how long what it
found serves them all.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import FetchError
from bot.models import Source
from bot.sources.x_api import WINDOW, Api
from bot.sources.x_page import Json, id_at, next_token
from bot.sources.x_place import handle

LONGEST_QUERY = 512

OVERLAP = timedelta(minutes=10)
"""A post may be found this much later than posts that were made after it: a search reads so far back again."""

REACH = timedelta(days=6, hours=23)
"""X searches seven days back, and refuses ids that are older."""

_OR = " OR "

_SOON = timedelta(hours=1)
"""After no longer than this there is little that is new: a small page holds it, and holds less money while it comes."""

_SOME, _MANY, _PAGES = 25, 100, 50

_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: everything of its accounts from `since` on, as of `at`, newest first; without reposts,
    which X leaves out of searches. `cut`: only the newest part of that.
    """

    since: datetime
    at: datetime
    pages: Sequence[Json]
    cut: bool = False

    def serves(self, since: datetime, now: datetime, kept: timedelta) -> bool:
        """Whether it is everything since then, and no older than that."""
        return self.since <= since and timedelta(0) <= now - self.at < kept


class Searches:
    """What was found a moment ago serves all accounts of a search. Nothing of this needs to outlive the process: each
    account knows since when it needs what is found.
    """

    def __init__(self) -> None:
        self._last: dict[str, Found | FetchError] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._known_at: dict[str, datetime] = {}

    def know(self, source: Source, at: datetime) -> None:
        """As of then everything of an account is known."""
        self._known_at[source.id] = at

    async def find(
        self, api: Api, handles: Mapping[str, str], source: Source, since: datetime, now: datetime
    ) -> tuple[Found, datetime]:
        """Everything of the account since then, found with all the others (`handles`, by source); and until when that
        serves. Who waits for a search that fails fails with it: they need not fail one after the other.
        """
        packs = queries(handles.values())
        query = packs[handle(source).casefold()]
        rounds = len(set(packs.values()))
        turn = self._turns.setdefault(query, asyncio.Lock())
        waited = turn.locked()
        async with turn:
            last = self._last.get(query)
            if waited and isinstance(last, FetchError):
                raise FetchError(last.reason, permanent=last.permanent, retry_at=last.retry_at, shared=last.shared)
            if not isinstance(last, Found) or not last.serves(since, now, _kept(api, source, rounds)):
                members = [id for id, name in handles.items() if packs[name.casefold()] == query]
                last = await self._search(api, query, self._since(members, since, now), now)
            return last, last.at + _kept(api, source, rounds)

    def _since(self, members: Sequence[str], since: datetime, now: datetime) -> datetime:
        """From when on a search must read to serve all its accounts: those of which nothing is known yet were last
        read at about the same time.
        """
        known = [at for id in members if (at := self._known_at.get(id)) and now - at < _SOON]
        return min([since, *known]) - (timedelta(0) if len(known) == len(members) else WINDOW)

    async def _search(self, api: Api, query: str, since: datetime, now: datetime) -> Found:
        try:
            pages, cut = await _pages(api, query, since, now)
        except FetchError as error:
            self._last[query] = error
            raise
        self._last[query] = found = Found(since, now, pages, cut)
        return found


def _kept(api: Api, source: Source, searches: int) -> timedelta:
    """For how long one search serves: a minute, or as long as so many searches need in turn."""
    return max(min(_EVERY, source.every), api.pause("search", searches))


async def _pages(api: Api, query: str, since: datetime, now: datetime) -> tuple[list[Json], bool]:
    """And whether there would be more: what X or the budget puts off, the timelines bring."""
    first, size = first_id(since, now), _SOME if now - since < _SOON else _MANY
    pages: list[Json] = []
    token = ""
    for _ in range(_PAGES):
        try:
            body = await api.search(query, size, now, since=first, page=token)
        except FetchError as error:
            if not pages or error.retry_at is None:
                raise
            break
        pages.append(body)
        following = next_token(body)
        if following in ("", token):
            return pages, False
        token = following
    return pages, True


# --- pure


def queries(handles: Iterable[str]) -> dict[str, str]:
    """The query that asks for each account, by its handle in lower case; as few queries as their length allows."""
    packs: list[list[str]] = []
    room = 0
    for name in sorted({one.casefold() for one in handles}):
        needed = len(_OR) + len(_from(name))
        if needed > room:
            packs.append([])
            room = LONGEST_QUERY + len(_OR)
        packs[-1].append(name)
        room -= needed
    return {name: _OR.join(map(_from, pack)) for pack in packs for name in pack}


def _from(name: str) -> str:
    return f"from:{name}"


def first_id(since: datetime, now: datetime) -> int:
    """The id above which a search reads that is to find everything since then: at most as far back as X goes."""
    return id_at(max(min(since, now) - OVERLAP, now - REACH))


def is_in_reach(since: datetime, now: datetime) -> bool:
    """Whether a search can find everything since then."""
    return since - OVERLAP > now - REACH
