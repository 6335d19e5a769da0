"""What we count of X is held against X's own count, once a day; operators hear of a difference once."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import aiohttp
import pytest

from bot.budget import Budget
from bot.reconcile import Reconciler
from bot.store import budget, outbox, subscribers
from bot.store.database import Database
from tests.far_ends.serving import Far, serve
from tests.sources.x_worlds import SMALL, Accounts, purse
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

OPERATOR = 99
DAY = timedelta(days=1)
MORNING = NOON.replace(hour=2) + DAY


@pytest.fixture(name="far")
async def far_ends() -> AsyncIterator[Far]:
    async with serve() as far:
        yield far


@pytest.fixture(name="accounts")
async def accounts_read_on_a_day(far: Far, database: Database) -> AsyncIterator[Accounts]:
    """Thirty posts of one account were read and paid for on the first day."""
    newcomer = subscribers.Newcomer(OPERATOR, 0, "private", "", "en", "UTC", None, None)
    database.submit(subscribers.enrol, newcomer, NOON).result()
    async with aiohttp.ClientSession() as session:
        world = Accounts(far, session, NOON, ["ada"])
        world.read_by(purse(world, database))
        await world.poll()
        world.pass_by(minutes=5)
        for number in range(30):
            world.post("ada", f"{number}")
        assert len(await world.poll()) == 30
        yield world


def bill(accounts: Accounts, database: Database, limits: Budget = SMALL) -> Reconciler:
    return Reconciler(database, accounts.reader, limits, [OPERATOR], lambda: accounts.now, lambda: None)


def told(database: Database) -> list[str]:
    return [row.message.text for row in database.submit(outbox.claim, MORNING + 9 * DAY, 99).result()]


async def test_what_x_counts_as_we_do_is_nobodys_business(accounts: Accounts, database: Database) -> None:
    before = database.read(budget.spent, MORNING).month
    accounts.now = MORNING
    assert await bill(accounts, database).look() == 0
    assert len(accounts.asked("/2/usage/tweets")) == 1
    assert accounts.asked("/2/usage/tweets")[0]["days"] == "7"
    assert database.read(budget.spent, MORNING).month == before
    assert told(database) == []
    accounts.pass_by(hours=7)
    await bill(accounts, database).look()
    assert len(accounts.asked("/2/usage/tweets")) == 1, "the day is reconciled"


async def test_what_x_alone_has_counted_is_spent_and_told_once(accounts: Accounts, database: Database) -> None:
    before = database.read(budget.spent, MORNING).month
    accounts.far.ends.api.miscounted = 20
    accounts.now = MORNING
    ours = bill(accounts, database)
    assert await ours.look() == 1
    accounts.pass_by(hours=7)
    assert await ours.look() == 0
    assert database.read(budget.spent, MORNING).month == before + 20 * SMALL.post_price
    assert told(database) == [
        "💳 X: 50 posts on 14 March 2022 by its own count, 30 by ours.\n"
        "What is missing counts as spent. Does something else use the token?"
    ]


async def test_what_only_we_have_counted_stays_spent(accounts: Accounts, database: Database) -> None:
    before = database.read(budget.spent, MORNING).month
    accounts.far.ends.api.miscounted = -20
    accounts.now = MORNING
    assert await bill(accounts, database).look() == 1
    assert database.read(budget.spent, MORNING).month == before
    assert "10 posts on 14 March 2022 by its own count, 30 by ours.\nThe budget stays as careful" in told(database)[0]


async def test_an_answer_that_was_lost_is_among_what_x_has_counted(accounts: Accounts, database: Database) -> None:
    accounts.pass_by(minutes=5)
    accounts.post("ada", "lost")
    accounts.far.fault("/2/users/", cut=40)
    await accounts.refused("ada")
    assert database.read(budget.spent, MORNING).month > 31 * SMALL.post_price + SMALL.user_price
    accounts.now = MORNING
    await bill(accounts, database).look()
    assert database.read(budget.spent, MORNING).month == 31 * SMALL.post_price + SMALL.user_price


async def test_x_is_asked_when_the_day_has_settled_and_not_too_often(accounts: Accounts, database: Database) -> None:
    ours = bill(accounts, database)
    accounts.far.fault("/2/usage/", times=-1, body=json.dumps({"data": {}}))
    for hour in range(-14, 16):
        accounts.now = MORNING + timedelta(hours=hour)
        await ours.look()
    assert len(accounts.asked("/2/usage/tweets")) == 3
    assert accounts.now.date() == date(2022, 3, 15)


@pytest.mark.parametrize("status", [403, 404, 429, 503])
async def test_that_x_does_not_say_closes_nothing_else(accounts: Accounts, database: Database, status: int) -> None:
    accounts.now = MORNING
    accounts.far.fault("/2/usage/", status=status)
    assert await bill(accounts, database).look() == 0
    accounts.post("ada", "words")
    assert await accounts.poll() == ["words"]


async def test_of_days_long_ago_x_is_not_asked(accounts: Accounts, database: Database) -> None:
    late: datetime = MORNING + 8 * DAY
    accounts.now = late
    await bill(accounts, database).look()
    assert accounts.asked("/2/usage/tweets") == []
