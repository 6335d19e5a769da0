"""The bot's way with Telegram: reached late, refused, gone deaf, stopped."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, InlineQueryHandler

from bot import app, listen
from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest, Polling
from bot.deliver import Delivery
from bot.errors import ParleyError, SettingsError
from bot.meters import Meters
from bot.models import Cursor
from bot.settings import Settings
from bot.sources.telegram_client import TelegramClient
from bot.sources.telegram_web import TelegramWeb
from bot.store import outbox, sources
from bot.store.database import Database
from tests.store.worlds import put_subscriber
from tests.telegram_server.serving import TOKEN, Telegram, serve
from tests.worlds import NOON, ROSTER

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def answers_about_429_without_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with serve() as telegram:
        yield telegram


class Bot:
    """The conversation as `run` makes it, with a hand on its stop."""

    def __init__(self, database: Database, url: str, **more: Any) -> None:
        settings = Settings(**{"bot_token": TOKEN, "telegram_api_url": url, "roster": ROSTER, **more})
        self.sending, self.polling, self.stop = AiohttpRequest(), Polling(), asyncio.Event()
        pacing = Pacing(1000.0, 1000.0, 1000.0)
        self.application = app.telegram_bot(settings, database, self.sending, self.polling, pacing, Meters())
        self.unfinished: list[tuple[int, str]] = []
        self.delivery = Delivery(database, self.application.bot, pacing, app.now)
        self.ear = app.ear_for(settings, self.application, self.polling, self.conflict)
        self.conflicts = 0

    async def conflict(self) -> None:
        self.conflicts += 1

    async def converse(self) -> None:
        try:
            await app.converse(self.application, self.delivery, self.ear, self.unfinished, self.stop)
        finally:
            await self.sending.shutdown()
            await self.polling.shutdown()


@asynccontextmanager
async def talking(database: Database, url: str, **more: Any) -> AsyncIterator[Bot]:
    """The conversation under way; told to stop at the end, and awaited."""
    bot = Bot(database, url, **more)
    task = asyncio.create_task(bot.converse())
    try:
        yield bot
        bot.stop.set()
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, ParleyError):
            await task


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not question():  # noqa: ASYNC110 - PTB tells nobody when it polls
            await asyncio.sleep(0.01)


async def asked(telegram: Telegram, method: str, times: int = 1) -> None:
    await telegram.called(method, times, within=20)


async def test_a_stop_ends_it_in_order(database: Database, telegram: Telegram) -> None:
    async with talking(database, telegram.url) as bot:
        await asked(telegram, "setMyCommands", 4)
    assert not bot.application.running
    languages = [call["fields"].get("language_code", "") for call in telegram.calls("setMyCommands")]
    assert languages == ["", "en", "uk", "ru"]


async def test_telegram_is_asked_again_until_it_answers(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "FIRST_WAIT", 0.01)
    telegram.fault("html", method="getMe", status=502, times=3)
    async with talking(database, telegram.url):
        await asked(telegram, "setMyCommands")
    assert len(telegram.calls("getMe")) == 4


async def test_a_stop_is_heard_while_telegram_is_out_of_reach(database: Database) -> None:
    async with talking(database, "http://127.0.0.1:1") as bot:
        await asyncio.sleep(0)
    assert not bot.application.running


async def test_a_token_that_telegram_does_not_know_ends_it_with_the_remedy(
    database: Database, telegram: Telegram
) -> None:
    telegram.fault("error", method="getMe", error_code=401, description="Unauthorized", times=-1)
    with pytest.raises(ParleyError, match="TELEGRAM_BOT_TOKEN"):
        await Bot(database, telegram.url).converse()


async def test_a_bot_that_polls_in_vain_listens_anew(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listen, "DEAF_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr(listen, "POLL_SECONDS", 0)  # each poll is answered at once
    telegram.fault("error", method="getUpdates", error_code=401, description="Unauthorized")
    async with talking(database, telegram.url) as bot:
        await until(lambda: bot.polling.last_good is not None)
    assert caplog.text.count("listening anew") == 1


async def test_a_token_that_is_revoked_meanwhile_ends_it_with_the_remedy(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "DEAF_AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr(listen, "POLL_SECONDS", 0)
    bot = Bot(database, telegram.url)
    task = asyncio.create_task(bot.converse())
    await until(lambda: bot.polling.last_good is not None)
    telegram.fault("error", error_code=401, description="Unauthorized", times=-1)
    with pytest.raises(ParleyError, match="check TELEGRAM_BOT_TOKEN"):
        await task


async def test_a_new_beginning_that_is_refused_counts_too(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listen, "DEAF_AFTER", timedelta(seconds=0.1))
    monkeypatch.setattr(listen, "POLL_SECONDS", 0)
    telegram.fault("html", method="getUpdates", status=502, times=-1)
    bot = Bot(database, telegram.url)
    task = asyncio.create_task(bot.converse())
    await asked(telegram, "getUpdates")
    telegram.fault("error", method="deleteWebhook", error_code=401, description="Unauthorized", times=-1)
    with pytest.raises(ParleyError, match="check TELEGRAM_BOT_TOKEN"):
        await task


async def test_what_the_handlers_handle_is_asked_for(database: Database) -> None:
    """Telegram sends only what is named; a kind that is forgotten there is never heard."""
    kinds: dict[type, str] = {
        InlineQueryHandler: "inline_query",
        CallbackQueryHandler: "callback_query",
        ChatMemberHandler: "my_chat_member",
    }
    handlers = [one for group in Bot(database, "http://127.0.0.1:1").application.handlers.values() for one in group]
    handled = {kinds[type(one)] for one in handlers if type(one) in kinds}
    assert handled == set(kinds.values())
    assert set(listen.ALLOWED_UPDATES) == handled | {"message", "channel_post"}


async def test_a_token_that_is_refused_again_and_again_ends_it_with_the_remedy(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listen, "DEAF_AFTER", timedelta(seconds=0.4))
    telegram.fault("error", method="getUpdates", error_code=401, description="Unauthorized", times=-1)
    with pytest.raises(ParleyError, match="TELEGRAM_BOT_TOKEN"):
        async with asyncio.timeout(20):
            await Bot(database, telegram.url).converse()
    assert caplog.text.count("listening anew") >= listen.REFUSALS - 1


async def test_another_program_that_asks_for_our_updates_is_told_of(
    database: Database, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    words = "Conflict: terminated by other getUpdates request"
    telegram.fault("error", method="getUpdates", error_code=409, description=words)
    async with talking(database, telegram.url) as bot:
        await until(lambda: bot.conflicts == 1)
    assert "another program asks Telegram" in caplog.text


async def test_a_poll_that_fails_in_another_way_is_only_noted(
    database: Database, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listen, "POLL_SECONDS", 0)  # each poll is answered at once
    telegram.fault("html", method="getUpdates", status=502)
    async with talking(database, telegram.url) as bot:
        await until(lambda: bot.ear.heard_at is not None)
    assert "getUpdates failed: NetworkError" in caplog.text
    assert bot.conflicts == 0


async def test_operators_are_told_of_a_conflict_once_a_day(database: Database, telegram: Telegram) -> None:
    settings = Settings(roster=ROSTER, admins=(99,))
    bot = Bot(database, telegram.url)
    await app._tell_of_conflict(database, settings, bot.delivery)
    assert not bot.delivery._wake.is_set(), "nobody to tell"
    await database.write(put_subscriber, app.now(), 99)
    for _ in range(3):
        await app._tell_of_conflict(database, settings, bot.delivery)
    assert bot.delivery._wake.is_set()
    assert database.read(outbox.depths) == [("notice", "queued", 1)]


# --- a webhook


SECRET = "a-secret-of-some-length"


def a_command(number: int) -> dict[str, Any]:
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    person = {"id": 7, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 7, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": person, "text": "/help", "entities": entities}
    return {"update_id": number, "message": message}


@asynccontextmanager
async def called(database: Database, telegram: Telegram, port: int) -> AsyncIterator[tuple[Bot, str]]:
    address = f"http://127.0.0.1:{port}/somewhere"
    hook = {"webhook_url": address, "webhook_secret": SECRET, "webhook_listen": ("127.0.0.1", port)}
    async with talking(database, telegram.url, **hook) as bot:
        await asked(telegram, "setMyCommands", 4)
        yield bot, address


async def call(address: str, body: bytes, secret: str = SECRET) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=body, headers={listen.HEADER: secret}) as answer,
    ):
        return answer.status


async def test_telegram_calls_the_webhook_and_is_answered(
    database: Database, telegram: Telegram, unused_port: int
) -> None:
    async with called(database, telegram, unused_port) as (bot, _):
        (set_,) = telegram.calls("setWebhook")
        assert set_["fields"]["secret_token"] == SECRET
        await telegram.update(message=a_command(0)["message"])
        await asked(telegram, "sendMessage")
        assert bot.ear.heard_at is not None
    assert telegram.calls("getUpdates") == []
    assert "/subscribe" in telegram.texts(7)[-1]


async def test_only_calls_with_the_secret_are_telegrams_and_each_is_handled_once(
    database: Database, telegram: Telegram, unused_port: int
) -> None:
    async with called(database, telegram, unused_port) as (_, address):
        update = json.dumps(a_command(5)).encode()
        assert await call(address, update, "another-secret-of-length") == 403
        assert await call(address, b"no json") == 400
        assert await call(address, b"[]") == 400
        assert [await call(address, update) for _ in range(3)] == [200] * 3
        await asked(telegram, "sendMessage")
    assert len(telegram.texts(7)) == 1


async def test_an_update_that_cannot_be_kept_is_not_acknowledged(
    database: Database, telegram: Telegram, unused_port: int
) -> None:
    async with called(database, telegram, unused_port) as (_, address):
        await database.write(lambda connection: connection.execute("ALTER TABLE inbox RENAME TO outlook"))
        assert await call(address, json.dumps(a_command(5)).encode()) == 503
        await database.write(lambda connection: connection.execute("ALTER TABLE outlook RENAME TO inbox"))
        assert await call(address, json.dumps(a_command(5)).encode()) == 200


async def test_a_webhook_that_telegram_does_not_reach_is_said(
    database: Database,
    telegram: Telegram,
    unused_port: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(listen, "INFO_EVERY", timedelta(seconds=0.05))
    async with called(database, telegram, unused_port) as (bot, address):
        info = {"url": address, "has_custom_certificate": False, "pending_update_count": 3}
        trouble = {"last_error_date": 1, "last_error_message": "Connection refused"}
        bot.application.bot._request[1].parse_json_payload = lambda payload: {"result": info | trouble}
        await until(lambda: "does not reach TELEGRAM_WEBHOOK_URL: Connection refused; 3 updates wait" in caplog.text)
        del bot.application.bot._request[1].parse_json_payload
        telegram.fault("drop_before", method="getWebhookInfo")
        await until(lambda: "cannot be asked about the webhook" in caplog.text)


async def test_a_port_that_is_taken_is_said_with_the_setting(
    database: Database, telegram: Telegram, unused_port: int
) -> None:
    hook = {"webhook_url": "http://x.example", "webhook_secret": SECRET, "webhook_listen": ("127.0.0.1", unused_port)}
    with (
        socket.create_server(("127.0.0.1", unused_port)),
        pytest.raises(SettingsError, match="PARLEY_WEBHOOK_LISTEN"),
    ):
        await Bot(database, telegram.url, **hook).converse()


async def test_a_token_that_is_refused_meanwhile_ends_it(
    database: Database, telegram: Telegram, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "INFO_EVERY", timedelta(seconds=0.05))
    telegram.fault("error", method="getWebhookInfo", error_code=401, description="Unauthorized", skip=1, times=-1)
    with pytest.raises(ParleyError, match="TELEGRAM_BOT_TOKEN"):
        async with called(database, telegram, unused_port) as (bot, _):
            await bot.stop.wait()


async def test_what_an_earlier_process_left_is_answered(database: Database, telegram: Telegram, tmp_path: Path) -> None:
    bot = Bot(database, telegram.url)
    left = '{"update_id": 5, "message": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, '
    left += '"from": {"id": 7, "is_bot": false, "first_name": "Ann"}, "text": "/help", '
    left += '"entities": [{"type": "bot_command", "offset": 0, "length": 5}]}}'
    bot.unfinished.append((5, left))
    task = asyncio.create_task(bot.converse())
    await asked(telegram, "sendMessage")
    bot.stop.set()
    await task
    assert "/subscribe" in telegram.texts(7)[-1]


async def test_channels_are_read_as_the_settings_say(database: Database) -> None:
    plain = Settings(roster=ROSTER)
    account = Settings(roster=ROSTER, telegram_client="mtproto", database=database.path)
    async with app.web_session(plain) as session:
        async with app.fetchers(session, plain) as readers:
            assert isinstance(readers["telegram"], TelegramWeb)
        async with app.fetchers(session, account, database) as readers:
            client = readers["telegram"]
            assert isinstance(client, TelegramClient)
            database.submit(sources.enrol, ROSTER.sources.values(), NOON).result()
            database.submit(sources.polled, "petrov-telegram", Cursor("1"), NOON, NOON + timedelta(days=9000)).result()
            client._sources[7] = "petrov-telegram"
            client._heard(7)
        async with app.fetchers(session, account) as readers:
            lost = readers["telegram"]
            assert isinstance(lost, TelegramClient)
            lost._sources[7] = "petrov-telegram"
            lost._heard(7)
    await database.write(lambda connection: None)
    assert "petrov-telegram" in [due.id for due in database.read(sources.due, app.now())]
