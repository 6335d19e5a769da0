"""Posts from files that others have written, beside our own JSON Lines (`bot.sources.archive`):

Telegram Desktop's export of one channel (result.json), and answers of the X API as twarc keeps them (JSON Lines, one
answer or one flattened post a line). Whose posts these are is known by the numbers and names of accounts.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from bot.errors import FetchError
from bot.models import Gap, Post, PostKind, Source
from bot.sources import archive, x_page
from bot.sources.json_stream import JsonStream
from bot.sources.plain import one_line, tidy
from bot.sources.x_place import handle

Kind = Literal["posts", "telegram", "x"]

_TELLING: Mapping[str, Kind] = {
    **dict.fromkeys(("external_id", "published_at"), "posts"),
    **dict.fromkeys(("messages", "chats", "personal_information"), "telegram"),
    **dict.fromkeys(("data", "includes", "meta", "errors", "__twarc", "matching_rules"), "x"),
    **dict.fromkeys(("author_id", "edit_history_tweet_ids", "referenced_tweets", "id_str", "full_text"), "x"),
}
"""A key of the first object that only one kind of file has."""

_WHAT = {"telegram": "an export of Telegram Desktop", "x": "answers of the X API"}

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
class Foreign:
    """A post of somebody who is none of our sources, passed over."""

    author: str


@dataclass(frozen=True, slots=True)
class Item:
    """What was found, where in the file it stands ("line 5", "message 5"), and how many bytes are read by then.

    A FetchError is a part that cannot be read; what comes after it can.
    """

    found: Post | Gap | Foreign | FetchError
    where: str
    read: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A part of a file of our own lines, unread: `first` is the number of its first line, `begin` the bytes before it;
    `source` is for lines that name none. `items` reads it.
    """

    path: Path
    raw: bytes
    first: int
    begin: int
    source: str

    @property
    def end(self) -> int:
        """How many bytes of the file are read with it."""
        return self.begin + len(self.raw)


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


def read(
    path: Path,
    sources: Collection[Source],
    *,
    named: Source | None = None,
    zone: tzinfo | None = None,
    country: str = "",
    at_once: int = 1000,
) -> Iterator[Item | Lines]:
    """Everything in a file, one at a time, in its order; of our own lines so many `at_once`, for others to read.

    `sources` are those to which it may belong, with the numbers of their accounts as far as they are known; `named` is
    the one to which it does belong, where that cannot be seen. `zone` is that of the computer on which an old Telegram
    Desktop (before 2022) wrote its local times; what is withheld in that `country` on X is passed over. Raises
    FetchError for a file that cannot be read, or not any further.
    """
    found = kind(path)
    if found == "posts":
        yield from _lines(path, named.id if named else "", at_once)
        return
    if named is not None and named.kind != found:
        raise FetchError(
            f"{path} holds {_WHAT[found]}, and {named.id} is a source of kind {named.kind}", permanent=True
        )
    ours = [named] if named else [source for source in sources if source.kind == found]
    with archive.opened(path) as file:
        if found == "telegram":
            yield from _albums_joined(_telegram(file, path, ours, zone, is_named=named is not None))
        else:
            yield from _x(file, path, _Accounts(ours), country)


# --- our own lines


def _lines(path: Path, source: str, at_once: int) -> Iterator[Lines]:
    first, begin = 1, 0
    with archive.opened(path) as file:
        while raw := b"".join(islice(file, at_once)):
            yield Lines(path, raw, first, begin, source)
            first, begin = first + at_once, begin + len(raw)


def items(lines: Lines) -> Iterator[Item]:
    """Everything in a part of a file of our own lines."""
    read = lines.begin
    for number, raw in enumerate(lines.raw.split(b"\n"), lines.first):
        read = min(read + len(raw) + 1, lines.end)
        if raw.strip():
            yield Item(_of_line(raw, lines, number), f"line {number}", read)


def _of_line(raw: bytes, lines: Lines, number: int) -> Post | Gap | FetchError:
    try:
        return archive.of_line(raw, lines.path, number, lines.source)
    except FetchError as error:
        return error


# --- Telegram Desktop


def _telegram(
    file: BinaryIO, path: Path, ours: Sequence[Source], zone: tzinfo | None, *, is_named: bool
) -> Iterator[Item]:
    stream = JsonStream(file)
    head: dict[str, Any] = {}
    number = 0
    try:
        for key in stream.members():
            if key != "messages":
                _refuse_whole_account(key)
                head[key] = stream.value()
                continue
            source = _channel_of(head, ours, is_named=is_named)
            for number, message in enumerate(stream.elements(), 1):
                where = f"message {number}"
                try:
                    post = _message(message, source, zone)
                except _MessageError as mistake:
                    yield Item(FetchError(f"{path}, {where}: {mistake}", permanent=True), where, stream.read)
                    continue
                if post is not None:
                    yield Item(post, where, stream.read)
    except ValueError as error:
        place = f", message {number}" if number else ""
        raise FetchError(f"{path}{place}: {error}", permanent=True) from error


def _refuse_whole_account(key: str) -> None:
    if key in ("chats", "personal_information", "contacts"):
        raise ValueError(
            "an export of a whole account; in Telegram Desktop open the channel, and in its menu “Export chat history”"
        )


def _channel_of(head: Mapping[str, Any], ours: Sequence[Source], *, is_named: bool) -> Source:
    """Whose posts these are: by the channel's number, or as it was said. Raises ValueError."""
    if not str(head.get("type")).endswith("_channel"):
        raise ValueError(f"expected the export of a channel; its type is {head.get('type')!r}")
    number = str(head.get("id"))
    for source in ours:
        if source.account_id == number or (is_named and not source.account_id):
            return source
    whose = f"the channel “{one_line(str(head.get('name')))}”, number {number}"
    if is_named:
        raise ValueError(f"another channel: this is {whose}; the number of {ours[0].id} is {ours[0].account_id}")
    raise ValueError(
        f"this is {whose}, and no source has that account_id; name the source to which it belongs: --source"
    )


class _MessageError(ValueError):
    """One message that cannot be read; the others can."""


def _message(written: Any, source: Source, zone: tzinfo | None) -> Post | None:
    """As the channel's preview shows it. None for Telegram's own notes ("channel created"), which say nothing."""
    if not isinstance(written, dict) or not isinstance(written.get("id"), int):
        raise _MessageError("expected a message with an id")
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
        raise _MessageError(f"{key} {seconds or written.get(key)!r} is not a time") from error
    raise ValueError(
        f"{key} {written.get(key)} is a local time without its zone, as old versions wrote it; name the zone of the "
        "computer that wrote the file (--zone), or export again"
    )


def _albums_joined(items: Iterable[Item]) -> Iterator[Item]:
    """An export lists an album's members one by one and does not say that they are an album: they have one second and
    at most one text between them. Joined, they are the post that the channel's preview shows.
    """
    before: Item | None = None
    try:
        for item in items:
            joined = _joined(before.found, item.found) if before else None
            if before is not None and joined is not None:
                before = replace(item, found=joined, where=before.where)
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


def _joined(first: object, other: object) -> Post | None:
    """The album that both are part of, None if they are none."""
    if not (isinstance(first, Post) and isinstance(other, Post) and _are_one_album(first, other)):
        return None
    edited = max(filter(None, (first.edited_at, other.edited_at)), default=None)
    return replace(first, text=first.text or other.text, media=(*first.media, *other.media), edited_at=edited)


# --- X


class _Accounts:
    """Our sources by the numbers and the names of their accounts. A name counts where no number is known."""

    def __init__(self, ours: Iterable[Source]) -> None:
        self._by_number = {source.account_id: source for source in ours if source.account_id}
        self._by_name = {handle(source).casefold(): source for source in ours if not source.account_id}

    def of(self, number: str, name: str) -> Source | None:
        return self._by_number.get(number) or self._by_name.get(name.casefold())


def _x(file: BinaryIO, path: Path, accounts: _Accounts, country: str) -> Iterator[Item]:
    for number, raw in enumerate(file, 1):
        where = f"line {number}"
        if not raw.strip():
            continue
        try:
            for found in _of_answer(_answer(json.loads(raw)), accounts, country):
                yield Item(found, where, file.tell())
        except (ValueError, RecursionError) as error:
            yield Item(FetchError(f"{path}, {where}: {error}", permanent=True), where, file.tell())


def _of_answer(body: Mapping[str, Any], accounts: _Accounts, country: str) -> Iterator[Post | Foreign]:
    """The posts of each author in it, in the order of the authors."""
    names = _names(body)
    data = body.get("data")
    items = data if isinstance(data, list) else []
    authors = Counter(number for item in items if isinstance(number := _of(item, "author_id"), str))
    for number, count in authors.items():
        name = names.get(number, "")
        source = accounts.of(number, name)
        if source:
            yield from x_page.part(body, source, number, country=country)
        else:
            yield from [Foreign(f"@{name}" if name else number)] * count


def _names(body: Mapping[str, Any]) -> dict[str, str]:
    """The accounts' names by their numbers, as far as this answer has them."""
    users = _of(body.get("includes"), "users")
    return {
        str(_of(user, "id")): name
        for user in (users if isinstance(users, list) else [])
        if isinstance(name := _of(user, "username"), str)
    }


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
