"""Telegram channels as anyone sees them: the public preview at t.me/s/<name>, no account needed."""

import json
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import aiohttp

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Post, Source
from bot.sources import web
from bot.sources.telegram_page import FOR_GOOD, MEANING, Page, parse

log = logging.getLogger(__name__)

_CAP = 2_000_000
_OTHER_HOSTS: Mapping[str, Sequence[str]] = {"https://t.me": ("https://telegram.me",)}
"""In July 2026 the name t.me did not resolve anywhere for a day; telegram.me went on serving the same pages."""

_AWAY = timedelta(minutes=10)
"""For how long a host that could not be reached is passed over."""

_LOOK_BACK_EVERY, _LOOK_BACK = timedelta(hours=1), 2
"""Now and then so many pages before the newest are read again, for what was edited or deleted there."""

_ALBUMS = 40


@dataclass(frozen=True, slots=True)
class _Place:
    """Where we left off: the name asked for, the highest id seen and its time, the channel's number.

    The ids `after` < id < `before` are still to be read (0, 0 for none), because there were more than one poll may
    fetch; they are of the time between `since` and `until`, and so many `pages` have been asked for on the way.
    `albums` has the members of recent albums by the id under which the album is known. `looked_back` is when pages
    before the newest were last read again. Times are seconds since 1970.
    """

    name: str
    last: int = 0
    last_at: int = 0
    channel: str = ""
    after: int = 0
    before: int = 0
    since: int = 0
    until: int = 0
    pages: int = 0
    albums: Mapping[str, Sequence[int]] = field(default_factory=dict)
    looked_back: int = 0

    @classmethod
    def read(cls, cursor: Cursor | None, source: Source) -> "_Place | None":
        """None before the first look, also if config/ names another channel now, or another number of it. What
        `telegram_client` left off at is gone on from.
        """
        written = json.loads(cursor) if cursor else {}
        if written.get("name") != _name(source).lower():
            return None
        place = cls(**{key: written[key] for key in cls.__slots__ if key in written})
        place = replace(place, channel=str(place.channel))
        return place if source.account_id in ("", place.channel) or not place.channel else None

    def write(self) -> Cursor:
        written = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        return Cursor(json.dumps({"last": 0, **written}))

    def seeing(self, page: Page) -> "_Place":
        """After the newest page: what lies between it and what was known is to be read. One stretch is kept; a
        second one is joined to the first, which reads some posts twice and loses none.
        """
        lowest, highest = min(page.ids), max(page.ids)
        place = self
        if highest >= self.last:
            place = replace(place, last=highest, last_at=max(_seconds(post.published_at) for post in page.posts))
        if lowest <= self.last + 1:
            return place
        until = _oldest(page)
        if self.before:
            return replace(place, before=lowest, until=until)
        return replace(place, after=self.last, before=lowest, since=self.last_at or until, until=until)

    def back_to(self, before: int, page: Page) -> "_Place":
        """Everything from `before` on is read."""
        if before <= self.after + 1:
            return self.without_stretch()
        return replace(self, before=before, until=_oldest(page))

    def without_stretch(self) -> "_Place":
        return replace(self, after=0, before=0, since=0, until=0, pages=0)

    def knowing(self, albums: Mapping[int, Sequence[int]]) -> "_Place":
        """The albums of these pages, of which the most recent ones are kept."""
        known = {**self.albums, **{str(id): list(members) for id, members in albums.items()}}
        return replace(self, albums=dict(sorted(known.items(), key=lambda album: int(album[0]))[-_ALBUMS:]))


@dataclass
class _Look:
    """What one look has brought so far.

    `low` is the lowest id above which everything that stands has been shown, 0 while nothing can be said. Pages of
    another channel than before can come at any moment: the place then bears the number of that one.
    """

    place: _Place
    channel: str
    title: str
    high: int
    low: int
    posts: dict[str, Post] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    next_at: datetime | None = None
    gap: tuple[datetime, datetime] | None = None

    def take(self, page: Page) -> None:
        """What was taken before stands: it is from a later page."""
        page = _under_known_ids(page, self.place)
        if self.place.channel in ("", self.channel):
            self.place = replace(self.place, channel=page.channel_id or self.place.channel)
            self.channel = self.channel or page.channel_id
        self.posts = {post.external_id: post for post in page.posts} | self.posts
        self.members |= {member for members in page.albums.values() for member in members}
        self.place = self.place.knowing(page.albums)

    def take_older(self, page: Page, before: int) -> None:
        """A page of what is older than `before`. Nothing is missing between them only if that was the lowest. If the
        page says that nothing is older, all is shown from the first id on.
        """
        self.take(page)
        if self.low == before and page.ids and not page.unread:
            self.low = min(page.ids)
        elif self.low == before and page.state == "end":
            self.low = 1

    def fetched(self) -> Fetched:
        return Fetched(
            tuple(self.posts.values()),
            self.place.write(),
            self.title,
            self.place.channel,
            self.next_at,
            (self.low, self.high) if self.low else None,
            tuple(str(member) for member in sorted(self.members) if str(member) not in self.posts),
            self.gap,
        )


class TelegramWeb:
    """Reads the newest page each time, so that edits show, and pages back by ids to the last post it knew.

    `base_url` is where previews are served, `hosts` are others that serve the same pages and are asked only if it
    cannot be reached (of t.me that is telegram.me); posts are addressed at t.me all the same. `gap` is the shortest
    pause between two requests in seconds. `pages` is how many older pages one poll may read; what is left is read by
    the next, up to `backlog` pages: what lies beyond is a gap.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str = "https://t.me",
        contact: str = "",
        *,
        hosts: Sequence[str] = (),
        gap: float = 1.0,
        pages: int = 10,
        backlog: int = 100,
        chance: Callable[[], float] = random.random,
    ) -> None:
        first = base_url.rstrip("/")
        self._hosts = [first, *(hosts or _OTHER_HOSTS.get(first, ()))]
        self._first_again_at = datetime.min.replace(tzinfo=UTC)
        headers = {"User-Agent": web.agent(contact), "Accept-Language": "en"}
        self._visits = web.Visits(session, headers, gap, chance)
        self._pages, self._backlog = pages, backlog

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """A page that is not a preview of posts is a FetchError that says what it is."""
        left_off = _Place.read(cursor, source)
        known = left_off or _Place(_name(source).lower())
        page = await self._page(source, now)
        if not page.ids:
            if known.last:
                raise FetchError("empty: the channel shows no posts where there were some; not believed")
            return Fetched((), known.write(), page.title, page.channel_id)
        place = known.seeing(page)
        if left_off is None:
            place = replace(place.without_stretch(), looked_back=_seconds(now))
        lowest, highest = min(page.ids), max(page.ids)
        look = _Look(
            place,
            place.channel,
            page.title,
            high=max(highest, known.last) if page.newest else highest,
            low=0 if page.unread else lowest,
        )
        look.take(page)
        if place.before:
            await self._fill(source, look, now)
        elif not timedelta(0) <= now - _time(place.looked_back) < _LOOK_BACK_EVERY:
            await self._look_back(source, look, lowest, now)
        return look.fetched()

    async def resolve(self, source: Source, now: datetime) -> Account:
        page = await self._page(source, now)
        notes = [
            f"{page.subscribers} subscribers" if page.subscribers else "",
            "verified by Telegram" if page.verified else "",
            "" if page.channel_id else "no posts yet, so the channel's number is not known",
        ]
        return Account(page.title, page.channel_id, "; ".join(filter(None, notes)))

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """Asks for each post by itself. "Post not found" counts only while the channel itself answers, and while a post
        that its newest page shows is found in the same way. Telegram's own notes cannot be asked for. Where
        `account_id` is set, another channel under the name says nothing.
        """
        fates: dict[str, Fate] = {post.external_id: "unsure" for post in posts}
        try:
            page = await self._page(source, now)
            if page.channel_id and source.account_id not in ("", page.channel_id):
                return fates
            for post in posts:
                if post.kind != "service" and post.external_id.isdecimal():
                    fates[post.external_id] = await self._fate(source, page, post, now)
            if "deleted" not in fates.values() or "stands" in fates.values():
                return fates
            shown = next((post for post in reversed(page.posts) if post.kind != "service"), None)
            believed = shown is not None and await self._fate(source, page, shown, now) == "stands"
        except FetchError as error:
            log.info("source=%s posts not confirmed: %s", source.id, error.reason)
            believed = False
        return fates if believed else {id: "unsure" if fate == "deleted" else fate for id, fate in fates.items()}

    async def history(
        self, source: Source, since: datetime, now: datetime, cursor: Cursor | None = None
    ) -> AsyncIterator[Fetched]:
        place = _Place.read(cursor, source)
        before = place.before if place else 0
        while True:
            page = await self._page(source, now, before)
            lower = [id for id in page.ids if not before or id < before]
            if not lower:
                return
            before = min(lower)
            posts = tuple(post for post in page.posts if post.published_at >= since)
            place = _Place(_name(source).lower(), before=before)
            yield Fetched(posts, place.write(), page.title, page.channel_id)
            if len(posts) < len(page.posts):
                return

    async def _fill(self, source: Source, look: _Look, now: datetime) -> None:
        """Read what is still to be read, newest first. A failure ends this poll's reading and loses nothing: the
        place remembers what is left.
        """
        for _ in range(self._pages):
            before = look.place.before
            look.place = replace(look.place, pages=look.place.pages + 1)
            try:
                page = await self._page(source, now, before)
            except FetchError as error:
                if error.permanent:
                    raise
                look.next_at = error.retry_at
                break
            older = [id for id in page.ids if id < before]
            look.place = look.place.back_to(min(older) if older else 0, page)
            look.take_older(page, before)
            if not look.place.before:
                return
        if look.place.pages >= self._backlog:
            look.gap = _time(look.place.since or look.place.until), _time(look.place.until)
            look.place = look.place.without_stretch()

    async def _look_back(self, source: Source, look: _Look, before: int, now: datetime) -> None:
        for _ in range(_LOOK_BACK):
            try:
                page = await self._page(source, now, before)
            except FetchError as error:
                look.next_at = error.retry_at
                return
            look.take_older(page, before)
            if not page.ids:
                break
            before = min(page.ids)
        look.place = replace(look.place, looked_back=_seconds(now))

    async def _fate(self, source: Source, page: Page, post: Post, now: datetime) -> Fate:
        answer = await self._get(f"/{_path(source)}/{post.external_id}?embed=1&mode=tme", now)
        shown = parse(answer.body, source.id)
        if shown.state == "no post" and shown.whole:
            return "deleted"
        of_channel = shown.channel_id in ("", page.channel_id)
        return "stands" if of_channel and int(post.external_id) in shown.ids else "unsure"

    async def _page(self, source: Source, now: datetime, before: int = 0) -> Page:
        answer = await self._get(f"/s/{_path(source)}" + (f"?before={before}" if before else ""), now)
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

    async def _get(self, path: str, now: datetime) -> web.Answer:
        """A host that refuses us is not gone round; one that cannot be reached is, for a while."""
        away = timedelta() < self._first_again_at - now <= _AWAY  # and not for longer, if the clock was set back
        asked = self._hosts[1:] if away and len(self._hosts) > 1 else self._hosts
        for host in asked[:-1]:
            try:
                return await self._ask(host, path, now)
            except FetchError as error:
                if not web.is_unreachable(error):
                    raise
                self._first_again_at = now + _AWAY
        try:
            return await self._ask(asked[-1], path, now)
        except FetchError as error:
            if web.is_unreachable(error):  # then it may be we who are cut off
                self._first_again_at = now
            raise

    async def _ask(self, host: str, path: str, now: datetime) -> web.Answer:
        answer = await self._visits.get(host + path, now, cap=_CAP)
        if answer.status != 200:
            raise web.refusal(answer, now)
        return answer


def _name(source: Source) -> str:
    return source.address.removeprefix("@")


def _path(source: Source) -> str:
    return quote(_name(source), safe="")


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _oldest(page: Page) -> int:
    return min((_seconds(post.published_at) for post in page.posts), default=0)


def _under_known_ids(page: Page, place: _Place) -> Page:
    """An album is known by the id under which it was first seen, also when its first member has been deleted and the
    page shows it under the next one's.
    """
    known = {member: int(id) for id, members in place.albums.items() for member in members}
    first = {
        id: known.get(id) or min((known[member] for member in page.albums.get(id, ()) if member in known), default=id)
        for id in map(int, (post.external_id for post in page.posts))
    }
    posts = tuple(replace(post, external_id=str(first[int(post.external_id)])) for post in page.posts)
    return replace(page, posts=posts, albums={first[id]: members for id, members in page.albums.items()})
