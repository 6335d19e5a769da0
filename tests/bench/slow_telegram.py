"""A Telegram that takes every message after a fixed time: `python -m tests.bench.slow_telegram 0.03`.

It speaks just enough HTTP on bare sockets, at a tenth of what a server with a framework costs, so that the sender is
what is measured. `GET /count` tells how many messages it took, `GET /times` when each came (seconds, its own clock)
and to which chat.
"""

import asyncio
import json
import re
import socket
import sys
import time
from functools import partial

ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CHAT = re.compile(rb"chat_id\"?[:=] *\"?(-?\d+)")


class Telegram:
    """What was taken so far."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.taken: list[tuple[float, int]] = []


class Connection(asyncio.Protocol):
    """One connection; its requests are answered in their order, each after the same time."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.later = asyncio.get_running_loop().call_later

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            head, body, self.buffer = self.buffer[:end], self.buffer[end + 4 : whole], self.buffer[whole:]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/count":
            self.write(json.dumps(len(self.telegram.taken)).encode())
        elif path == b"/times":
            self.write(json.dumps(self.telegram.taken).encode())
        elif path.endswith(b"/getMe"):
            self.write(json.dumps({"ok": True, "result": ME}).encode())
        elif chat := CHAT.search(body):
            self.telegram.taken.append((time.monotonic(), int(chat[1])))
            sent = b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%b,"type":"private"}}}'
            filled = sent % (len(self.telegram.taken), chat[1])
            if self.telegram.latency:
                self.later(self.telegram.latency, partial(self.write, filled))
            else:
                self.write(filled)
        else:
            self.write(b'{"ok":true,"result":[]}')

    def write(self, body: bytes) -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)


async def serve(latency: float) -> None:
    telegram = Telegram(latency)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print("listening", listener.getsockname()[1], flush=True)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(telegram), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
