"""Time, and what happens in it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web

from bot.budget import DOLLAR, Budget
from bot.store.connection import Connection, connect
from tests.far_ends.previews import Channel
from tests.far_ends.server import Fault
from tests.far_ends.serving import Far, serve
from tests.month import incidents, roster
from tests.month.accounts import Account, InFeeds, OnTelegram, OnX, account
from tests.month.child import Child, Kill
from tests.month.incidents import Incident
from tests.month.process import Order, row
from tests.month.witness import Witness

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)

CALM, CALM_STEP = timedelta(days=9), timedelta(hours=6)
"""Afterwards nothing happens any more until all that is to be noticed has been: X is asked for a week."""

LITTLE = Budget(day_cap=DOLLAR * 6 // 10, month_cap=8 * DOLLAR)
ENOUGH = Budget(day_cap=3 * DOLLAR, month_cap=60 * DOLLAR)
"""In the first half of the time there is less money than X would use up: it is read more rarely. Then there is enough
to ask again for each post.
"""

FEW_REQUESTS, MANY_REQUESTS = 10, 10_000
"""Timelines that X allows in a quarter of an hour. In the first half of the time it is few: then X is searched."""


BURST = 40
"""Posts of one source between two looks; a page of a channel holds 20, the feeds hold 30."""

LAG = timedelta(minutes=4)
"""Of X's searches behind its timelines."""


@dataclass(frozen=True)
class Span:
    since: datetime
    until: datetime


class Simulation:
    """`now` is the true time, `ahead` how far the child's clock is from it."""

    def __init__(self, path: Path, far: Far, seed: int, length: timedelta) -> None:
        self.path, self.far, self.seed = path, far, seed
        self.chance = Random(seed)
        self.begin, self.end, self.now = BEGIN, BEGIN + length, BEGIN
        self.ahead = timedelta(0)
        self.sources = {source.id: source for source in roster.sources(far.urls)}
        self.accounts: dict[str, Account] = {
            id: account(source, far.ends, self.chance) for id, source in self.sources.items()
        }
        self.plan = incidents.plan(self.begin, length, self.chance)
        self.later: list[tuple[datetime, int, Any]] = []
        self.hits: Counter[str] = Counter()
        self.down: list[Span] = []
        self.wrong_clock: list[Span] = []
        self.child = Child(path.with_suffix(".log"))
        self.witness = Witness(path, far.ends, self.accounts)
        self.budget = LITTLE
        self.spent_of_little: dict[str, int] = {}
        self._restarts = False
        far.ends.watch = self._watch
        far.ends.api.clock = lambda: self.now
        far.ends.api.limits["timelines"] = FEW_REQUESTS
        far.ends.api.lag = LAG
        self._armed: dict[int, tuple[str, Fault]] = {}

    @cached_property
    def database(self) -> Connection:
        return connect(self.path)

    # --- the whole

    async def run(self, say: Callable[[str], None] = lambda words: None) -> None:
        """All of it; a word a day is said."""
        for one in self.accounts.values():
            for hours in range(3, 0, -1):
                one.say(self.now - timedelta(hours=hours))
        await self._start()
        await self._tick()
        while self.now < self.end:
            await self._step()
            if self.now.time() < (BEGIN + STEP).time():
                say(f"{self.now:%d %B}: {self.hits.total()} incidents, {self.witness.looks} looks")
        await self._calm_down()
        await self.child.stop()

    async def _step(self) -> None:
        before, self.now = self.now, self.now + STEP
        if self.budget is LITTLE and self.now - self.begin > (self.end - self.begin) / 2:
            self.spent_of_little = self._costs()
            self.budget, self._restarts = ENOUGH, True
            self.far.ends.api.limits["timelines"] = MANY_REQUESTS
        self._go_on(before)
        while self.plan and self.plan[0].at <= self.now:
            await self._happens(self.plan.pop(0))
        await self._tick()

    async def _calm_down(self) -> None:
        for _, _, undo in sorted(self.later, key=lambda one: one[:2]):
            undo()
        self.later.clear()
        self.far.ends.faults.clear()
        self.ahead = timedelta(0)
        self.down.append(Span(self.now, self.now + CALM))
        for _ in range(CALM // CALM_STEP):
            self.now += CALM_STEP
            await self._tick()

    def _go_on(self, since: datetime) -> None:
        """What was said since then; what ends by itself."""
        for one in self.accounts.values():
            waking = 1.5 if 6 <= self.now.hour < 21 else 0.2
            if not one.silent and self.chance.random() < one.rate * waking * ((self.now - since) / timedelta(days=1)):
                seconds = self.chance.randint(1, int((self.now - since).total_seconds()))
                one.say(since + timedelta(seconds=seconds))
        due = sorted((one for one in self.later if one[0] <= self.now), key=lambda one: one[:2])
        for one_due in due:
            self.later.remove(one_due)
            one_due[2]()

    def _after(self, undo: Any, *, hours: tuple[float, float]) -> None:
        self.later.append((self.now + timedelta(hours=self.chance.uniform(*hours)), len(self.later), undo))

    # --- what goes wrong

    async def _happens(self, incident: Incident) -> None:
        what = incident.what
        if what in incidents.FAULTS:
            self._arm(what)
            return
        match what:
            case "429 of X" | "usage cap" | "402" | "402 in other words":
                self._fault(what, "/2/", incidents.of_x(what, self.now))
            case "edit" | "deletion":
                self._spoken(what)
            case "renamed" | "name taken over" | "hidden":
                await self._to_an_account(what)
            case "burst":
                self._burst()
            case "asleep":
                self._sleeps()
            case "clock ahead" | "clock behind":
                self._clock_is_set(what)
            case "kill":
                self.child.kill = Kill(
                    self.chance.randint(1, 6), self.chance.random() < 0.5, self.chance.uniform(0, 0.03)
                )

    def _arm(self, what: str) -> None:
        """On the next requests for some source."""
        one = self.chance.choice(list(self.accounts.values()))
        x = isinstance(one, OnX)
        if isinstance(one, OnX):
            path = self.chance.choice((f"/2/users/{one.person.number}/tweets", "/2/tweets"))
        elif isinstance(one, InFeeds):
            path = f"/feed/{one.name}"
        else:
            path = self.chance.choice((f"/s/{one.name}",) * 4 + (f"/{one.name}/",))
        times = self.chance.choice((1, 1, 1, 2, 3, 6))
        if what == "429" and x:
            what = "5xx"
        self._fault(what, path, {"times": times, **incidents.FAULTS[what](self.chance, x)})

    def _fault(self, what: str, path: str, details: Mapping[str, Any]) -> None:
        self.far.fault(path, **details)
        fault = self.far.ends.faults[-1]
        self._armed[id(fault)] = what, fault

    def _spoken(self, what: str) -> None:
        found = list(self.accounts.values())
        self.chance.shuffle(found)
        for one in found:
            if one.change(self.now) if what == "edit" else one.remove(self.now):
                self.hits[what] += 1
                return

    def _burst(self) -> None:
        """More than a page holds, and more than some feeds do."""
        one = self.chance.choice([one for one in self.accounts.values() if not one.silent])
        for number in range(BURST):
            one.say(self.now - STEP * (BURST - number) / BURST)
        self.hits["burst"] += 1

    async def _to_an_account(self, what: str) -> None:
        kinds = {"renamed": (OnTelegram, OnX), "name taken over": (OnTelegram,)}.get(what, (OnTelegram, OnX, InFeeds))
        free = [one for one in self.accounts.values() if isinstance(one, kinds) and not one.silent]
        if not free:
            return
        one = self.chance.choice(free)
        self.hits[what] += 1
        if what == "name taken over" and isinstance(one, OnTelegram):
            self._taken_over(one)
        elif what == "renamed" and isinstance(one, OnTelegram):
            await self._channel_renamed(one)
        elif what == "renamed" and isinstance(one, OnX):
            self._person_renamed(one)
        else:
            self._hidden(one)

    def _hidden(self, one: Account) -> None:
        """It is there, and is not shown for a while."""
        if isinstance(one, OnTelegram):
            place: Any = one.channel
            states = ["preview_off", "withheld", "restricted", "absent", "front_page"]
        elif isinstance(one, OnX):
            place, states = one.person, ["suspended", "protected"]
        else:
            assert isinstance(one, InFeeds)
            place, states = one.wire, ["gone", "absent", "page"]
        place.state, one.silent = self.chance.choice(states), True

        def shown_again() -> None:
            place.state, one.silent = "ok", False

        self._after(shown_again, hours=(0.5, 30))

    def _taken_over(self, one: OnTelegram) -> None:
        """Somebody else has the name for a while, and speaks."""
        channels, key = self.far.ends.channels, one.name.lower()
        usurper = channels[key] = Channel(one.name, number=one.channel.number + 1)
        one.silent = True
        for number in range(self.chance.randint(1, 25)):
            usurper.post({"id": number + 1, "text": f"Usurper {number}", "date": self.now.isoformat()})

        def given_back() -> None:
            channels[key], one.silent = one.channel, False

        self._after(given_back, hours=(1, 40))

    async def _channel_renamed(self, one: OnTelegram) -> None:
        """Nothing stands under the old name. In the end it gets that back, or config/ says the new one."""
        channels, old = self.far.ends.channels, one.name
        new = f"renamed_{self.hits['renamed']:03}{old[-3:]}"
        channels[new] = channels.pop(old.lower())
        channels[old.lower()] = Channel(old, state="absent")
        one.channel.name, one.silent = new, True

        def named_back() -> None:
            channels[old.lower()] = channels.pop(new)
            one.channel.name, one.silent = old, False

        def configured() -> None:
            one.source = self.sources[one.source.id] = replace(one.source, address=new)
            one.silent, self._restarts = False, True

        self._after(self.chance.choice((named_back, configured)), hours=(1, 30))

    def _person_renamed(self, one: OnX) -> None:
        """It is known by its number, and read on; what a search finds under the old name is nothing."""
        people, old = self.far.ends.people, one.person.name
        new = f"renam_{self.hits['renamed']:03}{old[-3:]}"
        people[new] = people.pop(old.lower())
        one.person.name = new

    def _sleeps(self) -> None:
        """The computer, and the child with it."""
        self.hits["asleep"] += 1
        self._goes_by(self.chance.choice((20, 60, 240)))

    def _goes_by(self, minutes: float) -> None:
        before, self.now = self.now, self.now + timedelta(minutes=minutes)
        self.down.append(Span(before - STEP, self.now))
        self._go_on(before)

    def _clock_is_set(self, what: str) -> None:
        """Wrong for some hours, then right again; never over midnight, where nobody could say which day X bills."""
        if self.ahead or not 4 <= self.now.hour < 14:
            self.plan.append(Incident(self.now + timedelta(hours=3), what))
            self.plan.sort(key=lambda incident: incident.at)
            return
        self.hits[what] += 1
        minutes = self.chance.choice((7, 45, 170)) * (1 if what == "clock ahead" else -1)
        self.ahead = timedelta(minutes=minutes, seconds=self.chance.randint(1, 59))
        began, by = self.now, abs(self.ahead)

        def right() -> None:
            self.ahead = timedelta(0)
            self.wrong_clock.append(Span(began - by - STEP, self.now + by + STEP))

        self._after(right, hours=(0.5, 5))

    # --- the child

    async def _start(self) -> None:
        known = [row(one.source) for one in self.accounts.values()]
        vocabulary = self.chance.choice(("tweet", "post"))
        seed = self.chance.randrange(1 << 30)
        at = (self.now + self.ahead).isoformat()
        order = Order(str(self.path), self.far.url, at, known, vocabulary, asdict(self.budget), seed)
        await self.child.start(order)

    async def _tick(self) -> None:
        """All that is due at this time; a child that is killed meanwhile is begun anew, at once or after a while."""
        if self._restarts:
            self._restarts = False
            await self.child.stop()
            await self._start()
        while not (survived := await self.child.tick(self.now + self.ahead)):
            self.hits["kill"] += 1
            self.witness.observe(self.now, self.now + self.ahead, survived=False)
            if minutes := self.chance.choice((0, 0, 3, 12, 45, 200)):
                self._goes_by(minutes)
            await self._start()
        self.witness.observe(self.now, self.now + self.ahead, survived=survived)

    # --- the far ends

    def _costs(self) -> dict[str, int]:
        """What X has billed, by day and by month."""
        api = self.far.ends.api
        days = {day for day, _ in api.billed}
        return {time: api.cost(time) for time in sorted(days | {day[:7] for day in days})}

    @property
    def spent(self) -> list[tuple[str, int, int]]:
        """What X has billed by day and by month, each with what it might have been: (time, cost, cap)."""
        found = []
        for costs, budget in ((self.spent_of_little, LITTLE), (self._costs(), ENOUGH)):
            for time, cost in costs.items():
                found.append((time, cost, budget.day_cap if len(time) > 7 else budget.month_cap))
        return found

    def _watch(self, request: web.Request, true: web.Response, fault: Fault) -> None:
        what, _ = self._armed.pop(id(fault), ("", None))
        self.hits[what] += bool(what)
        self.witness.answers(request, true, fault, self.now)
        self.child.asks()


@asynccontextmanager
async def simulated(folder: Path, seed: int, length: timedelta) -> AsyncIterator[Simulation]:
    """Afterwards no child is left."""
    async with serve(roster.HOSTS) as far:
        one = Simulation(folder / "parley.db", far, seed, length)
        try:
            yield one
        finally:
            await one.child.end()
            one.database.close()
