"""A desk over a real store, and posts in it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.chat import Desk
from bot.models import Follow, Post, Statement, Subscriber, Telling, Watch
from bot.settings import Limits, Settings
from bot.store import posts, search, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words.meaning import Meanings
from tests.worlds import NOON, ROSTER, Clock, a_post

MEANINGS = Meanings(ROSTER)


@dataclass
class Office:
    """A desk, its clock, and short ways to look into its store."""

    desk: Desk
    clock: Clock

    @property
    def database(self) -> Database:
        return self.desk.database

    def subscriber(self, chat: int = 7, thread: int = 0) -> Subscriber | None:
        return self.database.read(subscribers.find, chat, thread)

    def follows(self, chat: int = 7, thread: int = 0) -> list[Follow]:
        known = self.subscriber(chat, thread)
        return self.database.read(subscribers.follows, known.id) if known else []

    def watches(self, chat: int = 7, thread: int = 0) -> list[Watch]:
        known = self.subscriber(chat, thread)
        return self.database.read(subscribers.watches, known.id) if known else []

    def said(self, number: int, text: str, *who: Statement, source: str = "wire") -> int:
        """Store a post, the higher numbers later."""
        post = a_post(str(number), text, source, NOON - timedelta(hours=100 - number), language="en")
        return self.database.submit(put_post, post, who, self.clock()).result()


def put_post(
    connection: Connection, post: Post, who: tuple[Statement, ...], now: datetime, meanings: Meanings = MEANINGS
) -> int:
    number = posts.insert(connection, post, now)
    assert number
    posts.put_statements(connection, post, number, who)
    search.add(connection, [(number, post.published_at, meanings.again(Telling(replace(post, id=number), who)))])
    return number


def quoted(speaker: str) -> Statement:
    return Statement(speaker, "quote", "words")


def an_office(database: Database, **limits: int) -> Office:
    clock = Clock()
    settings = Settings(
        database=database.path,
        config=Path("config"),
        admins=(99,),
        roster=ROSTER,
        contact="office@parley.example",
        limits=replace(Limits(), **limits),
    )
    database.submit(sources.enrol, list(ROSTER.sources.values()), NOON).result()
    return Office(Desk(database, settings, clock), clock)
