"""The X API v2 as far as it is needed, in X's old vocabulary and in its new one, with its limits and its bill."""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

LONGEST = 280
LONGEST_QUERY = 512
WINDOW = 900
PRICES = {"post": 5_000, "user": 10_000}
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

    `reply`, `quote` and `repost` are {"id", "text", "author"} of another's post. `media` lists kinds, `poll` what may
    be chosen. Addresses in the text become t.co's, as X makes them. `withheld` is X's object of that name.
    `before` is what an edit changed.
    """

    history: tuple[int, ...]
    date: datetime
    text: str = ""
    language: str = "en"
    media: tuple[str, ...] = ()
    reply: Mapping[str, Any] = field(default_factory=dict)
    quote: Mapping[str, Any] = field(default_factory=dict)
    repost: Mapping[str, Any] = field(default_factory=dict)
    poll: tuple[str, ...] = ()
    withheld: Mapping[str, Any] = field(default_factory=dict)
    before: "Version | None" = None

    def as_of(self, id: int) -> "Version | None":
        """Which of its versions stood when that id was given."""
        version: Version | None = self
        while version and version.id > id:
            version = version.before
        return version

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
        free = max(self.id_at(date or datetime.now(UTC)), newest + 1)
        id = int(what.pop("id", free))
        if what.pop("delete", False):
            del self.posts[id]
            return id
        what = {key: tuple(value) if key in ("media", "poll") else value for key, value in what.items()}
        known = self.posts.get(id)
        if known:
            what |= {"history": (*known.history, free), "date": date or time_of(free), "before": known}
            self.posts[id] = replace(known, **what)
        else:
            self.posts[id] = Version((id,), date or time_of(id), **what)
        return id

    def id_at(self, date: datetime) -> int:
        """No two people post under the same id at the same moment."""
        return id_at(date) + self.number % (1 << 20)


def id_at(date: datetime) -> int:
    return (int(date.timestamp() * 1000) - _EPOCH_MS) << 22


def time_of(id: int) -> datetime:
    return datetime.fromtimestamp(((id >> 22) + _EPOCH_MS) / 1000, UTC)


class Api:
    """The calls. Every request needs a bearer token; any will do.

    `limits` are requests a window by endpoint; `clock` says when it is; `billed` holds what was returned, by day and
    kind, while it `bills`. A search knows nothing that is younger than `lag`.
    """

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.people = people
        self.bills = True
        self.limits = {"timelines": 10_000, "search": 450, "posts": 3_500, "users": 300, "usage": 50}
        self.miscounted = 0
        self.lag = timedelta(0)
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.billed: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.calls: Counter[tuple[str, int]] = Counter()

    def cost(self, day: str = "") -> int:
        """What was billed that day, or that month, or ever, in millionths of a dollar."""
        return sum(PRICES[kind] * len(ids) for (at, kind), ids in self.billed.items() if at.startswith(day))

    def timeline(self, number: str, query: Mapping[str, str]) -> web.Response:
        person = next((one for one in self.people.values() if str(one.number) == number), None)
        if person is None or person.state != "ok":
            return self._answer("timelines", {"errors": [problem(person, "id", number)]}, query)
        size = int(query.get("max_results", 10))
        if not 5 <= size <= 100:
            words = f"The `max_results` query parameter value [{size}] is not between 5 and 100"
            return self._answer("timelines", _invalid(words, "max_results", str(size)), query, 400)
        since, until = int(query.get("since_id", 0)), int(query.get("until_id", 1 << 63))
        found = [(person, version) for version in person.posts.values() if since < version.id < until]
        return self._answer("timelines", _page(found, query, "pagination_token", size), query)

    def search(self, query: Mapping[str, str]) -> web.Response:
        """`from:` joined by OR; reposts are not found, nor what is older than seven days."""
        wrong = self._wrong_search(query)
        if wrong is not None:
            return self._answer("search", wrong, query, 400)
        since = max(int(query.get("since_id", 0)), id_at(self.clock() - timedelta(days=7)))
        names = [word.removeprefix("from:").lower() for word in query["query"].strip("()").split(" OR ")]
        people = [self.people[name] for name in names if name in self.people and self.people[name].state == "ok"]
        known = id_at(self.clock() - self.lag) if self.lag else 1 << 63
        found = [
            (person, version)
            for person in people
            for newest in person.posts.values()
            if (version := newest.as_of(known)) and version.id > since and not version.repost
        ]
        return self._answer("search", _page(found, query, "next_token", int(query.get("max_results", 10))), query)

    def _wrong_search(self, query: Mapping[str, str]) -> dict[str, Any] | None:
        oldest = self.clock() - timedelta(days=7)
        since = query.get("since_id", "")
        if len(query["query"]) > LONGEST_QUERY:
            words = f"Rules must be no longer than {LONGEST_QUERY} characters"
            return _invalid(words, "query", query["query"])
        if since and ("start_time" in query or "end_time" in query):
            return _invalid("'since_id' cannot be used with 'start_time' or 'end_time'", "since_id", since)
        if since and time_of(int(since)) < oldest:
            limit = f"'since_id' must be a tweet id created after {oldest:%Y-%m-%dT%H:%MZ}. "
            return _invalid(f"{limit}Please use a 'since_id' that is larger than {id_at(oldest)}", "since_id", since)
        return None

    def lookup(self, query: Mapping[str, str]) -> web.Response:
        """Posts by id: those that are gone or hidden stand among the errors, the answer is 200."""
        wanted = query.get("ids", "").split(",")
        known = {
            str(id): (person, version)
            for person in self.people.values()
            for version in person.posts.values()
            for id in version.history
        }
        shown = {id: known[id] for id in wanted if id in known and known[id][0].state == "ok"}
        data = [{**_posts([one])["data"][0], "id": id} for id, one in shown.items()]
        errors = [_gone(id, hidden=id in known) for id in wanted if id not in shown]
        return self._answer("posts", ({"data": data} if data else {}) | ({"errors": errors} if errors else {}), query)

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
        return self._answer("users", body | ({"errors": errors} if errors else {}), query, kind="user")

    def usage(self, query: Mapping[str, str]) -> web.Response:
        """The posts of each day, as `billed` has them, but for today's and those that are `miscounted`."""
        today = self.clock().date()
        days = [today - timedelta(days=back) for back in range(int(query.get("days", 7)))]
        counted = [
            {"date": f"{day}T00:00:00.000Z", "usage": str(len(self.billed[str(day), "post"]) + self.miscounted)}
            for day in days
            if self.billed[str(day), "post"] or self.miscounted
        ]
        body = {"data": {"daily_project_usage": {"project_id": "1", "usage": counted}}} if counted else {"data": {}}
        return self._answer("usage", body, query, kind="nothing")

    def refuse(self) -> web.Response:
        body = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
        return web.json_response(body, status=401)

    def _answer(
        self, endpoint: str, body: Mapping[str, Any], query: Mapping[str, str], status: int = 200, kind: str = "post"
    ) -> web.Response:
        now = int(self.clock().timestamp())
        window = now // WINDOW
        self.calls[endpoint, window] += 1
        remaining = self.limits[endpoint] - self.calls[endpoint, window]
        if remaining < 0:
            body, status = {"title": "Too Many Requests", "type": "about:blank", "status": 429, "detail": "…"}, 429
        if status == 200 and self.bills and kind in PRICES:
            self._bill(body, kind)
        headers = {
            "x-rate-limit-limit": str(self.limits[endpoint]),
            "x-rate-limit-remaining": str(max(remaining, 0)),
            "x-rate-limit-reset": str((window + 1) * WINDOW),
        }
        return web.json_response(_reworded(body) if "post.fields" in query else body, status=status, headers=headers)

    def _bill(self, body: Mapping[str, Any], kind: str) -> None:
        """Each post and user that is returned, once a day; those that come along too."""
        day = self.clock().date().isoformat()
        data = body.get("data", [])
        self.billed[day, kind] |= {item["id"] for item in (data if isinstance(data, list) else [data])}
        self.billed[day, "post"] |= {item["id"] for item in body.get("includes", {}).get("tweets", [])}


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


def _gone(id: str, *, hidden: bool) -> dict[str, Any]:
    if not hidden:
        return _error("tweet", "ids", id, f"Could not find tweet with ids: [{id}].")
    error = _error("tweet", "ids", id, f"Sorry, you are not authorized to see the Tweet with ids: [{id}].")
    return error | {"title": "Authorization Error", "type": f"{_PROBLEMS}/not-authorized-for-resource"}


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


def _page(found: list[tuple[Person, Version]], query: Mapping[str, str], token: str, size: int) -> dict[str, Any]:
    begin = int(query.get(token, "page0").removeprefix("page"))
    newest_first = sorted(found, key=lambda one: -one[1].id)
    shown = newest_first[begin : begin + size]
    meta: dict[str, Any] = {"result_count": len(shown)}
    if not shown:
        return {"meta": meta}
    meta |= {"newest_id": str(shown[0][1].id), "oldest_id": str(shown[-1][1].id)}
    if begin + size < len(found):
        meta["next_token"] = f"page{begin + size}"
    return {**_posts(shown), "meta": meta}


def _posts(shown: list[tuple[Person, Version]]) -> dict[str, Any]:
    data, others, media, polls = [], {}, {}, {}
    for person, version in shown:
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
        if version.poll:
            item.setdefault("attachments", {})["poll_ids"] = [str(version.id)]
            options = [{"position": number, "label": label, "votes": 0} for number, label in enumerate(version.poll, 1)]
            polls[version.id] = {"id": str(version.id), "options": options}
        data.append(item)
    includes = (("tweets", others), ("media", media), ("polls", polls))
    came_along = {name: list(found.values()) for name, found in includes if found}
    return {"data": data} | ({"includes": came_along} if came_along else {})


def _item(person: Person, version: Version) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": str(version.id),
        "author_id": str(person.number),
        "created_at": _written(version.date),
        "edit_history_tweet_ids": [str(id) for id in version.history],
        "lang": version.language,
    }
    if version.withheld:
        item["withheld"] = dict(version.withheld)
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
