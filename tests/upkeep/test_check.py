"""Accounts are shown with their titles and numbers; one that is another or gone is not confirmed."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import charts
from bot.models import Source
from bot.settings import Settings
from bot.sources import archive
from bot.store import budget
from bot.store.connection import connect
from bot.store.database import Database
from bot.upkeep.check import check, check_database
from tests.far_ends.serving import Far
from tests.upkeep.worlds import OFF, Configure, nowhere
from tests.worlds import a_post

pytestmark = pytest.mark.anyio


async def test_every_account_is_shown_with_its_title_and_number(configure: Configure, far: Far, tmp_path: Path) -> None:
    far.account("x", "o_ivanenko", title="Olha\x1b[2J Ivanenko", number=42)
    far.account("telegram", "p_petrov", title="Петров", number=1500)
    far.post("telegram", "p_petrov", text="one")
    far.account("feed", "wire", title="The Wire\nnews")
    far.post("feed", "wire", title="one", date="2022-03-14T12:00:00+00:00")
    (tmp_path / "days.jsonl").write_text(archive.line(a_post("1", "one", "old")) + "\n")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko", account_id="42"),
        Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov"),
        Source("wire", "feed", f"{far.url}/feed/wire", outlet={"en": "The Wire"}, account_id="7"),
        Source("old", "archive", "days.jsonl", outlet={"en": "Old days"}),
        OFF,
        telegram_web_url=far.url,
        x_api_url=far.url,
        x_bearer_token="a-token",
        config=tmp_path,
    )
    said: list[str] = []
    assert await check(settings, said.append) == 0
    assert said == [
        "✓ ivanenko-x      x o_ivanenko: “Olha [2J Ivanenko”, number 42",
        "✓ petrov-telegram telegram p_petrov: “Петров”, number 1500; 1.2K subscribers",
        f"✓ wire            feed {far.url}/feed/wire: “The Wire news”, no number; "
        "1 items, the newest of 2022-03-14 12:00 UTC; account_id 7 cannot be compared",
        "✓ old             archive days.jsonl: “days.jsonl”, no number; 1 posts, 2022-03-14 to 2022-03-14",
        "4 of 4 accounts confirmed",
        "1 sources are off; --all looks them up too",
    ]


async def test_without_matplotlib_it_says_once_that_there_are_no_pictures(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "EXTRA", "no_such_package")
    said: list[str] = []
    await check(configure(OFF), said.append)
    assert said == [
        "0 of 0 accounts confirmed",
        'no pictures, /stats is text alone: they need matplotlib (pip install ".[charts]")',
        "1 sources are off; --all looks them up too",
    ]


async def test_an_account_that_is_another_or_gone_is_not_confirmed(configure: Configure, far: Far) -> None:
    far.account("x", "o_ivanenko", number=42)
    far.account("x", "p_petrov", state="suspended")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko", account_id="41"),
        replace(OFF, enabled=True),
        x_api_url=far.url,
        x_bearer_token="a-token",
    )
    said: list[str] = []
    assert await check(settings, said.append) == 1
    assert said[0] == "✗ ivanenko-x x o_ivanenko: “o_ivanenko”, number 42; another account: config/ says 41"
    assert said[1].startswith("✗ petrov-x   x p_petrov: ")
    assert "suspended" in said[1]
    assert said[2:] == ["0 of 2 accounts confirmed"]


async def test_sources_that_are_off_are_looked_up_when_asked_for_and_never_count(
    configure: Configure, far: Far
) -> None:
    far.account("x", "p_petrov", state="absent")
    settings = configure(OFF, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await check(settings, said.append, everything=True) == 0
    assert said[0].startswith("✗ petrov-x x p_petrov (off): ")
    assert said[1:] == ["0 of 1 accounts confirmed"]


async def test_without_a_token_accounts_on_x_are_not_looked_up_and_do_not_count(configure: Configure, far: Far) -> None:
    settings = configure(replace(OFF, enabled=True), x_api_url=far.url)
    said: list[str] = []
    assert await check(settings, said.append) == 0
    assert said == [
        "– petrov-x x p_petrov: not looked up: no X token (X_BEARER_TOKEN)",
        "0 of 0 accounts confirmed",
        "1 accounts on X not looked up: no X token (X_BEARER_TOKEN)",
    ]
    assert not far.requests()


async def test_a_far_end_that_cannot_be_reached_is_asked_twice_and_no_more(
    configure: Configure, unused_port: int
) -> None:
    host = f"127.0.0.1:{unused_port}"
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=f"http://{host}", x_bearer_token="a-token")
    said: list[str] = []
    assert await check(settings, said.append) == 1
    assert [
        line.startswith(f"✗ x-{number} x name{number}: {host} cannot be read: ") for number, line in enumerate(said[:2])
    ]
    assert said[2:] == [
        f"✗ x-2 x name2: not looked up: {host} cannot be reached",
        f"✗ x-3 x name3: not looked up: {host} cannot be reached",
        "0 of 4 accounts confirmed",
    ]


async def test_a_refusal_is_an_answer_and_does_not_end_the_look_ups(configure: Configure, far: Far) -> None:
    for number in range(3):
        far.account("x", f"name{number}", state="absent")
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await check(settings, said.append) == 1
    assert said[3].startswith("✓ x-3 ")


async def test_a_check_that_is_ended_early_leaves_nothing_under_way(configure: Configure, far: Far) -> None:
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=far.url, x_bearer_token="a-token")

    def closed(line: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await check(settings, closed)
    assert not [task for task in asyncio.all_tasks() if "LookUps" in repr(task)]


def test_the_database_is_looked_through_by_command(settings: Settings) -> None:
    said: list[str] = []
    with closing(Database.open(settings.database)) as database:
        rows = [(str(number), "x" * 1000) for number in range(300)]
        database.submit(
            lambda connection: connection.executemany("INSERT INTO gaps (since, reason) VALUES (?, ?)", rows)
        ).result()
        assert check_database(settings, said.append) == 0
    with settings.database.open("r+b") as file:
        file.seek(-50 * 4096, 2)
        file.write(b"\xff" * 4096 * 20)
    assert check_database(settings, said.append) == 1
    assert said[0] == f"{settings.database}: no damage"
    assert "is damaged (" in said[1]
    assert "parley restore FILE" in said[1]


async def test_what_look_ups_on_x_cost_is_counted_unless_the_bot_runs(configure: Configure, far: Far) -> None:
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(3)]
    settings = configure(*accounts, x_api_url=far.url, x_bearer_token="a-token")

    def cost() -> int:
        with closing(connect(settings.database)) as connection:
            return budget.spent(connection, datetime.now(UTC)).today

    assert await check(settings, nowhere) == 0
    assert not settings.database.exists(), "none is made"
    with closing(Database.open(settings.database)):
        assert await check(settings, nowhere) == 0
    assert cost() == 0
    assert await check(settings, nowhere) == 0
    assert cost() == 3 * settings.x.budget.user_price
