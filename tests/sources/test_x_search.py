"""Many accounts in one search: packed within X's limits, and nobody misses or gets what is not theirs."""

import json
from datetime import datetime, timedelta

import aiohttp
import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Cursor, Source
from bot.sources.x_page import id_at, time_of
from bot.sources.x_place import Place
from bot.sources.x_search import LONGEST_QUERY, OVERLAP, REACH, first_id, is_in_reach, queries
from tests.far_ends.serving import Far
from tests.sources.x_worlds import Accounts

pytestmark = pytest.mark.anyio

NAMES = ("o_ivanenko", "P_Petrov", "AdaBerg")

# --- packing


@given(st.lists(st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True), max_size=80))
def test_every_account_stands_in_a_query_that_x_takes(handles: list[str]) -> None:
    packed = queries(handles)
    assert set(packed) == {handle.casefold() for handle in handles}
    assert all(len(query) <= LONGEST_QUERY for query in packed.values())
    for handle, query in packed.items():
        assert query.split(" OR ").count(f"from:{handle}") == 1


def test_accounts_are_packed_tightly() -> None:
    names = [f"{letter * 14}{number}" for letter in "ab" for number in range(10)]
    assert len(set(queries(names).values())) == 1
    assert len(next(iter(queries(names).values()))) == 20 * 20 + 19 * 4
    assert len(set(queries([*names, "c" * 15, "d" * 15]).values())) == 2


def test_a_query_is_as_long_as_x_takes_it_and_no_longer() -> None:
    names = [letter * 15 for letter in "abcdefghijklmnopqrstu"]
    assert [len(query) for query in set(queries([*names, "v" * 3]).values())] == [LONGEST_QUERY]
    assert sorted(len(query) for query in set(queries([*names, "v" * 4]).values())) == [9, 500]


def test_a_search_reads_ten_minutes_back_again_and_never_further_than_x_goes(now: datetime) -> None:
    since = now - timedelta(hours=1)
    assert time_of(first_id(since, now)) == since - OVERLAP
    assert time_of(first_id(now - timedelta(days=30), now)) == now - REACH
    assert time_of(first_id(now + timedelta(days=1), now)) == now - OVERLAP
    assert is_in_reach(now - REACH + timedelta(minutes=11), now)
    assert not is_in_reach(now - REACH + timedelta(minutes=10), now)


# --- over HTTP


@pytest.fixture
def accounts(far: Far, session: aiohttp.ClientSession, now: datetime) -> Accounts:
    world = Accounts(far, session, now, NAMES)
    world.read_by(mode="search")
    return world


@pytest.fixture
async def begun(accounts: Accounts) -> Accounts:
    """All three have had their first look, and have said nothing."""
    await accounts.poll()
    accounts.pass_by(minutes=5)
    accounts.far.ends.requests.clear()
    return accounts


async def test_one_search_serves_all_accounts(begun: Accounts) -> None:
    for name in NAMES:
        begun.post(name, f"by {name}")
    assert await begun.poll() == [f"by {name}" for name in NAMES]
    (asked,) = begun.asked()
    assert asked["query"] == "from:adaberg OR from:o_ivanenko OR from:p_petrov"
    assert time_of(int(asked["since_id"])) == begun.now - timedelta(minutes=15)
    assert "start_time" not in asked


async def test_once_all_have_been_served_a_search_reaches_ten_minutes_back(begun: Accounts) -> None:
    await begun.poll()
    begun.pass_by(minutes=1)
    await begun.poll()
    assert time_of(int(begun.asked()[-1]["since_id"])) == begun.now - timedelta(minutes=11)


async def test_a_search_serves_for_a_minute_and_says_so(begun: Accounts) -> None:
    fetched = await begun.look("AdaBerg")
    assert fetched.next_at == begun.now + timedelta(minutes=1)
    begun.pass_by(seconds=59)
    begun.post("P_Petrov", "later")
    assert await begun.poll("P_Petrov") == []
    begun.pass_by(seconds=1)
    assert await begun.poll("P_Petrov") == ["later"]
    assert len(begun.asked()) == 2


async def test_a_post_that_is_found_late_is_found(begun: Accounts) -> None:
    early = id_at(begun.now - timedelta(minutes=4))
    begun.post("AdaBerg", "seen")
    assert await begun.poll("AdaBerg") == ["seen"]
    begun.pass_by(minutes=3)
    begun.post("AdaBerg", "made before", id=early, date=time_of(early).isoformat())
    assert "made before" in await begun.poll("AdaBerg")


async def test_accounts_asked_for_at_once_share_a_search(begun: Accounts) -> None:
    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(begun.look, name)
    assert len(begun.asked()) == 1


async def test_accounts_that_wait_for_a_search_fail_with_it(begun: Accounts) -> None:
    begun.far.fault("/2/tweets/search", status=503, times=-1)

    async def refused(name: str) -> None:
        await begun.refused(name)

    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(refused, name)
    assert len(begun.asked()) == 1
    begun.far.ends.faults.clear()
    await begun.poll()


async def test_several_pages_are_read_with_the_same_beginning(begun: Accounts) -> None:
    for number in range(60):
        begun.post("AdaBerg", f"{number}")
    assert len(await begun.poll("AdaBerg")) == 60
    assert [query.get("next_token") for query in begun.asked()] == [None, "page25", "page50"]
    assert len({query["since_id"] for query in begun.asked()}) == 1


async def test_a_failure_on_a_later_page_is_a_failure(begun: Accounts) -> None:
    for number in range(60):
        begun.post("AdaBerg", f"{number}")
    begun.far.fault("/2/tweets/search", skip=1, status=503)
    assert not (await begun.refused("AdaBerg")).permanent
    assert len(await begun.poll("AdaBerg")) == 60


async def test_what_a_search_has_to_leave_the_timeline_brings(begun: Accounts) -> None:
    for number in range(60):
        begun.post("AdaBerg", f"{number}")
    begun.far.fault("/2/tweets/search", skip=1, status=429)
    assert len(await begun.poll("AdaBerg")) == 25
    assert len(await begun.poll("AdaBerg")) == 60
    assert begun.asked("/2/users/")


async def test_a_search_without_end_ends(begun: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sources.x_search._PAGES", 2)
    for number in range(60):
        begun.post("AdaBerg", f"{number}")
    assert len(await begun.poll("AdaBerg")) == 50
    assert len(await begun.poll("AdaBerg")) == 60


async def test_after_a_restart_nothing_is_missing(begun: Accounts) -> None:
    begun.pass_by(hours=30)
    begun.post("AdaBerg", "while away", date=(begun.now - timedelta(hours=20)).isoformat())
    begun.read_by(mode="search")
    begun.far.fault("/2/users/", status=429, times=-1)  # so that the timelines cannot help
    assert await begun.poll() == ["while away"]
    assert len(begun.asked("/2/tweets/search")) == 1


async def test_a_gap_of_more_than_seven_days_is_filled_from_timelines(begun: Accounts) -> None:
    begun.post("AdaBerg", "long ago")
    begun.pass_by(days=8)
    begun.post("AdaBerg", "just now")
    assert await begun.poll("AdaBerg") == ["just now", "long ago"]
    begun.pass_by(minutes=2)
    assert "just now" in await begun.poll("AdaBerg")
    assert "since_id" in begun.asked("/2/tweets/search")[-1]


async def test_an_id_that_x_thinks_too_old_sends_us_to_the_timeline(begun: Accounts) -> None:
    begun.post("AdaBerg", "words")
    begun.far.fault(
        "/2/tweets/search", status=400, body='{"errors": [{"message": "\'since_id\' must be a tweet id …"}]}'
    )
    assert await begun.poll("AdaBerg") == ["words"]


async def test_reposts_come_with_the_timeline_once_an_hour(begun: Accounts) -> None:
    begun.post("AdaBerg", "", repost={"id": 5, "author": "other", "text": "Their words"})
    assert await begun.poll("AdaBerg") == []
    begun.pass_by(minutes=54)
    assert await begun.poll("AdaBerg") == []
    begun.pass_by(minutes=1)
    assert await begun.poll("AdaBerg") == ["Their words"]


async def test_a_search_that_lags_behind_undoes_no_edit(begun: Accounts) -> None:
    id = begun.post("AdaBerg", "said")
    assert await begun.poll("AdaBerg") == ["said"]
    begun.pass_by(minutes=5)
    begun.post("AdaBerg", "meant", id=id)
    begun.read_by(mode="timelines")
    assert await begun.poll("AdaBerg") == ["meant"]
    begun.far.ends.api.lag = timedelta(minutes=8)
    begun.read_by(mode="search")
    begun.pass_by(minutes=2)
    assert await begun.poll("AdaBerg") == []
    begun.pass_by(minutes=8)
    assert await begun.poll("AdaBerg") == ["meant"]
    assert "edits" in str(begun.cursors["AdaBerg"])
    begun.pass_by(days=2)
    await begun.poll("AdaBerg")
    assert "edits" not in str(begun.cursors["AdaBerg"])


async def test_what_was_found_before_an_account_was_read_says_nothing_new_of_it(begun: Accounts) -> None:
    id = begun.post("AdaBerg", "said")
    await begun.poll("P_Petrov")
    begun.pass_by(seconds=20)
    begun.post("AdaBerg", "meant", id=id)
    known = begun.cursors["AdaBerg"]
    begun.cursors["AdaBerg"] = Cursor(json.dumps({**json.loads(known), "at": begun.now.timestamp()}))
    begun.far.ends.requests.clear()
    assert await begun.poll("AdaBerg") == []
    assert begun.asked() == []


async def test_a_clock_that_was_set_back_ends_in_the_timeline(begun: Accounts) -> None:
    await begun.poll("AdaBerg")
    begun.pass_by(days=-3)
    begun.post("AdaBerg", "words")
    assert await begun.poll("AdaBerg") == ["words"]


async def test_a_limit_that_shows_only_when_it_is_reached_turns_to_searching(
    begun: Accounts,
) -> None:
    """After a restart nobody knows how few timelines X allows."""
    begun.read_by(mode="auto")
    begun.far.ends.api.limits["timelines"] = 1
    begun.pass_by(minutes=15)
    for name in NAMES:
        begun.post(name, f"by {name}")
    assert await begun.poll() == [f"by {name}" for name in NAMES]
    assert len(begun.asked("/2/users/")) == 1


async def test_a_suspended_account_is_no_silent_one(begun: Accounts) -> None:
    begun.far.account("x", "AdaBerg", state="suspended")
    begun.pass_by(hours=1)
    assert "suspended" in (await begun.refused("AdaBerg")).reason


@pytest.mark.parametrize("status", [403, 429])
async def test_where_searching_is_closed_timelines_are_read(begun: Accounts, status: int) -> None:
    begun.far.fault("/2/tweets/search", status=status)
    begun.post("AdaBerg", "words")
    assert await begun.poll("AdaBerg") == ["words"]
    assert await begun.poll("P_Petrov") == []
    assert len(begun.asked("/2/tweets/search")) == 1


async def test_where_both_are_closed_it_is_said_until_when(begun: Accounts) -> None:
    begun.far.fault("/2/", status=429, times=-1)
    assert (await begun.refused("AdaBerg")).retry_at == begun.now + timedelta(minutes=10)  # the window's end
    assert len(begun.asked()) == 2


async def test_an_account_that_config_names_newly_is_searched_too(begun: Accounts) -> None:
    begun.far.account("x", "newcomer", number=9)
    begun.sources["newcomer"] = Source("newcomer", "x", "newcomer")
    await begun.poll("newcomer")
    begun.pass_by(minutes=2)
    begun.post("newcomer", "words")
    assert await begun.poll("newcomer") == ["words"]
    assert "from:newcomer" in begun.asked("/2/tweets/search")[-1]["query"]


# --- which way


async def auto(accounts: Accounts, **limits: int) -> None:
    accounts.read_by(mode="auto")
    await accounts.poll()
    accounts.far.ends.api.limits |= limits
    accounts.pass_by(hours=2)
    for _ in range(3):
        await accounts.poll()
        accounts.pass_by(minutes=5)


async def test_with_many_requests_timelines_are_read(accounts: Accounts) -> None:
    await auto(accounts, timelines=10)
    assert accounts.asked("/2/tweets/search") == []


async def test_with_few_requests_a_window_x_is_searched(accounts: Accounts) -> None:
    await auto(accounts, timelines=2)
    assert len(accounts.asked("/2/tweets/search")) == 3
    assert 429 not in [request["status"] for request in accounts.far.requests()]


async def test_a_first_look_waits_for_its_timeline(accounts: Accounts) -> None:
    """A search would show no old posts; the first timeline after it would, and they would pass for new."""
    for name in NAMES:
        accounts.post(name, f"old, by {name}", date=(accounts.now - timedelta(hours=1)).isoformat())
    accounts.far.ends.api.limits["timelines"] = 2
    accounts.read_by(mode="auto")
    assert len(await accounts.poll("AdaBerg", "P_Petrov")) == 2
    assert (await accounts.refused("o_ivanenko")).retry_at == accounts.now + timedelta(minutes=15)
    assert await accounts.poll("AdaBerg") == []
    accounts.pass_by(minutes=15)
    assert await accounts.poll("o_ivanenko") == ["old, by o_ivanenko"]


async def test_with_timelines_chosen_x_is_never_searched_and_polls_stretch(accounts: Accounts) -> None:
    accounts.far.ends.api.limits["timelines"] = 2
    accounts.read_by(mode="timelines")
    fetched = await accounts.look("AdaBerg")
    assert fetched.next_at == accounts.now + timedelta(minutes=15) * (3 / 1.6)
    await accounts.look("P_Petrov")
    assert "window" in (await accounts.refused("o_ivanenko")).reason
    assert accounts.asked("/2/tweets/search") == []


async def test_few_searches_a_window_are_spread_over_it(begun: Accounts) -> None:
    begun.far.ends.api.limits["search"] = 1
    fetched = await begun.look("AdaBerg")
    assert fetched.next_at is not None
    begun.pass_by(minutes=10)
    begun.post("AdaBerg", "words")
    assert await begun.poll() == []
    assert len(begun.asked()) == 1
    begun.pass_by(minutes=10)
    assert await begun.poll("AdaBerg") == ["words"]


async def test_limits_that_come_with_a_refusal_are_not_believed(accounts: Accounts) -> None:
    accounts.read_by(mode="auto")
    headers = {"x-rate-limit-limit": "1", "x-rate-limit-remaining": "0"}
    accounts.far.fault("/2/users/", skip=1, status=503, headers=headers)
    await accounts.refused("AdaBerg")
    await accounts.poll()
    accounts.pass_by(minutes=5)
    await accounts.poll()
    assert accounts.asked("/2/tweets/search") == []


def test_a_cursor_keeps_all_that_it_knows(now: datetime) -> None:
    source = Source("s", "x", "@AdaBerg")
    place = Place("AdaBerg", "77", 5, (3, 4), now, now + timedelta(seconds=1, milliseconds=5))
    assert Place.read(place.write(), source) == place
    assert Place.read(Place("AdaBerg").write(), source) == Place("AdaBerg")
    assert Place.read(place.write(), Source("s", "x", "other")) == Place("other")
