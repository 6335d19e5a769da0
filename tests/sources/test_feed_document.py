"""RSS and Atom documents, with every trap that recorded feeds hold."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources.feed_document import Document, parse

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
SOURCE = Source("wire", "feed", "https://wire.example/feed/rss", language="uk")
DATE = "<pubDate>Mon, 14 Mar 2022 10:00:00 +0200</pubDate>"


def rss(*items: str, head: str = "<title>The Wire</title>", declared: str = ' encoding="utf-8"') -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"{declared}?><rss version="2.0"><channel>{head}{inner}</channel></rss>\n'


def read(
    document: str | bytes,
    *,
    content_type: str = "application/rss+xml",
    first_seen: Mapping[str, datetime] | None = None,
) -> Document:
    body = document if isinstance(document, bytes) else document.encode()
    return parse(body, content_type, SOURCE, NOW, first_seen=first_seen)


def only(item: str, first_seen: Mapping[str, datetime] | None = None) -> Post:
    (post,) = read(rss(item), first_seen=first_seen).posts
    return post


def test_an_item_is_title_empty_line_summary() -> None:
    item = f"<title>Talks go on</title><link>https://wire.example/1</link><description>Daily.</description>{DATE}"
    assert only(f"<guid>https://wire.example/1</guid>{item}") == Post(
        "wire",
        "https://wire.example/1",
        "https://wire.example/1",
        datetime(2022, 3, 14, 8, tzinfo=UTC),
        "Talks go on\n\nDaily.",
        language="uk",
    )


def test_the_feed_has_a_title_and_a_wish() -> None:
    found = read(rss("<title>x</title>", head="<title>A &amp;amp; B</title><ttl>15</ttl>"))
    assert (found.title, found.ttl) == ("A & B", 15)
    assert read(rss("<title>x</title>", head="<ttl>soon</ttl>")).ttl == 0


def test_atom_is_read_too() -> None:
    atom = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Wire</title>
    <entry><id>tag:wire.example,2022:1</id><title type="html">&lt;b&gt;Talks&lt;/b&gt; go on</title><link href="/a/1"/>
    <content type="html">&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;</content><updated>2022-03-14T08:00:00Z</updated>
    </entry></feed>"""
    (post,) = read(atom).posts
    assert (post.external_id, post.url) == ("tag:wire.example,2022:1", "https://wire.example/a/1")
    assert post.text == "Talks go on\n\nOne\nTwo"
    assert post.published_at == datetime(2022, 3, 14, 8, tzinfo=UTC)


# --- encodings


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-8", "utf-16", "koi8-u"])
def test_the_documents_own_encoding_counts(encoding: str) -> None:
    document = rss("<title>Переговори тривають</title>", declared=f' encoding="{encoding}"').encode(encoding)
    (post,) = read(document, content_type="text/xml").posts
    assert post.text == "Переговори тривають"


def test_an_encoding_in_the_header_alone_counts() -> None:
    document = rss("<title>Переговоры идут</title>", declared="").encode("windows-1251")
    (post,) = read(document, content_type="application/xml; charset=windows-1251").posts
    assert post.text == "Переговоры идут"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n"])
@pytest.mark.parametrize("charset", ["ISO-8859-1", "koi8-r", "utf-8", "nonsense"])
def test_a_charset_that_the_server_adds_to_everything_does_not_count(charset: str, mark: bytes) -> None:
    encoding = "utf-8" if mark == b"\xef\xbb\xbf" else "windows-1251"
    document = mark + rss("<title>Переговоры идут</title>", declared=f" encoding='{encoding}'").encode(encoding)
    (post,) = read(document, content_type=f"text/xml; charset={charset}").posts
    assert post.text == "Переговоры идут"


@pytest.mark.parametrize("declared", ["", ' encoding="UTF-8"'])
@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-u"])
def test_cyrillic_letters_are_known_where_nobody_names_them_or_somebody_does_wrongly(
    encoding: str, declared: str
) -> None:
    body = rss("<title>Їжак та ґанок</title><description>Є, що сказати</description>", declared=declared)
    (post,) = read(body.encode(encoding), content_type="text/xml").posts
    assert post.text == "Їжак та ґанок\n\nЄ, що сказати"


@pytest.mark.parametrize("declared", ["windows-1251", "ISO-8859-1", "utf-8"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b" \n"])
def test_what_is_utf_8_is_that_whatever_is_said_of_it(declared: str, mark: bytes) -> None:
    body = rss("<title>Слово encoding='x'</title>", declared=f' encoding="{declared}"')
    (post,) = read(mark + body.encode(), content_type=f"text/xml; charset={declared}").posts
    assert post.text == "Слово encoding='x'"


def test_one_byte_that_was_cut_off_does_not_spoil_the_others() -> None:
    body = rss("<title>Переговоры продолжаются, сказано в пятни</title><description>цу</description>").encode()
    cut = body.replace("пятни".encode(), "пятни".encode()[:-1])
    (post,) = read(cut, content_type="text/xml").posts
    assert post.text.startswith("Переговоры продолжаются, сказано в пятн")


def test_latin_letters_without_any_declaration_are_read() -> None:
    document = rss("<title>Négociations à l'ordre du jour</title>", declared="").encode("iso-8859-1")
    assert read(document, content_type="text/xml").posts[0].text == "Négociations à l'ordre du jour"


# --- words


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("5 &lt; 6 &amp;amp; 7", "5 < 6 & 7"),
        ("<![CDATA[AT&amp;T &quot;says&quot;]]>", 'AT&T "says"'),
        ("<![CDATA[Talks<script>alert(1)</script> go on]]>", "Talks go on"),
        ("&lt;b&gt;Talks&lt;/b&gt;\n  go on", "Talks go on"),
    ],
)
def test_a_title_is_one_line_of_plain_words(title: str, text: str) -> None:
    assert only(f"<title>{title}</title>").text == text


@pytest.mark.parametrize("summary", ["Talks go on", "&lt;p&gt;TALKS go on!&lt;/p&gt;", "", "Talks"])
def test_a_summary_that_only_repeats_the_title_is_left_out(summary: str) -> None:
    assert only(f"<title>Talks go on</title><description>{summary}</description>").text == "Talks go on"


def test_a_summary_stands_without_a_title() -> None:
    assert only("<description>&lt;p&gt;One&lt;br&gt;Two&lt;/p&gt;</description>").text == "One\nTwo"


def test_an_item_without_words_or_media_is_none() -> None:
    assert read(rss("<link>https://wire.example/1</link>", "<title>x</title>")).posts[0].text == "x"


def test_media_are_named_once_each() -> None:
    enclosures = '<enclosure url="https://m.example/1" type="image/jpeg" length="1"/>' * 2
    other = '<enclosure url="https://m.example/2" type="application/pdf" length="1"/>'
    video = '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://m.example/3" medium="video"/>'
    assert only(f"<title>x</title>{enclosures}{other}{video}").media == ("photo", "video")


# --- links and identity


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://wire.example/1?id=5&amp;utm_source=rss&amp;at_medium=RSS", "https://wire.example/1?id=5"),
        ("/news/1", "https://wire.example/news/1"),
        ("javascript:alert(1)", "https://wire.example/feed/rss"),
        ("http://[", "https://wire.example/feed/rss"),
        ("", "https://wire.example/feed/rss"),
    ],
)
def test_links_are_http_and_nothing_else(link: str, url: str) -> None:
    assert only(f"<title>x</title><link>{link}</link>").url == url


def test_a_guid_that_is_no_address_is_not_made_into_one() -> None:
    assert only("<title>x</title><guid>abc</guid>").external_id == "abc"
    assert only("<title>x</title><guid>abc</guid>").url == SOURCE.address


def test_a_permalink_is_a_link() -> None:
    assert (
        only('<title>x</title><guid isPermaLink="true">https://wire.example/2</guid>').url == "https://wire.example/2"
    )


@pytest.mark.parametrize(
    ("guid", "link", "identity"),
    [
        ("https://w.example/a?at_mid=x#7", "https://w.example/a?at_mid=x", "https://w.example/a?at_mid=x"),
        ("https://w.example/a#0", "https://w.example/a?at_medium=RSS", "https://w.example/a"),
        ("https://w.example/a#3", "https://w.example/a", "https://w.example/a"),
        ("https://w.example/live#3", "https://w.example/live#3", "https://w.example/live#3"),
        ("https://w.example/a#3", "https://w.example/b", "https://w.example/a#3"),
        ("f3deca3e-bffe", "https://w.example/a", "f3deca3e-bffe"),
        ("", "https://w.example/a", "https://w.example/a"),
    ],
)
def test_a_revision_counter_is_no_part_of_the_identity(guid: str, link: str, identity: str) -> None:
    written = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    assert only(f"<title>x</title><link>{link}</link>{written}").external_id == identity


def test_an_item_with_neither_guid_nor_link_is_known_by_its_words() -> None:
    first, other = read(rss("<title>one</title>", "<title>two</title>")).posts
    assert first.external_id == only("<title>one</title>").external_id
    assert first.external_id != other.external_id
    assert first.external_id.startswith("sha256:")


def test_of_two_items_with_one_identity_the_first_stands() -> None:
    guid = '<guid isPermaLink="false">1</guid>'
    (post,) = read(rss(f"<title>newest</title>{guid}", f"<title>older</title>{guid}")).posts
    assert post.text == "newest"


# --- dates


def dated(date: str, first_seen: Mapping[str, datetime] | None = None) -> datetime:
    return only(f'<title>x</title><guid isPermaLink="false">1</guid>{date}', first_seen).published_at


def test_moscows_and_kyivs_own_zones_are_not_utc() -> None:
    assert dated("<pubDate>Mon, 14 Mar 2022 11:00:00 MSK</pubDate>") == datetime(2022, 3, 14, 8, tzinfo=UTC)
    assert dated("<pubDate>Mon, 14 Mar 2022 10:00:00 EET</pubDate>") == datetime(2022, 3, 14, 8, tzinfo=UTC)


def test_a_date_without_zone_takes_the_zone_that_the_feed_uses_elsewhere() -> None:
    item = "<title>x</title><pubDate>14.03.2022 10:00</pubDate>"
    head = "<lastBuildDate>Mon, 14 Mar 2022 10:30:00 +0200</lastBuildDate>"
    assert read(rss(item, head=head)).posts[0].published_at == datetime(2022, 3, 14, 8, tzinfo=UTC)
    assert read(rss(item, f"<title>y</title>{DATE}")).posts[0].published_at == datetime(2022, 3, 14, 8, tzinfo=UTC)
    assert read(rss(item)).posts[0].published_at == datetime(2022, 3, 14, 10, tzinfo=UTC)


def test_a_zone_of_the_source_counts_before_any_other() -> None:
    named = "<title>a</title><guid>1</guid><pubDate>Mon, 14 Mar 2022 06:00:00 GMT</pubDate>"
    bare = "<title>b</title><guid>2</guid><pubDate>14.03.2022 10:00</pubDate>"
    source = replace(SOURCE, zone="Europe/Moscow")
    posts = parse(rss(named, bare).encode(), "", source, NOW).posts
    assert [post.published_at.hour for post in posts] == [6, 7]


@pytest.mark.parametrize("date", ["", "<pubDate>soon</pubDate>", "<pubDate>Mon, 14 Mar 2032 10:00:00 GMT</pubDate>"])
def test_a_date_that_is_missing_or_lies_ahead_is_when_the_item_was_first_seen(date: str) -> None:
    assert dated(date) == NOW
    earlier = NOW - timedelta(hours=3)
    assert dated(date, first_seen={"1": earlier}) == earlier
    assert read(rss(f'<title>x</title><guid isPermaLink="false">1</guid>{date}')).first_seen == {"1": NOW}


def test_nothing_is_remembered_of_dated_items() -> None:
    assert read(rss(f"<title>x</title>{DATE}")).first_seen == {}


# --- what is no feed


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html><head><title>Just a moment...</title></head><body></body></html>", "blocked: a page came"),
        ("", "blocked"),
        ('{"items": []}', "blocked"),
        ("not here", "blocked"),
        ("<x:feed xmlns:x='urn:not-ours'></x:feed>", "blocked"),
        ("<html><p>An example: &lt;rss>, <rss-link>, <rss></p></html></rss>", "blocked"),
        (rss("<title>x</title>")[:-30], "cut off"),
        (rss("<title>x</title>")[:60], "cut off"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + rss("<title>&a;</title>"), "entities"),
        (('<!DOCTYPE x [<!ENTITY a "b">]>' + rss("<title>&a;</title>")).encode("utf-16"), "entities"),
    ],
)
def test_anything_but_a_whole_feed_is_a_failure(body: str | bytes, words: str) -> None:
    with pytest.raises(FetchError, match=words) as failure:
        read(body)
    assert not failure.value.permanent


def test_a_parser_that_breaks_down_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError("we should not get here")

    monkeypatch.setattr(feedparser, "parse", broken)
    with pytest.raises(FetchError, match="cannot be parsed"):
        read(rss("<title>x</title>"))


def test_a_feed_that_is_not_quite_xml_is_still_read() -> None:
    assert read(rss("<title>Talks &nbsp; go on & on</title>")).posts[0].text.startswith("Talks")


def test_a_feed_without_items_is_a_feed() -> None:
    assert read(rss()).posts == ()


def test_no_more_than_three_hundred_items_are_read() -> None:
    assert len(read(rss(*(f"<title>{number}</title>" for number in range(400)))).posts) == 300


@pytest.mark.parametrize(
    "scrap", ["<!--", "<", "&", '<a "', "<p>", "<div>", "</", "<![", "<script>", "<td>", "&#", " "]
)
def test_a_summary_that_is_made_to_take_long_does_not(scrap: str) -> None:
    begun = time.process_time()
    read(rss(f"<title>x</title><description><![CDATA[{scrap * (150_000 // len(scrap))}]]></description>"))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("before", ["<!-- <b>made</b> by us > -->", "<?xml-stylesheet href='a'?>\n", "<!DOCTYPE rss>"])
def test_a_feed_may_begin_with_remarks(before: str) -> None:
    assert read(rss("<title>x</title>").replace("<rss", before + "<rss")).posts[0].text == "x"


def test_a_page_in_place_of_a_feed_is_not_parsed_at_all() -> None:
    begun = time.process_time()
    with pytest.raises(FetchError, match="blocked"):
        read("<html>" + "<p>words</p>" * 300_000)
    with pytest.raises(FetchError, match="blocked"):
        read("<!-->" * 300_000)
    assert time.process_time() - begun < 1
