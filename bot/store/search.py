"""The full-text index over posts: our own tokens in, candidates out. `bot.words.search` makes both sides."""

from collections.abc import Callable, Iterator

from bot.models import Telling
from bot.store import posts
from bot.store.connection import Connection

BATCH = 50
"""Candidates read at once; nearly all are true, so one batch mostly fills a page."""


def put(connection: Connection, post: int, document: str) -> None:
    """Index a post, in place of what was indexed of it before."""
    drop(connection, post)
    add(connection, post, document)


def add(connection: Connection, post: int, document: str) -> None:
    """Index a post that is new."""
    connection.execute("INSERT INTO search (rowid, document) VALUES (?, ?)", (post, document))


def drop(connection: Connection, post: int) -> None:
    """The post is not found any more."""
    connection.execute("DELETE FROM search WHERE rowid = ?", (post,))


def find(
    connection: Connection,
    expression: str,
    matches: Callable[[Telling], bool],
    *,
    before: int | None = None,
    limit: int = 5,
) -> list[Telling]:
    """The newest posts (last stored first) that the expression finds and `matches` confirms.

    `before` is the number of the last post shown. The expression must be one that `bot.words.search` made: nothing
    that a person typed reaches the index unparsed.
    """
    found: list[Telling] = []
    for telling in _candidates(connection, expression, before or 1 << 62):
        if matches(telling):
            found.append(telling)
        if len(found) == limit:
            break
    return found


def _candidates(connection: Connection, expression: str, before: int) -> Iterator[Telling]:
    while True:
        rows = connection.execute(
            "SELECT rowid FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
            (expression, before, BATCH),
        ).fetchall()
        if not rows:
            return
        yield from posts.tellings(connection, [row[0] for row in rows])
        before = rows[-1][0]
