"""docs/tour.md is what the bot says."""

import pytest

from tests import tour

pytestmark = pytest.mark.anyio


async def test_the_tour_is_what_the_bot_says_today() -> None:
    assert tour.PAGE.read_text() == await tour.written(), "make tour writes it anew"


async def test_a_button_that_is_not_there_ends_the_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tour, "SCENES", (tour.Scene("Lost", "", ("/start", "[Nowhere]")),))
    with pytest.raises(ValueError, match="Nowhere"):
        await tour.written()


def test_each_scene_shows_something() -> None:
    page = tour.PAGE.read_text()
    assert page.count("\n## ") == len(tour.SCENES)
    assert "```text\n\n```" not in page
