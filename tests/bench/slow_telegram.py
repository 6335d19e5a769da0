"""A Telegram that takes every message after a fixed time: `python -m tests.bench.slow_telegram 0.03`.

`GET /count` tells how many messages it took, `GET /times` when each came (seconds, its own clock) and to which chat.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial

from tests import bare_http

ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
CHAT = re.compile(rb"chat_id\"?[:=] *\"?(-?\d+)")


class Telegram:
    """What was taken so far."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.taken: list[tuple[float, int]] = []


class Connection(bare_http.Connection):
    """Its requests are answered in their order, each after the same time."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    def called(self, path: str, body: bytes) -> None:
        if path == "/count":
            self.write(json.dumps(len(self.telegram.taken)).encode())
        elif path == "/times":
            self.write(json.dumps(self.telegram.taken).encode())
        elif path.endswith("/getMe"):
            self.write(json.dumps({"ok": True, "result": ME}).encode())
        elif chat := CHAT.search(body):
            self.telegram.taken.append((time.monotonic(), int(chat[1])))
            sent = b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%b,"type":"private"}}}'
            filled = sent % (len(self.telegram.taken), chat[1])
            if self.telegram.latency:
                asyncio.get_running_loop().call_later(self.telegram.latency, partial(self.write, filled))
            else:
                self.write(filled)
        else:
            self.write(b'{"ok":true,"result":[]}')


if __name__ == "__main__":
    slow = Telegram(float(sys.argv[1]))
    asyncio.run(bare_http.serve(lambda: Connection(slow)))
