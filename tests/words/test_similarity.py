from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from bot.words.attribution import attribute
from bot.words.names import Names
from bot.words.similarity import Fingerprint, Recent
from bot.words.tokens import read
from tests.words.people import ROSTER, SOURCES, post
from tests.words.test_attribution_quality import rows

HERE = Path(__file__).parent
RECORDED = HERE.parents[1].parent / "shared" / "recordings" / "matching" / "same_statement.tsv"
NAMES = Names(ROSTER)
NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)


def fingerprint(text: str) -> Fingerprint:
    said = attribute(post(text), SOURCES["wire"], ROSTER, NAMES)
    return Fingerprint(read(text), [one.speaker for one in said if one.kind != "mention"])


def measured(path: Path) -> tuple[float, float, list[tuple[str, str]]]:
    """Precision and recall over the pairs of a group, among other texts; and the pairs that were joined wrongly."""
    tellings = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    recent = Recent()
    for number, row in enumerate(rows()):
        recent.add(-1 - number, fingerprint(row[2]), NOW)
    prints = [fingerprint(text) for _, text in tellings]
    for number, one in enumerate(prints):
        recent.add(number, one, NOW)
    joined = {
        frozenset((one, other)) for one in range(len(prints)) for other in recent.match(prints[one]) if other != one
    }
    same = {
        frozenset(pair) for pair in combinations(range(len(prints)), 2) if tellings[pair[0]][0] == tellings[pair[1]][0]
    }
    wrong = [pair for pair in joined - same if min(pair) >= 0]
    right = len(joined & same)
    told = [(tellings[min(pair)][1], tellings[max(pair)][1]) for pair in wrong]
    return right / (right + len(wrong)), right / len(same), told


def test_tellings_of_one_statement_are_found_and_other_events_are_not() -> None:
    _, recall, wrong = measured(HERE / "same_statement.tsv")
    assert recall >= 0.85
    assert len(wrong) <= 1, wrong


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded tellings are not part of the project")
def test_the_recorded_tellings_are_found_too() -> None:
    _, recall, wrong = measured(RECORDED)
    assert recall >= 0.85
    assert wrong == []


TEXT = fingerprint("The working subgroups clarify single definitions until tomorrow")


def test_a_text_of_few_words_repeats_nothing() -> None:
    recent = Recent()
    recent.add(1, fingerprint("pause until tomorrow"), NOW)
    assert recent.match(fingerprint("pause until tomorrow")) == []


def test_numbers_and_speakers_tell_events_apart() -> None:
    recent = Recent()
    recent.add(1, fingerprint("Umerov said 120 prisoners returned home after the exchange"), NOW)
    assert recent.match(fingerprint("Umerov said 120 prisoners returned home after the exchange")) == [1]
    assert recent.match(fingerprint("Umerov said 95 prisoners returned home after the exchange")) == []
    assert recent.match(fingerprint("Yermak said 120 prisoners returned home after the exchange")) == []
    assert recent.match(fingerprint("0120 prisoners returned home after the exchange")) == [1]


def test_the_closest_comes_first_and_a_number_is_replaced() -> None:
    recent = Recent()
    recent.add(1, fingerprint("The working subgroups clarify single definitions until evening, ministers rest"), NOW)
    recent.add(2, TEXT, NOW)
    assert recent.match(TEXT) == [2, 1]
    recent.add(2, fingerprint("something else entirely, about weather and roads"), NOW)
    assert recent.match(TEXT) == [1]
    assert len(recent) == 2


def test_what_is_older_than_the_window_is_forgotten() -> None:
    recent = Recent(timedelta(hours=2))
    recent.add(1, TEXT, NOW)
    recent.drop_before(NOW + timedelta(hours=2))
    assert recent.match(TEXT) == [1]
    recent.drop_before(NOW + timedelta(hours=2, seconds=1))
    assert recent.match(TEXT) == []
    assert len(recent) == 0


def test_a_replaced_text_lives_as_long_as_its_new_telling() -> None:
    recent = Recent(timedelta(hours=2))
    recent.add(1, TEXT, NOW)
    recent.add(1, TEXT, NOW + timedelta(hours=1))
    recent.drop_before(NOW + timedelta(hours=2, minutes=30))
    assert recent.match(TEXT) == [1]


def test_tags_and_names_are_not_compared() -> None:
    assert Fingerprint(read("#talks @someone on 007 talks")).words == {"talk"}
    assert Fingerprint(read("007 000")).numbers == {"7", "0"}
