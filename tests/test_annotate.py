"""Translations under alerts: added to what stands, for who wants them, and never waited for."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from bot import annotate
from bot.models import Fate, Follow
from bot.store import subscribers, translations
from bot.store.database import Database
from bot.translate import Translator
from tests.collecting import World
from tests.translators import Service, serve
from tests.worlds import ROSTER, a_post

pytestmark = pytest.mark.anyio

SAID = "We sign nothing, Petrov said."


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """The wire and the account may be translated, the channel may not."""
    allowed = {id: replace(ROSTER.sources[id], translate=True) for id in ("wire", "ivanenko-x")}
    world = World(database, replace(ROSTER, sources={**ROSTER.sources, **allowed}))
    await world.poll()
    yield world
    await world.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve() as service:
        yield service


def reader(world: World, chat: int = 1, *, language: str = "uk", translate: str = "1") -> int:
    who = world.subscribe(Follow("all"), chat=chat)
    world.database.submit(subscribers.speak, who, language).result()
    world.database.submit(subscribers.choose, who, "translate", translate).result()
    return who


async def annotated(world: World, service: Service, a_month: int = 1000) -> int:
    async with aiohttp.ClientSession() as session:
        translator = Translator(session, "libretranslate", service.url, "")
        return await annotate.translate_wanted(world.database, world.roster, translator, a_month, world.clock())


async def test_an_alert_that_stands_gets_its_translation(world: World, service: Service) -> None:
    reader(world)
    await world.poll(a_post("1", SAID, language="en"))
    (plain,) = world.texts()
    assert "[uk]" not in plain
    assert await annotated(world, service) == 1
    assert world.texts() == []
    (edited,) = world.edited
    assert SAID in edited
    assert f"[uk] {SAID}" in edited
    assert "🌐 Машинний переклад (LibreTranslate), не їхні слова:" in edited
    assert await annotated(world, service) == 0
    assert len(service.asked) == 1


async def test_only_for_those_who_want_it_and_read_another_language(world: World, service: Service) -> None:
    reader(world, 1, translate="0")
    reader(world, 2, language="en")
    await world.poll(
        a_post("1", SAID, language="en"), a_post("2", "No, I said.", "petrov-telegram", at=world.clock(), language="ru")
    )
    world.texts()
    assert await annotated(world, service) == 0
    assert service.asked == []


async def test_all_of_one_language_share_one_translation_and_others_have_theirs(world: World, service: Service) -> None:
    for chat, language in ((1, "uk"), (2, "uk"), (3, "ru")):
        reader(world, chat, language=language)
    await world.poll(a_post("1", SAID, language="en"))
    world.texts()
    assert await annotated(world, service) == 2
    world.texts()
    assert sorted(edited.count("[uk]") + 2 * edited.count("[ru]") for edited in world.edited) == [1, 1, 2]


async def test_what_waits_goes_out_with_it(world: World, service: Service) -> None:
    reader(world)
    await world.poll(a_post("1", SAID, language="en"))
    assert await annotated(world, service) == 1
    (text,) = world.texts()
    assert "[uk]" in text


@pytest.mark.parametrize("trouble", ["fails", "month"])
async def test_where_there_is_none_the_original_stands_and_nobody_asks_again(
    world: World, service: Service, trouble: str
) -> None:
    reader(world)
    await world.poll(a_post("1", SAID, language="en"))
    world.texts()
    service.answer = (500, b"") if trouble == "fails" else None
    assert await annotated(world, service, 5 if trouble == "month" else 1000) == 0
    service.answer = None
    assert await annotated(world, service) == 0
    assert world.texts() == []
    assert world.edited == []


async def test_a_long_statement_stands_alone(world: World, service: Service) -> None:
    reader(world)
    await world.poll(a_post("1", SAID + " Word." * 600, language="en"))
    world.texts()
    assert await annotated(world, service, 100_000) == 1
    assert world.texts() == []
    assert world.edited == [], "half of the words would stand in a message that nobody is sent"


@pytest.mark.parametrize("fate", ["deleted", "protected"])
async def test_what_is_taken_back_before_its_turn_is_sent_to_no_service(
    world: World, service: Service, fate: Fate
) -> None:
    reader(world)
    await world.poll(a_post("11", SAID, "ivanenko-x", at=world.clock(), language="en"))
    assert len(world.database.read(translations.wanted, 9)) == 1
    world.source.fates["11"] = fate
    await world.ask(hours=1)
    assert world.stored("11").post.fate == fate
    assert await annotated(world, service) == 0
    assert service.asked == []
    assert world.database.read(translations.wanted, 9) == []
