"""Where the pictures of a post are, as its platform says. They themselves are never kept."""

from collections.abc import Sequence

from bot.store.connection import Connection


def put(connection: Connection, post: int, addresses: Sequence[str]) -> None:
    """Of a post that is new."""
    connection.executemany(
        "INSERT INTO pictures (post, at, url) VALUES (?, ?, ?)",
        [(post, at, address) for at, address in enumerate(addresses)],
    )


def of(connection: Connection, post: int) -> list[str]:
    rows = connection.execute("SELECT url FROM pictures WHERE post = ? ORDER BY at", (post,))
    return [url for (url,) in rows]
