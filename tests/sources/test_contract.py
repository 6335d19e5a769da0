"""What every source promises, whatever its platform."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Fetcher, Post, Source
from bot.sources import archive
from bot.sources.archive import Archive
from bot.sources.feed import Feed
from bot.sources.telegram_client import Connection, TelegramClient
from bot.sources.telegram_web import TelegramWeb
from bot.sources.x import X
from tests.far_ends.serving import Far
from tests.sources.mtproto import Client, RPCError

pytestmark = pytest.mark.anyio


@dataclass
class World:
    """A source, its fetcher, and how something happens at its far end; what is spoilt can be mended, but in a file."""

    fetcher: Fetcher
    source: Source
    post: Callable[..., None]
    spoil: Callable[[], None]
    mend: Callable[[], None] | None
    now: datetime

    async def poll(self, cursor: Cursor | None = None) -> Fetched:
        return await self.fetcher.fetch(self.source, cursor, self.now)


@pytest.fixture(params=["x", "telegram", "mtproto", "feed", "archive"])
async def world(
    request: pytest.FixtureRequest, far: Far, session: aiohttp.ClientSession, tmp_path: Path, now: datetime
) -> AsyncIterator[World]:
    kind = request.param
    if kind == "archive":
        yield archive_world(tmp_path, now)
        return
    if kind == "mtproto":
        yield mtproto_world(now)
        return
    fetchers: dict[str, tuple[Fetcher, str]] = {
        "x": (X(session, "token", far.url), "o_ivanenko"),
        "telegram": (TelegramWeb(session, far.url, gap=0), "p_petrov"),
        "feed": (Feed(session, gap=0), f"{far.url}/feed/wire"),
    }
    fetcher, address = fetchers[kind]
    name = address.rpartition("/")[2]

    def post(text: str, at: datetime) -> None:
        words = {"title": text} if kind == "feed" else {"text": text}
        far.post(kind, name, date=at.isoformat(), **words)

    def spoil() -> None:
        far.fault(status=503, times=-1)

    yield World(fetcher, Source("s", kind, address), post, spoil, far.ends.faults.clear, now)


def archive_world(folder: Path, now: datetime) -> World:
    path = folder / "day.jsonl"
    path.touch()

    def write(line: str) -> None:
        with path.open("a") as file:
            file.write(line + "\n")

    def post(text: str, at: datetime) -> None:
        write(archive.line(Post("s", text, "https://archive.example/1", at, text)))

    return World(Archive(folder), Source("s", "archive", path.name), post, lambda: write("{}"), None, now)


def mtproto_world(now: datetime) -> World:
    client = Client()

    async def connect(heard: Callable[[int], None]) -> Connection:
        return Connection(client, lambda id, hash: id, RPCError, lambda: None)

    def post(text: str, at: datetime) -> None:
        client.post(len(client.messages) + 1, message=text, date=at)

    def spoil() -> None:
        client.refuse, client.down = ConnectionError("down"), True

    def mend() -> None:
        client.refuse, client.down = None, False

    fetcher = TelegramClient(connect, lambda source: None)
    return World(fetcher, Source("s", "telegram", "some_channel"), post, spoil, mend, now)


def texts(fetched: Fetched) -> list[str]:
    return sorted(post.text for post in fetched.posts)


async def test_what_stands_there_is_fetched(world: World) -> None:
    world.post("first", world.now - timedelta(hours=2))
    world.post("second", world.now - timedelta(hours=1))
    fetched = await world.poll()
    assert texts(fetched) == ["first", "second"]
    assert {post.source for post in fetched.posts} == {"s"}
    assert len({post.external_id for post in fetched.posts}) == 2
    assert all(post.url.startswith("http") for post in fetched.posts)


async def test_times_are_aware_in_utc_and_never_lie_ahead(world: World) -> None:
    world.post("then", world.now - timedelta(hours=1))
    world.post("now", world.now)
    (now, then) = sorted((await world.poll()).posts, key=lambda post: post.text)
    assert then.published_at == world.now - timedelta(hours=1)
    assert now.published_at == world.now
    assert all(post.published_at.utcoffset() == timedelta(0) for post in (now, then))


async def test_an_empty_source_is_a_good_answer_and_its_first_post_is_found(world: World) -> None:
    fetched = await world.poll()
    assert fetched.posts == ()
    world.post("first", world.now)
    assert texts(await world.poll(fetched.cursor)) == ["first"]


async def test_with_its_cursor_a_source_gives_what_is_new_and_after_that_nothing(world: World) -> None:
    world.post("old", world.now - timedelta(hours=2))
    cursor = (await world.poll()).cursor
    world.post("new", world.now)
    fetched = await world.poll(cursor)
    assert "new" in texts(fetched)
    again = await world.poll(fetched.cursor)
    assert set(again.posts) <= set(fetched.posts)


async def test_polling_twice_from_one_cursor_gives_the_same(world: World) -> None:
    world.post("old", world.now - timedelta(hours=2))
    cursor = (await world.poll()).cursor
    world.post("new", world.now)
    assert texts(await world.poll(cursor)) == texts(await world.poll(cursor))


async def test_after_a_failure_the_old_cursor_still_finds_everything(world: World) -> None:
    world.post("old", world.now - timedelta(hours=2))
    cursor = (await world.poll()).cursor
    world.post("new", world.now)
    if world.mend is None:
        return  # a bad line stays bad; see test_archive
    world.spoil()
    with pytest.raises(FetchError) as failure:
        await world.poll(cursor)
    assert not failure.value.permanent
    world.mend()
    assert "new" in texts(await world.poll(cursor))


async def test_a_failure_is_a_fetch_error(world: World) -> None:
    world.spoil()
    with pytest.raises(FetchError):
        await world.poll()
    with pytest.raises(FetchError):
        await world.fetcher.resolve(world.source, world.now)


async def test_every_source_says_who_it_is(world: World) -> None:
    world.post("first", world.now)
    account: Any = await world.fetcher.resolve(world.source, world.now)
    assert account.title
    assert account.account_id.isdecimal() == (world.source.kind in ("x", "telegram"))
    assert (await world.poll()).account_id == account.account_id


async def test_every_cursor_survives_a_restart(world: World) -> None:
    world.post("old", world.now)
    cursor = (await world.poll()).cursor
    world.post("new", world.now)
    assert "new" in texts(await world.poll(Cursor(str(cursor))))


async def test_every_source_says_of_each_post_what_it_knows(world: World) -> None:
    world.post("first", world.now)
    (post,) = (await world.poll()).posts
    fates = await world.fetcher.confirm(world.source, [post], world.now)
    assert fates.keys() == {post.external_id}
    assert set(fates.values()) <= {"stands", "unsure"}
    assert await world.fetcher.confirm(world.source, [], world.now) == {}
