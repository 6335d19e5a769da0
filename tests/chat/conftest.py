"""A conversation with the bot, offline."""

from collections.abc import AsyncIterator

import pytest

from bot.store.database import Database
from tests.chat.offline import Talk, open_chat, operator_of
from tests.chat.worlds import Office, an_office


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


@pytest.fixture
async def talk(office: Office) -> AsyncIterator[Talk]:
    """Eve in private, in English."""
    opened = await open_chat(office)
    yield opened
    await opened.application.shutdown()


@pytest.fixture
def boss(talk: Talk) -> Talk:
    """The operator, in private."""
    return operator_of(talk)
