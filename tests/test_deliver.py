"""Delivery with the real store, the real bot over real HTTP, and a Telegram that refuses, breaks and forgets."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from telegram.ext import ExtBot

from bot import deliver
from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest
from bot.deliver import Delivery
from bot.errors import ParleyError
from bot.meters import Meters
from bot.models import Button, Entity, Follow, Lane, Message
from bot.store import drawings, outbox, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Subject
from tests.store.worlds import put_post, put_source, put_subscriber
from tests.telegram_server.serving import TOKEN, Telegram, serve

pytestmark = pytest.mark.anyio

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UNKNOWN_WORDS = {"error_code": 400, "description": "Bad Request: words that nobody has seen"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 as the app reads it, and pauses that a test can wait for."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    monkeypatch.setattr(deliver, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(deliver, "LONGEST_PAUSE", 0.02)


class Process:
    """One process of the bot as far as delivery goes. `now` is its clock."""

    def __init__(self, database: Database, telegram: Telegram, now: datetime) -> None:
        self.database, self.telegram, self.now = database, telegram, now
        self.numbers = 0
        self.patience = 10.0  # seconds to wait for an answer
        self.meters = Meters()

    @asynccontextmanager
    async def delivering(self, *, at_once: int = 64, url: str = "", **pace: Any) -> AsyncIterator[Delivery]:
        pacing = Pacing(**({"overall": 10_000.0, "chat": 10_000.0, "group": 600_000.0} | pace), meters=self.meters)
        bot = ExtBot(
            TOKEN,
            base_url=(url or self.telegram.url) + "/bot",
            request=AiohttpRequest(read_timeout=self.patience),
            rate_limiter=pacing,
        )
        await bot._request[1].initialize()
        await pacing.initialize()
        try:
            yield Delivery(self.database, bot, pacing, lambda: self.now, at_once=at_once, meters=self.meters)
        finally:
            await pacing.shutdown()
            await bot._request[1].shutdown()

    async def queue(
        self, chat: int, *texts: str | Message, lane: Lane = "alert", thread: int = 0, silent: bool = False
    ) -> None:
        """Queue these as the parts of one notification."""
        self.numbers += 1
        messages = [Message(text) if isinstance(text, str) else text for text in texts]
        key = f"key {self.numbers}"

        def put(connection: Connection) -> None:
            known = subscribers.find(connection, chat, thread)
            subscriber = (known or put_subscriber(connection, self.now, chat, thread)).id
            outbox.queue(connection, [(subscriber, silent)], key, messages, lane, self.now)

        await self.database.write(put)

    def rows(self) -> list[tuple[str, int]]:
        """Of each row, oldest first: state and attempts."""
        return self._ask("SELECT state, attempts FROM outbox ORDER BY id")

    def states(self) -> list[str]:
        return [state for state, _ in self.rows()]

    def waits(self) -> list[float | None]:
        """Of each row: seconds from now until it is due."""
        due = self._ask("SELECT due_at FROM outbox ORDER BY id")
        return [None if at is None else at / 1000 - self.now.timestamp() for (at,) in due]

    def subscribers(self) -> list[tuple[int, int, str]]:
        return self._ask("SELECT chat, thread, state FROM subscribers ORDER BY chat, thread")

    def _ask(self, question: str) -> list[Any]:
        return self.database.read(lambda connection: connection.execute(question).fetchall())


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with serve() as telegram:
        yield telegram


@pytest.fixture
def process(database: Database, telegram: Telegram, now: datetime) -> Process:
    return Process(database, telegram, now)


async def until(question: Any) -> None:
    async with asyncio.timeout(5):
        while not question():  # noqa: ASYNC110 - the answers stand in a database and in a list
            await asyncio.sleep(0.002)


async def kill(step: asyncio.Future[int], delivery: Delivery) -> None:
    """End a round where it is."""
    tasks: list[asyncio.Future[Any]] = [step, *delivery._sending]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# --- what arrives


async def test_a_message_arrives_as_it_was_made_and_its_number_is_kept(process: Process) -> None:
    message = Message("bold", (Entity("bold", 0, 4),), ((Button("Open", url="https://t.me/somebody/1"),),))
    await process.queue(-100, message, thread=7, silent=True)
    async with process.delivering() as delivery:
        assert await delivery.step() == 1
        assert await delivery.step() == 0

    (shown,) = process.telegram.standing(-100)
    assert shown["text"] == "bold"
    assert shown["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
    assert shown["message_thread_id"] == 7
    assert process.telegram.calls("sendMessage")[0]["fields"]["disable_notification"] is True
    assert process.states() == ["sent"]
    assert process._ask("SELECT message_id FROM outbox") == [(shown["message_id"],)]


async def test_parts_arrive_in_their_order_one_at_a_time(process: Process) -> None:
    await process.queue(1, "one", "two", "three")
    async with process.delivering() as delivery:
        assert [await delivery.step() for _ in range(4)] == [1, 1, 1, 0]
    assert process.telegram.texts(1) == ["one", "two", "three"]


async def test_a_message_resumes_at_the_part_that_failed(process: Process) -> None:
    await process.queue(1, "one", "two", "three")
    process.telegram.fault("error", contains="text=two", **UNKNOWN_WORDS)
    async with process.delivering() as delivery:
        for _ in range(4):
            await delivery.step()
        assert process.telegram.texts(1) == ["one"]
        process.now += MINUTE
        for _ in range(2):
            await delivery.step()
    assert process.telegram.texts(1) == ["one", "two", "three"]


async def test_two_senders_of_one_outbox_send_each_row_once(process: Process) -> None:
    for chat in range(1, 31):
        await process.queue(chat, "once")
    async with process.delivering() as first, process.delivering() as second:
        assert sum(await asyncio.gather(first.step(), second.step())) == 30
    assert (
        Counter(call["fields"]["chat_id"] for call in process.telegram.calls("sendMessage")).most_common(1)[0][1] == 1
    )


async def test_no_more_than_so_many_are_on_their_way(process: Process) -> None:
    for chat in range(1, 21):
        await process.queue(chat, "x")
    process.telegram.fault("delay_after", seconds=0.1, times=8)
    async with process.delivering(at_once=8) as delivery:
        step = asyncio.ensure_future(delivery.step())
        await process.telegram.called("sendMessage", 8)
        assert Counter(process.states()) == {"sending": 8, "queued": 12}
        assert await step == 8


async def test_a_chat_has_one_message_on_its_way_whatever_the_topic(process: Process) -> None:
    for thread in (0, 3, 4):
        await process.queue(-5, f"in {thread}", thread=thread)
    await process.queue(6, "elsewhere")
    process.telegram.fault("delay_after", method="sendMessage", chat_id=-5, seconds=0.1)
    async with process.delivering() as delivery:
        step = asyncio.ensure_future(delivery.step())
        await until(lambda: process.telegram.texts(6))
        assert len(process.telegram.texts(-5)) == 1
        assert await step == 4
    assert process.telegram.texts(-5) == ["in 0", "in 3", "in 4"]


# --- what is refused


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        ("blocked", "blocked"),
        ("never_started", "blocked"),
        ("kicked", "blocked"),
        ("not_member", "blocked"),
        ("deactivated", "gone"),
        ("group_deleted", "gone"),
        ("no_rights", "paused"),
    ],
)
async def test_a_chat_that_refuses_rests_and_what_was_queued_for_it_is_dropped(
    process: Process, state: str, becomes: str
) -> None:
    process.telegram.chat(-5, state=state)
    await process.queue(-5, "one", "two")
    await process.queue(-5, "in a topic", thread=3)
    await process.queue(6, "somebody else's")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.states() == ["refused", "refused", "refused", "sent"]
    assert process.subscribers() == [(-5, 0, becomes), (-5, 3, becomes), (6, 0, "active")]


async def test_a_refusal_that_says_nothing_of_the_chat_leaves_it_active(process: Process) -> None:
    process.telegram.fault("error", chat_id=1, error_code=400, description="Bad Request: message can't be edited")
    await process.queue(1, "x")
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.states() == ["refused"]
    assert process.subscribers() == [(1, 0, "active")]


@pytest.mark.parametrize("state", ["topic_closed", "topic_gone"])
async def test_a_closed_topic_does_not_hold_up_the_others(process: Process, state: str) -> None:
    process.telegram.chat(-5, topics={"3": state})
    await process.queue(-5, "closed", thread=3)
    await process.queue(-5, "open", thread=4)
    await process.queue(-5, "general")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.telegram.texts(-5) == ["open", "general"]
    assert process.subscribers() == [(-5, 0, "active"), (-5, 3, "paused"), (-5, 4, "active")]


async def test_a_group_that_moved_is_written_to_at_its_new_number(process: Process) -> None:
    process.telegram.chat(-5, state="migrated", new_id=-1005)
    await process.queue(-5, "one", "two")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.telegram.texts(-1005) == ["one", "two"]
    assert process.states() == ["sent", "sent"]
    assert process.subscribers() == [(-1005, 0, "active")]


async def test_a_group_that_moved_and_was_known_under_both_numbers_becomes_one(process: Process) -> None:
    process.telegram.chat(-5, state="migrated", new_id=-1005)
    await process.queue(-1005, "to the new")
    await process.queue(-5, "to the old")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert sorted(process.telegram.texts(-1005)) == ["to the new", "to the old"]
    assert process.subscribers() == [(-1005, 0, "active")]


async def test_an_unknown_chat_is_believed_to_be_gone_after_hours(process: Process) -> None:
    process.telegram.chat(9, state="not_found")
    await process.queue(9, "x")
    async with process.delivering() as delivery:
        for attempts in (1, 2):
            await delivery.step()
            assert process.rows() == [("deferred", attempts)]
            assert process.waits() == [3600]
            process.now += HOUR
        await delivery.step()
    assert process.states() == ["refused"]
    assert process.subscribers() == [(9, 0, "blocked")]


async def test_unknown_words_are_never_permanent_but_a_message_is_given_up_in_the_end(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    process.telegram.fault("error", chat_id=9, times=-1, **UNKNOWN_WORDS)
    await process.queue(9, "x")
    pauses = []
    async with process.delivering() as delivery:
        while await delivery.step():
            (wait,) = process.waits()
            pauses.append(wait)
            process.now += timedelta(seconds=wait or 0)
    assert pauses == [30, 120, 480, 1920, None]
    assert process.states() == ["refused"]
    assert process.subscribers() == [(9, 0, "active")]
    assert "given up after 5 tries" in caplog.text


# --- who is told of it


def person(process: Process, id: int) -> None:
    process.telegram.server.chats.people[id] = {"id": id, "is_bot": False, "first_name": "Ann"}


async def knows(process: Process, *people: int) -> None:
    """The bot has talked with them in private."""

    def meet(connection: Connection) -> None:
        for id in people:
            put_subscriber(connection, process.now, id)

    await process.database.write(meet)


@pytest.mark.parametrize(
    ("known", "told"), [((7, 8, 9), [7]), ((8, 9), [8, 9]), ((), [])], ids=["owner", "admins", "nobody"]
)
async def test_the_owner_is_told_once_that_the_bot_may_not_write(
    process: Process, known: tuple[int, ...], told: list[int]
) -> None:
    process.telegram.chat(-5, state="no_rights", type="supergroup", title="Desk", owner=7, admins=[8, 9])
    for id in (7, 8, 9):
        person(process, id)
    await knows(process, *known)
    await process.queue(-5, "one", "two")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
        await process.queue(-5, "three")
        while await delivery.step():
            pass
    assert [chat for chat in (7, 8, 9) if process.telegram.texts(chat)] == told
    assert [len(process.telegram.texts(chat)) for chat in told] == [1] * len(told)
    if told:
        assert process.telegram.texts(told[0])[0].startswith("🔇 I may not write in “Ann” any more.")


@pytest.mark.parametrize("state", ["topic_closed", "topic_gone"])
async def test_the_owner_is_told_of_a_topic_that_is_closed(process: Process, state: str) -> None:
    process.telegram.chat(-5, topics={"3": state}, owner=7)
    person(process, 7)
    await knows(process, 7)
    await process.queue(-5, "closed", thread=3)
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    (told,) = process.telegram.texts(7)
    assert "is closed or gone" in told


async def test_who_the_owner_is_may_be_hidden(process: Process) -> None:
    process.telegram.chat(-5, state="no_rights", owner=7)
    process.telegram.fault("error", method="getChatAdministrators", error_code=400, description="Bad Request: hidden")
    await process.queue(-5, "x")
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.states() == ["refused"]


async def test_a_chat_that_blocks_the_bot_is_left_alone(process: Process) -> None:
    process.telegram.chat(-5, state="kicked", owner=7)
    await process.queue(-5, "x")
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.telegram.calls("getChatAdministrators") == []


# --- what was our mistake


FULL = Message("<bold>", (Entity("bold", 0, 6),), ((Button("More", "more:1"),),))


@pytest.mark.parametrize(
    ("description", "keeps"),
    [
        ("Bad Request: can't parse entities: unexpected end", "reply_markup"),
        ("Bad Request: ENTITY_BOUNDS_INVALID", "reply_markup"),
        ("Bad Request: BUTTON_DATA_INVALID", "entities"),
    ],
)
async def test_what_telegram_cannot_take_is_left_out_and_the_words_arrive(
    process: Process, caplog: pytest.LogCaptureFixture, description: str, keeps: str
) -> None:
    await process.queue(1, FULL)
    process.telegram.fault("error", method="sendMessage", error_code=400, description=description)
    async with process.delivering() as delivery:
        await delivery.step()
    (shown,) = process.telegram.standing(1)
    assert shown["text"] == "<bold>"
    assert {"entities", "reply_markup"} & set(shown) == {keeps}
    assert process.states() == ["sent"]
    assert [record.levelname for record in caplog.records if record.name == "bot.deliver"] == ["ERROR"]


async def test_words_that_are_refused_even_plain_are_given_up(process: Process) -> None:
    await process.queue(1, FULL)
    process.telegram.fault("error", method="sendMessage", error_code=400, description="Bad Request: ENTITY_X_INVALID")
    process.telegram.fault("error", method="sendMessage", error_code=400, description="Bad Request: text is too long")
    async with process.delivering() as delivery:
        await delivery.step()
    assert process._ask("SELECT state, error FROM outbox") == [("refused", "ours: Text is too long")]


async def test_words_are_written_out_again_when_too_many_are_known(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "WORDS_KEPT", 2)
    for chat in range(1, 6):
        await process.queue(chat, f"to {chat}")
    async with process.delivering() as delivery:
        await delivery.step()
        assert len(delivery._words) <= 2
    assert [process.telegram.texts(chat) for chat in range(1, 6)] == [[f"to {chat}"] for chat in range(1, 6)]


@pytest.mark.usefixtures("misread_on_purpose")
async def test_a_text_that_is_too_long_is_not_tried_again(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    await process.queue(1, "x" * 5000, "next")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.states() == ["refused", "sent"]
    assert "should never have been made" in caplog.text


# --- when to wait


async def test_a_429_holds_the_chat_that_it_names_and_nobody_else(process: Process) -> None:
    process.telegram.fault("error", chat_id=1, error_code=429, description="…", parameters={"retry_after": 20})
    await process.queue(1, "one", "two")
    await process.queue(1, "digest", lane="digest")
    await process.queue(2, "elsewhere")
    async with process.delivering() as delivery:
        await delivery.step()
        assert process.rows() == [("deferred", 0), ("queued", 0), ("queued", 0), ("sent", 1)]
        assert process.waits() == [20.5, 20.5, 20.5, None]
        assert await delivery.step() == 0

    process.now += timedelta(seconds=21)
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.telegram.texts(1) == ["one", "two", "digest"]
    assert len(process.telegram.calls("sendMessage")) == 5


async def test_a_gateways_429_without_a_time_waits_as_well(process: Process) -> None:
    process.telegram.fault("html", status=429)
    await process.queue(1, "x")
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.rows() == [("deferred", 0)]
    assert process.waits() == [30.5]


async def test_a_row_whose_chat_must_wait_is_not_held_in_memory(process: Process) -> None:
    await process.queue(1, "one", "two", "three", "four")
    await process.queue(2, "elsewhere")
    async with process.delivering(chat=1.0) as delivery:
        for _ in range(4):
            await delivery.step()
    assert process.telegram.texts(1) == ["one", "two", "three"]
    assert process.telegram.texts(2) == ["elsewhere"]
    assert process.rows()[3] == ("deferred", 0)
    wait = process.waits()[3]
    assert wait is not None
    assert 2 < wait < 3.2


async def test_only_as_much_is_claimed_as_the_pace_lets_go_soon(process: Process) -> None:
    for chat in range(1, 101):
        await process.queue(chat, "x")
    async with process.delivering(overall=20.0) as delivery:
        step = asyncio.ensure_future(delivery.step())
        await process.telegram.called("sendMessage")
        assert Counter(process.states())["queued"] == 98
        await kill(step, delivery)


# --- when nobody can tell


@pytest.mark.parametrize(("kind", "copies"), [("drop_before", 1), ("html", 1), ("drop_after", 2), ("delay_after", 2)])
@pytest.mark.parametrize("lane", ["urgent", "alert"])
async def test_what_may_have_arrived_is_sent_once_more_after_a_while(
    process: Process, kind: str, copies: int, lane: Lane
) -> None:
    await process.queue(1, "x", lane=lane)
    process.telegram.fault(kind, method="sendMessage", seconds=0.5)
    process.patience = 0.2
    async with process.delivering() as delivery:
        await delivery.step()
        assert process.rows() == [("unknown", 1)]
        assert process.waits() == [10]
        process.now += MINUTE
        await delivery.step()
    assert process.states() == ["sent"]
    assert process.telegram.texts(1) == ["x"] * copies


@pytest.mark.parametrize(
    ("lane", "tries"), [("answer", 1), ("alert", 2), ("digest", 1), ("broadcast", 1), ("notice", 5)]
)
async def test_how_often_a_lane_is_repeated(process: Process, lane: Lane, tries: int) -> None:
    await process.queue(1, "x", lane=lane)
    process.telegram.fault("drop_after", method="sendMessage", times=-1)
    async with process.delivering() as delivery:
        while await delivery.step():
            process.now += HOUR
    assert process.rows() == [("unknown", tries)]
    assert process.waits() == [None]
    assert process.telegram.texts(1) == ["x"] * tries


async def test_marks_that_cannot_be_written_out_are_left_out(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    await process.queue(1, Message("x", (Entity("date_time", 0, 1, unix_time=10**18),)))  # no such year
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.telegram.texts(1) == ["x"]
    assert process.states() == ["sent"]
    assert "cannot be written out" in caplog.text


async def test_an_answer_without_a_message_in_it_counts_as_nobody_can_tell(process: Process) -> None:
    await process.queue(1, "x")
    async with process.delivering() as delivery:
        delivery._bot.request.parse_json_payload = lambda payload: {"result": {}}  # type: ignore[method-assign]
        await delivery.step()
    assert process.rows() == [("unknown", 1)]


async def test_an_earlier_refusal_takes_nothing_from_the_repeat_of_a_lost_message(process: Process) -> None:
    await process.queue(1, "x")
    process.telegram.fault("error", method="sendMessage", error_code=400, description="Bad Request: NEVER_HEARD_OF")
    process.telegram.fault("drop_before", method="sendMessage")
    async with process.delivering() as delivery:
        await delivery.step()
        assert process.rows() == [("deferred", 1)]
        process.now += MINUTE
        await delivery.step()
        assert process.rows() == [("unknown", 2)]
        process.now += MINUTE
        await delivery.step()
    assert process.states() == ["sent"]


async def test_an_unknown_outcome_holds_up_only_its_chat(process: Process) -> None:
    await process.queue(1, "lost", "after it")
    await process.queue(2, "elsewhere")
    process.telegram.fault("drop_before", method="sendMessage", chat_id=1)
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
        assert process.telegram.texts(1) == []
        assert process.telegram.texts(2) == ["elsewhere"]
        process.now += MINUTE
        while await delivery.step():
            pass
    assert process.telegram.texts(1) == ["lost", "after it"]


# --- when Telegram cannot be reached


async def test_without_a_connection_nothing_is_counted_against_a_message(process: Process) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    await process.queue(1, "x")
    async with process.delivering(url=nobody) as delivery:
        for _ in range(20):
            assert await delivery.step() == 1
            assert process.rows() == [("deferred", 0)]
            process.now += timedelta(seconds=2)


async def test_while_telegram_is_down_no_message_is_wagered(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    for chat in range(1, 41):
        await process.queue(chat, "x")
    down = process.telegram.fault("html", times=-1)
    async with process.delivering(at_once=4) as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await process.telegram.called("getMe", 3)
        asked = len(process.telegram.calls("sendMessage"))
        assert asked == 4
        process.now += HOUR
        down.times = 1
        await until(lambda: Counter(process.states())["sent"] == 40)
        stop.set()
        await running
    assert all(process.telegram.texts(chat) == ["x"] for chat in range(1, 41))
    assert "Telegram does not answer" in caplog.text


@pytest.mark.parametrize(("status", "words"), [(401, "Unauthorized"), (404, "Not Found")])
@pytest.mark.parametrize("method", ["sendMessage", "getMe"])
async def test_a_refused_token_ends_delivery_with_words_for_the_operator(
    process: Process, status: int, words: str, method: str
) -> None:
    await process.queue(1, "x")
    process.telegram.fault("error", method=method, error_code=status, description=words, times=-1)
    process.telegram.fault("drop_before", method="sendMessage", times=-1)
    async with process.delivering() as delivery:
        delivery._unanswered = 2 if method == "getMe" else 0
        with pytest.raises(ParleyError, match="TELEGRAM_BOT_TOKEN"):
            await asyncio.wait_for(delivery.run(asyncio.Event()), 5)
    assert process.states() in (["deferred"], ["unknown"])


# --- what a dying process leaves


async def test_killed_after_the_claim_a_message_still_arrives_once(process: Process) -> None:
    await process.queue(1, "one", "two")
    await process.database.write(outbox.claim, process.now, 10)
    assert process.states() == ["sending", "queued"]

    await run_until(process, lambda: process.states() == ["sent", "sent"])
    assert process.telegram.texts(1) == ["one", "two"]


async def run_until(process: Process, question: Any) -> None:
    async with process.delivering() as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await until(question)
        stop.set()
        await running


async def test_killed_before_the_answer_is_noted_a_message_arrives_twice_at_the_most(process: Process) -> None:
    await process.queue(1, "one", "two")
    process.telegram.fault("delay_after", method="sendMessage", seconds=0.1)
    async with process.delivering() as delivery:
        running = asyncio.ensure_future(delivery.step())
        await process.telegram.called("sendMessage")
        await kill(running, delivery)
    assert process.states() == ["sending", "queued"]

    await run_until(process, lambda: process.states() == ["sent", "sent"])
    assert process.telegram.texts(1) == ["one", "one", "two"]


REFUSING = """CREATE TRIGGER refusing BEFORE UPDATE ON outbox WHEN new.state = 'sent'
    BEGIN SELECT raise(ABORT, 'the disk is full'); END"""


def execute(connection: Connection, statement: str) -> None:
    connection.execute(statement)


async def test_a_disk_that_refuses_the_acknowledgement_does_not_send_again(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    await process.queue(1, "one", "two")
    await process.database.write(execute, REFUSING)
    async with process.delivering() as delivery:
        step = asyncio.ensure_future(delivery.step())
        await until(lambda: "the disk is full" in caplog.text)
        assert process.states() == ["sending", "queued"]
        await process.database.write(execute, "DROP TRIGGER refusing")
        await step
        assert process.states() == ["sent", "queued"]
    assert process.telegram.texts(1) == ["one"]


async def test_a_disk_that_refuses_the_claim_stops_sending_until_it_does_not(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    await process.queue(1, "x")
    await process.database.write(execute, REFUSING.replace("'sent'", "'sending'"))
    async with process.delivering() as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await until(lambda: "the outbox cannot be read" in caplog.text)
        await process.database.write(execute, "DROP TRIGGER refusing")
        await until(lambda: process.states() == ["sent"])
        stop.set()
        await running


@pytest.mark.parametrize("good", [0, 2], ids=["while claiming", "while settling"])
async def test_a_fault_in_delivery_itself_ends_it(process: Process, good: int) -> None:
    await process.queue(1, "x")
    naive = process.now.replace(tzinfo=None)  # a fault of ours
    async with process.delivering() as delivery:
        times = iter([process.now] * good + [naive])
        delivery._clock = lambda: next(times, process.now)
        with pytest.raises(TypeError):
            await asyncio.wait_for(delivery.run(asyncio.Event()), 5)


# --- the loop


async def test_a_nudge_sends_at_once_what_was_queued(process: Process) -> None:
    async with process.delivering() as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        for number in range(1, 4):
            await until(lambda: delivery._wake._waiters)  # it rests
            await process.queue(number, "x")
            delivery.nudge()
            await until(lambda number=number: process.states() == ["sent"] * number)
        stop.set()
        await running


async def test_what_was_not_asked_for_lets_the_more_urgent_go_first(process: Process) -> None:
    for chat in range(1, 11):
        await process.queue(chat, "digest", lane="digest")
    async with process.delivering(overall=50.0) as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await process.telegram.called("sendMessage")
        await delivery._bot.send_message(99, "alert", rate_limit_args="alert")
        await delivery._bot.send_message(99, "answer")
        await until(lambda: process.states() == ["sent"] * 10)
        stop.set()
        await running
    order = [call["fields"]["text"] for call in process.telegram.calls("sendMessage")]
    assert order.index("alert") < 5
    assert order.index("answer") < 6
    assert len(order) == 12


async def test_a_fan_out_larger_than_what_may_be_on_its_way_is_sent_to_its_end(process: Process) -> None:
    for chat in range(1, 201):
        await process.queue(chat, "x")
    process.telegram.fault("delay_after", method="sendMessage", times=60, seconds=0.05)
    await run_until(process, lambda: set(process.states()) == {"sent"})
    assert len(process.telegram.calls("sendMessage")) == 200


async def test_told_to_stop_it_waits_for_what_is_on_its_way(process: Process) -> None:
    for chat in range(1, 11):
        await process.queue(chat, "x", "more")
    process.telegram.fault("delay_after", method="sendMessage", seconds=0.1, times=10)
    async with process.delivering() as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await process.telegram.called("sendMessage", 10)
        stop.set()
        await running
    assert Counter(process.states()) == {"sent": 10, "queued": 10}


async def test_told_to_stop_it_puts_back_what_waits_for_its_turn(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "GRACE", 0.01)
    monkeypatch.setattr(deliver, "AHEAD", 10.0)
    for chat in range(1, 11):
        await process.queue(chat, "a digest", lane="digest")
    async with process.delivering(overall=1.0) as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await process.telegram.called("sendMessage", 2)
        await until(lambda: process.states().count("sent") == 2)
        assert "sending" in process.states()
        stop.set()
        await running
    assert Counter(process.states()) == {"sent": 2, "deferred": 8}, "a digest that surely did not leave is not in doubt"


async def test_told_to_stop_it_does_not_wait_for_ever(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "GRACE", 0.01)
    await process.queue(1, "x")
    process.telegram.fault("delay_after", method="sendMessage", seconds=0.1)
    async with process.delivering() as delivery:
        stop = asyncio.Event()
        running = asyncio.ensure_future(delivery.run(stop))
        await process.telegram.called("sendMessage")
        stop.set()
        await asyncio.wait_for(running, 0.1)
    assert process.states() == ["sending"]


async def test_a_fan_out_with_every_kind_of_trouble_loses_nothing_and_repeats_only_what_was_cut_off(
    process: Process,
) -> None:
    chance = random.Random(20220314)
    cut: set[int] = set()
    dead: set[int] = set()
    chats = range(1, 201)
    for chat in chats:
        await process.queue(chat, "one", "two")
        match chance.choice(["", "", "", "blocked", "drop_after", "drop_before", "html", "429", "refused"]):
            case "blocked":
                process.telegram.chat(chat, state="blocked")
                dead.add(chat)
            case "drop_after":
                process.telegram.fault("drop_after", chat_id=chat)
                cut.add(chat)
            case "429":
                limits = {"retry_after": 5}
                process.telegram.fault("error", chat_id=chat, error_code=429, description="…", parameters=limits)
            case "refused":
                process.telegram.fault("error", chat_id=chat, **UNKNOWN_WORDS)
            case "":
                pass
            case kind:
                process.telegram.fault(kind, chat_id=chat)
    for _ in range(8):
        async with process.delivering() as delivery:  # each is a process of its own: what it held is forgotten
            while await delivery.step():
                pass
        process.now += timedelta(seconds=20)

    assert {chat: process.telegram.texts(chat) for chat in chats} == {
        chat: [] if chat in dead else ["one", "one", "two"] if chat in cut else ["one", "two"] for chat in chats
    }


async def test_lanes_leave_in_their_order(process: Process) -> None:
    for lane in reversed(outbox.LANES):
        for number in range(20):
            await process.queue(outbox.LANES.index(lane) * 100 + number + 1, lane, lane=lane)
    async with process.delivering(at_once=20) as delivery:
        while await delivery.step():
            pass
    order = [call["fields"]["text"] for call in process.telegram.calls("sendMessage")]
    assert order == [lane for lane in outbox.LANES for _ in range(20)]


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: WEBPAGE_MEDIA_EMPTY",
        "Bad Request: failed to get HTTP URL content",
        "Bad Request: not enough rights to add web page previews to the message",
    ],
)
async def test_a_bad_picture_costs_an_alert_nothing(process: Process, description: str) -> None:
    await process.queue(1, Message("words", picture="https://cdn.example/1.jpg"))
    process.telegram.fault("error", method="sendMessage", error_code=400, description=description)
    async with process.delivering() as delivery:
        assert await delivery.step() == 1
    assert process.telegram.texts(1) == ["words"]
    asked = [call["fields"]["link_preview_options"] for call in process.telegram.calls("sendMessage")]
    assert [one.get("url", "") for one in asked] == ["https://cdn.example/1.jpg", ""]
    assert process.rows() == [("sent", 1)]
    assert process.subscribers() == [(1, 0, "active")]


async def test_a_chat_that_takes_the_words_no_more_than_the_picture_rests(process: Process) -> None:
    await process.queue(1, Message("words", picture="https://cdn.example/1.jpg"))
    no_rights = {"error_code": 400, "description": "Bad Request: not enough rights to send text messages to the chat"}
    process.telegram.fault("error", method="sendMessage", times=2, **no_rights)
    async with process.delivering() as delivery:
        await delivery.step()
    assert process.subscribers() == [(1, 0, "paused")]


async def drawn(process: Process, *chats: int) -> None:
    """A digest and its picture for each of them."""
    number = await process.database.write(drawings.put, b"\x89PNG", process.now)
    for chat in chats:
        await process.queue(chat, "digest", Message("of the week", drawing=number), lane="digest")


async def test_a_drawing_is_uploaded_once_and_comes_after_the_words(process: Process) -> None:
    await drawn(process, 1, 2)
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    for chat in (1, 2):
        words, picture = process.telegram.standing(chat)
        assert words["text"] == "digest"
        assert picture["caption"] == "of the week"
        assert picture["photo"]
    first, second = process.telegram.calls("sendPhoto")
    assert list(first["files"].values()) == ["parley.png"]
    assert not second["files"]
    assert second["fields"]["photo"] == picture["photo"][-1]["file_id"]
    assert process.states() == ["sent"] * 4


@pytest.mark.parametrize(
    "description",
    ["Bad Request: not enough rights to send photos to the chat", "Bad Request: PHOTO_INVALID_DIMENSIONS"],
)
async def test_a_chat_that_takes_no_pictures_keeps_getting_words(process: Process, description: str) -> None:
    await drawn(process, 1)
    process.telegram.fault("error", method="sendPhoto", error_code=400, description=description)
    async with process.delivering() as delivery:
        while await delivery.step():
            process.now += HOUR
    assert process.telegram.texts(1) == ["digest"]
    assert process.states() == ["sent", "refused"]
    assert process.subscribers() == [(1, 0, "active")]


async def test_a_drawing_that_is_not_kept_any_more_is_left_out(process: Process) -> None:
    await drawn(process, 1)
    await process.database.write(drawings.forget, process.now + HOUR)
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.telegram.texts(1) == ["digest"]
    assert process.states() == ["sent", "refused"]


# --- what was told gets other words


EVERYBODY = Subject(["ann"], ["red"], "web", [], [])


async def tell(process: Process, *chats: int) -> None:
    """Tell these chats of one post, which they follow."""

    def put(connection: Connection) -> None:
        put_source(connection, process.now)
        put_post(connection, process.now)
        for chat in chats:
            subscribers.follow(connection, put_subscriber(connection, process.now, chat).id, Follow("all"))
        outbox.tell(connection, EVERYBODY, 1, lambda _: [Message("told")], process.now)

    await process.database.write(put)


async def amend(process: Process, message: Message | str) -> int:
    words = Message(message) if isinstance(message, str) else message
    return await process.database.write(outbox.amend, "post:1", lambda _: [words], process.now)


async def test_a_post_whose_alert_is_given_up_is_caught_up_with(process: Process) -> None:
    await tell(process, 1, 2)
    process.telegram.fault("error", chat_id=1, times=-1, **UNKNOWN_WORDS)
    wrong = {"error_code": 400, "description": "Bad Request: message is too long"}
    process.telegram.fault("error", chat_id=2, times=-1, **wrong)
    async with process.delivering() as delivery:
        while await delivery.step():
            process.now += HOUR
    assert process.states() == ["refused", "refused"]
    assert process._ask("SELECT subscriber, post FROM late ORDER BY subscriber") == [(1, 1), (2, 1)]


async def test_what_was_refused_for_its_marks_is_counted_as_ours(process: Process) -> None:
    await process.queue(1, FULL)
    process.telegram.fault("error", method="sendMessage", error_code=400, description="Bad Request: ENTITY_X_INVALID")
    async with process.delivering() as delivery:
        await delivery.step()
        assert delivery._meters.sends.labels("alert", "plain")._value.get() == 1
    assert process._ask("SELECT state, error FROM outbox") == [("sent", "ours: Entity_x_invalid")]


async def test_what_stands_in_the_chats_is_edited(process: Process) -> None:
    await tell(process, 1, 2)
    amended = Message("amended", (Entity("bold", 0, 7),), ((Button("Open", url="https://t.me/somebody/1"),),))
    async with process.delivering() as delivery:
        await delivery.step()
        assert await amend(process, amended) == 2
        assert await delivery.step() == 2
        assert await delivery.step() == 0
    for chat in (1, 2):
        (shown,) = process.telegram.standing(chat)
        assert shown["text"] == "amended"
        assert shown["entities"] == [{"type": "bold", "offset": 0, "length": 7}]
        assert "reply_markup" in shown
    assert process.rows() == [("sent", 1), ("sent", 1)]
    assert process._ask("SELECT message_id FROM outbox") == [(1,), (1,)]


async def test_amended_again_and_again_it_is_edited_once(process: Process) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        await delivery.step()
        for words in ("one", "two", "three"):
            await amend(process, words)
        while await delivery.step():
            pass
        await amend(process, "four")
        while await delivery.step():
            pass
    assert [call["fields"]["text"] for call in process.telegram.calls("editMessageText")] == ["three", "four"]
    assert process.telegram.texts(1) == ["four"]


async def test_what_still_waits_goes_out_in_the_new_words(process: Process) -> None:
    await tell(process, 1)
    await amend(process, "amended")
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert process.telegram.texts(1) == ["amended"]
    assert process.telegram.calls("editMessageText") == []


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_what_is_amended_on_its_way_is_edited_afterwards(process: Process, method: str) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        if method == "editMessageText":
            await delivery.step()
            await amend(process, "once")
        process.telegram.fault("delay_after", method=method, seconds=0.1)
        step = asyncio.ensure_future(delivery.step())
        await process.telegram.called(method)
        assert await amend(process, "amended") == 1
        await step
        while await delivery.step():
            pass
    assert process.telegram.texts(1) == ["amended"]
    assert process.states() == ["sent"]


async def test_the_same_words_are_no_amendment(process: Process) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        await delivery.step()
        assert await amend(process, "told") == 0
        process.telegram.server.chats.messages[1, 1]["text"] = "amended"
        assert await amend(process, "amended") == 1
        await delivery.step()
    assert process.states() == ["sent"], "not modified is what was wanted"


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited"])
async def test_a_message_that_cannot_be_edited_is_left(process: Process, words: str) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        await delivery.step()
        await amend(process, "amended")
        process.telegram.fault("error", method="editMessageText", error_code=400, description=f"Bad Request: {words}")
        assert await delivery.step() == 1
        assert await delivery.step() == 0
    assert process.states() == ["sent"]
    assert process.waits() == [None]
    assert process.telegram.texts(1) == ["told"]
    assert process.subscribers() == [(1, 0, "active")]


async def test_an_edit_of_which_nobody_can_tell_is_made_again_up_to_a_limit(process: Process) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        await delivery.step()
        await amend(process, "amended")
        process.telegram.fault("drop_after", method="editMessageText", times=-1)
        while await delivery.step():
            process.now += HOUR
    assert len(process.telegram.calls("editMessageText")) == deliver.MOST_TRIES
    assert process.states() == ["sent"]
    assert process.telegram.texts(1) == ["amended"]


async def test_edits_of_a_chat_that_refuses_are_dropped_and_what_was_refused_is_not_amended(process: Process) -> None:
    await tell(process, 1, 2)
    process.telegram.chat(2, state="blocked")
    async with process.delivering() as delivery:
        await delivery.step()
        assert process.states() == ["sent", "refused"]
        assert await amend(process, "amended") == 1
        process.telegram.fault(
            "error", method="editMessageText", error_code=403, description="Forbidden: bot was blocked by the user"
        )
        await delivery.step()
        assert process.states() == ["sent", "refused"]
        assert await amend(process, "amended again") == 0
    assert process.subscribers() == [(1, 0, "blocked"), (2, 0, "blocked")]


async def test_after_a_move_the_old_groups_messages_are_not_edited(process: Process) -> None:
    await tell(process, -5)
    async with process.delivering() as delivery:
        await delivery.step()
        await amend(process, "amended")
        moved = {"migrate_to_chat_id": -1005}
        process.telegram.fault(
            "error", method="editMessageText", error_code=400, description="Bad Request: upgraded", parameters=moved
        )
        while await delivery.step():
            pass
        assert await amend(process, "amended again") == 0
    assert process.telegram.texts(-1005) == []
    assert process.subscribers() == [(-1005, 0, "active")]
    assert process.states() == ["sent"]


async def test_a_process_that_dies_while_editing_leaves_an_edit_to_be_made_again(process: Process) -> None:
    await tell(process, 1)
    async with process.delivering() as delivery:
        await delivery.step()
    await amend(process, "amended")
    await process.database.write(outbox.claim, process.now, 9)
    await run_until(process, lambda: process.states() == ["sent"])
    assert process.telegram.texts(1) == ["amended"]


async def test_what_comes_of_messages_is_counted(process: Process, telegram: Telegram) -> None:
    def counted(name: str, **labels: str) -> float:
        return process.meters.registry.get_sample_value(f"parley_{name}", labels) or 0.0

    for chat in range(1, 5):
        await process.queue(chat, "hello")
    telegram.fault("error", method="sendMessage", error_code=429, description="Too Many Requests: retry after 1",
        parameters={"retry_after": 1}, times=1)  # fmt: skip
    telegram.fault("error", method="sendMessage", error_code=403, description="Forbidden: bot was blocked by the user")
    telegram.fault("drop_after", method="sendMessage")
    async with process.delivering(at_once=1) as delivery:
        while await delivery.step():
            pass
    assert counted("sends_total", lane="alert", result="sent") == 1
    assert counted("sends_total", lane="alert", result="deferred") == 1
    assert counted("sends_total", lane="alert", result="refused") == 1
    assert counted("sends_total", lane="alert", result="lost") == 1
    assert counted("too_many_requests_total") == 1
    assert counted("send_seconds_count") == 4
    assert counted("doubles_possible_total", lane="alert") == 0
    process.now += HOUR
    async with process.delivering() as delivery:
        while await delivery.step():
            pass
    assert counted("doubles_possible_total", lane="alert") == 1, "it was sent again, and may stand twice"
