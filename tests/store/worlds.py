"""Small worlds for the tests of the store: a source, posts, subscribers."""

from datetime import datetime, time, timedelta

from bot.models import Cursor, Message, Post, Source, Statement, Subscriber
from bot.store import posts, sources, subscribers
from bot.store.connection import Connection
from tests.worlds import daily

EVERY = timedelta(minutes=5)


def a_source(id: str = "web", **more: object) -> Source:
    return Source(id, "feed", "https://example.org/rss", **more)  # type: ignore[arg-type]


def a_post(now: datetime, external_id: str = "1", text: str = "Talks go on.", source: str = "web") -> Post:
    return Post(source, external_id, f"https://example.org/{external_id}", now, text, "en")


def put_source(connection: Connection, now: datetime, *ids: str) -> None:
    sources.enrol(connection, [a_source(id) for id in ids or ("web",)], now)


def put_post(
    connection: Connection,
    now: datetime,
    external_id: str = "1",
    speaker: str = "",
    *,
    kind: str = "report",
    text: str = "Talks go on.",
) -> int:
    post = a_post(now, external_id, text)
    id = posts.insert(connection, post, now)
    assert id
    if speaker:
        posts.put_statements(connection, post, id, [Statement(speaker, kind, text)])  # type: ignore[arg-type]
    return id


def put_subscriber(connection: Connection, now: datetime, chat: int = 1, thread: int = 0) -> Subscriber:
    kind = "private" if chat > 0 else "supergroup"
    newcomer = subscribers.Newcomer(chat, thread, kind, "Ann", "en", "UTC", daily(time(20)), now + timedelta(hours=8))
    return subscribers.enrol(connection, newcomer, now)


def a_message(text: str = "hello") -> Message:
    return Message(text)


NEXT = Cursor("next")


def parts_of_index(connection: Connection) -> int:
    """How many parts the full-text index is in; each transaction leaves one."""
    found: int = connection.execute("SELECT count(DISTINCT segid) FROM search_0_idx").fetchone()[0]
    return found
