"""What a page of t.me says: a pure parser of channel previews, and of all that one gets in their place.

The HTTP status says nothing (it is 200 for any name), so the content is classified. A page's body is believed only
if it is whole: cut anywhere it parses just as well, and its last post looks like an edit.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.models import Post, PostKind
from bot.sources.plain import LONGEST_ADDRESS, one_line, text_of, too_deep

State = Literal[
    "preview",  # a channel with posts
    "empty",  # a channel without any
    "end",  # no posts before (or after) the id asked for
    "preview on",  # a channel's plain page that offers a preview
    "preview off",  # a channel whose owner turned the preview off
    "withheld",  # a channel that Telegram does not show here
    "restricted",  # the same, with a reason
    "absent",  # nothing that may be read in public
    "group",
    "person",  # a user or a bot
    "private",  # an invitation
    "front page",  # telegram.org's: a name that cannot be, or a block
    "post",  # the plain page of one post, or its embedded form
    "no post",  # the embedded form of a post that does not exist
    "unknown",  # none of Telegram's: a proxy, a challenge, a captive portal
]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read.

    `posts` stand oldest first. `ids` are all message ids on the page, those of albums' members included: one that
    is missing between its lowest and highest is not there any more, or never was. `albums` has the members of each
    album by its post's id. `unread` counts messages without a usable id or date. `before` is where the page says that
    older posts begin, `newest` that none are newer. `edited` are the ids of posts that carry the mark; Telegram says
    neither when nor what. `channel_id` is the channel's number, which outlives a change of its name. `whole`: the body
    reached us to its last byte. `verified` and `subscribers` ("1.48M") are what Telegram shows beside the title.
    """

    state: State
    whole: bool
    title: str = ""
    name: str = ""
    channel_id: str = ""
    posts: tuple[Post, ...] = ()
    ids: frozenset[int] = frozenset()
    edited: frozenset[int] = frozenset()
    unread: int = 0
    before: int | None = None
    newest: bool = False
    albums: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    verified: bool = False
    subscribers: str = ""


# Kind of medium by what marks it; a reply's thumbnail and a link's preview hold none of these.
_MEDIA = {
    "a.tgme_widget_message_photo_wrap": "photo",
    "a.tgme_widget_message_video_player": "video",
    ".tgme_widget_message_roundvideo_player": "round_video",
    ".tgme_widget_message_voice_player": "voice",
    "a.tgme_widget_message_document_wrap": "document",
    ".tgme_widget_message_sticker_wrap": "sticker",
    "a.tgme_widget_message_location_wrap": "location",
    ".tgme_widget_message_venue_wrap": "location",
    ".tgme_widget_message_contact_wrap": "contact",
    ".tgme_widget_message_game": "game",
    ".tgme_widget_message_invoice": "invoice",
    ".tgme_widget_message_poll": "poll",
}
_ANY_MEDIUM = ", ".join(_MEDIA)
_MEDIUM_OF_CLASS = {selector.rpartition(".")[2]: kind for selector, kind in _MEDIA.items()}

_END = re.compile(r"</html>\s*<!-- page generated in [\d.]+\s*ms -->\s*\Z")
_BACKGROUND = re.compile(r"background-image:\s*url\(['\"]?(https://[^'\"()\s]+)['\"]?\)")
_DATA_POST = re.compile(r"(\w{1,64})/(\d{1,12})\Z", re.ASCII)
_SINGLE = re.compile(r"/(\d{1,12})\?single\Z", re.ASCII)
_BEFORE = re.compile(r"[?&]before=(\d{1,12})\Z", re.ASCII)
_SUBSCRIBERS = re.compile(r"subscribers?|members?")


def parse(body: bytes, source: str, language: str = "") -> Page:
    """Reads any bytes. `source` and `language` go into the posts."""
    if too_deep(body):
        return Page("unknown", whole=False)
    tree = LexborHTMLParser(body.decode("utf-8", "replace"))
    nodes = tree.css(".tgme_widget_message[data-post]")
    state = _state(tree, bool(nodes))
    listed = state in ("preview", "empty", "end")
    ended = body[-300:].decode("utf-8", "replace").rstrip()
    posts: list[Post] = []
    ids: set[int] = set()
    edited: set[int] = set()
    albums: dict[int, tuple[int, ...]] = {}
    for node in nodes:
        post = _post(node, source, language)
        if post is None:
            continue
        id = int(post.external_id)
        posts.append(post)
        members = _members(node)
        ids.update([id, *members])
        if members:
            albums[id] = members
        if _is_edited(node):
            edited.add(id)
    return Page(
        state,
        whole=bool(_END.search(ended)) if listed else ended.endswith("</html>") or bool(_END.search(ended)),
        title=_words(tree.css_first(".tgme_channel_info_header_title") or tree.css_first(".tgme_page_title")),
        name=_words(tree.css_first(".tgme_channel_info_header_username")).removeprefix("@"),
        channel_id=next(filter(None, map(_channel_id, nodes)), ""),
        posts=tuple(posts),
        ids=frozenset(ids),
        edited=frozenset(edited),
        unread=len(nodes) - len(posts),
        before=_before(tree),
        newest=listed and tree.css_first('a.js-messages_more[data-after], link[rel="next"]') is None,
        albums=albums,
        verified=tree.css_first(".tgme_channel_info_header_labels .verified-icon") is not None,
        subscribers=_subscribers(tree),
    )


# --- what kind of page it is


def _state(tree: LexborHTMLParser, has_messages: bool) -> State:
    error = tree.css_first(".tgme_widget_message_error")
    if error is not None:  # it also says that there is no such channel
        return "no post" if _words(error) == "Post not found" else "unknown"
    if tree.css_first(".tgme_channel_history"):
        return _state_of_history(tree, has_messages)
    page = tree.css_first(".tgme_page")
    if page is not None:
        return _state_of_plain_page(page)
    if has_messages:
        return "post"
    title = tree.css_first('meta[property="og:title"]')
    if title is not None and (title.attributes.get("content") or "").startswith("Telegram –"):
        return "front page"
    return "restricted" if _is_restricted(tree.body) else "unknown"


def _state_of_history(tree: LexborHTMLParser, has_messages: bool) -> State:
    if has_messages:
        return "preview"
    if tree.css_first(".tme_no_messages_found"):
        return "end"
    if _is_restricted(tree.body):
        return "restricted"
    return "empty" if tree.css_first(".tgme_channel_info") and not _counts_posts(tree) else "unknown"


def _subscribers(tree: LexborHTMLParser) -> str:
    counters = tree.css(".tgme_channel_info_counter")
    counted = {_words(one.css_first(".counter_type")): _words(one.css_first(".counter_value")) for one in counters}
    return next((count for kind, count in counted.items() if _SUBSCRIBERS.fullmatch(kind)), "")


def _counts_posts(tree: LexborHTMLParser) -> bool:
    """Photos or links are counted beside the channel: then it is not empty, whatever the list shows."""
    kinds = [_words(node) for node in tree.css(".tgme_channel_info_counter .counter_type")]
    return any(not _SUBSCRIBERS.fullmatch(kind) for kind in kinds)


def _state_of_plain_page(page: LexborNode) -> State:
    if page.css_first(".tgme_page_widget"):
        return "post"
    title, extra = _words(page.css_first(".tgme_page_title")), _words(page.css_first(".tgme_page_extra"))
    said = " ".join(_words(node) for node in page.css(".tgme_page_description, .tgme_page_additional"))
    states: Iterable[tuple[State, bool]] = (
        ("preview on", page.css_first('a[href^="/s/"]') is not None),
        ("restricted", _is_restricted(page)),
        ("preview off", "subscriber" in extra),
        ("group", "member" in extra or "online" in extra),
        ("person", bool(title) and extra.startswith("@")),
        ("private", "view and join" in said),
        ("withheld", "view posts by" in said),
        ("absent", "you can contact" in said),
    )
    return next((state for state, holds in states if holds), "unknown")


def _is_restricted(node: LexborNode | None) -> bool:
    words = _words(node).replace("’", "'")
    return "can't be displayed" in words or "cannot be displayed" in words


def _words(node: LexborNode | None) -> str:
    return one_line(text_of(node)) if node is not None else ""


def _before(tree: LexborHTMLParser) -> int | None:
    more = tree.css_first("a.js-messages_more[data-before]")
    if more is not None and (more.attributes["data-before"] or "").isdecimal():
        return int(more.attributes["data-before"] or 0)
    link = tree.css_first('link[rel="prev"]')
    found = _BEFORE.search((link.attributes.get("href") or "") if link is not None else "")
    return int(found[1]) if found else None


# --- one message


def _post(node: LexborNode, source: str, language: str) -> Post | None:
    """None if the id or the date cannot be read: a post without them is not one we could speak of."""
    place = _DATA_POST.fullmatch(node.attributes["data-post"] or "")
    published_at = _date(node)
    if place is None or published_at is None:
        return None
    kind, author = _kind(node)
    text = _text(node)
    media = _media(node)
    if not text and not media and node.css_first(".message_media_not_supported_wrap"):
        media = ("unsupported",)
    return Post(
        source=source,
        external_id=str(int(place[2])),
        url=f"https://t.me/{place[1]}/{int(place[2])}",
        published_at=published_at,
        text=text,
        language=language,
        kind=kind,
        media=media,
        pictures=_pictures(node),
        quoted=_quoted(node),
        author=author,
    )


def _date(node: LexborNode) -> datetime | None:
    """The date link's own time: a video's `<time>` is its length."""
    time = node.css_first("a.tgme_widget_message_date time[datetime]")
    if time is None:
        return None
    try:
        found = datetime.fromisoformat(time.attributes["datetime"] or "")
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _kind(node: LexborNode) -> tuple[PostKind, str]:
    """The kind, and of a forward whose words it carries."""
    if "service_message" in (node.attributes.get("class") or "").split():
        return "service", ""
    forward = node.css_first(".tgme_widget_message_forwarded_from_name")
    if forward is not None:
        signed = _words(node.css_first(".tgme_widget_message_forwarded_from_author"))
        return "forward", " ".join(filter(None, [_words(forward), f"({signed})" if signed else ""]))
    return ("reply" if node.css_first("a.tgme_widget_message_reply") else "post"), ""


def _text(node: LexborNode) -> str:
    """The first text only: an album's holds a second inside it. A poll's question and options are words, too."""
    caption = node.css_first(".js-message_text")
    texts = [text_of(caption)] if caption is not None else []
    poll = node.css_first(".tgme_widget_message_poll")
    if poll is not None:
        options = [f"• {_words(option)}" for option in poll.css(".tgme_widget_message_poll_option_text")]
        texts.append("\n".join([_words(poll.css_first(".tgme_widget_message_poll_question")), *options]))
    return "\n\n".join(filter(None, texts))


def _quoted(node: LexborNode) -> str:
    reply = node.css_first("a.tgme_widget_message_reply")
    if reply is None:
        return ""
    quote = reply.css_first(".js-message_reply_text, .tgme_widget_message_metatext")
    return text_of(quote) if quote is not None else ""


def _media(node: LexborNode) -> tuple[str, ...]:
    return tuple(_medium(found) for found in node.css(_ANY_MEDIUM))


def _pictures(node: LexborNode) -> tuple[str, ...]:
    """The addresses of its photos; they are its background in a style."""
    styles = [found.attributes.get("style") or "" for found in node.css("a.tgme_widget_message_photo_wrap[style]")]
    found = (_BACKGROUND.search(style) for style in styles)
    return tuple(match[1] for match in found if match and len(match[1]) <= LONGEST_ADDRESS)


def _medium(node: LexborNode) -> str:
    classes = (node.attributes.get("class") or "").split()
    kind = next(_MEDIUM_OF_CLASS[name] for name in classes if name in _MEDIUM_OF_CLASS)
    return "audio" if kind == "document" and node.css_first(".tgme_widget_message_document_icon.audio") else kind


def _members(node: LexborNode) -> tuple[int, ...]:
    """The ids of an album's members. The post has the lowest; the others are not gone, they are in here."""
    links = [link.attributes.get("href") or "" for link in node.css("a.grouped_media_wrap[href]")]
    return tuple(int(found[1]) for link in links if (found := _SINGLE.search(link)))


def _is_edited(node: LexborNode) -> bool:
    """The bare word before the date; a signature that contains it stands in an element of its own."""
    meta = node.css_first(".tgme_widget_message_meta")
    bare = [child.text_content or "" for child in meta.iter(include_text=True) if child.tag == "-text"] if meta else []
    return any("edited" in words for words in bare)


def _channel_id(node: LexborNode) -> str:
    """`data-view` holds {"c": -channel, "p": post, "t": time of the request, "h": token}."""
    raw = node.attributes.get("data-view") or ""
    try:
        view = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        return str(abs(int(view["c"])))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ""


MEANING: Mapping[State, str] = {
    "preview": "preview: the channel's posts",
    "empty": "empty: the channel shows no posts",
    "end": "end: no posts there",
    "preview on": "preview on, but not served: Telegram shows the plain page instead",
    "preview off": "preview off: the channel's owner turned its public preview off; read it by other means",
    "withheld": "withheld: Telegram does not show this channel to our server's country; it is not worked around",
    "restricted": "restricted: Telegram says that this channel can't be displayed",
    "absent": "not there: nothing that may be read in public has this name; check the spelling",
    "group": "group: this is a group, not a channel",
    "person": "person: this is a user or a bot, not a channel",
    "private": "private: an invitation is needed",
    "front page": "front page: Telegram's home page came instead; the name cannot be, or we are blocked",
    "post": "post: the address is one post's, not a channel's",
    "no post": "no post: there is no such post",
    "unknown": "unknown page: neither a preview nor any page of Telegram's that we know; a proxy or a challenge",
}
"""What stands at the address, and what to do about it."""

FOR_GOOD: frozenset[State] = frozenset({"preview off", "withheld", "restricted", "group", "person", "private", "post"})
"""States that stay until somebody changes something. "absent" is none: it also comes when Telegram hiccups."""
