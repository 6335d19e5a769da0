"""LibreTranslate and DeepL as far ends: real HTTP on a free port, answers as the two give them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Service:
    """What was asked, and what is answered: words before what was sent, unless `answer` (status, body) is set."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, bytes] | None = None
    breaks: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = request.headers.get("Authorization", "")
        self.asked.append({"path": request.path, "key": key, **body})
        if self.breaks:
            assert request.transport
            request.transport.abort()
        if self.answer:
            return web.Response(status=self.answer[0], body=self.answer[1])
        if request.path == "/translate":
            return web.json_response({"translatedText": f"[{body['target']}] {body['q']}"})
        text = f"[{body['target_lang']}] {body['text'][0]}"
        return web.json_response({"translations": [{"detected_source_language": "UK", "text": text}]})


@asynccontextmanager
async def serve() -> AsyncIterator[Service]:
    service = Service()
    application = web.Application(client_max_size=1 << 20)
    application.router.add_post("/translate", service.handle)
    application.router.add_post("/v2/translate", service.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()
