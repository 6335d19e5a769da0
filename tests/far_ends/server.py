"""The server behind all far ends, its controls and its faults."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict

from aiohttp import web

from tests.far_ends import feeds, previews, x, x_contract


@dataclass
class Fault:
    """What goes wrong with requests whose path begins with `path`: `skip` so many first, then `times` (-1: always).

    The answer comes `seconds` late. `status`, `body` and `headers` replace those of the true one; `cut` leaves so many
    bytes of its body, or such a share of them, as if they were all. `drop` breaks the connection: before the answer,
    or, with `cut`, in its middle.
    """

    path: str = "/"
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    status: int = 0
    body: str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | float | None = None
    drop: bool = False


class Request(TypedDict):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int


class FarEnds:
    """Everything that stands at the far ends, and a record of what was asked.

    `watch` is called with each request, its true answer and what goes wrong with it, before that is sent.
    """

    def __init__(self) -> None:
        self.channels: dict[str, previews.Channel] = {}
        self.wires: dict[str, feeds.Wire] = {}
        self.people: dict[str, x.Person] = {}
        self.api = x.Api(self.people)
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.mistakes: list[str] = []
        self.watch: Callable[[web.Request, web.Response, Fault], None] = lambda request, true, fault: None

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._watched])
        app.router.add_routes(
            [
                web.post("/__post", self._post),
                web.post("/__account", self._tell),
                web.post("/__fault", self._fault),
                web.delete("/__fault", self._forget_faults),
                web.get("/__requests", self._asked),
                web.get("/__mistakes", self._mistaken),
                web.delete("/__requests", self._forget_requests),
                web.get("/feed/{name}", self._feed),
                web.get("/2/users/by", self._users),
                web.get("/2/users/by/username/{name}", self._user),
                web.get("/2/users/{number}", self._numbered_user),
                web.get("/2/users/{number}/tweets", self._timeline),
                web.get("/2/tweets/search/recent", self._search),
                web.get("/2/tweets", self._lookup),
                web.get("/2/usage/tweets", self._usage),
                web.get("/s/{name}", self._preview),
                web.get("/{name}", self._plain),
                web.get("/{name}/{id:[0-9]+}", self._embed),
            ]
        )
        return app

    # --- what is true

    def channel(self, name: str) -> previews.Channel:
        return self.channels.setdefault(name.lower(), previews.Channel(name))

    def wire(self, name: str) -> feeds.Wire:
        return self.wires.setdefault(name, feeds.Wire(name))

    def person(self, name: str) -> x.Person:
        return self.people.setdefault(name.lower(), x.Person(name))

    def account(self, kind: str, name: str) -> previews.Channel | feeds.Wire | x.Person:
        match kind:
            case "telegram":
                return self.channel(name)
            case "feed":
                return self.wire(name)
            case "x":
                return self.person(name)
        raise web.HTTPBadRequest(text=f"kind {kind!r} is none of telegram, feed, x")

    def post(self, what: dict[str, Any]) -> int | str:
        what = dict(what)
        return self.account(what.pop("kind"), what.pop("name")).post(what)

    def tell(self, facts: dict[str, Any]) -> None:
        facts = dict(facts)
        account = self.account(facts.pop("kind"), facts.pop("name"))
        for key, value in facts.items():
            if not hasattr(account, key):
                raise web.HTTPBadRequest(text=f"an account has no {key!r}")
            setattr(account, key, value)

    def fault(self, details: dict[str, Any]) -> None:
        self.faults.append(Fault(**details))

    # --- controls over HTTP

    async def _post(self, request: web.Request) -> web.Response:
        return web.json_response({"id": self.post(await request.json())})

    async def _tell(self, request: web.Request) -> web.Response:
        self.tell(await request.json())
        return web.json_response({})

    async def _fault(self, request: web.Request) -> web.Response:
        self.fault(await request.json())
        return web.json_response({})

    async def _forget_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({})

    async def _asked(self, request: web.Request) -> web.Response:
        path = request.query.get("path", "/")
        return web.json_response([asked for asked in self.requests if asked["path"].startswith(path)])

    async def _mistaken(self, request: web.Request) -> web.Response:
        return web.json_response(self.mistakes)

    async def _forget_requests(self, request: web.Request) -> web.Response:
        self.requests.clear()
        return web.json_response({})

    # --- the far ends

    async def _preview(self, request: web.Request) -> web.Response:
        return previews.preview(self.channel(request.match_info["name"]), request.query)

    async def _plain(self, request: web.Request) -> web.Response:
        return previews.plain(self.channel(request.match_info["name"]))

    async def _embed(self, request: web.Request) -> web.Response:
        return previews.embed(self.channel(request.match_info["name"]), int(request.match_info["id"]))

    async def _feed(self, request: web.Request) -> web.Response:
        return feeds.answer(self.wire(request.match_info["name"]), request.headers)

    async def _timeline(self, request: web.Request) -> web.Response:
        return self.api.timeline(request.match_info["number"], request.query)

    async def _search(self, request: web.Request) -> web.Response:
        return self.api.search(request.query)

    async def _lookup(self, request: web.Request) -> web.Response:
        return self.api.lookup(request.query)

    async def _usage(self, request: web.Request) -> web.Response:
        return self.api.usage(request.query)

    async def _user(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return self.api.users([(name, self.person(name))], request.query, one=True)

    async def _numbered_user(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        person = next((one for one in self.people.values() if str(one.number) == number), x.Person("", state="absent"))
        return self.api.users([(number, person)], request.query, one=True)

    async def _users(self, request: web.Request) -> web.Response:
        names = request.query["usernames"].split(",")
        return self.api.users([(name, self.person(name)) for name in names], request.query, one=False)

    # --- every request passes here

    @web.middleware
    async def _watched(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/__"):
            answer: web.StreamResponse = await handler(request)
            return answer
        asked: Request = {
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "headers": dict(request.headers),
            "status": 0,
        }
        self.requests.append(asked)
        fault = self._next_fault(request.path)
        self.api.bills = fault.status in (0, 200)
        true = await self._true_answer(request, handler)
        self.watch(request, true, fault)
        await asyncio.sleep(fault.seconds)
        if fault.drop and fault.cut is None and request.transport:
            request.transport.close()
        asked["status"] = fault.status or true.status
        return await _spoiled(request, true, fault)

    async def _true_answer(self, request: web.Request, handler: Any) -> web.Response:
        if request.path.startswith("/2/") and not request.headers.get("Authorization", "").startswith("Bearer "):
            return self.api.refuse()
        if mistakes := x_contract.mistakes(request.method, request.path, request.query):
            self.mistakes += [f"{request.path_qs}: {mistake}" for mistake in mistakes]
            return web.json_response({"title": "Invalid Request", "detail": "; ".join(mistakes)}, status=400)
        try:
            answer: web.Response = await handler(request)
        except web.HTTPNotFound:
            return web.Response(status=404)
        return answer

    def _next_fault(self, path: str) -> Fault:
        for fault in self.faults:
            if not path.startswith(fault.path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times == 0:
                self.faults.remove(fault)
            return fault
        return Fault()


async def _spoiled(request: web.Request, true: web.Response, fault: Fault) -> web.StreamResponse:
    whole = true.body if isinstance(true.body, bytes) else b""
    body = whole if fault.body is None else fault.body.encode() if isinstance(fault.body, str) else fault.body
    kept = int(len(body) * fault.cut) if isinstance(fault.cut, float) else fault.cut
    headers = {name: value for name, value in true.headers.items() if name not in ("Content-Length", "Content-Type")}
    kind = {"Content-Type": true.headers["Content-Type"]} if "Content-Type" in true.headers else {}
    headers |= kind | fault.headers
    if fault.drop and fault.cut is not None:
        broken = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
        await broken.prepare(request)
        await broken.write(body[:kept])
        if request.transport:
            request.transport.close()
        return broken
    return web.Response(body=body[:kept], status=fault.status or true.status, headers=headers)
