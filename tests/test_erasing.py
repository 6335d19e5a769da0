"""Whoever says /stop is gone from every byte of the database and of its log."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.models import Message
from bot.store import exports, inbox, outbox, posts, sources, subscribers
from bot.store.connection import Connection, connect
from bot.store.database import Database
from bot.words.query import parse
from tests.store.worlds import put_subscriber
from tests.telegram_server.serving import Telegram, serve
from tests.test_app import talking, until
from tests.upkeep.test_backup import files_no_longer_than
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

ANN, TITLE, WORD = 7_654_321_987, "Annabel of Zurbagan", "глоксинія"
BEN = 42


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telegram]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with serve() as telegram:
        yield telegram


def traces(path: Path) -> list[str]:
    """Where the bytes of Ann stand: the file, its log, its index of the log."""
    number = ANN.to_bytes(6, "big")
    needles = [str(ANN).encode(), TITLE.encode(), WORD.encode(), json.dumps(WORD).encode(), number]
    return [
        f"{file.name}: {needle!r}"
        for file in path.parent.glob(f"{path.name}*")
        for needle in needles
        if needle in file.read_bytes()
    ]


def live(connection: Connection) -> None:
    """Ann and Ben with all that can be kept of them, many others in between, so that pages split and merge."""
    sources.enrol(connection, ROSTER.sources.values(), NOON)
    for number in range(1000, 1300):
        put_subscriber(connection, NOON, number)
    ann = subscribers.enrol(
        connection, subscribers.Newcomer(ANN, 0, "private", TITLE, "uk", "Europe/Kyiv", None, None), NOON
    )
    ben = put_subscriber(connection, NOON, BEN)
    for number in range(1300, 1600):
        put_subscriber(connection, NOON, number)
    subscribers.watch(connection, ann.id, WORD, parse(WORD).key, NOON)
    for number in range(40):
        post = posts.insert(connection, a_post(str(number), "x"), NOON)
        own = outbox.Audience("uk", "Europe/Kyiv", (WORD,))
        outbox.queue(connection, [(ann.id, False)], f"post:{post}", [Message(f"🔔 {WORD}")], "alert", NOON, own)
        theirs = outbox.Audience("en", "UTC")
        outbox.queue(connection, [(ben.id, False)], f"post:{post}", [Message("for all")], "alert", NOON, theirs)
    for row in outbox.claim(connection, NOON, 1):
        outbox.sent(connection, [outbox.Arrival(row, 1)], NOON)
    assert exports.take(connection, ANN, 3, NOON) == 3
    inbox.receive(connection, 999, json.dumps({"message": {"chat": {"id": ANN}, "text": WORD}}), NOON)
    for _ in range(inbox.MOST_STARTS):
        inbox.begun(connection, 999)


async def test_after_stop_no_byte_is_left(database: Database, telegram: Telegram) -> None:
    await database.write(live)
    assert len(traces(database.path)) == 5, "in the log"
    database.erased = True
    await database.scrub()
    assert len(traces(database.path)) == 5, "in the file"
    before = database.read(lambda connection: connection.execute("SELECT count(*) FROM subscribers").fetchone()[0])
    async with talking(database, telegram.url):
        person = {"id": ANN, "is_bot": False, "first_name": TITLE, "language_code": "uk"}
        chat = {"id": ANN, "type": "private", "first_name": TITLE}
        command = [{"type": "bot_command", "offset": 0, "length": 5}]
        await telegram.update(
            message={"message_id": 1, "date": 1, "from": person, "chat": chat, "text": "/stop", "entities": command}
        )
        await until(lambda: not (database.read(subscribers.find, ANN) or database.erased or _unfinished(database)))
    await database.write(lambda connection: None)
    assert traces(database.path) == []
    after = database.read(lambda connection: connection.execute("SELECT count(*) FROM subscribers").fetchone()[0])
    assert after == before - 1
    kept = database.read(lambda connection: connection.execute("SELECT DISTINCT message FROM bodies").fetchall())
    assert len(kept) == 1, "what others were told stays"


def _unfinished(database: Database) -> bool:
    rows = database.read(lambda connection: connection.execute("SELECT 1 FROM inbox WHERE done_at IS NULL").fetchall())
    return bool(rows)


async def test_a_reader_of_the_past_does_not_hold_up_the_writer_and_the_log_is_emptied_after(
    database: Database,
) -> None:
    await database.write(live)
    reading = connect(database.path)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM watches").fetchone()
    await database.write(subscribers.erase, ANN)
    database.erased = True
    await database.scrub()
    assert database.erased
    assert traces(database.path) != []
    reading.execute("COMMIT")
    await database.scrub()
    assert not database.erased
    assert traces(database.path) == []
    reading.close()
    await database.scrub()


async def test_a_disk_that_is_full_leaves_the_log_for_later(database: Database) -> None:
    await database.write(live)
    await database.write(subscribers.erase, ANN)
    database.erased = True
    with files_no_longer_than(20_000):
        await database.scrub()
    assert database.erased
    await database.scrub()
    assert traces(database.path) == []
