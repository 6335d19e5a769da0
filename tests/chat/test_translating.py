"""The button 🌐 under a statement."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from bot.chat import Desk
from bot.models import Statement
from bot.settings import Translate
from bot.store import posts, translations
from bot.translate import Translator
from tests.chat.offline import Talk, all_data_of, open_chat
from tests.chat.worlds import Office, quoted
from tests.translators import Service, serve

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve() as service:
        yield service


@pytest.fixture
async def reader(office: Office, service: Service) -> AsyncIterator[Talk]:
    """Eve with a bot that may translate the wire and the account on X, 100 characters a month; she reads Ukrainian."""
    settings = office.desk.settings
    sources = {id: replace(one, translate=id != "petrov-telegram") for id, one in settings.roster.sources.items()}
    settings = replace(settings, roster=replace(settings.roster, sources=sources), translate=Translate(characters=100))
    async with aiohttp.ClientSession() as session:
        translator = Translator(session, "libretranslate", service.url, "")
        talk = await open_chat(Office(Desk(office.database, settings, office.clock, translator), office.clock))
        yield talk.elsewhere(talk.chat, language_code="uk")
        await talk.application.shutdown()


async def test_the_original_stands_first_and_the_translation_is_marked(
    reader: Talk, office: Office, service: Service
) -> None:
    number = office.said(99, "A truce is near.", quoted("petrov"))
    _, citation = await reader.presses(f"cite:{number}")
    assert f"translate:{number}" not in all_data_of(citation)  # what is cited is never a translation
    _, answer = await reader.presses(f"translate:{number}")
    assert answer["text"] == (
        "🟥 Павло Петров\nПівдень\nЦитує Дріт (державне ЗМІ)\nA truce is near.\n"
        "🌐 Машинний переклад (LibreTranslate), не їхні слова:\n[uk] A truce is near.\n"
        "14 березня 2022, 13:00 EET · wire.example · англійська"
    )
    assert [entity["type"] for entity in answer["entities"]].count("blockquote") == 2
    (asked,) = service.asked
    assert (asked["source"], asked["target"]) == ("en", "uk")


async def test_what_was_translated_is_not_asked_for_again_until_its_words_change(
    reader: Talk, office: Office, service: Service
) -> None:
    number = office.said(99, "A truce is near.", quoted("petrov"))
    for _ in range(2):
        await reader.presses(f"translate:{number}")
    assert len(service.asked) == 1
    await office.database.write(posts.revise, number, "No truce is near.", "en", office.clock())
    _, answer = await reader.presses(f"translate:{number}")
    assert "[uk] No truce is near." in answer["text"]
    assert len(service.asked) == 2


async def test_a_month_has_its_characters_and_failures_are_given_back(
    reader: Talk, office: Office, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    first = office.said(1, "a" * 60, quoted("petrov"))
    second = office.said(2, "b" * 60, quoted("petrov"))
    service.answer = (500, b"")
    _, failed = await reader.presses(f"translate:{first}")
    assert "Перекладу зараз немає." in failed["text"]
    assert "a" * 60 in failed["text"]
    assert office.database.read(translations.spent, office.clock()) == 0
    service.answer = None
    assert "[uk] aaa" in (await reader.presses(f"translate:{first}"))[1]["text"]
    assert "Перекладу зараз немає." in (await reader.presses(f"translate:{second}"))[1]["text"]
    assert "the 100 characters of this month are used up" in caplog.text
    assert office.database.read(translations.spent, office.clock()) == 60
    office.clock.goes(days=20)
    assert "[uk] bbb" in (await reader.presses(f"translate:{second}"))[1]["text"]


async def test_what_may_have_been_billed_is_counted(reader: Talk, office: Office, service: Service) -> None:
    number = office.said(1, "a" * 60, quoted("petrov"))
    service.answer = (200, b"none")
    await reader.presses(f"translate:{number}")
    assert office.database.read(translations.spent, office.clock()) == 60


async def test_what_a_source_does_not_allow_or_x_does_not_show_is_not_sent_away(
    reader: Talk, office: Office, service: Service
) -> None:
    channel = office.said(1, "A truce.", Statement("petrov", "own", ""), source="petrov-telegram")
    gone = office.said(2, "A secret.", Statement("ivanenko", "own", ""), source="ivanenko-x")
    await reader.presses(f"translate:{gone}")
    await office.database.write(posts.delete, gone, office.clock(), office.clock())
    for number in (channel, gone):
        _, answer = await reader.presses(f"translate:{number}")
        assert "Перекладу зараз немає." in answer["text"]
        assert "secret" not in answer["text"]
    assert [asked["q"] for asked in service.asked] == ["A secret."]
    await office.database.write(posts.purge, gone)
    assert office.database.read(translations.find, gone, "uk") is None


async def test_a_long_statement_and_its_translation_share_one_message(
    reader: Talk, office: Office, service: Service
) -> None:
    number = office.said(1, "word " * 18, quoted("petrov"))
    service.answer = (200, b'{"translatedText": "' + b"wort " * 2000 + b'"}')
    _, answer = await reader.presses(f"translate:{number}")
    assert len(answer["text"]) <= 4096
    assert answer["text"].count("word") == 18
    assert answer["text"].count("wort") > 400


async def test_a_statement_that_is_gone_is_said_to_be(reader: Talk) -> None:
    assert "вже немає" in (await reader.presses("translate:77"))[1]["text"]


async def test_a_bot_without_a_service_has_no_such_button(talk: Talk, office: Office) -> None:
    number = office.said(1, "A truce.", quoted("petrov"))
    ukrainian = talk.elsewhere(talk.chat, language_code="uk")
    (answer,) = await ukrainian.says("/latest")
    assert not [data for data in all_data_of(answer) if data.startswith("translate")]
    _, answer = await ukrainian.presses(f"translate:{number}")
    assert "Перекладу зараз немає." in answer["text"]


async def test_with_a_service_a_translation_can_be_wanted_under_every_alert(reader: Talk, office: Office) -> None:
    (menu,) = await reader.says("/settings")
    assert "set:translate" in all_data_of(menu)
    _, page = await reader.presses("set:translate:1", menu)
    assert "Машинний переклад під сповіщеннями" in page["text"]
    known = office.subscriber()
    assert known is not None
    assert known.translate
