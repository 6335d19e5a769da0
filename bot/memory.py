"""What the process does not use goes back to the computer: glibc would keep it. Other C libraries are left alone."""

import ctypes
from collections.abc import Callable

_TRIM_THRESHOLD, _ARENA_MAX = -1, -8  # of malloc.h
_KEPT = 128 * 1024  # bytes


def keep_little() -> None:
    """For the rest of the process; to be called before its threads begin.

    glibc keeps two megabytes for each thread that ever ran, and up to 64 at the end of the heap once something large,
    like a dictionary, was freed. One heap is no bottleneck: Python holds its lock while it asks for memory.
    """
    if set_option := _of_glibc("mallopt"):
        set_option(_ARENA_MAX, 1)
        set_option(_TRIM_THRESHOLD, _KEPT)


def give_back() -> None:
    """What is free in the middle of the heap; takes some milliseconds."""
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    return function
