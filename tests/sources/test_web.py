"""One GET with limits."""

import asyncio
import ipaddress
import socket
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web as server
from yarl import URL

from bot.errors import FetchError
from bot.sources import web
from tests.far_ends.serving import Far, serve

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

    async def bomb(request: server.Request) -> server.Response:
        """100 kB that unpack to 100 MB."""
        packer = zlib.compressobj()
        body = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
        return server.Response(body=body, headers={"Content-Encoding": "deflate"})

    async def named(request: server.Request) -> server.Response:
        return server.Response(text=request.host)

    async def when(request: server.Request) -> server.Response:
        return server.Response(text=str(asyncio.get_running_loop().time()))

    app = server.Application()
    paths = {"/to": to, "/round": back, "/bytes": some, "/packed": packed, "/bomb": bomb, "/host": named, "/when": when}
    app.add_routes([server.get(path, handler) for path, handler in paths.items()])
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


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%lo"),
        *("fc00::1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::"),
    ],
)
async def test_a_name_that_leads_into_a_private_network_is_refused(
    address: str, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, ["93.184.215.14", address])
    with pytest.raises(FetchError, match="private network") as failure:
        await get(session, "http://wire.example/", private=False)
    assert failure.value.permanent


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names have these addresses, one list a look-up; returns the names that were looked up."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def loopback_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 127.0.0.1 lay in the internet, where the tests must not go."""
    monkeypatch.setattr(ipaddress.IPv4Address, "is_global", property(lambda address: str(address) == "127.0.0.1"))


@pytest.mark.usefixtures("loopback_is_open")
async def test_a_name_that_changes_its_address_after_it_was_looked_at_gains_nothing(
    site: str, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, ["127.0.0.1"], ["10.1.2.3"])
    port = URL(site).port
    answer = await get(session, f"http://wire.example:{port}/host", private=False)
    assert (answer.body, answer.url) == (f"wire.example:{port}".encode(), f"http://wire.example:{port}/host")
    assert asked == ["wire.example"]


@pytest.mark.usefixtures("loopback_is_open")
async def test_if_the_first_address_of_a_name_is_dead_the_next_is_tried(
    site: str, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setattr(ipaddress.IPv6Address, "is_global", property(lambda address: True))
    answering(monkeypatch, ["2001:db8::1", "127.0.0.1"])
    assert (await get(session, f"http://wire.example:{URL(site).port}/bytes", private=False)).status == 200
    with pytest.raises(FetchError, match="cannot be read") as failure:
        await get(session, f"http://wire.example:{unused_port}/", private=False)
    assert web.is_unreachable(failure.value)


async def test_a_name_without_any_address_cannot_be_read(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, [])
    with pytest.raises(FetchError, match="has no address"):
        await get(session, "http://wire.example/", private=False)


async def test_a_password_in_an_address_is_not_repeated(site: str, session: aiohttp.ClientSession) -> None:
    for url in ("ftp://me:secret@wire.example/", "http://me:secret@127.0.0.1:1/"):
        with pytest.raises(FetchError) as failure:
            await get(session, url)
        assert "secret" not in failure.value.reason


async def test_a_bomb_is_refused_before_it_has_unpacked_itself(site: str, session: aiohttp.ClientSession) -> None:
    tracemalloc.start()
    with pytest.raises(FetchError, match="more than 1000000 bytes"):
        await get(session, f"{site}/bomb", cap=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


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


# --- visits


async def visit(far: Far, visits: web.Visits, now: datetime, path: str = "/feed/wire", later: float = 0) -> web.Answer:
    return await visits.get(far.url + path, now + timedelta(seconds=later), cap=100_000)


async def test_one_request_at_a_time_to_a_host_and_a_gap_between(
    site: str, session: aiohttp.ClientSession, now: datetime
) -> None:
    visits = web.Visits(session, {}, gap=0.02, chance=lambda: 1.0)
    answers = await asyncio.gather(*(visits.get(f"{site}/when", now, cap=99) for _ in range(3)))
    moments = sorted(float(answer.body) for answer in answers)
    assert all(later - earlier >= 0.03 for earlier, later in pairwise(moments))


async def test_hosts_do_not_wait_for_each_other(far: Far, session: aiohttp.ClientSession, now: datetime) -> None:
    visits = web.Visits(session, {}, gap=600)
    await visit(far, visits, now)
    async with serve() as other:
        await visit(other, visits, now)


async def test_a_host_that_is_asked_too_often_rests_longer_each_time(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    visits = web.Visits(session, {}, gap=0)
    far.fault(status=429, times=7)
    at = 0.0
    for minutes in (1, 2, 4, 8, 16, 30, 30):
        assert (await visit(far, visits, now, later=at)).status == 429
        with pytest.raises(FetchError, match="left alone until") as failure:
            await visit(far, visits, now, later=at + minutes * 60 - 1)
        assert failure.value.retry_at == now + timedelta(seconds=at, minutes=minutes)
        at += minutes * 60
    assert (await visit(far, visits, now, later=at)).status == 200
    far.fault(status=429)
    await visit(far, visits, now, later=at)
    assert (await visit(far, visits, now, later=at + 60)).status == 200


async def test_a_host_that_names_a_time_rests_until_then(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    visits = web.Visits(session, {}, gap=0)
    far.fault(status=503, headers={"Retry-After": "500"})
    await visit(far, visits, now)
    with pytest.raises(FetchError, match="left alone until 12:08 UTC"):
        await visit(far, visits, now, later=499)
    assert (await visit(far, visits, now, later=500)).status == 200


async def test_a_rest_is_over_when_the_clock_is_set_back(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    visits = web.Visits(session, {}, gap=0)
    far.fault(status=429)
    await visit(far, visits, now)
    assert (await visit(far, visits, now, later=-1)).status == 200


async def test_one_source_in_trouble_is_not_yet_its_hosts(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    visits = web.Visits(session, {}, gap=0)
    far.fault("/feed/bad", status=500, times=-1)
    for _ in range(2):
        for _ in range(2):
            assert (await visit(far, visits, now, "/feed/bad")).status == 500
        assert (await visit(far, visits, now)).status == 200
    far.fault(drop=True, times=-1)
    for _ in range(3):
        with pytest.raises(FetchError):
            await visit(far, visits, now)
    with pytest.raises(FetchError, match="left alone"):
        await visit(far, visits, now)


async def test_what_is_wrong_with_an_answer_or_a_connection_is_no_trouble_of_the_hosts(
    far: Far, session: aiohttp.ClientSession, now: datetime, unused_port: int
) -> None:
    visits = web.Visits(session, {}, gap=0)
    for url in (f"{far.url}/feed/wire", f"http://127.0.0.1:{unused_port}/"):
        for _ in range(5):
            with pytest.raises(FetchError) as failure:
                await visits.get(url, now, cap=1)
            assert failure.value.retry_at is None


async def test_an_address_that_is_none_is_a_failure(session: aiohttp.ClientSession, now: datetime) -> None:
    with pytest.raises(FetchError):
        await web.Visits(session, {}, gap=0).get("http://[", now, cap=1)
