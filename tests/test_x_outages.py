"""What X refuses to one account it refuses to all: operators are told once, and once when it is over."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import aiohttp
import pytest

from bot import alarm
from bot.app import purse
from bot.budget import DOLLAR, Budget
from bot.collect import Collector
from bot.models import Roster, Source
from bot.sources.x import X
from bot.store import outbox, sources, subscribers
from bot.store.database import Database
from tests.far_ends.serving import Far, serve
from tests.worlds import NOON, ROSTER, Clock

pytestmark = pytest.mark.anyio

OPERATOR = 99


class House:
    """Four accounts on X, polled and watched over as `bot.app` does it, five minutes at a time."""

    def __init__(self, database: Database, far: Far, session: aiohttp.ClientSession) -> None:
        accounts = {name: Source(name, "x", name, speaker="petrov") for name in ("ada", "bob", "eve", "kim")}
        self.roster = Roster(ROSTER.talks, ROSTER.sides, ROSTER.speakers, accounts, {})
        self.database, self.far, self.session = database, far, session
        self.clock = Clock()
        far.ends.api.clock = self.clock
        newcomer = subscribers.Newcomer(OPERATOR, 0, "private", "", "en", "UTC", None, None)
        database.submit(subscribers.enrol, newcomer, NOON).result()
        self.start()

    def start(self, limits: Budget | None = None) -> None:
        self.database.submit(sources.enrol, self.roster.sources.values(), self.clock()).result()
        money = purse(self.database, limits) if limits else None
        reader = X(self.session, "token", self.far.url, accounts=list(self.roster.sources.values()), purse=money)
        chances = count()
        self.collector = Collector(
            self.database, {"x": reader}, self.roster, self.clock, lambda: next(chances) % 7 / 7, lambda: None
        )

    async def goes_on(self, **time: float) -> list[str]:
        """What operators are told meanwhile, with the time of each."""
        told = []
        end = self.clock() + timedelta(**time)
        while self.clock() < end:
            self.clock.goes(minutes=5)
            await asyncio.gather(*self.collector.begin_due(most=2))
            await alarm.tell_operators(self.database, self.roster, [OPERATOR], self.clock())
            told += self._sent()
        return told

    def _sent(self) -> list[str]:
        sent = []
        while rows := self.database.submit(outbox.claim, self.clock(), 99).result():
            for row in rows:
                self.database.submit(outbox.sent, [outbox.Arrival(row, 1)], self.clock()).result()
            sent += [row.message.text for row in rows]
        return sent


@pytest.fixture(name="house")
async def house_at_the_far_ends(database: Database) -> AsyncIterator[House]:
    async with serve() as far, aiohttp.ClientSession() as session:
        house = House(database, far, session)
        assert await house.goes_on(hours=1) == []
        yield house
        await house.collector.close()


CREDITS = {"title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits", "detail": "no credits"}
CREDITS_TOO = {"title": "Payment Required", "type": "https://api.x.com/2/problems/credits-depleted", "status": 402}
CAP = {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped", "period": "Monthly"}
WINDOW = {"title": "Too Many Requests", "type": "about:blank", "status": 429}


@pytest.mark.parametrize(
    ("status", "body", "words", "within", "probed"),
    [
        (401, {"title": "Unauthorized"}, "X does not accept X_BEARER_TOKEN", 30, None),
        (402, CREDITS, "X wants to be paid (402: no credits): buy credits in its console", 30, 60),
        (402, CREDITS_TOO, "X wants to be paid (402: Payment Required): buy credits in its console", 30, 60),
        (403, {"detail": "client-not-enrolled"}, "X forbids this to our token (403: client-not-enrolled)", 30, None),
        (429, CAP, "the X account's usage cap is reached", 30, 24 * 60),
        (429, WINDOW, "X asks for fewer requests", 120, 15),
    ],
)
async def test_operators_are_told_once_and_once_that_it_is_over(
    house: House, status: int, body: dict[str, object], words: str, within: int, probed: int | None
) -> None:
    house.far.ends.requests.clear()
    house.far.fault("/2/", status=status, body=json.dumps(body), headers={"x-rate-limit-reset": ""}, times=-1)
    told = await house.goes_on(minutes=within)
    assert len(told) == 1
    assert told[0].startswith("⛔️ Nothing of X is read since 14 March 2022, ")
    assert words in told[0]
    assert await house.goes_on(hours=6) == []
    asked = len(house.far.requests("/2/"))
    at_once, probes = 2, 0 if probed is None else (within + 6 * 60) // probed
    assert asked <= at_once + probes, "it is not asked in vain"

    house.far.ends.faults.clear()
    if probed is None:  # a person has made a new token and begun anew
        await house.collector.close()
        house.start()
    assert await house.goes_on(minutes=(probed or 0) + 30) == ["✅ Read again: X"]
    assert all(one.alarmed_at is None for one in house.database.read(sources.health))


async def test_an_account_that_is_lost_meanwhile_is_told_by_itself(house: House) -> None:
    house.far.fault("/2/", status=402, body=json.dumps(CREDITS), times=-1)
    assert len(await house.goes_on(hours=1)) == 1
    house.far.ends.faults.clear()
    house.far.account("x", "eve", state="suspended")
    (told,) = await house.goes_on(hours=2)
    first, second = told.split("\n\n")
    assert first.startswith("⛔️ Not read any more since")
    assert "X @eve\nX has suspended this account" in first
    assert second == "✅ Read again: X"
    house.far.account("x", "eve", state="ok")
    assert await house.goes_on(hours=24) == ["✅ Read again: 🟥 Pavel Petrov, X @eve"]


async def test_money_that_is_used_up_is_told_after_an_hour_and_once(house: House) -> None:
    await house.collector.close()
    house.start(Budget(day_cap=0, month_cap=DOLLAR))
    told = await house.goes_on(hours=8)
    assert len(told) == 1
    assert "the money for X is used up: its caps are [x] in config/parley.toml" in told[0]


async def test_one_account_that_cannot_be_read_is_no_outage_of_x(house: House) -> None:
    house.far.account("x", "ada", state="suspended")
    (told,) = await house.goes_on(hours=3)
    assert "X has suspended this account" in told
    assert "Nothing of X" not in told


async def test_an_account_that_is_silent_after_the_outage_is_no_second_end_of_it(house: House) -> None:
    house.database.submit(sources.learn, "ada", (), timedelta(hours=2), house.clock()).result()
    house.far.post("x", "ada", text="Words", date=house.clock().isoformat())
    assert await house.goes_on(minutes=30) == []
    house.far.fault("/2/", status=402, body=json.dumps(CREDITS), times=-1)
    assert len(await house.goes_on(hours=3)) == 1
    house.far.ends.faults.clear()
    end, silent = await house.goes_on(hours=3)
    assert end == "✅ Read again: X"
    assert silent.startswith("🔇 Silent for unusually long")
    house.far.post("x", "ada", text="More", date=house.clock().isoformat())
    assert await house.goes_on(hours=1) == ["✅ Read again: 🟥 Pavel Petrov, X @ada"]
