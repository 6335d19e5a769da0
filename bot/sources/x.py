"""X, by its paid API v2: the timelines of accounts, through tweepy.

tweepy knows the calls and their parameters; the transport is ours, because tweepy's has a fixed host, no timeout of
its own, and stumbles over error pages that are not JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
import tweepy
from tweepy.asynchronous import AsyncClient

from bot.errors import FetchError
from bot.models import Account, Cursor, Fetched, Post, Source
from bot.sources import web
from bot.sources.x_page import Json, TimelinePage, problem_of, read, refuse_account

_CAP = 10_000_000
_FIRST_PAGE, _PAGE, _PAGES = 5, 100, 32
_A_WINDOW, _AN_HOUR, _A_DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)

_ASKED = {
    "tweet_fields": "id text author_id created_at conversation_id in_reply_to_user_id referenced_tweets entities "
    "attachments lang edit_history_tweet_ids edit_controls note_tweet article withheld".split(),
    "expansions": ["referenced_tweets.id", "attachments.media_keys"],
    "media_fields": ["media_key", "type", "alt_text"],
}

Vocabulary = Literal["tweet", "post"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose timeline, and the highest id read of it: None before the first look, 0 if that found nothing. The
    account is looked up once; every look-up costs money.
    """

    handle: str = ""
    account_id: str = ""
    since: int | None = None

    @classmethod
    def read(cls, cursor: Cursor | None, source: Source) -> "_Place":
        """Anew if config/ names another account now."""
        place = cls(**json.loads(cursor)) if cursor else cls()
        handle, account_id = _handle(source), source.account_id or place.account_id
        if place.handle.casefold() != handle.casefold() or place.account_id != account_id:
            return cls(handle, source.account_id)
        return place

    def write(self) -> Cursor:
        return Cursor(json.dumps({"handle": self.handle, "account_id": self.account_id, "since": self.since}))


class X:
    """Reads user timelines, which alone hold reposts, and asks only for what is newer than the highest id known.

    Whose words cost what: a returned post is billed, an empty answer is not. The first look at an account takes five
    posts. Authors of other people's posts are not asked for; a repost names them itself.
    `vocabulary` is how fields are named in requests; answers are read in both.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        bearer_token: str,
        base_url: str = "https://api.x.com",
        *,
        vocabulary: Vocabulary = "tweet",
    ) -> None:
        self._client = _Client(session, bearer_token, base_url, vocabulary) if bearer_token else None

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """All or nothing: if one page of several cannot be read, none is given, and the next poll begins again."""
        client = self._open()
        place = _Place.read(cursor, source)
        title = ""
        if not place.account_id:
            account = await self.resolve(source, now)
            place, title = replace(place, account_id=account.account_id), account.title
        try:
            posts, newest = await self._timeline(client, source, place, now)
        except FetchError as error:
            if not place.since or "since_id" not in error.reason:
                raise
            posts, newest = await self._timeline(client, source, replace(place, since=0), now)
        place = replace(place, since=max(place.since or 0, newest))
        return Fetched(tuple(posts.values()), place.write(), title, place.account_id)

    async def resolve(self, source: Source, now: datetime) -> Account:
        client = self._open()
        with _as_fetch_errors(now):
            body = await client.get_user(username=_handle(source), user_fields=["protected", "verified_type"])
        refuse_account(body)
        user = body.get("data")
        if not isinstance(user, dict) or not str(user.get("id", "")).isdecimal():
            raise FetchError("X answers without an account; not believed")
        notes = ["protected: only its followers may read it"] if user.get("protected") is True else []
        handle = str(user.get("username", ""))
        if handle and handle != _handle(source):
            notes.append(f"writes itself @{handle}")
        return Account(str(user.get("name") or handle), str(user["id"]), "; ".join(notes))

    def _open(self) -> "_Client":
        if self._client is None:
            raise FetchError(
                "no X token: X is not read; set X_BEARER_TOKEN to a token from https://console.x.com", permanent=True
            )
        return self._client

    async def _timeline(
        self, client: "_Client", source: Source, place: _Place, now: datetime
    ) -> tuple[dict[str, Post], int]:
        """The posts by id, an edit in place of what it changed, and the highest id among them. Without an id to go
        back to, one page is enough: a whole timeline is 3,200 posts, and they are billed.
        """
        posts: dict[str, Post] = {}
        newest, token = 0, ""
        for _ in range(_PAGES if place.since else 1):
            page = await self._page(client, source, place, token, now)
            for post in page.posts:
                posts.setdefault(post.external_id, post)
            newest = max(newest, page.newest)
            if page.next_token in ("", token):
                break
            token = page.next_token
        return posts, newest

    async def _page(self, client: "_Client", source: Source, place: _Place, token: str, now: datetime) -> TimelinePage:
        params: dict[str, Any] = {**_ASKED, "max_results": _FIRST_PAGE if place.since is None else _PAGE}
        if place.since:
            params["since_id"] = str(place.since)  # on every page: X forgets it
        if token:
            params["pagination_token"] = token
        with _as_fetch_errors(now):
            body = await client.get_users_tweets(place.account_id, **params)
        return read(body, source)


def _handle(source: Source) -> str:
    return source.address.removeprefix("@")


# --- the transport


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as tweepy wants to see one; its body was read, and is JSON or was not."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: Json | None

    async def json(self) -> Json | None:
        return self.body


class _Client(AsyncClient):  # type: ignore[misc]  # tweepy has no types
    """tweepy's client on our session, at a host of our choice. It logs nothing: tweepy's own would log the token."""

    def __init__(
        self, session: aiohttp.ClientSession, bearer_token: str, base_url: str, vocabulary: Vocabulary
    ) -> None:
        super().__init__(bearer_token, return_type=dict)
        self.session = session
        self.vocabulary = vocabulary
        self.base_url = base_url.rstrip("/")

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any],
        json: object = None,
        user_auth: bool = False,
    ) -> _Answer:
        """Raises tweepy's HTTPException for a refusal, FetchError for what is no answer of X's."""
        headers = {"Authorization": f"Bearer {self.bearer_token}", "User-Agent": "Parley"}
        url = self.base_url + route
        with web.failures(url):
            async with self.session.request(
                method, url, params=self._worded(params), headers=headers, timeout=web.TIMEOUT, allow_redirects=False
            ) as response:
                raw = await web.read(response, _CAP)
        answer = _Answer(response.status, response.reason or "", response.headers, _json(raw))
        if answer.status != 200:
            raise tweepy.HTTPException(answer, response_json={})
        if answer.body is None:
            raise FetchError("X answers with something that is not JSON")
        return answer

    def _worded(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """X's old words, which tweepy knows, or its new ones."""
        if self.vocabulary == "tweet":
            return params
        return {
            name.replace("tweet.", "post."): value.replace("tweet", "post") if name in _WORDED else value
            for name, value in params.items()
        }


_WORDED = ("tweet.fields", "expansions")


def _json(raw: bytes) -> Json | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


# --- refusals


class _as_fetch_errors:  # noqa: N801  # read as words at the with
    def __init__(self, now: datetime) -> None:
        self._now = now

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, tweepy.HTTPException):
            raise _refusal(error.response, self._now) from error


def _refusal(answer: _Answer, now: datetime) -> FetchError:
    """What a status means. Headers are no guide on 402 and on a usage cap: they speak of the whole account."""
    body = answer.body or {}
    status = f"({answer.status}{_said(body)})"
    if answer.status in _FOR_GOOD:
        return FetchError(f"X {_FOR_GOOD[answer.status]} {status}", permanent=True)
    if answer.status == 402:
        return FetchError(f"X wants to be paid {status}: buy credits in its console", retry_at=now + _AN_HOUR)
    if answer.status == 429 and problem_of(body) == "usage-capped":
        return FetchError(f"the X account's usage cap is reached {status}", retry_at=now + _A_DAY)
    if answer.status == 429:
        return FetchError(f"X asks for fewer requests {status}", retry_at=_reset(answer, now))
    return FetchError(f"X is in trouble {status}")


_FOR_GOOD = {
    400: "does not understand the request",
    401: "does not accept X_BEARER_TOKEN; make a new token",
    403: "forbids this to our token",
    404: "does not know this account",
}


def _said(body: Json) -> str:
    """X's own words, for the operator."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    words = first.get("message") or body.get("detail") or body.get("title")
    return f": {words[:200]}" if isinstance(words, str) else ""


def _reset(answer: _Answer, now: datetime) -> datetime:
    """The end of the window that X names, or of one from now; never further than a day."""
    named = answer.headers.get("x-rate-limit-reset", "")
    if named.isascii() and named.isdigit():
        reset = datetime.fromtimestamp(min(int(named[:11]), 1 << 35), UTC)
        if now < reset <= now + _A_DAY:
            return reset
    return now + _A_WINDOW
