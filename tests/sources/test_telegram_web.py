"""Channels over HTTP: what is asked, in which order, and what is believed."""

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fate, Fetched, Post, Source
from bot.sources.telegram_web import TelegramWeb
from tests.far_ends.previews import Channel as FarChannel
from tests.far_ends.previews import embed, page
from tests.far_ends.serving import Far, serve

pytestmark = pytest.mark.anyio

SOURCE = Source("s", "telegram", "some_channel", language="uk")
EMPTY = page(FarChannel("some_channel"), {})


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

    async def poll(self, cursor: Cursor | None = None, later: float = 0) -> Fetched:
        return await self.reader.fetch(SOURCE, cursor, self.now + timedelta(seconds=later))

    async def fates(self, *ids: int | str, **what: Any) -> Mapping[str, Fate]:
        posts = [Post("s", str(id), "", self.now, "Words", **what) for id in ids]
        return await self.reader.confirm(SOURCE, posts, self.now)

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
    assert ids(await channel.poll(fetched.cursor, later=60))[:20] == list(range(2, 22))


async def test_the_before_link_may_be_missing(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 42))
    html = page(channel.far.ends.channel("some_channel"), {})
    channel.far.fault("/s/", body=html.replace("js-messages_more", "x").replace('rel="prev"', 'rel="x"'))
    assert ids(await channel.poll(cursor)) == list(range(2, 42))


async def test_what_is_too_much_even_for_many_polls_is_given_up_and_said(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    channel = Channel(far, TelegramWeb(session, far.url, gap=0, pages=2, backlog=4), now)
    at = now - timedelta(hours=9)
    channel.post(1, date=at.isoformat())
    cursor = (await channel.poll()).cursor
    for id in range(2, 302):
        channel.post(id, date=(at + timedelta(minutes=id)).isoformat())
    first = await channel.poll(cursor)
    assert first.gap is None
    second = await channel.poll(first.cursor)
    assert second.gap == (at, at + timedelta(minutes=202))
    assert "before" not in json.loads(second.cursor)
    third = await channel.poll(second.cursor)
    assert (third.gap, len(third.posts)) == (None, 20)


async def test_a_page_that_can_never_be_read_is_given_up_in_the_end(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    channel = Channel(far, TelegramWeb(session, far.url, gap=0, pages=2, backlog=3), now)
    channel.post(1, date=(now - timedelta(days=1)).isoformat())
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 42), date=now.isoformat())
    seen = []
    for _ in range(3):
        far.fault("/s/", skip=1, body="<html>?</html>")
        fetched = await channel.poll(cursor)
        cursor = fetched.cursor
        seen.append(fetched.gap)
    assert seen == [None, None, (now - timedelta(days=1), now)]


async def test_the_first_posts_of_an_empty_channel_are_all_read(channel: Channel) -> None:
    cursor = (await channel.poll()).cursor
    channel.post(*range(3, 43))
    assert ids(await channel.poll(cursor)) == list(range(3, 43))


async def test_a_cursor_of_an_older_version_goes_on_where_it_was(channel: Channel) -> None:
    channel.post(*range(1, 101))
    fetched = await channel.poll(Cursor('{"last": 100, "name": "some_channel", "after": 20, "before": 61}'))
    assert ids(fetched) == [*range(1, 61), *range(81, 101)][20:]
    assert fetched.gap is None


async def test_albums_count_for_their_members(channel: Channel) -> None:
    channel.post(1, media=["photo"] * 10)
    cursor = (await channel.poll()).cursor
    assert json.loads(cursor)["last"] == 10
    channel.post(11)
    await channel.poll(cursor)
    assert channel.asked() == ["", ""]


# --- what stands, and what may be gone


async def test_the_newest_page_shows_everything_between_its_lowest_id_and_the_highest_ever_seen(
    channel: Channel,
) -> None:
    channel.post(*range(1, 41))
    first = await channel.poll()
    assert first.covered == (21, 40)
    channel.post(39, 40, delete=True)
    channel.post(30, delete=True)
    second = await channel.poll(first.cursor)
    assert second.covered == (18, 40)
    assert {30, 39, 40}.isdisjoint(ids(second))


async def test_pages_that_follow_each_other_show_one_span(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 62))
    assert (await channel.poll(cursor)).covered == (2, 61)


async def test_a_page_from_further_back_adds_nothing_to_the_span(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 302))
    fetched = await channel.poll(cursor)
    assert fetched.covered == (202, 301)
    assert (await channel.poll(fetched.cursor)).covered == (282, 301)


async def test_a_page_with_posts_that_cannot_be_read_shows_no_span(channel: Channel) -> None:
    channel.post(1, 2)
    html = page(channel.far.ends.channel("some_channel"), {})
    channel.far.fault(body=html.replace("<time datetime", "<time data", 1))
    assert (await channel.poll()).covered is None
    channel.post(*range(3, 50))
    cursor = (await channel.poll()).cursor
    channel.post(*range(50, 90))
    html = page(channel.far.ends.channel("some_channel"), {"before": "70"})
    channel.far.fault(skip=1, body=html.replace("<time datetime", "<time data", 1))
    assert (await channel.poll(cursor)).covered == (70, 89)


async def test_a_page_that_is_not_the_newest_says_nothing_of_what_lies_above(channel: Channel) -> None:
    channel.post(*range(1, 41))
    cursor = (await channel.poll()).cursor
    channel.far.fault(body=page(channel.far.ends.channel("some_channel"), {"before": "31"}))
    assert (await channel.poll(cursor)).covered == (11, 30)


async def test_members_of_an_album_stand_without_a_post_of_their_own(channel: Channel) -> None:
    channel.post(1)
    channel.post(2, media=["photo"] * 3)
    channel.post(5)
    fetched = await channel.poll()
    assert (ids(fetched), fetched.members, fetched.covered) == ([1, 2, 5], ("3", "4"), (1, 5))


async def test_a_foreign_post_may_stand_between_the_members_of_an_album(channel: Channel) -> None:
    channel.post(820, media=["photo"] * 2)
    channel.post(821)
    html = page(channel.far.ends.channel("some_channel"), {}).replace("821?single", "822?single")
    channel.far.fault(body=html)
    fetched = await channel.poll()
    assert (ids(fetched), fetched.members) == ([820, 821], ("822",))


async def test_an_album_whose_first_member_is_deleted_is_the_same_album(channel: Channel) -> None:
    channel.post(10, media=["photo"] * 3)
    cursor = (await channel.poll()).cursor
    channel.post(10, delete=True)
    channel.post(11, media=["photo"] * 2)
    fetched = await channel.poll(cursor)
    assert (ids(fetched), fetched.members) == ([10], ("11", "12"))
    channel.post(11, delete=True)
    channel.post(12)
    (post,) = (await channel.poll(fetched.cursor)).posts
    assert (post.external_id, post.url) == ("10", "https://t.me/Some_Channel/12")


async def test_only_recent_albums_are_remembered(channel: Channel) -> None:
    for number in range(60):
        channel.post(1 + 2 * number, media=["photo"] * 2)
    cursor = Cursor('{"last": 1, "name": "some_channel"}')
    while "before" in json.loads(cursor := (await channel.poll(cursor)).cursor):
        pass
    assert list(json.loads(cursor)["albums"]) == [str(1 + 2 * number) for number in range(20, 60)]


async def test_once_an_hour_older_pages_are_read_again(channel: Channel) -> None:
    channel.post(*range(1, 101))
    cursor = (await channel.poll()).cursor
    assert (await channel.poll(cursor, later=3599)).covered == (81, 100)
    channel.post(50, text="Changed")
    channel.post(60, delete=True)
    fetched = await channel.poll(cursor, later=3600)
    assert channel.asked()[2:] == ["", "81", "61"]
    assert fetched.covered == (40, 100)
    assert {post.external_id: post.text for post in fetched.posts}["50"] == "Changed"
    assert (await channel.poll(fetched.cursor, later=7199)).covered == (81, 100)


async def test_a_clock_that_is_set_back_puts_off_no_look_back(channel: Channel) -> None:
    channel.post(*range(1, 101))
    cursor = (await channel.poll()).cursor
    assert (await channel.poll(cursor, later=-60)).covered == (41, 100)


async def test_a_look_back_ends_where_there_is_nothing_older(channel: Channel) -> None:
    channel.post(*range(1, 31))
    cursor = (await channel.poll()).cursor
    assert (await channel.poll(cursor, later=3600)).covered == (1, 30)
    assert channel.asked() == ["", "", "11", "1"]


async def test_what_is_gone_below_the_lowest_post_shows_where_nothing_is_older(channel: Channel) -> None:
    """The link to older posts may be missing where there are some: only a page without any says that there are none."""
    channel.post(*range(5, 10))
    first = await channel.poll()
    assert first.covered == (5, 9)
    channel.post(5, 6, delete=True)
    assert (await channel.poll(first.cursor)).covered == (7, 9)
    assert (await channel.poll(first.cursor, later=3600)).covered == (1, 9)
    assert channel.asked() == ["", "", "", "7"]

    channel.far.fault("/s/", skip=1, body=EMPTY)
    assert (await channel.poll(first.cursor, later=3600)).covered == (7, 9)


async def test_a_look_back_that_fails_is_tried_again_at_the_next_poll(channel: Channel) -> None:
    channel.post(*range(1, 101))
    cursor = (await channel.poll()).cursor
    channel.far.fault("/s/", skip=1, status=503, headers={"Retry-After": "7"})
    fetched = await channel.poll(cursor, later=3600)
    assert (fetched.covered, fetched.next_at) == ((81, 100), channel.now + timedelta(seconds=3607))
    assert (await channel.poll(fetched.cursor, later=3700)).covered == (41, 100)


# --- what has become of a post


async def test_a_post_is_deleted_when_telegram_says_so_and_the_channel_answers(channel: Channel) -> None:
    channel.post(1, 3, 4)
    assert await channel.fates(1, 2, 4) == {"1": "stands", "2": "deleted", "4": "stands"}
    assert channel.far.requests("/some_channel/2")[0]["query"] == {"embed": "1", "mode": "tme"}


async def test_any_member_of_an_album_stands_with_it(channel: Channel) -> None:
    channel.post(1, media=["photo"] * 3)
    assert await channel.fates(2) == {"2": "stands"}


async def test_that_nothing_is_found_is_believed_only_while_something_is(channel: Channel) -> None:
    channel.post(1, 3)
    channel.post(4, service=True, text="Channel photo updated")
    assert await channel.fates(2) == {"2": "deleted"}
    assert [request["path"] for request in channel.far.requests("/some_channel/")][1:] == ["/some_channel/3"]
    not_found = embed(channel.far.ends.channel("some_channel"), 9).text
    channel.far.fault("/some_channel/", body=not_found, times=-1)
    assert await channel.fates(1, 2) == {"1": "unsure", "2": "unsure"}


@pytest.mark.parametrize("state", ["preview_off", "withheld", "absent", "front_page", "restricted"])
async def test_while_the_channel_does_not_answer_as_a_preview_nothing_is_said(channel: Channel, state: str) -> None:
    channel.post(1)
    channel.far.account("telegram", "some_channel", state=state)
    assert await channel.fates(1, 2) == {"1": "unsure", "2": "unsure"}


async def test_while_the_channel_is_empty_nothing_is_said(channel: Channel) -> None:
    assert await channel.fates(1) == {"1": "unsure"}


@pytest.mark.parametrize(
    "fault",
    [
        {"body": '<html><div class="tgme_widget_message_error">Channel with username <b>@x</b> not found</div></html>'},
        {"body": '<html><div class="tgme_widget_message_error">Post not found</div>'},
        {"body": "<html><title>Just a moment...</title></html>"},
        {"status": 503},
        {"drop": True},
    ],
)
async def test_an_answer_that_is_not_clear_leaves_the_post_as_it_is(channel: Channel, fault: dict[str, Any]) -> None:
    channel.post(1, 3)
    channel.far.fault("/some_channel/", times=-1, **fault)
    assert await channel.fates(1, 2) == {"1": "unsure", "2": "unsure"}


async def test_a_post_of_another_channel_is_no_proof(channel: Channel) -> None:
    channel.post(1, 2)
    channel.far.account("telegram", "other", number=42)
    channel.far.post("telegram", "other", id=1, text="Elsewhere")
    channel.far.fault("/some_channel/", body=embed(channel.far.ends.channel("other"), 1).text)
    assert await channel.fates(1) == {"1": "unsure"}


async def test_telegrams_own_notes_and_ids_that_are_none_are_not_asked_for(channel: Channel) -> None:
    channel.post(1)
    assert await channel.fates(7, kind="service") == {"7": "unsure"}
    assert await channel.fates("imported-1") == {"imported-1": "unsure"}
    assert channel.far.requests("/some_channel/") == []


# --- history


async def history(channel: Channel, days: float, cursor: Cursor | None = None) -> list[Fetched]:
    since = channel.now - timedelta(days=days)
    return [page async for page in channel.reader.history(SOURCE, since, channel.now, cursor)]


async def test_history_goes_back_to_a_date_and_no_further(channel: Channel) -> None:
    for id in range(1, 101):
        channel.post(id, date=(channel.now - timedelta(days=100 - id)).isoformat())
    pages = await history(channel, 50)
    assert [id for page in pages for id in ids(page)[::-1]] == list(range(100, 49, -1))
    assert channel.asked() == ["", "81", "61"]


async def test_history_goes_on_from_where_it_was_and_ends_at_the_first_post(channel: Channel) -> None:
    channel.post(*range(1, 51), date=channel.now.isoformat())
    first = (await history(channel, 1))[0]
    assert [ids(page) for page in await history(channel, 1, first.cursor)] == [list(range(11, 31)), list(range(1, 11))]


async def test_a_failure_in_history_is_raised_after_what_was_read(channel: Channel) -> None:
    channel.post(*range(1, 51), date=channel.now.isoformat())
    channel.far.fault(skip=1, status=503)
    pages = channel.reader.history(SOURCE, channel.now - timedelta(days=1), channel.now)
    assert ids(await anext(pages)) == list(range(31, 51))
    with pytest.raises(FetchError):
        await anext(pages)


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


async def test_a_look_says_whose_channel_it_is(channel: Channel) -> None:
    channel.post(1)
    first = await channel.poll()
    channel.far.account("telegram", "some_channel", number=42)
    assert first.account_id != (await channel.poll(first.cursor)).account_id == "42"


async def test_another_number_in_config_begins_anew(channel: Channel) -> None:
    channel.post(*range(1, 31))
    cursor = (await channel.poll()).cursor
    channel.far.account("telegram", "some_channel", number=42)
    channel.far.ends.channel("some_channel").messages.clear()
    channel.post(1, 2)
    pinned = replace(SOURCE, account_id="42")
    fetched = await channel.reader.fetch(pinned, cursor, channel.now)
    assert (fetched.account_id, json.loads(fetched.cursor)["last"]) == ("42", 2)
    assert (await channel.reader.fetch(pinned, fetched.cursor, channel.now)).cursor == fetched.cursor


async def test_another_channel_says_nothing_of_what_became_of_a_post(channel: Channel) -> None:
    channel.post(1, 3)
    posts = [Post("s", "2", "", channel.now, "Words")]
    assert await channel.reader.confirm(replace(SOURCE, account_id="42"), posts, channel.now) == {"2": "unsure"}
    channel.far.account("telegram", "some_channel", number=42)
    assert await channel.reader.confirm(replace(SOURCE, account_id="42"), posts, channel.now) == {"2": "deleted"}


async def test_another_name_in_config_begins_anew(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.far.post("telegram", "other", id=1, text="Elsewhere")
    fetched = await channel.reader.fetch(replace(SOURCE, address="other"), cursor, channel.now)
    assert [post.text for post in fetched.posts] == ["Elsewhere"]


async def test_another_channel_on_an_older_page_is_another_channel(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 62))
    channel.far.account("telegram", "other", number=42)
    channel.far.post("telegram", "other", id=41, text="Elsewhere")
    channel.far.fault(skip=1, body=page(channel.far.ends.channel("other"), {}))
    fetched = await channel.poll(cursor)
    assert len(channel.asked()) > 3
    assert fetched.account_id == "42"


async def test_an_older_page_that_is_refused_for_good_stops_the_source(channel: Channel) -> None:
    channel.post(1)
    cursor = (await channel.poll()).cursor
    channel.post(*range(2, 62))
    channel.far.fault("/s/", skip=1, status=410)
    assert (await channel.refused(cursor)).permanent


async def test_resolve_gives_title_and_number(channel: Channel) -> None:
    channel.post(1)
    account = await channel.reader.resolve(SOURCE, channel.now)
    assert (account.title, account.account_id.isdecimal(), account.note) == ("Some_Channel", True, "1.2K subscribers")
    channel.far.account("telegram", "some_channel", verified=True)
    assert (await channel.reader.resolve(SOURCE, channel.now)).note == "1.2K subscribers; verified by Telegram"


async def test_an_empty_channel_has_no_number_yet(channel: Channel) -> None:
    account = await channel.reader.resolve(SOURCE, channel.now)
    assert (account.account_id, account.note[:28]) == ("", "1.2K subscribers; no posts yet"[:28])


# --- manners


async def test_we_say_who_asks_and_in_which_language(channel: Channel) -> None:
    await channel.poll()
    (request,) = channel.far.requests("/s/")
    assert request["headers"]["User-Agent"] == "Parley (+op@example.org)"
    assert request["headers"]["Accept-Language"] == "en"
    assert "Cookie" not in request["headers"]


async def test_a_second_host_is_asked_if_the_first_cannot_be_reached(
    far: Far, session: aiohttp.ClientSession, now: datetime, unused_port: int
) -> None:
    reader = TelegramWeb(session, f"http://127.0.0.1:{unused_port}", hosts=["http://nowhere.invalid", far.url], gap=0)
    far.post("telegram", "some_channel", text="Words")
    (post,) = (await reader.fetch(SOURCE, None, now)).posts
    assert post.url == "https://t.me/some_channel/1"


async def test_the_first_host_is_tried_again_after_a_while(
    far: Far, session: aiohttp.ClientSession, now: datetime
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    first = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    reader = TelegramWeb(session, first, hosts=[far.url], gap=0)
    far.post("telegram", "some_channel", text="Words")
    await reader.fetch(SOURCE, None, now)
    async with serve() as elsewhere:
        reader._hosts[0] = elsewhere.url
        elsewhere.post("telegram", "some_channel", text="Words")
        await reader.fetch(SOURCE, None, now + timedelta(minutes=9))
        assert elsewhere.requests() == []
        await reader.fetch(SOURCE, None, now + timedelta(minutes=10))
        await reader.fetch(SOURCE, None, now - timedelta(days=1))
        assert len(elsewhere.requests()) == 2


async def test_if_no_host_can_be_reached_the_first_is_asked_again_at_once(
    far: Far, session: aiohttp.ClientSession, now: datetime, unused_port: int
) -> None:
    away = f"http://127.0.0.1:{unused_port}"
    reader = TelegramWeb(session, away, hosts=[away], gap=0)
    with pytest.raises(FetchError, match="cannot be read"):
        await reader.fetch(SOURCE, None, now)
    reader._hosts[0] = far.url
    assert (await reader.fetch(SOURCE, None, now)).posts == ()


async def test_a_host_that_answers_badly_is_not_gone_round(
    far: Far, session: aiohttp.ClientSession, now: datetime, unused_port: int
) -> None:
    reader = TelegramWeb(session, far.url, hosts=[f"http://127.0.0.1:{unused_port}"], gap=0)
    far.fault(cut=300, drop=True)
    with pytest.raises(FetchError, match="broke off"):
        await reader.fetch(SOURCE, None, now)


async def test_a_host_that_wants_fewer_requests_is_left_alone_by_all_channels(channel: Channel) -> None:
    channel.far.fault(status=429)
    await channel.refused()
    other = replace(SOURCE, id="other", address="other")
    with pytest.raises(FetchError, match="left alone") as failure:
        await channel.reader.fetch(other, None, channel.now + timedelta(seconds=59))
    assert failure.value.retry_at == channel.now + timedelta(minutes=1)
    assert len(channel.far.requests()) == 1


def test_telegrams_own_host_has_a_twin() -> None:
    assert hosts("https://t.me/") == ["https://t.me", "https://telegram.me"]
    assert hosts("https://t.me", "https://other.example") == ["https://t.me", "https://other.example"]
    assert hosts("http://127.0.0.1:9") == ["http://127.0.0.1:9"]


def hosts(base_url: str, *others: str) -> Iterable[str]:
    return TelegramWeb(None, base_url, hosts=others)._hosts  # type: ignore[arg-type]


async def test_a_poll_of_the_past_gives_times_in_utc(channel: Channel) -> None:
    channel.post(1, date="2022-03-14T15:00:00+03:00")
    (post,) = (await channel.poll()).posts
    assert post.published_at == datetime(2022, 3, 14, 12, tzinfo=UTC)
