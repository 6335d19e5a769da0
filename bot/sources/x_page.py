"""What an answer of the X API v2 says: a pure reader of one page of a timeline.

X renames its vocabulary from tweet to post; both are read, mixed as they come. Ids are 64-bit: text on the wire,
compared as numbers. Anything that is not of the shape it should have is passed over, never believed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.errors import FetchError
from bot.models import Post, PostKind, Source
from bot.sources.plain import clean

Json = Mapping[str, Any]

_ID = re.compile(r"[0-9]{1,19}")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ESCAPED = re.compile("|".join(_ESCAPES))
_REPOST = re.compile(r"RT @(\w{1,15}): ?")
_PICTURE = re.compile(r"pic\.(?:x|twitter)\.com/")
_LANGUAGE = re.compile(r"[a-z]{2}")
_KINDS: tuple[tuple[str, PostKind], ...] = (("retweeted", "repost"), ("quoted", "quote"), ("replied_to", "reply"))
_KINDS_OF_OLD = {"reposted": "retweeted"}
_MEDIA = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_EPOCH_MS, _ID_SHIFT = 1288834974657, 22
_FIRST_DATED_ID = 1 << 40


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`newest` is the highest id on the page, 0 if it is empty. `next_token` is empty on the last page."""

    posts: tuple[Post, ...]
    newest: int
    next_token: str


def read(body: Json, source: Source) -> TimelinePage:
    """Raises FetchError if the account cannot be read (deleted, suspended, protected), or if this is no timeline."""
    items = _objects(body.get("data"))
    meta = _object(body.get("meta"))
    if not items:
        refuse_account(body)
        if meta.get("result_count") != 0:
            raise FetchError("X answers with neither posts nor a reason; not believed")
    included = _Included(_object(body.get("includes")))
    posts = {post.external_id: post for item in items if (post := _post(item, included, source))}
    if items and not posts:
        raise FetchError("X answers with posts that cannot be understood")
    newest = max((id for item in items if (id := _id(item))), default=0)
    token = meta.get("next_token")
    return TimelinePage(tuple(posts.values()), newest, token if isinstance(token, str) else "")


def refuse_account(body: Json) -> None:
    """Raises FetchError if the answer's errors speak of the account itself. Other errors are of single things on the
    page (a quoted post that is gone), and never spoil it.
    """
    for error in _objects(body.get("errors")):
        if error.get("resource_type") == "user" or error.get("parameter") in ("id", "username"):
            problem, detail = problem_of(error), _string(error.get("detail"))
            if "suspended" in detail:
                raise FetchError("X has suspended this account", permanent=True)
            if problem == "not-authorized-for-resource":
                raise FetchError("this account is protected: only its followers may read it", permanent=True)
            raise FetchError(f"X does not know this account: {detail or problem}", permanent=True)


def problem_of(error: Json) -> str:
    """The last part of a problem's address; the parts before it differ between X's vocabularies."""
    return _string(error.get("type")).rpartition("/")[2]


# --- one post


class _Included:
    """What came along with the posts, by id."""

    def __init__(self, includes: Json) -> None:
        self.posts = {_string(item.get("id")): item for item in _either_list(includes, "tweets", "posts")}
        self.media = {_string(item.get("media_key")): item for item in _objects(includes.get("media"))}


def _post(item: Json, included: _Included, source: Source) -> Post | None:
    """None without a usable id or time. An edited post is the one it was first: each edit has an id of its own."""
    id, created_at = _id(item), _time(item.get("created_at"))
    if not id or created_at is None:
        return None
    history = [_string(known) for known in _either_list_of_any(item, "edit_history_tweet_ids", "edit_history_post_ids")]
    first = min((int(known) for known in history if _ID.fullmatch(known)), default=id)
    edited = first != id
    kind, other_id = _kind(item)
    other = included.posts.get(other_id, {})
    words, author = _own_words(item, other, kind)
    return Post(
        source=source.id,
        external_id=str(first),
        url=f"https://x.com/{source.address.removeprefix('@')}/status/{id}",
        published_at=time_of(first) if edited and first > _FIRST_DATED_ID else created_at,
        text=words,
        language=_language(item),
        kind=kind,
        media=_media(other if kind == "repost" and other else item, included),
        quoted=_words(other) if other and kind in ("quote", "reply") else "",
        author=author,
        edited_at=created_at if edited else None,
    )


def time_of(id: int) -> datetime:
    """When a post was made, to the millisecond: its id says so."""
    return datetime.fromtimestamp(((id >> _ID_SHIFT) + _EPOCH_MS) / 1000, UTC)


def _kind(item: Json) -> tuple[PostKind, str]:
    """The kind, and the id of the other post. A repost before a quote before a reply."""
    references = {
        _KINDS_OF_OLD.get(_string(other.get("type")), _string(other.get("type"))): _string(other.get("id"))
        for other in _either_list(item, "referenced_tweets", "referenced_posts")
    }
    for name, kind in _KINDS:
        if name in references:
            return kind, references[name]
    return "post", ""


def _own_words(item: Json, other: Json, kind: PostKind) -> tuple[str, str]:
    """The words and, of a repost, whose they are. A repost's own text is cut; the original has all of it."""
    words = _words(item)
    if kind != "repost":
        return words, ""
    found = _REPOST.match(words)
    author = f"@{found[1]}" if found else ""
    return _words(other) if other else _REPOST.sub("", words, count=1), author


def _words(item: Json) -> str:
    """The full text, as a reader sees it: real addresses for t.co's, none for attached pictures, no escapes."""
    note = _object(item.get("note_tweet") or item.get("note_post"))
    whole = note if _string(note.get("text")) else item
    text = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], _string(whole.get("text")))
    for url in _objects(_object(whole.get("entities")).get("urls")):
        short, real = _string(url.get("url")), _string(url.get("expanded_url"))
        if not short:
            continue
        if url.get("media_key") or _PICTURE.match(_string(url.get("display_url"))):
            text = text.replace(short, "")
        elif real.startswith(("https://", "http://")):
            text = text.replace(short, real)
    title = _string(_object(item.get("article")).get("title"))
    return clean("\n\n".join(filter(None, [title, text.strip()])))


def _media(item: Json, included: _Included) -> tuple[str, ...]:
    attachments = _object(item.get("attachments"))
    keys = [_string(key) for key in _list(attachments.get("media_keys"))]
    kinds = [_MEDIA.get(_string(included.media[key].get("type")), "other") for key in keys if key in included.media]
    return tuple(kinds + ["poll"] * bool(_list(attachments.get("poll_ids"))))


def _language(item: Json) -> str:
    """X's own guess; "und" and its kin are none."""
    found = _string(item.get("lang"))
    return found if _LANGUAGE.fullmatch(found) else ""


def _id(item: Json) -> int:
    found = _string(item.get("id"))
    return int(found) if _ID.fullmatch(found) else 0


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(_string(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


# --- values of unknown shape


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Json]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _either_list_of_any(item: Json, old: str, new: str) -> Iterator[object]:
    yield from _list(item.get(old))
    yield from _list(item.get(new))


def _either_list(item: Json, old: str, new: str) -> list[Json]:
    return [found for found in _either_list_of_any(item, old, new) if isinstance(found, dict)]
