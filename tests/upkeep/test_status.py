"""How all fares, in a terminal."""

import re
from contextlib import closing
from dataclasses import replace

import pytest

from bot.settings import Settings
from bot.store.database import Database
from bot.upkeep.poll import poll
from bot.upkeep.status import status
from tests.far_ends.serving import Far
from tests.upkeep.worlds import nowhere

pytestmark = pytest.mark.anyio


async def test_status_tells_of_sources_work_and_money_while_the_bot_runs(
    settings: Settings, far: Far, unused_port: int
) -> None:
    settings = replace(
        settings, x_bearer_token="token", x_api_url=far.url, telegram_web_url=f"http://127.0.0.1:{unused_port}"
    )
    x = next(source for source in settings.roster.sources.values() if source.kind == "x" and source.enabled)
    far.post("x", x.address, text="Words")
    await poll(settings, [x.id], nowhere)
    said: list[str] = []
    with closing(Database.open(settings.database)):
        assert status(settings, said.append) == 0
    (report,) = said
    assert re.search(r"^✅ .*, X @\w+ – just now$", report, re.MULTILINE)
    assert "Posts: 1." in report
    assert (
        "X: $0.01 of $5.00 today (UTC), $0.01 of $50.00 this month; " in report
    )  # a user, and a post: a cent and a half
    said.clear()
    assert status(replace(settings, x_bearer_token=""), said.append) == 0
    assert "no X token" in said[0]
    assert "$" not in said[0]
