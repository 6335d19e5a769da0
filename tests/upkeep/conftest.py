"""Real files, real SQLite and real HTTP on this computer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.models import Source
from bot.settings import Settings
from tests.far_ends.serving import Far, serve
from tests.upkeep.worlds import Configure
from tests.worlds import ROSTER


@pytest.fixture(name="far")
async def far_ends() -> AsyncIterator[Far]:
    async with serve() as ends:
        yield ends


@pytest.fixture(name="configure")
def settings_of_a_world(tmp_path: Path) -> Configure:
    """Settings whose sources are these, or those of tests.worlds."""

    def make(*sources: Source, **more: object) -> Settings:
        known = {source.id: source for source in sources} or ROSTER.sources
        settings = Settings(
            database=tmp_path / "parley.db", config=tmp_path / "config", roster=replace(ROSTER, sources=known)
        )
        return replace(settings, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture(name="settings")
def settings_of_the_world(configure: Configure) -> Settings:
    return configure()
