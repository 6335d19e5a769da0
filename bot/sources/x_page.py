"""What an answer of the X API v2 says: a pure reader of pages of posts, of look-ups, and of what was billed.

X renames its vocabulary from tweet to post; both are read, mixed as they come. Ids are 64-bit: text on the wire,
compared as numbers. Anything that is not of the shape it should have is passed over, never believed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from bot.budget import Used
from bot.errors import FetchError
from bot.models import Fate, Post, PostKind, Source
from bot.sources.plain import LONGEST_ADDRESS, clean

Json = Mapping[str, Any]

Vocabulary = Literal["tweet", "post"]
"""How X's fields are named: its old words or its new ones."""

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
_EVERYWHERE = {"XX", "XY"}


@dataclass(frozen=True, slots=True)
class Page:
    """`newest` and `oldest` are the highest and the lowest id on the page, 0 if it is empty. `next_token` is empty on
    the last page.
    """

    posts: tuple[Post, ...]
    newest: int
    oldest: int
    next_token: str


def read(body: Json, source: Source, *, country: str = "", above: int = 0) -> Page:
    """A page of an account's timeline. Posts that are withheld (see `_is_withheld`) are left out, and those that do not
    lie `above` an id.

    Raises FetchError if the account cannot be read (deleted, suspended, protected), or if this is no timeline.
    """
    items = _objects(body.get("data"))
    meta = _object(body.get("meta"))
    if not items:
        refuse_account(body)
        _refuse_unless_empty(meta)
    wanted = [item for item in items if not 0 < _id(item) <= above and not _is_withheld(item, country)]
    posts = _posts(wanted, body, source)
    if wanted and not posts:
        raise FetchError("X answers with posts that cannot be understood")
    ids = [id for item in items if (id := _id(item))]
    return Page(posts, max(ids, default=0), min(ids, default=0), next_token(body))


def part(body: Json, source: Source, account_id: str, *, country: str = "") -> tuple[Post, ...]:
    """What a page of a search over many accounts holds of one."""
    items = [item for item in _objects(body.get("data")) if item.get("author_id") == account_id]
    return _posts([item for item in items if not _is_withheld(item, country)], body, source)


def next_token(body: Json) -> str:
    """Where a page of a search or of a timeline goes on; empty on the last one.

    Raises FetchError if the page is neither one nor empty.
    """
    meta = _object(body.get("meta"))
    if not _list(body.get("data")):
        _refuse_unless_empty(meta)
    return _string(meta.get("next_token"))


def _refuse_unless_empty(meta: Json) -> None:
    if meta.get("result_count") != 0:
        raise FetchError("X answers with neither posts nor a reason; not believed")


def _posts(items: Iterable[Json], body: Json, source: Source) -> tuple[Post, ...]:
    """An edit in place of what it changed, should both stand there: the later one comes first."""
    included = _Included(_object(body.get("includes")))
    posts: dict[str, Post] = {}
    for item in items:
        if post := _post(item, included, source):
            posts.setdefault(post.external_id, post)
    return tuple(posts.values())


def _is_withheld(item: Json, country: str) -> bool:
    """Whether a post must not be shown: withheld everywhere, or in that country, or anywhere if none is named."""
    withheld = _object(item.get("withheld"))
    if not withheld:
        return False
    countries = {_string(code).upper() for code in _list(withheld.get("country_codes"))}
    return not country or withheld.get("copyright") is True or bool(countries & {country.upper(), *_EVERYWHERE})


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


# --- what was billed


def used(body: Json, kind: Literal["post", "user"]) -> Used:
    """The posts and users that an answer holds, those that came along included; its data are of that kind."""
    data = body.get("data")
    main = _ids([data] if isinstance(data, dict) else _objects(data))
    includes = _object(body.get("includes"))
    posts = _ids(_either_list(includes, "tweets", "posts"))
    users = _ids(_objects(includes.get("users")))
    return Used(posts | main, users) if kind == "post" else Used(posts, users | main)


def _ids(items: Iterable[Json]) -> frozenset[str]:
    return frozenset(id for item in items if (id := _string(item.get("id"))))


def usage(body: Json) -> dict[date, int]:
    """How many posts X has counted on each day (of UTC) that it speaks of; the largest, where a day stands twice.

    Raises FetchError if it speaks of none.
    """
    project = _object(_object(body.get("data")).get("daily_project_usage"))
    counted: dict[date, int] = {}
    for one in _objects(project.get("usage")):
        day, written = _time(one.get("date")), str(one.get("usage"))
        if day is not None and _ID.fullmatch(written):
            counted[day.date()] = max(counted.get(day.date(), 0), int(written))
    if not counted:
        raise FetchError("X does not say what it has counted")
    return counted


# --- what became of posts

Seen = Literal["hidden"] | Fate
"""hidden: it is there, and we may not see it; why, only its account can tell."""


def fates(body: Json, ids: Iterable[str], *, country: str = "") -> dict[str, Seen]:
    """What a look-up says of each of these posts. One that is missing without a word is "unsure", never "deleted"."""
    found: dict[str, Seen] = dict.fromkeys(ids, "unsure")
    for error in _objects(body.get("errors")):
        id = _string(error.get("resource_id")) or _string(error.get("value"))
        if id in found:
            found[id] = _fate(error)
    for item in _objects(body.get("data")):
        if (id := _string(item.get("id"))) in found:
            found[id] = "withheld" if _is_withheld(item, country) else "stands"
    return found


def _fate(error: Json) -> Seen:
    """The words are read before the problem: that of a suspended account is "not found"."""
    problem = problem_of(error)
    if "suspended" in _string(error.get("detail")):
        return "suspended"
    if problem == "not-authorized-for-resource":
        return "hidden"
    return "deleted" if problem == "resource-not-found" else "unsure"


def fate_of_account(body: Json) -> Fate:
    """Why posts of an account cannot be seen, as a look-up of it says; "unsure" if it can be seen."""
    for error in _objects(body.get("errors")):
        if "suspended" in _string(error.get("detail")):
            return "suspended"
    return "protected" if _object(body.get("data")).get("protected") is True else "unsure"


# --- one post


class _Included:
    """What came along with the posts, by id."""

    def __init__(self, includes: Json) -> None:
        self.posts = {_string(item.get("id")): item for item in _either_list(includes, "tweets", "posts")}
        self.media = {_string(item.get("media_key")): item for item in _objects(includes.get("media"))}
        self.polls = {_string(item.get("id")): item for item in _objects(includes.get("polls"))}


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
    shown = other if kind == "repost" and other else item
    return Post(
        source=source.id,
        external_id=str(first),
        url=f"https://x.com/{source.address.removeprefix('@')}/status/{id}",
        published_at=time_of(first) if edited and first > _FIRST_DATED_ID else created_at,
        text="\n".join(filter(None, [words, *_options(shown, included)])),
        language=_language(item),
        kind=kind,
        media=_media(shown, included),
        pictures=_pictures(shown, included),
        quoted=_words(other) if other and kind in ("quote", "reply") else "",
        author=author,
        edited_at=created_at if edited else None,
    )


def version_of(post: Post) -> int:
    """The id of the version that was read: its address has it."""
    return int(post.url.rpartition("/")[2])


def time_of(id: int) -> datetime:
    """When a post was made, to the millisecond: its id says so."""
    return datetime.fromtimestamp(((id >> _ID_SHIFT) + _EPOCH_MS) / 1000, UTC)


def id_at(moment: datetime) -> int:
    """The lowest id that a post of that moment could have."""
    return max(int(moment.timestamp() * 1000) - _EPOCH_MS, 0) << _ID_SHIFT


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


def _pictures(item: Json, included: _Included) -> tuple[str, ...]:
    """The addresses of its photos."""
    keys = [_string(key) for key in _list(_object(item.get("attachments")).get("media_keys"))]
    attached = [included.media[key] for key in keys if key in included.media]
    found = [_string(one.get("url")) for one in attached if one.get("type") == "photo"]
    return tuple(url for url in found if url.startswith("https://") and len(url) <= LONGEST_ADDRESS)


def _options(item: Json, included: _Included) -> Iterator[str]:
    """What may be chosen in polls, a line each; how many chose it changes by the minute and is left out."""
    for key in _list(_object(item.get("attachments")).get("poll_ids")):
        for option in _objects(included.polls.get(_string(key), {}).get("options")):
            if label := clean(_string(option.get("label"))):
                yield f"• {label}"


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
