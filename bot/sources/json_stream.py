"""One large JSON object, read piece by piece: its keys, and the elements of a long list, never all of it at once.

Python's own decoder does the work, on what has been read so far; a value that is not whole yet is tried again with
more. That is as fast as reading the whole file, and needs the memory of its largest value.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

_CHUNK = 1 << 18
_LARGEST = 1 << 24
_SPACE = " \t\r\n"
_MAY_GO_ON = {"", *"0123456789.eE+-"}
"""After one of these, or nothing, what looks like a whole number may be the beginning of a longer one."""


class JsonStream:
    """Raises ValueError, which says what was expected, for what is no JSON, and for a value of more than 16 MB.

    `read` counts the bytes taken from the file so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False
        self.read = 0

    def members(self) -> Iterator[str]:
        """The keys of an object; before the next one is asked for, the value has to be taken."""
        self._take("{")
        while self._next() != "}":
            key = self.value()
            if not isinstance(key, str):
                raise ValueError("expected a key")
            self._take(":")
            yield key
            if self._next() != "}":
                self._take(",")
        self._take("}")

    def elements(self) -> Iterator[Any]:
        """The elements of a list."""
        self._take("[")
        while self._next() != "]":
            yield self.value()
            if self._next() != "]":
                self._take(",")
        self._take("]")

    def value(self) -> Any:
        """Whatever comes next, whole."""
        self._next()
        wanted = _CHUNK
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
                if self._ended or self._text[end : end + 1] not in _MAY_GO_ON:
                    self._at = end
                    return found
            except RecursionError as error:
                raise ValueError("values lie too deep in each other") from error
            except json.JSONDecodeError as error:
                if self._ended:  # its own position is one in what was read last
                    raise ValueError(f"no JSON, or cut off: {error.msg}") from error
            if len(self._text) - self._at > _LARGEST:
                raise ValueError("expected a value of less than 16 MB")
            self._more(wanted)
            wanted *= 2

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise ValueError(f"expected {wanted!r}" + ("" if self._text else "; it ends too early"))
        self._at += 1

    def _next(self) -> str:
        """The next character that is no space, empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if self._ended:
                return ""
            self._more(_CHUNK)

    def _more(self, wanted: int) -> None:
        raw = self._file.read(wanted)
        self.read += len(raw)
        self._ended = not raw
        self._text = self._text[self._at :] + self._decoder.decode(raw, final=self._ended)
        self._at = 0
