"""The archive asked in a terminal."""

import pytest

from bot.errors import ParleyError
from bot.settings import Settings
from bot.upkeep.search import look_for
from tests.upkeep.worlds import kept
from tests.worlds import NOON, a_post

pytestmark = pytest.mark.anyio


def said(settings: Settings, typed: str, page: int = 1, count: int = 2) -> list[str]:
    lines: list[str] = []
    assert look_for(settings, typed, lines.append, page=page, count=count) == 0
    return lines


async def test_what_was_said_is_found_page_by_page(settings: Settings) -> None:
    posts = [
        a_post(str(n), f"“Truce number {n},” Petrov said.", at=NOON.replace(hour=n), language="en") for n in (1, 3, 2)
    ]
    await kept(settings, *posts)
    first = said(settings, "truces kind:quote from:Петров")
    assert [line.split("\n")[0] for line in first[:2]] == ["1. 🟥 Pavel Petrov", "2. 🟥 Pavel Petrov"]
    assert [f"number {n}" in "".join(first) for n in (1, 2, 3)] == [False, True, True]
    assert first[0].rstrip().endswith("https://wire.example/3")
    assert first[-1] == "There is more: --page 2"
    (last,) = said(settings, "truces kind:quote from:Петров", page=2)
    assert last.startswith("3. ")
    assert said(settings, "truce", page=3) == ["Nothing more found."]
    assert said(settings, "truce side:north") == ["Nothing found."]
    assert len(said(settings, "truce since:2022-03-14 until:14.03.2022", count=9)) == 3
    assert said(settings, "truce until:2022-03-13") == ["Nothing found."]


async def test_a_mistake_is_shown_with_its_place_and_a_way_out(settings: Settings) -> None:
    await kept(settings)
    with pytest.raises(ParleyError) as caught:
        look_for(settings, "truce from:Petrow", print, page=1, count=1)
    assert str(caught.value).split("\n")[1:] == [
        "truce from:Petrow",
        "           ^",
        "This works: truce from:petrov",
    ]
    with pytest.raises(ParleyError, match="Before a \\*"):
        look_for(settings, "t*", print, page=1, count=1)
