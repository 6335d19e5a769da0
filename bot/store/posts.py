"""Posts, their earlier versions, and posts with their statements as a reader is shown them."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.models import Post, Statement, Telling
from bot.store.connection import Connection
from bot.store.times import from_ms, to_ms

_COLUMNS = (
    "id, source, external_id, url, published_at, seen_at, text, language, kind, media, quoted, author, "
    "edited_at, deleted_at, story"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a post that a poll brought again."""

    id: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Version:
    """One text that a post has had, and when it was first seen."""

    seen_at: datetime
    text: str
    sha256: str


def fingerprint(text: str) -> str:
    """The SHA-256 of the verbatim text in UTF-8, in hexadecimal: evidence of what was said, and how an edit shows."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def known(connection: Connection, source: str, external_ids: Collection[str]) -> dict[str, Known]:
    """Those of the posts that are stored already, by external id."""
    rows = connection.execute(
        "SELECT external_id, id, sha256 FROM posts "
        "WHERE source = ? AND external_id IN (SELECT value FROM json_each(?))",
        (source, json.dumps(list(external_ids))),
    )
    return {external_id: Known(id, sha256) for external_id, id, sha256 in rows}


def insert(connection: Connection, post: Post, now: datetime, *, story: int = 0) -> int | None:
    """Store a post with its language. Returns its number, or None if it was there: the store says what was new."""
    row = connection.execute(
        """INSERT INTO posts (source, external_id, url, published_at, seen_at, text, language, kind, media, quoted,
            author, sha256, story) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (source, external_id) DO NOTHING RETURNING id""",
        (
            post.source,
            post.external_id,
            post.url,
            to_ms(post.published_at),
            to_ms(now),
            post.text,
            post.language,
            post.kind,
            json.dumps(post.media),
            post.quoted,
            post.author,
            fingerprint(post.text),
            story,
        ),
    ).fetchone()
    return row[0] if row else None


def story(connection: Connection, twin: int) -> int:
    """The story that a post joins which tells the same as `twin`: the number of the earliest that told it.

    0 if there is no twin. The twin itself becomes part of the story.
    """
    row = connection.execute(
        "UPDATE posts SET story = CASE story WHEN 0 THEN id ELSE story END WHERE id = ? RETURNING story", (twin,)
    ).fetchone()
    return row[0] if row else 0


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


def put_history(connection: Connection, id: int, edited_at: datetime | None, deleted_at: datetime | None) -> None:
    """What an archive says of a post that it brought: when its text changed last, when it was seen to be gone."""
    connection.execute(
        "UPDATE posts SET edited_at = ?, deleted_at = ? WHERE id = ?",
        (edited_at and to_ms(edited_at), deleted_at and to_ms(deleted_at), id),
    )


def versions(connection: Connection, id: int) -> list[Version]:
    """Every text that the post has had, the first one first, the present one last."""
    rows = connection.execute(
        """SELECT seen_at, text, sha256 FROM (
            SELECT id, seen_at, text, sha256 FROM versions WHERE post = ?1
            UNION ALL
            SELECT 9223372036854775807, coalesce(edited_at, seen_at), text, sha256 FROM posts WHERE id = ?1
        ) ORDER BY id""",
        (id,),
    )
    return [Version(from_ms(seen_at), text, sha256) for seen_at, text, sha256 in rows]


def put_statements(connection: Connection, post: Post, id: int, statements: Iterable[Statement]) -> None:
    """Store who says what in the post, in place of what was stored of it before."""
    connection.execute("DELETE FROM statements WHERE post = ?", (id,))
    connection.executemany(
        "INSERT INTO statements (post, speaker, kind, text, rule, evidence, confidence, published_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                id,
                said.speaker,
                said.kind,
                None if said.text == post.text else said.text,
                said.rule,
                said.evidence,
                said.confidence,
                to_ms(post.published_at),
            )
            for said in statements
        ],
    )


def tellings(connection: Connection, ids: Sequence[int]) -> list[Telling]:
    """The posts with their statements, in the order of the ids; numbers that are not there are left out."""
    wanted = json.dumps(list(ids))
    texts: dict[int, Post] = {}
    stories: dict[int, int] = {}
    for row in connection.execute(
        f"SELECT {_COLUMNS} FROM posts WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (wanted,),
    ):
        texts[row[0]] = _post(row)
        stories[row[0]] = row[14]
    statements: dict[int, list[Statement]] = {}
    for post, *columns in connection.execute(
        "SELECT post, speaker, kind, text, rule, evidence, confidence FROM statements "
        "WHERE post IN (SELECT value FROM json_each(?)) ORDER BY id",
        (wanted,),
    ):
        speaker, kind, text, rule, evidence, confidence = columns
        said = Statement(speaker, kind, texts[post].text if text is None else text, rule, evidence, confidence)
        statements.setdefault(post, []).append(said)
    return [Telling(texts[id], tuple(statements.get(id, ())), stories[id]) for id in ids if id in texts]


def everything(connection: Connection) -> Iterator[Post]:
    """Every post, oldest first, read as it is consumed. The order is that of the posts, however they came here."""
    for row in connection.execute(  # published_at leads, so that the index serves and only equal times are sorted
        f"SELECT {_COLUMNS} FROM posts ORDER BY published_at, source, external_id"  # noqa: S608
    ):
        yield _post(row)


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
    )
