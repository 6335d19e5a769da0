"""The two services over HTTP: what they are asked, what of their answers is believed, and how they fail."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot import translate
from bot.errors import TranslationError
from bot.translate import DEEPL, DEEPL_FREE, Translator
from tests.translators import Service, serve

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve() as service:
        yield service


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_libretranslate_is_asked_with_both_languages_and_its_key(
    service: Service, session: aiohttp.ClientSession
) -> None:
    translator = Translator(session, "libretranslate", service.url, "secret")
    assert await translator.translate("Слово <b>", "uk", "en") == "[en] Слово <b>"
    (asked,) = service.asked
    assert asked == {
        "path": "/translate", "key": "", "q": "Слово <b>", "source": "uk", "target": "en", "format": "text",
        "api_key": "secret",
    }  # fmt: skip
    assert translator.name == "LibreTranslate"


async def test_libretranslate_without_a_key_finds_the_language_out(
    service: Service, session: aiohttp.ClientSession
) -> None:
    assert await Translator(session, "libretranslate", service.url, "").translate("x", "", "ru") == "[ru] x"
    (asked,) = service.asked
    assert asked["source"] == "auto"
    assert "api_key" not in asked


@pytest.mark.parametrize(("source", "sent"), [("uk", "UK"), ("", None)])
async def test_deepl_is_asked_with_its_names_of_languages(
    service: Service, session: aiohttp.ClientSession, source: str, sent: str | None
) -> None:
    translator = Translator(session, "deepl", service.url, "k:fx")
    assert await translator.translate("Слово", source, "en") == "[EN-GB] Слово"
    (asked,) = service.asked
    assert (asked["path"], asked["key"], asked["text"]) == ("/v2/translate", "DeepL-Auth-Key k:fx", ["Слово"])
    assert asked.get("source_lang") == sent


async def test_deepl_is_where_its_key_belongs(session: aiohttp.ClientSession) -> None:
    assert Translator(session, "deepl", "", "a:fx")._url == DEEPL_FREE
    assert Translator(session, "deepl", "", "a")._url == DEEPL


async def test_a_long_answer_is_read_whole(service: Service, session: aiohttp.ClientSession) -> None:
    words = "слово " * 5_000  # 155 kB: several pieces on the wire
    assert await Translator(session, "libretranslate", service.url, "").translate(words, "ru", "en") == f"[en] {words}"


@pytest.mark.parametrize("status", [400, 403, 429, 456, 500, 302])
async def test_a_refusal_is_told_by_its_number_and_costs_nothing(
    service: Service, session: aiohttp.ClientSession, status: int
) -> None:
    service.answer = (status, b"secret words")
    with pytest.raises(TranslationError, match=rf"^LibreTranslate refused \(HTTP {status}\)$") as failure:
        await Translator(session, "libretranslate", service.url, "").translate("x", "uk", "en")
    assert not failure.value.billed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"translatedText": 7}',
        b'{"translatedText": "  "}',
        b"[" * 90_000,
        b" " * 300_000,
    ],
)
async def test_an_answer_that_is_none_may_have_been_billed(
    service: Service, session: aiohttp.ClientSession, content: bytes
) -> None:
    service.answer = (200, content)
    for kind, name in (("libretranslate", "LibreTranslate"), ("deepl", "DeepL")):
        with pytest.raises(TranslationError, match=f"{name} gave an answer that is none") as failure:
            await Translator(session, kind, service.url, "k").translate("x", "uk", "en")  # type: ignore[arg-type]
        assert failure.value.billed


async def test_a_broken_connection_may_have_been_billed_and_none_at_all_has_not(
    service: Service, session: aiohttp.ClientSession
) -> None:
    service.breaks = True
    with pytest.raises(TranslationError, match="gave no answer") as failure:
        await Translator(session, "libretranslate", service.url, "").translate("x", "uk", "en")
    assert failure.value.billed
    with pytest.raises(TranslationError, match="cannot be reached") as failure:
        await Translator(session, "libretranslate", "http://127.0.0.1:1", "").translate("x", "uk", "en")
    assert not failure.value.billed


async def test_no_failure_tells_the_key_or_the_words(service: Service, session: aiohttp.ClientSession) -> None:
    service.answer = (403, b"")
    with pytest.raises(TranslationError) as failure:
        await Translator(session, "deepl", service.url, "the-key").translate("the words", "uk", "en")
    assert "the-key" not in str(failure.value)
    assert "the words" not in str(failure.value)
    assert translate.PATIENCE.total is not None
