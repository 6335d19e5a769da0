"""Telegram channels as anyone sees them: the public preview at t.me/s/<name>, no account needed."""

import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import aiohttp

from bot.errors import FetchError
from bot.models import Account, Cursor, Fetched, Post, Source
from bot.sources import web
from bot.sources.telegram_page import FOR_GOOD, MEANING, Page, parse

log = logging.getLogger(__name__)

_CAP = 2_000_000
_OTHER_HOST = {"https://t.me": "https://telegram.me"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where we left off: the name asked for, the highest id seen, the channel's number, and the ids `after` < id <
    `before` that are still to be read, because there were more than one poll may fetch (0, 0 for none).
    """

    name: str
    last: int = 0
    channel: str = ""
    after: int = 0
    before: int = 0

    @classmethod
    def read(cls, cursor: Cursor | None, source: Source) -> "_Place":
        """Anew if config/ names another channel now."""
        name = _name(source).lower()
        place = cls(**json.loads(cursor)) if cursor else cls(name)
        return place if place.name == name else cls(name)

    def write(self) -> Cursor:
        written = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        return Cursor(json.dumps({"last": 0, **written}))

    def seeing(self, page: Page) -> "_Place":
        """After the newest page: what lies between it and what was known is to be read. One stretch is kept; a
        second one is joined to the first, which reads some posts twice and loses none.
        """
        lowest, highest = min(page.ids), max(page.ids)
        place = replace(self, last=max(self.last, highest), channel=page.channel_id or self.channel)
        if lowest <= self.last + 1:
            return place
        return replace(place, after=self.after if self.before else self.last, before=lowest)

    def back_to(self, before: int) -> "_Place":
        """Everything from `before` on is read."""
        return replace(self, after=0, before=0) if before <= self.after + 1 else replace(self, before=before)


class TelegramWeb:
    """Reads the newest page each time, so that edits show, and pages back by ids to the last post it knew.

    `base_url` is where previews are served; posts are addressed at t.me all the same. If Telegram's own host cannot
    be reached, telegram.me is asked, which serves the same pages. `gap` is the pause between two requests in
    seconds, `pages` how many older pages one poll may read; what is left is read by the next.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str = "https://t.me",
        contact: str = "",
        *,
        gap: float = 1.0,
        pages: int = 10,
    ) -> None:
        self._session = session
        self._hosts = [base_url.rstrip("/")]
        self._hosts += [_OTHER_HOST[host] for host in self._hosts if host in _OTHER_HOST]
        self._headers = {"User-Agent": web.agent(contact), "Accept-Language": "en"}
        self._turns = web.Turns(gap)
        self._pages = pages

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """A page that is not a preview of posts is a FetchError that says what it is."""
        known = _Place.read(cursor, source)
        page = await self._page(source, now)
        _refuse_another_channel(source, known, page)
        if not page.ids:
            if known.last:
                raise FetchError("empty: the channel shows no posts where there were some; not believed")
            return Fetched((), known.write(), page.title, page.channel_id)
        place = known.seeing(page) if cursor else replace(known, last=max(page.ids), channel=page.channel_id)
        posts = {post.external_id: post for post in page.posts}
        older, place, next_at = await self._fill(source, place, now)
        posts = {post.external_id: post for post in older} | posts
        return Fetched(tuple(posts.values()), place.write(), page.title, page.channel_id, next_at)

    async def resolve(self, source: Source, now: datetime) -> Account:
        page = await self._page(source, now)
        if not page.channel_id:
            return Account(page.title, note="no posts yet, so the channel's number is not known")
        return Account(page.title, page.channel_id)

    async def _fill(self, source: Source, place: _Place, now: datetime) -> tuple[list[Post], _Place, datetime | None]:
        """Read what is still to be read, newest first. A failure ends this poll's reading and loses nothing: the
        place remembers what is left.
        """
        posts: list[Post] = []
        for _ in range(self._pages):
            if not place.before:
                break
            try:
                page = await self._page(source, now, f"?before={place.before}")
            except FetchError as error:
                return posts, place, error.retry_at
            posts += page.posts
            older = [id for id in page.ids if id < place.before]
            place = place.back_to(min(older) if older else 0)
        return posts, place, None

    async def _page(self, source: Source, now: datetime, query: str = "") -> Page:
        answer = await self._get(f"/s/{quote(_name(source), safe='')}{query}")
        if answer.status != 200:
            raise web.refusal(answer, now)
        page = parse(answer.body, source.id, source.language)
        if page.state not in ("preview", "empty", "end"):
            raise FetchError(MEANING[page.state], permanent=page.state in FOR_GOOD)
        if not page.whole:
            raise FetchError("cut off: the page ends before its end mark; not believed")
        if page.unread and not page.posts:
            raise FetchError(f"not understood: {page.unread} posts without id or date; Telegram changed its pages")
        if page.unread:
            log.warning("%s: %d of %d posts have no id or date", source.id, page.unread, page.unread + len(page.posts))
        return page

    async def _get(self, path: str) -> web.Answer:
        for host in self._hosts[:-1]:
            try:
                return await self._ask(host, path)
            except FetchError as error:
                if not isinstance(error.__cause__, aiohttp.ClientConnectorError):
                    raise
        return await self._ask(self._hosts[-1], path)

    async def _ask(self, host: str, path: str) -> web.Answer:
        async with self._turns.turn(host):
            return await web.get(self._session, host + path, headers=self._headers, cap=_CAP)


def _name(source: Source) -> str:
    return source.address.removeprefix("@")


def _refuse_another_channel(source: Source, known: _Place, page: Page) -> None:
    """A name can be given up and taken by somebody else; the number cannot."""
    pinned = source.account_id or known.channel
    if pinned and page.channel_id and page.channel_id != pinned:
        raise FetchError(
            f"another channel: {source.address} is number {page.channel_id}, and was {pinned}; somebody else may have "
            "taken the name, or account_id in config/ is wrong",
            permanent=True,
        )
