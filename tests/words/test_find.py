from dataclasses import replace

import pytest

from bot.models import Follow, Topic
from bot.words import find
from tests.words.people import ROSTER as PEOPLE

ROSTER = replace(
    PEOPLE,
    topics={
        "ceasefire": Topic(
            "ceasefire", {"en": "Ceasefire", "uk": "Припинення вогню", "ru": "Прекращение огня"}, {"en": "ceasefire"}
        )
    },
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("medinsky", ["medinsky"]),
        ("MEDINSKY", ["medinsky"]),
        ("Мединского", ["medinsky"]),
        ("мединським", ["medinsky"]),
        ("сергей лавров", ["lavrov"]),
        ("Лаврову Сергею", ["lavrov"]),
        ("Sergei Lavrov", ["lavrov"]),
        ("von der Leyen", ["leyen"]),
        ("Çavuşoğlu", ["cavusoglu"]),
        ("@Podolyak_M", ["podolyak"]),
        ("https://t.me/s/slutsky_l", ["slutsky"]),
        ("x.com/Podolyak_M/", ["podolyak"]),
        ("Dmytro", ["kuleba"]),
        ("Володимир", ["zelensky", "medinsky", "putin"]),
        ("Lavrov Kuleba", []),
        ("nobody", []),
        ("?!", []),
        ("", []),
    ],
)
def test_a_speaker_is_found_by_any_form_of_the_name(typed: str, expected: list[str]) -> None:
    assert find.speakers(typed, ROSTER) == expected


@pytest.mark.parametrize(
    ("typed", "closest"),
    [
        ("Medynskiy", "medinsky"),
        ("Лаврав", "lavrov"),
        ("Zelenski", "zelensky"),
        ("Підоляк", "podolyak"),
        ("Захарава", "zakharova"),
        ("Сергей Лаврав", "lavrov"),
    ],
)
def test_a_misspelled_name_is_offered(typed: str, closest: str) -> None:
    assert find.near(typed, ROSTER)[0] == closest


@pytest.mark.parametrize("typed", ["ceasefire", "", "??", "xyz"])
def test_nothing_is_near_to_something_else(typed: str) -> None:
    assert find.near(typed, ROSTER) == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("all", [Follow("all")]),
        ("Все", [Follow("all")]),
        ("УСІ", [Follow("all")]),
        ("ua", [Follow("side", "ua")]),
        ("Україну", [Follow("side", "ua")]),
        ("России", [Follow("side", "ru")]),
        ("united states", [Follow("side", "us")]),
        ("United", []),
        ("🇺🇦", [Follow("side", "ua")]),
        ("Кулебу", [Follow("speaker", "kuleba")]),
        ("припиненням вогню", [Follow("topic", "ceasefire")]),
        ("ceasefires", [Follow("topic", "ceasefire")]),
        ("ТАСС", [Follow("source", "tass")]),
        ("@tass_agency", [Follow("source", "tass")]),
        ("x podolyak", [Follow("source", "x-podolyak")]),
        ("@slutsky_l", [Follow("speaker", "slutsky"), Follow("source", "tg-slutsky")]),
        ("zzz", []),
        ("", []),
    ],
)
def test_what_can_be_followed(typed: str, expected: list[Follow]) -> None:
    sides = {"ua": replace(PEOPLE.sides["ua"], flag="🇺🇦")}
    assert find.follow_targets(typed, replace(ROSTER, sides={**PEOPLE.sides, **sides})) == expected


def test_what_resembles_something_to_follow_is_offered() -> None:
    assert Follow("side", "ua") in find.near_targets("Ukrane", ROSTER)
    assert find.near_targets("ceasfire", ROSTER)[0] == Follow("topic", "ceasefire")
    assert find.near_targets("Medynskiy", ROSTER)[0] == Follow("speaker", "medinsky")
    assert find.near_targets("qqqq", ROSTER) == []
