"""What X refuses it refuses to all: one answer holds up every account, one call finds out when that is over."""

import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

import aiohttp
import anyio
import pytest

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources.x import X
from tests.far_ends.serving import Far
from tests.far_ends.x_contract import DESCRIPTION, mistakes
from tests.process.running import listening
from tests.sources.x_worlds import Accounts

pytestmark = pytest.mark.anyio

NAMES = ("ada", "bob", "eve")

OLD_402 = '{"title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits", "detail": "no credits"}'
NEW_402 = '{"title": "Payment Required", "type": "https://api.x.com/2/problems/credits-depleted", "status": 402}'
CAP = '{"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped", "period": "Monthly"}'


@pytest.fixture
async def accounts(far: Far, session: aiohttp.ClientSession, now: Any) -> Accounts:
    """All have had their first look."""
    world = Accounts(far, session, now, NAMES)
    await world.poll()
    world.pass_by(minutes=5)
    far.ends.requests.clear()
    return world


async def test_what_x_said_does_not_outlast_a_clock_that_is_set_back(accounts: Accounts) -> None:
    accounts.far.fault(status=402, body=NEW_402)
    await accounts.refused("ada")
    accounts.pass_by(seconds=-1)
    await accounts.poll("bob")


@pytest.mark.parametrize(
    ("status", "body", "pause"),
    [
        (401, "", timedelta(days=1)),
        (402, OLD_402, timedelta(hours=1)),
        (402, NEW_402, timedelta(hours=1)),
        (403, "", timedelta(days=1)),
        (429, CAP, timedelta(days=1)),
        (429, "", timedelta(minutes=15)),
    ],
)
async def test_what_one_account_is_told_holds_for_all_until_one_call_goes_well(
    accounts: Accounts, status: int, body: str, pause: timedelta
) -> None:
    headers = {"x-rate-limit-remaining": "39999", "x-rate-limit-reset": ""}
    accounts.far.fault(status=status, body=body, headers=headers, times=2)
    told = await accounts.refused("ada")
    for name in ("bob", "eve", "ada"):
        again = await accounts.refused(name)
        assert (again.reason, again.permanent, again.retry_at) == (told.reason, told.permanent, told.retry_at)
    assert len(accounts.asked()) == 1

    accounts.now += pause - timedelta(seconds=1)
    await accounts.refused("bob")
    assert len(accounts.asked()) == 1
    accounts.now += timedelta(seconds=1)
    await accounts.refused("bob")  # the second fault
    await accounts.refused("ada")
    assert len(accounts.asked()) == 2

    accounts.now += pause
    accounts.post("eve", "words")
    assert await accounts.poll() == ["words"]


async def test_when_a_pause_is_over_one_asks_and_the_others_wait_for_it(accounts: Accounts) -> None:
    accounts.far.fault(status=402, body=NEW_402, times=2)
    await accounts.refused("ada")
    accounts.pass_by(hours=1)

    async def refused(name: str) -> None:
        await accounts.refused(name)

    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(refused, name)
    assert len(accounts.asked()) == 2

    accounts.pass_by(hours=1)
    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(accounts.look, name)
    assert len(accounts.asked()) == 5


@pytest.mark.parametrize("status", [403, 429])
async def test_one_endpoint_that_is_closed_leaves_the_others(accounts: Accounts, status: int) -> None:
    accounts.far.fault("/2/users/", status=status)
    await accounts.refused("ada")
    assert await accounts.fates("ada", 5) == {"5": "deleted"}
    await accounts.reader.resolve(accounts.sources["bob"], accounts.now)
    await accounts.refused("bob")


@pytest.mark.parametrize(("status", "body"), [(401, ""), (402, NEW_402), (429, CAP)])
async def test_what_closes_everything_closes_look_ups_too(accounts: Accounts, status: int, body: str) -> None:
    accounts.far.fault("/2/users/", status=status, body=body)
    told = await accounts.refused("ada")
    with pytest.raises(FetchError) as failure:
        await accounts.fates("ada", 5)
    assert failure.value.reason == told.reason
    with pytest.raises(FetchError):
        await accounts.reader.resolve(accounts.sources["bob"], accounts.now)
    assert len(accounts.asked()) == 1


async def test_the_last_request_of_a_window_is_the_last(accounts: Accounts) -> None:
    accounts.far.ends.api.limits["timelines"] = 5  # three looks were before
    accounts.post("bob", "words")
    assert await accounts.poll("ada", "bob") == ["words"]
    error = await accounts.refused("eve")
    assert (error.permanent, error.retry_at) == (False, accounts.now + timedelta(minutes=10))
    assert len(accounts.asked()) == 2
    accounts.pass_by(minutes=10)
    accounts.post("eve", "words")
    assert await accounts.poll("eve") == ["words"]


@pytest.mark.parametrize("headers", [{}, {"x-rate-limit-reset": "soon"}, {"x-rate-limit-reset": "1"}])
async def test_a_window_without_an_end_is_not_believed(accounts: Accounts, headers: dict[str, str]) -> None:
    unspoken = {"x-rate-limit-reset": "", "x-rate-limit-limit": "many"}
    accounts.far.fault(headers={**unspoken, "x-rate-limit-remaining": "0", **headers})
    await accounts.poll("ada")
    await accounts.poll("bob")


@pytest.mark.parametrize("status", [500, 503, 400])
async def test_a_failure_of_one_call_is_no_failure_of_others(accounts: Accounts, status: int) -> None:
    accounts.far.fault(status=status)
    await accounts.refused("ada")
    assert await accounts.poll("bob", "ada") == []


# --- what became of posts


async def test_an_id_that_is_none_spoils_no_look_up(accounts: Accounts) -> None:
    id = accounts.post("ada", "words")
    posts = [Post("ada", external_id, "", accounts.now, "") for external_id in ("sha256:1", str(id), "x")]
    found = await accounts.reader.confirm(accounts.sources["ada"], posts, accounts.now)
    assert found == {"sha256:1": "unsure", str(id): "stands", "x": "unsure"}


async def test_posts_are_looked_up_a_hundred_at_a_time(accounts: Accounts) -> None:
    ids = [accounts.post("ada", f"{number}") for number in range(150)]
    accounts.post("ada", "", id=ids[3], delete=True)
    fates = await accounts.fates("ada", *ids, 7)
    assert [id for id, fate in fates.items() if fate == "deleted"] == [str(ids[3]), "7"]
    assert list(fates.values()).count("stands") == 149
    assert [len(query["ids"].split(",")) for query in accounts.asked("/2/tweets")] == [100, 51]
    assert await accounts.fates("ada") == {}


@pytest.mark.parametrize(
    ("state", "fate"), [("protected", "protected"), ("suspended", "suspended"), ("absent", "unsure")]
)
async def test_why_posts_are_hidden_is_asked_once_of_their_account(accounts: Accounts, state: str, fate: str) -> None:
    ids = [accounts.post("ada", "words") for _ in range(3)]
    accounts.far.account("x", "ada", number=77, state=state)
    assert await accounts.fates("ada", *ids, 7) == {**{str(id): fate for id in ids}, "7": "deleted"}
    (asked,) = [request["path"] for request in accounts.far.requests("/2/users/")]
    assert asked == "/2/users/by/username/ada"


async def test_an_account_that_is_pinned_is_asked_for_by_its_number(accounts: Accounts) -> None:
    id = accounts.post("ada", "words")
    accounts.far.account("x", "ada", number=77, state="suspended")
    accounts.sources["ada"] = Source("ada", "x", "ada", account_id="77")
    assert await accounts.fates("ada", id) == {str(id): "suspended"}
    assert [request["path"] for request in accounts.far.requests("/2/users/")] == ["/2/users/77"]


async def test_a_withheld_post_is_told_from_one_that_stands(accounts: Accounts) -> None:
    id = accounts.post("ada", "words", withheld={"country_codes": ["DE"]})
    assert await accounts.fates("ada", id) == {str(id): "withheld"}
    accounts.read_by(country="UA")
    assert await accounts.fates("ada", id) == {str(id): "stands"}


async def test_an_edited_post_stands_under_its_first_id(accounts: Accounts) -> None:
    id = accounts.post("ada", "words")
    accounts.post("ada", "other words", id=id)
    assert await accounts.fates("ada", id) == {str(id): "stands"}


async def test_without_a_token_nothing_is_known_of_posts(accounts: Accounts) -> None:
    accounts.reader = X(accounts.session, "", accounts.far.url)
    with pytest.raises(FetchError, match="X_BEARER_TOKEN"):
        await accounts.fates("ada", 5)


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
async def test_every_call_is_read_in_both_vocabularies(accounts: Accounts, vocabulary: Any) -> None:
    id = accounts.post("ada", "words", quote={"id": 5, "author": "x", "text": "Theirs"})
    accounts.read_by(vocabulary=vocabulary, mode="search")
    (post,) = (await accounts.look("ada")).posts
    assert (post.text, post.quoted) == ("words", "Theirs")
    assert await accounts.fates("ada", id) == {str(id): "stands"}
    assert any(f"{vocabulary}.fields" in query for query in accounts.asked("/2/tweets/search"))


# --- X's own description


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="X's OpenAPI description is not here")
@pytest.mark.parametrize(
    ("path", "query", "mistake"),
    [
        ("/2/users/77/tweets", {"max_results": "5"}, ""),
        ("/2/users/77/tweets", {"max_results": "4"}, "max_results is 4"),
        ("/2/users/77/tweets", {"max_results": "many"}, "max_results is many"),
        ("/2/users/ada/tweets", {}, "id ada is not of the form ^[0-9]{1,19}$"),
        ("/2/users/77/tweets", {"since": "5"}, "since is not a parameter"),
        ("/2/tweets/search/recent", {}, "query is missing"),
        ("/2/tweets/search/recent", {"query": "a", "max_results": "9"}, "max_results is 9"),
        ("/2/tweets/search/recent", {"query": "a" * 4097}, "query is 4097 characters long"),
        ("/2/tweets/search/recent", {"query": "a", "sort_order": "best"}, "sort_order cannot be best"),
        ("/2/tweets", {"ids": ",".join(["5"] * 101)}, "ids has 101 items"),
        ("/2/tweets", {"ids": "5", "tweet.fields": "id,words"}, "tweet.fields cannot be words"),
        ("/2/tweets", {"ids": "5", "tweet.fields": "id,id"}, "tweet.fields repeats an item"),
        ("/2/tweets", {"ids": "5", "post.fields": "note_post"}, ""),
        ("/2/users/by", {"usernames": "ada"}, ""),
        ("/2/users/by", {"usernames": "a" * 16}, f"usernames {'a' * 16} is not of the form ^[A-Za-z0-9_]{{1,15}}$"),
        ("/2/users/by/username/ada", {"user.fields": "protected,verified_type"}, ""),
        ("/2/users/by/username/ada", {"user.fields": "shoe_size"}, "user.fields cannot be shoe_size"),
        ("/2/users/77", {"user.fields": "protected"}, ""),
        ("/2/usage/tweets", {"days": "7", "usage.fields": "daily_project_usage"}, ""),
        ("/2/usage/tweets", {"days": "91"}, "days is 91"),
        ("/2/usage/tweets", {"usage.fields": "price"}, "usage.fields cannot be price"),
        ("/2/everything", {}, "GET /2/everything is not described"),
        ("/feed/a", {"b": "c"}, ""),
    ],
)
def test_requests_are_held_against_xs_own_description(path: str, query: dict[str, str], mistake: str) -> None:
    assert mistakes("GET", path, query) == ([mistake] if mistake else [])


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="X's OpenAPI description is not here")
async def test_a_request_that_x_does_not_describe_fails_its_test(accounts: Accounts) -> None:
    async with accounts.session.get(
        f"{accounts.far.url}/2/tweets?ids=x", headers={"Authorization": "Bearer t"}
    ) as answer:
        assert answer.status == 400
    assert accounts.far.ends.mistakes
    accounts.far.ends.mistakes.clear()


def ask_nonsense_of_a_process() -> None:
    with listening("tests.far_ends") as far_ends:
        request = urllib.request.Request(f"{far_ends}/2/tweets?ids=x", headers={"Authorization": "Bearer t"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="X's OpenAPI description is not here")
def test_a_process_that_asks_what_x_does_not_describe_fails_its_test() -> None:
    with pytest.raises(AssertionError, match="ids x is not of the form"):
        ask_nonsense_of_a_process()
