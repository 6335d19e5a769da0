import pytest

from bot.words import lemmas


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("переговорами", {"переговоры"}),
        ("києвом", {"київ"}),
        ("withdrew", {"withdraw"}),
        ("ukraine's", {"ukraine"}),
        ("us", {"us"}),
        ("we", {"we"}),
        ("58", {"58"}),
        ("на", {"на"}),
    ],
)
def test_a_word_has_the_lemmas_of_its_dictionaries(word: str, keys: set[str]) -> None:
    assert keys <= set(lemmas.text_keys(word))
    assert len(lemmas.text_keys(word)) <= lemmas.MOST_KEYS


def test_a_watched_lemma_is_nothing_else() -> None:
    assert lemmas.watch_keys("лавров") == ("лавров",)
    assert set(lemmas.text_keys("лавров")) == {"лавров", "лавр"}


def test_a_watched_inflected_word_keeps_all_its_lemmas() -> None:
    assert {"сталь", "стать"} <= set(lemmas.watch_keys("стали"))


def test_a_watched_adjective_is_more_than_the_noun_it_may_be() -> None:
    assert {"красная", "красный"} <= set(lemmas.watch_keys("красная"))


def test_things_are_not_addressed() -> None:
    assert "дія" not in lemmas.text_keys("діє")
    assert "друг" in lemmas.text_keys("друже")


def test_a_preposition_is_no_noun_of_the_other_language() -> None:
    assert lemmas.text_keys("после") == ("после",)


@pytest.mark.parametrize(
    ("watch", "form"), [("мерц", "мерцем"), ("сибіга", "сибізі"), ("уиткофф", "уиткоффом"), ("небензя", "небензи")]
)
def test_names_that_no_dictionary_knows_are_guessed(watch: str, form: str) -> None:
    assert set(lemmas.watch_keys(watch)) & set(lemmas.text_keys(form))


@pytest.mark.parametrize("word", ["мир", "стали", "после", "подоляка", "має", "село", "talks", "its", "ж", "чавушоглу"])
def test_a_watch_finds_the_very_word_that_was_typed(word: str) -> None:
    for language in ("", "ru", "uk"):
        assert set(lemmas.watch_keys(word)) & set(lemmas.text_keys(word, language))


def test_grammar_of_single_words() -> None:
    assert lemmas.cases("министра", "ru") >= {"genitive"}
    assert lemmas.cases("щзщ", "ru") == frozenset()
    assert lemmas.is_verb("заявил", "ru")
    assert not lemmas.is_verb("сообщение", "ru")
    assert not lemmas.is_verb("щзщ", "ru")
    assert lemmas.is_person("депутат", "uk")
    assert not lemmas.is_person("пауза", "uk")
    assert lemmas.is_first_name("юрий")
    assert lemmas.is_patronymic("ростиславович")


@pytest.mark.parametrize(
    ("name", "feminine"), [("мария", True), ("ілля", False), ("дмитро", False), ("кая", True), ("джош", False)]
)
def test_the_first_name_tells_a_woman(name: str, feminine: bool) -> None:
    assert lemmas.is_feminine_name(name) is feminine


def test_the_version_names_rules_and_dictionaries() -> None:
    assert lemmas.version().startswith(f"{lemmas.RULES} pymorphy3 ")
    assert "pymorphy3-dicts-uk" in lemmas.version()


@pytest.mark.parametrize(
    ("watch", "text"),
    [
        ("leave", "left"),
        ("break", "broke"),
        ("win", "won"),
        ("life", "lives"),
        ("lives", "life"),
        ("person", "people"),
        ("cancel", "cancelled"),
        ("demilitarization", "demilitarisation"),
        ("recognise", "recognized"),
        ("centre", "center"),
        ("Zelensky", "Zelenskyy"),
        ("Zelenskiy", "Zelensky"),
    ],
)
def test_english_forms_of_two_words_and_two_spellings_are_found(watch: str, text: str) -> None:
    assert set(lemmas.watch_keys(watch.lower())) & set(lemmas.text_keys(text.lower()))


def test_a_watch_for_a_lemma_means_no_other_word() -> None:
    assert lemmas.watch_keys("left") == ("left",)
