"""A Telegram that fails: `python -m tests.chaos.faulty_telegram SEED HANGS`.

What goes wrong with a message is drawn from the seed, its chat and its words, so that a run can be repeated; it goes
wrong at the first try only. HANGS is the share of messages that are never answered.

    POST /__storm {"seconds": 1}    every message is answered 429 for so long
    POST /__once {"getUpdates": 401}   the next call of a method is refused in that way
    POST /__facts {"blocked": [7], "moved": {"-5": -1005}}   what has become of chats
    GET  /__taken                   each message that was taken: [at, chat, word, kind of fault, answered, which try]
    GET  /__faults                  how often each kind struck
"""

import asyncio
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from tests import bare_http, judging

ME = {"id": 7, "is_bot": True, "first_name": "Test", "username": "test_bot"}
WORD = re.compile(r"(?:x|telegram|feed)-\d+\.")

FAULTS = {
    "429": 0.02,
    "500": 0.005,
    "500 and taken": 0.005,
    "html": 0.005,
    "html and taken": 0.005,
    "reset": 0.015,
    "reset and taken": 0.015,
    "slow": 0.02,
}
LATENCY = 0.02
REFUSALS = {
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    429: "Too Many Requests: retry after 1",
    500: "Internal Server Error",
}


class Telegram:
    def __init__(self, seed: str, hangs: float) -> None:
        self.seed, self.hangs = seed, hangs
        self.taken: list[list[Any]] = []
        self.tries: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.faults: Counter[str] = Counter()
        self.storm_until = 0.0
        self.once: dict[str, int] = {}
        self.blocked: set[int] = set()
        self.moved: dict[int, int] = {}

    def fault_of(self, chat: int, text: str) -> str:
        if time.monotonic() < self.storm_until:
            return "429"
        self.tries[chat, text] += 1
        if self.tries[chat, text] > 1:
            return ""
        drawn = random.Random(f"{self.seed}:{chat}:{text}").random()
        for kind, share in (*FAULTS.items(), ("hang", self.hangs)):
            if drawn < share:
                return kind
            drawn -= share
        return ""

    def take(self, chat: int, text: str, fault: str) -> list[Any]:
        word = WORD.search(text)
        entry = [time.time(), chat, word[0] if word else text[:30], fault, False, self.tries[chat, text]]
        self.taken.append(entry)
        return entry


class Connection(bare_http.Connection):
    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    def called(self, path: str, body: bytes) -> None:
        fields: dict[str, Any] = json.loads(body or b"{}")
        method = path.rpartition("/")[2]
        judging.call(method, fields)
        if path.startswith("/__"):
            self.control(method, fields)
        elif (code := self.telegram.once.pop(method, 0)) != 0:
            self.refuse(code)
        elif method == "getMe":
            self.answer(ME)
        elif method == "getUpdates":
            self.later(min(float(fields.get("timeout", 0)), 20), self.answer, [])
        elif method == "sendMessage":
            self.send(int(fields["chat_id"]), str(fields["text"]))
        else:
            self.answer(True)

    def control(self, what: str, fields: dict[str, Any]) -> None:
        telegram = self.telegram
        if what == "__taken":
            self.write(json.dumps(telegram.taken).encode())
        elif what == "__faults":
            self.write(json.dumps(telegram.faults).encode())
        else:
            if what == "__storm":
                telegram.storm_until = time.monotonic() + fields["seconds"]
            elif what == "__once":
                telegram.once |= fields
            elif what == "__facts":
                telegram.blocked |= set(fields.get("blocked", ()))
                telegram.moved |= {int(old): new for old, new in fields.get("moved", {}).items()}
            self.write(b"{}")

    def send(self, chat: int, text: str) -> None:
        telegram = self.telegram
        if chat in telegram.blocked:
            self.refuse(403)
            return
        if chat in telegram.moved:
            moved = {"migrate_to_chat_id": telegram.moved[chat]}
            self.refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
            return
        fault = telegram.fault_of(chat, text)
        telegram.faults[fault or "none"] += 1
        if fault == "429":
            self.refuse(429, parameters={"retry_after": 1})
            return
        entry = telegram.take(chat, text, fault) if fault in ("", "slow", "hang") or "taken" in fault else None
        if fault.startswith("500"):
            self.later(LATENCY, self.refuse, 500)
        elif fault.startswith("html"):
            self.later(LATENCY, self.write, b"<html><h1>Bad Gateway</h1></html>", 502, b"text/html")
        elif fault.startswith("reset"):
            self.later(LATENCY, self.transport.abort)
        elif entry is not None and fault != "hang":
            self.later(1.0 if fault == "slow" else LATENCY, self.sent, entry, chat)

    def sent(self, entry: list[Any], chat: int) -> None:
        entry[4] = self.reachable()
        self.answer({"message_id": len(self.telegram.taken), "date": 1, "chat": {"id": chat, "type": "private"}})

    def refuse(self, code: int, words: str = "", parameters: dict[str, Any] | None = None) -> None:
        refusal: dict[str, Any] = {"ok": False, "error_code": code, "description": words or REFUSALS[code]}
        self.write(json.dumps(refusal | ({"parameters": parameters} if parameters else {})).encode(), code)

    def answer(self, result: Any) -> None:
        self.write(json.dumps({"ok": True, "result": result}).encode())

    def later(self, seconds: float, action: Callable[..., None], *args: Any) -> None:
        asyncio.get_running_loop().call_later(seconds, action, *args)


if __name__ == "__main__":
    faulty = Telegram(sys.argv[1], float(sys.argv[2]))
    asyncio.run(bare_http.serve(lambda: Connection(faulty)))
