"""Posts from files that others have written, beside our own JSON Lines (`bot.sources.archive`):

Telegram Desktop's export of one channel (result.json), and answers of the X API as twarc keeps them (JSON Lines, one
answer or one flattened post a line). Neither says which of our sources it belongs to: the caller does.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO, Literal

from bot.errors import FetchError
from bot.models import Post, PostKind, Source
from bot.sources import archive, x_page
from bot.sources.json_stream import JsonStream
from bot.sources.plain import one_line, tidy

Kind = Literal["posts", "telegram", "x"]

_TELLING: Mapping[str, Kind] = {
    **dict.fromkeys(("external_id", "published_at"), "posts"),
    **dict.fromkeys(("messages", "chats", "personal_information"), "telegram"),
    **dict.fromkeys(("data", "includes", "meta", "errors", "__twarc", "matching_rules"), "x"),
    **dict.fromkeys(("author_id", "edit_history_tweet_ids", "referenced_tweets", "id_str", "full_text"), "x"),
}
"""A key of the first object that only one kind of file has."""

_WHAT = {"telegram": "Telegram Desktop's export of a channel", "x": "answers of the X API"}

_MEDIA_TYPES = {
    "video_file": "video",
    "animation": "video",
    "video_message": "round_video",
    "voice_message": "voice",
    "audio_file": "audio",
    "sticker": "sticker",
}
_IN_ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})
_LARGEST_ALBUM = 10


@dataclass(frozen=True, slots=True)
class Item:
    """A post, where in the file it stands ("line 5", "message 5"), and how many bytes of the file are read by then."""

    post: Post
    where: str
    read: int


def kind(path: Path) -> Kind:
    """What the file is, by the first keys in it; whatever is none of the others may be ours. Raises FetchError."""
    with archive.opened(path) as file:
        stream = JsonStream(file)
        try:
            for key in stream.members():
                if key in _TELLING:
                    return _TELLING[key]
                stream.value()
        except ValueError:
            return "posts"  # whose reader says what is wrong with it
    return "posts"


def read(path: Path, source: Source | None = None, *, zone: tzinfo | None = None) -> Iterator[Item]:
    """Every post of a file, one at a time, in its order.

    `source` is whose posts they are, where the file does not say; what others wrote in it is passed over. `zone` is
    that of the computer on which an old Telegram Desktop (before 2022) wrote its local times. Raises FetchError for a
    file that cannot be read, after the posts that stand before the mistake.
    """
    found = kind(path)
    if found == "posts":
        yield from _posts(path, source)
        return
    if source is None or source.kind != found:
        of = f"; {source.id} is a source of kind {source.kind}" if source else ""
        raise FetchError(f"{path}: these are {_WHAT[found]}: name the source to which they belong{of}", permanent=True)
    with archive.opened(path) as file:
        if found == "telegram":
            yield from _albums_joined(_telegram(file, path, source, zone))
        else:
            yield from _x(file, path, source)


def _posts(path: Path, source: Source | None) -> Iterator[Item]:
    with archive.opened(path) as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                post = archive.of_line(raw, path, number, source.id if source else "")
                yield Item(post, f"line {number}", file.tell())


# --- Telegram Desktop


def _telegram(file: BinaryIO, path: Path, source: Source, zone: tzinfo | None) -> Iterator[Item]:
    stream = JsonStream(file)
    head: dict[str, Any] = {}
    number = 0
    try:
        for key in stream.members():
            if key != "messages":
                _refuse_whole_account(key)
                head[key] = stream.value()
                continue
            _refuse_another_chat(head, source)
            for number, message in enumerate(stream.elements(), 1):
                post = _message(message, source, zone)
                if post is not None:
                    yield Item(post, f"message {number}", stream.read)
    except ValueError as error:
        where = f", message {number}" if number else ""
        raise FetchError(f"{path}{where}: {error}", permanent=True) from error


def _refuse_whole_account(key: str) -> None:
    if key in ("chats", "personal_information", "contacts"):
        raise ValueError(
            "an export of a whole account; in Telegram Desktop open the channel, and in its menu “Export chat history”"
        )


def _refuse_another_chat(head: Mapping[str, Any], source: Source) -> None:
    if not str(head.get("type")).endswith("_channel"):
        raise ValueError(f"expected the export of a channel; its type is {head.get('type')!r}")
    number = str(head.get("id"))
    if source.account_id not in ("", number):
        raise ValueError(f"another channel: its number is {number}, that of {source.id} is {source.account_id}")


def _message(written: Any, source: Source, zone: tzinfo | None) -> Post | None:
    """As the channel's preview shows it. None for Telegram's own notes ("channel created"), which say nothing."""
    if not isinstance(written, dict) or not isinstance(written.get("id"), int):
        raise ValueError("expected a message with an id")
    if written.get("type") != "message":
        return None
    id = written["id"]
    is_forward = "forwarded_from" in written
    post_kind: PostKind = "forward" if is_forward else "reply" if "reply_to_message_id" in written else "post"
    poll = written.get("poll")
    text = "\n\n".join(filter(None, [_plain(written.get("text")), _poll(poll)]))
    return Post(
        source=source.id,
        external_id=str(id),
        url=f"https://t.me/{source.address.removeprefix('@')}/{id}",
        published_at=_time(written, "date", zone),
        text=text,
        language=source.language,
        kind=post_kind,
        media=tuple(_media(written)) or (() if text else ("unsupported",)),
        author=one_line(str(written["forwarded_from"] or "")) if is_forward else "",
        edited_at=_time(written, "edited", zone) if "edited" in written else None,
    )


def _plain(text: Any) -> str:
    """A text, or a list of texts and of pieces with a mark: {"type": "bold", "text": "…"}."""
    if isinstance(text, str):
        return tidy(text)
    if not isinstance(text, list):
        return ""
    return tidy("".join(piece if isinstance(piece, str) else str(_of(piece, "text") or "") for piece in text))


def _poll(poll: Any) -> str:
    answers = _of(poll, "answers")
    options = [f"• {_plain(_of(answer, 'text'))}" for answer in answers] if isinstance(answers, list) else []
    return "\n".join([_plain(_of(poll, "question")), *options])


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _media(written: Mapping[str, Any]) -> Iterator[str]:
    if "photo" in written:
        yield "photo"
    elif "media_type" in written or "file" in written:
        yield _MEDIA_TYPES.get(str(written.get("media_type")), "document")
    if "location_information" in written:
        yield "location"
    if "poll" in written:
        yield "poll"


def _time(written: Mapping[str, Any], key: str, zone: tzinfo | None) -> datetime:
    seconds = str(written.get(f"{key}_unixtime", ""))
    try:
        if seconds:
            return datetime.fromtimestamp(int(seconds), UTC)
        local = datetime.fromisoformat(str(written.get(key)))
        if zone is not None or local.tzinfo is not None:
            return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{key} {seconds or written.get(key)!r} is not a time") from error
    raise ValueError(
        f"{key} {written.get(key)} is a local time without its zone, as old versions wrote it; name the zone of the "
        "computer that wrote the file, or export again"
    )


def _albums_joined(items: Iterable[Item]) -> Iterator[Item]:
    """An export lists an album's members one by one and does not say that they are an album: they have one second and
    at most one text between them. Joined, they are the post that the channel's preview shows.
    """
    before: Item | None = None
    try:
        for item in items:
            if before is not None and _are_one_album(before.post, item.post):
                before = replace(item, post=_joined(before.post, item.post), where=before.where)
                continue
            if before is not None:
                yield before
            before = item
    except FetchError:
        if before is not None:
            yield before
        raise
    if before is not None:
        yield before


def _are_one_album(first: Post, other: Post) -> bool:
    media = {*first.media, *other.media}
    return (
        (first.published_at, first.kind, first.author) == (other.published_at, other.kind, other.author)
        and bool(first.media and other.media)
        and any(media <= allowed for allowed in _IN_ALBUMS)
        and not (first.text and other.text)
        and len(first.media) < _LARGEST_ALBUM
    )


def _joined(first: Post, other: Post) -> Post:
    edited = max(filter(None, (first.edited_at, other.edited_at)), default=None)
    return replace(first, text=first.text or other.text, media=(*first.media, *other.media), edited_at=edited)


# --- X


def _x(file: BinaryIO, path: Path, source: Source) -> Iterator[Item]:
    for number, raw in enumerate(file, 1):
        if not raw.strip():
            continue
        try:
            body = _answer(json.loads(raw))
            account = source.account_id or _number_of(source.address, body)
            posts = x_page.part(body, source, account) if account else ()
        except (ValueError, RecursionError) as error:
            raise FetchError(f"{path}, line {number}: {error}", permanent=True) from error
        for post in posts:
            yield Item(post, f"line {number}", file.tell())


def _answer(written: Any) -> Mapping[str, Any]:
    """An answer in the API's own shape: `data` is one post in a stream's; a flattened post holds what it refers to."""
    if not isinstance(written, dict):
        raise ValueError("expected a JSON object")
    if "id_str" in written or "full_text" in written:
        raise ValueError("a post of the old API (v1.1), which is not read; twarc2 writes those of v2")
    if "data" in written:
        data = written["data"]
        return {**written, "data": [data] if isinstance(data, dict) else data}
    if "text" not in written:
        return written
    referenced = written.get("referenced_tweets")
    attachments = written.get("attachments")
    included = {
        "users": [written.get("author")],
        "tweets": referenced if isinstance(referenced, list) else [],
        "media": _of(attachments, "media") or [],
    }
    return {"data": [written], "includes": included}


def _number_of(name: str, body: Mapping[str, Any]) -> str:
    """The account's number, as this answer has it; empty if the account is not in it."""
    users = _of(body.get("includes"), "users")
    found = (
        str(_of(user, "id"))
        for user in (users if isinstance(users, list) else [])
        if str(_of(user, "username")).casefold() == name.removeprefix("@").casefold()
    )
    return next(found, "")
