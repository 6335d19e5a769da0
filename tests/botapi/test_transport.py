"""The contract of the transport, over real HTTP against the Bot API test server.

What both transports must do is asked of PTB's own one as well, so that the tests judge the contract and not our reading
of it.
"""

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot, InputMediaDocument, Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import Application, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest, HTTPXRequest

from bot.botapi.pacing import Pacing
from bot.botapi.transport import (
    AiohttpRequest,
    LateAnswerError,
    LateConnectionError,
    Polling,
    UnansweredError,
    UnsentError,
)
from tests.telegram_server.serving import TOKEN, Telegram, serve

pytestmark = pytest.mark.anyio

CHAT = 42


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with serve() as telegram:
        yield telegram


@pytest.fixture(params=[AiohttpRequest, HTTPXRequest], ids=["ours", "stock"])
def transport(request: pytest.FixtureRequest) -> Callable[..., BaseRequest]:
    made: Callable[..., BaseRequest] = request.param
    return made


def bot_over(request: BaseRequest, telegram: Telegram) -> Bot:
    return Bot(
        TOKEN,
        base_url=telegram.url + "/bot",
        base_file_url=telegram.url + "/file/bot",
        request=request,
        get_updates_request=request,
    )


# --- what every transport does


async def test_a_message_arrives_with_every_character(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    text = 'Переговори — "паліндром" & 😀 <b>\n\x7f'
    async with bot_over(transport(), telegram) as bot:
        message = await bot.send_message(CHAT, text)
    assert message.text == text
    assert telegram.texts(CHAT) == [text]


async def test_a_file_is_uploaded_with_its_name_and_downloaded_again(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    async with bot_over(transport(), telegram) as bot:
        message = await bot.send_document(CHAT, io.BytesIO(b"1,2\n" * 1000), filename="заяви é.csv", caption="цифри")
        assert message.document is not None
        file = await bot.get_file(message.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"1,2\n" * 1000
    assert telegram.calls("sendDocument")[0]["files"] == {"document": "заяви é.csv"}
    assert telegram.standing(CHAT)[0]["caption"] == "цифри"


async def test_an_album_is_uploaded_in_one_call(telegram: Telegram, transport: Callable[..., BaseRequest]) -> None:
    async with bot_over(transport(), telegram) as bot:
        items = [InputMediaDocument(name.encode(), filename=f"{name}.txt") for name in ("one", "two")]
        messages = await bot.send_media_group(CHAT, items, caption="both")
    assert [message.caption for message in messages] == ["both", None]
    assert sorted(telegram.calls("sendMediaGroup")[0]["files"].values()) == ["one.txt", "two.txt"]


async def test_refusals_keep_their_class_and_words(telegram: Telegram, transport: Callable[..., BaseRequest]) -> None:
    telegram.chat(1, state="blocked")
    telegram.chat(2, state="not_found")
    telegram.fault("error", chat_id=3, error_code=429, description="Too Many Requests", parameters={"retry_after": 3})
    async with bot_over(transport(), telegram) as bot:
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(1, "x")
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(2, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(3, "x")


async def test_a_page_of_a_gateway_is_a_network_error(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    telegram.fault("html", method="sendMessage", status=502)
    async with bot_over(transport(), telegram) as bot:
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(CHAT, "x")


async def test_a_late_answer_is_a_timeout_that_a_call_can_choose(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    telegram.fault("delay_after", method="sendMessage", seconds=0.15, times=2)
    async with bot_over(transport(read_timeout=30), telegram) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(CHAT, "too late", read_timeout=0.05)
        await bot.send_message(CHAT, "in time", read_timeout=None)
    assert telegram.texts(CHAT) == ["too late", "in time"]


async def test_a_shorter_timeout_of_the_transport_is_the_default_of_its_calls(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    telegram.fault("delay_after", method="sendMessage", seconds=0.15)
    request = transport(read_timeout=0.05)
    assert request.read_timeout == 0.05
    async with bot_over(request, telegram) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(CHAT, "x")


async def test_it_opens_closes_and_opens_again(telegram: Telegram, transport: Callable[..., BaseRequest]) -> None:
    request = transport()
    await request.shutdown()
    for _ in range(2):
        await request.initialize()
        await request.initialize()
        assert (await request.retrieve(telegram.url + "/__polling")) == b"false"
        await request.shutdown()
        await request.shutdown()


async def test_a_status_that_nobody_expects_is_passed_on_untouched(
    telegram: Telegram, transport: Callable[..., BaseRequest]
) -> None:
    async with transport() as request:
        assert (await request.do_request(telegram.url + "/nowhere", "GET"))[0] == 404


# --- what ours tells besides


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_broken_connection_leaves_the_outcome_open(telegram: Telegram, kind: str) -> None:
    telegram.fault(kind, method="sendMessage")
    async with bot_over(AiohttpRequest(), telegram) as bot:
        with pytest.raises(UnansweredError):
            await bot.send_message(CHAT, "x")
    assert telegram.texts(CHAT) == (["x"] if kind == "drop_after" else [])


async def test_a_late_answer_leaves_the_outcome_open(telegram: Telegram) -> None:
    telegram.fault("delay_after", method="sendMessage", seconds=0.15)
    async with bot_over(AiohttpRequest(read_timeout=0.05), telegram) as bot:
        with pytest.raises(LateAnswerError):
            await bot.send_message(CHAT, "x")


async def test_nobody_listening_means_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with AiohttpRequest() as request:
        with pytest.raises(UnsentError, match="ClientConnectorError"):
            await request.post(f"http://127.0.0.1:{port}/bot{TOKEN}/sendMessage")


async def test_a_name_that_does_not_resolve_means_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*args: Any, **kwargs: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with AiohttpRequest() as request:
        with pytest.raises(UnsentError, match="ClientConnectorDNSError"):
            await request.post(f"http://bot-api.invalid/bot{TOKEN}/sendMessage")


async def test_no_free_connection_means_surely_not_sent(telegram: Telegram) -> None:
    telegram.fault("delay_after", method="sendMessage", seconds=0.15)
    async with bot_over(AiohttpRequest(connections=1), telegram) as bot:
        slow = asyncio.ensure_future(bot.send_message(CHAT, "slow"))
        await telegram.called("sendMessage")
        with pytest.raises(LateConnectionError):
            await bot.send_message(CHAT, "no room", pool_timeout=0.05)
        await slow
    assert telegram.texts(CHAT) == ["slow"]


async def test_an_upload_has_a_limit_as_a_whole(telegram: Telegram) -> None:
    telegram.fault("delay_after", method="sendDocument", seconds=0.15, times=2)
    async with bot_over(AiohttpRequest(read_timeout=30, upload_timeout=0.05), telegram) as bot:
        with pytest.raises(LateAnswerError):
            await bot.send_document(CHAT, b"x" * 1000)
        await bot.send_document(CHAT, b"x" * 1000, write_timeout=10)


async def test_a_closed_transport_sends_nothing(telegram: Telegram) -> None:
    request = AiohttpRequest()
    with pytest.raises(UnsentError):
        await request.post(telegram.url)


async def test_a_redirection_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    async with own_server(elsewhere) as url, AiohttpRequest() as request:
        assert (await request.do_request(url, "POST"))[0] == 302


async def test_a_cancelled_call_ends_at_once_and_frees_its_connection(telegram: Telegram) -> None:
    telegram.fault("delay_after", method="sendMessage", seconds=0.15)
    async with bot_over(AiohttpRequest(connections=1), telegram) as bot:
        call = asyncio.ensure_future(bot.send_message(CHAT, "x"))
        await telegram.called("sendMessage")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await bot.send_message(CHAT, "next", pool_timeout=0.2)


# --- the token stays out of every message


class own_server:
    """One handler for everything, on a free port."""

    def __init__(self, handler: Callable[[web.Request], Any]) -> None:
        self.handler = handler

    async def __aenter__(self) -> str:
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", self.handler)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def __aexit__(self, *error: object) -> None:
        await self.runner.cleanup()


async def nonsense(answer: bytes, url_of: Callable[[int], str], request: AiohttpRequest) -> TelegramError:
    """What a call raises when the far end says this instead of HTTP."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        with pytest.raises(TelegramError) as caught:
            await request.post(url_of(server.sockets[0].getsockname()[1]))
    return caught.value


def told(error: BaseException) -> str:
    """All that a log could show of an error, its causes included."""
    shown = ""
    seen: BaseException | None = error
    while seen is not None:
        shown += repr(seen) + str(seen)
        seen = seen.__cause__ or seen.__context__
    return shown


@pytest.mark.parametrize(
    "answer",
    [b"", b"this is not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", b"HTTP/1.1 200 OK\r\n"],
    ids=["nothing", "no HTTP", "half a body", "half a head"],
)
async def test_nonsense_instead_of_an_answer_leaves_the_outcome_open_and_tells_no_token(answer: bytes) -> None:
    async with AiohttpRequest() as request:
        error = await nonsense(answer, lambda port: f"http://127.0.0.1:{port}/bot{TOKEN}/sendMessage", request)
    assert isinstance(error, UnansweredError)
    assert TOKEN not in told(error)


@pytest.mark.parametrize("url", [f"not a url/bot{TOKEN}/x", f"ftp://127.0.0.1/bot{TOKEN}/x", f"http:///bot{TOKEN}/x"])
async def test_an_address_that_is_none_is_surely_not_sent_and_tells_no_token(url: str) -> None:
    async with AiohttpRequest() as request:
        with pytest.raises(UnsentError) as caught:
            await request.post(url)
    assert TOKEN not in told(caught.value)


async def test_nothing_that_is_logged_holds_the_token(telegram: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    telegram.fault("html", method="sendMessage", skip=1)
    telegram.fault("drop_after", method="sendMessage", skip=1)
    async with bot_over(AiohttpRequest(), telegram) as bot:
        await bot.send_message(CHAT, "x")
        for _ in range(2):
            with pytest.raises(NetworkError) as caught:
                await bot.send_message(CHAT, "x")
            assert TOKEN not in told(caught.value)
    assert TOKEN not in caplog.text


# --- polling


async def polling_application(telegram: Telegram, polling: Polling) -> tuple[Any, asyncio.Queue[str]]:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        heard.put_nowait(update.message.text or "")

    application = (
        Application.builder()
        .token(TOKEN)
        .base_url(telegram.url + "/bot")
        .request(AiohttpRequest())
        .get_updates_request(polling)
        .rate_limiter(Pacing())
        .build()
    )
    application.add_handler(MessageHandler(filters.ALL, hear))
    return application, heard


def typed(text: str) -> dict[str, Any]:
    return {
        "from": {"id": CHAT, "is_bot": False, "first_name": "A"},
        "chat": {"id": CHAT, "type": "private"},
        "text": text,
    }


async def test_updates_are_polled_and_stopping_does_not_wait_for_the_poll(telegram: Telegram) -> None:
    polling = Polling()
    application, heard = await polling_application(telegram, polling)
    assert polling.last_good is None
    async with application:
        await application.start()
        await application.updater.start_polling(timeout=50)
        await telegram.update(message=typed("one"))
        assert await asyncio.wait_for(heard.get(), 5) == "one"
        assert polling.last_good is not None
        async with asyncio.timeout(2):
            await application.updater.stop()
        await application.stop()


async def test_the_stamp_stands_still_while_polls_fail(telegram: Telegram) -> None:
    polling = Polling()
    async with bot_over(polling, telegram) as bot:
        await bot.get_updates(timeout=0)
        before = polling.last_good
        telegram.fault("html", method="getUpdates")
        with pytest.raises(NetworkError):
            await bot.get_updates(timeout=0)
        assert polling.last_good == before


async def test_the_stamp_stands_still_while_the_same_updates_come_again_and_again(telegram: Telegram) -> None:
    polling = Polling()
    async with bot_over(polling, telegram) as bot:
        number = await telegram.update(message=typed("poison"))
        await bot.get_updates(timeout=0)
        first = polling.last_good
        await bot.get_updates(timeout=0)
        await bot.get_updates(timeout=0)
        assert polling.last_good == first
        await bot.get_updates(offset=number + 1, timeout=0)
        assert polling.last_good is not None
        assert first is not None
        assert polling.last_good > first


async def test_the_lane_of_a_call_reaches_the_pacing_and_not_telegram(telegram: Telegram) -> None:
    application, _ = await polling_application(telegram, Polling())
    async with application:
        await application.bot.send_message(CHAT, "x", rate_limit_args="digest")
    assert telegram.texts(CHAT) == ["x"]
