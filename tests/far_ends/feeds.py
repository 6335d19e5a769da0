"""RSS and Atom with conditional GET."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web


@dataclass(frozen=True)
class Item:
    """`date` may be any text: it is written as it is. `guid` is the id, unless it is given; None leaves it out."""

    id: str
    date: str
    title: str = ""
    link: str = ""
    summary: str = ""
    guid: str | None = ""
    media: tuple[str, ...] = ()


@dataclass
class Wire:
    """`keep`: so many items, the newest, are in the feed."""

    name: str
    title: str = ""
    number: int = 0
    state: str = "ok"
    format: str = "rss"
    keep: int = 1000
    headers: dict[str, str] = field(default_factory=dict)
    head: str = ""
    encoding: str = "utf-8"
    changed_at: datetime = datetime(2022, 3, 10, tzinfo=UTC)
    items: dict[str, Item] = field(default_factory=dict)

    def post(self, what: dict[str, Any]) -> str:
        id = str(what.pop("id", len(self.items) + 1))
        self.changed_at = datetime.now(UTC).replace(microsecond=0)
        if what.pop("delete", False):
            del self.items[id]
            return id
        if "text" in what:
            what["summary"] = what.pop("text")
        if "media" in what:
            what["media"] = tuple(what["media"])
        if "date" in what and what["date"][:4].isdecimal() and "T" in what["date"]:
            what["date"] = format_datetime(datetime.fromisoformat(what["date"]))
        known = self.items.get(id)
        if known:
            self.items[id] = replace(known, **what)
        else:
            self.items[id] = Item(id, what.pop("date", format_datetime(datetime.now(UTC))), **what)
        return id


def answer(wire: Wire, headers: Mapping[str, str]) -> web.Response:
    if wire.state == "gone":
        return web.Response(status=410)
    if wire.state == "absent":
        return web.Response(status=404, text="<html>not here</html>", content_type="text/html")
    if wire.state == "page":
        challenge = "<html><head><title>Just a moment...</title></head><body>Are you human?</body></html>"
        return web.Response(text=challenge, content_type="text/html")
    body = (rss(wire) if wire.format == "rss" else atom(wire)).encode(wire.encoding)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    validators = {"ETag": etag, "Last-Modified": format_datetime(wire.changed_at, usegmt=True), **wire.headers}
    if _unchanged(wire, etag, headers):
        return web.Response(status=304, headers=validators)
    return web.Response(body=body, headers={"Content-Type": f"application/{wire.format}+xml", **validators})


def _unchanged(wire: Wire, etag: str, headers: Mapping[str, str]) -> bool:
    if "If-None-Match" in headers:
        return headers["If-None-Match"] == etag
    since = headers.get("If-Modified-Since")
    return since is not None and parsedate_to_datetime(since) >= wire.changed_at


def listed(wire: Wire) -> list[Item]:
    return list(reversed(wire.items.values()))[: wire.keep]


def rss(wire: Wire) -> str:
    return f"""<?xml version="1.0" encoding="{wire.encoding}"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>{escape(wire.title or wire.name)}</title><link>https://{wire.name}.example/</link>{wire.head}
{"".join(map(_rss_item, listed(wire)))}
</channel></rss>
"""


def _rss_item(item: Item) -> str:
    guid = "" if item.guid is None else f'<guid isPermaLink="false">{escape(item.guid or item.id)}</guid>'
    parts = [
        f"<title>{escape(item.title)}</title>" if item.title else "",
        f"<link>{escape(item.link)}</link>" if item.link else "",
        guid,
        f"<pubDate>{escape(item.date)}</pubDate>" if item.date else "",
        f"<description>{escape(item.summary)}</description>" if item.summary else "",
        *(f'<enclosure url="https://media.example/1" type="{kind}" length="1"/>' for kind in item.media),
    ]
    return f"<item>{''.join(parts)}</item>\n"


def atom(wire: Wire) -> str:
    entries = "".join(
        f"<entry><id>{escape(item.guid or f'tag:{wire.name}.example,2022:{item.id}')}</id>"
        f'<title type="html">{escape(item.title)}</title><link rel="alternate" href={quoteattr(item.link)}/>'
        f"<published>{escape(item.date)}</published><updated>{escape(item.date)}</updated>"
        f'<content type="html">{escape(item.summary)}</content></entry>\n'
        for item in listed(wire)
    )
    number = zlib.crc32(wire.name.encode())
    return f"""<?xml version="1.0" encoding="{wire.encoding}"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>{escape(wire.title or wire.name)}</title>
<id>urn:feed:{number}</id><link href="https://{wire.name}.example/"/>
{entries}</feed>
"""
