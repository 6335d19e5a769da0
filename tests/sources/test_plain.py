"""From HTML to words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.plain import clean, from_html, one_line, too_deep


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>three", "One\nTwo\nthree"),
        ("One<br>Two<br/><br/><br/><br/>Three", "One\nTwo\n\nThree"),
        ("<ul><li>a</li>\n<li>b</li></ul>", "a\nb"),
        ("a   b\n c\t d", "a b c d"),
        ("AT&amp;T &quot;q&quot; &lt;b&gt;", 'AT&T "q" <b>'),
        ("before<script>alert(1)</script><style>p{}</style>after", "beforeafter"),
        ("<img src=x onerror=alert(1)>caption", "caption"),
        ("a\xa0b", "a\xa0b"),
        ("<pre>a\n b</pre>", "a\nb"),
        ("&#0;&#xd800;x", "\ufffd\ufffdx"),
        ("", ""),
        ("5 < 6", "5 < 6"),
    ],
)
def test_a_reader_sees(html: str, text: str) -> None:
    assert from_html(html) == text


def test_html_that_would_take_minutes_loses_its_tags_the_short_way() -> None:
    html = "<div>" * 100_000 + "deep <b>inside</b>"
    assert too_deep(html.encode())
    assert from_html(html) == "deep inside"


def test_words_deep_inside_many_elements_do_not_take_long() -> None:
    begun = time.process_time()
    assert from_html("<x>a\n" * 4900).count("a") == 4900
    assert time.process_time() - begun < 1


def test_half_an_emoji_and_nul_are_dropped() -> None:
    assert clean("a\ud83d\0b") == "ab"


def test_one_line_has_no_breaks() -> None:
    assert one_line(" a\n\n b\t") == "a b"


@given(st.text(max_size=200) | st.text("<>/pbrdiv&#;x \n", max_size=100))
def test_any_html_becomes_text_that_can_be_stored(html: str) -> None:
    text = from_html(html)
    text.encode()
    assert text == text.strip()
    assert "\n\n\n" not in text
