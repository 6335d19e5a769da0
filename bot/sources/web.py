"""One GET at a time, with limits: on time, size and redirects, on where they may lead, on how often a host is asked."""

import asyncio
import ipaddress
import random
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from bot.errors import FetchError

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
_REDIRECTS = 5
_ADDRESSES = 3
_MOVED, _MOVED_FOR_GOOD = (301, 302, 303, 307, 308), (301, 308)
_STRIKES = 3
_SHORTEST_REST, _LONGEST_REST = timedelta(minutes=1), timedelta(minutes=30)
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
        async with asyncio.timeout(TIMEOUT.total):
            start = at = URL(url)
            for_good = True
            for _ in range(_REDIRECTS + 1):
                if at.scheme not in ("http", "https") or not at.host:
                    raise FetchError(f"{_shown(at)} is no http address")
                free = private or (at.host == start.host and _says_private(start.host))
                async with await _ask(session, at, headers, free=free) as response:
                    location = response.headers.get("Location")
                    if response.status in _MOVED and location:
                        at = at.join(URL(location))
                        for_good = for_good and response.status in _MOVED_FOR_GOOD
                        continue
                    body = await read(response, cap)
                    moved_to = str(at) if at != start and for_good else ""
                    return Answer(response.status, str(at), response.headers, body, moved_to)
            raise FetchError(f"{start.host} redirects in circles")


async def _ask(
    session: aiohttp.ClientSession, at: URL, headers: Mapping[str, str], *, free: bool
) -> aiohttp.ClientResponse:
    """Not `free`: the name is looked up here, and the connection made to an address that was looked at. To look first
    and let the client look the name up again would be no guard: the second answer may be another one.
    """
    if free:
        return await session.get(at, headers=headers, allow_redirects=False, timeout=TIMEOUT)
    addresses = await _open_addresses(at)
    for left, address in zip(reversed(range(len(addresses))), addresses, strict=True):
        try:
            return await session.get(
                at.with_host(address),
                headers={**headers, "Host": at.host_port_subcomponent or ""},
                server_hostname=at.raw_host,
                allow_redirects=False,
                timeout=TIMEOUT,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            if not left:
                raise
    raise FetchError(f"{at.host} has no address")


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turns what a connection can suffer into a FetchError that may be tried again."""
    try:
        host = URL(url).host or url
    except ValueError:
        host = url
    try:
        yield
    except TimeoutError as error:
        raise FetchError(f"{host} did not answer in time") from error
    except aiohttp.ClientPayloadError as error:
        raise FetchError(f"{host} broke off in the middle of its answer") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchError(f"{host} cannot be read: {error or type(error).__name__}") from error


def is_unreachable(error: FetchError) -> bool:
    """Whether no connection came about: the name is not known, nobody listens, or nobody answers there."""
    return isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


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


@dataclass(slots=True)
class _Host:
    """`free_at`: the loop's time at which the next request may begin. `strikes`: troubles in a row. It rests between
    two times; should the clock be set back before the first, that is over.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    strikes: int = 0
    rests: tuple[datetime, datetime] | None = None

    def rests_until(self, now: datetime) -> datetime | None:
        return self.rests[1] if self.rests and self.rests[0] <= now < self.rests[1] else None


class Visits:
    """One request at a time to a host, a pause after each, and none while the host wants to be left alone.

    `gap` is the shortest pause in seconds; it grows by up to a half, as `chance` (0 to 1) has it. A host that answers
    429, or is in trouble three times in a row (5xx, no answer), rests for 1, 2, 4 … 30 minutes, or as long as it says.
    A host that cannot be reached is not resting: to knock costs it nothing.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        headers: Mapping[str, str],
        gap: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._session = session
        self._headers = headers
        self._gap = gap
        self._chance = chance
        self._hosts: dict[str, _Host] = {}

    async def get(
        self, url: str, now: datetime, *, cap: int, private: bool = True, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """As `get` above. Raises FetchError for a host that rests, without asking it."""
        with failures(url):
            name = URL(url).authority
        host = self._hosts.setdefault(name, _Host())
        async with host.turn:
            if until := host.rests_until(now):
                raise FetchError(f"{name} is busy or in trouble; left alone until {until:%H:%M} UTC", retry_at=until)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, host.free_at - loop.time()))
            try:
                answer = await get(
                    self._session, url, headers={**self._headers, **(headers or {})}, cap=cap, private=private
                )
            except FetchError as error:
                if isinstance(error.__cause__, OSError | aiohttp.ClientError) and not is_unreachable(error):
                    self._trouble(host, now, _STRIKES)
                raise
            finally:
                host.free_at = loop.time() + self._gap * (1 + self._chance() / 2)
            if answer.status == 429 or answer.status >= 500:
                asked = retry_after(answer.headers, now)
                self._trouble(host, now, 1 if answer.status == 429 else _STRIKES, asked)
            else:
                host.strikes, host.rests = 0, None
            return answer

    def _trouble(self, host: _Host, now: datetime, bearable: int, asked: datetime | None = None) -> None:
        """One source in trouble is that source's own affair; several in a row are their host's."""
        host.strikes += 1
        over = host.strikes - bearable
        if over >= 0 or asked:
            pause = min(_SHORTEST_REST * 2 ** min(max(over, 0), 9), _LONGEST_REST)
            host.rests = now, asked or now + pause


def _shown(url: URL) -> str:
    """Without what may be a password."""
    return str(url.with_user(None)) if url.host else str(url)


def _says_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return not _is_open(host)
    except ValueError:
        return False


async def _open_addresses(at: URL) -> list[str]:
    """Those of the name, the first three; FetchError if one of all lies in a private network."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not all(map(_is_open, addresses)):
        raise FetchError(f"{at.host} leads into a private network, which is not read", permanent=True)
    return addresses[:_ADDRESSES]


def _is_open(address: str) -> bool:
    """An address of the open internet, also where it is wrapped into one of IPv6. ValueError if it is none at all."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = found if found.version == 4 else found.ipv4_mapped or found.sixtofour or found
    return inner.is_global and not inner.is_multicast and not found.is_multicast
