"""Marked text keeps its marks through everything, and a stranger's words cannot break or turn a message."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Button
from bot.render.text import (
    FSI,
    PDI,
    Mark,
    Text,
    clean,
    fill,
    finish,
    inline,
    joined,
    plain,
    split,
    usable,
    verbatim,
)
from tests.render import judge, worlds

ACCENTS = "e\u0301\u0302"
FAMILY = "👩‍👩‍👧‍👦"


def words_of(text: Text, type: str) -> list[str]:
    return [text.plain[mark.start : mark.end] for mark in text.marks if mark.type == type]


def test_adding_moves_the_marks_of_what_is_added() -> None:
    text = "Said by " + plain("Ann").marked("bold") + " and " + plain("Ben").marked("italic")
    assert text.plain == "Said by Ann and Ben"
    assert words_of(text, "bold") == ["Ann"]
    assert words_of(text, "italic") == ["Ben"]


def test_a_stretch_keeps_what_its_marks_leave_on_it() -> None:
    text = plain("one two three").marked("bold")[4:7]
    assert text == Text("two", (Mark("bold", 0, 3),))


def test_nothing_cannot_be_marked() -> None:
    assert plain("").marked("bold") == Text()
    assert not plain("")


def test_joining_leaves_out_what_is_empty() -> None:
    assert joined([plain("a"), "", Text(), "b"], ", ").plain == "a, b"


def test_a_template_takes_marks_from_a_text_and_none_from_a_stranger() -> None:
    text = fill("{who} said {what} {n} times", {"who": plain("Ann").marked("bold"), "what": "<b>\nno", "n": 3})
    assert text.plain == "Ann said <b> no 3 times"
    assert words_of(text, "bold") == ["Ann"]


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("a\x00b", "a b"),
        ("a\tb", "a b"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d alone", "\ufffd alone"),
        ("ab\u202ecd\u202c", "abcd"),
        ("plain", "plain"),
    ],
)
def test_what_breaks_messages_is_made_harmless(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


def test_a_name_that_runs_from_right_to_left_is_fenced_off_in_our_line() -> None:
    assert inline("שלום").plain == FSI + "שלום" + PDI
    assert inline("Ann").plain == "Ann"


def test_a_name_cannot_close_our_fence() -> None:
    assert inline("ש" + PDI + "x\u202e").plain == FSI + "שx" + PDI


def test_a_name_of_many_lines_is_one_line() -> None:
    assert inline(" Ann \n\n One ").plain == "Ann One"


def test_isolates_that_are_not_closed_are_taken_out_of_a_block_and_those_that_are_stay() -> None:
    text = verbatim("a\u2067b\nc\u2067d\u2069\ne\u2069f\u2067")
    assert text.plain == "a\u200bb\nc\u2067d\u2069\ne\u200bf\u200b"


def test_found_words_are_marked_in_a_block_whatever_is_removed_before_them() -> None:
    text = verbatim("\u202e\r\nthe peace and peace", [(17, 22), (7, 12), (9, 10), (40, 50)])
    assert words_of(text, "bold") == ["peace", "peace"]
    assert words_of(text, "underline") == ["peace", "peace"]


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=9))
@settings(max_examples=80, deadline=None)
def test_marking_found_words_changes_no_word(text: str, found: list[tuple[int, int]]) -> None:
    if "\r" not in text:
        assert verbatim(text, found).plain == verbatim(text).plain


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(100, "The ships stay in port."), (15, "The ships stay…"), (13, "The ships…"), (1, "…"), (0, "")],
)
def test_a_cut_ends_at_a_word_and_says_that_it_is_one(limit: int, expected: str) -> None:
    assert plain("The ships stay in port.").cut(limit).plain == expected


@pytest.mark.parametrize("sign", [ACCENTS, FAMILY, "👍🏽", "🇦🇶", "🏴\U000e0067\U000e0062\U000e007f"])
def test_a_visible_sign_is_never_cut_in_two(sign: str) -> None:
    for limit in range(3, 40):
        kept = plain(sign * 20).cut(limit).plain.removesuffix("…")
        assert kept == sign * (len(kept) // len(sign))


def test_a_sign_without_end_is_cut_all_the_same() -> None:
    assert plain("e" + "\u0301" * 500).cut(100).units == 100


@given(worlds.long_letters(), st.integers(8, 300))
@settings(max_examples=120, deadline=None)
def test_splitting_loses_nothing_and_keeps_the_limit(words: str, limit: int) -> None:
    text = verbatim(words)
    parts = split(text, limit)
    assert "".join(part.plain for part in parts) == text.plain
    assert all(part.units <= limit for part in parts)


@given(st.lists(st.tuples(st.text("ab .\n", max_size=9), st.booleans()), max_size=60), st.integers(10, 40))
@settings(max_examples=100, deadline=None)
def test_splitting_keeps_every_mark_on_its_letters(pieces: list[tuple[str, bool]], limit: int) -> None:
    text = Text()
    for words, bold in pieces:
        text = text + (plain(words).marked("bold") if bold else words)
    marked = "".join(words for words, bold in pieces if bold)
    parts = split(text, limit, marks=5)
    assert "".join(word for part in parts for word in words_of(part, "bold")) == marked
    assert all(len(part.marks) <= 5 for part in parts)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("a" * 20 + "\n\n" + "b" * 5 + "\n" + "c" * 30, "a" * 20 + "\n\n"),
        ("a" * 20 + "\n" + "b" * 5 + ". " + "c" * 30, "a" * 20 + "\n"),
        ("One is here now. Two is hereafter and beyond", "One is here now. "),
        ("word " * 20, "word " * 6),
        ("x" * 50, "x" * 30),
    ],
)
def test_a_part_ends_at_the_best_place(words: str, first: str) -> None:
    assert split(plain(words), 30)[0].plain == first


def test_too_many_marks_on_one_letter_end_splitting() -> None:
    text = Text("ab", tuple(Mark("bold", 0, 1, url=str(number)) for number in range(9)))
    assert "".join(part.plain for part in split(text, 100, marks=3)) == "ab"


def test_marks_are_counted_in_utf16_and_do_not_end_on_white_space() -> None:
    message = finish("  😀 " + plain(" Ann 😀 ").marked("bold") + "  said\n")
    assert message.text == "😀  Ann 😀   said"
    (bold,) = message.entities
    assert (bold.offset, bold.length) == (4, 6)


def test_a_mark_on_nothing_but_white_space_goes() -> None:
    assert finish("a" + plain("  ").marked("bold") + "b").entities == ()


def test_links_and_quotations_outlive_decoration_where_marks_are_too_many() -> None:
    text = Text()
    for _ in range(150):
        text = text + plain("a").marked("bold") + " "
    text = text + plain("here").linked("https://daily.example/")
    kept = finish(text).entities
    assert len(kept) == 100
    assert kept[-1].url == "https://daily.example/"


def test_a_message_that_is_too_long_is_cut_and_not_refused() -> None:
    message = finish(plain("😀" * 3000).marked("bold"))
    judge.within_limits(message)
    assert message.text.endswith("…")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://t.me/a/1", True),
        ("http://127.0.0.1:8080/x", True),
        ("https://пример.example/шлях?q=1#z", True),
        ("https://daily.example?a", True),
        ("", False),
        ("javascript:alert(1)", False),
        ("http://localhost/x", False),
        ("https://a b.example/", False),
        ("https://daily.example:99999/", False),
        ("https://daily.example/a b", False),
        ("https://daily.example/\u202e", False),
        ("https://daily.example/" + "a" * 3000, False),
        ("ftp://daily.example/", False),
    ],
)
def test_addresses_that_telegram_refuses_are_not_linked(url: str, good: bool) -> None:
    assert usable(url) is good
    assert bool(plain("here").linked(url).marks) is good


def test_buttons_that_telegram_refuses_are_left_out() -> None:
    message = finish(
        plain("Choose"),
        [
            [Button("fits", "a" * 64), Button("too long", "ю" * 33), Button("nowhere", url="http://x")],
            [Button("void", "")],
            [Button("\n", "a"), Button("w" * 200, "b")],
            [Button(str(number), "c") for number in range(12)],
        ],
    )
    judge.within_limits(message)
    assert [[button.text for button in row] for row in message.buttons] == [
        ["fits"],
        ["…", "w" * 47 + "…"],
        list("01234567"),
    ]


def test_a_keyboard_stops_at_a_hundred_buttons() -> None:
    message = finish(plain("Choose"), [[Button("x", "x")] * 7] * 30)
    assert sum(map(len, message.buttons)) == 100


@given(worlds.letters(), worlds.letters(), st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_telegram_takes_whatever_strangers_write(name: str, words: str, times: int) -> None:
    text = "Head " + inline(name).marked("bold") + "\n" + verbatim(words * times).marked("expandable_blockquote")
    message = finish(text + "\nfoot " + plain("link").linked("https://daily.example/1"))
    judge.within_limits(message)
    assert judge.in_order(message)
    assert judge.as_telegram_reads_it(message)["@type"] == "formattedText"
    assert all(unicodedata.bidirectional(letter) not in ("RLO", "LRO", "RLE", "LRE") for letter in message.text)
