"""The full-text index over posts: our own tokens in, candidates out. `bot.words.search` makes both sides.

A post stands in it under its place: a number that grows with the time of publication, so that the newest come first and
a span of time is a span of numbers, in whatever order posts were stored.

There are two tables. One serves; the other is empty, or grows until it holds every post anew, made with other
dictionaries, and then serves. What is stored meanwhile goes into both.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models import IndexEntry, Telling
from bot.store import posts, topics
from bot.store.connection import Connection, snapshot

FIRST_BATCH, BATCH = 10, 100
"""Candidates read at once, first and at the most; nearly all are true, so the first batch mostly fills a page."""

JOINED, JOINED_GROWING = 16, 128
"""Pages of the index written anew in one go: some 2 ms, and 15 ms, of the writer's time."""

CLEARED = 500
"""Rows of an index of old that go at a time, of 4 KB at the most."""

SLOTS = 8
"""Places in a second. Those of a busier one reach into the next: an order of seconds is kept nearly always."""

ANY_TIME = (-(1 << 40), 1 << 40)


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that was found. A search goes on after its `place`."""

    place: int
    telling: Telling


# --- into the index


def put(connection: Connection, post: int, published_at: datetime, entry: IndexEntry) -> None:
    """Index a post, in place of what was indexed of it before."""
    place = place_of(connection, post)
    if place is None:
        add(connection, [(post, published_at, entry)])
        return
    for table in _tables(connection):
        _write(connection, table, place, entry.document)
    topics.put(connection, post, entry.topics, entry.version)


def add(connection: Connection, new: Sequence[tuple[int, datetime, IndexEntry]]) -> None:
    """Index posts that are new: number, time of publication and entry of each, all entries of one version."""
    if not new:
        return
    version = new[0][2].version
    if connection.execute("SELECT 1 FROM places LIMIT 1").fetchone() is None:
        _put_version(connection, version)
    places = _take_places(connection, [(post, at) for post, at, _ in new])
    documents = [(places[post], entry.document) for post, _, entry in new]
    for table in _tables(connection):
        connection.executemany(f"INSERT INTO {table} (rowid, document) VALUES (?, ?)", documents)  # noqa: S608
    topics.add(connection, [(post, entry.topics) for post, _, entry in new], version)


def drop(connection: Connection, post: int) -> None:
    """The post is not found any more."""
    place = place_of(connection, post)
    if place is not None:
        for table in _tables(connection):
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (place,))  # noqa: S608
        connection.execute("DELETE FROM places WHERE place = ?", (place,))
        topics.put(connection, post, (), "")


def _write(connection: Connection, table: str, place: int, document: str) -> None:
    connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (place,))  # noqa: S608
    connection.execute(f"INSERT INTO {table} (rowid, document) VALUES (?, ?)", (place, document))  # noqa: S608


def place_of(connection: Connection, post: int) -> int | None:
    """Where the post stands; None if it is not found."""
    row = connection.execute("SELECT place FROM places WHERE post = ?", (post,)).fetchone()
    return row[0] if row else None


def _take_places(connection: Connection, new: Sequence[tuple[int, datetime]]) -> dict[int, int]:
    """A place for each post, by number: mostly its second is nobody's yet, and many can be taken at once."""
    wanted: dict[int, int] = {}
    for post, at in new:
        wanted.setdefault(int(at.timestamp()) * SLOTS, post)
    taken = connection.execute(
        "SELECT place FROM places WHERE place IN (SELECT value FROM json_each(?))", (json.dumps(list(wanted)),)
    )
    for (place,) in taken.fetchall():
        del wanted[place]
    connection.executemany("INSERT INTO places (place, post) VALUES (?, ?)", wanted.items())
    found = {post: place for place, post in wanted.items()}
    for post, at in new:
        if post not in found:
            found[post] = _take_place(connection, post, at)
    return found


def _take_place(connection: Connection, post: int, published_at: datetime) -> int:
    """The first free one from that second on."""
    first = int(published_at.timestamp()) * SLOTS
    place: int = connection.execute(
        """INSERT INTO places (post, place) SELECT ?1, CASE
            WHEN NOT EXISTS (SELECT 1 FROM places WHERE place = ?2) THEN ?2
            ELSE (
                SELECT place + 1 FROM places AS taken
                WHERE place >= ?2 AND NOT EXISTS (SELECT 1 FROM places WHERE place = taken.place + 1)
                ORDER BY place LIMIT 1
            ) END
        RETURNING place""",
        (post, first),
    ).fetchone()[0]
    return place


# --- out of it


def find(
    connection: Connection,
    expression: str,
    matches: Callable[[Telling], bool],
    *,
    within: tuple[int, int] = ANY_TIME,
    before: int | None = None,
    limit: int = 5,
) -> list[Hit]:
    """The newest posts that the expression finds and `matches` confirms, newest first.

    `within` is the time of publication, [since, until) in seconds since 1970; `before` the place of the last post
    shown. The expression must be one that `bot.words.search` made: nothing that a person typed reaches the index
    unparsed.
    """
    found: list[Hit] = []
    with snapshot(connection):
        for hit in _candidates(connection, expression, within, before):
            if matches(hit.telling):
                found.append(hit)
            if len(found) == limit:
                break
    return found


def count(connection: Connection, expression: str, within: tuple[int, int]) -> int:
    """How many posts the expression finds, published in [since, until)."""
    since, until = within
    with snapshot(connection):
        table = _serving(connection)
        found: int = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {table} MATCH ? AND rowid >= ? AND rowid < ?",  # noqa: S608
            (expression, since * SLOTS, until * SLOTS),
        ).fetchone()[0]
    return found


def size(connection: Connection, within: tuple[int, int]) -> int:
    """How many posts were published in [since, until)."""
    since, until = within
    found: int = connection.execute(
        "SELECT count(*) FROM places WHERE place >= ? AND place < ?", (since * SLOTS, until * SLOTS)
    ).fetchone()[0]
    return found


def _candidates(connection: Connection, expression: str, within: tuple[int, int], before: int | None) -> Iterator[Hit]:
    table = _serving(connection)
    first, last = within[0] * SLOTS, within[1] * SLOTS
    last = last if before is None else min(last, before)
    batch = FIRST_BATCH
    while True:
        rows = connection.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid >= ? AND rowid < ? "  # noqa: S608
            "ORDER BY rowid DESC LIMIT ?",
            (expression, first, last, batch),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        batch = min(2 * batch, BATCH)
        places = _posts_at(connection, [row[0] for row in rows])
        for telling in posts.tellings(connection, list(places)):
            yield Hit(places[telling.post.id], telling)


def _posts_at(connection: Connection, places: Sequence[int]) -> dict[int, int]:
    """The places by post, the last first."""
    return dict(
        connection.execute(
            "SELECT post, place FROM places WHERE place IN (SELECT value FROM json_each(?)) ORDER BY place DESC",
            (json.dumps(places),),
        )
    )


# --- the two tables


def version(connection: Connection) -> str:
    """What the index that serves was made with; empty if that is not known."""
    row = connection.execute(
        "SELECT version FROM editions JOIN dictionaries ON dictionaries.id = dictionary WHERE serves"
    ).fetchone()
    return row[0] if row else ""


def begin_anew(connection: Connection, wanted: str) -> int:
    """Make the index anew with another version. Returns the post up to which that was done before."""
    number = topics.dictionary(connection, wanted)
    row = connection.execute(
        "SELECT done FROM editions WHERE NOT serves AND grows AND dictionary = ?", (number,)
    ).fetchone()
    if row:
        return int(row[0])
    connection.execute("UPDATE editions SET grows = 1, dictionary = ?, done = 0 WHERE NOT serves", (number,))
    _empty(connection, _growing(connection))
    return 0


def grow(connection: Connection, entries: Collection[tuple[Telling, IndexEntry]], upto: int) -> None:
    """Index these posts anew; all up to number `upto` are done then."""
    table = _growing(connection)
    for telling, entry in entries:
        post = telling.post.id
        place = place_of(connection, post) or _take_place(connection, post, telling.post.published_at)
        _write(connection, table, place, entry.document)
        topics.put(connection, post, entry.topics, entry.version)
    _join(connection, table, JOINED_GROWING)
    connection.execute("UPDATE editions SET done = ? WHERE grows", (upto,))


def change_over(connection: Connection) -> None:
    """The new index holds every post: from here on it serves. The old one is to be cleared."""
    connection.execute("UPDATE editions SET serves = NOT serves, grows = 0")


def clear_old(connection: Connection) -> bool:
    """Empty the table that neither serves nor grows, some rows at a time: in one go, a million posts would hold
    everybody up for ten seconds. False if that was done.

    Nobody asks that table, so that rows may go which FTS5 believes to be there, until it is told.
    """
    idle = connection.execute("SELECT at FROM editions WHERE NOT serves AND NOT grows").fetchone()
    if idle is None:
        return False
    table = f"search_{idle[0]}"
    for kept in (f"{table}_data", f"{table}_docsize"):
        some = f"SELECT id FROM {kept} ORDER BY id DESC LIMIT {CLEARED}"  # noqa: S608
        gone = connection.execute(f"DELETE FROM {kept} WHERE id IN ({some}) AND id NOT IN (1, 10)")  # noqa: S608
        if gone.rowcount:
            return True
    if connection.execute(f"SELECT 1 FROM {table}_idx LIMIT 1").fetchone():  # noqa: S608
        _empty(connection, table)
    return False


def join_parts(connection: Connection) -> bool:
    """Every transaction leaves a part of the index behind, and a search asks each: join some. False if that was done.

    It takes longer where a large part is done with, 60 ms in an index of a million posts.
    """
    return any(_join(connection, table, JOINED) for table in _tables(connection))


def _join(connection: Connection, table: str, pages: int) -> bool:
    before = connection.total_changes
    connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (pages,))  # noqa: S608
    return bool(connection.total_changes - before > 1)  # what FTS5 says about `merge`


def _put_version(connection: Connection, made_with: str) -> None:
    connection.execute("UPDATE editions SET dictionary = ? WHERE serves", (topics.dictionary(connection, made_with),))


def _tables(connection: Connection) -> list[str]:
    return [f"search_{at}" for (at,) in connection.execute("SELECT at FROM editions WHERE serves OR grows")]


def _serving(connection: Connection) -> str:
    (at,) = connection.execute("SELECT at FROM editions WHERE serves").fetchone()
    return f"search_{at}"


def _growing(connection: Connection) -> str:
    (at,) = connection.execute("SELECT at FROM editions WHERE grows").fetchone()
    return f"search_{at}"


def _empty(connection: Connection, table: str) -> None:
    connection.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")  # noqa: S608
