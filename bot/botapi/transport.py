"""How a call travels: python-telegram-bot's request class over one aiohttp client.

It takes a seventh of the stock transport's processor time, and its failures tell whether Telegram can have seen the
call: `UnsentError` or `UnansweredError`. Both are NetworkErrors, so that whoever does not care need not know.
"""

import asyncio
import json
from typing import Any

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

Timeout = Any
"""Seconds, None for no limit, or PTB's mark for "as the transport says"; the class of the mark is not public."""


class UnsentError(NetworkError):
    """The call did not reach Telegram: it is safe to make it again."""


class UnansweredError(NetworkError):
    """The connection failed after the call may have been sent: it was carried out, or it was not."""


class LateConnectionError(UnsentError, TimedOut):
    """No connection came about in time, or none was free."""


class LateAnswerError(UnansweredError, TimedOut):
    """The answer did not come in time."""


class Written(RequestData):  # type: ignore[misc]
    """The parameters of a call that are written out as JSON already. PTB calls its class final and has no other way."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    @property
    def json_payload(self) -> bytes:
        return self._body

    @property
    def parameters(self) -> dict[str, Any]:
        """For a transport that reads them."""
        read: dict[str, Any] = json.loads(self._body)
        return read


class AiohttpRequest(BaseRequest):
    """Carries the calls of one bot. Of the two that a bot has, one carries getUpdates alone.

    All timeouts are in seconds, None for no limit, and a call may bring its own. `read_timeout` runs between two
    pieces of an answer, `connect_timeout` is for making a new connection, `pool_timeout` for coming by a connection at
    all. `upload_timeout` is for a call with files as a whole, its answer included: aiohttp measures no writing.

    An idle connection is given up after 15 seconds, sooner than Telegram gives it up: writing into one that the
    other side has just closed is the likeliest way to an unknown outcome.
    """

    def __init__(
        self,
        connections: int = 300,
        *,
        read_timeout: float | None = 20.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 10.0,
        upload_timeout: float | None = 60.0,
    ) -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._upload_timeout = upload_timeout
        self._usual = aiohttp.ClientTimeout(
            total=None, connect=pool_timeout, sock_connect=connect_timeout, sock_read=read_timeout
        )
        self._session: aiohttp.ClientSession | None = None
        self.dated: tuple[str, float] | None = None
        """What the far end's clock showed (an HTTP Date) when it last answered, and the loop's time at that moment."""

    @property
    def read_timeout(self) -> float | None:
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the client within the running loop; harmless when it is open."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=15),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close the client; harmless when it is closed or was never open. `initialize` opens it again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call and give the status and the body of its answer, whatever they are.

        Raises UnsentError or UnansweredError and nothing else. aiohttp's own exception is not chained to them:
        several of its messages quote the address, which holds the bot's token.
        """
        if self._session is None:
            raise UnsentError("the transport is closed")
        timeout = self._usual
        if not read_timeout is connect_timeout is pool_timeout is BaseRequest.DEFAULT_NONE:
            timeout = aiohttp.ClientTimeout(
                total=None,
                connect=_given(pool_timeout, self._pool_timeout),
                sock_connect=_given(connect_timeout, self._connect_timeout),
                sock_read=_given(read_timeout, self._read_timeout),
            )
        uploads = request_data is not None and request_data.contains_files
        try:
            async with asyncio.timeout(_given(write_timeout, self._upload_timeout) if uploads else None):
                async with self._session.request(
                    method, url, **_body(request_data), timeout=timeout, allow_redirects=False
                ) as response:
                    self.dated = response.headers.get("Date", ""), asyncio.get_running_loop().time()
                    return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as error:
            failure = _failure(error)
        raise failure


class Polling(AiohttpRequest):
    """Carries getUpdates and keeps the time at which polling was last seen to work, for a watchdog.

    `last_good` is a time of the event loop, None before the first good answer. An answer counts when it is empty,
    or when it answers a question that was not asked before: who asks twice for the same updates could not take
    them in, and is deaf while it looks busy.
    """

    def __init__(self, connections: int = 2, **timeouts: float | None) -> None:
        super().__init__(connections, **timeouts)
        self.last_good: float | None = None
        self._brought: object = None  # the offset that was last answered with updates

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        status, body = await super().do_request(url, method, request_data, *args, **kwargs)
        if status == 200:
            offset = request_data.parameters.get("offset", 0) if request_data is not None else 0
            brings = b'"update_id"' in body
            if not brings or offset != self._brought:
                self.last_good = asyncio.get_running_loop().time()
            self._brought = offset if brings else None
        return status, body


def _given(argument: Timeout, default: float | None) -> float | None:
    return default if argument is BaseRequest.DEFAULT_NONE else argument


def _body(request_data: RequestData | None) -> dict[str, Any]:
    """The body of a call in aiohttp's terms; a download has none.

    JSON costs half of what a form costs to write. Telegram's server takes its parameters from either, strings
    decoded and everything else as JSON text (td, HttpReader::parse_json_parameters).
    """
    if request_data is None:
        return {}
    if not request_data.contains_files:
        return {"data": request_data.json_payload, "headers": {"Content-Type": "application/json"}}
    # With quote_fields a file name that is not ASCII would arrive percent-encoded.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return {"data": form}


def _failure(error: aiohttp.ClientError | OSError) -> NetworkError:
    """Which of our two failures an exception of aiohttp is. What we do not know may have been sent."""
    name = type(error).__name__
    match error:
        case aiohttp.ConnectionTimeoutError():
            return LateConnectionError(name)
        case aiohttp.ClientConnectorError():
            return UnsentError(f"{name}: {error.os_error}")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return UnsentError(f"{name}: the address of the Bot API is not one")
        case TimeoutError():
            return LateAnswerError(name)
        case _:
            return UnansweredError(name)
