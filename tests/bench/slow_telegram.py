"""A Telegram that takes every message after a fixed time: `python -m tests.bench.slow_telegram 0.03`.

Far simpler than the test server, so that the sender is what is measured. `GET /count` tells how many it took.
"""

import asyncio
import socket
import sys

from aiohttp import web

ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


def application(latency: float) -> web.Application:
    taken = 0

    async def call(request: web.Request) -> web.Response:
        nonlocal taken
        if request.match_info["method"] == "getMe":
            return web.json_response({"ok": True, "result": ME})
        fields = await (request.json() if request.content_type == "application/json" else request.post())
        await asyncio.sleep(latency)
        taken += 1
        chat = {"id": int(str(fields["chat_id"])), "type": "private"}
        return web.json_response({"ok": True, "result": {"message_id": taken, "date": 1, "chat": chat}})

    async def count(_: web.Request) -> web.Response:
        return web.json_response(taken)

    app = web.Application()
    app.add_routes([web.post("/bot{token}/{method}", call), web.get("/count", count)])
    return app


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    web.run_app(application(float(sys.argv[1])), sock=listener, access_log=None, print=None)


if __name__ == "__main__":
    main()
