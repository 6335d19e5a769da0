"""Feeds over HTTP: conditional requests, what is remembered, what is refused."""

import json
import os
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Post, Source
from bot.sources import feed, feed_process
from bot.sources.feed import Feed
from bot.sources.feed_document import parse
from tests.far_ends.serving import Far

pytestmark = pytest.mark.anyio


class Wire:
    def __init__(self, far: Far, session: aiohttp.ClientSession, now: datetime) -> None:
        self.far, self.now = far, now
        self.reader = Feed(session, "op@example.org", gap=0)
        self.source = Source("wire", "feed", f"{far.url}/feed/wire")

    def post(self, **what: Any) -> None:
        self.far.post("feed", "wire", **{"date": "Mon, 14 Mar 2022 10:00:00 GMT", **what})

    async def poll(self, cursor: Cursor | None = None, later: float = 0) -> Fetched:
        return await self.reader.fetch(self.source, cursor, self.now + timedelta(seconds=later))

    async def refused(self, cursor: Cursor | None = None) -> FetchError:
        with pytest.raises(FetchError) as failure:
            await self.poll(cursor)
        return failure.value

    def last_headers(self) -> dict[str, str]:
        return self.far.requests("/feed/")[-1]["headers"]


@pytest.fixture
def wire(far: Far, session: aiohttp.ClientSession, now: datetime) -> Wire:
    return Wire(far, session, now)


async def test_an_unchanged_feed_answers_304_and_that_is_healthy(wire: Wire) -> None:
    wire.post(title="one")
    first = await wire.poll()
    again = await wire.poll(first.cursor)
    assert (again.posts, again.cursor) == ((), first.cursor)
    assert wire.far.requests("/feed/")[-1]["status"] == 304
    assert {"If-None-Match", "If-Modified-Since"} <= wire.last_headers().keys()


async def test_validators_go_back_as_they_came(wire: Wire) -> None:
    wire.post(title="one")
    wire.far.account("feed", "wire", headers={"ETag": 'W/"a b"', "Last-Modified": "yesterday, about noon"})
    cursor = (await wire.poll()).cursor
    wire.far.account("feed", "wire", headers={})
    await wire.poll(cursor)
    assert wire.last_headers()["If-None-Match"] == 'W/"a b"'
    assert wire.last_headers()["If-Modified-Since"] == "yesterday, about noon"


async def test_nothing_is_asked_conditionally_where_nothing_was_told(wire: Wire) -> None:
    wire.post(title="one")
    wire.far.account("feed", "wire", headers={"ETag": "", "Last-Modified": ""})
    await wire.poll((await wire.poll()).cursor)
    assert not {"If-None-Match", "If-Modified-Since"} & wire.last_headers().keys()


async def test_a_304_that_nobody_asked_for_is_a_failure(wire: Wire) -> None:
    wire.far.fault(status=304, body="")
    assert "304" in (await wire.refused()).reason


async def test_after_an_unreadable_answer_the_old_validators_are_kept(wire: Wire) -> None:
    wire.post(title="one")
    cursor = (await wire.poll()).cursor
    wire.post(title="two")
    wire.far.fault(cut=200)
    assert (await wire.refused(cursor)).reason.startswith("cut off")
    assert len((await wire.poll(cursor)).posts) == 2


async def test_a_changed_item_comes_again_with_its_new_words(wire: Wire) -> None:
    wire.post(id="1", title="one")
    cursor = (await wire.poll()).cursor
    wire.post(id="1", title="one, corrected")
    (post,) = (await wire.poll(cursor)).posts
    assert (post.external_id, post.text) == ("1", "one, corrected")


async def test_an_item_without_date_keeps_the_time_when_it_was_first_seen(wire: Wire) -> None:
    wire.post(id="1", title="one", date="")
    first = await wire.poll()
    wire.post(id="2", title="two", date="Mon, 14 Mar 2022 20:00:00 GMT")
    later = await wire.poll(first.cursor, later=3600)
    assert {post.external_id: post.published_at for post in later.posts} == {
        "1": wire.now,
        "2": wire.now + timedelta(hours=1),
    }


async def test_no_items_where_there_were_some_is_not_believed(wire: Wire) -> None:
    wire.post(id="1", title="one")
    cursor = (await wire.poll()).cursor
    wire.post(id="1", delete=True)
    assert (await wire.refused(cursor)).reason.startswith("empty")


async def test_another_address_in_config_begins_anew(wire: Wire) -> None:
    wire.post(title="one")
    cursor = (await wire.poll()).cursor
    wire.source = replace(wire.source, address=f"{wire.far.url}/feed/other")
    assert (await wire.poll(cursor)).posts == ()
    assert "If-None-Match" not in wire.last_headers()


@pytest.mark.parametrize(
    ("state", "words", "permanent"),
    [("gone", "gone for good", True), ("absent", "nothing at this address", False), ("page", "Just a moment", False)],
)
async def test_what_comes_instead_of_a_feed_is_named(wire: Wire, state: str, words: str, permanent: bool) -> None:
    wire.far.account("feed", "wire", state=state)
    error = await wire.refused()
    assert words in error.reason
    assert error.permanent == permanent


async def test_a_busy_server_is_left_alone_as_long_as_it_says(wire: Wire) -> None:
    wire.far.fault(status=503, headers={"Retry-After": "300"})
    assert (await wire.refused()).retry_at == wire.now + timedelta(seconds=300)


async def test_hints_of_headers_and_of_the_feed_set_the_next_look(wire: Wire) -> None:
    wire.post(title="one")
    assert (await wire.poll()).next_at is None
    wire.far.account("feed", "wire", headers={"Cache-Control": "max-age=600"})
    fetched = await wire.poll()
    assert fetched.next_at == wire.now + timedelta(seconds=600)
    assert (await wire.poll(fetched.cursor)).next_at == wire.now + timedelta(seconds=600)
    wire.far.account("feed", "wire", head="<ttl>15</ttl>")
    assert (await wire.poll()).next_at == wire.now + timedelta(minutes=15)
    wire.far.account("feed", "wire", head="<ttl>99999</ttl>")
    assert (await wire.poll()).next_at == wire.now + timedelta(hours=1)


async def test_a_feed_larger_than_the_cap_is_refused(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_CAP", 1000)
    wire.post(title="long", text="x" * 2000)
    assert "more than 1000 bytes" in (await wire.refused()).reason


def large(wire: Wire) -> None:
    """Real words and a whole document, of more than a thread is trusted with."""
    for number in range(30):
        wire.post(id=str(number), title=f"Item {number}", text="Talks go on. " * 1000)


async def test_a_large_feed_reads_as_a_small_one(wire: Wire) -> None:
    large(wire)
    fetched = await wire.poll()
    assert sorted(post.external_id for post in fetched.posts) == sorted(map(str, range(30)))
    assert fetched.posts[0].text.endswith("Talks go on.")
    assert (fetched.title, fetched.posts[0].published_at.tzinfo) == ("wire", UTC)


async def test_a_large_page_that_is_no_feed_is_named_as_a_small_one(wire: Wire) -> None:
    wire.far.fault(body="<html><title>Just a moment...</title>" + "<p>words</p>" * 30_000)
    assert "a page came (Just a moment...) and not a feed" in (await wire.refused()).reason


async def test_a_feed_that_takes_too_long_to_parse_is_given_up(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    large(wire)
    monkeypatch.setattr(feed, "_PARSING", 0.01)
    assert "s to parse" in (await wire.refused()).reason


async def test_a_parser_that_takes_all_memory_is_a_failure() -> None:
    with pytest.raises(FetchError, match="too much memory"):
        await feed_process.run(partial(bytes, 2 << 30), 20)  # type: ignore[arg-type]


async def test_a_parser_in_its_process_knows_nothing_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "secret")
    found: Any = await feed_process.run(partial(os.getenv, "TELEGRAM_BOT_TOKEN", "none"), 20)  # type: ignore[arg-type]
    assert found == "none"


def test_a_failure_comes_back_from_the_process_as_it_was(now: datetime) -> None:
    request = pickle.dumps(partial(parse, b"", "", Source("s", "feed", "https://wire.example/"), now))
    failure = pickle.loads(feed_process.answer(request))
    assert isinstance(failure, FetchError)
    assert failure.reason.startswith("blocked")
    later = pickle.loads(pickle.dumps(FetchError("gone", permanent=True, retry_at=now)))
    assert (later.reason, later.permanent, later.retry_at) == ("gone", True, now)


async def test_the_title_is_the_feeds_own(wire: Wire) -> None:
    wire.far.account("feed", "wire", title="The Wire")
    wire.post(title="one")
    assert (await wire.poll()).title == "The Wire"
    account = await wire.reader.resolve(wire.source, wire.now)
    assert (account.title, account.account_id) == ("The Wire", "")
    assert account.note == "1 items, the newest of 2022-03-14 10:00 UTC"


async def test_an_address_that_moved_for_good_is_proposed_and_not_switched(wire: Wire) -> None:
    wire.far.account("feed", "wire", title="The Wire")
    old = replace(wire.source, address=f"{wire.far.url}/feed/old")
    wire.far.fault("/feed/old", status=301, headers={"Location": "/feed/wire"})
    account = await wire.reader.resolve(old, wire.now)
    assert account.note == f"0 items; moved for good to {wire.far.url}/feed/wire: write that into config/"


async def test_that_an_address_moved_is_said_when_several_looks_in_a_row_found_it(wire: Wire) -> None:
    wire.post(title="one")
    new = wire.source.address
    wire.source = replace(wire.source, address=f"{wire.far.url}/feed/old")
    wire.far.fault("/feed/old", status=308, headers={"Location": "/feed/wire"}, times=-1)
    cursor, notes = None, []
    for _ in range(4):
        fetched = await wire.poll(cursor)
        cursor = fetched.cursor
        notes.append(fetched.note)
    said = f"moved for good to {new}: write that into config/"
    assert notes == ["", "", said, said]
    assert wire.far.requests("/feed/old")[-1]["headers"]["If-None-Match"]
    wire.far.ends.faults.clear()
    wire.far.post("feed", "old", title="one", date="")
    assert (await wire.poll(cursor)).note == ""


async def test_an_address_that_moves_for_a_while_or_to_and_fro_is_no_note(wire: Wire) -> None:
    old = wire.source.address
    wire.source = replace(wire.source, address=f"{wire.far.url}/feed/old")
    cursor = None
    for status, new in [(302, "a"), (302, "a"), (302, "a"), (301, "a"), (301, "b"), (301, "a"), (301, "b")]:
        wire.far.fault("/feed/old", status=status, headers={"Location": f"/feed/{new}"})
        fetched = await wire.poll(cursor)
        cursor = fetched.cursor
        assert fetched.note == ""
    assert old != wire.source.address


async def test_more_items_than_a_feed_holds_leave_a_gap(wire: Wire) -> None:
    wire.far.account("feed", "wire", keep=6)
    day = datetime(2022, 3, 14, tzinfo=UTC)
    cursor, found = None, []
    for hour, count in ((8, 8), (9, 5), (10, 7), (11, 0)):
        for minute in range(count):
            wire.post(
                id=f"{hour}-{minute}", title=f"{hour}:{minute}", date=day.replace(hour=hour, minute=minute).isoformat()
            )
        fetched = await wire.poll(cursor)
        cursor = fetched.cursor
        found.append(fetched.gap)
    assert found == [None, None, (day.replace(hour=9, minute=4), day.replace(hour=10, minute=1)), None]


async def test_a_feed_that_dates_all_its_items_anew_leaves_none(wire: Wire) -> None:
    cursor = None
    for hour in (8, 9):
        for number in range(6):
            wire.post(id=f"{number}", title=f"{number}", date=f"2022-03-14T{hour:02}:00:0{number}+00:00")
        fetched = await wire.poll(cursor)
        cursor = fetched.cursor
        assert fetched.gap is None


async def test_a_feed_that_only_ever_holds_a_few_items_leaves_none(wire: Wire) -> None:
    wire.far.account("feed", "wire", keep=4)
    wire.post(id="1", title="one", date="2022-03-14T08:00:00+00:00")
    cursor = (await wire.poll()).cursor
    for minute in range(9):
        wire.post(id=f"{minute}", title="more", date=f"2022-03-14T09:0{minute}:00+00:00")
    fetched = await wire.poll(cursor)
    assert (len(fetched.posts), fetched.gap) == (4, None)


async def test_a_feed_never_tells_what_became_of_a_post(wire: Wire) -> None:
    post = Post("wire", "1", "", wire.now, "Words")
    assert await wire.reader.confirm(wire.source, [post], wire.now) == {"1": "unsure"}


async def test_a_login_page_with_status_200_is_a_failure(wire: Wire) -> None:
    wire.far.fault(body="<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>")
    assert (await wire.refused()).reason == (
        "blocked: a page came (Sign in) and not a feed; a login or a challenge stands in between"
    )


async def test_one_id_with_other_words_is_the_same_item(wire: Wire) -> None:
    wire.post(id="1", guid="same", title="first words")
    first = await wire.poll()
    wire.post(id="1", guid="same", title="other words", date="Mon, 14 Mar 2022 11:00:00 GMT")
    second = await wire.poll(first.cursor)
    assert [(post.external_id, post.text) for post in (*first.posts, *second.posts)] == [
        ("same", "first words"),
        ("same", "other words"),
    ]


async def test_a_feed_without_title_is_named_after_its_host(wire: Wire) -> None:
    wire.far.fault(body='<rss version="2.0"><channel></channel></rss>')
    assert (await wire.reader.resolve(wire.source, wire.now)).title == "127.0.0.1"


async def test_a_redirect_into_a_private_network_is_refused_unless_allowed(
    wire: Wire, session: aiohttp.ClientSession
) -> None:
    inside = wire.far.url.replace("127.0.0.1", "localhost")
    wire.far.fault(status=302, headers={"Location": f"{inside}/feed/inside"}, times=2)
    assert "private network" in (await wire.refused()).reason
    wire.reader = Feed(session, gap=0, private=True)
    assert (await wire.poll()).posts == ()


async def test_a_host_that_wants_fewer_requests_is_left_alone_by_all_its_feeds(wire: Wire) -> None:
    wire.far.fault(status=429, headers={"Retry-After": "100"})
    await wire.refused()
    wire.source = replace(wire.source, address=f"{wire.far.url}/feed/other")
    assert (await wire.refused()).retry_at == wire.now + timedelta(seconds=100)
    assert len(wire.far.requests()) == 1


async def test_we_say_who_asks_and_for_what(wire: Wire) -> None:
    await wire.poll()
    assert wire.last_headers()["User-Agent"] == "Parley (+op@example.org)"
    assert "application/rss+xml" in wire.last_headers()["Accept"]


async def test_a_cursor_holds_only_what_is_needed(wire: Wire) -> None:
    wire.post(title="one")
    assert json.loads((await wire.poll()).cursor).keys() == {
        "address",
        "etag",
        "modified",
        "items",
        "first",
        "newest_at",
    }


async def test_windows_1251_comes_through(wire: Wire) -> None:
    wire.far.account("feed", "wire", encoding="windows-1251")
    wire.post(title="Переговоры идут")
    assert (await wire.poll()).posts[0].text == "Переговоры идут"


async def test_atom_comes_through(wire: Wire) -> None:
    wire.far.account("feed", "wire", format="atom")
    wire.post(title="Talks", text="go on", link="https://wire.example/1", date="2022-03-14T10:00:00Z")
    assert (await wire.poll()).posts[0].text == "Talks\n\ngo on"
