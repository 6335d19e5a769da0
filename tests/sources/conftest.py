"""Real HTTP to the far ends in the test's own loop, and the sources as config/ would give them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.far_ends.serving import Far, serve


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with serve() as ends:
        yield ends


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as opened:
        yield opened
