import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.letters import clean, fold
from bot.words.tokens import MOST_KEYS_A_PLACE, read

LETTERS = (
    "абвгґдеєёжзиіїйклмнопрстуфхцчшщьюяыэъABCdefghіxyz'’ʼ‘`-‐#@_*=\"«»“”().,:;!?/ \n\u0301\u00ad\u200b0123456789🚀é"
)
texts = st.text(st.sampled_from(LETTERS), max_size=80) | st.text(max_size=60)


def words(text: str) -> list[str]:
    read_text = read(text)
    return [text[start:end] for start, end in read_text.spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Прем’єр-міністр їде", ["Прем’єр", "міністр", "їде"]),
        ("США—РФ", ["США", "РФ"]),
        ("see t.me/talks and https://x.com/a?b=c now", ["see", "and", "now"]),
        ("www.example.org/x talks", ["talks"]),
        ("via @Some_one, mail a@b.org", ["via", "@Some_one", "mail", "a", "b", "org"]),
        ("#Переговори тривають", ["#Переговори", "тривають"]),
        ("#мир_план_2022", ["#мир", "план", "2022"]),
        ("#", []),
        ("пере\u00adмирие", ["пере\u00adмирие"]),
        ("🚀 1,5 млн!", ["1", "5", "млн"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_tags_and_names_but_not_addresses(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ("САМОЛЁТ", "самолет"),
        ("Ґарантія", "гарантія"),
        ("перемирʼя", "перемиря"),
        ("перемир`я", "перемиря"),
        ("Erdoğan", "erdogan"),
        ("KALIN", "kalin"),
        ("Kalın", "kalin"),
        ("İSTANBUL", "istanbul"),
        ("𝗖𝗲𝗮𝘀𝗲𝗳𝗶𝗿𝗲", "ceasefire"),
        ("за́мок", "замок"),
        ("й", "й"),
        ("ї", "ї"),
        ("\u0438\u0306", "й"),
        ("Пoдоляк", "подоляк"),
        ("Kpым", "крым"),
        ("НАТO", "нато"),
        ("HATO", "hato"),
        ("cop", "cop"),
        ("Qатар", "qатар"),
        ("tаlks", "talks"),
    ],
)
def test_letters_that_look_the_same_are_the_same(token: str, form: str) -> None:
    assert fold(clean(token)) == form


def test_a_hyphenated_word_carries_the_keys_of_the_whole_at_both_halves() -> None:
    text = read("a cease-fire holds")
    assert text.at("ceasefire") == [1, 2]
    assert text.at("=ceasefire") == []
    assert read("1-2").at("12") == []
    assert read("-fire").at("fire") == [0]


def test_a_tag_is_also_its_words_and_a_name_is_only_a_name() -> None:
    text = read("#Talks @Talks")
    assert text.at("#talks") == [0]
    assert text.at("talk") == [0]
    assert text.at("@talks") == [1]


def test_a_clear_text_asks_only_its_own_dictionary() -> None:
    assert "посол" not in read("Мы поговорим после").keys
    assert "посол" in read("Мы видим посла").keys


def test_the_given_language_counts_where_letters_are_silent() -> None:
    assert "стали" not in read("стали", "uk").keys
    assert read("стали", "ru").at("сталь") == [0]
    assert read("мова", "en").language == "en"


def test_rows_are_the_keys_place_by_place() -> None:
    assert read("Talks @x").rows == [("talk", "=talks"), ("@x",)]


@given(texts)
def test_spans_lie_inside_the_text_in_order(text: str) -> None:
    end = 0
    for start, stop in read(text).spans:
        assert end <= start < stop <= len(text)
        end = stop


@given(texts)
def test_no_place_has_more_keys_than_promised(text: str) -> None:
    found = read(text)
    assert all(0 < len(keys) <= MOST_KEYS_A_PLACE for keys in found.rows)
    assert all(found.at(key) == [place for place, keys in enumerate(found.rows) if key in keys] for key in found.keys)


APOSTROPHES = st.sampled_from("'’ʼ‘`")


@given(
    st.sampled_from(["перемир'я", "об'єкт", "прем'єр ґанок", "самолёт", "ещё Йод і її їжак", "Erdoğan"]), APOSTROPHES
)
def test_reading_is_stable_under_case_composition_and_apostrophes(text: str, apostrophe: str) -> None:
    rows = read(text, "uk").rows
    for variant in (text.upper(), unicodedata.normalize("NFD", text), text.replace("'", apostrophe)):
        assert read(variant, "uk").rows == rows
    other = text.replace("ё", "е").replace("ґ", "г")
    assert read(other, "uk").forms == read(text, "uk").forms


def test_the_places_of_a_prefix_are_known_at_the_first_question() -> None:
    text = read("Neutral states and neutrality")
    assert text.at("neutral*") == [0, 3]
    assert text.at("neutral*") == [0, 3]
    assert read("Neutral states").has_any(("neutral*",))
