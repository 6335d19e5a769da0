from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from bot.models import Post
from bot.words import language
from bot.words.attribution import attribute
from bot.words.names import Names
from bot.words.similarity import Fingerprint, Prints, Recent, Told
from bot.words.tokens import read
from tests.words.people import ROSTER, SOURCES
from tests.words.test_attribution_quality import rows

HERE = Path(__file__).parent
RECORDED = HERE.parents[1].parent / "shared" / "recordings" / "matching" / "same_statement.tsv"
SETS = {
    "one language": HERE / "same_statement.tsv",
    "three languages": HERE / "same_statement_translated.tsv",
    "recorded": RECORDED,
}
NAMES = Names(ROSTER)
PRINTS = Prints(ROSTER, NAMES)
NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)


def fingerprint(text: str, *, source: str = "wire", after: timedelta = timedelta()) -> Fingerprint:
    spoken = language.detect(text)
    words = read(text, spoken)
    post = Post(source, "1", "https://wire.test/1", NOW + after, text, spoken)
    return PRINTS.of(words, Told.of(post, attribute(post, SOURCES[source], ROSTER, NAMES, words)))


def tellings(path: Path) -> list[tuple[str, str, int, str]]:
    """Group, source, minutes and text of each; of the simpler sets all are an agency's at one time."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines]
    return [(row[0], row[1], int(row[2]), row[3]) if len(row) == 4 else (row[0], "wire", 0, row[1]) for row in cells]


def measured(path: Path) -> tuple[float, float, list[tuple[str, str]]]:
    """Precision and recall over the pairs of a group, among other texts; and the pairs that were joined wrongly."""
    told = tellings(path)
    recent = Recent()
    for number, row in enumerate(rows()):
        recent.add(-1 - number, fingerprint(row[2]), NOW)
    prints = [fingerprint(text, source=source, after=timedelta(minutes=at)) for _, source, at, text in told]
    for number, one in enumerate(prints):
        recent.add(number, one, NOW)
    joined = {
        frozenset((one, other))
        for one in range(len(prints))
        for other in recent.match(prints[one])
        if other != one and isinstance(other, int) and other >= 0
    }
    same = {frozenset(pair) for pair in combinations(range(len(prints)), 2) if told[pair[0]][0] == told[pair[1]][0]}
    wrong = [(told[min(pair)][3], told[max(pair)][3]) for pair in joined - same]
    return len(joined & same) / len(joined), len(joined & same) / len(same), wrong


@pytest.mark.parametrize("name", SETS)
def test_tellings_of_one_statement_are_found_and_other_events_are_not(name: str) -> None:
    if not SETS[name].exists():
        pytest.skip("the recorded tellings are not part of the project")
    _, recall, wrong = measured(SETS[name])
    assert recall >= 0.85
    assert wrong == []


def joined(one: str, other: str, **otherwise: timedelta | str) -> bool:
    recent = Recent()
    recent.add(1, fingerprint(one), NOW)
    return recent.match(fingerprint(other, **otherwise)) == [1]  # type: ignore[arg-type]


TEXT = fingerprint("The working subgroups clarify single definitions until tomorrow")


def test_a_text_of_few_words_repeats_nothing() -> None:
    assert not joined("pause until tomorrow", "pause until tomorrow")


EXCHANGE = "Umerov said 120 prisoners returned home after the exchange in the north"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (EXCHANGE, True),
        (EXCHANGE.replace("120", "95"), False),
        (EXCHANGE.replace("Umerov", "Yermak"), False),
        ("0120 prisoners returned home after the exchange in the north", True),  # whoever says so
        (EXCHANGE + " on Friday", True),
        (EXCHANGE + " near Kharkiv", True),
        (EXCHANGE.replace("said 120", "denied that 120"), False),
        (EXCHANGE.replace("returned", "had not returned"), False),
    ],
)
def test_what_tells_events_apart(other: str, same: bool) -> None:
    assert joined(EXCHANGE, other) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [("on Friday", "on Monday"), ("in Geneva", "in Istanbul"), ("with Putin", "with Macron")],
)
def test_each_has_what_the_other_has_not(one: str, other: str) -> None:
    text = "Rubio said the ministers would meet again {} to finish the draft agreement"
    assert joined(text.format(one), text.format(one))
    assert not joined(text.format(one), text.format(other))


def test_the_same_words_half_a_day_later_are_news_again() -> None:
    assert joined(EXCHANGE, EXCHANGE, after=timedelta(hours=11))
    assert not joined(EXCHANGE, EXCHANGE, after=timedelta(hours=13))


def test_translations_need_the_same_speaker_and_few_hours() -> None:
    russian = "Умеров сообщил: после обмена на севере домой вернулись 120 пленных"
    assert joined(EXCHANGE, russian)
    assert joined(EXCHANGE, russian, after=timedelta(hours=5))
    assert not joined(EXCHANGE, russian, after=timedelta(hours=7))
    assert not joined(EXCHANGE, russian.replace("Умеров", "Ермак"))
    assert not joined(EXCHANGE, russian.replace("Умеров сообщил", "В лесу говорили"))


def test_one_account_says_the_same_in_two_languages_within_the_hour() -> None:
    def twins(after: timedelta) -> bool:
        recent = Recent()
        recent.add(1, fingerprint("The talks are paused until tomorrow, the groups work", source="x-podolyak"), NOW)
        other = fingerprint("Переговори призупинено до завтра, групи працюють", source="x-podolyak", after=after)
        return recent.match(other) == [1]

    assert twins(timedelta(minutes=3))
    assert not twins(timedelta(hours=2))


def test_the_closest_comes_first_and_a_number_is_replaced() -> None:
    recent = Recent()
    recent.add(1, fingerprint("The working subgroups clarify single definitions until evening, ministers rest"), NOW)
    recent.add(2, TEXT, NOW)
    assert recent.match(TEXT) == [2, 1]
    assert recent.match(TEXT, but=2) == [1]
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


def test_of_too_many_the_oldest_are_forgotten() -> None:
    recent = Recent(most=2)
    recent.add(2, TEXT, NOW)
    recent.add(1, TEXT, NOW - timedelta(hours=1), earlier=True)
    recent.add(0, TEXT, NOW - timedelta(hours=2), earlier=True)
    assert sorted(map(str, recent.match(TEXT))) == ["1", "2"]
    recent.add(3, TEXT, NOW)
    assert sorted(map(str, recent.match(TEXT))) == ["2", "3"]


def test_a_replaced_text_lives_as_long_as_its_new_telling() -> None:
    recent = Recent(timedelta(hours=2))
    recent.add(1, TEXT, NOW)
    recent.add(1, TEXT, NOW + timedelta(hours=1))
    recent.drop_before(NOW + timedelta(hours=2, minutes=30))
    assert recent.match(TEXT) == [1]


def test_tags_and_names_of_accounts_are_not_compared() -> None:
    assert fingerprint("#grain @someone on 007 grain").words == {"grain"}
    assert fingerprint("007 and 000").numbers == {"7", "0"}


def looked_at_one_by_one(recent: Recent, fingerprints: Iterable[Fingerprint]) -> set[frozenset[int]]:
    """What the indexes must not lose: every pair compared."""
    every = list(fingerprints)
    weigh = recent._weight  # the measure itself is what is compared
    return {
        frozenset((one, other))
        for one, other in combinations(range(len(every)), 2)
        if min(len(every[one].words), len(every[other].words)) >= 4
        and bool(every[one].speakers) == bool(every[other].speakers)
        and recent._likeness(every[one], every[other], sum(map(weigh, every[one].words))) >= 0.6
    }


def test_looking_up_the_rarest_words_loses_nothing() -> None:
    texts = [text for *_, text in tellings(SETS["one language"])] + [row[2] for row in rows()]
    prints = [fingerprint(text) for text in texts]
    recent = Recent()
    for number, one in enumerate(prints):
        recent.add(number, one, NOW)
    found = {frozenset((number, other)) for number, one in enumerate(prints) for other in recent.match(one, but=number)}
    assert looked_at_one_by_one(recent, prints) <= found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,200 prisoners", "1200 prisoners", True),
        ("1,200 prisoners", "200 prisoners", False),
        ("10 thousand prisoners", "10,000 prisoners", True),
        ("the prisoners", "the bodies", False),
        ("no prisoners", "the prisoners", False),
        ("prisoners without delay", "prisoners at once without delay", True),
    ],
)
def test_numbers_and_things_are_read_whole(one: str, other: str, same: bool) -> None:
    text = "Umerov said that {} would come home to their families from the north this winter"
    assert joined(text.format(one), text.format(other)) is same


@pytest.mark.parametrize(
    ("one", "other"), [("arrived in", "departed from"), ("begins in", "is over in"), ("accepted", "refused")]
)
def test_what_excludes_each_other_is_not_the_same(one: str, other: str) -> None:
    text = "Umerov said that the third meeting of the advisers {} Geneva with the same people and questions"
    assert joined(text.format(one), text.format(one))
    assert not joined(text.format(one), text.format(other))


def test_what_is_missing_is_negated_on_either_side_of_its_word() -> None:
    assert fingerprint("Результату ще немає").negated == {"result"}
    assert "result" in fingerprint("There is no result").negated
