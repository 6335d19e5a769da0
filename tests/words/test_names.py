from pathlib import Path

import pytest

from bot.models import Roster, Speaker
from bot.words.declension import ANY, GENITIVE, NOMINATIVE, OTHER, forms
from bot.words.names import Names
from tests.words.people import ROSTER

RECORDED = Path(__file__).parents[2].parent / "shared" / "content" / "roster.tsv"
NAMES = Names(ROSTER)


def named(text: str, language: str = "") -> list[tuple[str, str]]:
    return [(one.speaker, text[one.start : one.end]) for one in NAMES.find(text, language)]


def cases(text: str, language: str) -> list[list[str]]:
    return [sorted(one.cases) for one in NAMES.find(text, language)]


@pytest.mark.parametrize(
    ("surname", "language", "feminine", "some"),
    [
        ("Мединский", "ru", False, "Мединского Мединскому Мединским Мединском"),
        ("Мединський", "uk", False, "Мединського Мединському Мединським"),
        ("Лавров", "ru", False, "Лаврова Лаврову Лавровым Лаврове"),
        ("Лавров", "uk", False, "Лаврова Лаврову Лавровим Лаврові"),
        ("Подоляк", "uk", False, "Подоляка Подоляку Подолякові Подоляком"),
        ("Руденко", "uk", False, "Руденка Руденку Руденком"),
        ("Кулеба", "ru", False, "Кулебы Кулебе Кулебу Кулебой"),
        ("Сибіга", "uk", False, "Сибіги Сибізі Сибігу Сибігою"),
        ("Кислиця", "uk", False, "Кислиці Кислицю Кислицею"),
        ("Кислица", "ru", False, "Кислицы Кислице Кислицу Кислицей"),
        ("Арахамія", "uk", False, "Арахамії Арахамію Арахамією"),
        ("Арахамия", "ru", False, "Арахамии Арахамию Арахамией"),
        ("Захарова", "ru", True, "Захаровой Захарову"),
        ("Захарова", "uk", True, "Захарової Захаровій Захарову Захаровою"),
        ("Малицька", "uk", True, "Малицької Малицькій Малицьку"),
        ("Матвиенко", "ru", True, ""),
        ("Матвієнко", "uk", True, ""),
        ("Лозинская", "ru", True, "Лозинской Лозинскую"),
        ("Абрамович", "ru", False, "Абрамовича Абрамовичем"),
        ("Коваль", "uk", False, "Коваля Ковалю Ковалем"),
        ("Гай", "ru", False, "Гая Гаю Гаем"),
        ("Рубио", "ru", False, ""),
        ("Рубіо", "uk", False, ""),
        ("Чавушоглу", "ru", False, ""),
        ("Каллас", "ru", True, ""),
        ("Putin", "en", False, ""),
    ],
)
def test_surnames_decline(surname: str, language: str, feminine: bool, some: str) -> None:
    found = forms(surname, language, feminine=feminine)
    assert set(some.split()) <= set(found)
    assert (found == {surname: ANY}) is (not some)


def test_the_case_of_a_form_is_known() -> None:
    found = forms("Лавров", "ru")
    assert (found["Лавров"], found["Лаврова"], found["Лавровым"]) == (NOMINATIVE, GENITIVE, OTHER)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded roster is not part of the project")
def test_the_forms_of_the_recorded_roster_find_what_its_expressions_find() -> None:
    """Every nominative and every form its expressions were written for, spelled out."""
    head, *rows = (line.split("\t") for line in RECORDED.read_text(encoding="utf-8").splitlines())
    speakers = {}
    for row in (dict(zip(head, cells, strict=False)) for cells in rows):
        names = {language: row[f"name_{language}"] for language in ("en", "uk", "ru")}
        speakers[row["id"]] = Speaker(row["id"], row["side"], names)
    everybody = Names(Roster({}, {}, speakers, {}, {}))
    for speaker in speakers.values():
        for name in speaker.name.values():
            assert [one.speaker for one in everybody.find(f"… {name} …")] == [speaker.id], name


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Владимир Мединский и Лавров", "ru", [("medinsky", "Владимир Мединский"), ("lavrov", "Лавров")]),
        ("С Владимиром Ростиславовичем Мединским", "ru", [("medinsky", "Владимиром Ростиславовичем Мединским")]),
        ("В. Мединский, В. Р. Мединский", "ru", [("medinsky", "В. Мединский"), ("medinsky", "В. Р. Мединский")]),
        ("А. Медведев", "ru", []),
        ("Андрей Медведев", "ru", []),
        ("Медведчук", "ru", []),
        ("Юрий Подоляка рассказал", "ru", []),
        ("Юрію Подоляці", "uk", []),
        ("Олексій Кулеба", "uk", []),
        ("Oleksii Kuleba and Dmytro Kuleba", "en", [("kuleba", "Dmytro Kuleba")]),
        ("Олена Зеленська", "uk", []),
        ("на десять песков и лавров", "ru", []),
        ("ПУТИН", "ru", [("putin", "ПУТИН")]),
        ("Распутин, трамплин", "ru", []),
        ("Trump's and Putin’s", "en", [("trump", "Trump"), ("putin", "Putin")]),
        ("Çavuşoğlu, ČAVUŞOĞLU", "en", [("cavusoglu", "Çavuşoğlu"), ("cavusoglu", "ČAVUŞOĞLU")]),
        ("Урсула фон дер Ляєн", "uk", [("leyen", "Урсула фон дер Ляєн")]),
        ("Ursula von der Leyen", "en", [("leyen", "Ursula von der Leyen")]),
        ("дер Ляєн", "uk", []),
        ("Кошти надійшли", "uk", []),
        ("Антоніу Кошта прибув", "uk", [("costa", "Антоніу Кошта")]),
        ("Дмитриев приехал", "ru", []),
        ("Спецпредставитель Дмитриев приехал", "ru", [("dmitriev", "Дмитриев")]),
        ("Каи Каллас", "ru", [("kallas", "Каи Каллас")]),
        ("глава МИД\u00a0Лавров", "ru", [("lavrov", "Лавров")]),
        ("", "", []),
    ],
)
def test_whom_a_text_names(text: str, language: str, expected: list[tuple[str, str]]) -> None:
    assert named(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Подоляка", "uk", [["genitive"]]),
        ("Руденко", "uk", [["nominative"]]),
        ("Руденко", "ru", [["genitive", "nominative", "other"]]),
        ("с госсекретарем Рубио", "ru", [["other"]]),
        ("госсекретарь Рубио", "ru", [["nominative"]]),
        ("слова Марко Рубио", "ru", [["genitive", "nominative", "other"]]),
        ("держсекретаря Рубіо", "uk", [["genitive", "other"]]),
        ("Захарова", "", [["nominative"]]),
        ("Подоляка", "fr", [["genitive"]]),
    ],
)
def test_in_which_case(text: str, language: str, expected: list[list[str]]) -> None:
    assert cases(text, language) == expected


def test_a_name_without_letters_is_found_nowhere() -> None:
    assert Names(Roster({}, {}, {"x": Speaker("x", "s", {"en": "007"})}, {}, {})).find("007 said") == []


def test_two_people_of_one_name_are_nobody() -> None:
    twins = {id: Speaker(id, "x", {"en": f"{first} Smith"}) for id, first in (("a", "Ann"), ("b", "Bob"))}
    names = Names(Roster({}, {}, twins, {}, {}))
    assert names.find("Smith said") == []
    assert [one.speaker for one in names.find("Ann Smith said")] == ["a"]
