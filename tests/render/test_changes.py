"""What changed is marked word by word, and nothing else is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import changes as room
from bot.render.changes import Change, changes, differ, shown
from tests.render import worlds

WORDS = st.sampled_from(["ми", "не", "згодні", "no", "deal", ",", ".", "\n", "l'État", "14"])
TEXTS = st.lists(WORDS, max_size=40).map(" ".join) | worlds.letters()


def words(text: str) -> list[str]:
    return room._words(text)


def parts(before: str, after: str) -> list[tuple[str, str]]:
    return [(before[slice(*one.before)], after[slice(*one.after)]) for one in changes(before, after)]


def test_a_word_put_in_a_word_left_out_and_a_word_replaced() -> None:
    assert parts("We agree.", "We do not agree.") == [("", "do not")]
    assert parts("We do not agree.", "We agree.") == [("do not", "")]
    assert parts("We meet on Monday at noon.", "We meet on Friday at noon.") == [("Monday", "Friday")]
    assert parts("", "New.") == [("", "New.")]


def test_one_word_between_two_changes_goes_with_them() -> None:
    assert parts("on 14 March, noon, in the city", "on 15 April, at dawn, in the city") == [
        ("14 March, noon", "15 April, at dawn")
    ]


def test_spaces_and_line_breaks_are_no_change() -> None:
    assert changes("We agree.\nAll of us.", "We  agree. All of us. ") == []
    assert not differ("We agree.\nAll of us.", "We  agree. All of us. ")
    assert differ("We agree.", "We agree!")
    assert differ("We agree.", "we agree.")


def test_very_different_long_texts_are_changed_as_a_whole() -> None:
    old, new = "start " + "a b c " * 500 + "end", "start " + "c b a d " * 500 + "end"
    assert changes(old, new) == [Change((6, 6 + 2999), (6, 6 + 3999))]


@given(TEXTS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_what_is_not_marked_is_the_same_in_both_and_the_marks_are_in_order(before: str, after: str) -> None:
    found = changes(before, after)
    rest = []
    for text, spans in ((before, [one.before for one in found]), (after, [one.after for one in found])):
        ends = [0, *(place for span in spans for place in span), len(text)]
        assert ends == sorted(ends)
        rest.append([words(text[start:end]) for start, end in zip(ends[::2], ends[1::2], strict=True)])
    assert rest[0] == rest[1]
    assert bool(found) == differ(before, after)
    assert all(words(before[slice(*one.before)]) != words(after[slice(*one.after)]) for one in found)


@given(worlds.long_letters(), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), max_size=5))
@settings(max_examples=80, deadline=None)
def test_whatever_is_marked_the_text_fits(text: str, spans: list[tuple[int, int]]) -> None:
    ordered = sorted((min(one), max(one)) for one in spans)
    made = shown(text, ordered, "underline", 300)
    assert made.units <= 300
    assert {mark.type for mark in made.marks} <= {"underline"}


def test_a_long_text_is_shown_where_it_changed() -> None:
    text = "one " * 300 + "HERE " + "two " * 300 + "THERE " + "three " * 300
    here, there = text.index("HERE"), text.index("THERE")
    made = shown(text, [(here, here + 4), (there, there)], "strikethrough", 1500)
    assert made.plain.startswith("… one one")
    assert made.plain.endswith("three …")
    assert "two …\n… two" in made.plain
    assert [made.plain[mark.start : mark.end] for mark in made.marks] == ["HERE"]
    assert shown(text, [], "underline", 50).plain.startswith("one one")
