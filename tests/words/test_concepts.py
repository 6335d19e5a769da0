"""Meanings that three languages share."""

import pytest

from bot.words.concepts import SOUND, Concepts, sound
from tests.words.people import ROSTER

CONCEPTS = Concepts(ROSTER)


@pytest.mark.parametrize(
    ("english", "ukrainian", "russian"),
    [
        ("negotiations", "перемовини", "переговорах"),
        ("pause", "паузу", "паузе"),
        ("prisoners", "полонених", "пленными"),
        ("friday", "пятницю", "пятницу"),
        ("istanbul", "стамбулі", "стамбуле"),
        ("crimea", "криму", "крыма"),
        ("russia", "росією", "россии"),
        ("ukrainian", "український", "украинская"),
    ],
)
def test_words_of_three_languages_meet(english: str, ukrainian: str, russian: str) -> None:
    meanings = {CONCEPTS.of(english, "en"), CONCEPTS.of(ukrainian, "uk"), CONCEPTS.of(russian, "ru")}
    assert len(meanings) == 1
    assert not meanings.pop().startswith(SOUND)


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [("antalya", "анталії"), ("document", "документа"), ("philosophy", "философия"), ("kakhovka", "каховка")],
)
def test_borrowed_words_and_places_meet_by_their_sound(latin: str, cyrillic: str) -> None:
    assert sound(latin) == sound(cyrillic) != ""


def test_a_word_means_something_only_in_its_language() -> None:
    assert CONCEPTS.of("мира", "ru") == "peace"
    assert CONCEPTS.of("the", "en") == ""
    assert CONCEPTS.of("paus", "xx") == ""
    assert CONCEPTS.of("перемовини", "xx") == SOUND + "perem"
