"""What tests of several commands share."""

import io
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from bot.models import Post, Source
from bot.settings import Settings
from bot.sources import archive
from bot.store import posts
from bot.store.connection import connect
from bot.upkeep.export import export
from bot.upkeep.take_in import take_in
from tests.worlds import NOON, a_post

Configure = Callable[..., Settings]

OFF = Source("petrov-x", "x", "p_petrov", speaker="petrov", enabled=False)

VARIED = (
    a_post("2", "Same moment, another source 👩‍👩‍👧 \u202eright to left\u202c", "ivanenko-x"),
    a_post("10", "Same moment, before it", media=("photo", "video"), language="en"),
    a_post(
        "9", "Same moment,\n\nafter it: <b>&amp;]]> \x01\t\u2028", kind="forward", author="Somebody", quoted="«Так»"
    ),
    a_post("1", "", "petrov-telegram", NOON - timedelta(days=300, microseconds=1), media=("photo",), kind="reply"),
    a_post(
        "3",
        "Переговоры идут.",
        "petrov-telegram",
        NOON + timedelta(milliseconds=5),
        seen_at=NOON + timedelta(minutes=3),
        edited_at=NOON + timedelta(hours=1, milliseconds=7),
        deleted_at=NOON + timedelta(hours=2),
    ),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def nowhere(line: str) -> None:
    """What is said is not of interest."""


async def kept(settings: Settings, *found: Post) -> None:
    """A database that holds these posts, left by a process that ended."""
    lines = settings.database.parent / "kept.jsonl"
    lines.write_text("".join(archive.line(post) + "\n" for post in found))
    await take_in(settings, lines, nowhere, io.StringIO())


def stored(settings: Settings) -> list[Post]:
    with closing(connect(settings.database)) as connection:
        return list(posts.everything(connection))


def exported(settings: Settings) -> str:
    lines: list[str] = []
    assert export(settings, lines.append) == 0
    return "".join(f"{line}\n" for line in lines)
