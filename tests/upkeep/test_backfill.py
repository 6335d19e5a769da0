"""The past of a source is read back to a date: what it may cost is told before, and it goes on where it ended."""

import io
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.budget import DOLLAR, Budget
from bot.errors import FetchError, ParleyError
from bot.models import Cursor, Gap, Source
from bot.settings import OnX, Settings
from bot.store import backfills, budget, gaps, sources
from bot.store.connection import Connection, connect
from bot.store.database import Database
from bot.upkeep.backfill import backfill
from bot.upkeep.terminal import RENEW
from tests.far_ends.serving import Far
from tests.upkeep.worlds import OFF, Configure, Terminal, nowhere, stored
from tests.worlds import NOON, Clock

pytestmark = pytest.mark.anyio

CHANNEL = Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov")
ACCOUNT = Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko", account_id="42")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Configured = Callable[..., Settings]


@pytest.fixture(name="world")
def settings_at_the_far_ends(configure: Configure, far: Far) -> Configure:
    far.ends.api.clock = lambda: NOON
    far.account("x", "o_ivanenko", number=42)
    return partial(configure, x_api_url=far.url, telegram_web_url=far.url, x_bearer_token="a-token")


def agree(question: str) -> bool:
    return True


async def read(settings: Settings, name: str, since: datetime, **more: object) -> list[str]:
    """What is said of a backfill that goes well."""
    said: list[str] = []
    arguments = {"shown": io.StringIO(), "agree": agree, "clock": Clock()} | more
    assert await backfill(settings, name, since, said.append, **arguments) == 0  # type: ignore[arg-type]
    return said


def posted(far: Far, kind: str, name: str, hours: int) -> None:
    """A post an hour, up to noon; the last one at noon."""
    for hour in range(hours, 0, -1):
        far.post(kind, name, text=f"{hour} hours ago. [sample]", date=(NOON - (hour - 1) * HOUR).isoformat())


def lay(settings: Settings, work: Callable[[Connection], object]) -> None:
    with closing(Database.open(settings.database)) as database:
        database.submit(work).result()


def known_gaps(settings: Settings) -> list[Gap]:
    with closing(connect(settings.database)) as connection:
        return gaps.everything(connection)


async def test_a_channel_is_read_back_to_a_date_and_nobody_is_told(world: Configure, far: Far) -> None:
    posted(far, "telegram", "p_petrov", 50)
    settings = world(CHANNEL)
    assert await read(settings, "petrov-telegram", NOON - 30 * HOUR) == ["31 posts read, 31 new, back to 2022-03-13"]
    assert [post.published_at for post in stored(settings)] == [NOON - hour * HOUR for hour in range(30, -1, -1)]
    with closing(connect(settings.database)) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


async def test_an_account_is_read_and_paid_for_after_it_was_told_what_it_may_cost(world: Configure, far: Far) -> None:
    posted(far, "x", "o_ivanenko", 150)
    settings = world(ACCOUNT)
    asked: list[str] = []
    since = NOON - 120 * HOUR

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    assert await backfill(settings, "ivanenko-x", since, nowhere, io.StringIO(), refuse, clock=Clock()) == 1
    assert not far.requests()
    assert asked[0].startswith("X shows up to 3,200 posts of an account, and each may bring along two")
    assert "Today this can cost $5.00 at the most, within [x] of " in asked[0]
    assert await read(settings, "ivanenko-x", since) == ["121 posts read, 121 new, back to 2022-03-09"]
    with closing(connect(settings.database)) as connection:
        assert budget.spent(connection, datetime.now(UTC)).today == 121 * 5_000
    free = world(ACCOUNT, x=OnX(budget=Budget(day_cap=1000 * DOLLAR, month_cap=1000 * DOLLAR)))
    await backfill(free, "ivanenko-x", since, nowhere, io.StringIO(), refuse, clock=Clock())
    assert "$48.00 at the most" in asked[1]


async def test_begun_again_it_goes_on_where_it_was(world: Configure, far: Far) -> None:
    posted(far, "x", "o_ivanenko", 350)
    settings = world(ACCOUNT)
    since = NOON - 320 * HOUR
    far.fault("/2/users/42/tweets", skip=2, status=503)
    said: list[str] = []
    with pytest.raises(FetchError, match="503"):
        await backfill(settings, "ivanenko-x", since, said.append, io.StringIO(), agree, clock=Clock())
    assert said == ["200 posts read, 200 new; the same command goes on from there"]
    far.ends.requests.clear()
    far.post("x", "o_ivanenko", text="Later", date=(NOON + HOUR).isoformat())
    assert await read(settings, "ivanenko-x", since) == ["321 posts read, 121 new, back to 2022-03-01"]
    assert len(far.requests("/2/")) == 2
    assert "Later" not in [post.text for post in stored(settings)], "that is for the next poll"
    assert await read(settings, "ivanenko-x", NOON - 9 * HOUR) == ["11 posts read, 1 new, back to 2022-03-14"]


async def test_another_date_or_another_account_begins_anew(world: Configure, far: Far) -> None:
    settings = world(CHANNEL)
    lay(settings, lambda connection: sources.enrol(connection, [CHANNEL], NOON))
    half = backfills.Backfill(NOON - DAY, NOON - HOUR, Cursor("c"), 5, NOON - 2 * HOUR)
    lay(settings, lambda connection: backfills.note(connection, CHANNEL, half))
    other = Source("petrov-telegram", "telegram", "another")
    with closing(connect(settings.database)) as connection:
        assert backfills.begun(connection, CHANNEL, NOON - DAY, NOON) == half
        assert backfills.begun(connection, CHANNEL, NOON - 2 * DAY, NOON) == backfills.Backfill(NOON - 2 * DAY, NOON)
        assert backfills.begun(connection, other, NOON - DAY, NOON) == backfills.Backfill(NOON - DAY, NOON)


async def test_when_the_money_is_used_up_it_says_until_when_and_goes_on_then(world: Configure, far: Far) -> None:
    posted(far, "x", "o_ivanenko", 150)
    dear = world(ACCOUNT, x=OnX(budget=Budget(day_cap=DOLLAR // 2, month_cap=50 * DOLLAR)))
    said: list[str] = []
    with pytest.raises(FetchError, match="the money for X is used up"):
        await backfill(dear, "ivanenko-x", NOON - 140 * HOUR, said.append, io.StringIO(), agree, clock=Clock())
    (told,) = said
    assert told.endswith("; the same command goes on from there")
    assert 60 < len(stored(dear)) < 100
    more = world(ACCOUNT, x=OnX(budget=Budget(day_cap=50 * DOLLAR, month_cap=50 * DOLLAR)))
    assert (await read(more, "ivanenko-x", NOON - 140 * HOUR))[0].startswith("141 posts read, ")
    assert len(stored(dear)) == 141


async def test_gaps_that_it_fills_are_closed_and_those_of_others_stay(world: Configure, far: Far) -> None:
    posted(far, "x", "o_ivanenko", 50)
    settings = world(CHANNEL, ACCOUNT)

    def blind(connection: Connection) -> None:
        sources.enrol(connection, [CHANNEL, ACCOUNT], NOON - 60 * HOUR)
        gaps.add(connection, "ivanenko-x", NOON - 50 * HOUR, NOON - 30 * HOUR, "no answer")
        gaps.add(connection, "ivanenko-x", NOON - 20 * HOUR, NOON - 10 * HOUR, gaps.UNREAD)
        gaps.add(connection, "petrov-telegram", NOON - 20 * HOUR, NOON - 10 * HOUR, "no answer")
        gaps.add(connection, "", NOON - 8 * HOUR, NOON - 5 * HOUR, gaps.NOT_RUNNING)
        sources.polled(connection, "ivanenko-x", Cursor("{}"), NOON - HOUR, NOON)
        sources.failed(connection, "ivanenko-x", "no answer", NOON - HOUR, NOON)

    lay(settings, blind)
    await read(settings, "ivanenko-x", NOON - 40 * HOUR)
    assert known_gaps(settings) == [
        Gap("ivanenko-x", NOON - 50 * HOUR, NOON - 40 * HOUR, "no answer"),
        Gap("petrov-telegram", NOON - 20 * HOUR, NOON - 10 * HOUR, "no answer"),
        Gap("petrov-telegram", NOON - 8 * HOUR, NOON - 5 * HOUR, gaps.NOT_RUNNING),
        Gap("petrov-telegram", NOON - HOUR, NOON, gaps.NOT_RUNNING),
        Gap("ivanenko-x", NOON, None, "no answer"),
    ]


async def test_as_far_back_as_x_goes_gaps_are_closed_and_no_further(
    world: Configure, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.upkeep.backfill.NEARLY_ALL", 20)
    posted(far, "x", "o_ivanenko", 30)
    settings = world(ACCOUNT)

    def blind(connection: Connection) -> None:
        sources.enrol(connection, [ACCOUNT], NOON - 60 * HOUR)
        gaps.add(connection, "ivanenko-x", NOON - 50 * HOUR, NOON - 10 * HOUR, gaps.UNREAD)

    lay(settings, blind)
    assert await read(settings, "ivanenko-x", NOON - 60 * HOUR) == ["30 posts read, 30 new, back to 2022-03-13"]
    assert known_gaps(settings) == [Gap("ivanenko-x", NOON - 50 * HOUR, NOON - 29 * HOUR, gaps.UNREAD)]


async def test_the_bar_shows_how_much_of_the_time_is_read(world: Configure, far: Far) -> None:
    posted(far, "x", "o_ivanenko", 250)
    terminal, clock = Terminal(), Clock()

    def later() -> datetime:
        return clock.goes(seconds=1)

    await read(world(ACCOUNT), "ivanenko-x", NOON - 200 * HOUR, shown=terminal, clock=later)
    shown = [line for line in terminal.getvalue().split(RENEW) if line]
    assert [line.split(" · ")[0][-4:] for line in shown] == [" 50%", "100%", "100%"]


async def test_another_account_under_the_name_is_not_read(world: Configure, far: Far) -> None:
    far.account("telegram", "p_petrov", number=1500)
    posted(far, "telegram", "p_petrov", 3)
    pinned = Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov", account_id="1400")
    with pytest.raises(FetchError, match="another"):
        await read(world(pinned), "petrov-telegram", NOON - DAY)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nobody", "sources.toml has no source 'nobody'"),
        ("petrov-x", "petrov-x is off"),
        ("wire", "wire is a feed, and a feed has no past"),
        ("ivanenko-x", r"ivanenko-x cannot be read: no X token \(X_BEARER_TOKEN\)"),
    ],
)
async def test_what_has_no_past_to_read_says_so(world: Configure, far: Far, source: str, words: str) -> None:
    wire = Source("wire", "feed", f"{far.url}/feed/wire", outlet={"en": "The Wire"})
    with pytest.raises(ParleyError, match=words):
        await read(world(OFF, ACCOUNT, wire, x_bearer_token=""), source, NOON - DAY)
    assert not far.requests()


async def test_the_future_has_not_been_said_yet(world: Configure) -> None:
    with pytest.raises(ParleyError, match="2022-03-15 is not over yet"):
        await read(world(CHANNEL), "petrov-telegram", NOON + DAY)
