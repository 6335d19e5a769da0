"""Parses one large feed in a process of its own: only a process can be ended when its time is over, and only a process
can be kept from taking all memory. It is handed nothing of ours but the feed.
"""

import asyncio
import pickle
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import bot
from bot.errors import FetchError
from bot.sources.feed_document import Document

_MEMORY = 1 << 30
_HOME = str(Path(bot.__file__).parents[1])


async def run(read: Callable[[], Document], seconds: float) -> Document:
    """What `read`, a picklable call, gives. Raises FetchError if it does, takes longer, or needs more than 1 GiB."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": _HOME},
    )
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await process.communicate(pickle.dumps(read))
    except TimeoutError as error:
        raise FetchError(f"the feed took more than {seconds:.0f} s to parse") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not answer:
        raise FetchError("the feed takes too much memory to parse")
    found: Document | FetchError = pickle.loads(answer)  # noqa: S301  the process runs our own code
    if isinstance(found, FetchError):
        raise found
    return found


def answer(request: bytes) -> bytes:
    """In the process: a Document or a FetchError."""
    read: Callable[[], Document] = pickle.loads(request)  # noqa: S301  from the process that began us
    try:
        return pickle.dumps(read())
    except FetchError as error:
        return pickle.dumps(error)


if __name__ == "__main__":  # pragma: no cover  it runs where nothing of the parent's environment is known
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
