import pytest

from bot.errors import QueryError
from bot.models import Statement
from bot.words import search, tokens
from bot.words.facts import facts, filters
from bot.words.query import parse
from tests.words.people import ROSTER, post
from tests.words.test_search import found

SAID = [Statement("podolyak", "quote", "…"), Statement("lavrov", "mention", "…"), Statement("stranger", "report", "…")]


def test_facts_are_who_speaks_and_where_not_who_is_named() -> None:
    assert facts(post("x", source="tass", language="uk"), SAID, ["pause"], ROSTER) == {
        "source:tass",
        "topic:pause",
        "lang:uk",
        "kind:quote",
        "kind:mention",
        "kind:report",
        "from:podolyak",
        "from:stranger",
        "side:ua",
    }
    assert facts(post("x"), [], [], ROSTER) == {"source:wire"}


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("from:Подоляка", "from:podolyak"),
        ("from:@Podolyak_M", "from:podolyak"),
        ("side:України", "side:ua"),
        ("source:ТАСС", "source:tass"),
    ],
)
def test_filters_take_names_as_people_type_them(typed: str, same: str) -> None:
    known = filters(ROSTER)
    assert parse(typed, known) == parse(same, known)


def test_a_name_of_another_kind_is_not_taken() -> None:
    with pytest.raises(QueryError):
        parse("from:ua", filters(ROSTER))


@pytest.mark.parametrize(
    ("typed", "works"),
    [("from:Podoliac talks", "from:podolyak talks"), ("side:Ukrain talks", "side:ua talks"), ("topic:Ukrain", "")],
)
def test_what_is_nearly_a_name_is_offered(typed: str, works: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed, filters(ROSTER))
    assert caught.value.suggestion == works


def test_the_full_text_index_knows_the_facts() -> None:
    text = tokens.read("The talks go on")
    text.know(facts(post("x", language="en"), SAID, [], ROSTER))
    known = filters(ROSTER)
    for typed, rows in (
        ("from:podolyak", [0]),
        ("lang:en talks", [0]),
        ("from:kuleba", []),
        ("lang:en NEAR talks", [0]),
    ):
        assert found([search.document(text)], search.expression(parse(typed, known)), documents=True) == rows
