"""How the commands speak to whoever sits at the terminal."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

Say = Callable[[str], None]
"""Prints a line."""

NO_X_TOKEN = "no X token (X_BEARER_TOKEN)"  # noqa: S105

BAR = 20
"""Characters of the bar that shows how much is done."""

REFRESHED = timedelta(seconds=0.2)
"""The line is not written more often than this."""

RENEW = "\r\033[K"
"""What takes the cursor of a terminal to the beginning of its line, and what stood there away."""


class Progress:
    """One line of a terminal that is written over again and again; silent where there is no terminal.

    `clock` tells the time, from which the rate and the time left are worked out.
    """

    def __init__(self, shown: TextIO, clock: Callable[[], datetime]) -> None:
        self._shown = shown
        self._alive = shown.isatty()
        self._clock = clock
        self._began_at = clock()
        self._shown_at: datetime | None = None

    def show(self, done: int, whole: int, count: int, words: str) -> None:
        """So much of the whole is done, and `count` things were found in it."""
        now = self._clock()
        if self._shown_at is None or not timedelta(0) <= now - self._shown_at < REFRESHED:
            self._shown_at = now
            self._write(f"{RENEW}{_line(done / max(whole, 1), now - self._began_at, count, words)}")

    def clear(self) -> None:
        self._write(RENEW)

    def aside(self, say: Say, line: str) -> None:
        """Say something that stays, above the line."""
        self.clear()
        self._shown_at = None
        say(line)

    def _write(self, words: str) -> None:
        if self._alive:
            self._shown.write(words)
            self._shown.flush()


def _line(share: float, passed: timedelta, count: int, words: str) -> str:
    share = min(share, 1.0)
    full = round(share * BAR)
    bar = "█" * full + "░" * (BAR - full)
    seconds = passed.total_seconds()
    if seconds <= 0 or share <= 0:
        return f"{bar} {share:4.0%} · {words}"
    left = timedelta(seconds=round(seconds * (1 - share) / share))
    return f"{bar} {share:4.0%} · {words} · {count / seconds:,.0f} a second · {left} left"
