"""X, by its paid API v2: the timelines of accounts and, where X allows few requests, searches over many at once."""

import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

import aiohttp

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Post, Source
from bot.sources import x_page, x_search
from bot.sources.x_api import LOOKED_UP, Api
from bot.sources.x_place import Place, handle
from bot.sources.x_purse import Purse
from bot.sources.x_search import Searches

Mode = Literal["auto", "timelines", "search"]

_FIRST_LOOK, _FEW, _MANY = 5, 10, 100
"""Posts on a page: of the first look, of others while little is new, and the most that X gives."""

DEEPEST = 3200
"""Posts of a timeline that X shows."""

_ID = re.compile(r"[0-9]{1,19}")

_SOON = timedelta(hours=1)
"""After no longer than this there is little that is new: a small page holds it, and holds less money while it comes."""

_EDITED_FOR = timedelta(days=1)

_TIMELINE_EVERY = timedelta(hours=1)
"""While X is searched, timelines are read this often or more rarely: they alone hold reposts, and miss nothing."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look brought. `next_at`: the next one is not due before."""

    posts: Mapping[str, Post]
    place: Place
    next_at: datetime
    gap: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class _Stretch:
    """What was read between two ids, newest first; `left` is the lowest id down to which it is read, None if all of it
    is; the rest can be read at `later`.
    """

    posts: dict[str, Post] = field(default_factory=dict)
    newest: int = 0
    left: int | None = None
    later: datetime | None = None


class X:
    """Reads accounts, and asks only for what is newer than what is known.

    Whose words cost what: a returned post is billed, an empty answer is not. The first look at an account takes five
    posts. Authors of other people's posts are not asked for; a repost names them itself.

    `accounts` are all that are read; `mode` how: from each account's timeline, or by searches over all of them, with
    the timelines at greater intervals. Left to itself ("auto"), X is searched if it allows fewer requests for timelines
    in a quarter of an hour than there are accounts. `vocabulary` is how fields are named in requests; answers are read
    in both. `country`: posts that are withheld there are not read; if none is named, no post that is withheld
    anywhere. `purse` pays; without one nothing is counted. `resting` says which accounts are not read for now.

    One X for one token: what X says of the token holds for all accounts, and what a search finds serves them all.
    Nothing of that needs to outlive the process.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        bearer_token: str,
        base_url: str = "https://api.x.com",
        *,
        accounts: Sequence[Source] = (),
        mode: Mode = "auto",
        vocabulary: x_page.Vocabulary = "tweet",
        country: str = "",
        purse: Purse | None = None,
        resting: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._api = Api(session, bearer_token, base_url, vocabulary, purse) if bearer_token else None
        self._handles = {source.id: handle(source) for source in accounts}
        self._resting = resting
        self._mode = mode
        self._country = country
        self._searches = Searches()

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """All of what is new, or none of it if it cannot be read; but what X or the budget puts off comes later."""
        api = self._open()
        for gone in self._resting():
            self._handles.pop(gone, None)
        self._handles[source.id] = handle(source)
        place, title = await self._whose(source, cursor, now)
        look = _without_what_was_before(await self._read(api, source, place, now), now)
        self._searches.know(source, look.place.at or now)
        rests_until = api.rests_until()
        return Fetched(
            tuple(look.posts.values()),
            look.place.write(),
            title,
            place.account_id,
            next_at=max(look.next_at, rests_until or now),
            gap=look.gap,
            note="X is read more rarely, so that its money lasts the month" if rests_until else "",
        )

    async def resolve(self, source: Source, now: datetime) -> Account:
        body = await self._open().user(now, name=handle(source))
        x_page.refuse_account(body)
        user = body.get("data")
        if not isinstance(user, dict) or not str(user.get("id", "")).isdecimal():
            raise FetchError("X answers without an account; not believed")
        notes = ["protected: only its followers may read it"] if user.get("protected") is True else []
        name = str(user.get("username", ""))
        if name and name != handle(source):
            notes.append(f"writes itself @{name}")
        return Account(str(user.get("name") or name), str(user["id"]), "; ".join(notes))

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """Posts that could not be asked for, because there is no money to spare, are left out. An id that is none, as a
        file may bring one, would spoil the question for the others.
        """
        api = self._open()
        ids = [post.external_id for post in posts if _ID.fullmatch(post.external_id)]
        seen: dict[str, x_page.Seen] = {post.external_id: "unsure" for post in posts if post.external_id not in ids}
        for begin in range(0, len(ids), LOOKED_UP):
            batch = ids[begin : begin + LOOKED_UP]
            body, asked = await api.posts(batch, now)
            seen |= x_page.fates(body, asked, country=self._country)
            if len(asked) < len(batch):
                break
        hidden: Fate = "unsure"
        if "hidden" in seen.values():
            hidden = x_page.fate_of_account(await api.user(now, id=source.account_id, name=handle(source)))
        return {id: hidden if fate == "hidden" else fate for id, fate in seen.items()}

    async def history(
        self, source: Source, since: datetime, now: datetime, cursor: Cursor | None = None
    ) -> AsyncIterator[Fetched]:
        """As far back as `since`, or as X goes: 3,200 posts."""
        api = self._open()
        place, title = await self._whose(source, cursor, now)
        first = asked = max(x_page.id_at(since) - 1, 0)
        while True:
            try:
                body = await api.timeline(place.account_id, _MANY, now, since=asked, until=place.since or 0)
            except FetchError as error:
                if asked and "since_id" in error.reason:
                    asked = 0  # X goes back no further than some id: we stop at ours
                    continue
                raise
            page = x_page.read(body, source, country=self._country, above=first)
            place = replace(place, since=page.oldest)
            if page.oldest:
                yield Fetched(page.posts, place.write(), title, place.account_id)
            if not page.next_token or page.oldest <= first:
                return

    async def usage(self, days: int, now: datetime) -> dict[date, int]:
        """How many posts X says that it has given out on each of the last days. Raises FetchError."""
        return x_page.usage(await self._open().usage(days, now))

    async def _whose(self, source: Source, cursor: Cursor | None, now: datetime) -> tuple[Place, str]:
        """How far it has been read, with its number; and its title, if it had to be looked up."""
        place = Place.read(cursor, source)
        if place.account_id:
            return place, ""
        account = await self.resolve(source, now)
        return replace(place, account_id=account.account_id), account.title

    def _open(self) -> Api:
        if self._api is None:
            raise FetchError(
                "no X token: X is not read; set X_BEARER_TOKEN to a token from https://console.x.com", permanent=True
            )
        return self._api

    # --- which way

    async def _read(self, api: Api, source: Source, place: Place, now: datetime) -> _Look:
        """By the way that is due; by the other one if X has closed that. A search that X does not understand says
        nothing of the account, but a timeline that cannot be read does.
        """
        if self._is_searching(api) and not self._wants_timeline(api, place, now):
            try:
                return await self._from_search(api, source, place, now)
            except FetchError as error:
                if not (error.permanent or api.is_closed("search", now)):
                    raise
            return await self._from_timeline(api, source, place, now)
        try:
            return await self._from_timeline(api, source, place, now)
        except FetchError:
            if not (self._is_searching(api) and place.at and api.is_closed("timelines", now)):
                raise
        return await self._from_search(api, source, place, now)

    def _is_searching(self, api: Api) -> bool:
        limit = api.limits.get("timelines")
        return self._mode == "search" or (self._mode == "auto" and limit is not None and limit < len(self._handles))

    def _wants_timeline(self, api: Api, place: Place, now: datetime) -> bool:
        """While X is searched: before the first look, after a gap that a search cannot fill, and now and then."""
        if place.since is None or place.read_at is None or place.at is None:
            return True
        every = max(_TIMELINE_EVERY, self._timelines_every(api))
        return not timedelta(0) <= now - place.read_at < every or not x_search.is_in_reach(place.at, now)

    # --- timelines

    async def _from_timeline(self, api: Api, source: Source, place: Place, now: datetime) -> _Look:
        """Everything above the highest id known, then what an earlier look had to leave for later."""
        if place.since is None:
            page = x_page.read(await api.timeline(place.account_id, _FIRST_LOOK, now), source, country=self._country)
            posts = {post.external_id: post for post in page.posts}
            place = replace(place, since=page.newest, read_at=now, at=now)
            return _Look(posts, place, now + self._timelines_every(api))
        long_ago = place.read_at is None or not timedelta(0) <= now - place.read_at < _SOON
        stretch = partial(self._stretch, api, source, place.account_id, _MANY if long_ago else _FEW, now)
        top = await stretch(place.since)
        hole, later, gap = place.hole, top.later, None
        if top.left:
            hole = (hole[0] if hole else place.since, top.left)
        elif hole:
            low, high = hole
            try:
                below = await stretch(*hole)
                hole, later = (low, below.left) if below.left else None, below.later
                for id, post in below.posts.items():
                    top.posts.setdefault(id, post)
            except FetchError as error:
                later = error.retry_at
                if error.permanent and not api.is_closed("timelines", now):
                    hole, gap = None, (x_page.time_of(low), x_page.time_of(high))
        place = replace(place, since=max(place.since, top.newest), hole=hole, read_at=now, at=now)
        return _Look(top.posts, place, max(later or now, now + self._timelines_every(api)), gap)

    def _timelines_every(self, api: Api) -> timedelta:
        return api.pause("timelines", len(self._handles))

    async def _stretch(
        self, api: Api, source: Source, account: str, size: int, now: datetime, since: int, until: int = 0
    ) -> _Stretch:
        """An edit stands in place of what it changed. Raises FetchError if nothing could be read, or if the rest will
        not come later.
        """
        read = _Stretch()
        token, asked_since = "", since
        for _ in range(DEEPEST // _FIRST_LOOK):
            try:
                body = await api.timeline(account, size, now, since=asked_since, until=until, page=token)
            except FetchError as error:
                if asked_since and not token and "since_id" in error.reason:
                    size, asked_since = _MANY, 0  # X goes back no further than some id: we stop at ours
                    continue
                if read.left is None or error.retry_at is None:
                    raise
                read.later = error.retry_at
                return read
            page = x_page.read(body, source, country=self._country, above=since)
            for post in page.posts:
                read.posts.setdefault(post.external_id, post)
            read.newest = max(read.newest, page.newest)
            if page.next_token in ("", token) or 0 < page.oldest <= since or (read.left and page.oldest >= read.left):
                break
            token = page.next_token
            read.left = page.oldest or read.left
        read.left = None
        return read

    # --- searches

    async def _from_search(self, api: Api, source: Source, place: Place, now: datetime) -> _Look:
        found, until = await self._searches.find(api, self._handles, source, place.at or now, now)
        if place.at and found.at < place.at:
            return _Look({}, place, until)
        posts: dict[str, Post] = {}
        for page in found.pages:
            for post in x_page.part(page, source, place.account_id, country=self._country):
                posts.setdefault(post.external_id, post)
        place = replace(place, at=found.at, read_at=None if found.cut else place.read_at)
        return _Look(posts, place, until)


def _without_what_was_before(look: _Look, now: datetime) -> _Look:
    """Versions of posts that are known under later ids are left out; for a day, for then nothing is edited any more."""
    recent = x_page.id_at(now - _EDITED_FOR)
    edits = {first: last for first, last in look.place.edits.items() if int(first) > recent}
    posts = {id: post for id, post in look.posts.items() if x_page.version_of(post) >= edits.get(id, 0)}
    edits |= {id: x_page.version_of(post) for id, post in posts.items() if post.edited_at and int(id) > recent}
    return replace(look, posts=posts, place=replace(look.place, edits=edits))
