"""A source whose far end is a list: for tests of what happens after the fetch."""

from collections.abc import Iterable
from datetime import datetime

from bot.errors import FetchError
from bot.models import Account, Cursor, Fetched, Post, Source


class Scripted:
    """Gives what the test has put into `posts`, all of it each time, as a feed does; raises `failure` if one is set."""

    def __init__(self, posts: Iterable[Post] = ()) -> None:
        self.posts = list(posts)
        self.failure: Exception | None = None
        self.account_id = ""
        self.next_at: datetime | None = None
        self.cursors: list[Cursor | None] = []

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        self.cursors.append(cursor)
        if self.failure:
            raise self.failure
        found = tuple(post for post in self.posts if post.source == source.id)
        return Fetched(found, Cursor(f"after {len(found)}"), "A title", self.account_id, self.next_at)

    async def resolve(self, source: Source, now: datetime) -> Account:
        if self.failure:
            raise self.failure
        return Account("A title", self.account_id)


def unreadable(reason: str = "no answer", **more: object) -> FetchError:
    return FetchError(reason, **more)  # type: ignore[arg-type]
