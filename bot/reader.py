"""What can be said of a post before it is stored: its language, who speaks, topics, watches, what it repeats."""

import asyncio
import gc
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import ParamSpec, TypeAlias, TypeVar, cast

from bot.meters import Meters
from bot.models import IndexEntry, Post, Roster, Source, Statement, Telling
from bot.store import outbox, posts, subscribers
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

MOST_RECENT = 2000
"""Texts compared with at the most, at some 5 kB each; a busy day of the shipped sources has about a thousand."""

AT_ONCE = 50
"""Texts that are read again in one go after a start; a post that is new waits some hundredths of a second for them."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)

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
        self._texts = similarity.Recent(STORY_WINDOW, MOST_RECENT)
        self._earlier: deque[tuple[int, datetime]] | None = None  # posts whose texts are still to be remembered
        self._looking_back = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "parley-reader")

    async def read(self, source: Source, found: Sequence[Post], now: datetime) -> list[Reading]:
        """Read the posts of one source, with the watches that stand at this moment."""
        if not found:
            return []
        await self.look_back(now, min(post.published_at for post in found))
        # Nothing is awaited from here on, or another source would be read before the watches have reached the thread.
        self._revision, changes = self._database.read(subscribers.watch_keys, self._revision)
        return await self._on_thread(self._read_all, source, found, changes, now)

    async def look_back(self, now: datetime, oldest: datetime = LONG_AGO) -> None:
        """Remember what was told lately, as far as posts may repeat it of which the `oldest` was published then.

        After a start that is much: it is read the newest first and a few at a time, so that a post that is new waits
        only for what it may repeat.
        """
        while True:
            async with self._looking_back:
                if self._earlier is None:
                    self._earlier = deque(self._database.read(posts.seen_since, now - STORY_WINDOW, MOST_RECENT))
                if not self._earlier or self._earlier[0][1] + similarity.APART < oldest:
                    return
                some = [id for id, _ in islice(self._earlier, AT_ONCE)]
                told = await self._database.read_slow(posts.tellings, some)
                await self._on_thread(self._remember_texts, told)
                for _ in some:
                    self._earlier.popleft()

    def close(self) -> None:
        self._thread.shutdown()

    def _on_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **kwargs))

    # on the thread

    def _remember_texts(self, told: Collection[Telling]) -> None:
        for telling in told:
            post = telling.post
            text = tokens.read(post.text, post.language)
            fingerprint = self._prints.of(text, similarity.Told.of(post, telling.statements))
            seen_at = post.seen_at or post.published_at
            self._texts.add((post.source, post.external_id), fingerprint, seen_at, earlier=True)
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
