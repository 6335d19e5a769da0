"""Finished messages as calls, judged by the server that they reach."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from bot.botapi.messages import arguments
from bot.botapi.transport import AiohttpRequest
from bot.models import Button, Entity, Message
from tests.telegram_server.serving import TOKEN, Telegram, serve

pytestmark = pytest.mark.anyio

CHAT = 42

FULL = Message(
    "😀 bold, a link, 14:05 and <b>no markup</b> & so on",
    (
        Entity("bold", 3, 4),
        Entity("text_link", 9, 6, url="https://t.me/somebody/1"),
        Entity("date_time", 17, 5, unix_time=1647180300, format="t"),
        Entity("expandable_blockquote", 27, 16),
    ),
    (
        (Button("Follow", data="follow:speaker:x"), Button("Open", url="https://t.me/somebody/1")),
        (Button("More", "m:1"),),
    ),
)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with serve() as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=telegram.url + "/bot", request=AiohttpRequest()) as bot:
        yield bot


async def test_text_marks_and_buttons_arrive_as_they_are(telegram: Telegram, bot: Bot) -> None:
    await bot.send_message(CHAT, **arguments(FULL))

    (shown,) = telegram.standing(CHAT)
    assert shown["text"] == FULL.text
    assert shown["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "text_link", "offset": 9, "length": 6, "url": "https://t.me/somebody/1"},
        {"type": "date_time", "offset": 17, "length": 5, "unix_time": 1647180300, "date_time_format": "t"},
        {"type": "expandable_blockquote", "offset": 27, "length": 16},
    ]
    assert shown["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "Follow", "callback_data": "follow:speaker:x"},
            {"text": "Open", "url": "https://t.me/somebody/1"},
        ],
        [{"text": "More", "callback_data": "m:1"}],
    ]
    assert shown["link_preview_options"] == {"is_disabled": True}


async def test_a_picture_is_the_preview_below_the_words(telegram: Telegram, bot: Bot) -> None:
    await bot.send_message(CHAT, **arguments(Message("words https://a.example", picture="https://cdn.example/1.jpg")))
    (shown,) = telegram.standing(CHAT)
    assert shown["link_preview_options"] == {
        "url": "https://cdn.example/1.jpg",
        "prefer_large_media": True,
        "show_above_text": False,
    }


async def test_an_edit_takes_marks_and_buttons_away_that_are_not_given_again(telegram: Telegram, bot: Bot) -> None:
    message = await bot.send_message(CHAT, **arguments(FULL))
    await bot.edit_message_text(chat_id=CHAT, message_id=message.message_id, **arguments(Message("plain")))

    (shown,) = telegram.standing(CHAT)
    assert shown["text"] == "plain"
    assert "entities" not in shown
    assert "reply_markup" not in shown
