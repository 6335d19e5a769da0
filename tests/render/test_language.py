"""Nothing is said in the wrong language: catalogues are complete and plurals and dates are right in all three."""

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

import bot.render
from bot.models import LANGUAGES
from bot.render.language import NATIVE, catalogue, pick, voice
from bot.render.text import Text

ROOM = Path(bot.render.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def said() -> Iterator[tuple[str, ...]]:
    """Every text that the room gives to a voice: `_("…")` and `_.many("…", "…", n)`."""
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "_":
                yield (constant(node.args[0], path),)
            elif isinstance(node.func, ast.Attribute) and node.func.attr == "many":
                yield constant(node.args[0], path), constant(node.args[1], path)


def constant(node: ast.expr, path: Path) -> str:
    assert isinstance(node, ast.Constant), f"{path}:{node.lineno}: a text to translate must stand there whole"
    assert isinstance(node.value, str)
    return node.value


def entries(language: str) -> dict[str, Entry]:
    file = io.BytesIO((ROOM / "locale" / language / "parley.po").read_bytes())
    return {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry
        for entry in read_po(file, locale=language, abort_invalid=True)
        if entry.id
    }


def forms(entry: Entry) -> list[str]:
    return [entry.string] if isinstance(entry.string, str) else list(entry.string or ())


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_walk_finds_what_the_room_says() -> None:
    assert ("Own words",) in set(said())
    assert len(set(said())) > 150


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_missing_and_none_is_left_over(language: str) -> None:
    assert set(entries(language)) == {texts[0] for texts in said()}
    assert all(all(forms(entry)) and not entry.fuzzy for entry in entries(language).values())


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_have_three_forms_and_every_translation_keeps_the_placeholders(language: str) -> None:
    plurals = {texts[0]: texts[1] for texts in said() if len(texts) == 2}
    for id, entry in entries(language).items():
        assert (len(forms(entry)) == 3) is (id in plurals), id
        for form in forms(entry):
            assert places(form) == places(id), id


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("en", 1, "1 hour ago"),
        ("en", 21, "21 hours ago"),
        ("uk", 1, "1 годину тому"),
        ("uk", 3, "3 години тому"),
        ("uk", 11, "11 годин тому"),
        ("uk", 21, "21 годину тому"),
        ("uk", 112, "112 годин тому"),
        ("ru", 1, "1 час назад"),
        ("ru", 22, "22 часа назад"),
        ("ru", 25, "25 часов назад"),
    ],
)
def test_numbers_take_the_right_form(language: str, number: int, expected: str) -> None:
    assert voice(language, "UTC").many("{count} hour ago", "{count} hours ago", number).plain == expected


@pytest.mark.parametrize(
    ("code", "language"),
    [("uk", "uk"), ("ru-RU", "ru"), ("EN_us", "en"), ("pt-br", "uk"), ("", "uk"), (None, "uk")],
)
def test_a_person_gets_their_language_or_the_default(code: str | None, language: str) -> None:
    assert pick(code, "uk") == language


def test_every_language_is_named_in_itself_and_an_unknown_one_speaks_english() -> None:
    assert set(NATIVE) == set(LANGUAGES)
    assert voice("xx", "UTC")("Own words").plain == "Own words"
    assert catalogue("../../etc").gettext("Own words") == "Own words"


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [
        ("en", "Europe/Kyiv", "14 March 2022, 18:42 EET"),
        ("uk", "Europe/Kyiv", "14 березня 2022, 18:42 EET"),
        ("ru", "Europe/Moscow", "14 марта 2022, 19:42 MSK"),
        ("en", "Asia/Dubai", "14 March 2022, 20:42 UTC+04"),
        ("en", "America/New_York", "14 March 2022, 12:42 EDT"),
    ],
)
def test_times_are_the_readers_own_and_name_their_zone(language: str, zone: str, expected: str) -> None:
    at = datetime(2022, 3, 14, 16, 42, tzinfo=UTC)
    moment = voice(language, zone).moment(at)
    assert moment.plain == expected
    assert moment.marks[0].unix_time == int(at.timestamp())


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    first = datetime(2022, 10, 30, 0, 30, tzinfo=UTC)
    _ = voice("en", "Europe/Kyiv")
    assert _.moment(first).plain.endswith("03:30 EEST")
    assert _.moment(first + timedelta(hours=1)).plain.endswith("03:30 EET")


def test_a_time_that_telegram_cannot_hold_is_told_in_words_alone() -> None:
    _ = voice("en", "UTC")
    assert _.clock(datetime(1960, 1, 1, tzinfo=UTC)) == Text("00:00")
    assert _.moment(datetime(2100, 1, 1, tzinfo=UTC)).marks == ()
