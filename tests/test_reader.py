"""What the reader of posts knows from its first moment on."""

import asyncio
import gc

import pytest

from bot.meters import Meters
from bot.reader import MANY_WATCHES, Reader
from bot.store import subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words.query import parse
from tests.store.worlds import put_subscriber
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio


async def test_watches_of_before_a_start_are_known_whichever_source_is_read_first(database: Database) -> None:
    def watch(connection: Connection) -> None:
        who = put_subscriber(connection, NOON)
        subscribers.watch(connection, who.id, "truce", parse("truce").key, NOON)

    await database.write(watch)
    reader = Reader(database, ROSTER, Meters())
    sources = list(ROSTER.sources.values())
    try:
        found = await asyncio.gather(
            *(
                reader.read(source, [a_post("1", "A truce is near.", source.id, language="en")], NOON)
                for source in sources
            )
        )
    finally:
        reader.close()
    assert [reading.watches for (reading,) in found] == [(1,)] * len(sources)


async def test_very_many_watches_are_known_after_a_start(database: Database) -> None:
    def watch(connection: Connection) -> None:
        who = put_subscriber(connection, NOON)
        for number in range(MANY_WATCHES + 1):
            words = f"truce NOT word{number}" if number else "truce"
            subscribers.watch(connection, who.id, words, parse(words).key, NOON)

    await database.write(watch)
    reader = Reader(database, ROSTER, Meters())
    try:
        (reading,) = await reader.read(ROSTER.sources["wire"], [a_post("1", "A truce, word7", language="en")], NOON)
    finally:
        reader.close()
        gc.unfreeze()
    assert gc.isenabled()
    assert len(reading.watches) == MANY_WATCHES
