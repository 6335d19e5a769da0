"""Posts far longer than any agency writes: read in a moment, and never by the square of their length."""

import time

import pytest

from bot.words import attribution, language
from bot.words.names import Names
from tests.worlds import ROSTER, a_post

NAMES = Names(ROSTER)
WIRE = ROSTER.sources["wire"]

HOSTILE = [
    "x",
    "1.",
    "a.",
    "-",
    "…",
    ".",
    "“",
    '"',
    "Petrov ",
    "Петров: ",
    "J. ",
    "photo: ",
    "“So it is,” Petrov said. ",
    "\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hundred_thousand_characters_of_anything_take_a_moment(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    before = time.process_time()
    language.detect(text)
    attribution.attribute(a_post("1", text), WIRE, ROSTER, NAMES)
    assert time.process_time() - before < 10, "read by the square of its length, each of these takes minutes"


def test_who_speaks_at_the_beginning_of_a_long_page_has_all_of_it() -> None:
    text = "Petrov said that it is agreed. " + "The page goes on. " * 5000
    (said,) = attribution.attribute(a_post("1", text), WIRE, ROSTER, NAMES)
    assert (said.speaker, said.kind, said.text) == ("petrov", "report", text)


def test_names_far_down_a_long_page_are_not_looked_for() -> None:
    text = "The page goes on. " * 5000 + "Petrov said that it is agreed."
    assert attribution.attribute(a_post("1", text), WIRE, ROSTER, NAMES) == ()


def test_an_initial_or_an_abbreviation_ends_no_sentence() -> None:
    text = "It was agreed on 14 March by J. P. Petrov, said St. John. Mr. Sidorov said that it is too early."
    said = {one.speaker: one.kind for one in attribution.attribute(a_post("1", text), WIRE, ROSTER, NAMES)}
    assert said["sidorov"] == "report"
