import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.connection import sqlite3
from bot.words.query import parse
from bot.words.search import TOKENIZER, document, expression
from bot.words.tokens import read
from tests.words.test_query import compiled, expressions, hostile

WORDS = """
    Talks talk neutrality neutral a technical pause war @someone #talks переговори Переговорів мир мира світ пленными
    обмен обміну cease-fire ceasefire перемир'я прем’єр-міністр Сибізі 2022
""".split()
posts = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), min_size=1, max_size=6)


def found(texts: list[str], asked: str, tokenizer: str = TOKENIZER, *, documents: bool = False) -> list[int]:
    """Rows that the full-text index gives for texts, or for finished documents."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"CREATE VIRTUAL TABLE search USING fts5(document, tokenize = '{tokenizer}')")
        for number, text in enumerate(texts):
            row = (number, text if documents else document(read(text)))
            connection.execute("INSERT INTO search (rowid, document) VALUES (?, ?)", row)
        rows = connection.execute("SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid", (asked,))
        return [row[0] for row in rows]
    finally:
        connection.close()


@settings(max_examples=50, deadline=None)
@given(posts, expressions)
def test_the_index_finds_every_post_that_matches(texts: list[str], typed: str) -> None:
    query = compiled(typed)
    if query is None:
        return
    matching = [number for number, text in enumerate(texts) if query.matches(read(text))]
    rows = found(texts, expression(query))
    assert set(matching) <= set(rows)
    assert [row for row in rows if query.matches(read(texts[row]))] == matching


@given(hostile)
def test_whatever_is_typed_the_index_can_be_asked(typed: str) -> None:
    query = compiled(typed)
    if query is not None:
        assert found([typed], expression(query)) == (
            [0] if query.matches(read(typed)) else found([typed], expression(query))
        )


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("talks", [0, 1]),
        ("=talks", [0, 1]),
        ("#talks", [1]),
        ("@some_one", [2]),
        ("some_one", []),
        ("neutral*", [0, 3]),
        ('"technical pause"', [3]),
        ('"neutral* status"', [0, 3]),
        ("talks NOT status", [1]),
        ('talks NOT "neutrality status"', [0, 1]),
        ("status (talks OR NOT war)", [0, 3]),
        ("Сибіга", [4]),
        ("pause NEAR/1 neutral", [3]),
    ],
)
def test_what_the_index_finds(typed: str, rows: list[int]) -> None:
    texts = [
        "talks on neutrality status",
        "a talk #talks",
        "via @some_one",
        "technical pause, neutral status",
        "Сибізі",
    ]
    assert found(texts, expression(parse(typed))) == rows


def test_the_default_tokenizer_serves_as_well() -> None:
    texts = ["перемир'я її й їжа", "via @some_one"]
    assert found(texts, expression(parse("перемир’я")), "unicode61") == [0]
    assert found(texts, expression(parse("@some_one")), "unicode61") == [1]


def test_a_phrase_with_very_many_readings_asks_for_its_words() -> None:
    phrase = '"уиткоффом санкциями мерцем кулебой медінському"'
    assert "NEAR" not in expression(parse(phrase))
    assert found(["уиткоффом санкциями мерцем кулебой медінському"], expression(parse(phrase))) == [0]


def test_every_part_of_an_expression_is_quoted() -> None:
    asked = expression(parse('talks "a pause" war* #tag'))
    outside = "".join(asked.split('"')[::2])
    assert set(outside.replace("NEAR", "").replace("AND", "").replace("OR", "")) <= set("() ,*0123456789")
