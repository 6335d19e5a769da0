import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.words.index import WatchIndex
from bot.words.query import Filters, parse
from bot.words.tokens import read
from tests.words.test_query import compiled, expressions

TEXTS = [
    read(text)
    for text in (
        "Talks on neutrality after a technical pause, via @someone #talks",
        "Переговори тривають, перемир’я немає, міністри про мир",
        "О мире и об обмене пленными",
        "a ceasefire, not a war",
        "neutral ground",
        "",
    )
]


def test_watches_are_told_by_number_in_order() -> None:
    index = WatchIndex()
    for number, query in ((7, "talks"), (3, "pause OR war"), (5, "talks NOT pause"), (4, "neutral*"), (9, "talks")):
        index.add(number, parse(query))
    assert sorted(index.matches(TEXTS[0])) == [3, 4, 7, 9]
    assert index.matches(TEXTS[3]) == [3]
    assert len(index) == 5


def test_a_removed_watch_is_silent_and_its_twin_is_not() -> None:
    index = WatchIndex()
    index.add(1, parse("talks"))
    index.add(2, parse("talk"))
    index.remove(1)
    index.remove(1)
    assert index.matches(TEXTS[0]) == [2]
    index.remove(2)
    assert index.matches(TEXTS[0]) == []


def test_an_added_number_replaces_its_query() -> None:
    index = WatchIndex()
    index.add(1, parse("talks"))
    index.add(1, parse("war"))
    assert index.matches(TEXTS[0]) == []
    assert index.matches(TEXTS[3]) == [1]


def test_a_part_that_any_text_satisfies_hides_no_match() -> None:
    index = WatchIndex()
    index.add(1, parse("talks (zzzzzzzzzzzz OR NOT war)"))
    assert index.matches(TEXTS[0]) == [1]


def test_near_words_and_facts_are_found() -> None:
    index = WatchIndex()
    index.add(1, parse("talks NEAR/1 neutrality"))
    index.add(2, parse("talks NEAR/0 neutrality"))
    index.add(3, parse("lang:en talks", Filters(lambda name, typed: [typed], lambda name, typed: [])))
    text = read("Talks on neutrality")
    assert index.matches(text) == [1]
    text.know({"lang:en"})
    assert sorted(index.matches(text)) == [1, 3]


@pytest.mark.parametrize("prefix", ["neu*", "neutral*", "нейт*"])
def test_prefixes_come_and_go(prefix: str) -> None:
    index = WatchIndex()
    index.add(1, parse(prefix))
    index.add(2, parse("neu*"))
    assert sorted(index.matches(TEXTS[4])) == ([1, 2] if prefix.startswith("neu") else [2])
    index.remove(1)
    assert index.matches(TEXTS[4]) == [2]
    index.remove(2)
    assert index.matches(TEXTS[4]) == []


def test_a_watch_is_told_once_however_often_it_is_said() -> None:
    index = WatchIndex()
    for number, query in enumerate(("talk*", '"talks talks"', "talks OR war", "talk* pause", "TALKS")):
        index.add(number, parse(query))
    assert sorted(index.matches(read("talks talks talking talks, a war, a pause, talker"))) == [0, 1, 2, 3, 4]


def test_two_words_come_and_go_as_both_or_as_one_without_the_other() -> None:
    index = WatchIndex()
    for number, query in enumerate(("talks pause", "talks NOT war", "talks pause", "pause talks", "talks NOT war")):
        index.add(number, parse(query))
    index.add(5, parse("(talks OR pause) (technical OR neutrality)"))
    index.add(6, parse("(talks OR pause) NOT (war OR peace)"))
    text = read("technical talks, a pause of talks")
    assert sorted(index.matches(text)) == [0, 1, 2, 3, 4, 5, 6]
    assert sorted(index.matches(read("talks after a war, a pause"))) == [0, 2, 3]
    for number in (0, 1, 5):
        index.remove(number)
    assert sorted(index.matches(text)) == [2, 3, 4, 6]
    for number in (2, 3, 4, 6):
        index.remove(number)
    assert index.matches(text) == []
    assert len(index) == 0


def test_a_query_asked_in_vain_is_filed_under_what_is_rarer() -> None:
    index = WatchIndex()
    index.add(1, parse("neutralities zoo giraffe"))
    index.add(2, parse('"neutralities zoo giraffe"'))
    common, both = read("neutrality again"), read("a zoo of neutrality, neutrality zoo giraffe")
    for _ in range(20):
        assert index.matches(common) == []
    assert sorted(index.matches(both)) == [1, 2]
    index.remove(1)
    index.remove(2)
    assert index.matches(both) == []


def test_a_query_that_cannot_be_filed_better_stays() -> None:
    index = WatchIndex()
    index.add(1, parse('"talks talks talks"'))
    for _ in range(20):
        assert index.matches(read("talks talks, no talks")) == []
    assert index.matches(read("talks talks talks")) == [1]


def test_what_was_learnt_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.words.index._MOST_SEEN", 3)
    monkeypatch.setattr("bot.words.index._LEARN_EVERY", 1)
    index = WatchIndex()
    index.add(1, parse("one three"))
    for text in ("one two", "one three four five", "three one"):
        index.matches(read(text))
    assert index.matches(read("three one")) == [1]


@settings(max_examples=50, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_the_index_tells_what_each_query_would(typed: list[str], removed: set[int]) -> None:
    queries = [compiled(one) for one in typed]
    index = WatchIndex()
    for number, query in enumerate(queries):
        if query is not None:
            index.add(number, query)
    for number in removed:
        index.remove(number)
    for text in TEXTS:
        assert sorted(index.matches(text)) == [
            number
            for number, query in enumerate(queries)
            if number not in removed and query is not None and query.matches(text)
        ]
