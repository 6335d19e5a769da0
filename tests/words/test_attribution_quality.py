"""How well speakers are told from those who are only named, on sentences in the agencies' phrasings.

The sentences are our own and say nothing that anybody said. They were divided into a half for tuning the rules and a
half for the test before the rules were tuned; only the test half counts.
"""

from collections import Counter
from pathlib import Path

import pytest

from bot.words.attribution import attribute
from bot.words.names import Names
from tests.words.people import ROSTER, SOURCES, post

NAMES = Names(ROSTER)

Row = tuple[str, str, str, frozenset[str]]  # half, language, text, "speaker:kind" of those who speak


def rows() -> list[Row]:
    _, *lines = (Path(__file__).parent / "who_said_it.tsv").read_text(encoding="utf-8").splitlines()
    cells = (line.split("\t") for line in lines)
    return [(half, lang, text.replace("\\n", "\n"), frozenset(speaks.split())) for half, lang, text, speaks in cells]


def speaking(text: str) -> frozenset[str]:
    found = attribute(post(text), SOURCES["wire"], ROSTER, NAMES)
    return frozenset(f"{one.speaker}:{one.kind}" for one in found if one.kind != "mention")


def measured(half: str, language: str = "") -> tuple[float, float]:
    """Precision and recall of quotes and reports."""
    counts: Counter[str] = Counter()
    for of, lang, text, expected in rows():
        if of == half and language in ("", lang):
            found = speaking(text)
            counts["right"] += len(found & expected)
            counts["found"] += len(found)
            counts["there"] += len(expected)
    return counts["right"] / counts["found"], counts["right"] / counts["there"]


def test_the_set_is_large_and_evenly_divided() -> None:
    halves = Counter((half, language) for half, language, *_ in rows())
    assert sum(halves.values()) >= 150
    assert min(halves.values()) >= 25


@pytest.mark.parametrize("language", ["", "en", "ru", "uk"])
def test_who_speaks_is_told_from_who_is_named(language: str) -> None:
    precision, recall = measured("test", language)
    assert precision >= 0.95
    assert recall >= 0.85


if __name__ == "__main__":
    for half in ("tune", "test"):
        print(half, *(f"{language or 'all'} {measured(half, language)}" for language in ("", "en", "ru", "uk")))
    for half, language, text, expected in rows():
        if half == "tune" and speaking(text) != expected:
            print(language, text, "|", *expected, "| found:", *speaking(text))
