"""Which topics a post was found to touch, and with which version of the dictionaries."""

import json
from collections.abc import Collection, Sequence

from bot.store.connection import Connection


def put(connection: Connection, post: int, topics: Collection[str], version: str) -> None:
    """Store the topics of a post, in place of those that were found before."""
    connection.execute("DELETE FROM topic_hits WHERE post = ?", (post,))
    add(connection, [(post, topics)], version)


def add(connection: Connection, new: Sequence[tuple[int, Collection[str]]], version: str) -> None:
    """Store the topics of posts that are new."""
    hits = [(post, topic) for post, topics in new for topic in topics]
    if hits:
        number = dictionary(connection, version)
        connection.executemany(
            "INSERT INTO topic_hits (post, topic, dictionary) VALUES (?, ?, ?)", [(*hit, number) for hit in hits]
        )


def of(connection: Connection, posts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The topics of the posts, by post; posts that touch none are left out."""
    found: dict[int, list[str]] = {}
    for post, topic in connection.execute(
        "SELECT post, topic FROM topic_hits WHERE post IN (SELECT value FROM json_each(?)) ORDER BY post, topic",
        (json.dumps(list(posts)),),
    ):
        found.setdefault(post, []).append(topic)
    return {post: tuple(topics) for post, topics in found.items()}


def dictionary(connection: Connection, version: str) -> int:
    """The number under which a version is stored."""
    connection.execute("INSERT INTO dictionaries (version) VALUES (?) ON CONFLICT DO NOTHING", (version,))
    number: int = connection.execute("SELECT id FROM dictionaries WHERE version = ?", (version,)).fetchone()[0]
    return number
