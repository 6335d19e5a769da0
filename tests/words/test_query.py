import typing
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.words import query, tokens
from bot.words.query import Filters, Query, all_of, known, literal, load, marks, parse


def refused(typed: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    return caught.value


@pytest.mark.parametrize(
    ("typed", "reason", "position", "suggestion"),
    [
        ("", "empty", 0, ""),
        ("   ", "empty", 0, ""),
        ("a" * 301, "too_long", 300, ""),
        ("x " * 21, "too_many_terms", 40, " ".join("x" * 20)),
        ("(" * 11 + "a" + ")" * 11, "too_deep", 10, ""),
        ("NOT " * 11 + "a", "too_deep", 40, ""),
        ('talks "a pause', "unclosed_quote", 6, 'talks "a pause"'),
        ("talks ”", "unclosed_quote", 6, "talks"),
        ("(talks", "unclosed_bracket", 0, "(talks)"),
        ("talks (", "unclosed_bracket", 6, "talks"),
        ("talks)", "extra_bracket", 5, "talks"),
        (") talks", "extra_bracket", 0, "talks"),
        ("() talks", "empty_brackets", 0, "talks"),
        ('"" talks', "empty_quote", 0, "talks"),
        ("talks AND", "missing_word", 6, "talks"),
        ("OR talks", "missing_word", 0, "talks"),
        ("(talks OR )", "missing_word", 7, "(talks )"),
        ("talks AND OR pause", "missing_word", 10, "talks AND pause"),
        ("NOT talks", "only_not", 0, ""),
        ("talks OR NOT pause", "only_not", 0, ""),
        ("ab*", "short_prefix", 0, ""),
        ("talks п*", "short_prefix", 6, ""),
        ("ta*ks", "misplaced_star", 2, ""),
        ("*", "misplaced_star", 0, ""),
        ("talks,*", "misplaced_star", 6, ""),
        ("talks -lunch", "misplaced_minus", 6, "talks NOT lunch"),
        ("-lunch", "misplaced_minus", 0, ""),
        ("talks & pause", "no_word", 6, "talks pause"),
        ("# talks", "no_word", 0, "talks"),
        ("=", "no_word", 0, ""),
        ("((", "unclosed_bracket", 1, ""),
        ("talks NEAR", "missing_word", 6, "talks"),
        ("NEAR talks", "missing_word", 0, "talks"),
        ("talks NEAR (a OR b)", "missing_word", 6, "talks (a OR b)"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_way_out(
    typed: str, reason: str, position: int, suggestion: str
) -> None:
    error = refused(typed)
    assert (error.reason, error.position, error.suggestion) == (reason, position, suggestion)
    assert reason in typing.get_args(query.Reason)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("talks AND pause", "pause talks"),
        ("talks І pause", "talks И pause"),
        ("talks ТА pause", "talks pause"),
        ("talks OR pause", "pause АБО talks"),
        ("talks ИЛИ pause", "(talks OR pause) OR talks"),
        ("talks NOT pause", "talks AND НЕ pause"),
        ("talks НЕ pause", "NOT pause AND talks"),
        ("NOT NOT talks", "talk"),
        ("«a pause»", '"a pause"'),
        ("„a pause“", "“a pause”"),
        ("(a (b c))", "c b a"),
        ("a OR b c", "a OR (b AND c)"),
        ("talks, pause!", "talks pause"),
        ('"cease-fire"', "cease-fire"),
        ("#Мир", "#мир"),
        ("talks talks", "talks"),
        ("talks NEAR pause", "pause NEAR/10 talks"),
        ("talks NEAR/100 pause", "pause NEAR/50 talks"),
        ("a NEAR b NEAR c", "(b NEAR c) AND (a NEAR b)"),
        ("from:someone", '"from someone"'),
    ],
)
def test_the_same_meaning_has_the_same_key(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key
    assert parse(one) == parse(other)


def test_small_operators_are_words() -> None:
    assert parse("talks and pause").key != parse("talks AND pause").key
    assert not parse("talks and pause").matches(tokens.read("talks, pause"))


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("talks OR pause", "The pause", True),
        ("talks NOT (pause OR break)", "talks after a break", False),
        ("(talks NOT pause) OR war", "war, talks, pause", True),
        ('"technical pause"', "technical long pause", False),
        ('"технічна пауза"', "взято технічну паузу", True),
        ('"technic* pause"', "a technical pause", True),
        ("#talks", "#Talks today", True),
        ("#talks_day", "#Talks_Day today", True),
        ("#talks_day", "#talks day", False),
        ('"#talks today"', "#talks today", True),
        ('"via @someone"', "via @SomeOne", True),
        ("=paused", "they paused", True),
        ("=pause", "they paused", False),
        ('="a pause"', "A Pause.", True),
        ("a-cease-fire-deal", "a cease-fire deal", True),
        ('"a cease-fire deal"', "a ceasefire deal", True),
        ('"ceasefire deal"', "a cease-fire deal", True),
        ("cease-fire*", "cease-fires", True),
        ("24-7", "24 7", True),
        ("#tag-word", "#tag word", True),
        ("talks NEAR/2 pause", "talks after a pause", True),
        ("pause NEAR/1 talks", "talks after a pause", False),
        ("talks NEAR talks", "talks", False),
        ("talks NEAR talks", "talks and talks", True),
        ('"technical pause" NEAR/1 talks', "technical pause of talks", True),
        ('"technical pause" NEAR/0 talks', "technical pause of talks", False),
        ("cease-fire NEAR/1 talks", "ceasefire talks", True),
        ("talks NEAR zzz", "talks", False),
    ],
)
def test_what_a_query_finds(typed: str, text: str, expected: bool) -> None:
    assert parse(typed).matches(tokens.read(text)) is expected


@pytest.mark.parametrize(
    ("typed", "text", "marked"),
    [
        ("neutrality OR army", "Neutrality, and the armies", ["Neutrality", "armies"]),
        ('"технічна пауза"', "Взято технічну паузу", ["технічну паузу"]),
        ("talks NOT war", "the talks go on", ["talks"]),
        ("(war peace) OR talks", "war and talks", ["talks"]),
        ("cease-fire", "a cease-fire", ["cease-fire"]),
        ('"a b" OR "b c"', "a b c", ["a b c"]),
        ("перемир*", "перемир’я", ["перемир’я"]),
        ("war", "peace", []),
        ("talks NEAR/1 pause", "talks, pause, and much much later talks", ["talks", "pause"]),
    ],
)
def test_the_words_that_matched_are_marked(typed: str, text: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in parse(typed).spans(tokens.read(text))] == marked


def test_all_of_several_queries_are_one() -> None:
    assert all_of([parse("talks OR pause"), parse("war")]) == parse("(pause OR talks) war")
    assert all_of([known("side", "ua"), parse("war")]) == parse("war side:ua", KNOWN)


FILTERED = tokens.read("The talks go on")
FILTERED.know({"from:podolyak", "side:ua", "kind:own", "lang:en", "source:tass", "topic:pause"})


EVERYTHING = {"from": ["podolyak", "von der leyen"], "side": ["ua"], "source": ["tass"], "topic": ["pause"]}


def meant(name: str, typed: str) -> list[str]:
    return [value for value in EVERYTHING[name] if value == typed.lower()]


def near(name: str, typed: str) -> list[str]:
    return [value for value in EVERYTHING[name] if typed and value.startswith(typed.lower()[:3])]


KNOWN = Filters(meant, near)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("from:podolyak", True),
        ("FROM:Podolyak talks", True),
        ('from:"von der Leyen" OR talks', True),
        ("from:“Podolyak”", True),
        ("side:ua kind:own lang:EN", True),
        ("kind:quote OR topic:pause", True),
        ("talks NOT source:tass", False),
        ("talks NOT lang:ru", True),
        ("lang:ua", False),
        ("war side:ua", False),
        ("12:30 OR talks", True),
    ],
)
def test_filters_ask_what_is_known_of_a_post(typed: str, expected: bool) -> None:
    query = parse(typed, KNOWN)
    assert query.matches(FILTERED) is expected
    assert load(query.key).matches(FILTERED) is expected
    assert all(FILTERED.original[start:end] == "talks" for start, end in query.spans(FILTERED))


@pytest.mark.parametrize(
    ("typed", "reason", "position", "suggestion"),
    [
        ("talks from:nobody", "unknown_filter_value", 11, ""),
        ("talks from:podolak (pause)", "unknown_filter_value", 11, "talks from:podolyak (pause)"),
        ('talks from:"Podolyak M" pause', "unknown_filter_value", 11, "talks from:podolyak pause"),
        ("kind:quoted talks", "unknown_filter_value", 5, "kind:quote talks"),
        ("lang:fr", "unknown_filter_value", 5, "lang:ru"),
        ("lang:zz", "unknown_filter_value", 5, ""),
        ("side:", "unknown_filter_value", 5, ""),
        ('talks from:"podolyak', "unclosed_quote", 11, 'talks from:"podolyak"'),
        ("talks since:2022-03-10", "date_in_watch", 6, "talks"),
    ],
)
def test_a_filter_that_names_nothing_is_refused(typed: str, reason: str, position: int, suggestion: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed, KNOWN)
    assert (caught.value.reason, caught.value.position, caught.value.suggestion) == (reason, position, suggestion)
    assert caught.value.reason in typing.get_args(query.Reason)


def on(moment: str) -> tokens.Text:
    """The same words, published at that moment in Kyiv."""
    text = tokens.read("The talks go on")
    text.know((), int(datetime.fromisoformat(moment).replace(tzinfo=KYIV).timestamp()))
    return text


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("since:2022-03-10 talks", "2022-03-10", ""),
        ("talks until:10.03.2022", "", "2022-03-10T23:59:59"),
        ("talks since:2022-03 until:2022-03", "2022-03-01", "2022-03-31T23:59:59"),
        ("talks since:12.2022 until:2022", "2022-12-01", "2022-12-31T23:59:59"),
    ],
)
def test_a_search_is_bound_to_days_where_the_reader_lives(typed: str, first: str, last: str) -> None:
    found = parse(typed, KNOWN, KYIV)
    assert load(found.key) == found
    assert found.matches(on(first or "1990-01-01"))
    assert found.matches(on(last or "2090-01-01"))
    for edge, step in ((first, -1), (last, 1)):
        if edge:
            text = on(edge)
            text.when += step
            assert not found.matches(text)


@pytest.mark.parametrize(
    ("typed", "reason", "position"),
    [
        ("talks since:yesterday", "bad_date", 12),
        ("talks until:2022-02-30", "bad_date", 12),
        ("talks until:1022", "bad_date", 12),
        ("since:2022 until:2023", "only_dates", 0),
        ("since:2022 NOT talks", "only_not", 0),
    ],
)
def test_a_search_needs_days_that_are_and_more_than_days(typed: str, reason: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed, KNOWN, KYIV)
    assert (caught.value.reason, caught.value.position) == (reason, position)


def test_a_query_that_is_no_longer_understood_marks_nothing() -> None:
    assert marks("from:podolyak talks", KNOWN, FILTERED) == [(4, 9)]
    assert marks("from:gone talks", KNOWN, FILTERED) == []


def test_literal_words_know_no_operators() -> None:
    assert literal("міністр оборони").matches(tokens.read("міністра оборони"))
    assert literal("NOT war*").matches(tokens.read("not wars"))
    assert not literal("?!").matches(tokens.read("anything"))


WORDS = [
    "talks",
    "переговори",
    "мир",
    "cease-fire",
    "перемир'я",
    "neutral*",
    "#talks",
    "@someone",
    "=talks",
    '"technical pause"',
    "«обмен пленными»",
]
expressions = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: (
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " NOT ", " ", " ТА ", " ИЛИ ", " NEAR "]), inner).map(
            "".join
        )
        | inner.map(lambda one: f"({one})")
    ),
    max_leaves=6,
)
SAMPLES = [
    tokens.read(text)
    for text in (
        "Talks on neutrality after a technical pause, via @someone #talks",
        "Переговори тривають, перемир’я немає",
        "О мире и об обмене пленными",
        "a ceasefire",
        "",
    )
]


def compiled(typed: str) -> Query | None:
    try:
        return parse(typed)
    except QueryError as error:
        mistake = error
    assert mistake.reason in typing.get_args(query.Reason)
    assert 0 <= mistake.position <= len(typed)
    if mistake.suggestion:
        parse(mistake.suggestion)
    return None


@given(expressions)
def test_a_loaded_key_behaves_as_what_was_parsed(typed: str) -> None:
    found = compiled(typed)
    if found is not None:
        again = load(found.key)
        assert again == found
        assert [again.matches(text) for text in SAMPLES] == [found.matches(text) for text in SAMPLES]


hostile = st.text(st.sampled_from("()\"“”«»=*#@-–' ANDORTНЕИабв\x00\n🚀'’^:{}[]+\u0301"), max_size=60) | st.text(
    max_size=400
)


@given(
    hostile
    | st.sampled_from(["(" * 5000, '"' * 9999, "NEAR(a b)", "a:b", "a^2", "{a b}: c", "col: x", "NOT NOT", "a" * 300])
)
def test_whatever_is_typed_is_a_query_or_a_named_mistake(typed: str) -> None:
    found = compiled(typed)
    if found is not None:
        for text in (*SAMPLES, tokens.read(typed)):
            assert bool(found.spans(text)) <= found.matches(text)


@given(expressions, st.sampled_from(SAMPLES))
def test_what_matches_can_be_marked_inside_the_text(typed: str, text: tokens.Text) -> None:
    found = compiled(typed)
    if found is not None and found.matches(text):
        spans = found.spans(text)
        assert spans
        assert all(0 <= start < end <= len(text.original) for start, end in spans)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
