"""How much was said: when each speaker spoke, and when each topic was touched."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

A_DAY = 86_400_000
"""Milliseconds."""

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
        """SELECT speaker AS what, min(statements.published_at) AS at FROM statements
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
        SELECT topic AS what, min(spoken.published_at) AS at FROM spoken
        JOIN topic_hits ON topic_hits.post = spoken.post JOIN posts ON posts.id = spoken.post
        GROUP BY topic, CASE story WHEN 0 THEN posts.id ELSE story END""",
        days,
    )


def _by_day(connection: Connection, said: str, days: Days) -> list[Counted]:
    """Days of 24 hours in a row are one span, within which a day is a division; one of 23 or 25 hours, or of which only
    a part is over, is a span of its own.
    """
    starts = [to_ms(moment) for moment in days]
    spans: list[tuple[int, int, int]] = []  # its first day, and where it begins and ends
    for day, (begin, end) in enumerate(pairwise(starts)):
        whole = end - begin == A_DAY and spans and (spans[-1][2] - spans[-1][1]) % A_DAY == 0
        if whole:
            spans[-1] = (spans[-1][0], spans[-1][1], end)
        else:
            spans.append((day, begin, end))
    number = " ".join(
        f"WHEN at < {end} THEN {day}" + (f" + (at - {begin}) / {A_DAY}" if (end - begin) % A_DAY == 0 else "")
        for day, begin, end in spans
    )
    rows = connection.execute(
        f"SELECT what, CASE {number} END AS day, count(*) FROM ({said}) GROUP BY what, day",  # noqa: S608
        {"since": starts[0], "until": starts[-1]},
    )
    return rows.fetchall()


def touched(connection: Connection, since: datetime, until: datetime) -> set[tuple[str, str]]:
    """Which speakers touched which topics (ids) in statements published in [since, until)."""
    rows = connection.execute(
        """SELECT DISTINCT speaker, topic FROM statements JOIN topic_hits ON topic_hits.post = statements.post
        WHERE kind <> 'mention' AND kind <> 'unknown' AND published_at >= ? AND published_at < ?""",
        (to_ms(since), to_ms(until)),
    )
    return set(rows)
