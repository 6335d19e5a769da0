"""Whoever judges all messages is judged: what Telegram would not take is found, whichever far end it is sent to, and
Telegram's parser is here.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram import Bot
from telegram.request import BaseRequest

from bot.chat.console import ConsoleRequest
from tests import judging
from tests.chaos import faulty_telegram
from tests.chat import offline
from tests.telegram_server import serving


@pytest.fixture
def found(misread: Path, misread_on_purpose: None) -> Any:
    """Judges a call and gives the complaints."""

    def judge(method: str, **fields: Any) -> str:
        judging.call(method, fields)
        return judging.emptied(misread)

    return judge


def test_telegrams_parser_reads_all_messages() -> None:
    if not judging.PARSER:
        pytest.skip("tdjson has no wheel for this platform: messages are held to Telegram's limits alone")
    assert judging.as_telegram_reads_it("words", [])["text"] == "words"


def test_what_telegram_takes_is_not_complained_of(found: Any) -> None:
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.example/"}
    assert not found("sendMessage", text="😀 link", entities=[link], reply_markup='{"inline_keyboard": []}')
    assert not found("sendPhoto", caption="x" * 1024, caption_entities=json.dumps([]))
    assert not found("getUpdates", timeout=1)
    assert not found("answerCallbackQuery", callback_query_id="1", text="x" * 200)
    assert not found("sendMediaGroup", media=json.dumps([{"type": "photo", "media": "x", "caption": "words"}]))


BOLD = {"type": "bold", "offset": 0, "length": 1}


@pytest.mark.parametrize(
    ("method", "fields", "complaint"),
    [
        ("sendMessage", {"text": "x" * 4097}, "4097 UTF-16 units"),
        ("sendMessage", {"text": "😀" * 2049}, "4098 UTF-16 units"),
        ("editMessageText", {"text": " "}, "nothing is said"),
        ("sendMessage", {"text": "\ud800"}, "half of a surrogate pair"),
        ("sendPhoto", {"caption": "x" * 1025}, "1025 UTF-16 units"),
        ("sendMediaGroup", {"media": [{"caption": "x" * 1025}]}, "1025 UTF-16 units"),
        ("sendMessage", {"text": "x" * 101, "entities": [BOLD] * 101}, "101 marks"),
        ("sendMessage", {"text": "x", "entities": [BOLD | {"offset": 1}]}, "a mark lies outside"),
        ("sendMessage", {"text": "😀", "entities": [BOLD]}, "begins or ends on nothing"),
        ("sendMessage", {"text": "x y", "entities": [BOLD | {"length": 2}]}, "begins or ends on nothing"),
        (
            "sendMessage",
            {"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "no address"}]},
            "no address",
        ),
        ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}] * 9]}}, "too many buttons"),
        ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": " "}]]}}, "without words"),
        (
            "editMessageReplyMarkup",
            {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "я" * 33}]]}},
            "data of a button is too long",
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "copy_text": {"text": "x" * 257}}]]}},
            "copies too much",
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "javascript:1"}]]}},
            "leads nowhere",
        ),
        ("answerCallbackQuery", {"text": "x" * 201}, "a note is too long"),
        (
            "answerInlineQuery",
            {"results": [{"input_message_content": {"message_text": "x" * 4097}}]},
            "4097 UTF-16 units",
        ),
    ],
)
def test_what_it_would_not_take_is(found: Any, method: str, fields: dict[str, Any], complaint: str) -> None:
    if complaint == "no address" and not judging.PARSER:
        pytest.skip("only Telegram's parser knows addresses")
    assert complaint in found(method, **fields)


# --- far ends


@pytest.mark.anyio
@pytest.mark.usefixtures("misread_on_purpose")
@pytest.mark.parametrize("request_of", [offline.Telegram, lambda: ConsoleRequest(io.StringIO())])
async def test_what_a_bot_without_a_network_sends_is_judged(
    misread: Path, request_of: Callable[[], BaseRequest]
) -> None:
    async with Bot("1:offline", request=request_of(), get_updates_request=request_of()) as bot:
        await bot.send_message(7, "x" * 4097)
    assert "4097 UTF-16 units" in judging.emptied(misread)


@asynccontextmanager
async def faulty() -> AsyncIterator[str]:
    telegram = faulty_telegram.Telegram("seed", 0)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: faulty_telegram.Connection(telegram), "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


@asynccontextmanager
async def emulated() -> AsyncIterator[str]:
    async with serving.serve() as telegram:
        yield telegram.url


@pytest.mark.anyio
@pytest.mark.usefixtures("misread_on_purpose")
@pytest.mark.parametrize("far_end", [faulty, emulated])
async def test_what_goes_to_a_server_is_judged(
    misread: Path, far_end: Callable[[], AbstractAsyncContextManager[str]]
) -> None:
    async with far_end() as url, aiohttp.ClientSession() as session:
        words = {"chat_id": 7, "message_id": 1, "text": "x" * 4097}
        async with session.post(f"{url}/bot{serving.TOKEN}/editMessageText", json=words) as answer:
            await answer.read()
    assert "4097 UTF-16 units" in judging.emptied(misread)
