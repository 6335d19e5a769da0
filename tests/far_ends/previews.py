"""Telegram's public pages, in the shapes that t.me has."""

import base64
import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from typing import Any

from aiohttp import web

PAGE = 20
"""Messages on a page; an album's members count one by one."""

_END = "<!-- page generated in 22.94ms -->\n"


@dataclass(frozen=True)
class Message:
    """`media` lists kinds; several are an album and take as many ids. `forward` is a name, `reply` an {"id", "text"},
    `poll` a {"question", "options"}. `html` stands in place of the escaped text.
    """

    id: int
    date: datetime
    text: str = ""
    html: str = ""
    media: tuple[str, ...] = ()
    forward: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)
    poll: Mapping[str, Any] = field(default_factory=dict)
    service: bool = False
    signed: str = ""
    edited: bool = False

    @property
    def size(self) -> int:
        return max(1, len(self.media))


@dataclass
class Channel:
    """`highest` is the last id that was given: none is given twice."""

    name: str
    title: str = ""
    number: int = 0
    state: str = "ok"
    verified: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    highest: int = 0

    def __post_init__(self) -> None:
        self.title = self.title or self.name
        self.number = self.number or 1_000_000_000 + zlib.crc32(self.name.lower().encode()) % 1_000_000_000

    def post(self, what: dict[str, Any]) -> int:
        id = int(what.pop("id", self.highest + 1))
        if what.pop("delete", False):
            del self.messages[id]
            return id
        if "date" in what:
            what["date"] = datetime.fromisoformat(what["date"]).astimezone(UTC)
        if "media" in what:
            what["media"] = tuple(what["media"])
        known = self.messages.get(id)
        if known:
            self.messages[id] = replace(known, **{"edited": True, **what})
        else:
            self.messages[id] = Message(id, what.pop("date", datetime.now(UTC)), **what)
        self.highest = max(self.highest, id + self.messages[id].size - 1)
        return id


# --- the answers


def preview(channel: Channel, query: Mapping[str, str]) -> web.Response:
    """A page of the channel; for a channel without preview, the redirect to its plain page."""
    if channel.state == "front_page":
        return _html(_FRONT_PAGE)
    if channel.state == "restricted":
        return _html(_RESTRICTED)
    if channel.state != "ok":
        return web.Response(status=302, headers={"Location": f"/{channel.name}"})
    return _html(page(channel, query))


def shown(channel: Channel, query: Mapping[str, str]) -> list[Message]:
    """The messages of a page, oldest first."""
    before, after = int(query.get("before", 0)), int(query.get("after", 0))
    ordered = sorted(channel.messages.values(), key=lambda message: message.id)
    wanted = [message for message in ordered if (not before or message.id < before) and message.id > after]
    found: list[Message] = []
    for message in wanted if after else reversed(wanted):
        if sum(one.size for one in found) + message.size > PAGE:
            break
        found.append(message)
    return sorted(found, key=lambda message: message.id)


def page(channel: Channel, query: Mapping[str, str]) -> str:
    found = shown(channel, query)
    older = bool(found) and min(channel.messages) < found[0].id
    newer = bool(found) and max(channel.messages) > found[-1].id
    return _history(channel, found, older, newer, bool(query.get("before") or query.get("after")))


def plain(channel: Channel) -> web.Response:
    """t.me/<name>: what stands there besides a preview."""
    name, title = channel.name, f'<div class="tgme_page_title" dir="auto"><span dir="auto">{channel.title}</span></div>'
    view = f'<a class="tgme_action_button_new" href="tg://resolve?domain={name}">View in Telegram</a>'
    offer = f'<a class="tgme_action_button_new" href="/s/{name}">Preview channel</a>'
    bodies = {
        "ok": f'{title}<div class="tgme_page_extra">1 234 subscribers</div>{view}{offer}',
        "preview_off": f'{title}<div class="tgme_page_extra">14 909 subscribers</div>{view}',
        "group": f'{title}<div class="tgme_page_extra">767 members, 95 online</div>{view}',
        "person": f'{title}<div class="tgme_page_extra">@{name}</div>{view}',
        "private": f"{title}{_sentence('view and join', channel.title)}",
        "withheld": _sentence("view posts by", f"@{name}"),
        "absent": _sentence("contact", f"@{name}"),
    }
    return _html(
        f'<!DOCTYPE html>\n<html><head></head><body>\n<div class="tgme_page">{bodies[channel.state]}</div>\n'
        f"</body>\n</html>\n{_END}"
    )


def embed(channel: Channel, id: int) -> web.Response:
    """One post in its embedded form; any member of an album shows the album. HTTP 200 also if there is none, or no such
    channel. Telegram's own notes have no such form: nobody has recorded one.
    """
    found = [one for one in channel.messages.values() if one.id <= id < one.id + one.size and not one.service]
    if channel.state in ("ok", "preview_off"):
        inner = _message(channel, found[0]) if found else _error("Post not found")
    else:
        inner = _error(f"Channel with username <b>@{channel.name}</b> not found")
    return _html(f'<!DOCTYPE html>\n<html><body class="body_widget_post">{inner}</body>\n</html>\n{_END}')


def _error(words: str) -> str:
    return f'<div class="tgme_widget_message_error">{words}</div>'


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8")


def _sentence(what: str, whom: str) -> str:
    return (
        f'<div class="tgme_page_description">If you have <strong>Telegram</strong>, you can {what} '
        f"<strong>{whom}</strong> right away.</div>"
    )


_FRONT_PAGE = f"""<!DOCTYPE html>
<html class="">
  <head><meta property="og:title" content="Telegram – a new era of messaging"></head>
  <body class="preload"><div class="tl_page_wrap"></div></body>
</html>
{_END}"""

_VERIFIED = '<i class="verified-icon"> ✔</i>'

_RESTRICTED = f"""<!DOCTYPE html>
<html>
  <body><div class="tgme_page">
    <div class="tgme_page_description">This channel can&#39;t be displayed because it broke a rule.</div>
  </div></body>
</html>
{_END}"""


def _history(channel: Channel, shown: list[Message], older: bool, newer: bool, paged: bool) -> str:
    name = channel.name
    more = links = ""
    if older:
        links += f'<link rel="prev" href="/s/{name}?before={shown[0].id}">\n'
        more = (
            f'<a href="/s/{name}?before={shown[0].id}" class="tme_messages_more js-messages_more" '
            f'data-before="{shown[0].id}"></a>'
        )
    if newer:
        links += f'<link rel="next" href="/s/{name}?after={shown[-1].id}">\n'
    wraps = "".join(
        f'<div class="tgme_widget_message_wrap js-widget_message_wrap">{_message(channel, one)}</div>' for one in shown
    )
    if not shown and paged:
        wraps = (
            '<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message_centered">'
            '<div class="tme_no_messages_found">No posts found</div></div></div>'
        )
    return f"""<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8">
    <title>{escape(channel.title)} – Telegram</title>
    <meta property="og:title" content="{escape(channel.title)}">
    {links}<script>TBaseUrl='/';</script>
  </head>
  <body class="widget_frame_base tgme_webpreview emoji_image">
    <header class="tgme_header search_collapsed">
      <div class="tgme_channel_info">
        <div class="tgme_channel_info_header">
          <div class="tgme_channel_info_header_title_wrap">
            <div class="tgme_channel_info_header_title"><span dir="auto">{escape(channel.title)}</span></div>
            <div class="tgme_channel_info_header_labels">{_VERIFIED if channel.verified else ""}</div>
          </div>
          <div class="tgme_channel_info_header_username"><a href="https://t.me/{name}">@{name}</a></div>
        </div>
        <div class="tgme_channel_info_counters"><div class="tgme_channel_info_counter"><span \
class="counter_value">1.2K</span> <span class="counter_type">subscribers</span></div></div>
        <a class="tgme_channel_download_telegram" href="//telegram.org/dl?tme={secrets.token_hex(8)}">Download</a>
      </div>
    </header>
<main class="tgme_main" data-url="/{name}">
  <div class="tgme_container">
    <section class="tgme_channel_history js-message_history">
      {more}{wraps}
    </section>
  </div>
</main>
  </body>
</html>
{_END}"""


# --- one message


def _message(channel: Channel, message: Message) -> str:
    """As the widget shows it. `data-view` holds the time of the request: no page is ever the same twice."""
    address = f"https://t.me/{channel.name}/{message.id}"
    album = len(message.media) > 1
    view = {"c": -channel.number, "p": f"{message.id}g" if album else message.id, "t": 0, "h": secrets.token_hex(9)}
    token = base64.urlsafe_b64encode(json.dumps(view).encode()).decode().rstrip("=")
    service = "service_message " if message.service else ""
    date = f'<time datetime="{message.date:%Y-%m-%dT%H:%M:%S+00:00}" class="time">{message.date:%H:%M}</time>'
    signed = f'<span class="tgme_widget_message_from_author" dir="auto">{escape(message.signed)}</span>,&nbsp;'
    parts = [
        _forward(message),
        _reply(channel, message),
        _media(address, message, album),
        _poll(message),
        _text(message),
    ]
    return f"""<div class="tgme_widget_message text_not_supported_wrap {service}js-widget_message" \
data-post="{channel.name}/{message.id}" data-view="{token}">
  <div class="tgme_widget_message_bubble">
    <div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" \
href="https://t.me/{channel.name}"><span dir="auto">{escape(channel.title)}</span></a></div>
{"".join(parts)}
<div class="tgme_widget_message_footer compact js-message_footer">
  <div class="tgme_widget_message_info short js-message_info">
    <span class="tgme_widget_message_views">{secrets.randbelow(900) + 1}</span><span class="copyonly"> views</span>\
<span class="tgme_widget_message_meta">{signed if message.signed else ""}{"edited &nbsp;" if message.edited else ""}\
<a class="tgme_widget_message_date" href="{address}">{date}</a></span>
  </div>
</div>
  </div>
</div>"""


def _text(message: Message) -> str:
    html = message.html or escape(message.text).replace("\n", "<br/>")
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{html}</div>' if html else ""


def _forward(message: Message) -> str:
    if not message.forward:
        return ""
    return (
        '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;'
        '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/elsewhere/7">'
        f'<span dir="auto">{escape(message.forward)}</span></a></div>'
    )


def _reply(channel: Channel, message: Message) -> str:
    """With the stray quote that stands in the tag since 2026."""
    if not message.reply:
        return ""
    return (
        f'<a class="tgme_widget_message_reply" href="https://t.me/{channel.name}/{message.reply["id"]}" ">'
        '<div class="tgme_widget_message_author accent_color"><span class="tgme_widget_message_author_name" '
        f'dir="auto">{escape(channel.title)}</span></div><div class="tgme_widget_message_text js-message_reply_text" '
        f'dir="auto">{escape(message.reply["text"])}</div></a>'
    )


def _poll(message: Message) -> str:
    if not message.poll:
        return ""
    options = "".join(
        '<div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_percent">0%</div>'
        '<div class="tgme_widget_message_poll_option_value"><div class="tgme_widget_message_poll_option_text">'
        f"{escape(option)}</div></div></div>"
        for option in message.poll["options"]
    )
    return (
        '<div class="tgme_widget_message_poll js-poll"><div class="tgme_widget_message_poll_question">'
        f'{escape(message.poll["question"])}</div><div class="tgme_widget_message_poll_type">Anonymous Poll</div>'
        f"{options}</div>"
    )


_UNSUPPORTED = (
    '<div class="message_media_not_supported_wrap"><div class="message_media_not_supported">'
    '<div class="message_media_not_supported_label">This media is not supported in your browser</div>'
    '<span class="message_media_view_in_telegram">VIEW IN TELEGRAM</span></div></div>'
)
_PLAYED = '<time class="message_video_duration js-message_video_duration">0:06</time>' + _UNSUPPORTED
_MEDIA = {
    "photo": '<a class="tgme_widget_message_photo_wrap {grouped}" href="{href}" '
    "style=\"width:800px;background-image:url('https://cdn.example/file/a_b-1.jpg')\"></a>",
    "video": '<a class="tgme_widget_message_video_player {grouped}" href="{href}">' + _PLAYED + "</a>",
    "round_video": '<div class="tgme_widget_message_roundvideo_player">' + _PLAYED + "</div>",
    "voice": '<a class="tgme_widget_message_voice_player" href="{href}"><time>0:01</time></a>',
    "document": '<a class="tgme_widget_message_document_wrap" href="{href}"><div '
    'class="tgme_widget_message_document_icon accent_bg"></div></a>',
    "audio": '<a class="tgme_widget_message_document_wrap" href="{href}"><div '
    'class="tgme_widget_message_document_icon accent_bg audio"></div></a>',
    "sticker": _UNSUPPORTED + '<div class="tgme_widget_message_sticker_wrap"></div>',
    "location": '<a class="tgme_widget_message_location_wrap" href="https://maps.example/"></a>',
    "contact": '<div class="tgme_widget_message_contact_wrap">'
    '<div class="tgme_widget_message_contact_name">A. Doe</div>'
    '<div class="tgme_widget_message_contact_phone">+1 555 0100</div></div>',
    "game": '<a class="tgme_widget_message_game" href="{href}">'
    '<div class="tgme_widget_message_game_title">Go</div></a>',
    "invoice": '<div class="tgme_widget_message_invoice">'
    '<div class="tgme_widget_message_invoice_title">A gift</div></div>',
    "unsupported": _UNSUPPORTED,
}


def _media(address: str, message: Message, album: bool) -> str:
    nodes = []
    for number, kind in enumerate(message.media):
        member = address.replace(f"/{message.id}", f"/{message.id + number}") + "?single"
        nodes.append(
            _MEDIA[kind]
            .replace("{grouped}", "grouped_media_wrap" if album else "")
            .replace("{href}", member if album else address)
        )
    inner = "".join(nodes)
    return f'<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap">{inner}</div>' if album else inner
