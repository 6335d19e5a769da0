"""The X API v2 as far as timelines need it, in X's old vocabulary and in its new one."""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

LONGEST = 280
_EPOCH_MS = 1288834974657
_URL = re.compile(r"https?://\S+")
_PROBLEMS = "https://api.twitter.com/2/problems"
_NEW_WORDS = {
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "tweets": "posts",
}


@dataclass(frozen=True)
class Version:
    """A post as it stands; `history` are the ids that it has had, the present one last.

    `reply`, `quote` and `repost` are {"id", "text", "author"} of another's post. `media` lists kinds. Addresses in the
    text become t.co's, as X makes them.
    """

    history: tuple[int, ...]
    date: datetime
    text: str = ""
    language: str = "en"
    media: tuple[str, ...] = ()
    reply: Mapping[str, Any] = field(default_factory=dict)
    quote: Mapping[str, Any] = field(default_factory=dict)
    repost: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return self.history[-1]


@dataclass
class Person:
    name: str
    title: str = ""
    number: int = 0
    state: str = "ok"
    posts: dict[int, Version] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.title = self.title or self.name
        self.number = self.number or 1_000_000 + zlib.crc32(self.name.lower().encode())

    def post(self, what: dict[str, Any]) -> int:
        """The id's own time is the post's, unless it is said."""
        date = datetime.fromisoformat(what.pop("date")).astimezone(UTC) if "date" in what else None
        newest = max((version.id for version in self.posts.values()), default=0)
        id = int(what.pop("id", max(id_at(date or datetime.now(UTC)), newest + 1)))
        if what.pop("delete", False):
            del self.posts[id]
            return id
        what = {key: tuple(value) if key == "media" else value for key, value in what.items()}
        known = self.posts.get(id)
        if known:
            edit = max(id_at(date or datetime.now(UTC)), newest + 1)
            self.posts[id] = replace(known, history=(*known.history, edit), date=date or time_of(edit), **what)
        else:
            self.posts[id] = Version((id,), date or time_of(id), **what)
        return id


def id_at(date: datetime) -> int:
    return (int(date.timestamp() * 1000) - _EPOCH_MS) << 22


def time_of(id: int) -> datetime:
    return datetime.fromtimestamp(((id >> 22) + _EPOCH_MS) / 1000, UTC)


class Api:
    """The calls. Every request needs a bearer token; any will do."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.people = people
        self.remaining = 10_000

    def timeline(self, number: str, query: Mapping[str, str]) -> web.Response:
        person = next((one for one in self.people.values() if str(one.number) == number), None)
        if person is None or person.state != "ok":
            return self._answer({"errors": [problem(person, "id", number)]}, query)
        size = int(query.get("max_results", 10))
        if not 5 <= size <= 100:
            words = f"The `max_results` query parameter value [{size}] is not between 5 and 100"
            return self._answer(_invalid(words, "max_results", str(size)), query, 400)
        since = int(query.get("since_id", 0))
        begin = int(query.get("pagination_token", "page0").removeprefix("page"))
        newest_first = sorted(person.posts.values(), key=lambda version: -version.id)
        found = [version for version in newest_first if version.id > since]
        shown = found[begin : begin + size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if not shown:
            return self._answer({"meta": meta}, query)
        meta |= {"newest_id": str(shown[0].id), "oldest_id": str(shown[-1].id)}
        if begin + size < len(found):
            meta["next_token"] = f"page{begin + size}"
        return self._answer({**_posts(person, shown), "meta": meta}, query)

    def lookup(self, query: Mapping[str, str]) -> web.Response:
        """Posts by id: those that are gone stand among the errors, the answer is 200."""
        wanted = query.get("ids", "").split(",")
        found = [
            (person, version)
            for person in self.people.values()
            for version in person.posts.values()
            if str(version.id) in wanted and person.state == "ok"
        ]
        data = [item for person, version in found for item in _posts(person, [version])["data"]]
        gone = [id for id in wanted if id not in {str(version.id) for _, version in found}]
        errors = [_error("tweet", "ids", id, f"Could not find tweet with ids: [{id}].") for id in gone]
        return self._answer({"data": data} | {"errors": errors} if data else {"errors": errors}, query)

    def users(self, people: Iterable[tuple[str, Person]], query: Mapping[str, str], one: bool) -> web.Response:
        data, errors = [], []
        for name, person in people:
            if person.state in ("ok", "protected"):
                data.append(
                    {
                        "id": str(person.number),
                        "name": person.title,
                        "username": person.name,
                        "protected": person.state == "protected",
                    }
                )
            else:
                errors.append(problem(person, "username", name))
        body: dict[str, Any] = {"data": data[0] if one else data} if data else {}
        return self._answer(body | ({"errors": errors} if errors else {}), query)

    def refuse(self) -> web.Response:
        body = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
        return self._answer(body, {}, 401)

    def _answer(self, body: Mapping[str, Any], query: Mapping[str, str], status: int = 200) -> web.Response:
        self.remaining -= 1
        headers = {
            "x-rate-limit-limit": "10000",
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 900),
        }
        return web.json_response(_reworded(body) if "post.fields" in query else body, status=status, headers=headers)


def _invalid(message: str, parameter: str, value: str) -> dict[str, Any]:
    return {
        "errors": [{"message": message, "parameters": {parameter: [value]}}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{_PROBLEMS}/invalid-request",
    }


def problem(person: Person | None, parameter: str, value: str) -> dict[str, Any]:
    """Of an account; a suspended one is "not found", and only the detail tells."""
    if person is not None and person.state == "protected":
        error = _error("user", parameter, value, f"Sorry, you are not authorized to see the user with [{value}].")
        return error | {"title": "Authorization Error", "type": f"{_PROBLEMS}/not-authorized-for-resource"}
    if person is not None and person.state == "suspended":
        return _error("user", parameter, value, f"User has been suspended: [{value}].") | {"title": "Forbidden"}
    return _error("user", parameter, value, f"Could not find user with {parameter}: [{value}].")


def _error(resource: str, parameter: str, value: str, detail: str) -> dict[str, Any]:
    return {
        "value": value,
        "detail": detail,
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{_PROBLEMS}/resource-not-found",
    }


def _reworded(value: Any) -> Any:
    if isinstance(value, dict):
        return {_NEW_WORDS.get(key, key): _reworded(inner) for key, inner in value.items()}
    return [_reworded(inner) for inner in value] if isinstance(value, list) else value


# --- posts


def _posts(person: Person, versions: list[Version]) -> dict[str, Any]:
    data, others, media = [], {}, {}
    for version in versions:
        item = _item(person, version)
        for kind, name in (("retweeted", "repost"), ("quoted", "quote"), ("replied_to", "reply")):
            other = getattr(version, name)
            if other:
                item.setdefault("referenced_tweets", []).append({"type": kind, "id": str(other["id"])})
                others[str(other["id"])] = _other(other)
        for number, kind in enumerate(version.media):
            key = f"3_{version.id}{number}"
            item.setdefault("attachments", {}).setdefault("media_keys", []).append(key)
            media[key] = {"media_key": key, "type": kind}
        data.append(item)
    includes = {name: list(found.values()) for name, found in (("tweets", others), ("media", media)) if found}
    return {"data": data} | ({"includes": includes} if includes else {})


def _item(person: Person, version: Version) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": str(version.id),
        "author_id": str(person.number),
        "created_at": _written(version.date),
        "edit_history_tweet_ids": [str(id) for id in version.history],
        "lang": version.language,
    }
    if version.repost:
        item["text"] = _escaped(f"RT @{version.repost.get('author', 'somebody')}: {version.repost['text']}")[:140]
        return item
    return item | _words(version.text)


def _other(other: Mapping[str, Any]) -> dict[str, Any]:
    id = int(other["id"])
    return {"id": str(id), "author_id": "9", "created_at": _written(time_of(id)), "lang": "en"} | _words(other["text"])


def _words(text: str) -> dict[str, Any]:
    """Addresses shortened, `&<>` escaped; beyond 280 characters the whole stands in note_tweet."""
    urls: list[dict[str, Any]] = []

    def shorten(found: re.Match[str]) -> str:
        short = f"https://t.co/{zlib.crc32(found[0].encode()):x}"
        urls.append({"start": found.start(), "end": found.start() + len(short), "url": short, "expanded_url": found[0]})
        return short

    short = _escaped(_URL.sub(shorten, text))
    entities = {"entities": {"urls": urls}} if urls else {}
    if len(short) <= LONGEST:
        return {"text": short, **entities}
    return {"text": short[: LONGEST - 1] + "…", "note_tweet": {"text": short, **entities}}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(date: datetime) -> str:
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{date.microsecond // 1000:03}Z"
