"""How much was said: when each speaker spoke, and when each topic was touched."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

Said = tuple[str, datetime]
"""A speaker, and when the statement was first told."""

Days = Sequence[datetime]
"""When each day begins, and at the end when the last one is over."""

Counted = tuple[str, int, int]
"""A speaker or a topic, the number of the day (from 0), and how many statements."""


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


def statements_by_day(connection: Connection, days: Days) -> list[Counted]:
    """How many statements each speaker made on each of the days, counted as above: of those that are told again on
    later ones the first counts.
    """
    return _by_day(
        connection,
        """SELECT speaker, min(statements.published_at) FROM statements
        JOIN posts ON posts.id = statements.post
        WHERE statements.kind <> 'mention' AND statements.kind <> 'unknown' AND statements.published_at >= :since
            AND statements.published_at < :until
        GROUP BY speaker, CASE story WHEN 0 THEN posts.id ELSE story END""",
        days,
    )


def topics_by_day(connection: Connection, days: Days) -> list[Counted]:
    """How many statements touched each topic on each of the days; a statement told again counts once."""
    return _by_day(
        connection,
        """WITH spoken AS MATERIALIZED (
            SELECT DISTINCT published_at, post FROM statements
            WHERE kind <> 'mention' AND kind <> 'unknown' AND published_at >= :since AND published_at < :until
        )
        SELECT topic, min(spoken.published_at) FROM spoken JOIN topic_hits ON topic_hits.post = spoken.post
        JOIN posts ON posts.id = spoken.post GROUP BY topic, CASE story WHEN 0 THEN posts.id ELSE story END""",
        days,
    )


def _by_day(connection: Connection, said: str, days: Days) -> list[Counted]:
    starts = [to_ms(moment) for moment in days]
    rows = connection.execute(said, {"since": starts[0], "until": starts[-1]})
    counted = Counter((what, bisect_right(starts, at) - 1) for what, at in rows)
    return [(what, day, count) for (what, day), count in counted.items()]


def touched(connection: Connection, since: datetime, until: datetime) -> set[tuple[str, str]]:
    """Which speakers touched which topics (ids) in statements published in [since, until)."""
    rows = connection.execute(
        """SELECT DISTINCT speaker, topic FROM statements JOIN topic_hits ON topic_hits.post = statements.post
        WHERE kind <> 'mention' AND kind <> 'unknown' AND published_at >= ? AND published_at < ?""",
        (to_ms(since), to_ms(until)),
    )
    return set(rows)
