"""What may go wrong on demand."""

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import lo_bot_api_emulator as lo

Fields = dict[str, Any]

SPOILING = {"error", "html", "drop_before"}


@dataclass
class Fault:
    """Something that goes wrong with the next matching call.

    A call matches by method, by chat_id and by `contains`, a piece of its "key=value" lines; what is left out
    matches anything. The first `skip` matching calls pass; then the fault strikes `times` times (-1: always).

    error        refused as Telegram refuses: error_code, description, parameters
    html         a gateway's page with this status instead of JSON
    drop_before  the connection breaks and nothing was done
    drop_after   it was done, and the connection breaks before the answer
    delay_after  it was done, and the answer comes `seconds` late
    """

    kind: str
    method: str = ""
    chat_id: int | str | None = None
    contains: str = ""
    skip: int = 0
    times: int = 1
    error_code: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, Any] = field(default_factory=dict)
    status: int = 502
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in SPOILING | {"drop_after", "delay_after"}:
            raise ValueError(f"unknown kind of fault: {self.kind}")

    def matches(self, method: str, fields: Fields) -> bool:
        if self.method not in ("", method):
            return False
        if self.chat_id is not None and str(fields.get("chat_id")) != str(self.chat_id):
            return False
        return self.contains in "\n".join(f"{key}={value}" for key, value in fields.items())

    def strikes(self) -> bool:
        """Count one matching call; tell whether it is hit."""
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


class Interrupted(Exception):
    """A fault takes the place of the answer."""


class Pace:
    """About Telegram's limits: 30 a second in all, bursts of 3 and then 1 a second a chat, 20 a minute a group."""

    def __init__(self) -> None:
        self._sent: defaultdict[tuple[str, int], deque[float]] = defaultdict(deque)

    def admit(self, chat: int) -> None:
        now = time.monotonic()
        limits = [(("all", 0), 30, 1.0), (("chat", chat), 3, 3.0)]
        if chat < 0:
            limits.append((("group", chat), 20, 60.0))
        for key, most, period in limits:
            sent = self._sent[key]
            while sent and now - sent[0] > period:
                sent.popleft()
            if len(sent) >= most:
                wait = max(1, int(period - (now - sent[0])) + 1)
                raise lo.ApiRefusal(f"Too Many Requests: retry after {wait}", 429, {"retry_after": wait})
        for key, _, _ in limits:
            self._sent[key].append(now)
