"""What an RSS or Atom document says: a pure reader around feedparser, which is slow and forgiving.

feedparser gets bytes in a BytesIO, never a str (it would open a file of that name) nor an address (it would fetch
it, with no limits).
"""

import hashlib
import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import feedparser

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources import dates, feed_of_x
from bot.sources.plain import from_html, one_line

_ENTRIES = 300
_DECLARED_AS = re.compile(rb"<\?xml[^>]{1,200}?\bencoding\s*=\s*[\"']([\w-]{1,40})")
_ENCODING = re.compile(r"(?<=<\?xml)([^>]{1,200}?)\bencoding\s*=\s*[\"'][\w-]{1,40}[\"']")
_HIGH = re.compile(rb"[\xc0-\xff]+")
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]{1,200}\bencoding\s*=")
_BEGIN = re.compile(rb"[^<]*+(?>(?:<!--.*?-->|<[?!][^>]*>)[^<]*)*+<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.I | re.S)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_PAGE_TITLE = re.compile(r"<title[^>]{0,99}>([^<]{1,500})</title>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-zA-Z!]")
_REVISION = re.compile(r"#\d+\Z")
_TRACKING = re.compile(r"utm_|at_|fbclid\Z|gclid\Z|yclid\Z")
_MEDIA = {"image": "photo", "video": "video", "audio": "audio"}
_LETTERS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Document:
    """A feed, read. `first_seen` holds the time given to items whose own date is missing or lies ahead, by external
    id, so that the next reading gives them the same. `ttl` are the minutes for which the feed wants to be left alone.
    """

    title: str
    posts: tuple[Post, ...]
    first_seen: Mapping[str, datetime]
    ttl: int = 0


def parse(
    body: bytes,
    content_type: str,
    source: Source,
    now: datetime,
    *,
    url: str = "",
    first_seen: Mapping[str, datetime] | None = None,
) -> Document:
    """Reads at most 300 items. `url` is where the document was found, for relative links.

    Raises FetchError for anything but a whole feed: a page of HTML, a document cut off, one that declares entities.
    """
    _refuse_all_but_a_whole_feed(body)
    found = _feedparser(*_as_it_is_written(body, content_type))
    if not found.get("version"):
        raise _no_feed(body)
    address = url or source.address
    zone = ZoneInfo(source.zone) if source.zone else _zone(found)
    reader = _Reader(source, now, address, zone, first_seen or {})
    posts: dict[str, Post] = {}
    for post in reader.posts(found.entries[:_ENTRIES]):
        if post.text or post.media:
            posts.setdefault(post.external_id, post)
    ttl = str(found.feed.get("ttl", ""))[:5]
    return Document(
        _plain(found.feed.get("title_detail")),
        tuple(posts.values()),
        {id: at for id, at in reader.undated.items() if id in posts},
        int(ttl) if ttl.isascii() and ttl.isdigit() else 0,
    )


def _refuse_all_but_a_whole_feed(body: bytes) -> None:
    """Before any parser: feedparser takes 7 seconds for a page of 360 kB to find no feed in it."""
    plain = body.replace(b"\0", b"")  # as good as another encoding for this
    if not _BEGIN.match(plain):
        raise _no_feed(body)
    if not _END.search(plain[-2000:]):
        raise FetchError("cut off: the feed ends before its end tag; not believed")
    if b"<!ENTITY" in plain[:10_000]:
        raise FetchError("the feed declares XML entities, which are not read")


def _no_feed(body: bytes) -> FetchError:
    title = _PAGE_TITLE.search(body.decode("utf-8", "replace"))
    named = f" ({one_line(html.unescape(title[1]))[:80]})" if title else ""
    return FetchError(f"blocked: a page came{named} and not a feed; a login or a challenge stands in between")


def _as_it_is_written(body: bytes, content_type: str) -> tuple[bytes, str]:
    """What is UTF-8 is that, whatever is said of it (but for some bytes: words are cut in the middle of a letter). A
    Cyrillic encoding that nobody names, or that is said to be UTF-8, is known by its letters: those of one byte stand
    in long runs, which Latin accents do not.
    """
    encoding = "" if b"\0" in body or body.isascii() else _encoding(body, content_type)
    if not encoding:
        return body, content_type
    text = _ENCODING.sub(r"\1", body.decode(encoding, "replace"), count=1)
    return text.encode(), "application/xml; charset=utf-8"


def _encoding(body: bytes, content_type: str) -> str:
    text = body.decode("utf-8", "replace")
    strange = text.count("\ufffd")
    if not strange or strange * 10 < sum(not letter.isascii() for letter in text) - strange:
        return "utf-8"
    named = _DECLARED_AS.search(body[:300])
    said = named[1].decode("ascii", "replace") if named else content_type.lower().partition("charset=")[2]
    if said.lower().strip("\"' ") not in ("", "utf-8", "utf8"):
        return ""
    high = _HIGH.findall(body)
    run = b"".join(one for one in high if len(one) > 2)
    if len(run) * 2 < sum(map(len, high)):
        return ""
    small_in_koi8 = sum(byte < 0xE0 for byte in run)
    return "koi8-u" if small_in_koi8 * 2 > len(run) else "windows-1251"


def _feedparser(body: bytes, content_type: str) -> Any:
    """A type without charset is left out: feedparser would take text/xml for ASCII, as an old RFC has it, and even
    overrule a byte order mark. So is one of a document that names its encoding itself: many servers add the same
    charset to all they send.

    Nothing is sanitised, for only the text of the HTML is taken from it, by a parser of our own. The sanitiser's time
    grows with the square: 250 kB of "<!--" take it 16 seconds.
    """
    if "charset" not in content_type.lower() or _DECLARED.match(body[:300]):
        content_type = "application/xml"
    try:
        return feedparser.parse(
            io.BytesIO(body.lstrip()),  # an XML declaration counts only at the very beginning
            response_headers={"content-type": content_type},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # of every class there is, on documents that only a fuzzer writes
        raise FetchError(f"the feed cannot be parsed: {error or type(error).__name__}") from error


def _zone(found: Any) -> tzinfo:
    """For items that do not name their zone: the one that the feed's other dates name, else UTC."""
    feed = found.feed
    own = [dict.get(feed, "updated"), dict.get(feed, "published")]
    written = [*own, *(_written_date(entry) for entry in found.entries[:_ENTRIES])]
    return next(filter(None, (dates.zone_of(str(date)) for date in written if date)), UTC)


def _written_date(entry: Any) -> str:
    """feedparser would give `published` for a missing `updated`, and warn."""
    return str(next(filter(None, (dict.get(entry, key) for key in ("published", "updated", "created"))), ""))


class _Reader:
    """Turns entries into posts; notes which of them have no date that can stand."""

    def __init__(
        self, source: Source, now: datetime, address: str, zone: tzinfo, first_seen: Mapping[str, datetime]
    ) -> None:
        self._source, self._now, self._address, self._zone = source, now, address, zone
        self._first_seen = first_seen
        self.undated: dict[str, datetime] = {}

    def posts(self, entries: Iterable[Any]) -> Iterable[Post]:
        read = [(self._post(entry), entry) for entry in entries]
        if not self._source.dialect:
            return [post for post, _ in read]
        items = (
            feed_of_x.read(post, _plain(entry.get("title_detail")), entry, self._source, self._first_sight)
            for post, entry in read
        )
        return feed_of_x.posts([item for item in items if item], self._source)

    def _post(self, entry: Any) -> Post:
        title = _plain(entry.get("title_detail"))
        content = next(iter(entry.get("content", [])), None)
        summary = _plain(entry.get("summary_detail") or content, lines=True)
        text = title if _same(title, summary) else "\n\n".join(filter(None, [title, summary]))
        link = _link(entry, self._address)
        external_id = _identity(entry, link, text)
        return Post(
            source=self._source.id,
            external_id=external_id,
            url=link or self._address,
            published_at=self._date(entry, external_id),
            text=text,
            language=self._source.language,
            media=_media(entry),
        )

    def _date(self, entry: Any, external_id: str) -> datetime:
        written = dates.read(_written_date(entry), self._zone)
        if written is not None and written <= self._now:
            return written
        return self._first_sight(external_id)

    def _first_sight(self, external_id: str) -> datetime:
        return self.undated.setdefault(external_id, self._first_seen.get(external_id, self._now))


def _plain(detail: Any, *, lines: bool = False) -> str:
    """Titles come in three dresses: plain, HTML, and HTML that says it is plain."""
    if not detail:
        return ""
    value = str(detail.get("value") or "")
    if lines or "html" in str(detail.get("type")) or _MARKUP.search(value):
        text = from_html(value)
        return text if lines else one_line(text)
    return one_line(html.unescape(value))


def _same(title: str, summary: str) -> bool:
    """Whether the summary says nothing beyond the title."""
    folded = _LETTERS.sub("", summary).casefold()
    return folded in _LETTERS.sub("", title).casefold()


def _link(entry: Any, address: str) -> str:
    """The entry's own page, without what only counts readers. Addresses of any other scheme are no links."""
    own = [link.get("href") for link in entry.get("links", []) if link.get("rel", "alternate") == "alternate"]
    permalink = entry.get("id") if entry.get("guidislink") else None
    for written, base in [*((href, address) for href in own), (permalink, "")]:
        try:
            parts = urlsplit(urljoin(base, str(written or "")))
        except ValueError:
            continue
        if written and parts.scheme in ("http", "https") and parts.netloc:
            return urlunsplit(parts._replace(query=_without_tracking(parts.query)))
    return ""


def _without_tracking(query: str) -> str:
    kept = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if not _TRACKING.match(key)]
    return query if not _TRACKING.search(query) else urlencode(kept)


def _identity(entry: Any, link: str, text: str) -> str:
    """The guid; without its revision counter where it is the link with one ("…/article#3"); else the link; else a
    hash of the words.
    """
    guid = one_line(str(entry.get("id") or ""))
    article = _REVISION.sub("", guid)
    if article.partition("?")[0] == link.partition("?")[0]:
        guid = article
    return guid or link or "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _media(entry: Any) -> tuple[str, ...]:
    kinds = [_MEDIA[kind] for kind in _media_types(entry) if kind in _MEDIA]
    return tuple(dict.fromkeys(kinds))


def _media_types(entry: Any) -> Iterator[str]:
    for enclosure in entry.get("enclosures", []):
        yield str(enclosure.get("type", "")).partition("/")[0]
    for content in entry.get("media_content", []):
        yield str(content.get("medium") or content.get("type", "")).partition("/")[0]
