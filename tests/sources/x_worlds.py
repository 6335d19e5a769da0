"""Several accounts on X, read by one X, each with its own cursor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot import app
from bot import budget as rules
from bot.budget import Budget
from bot.errors import FetchError
from bot.models import Cursor, Fate, Fetched, Post, Source
from bot.sources.x import X
from bot.sources.x_purse import Purse
from bot.store.database import Database
from tests.far_ends.serving import Far


class Accounts:
    """`now` is the time of all: of Parley and of X."""

    def __init__(self, far: Far, session: aiohttp.ClientSession, now: datetime, names: Sequence[str]) -> None:
        self.far, self.session, self.now = far, session, now
        self.sources = {name: Source(name, "x", name) for name in names}
        self.cursors: dict[str, Cursor] = {}
        far.ends.api.clock = lambda: self.now
        self.reader = X(session, "secret-token", far.url)

    def read_by(self, purse: Purse | None = None, **more: Any) -> None:
        """A new process, as it were: cursors stay, what was in memory goes."""
        accounts = list(self.sources.values())
        self.reader = X(self.session, "secret-token", self.far.url, accounts=accounts, purse=purse, **more)

    def post(self, name: str, text: str, **what: Any) -> int:
        what.setdefault("date", self.now.isoformat())
        return int(self.far.post("x", name, text=text, **what))

    async def look(self, name: str) -> Fetched:
        """Raises FetchError; then the cursor stays."""
        fetched = await self.reader.fetch(self.sources[name], self.cursors.get(name), self.now)
        self.cursors[name] = fetched.cursor
        return fetched

    async def poll(self, *names: str) -> list[str]:
        """The texts that were found, of these accounts or of all."""
        return [post.text for name in names or self.sources for post in (await self.look(name)).posts]

    async def refused(self, name: str) -> FetchError:
        with pytest.raises(FetchError) as failure:
            await self.look(name)
        return failure.value

    async def fates(self, name: str, *ids: int) -> dict[str, Fate]:
        posts = [Post(name, str(id), "", self.now, "") for id in ids]
        return dict(await self.reader.confirm(self.sources[name], posts, self.now))

    def asked(self, path: str = "/2/") -> list[dict[str, str]]:
        return [request["query"] for request in self.far.requests(path)]

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


SMALL = Budget(day_cap=rules.DOLLAR, month_cap=20 * rules.DOLLAR)


def purse(accounts: Accounts, database: Database, budget_: Budget = SMALL) -> Purse:
    """Paid from a real database."""
    return app.purse(database, budget_, lambda: accounts.now)
