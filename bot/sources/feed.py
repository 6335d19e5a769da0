"""News feeds, RSS and Atom: asked for only what is new to us, parsed off the event loop."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
from yarl import URL

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Post, Source
from bot.sources import feed_process, web
from bot.sources.feed_document import Document, parse

_CAP = 5_000_000
_SMALL = 256 * 1024
_PARSING = 20.0
_SURELY = 3
_FEW = 5
_WANTED = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class _Place:
    """What the last good reading left: the validators as they came, how many items there were, and when items
    without a date of their own were first seen; where the address has moved for good, and on how many looks in a row
    it had; which items stood `first` in it, and when the newest was published. It holds for one address.
    """

    address: str = ""
    etag: str = ""
    modified: str = ""
    items: int = 0
    first_seen: Mapping[str, float] = field(default_factory=dict)
    moved_to: str = ""
    moved: int = 0
    first: Sequence[str] = ()
    newest_at: float = 0.0

    @classmethod
    def read(cls, cursor: Cursor | None, address: str) -> "_Place":
        place = cls(**json.loads(cursor)) if cursor else cls()
        return place if place.address == address else cls(address)

    def write(self) -> Cursor:
        return Cursor(json.dumps({name: value for name in self.__slots__ if (value := getattr(self, name))}))

    def conditions(self) -> dict[str, str]:
        return {
            name: value for name, value in (("If-None-Match", self.etag), ("If-Modified-Since", self.modified)) if value
        }

    def moving(self, answer: web.Answer) -> "_Place":
        moved = (self.moved if answer.moved_to == self.moved_to else 0) + 1
        return replace(self, moved_to=answer.moved_to, moved=min(moved, _SURELY) if answer.moved_to else 0)

    def note(self) -> str:
        """A server in trouble may redirect to anywhere for a while; several looks in a row are no accident."""
        return _moved(self.moved_to) if self.moved >= _SURELY else ""

    def gap(self, posts: Sequence[Post]) -> tuple[datetime, datetime] | None:
        """A feed holds its newest items. If none of those that stood first in it is left, and all are younger than any
        that was known, so many came that some may have left it unseen. Of a feed that only ever holds a few that would
        be so each time, and is not said.
        """
        if len(posts) < _FEW or not self.first or {post.external_id for post in posts} & set(self.first):
            return None
        newest, oldest = datetime.fromtimestamp(self.newest_at, UTC), min(post.published_at for post in posts)
        return (newest, oldest) if newest < oldest else None

    def times(self) -> dict[str, datetime]:
        return {id: datetime.fromtimestamp(at, UTC) for id, at in self.first_seen.items()}


class Feed:
    """Reads a whole feed each time it changed. Absence says nothing: a feed holds only its newest items.

    `gap` is the pause in seconds between two requests to a host. `private`: whether addresses in private networks
    may be read beyond those that config/ itself names. An address that has moved for good is named to the operator and
    never replaced: somebody else may have it now.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        contact: str = "",
        *,
        gap: float = 1.0,
        private: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._visits = web.Visits(session, {"User-Agent": web.agent(contact), "Accept": _WANTED}, gap, chance)
        self._private = private
        self._large = asyncio.Lock()

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """304 is a good answer with nothing new. No items where there were some is a FetchError: that is how
        challenges and broken generators look.
        """
        place = _Place.read(cursor, source.address)
        answer = await self._get(source, now, place.conditions())
        place = place.moving(answer)
        if answer.status == 304 and place.conditions():
            return Fetched((), place.write(), next_at=web.fresh_until(answer.headers, now), note=place.note())
        document = await self._document(answer, source, now, place.times())
        if place.items and not document.posts:
            raise FetchError(f"empty: the feed has no items where it had {place.items}; not believed")
        gap = place.gap(document.posts)
        place = replace(
            place,
            first=[post.external_id for post in document.posts[:_FEW]],
            newest_at=max((post.published_at.timestamp() for post in document.posts), default=0.0),
            etag=answer.headers.get("ETag", ""),
            modified=answer.headers.get("Last-Modified", ""),
            items=len(document.posts),
            first_seen={id: at.timestamp() for id, at in document.first_seen.items()},
        )
        return Fetched(
            document.posts,
            place.write(),
            document.title,
            next_at=_next(answer, document, now),
            gap=gap,
            note=place.note(),
        )

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """A feed never tells: it holds only its newest items."""
        return {post.external_id: "unsure" for post in posts}

    async def resolve(self, source: Source, now: datetime) -> Account:
        answer = await self._get(source, now, {})
        document = await self._document(answer, source, now, {})
        newest = max((post.published_at for post in document.posts), default=None)
        notes = [f"{len(document.posts)} items" + (f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else "")]
        if answer.moved_to:
            notes.append(_moved(answer.moved_to))
        return Account(document.title or URL(source.address).host or source.address, note="; ".join(notes))

    async def _get(self, source: Source, now: datetime, conditions: Mapping[str, str]) -> web.Answer:
        return await self._visits.get(source.address, now, cap=_CAP, private=self._private, headers=conditions)

    async def _document(
        self, answer: web.Answer, source: Source, now: datetime, first_seen: Mapping[str, datetime]
    ) -> Document:
        """A small one is parsed in a thread, which at its worst takes 3 seconds; a large one, at most 5 MB that would
        take minutes, in a process that ends when its time is over, one at a time.
        """
        if answer.status != 200:
            raise web.refusal(answer, now)
        read = partial(
            parse,
            answer.body,
            answer.headers.get("Content-Type", ""),
            source,
            now,
            url=answer.url,
            first_seen=first_seen,
        )
        if len(answer.body) <= _SMALL:
            return await asyncio.to_thread(read)
        async with self._large:
            return await feed_process.run(read, _PARSING)


def _moved(address: str) -> str:
    return f"moved for good to {address}: write that into config/"


def _next(answer: web.Answer, document: Document, now: datetime) -> datetime | None:
    """What the feed asks for in its headers or in its `ttl`; the later one, at most an hour ahead."""
    ttl = web.at_most_an_hour(now + timedelta(minutes=document.ttl), now) if document.ttl else None
    return max(filter(None, (ttl, web.fresh_until(answer.headers, now))), default=None)
