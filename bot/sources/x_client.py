"""tweepy's client on a transport of ours.

tweepy knows the calls and their parameters; its transport has a fixed host, no timeout of its own, and stumbles over
error pages that are not JSON.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from tweepy.asynchronous import AsyncClient

from bot.errors import FetchError
from bot.sources import web
from bot.sources.x_answer import Answer, RefusedError
from bot.sources.x_page import Json, Vocabulary

_CAP = 10_000_000
_WORDED = ("tweet.fields", "expansions")


class Client(AsyncClient):  # type: ignore[misc]  # tweepy has no types
    """tweepy's client on our session, at a host of our choice. It logs nothing: tweepy's own would log the token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        bearer_token: str,
        base_url: str,
        vocabulary: Vocabulary,
        learn: Callable[[str, Mapping[str, str]], None],
    ) -> None:
        super().__init__(bearer_token, return_type=dict)
        self.session = session
        self.vocabulary = vocabulary
        self.base_url = base_url.rstrip("/")
        self.learn = learn

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any],
        json: object = None,
        user_auth: bool = False,
    ) -> Answer:
        """Raises RefusedError, FetchError for what is no answer of X's."""
        headers = {"Authorization": f"Bearer {self.bearer_token}", "User-Agent": "Parley"}
        url = self.base_url + route
        with web.failures(url):
            async with self.session.request(
                method, url, params=self._worded(params), headers=headers, timeout=web.TIMEOUT, allow_redirects=False
            ) as response:
                raw = await web.read(response, _CAP)
        answer = Answer(response.status, response.reason or "", response.headers, _json(raw))
        if answer.status != 200:
            raise RefusedError(answer)
        if answer.body is None:
            raise FetchError("X answers with something that is not JSON")
        self.learn(route, answer.headers)
        return answer

    async def get_usage(self, days: int) -> Json:
        """What X has counted on each of the last days; tweepy does not know the call."""
        params = {"days": str(days), "usage.fields": "daily_project_usage"}
        answer = await self.request("GET", "/2/usage/tweets", params)
        return answer.body or {}

    def _worded(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """X's old words, which tweepy knows, or its new ones."""
        if self.vocabulary == "tweet":
            return params
        return {
            name.replace("tweet.", "post."): value.replace("tweet", "post") if name in _WORDED else value
            for name, value in params.items()
        }


def _json(raw: bytes) -> Json | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
