"""How the commands speak to whoever sits at the terminal."""

from collections.abc import Callable
from typing import TextIO

Say = Callable[[str], None]
"""Prints a line."""

NO_X_TOKEN = "no X token (X_BEARER_TOKEN)"  # noqa: S105


class Progress:
    """One line of a terminal that is written over again and again; silent where there is no terminal."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self._alive = shown.isatty()

    def show(self, words: str) -> None:
        self._write(f"\r\033[K{words}")

    def clear(self) -> None:
        self._write("\r\033[K")

    def _write(self, words: str) -> None:
        if self._alive:
            self._shown.write(words)
            self._shown.flush()
