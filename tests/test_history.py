"""Posts of the past: what of them is stored, that nobody is told, and what a failure leaves."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import history
from bot.errors import ParleyError, StoreError
from bot.history.readers import Readers
from bot.models import Follow, Post
from bot.store import search
from bot.store.database import Database
from bot.words import query
from bot.words import search as words_search
from tests.collecting import World
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = World(database)
    yield made
    await made.close()


async def keep(database: Database, batches: Iterator[Sequence[Post]] | list[list[Post]]) -> list[tuple[int, int]]:
    return [(kept.size, kept.new) async for kept in history.keep(database, ROSTER, batches, NOON, 2)]


async def test_history_is_taken_in_without_a_word(world: World) -> None:
    world.subscribe(Follow("all"), watch="переговоры")
    found = [a_post("1", "“We go on,” Petrov said."), a_post("2", "Переговоры идут.", "petrov-telegram")]
    assert await world.take_in(*found) == 2
    assert await world.take_in(*found) == 0
    assert world.texts() == []
    told = {one.post.external_id: one for one in world.all()}
    assert [(said.speaker, said.kind) for said in told["1"].statements] == [("petrov", "quote")]
    assert [(said.speaker, said.kind) for said in told["2"].statements] == [("petrov", "own")]
    assert (told["1"].post.language, told["2"].post.language) == ("en", "ru")


async def test_history_is_read_as_a_poll_reads(world: World) -> None:
    texts = ["“We go on,” Petrov said.", "Ніхто не говорить.", "#Мир: Петров: переговоры идут", ""]
    await world.poll(*[a_post(f"p{number}", text) for number, text in enumerate(texts)])
    await world.take_in(*[a_post(f"h{number}", text) for number, text in enumerate(texts)])
    for number in range(len(texts)):
        polled, taken = world.stored(f"p{number}"), world.stored(f"h{number}")
        assert taken.statements == polled.statements
        assert taken.post.language == polled.post.language
    for words in ("petrov", "переговоры", "#мир"):
        wanted = query.parse(words)
        hits = world.database.read(search.find, words_search.expression(wanted), lambda _: True, limit=99)
        found = sorted(hit.telling.post.external_id for hit in hits)
        assert found
        assert [name.replace("h", "p") for name in found if name[0] == "h"] == [
            name for name in found if name[0] == "p"
        ]


async def test_what_an_archive_knows_of_the_past_stays(world: World) -> None:
    hour = timedelta(hours=1)
    post = replace(a_post("1", "Sample."), seen_at=NOON - 3 * hour, edited_at=NOON - 2 * hour, deleted_at=NOON - hour)
    await world.take_in(post)
    stored = world.stored("1").post
    assert (stored.seen_at, stored.edited_at, stored.deleted_at) == (post.seen_at, post.edited_at, post.deleted_at)
    assert stored.fate == "deleted"


async def test_batches_come_in_order_however_many_are_read_at_once(database: Database, world: World) -> None:
    batches = [[a_post(f"{batch}-{number}", "Sample.") for number in range(batch % 3 + 1)] for batch in range(9)]
    assert await keep(database, batches) == [(len(batch), len(batch)) for batch in batches]
    assert [one.post.external_id for one in world.all()] == [post.external_id for batch in batches for post in batch]


async def test_what_stood_before_a_mistake_is_stored(database: Database, world: World) -> None:
    def batches() -> Iterator[list[Post]]:
        yield [a_post("1", "Sample.")]
        raise ParleyError("line 2 is no post")

    with pytest.raises(ParleyError, match="line 2"):
        await keep(database, batches())
    assert [one.post.external_id for one in world.all()] == ["1"]


async def test_a_post_in_two_batches_is_one(database: Database, world: World) -> None:
    post = a_post("1", "Sample.")
    assert await keep(database, [[post], [post]]) == [(1, 1), (1, 0)]


async def test_a_reader_that_dies_is_named(database: Database) -> None:
    async with Readers(database.path, ROSTER, NOON, 1) as readers:
        await readers.read([a_post("1", "Sample.")])
        (pid,) = [int(name) for name in _children()]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ParleyError, match="a process that read posts ended with -9"):
            await readers.read([a_post("2", "Sample.")])


async def test_what_a_reader_cannot_look_up_is_said_as_the_store_says_it(tmp_path: Path) -> None:
    async with Readers(tmp_path / "other.db", ROSTER, NOON, 1) as readers:
        for _ in range(2):
            with pytest.raises(StoreError, match=r"other\.db: no such table: posts; is it a database of Parley\?"):
                await readers.read([a_post("1", "Sample.")])
        assert len(_children()) == 1


async def test_no_reader_outlives_its_room(database: Database) -> None:
    async with Readers(database.path, ROSTER, NOON, 2) as readers:
        await asyncio.gather(*(readers.read([a_post(str(number), "Sample.")]) for number in range(3)))
        assert len(_children()) == 2
    assert _children() == []


def _children() -> list[str]:
    """The numbers of the processes that we began and that have not ended."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
