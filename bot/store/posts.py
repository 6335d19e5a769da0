"""Posts, their earlier versions, and posts with their statements as a reader is shown them."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from bot.models import CORRECTED, WITHDRAWN, Fate, Post, Statement, StatementKind, Telling, Version
from bot.store import topics
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

_WITHDRAWN = ", ".join(f"'{kind}'" for kind in sorted(WITHDRAWN))

_HIDDEN = f"posts.fate <> 'stands' AND posts.source IN (SELECT id FROM sources WHERE kind IN ({_WITHDRAWN}))"  # noqa: S608
"""What its platform does not show at present, and forbids to repeat: it has no words outside this room."""

_COLUMNS = (
    f"id, source, external_id, url, published_at, seen_at, iif({_HIDDEN}, '', text), language, kind, "
    f"iif({_HIDDEN}, '[]', media), iif({_HIDDEN}, '', quoted), author, "
    "edited_at, deleted_at, fate, fate_at, late, story"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a post that a poll brought again."""

    id: int
    sha256: str
    fate: Fate = "stands"


def fingerprint(text: str) -> str:
    """The SHA-256 of the verbatim text in UTF-8, in hexadecimal: evidence of what was said, and how an edit shows."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_NO_WORDS = fingerprint("")


def known(connection: Connection, source: str, external_ids: Collection[str]) -> dict[str, Known]:
    """Those of the posts that are stored already, by external id."""
    rows = connection.execute(
        "SELECT external_id, id, sha256, fate FROM posts "
        "WHERE source = ? AND external_id IN (SELECT value FROM json_each(?))",
        (source, json.dumps(list(external_ids))),
    )
    return {external_id: Known(id, sha256, fate) for external_id, id, sha256, fate in rows}


Row: TypeAlias = tuple[str, str, str, int, int, str, str, str, str, str, str, str, int, bool]
"""A post as its table has it, without its number; `row` makes it."""

_INSERT = """
    INSERT INTO posts (id, source, external_id, url, published_at, seen_at, text, language, kind, media, quoted,
        author, sha256, story, late) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (source, external_id) DO NOTHING
"""


def row(post: Post, now: datetime, *, story: int = 0, late: bool = False) -> Row:
    return (
        post.source,
        post.external_id,
        post.url,
        to_ms(post.published_at),
        to_ms(now),
        post.text,
        post.language,
        post.kind,
        json.dumps(post.media) if post.media else "[]",
        post.quoted,
        post.author,
        fingerprint(post.text),
        story,
        late,
    )


def published_at(row: Row) -> datetime:
    return from_ms(row[3])


def insert(connection: Connection, post: Post, now: datetime, *, story: int = 0, late: bool = False) -> int | None:
    """Store a post with its language. Returns its number, or None if it was there: the store says what was new."""
    new = connection.execute(f"{_INSERT} RETURNING id", (None, *row(post, now, story=story, late=late))).fetchone()
    return new[0] if new else None


def insert_all(connection: Connection, rows: Sequence[Row]) -> dict[int, int]:
    """Store many posts. Returns the numbers of those that were not there, by their place among the rows."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM posts").fetchone()
    first = last + 1
    stored = connection.executemany(_INSERT, ((id, *one) for id, one in enumerate(rows, first))).rowcount
    if stored == len(rows):
        return dict(enumerate(range(first, first + stored)))
    return {id - first: id for (id,) in connection.execute("SELECT id FROM posts WHERE id >= ? ORDER BY id", (first,))}


def story(connection: Connection, source: str, external_id: str) -> int:
    """The story that a post joins which tells the same as this one: the number of the first that told it.

    0 if it is not there. The post itself becomes part of the story.
    """
    row = connection.execute(
        "UPDATE posts SET story = CASE story WHEN 0 THEN id ELSE story END "
        "WHERE source = ? AND external_id = ? RETURNING story",
        (source, external_id),
    ).fetchone()
    return row[0] if row else 0


def told_again(connection: Connection, story: int, limit: int) -> list[int]:
    """The posts of a story, the first seen first."""
    rows = connection.execute("SELECT id FROM posts WHERE story = ? ORDER BY id LIMIT ?", (story, limit))
    return [id for (id,) in rows]


def revise(connection: Connection, id: int, text: str, language: str, now: datetime) -> bool:
    """The post has another text: keep the one it had as a version. False if it has this text already."""
    sha256 = fingerprint(text)
    kept = connection.execute(
        """INSERT INTO versions (post, seen_at, text, sha256)
        SELECT id, coalesce(edited_at, seen_at), text, sha256 FROM posts WHERE id = ? AND sha256 <> ? RETURNING id""",
        (id, sha256),
    ).fetchone()
    if kept is None:
        return False
    connection.execute(
        "UPDATE posts SET text = ?, language = ?, sha256 = ?, edited_at = ? WHERE id = ?",
        (text, language, sha256, to_ms(now), id),
    )
    return True


def put_past(connection: Connection, id: int, post: Post) -> None:
    """What an archive says of a post that it brought: the texts that it had before, when its text changed last, what
    became of it and when.
    """
    fate: Fate = "deleted" if post.deleted_at else post.fate
    fate_at = None if fate == "stands" else post.fate_at or post.deleted_at or post.seen_at or post.published_at
    deleted_at = post.deleted_at or (fate_at if fate == "deleted" else None)
    connection.execute(
        "UPDATE posts SET edited_at = ?, deleted_at = ?, fate = ?, fate_at = ?, late = ?, "
        "sha256 = coalesce(nullif(?, ''), sha256) WHERE id = ?",
        (_ms(post.edited_at), _ms(deleted_at), fate, _ms(fate_at), post.late, post.sha256, id),
    )
    connection.executemany(
        "INSERT INTO versions (post, seen_at, text, sha256) VALUES (?, ?, ?, ?)",
        [(id, to_ms(one.seen_at), one.text, one.sha256 or fingerprint(one.text)) for one in post.versions],
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


# --- what becomes of a post


def delete(connection: Connection, id: int, missed_at: datetime, now: datetime) -> bool:
    """The platform says that it is deleted; `missed_at`: since when it was missing. False if that was known."""
    row = connection.execute(
        "UPDATE posts SET fate = 'deleted', fate_at = ?, deleted_at = ? WHERE id = ? AND fate <> 'deleted' RETURNING 1",
        (to_ms(now), to_ms(missed_at), id),
    ).fetchone()
    return row is not None


def put_fate(connection: Connection, id: int, fate: Fate, now: datetime) -> bool:
    """What the platform says of a post that is not deleted. False if it said so before."""
    row = connection.execute(
        "UPDATE posts SET fate = ?1, fate_at = CASE WHEN ?1 = 'stands' THEN NULL ELSE ?2 END "
        "WHERE id = ?3 AND fate NOT IN (?1, 'deleted') RETURNING 1",
        (fate, to_ms(now), id),
    ).fetchone()
    return row is not None


def stand_again(connection: Connection, id: int, post: Post | None = None) -> None:
    """It is shown again, whatever was known of it; the same words come back if they had to go."""
    connection.execute("UPDATE posts SET fate = 'stands', fate_at = NULL, deleted_at = NULL WHERE id = ?", (id,))
    if post is not None:
        connection.execute(
            "UPDATE posts SET text = ?, quoted = ?, media = ? WHERE id = ? AND sha256 = ?",
            (post.text, post.quoted, json.dumps(post.media), id, fingerprint(post.text)),
        )


def purge(connection: Connection, id: int) -> None:
    """Everything that it said goes, also what it said before it was edited. Its tombstone stays: whose it was and
    where, its times, its fate and the SHA-256 of each text.
    """
    connection.execute("UPDATE posts SET text = '', quoted = '', media = '[]' WHERE id = ?", (id,))
    connection.execute("UPDATE versions SET text = '' WHERE post = ?", (id,))
    connection.execute("UPDATE statements SET text = NULL, evidence = '' WHERE post = ?", (id,))


def seen_since(connection: Connection, since: datetime, limit: int) -> list[tuple[int, datetime]]:
    """The newest posts seen after `since`, at most `limit`, the last first, and when each was: what a new one may
    repeat.
    """
    rows = connection.execute(
        "SELECT id, seen_at FROM posts WHERE seen_at > ? ORDER BY seen_at DESC, id DESC LIMIT ?", (to_ms(since), limit)
    )
    return [(id, from_ms(seen_at)) for id, seen_at in rows]


def changed_between(connection: Connection, since: datetime, until: datetime) -> list[int]:
    """The posts whose text changed, or that were seen to be deleted, in (since, until]; the earliest said first."""
    rows = connection.execute(
        """SELECT id FROM posts WHERE edited_at > ?1 AND edited_at <= ?2
        OR fate_at > ?1 AND fate_at <= ?2 AND fate = 'deleted' ORDER BY published_at, id""",
        (to_ms(since), to_ms(until)),
    )
    return [id for (id,) in rows]


def last_changed(
    connection: Connection, speakers: Collection[str] | None, sources: Collection[str], limit: int
) -> list[int]:
    """The posts of these sources whose text changed or that are not shown any more, the last change first.

    With `speakers`, those in which one of them speaks (mentions do not count).
    """
    wanted = """source IN (SELECT value FROM json_each(:sources)) AND (:all OR EXISTS (
            SELECT 1 FROM statements WHERE post = posts.id AND statements.kind NOT IN ('mention', 'unknown')
            AND speaker IN (SELECT value FROM json_each(:speakers))
        ))"""
    rows = connection.execute(  # each of the two walks ends when it has found enough
        f"""SELECT id FROM (
            SELECT * FROM (SELECT id, edited_at AS at FROM posts INDEXED BY posts_by_edit
                WHERE edited_at IS NOT NULL AND {wanted} ORDER BY edited_at DESC, id DESC LIMIT :limit)
            UNION ALL
            SELECT * FROM (SELECT id, fate_at AS at FROM posts INDEXED BY posts_by_fate
                WHERE fate_at IS NOT NULL AND {wanted} ORDER BY fate_at DESC, id DESC LIMIT :limit)
        ) GROUP BY id ORDER BY max(at) DESC, id DESC LIMIT :limit""",  # noqa: S608
        {
            "sources": json.dumps(list(sources)),
            "all": speakers is None,
            "speakers": json.dumps(list(speakers or ())),
            "limit": limit,
        },
    )
    return [id for (id,) in rows]


def changed_at(connection: Connection, url: str) -> int | None:
    """The post at that address, if its text has changed or it is not shown any more: only those are looked through."""
    row = connection.execute(
        "SELECT id FROM posts WHERE (edited_at IS NOT NULL OR fate_at IS NOT NULL) AND url = ?", (url,)
    ).fetchone()
    return row[0] if row else None


# --- texts


def versions(connection: Connection, id: int) -> list[Version]:
    """Every text that the post has had, the first one first, the present one last; without words, if it is hidden."""
    rows = connection.execute(
        f"""SELECT shown.seen_at, iif({_HIDDEN}, '', shown.text), shown.sha256 FROM (
            SELECT id, post, seen_at, text, sha256 FROM versions WHERE post = ?1
            UNION ALL
            SELECT 9223372036854775807, id, coalesce(edited_at, seen_at), text, sha256 FROM posts WHERE id = ?1
        ) AS shown JOIN posts ON posts.id = shown.post ORDER BY shown.id""",  # noqa: S608
        (id,),
    )
    return [Version(from_ms(seen_at), text, sha256) for seen_at, text, sha256 in rows]


def hashes(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The SHA-256 of the text of each post, as it stands."""
    return dict(
        connection.execute(
            "SELECT id, sha256 FROM posts WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
        )
    )


def put_statements(connection: Connection, post: Post, id: int, statements: Iterable[Statement]) -> None:
    """Store who says what in the post, in place of what was stored of it before. What was corrected stays so."""
    connection.execute("DELETE FROM statements WHERE post = ?", (id,))
    corrected = {
        speaker
        for (speaker,) in connection.execute(
            "SELECT speaker FROM corrections WHERE post = ? AND state = 'confirmed'", (id,)
        )
    }
    right = [_put_right(said) if said.speaker in corrected else said for said in statements]
    add_statements(connection, [(id, statement_rows(post, right))])


def _put_right(said: Statement) -> Statement:
    return replace(said, kind="mention", rule=CORRECTED, evidence="", confidence=100)


StatementRow: TypeAlias = tuple[str, StatementKind, str | None, str, str, int, int]
"""A statement as its table has it, without the number of its post."""


def statement_rows(post: Post, statements: Iterable[Statement]) -> list[StatementRow]:
    return [
        (
            said.speaker,
            said.kind,
            None if said.text == post.text else said.text,
            said.rule,
            said.evidence,
            said.confidence,
            to_ms(post.published_at),
        )
        for said in statements
    ]


def add_statements(connection: Connection, said: Iterable[tuple[int, Iterable[StatementRow]]]) -> None:
    """Store who says what in posts that are new, by the number of each."""
    connection.executemany(
        "INSERT INTO statements (post, speaker, kind, text, rule, evidence, confidence, published_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(id, *one) for id, rows in said for one in rows],
    )


def tellings(connection: Connection, ids: Sequence[int]) -> list[Telling]:
    """The posts with their statements, in the order of the ids; numbers that are not there are left out.

    What its platform hides at present, and forbids to repeat (`WITHDRAWN`), has no words here.
    """
    wanted = json.dumps(list(ids))
    texts: dict[int, Post] = {}
    stories: dict[int, int] = {}
    for row in connection.execute(
        f"SELECT {_COLUMNS} FROM posts WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (wanted,),
    ):
        texts[row[0]] = _post(row)
        stories[row[0]] = row[17]
    statements: dict[int, list[Statement]] = {}
    for post, *columns in connection.execute(
        "SELECT post, speaker, kind, text, rule, evidence, confidence FROM statements "
        "WHERE post IN (SELECT value FROM json_each(?)) ORDER BY id",
        (wanted,),
    ):
        speaker, kind, text, rule, evidence, confidence = columns
        if texts[post].fate != "stands" and not texts[post].text:
            text, evidence = "", ""
        said = Statement(speaker, kind, texts[post].text if text is None else text, rule, evidence, confidence)
        statements.setdefault(post, []).append(said)
    touched = topics.of(connection, ids)
    return [
        Telling(texts[id], tuple(statements.get(id, ())), stories[id], touched.get(id, ())) for id in ids if id in texts
    ]


def after(connection: Connection, id: int, limit: int) -> list[Telling]:
    """The next posts by number."""
    rows = connection.execute("SELECT id FROM posts WHERE id > ? ORDER BY id LIMIT ?", (id, limit))
    return tellings(connection, [row[0] for row in rows])


def everything(connection: Connection) -> Iterator[Post]:
    """Every post with its earlier texts, oldest first, read as it is consumed. The order is that of the posts, however
    they came here. What is hidden has no words here, either.
    """
    for row in connection.execute(  # published_at leads, so that the index serves and only equal times are sorted
        f"SELECT {_COLUMNS}, sha256 FROM posts ORDER BY published_at, source, external_id"  # noqa: S608
    ):
        post = _post(row)
        earlier = versions(connection, post.id)[:-1] if post.edited_at else []
        gone = not post.text and row[18] != _NO_WORDS
        yield replace(post, versions=tuple(earlier), sha256=row[18] if gone else "")


def count(connection: Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM posts").fetchone()[0]
    return found


def _post(row: Any) -> Post:
    return Post(
        id=row[0],
        source=row[1],
        external_id=row[2],
        url=row[3],
        published_at=from_ms(row[4]),
        seen_at=from_ms(row[5]),
        text=row[6],
        language=row[7],
        kind=row[8],
        media=tuple(json.loads(row[9])),
        quoted=row[10],
        author=row[11],
        edited_at=from_ms(row[12]),
        deleted_at=from_ms(row[13]),
        fate=row[14],
        fate_at=from_ms(row[15]),
        late=bool(row[16]),
    )
