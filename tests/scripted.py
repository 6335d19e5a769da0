"""A source whose far end is a list: for tests of what happens after the fetch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Post, Source


class Scripted:
    """Gives what the test has put into `posts`, all of it each time, as a feed does; raises `failure` if one is set.

    `whole`: of these sources a look shows everything from the lowest to the highest id that it ever had, `members` are
    ids that stand without a post. Asked for the fate of a post it says what stands in `fates`, else whether it has it;
    nothing of the posts in `unasked`.
    """

    def __init__(self, posts: Iterable[Post] = ()) -> None:
        self.posts = list(posts)
        self.failure: Exception | None = None
        self.account_id = ""
        self.next_at: datetime | None = None
        self.cursors: list[Cursor | None] = []
        self.whole: set[str] = set()
        self.members: tuple[str, ...] = ()
        self.gap: tuple[datetime, datetime] | None = None
        self.note = ""
        self.pinned = ""
        self.fates: dict[str, Fate] = {}
        self.unasked: set[str] = set()
        self.asked: list[list[str]] = []
        self._spans: dict[str, tuple[int, int]] = {}

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        self.cursors.append(cursor)
        if self.failure:
            raise self.failure
        found = tuple(post for post in self.posts if post.source == source.id)
        return Fetched(
            found,
            Cursor(f"after {len(found)}"),
            "A title",
            self.account_id,
            self.next_at,
            self._covered(source, found),
            self.members,
            self.gap,
            self.note,
        )

    def _covered(self, source: Source, found: Sequence[Post]) -> tuple[int, int] | None:
        if source.id not in self.whole:
            return None
        ids = [*(int(post.external_id) for post in found), *self._spans.get(source.id, ())]
        if ids:
            self._spans[source.id] = (min(ids), max(ids))
        return self._spans.get(source.id)

    async def resolve(self, source: Source, now: datetime) -> Account:
        if self.failure:
            raise self.failure
        return Account("A title", self.account_id)

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        self.asked.append([post.external_id for post in posts])
        self.pinned = source.account_id
        if self.failure:
            raise self.failure
        there = {post.external_id for post in self.posts if post.source == source.id}
        found: dict[str, Fate] = {
            post.external_id: "stands" if post.external_id in there else "deleted"
            for post in posts
            if post.external_id not in self.unasked
        }
        return found | {id: fate for id, fate in self.fates.items() if id in found}


def unreadable(reason: str = "no answer", **more: object) -> FetchError:
    return FetchError(reason, **more)  # type: ignore[arg-type]
