"""Feeds that stand in for an account on X: what Nitter and RSSHub say of it, and what of that is believed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
import pytest

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources.feed import Feed
from bot.sources.feed_document import Document, parse
from bot.sources.x_page import id_at, time_of
from tests.far_ends.serving import Far

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
NITTER = Source("s", "feed", "https://nitter.example/o_ivanenko/rss", speaker="ivanenko", dialect="nitter")
RSSHUB = Source("s", "feed", "https://hub.example/twitter/user/o_ivanenko", speaker="ivanenko", dialect="rsshub")
NEW = 2_030_000_000_000_000_000
OLD = 1_503_400_000_000_000_000


def feed(*items: str) -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Olha / @o_ivanenko</title>{''.join(items)}</channel></rss>"
    ).encode()


def read(source: Source, *items: str, **more: Any) -> Document:
    return parse(feed(*items), "application/rss+xml", source, NOW, **more)


def texts(document: Document) -> list[str]:
    return [post.text for post in document.posts]


# --- Nitter


def nitter(
    id: int, title: str, html: str | None = None, *, by: str = "o_ivanenko", at: datetime = NOW, guid: str = ""
) -> str:
    link = f"https://nitter.example/{by}/status/{id}#m"
    guid = guid or (str(id) if id >= 2 * 10**18 else link)
    return (
        f"<item><title>{escape(title)}</title><dc:creator>@{by}</dc:creator>"
        f"<description><![CDATA[{f'<p>{title}</p>' if html is None else html}]]></description>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f'<guid isPermaLink="false">{guid}</guid><link>{link}</link></item>'
    )


def test_an_item_is_a_post_of_x() -> None:
    assert read(NITTER, nitter(NEW, "Words")).posts == (
        Post("s", str(NEW), f"https://x.com/o_ivanenko/status/{NEW}", NOW, "Words"),
    )


@pytest.mark.parametrize(
    "guid",
    [
        "",
        f"https://other.example/o_ivanenko/status/{OLD}#m",
        f"http://x.example:8080/i/status/{OLD}",
        "something else",
    ],
)
def test_an_old_post_is_the_same_from_every_instance(guid: str) -> None:
    (post,) = read(NITTER, nitter(OLD, "Words", guid=guid)).posts
    assert (post.external_id, post.url) == (str(OLD), f"https://x.com/o_ivanenko/status/{OLD}")


def test_the_words_have_their_lines_and_whole_addresses() -> None:
    html = (
        '<p>First line\nSecond <a href="https://example.org/a/long/way?b=1&amp;c=2">example.org/a/long…</a> and '
        '<a href="https://nitter.example/ada" title="Ada">@ada</a> of <a href="https://example.org/">here</a>'
        '<br>Third <a href="https://nitter.example/x">nitter.example/x</a> <a href="http://[">bad.example</a></p>'
        '<img src="https://nitter.example/pic/media%2Fa.jpg" /><video poster="a"></video>'
    )
    title = "First line Second example.org/a/long… and @ada of here Third nitter.example/x bad.example"
    (post,) = read(NITTER, nitter(NEW, title, html)).posts
    assert post.text == (
        "First line Second https://example.org/a/long/way?b=1&c=2 and @ada of here\nThird nitter.example/x http://["
    )
    assert post.media == ("photo", "video")


@pytest.mark.parametrize("html", ["", "<p>Quite other words</p>", "<b>" * 9000 + "Words"])
def test_a_description_of_other_words_is_not_believed(html: str) -> None:
    assert texts(read(NITTER, nitter(NEW, "Words", html))) == ["Words"]


def test_a_picture_without_words_has_no_words() -> None:
    document = read(NITTER, nitter(NEW, "Image", '<p></p><img src="a" />'), nitter(NEW + 1, "Image"))
    assert [(post.text, post.media) for post in document.posts] == [("", ("photo",)), ("Image", ())]


def test_a_repost_is_the_others_words_at_the_time_it_was_first_seen() -> None:
    long_ago = NOW - timedelta(days=900)
    item = nitter(OLD, "RT by @o_ivanenko: Their words", "<p>Their words</p>", by="p_petrov", at=long_ago)
    document = read(NITTER, item)
    (post,) = document.posts
    assert (post.kind, post.author, post.text) == ("repost", "@p_petrov", "Their words")
    assert (post.external_id, post.published_at) == (f"repost-{OLD}", NOW)
    assert post.url == f"https://x.com/p_petrov/status/{OLD}"
    before = {f"repost-{OLD}": NOW - timedelta(hours=1)}
    assert document.first_seen == {f"repost-{OLD}": NOW}
    assert read(NITTER, item, first_seen=before).posts[0].published_at == NOW - timedelta(hours=1)


def test_a_repost_of_oneself_is_no_second_first_time() -> None:
    again = nitter(NEW, "RT by @o_ivanenko: Words", "<p>Words</p>")
    posts = read(NITTER, again, nitter(NEW, "Words")).posts
    assert [(post.external_id, post.kind) for post in posts] == [(f"repost-{NEW}", "repost"), (str(NEW), "post")]


def test_a_reply_and_a_quote_keep_the_others_words_apart() -> None:
    quote = "<p>Mine</p><hr/><blockquote><b>Petro (@p_petrov)</b><p>Theirs</p><footer>— link</footer></blockquote>"
    reply = nitter(NEW, "R to @p_petrov: No", "<p>No</p>")
    replied, quoted = read(NITTER, reply, nitter(NEW + 1, "Mine", quote)).posts
    assert (replied.kind, replied.text, replied.quoted) == ("reply", "No", "")
    assert (quoted.kind, quoted.text, quoted.quoted) == ("quote", "Mine", "Theirs")


def test_a_prefix_that_the_speaker_wrote_is_the_speakers() -> None:
    assert texts(read(NITTER, nitter(NEW, "Pinned: a list"))) == ["Pinned: a list"]


def test_a_post_that_is_pinned_is_no_news_unless_it_is_new() -> None:
    old = nitter(OLD, "Pinned: Old words", "<p>Old words</p>", at=NOW - timedelta(days=900))
    new = nitter(NEW, "Pinned: New words", "<p>New words</p>", at=NOW - timedelta(hours=1))
    rest = nitter(NEW - 9, "Others", at=NOW - timedelta(hours=2))
    repost = nitter(OLD - 9, "RT by @o_ivanenko: a", "<p>a</p>", by="other", at=NOW - timedelta(days=999))
    assert texts(read(NITTER, old, rest, repost)) == ["Others", "a"]
    assert texts(read(NITTER, new, rest)) == ["New words", "Others"]
    assert texts(read(NITTER, old)) == ["Old words"]
    both = nitter(NEW, "New words", at=NOW - timedelta(hours=1))
    assert texts(read(NITTER, new, both, rest)) == ["New words", "Others"]


def test_somebody_elses_post_is_never_the_speakers_own() -> None:
    document = read(NITTER, nitter(NEW + 1, "Theirs", by="p_petrov"), nitter(NEW, "Mine"))
    assert [(post.kind, post.author) for post in document.posts] == [("repost", "@p_petrov"), ("post", "")]
    listed = Source("s", "feed", "https://nitter.example/i/lists/5/rss", dialect="nitter")
    assert [post.kind for post in read(listed, nitter(NEW, "Words", by="p_petrov")).posts] == ["post"]


def test_several_accounts_in_one_feed_are_all_meant() -> None:
    several = Source("s", "feed", "https://nitter.example/o_ivanenko,P_Petrov/rss", dialect="nitter")
    document = read(several, nitter(NEW + 1, "Theirs", by="p_petrov"), nitter(NEW, "Mine"))
    assert [post.kind for post in document.posts] == ["post", "post"]


# --- RSSHub


def rsshub(id: int, title: str, html: str, *, at: datetime = NOW, host: str = "twitter.com") -> str:
    return (
        f"<item><title>{escape(title)}</title><description>{escape(html)}</description>"
        f'<guid isPermaLink="false">https://{host}/o_ivanenko/status/{id}</guid>'
        f"<link>https://x.com/o_ivanenko/status/{id}</link>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
    )


def test_an_item_of_rsshub_is_a_post_of_x() -> None:
    html = 'First<br>Second https://example.org/a<br><img src="https://pbs.twimg.com/media/a" />'
    assert read(RSSHUB, rsshub(NEW, "First Second https://example.org/a", html)).posts == (
        Post(
            "s",
            str(NEW),
            f"https://x.com/o_ivanenko/status/{NEW}",
            NOW,
            "First\nSecond https://example.org/a",
            media=("photo",),
        ),
    )


def test_rsshubs_reposts_replies_and_quotes_are_told_apart() -> None:
    repost = rsshub(NEW, "RT Petro: P: Their words", "RT\u2002Petro: P<br>Their words", at=NOW - timedelta(days=900))
    bare = rsshub(NEW + 3, "RT Petro: Their words", "other")
    reply = rsshub(NEW + 1, "Re No", "Re No")
    quote = "Mine<hr style='border:0;'><div class=\"rsshub-quote\">Petro P:\u2002Theirs: all</div>"
    reposted, stripped, replied, quoted = read(
        RSSHUB, repost, bare, reply, rsshub(NEW + 2, "Mine RT Petro P: Theirs", quote)
    ).posts
    assert (reposted.kind, reposted.author, reposted.text) == ("repost", "Petro: P", "Their words")
    assert reposted.published_at == min(time_of(NEW), NOW)
    assert (stripped.author, stripped.text) == ("Petro", "Their words")
    assert (replied.kind, replied.text) == ("reply", "No")
    assert (quoted.kind, quoted.text, quoted.quoted) == ("quote", "Mine", "Theirs: all")


def test_a_repost_of_a_reply_is_a_repost() -> None:
    (post,) = read(RSSHUB, rsshub(NEW, "RT Petro: Re Their words", "RT\u2002Petro<br>Re Their words")).posts
    assert (post.kind, post.text) == ("repost", "Their words")


def test_a_repost_is_never_of_the_future() -> None:
    ahead = id_at(NOW + timedelta(days=9))
    (post,) = read(RSSHUB, rsshub(ahead, "RT Petro: a", "RT\u2002Petro<br>a")).posts
    assert post.published_at == NOW


# --- both


@pytest.mark.parametrize("source", [NITTER, RSSHUB], ids=lambda source: source.dialect)
def test_a_feed_without_posts_is_not_believed(source: Source) -> None:
    advert = "<item><title>RSS reader not yet whitelisted</title><link>https://nitter.example/about</link></item>"
    for items in ((), (advert,)):
        with pytest.raises(FetchError, match="empty") as failure:
            read(source, *items)
        assert not failure.value.permanent
    assert len(read(source, advert, nitter(NEW, "Words")).posts) == 1


@pytest.mark.anyio
async def test_a_stand_in_is_polled_like_any_feed(far: Far, session: aiohttp.ClientSession) -> None:
    reader = Feed(session, gap=0)
    source = Source("s", "feed", f"{far.url}/feed/o_ivanenko", dialect="nitter")
    headers = {"Content-Type": "application/rss+xml"}
    far.fault(body=feed(nitter(NEW, "First")).decode(), headers=headers, status=200)
    first = await reader.fetch(source, None, NOW)
    assert [post.text for post in first.posts] == ["First"]
    far.fault(body=feed().decode(), headers=headers, status=200)
    with pytest.raises(FetchError, match="empty"):
        await reader.fetch(source, first.cursor, NOW)
    far.fault(body=feed(nitter(NEW + 1, "Second"), nitter(NEW, "First")).decode(), headers=headers, status=200)
    assert len((await reader.fetch(source, first.cursor, NOW)).posts) == 2
    far.fault(status=404, body="<html>User not found</html>")
    with pytest.raises(FetchError, match="404"):
        await reader.fetch(source, first.cursor, NOW)
