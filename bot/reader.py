"""What can be said of a post before it is stored: its language, who speaks, topics, watches, what it repeats."""

import asyncio
import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeAlias, TypeVar, cast

from bot.meters import Meters
from bot.models import IndexEntry, Post, Roster, Source, Statement, Telling
from bot.store import outbox, statements, subscribers
from bot.store.database import Database
from bot.words import similarity, tokens
from bot.words.index import WatchIndex
from bot.words.meaning import Meanings

P = ParamSpec("P")
T = TypeVar("T")

STORY_WINDOW = timedelta(hours=36)
"""A statement told again after longer than this is news again."""

MANY_WATCHES = 1000
"""More than are set between two polls; so many come at a start."""

MOST_RECENT = 5000
"""Texts compared with at the most; a busy day of the shipped sources has about a thousand."""


Twin: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A post with all that can be said of it. `twin`: source and external id of a recent post that tells the same."""

    post: Post
    text: tokens.Text
    statements: tuple[Statement, ...]
    entry: IndexEntry
    watches: tuple[int, ...]
    twin: Twin | None = None

    def subject(self, roster: Roster) -> outbox.Subject:
        """Whom it concerns."""
        speakers = [said.speaker for said in self.statements if said.speaks]
        named = [said.speaker for said in self.statements if not said.speaks]
        return outbox.Subject(
            speakers,
            _sides(speakers, roster),
            self.post.source,
            self.entry.topics,
            self.watches,
            named,
            _sides(named, roster),
            pictured="photo" in self.post.media,
        )


class Reader:
    """Reads posts on a thread of its own, so that the event loop stays free.

    Owns what is compared with in memory: the index of watches and the texts of the last days. Both are made anew from
    the store.
    """

    def __init__(self, database: Database, roster: Roster, meters: Meters) -> None:
        self._database = database
        self._meters = meters
        self._meanings = Meanings(roster)
        self._prints = similarity.Prints(roster, self._meanings.names)
        self._index = WatchIndex()
        self._revision = -1
        self._recent: similarity.Recent | None = None
        self._thread = ThreadPoolExecutor(1, "parley-reader")

    async def read(self, source: Source, found: Sequence[Post], now: datetime) -> list[Reading]:
        """Read the posts of one source, with the watches that stand at this moment."""
        if not found:  # most polls: what was told lately is read again only when there is something to compare
            return []
        if self._recent is None:
            self._recent = similarity.Recent(STORY_WINDOW)
            told = self._database.read(statements.seen_since, now - STORY_WINDOW, MOST_RECENT)
            await self._on_thread(self._remember_texts, told)
        # Nothing is awaited from here on, or another source would be read before the watches have reached the thread.
        self._revision, changes = self._database.read(subscribers.watch_keys, self._revision)
        return await self._on_thread(self._read_all, source, found, changes, now)

    def close(self) -> None:
        self._thread.shutdown()

    def _on_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **kwargs))

    # on the thread

    def _remember_texts(self, told: Collection[Telling]) -> None:
        for telling in told:
            post = telling.post
            text = tokens.read(post.text, post.language)
            self._remember(post, text, telling.statements, post.seen_at or post.published_at)
            self._index.learn(text)

    def _remember(self, post: Post, text: tokens.Text, said: Collection[Statement], now: datetime) -> Twin | None:
        """What is read from now on may repeat it. Returns what it repeats itself.

        It counts from before it is stored, so that what is read at the same moment is compared too; should it never be
        stored, the story has nobody to begin with.
        """
        key = (post.source, post.external_id)
        fingerprint = self._prints.of(text, similarity.Told.of(post, said))
        twins = self._texts.match(fingerprint, but=key)
        self._texts.add(key, fingerprint, now)
        return cast(Twin, twins[0]) if twins else None

    @property
    def _texts(self) -> similarity.Recent:
        return cast(similarity.Recent, self._recent)

    def _read_all(
        self, source: Source, found: Sequence[Post], changes: Mapping[int, str | None], now: datetime
    ) -> list[Reading]:
        with _left_alone(len(changes) > MANY_WATCHES):
            for watch, key in changes.items():
                if key is None:
                    self._index.remove(watch)
                else:
                    self._index.add(watch, key)
        self._texts.drop_before(now)
        readings = []
        for post in found:
            with self._meters.read_seconds.time():
                readings.append(self._read(source, post, now))
        return readings

    def _read(self, source: Source, post: Post, now: datetime) -> Reading:
        """A post that is known already is in its story, whatever becomes of its text."""
        meaning = self._meanings.of(post, source)
        new = not post.id and post.kind != "service"
        with self._meters.match_seconds.time():
            watches = tuple(self._index.matches(meaning.text))
        return Reading(
            meaning.post,
            meaning.text,
            meaning.statements,
            meaning.entry,
            watches,
            self._remember(meaning.post, meaning.text, meaning.statements, now) if new else None,
        )


@contextmanager
def _left_alone(many: bool) -> Iterator[None]:
    """What is made here, if it is many things, stays for long: Python's search for garbage does not look at it again
    and again, which would hold up everything for a quarter of a second with 100,000 watches.
    """
    if not many:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _sides(speakers: Collection[str], roster: Roster) -> set[str]:
    return {side.id for speaker in speakers if (side := roster.side_of(speaker))}
