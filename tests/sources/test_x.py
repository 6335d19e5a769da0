"""X over HTTP, through tweepy: what is asked, what it may cost, what each refusal means."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Source
from bot.sources.x import X
from bot.sources.x_page import id_at, time_of
from tests.far_ends.serving import Far

pytestmark = pytest.mark.anyio

SOURCE = Source("s", "x", "o_ivanenko")
FIRST = 1503400000000000000


class Timeline:
    def __init__(self, far: Far, session: aiohttp.ClientSession, now: datetime) -> None:
        self.far, self.now, self.source = far, now, SOURCE
        far.ends.api.clock = lambda: self.now
        self.session = session
        self.reader = X(session, "secret-token", far.url)

    def post(self, id: int, text: str = "Words", **what: Any) -> None:
        self.far.post("x", "o_ivanenko", id=FIRST + id, text=text, **what)

    async def poll(self, cursor: Cursor | None = None) -> Fetched:
        return await self.reader.fetch(self.source, cursor, self.now)

    def full_window(self, skip: int = 0) -> datetime:
        """X puts off a request to its timelines; gives the time until when."""
        reset = self.now + timedelta(minutes=10)
        headers = {"x-rate-limit-reset": str(int(reset.timestamp()))}
        self.far.fault("/2/users/", skip=skip, status=429, body="{}", headers=headers)
        return reset

    async def refused(self, cursor: Cursor | None = None) -> FetchError:
        with pytest.raises(FetchError) as failure:
            await self.poll(cursor)
        assert "secret-token" not in str(failure.value)
        return failure.value

    def asked(self) -> list[dict[str, str]]:
        return [request["query"] for request in self.far.requests("/2/users/") if request["path"].endswith("/tweets")]


@pytest.fixture
def timeline(far: Far, session: aiohttp.ClientSession, now: datetime) -> Timeline:
    return Timeline(far, session, now)


def ids(fetched: Fetched) -> list[int]:
    return sorted(int(post.external_id) - FIRST for post in fetched.posts)


async def test_the_first_look_takes_five_posts_and_no_second_page(timeline: Timeline) -> None:
    for id in range(20):
        timeline.post(id)
    fetched = await timeline.poll()
    assert ids(fetched) == [15, 16, 17, 18, 19]
    (query,) = timeline.asked()
    assert query["max_results"] == "5"
    assert "since_id" not in query


async def test_afterwards_only_what_is_newer_is_asked_for_on_every_page(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 251):
        timeline.post(id)
    timeline.now += timedelta(hours=2)
    fetched = await timeline.poll(cursor)
    assert ids(fetched) == list(range(1, 251))
    assert [query["since_id"] for query in timeline.asked()[1:]] == [str(FIRST)] * 3
    assert [query.get("pagination_token") for query in timeline.asked()[1:]] == [None, "page100", "page200"]
    assert (await timeline.poll(fetched.cursor)).posts == ()


@pytest.mark.parametrize(("pause", "size"), [(59, "10"), (60, "100"), (-5, "100")])
async def test_after_a_short_pause_a_small_page_is_enough(timeline: Timeline, pause: int, size: str) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 26):
        timeline.post(id)
    timeline.now += timedelta(minutes=pause)
    assert ids(await timeline.poll(cursor)) == list(range(1, 26))
    assert {query["max_results"] for query in timeline.asked()[1:]} == {size}


async def test_a_failure_on_a_later_page_keeps_the_cursor(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 151):
        timeline.post(id)
    timeline.far.fault("/2/users/", skip=1, status=503)
    await timeline.refused(cursor)
    assert len((await timeline.poll(cursor)).posts) == 150


async def test_the_account_is_looked_up_once_and_by_number_after(timeline: Timeline) -> None:
    timeline.far.account("x", "o_ivanenko", number=77, title="Olha Ivanenko")
    timeline.post(0)
    first = await timeline.poll()
    await timeline.poll(first.cursor)
    paths = [request["path"] for request in timeline.far.requests("/2/")]
    assert paths == ["/2/users/by/username/o_ivanenko", "/2/users/77/tweets", "/2/users/77/tweets"]
    assert (first.account_id, first.title) == ("77", "Olha Ivanenko")


async def test_a_number_in_config_saves_the_look_up(timeline: Timeline) -> None:
    timeline.far.account("x", "o_ivanenko", number=77)
    timeline.source = replace(SOURCE, account_id="77")
    await timeline.poll()
    assert [request["path"] for request in timeline.far.requests("/2/")] == ["/2/users/77/tweets"]


@pytest.mark.parametrize("changes", [{"address": "p_petrov"}, {"account_id": "78"}])
async def test_another_account_in_config_is_a_first_look(timeline: Timeline, changes: dict[str, str]) -> None:
    timeline.far.account("x", "p_petrov", number=78)
    timeline.far.post("x", "p_petrov", id=5, text="Theirs")
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    timeline.source = replace(SOURCE, **changes)  # type: ignore[arg-type]
    fetched = await timeline.poll(cursor)
    assert [post.text for post in fetched.posts] == ["Theirs"]
    assert timeline.asked()[-1]["max_results"] == "5"


async def test_a_handle_in_other_letters_is_the_same_account(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    timeline.source = replace(SOURCE, address="@O_Ivanenko")
    assert (await timeline.poll(cursor)).posts == ()


async def test_what_comes_after_an_empty_first_look_is_found(timeline: Timeline) -> None:
    cursor = (await timeline.poll()).cursor
    for id in range(7):
        timeline.post(id)
    assert len((await timeline.poll(cursor)).posts) == 7


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
async def test_everything_of_a_post_comes_through_in_both_vocabularies(timeline: Timeline, vocabulary: Any) -> None:
    timeline.reader = X(timeline.session, "secret-token", timeline.far.url, vocabulary=vocabulary)
    long = "Long words & more https://example.org/a?b=1&c=2 " * 8
    other = {"id": FIRST - 9, "author": "p_petrov", "text": "The original " * 20}
    timeline.post(0, long, media=["photo"])
    timeline.post(1, repost=other)
    timeline.post(2, "Against it", quote=other)
    timeline.post(3, "No", reply=other)
    timeline.post(4, "First words")
    timeline.post(4, "Other words", date="2022-03-14T11:30:00Z")
    posts = {int(post.external_id) - FIRST: post for post in (await timeline.poll()).posts}
    assert posts[0].text == long.strip()
    assert posts[0].media == ("photo",)
    assert (posts[1].kind, posts[1].author, posts[1].text) == ("repost", "@p_petrov", other["text"].strip())  # type: ignore[attr-defined]
    assert (posts[2].kind, posts[2].text, posts[2].quoted[:12]) == ("quote", "Against it", "The original")
    assert (posts[3].kind, posts[3].text, posts[3].quoted[:12]) == ("reply", "No", "The original")
    assert (posts[4].text, posts[4].edited_at) == ("Other words", datetime(2022, 3, 14, 11, 30, tzinfo=UTC))
    assert timeline.asked()[0][f"{vocabulary}.fields"].count(f"note_{vocabulary}") == 1


async def test_an_edit_comes_again_as_the_same_post(timeline: Timeline) -> None:
    timeline.post(0, "First words")
    first = await timeline.poll()
    timeline.post(0, "Other words")
    (edited,) = (await timeline.poll(first.cursor)).posts
    assert (edited.external_id, edited.text) == (first.posts[0].external_id, "Other words")


STALE = json.dumps(
    {
        "errors": [{"message": "'since_id' must be a tweet id created after 2026-07-31T11:45Z.", "parameters": {}}],
        "title": "Invalid Request",
    }
)


async def test_where_x_does_not_go_back_to_an_id_everything_above_it_is_read_and_nothing_below(
    timeline: Timeline,
) -> None:
    for id in range(120):
        timeline.post(id)
    cursor = (await timeline.poll()).cursor
    for id in range(120, 370):
        timeline.post(id)
    timeline.far.fault("/2/users/", status=400, body=STALE)
    fetched = await timeline.poll(cursor)
    assert ids(fetched) == list(range(120, 370))
    assert ["since_id" in query for query in timeline.asked()[1:]] == [True, False, False, False]


async def test_without_an_id_to_go_back_to_stale_is_a_failure(timeline: Timeline) -> None:
    cursor = (await timeline.poll()).cursor
    timeline.far.fault("/2/users/", status=400, body=STALE)
    assert (await timeline.refused(cursor)).permanent


# --- what is put off


async def test_what_x_puts_off_is_read_later_after_what_is_new(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 400):
        timeline.post(id)
    timeline.now += timedelta(hours=2)
    reset = timeline.full_window(skip=2)
    first = await timeline.poll(cursor)
    assert ids(first) == list(range(200, 400))
    assert (first.next_at, first.gap) == (reset, None)

    timeline.now = reset
    timeline.post(400)
    timeline.full_window(skip=2)
    second = await timeline.poll(first.cursor)
    assert ids(second) == [*range(190, 200), 400]
    timeline.now += timedelta(hours=2)
    assert ids(await timeline.poll(second.cursor)) == list(range(1, 190))


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_put_off_everything_is_read_in_the_end(timeline: Timeline, seed: int) -> None:
    chance = Random(seed)
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    made, read = 0, set[int]()
    for _ in range(30):
        timeline.now += timedelta(minutes=chance.choice([16, 120]))
        for _ in range(chance.choice([0, 1, 130])):
            made += 1
            timeline.post(made)
        timeline.far.ends.faults.clear()
        if chance.random() < 0.7:
            timeline.full_window(skip=chance.randrange(4))
        try:
            fetched = await timeline.poll(cursor)
        except FetchError:
            continue
        read.update(ids(fetched))
        cursor = fetched.cursor
    timeline.far.ends.faults.clear()
    timeline.now += timedelta(hours=2)
    read.update(ids(await timeline.poll(cursor)))
    assert read - {0} == set(range(1, made + 1))


async def test_a_failure_while_filling_in_keeps_what_is_new(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 40):
        timeline.post(id)
    timeline.full_window(skip=1)
    cursor = (await timeline.poll(cursor)).cursor
    timeline.now += timedelta(minutes=20)
    timeline.post(40)
    timeline.far.fault("/2/users/", skip=1, status=503)
    fetched = await timeline.poll(cursor)
    assert ids(fetched) == [40]
    assert ids(await timeline.poll(fetched.cursor)) == list(range(1, 30))


async def test_what_x_will_not_give_is_a_gap(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 40):
        timeline.post(id)
    timeline.full_window(skip=1)
    cursor = (await timeline.poll(cursor)).cursor
    timeline.now += timedelta(minutes=20)
    timeline.far.fault("/2/users/", skip=1, status=400)
    fetched = await timeline.poll(cursor)
    assert fetched.gap == (time_of(FIRST), time_of(FIRST + 30))
    assert (await timeline.poll(fetched.cursor)).gap is None


@pytest.mark.parametrize("status", [401, 403])
async def test_what_a_token_may_not_do_today_is_no_gap(timeline: Timeline, status: int) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 40):
        timeline.post(id)
    timeline.full_window(skip=1)
    cursor = (await timeline.poll(cursor)).cursor
    timeline.now += timedelta(minutes=20)
    timeline.far.fault("/2/users/", skip=1, status=status)
    fetched = await timeline.poll(cursor)
    assert fetched.gap is None
    timeline.now += timedelta(days=1)
    assert ids(await timeline.poll(fetched.cursor)) == list(range(1, 30))


async def test_a_timeline_that_is_deeper_than_x_shows_ends(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sources.x.DEEPEST", 10)
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for id in range(1, 40):
        timeline.post(id)
    fetched = await timeline.poll(cursor)
    assert ids(fetched) == list(range(20, 40))
    assert (await timeline.poll(fetched.cursor)).posts == ()


async def test_pages_that_lead_nowhere_end(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    page = {
        "data": [{"id": str(FIRST + 1), "text": "a", "created_at": "2022-03-14T12:00:00Z"}],
        "meta": {"next_token": ""},
    }
    timeline.far.fault("/2/users/", body=json.dumps({**page, "meta": {"next_token": "page7"}}))
    timeline.far.fault("/2/users/", body=json.dumps({"meta": {"result_count": 0, "next_token": "page8"}}))
    timeline.far.fault("/2/users/", body=json.dumps({**page, "meta": {"next_token": "page9"}}), times=-1)
    assert ids(await timeline.poll(cursor)) == [1]
    assert len(timeline.asked()) == 4


async def test_empty_pages_without_end_end(timeline: Timeline) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    for token in ("page7", "page8", "page9"):
        timeline.far.fault("/2/users/", body=json.dumps({"meta": {"result_count": 0, "next_token": token}}))
    assert (await timeline.poll(cursor)).posts == ()
    assert len(timeline.asked()) == 5


async def test_a_withheld_post_is_not_read_but_for_another_country(timeline: Timeline) -> None:
    timeline.post(0, withheld={"country_codes": ["DE"]})
    timeline.post(1)
    assert ids(await timeline.poll()) == [1]
    timeline.reader = X(timeline.session, "secret-token", timeline.far.url, country="UA")
    assert ids(await timeline.poll()) == [0, 1]


async def test_a_poll_is_read_with_its_options(timeline: Timeline) -> None:
    timeline.post(0, "Is it?", poll=["Yes", "No"])
    (post,) = (await timeline.poll()).posts
    assert (post.text, post.media) == ("Is it?\n• Yes\n• No", ("poll",))


async def test_a_cursor_of_an_earlier_release_is_read(timeline: Timeline) -> None:
    timeline.far.account("x", "o_ivanenko", number=77)
    for id in range(3):
        timeline.post(id)
    cursor = Cursor(json.dumps({"handle": "o_ivanenko", "account_id": "77", "since": FIRST + 1}))
    assert ids(await timeline.poll(cursor)) == [2]


# --- history


async def test_history_goes_back_to_a_date_page_after_page_and_can_be_taken_up_again(timeline: Timeline) -> None:
    for hours in range(300):
        date = timeline.now - timedelta(hours=hours)
        timeline.far.post("x", "o_ivanenko", id=id_at(date), text=f"{hours}")
    since = timeline.now - timedelta(hours=249)
    pages = [page async for page in timeline.reader.history(SOURCE, since, timeline.now)]
    assert [len(page.posts) for page in pages] == [100, 100, 50]
    assert {post.text for page in pages for post in page.posts} == {str(hours) for hours in range(250)}
    assert len({query["since_id"] for query in timeline.asked()}) == 1
    again = [page async for page in timeline.reader.history(SOURCE, since, timeline.now, pages[0].cursor)]
    assert [page.posts for page in again] == [page.posts for page in pages[1:]]
    assert [request["path"] for request in timeline.far.requests("/2/users/by")] == ["/2/users/by/username/o_ivanenko"]


async def test_where_x_does_not_go_back_to_an_id_history_ends_at_ours(timeline: Timeline) -> None:
    for hours in range(300):
        timeline.far.post("x", "o_ivanenko", id=id_at(timeline.now - timedelta(hours=hours)), text=f"{hours}")
    timeline.far.fault("/2/users/", skip=1, status=400, body=STALE)
    since = timeline.now - timedelta(hours=149)
    pages = [page async for page in timeline.reader.history(SOURCE, since, timeline.now)]
    assert {post.text for page in pages for post in page.posts} == {str(hours) for hours in range(150)}
    assert ["since_id" in query for query in timeline.asked()] == [True, False, False]
    timeline.far.fault("/2/users/", skip=1, status=503)
    with pytest.raises(FetchError, match="trouble"):
        _ = [page async for page in timeline.reader.history(SOURCE, since, timeline.now)]


async def test_an_account_without_posts_has_no_history(timeline: Timeline) -> None:
    assert [page async for page in timeline.reader.history(SOURCE, timeline.now, timeline.now)] == []


# --- refusals


async def test_without_a_token_x_is_not_read_and_that_is_said(timeline: Timeline) -> None:
    timeline.reader = X(timeline.session, "", timeline.far.url)
    error = await timeline.refused()
    assert error.permanent
    assert error.reason.startswith("no X token")
    with pytest.raises(FetchError, match="X_BEARER_TOKEN"):
        await timeline.reader.resolve(SOURCE, timeline.now)


@pytest.mark.parametrize(
    ("status", "body", "words", "permanent", "wait"),
    [
        (400, {"title": "Invalid Request"}, "understand", True, None),
        (401, {"detail": "Unauthorized"}, "X_BEARER_TOKEN", True, 86400),
        (402, {"title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits"}, "paid", True, 3600),
        (
            402,
            {"title": "Payment Required", "type": "https://api.x.com/2/problems/credits-depleted"},
            "paid",
            True,
            3600,
        ),
        (403, {"detail": "client-not-enrolled"}, "client-not-enrolled", True, 86400),
        (404, {}, "does not know", True, None),
        (429, {"type": "https://api.twitter.com/2/problems/usage-capped"}, "usage cap", True, 86400),
        (429, {"title": "Too Many Requests", "type": "about:blank"}, "fewer", False, 900),
        (500, {"title": "Internal"}, "trouble", False, None),
        (503, {}, "trouble", False, None),
        (302, {}, "trouble", False, None),
    ],
)
async def test_each_refusal_has_its_kind(
    timeline: Timeline, status: int, body: dict[str, str], words: str, permanent: bool, wait: int | None
) -> None:
    timeline.source = replace(SOURCE, account_id="1")
    timeline.far.fault(status=status, body=json.dumps(body), headers={"x-rate-limit-reset": "12"})
    error = await timeline.refused()
    assert words in error.reason
    assert error.permanent == permanent
    assert error.retry_at == (timeline.now + timedelta(seconds=wait) if wait else None)
    assert error.shared == (wait is not None)


async def test_a_full_window_ends_when_x_says(timeline: Timeline) -> None:
    reset = timeline.now + timedelta(minutes=7)
    timeline.far.fault(status=429, body="{}", headers={"x-rate-limit-reset": str(int(reset.timestamp()))})
    assert (await timeline.refused()).retry_at == reset


@pytest.mark.parametrize("reset", ["", "soon", "²", "1", "99999999999999"])
async def test_a_reset_that_cannot_be_is_a_window_from_now(timeline: Timeline, reset: str) -> None:
    timeline.far.fault(status=429, body="Rate limited", headers={"x-rate-limit-reset": reset})
    assert (await timeline.refused()).retry_at == timeline.now + timedelta(minutes=15)


@pytest.mark.parametrize("status", [200, 429, 502, 503])
@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "", "[1]", "null", "[" * 20_000])
async def test_an_answer_that_is_no_json_object_is_a_failure_for_now(
    timeline: Timeline, status: int, body: str
) -> None:
    timeline.far.fault(status=status, body=body, headers={"Content-Type": "text/html"})
    assert not (await timeline.refused()).permanent


@pytest.mark.parametrize("errors", [5, "x", [5], [{}], [{"message": 5}], {"a": 1}])
async def test_errors_of_any_shape_are_survived(timeline: Timeline, errors: object) -> None:
    timeline.far.fault(status=500, body=json.dumps({"errors": errors, "error": 1, "detail": ["x"]}))
    assert (await timeline.refused()).reason == "X is in trouble (500)"


async def test_a_broken_connection_is_a_failure_for_now(timeline: Timeline) -> None:
    timeline.far.fault(drop=True, times=-1)
    assert not (await timeline.refused()).permanent


@pytest.mark.parametrize(
    ("state", "words"), [("absent", "not know"), ("suspended", "suspended"), ("protected", "protected")]
)
async def test_an_account_that_cannot_be_read_is_said_so(timeline: Timeline, state: str, words: str) -> None:
    timeline.post(0)
    cursor = (await timeline.poll()).cursor
    timeline.far.account("x", "o_ivanenko", state=state)
    error = await timeline.refused(cursor)
    assert words in error.reason
    assert error.permanent


# --- who it is


async def test_resolve_gives_name_and_number(timeline: Timeline) -> None:
    timeline.far.account("x", "O_Ivanenko", number=77, title="Olha Ivanenko")
    account = await timeline.reader.resolve(SOURCE, timeline.now)
    assert (account.title, account.account_id, account.note) == ("Olha Ivanenko", "77", "writes itself @O_Ivanenko")


async def test_resolve_says_that_an_account_is_protected(timeline: Timeline) -> None:
    timeline.far.account("x", "o_ivanenko", state="protected")
    assert "protected" in (await timeline.reader.resolve(SOURCE, timeline.now)).note


@pytest.mark.parametrize("data", [None, [], {}, {"id": "x"}, {"id": None}])
async def test_an_answer_without_an_account_is_not_believed(timeline: Timeline, data: object) -> None:
    timeline.far.fault(body=json.dumps({"data": data}))
    with pytest.raises(FetchError, match="not believed"):
        await timeline.reader.resolve(SOURCE, timeline.now)


# --- manners


async def test_the_token_travels_in_its_header_only(timeline: Timeline, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        await timeline.poll()
    for request in timeline.far.requests("/2/"):
        assert request["headers"]["Authorization"] == "Bearer secret-token"
        assert "secret-token" not in str(request["query"]) + request["path"]
    assert "secret-token" not in caplog.text
