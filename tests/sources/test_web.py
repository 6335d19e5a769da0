"""One GET with limits."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

import aiohttp
import pytest
from aiohttp import web as server
from yarl import URL

from bot.errors import FetchError
from bot.sources import web
from tests.far_ends.serving import Far

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """/to?url=…&status=… redirects, /round to itself; /bytes?n=… sends so many, /packed unpacks to much."""

    async def to(request: server.Request) -> server.Response:
        return server.Response(status=int(request.query["status"]), headers={"Location": request.query["url"]})

    async def back(request: server.Request) -> server.Response:
        return server.Response(status=302, headers={"Location": "/round"})

    async def some(request: server.Request) -> server.Response:
        return server.Response(body=b"x" * int(request.query.get("n", 2)))

    async def packed(request: server.Request) -> server.Response:
        answer = server.Response(body=b"x" * 1_000_000)
        answer.enable_compression(server.ContentCoding.gzip)
        return answer

    app = server.Application()
    app.add_routes(
        [server.get("/to", to), server.get("/round", back), server.get("/bytes", some), server.get("/packed", packed)]
    )
    runner = server.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    place = server.TCPSite(runner, "127.0.0.1", 0)
    await place.start()
    yield place.name
    await runner.cleanup()


async def get(session: aiohttp.ClientSession, url: str, *, cap: int = 1000, private: bool = True) -> web.Answer:
    return await web.get(session, url, headers={}, cap=cap, private=private)


async def test_a_body_larger_than_the_cap_is_refused(site: str, session: aiohttp.ClientSession) -> None:
    assert len((await get(session, f"{site}/bytes?n=1000")).body) == 1000
    with pytest.raises(FetchError, match="more than 1000 bytes"):
        await get(session, f"{site}/bytes?n=1001")


async def test_the_cap_counts_unpacked_bytes(site: str, session: aiohttp.ClientSession) -> None:
    assert len((await get(session, f"{site}/packed", cap=1_000_000)).body) == 1_000_000
    with pytest.raises(FetchError, match="more than"):
        await get(session, f"{site}/packed", cap=500_000)


@pytest.mark.parametrize(("status", "moved"), [(301, True), (308, True), (302, False), (303, False), (307, False)])
async def test_redirects_are_followed_and_those_for_good_are_said(
    site: str, session: aiohttp.ClientSession, status: int, moved: bool
) -> None:
    answer = await get(session, f"{site}/to?status={status}&url=/bytes")
    assert (answer.status, answer.url) == (200, f"{site}/bytes")
    assert answer.moved_to == (f"{site}/bytes" if moved else "")


async def test_a_circle_of_redirects_ends(site: str, session: aiohttp.ClientSession) -> None:
    with pytest.raises(FetchError, match="in circles"):
        await get(session, f"{site}/round")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "//", "http://["])
async def test_only_http_is_followed(site: str, session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises(FetchError):
        await get(session, f"{site}/to?status=302&url={url}")
    with pytest.raises(FetchError):
        await get(session, url)


async def test_a_redirect_into_a_private_network_is_refused(site: str, session: aiohttp.ClientSession) -> None:
    url = f"{site}/to?status=302&url={site.replace('127.0.0.1', 'localhost')}/bytes"
    assert (await get(session, url)).status == 200
    with pytest.raises(FetchError, match="private network") as failure:
        await get(session, url, private=False)
    assert failure.value.permanent


async def test_an_address_that_was_written_as_a_private_one_is_meant(site: str, session: aiohttp.ClientSession) -> None:
    assert (await get(session, f"{site}/bytes", private=False)).status == 200
    local = site.replace("127.0.0.1", "localhost")
    assert (await get(session, f"{local}/bytes", private=False)).status == 200
    assert (await get(session, f"{site}/to?status=301&url=/bytes", private=False)).status == 200


async def test_a_name_is_looked_up_before_it_is_trusted(session: aiohttp.ClientSession) -> None:
    with pytest.raises(FetchError):
        await get(session, "http://nowhere.invalid/", private=False)


async def test_an_address_in_the_open_is_no_private_one() -> None:
    await web._refuse_private(URL("http://93.184.215.14/"))
    with pytest.raises(FetchError):
        await web._refuse_private(URL("http://[fe80::1%25lo]/"))


async def test_a_host_that_does_not_answer_in_time_is_tried_again(
    far: Far, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.fault(seconds=60)
    monkeypatch.setattr(web, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    with pytest.raises(FetchError, match="in time") as failure:
        await get(session, f"{far.url}/feed/wire")
    assert not failure.value.permanent


async def test_nobody_listening_is_said(session: aiohttp.ClientSession) -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        await get(session, "http://127.0.0.1:1/")


# --- statuses and hints


def answer(status: int, **headers: str) -> web.Answer:
    return web.Answer(
        status, "https://wire.example/feed", {name.replace("_", "-"): v for name, v in headers.items()}, b""
    )


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (401, False, "login"),
        (403, False, "refuses"),
        (404, False, "nothing"),
        (410, True, "gone for good"),
        (418, False, "answers 418"),
        (429, False, "fewer"),
        (500, False, "trouble"),
    ],
)
def test_what_a_status_means(status: int, permanent: bool, words: str, now: datetime) -> None:
    error = web.refusal(answer(status), now)
    assert (error.permanent, error.retry_at) == (permanent, None)
    assert words in error.reason
    assert "wire.example" in error.reason


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120),
        ("0", None),
        ("99999999999999", 86400),
        ("Mon, 14 Mar 2022 12:05:00 GMT", 300),
        ("Mon, 14 Mar 2022 12:05:00", 300),
        ("Mon, 14 Mar 2023 12:05:00 GMT", 86400),
        ("Mon, 14 Mar 2022 11:00:00 GMT", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Mon, 99 Mar 99999999999 12:05:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_day_at_most(written: str, seconds: int | None, now: datetime) -> None:
    expected = None if seconds is None else now + timedelta(seconds=seconds)
    assert web.refusal(answer(503, Retry_After=written), now).retry_at == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=600"}, 600),
        ({"Cache-Control": "no-cache"}, None),
        ({"Cache-Control": "max-age=0", "Expires": "Mon, 14 Mar 2022 12:05:00 GMT"}, None),
        ({"Cache-Control": "max-age=604800"}, 3600),
        ({"Expires": "Mon, 14 Mar 2022 12:05:00 GMT"}, 300),
        ({"Expires": "0"}, None),
        ({}, None),
    ],
)
def test_a_cache_hint_is_believed_for_an_hour_at_most(
    headers: dict[str, str], seconds: int | None, now: datetime
) -> None:
    expected = None if seconds is None else now + timedelta(seconds=seconds)
    assert web.fresh_until(headers, now) == expected


def test_our_name_holds_a_way_to_reach_the_operator() -> None:
    assert web.agent("op@example.org") == "Parley (+op@example.org)"
    assert web.agent("") == "Parley"


# --- turns


async def test_one_request_at_a_time_to_a_host_and_a_gap_between() -> None:
    turns = web.Turns(gap=0.02)
    loop = asyncio.get_running_loop()
    moments: list[tuple[float, float]] = []

    async def ask() -> None:
        async with turns.turn("https://wire.example/a"):
            begun = loop.time()
            await asyncio.sleep(0)
            moments.append((begun, loop.time()))

    await asyncio.gather(ask(), ask(), ask())
    assert all(later[0] - earlier[1] >= 0.019 for earlier, later in pairwise(moments))


async def test_hosts_do_not_wait_for_each_other() -> None:
    turns = web.Turns(gap=60)
    async with turns.turn("https://a.example/"), turns.turn("https://b.example/"):
        pass


async def test_a_failed_request_gives_its_turn_back() -> None:
    turns = web.Turns(gap=0)
    with pytest.raises(FetchError):
        async with turns.turn("https://a.example/"):
            raise FetchError("broken")
    async with asyncio.timeout(1), turns.turn("https://a.example/"):
        pass
