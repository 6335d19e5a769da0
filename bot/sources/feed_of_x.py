"""Posts of X in feeds that others make of them: Nitter's and RSSHub's. They stand in where the API is not to be had.

They know less than the API: nothing of edits, of deletions, or of what a reply answers. A repost comes with the date
of its original, from Nitter with its id and its address too.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from bot.errors import FetchError
from bot.models import Post, PostKind, Source
from bot.sources.plain import text_of, too_deep
from bot.sources.x_page import time_of

_STATUS = re.compile(r"/(\w{1,15})/status(?:es)?/([0-9]{1,19})\b", re.ASCII)
_BARE_ID = re.compile(r"[0-9]{1,19}")
_NITTER = re.compile(r"(?P<pinned>Pinned: )|(?P<repost>RT by @\w{1,15}: )|(?P<reply>R to @\w{1,15}: )")
_WORDLESS = ("Image", "Video", "Gif")
"""Nitter's titles of posts without words."""

_RSSHUB_TITLE = re.compile(r"RT (.{1,100}?): ")
_RSSHUB_REPOST = re.compile(r"RT\s([^\n]{1,100})\n")
_QUOTES = "blockquote, div.rsshub-quote"
_NAME_OF_QUOTED = re.compile(r"[^\n]{1,100}?:\u2002")
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?…?")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Item:
    """`name`: whose page it leads to. A post that is pinned stands before the newest ones, whatever its age."""

    post: Post
    name: str
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class _Description:
    """The words as they are `shown`, and with whole addresses; those that are quoted; the kinds of media."""

    shown: str = ""
    words: str = ""
    quoted: str = ""
    media: tuple[str, ...] = ()

    def after(self, prefix: str) -> "_Description":
        return replace(self, shown=self.shown.removeprefix(prefix), words=self.words.removeprefix(prefix))


def read(post: Post, title: str, entry: Any, source: Source, first_sight: Callable[[str], datetime]) -> Item | None:
    """The post of X that an item is, which was read as any feed's, with this plain title; None if it is none.

    `first_sight` gives a time to what has none of its own, by its id.
    """
    link, guid = str(entry.get("link") or ""), str(entry.get("id") or "")
    page = _STATUS.search(link) or _STATUS.search(guid)
    if page is None:
        return None
    # A bare number is the guid of new posts on Nitter; others differ from one instance to another, and hold the id.
    id = guid if _BARE_ID.fullmatch(guid) else page[2]
    told = _description(str((entry.get("summary_detail") or {}).get("value") or ""), link)
    post = replace(post, external_id=id, url=f"https://x.com/{page[1]}/status/{id}", media=told.media)
    dialect = _nitter if source.dialect == "nitter" else _rsshub
    return dialect(post, page[1], title, told, first_sight)


def posts(items: Sequence[Item], source: Source) -> tuple[Post, ...]:
    """What of them is to be believed. Raises FetchError if that is nothing: so look a stand-in that has lost its own
    way to X, and one that wants to be asked by others.
    """
    if not items:
        raise FetchError(f"empty: a feed that stands in for X ({source.dialect}) shows no posts; not believed")
    dated = [item.post.published_at for item in items if not item.pinned and item.post.kind != "repost"]
    begin = min(dated, default=None)
    shown = [item for item in items if not item.pinned or begin is None or item.post.published_at >= begin]
    owners = {part.casefold() for part in re.split(r"[/,]", source.address)}
    says_whose = any(item.name.casefold() in owners for item in items)
    own = {item.name for item in items if item.name.casefold() in owners or not says_whose}
    return tuple(item.post if item.name in own else _of_another(item) for item in shown)


def _of_another(item: Item) -> Post:
    """Somebody else's post is nobody's own words, whatever brought it here."""
    return replace(item.post, kind="repost", author=item.post.author or f"@{item.name}")


# --- the dialects


def _nitter(post: Post, name: str, title: str, told: _Description, first_sight: Callable[[str], datetime]) -> Item:
    """A prefix that the description has too is the speaker's own word. A repost has the id of its original, which may
    be an own post too.
    """
    marks: set[str] = set()
    while (found := _NITTER.match(title)) and not told.shown.startswith(found[0]):
        marks.add(str(found.lastgroup))
        title = title[found.end() :]
    if title in _WORDLESS and told.media and not told.shown:
        title = ""
    post = replace(post, text=_fuller(title, told), quoted=told.quoted, kind=_kind(marks, told))
    if "repost" in marks:
        id = f"repost-{post.external_id}"
        post = replace(post, external_id=id, author=f"@{name}", published_at=first_sight(id))
    return Item(post, name, "pinned" in marks)


def _rsshub(post: Post, name: str, title: str, told: _Description, first_sight: Callable[[str], datetime]) -> Item:
    """Its descriptions have the prefixes too. A repost has an id of its own, which says when it was made."""
    marks: set[str] = set()
    author = ""
    if (line := _RSSHUB_REPOST.match(told.shown)) and title.startswith(f"RT {line[1]}: "):
        author, title = line[1], title.removeprefix(f"RT {line[1]}: ")
        marks.add("repost")
        told = told.after(line[0])
    elif found := _RSSHUB_TITLE.match(title):
        author, title = found[1], title[found.end() :]
        marks.add("repost")
    if title.startswith("Re "):
        title = title.removeprefix("Re ")
        marks.add("reply")
        told = told.after("Re ")
    quoted = _NAME_OF_QUOTED.sub("", told.quoted, count=1)
    post = replace(post, text=_fuller(title, told), quoted=quoted, kind=_kind(marks, told), author=author)
    if "repost" in marks:
        post = replace(post, published_at=min(time_of(int(post.external_id)), first_sight(post.external_id)))
    return Item(post, name)


def _kind(marks: Collection[str], told: _Description) -> PostKind:
    """A repost before a quote before a reply."""
    if "repost" in marks:
        return "repost"
    if told.quoted:
        return "quote"
    return "reply" if "reply" in marks else "post"


def _description(html: str, link: str) -> _Description:
    """Addresses are whole again, unless they lead back into X or to the instance that the link leads to."""
    body = None if too_deep(html.encode("utf-8", "replace")) else LexborHTMLParser(html).body
    if body is None:
        return _Description()
    quotes = body.css(_QUOTES)
    quoted = [text_of(part, fold=True) for quote in quotes for part in quote.css("p") or [quote]]
    for quote in quotes:
        quote.decompose()
    media = ["photo"] * len(body.css("img")) + ["video"] * len(body.css("video"))
    shown = text_of(body, fold=True)
    here = _host(link)
    for anchor in body.css("a[href^=http]"):
        address = str(anchor.attributes.get("href"))
        if _host(address) not in (here, "x.com") and _ADDRESS.fullmatch(text_of(anchor)):
            anchor.replace_with(address)
    return _Description(shown, text_of(body, fold=True), "\n".join(quoted).strip(), tuple(media))


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _fuller(title: str, told: _Description) -> str:
    """The description's words have their lines; but they must be those of the title, as far as one can tell: links
    are shown differently in each, and a quotation may follow.
    """
    beginning = _SPACES.sub("", told.shown)[:20]
    return told.words if beginning and _SPACES.sub("", title).startswith(beginning) else title
