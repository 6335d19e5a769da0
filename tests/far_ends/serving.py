"""The far ends inside a test's own event loop: real HTTP on a free port of 127.0.0.1, their state within reach."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.far_ends.server import FarEnds, Request


class Far:
    """Running far ends. `url` is what TELEGRAM_WEB_URL and X_API_URL would be; `urls` are it and others that serve the
    same, each another host.
    """

    def __init__(self, ends: FarEnds, urls: Sequence[str]) -> None:
        self.ends, self.urls, self.url = ends, urls, urls[0]

    def post(self, kind: str, name: str, **what: Any) -> Any:
        """A post appears, changes or goes; gives its id."""
        return self.ends.post({"kind": kind, "name": name, **what})

    def account(self, kind: str, name: str, **facts: Any) -> None:
        self.ends.tell({"kind": kind, "name": name, **facts})

    def fault(self, path: str = "/", **details: Any) -> None:
        """Let something go wrong with the next request to a path that begins so, or with those that details say."""
        self.ends.fault({"path": path, **details})

    def requests(self, path: str = "/") -> list[Request]:
        return [request for request in self.ends.requests if request["path"].startswith(path)]


@asynccontextmanager
async def serve(hosts: int = 1) -> AsyncIterator[Far]:
    """Afterwards it is asked whether each request to X was one that X describes."""
    ends = FarEnds()
    runner = web.AppRunner(ends.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        sites = [web.TCPSite(runner, "127.0.0.1", 0) for _ in range(hosts)]
        for site in sites:
            await site.start()
        yield Far(ends, [site.name for site in sites])
    finally:
        await runner.cleanup()
    assert not ends.mistakes, ends.mistakes
