"""Channels through Telegram's own protocol, with Telethon's client in memory."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Post, Source
from bot.sources import telegram_client
from bot.sources.telegram_client import Connection, TelegramClient
from tests.sources.mtproto import Client, FloodWaitError, RPCError, install

pytestmark = pytest.mark.anyio

SOURCE = Source("s", "telegram", "@Some_Channel", language="uk")


class Channel:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.client = Client()
        self.released: list[bool] = []
        self.hurried: list[str] = []
        self.reader = TelegramClient(self._connect, self.hurried.append)

    async def _connect(self, heard: Callable[[int], None]) -> Connection:
        self.heard = heard
        return Connection(self.client, lambda id, hash: (id, hash), RPCError, lambda: self.released.append(True))

    async def poll(self, cursor: Cursor | None = None, later: float = 0) -> Fetched:
        return await self.reader.fetch(SOURCE, cursor, self.now + timedelta(seconds=later))

    async def refused(self, cursor: Cursor | None = None, later: float = 0) -> FetchError:
        with pytest.raises(FetchError) as failure:
            await self.poll(cursor, later)
        return failure.value


@pytest.fixture
def channel(now: datetime) -> Channel:
    return Channel(now)


def ids(fetched: Fetched) -> list[int]:
    return sorted(int(post.external_id) for post in fetched.posts)


async def test_a_message_is_the_post_that_the_preview_shows(channel: Channel) -> None:
    channel.client.post(7, message="Слова \nі ще", date=datetime(2022, 3, 14, 12, tzinfo=UTC))
    fetched = await channel.poll()
    assert fetched.posts == (Post("s", "7", "https://t.me/Some_Channel/7", channel.now, "Слова\nі ще", language="uk"),)
    assert (fetched.title, fetched.account_id, fetched.covered) == ("A channel", "1413275904", (7, 7))


async def test_the_channel_is_resolved_once_and_read_by_its_number(channel: Channel) -> None:
    channel.client.post(1)
    cursor = (await channel.poll()).cursor
    await channel.poll(cursor)
    assert channel.client.resolved == ["some_channel"]
    assert [asked["peer"] for asked in channel.client.asked] == [(1413275904, 77)] * 2


async def test_the_first_look_takes_the_newest_and_the_next_all_that_came_since(channel: Channel) -> None:
    channel.client.post(*range(1, 101))
    first = await channel.poll()
    assert (ids(first), first.covered) == (list(range(51, 101)), (51, 100))
    channel.client.post(*range(101, 251))
    channel.client.post(90, message="Changed")
    second = await channel.poll(first.cursor)
    assert (ids(second), second.covered) == (list(range(101, 251)), (101, 250))
    third = await channel.poll(second.cursor)
    assert (ids(third), third.covered) == (list(range(201, 251)), (201, 250))


async def test_more_than_one_poll_may_read_is_left_to_the_next_ones(channel: Channel) -> None:
    channel.client.post(1)
    cursor = (await channel.poll()).cursor
    channel.client.post(*range(2, 1202))
    seen: set[int] = set()
    for covered in ((1152, 1201), (1152, 1201), (1002, 1201)):
        fetched = await channel.poll(cursor)
        cursor = fetched.cursor
        seen |= set(ids(fetched))
        assert fetched.covered == covered
    assert seen == set(range(2, 1202))


async def test_what_is_gone_from_the_span_may_be_deleted(channel: Channel) -> None:
    channel.client.post(1, 2, 3)
    cursor = (await channel.poll()).cursor
    del channel.client.messages[3]
    fetched = await channel.poll(cursor)
    assert (ids(fetched), fetched.covered) == ([1, 2], (1, 3))


async def test_an_album_is_one_post_with_whichever_text_it_has(channel: Channel) -> None:
    channel.client.post(1, 3, grouped_id=5, photo=object(), message="")
    channel.client.post(2)
    channel.client.post(4, grouped_id=5, video=object(), message="Caption")
    fetched = await channel.poll()
    album = next(post for post in fetched.posts if post.external_id == "1")
    assert (album.text, album.media) == ("Caption", ("photo", "photo", "video"))
    assert (ids(fetched), fetched.members) == ([1, 2], ("3", "4"))


async def test_an_album_whose_first_member_is_deleted_is_the_same_album(channel: Channel) -> None:
    channel.client.post(1, 2, grouped_id=5, photo=object())
    cursor = (await channel.poll()).cursor
    del channel.client.messages[1]
    fetched = await channel.poll(cursor)
    assert (ids(fetched), fetched.members) == ([1], ("2",))


async def test_an_album_is_not_taken_apart_where_a_look_ends(channel: Channel) -> None:
    channel.client.post(*range(1, 10))
    channel.client.post(10, 11, 12, grouped_id=5, photo=object())
    channel.client.post(*range(13, 61))
    first = await channel.poll()
    assert ids(first) == list(range(13, 61))
    cursor = Cursor(json.dumps({**json.loads(first.cursor), "last": 9}))
    assert ids(await channel.poll(cursor)) == [10, *range(13, 61)]
    channel.client.post(508, 509, 510, grouped_id=6, photo=object())
    channel.client.post(*range(61, 508), *range(511, 700))
    cursor = Cursor(json.dumps({**json.loads(first.cursor), "last": 8}))
    assert json.loads((await channel.poll(cursor)).cursor)["last"] == 507


async def test_only_recent_albums_are_remembered(channel: Channel) -> None:
    for number in range(1, 50):
        channel.client.post(number, grouped_id=number, photo=object())
    assert list(json.loads((await channel.poll()).cursor)["groups"]) == [str(number) for number in range(10, 50)]


async def test_what_telegram_notes_by_itself_stands_without_a_post(channel: Channel) -> None:
    channel.client.post(1, action=object(), message=None)
    channel.client.post(2)
    fetched = await channel.poll()
    assert (ids(fetched), fetched.members) == ([2], ("1",))


async def test_forwards_replies_and_edits_are_marked(channel: Channel) -> None:
    at = channel.now + timedelta(hours=1)
    forward = SimpleNamespace(chat=SimpleNamespace(title="Another"), from_name=None, post_author="J.")
    hidden = SimpleNamespace(chat=None, from_name="Somebody", post_author=None)
    channel.client.post(1, forward=forward, reply_to=object())
    channel.client.post(2, forward=hidden)
    channel.client.post(3, reply_to=object(), edit_date=at)
    channel.client.post(4, edit_date=at, edit_hide=True)
    posts = (await channel.poll()).posts
    assert [(post.kind, post.author) for post in posts[:2]] == [("forward", "Another (J.)"), ("forward", "Somebody")]
    assert [(post.kind, post.edited_at) for post in posts[2:]] == [("reply", at), ("post", None)]


async def test_a_poll_is_its_question_and_options_and_what_we_cannot_name_is_a_gap(channel: Channel) -> None:
    answers = [SimpleNamespace(text="Yes"), SimpleNamespace(text=SimpleNamespace(text="No"))]
    poll = SimpleNamespace(poll=SimpleNamespace(question=SimpleNamespace(text="Peace?"), answers=answers))
    channel.client.post(1, poll=poll, message="")
    channel.client.post(2, message=None)
    channel.client.post(3, video_note=object(), message="")
    channel.client.post(4, photo=object(), web_preview=object())
    poll_post, unknown, round_video, link = (await channel.poll()).posts
    assert link.media == ()
    assert (poll_post.text, poll_post.media) == ("Peace?\n• Yes\n• No", ("poll",))
    assert (unknown.media, round_video.media) == (("unsupported",), ("round_video",))


# --- coming from the preview, and going back to it


async def test_what_the_preview_left_off_at_is_gone_on_from(channel: Channel) -> None:
    channel.client.post(*range(1, 201))
    web = {"name": "some_channel", "last": 100, "last_at": 5, "channel": "1413275904", "looked_back": 5}
    assert ids(await channel.poll(Cursor(json.dumps(web)))) == list(range(101, 201))
    stretch = {**web, "after": 90, "before": 95}
    assert ids(await channel.poll(Cursor(json.dumps(stretch)))) == list(range(91, 201))


async def test_another_name_in_config_begins_anew(channel: Channel) -> None:
    channel.client.post(1)
    cursor = (await channel.poll()).cursor
    await channel.reader.fetch(replace(SOURCE, address="other"), cursor, channel.now)
    assert channel.client.resolved == ["some_channel", "other"]


# --- what is refused


async def test_a_look_says_whose_channel_it_is(channel: Channel) -> None:
    channel.client.post(1)
    assert (await channel.poll()).account_id == "1413275904"
    pinned = replace(SOURCE, account_id="5")
    left_off = json.dumps({"name": "some_channel", "channel": 1413275904, "hash": 7, "last": 1})
    await channel.reader.fetch(pinned, Cursor(left_off), channel.now)
    assert channel.client.resolved == ["some_channel"] * 2
    posts = [Post("s", "2", "", channel.now, "Words")]
    assert await channel.reader.confirm(pinned, posts, channel.now) == {"2": "unsure"}


async def test_a_person_or_a_group_is_no_channel(channel: Channel) -> None:
    channel.client.entity.broadcast = False
    assert "is no channel" in (await channel.refused()).reason


async def test_no_posts_where_there_were_some_is_an_alarm(channel: Channel) -> None:
    assert (await channel.poll()).posts == ()
    channel.client.post(1)
    cursor = (await channel.poll((await channel.poll()).cursor)).cursor
    channel.client.messages.clear()
    assert (await channel.refused(cursor)).reason.startswith("empty")


async def test_after_a_flood_wait_nothing_is_asked_until_it_is_over(channel: Channel) -> None:
    channel.client.refuse = FloodWaitError(300)
    until = channel.now + timedelta(seconds=300)
    assert (await channel.refused()).retry_at == until
    error = await channel.refused(later=299)
    assert (error.reason, error.retry_at) == ("Telegram wants us to wait", until)
    assert (await channel.poll(later=-86400)).posts == ()
    assert (await channel.poll(later=300)).posts == ()


async def test_what_only_a_person_can_mend_is_permanent_and_says_how(channel: Channel) -> None:
    channel.client.refuse = type("AuthKeyDuplicatedError", (RPCError,), {})()
    error = await channel.refused()
    assert error.permanent
    assert "log in anew" in error.reason
    lost = asyncio.IncompleteReadError(b"HTTP/1.1", 99)  # a proxy that speaks something else
    for failure in (RPCError("odd"), ConnectionError("lost"), ValueError("no such name"), TimeoutError(), lost):
        channel.client.refuse = failure
        assert not (await channel.refused()).permanent


async def test_a_post_is_deleted_when_telegram_gives_nothing_for_its_id(channel: Channel) -> None:
    channel.client.post(*range(1, 151))
    del channel.client.messages[7]
    posts = [Post("s", str(id), "", channel.now, "") for id in range(1, 151)]
    fates = await channel.reader.confirm(SOURCE, [*posts, Post("s", "odd", "", channel.now, "")], channel.now)
    assert {id: fate for id, fate in fates.items() if fate != "stands"} == {"7": "deleted", "odd": "unsure"}
    assert [len(asked["ids"]) for asked in channel.client.asked] == [100, 50]


async def test_history_goes_back_to_a_date_the_newest_first(channel: Channel) -> None:
    for id in range(1, 301):
        channel.client.post(id, date=channel.now + timedelta(hours=id), grouped_id=9 if id in (200, 201, 202) else None)
    since = channel.now + timedelta(hours=51)
    pages = [page async for page in channel.reader.history(SOURCE, since, channel.now)]
    assert [ids(page) for page in pages] == [
        [*range(203, 301)],
        [*range(103, 201)],
        [*range(51, 103)],
    ]
    assert {page.covered for page in pages} == {None}
    again = [page async for page in channel.reader.history(SOURCE, since, channel.now, pages[0].cursor)]
    assert [ids(page) for page in again] == [ids(page) for page in pages[1:]]
    assert channel.client.asked[-1]["max_id"] == 103


async def test_history_ends_where_the_channel_began(channel: Channel) -> None:
    channel.client.post(1, 2)
    pages = [page async for page in channel.reader.history(SOURCE, channel.now - timedelta(days=900), channel.now)]
    assert [ids(page) for page in pages] == [[1, 2]]


async def test_resolve_gives_title_and_number(channel: Channel) -> None:
    account = await channel.reader.resolve(SOURCE, channel.now)
    assert (account.title, account.account_id) == ("A channel", "1413275904")


# --- the connection


async def test_an_event_hurries_the_source_of_its_channel(channel: Channel) -> None:
    await channel.poll()
    channel.heard(1413275904)
    channel.heard(5)
    assert channel.hurried == ["s"]


async def test_the_session_is_given_back_once(channel: Channel) -> None:
    await channel.reader.close()
    await channel.poll()
    await channel.reader.close()
    await channel.reader.close()
    assert channel.released == [True]


@pytest.fixture
def telethon(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()
    install(monkeypatch, client)
    return client


async def opened(tmp_path: Path, session: str = "a session", heard: Callable[[int], None] = print) -> Connection:
    return await telegram_client.connect(1, "hash", session, tmp_path / "session.lock", heard)


async def test_one_process_has_the_session(telethon: Client, tmp_path: Path) -> None:
    connection = await opened(tmp_path)
    assert telethon.connected
    with pytest.raises(FetchError, match="another process uses Telegram's session"):
        await opened(tmp_path)
    connection.release()
    (await opened(tmp_path)).release()


async def test_a_session_that_does_not_work_gives_the_lock_back(telethon: Client, tmp_path: Path) -> None:
    telethon.authorized = False
    with pytest.raises(FetchError, match="is not logged in") as failure:
        await opened(tmp_path)
    assert (failure.value.permanent, telethon.connected) == (True, False)
    telethon.authorized = True
    with pytest.raises(FetchError, match="cannot be used: Not a valid string"):
        await opened(tmp_path, "junk")
    (await opened(tmp_path)).release()


async def test_events_of_channels_are_heard(telethon: Client, tmp_path: Path) -> None:
    heard: list[int] = []
    (await opened(tmp_path, heard=heard.append)).release()
    assert [event for _, event in telethon.handlers] == ["new", "edited", "deleted"]
    hear = telethon.handlers[0][0]
    new = SimpleNamespace(message=SimpleNamespace(peer_id=SimpleNamespace(channel_id=5)), original_update=None)
    deleted = SimpleNamespace(original_update=SimpleNamespace(channel_id=6))
    of_a_person = SimpleNamespace(original_update=SimpleNamespace())
    for event in (new, deleted, of_a_person):
        await hear(event)
    assert heard == [5, 6]


async def test_without_telethon_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "telethon", None)
    with pytest.raises(FetchError, match=r"pip install \"parley-monitor\[mtproto\]\"") as failure:
        await opened(tmp_path)
    assert failure.value.permanent


async def test_a_session_is_one_process_s_whatever_its_database(telethon: Client) -> None:
    locks = {telegram_client.lock_of(session) for session in ("one", "one", "two")}
    assert len(locks) == 2
    assert not any("one" in str(lock) for lock in locks)


async def test_a_lock_that_is_not_ours_is_not_followed(telethon: Client, tmp_path: Path) -> None:
    (tmp_path / "dear").write_text("dear")
    (tmp_path / "session.lock").symlink_to(tmp_path / "dear")
    with pytest.raises(FetchError, match="another user of this computer may use the session"):
        await opened(tmp_path)
    assert (tmp_path / "dear").read_text() == "dear"


async def login() -> str:
    return await telegram_client.login(1, "hash", lambda question: question[:5], lambda question: question[:4])


async def test_login_asks_and_gives_a_session(telethon: Client) -> None:
    assert await login() == "a session"
    assert telethon.answers == ["Phone", "Code", "Pass"]
    assert not telethon.connected


@pytest.mark.parametrize(
    "failure", [FloodWaitError(50), ConnectionError(), RuntimeError("5 attempts"), asyncio.IncompleteReadError(b"", 9)]
)
async def test_a_login_that_fails_says_why(telethon: Client, failure: Exception) -> None:
    telethon.refuse = failure
    with pytest.raises(FetchError, match="Telegram does not log in: "):
        await login()
    assert not telethon.connected


async def test_a_bot_is_no_account(telethon: Client) -> None:
    telethon.is_bot = True
    with pytest.raises(FetchError, match="that is a bot"):
        await login()
    assert telethon.logged_out


async def test_without_telethon_nobody_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "telethon", None)
    with pytest.raises(FetchError, match=r"pip install \"parley-monitor\[mtproto\]\""):
        await login()
