"""Pictures of counts: what is drawn, where, and what happens without matplotlib."""

import asyncio
import io
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import charts
from bot.models import LANGUAGES
from bot.render import figures
from bot.render.figures import Counts
from bot.render.language import voice
from tests.chat.worlds import Office, an_office, quoted
from tests.worlds import NOON, ROSTER

pytestmark = pytest.mark.anyio

HOUSE = Path(__file__).parents[1]
DAYS = [date(2022, 3, 1) + timedelta(days=day) for day in range(30)]


def counts(days: int, topics: bool = True) -> Counts:
    rows = {side: [number * (day % 5) for day in range(days)] for number, side in enumerate(ROSTER.sides, 1)}
    return Counts(DAYS[:days], rows, {"truce": [day % 7 for day in range(days)]} if topics else {})


@pytest.fixture
def office(database: Any) -> Office:
    return an_office(database)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("days", "topics"), [(7, True), (30, False)])
def test_a_picture_fits_a_phone_and_has_every_letter(language: str, days: int, topics: bool) -> None:
    """A letter that the type lacks is a warning, which fails here."""
    drawn = charts.draw(figures.picture(voice(language, "Europe/Kyiv"), ROSTER, counts(days, topics)))
    image = Image.open(io.BytesIO(drawn))
    assert (image.format, image.size) == ("PNG", (1080, 1350))
    assert len(drawn) < 1_000_000
    assert len(set(image.convert("RGB").resize((60, 75)).get_flattened_data())) > 20  # not an empty sheet


def test_words_are_the_readers_and_sides_keep_their_order() -> None:
    picture = figures.picture(voice("uk", "Europe/Kyiv"), ROSTER, counts(7))
    assert picture.title == "1–7 бер."
    assert picture.days[0] == "1 бер."
    assert [name for name, _ in picture.bars] == ["Північ", "Південь"]
    assert [name for name, _ in picture.heat] == ["Перемир'я"]
    assert picture.bars_title == "Заяви за днями та сторонами"


def test_sides_beyond_those_with_a_colour_are_one() -> None:
    sides = {f"s{n}": ROSTER.sides["north"].__class__(f"s{n}", "sample", {"en": f"S{n}"}) for n in range(9)}
    roster = ROSTER.__class__(ROSTER.talks, sides, {}, {}, {})
    rows = {f"s{n}": [9 - n, 0] for n in range(9)}
    picture = figures.picture(voice("en", "UTC"), roster, Counts(DAYS[:2], rows, {}))
    assert picture.bars == [*((f"S{n}", [9 - n, 0]) for n in range(6)), ("others", [3 + 2 + 1, 0])]


def test_a_dollar_sign_in_a_name_is_a_dollar_sign() -> None:
    picture = figures.Picture("$x_{$", ["1 May"], "$\\frac$", [("$_$", [1])], "$", [("$^$", [1])], "$\\bad{$")
    assert charts.draw(picture).startswith(b"\x89PNG")


async def test_days_are_the_readers(office: Office) -> None:
    """14 March 2022, 11:00 UTC is the 15th on an island that is 14 hours ahead."""
    office.said(99, "A truce is near.", quoted("petrov"))
    for zone, expected in (("Europe/Kyiv", date(2022, 3, 14)), ("Pacific/Kiritimati", date(2022, 3, 15))):
        found = office.database.read(charts.counted, ROSTER, voice("en", zone), 7, NOON)
        assert [day for day, count in zip(found.days, found.sides["south"], strict=True) if count] == [expected]
        assert found.topics == {"truce": found.sides["south"]}
        assert found.total == 1


async def test_the_loop_stays_free_while_it_is_drawn(office: Office) -> None:
    office.said(99, "A truce is near.", quoted("petrov"))
    drawing = asyncio.create_task(charts.activity_of(office.database, ROSTER, voice("en", "Europe/Kyiv"), 7, NOON))
    turns = 0
    while not drawing.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await drawing or b"").startswith(b"\x89PNG")
    assert turns > 100


async def test_there_is_no_picture_of_nothing_and_none_without_the_extra(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = voice("en", "Europe/Kyiv")
    assert await charts.activity_of(office.database, ROSTER, _, 7, NOON) is None
    office.said(99, "A truce is near.", quoted("petrov"))
    monkeypatch.setattr(charts, "EXTRA", "no_such_package")
    assert await charts.activity_of(office.database, ROSTER, _, 7, NOON) is None


@pytest.mark.process
def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import bot.app, bot.cli, bot.demo, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HOUSE, check=False).returncode == 0
