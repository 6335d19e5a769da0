"""The bot's way with Telegram: reached late, refused, gone deaf, stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bot import app, health
from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest, Polling
from bot.deliver import Delivery
from bot.errors import ParleyError
from bot.meters import Meters
from bot.models import Cursor
from bot.settings import Settings
from bot.sources.telegram_client import TelegramClient
from bot.sources.telegram_web import TelegramWeb
from bot.store import sources
from bot.store.database import Database
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

    def __init__(self, database: Database, url: str) -> None:
        settings = Settings(bot_token=TOKEN, telegram_api_url=url, roster=ROSTER)
        self.sending, self.polling, self.stop = AiohttpRequest(), Polling(), asyncio.Event()
        pacing = Pacing(1000.0, 1000.0, 1000.0)
        self.application = app.telegram_bot(settings, database, self.sending, self.polling, pacing, Meters())
        self.unfinished: list[tuple[int, str]] = []
        self.delivery = Delivery(database, self.application.bot, pacing, app.now)

    async def converse(self) -> None:
        try:
            await app.converse(self.application, self.delivery, self.polling, self.unfinished, self.stop)
        finally:
            await self.sending.shutdown()
            await self.polling.shutdown()


@asynccontextmanager
async def talking(database: Database, url: str) -> AsyncIterator[Bot]:
    """The conversation under way; told to stop at the end, and awaited."""
    bot = Bot(database, url)
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
    monkeypatch.setattr(health, "DEAF_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr(app, "POLL_SECONDS", 0)  # each poll is answered at once
    telegram.fault("error", method="getUpdates", error_code=401, description="Unauthorized")
    async with talking(database, telegram.url) as bot:
        await until(lambda: bot.polling.last_good is not None)
    assert "listening anew" in caplog.text


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
