"""Posts in files: JSON Lines, one post a line. A recorded day is replayed from one, history comes in and goes out.

    {"source": "…", "external_id": "…", "url": "…", "published_at": "2022-03-14T17:42:00+02:00", "text": "…",
     "language": "uk"}

More keys where they say something: kind, media, quoted, author, seen_at, edited_at, deleted_at, fate, fate_at, late;
`versions`, the earlier texts, each with `seen_at`; `sha256` in place of a text that had to go. Times are ISO 8601 with
an offset. Keys that are not ours are passed over.

A line may tell of a gap instead, a span in which a source (or none: all of them) was not seen:

    {"gap": {"source": "…", "since": "2022-03-14T14:05:00+00:00", "until": "…", "reason": "…"}}
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, get_args

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Gap, Post, PostKind, Source, Version
from bot.sources.plain import clean

_AHEAD = 1000
_AT_ONCE = 500
_TEXTS = ("source", "external_id", "url", "text", "language", "kind", "quoted", "author", "fate", "sha256")
_TIMES = ("published_at", "seen_at", "edited_at", "deleted_at", "fate_at")
_REQUIRED = ("external_id", "published_at", "text")
_ORDER = (
    *("source", "external_id", "url", "published_at", "text", "sha256", "language", "kind", "media"),
    *("quoted", "author", "seen_at", "edited_at", "deleted_at", "fate", "fate_at", "late", "versions"),
)
_UNTOLD = {"kind": "post", "fate": "stands"}
_WORDS: Mapping[str, Sequence[str]] = {
    "kind": get_args(PostKind),
    "fate": [fate for fate in get_args(Fate) if fate != "unsure"],
}
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the file is read, in bytes and in lines, and the lines on the way whose time had not come: where each
    begins, and its number.
    """

    file: str
    offset: int = 0
    lines: int = 0
    later: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, cursor: Cursor | None, file: str, size: int) -> "_Place":
        """From the start again if the file is another one, or shorter than what was read."""
        written: dict[str, Any] = json.loads(cursor) if cursor else {"file": "", "offset": 0}
        if written["file"] != file or written["offset"] > size:
            return cls(file)
        return cls(file, written["offset"], written["lines"], tuple((at, number) for at, number in written["later"]))

    def write(self) -> Cursor:
        return Cursor(json.dumps({"file": self.file, "offset": self.offset, "lines": self.lines, "later": self.later}))


class Archive:
    """Gives the lines of a source (or of no source) as their time comes, so a recorded day can be lived again.

    Lines may stand in any order: the cursor keeps the place of up to 1000 that lie ahead and does not read further
    until some of them are due. Lines added to the end are found; a file that became shorter is read anew.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """Raises FetchError for a line that is no post, naming file and line; it has to be mended by hand."""
        return await asyncio.to_thread(self._fetch, source, cursor, now)

    async def resolve(self, source: Source, now: datetime) -> Account:
        path = self._folder / source.address
        own = [post for post in await asyncio.to_thread(list, posts(path)) if post.source in ("", source.id)]
        days = sorted(post.published_at for post in own)
        note = f"{len(own)} posts" + (f", {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" if days else "")
        return Account(path.name, note=note)

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """A file does not tell."""
        return {post.external_id: "unsure" for post in posts}

    async def history(
        self, source: Source, since: datetime, now: datetime, cursor: Cursor | None = None
    ) -> AsyncIterator[Fetched]:
        """The posts of the source from `since` until now, in the file's order, some hundreds at a time; always from the
        first one on.
        """
        path = self._folder / source.address
        own = (
            post for post in posts(path, source.id) if post.source == source.id and since <= post.published_at <= now
        )
        while batch := await asyncio.to_thread(lambda: tuple(islice(own, _AT_ONCE))):
            yield Fetched(batch, Cursor("{}"), title=path.name)

    def _fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        path = self._folder / source.address
        due: list[Post] = []
        later: list[tuple[int, int]] = []
        with opened(path) as file:
            place = _Place.read(cursor, source.address, path.stat().st_size)

            def look(offset: int, number: int, raw: bytes) -> None:
                post = of_line(raw, path, number, source.id)
                if isinstance(post, Gap) or post.source != source.id:
                    return
                if post.published_at > now:
                    later.append((offset, number))
                else:
                    due.append(post)

            for offset, number in place.later:
                file.seek(offset)
                look(offset, number, file.readline())
            offset, number = place.offset, place.lines
            file.seek(offset)
            while len(later) < _AHEAD and (raw := file.readline()) and _is_whole(raw):
                number += 1
                if raw.strip():
                    look(offset, number, raw)
                offset += len(raw)
        place = _Place(source.address, offset, number, tuple(later))
        return Fetched(tuple(due), place.write(), title=path.name)


def posts(path: Path, source: str = "") -> Iterator[Post]:
    """Every post of a file, in its order, one at a time; `source` is for lines that name none. Raises FetchError."""
    with opened(path) as file:
        for number, raw in enumerate(file, 1):
            if raw.strip() and isinstance(post := of_line(raw, path, number, source), Post):
                yield post


def line(post: Post) -> str:
    """The post as one line, without its line end; read back, it gives the same line again."""
    written = {key: _written(getattr(post, key)) for key in _ORDER}
    said = {key: value for key, value in written.items() if key in _REQUIRED or (value and value != _UNTOLD.get(key))}
    return json.dumps(said, ensure_ascii=False)


def line_of_gap(gap: Gap) -> str:
    written = {key: _written(getattr(gap, key)) for key in ("source", "since", "until", "reason")}
    return json.dumps({"gap": {key: value for key, value in written.items() if value}}, ensure_ascii=False)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Version):
        earlier = {key: _written(getattr(value, key)) for key in ("seen_at", "text", "sha256")}
        return {key: known for key, known in earlier.items() if known or key == "text"}
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    return clean(value) if isinstance(value, str) else value


def opened(path: Path) -> BinaryIO:
    """Raises FetchError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise FetchError(f"{path}: {error.strerror}", permanent=True) from error


def _is_whole(raw: bytes) -> bool:
    """A last line without its end may be one that is being written; it is whole if it is JSON."""
    if raw.endswith(b"\n"):
        return True
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def of_line(raw: bytes, path: Path, number: int, source: str) -> Post | Gap:
    """`source` is for a line that names none. Raises FetchError that names file and line."""
    try:
        written = json.loads(raw)
        if isinstance(written, dict) and "gap" in written:
            return _gap(written["gap"])
        return _post(written, source)
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{path}, line {number}: {error}", permanent=True) from error


def _post(written: Any, source: str) -> Post:
    """Raises ValueError that says what is wrong."""
    texts, times = _read(written, _TEXTS, _TIMES, _REQUIRED)
    for key, words in _WORDS.items():
        if texts.get(key, words[0]) not in words:
            raise ValueError(f"{key} {texts[key]!r} is none of {', '.join(words)}")
    if not texts["external_id"]:
        raise ValueError("external_id is empty")
    media, versions = written.get("media", []), written.get("versions", [])
    if not isinstance(media, list) or not isinstance(versions, list):
        raise ValueError(f"{'versions' if isinstance(media, list) else 'media'} is not a list")
    return Post(
        **{"url": "", **texts, **times, "source": texts.get("source") or source},
        media=tuple(_text("media", kind) for kind in media),
        late=written.get("late") is True,
        versions=tuple(_version(version) for version in versions),
    )


def _version(written: Any) -> Version:
    texts, times = _read(written, ("text", "sha256"), ("seen_at",), ("text", "seen_at"))
    return Version(**texts, **times)


def _gap(written: Any) -> Gap:
    texts, times = _read(written, ("source", "reason"), ("since", "until"), ("since",))
    return Gap(texts.get("source", ""), times["since"], times.get("until"), texts.get("reason", ""))


def _read(
    written: Any, texts: Sequence[str], times: Sequence[str], required: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the texts and of the times that are there."""
    if not isinstance(written, dict):
        raise ValueError("expected a JSON object")
    missing = [key for key in required if key not in written]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    found = {key: _text(key, written[key]) for key in texts if key in written}
    if not _SHA256.fullmatch(found.get("sha256") or "0" * 64):
        raise ValueError("sha256 is none")
    return found, {key: _time(key, written[key]) for key in times if key in written}


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is not text")
    return clean(value)


def _time(key: str, value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError("no offset")
        return found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{key} {value!r} is not a time like 2022-03-14T17:42:00+02:00") from error
