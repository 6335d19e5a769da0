"""One GET at a time, with limits: on time, on size, on redirects, on how often a host is asked."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from bot.errors import FetchError

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_REDIRECTS = 5
_MOVED, _MOVED_FOR_GOOD = (301, 302, 303, 307, 308), (301, 308)
_LONGEST_WAIT = timedelta(days=1)
_LONGEST_HINT = timedelta(hours=1)
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})", re.ASCII | re.IGNORECASE)


def agent(contact: str) -> str:
    """The User-Agent by which an operator of the far end can reach ours."""
    return f"Parley (+{contact})" if contact else "Parley"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `url` is where it was found after redirects; `moved_to` says the same if each of them was
    declared permanent, and is empty otherwise.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    moved_to: str = ""


async def get(
    session: aiohttp.ClientSession, url: str, *, headers: Mapping[str, str], cap: int, private: bool = True
) -> Answer:
    """Asks once and follows up to five redirects. `cap` is the largest body in bytes, unpacked.

    `private`: whether addresses inside a private network may be read. An address that was itself written as a
    private one (127.0.0.1, localhost) may always be: its author meant it; what a name or a redirect leads to is
    another matter. Raises FetchError for everything but an answer, and leaves the status to the caller.
    """
    with failures(url):
        start = at = URL(url)
        for_good = True
        for _ in range(_REDIRECTS + 1):
            if at.scheme not in ("http", "https") or not at.host:
                raise FetchError(f"{at} is no http address")
            if not private and not (at.host == start.host and _says_private(start.host)):
                await _refuse_private(at)
            async with session.get(at, headers=headers, allow_redirects=False, timeout=TIMEOUT) as response:
                location = response.headers.get("Location")
                if response.status in _MOVED and location:
                    at = at.join(URL(location))
                    for_good = for_good and response.status in _MOVED_FOR_GOOD
                    continue
                body = await read(response, cap)
                moved_to = str(at) if at != start and for_good else ""
                return Answer(response.status, str(at), response.headers, body, moved_to)
        raise FetchError(f"{start.host} redirects in circles")


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turns what a connection can suffer into a FetchError that may be tried again."""
    host = url.split("/", 3)[2] if "://" in url else url
    try:
        yield
    except TimeoutError as error:
        raise FetchError(f"{host} did not answer in time") from error
    except aiohttp.ClientPayloadError as error:
        raise FetchError(f"{host} broke off in the middle of its answer") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchError(f"{host} cannot be read: {error or type(error).__name__}") from error


async def read(response: aiohttp.ClientResponse, cap: int) -> bytes:
    """The whole body, unpacked; FetchError as soon as it is larger than `cap` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > cap:
            raise FetchError(f"{response.url.host} sends more than {cap} bytes")
    return bytes(body)


def refusal(answer: Answer, now: datetime) -> FetchError:
    """What an answer other than 200 means: 410 is for good, anything else may pass; Retry-After is obeyed."""
    host, status = URL(answer.url).host, answer.status
    if status == 410:
        return FetchError(f"{host} says that this address is gone for good (410): remove it", permanent=True)
    words = {
        401: "wants a login (401)",
        403: "refuses us (403)",
        404: "has nothing at this address (404): check it",
        429: "asks for fewer requests (429)",
    }
    said = words.get(status) or (f"is in trouble ({status})" if status >= 500 else f"answers {status}")
    return FetchError(f"{host} {said}", retry_at=retry_after(answer.headers, now))


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Before when the far end does not want to be asked again, at most a day ahead; seconds and dates are read."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        wanted = now + min(timedelta(seconds=int(value[:9])), _LONGEST_WAIT)
    else:
        wanted = http_date(value) or now
    return min(wanted, now + _LONGEST_WAIT) if wanted > now else None


def fresh_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a cache would not ask again. Believed for an hour at most: it is a hint about load, and one that was
    forgotten at a week must not make us blind for a week.
    """
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    fresh = timedelta(seconds=int(found[1])) if found else None
    until = now + fresh if fresh is not None else http_date(headers.get("Expires", "")) or now
    return at_most_an_hour(until, now) if until > now else None


def at_most_an_hour(until: datetime, now: datetime) -> datetime:
    return min(until, now + _LONGEST_HINT)


def http_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Turns:
    """One request at a time to a host, and `gap` seconds between the end of one and the start of the next."""

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self._turns: dict[str, asyncio.Lock] = {}
        self._free_at: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        host = URL(url).authority
        loop = asyncio.get_running_loop()
        async with self._turns.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0.0, self._free_at.get(host, 0.0) - loop.time()))
            try:
                yield
            finally:
                self._free_at[host] = loop.time() + self.gap


def _says_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


async def _refuse_private(at: URL) -> None:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)
    for *_, address in found:
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
            raise FetchError(f"{at.host} leads into a private network, which is not read", permanent=True)
