"""Which posts to show: the latest words of somebody, the words of a span of time."""

import heapq
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bot.models import Telling
from bot.store import posts
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

LATEST = timedelta(hours=12)
"""How long before a span of sight a post may have been said and still belong to it: agencies and outages are late."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list that runs from the newest to the oldest: the last post that was shown."""

    published_at: datetime
    post: int


def place(telling: Telling) -> Place:
    return Place(telling.post.published_at, telling.post.id)


def latest(
    connection: Connection,
    *,
    speakers: Collection[str] | None = None,
    source: str = "",
    before: Place | None = None,
    limit: int = 5,
) -> list[Telling]:
    """The newest posts in which somebody speaks (mentions do not count), newest first.

    With `speakers`, those in which one of them speaks; with `source`, those of that source, whoever speaks in them.
    `before` continues after the last one shown.
    """
    start = (to_ms(before.published_at), before.post) if before else (1 << 62, 1 << 62)
    if source:
        rows = connection.execute(
            "SELECT published_at, id FROM posts WHERE source = ? AND (published_at, id) < (?, ?) "
            "ORDER BY published_at DESC, id DESC LIMIT ?",
            (source, *start, limit),
        ).fetchall()
    elif speakers is None:
        rows = connection.execute(
            "SELECT DISTINCT published_at, post FROM statements WHERE kind <> 'mention' AND kind <> 'unknown' "
            "AND (published_at, post) < (?, ?) ORDER BY published_at DESC, post DESC LIMIT ?",
            (*start, limit),
        ).fetchall()
    else:
        rows = _latest_of_each(connection, speakers, start, limit)
    return posts.tellings(connection, [row[1] for row in rows])


def _latest_of_each(
    connection: Connection, speakers: Collection[str], start: tuple[int, int], limit: int
) -> list[tuple[int, int]]:
    """Merge the newest of each speaker: each list is one walk along the index, however many posts there are."""
    each = [
        connection.execute(
            "SELECT published_at, post FROM statements WHERE kind <> 'mention' AND kind <> 'unknown' AND speaker = ? "
            "AND (published_at, post) < (?, ?) ORDER BY published_at DESC, post DESC LIMIT ?",
            (speaker, *start, limit),
        ).fetchall()
        for speaker in speakers
    ]
    merged = dict.fromkeys(heapq.merge(*each, reverse=True))
    return list(islice(merged, limit))


def seen_between(connection: Connection, since: datetime, until: datetime) -> list[Telling]:
    """The posts first seen in (since, until], the earliest said first.

    What is older than LATEST is history that came in, from a new source or an archive, and no news.
    """
    rows = connection.execute(
        "SELECT id FROM posts WHERE seen_at > ? AND seen_at <= ? AND published_at > ? ORDER BY published_at, id",
        (to_ms(since), to_ms(until), to_ms(since - LATEST)),
    )
    return posts.tellings(connection, [row[0] for row in rows])


def last_words(connection: Connection, speakers: Collection[str]) -> dict[str, datetime]:
    """When each of the speakers last spoke; those who never did are left out."""
    rows = connection.execute(
        """SELECT speaker.value, (
            SELECT max(published_at) FROM statements
            WHERE kind <> 'mention' AND kind <> 'unknown' AND speaker = speaker.value
        ) FROM json_each(?) AS speaker""",
        (json.dumps(list(speakers)),),
    )
    return {speaker: from_ms(spoke_at) for speaker, spoke_at in rows if spoke_at is not None}
