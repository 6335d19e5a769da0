"""The X API v2 as calls that are paid for, and that are held back while X would refuse them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiohttp

from bot.budget import Ask
from bot.errors import FetchError
from bot.sources.x_answer import Answer, RefusedError
from bot.sources.x_page import Json, Vocabulary, problem_of, used
from bot.sources.x_purse import Purse

Endpoint = Literal["timelines", "search", "posts", "users", "usage"]

LOOKED_UP = 100
"""Posts in one look-up at the most."""

WINDOW = timedelta(minutes=15)
"""X counts requests in windows of this length."""

_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)

_CAREFUL = 0.8
"""The share of a window's requests that are made."""

WITH_EACH = 3
"""A post brings along at most the one that it answers and the one that it quotes; each is billed."""

_ASKED = {
    "tweet_fields": "id text author_id created_at conversation_id in_reply_to_user_id referenced_tweets entities "
    "attachments lang edit_history_tweet_ids edit_controls note_tweet article withheld".split(),
    "expansions": ["referenced_tweets.id", "attachments.media_keys", "attachments.poll_ids"],
    "media_fields": ["media_key", "type", "alt_text", "url"],
    "poll_fields": ["id", "options"],
}


class Api:
    """X for one token. All that use it share what X last said of the token.

    `limits`: how many requests a window X allows at each endpoint, as far as its answers have said.
    Every call raises FetchError: for what X says, for an answer that is none, or because it is not made at all.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        bearer_token: str,
        base_url: str,
        vocabulary: Vocabulary,
        purse: Purse | None,
    ) -> None:
        self.limits: dict[Endpoint, int] = {}
        from bot.sources.x_client import Client  # tweepy: 7 MiB, which who has no token need not hold

        self._client = Client(session, bearer_token, base_url, vocabulary, self._learn)
        self._purse = purse
        self._spent_windows: dict[Endpoint, str] = {}
        self._closed: dict[Endpoint | None, _Closed] = {}
        self._probing = asyncio.Lock()

    async def timeline(
        self, account: str, size: int, now: datetime, *, since: int = 0, until: int = 0, page: str = ""
    ) -> Json:
        """A page of an account's posts with ids above `since` and below `until`, newest first."""
        between = {"since_id": str(since) if since else None, "until_id": str(until) if until else None}
        params = {**_ASKED, **between, "pagination_token": page or None}  # X forgets since_id between pages
        ask = Ask(f"timeline {account} {since} {until} {page}", size, min(size, 5), WITH_EACH)

        async def call(size: int) -> Json:
            return await self._client.get_users_tweets(account, max_results=size, **params)  # type: ignore[no-any-return]

        return await self._call("timelines", ask, call, now)

    async def search(self, query: str, size: int, now: datetime, *, since: int, page: str = "") -> Json:
        """A page of what a search finds above `since`, newest first. Never with a time: X refuses both together."""
        params = {**_ASKED, "since_id": str(since), "next_token": page or None}
        ask = Ask(f"search {query} {page}", size, 10, WITH_EACH)  # made again, it reaches back as far or further

        async def call(size: int) -> Json:
            return await self._client.search_recent_tweets(query, max_results=size, **params)  # type: ignore[no-any-return]

        return await self._call("search", ask, call, now)

    async def posts(self, ids: Sequence[str], now: datetime) -> tuple[Json, Sequence[str]]:
        """Looks up at most 100 posts, and says which: only the first ones, if money is short."""
        ask = Ask(f"posts {' '.join(ids)}", len(ids), ids=tuple(ids), spare=True)
        asked = ids

        async def call(size: int) -> Json:
            nonlocal asked
            asked = ids[:size]
            fields = ["id", "edit_history_tweet_ids", "withheld"]
            return await self._client.get_tweets(list(asked), tweet_fields=fields)  # type: ignore[no-any-return]

        return await self._call("posts", ask, call, now), asked

    async def user(self, now: datetime, *, name: str = "", id: str = "") -> Json:
        """Looks up an account by its handle, or by its number."""
        ask = Ask(f"user {name or id}", 1, kind="user")

        async def call(size: int) -> Json:
            who = {"id": id} if id else {"username": name}
            return await self._client.get_user(**who, user_fields=["protected", "verified_type"])  # type: ignore[no-any-return]

        return await self._call("users", ask, call, now)

    async def usage(self, days: int, now: datetime) -> Json:
        """How many posts X has counted on each of the last days. Costs nothing."""
        async with self._let_through("usage", now):
            try:
                body = await self._client.get_usage(days)
            except RefusedError as error:
                raise self._refused("usage", error.answer, now) from error
        self._opened("usage", now)
        return body

    def is_closed(self, endpoint: Endpoint, now: datetime) -> bool:
        """Whether a call there would not be made now."""
        return self._closed_until(endpoint, now) is not None

    def pause(self, endpoint: Endpoint, calls: int) -> timedelta:
        """How long to wait between two rounds of so many calls, so that X allows them all."""
        limit = self.limits.get(endpoint)
        return timedelta(0) if limit is None else WINDOW * (calls / (_CAREFUL * max(limit, 1)))

    def rests_until(self) -> datetime | None:
        """Until when the budget wants nothing read."""
        return self._purse.rests_until() if self._purse else None

    # --- one call

    async def _call(self, endpoint: Endpoint, ask: Ask, call: Callable[[int], Awaitable[Json]], now: datetime) -> Json:
        async with self._let_through(endpoint, now):
            try:
                body = await self._paid(ask, call)
            except RefusedError as error:
                raise self._refused(endpoint, error.answer, now) from error
        self._opened(endpoint, now)
        return body

    async def _paid(self, ask: Ask, call: Callable[[int], Awaitable[Json]]) -> Json:
        """What was billed is booked before this returns; if no answer comes, what may have been billed stays booked."""
        if self._purse is None:
            return await call(ask.wanted)
        grant = await self._purse.open(ask)
        try:
            body = await call(grant.size)
            whole = not _next_page(body)
            await self._purse.settle(ask, grant, used(body, ask.kind), whole)
        except RefusedError:
            await self._purse.drop(ask, grant)
            raise
        finally:
            self._purse.close()
        return body

    # --- what X last said

    @asynccontextmanager
    async def _let_through(self, endpoint: Endpoint, now: datetime) -> AsyncIterator[None]:
        """Raises FetchError while X is closed. When its time is over, one call tries, and the others wait for it."""
        if closed := self._closed_until(endpoint, now):
            raise closed.error()
        if not self._closed.keys() & {None, endpoint}:
            yield
            return
        async with self._probing:
            if closed := self._closed_until(endpoint, now):
                raise closed.error()
            yield

    def _closed_until(self, endpoint: Endpoint, now: datetime) -> "_Closed | None":
        found = (self._closed.get(None), self._closed.get(endpoint))
        return next((closed for closed in found if closed and closed.since <= now < closed.until), None)

    def _refused(self, endpoint: Endpoint, answer: Answer, now: datetime) -> FetchError:
        closed = _closes(answer, now)
        if closed is None:
            return _failure(answer)
        everything = answer.status in (401, 402) or _is_usage_cap(answer)
        self._closed[None if everything else endpoint] = closed
        return closed.error()

    def _opened(self, endpoint: Endpoint, now: datetime) -> None:
        """A call went well; but the last one of a window closes it."""
        self._closed.pop(None, None)
        self._closed.pop(endpoint, None)
        reset = _moment(self._spent_windows.pop(endpoint, ""), now)
        if reset is not None:
            self._closed[endpoint] = _Closed("X's window of requests is used up", now, reset)

    def _learn(self, route: str, headers: Mapping[str, str]) -> None:
        """From answers that went well alone: with a refusal come the figures of the whole account."""
        endpoint = _endpoint(route)
        limit, remaining = headers.get("x-rate-limit-limit", ""), headers.get("x-rate-limit-remaining", "")
        if _is_number(limit):
            self.limits[endpoint] = int(limit)
        if remaining == "0":
            self._spent_windows[endpoint] = headers.get("x-rate-limit-reset", "")


def _endpoint(route: str) -> Endpoint:
    if route.endswith("/search/recent"):
        return "search"
    if route.startswith("/2/users/"):
        return "timelines" if route.endswith("/tweets") else "users"
    return "usage" if route.startswith("/2/usage/") else "posts"


def _next_page(body: Json) -> object:
    meta = body.get("meta")
    return meta.get("next_token") if isinstance(meta, dict) else None


# --- refusals


@dataclass(frozen=True, slots=True)
class _Closed:
    """Nothing is asked from `since` to `until` (before that, the clock was set back); `permanent`: and a person must
    act.
    """

    reason: str
    since: datetime
    until: datetime
    permanent: bool = False

    def error(self) -> FetchError:
        return FetchError(self.reason, permanent=self.permanent, retry_at=self.until, shared=True)


def _closes(answer: Answer, now: datetime) -> _Closed | None:
    """What a status says of other calls too; None: nothing, it was this one.

    Headers are no guide on 402 and on a usage cap: they speak of the whole account.
    """
    status = _status(answer)
    if answer.status == 401:
        return _Closed(
            f"X does not accept X_BEARER_TOKEN {status}: make a new token", now, now + _A_DAY, permanent=True
        )
    if answer.status == 402:
        return _Closed(f"X wants to be paid {status}: buy credits in its console", now, now + _AN_HOUR, permanent=True)
    if answer.status == 403:
        return _Closed(f"X forbids this to our token {status}", now, now + _A_DAY, permanent=True)
    if _is_usage_cap(answer):
        reason = f"the X account's usage cap is reached {status}: raise it in its console"
        return _Closed(reason, now, now + _A_DAY, permanent=True)
    if answer.status == 429:
        reset = _moment(answer.headers.get("x-rate-limit-reset", ""), now) or now + WINDOW
        return _Closed(f"X asks for fewer requests {status}", now, reset)
    return None


def _failure(answer: Answer) -> FetchError:
    if answer.status == 400:
        return FetchError(f"X does not understand the request {_status(answer)}", permanent=True)
    if answer.status == 404:
        return FetchError(f"X does not know this account {_status(answer)}", permanent=True)
    return FetchError(f"X is in trouble {_status(answer)}")


def _is_usage_cap(answer: Answer) -> bool:
    return answer.status == 429 and problem_of(answer.body or {}) == "usage-capped"


def _status(answer: Answer) -> str:
    """Its number and X's own words, for the operator."""
    body = answer.body or {}
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    words = first.get("message") or body.get("detail") or body.get("title")
    return f"({answer.status}: {words[:200]})" if isinstance(words, str) else f"({answer.status})"


def _moment(written: str, now: datetime) -> datetime | None:
    """When a window ends, as X names it; None if that is not within a day from now."""
    if not _is_number(written):
        return None
    reset = datetime.fromtimestamp(min(int(written[:11]), 1 << 35), UTC)
    return reset if now < reset <= now + _A_DAY else None


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdigit()
