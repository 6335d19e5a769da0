"""Channels over HTTP: what is asked, in which order, and what is believed."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Source
from bot.sources.telegram_web import TelegramWeb
from tests.far_ends.previews import page
from tests.far_ends.serving import Far

pytestmark = pytest.mark.anyio

SOURCE = Source("s", "telegram", "some_channel", language="uk")


@pytest.fixture
def channel(far: Far, session: aiohttp.ClientSession, now: datetime) -> "Channel":
    return Channel(far, TelegramWeb(session, far.url, "op@example.org", gap=0, pages=4), now)


class Channel:
    """A channel at the far end, and our reader of it."""

    def __init__(self, far: Far, reader: TelegramWeb, now: datetime) -> None:
        self.far, self.reader, self.now = far, reader, now

    def post(self, *ids: int, **what: Any) -> None:
        for id in ids:
            self.far.post("telegram", "Some_Channel", id=id, **{"text": f"Post {id}", **what})

    async def poll(self, cursor: Cursor | None = None) -> Fetched:
        return await self.reader.fetch(SOURCE, cursor, self.now)

    async def refused(self, cursor: Cursor | None = None) -> FetchError:
        with pytest.raises(FetchError) as failure:
            await self.poll(cursor)
        return failure.value

    def asked(self) -> list[str]:
        return [request["query"].get("before", "") for request in self.far.requests("/s/")]


def ids(fetched: Fetched) -> list[int]:
    return sorted(int(post.external_id) for post in fetched.posts)


async def test_the_first_look_takes_the_newest_page(channel: Channel) -> None:
    channel.post(*range(1, 101))
    fetched = await channel.poll()
    assert ids(fetched) == list(range(81, 101))
    assert channel.asked() == [""]
    assert fetched.title == "Some_Channel"


async def test_the_newest_page_is_read_again_each_time_so_that_edits_show(channel: Channel) -> None:
    channel.post(1, 2)
    cursor = (await channel.poll()).cursor
    channel.post(1, text="Changed")
    fetched = await channel.poll(cursor)
    assert {post.external_id: post.text for post in fetched.posts} == {"1": "Changed", "2": "Post 2"}
    assert fetched.cursor == cursor


async def test_after_a_pause_pages_are_read_back_to_the_last_known_id(channel: Channel) -> None:
    channel.post(*range(1, 21))
    cursor = (await channel.poll()).cursor
    channel.post(*range(21, 76))
    fetched = await channel.poll(cursor)
    assert ids(fetched) == list(range(16, 76))
    assert channel.asked()[1:] == ["", "56", "36"]
    assert (await channel.poll(fetched.cursor)).cursor == fetched.cursor


async def test_ids_are_sparse_and_the_last_known_one_may_be_gone(channel: Channel) -> None:
    channel.post(*range(100, 120))
    cursor = (await channel.poll()).cursor
    channel.post(119, delete=True, text="")
    channel.post(*range(200, 440, 10))
    fetched = await channel.poll(cursor)
    assert ids(fetched)[-24:] == list(range(200, 440, 10))
    assert json.loads(fetched.cursor)["last"] == 430
    assert "before" not in json.loads(fetched.cursor)


async def test_more_than_one_poll_may_read_is_left_to_the_next_ones(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 302))
    seen: set[int] = set()
    for left in (True, True, True, False):
        fetched = await channel.poll(cursor)
        cursor = fetched.cursor
        seen |= set(ids(fetched))
        assert ("before" in json.loads(cursor)) == left
    assert seen == set(range(2, 302))


async def test_posts_that_come_while_older_ones_are_still_to_be_read_are_not_lost(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 152))
    fetched = await channel.poll(cursor)
    seen = set(ids(fetched))
    channel.post(*range(152, 202))
    while "before" in json.loads(fetched.cursor):
        fetched = await channel.poll(fetched.cursor)
        seen |= set(ids(fetched))
    assert seen == set(range(2, 202))


async def test_a_failure_on_an_older_page_keeps_what_was_read_and_remembers_the_rest(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 62))
    channel.far.fault("/s/", skip=2, status=429, headers={"Retry-After": "60"})
    fetched = await channel.poll(cursor)
    assert ids(fetched) == list(range(22, 62))
    assert fetched.next_at == channel.now + timedelta(seconds=60)
    assert ids(await channel.poll(fetched.cursor))[:20] == list(range(2, 22))


async def test_the_before_link_may_be_missing(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 42))
    html = page(channel.far.ends.channel("some_channel"), {})
    channel.far.fault("/s/", body=html.replace("js-messages_more", "x").replace('rel="prev"', 'rel="x"'))
    assert ids(await channel.poll(cursor)) == list(range(2, 42))


async def test_albums_count_for_their_members(channel: Channel) -> None:
    channel.post(1, media=["photo"] * 10)
    cursor = (await channel.poll()).cursor
    assert json.loads(cursor)["last"] == 10
    channel.post(11)
    await channel.poll(cursor)
    assert channel.asked() == ["", ""]


# --- what is not believed


@pytest.mark.parametrize(
    ("state", "words", "permanent"),
    [
        ("preview_off", "preview off", True),
        ("withheld", "withheld", True),
        ("restricted", "restricted", True),
        ("group", "group", True),
        ("person", "person", True),
        ("private", "private", True),
        ("absent", "not there", False),
        ("front_page", "front page", False),
    ],
)
async def test_each_page_in_place_of_a_preview_is_named(
    channel: Channel, state: str, words: str, permanent: bool
) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.far.account("telegram", "some_channel", state=state)
    error = await channel.refused(cursor)
    assert error.reason.startswith(words)
    assert error.permanent == permanent


@pytest.mark.parametrize("body", ["<html><title>Just a moment...</title></html>", "", "\0\xff", "{}"])
async def test_a_page_of_nobody_knows_whom_is_a_failure(channel: Channel, body: str) -> None:
    channel.far.fault(body=body)
    assert (await channel.refused()).reason.startswith("unknown page")


@pytest.mark.parametrize("cut", [3000, 9000, 15000])
async def test_a_truncated_page_is_not_believed(channel: Channel, cut: int) -> None:
    channel.post(*range(1, 21))
    channel.far.fault(cut=cut)
    error = await channel.refused()
    assert not error.permanent
    assert error.reason.startswith(("cut off", "unknown page"))


async def test_a_connection_that_breaks_is_a_failure_for_now(channel: Channel) -> None:
    channel.post(*range(1, 21))
    channel.far.fault(cut=3000, drop=True)
    assert not (await channel.refused()).permanent
    channel.far.fault(drop=True, times=-1)
    assert not (await channel.refused()).permanent


async def test_no_posts_where_there_were_some_is_an_alarm(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(1, delete=True)
    assert (await channel.refused(cursor)).reason.startswith("empty")


async def test_posts_that_cannot_be_read_at_all_are_an_alarm(channel: Channel) -> None:
    channel.post(1)
    html = page(channel.far.ends.channel("some_channel"), {})
    channel.far.fault(body=html.replace("<time datetime", "<time data"))
    assert (await channel.refused()).reason.startswith("not understood")


async def test_one_post_that_cannot_be_read_does_not_hide_the_others(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    channel.post(1, 2)
    html = page(channel.far.ends.channel("some_channel"), {})
    channel.far.fault(body=html.replace("<time datetime", "<time data", 1))
    assert ids(await channel.poll()) == [2]
    assert "1 of 2 posts" in caplog.text


async def test_a_refusal_by_status_waits_as_it_is_told(channel: Channel) -> None:
    channel.far.fault(status=429, headers={"Retry-After": "120"})
    error = await channel.refused()
    assert (error.permanent, error.retry_at) == (False, channel.now + timedelta(seconds=120))


# --- whose channel it is


async def test_another_channel_under_the_same_name_stops_the_source(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.far.account("telegram", "some_channel", number=42)
    error = await channel.refused(cursor)
    assert error.permanent
    assert error.reason.startswith("another channel")


async def test_the_number_in_config_is_the_one_that_counts(channel: Channel) -> None:
    channel.post(1)
    channel.far.account("telegram", "some_channel", number=42)
    pinned = replace(SOURCE, account_id="42")
    assert (await channel.reader.fetch(pinned, None, channel.now)).account_id == "42"
    with pytest.raises(FetchError, match="another channel"):
        await channel.reader.fetch(replace(SOURCE, account_id="43"), None, channel.now)


async def test_another_name_in_config_begins_anew(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.far.post("telegram", "other", id=1, text="Elsewhere")
    fetched = await channel.reader.fetch(replace(SOURCE, address="other"), cursor, channel.now)
    assert [post.text for post in fetched.posts] == ["Elsewhere"]


async def test_resolve_gives_title_and_number(channel: Channel) -> None:
    channel.post(1)
    account = await channel.reader.resolve(SOURCE, channel.now)
    assert (account.title, account.account_id.isdecimal(), account.note) == ("Some_Channel", True, "")


async def test_an_empty_channel_has_no_number_yet(channel: Channel) -> None:
    account = await channel.reader.resolve(SOURCE, channel.now)
    assert (account.account_id, account.note[:12]) == ("", "no posts yet")


# --- manners


async def test_we_say_who_asks_and_in_which_language(channel: Channel) -> None:
    await channel.poll()
    (request,) = channel.far.requests("/s/")
    assert request["headers"]["User-Agent"] == "Parley (+op@example.org)"
    assert request["headers"]["Accept-Language"] == "en"
    assert "Cookie" not in request["headers"]


async def test_a_second_host_is_asked_if_the_first_cannot_be_reached(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    reader = TelegramWeb(session, "http://127.0.0.1:1", gap=0)
    reader._hosts.append(far.url)
    far.post("telegram", "some_channel", text="Words")
    assert len((await reader.fetch(SOURCE, None, now)).posts) == 1


async def test_a_host_that_answers_badly_is_not_gone_round(channel: Channel) -> None:
    channel.reader._hosts.append("http://127.0.0.1:1")
    channel.far.fault(cut=300, drop=True)
    assert "broke off" in (await channel.refused()).reason


def test_telegrams_own_host_has_a_twin() -> None:
    assert hosts("https://t.me/") == ["https://t.me", "https://telegram.me"]
    assert hosts("http://127.0.0.1:9") == ["http://127.0.0.1:9"]


def hosts(base_url: str) -> Iterable[str]:
    return TelegramWeb(None, base_url)._hosts  # type: ignore[arg-type]


async def test_a_poll_of_the_past_gives_times_in_utc(channel: Channel) -> None:
    channel.post(1, date="2022-03-14T15:00:00+03:00")
    (post,) = (await channel.poll()).posts
    assert post.published_at == datetime(2022, 3, 14, 12, tzinfo=UTC)
