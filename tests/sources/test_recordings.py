"""Recorded pages, feeds and answers, where they are: beside the house, in shared/recordings."""

import hashlib
import html
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Fate, Post, Source
from bot.sources import feed_document, telegram_page, x_page
from bot.sources.x import X
from tests.far_ends.serving import Far

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


NOT_KEPT = {
    "album": "shows in the page's albums",
    "channel": "shows in the address",
    "code": "the words are in the text",
    "custom_emoji": "the characters are in the text",
    "date": "as written; date_utc is compared",
    "docs": "names of files are not words",
    "hashtags": "the words are in the text",
    "links": "what a link leads to is not said; an address that is shown is in the text",
    "owner": "the channel itself",
    "placeholder": "stands beside every video; only `unsupported` means something",
    "post": "the same as channel and id",
    "preview": "another site's words",
    "quotes": "the words are in the text",
    "reactions": "other people's, by the minute",
    "signature": "an editor of the channel, who speaks for it",
    "spoilers": "the words are in the text",
    "too_big": "a video is a video",
    "views": "by the minute",
    "views_approx": "by the minute",
    "views_raw": "by the minute",
}
"""What stands in the expectations and not in a post, and why; everything else is compared."""

COMPARED = {
    *("channel_id", "date_utc", "edited", "errors", "forward", "id", "media", "poll", "reply", "service", "text"),
    *("unsupported", "url"),
}


@pytest.mark.parametrize("path", files("telegram_web/*.html"))
def test_a_page_reads_as_two_other_parsers_read_it(path: Path) -> None:
    expected = json.loads((RECORDINGS / "telegram_web" / "expected.json").read_text())[path.name]["page"]
    page = telegram_page.parse(path.read_bytes(), "s")
    plain = expected["plain"] or {}
    assert page.state == STATES[expected["kind"]]
    assert page.title == (expected["title"] or plain.get("title") or "")
    assert page.name == (expected["username"] or "")
    assert (page.before, page.verified) == (expected["before"], bool(expected["verified"]))
    if page.state in ("preview", "empty", "end"):
        assert page.newest == (expected["after"] is None)
    counted = {kind.rstrip("s"): count for kind, count in expected["counters"].items()}
    assert page.subscribers == counted.get("subscriber", counted.get("member", ""))
    readable = [post for post in expected["posts"] if not post["errors"]]
    assert page.unread == len(expected["posts"]) - len(readable) == expected["skipped"]
    for post, wanted in zip(page.posts, readable, strict=True):
        assert wanted.keys() == COMPARED | NOT_KEPT.keys()
        assert_same(post, wanted, page)


def assert_same(post: Any, wanted: dict[str, Any], page: telegram_page.Page) -> None:
    assert (post.external_id, post.url) == (str(wanted["id"]), wanted["url"])
    assert wanted["post"] == post.url.removeprefix("https://t.me/") == f"{wanted['channel']}/{wanted['id']}"
    assert post.published_at.isoformat() == wanted["date_utc"]
    if wanted["poll"]:  # for us a poll's question and options are words; there they stand apart
        options = "".join(f"\n• {text}" for text, _ in wanted["poll"]["options"])
        assert post.text == wanted["text"] + wanted["poll"]["question"] + options
    else:
        assert post.text == wanted["text"]
    assert all(tag in post.text for tag in wanted["hashtags"])
    assert Counter(post.media) == Counter(wanted["media"]) + Counter({"unsupported": int(wanted["unsupported"])})
    assert (wanted["id"] in page.albums) == wanted["album"]
    assert wanted["id"] in page.ids
    assert (post.kind == "service") == wanted["service"]
    assert (post.kind == "forward") == bool(wanted["forward"])
    forward = wanted["forward"] or {"name": "", "author": ""}
    assert post.author == " ".join(filter(None, [forward["name"], forward["author"] and f"({forward['author']})"]))
    assert (post.kind == "reply") == bool(wanted["reply"])
    assert post.quoted == (wanted["reply"] or {"quote": ""})["quote"]
    assert (wanted["id"] in page.edited) == wanted["edited"]
    assert str(wanted["channel_id"] or "") in ("", page.channel_id)


def test_every_recorded_page_has_its_expectations() -> None:
    expected = json.loads((RECORDINGS / "telegram_web" / "expected.json").read_text())
    assert {path.name for path in RECORDINGS.glob("telegram_web/*.html")} == set(expected)
    for name, wanted in expected.items():
        assert hashlib.sha256((RECORDINGS / "telegram_web" / name).read_bytes()).hexdigest() == wanted["sha256"]


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
def test_each_item_reads_as_a_plain_xml_parser_reads_it(path: Path) -> None:
    """Of the recordings all but one are XML by the book, RSS 2.0, with dates that the standard library reads."""
    body = path.read_bytes()
    if path.name == "miniflux_no_encoding_ISO-8859-1.xml":  # in which no parser of XML knows the letters
        body = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + body[body.index(b"<rss") :]
    items: dict[str, dict[str, str]] = {}
    for item in ElementTree.fromstring(body).iter():
        if item.tag.rpartition("}")[2] == "item":
            part = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in reversed(item)}
            if part.get("title"):
                link, guid = part["link"], re.sub(r"#\d+\Z", "", part.get("guid", ""))
                items.setdefault(guid or link, part)
    source = Source("s", "feed", "https://feed.example/")
    posts = feed_document.parse(path.read_bytes(), "text/xml", source, NOW).posts
    assert [post.external_id for post in posts] == list(items)
    for post, part in zip(posts, items.values(), strict=True):
        title, _, summary = post.text.partition("\n\n")
        assert squeezed(title) == squeezed(html.unescape(part["title"]))
        described = re.sub(r"<[^>]+>", " ", html.unescape(part.get("description", "")))
        assert squeezed(summary) in squeezed(html.unescape(described))
        assert bool(summary) or squeezed(described) in squeezed(title) or "<" in part["description"]
        published = parsedate_to_datetime(part["pubDate"])
        assert published.tzinfo is not None
        assert post.published_at == published
        assert urlsplit(post.url)[:3] == urlsplit(urljoin(source.address, part["link"]))[:3]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("path", files("feeds/*.xml"))
def test_a_feed_that_was_cut_is_not_believed(path: Path) -> None:
    body = path.read_bytes()
    for kept in range(1, 10):
        with pytest.raises(FetchError):
            feed_document.parse(
                body[: len(body) * kept // 10], "text/xml", Source("s", "feed", "https://f.example/"), NOW
            )


# --- X

X_SOURCE = Source("s", "x", "somebody", account_id="77")

REFUSALS = {  # what an operator reads, whether only a person can mend it, and when it is tried again if X says so
    "emulate_x/fault_402": ("X wants to be paid", True, timedelta(hours=1)),
    "emulate_x/fault_503_html": (r"X is in trouble \(503\)", False, None),
    "emulate_x/unauthorized_401_bad_token": ("X does not accept X_BEARER_TOKEN", True, timedelta(days=1)),
    "emulate_x/user_missing": ("X does not know this account", True, None),
    "playground/rate_limit_2": ("X asks for fewer requests", False, timedelta(hours=20, minutes=24, seconds=41)),
    "playground/search_recent_bad_max_results": ("X does not understand the request", True, None),
    "playground/simulated_server_error": (r"X is in trouble \(500", False, None),
    "playground/timeline_unknown_user": ("X does not know this account", True, None),
    "playground/unauthorized_401": ("X does not accept X_BEARER_TOKEN", True, timedelta(days=1)),
    "real_errors/400_stale_since_id": ("X does not understand the request", True, None),
    "real_errors/402_credits": ("X wants to be paid", True, timedelta(hours=1)),
    "real_errors/402_credits_depleted": ("X wants to be paid", True, timedelta(hours=1)),
    "real_errors/429_usage_capped": ("usage cap is reached", True, timedelta(days=1)),
    "real_errors/user_suspended": ("X has suspended this account", True, None),
}
TIMELINES = {  # how many posts, and whether there is another page
    "emulate_x/timeline": (2, False),
    "playground/poll_timeline_first": (1, False),
    "playground/poll_timeline_since_id": (2, False),
    "playground/poll_timeline_since_id_none": (0, False),
    "playground/timeline_seeded_page1": (5, True),
    "playground/timeline_seeded_page2": (5, True),
    "playground/timeline_seeded_page3": (1, False),
    "third_party/pytwitter/search_tweets_query": (4, False),
    "third_party/pytwitter/timeline_tweets": (5, True),
    "third_party/pytwitter/tweets_resp": (2, False),
}
LOOK_UPS: dict[str, dict[str, Fate]] = {
    "emulate_x/lookup_one_deleted": {
        "2124444830896488448": "stands",
        "2124520328368488448": "stands",
        "2124999999999999999": "deleted",
    },
    "playground/lookup_before_delete": {
        "2124581098015948801": "stands",
        "2124581098015948802": "stands",
        "2124581098015948803": "stands",
    },
    "playground/lookup_one_deleted": {  # X says so; what is left out without a word may be anywhere
        "2124581098015948801": "stands",
        "2124581098015948802": "unsure",
        "2124581098015948803": "stands",
    },
    "real_errors/lookup_partial_both": {"23454": "unsure", "24": "deleted"},
}
BILLED = {  # users, posts
    "playground/users_by_usernames": (3, 0),
    "playground/users_by_usernames_one_missing": (1, 0),
    "third_party/pytwitter/users_resp": (2, 1),
}
NOT_ASKED = {
    "playground/search_recent_keyword": "an empty page; we search for accounts and not for words",
    "playground/usage_tweets": "what X says of its own bill",
    "third_party/pytwitter/usage_tweets_resp": "the same",
}


def answer(name: str) -> Any:
    """A recorded answer of X: {status, headers, body}; of some only the body is there."""
    recorded = json.loads((RECORDINGS / "x" / f"{name}.json").read_text())
    return recorded.get("response") or (recorded if "body" in recorded else {"status": 200, "body": recorded})


def test_every_recorded_answer_of_x_is_tried() -> None:
    there = {str(path.relative_to(RECORDINGS / "x").with_suffix("")) for path in RECORDINGS.glob("x/*/**/*.json")}
    assert there == {*REFUSALS, *TIMELINES, *LOOK_UPS, *BILLED, *NOT_ASKED}


def serve_recorded(far: Far, name: str, path: str = "/2/") -> Any:
    recorded = answer(name)
    body = recorded["body"] if isinstance(recorded["body"], str) else json.dumps(recorded["body"])
    kept = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
    headers = {key.lower(): value for key, value in recorded.get("headers", {}).items() if key.lower() in kept}
    far.fault(path, times=-1, status=recorded["status"], body=body, headers=headers)
    return recorded["body"]


@pytest.mark.anyio
@pytest.mark.parametrize("name", REFUSALS)
async def test_a_recorded_refusal_is_named_and_tried_again_in_time(
    name: str, far: Far, session: aiohttp.ClientSession
) -> None:
    serve_recorded(far, name)
    words, permanent, pause = REFUSALS[name]
    with pytest.raises(FetchError, match=words) as failure:
        await X(session, "a-token", far.url).fetch(X_SOURCE, None, NOW)
    assert failure.value.permanent == permanent
    assert failure.value.retry_at == (pause and NOW + pause)


@pytest.mark.anyio
@pytest.mark.parametrize("name", TIMELINES)
async def test_every_post_of_a_recorded_page_is_read(name: str, far: Far, session: aiohttp.ClientSession) -> None:
    recorded = serve_recorded(far, name)
    count, goes_on = TIMELINES[name]
    if not count:
        assert (await X(session, "a-token", far.url).fetch(X_SOURCE, None, NOW)).posts == ()
        return
    page = x_page.read(recorded, X_SOURCE)
    fetched = await X(session, "a-token", far.url).fetch(X_SOURCE, None, NOW)
    assert fetched.posts == page.posts
    assert [post.external_id for post in page.posts] == [item["id"] for item in recorded["data"]]
    assert len(page.posts) == count
    assert bool(page.next_token) == goes_on
    assert page.next_token == recorded.get("meta", {}).get("next_token", "")
    included = {post["id"]: post for post in recorded.get("includes", {}).get("tweets", [])}
    for post, item in zip(page.posts, recorded["data"], strict=True):
        assert_same_post(post, item, included)


def assert_same_post(post: Post, item: dict[str, Any], included: dict[str, Any]) -> None:
    kinds = {"retweeted": "repost", "quoted": "quote", "replied_to": "reply"}
    named = [kinds[other["type"]] for other in item.get("referenced_tweets", [])]
    assert post.kind == next((kind for kind in kinds.values() if kind in named), "post")
    assert post.published_at == datetime.fromisoformat(item["created_at"])
    assert post.language in ("", item.get("lang"))
    assert len(post.media) >= len(item.get("attachments", {}).get("media_keys", [])) * ("media_keys" in item)
    if post.kind != "repost":
        text = html.unescape(item["text"])
        for url in item.get("entities", {}).get("urls", []):
            is_picture = url.get("display_url", "").startswith("pic.")
            text = text.replace(url["url"], "" if is_picture else url.get("expanded_url", url["url"]))
        assert post.text == text.strip()
    elif other := included.get(item["referenced_tweets"][0]["id"]):
        assert post.author
        assert html.unescape(other["text"])[:40] in post.text


@pytest.mark.anyio
@pytest.mark.parametrize("name", LOOK_UPS)
async def test_a_recorded_look_up_says_what_became_of_each_post(
    name: str, far: Far, session: aiohttp.ClientSession
) -> None:
    serve_recorded(far, name, "/2/tweets")
    far.account("x", "somebody", number=77)
    posts = [Post("s", id, "", NOW, "Words") for id in LOOK_UPS[name]]
    assert await X(session, "a-token", far.url).confirm(X_SOURCE, posts, NOW) == LOOK_UPS[name]


@pytest.mark.parametrize("name", BILLED)
def test_what_a_recorded_answer_cost_is_counted(name: str) -> None:
    used = x_page.used(answer(name)["body"], "user")
    assert (len(used.users), len(used.posts)) == BILLED[name]


def test_an_empty_page_of_a_search_is_empty() -> None:
    assert x_page.next_token(answer("playground/search_recent_keyword")["body"]) == ""
