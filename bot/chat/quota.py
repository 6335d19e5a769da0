"""How many commands one chat may give in a minute. Kept in memory: forgetting it harms nobody."""

import math
from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)

CHATS = 10_000
"""Chats remembered before those that have been silent for a minute are forgotten."""


class Quota:
    """A sliding minute a chat."""

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._given: dict[int, deque[datetime]] = {}
        self._told: dict[int, datetime] = {}

    def wait(self, chat: int, now: datetime) -> int:
        """0 if the command may be answered, which counts it; else the seconds after which the next one may be."""
        given = self._given.setdefault(chat, deque())
        while given and given[0] <= now - MINUTE:
            given.popleft()
        if len(given) >= self._most:
            return max(1, math.ceil((given[0] + MINUTE - now).total_seconds()))
        given.append(now)
        if len(self._given) > CHATS:
            self._forget(now)
        return 0

    def tell(self, chat: int, now: datetime) -> bool:
        """Whether to say that it was too much: once in a minute, or the saying is itself too much."""
        if now - self._told.get(chat, now - MINUTE) < MINUTE:
            return False
        self._told[chat] = now
        return True

    def _forget(self, now: datetime) -> None:
        self._given = {chat: given for chat, given in self._given.items() if given and given[-1] > now - MINUTE}
        self._told = {chat: at for chat, at in self._told.items() if at > now - MINUTE}
