"""The far ends inside a test's own event loop: real HTTP on a free port of 127.0.0.1, their state within reach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.far_ends.server import FarEnds, Request


class Far:
    """Running far ends. `url` is what TELEGRAM_WEB_URL and X_API_URL would be."""

    def __init__(self, ends: FarEnds, url: str) -> None:
        self.ends, self.url = ends, url

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
async def serve() -> AsyncIterator[Far]:
    """Afterwards it is asked whether each request to X was one that X describes."""
    ends = FarEnds()
    runner = web.AppRunner(ends.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Far(ends, site.name)
    finally:
        await runner.cleanup()
    assert not ends.mistakes, ends.mistakes
