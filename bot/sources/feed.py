"""News feeds, RSS and Atom: asked for only what is new to us, parsed off the event loop."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from bot.errors import FetchError
from bot.models import Account, Cursor, Fetched, Source
from bot.sources import web
from bot.sources.feed_document import Document, parse

_CAP = 5_000_000
_PARSING = 20.0
_WANTED = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class _Place:
    """What the last good reading left: the validators as they came, how many items there were, and when items
    without a date of their own were first seen. It holds for one address.
    """

    address: str = ""
    etag: str = ""
    modified: str = ""
    items: int = 0
    first_seen: Mapping[str, float] = field(default_factory=dict)

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

    def times(self) -> dict[str, datetime]:
        return {id: datetime.fromtimestamp(at, UTC) for id, at in self.first_seen.items()}


class Feed:
    """Reads a whole feed each time it changed. Absence says nothing: a feed holds only its newest items.

    `gap` is the pause in seconds between two requests to a host. `private`: whether addresses in private networks
    may be read beyond those that config/ itself names.
    """

    def __init__(
        self, session: aiohttp.ClientSession, contact: str = "", *, gap: float = 1.0, private: bool = False
    ) -> None:
        self._session = session
        self._headers = {"User-Agent": web.agent(contact), "Accept": _WANTED}
        self._turns = web.Turns(gap)
        self._private = private

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """304 is a good answer with nothing new. No items where there were some is a FetchError: that is how
        challenges and broken generators look.
        """
        place = _Place.read(cursor, source.address)
        answer = await self._get(source, place.conditions())
        if answer.status == 304 and place.conditions():
            return Fetched((), place.write(), next_at=web.fresh_until(answer.headers, now))
        document = await _document(answer, source, now, place.times())
        if place.items and not document.posts:
            raise FetchError(f"empty: the feed has no items where it had {place.items}; not believed")
        after = _Place(
            source.address,
            answer.headers.get("ETag", ""),
            answer.headers.get("Last-Modified", ""),
            len(document.posts),
            {id: at.timestamp() for id, at in document.first_seen.items()},
        )
        return Fetched(document.posts, after.write(), document.title, next_at=_next(answer, document, now))

    async def resolve(self, source: Source, now: datetime) -> Account:
        answer = await self._get(source, {})
        document = await _document(answer, source, now, {})
        newest = max((post.published_at for post in document.posts), default=None)
        notes = [f"{len(document.posts)} items" + (f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else "")]
        if answer.moved_to:
            notes.append(f"moved for good to {answer.moved_to}: write that into config/")
        return Account(document.title or URL(source.address).host or source.address, note="; ".join(notes))

    async def _get(self, source: Source, conditions: Mapping[str, str]) -> web.Answer:
        async with self._turns.turn(source.address):
            return await web.get(
                self._session,
                source.address,
                headers={**self._headers, **conditions},
                cap=_CAP,
                private=self._private,
            )


async def _document(answer: web.Answer, source: Source, now: datetime, first_seen: Mapping[str, datetime]) -> Document:
    """Parses in a thread: 10,000 items take feedparser 6 seconds."""
    if answer.status != 200:
        raise web.refusal(answer, now)
    content_type = answer.headers.get("Content-Type", "")
    try:
        async with asyncio.timeout(_PARSING):
            return await asyncio.to_thread(
                parse, answer.body, content_type, source, now, url=answer.url, first_seen=first_seen
            )
    except TimeoutError as error:
        raise FetchError(f"the feed took more than {_PARSING:.0f} s to parse") from error


def _next(answer: web.Answer, document: Document, now: datetime) -> datetime | None:
    """What the feed asks for in its headers or in its `ttl`; the later one, at most an hour ahead."""
    ttl = web.at_most_an_hour(now + timedelta(minutes=document.ttl), now) if document.ttl else None
    return max(filter(None, (ttl, web.fresh_until(answer.headers, now))), default=None)
