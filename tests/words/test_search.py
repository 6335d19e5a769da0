import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.connection import sqlite3
from bot.words import search
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


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ('"technical pause"', [0]),
        ('"pause technical"', []),
        ('"a technical pause"', [0]),
        ('"status pause"', []),  # the last word and what is stored behind it
        ('"мира стали"', [1]),  # either of two lemmas: сталь, стать
        ('"сталь стать"', [2]),  # both of two lemmas, beside each other
        ('"стать сталь"', [2]),
        ('"мир сталь стать"', []),
        ('"пресс секретарь"', [3]),
        ('="технічну паузу"', [4]),
        ('="технічна паузу"', []),
        ('"технічна пауза"', [4]),
        ('"us talks"', [5]),
        ('="for us"', [6]),
        ('"for us"', [6]),
    ],
)
def test_a_phrase_is_found_where_its_words_follow_each_other(typed: str, rows: list[int]) -> None:
    """By the index alone: nothing is left for the matcher to turn down."""
    texts = [
        "a technical pause, no new status",
        "после мира стали говорить",
        "стали стали",
        "пресс-секретарь заявил",
        "взяли технічну паузу",
        "the US talks",
        "talks for us",
    ]
    asked = parse(typed)
    assert [at for at, text in enumerate(texts) if asked.matches(read(text))] == rows
    assert found(texts, expression(asked)) == rows


def test_neighbours_with_too_many_keys_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_PAIRS", 3)
    asked = expression(parse('"сталь стать"'))
    assert found(["стали стали", "сталь", "стать сталь", "сталь стать"], asked) == [0, 3]


def test_the_words_of_a_phrase_can_be_asked_alone() -> None:
    texts = ["technical φtechnical pause", "pause technical", "pause"]
    for typed in ('"technical pause"', '"technical pause" NOT war', '"technical pause" OR war'):
        assert found(texts, expression(parse(typed), phrases=False), documents=True) == [0, 1]


def test_the_default_tokenizer_serves_as_well() -> None:
    texts = ["перемир'я її й їжа", "via @some_one"]
    assert found(texts, expression(parse("перемир’я")), "unicode61") == [0]
    assert found(texts, expression(parse("@some_one")), "unicode61") == [1]


def test_two_words_with_very_many_readings_are_asked_for_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_WAYS", 0)
    phrase = "уиткоффом санкциями мерцем"
    assert found([phrase, "мерцем санкциями уиткоффом", "санкциями"], expression(parse(f'"{phrase}"'))) == [0, 1]


def test_every_part_of_an_expression_is_quoted() -> None:
    asked = expression(parse('talks "a pause" war* #tag'))
    outside = "".join(asked.split('"')[::2])
    assert set(outside.replace("AND", "").replace("OR", "")) <= set("() ,*0123456789")
