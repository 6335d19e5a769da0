"""Whatever comes: a parser answers, or raises FetchError; nothing else, and never for long."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources import feed_document, telegram_page, x_page
from tests.far_ends import feeds, previews, x

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
SOURCE = Source("s", "feed", "https://wire.example/feed")
MODEST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SEEDS = st.integers(0, 2**32)
SCRAPS = [
    "<",
    ">",
    '"',
    "</div>",
    "<div>",
    "&#x",
    "\0",
    "\xff",
    "]]>",
    "<!--",
    "0",
    "-1",
    "'",
    "<script>",
    "&amp;",
    "[[",
]


def mutated(body: bytes, seed: int) -> bytes:
    """Cut, doubled, swapped and overwritten in a few places."""
    chance = random.Random(seed)
    out = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(out) + 1), chance.randint(0, 200)
        match chance.randrange(4):
            case 0:
                del out[at : at + length]
            case 1:
                out[at:at] = out[at : at + length]
            case 2:
                out[at : at + 1] = chance.choice(SCRAPS).encode("latin-1")
            case 3:
                out[at : at + length] = chance.randbytes(chance.randint(0, 9))
        if not out:
            break
    return bytes(out)


def preview() -> bytes:
    channel = previews.Channel("some_channel")
    kinds: list[dict[str, Any]] = [
        {"text": "Words\nand more 👍"},
        {"media": ["photo", "video"], "text": "Album"},
        {"forward": "Somebody", "text": "Theirs"},
        {"reply": {"id": 1, "text": "Quoted"}, "text": "Answer", "signed": "J.", "edited": True},
        {"poll": {"question": "?", "options": ["a", "b"]}},
        {"service": True, "text": "Channel created"},
        {"media": ["unsupported"]},
    ]
    for kind in kinds:
        channel.post({"date": NOW.isoformat(), **kind})
    return previews.page(channel, {}).encode()


def wire(form: str) -> bytes:
    made = feeds.Wire("wire", format=form)
    for number in range(3):
        made.post(
            {"title": f"Item {number} <b>x</b>", "text": "<p>One</p>Two", "date": "Mon, 14 Mar 2022 10:00:00 +0200"}
            | {"link": f"https://wire.example/{number}?utm_source=x", "media": ["image/jpeg"]}
        )
    return (feeds.rss(made) if form == "rss" else feeds.atom(made)).encode()


def timeline() -> Any:
    person = x.Person("somebody")
    other = {"id": 7 << 41, "author": "other", "text": "Original & more"}
    person.post({"text": "Words https://example.org/ " * 20, "media": ["photo"], "id": 9 << 50})
    person.post({"repost": other})
    person.post({"quote": other, "reply": other, "text": "Mine"})
    return {**x._posts(person, list(person.posts.values())), "meta": {"result_count": 3, "next_token": "page1"}}


PREVIEW, RSS, ATOM, TIMELINE = preview(), wire("rss"), wire("atom"), timeline()


def assert_sound(posts: tuple[Post, ...]) -> None:
    for post in posts:
        assert post.published_at.tzinfo is UTC
        assert post.external_id
        assert post.url.startswith(("http://", "https://"))
        json.dumps([post.text, post.quoted, post.author, post.url], ensure_ascii=False).encode()


@MODEST
@given(SEEDS)
def test_a_mutated_preview(seed: int) -> None:
    assert_sound(telegram_page.parse(mutated(PREVIEW, seed), "s").posts)


@MODEST
@given(st.binary(max_size=300))
def test_any_bytes_as_a_preview(body: bytes) -> None:
    assert telegram_page.parse(body, "s").posts == ()


@pytest.mark.parametrize("body", [RSS, ATOM])
@MODEST
@given(seed=SEEDS)
def test_a_mutated_feed(body: bytes, seed: int) -> None:
    try:
        document = feed_document.parse(mutated(body, seed), "application/xml", SOURCE, NOW)
    except FetchError:
        return
    assert_sound(document.posts)
    assert all(post.published_at <= NOW for post in document.posts)


@MODEST
@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/xml; charset=utf-16", "x; charset=nonsense"]))
def test_any_bytes_as_a_feed(body: bytes, content_type: str) -> None:
    with pytest.raises(FetchError):
        feed_document.parse(body, content_type, SOURCE, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def spoiled(value: Any, chance: random.Random, scrap: Any) -> Any:
    """The same, with the scrap in place of something somewhere."""
    if chance.random() < 0.08:
        return scrap
    if isinstance(value, dict):
        return {key: spoiled(inner, chance, scrap) for key, inner in value.items()}
    return [spoiled(inner, chance, scrap) for inner in value] if isinstance(value, list) else value


@settings(MODEST, max_examples=300)
@given(SEEDS, JSON)
def test_a_mutated_timeline(seed: int, scrap: Any) -> None:
    body = spoiled(TIMELINE, random.Random(seed), scrap)
    try:
        page = x_page.read(body if isinstance(body, dict) else {}, SOURCE)
    except FetchError:
        return
    assert_sound(page.posts)
