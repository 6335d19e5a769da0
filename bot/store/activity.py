"""How much was said: when each speaker spoke, and when each topic was touched."""

from collections.abc import Sequence
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


_SAID = """told AS MATERIALIZED (
    SELECT id, story FROM posts WHERE story <> 0 AND published_at >= :since AND published_at < :until
), said AS (
    SELECT published_at, post, speaker FROM statements WHERE kind <> 'mention' AND kind <> 'unknown'
        AND published_at >= :since AND published_at < :until AND (:speaker = '' OR speaker = :speaker)
)"""
"""What was said; and the posts that are told again or tell again, which are few. The others are counted as they stand
in the index.
"""

_SPEAKERS = f"""WITH {_SAID}
SELECT speaker AS what, published_at AS at FROM said WHERE post NOT IN (SELECT id FROM told)
UNION ALL
SELECT speaker, min(published_at) FROM said JOIN told ON told.id = post GROUP BY speaker, story"""  # noqa: S608

_TOPICS = f"""WITH {_SAID}, spoken AS (SELECT DISTINCT published_at, post FROM said)
SELECT topic AS what, published_at AS at FROM spoken JOIN topic_hits USING (post)
    WHERE post NOT IN (SELECT id FROM told)
UNION ALL
SELECT topic, min(published_at) FROM spoken JOIN topic_hits USING (post) JOIN told ON told.id = post
    GROUP BY topic, story"""  # noqa: S608


def statements(connection: Connection, since: datetime, until: datetime) -> list[Said]:
    """Every statement published in [since, until) with its speaker; mentions do not count.

    The same statement told again by others counts once for a speaker, when it was told first.
    """
    rows = connection.execute(_SPEAKERS, {"since": to_ms(since), "until": to_ms(until), "speaker": ""})
    return [(speaker, from_ms(at)) for speaker, at in rows]


def statements_by_day(connection: Connection, days: Days, speaker: str = "") -> list[Counted]:
    """How many statements each speaker, or the one that is named, made on each of the days, counted as above: of those
    that are told again on later ones the first counts.
    """
    return _by_day(connection, _SPEAKERS, days, speaker)


def topics_by_day(connection: Connection, days: Days) -> list[Counted]:
    """How many statements touched each topic on each of the days; a statement told again counts once."""
    return _by_day(connection, _TOPICS, days)


def _by_day(connection: Connection, said: str, days: Days, speaker: str = "") -> list[Counted]:
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
        {"since": starts[0], "until": starts[-1], "speaker": speaker},
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
