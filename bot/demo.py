"""`parley try`: the same bot in a terminal, over the last two days of a sample archive. No account, no token.

Everything is real but the far ends: the archive stands for the sources, the terminal for Telegram, and the clock goes
from one thing that happens to the next.
"""

import asyncio
import random
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from telegram.ext import Application

from bot import chat, digest
from bot.app import translator, web_session
from bot.botapi.pacing import Pacing
from bot.chat.console import CHAT, ConsoleRequest, update_of
from bot.collect import Collector
from bot.deliver import Delivery
from bot.errors import ParleyError
from bot.listen import App
from bot.settings import Settings
from bot.sources import archive
from bot.store import late, outbox, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.translate import Translator

LIVE_DAYS = 2
"""So many days at the end of the archive happen while you watch; what is before them is history."""

QUIET = 1.0
"""Seconds without a typed line after which the days begin, and go on."""

PAUSE = 0.6
"""Seconds between two things that happen, while somebody can still type."""

WELCOME = """\
You are talking with the bot as on Telegram; the sources are a sample of real days, in short paraphrases.
Try: /start   /subscribe all   /watch neutrality   /latest   /search "Crimea"   /help
A number presses the button that has it. Ctrl-D ends.
"""

OVER = "The sample days are over. Go on asking if you like; Ctrl-D ends.\n"


class Clock:
    """Shows what it was set to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


async def run(settings: Settings, typed: TextIO, shown: TextIO) -> None:
    """Talk until the days are over and everything is delivered; in a terminal, until the person ends it."""
    interactive = typed.isatty()
    async with staged(settings, shown) as days:
        lines = Lines(typed)
        if interactive:
            shown.write(WELCOME)
        await days.happen()
        await days.hear(lines, QUIET)
        while await days.go_on():
            await days.hear(lines, PAUSE)
        if interactive and not lines.ended:
            shown.write(OVER)
            await days.hear(lines, None)


@asynccontextmanager
async def staged(settings: Settings, shown: TextIO) -> AsyncIterator["Days"]:
    """The days before anything has happened, with a bot that prints to `shown`; what is stored goes with them.

    Whoever sits at the terminal operates the bot, too.
    """
    settings = replace(settings, admins=(CHAT,))
    moments = _moments(settings)
    begin, end = _days(settings, moments[-1])
    clock = Clock(begin)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-")))
        database = Database.open(folder / "parley.db")
        stack.callback(database.close)
        pacing = Pacing(overall=1000.0, chat=1000.0, group=1000.0)
        session = await stack.enter_async_context(web_session(settings))
        application = _application(settings, database, pacing, clock, shown, translator(settings, session))
        await stack.enter_async_context(application)
        delivery = Delivery(database, application.bot, pacing, clock)
        readers = {"archive": archive.Archive(settings.config)}
        collector = Collector(database, readers, settings.roster, clock, random.random, lambda: None)
        stack.push_async_callback(collector.close)
        await database.write(sources.enrol, settings.roster.sources.values(), begin)
        yield Days(settings, database, clock, collector, delivery, application, [*moments, end])


def _moments(settings: Settings) -> list[datetime]:
    """When something is said in the archives, in order."""
    files = {settings.config / source.address for source in settings.roster.sources.values()}
    moments = sorted({post.published_at for file in files for post in archive.posts(file)})
    if not moments:
        raise ParleyError(f"{settings.config}: the sample archive holds no posts")
    return moments


def _days(settings: Settings, last: datetime) -> tuple[datetime, datetime]:
    """From the midnight when the live days begin to the one when they end, where a new subscriber lives."""
    zone = ZoneInfo(settings.defaults.zone)
    end = datetime.combine(last.astimezone(zone).date() + timedelta(days=1), time(), zone)
    return (end - timedelta(days=LIVE_DAYS)).astimezone(UTC), end.astimezone(UTC)


def _application(
    settings: Settings, database: Database, pacing: Pacing, clock: Clock, shown: TextIO, translator: Translator | None
) -> App:
    application = (
        Application.builder()
        .token("1:terminal")
        .request(ConsoleRequest(shown, save=Files().save))
        .get_updates_request(ConsoleRequest(shown))
        .rate_limiter(pacing)
        .updater(None)
        .build()
    )
    chat.serve(application, chat.Desk(database, settings, clock, translator))
    return application


class Files:
    """What the bot sends besides words, kept after the talk: a folder of its own, made for the first file."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def save(self, name: str, content: bytes) -> str:
        """Gives the path. The name is the last part of what was given, for it must stay in the folder."""
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="parley-files-"))
        self._count += 1
        path = self._folder / f"{self._count}-{Path(name).name}"
        path.write_bytes(content)
        return str(path)


class Lines:
    """What is typed, line by line, read on a thread of its own; `ended` once there will be no more."""

    def __init__(self, typed: TextIO) -> None:
        self.ended = False
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            with suppress(RuntimeError):  # the loop is gone: nobody listens any more
                for line in iter(typed.readline, ""):
                    loop.call_soon_threadsafe(self._queue.put_nowait, line)
                loop.call_soon_threadsafe(self._queue.put_nowait, None)

        threading.Thread(target=read, name="parley-typed", daemon=True).start()

    async def within(self, seconds: float | None) -> AsyncIterator[str]:
        """The lines, each if it comes within so many seconds (None: however long that takes)."""
        while not self.ended:
            try:
                line = await asyncio.wait_for(self._queue.get(), seconds)
            except TimeoutError:
                return
            if line is None:
                self.ended = True
            elif line.strip():
                yield line.strip()


class Days:
    """The bot's work at one moment after the other."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        collector: Collector,
        delivery: Delivery,
        application: App,
        moments: Sequence[datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._collector = collector
        self._delivery = delivery
        self._application = application
        self._moments = moments

    async def happen(self) -> None:
        """Everything that is due at this moment: a look at every source, digests, messages."""
        await self._database.write(sources.hurry, [], self._clock())
        await asyncio.gather(*self._collector.begin_due())
        await digest.queue_due(self._database, self._settings.roster, self._clock())
        while await self._delivery.step():
            pass

    async def hear(self, lines: Lines, seconds: float | None) -> None:
        """Answer what is typed, until nothing is for so many seconds."""
        async for line in lines.within(seconds):
            await self.answer(line)

    async def answer(self, line: str) -> None:
        """What the bot says to a typed line."""
        await self._application.process_update(update_of(line, self._clock(), self._application.bot))

    async def go_on(self, until: datetime | None = None) -> bool:
        """To the next moment at which something happens; False if there is none by then, or on any day."""
        end = until or self._moments[-1]
        moments = [*self._moments, *self._database.read(_due)]
        upcoming = min((moment for moment in moments if self._clock() < moment <= end), default=None)
        if upcoming is None:
            return False
        self._clock.at = upcoming
        await self.happen()
        return True

    async def go_to(self, moment: datetime) -> None:
        """To that moment, with everything that happens until then."""
        while await self.go_on(moment):
            pass
        self._clock.at = moment


def _due(connection: Connection) -> list[datetime]:
    found = (subscribers.next_digest_at(connection), outbox.next_due_at(connection), late.next_due_at(connection))
    return [moment for moment in found if moment]
