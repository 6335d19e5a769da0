"""What X is paid, held against X's own bill: every call is counted, and none is made that could break a cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import aiohttp
import anyio
import pytest

from bot.budget import DOLLAR, Ask, Budget, Grant, Spent, Used
from bot.errors import FetchError
from bot.sources.x_purse import Purse
from bot.store import budget
from bot.store.database import Database
from tests.far_ends.serving import Far
from tests.sources.x_worlds import SMALL, Accounts, purse

pytestmark = pytest.mark.anyio

NAMES = ("ada", "bob", "eve")
POST, USER = SMALL.post_price, SMALL.user_price
PLENTY = Budget(day_cap=1000 * DOLLAR, month_cap=30_000 * DOLLAR)


@pytest.fixture
def accounts(far: Far, session: aiohttp.ClientSession, now: datetime, database: Database) -> Accounts:
    world = Accounts(far, session, now, NAMES)
    world.read_by(purse(world, database, PLENTY))
    return world


def spent(accounts: Accounts, database: Database) -> Spent:
    return database.read(budget.spent, accounts.now)


async def test_every_post_and_user_is_booked_once_a_day_as_x_does(accounts: Accounts, database: Database) -> None:
    quoted = {"id": 5, "author": "other", "text": "Theirs"}
    for number in range(3):
        accounts.post("ada", f"{number}", quote=quoted)
    await accounts.poll()
    assert spent(accounts, database).today == 4 * POST + 3 * USER

    accounts.cursors.clear()
    await accounts.poll()
    assert spent(accounts, database).today == 4 * POST + 3 * USER == accounts.far.ends.api.cost()

    accounts.pass_by(days=1)
    accounts.cursors.clear()
    await accounts.poll()
    assert spent(accounts, database).month == 2 * (4 * POST + 3 * USER) == accounts.far.ends.api.cost()


async def test_searches_and_look_ups_are_booked_too(accounts: Accounts, database: Database) -> None:
    accounts.read_by(purse(accounts, database, PLENTY), mode="search")
    await accounts.poll()
    accounts.pass_by(minutes=5)
    ids = [accounts.post(name, "words", reply={"id": 5, "author": "x", "text": "Theirs"}) for name in NAMES]
    await accounts.poll()
    accounts.pass_by(hours=25)
    await accounts.fates("ada", *ids)
    assert accounts.far.ends.api.billed[accounts.now.date().isoformat(), "post"] == {str(id) for id in ids}
    assert spent(accounts, database).month == accounts.far.ends.api.cost()


async def test_asking_why_posts_are_hidden_is_booked(accounts: Accounts, database: Database) -> None:
    id = accounts.post("ada", "words")
    accounts.far.account("x", "ada", state="protected")
    assert await accounts.fates("ada", id) == {str(id): "protected"}
    assert spent(accounts, database).today == USER == accounts.far.ends.api.cost()


async def test_an_answer_without_posts_costs_nothing(accounts: Accounts, database: Database) -> None:
    await accounts.poll()
    before = spent(accounts, database)
    await accounts.poll()
    assert spent(accounts, database) == before


@pytest.mark.parametrize("status", [400, 402, 404, 429, 500, 503])
async def test_a_refusal_costs_nothing(accounts: Accounts, database: Database, status: int) -> None:
    accounts.far.fault(status=status)
    await accounts.refused("ada")
    assert spent(accounts, database).today == 0


@pytest.mark.parametrize("fault", [{"drop": True}, {"cut": 40}, {"drop": True, "cut": 40}, {"body": "no JSON"}])
async def test_an_answer_that_is_lost_counts_at_its_worst_until_it_comes(
    accounts: Accounts, database: Database, fault: dict[str, object]
) -> None:
    await accounts.poll("ada")
    before = spent(accounts, database).today
    accounts.post("ada", "words")
    accounts.far.fault("/2/users/", times=-1, **fault)
    for _ in range(3):
        await accounts.refused("ada")
        assert spent(accounts, database).today == before + 10 * 3 * POST
    accounts.far.ends.faults.clear()
    accounts.far.fault("/2/users/", status=503)
    await accounts.refused("ada")
    assert spent(accounts, database).today == before + 10 * 3 * POST
    await accounts.poll("ada")
    assert spent(accounts, database).today == before + POST == accounts.far.ends.api.cost()


async def test_a_call_that_is_broken_off_counts_at_its_worst(accounts: Accounts, database: Database) -> None:
    await accounts.poll("ada")
    before = spent(accounts, database).today
    accounts.far.fault("/2/users/", seconds=60)
    with anyio.move_on_after(0.2):
        await accounts.poll("ada")
    assert spent(accounts, database).today == before + 10 * 3 * POST


async def test_a_process_that_is_killed_has_counted_every_answer(
    accounts: Accounts, database: Database, tmp_path: Path
) -> None:
    """Killed at any moment: what stands on the disk then is never less than X's bill."""
    seen: list[tuple[int, int]] = []
    whole = purse(accounts, database, PLENTY)

    def look() -> None:
        seen.append((spent(accounts, database).month, accounts.far.ends.api.cost()))

    async def hold(ask: Ask) -> Grant:
        grant = await whole.hold(ask)
        look()
        return grant

    async def settle(ask: Ask, grant: Grant, used: Used, whole_: bool) -> None:
        look()
        await whole.settle(ask, grant, used, whole_)
        look()

    accounts.read_by(replace(whole, hold=hold, settle=settle))
    for number in range(40):
        accounts.post("ada", f"{number}")
    await accounts.poll()
    accounts.pass_by(hours=2)
    for number in range(250):
        accounts.post("bob", f"{number}")
    await accounts.poll()
    assert len(seen) > 20
    assert all(ours >= theirs for ours, theirs in seen)
    assert seen[-1][0] == seen[-1][1]


# --- caps


async def test_a_page_is_as_small_as_the_money(accounts: Accounts, database: Database) -> None:
    await accounts.poll("ada")
    accounts.pass_by(hours=2)
    accounts.read_by(purse(accounts, database, replace(PLENTY, day_cap=USER + 20 * 3 * POST + POST)))
    for number in range(30):
        accounts.post("ada", f"{number}")
    assert len(await accounts.poll("ada")) == 30
    assert [query["max_results"] for query in accounts.asked("/2/users/")[2:]] == ["20", "13"]


async def test_a_call_that_could_break_a_cap_is_not_made(accounts: Accounts, database: Database) -> None:
    await accounts.poll("ada")
    accounts.read_by(purse(accounts, database, replace(PLENTY, day_cap=USER + 14 * POST)))
    before = len(accounts.asked())
    error = await accounts.refused("ada")
    assert (error.permanent, error.retry_at) == (False, datetime(2022, 3, 15, tzinfo=UTC))
    assert len(accounts.asked()) == before
    accounts.now = datetime(2022, 3, 15, tzinfo=UTC)
    await accounts.poll("ada")


async def test_a_month_that_is_used_up_ends_with_the_month(accounts: Accounts, database: Database) -> None:
    await accounts.poll("ada")
    accounts.read_by(purse(accounts, database, replace(PLENTY, month_cap=USER + 14 * POST)))
    assert (await accounts.refused("ada")).retry_at == datetime(2022, 4, 1, tzinfo=UTC)


async def test_what_a_day_could_not_pay_is_read_on_the_days_after(accounts: Accounts, database: Database) -> None:
    await accounts.poll("ada")
    accounts.pass_by(days=1)
    accounts.read_by(purse(accounts, database, SMALL))
    made = [accounts.post("ada", f"{number}") for number in range(500)]
    read: set[int] = set()
    for _ in range(8):
        try:
            read |= {int(post.external_id) for post in (await accounts.look("ada")).posts}
        except FetchError as error:
            accounts.now = error.retry_at or accounts.now
        else:
            accounts.pass_by(hours=1)
    assert read == set(made)
    costs = [accounts.far.ends.api.cost(f"2022-03-{day}") for day in range(15, 18)]
    assert all(0.8 * SMALL.day_cap < cost <= SMALL.day_cap for cost in costs[:2])
    assert 0 < costs[2] < SMALL.day_cap


async def test_calls_at_the_same_time_do_not_break_a_cap_together(accounts: Accounts, database: Database) -> None:
    await accounts.poll()
    accounts.pass_by(hours=2)
    accounts.read_by(purse(accounts, database, replace(PLENTY, day_cap=3 * USER + 100 * 3 * POST)))
    for name in NAMES:
        for number in range(20):
            accounts.post(name, f"{number}")
    found: list[str] = []

    async def look(name: str) -> None:
        found.extend(await accounts.poll(name))

    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(look, name)
    assert len(found) == 60


async def test_old_posts_are_looked_up_with_what_is_left_over(accounts: Accounts, database: Database) -> None:
    accounts.read_by(purse(accounts, database, Budget(day_cap=DOLLAR, month_cap=18 * DOLLAR)))  # a dollar a day
    ids = [accounts.post("ada", f"{number}") for number in range(100)]
    accounts.now = datetime(2022, 3, 14, 1, tzinfo=UTC)
    assert list(await accounts.fates("ada", *ids)) == [str(id) for id in ids[:8]]
    with pytest.raises(FetchError) as failure:
        await accounts.fates("ada", *ids[10:])
    assert failure.value.retry_at == datetime(2022, 3, 14, tzinfo=UTC) + timedelta(days=9 * POST / DOLLAR)

    assert len(await accounts.fates("ada", *ids[:8], *ids[:8])) == 8, "what is paid for today is free"
    accounts.pass_by(hours=6)
    assert len(await accounts.fates("ada", *ids)) == 58


async def test_polling_rests_when_money_goes_faster_than_the_day(accounts: Accounts, database: Database) -> None:
    accounts.read_by(purse(accounts, database, Budget(day_cap=5 * DOLLAR, month_cap=18 * DOLLAR)))
    await accounts.poll("ada")
    accounts.now = datetime(2022, 3, 14, 1, tzinfo=UTC)
    for number in range(100):
        accounts.post("ada", f"{number}")
    fetched = await accounts.look("ada")
    assert fetched.next_at is not None
    assert "rarely" in fetched.note
    assert timedelta(hours=8) < fetched.next_at - accounts.now < timedelta(hours=9)


async def test_a_call_whose_answer_is_not_known_makes_nobody_rest(accounts: Accounts, database: Database) -> None:
    accounts.read_by(purse(accounts, database, Budget(day_cap=5 * DOLLAR, month_cap=30 * DOLLAR)))
    await accounts.poll()
    accounts.now = datetime(2022, 3, 14, 18, tzinfo=UTC)
    accounts.far.fault(drop=True, times=-1)
    await accounts.refused("ada")
    accounts.far.ends.faults.clear()
    assert spent(accounts, database).today > 100 * 3 * POST
    fetched = await accounts.look("bob")
    assert fetched.next_at is not None
    assert (fetched.next_at - accounts.now < timedelta(seconds=1), fetched.note) == (True, "")


@pytest.mark.parametrize("seed", range(2))
async def test_no_cap_is_ever_broken_and_nothing_is_lost(accounts: Accounts, database: Database, seed: int) -> None:
    """A fortnight of posts, faults and restarts, with too little money for all of it."""
    chance = Random(seed)
    limits = Budget(day_cap=DOLLAR // 2, month_cap=4 * DOLLAR)
    accounts.read_by(purse(accounts, database, limits), mode=chance.choice(["timelines", "search", "auto"]))
    made: set[int] = set()
    read: set[int] = set()
    begun: set[str] = set()
    for _ in range(150):
        accounts.pass_by(minutes=chance.choice([5, 20, 200]))
        name = chance.choice(NAMES)
        for _ in range(chance.choice([0, 0, 1, 12])):
            id = accounts.post(name, "words", quote={"id": chance.randrange(9) + 1, "author": "x", "text": "a"})
            if name in begun:
                made.add(id)
        match chance.randrange(8):
            case 0:
                accounts.far.fault(drop=True)
            case 1:
                accounts.far.fault(status=chance.choice([429, 402, 503]))
            case 2:
                accounts.far.fault(cut=50)
            case 3:
                accounts.read_by(purse(accounts, database, limits), mode="auto")
        try:
            read |= {int(post.external_id) for post in (await accounts.look(name)).posts}
            begun.add(name)
        except FetchError:
            pass
        accounts.far.ends.faults.clear()
    api = accounts.far.ends.api
    days = {day for day, _ in api.billed}
    assert len(days) > 5
    assert all(api.cost(day) <= limits.day_cap for day in days)
    assert api.cost("2022-03") <= limits.month_cap
    assert spent(accounts, database).month >= api.cost(f"{accounts.now:%Y-%m}")

    accounts.read_by(purse(accounts, database, PLENTY))
    for _ in range(2):
        accounts.pass_by(days=1)
        for name in begun:
            read |= {int(post.external_id) for post in (await accounts.look(name)).posts}
    assert made <= read


async def test_money_that_is_held_may_come_free() -> None:
    """While another call is under way, one waits; with none, there is nothing to wait for."""
    held: list[Ask] = []

    async def hold(ask: Ask) -> Grant:
        if held:
            return Grant(datetime(2022, 3, 14, tzinfo=UTC), 0, datetime(2022, 3, 15, tzinfo=UTC))
        held.append(ask)
        return Grant(datetime(2022, 3, 14, tzinfo=UTC), 1)

    async def nothing(*_: object) -> None: ...

    one = Purse(hold, nothing, nothing, lambda: None)
    await one.open(Ask("a", 1))
    order: list[str] = []

    async def second() -> None:
        await one.open(Ask("b", 1))
        order.append("second")

    async with anyio.create_task_group() as group:
        group.start_soon(second)
        await anyio.wait_all_tasks_blocked()
        order.append("first ends")
        held.clear()
        one.close()
    assert order == ["first ends", "second"]
    one.close()
    with pytest.raises(FetchError, match="money"):
        await one.open(Ask("c", 1))
