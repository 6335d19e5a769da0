"""How much was said: when each speaker spoke, and when each topic was touched."""

import json
from collections.abc import Collection
from datetime import datetime

from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

Said = tuple[str, datetime]
"""A speaker or a topic, and when the statement was first told."""


def statements(
    connection: Connection, since: datetime, until: datetime, speakers: Collection[str] | None = None
) -> list[Said]:
    """Every statement published in [since, until) with its speaker; mentions do not count.

    The same statement told again by others counts once for a speaker, when it was told first.
    """
    chosen = "" if speakers is None else "AND speaker IN (SELECT value FROM json_each(:speakers))"
    rows = connection.execute(
        f"""SELECT speaker, min(statements.published_at) FROM statements JOIN posts ON posts.id = statements.post
        WHERE statements.kind <> 'mention' AND statements.kind <> 'unknown' AND statements.published_at >= :since
            AND statements.published_at < :until {chosen}
        GROUP BY speaker, CASE story WHEN 0 THEN posts.id ELSE story END""",  # noqa: S608
        {"since": to_ms(since), "until": to_ms(until), "speakers": json.dumps(list(speakers or ()))},
    )
    return [(speaker, from_ms(at)) for speaker, at in rows]


def topics(connection: Connection, since: datetime, until: datetime) -> list[Said]:
    """Every topic that a statement published in [since, until) touches; a statement told again counts once."""
    rows = connection.execute(
        """SELECT topic, min(published_at) FROM topic_hits JOIN posts ON posts.id = topic_hits.post
        WHERE published_at >= ? AND published_at < ?
            AND EXISTS (
                SELECT 1 FROM statements WHERE statements.post = posts.id AND kind <> 'mention' AND kind <> 'unknown'
            )
        GROUP BY topic, CASE story WHEN 0 THEN posts.id ELSE story END""",
        (to_ms(since), to_ms(until)),
    )
    return [(topic, from_ms(at)) for topic, at in rows]


def touched(connection: Connection, since: datetime, until: datetime) -> set[tuple[str, str]]:
    """Which speakers touched which topics (ids) in statements published in [since, until)."""
    rows = connection.execute(
        """SELECT DISTINCT speaker, topic FROM statements JOIN topic_hits ON topic_hits.post = statements.post
        WHERE kind <> 'mention' AND kind <> 'unknown' AND published_at >= ? AND published_at < ?""",
        (to_ms(since), to_ms(until)),
    )
    return set(rows)
