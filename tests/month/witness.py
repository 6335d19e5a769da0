"""What was to be seen of each source, and when it was read: by the far ends, and by what the store says was read."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.models import Source
from bot.store import sources
from bot.store.connection import connect
from tests.far_ends.server import FarEnds, Fault
from tests.month.accounts import Account, InFeeds, OnTelegram, OnX


@dataclass
class Seen:
    """Of one source. Times are true ones.

    `looks`: when it was read, as the store has it. `failed`: when it was asked and not read, and the process lived on.
    `shown`: what true answers held when it was read: (id, text).
    """

    looks: list[datetime] = field(default_factory=list)
    failed: list[datetime] = field(default_factory=list)
    shown: set[tuple[str, str]] = field(default_factory=set)


class Witness:
    """`troubled`: when something went wrong with a request to a host."""

    def __init__(self, path: Path, ends: FarEnds, accounts: Mapping[str, Account]) -> None:
        self.seen: defaultdict[str, Seen] = defaultdict(Seen)
        self.troubled: defaultdict[str, list[datetime]] = defaultdict(list)
        self._path = path
        self._ends, self._accounts = ends, accounts
        self._shown: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._asked: set[str] = set()
        self._edits: Counter[str] = Counter()
        self._last_ok: dict[str, datetime | None] = {}
        self._due_at: dict[str, datetime] = {}

    @property
    def looks(self) -> int:
        return sum(len(seen.looks) for seen in self.seen.values())

    def answers(self, request: web.Request, true: web.Response, fault: Fault, now: datetime) -> None:
        whose = [one for one in self._accounts.values() if _asks(request, one)]
        if not request.path.startswith("/2/tweets"):
            self._asked |= {one.source.id for one in whose}
        if fault == Fault():
            for one in whose:
                self._shown[one.source.id] |= set(self._shows(one, request, true))
        else:
            self.troubled[_host(request)].append(now)

    def observe(self, now: datetime, clock: datetime, *, survived: bool) -> None:
        """After each step: which sources were read, as the store has it. One that was due, and was asked, and was not
        read, has failed. `clock` is the child's time.
        """
        database = connect(self._path)
        for health in sources.health(database):
            seen = self.seen[health.id]
            if health.last_ok_at != self._last_ok.get(health.id):
                self._last_ok[health.id] = health.last_ok_at
                seen.looks.append(now)
                seen.shown |= self._shown[health.id]
            elif survived and health.id in self._asked and self._due_at.get(health.id, now) <= clock:
                seen.failed.append(now)
            self._due_at[health.id] = health.next_poll_at
        database.close()
        self._shown.clear()
        self._asked.clear()

    def _shows(self, one: Account, request: web.Request, true: web.Response) -> Iterator[tuple[str, str]]:
        if isinstance(one, OnX):
            yield from self._shows_of_x(one, true)
            return
        ids: Any = []
        if isinstance(one, OnTelegram):
            its_own = self._ends.channels[one.name.lower()] is one.channel and one.channel.state == "ok"
            ids = one.shown(request.query) if its_own else []
        elif isinstance(one, InFeeds):
            ids = one.shown() if one.wire.state == "ok" else []
        for id in ids:
            if id in one.said:
                yield id, one.said[id].texts[-1]

    def _shows_of_x(self, one: OnX, true: web.Response) -> Iterator[tuple[str, str]]:
        """Without what a search, which lags behind, shows of a post that is known as it is later."""
        for item in json.loads(true.text or "").get("data", []) if true.status == 200 else []:
            if item["author_id"] == str(one.person.number):
                history = item.get("edit_history_tweet_ids") or item["edit_history_post_ids"]
                if len(history) >= self._edits[history[0]]:
                    self._edits[history[0]] = len(history)
                    yield history[0], one.said[history[0]].texts[len(history) - 1]


def host_of(source: Source) -> str:
    """Whom it shares a far end with."""
    return urlsplit(source.address).netloc or source.kind


def _host(request: web.Request) -> str:
    if request.path.startswith("/feed/"):
        return request.host
    return "x" if request.path.startswith("/2/") else "telegram"


def _asks(request: web.Request, one: Account) -> bool:
    """Whether it is for posts of that account, under its name."""
    if isinstance(one, OnX):
        return request.path in (f"/2/users/{one.person.number}/tweets", "/2/tweets/search/recent")
    return request.path == (f"/feed/{one.name}" if isinstance(one, InFeeds) else f"/s/{one.name}")
