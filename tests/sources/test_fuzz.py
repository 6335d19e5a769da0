"""A share of `tests.fuzz`, any bytes at all, and whether the fuzzing would notice."""

import time
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FetchError
from bot.models import Post
from bot.sources import feed_document, telegram_page
from tests import fuzz
from tests.fuzz import Kind, Tally, attempt

MODEST = settings(max_examples=60, deadline=None)


def test_two_thousand_mutated_inputs_give_posts_or_a_fetch_error() -> None:
    tallies = fuzz.share(range(2000), recorded=False)
    assert [failure for tally in tallies.values() for failure in tally.failures] == []
    assert sum(tally.outcomes.total() for tally in tallies.values()) == 2000
    assert all(tally.outcomes["read"] > 3 for tally in tallies.values())
    assert all(tally.outcomes["refused"] > 10 for name, tally in tallies.items() if name not in ("preview", "page"))


@MODEST
@given(st.binary(max_size=300))
def test_any_bytes_as_a_preview(body: bytes) -> None:
    assert telegram_page.parse(body, "s").posts == ()


@MODEST
@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/xml; charset=utf-16", "x; charset=nonsense"]))
def test_any_bytes_as_a_feed(body: bytes, content_type: str) -> None:
    with pytest.raises(FetchError):
        feed_document.parse(body, content_type, fuzz.SOURCE, fuzz.NOW)


# --- whether it would notice


def tried(read: Callable[[bytes], Iterable[Post]], seed: int = 1) -> Tally:
    return attempt(Kind("sample", (b"body",), read), seed)


def test_any_other_exception_is_a_failure_with_its_seed() -> None:
    def broken(body: bytes) -> Iterable[Post]:
        raise KeyError("id")

    assert tried(broken, 7).failures == ["sample 7: KeyError('id')"]


@pytest.mark.parametrize(
    "post",
    [
        Post("s", "", "https://a.example/", fuzz.NOW, ""),
        Post("s", "1", "javascript:alert(1)", fuzz.NOW, ""),
        Post("s", "1", "https://a.example/", fuzz.NOW.replace(tzinfo=None), ""),
        Post("s", "1", "https://a.example/", fuzz.NOW, "\ud83d"),
        Post("s", "1", "https://a.example/", fuzz.NOW, "\0"),
    ],
)
def test_a_post_that_the_house_cannot_keep_is_a_failure(post: Post) -> None:
    assert len(tried(lambda body: [post]).failures) == 1


def test_an_input_that_takes_too_long_or_too_much_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(body: bytes) -> Iterable[Post]:
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
        return []

    def large(body: bytes) -> Iterable[Post]:
        assert bytearray(2_000_000)
        return []

    monkeypatch.setattr(fuzz, "LONGEST", 0.01)
    assert "sample 1: 0.0 s" in tried(slow).failures
    monkeypatch.setattr(fuzz, "MOST_MEMORY", 1_000_000)
    assert "bytes of memory" in tried(large, fuzz.MEASURED).failures[0]


def test_an_input_is_the_same_for_the_same_seed() -> None:
    body = fuzz.preview()
    assert fuzz.mutated(body, 5) == fuzz.mutated(body, 5) != fuzz.mutated(body, 6)
    assert fuzz.spoiled(fuzz.lines(), 5) == fuzz.spoiled(fuzz.lines(), 5)
