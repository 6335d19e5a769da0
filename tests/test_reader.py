"""What a reader remembers when it begins: what a new post may repeat before that is read, and the rest after it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.meters import Meters
from bot.models import Statement
from bot.reader import AT_ONCE, Reader
from bot.store import posts, sources
from bot.store.connection import Connection
from bot.store.database import Database
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

SAID = "“The delegations meet again on Friday and bring a draft agreement,” Petrov told reporters."
AGAIN = "Petrov: delegations meet again on Friday and bring a draft agreement"
EARLIER = 10 * AT_ONCE
"""Posts of the day before."""


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    """It begins when much was told: a minute ago what is told again now, and the rest long before."""

    def tell(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        for number in range(EARLIER):
            at = NOON - timedelta(hours=20, seconds=number)
            posts.insert(connection, a_post(str(number), f"Grain of harbour {number} leaves at dawn.", at=at), at)
        at = NOON - timedelta(minutes=1)
        said = a_post("said", SAID, at=at, language="en")
        id = posts.insert(connection, said, at)
        assert id
        posts.put_statements(connection, said, id, [Statement("petrov", "quote", SAID)])

    await database.write(tell)
    made = Reader(database, ROSTER, Meters())
    yield made
    made.close()


async def test_a_new_post_waits_for_what_it_may_repeat_and_not_for_the_rest(reader: Reader) -> None:
    wire = ROSTER.sources["wire"]
    (reading,) = await reader.read(wire, [a_post("new", AGAIN, at=NOON)], NOON)
    assert reading.twin == ("wire", "said")
    assert len(reader._texts) == AT_ONCE + 1
    (reading,) = await reader.read(wire, [a_post("late", AGAIN, at=NOON - timedelta(hours=9))], NOON)
    assert reading.twin is not None
    assert len(reader._texts) == EARLIER + 3


async def test_it_joins_its_story_while_the_past_is_being_read(reader: Reader) -> None:
    remembering = asyncio.create_task(reader.look_back(NOON))
    await asyncio.sleep(0)
    wire = ROSTER.sources["wire"]
    found = await asyncio.gather(
        *(reader.read(wire, [replace(a_post("new", AGAIN), external_id=str(number))], NOON) for number in range(-3, 0))
    )
    assert all(reading.twin for (reading,) in found)
    assert len(reader._texts) < EARLIER
    await remembering
    assert len(reader._texts) == EARLIER + 1 + 3
    await reader.read(wire, [a_post("next", "The harbour rests.")], NOON + timedelta(hours=17))
    assert len(reader._texts) == 1 + 3 + 1, "what was read last is the oldest, and goes first"
