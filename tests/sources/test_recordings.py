"""Recorded pages, feeds and answers, where they are: beside the house, in shared/recordings."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import FetchError
from bot.models import Source
from bot.sources import feed_document, telegram_page, x_page

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
NOW = datetime(2026, 11, 22, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")


def files(pattern: str) -> list[Any]:
    return [pytest.param(path, id=path.name) for path in sorted(RECORDINGS.glob(pattern))]


# --- Telegram

STATES = {
    "preview": "preview",
    "preview_empty": "empty",
    "preview_no_posts_found": "end",
    "plain_channel_preview_available": "preview on",
    "plain_channel_NO_preview": "preview off",
    "plain_channel_WITHHELD": "withheld",
    "plain_not_found": "absent",
    "plain_group": "group",
    "plain_invite_or_private": "private",
    "plain_post_page": "post",
    "telegram_org_home_page": "front page",
    "message_or_embed": "post",
    "embed_error:Post not found": "no post",
    "unknown": "unknown",
}


@pytest.mark.parametrize("path", files("telegram_web/*.html"))
def test_a_page_reads_as_two_other_parsers_read_it(path: Path) -> None:
    expected = json.loads((RECORDINGS / "telegram_web" / "expected.json").read_text())[path.name]["page"]
    page = telegram_page.parse(path.read_bytes(), "s")
    assert page.state == STATES[expected["kind"]]
    assert page.title == (expected["title"] or (expected["plain"] or {}).get("title") or "")
    assert page.name == (expected["username"] or "")
    assert page.before == expected["before"]
    readable = [post for post in expected["posts"] if not post["errors"]]
    assert page.unread == len(expected["posts"]) - len(readable)
    for post, wanted in zip(page.posts, readable, strict=True):
        assert_same(post, wanted, page)


def assert_same(post: Any, wanted: dict[str, Any], page: telegram_page.Page) -> None:
    assert (post.external_id, post.url) == (str(wanted["id"]), wanted["url"])
    assert post.published_at.isoformat() == wanted["date_utc"]
    if wanted["poll"]:  # for us a poll's question and options are words; there they stand apart
        options = "".join(f"\n• {text}" for text, _ in wanted["poll"]["options"])
        assert post.text == wanted["text"] + wanted["poll"]["question"] + options
    else:
        assert post.text == wanted["text"]
    assert Counter(post.media) == Counter(wanted["media"])
    assert (post.kind == "service") == wanted["service"]
    assert (post.kind == "forward") == bool(wanted["forward"])
    assert post.author == (wanted["forward"] or {"name": ""})["name"]
    assert post.quoted == (wanted["reply"] or {"quote": ""})["quote"]
    assert (wanted["id"] in page.edited) == wanted["edited"]
    assert str(wanted["channel_id"] or "") in ("", page.channel_id)


@pytest.mark.parametrize("path", files("telegram_web/full_*.html"))
def test_a_whole_page_is_believed_and_a_cut_one_is_not(path: Path) -> None:
    body = path.read_bytes()
    assert telegram_page.parse(body, "s").whole
    for kept in range(1, 20):
        assert not telegram_page.parse(body[: len(body) * kept // 20], "s").whole


# --- feeds

FEEDS = {  # items, title, the first identity, the first date; a repeated identity stands once (BBC: 27 items)
    "bbc_fast-news-reader.xml": (
        26,
        "BBC News",
        "https://www.bbc.com/news/articles/cq59xvdzjv7o",
        "2026-04-25T12:07:54",
    ),
    "liga_rss_tehtehteh_2020.xml": (20, "ЛІГА.Новости", None, "2020-09-29T12:05:59"),
    "miniflux_encoding_ISO-8859-1.xml": (
        40,
        "Golem.de",
        "https://www.golem.de/1810/137358-rss.html",
        "2018-10-28T12:48:00",
    ),
    "miniflux_no_encoding_ISO-8859-1.xml": (9, None, None, "2018-10-17T10:30:00"),  # one of its 10 items is empty
    "nytimes_photojournalism.xml": (25, "NYT > Top Stories", None, "2023-11-24T13:14:28"),
    "pravda_rss_tehtehteh_2020.xml": (20, "Украинская правда", None, "2020-09-29T12:00:00"),
    "tagesschau_fast-news-reader.xml": (40, None, "f3deca3e-bffe-495e-86b2-6d2517293a5f", "2026-04-25T18:43:28"),
    "tass_2021_RECONSTRUCTED.xml": (1, "ТАСС", "https://tass.ru/sport/13287229", "2021-12-23T17:37:15"),
    "ukranews_rss_tehtehteh_2020.xml": (2, "Українські Новини", None, "2020-09-28T15:25:00"),
}


@pytest.mark.parametrize("path", files("feeds/*.xml"))
@pytest.mark.parametrize("content_type", ["text/xml", "application/rss+xml", "text/html", ""])
def test_a_feed_reads_whole_under_any_header(path: Path, content_type: str) -> None:
    count, title, identity, date = FEEDS[path.name]
    source = Source("s", "feed", "https://feed.example/")
    document = feed_document.parse(path.read_bytes(), content_type, source, NOW)
    first = document.posts[0]
    assert len(document.posts) == count
    assert title in (None, document.title)
    assert identity in (None, first.external_id)
    assert first.published_at.isoformat() == f"{date}+00:00"
    assert document.first_seen == {}
    assert all(post.url.startswith("http") and "utm_" not in post.url for post in document.posts)
    assert not any("<" in post.text or "&quot;" in post.text or "\ufffd" in post.text for post in document.posts)


@pytest.mark.parametrize("path", files("feeds/*.xml"))
def test_a_feed_that_was_cut_is_not_believed(path: Path) -> None:
    body = path.read_bytes()
    for kept in range(1, 10):
        with pytest.raises(FetchError):
            feed_document.parse(
                body[: len(body) * kept // 10], "text/xml", Source("s", "feed", "https://f.example/"), NOW
            )


# --- X


@pytest.mark.parametrize("path", [*files("x/playground/*timeline*.json"), *files("x/emulate_x/timeline.json")])
def test_every_post_of_a_recorded_timeline_is_read(path: Path) -> None:
    recorded = json.loads(path.read_text())["response"]["body"]
    if "data" not in recorded:
        with pytest.raises(FetchError, match="does not know this account"):
            x_page.read(recorded, Source("s", "x", "somebody"))
        return
    page = x_page.read(recorded, Source("s", "x", "somebody"))
    assert [post.external_id for post in page.posts] == [item["id"] for item in recorded["data"]]
    assert [post.text for post in page.posts] == [item["text"].replace("&amp;", "&") for item in recorded["data"]]
    assert page.next_token == recorded["meta"].get("next_token", "")


@pytest.mark.parametrize("name", ["search_tweets_query", "timeline_tweets", "tweets_resp"])
def test_real_posts_of_other_years_are_read(name: str) -> None:
    recorded = json.loads((RECORDINGS / "x" / "third_party" / "pytwitter" / f"{name}.json").read_text())
    page = x_page.read(recorded, Source("s", "x", "somebody"))
    assert [post.external_id for post in page.posts] == [item["id"] for item in recorded["data"]]
    for post, item in zip(page.posts, recorded["data"], strict=True):
        assert "https://t.co/" not in post.text or "entities" not in item


def test_a_suspended_account_is_told_from_a_missing_one() -> None:
    body = json.loads((RECORDINGS / "x" / "real_errors" / "user_suspended.json").read_text())["body"]
    with pytest.raises(FetchError, match="suspended"):
        x_page.read(body, Source("s", "x", "somebody"))
