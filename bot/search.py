"""The archive asked with a query: a page of what matches, and what a watch would have brought."""

from datetime import datetime, timedelta

from bot.models import Roster, Telling, Trial
from bot.store import search as index
from bot.store.connection import Connection
from bot.store.search import Hit
from bot.words import facts, query, version
from bot.words import search as fulltext

WINDOW = timedelta(days=30)
"""How far back a watch is tried."""

MOST_READ = 1000
"""Posts read to count what the index alone cannot (phrases); of more the number is estimated."""

LAST = 3
"""Posts shown of a trial."""

BROAD = 3
"""A watch that fires on every third post, or more often, is broad."""

FEW = 30
"""Of fewer posts nothing can be said about how broad a watch is."""


def page(
    connection: Connection, roster: Roster, wanted: query.Query, *, before: int | None = None, limit: int
) -> list[Hit]:
    """The newest posts that match, after the place `before`, newest first."""

    def matches(telling: Telling) -> bool:
        return wanted.matches(facts.read(telling, roster))

    expression = _expression(connection, wanted)
    return index.find(connection, expression, matches, within=fulltext.span(wanted), before=before, limit=limit)


def trial(connection: Connection, roster: Roster, wanted: query.Query, now: datetime) -> Trial:
    """Try a watch on what has been published lately."""
    within = (int((now - WINDOW).timestamp()), int(now.timestamp()) + 1)
    last = tuple(hit.telling for hit in page(connection, roster, wanted, limit=LAST))
    posts = index.size(connection, within)
    expression = _expression(connection, wanted)
    candidates = index.count(connection, expression, within)
    if fulltext.is_exact(wanted) or not candidates:
        return _trial(candidates, posts, last)
    read = hits = 0

    def matches(telling: Telling) -> bool:
        nonlocal read, hits
        read += 1
        hits += wanted.matches(facts.read(telling, roster))
        return read == MOST_READ

    index.find(connection, expression, matches, within=within, limit=1)
    return _trial(round(hits * candidates / read), posts, last, estimated=candidates > read)


def _expression(connection: Connection, wanted: query.Query) -> str:
    """An index that waits to be made anew may hold its words in another order: it is not asked for phrases."""
    return fulltext.expression(wanted, phrases=version.is_of_this_format(index.version(connection)))


def _trial(hits: int, posts: int, last: tuple[Telling, ...], *, estimated: bool = False) -> Trial:
    return Trial(hits, posts, last, estimated, broad=posts >= FEW and hits * BROAD >= posts)
