"""A collector and a sweep over a real store, one scripted far end for every kind of source."""

import asyncio
from collections.abc import Iterable
from datetime import time, timedelta

from bot import history
from bot.collect import Collector
from bot.models import Changes, Follow, Message, Notification, Post, Roster, Telling
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.sweep import Sweep
from bot.words import query
from bot.words.facts import filters
from tests.scripted import Scripted
from tests.worlds import NOON, ROSTER, Clock, a_post, daily

OLD = a_post("0", "Petrov said nothing new.", at=NOON - timedelta(days=1))


class World:
    def __init__(self, database: Database, roster: Roster = ROSTER) -> None:
        self.database, self.roster = database, roster
        self.clock = Clock()
        self.source = Scripted([OLD])
        self.queued = 0
        self.edited: list[str] = []
        self.start()

    def start(self) -> None:
        readers = dict.fromkeys(("x", "telegram", "feed"), self.source)
        self.database.submit(sources.enrol, self.roster.sources.values(), self.clock()).result()
        self.collector = Collector(self.database, readers, self.roster, self.clock, lambda: 0.0, self._count)
        self.sweep = Sweep(self.database, readers, self.roster, self.collector.reader, self.clock, self._count)

    async def close(self) -> None:
        await self.sweep.close()
        await self.collector.close()

    async def restart(self) -> None:
        """What a process that ends and begins anew keeps: nothing but the store."""
        await self.close()
        self.start()

    def _count(self) -> None:
        self.queued += 1

    async def poll(self, *new: Post) -> None:
        """Add posts to the far end and look at every source that is due, five minutes after the last time."""
        self.source.posts += new
        self.clock.goes(minutes=5)
        await asyncio.gather(*self.collector.begin_due())

    async def take_in(self, *old: Post) -> int:
        """Let history come in. Returns how many posts were new."""
        return sum([kept.new async for kept in history.keep(self.database, self.roster, [old], self.clock(), 1)])

    async def tick(self) -> None:
        """What the scheduler does each second; then until the polls that began are over."""
        await self.collector.tick()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("poll ")))

    async def ask(self, **time: float) -> None:
        """Ask for all whose fate is to be asked for by then."""
        self.clock.goes(**time)
        await asyncio.gather(*self.sweep.begin_due())

    def remove(self, external_id: str) -> None:
        """Take a post away at the far end."""
        self.source.posts[:] = [post for post in self.source.posts if post.external_id != external_id]

    def stored(self, external_id: str) -> Telling:
        """As it stands in the store, whatever its source."""
        return next(one for one in self.all() if one.post.external_id == external_id)

    def all(self) -> Iterable[Telling]:
        return self.database.read(posts.tellings, range(1, 1 + self.database.read(posts.count)))

    def subscribe(self, *follows: Follow, chat: int = 1, watch: str = "", changes: Changes = "now") -> int:
        def enrol(connection: Connection) -> int:
            newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", "UTC", daily(time(20)), None)
            who = subscribers.enrol(connection, newcomer, self.clock())
            for follow in follows:
                subscribers.follow(connection, who.id, follow)
            if watch:
                subscribers.watch(connection, who.id, watch, query.parse(watch, filters(self.roster)).key, self.clock())
            for what in ("changes", "deletions"):
                subscribers.choose(connection, who.id, what, changes)
            return who.id

        return self.database.submit(enrol).result()

    def alerts(self) -> list[Message]:
        """Everything that waits, in the order in which it would be sent, taken out of the outbox; what would be an edit
        of an earlier message goes to `edited`.
        """
        taken: list[Notification] = []
        while rows := self.database.submit(outbox.claim, self.clock(), 99).result():
            self.database.submit(outbox.sent, [outbox.Arrival(row, 1) for row in rows], self.clock()).result()
            taken += rows
        self.edited += [row.message.text for row in taken if row.message_id]
        return [row.message for row in taken if not row.message_id]

    def texts(self) -> list[str]:
        return [message.text for message in self.alerts()]
