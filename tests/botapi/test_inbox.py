"""The durable inbox with PTB's real Application, the real store and the Bot API test server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.ext import Application, ContextTypes, TypeHandler

from bot.botapi.inbox import Inbox, InTurn
from bot.botapi.transport import AiohttpRequest, Polling
from bot.store import inbox as table
from bot.store.database import Database
from tests.telegram_server.serving import TOKEN, Telegram, serve

pytestmark = pytest.mark.anyio

NOW = datetime(2022, 3, 14, 12, 0, tzinfo=UTC)
BOT = Bot(TOKEN)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with serve() as telegram:
        yield telegram


async def nothing(number: int) -> None:
    """What is noted of an update, where that does not matter."""


class Process:
    """What one process of the bot is made of, as far as updates go. Its handler waits at `gate` if that is closed."""

    def __init__(self, path: Path, telegram: Telegram | None = None) -> None:
        self.database = Database.open(path)
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun: list[str] = []
        self.handled: list[str] = []
        self.errors: list[BaseException | None] = []
        self.inbox = Inbox(self.receive)
        self.requests = AiohttpRequest(), Polling()
        url = telegram.url if telegram is not None else "http://127.0.0.1:1"
        self.application = (
            Application.builder()
            .token(TOKEN)
            .base_url(url + "/bot")
            .request(self.requests[0])
            .get_updates_request(self.requests[1])
            .update_queue(self.inbox)
            .concurrent_updates(InTurn(self.starts, self.done, chats_at_once=2))
            .build()
        )
        self.application.add_handler(TypeHandler(Update, self.handle))
        self.application.add_error_handler(self.fail)

    async def receive(self, number: int, text: str) -> bool:
        return await self.database.write(table.receive, number, text, NOW)

    async def starts(self, number: int) -> None:
        await self.database.write(table.begun, number)

    async def done(self, number: int) -> None:
        await self.database.write(table.done, number, NOW)

    async def handle(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        text = (update.message and update.message.text) or ""
        self.begun.append(text)
        await self.gate.wait()
        self.handled.append(text)
        if text == "trouble":
            raise RuntimeError(text)

    async def fail(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        self.errors.append(context.error)

    async def begin(self) -> None:
        self.tasks_before = asyncio.all_tasks()
        await self.application.initialize()
        waiting = await self.database.write(table.waiting)
        await self.inbox.resume(waiting, self.application.bot)
        await self.application.start()
        assert self.application.updater is not None
        await self.application.updater.start_polling(poll_interval=0.01, timeout=10)

    async def end(self) -> None:
        assert self.application.updater is not None
        await self.application.updater.stop()
        await self.application.stop()
        await self.application.shutdown()
        self.database.close()

    async def die(self) -> None:
        """End without the steps of an end: nothing more is written, every task stops where it is."""
        self.database.close()
        tasks = asyncio.all_tasks() - self.tasks_before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for request in self.requests:
            await request.shutdown()


async def until(question: Any) -> None:
    async with asyncio.timeout(5):
        while not question():  # noqa: ASYNC110 - the answers are plain lists
            await asyncio.sleep(0.002)


def typed(text: str, chat: int = 42) -> dict[str, Any]:
    return {
        "from": {"id": chat, "is_bot": False, "first_name": "A"},
        "chat": {"id": chat, "type": "private"},
        "text": text,
    }


def update(number: int, text: str, chat: int = 42) -> Update:
    message = typed(text, chat) | {"message_id": number, "date": 1647259200}
    made = Update.de_json({"update_id": number, "message": message}, BOT)
    assert made is not None
    return made


async def test_an_update_is_kept_before_telegram_is_told_and_forgotten_when_handled(
    tmp_path: Path, telegram: Telegram
) -> None:
    process = Process(tmp_path / "p.db", telegram)
    process.gate.clear()
    await process.begin()
    await telegram.update(message=typed("/start"))
    await until(lambda: process.begun)
    kept = process.database.read(lambda c: c.execute("SELECT payload, done_at FROM inbox").fetchall())
    assert '"/start"' in kept[0][0]
    assert kept[0][1] is None
    process.gate.set()
    await process.end()

    after = Database.open(tmp_path / "p.db")
    assert after.read(lambda c: c.execute("SELECT payload, done_at IS NULL FROM inbox").fetchall()) == [("", 0)]
    after.close()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # those that the "kill" cut off
async def test_what_was_running_and_queued_when_the_process_was_killed_is_handled_after(
    tmp_path: Path, telegram: Telegram
) -> None:
    first = Process(tmp_path / "p.db", telegram)
    first.gate.clear()
    await first.begin()
    for text in ("one", "two", "three", "four"):
        await telegram.update(message=typed(text))
    await until(lambda: first.database.read(lambda c: c.execute("SELECT count(*) FROM inbox").fetchone()) == (4,))
    assert first.begun == ["one"]
    await first.die()

    second = Process(tmp_path / "p.db", telegram)
    await second.begin()
    await telegram.update(message=typed("five"))
    await until(lambda: len(second.handled) == 5)
    assert second.handled == ["one", "two", "three", "four", "five"]
    await second.end()

    third = Process(tmp_path / "p.db", telegram)
    await third.begin()
    await third.end()
    assert third.begun == []


async def test_an_update_that_comes_twice_is_handled_once(tmp_path: Path) -> None:
    process = Process(tmp_path / "p.db")
    await process.inbox.put(update(5, "once"))
    await process.inbox.put(update(5, "once"))
    await process.inbox.put("PTB's mark")
    assert process.inbox.qsize() == 2
    process.database.close()


async def test_an_update_that_ended_two_processes_is_set_aside(tmp_path: Path) -> None:
    process = Process(tmp_path / "p.db")
    await process.inbox.put(update(5, "poison"))
    for _ in range(2):
        assert len(await process.database.write(table.waiting)) == 1
        await process.starts(5)
    assert await process.database.write(table.waiting) == []
    process.database.close()


async def test_a_failing_handler_is_done_and_holds_up_nobody(tmp_path: Path, telegram: Telegram) -> None:
    process = Process(tmp_path / "p.db", telegram)
    await process.begin()
    await telegram.update(message=typed("trouble"))
    await telegram.update(message=typed("after"))
    await until(lambda: process.handled == ["trouble", "after"])
    await process.end()
    assert [str(error) for error in process.errors] == ["trouble"]

    database = Database.open(tmp_path / "p.db")
    assert await database.write(table.waiting) == []
    database.close()


async def test_an_update_that_cannot_be_kept_is_not_acknowledged_and_comes_again(
    tmp_path: Path, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    process = Process(tmp_path / "p.db", telegram)
    refusals = iter([OSError("the disk is full")])
    keep = process.receive

    async def receive(number: int, text: str) -> bool:
        for refusal in refusals:
            raise refusal
        return await keep(number, text)

    process.inbox._receive = receive
    caplog.set_level(logging.CRITICAL + 1, logger="telegram")
    await process.begin()
    await telegram.update(message=typed("/start"))
    await until(lambda: process.handled == ["/start"])
    await process.end()


async def test_a_slow_chat_holds_up_no_other_and_keeps_its_own_order(tmp_path: Path) -> None:
    finished: list[str] = []
    done: list[int] = []
    gate = asyncio.Event()

    async def note(number: int) -> None:
        done.append(number)

    async def handler(name: str, *, slow: bool = False) -> None:
        if slow:
            await gate.wait()
        finished.append(name)

    processor = InTurn(nothing, note, chats_at_once=2)
    async with processor:
        tasks = [
            asyncio.ensure_future(processor.process_update(update(1, "", chat=1), handler("slow", slow=True))),
            asyncio.ensure_future(processor.process_update(update(2, "", chat=1), handler("after slow"))),
            asyncio.ensure_future(processor.process_update(update(3, "", chat=2), handler("other chat"))),
            asyncio.ensure_future(processor.process_update("no update", handler("something else"))),
        ]
        await until(lambda: len(finished) == 2)
        assert sorted(finished) == ["other chat", "something else"]
        gate.set()
        await asyncio.gather(*tasks)
    assert finished[2:] == ["slow", "after slow"]
    assert done == [3, 1, 2]
    assert processor._turns == {}


async def test_what_fails_outside_the_handlers_is_logged_and_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)

    async def broken() -> None:
        raise RuntimeError("not a handler's")

    await InTurn(nothing, note).process_update(update(7, ""), broken())
    assert done == [7]
    assert "update 7 failed" in caplog.text


@pytest.mark.parametrize(
    ("event", "chat"),
    [
        (
            {
                "inline_query": {
                    "id": "1",
                    "from": {"id": 9, "is_bot": False, "first_name": "A"},
                    "query": "",
                    "offset": "",
                }
            },
            9,
        ),
        (
            {
                "poll": {
                    "id": "1",
                    "question": "?",
                    "options": [],
                    "total_voter_count": 0,
                    "is_closed": True,
                    "is_anonymous": True,
                    "type": "regular",
                    "allows_multiple_answers": False,
                    "allows_revoting": False,
                    "members_only": False,
                }
            },
            0,
        ),
    ],
    ids=["an inline query has a person", "a poll has nobody"],
)
async def test_updates_without_a_chat_have_their_turn_too(event: dict[str, Any], chat: int) -> None:
    made = Update.de_json({"update_id": 1, **event}, BOT)
    assert made is not None
    turns: list[int] = []

    async def handler() -> None:
        turns.extend(processor._turns)

    processor = InTurn(nothing, nothing)
    await processor.process_update(made, handler())
    assert turns == [chat]
