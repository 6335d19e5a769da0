"""Posts of files into the store."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO

from bot import history
from bot.app import now
from bot.errors import ParleyError
from bot.models import Post
from bot.settings import Settings
from bot.sources import archive
from bot.store import sources
from bot.store.connection import troubles
from bot.store.database import Database
from bot.upkeep.terminal import Progress, Say


async def take_in(settings: Settings, path: Path, say: Say, shown: TextIO) -> int:
    """Store the posts of an archive; what is there already is left as it is, and nobody is alerted.

    Each batch is stored for good: begun again after whatever ended it, it passes over what is there. `shown` is told
    how far it is, if it is a terminal.
    """
    read = stored = 0
    progress = Progress(shown)
    with troubles(settings.database), closing(Database.open(settings.database)) as database:
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        batches = _batches(settings, path)
        try:
            async for of, new in history.keep(database, settings.roster, batches, now(), os.cpu_count() or 1):
                read += of
                stored += new
                progress.show(_so_far(read, stored))
        finally:
            progress.clear()
            say(_so_far(read, stored))
    return 0


def _so_far(read: int, stored: int) -> str:
    return f"{read:,} posts read, {stored:,} new"


def _batches(settings: Settings, path: Path) -> Iterator[list[Post]]:
    """Raises FetchError for what is no post, ParleyError for one of a source that config/ does not have; both name the
    line, and what stood before it comes first.
    """
    batch: list[Post] = []
    try:
        for number, post in archive.numbered(path):
            if post.source not in settings.roster.sources:
                raise ParleyError(
                    f"{path}, line {number}: {settings.config / 'sources.toml'} has no source {post.source!r}; "
                    "add it there (enabled = false if it is not to be read), then import again"
                )
            batch.append(post)
            if len(batch) == history.BATCH:
                yield batch
                batch = []
    except ParleyError:
        yield batch
        raise
    yield batch
