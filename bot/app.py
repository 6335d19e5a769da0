"""The running bot: everything is made here and handed to whoever needs it. A table of contents."""

import asyncio
import logging
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import aiohttp
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ExtBot

from bot import alarm, annotate, chat, digest, health, memory, renewal
from bot.botapi.inbox import Inbox, InTurn
from bot.botapi.messages import arguments
from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest, Polling
from bot.budget import Ask, Budget, Grant, Used, rests_until
from bot.collect import Collector
from bot.deliver import Delivery
from bot.errors import ParleyError
from bot.keep import Keeper, mind_the_clock
from bot.listen import App, Ear, Poller, Webhook
from bot.meters import Meters
from bot.models import Fetcher, Message
from bot.reconcile import Reconciler
from bot.render import owners
from bot.settings import Settings
from bot.sources.archive import Archive
from bot.sources.feed import Feed
from bot.sources.telegram_client import TelegramClient, connect, lock_of
from bot.sources.telegram_web import TelegramWeb
from bot.sources.x import X
from bot.sources.x_purse import Purse
from bot.store import budget, inbox, outbox, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.sweep import Sweep
from bot.translate import Translator

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at what is due: an alert waits for no tick, a poll and a digest for at most one."""

ALARM_EVERY = timedelta(minutes=5)
"""How often it is asked whether a source ails: what breaks together comes to operators in one message or two."""

LEARN_EVERY = timedelta(minutes=10)
"""How often the habits of some sources are worked out; each of 500 once a day takes 25 turns."""

PATIENCE = 5.0
"""Seconds that a start may look for damage in the database; two gigabytes take as long."""

FORGET_EVERY = timedelta(hours=6)

JOIN_EVERY = timedelta(seconds=10)
"""How often the full-text index is put in order."""

BACKLOG_EVERY = timedelta(minutes=1)
"""How often it is asked whether alerts pile up for a chat."""

BACK_UP_EVERY = timedelta(minutes=1)
"""How often it is asked whether a backup is due."""

RECONCILE_EVERY = timedelta(hours=1)
"""How often it is asked whether X is to be asked what it has counted."""

COMPARE_EVERY = timedelta(minutes=30)
"""How often this computer's clock is compared with Telegram's."""

GIVE_BACK_EVERY = timedelta(minutes=1)
"""How often memory that is free goes back to the computer."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two tries to reach Telegram at the start; they double."""


def now() -> datetime:
    """The one clock of the house."""
    return datetime.now(UTC)


async def run(settings: Settings) -> None:
    """Collect and serve until SIGINT or SIGTERM. Raises ParleyError for what an operator has to mend."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # or python-telegram-bot warns of every 429
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database, PATIENCE)
        stack.callback(database.close)
        await database.write(mind_the_clock, now())
        await database.write(sources.enrol, settings.roster.sources.values(), now())
        session = await stack.enter_async_context(web_session(settings))

        sending, polling = AiohttpRequest(), Polling()
        stack.push_async_callback(sending.shutdown)
        stack.push_async_callback(polling.shutdown)
        meters, pace = Meters(), settings.pace
        pacing = Pacing(pace.overall, pace.chat, pace.group, paid=pace.paid, meters=meters)

        def nudge() -> None:
            delivery.nudge()

        translate = translator(settings, session)
        application = telegram_bot(settings, database, sending, polling, pacing, meters, translate, nudge)
        delivery = Delivery(database, application.bot, pacing, now, meters=meters)
        readers = await stack.enter_async_context(fetchers(session, settings, database))
        collector = Collector(database, readers, settings.roster, now, random.random, delivery.nudge, meters)
        stack.push_async_callback(collector.close)
        sweep = Sweep(database, readers, settings.roster, collector.reader, now, delivery.nudge)
        stack.push_async_callback(sweep.close)
        keeper = Keeper(database, settings, now, partial(say, application.bot), delivery.nudge)
        await keeper.look()
        ear = ear_for(settings, application, polling, partial(_tell_of_conflict, database, settings, delivery))

        scheduler = ticking(
            {
                "disk": keeper.look,
                "poll": _with_room(keeper, collector.tick),
                "sweep": _with_room(keeper, _ask_due(sweep)),
                "digest": _queue_digests(database, settings, delivery),
                "translate": _translate_wanted(database, settings, translate, delivery),
            }
        )
        for job, every in (
            (keeper.forget, FORGET_EVERY),
            (keeper.back_up, BACK_UP_EVERY),
            (keeper.join_index, JOIN_EVERY),
            (memory.give_back, GIVE_BACK_EVERY),
        ):
            scheduler.add_job(job, "interval", seconds=every.total_seconds(), next_run_time=now())
        scheduler.add_job(_learn, "interval", seconds=LEARN_EVERY.total_seconds(), args=[database], next_run_time=now())
        scheduler.add_job(_compare_clocks, "interval", seconds=COMPARE_EVERY.total_seconds(), args=[sending, keeper])
        scheduler.add_job(_gather_backlog, "interval", seconds=BACKLOG_EVERY.total_seconds(), args=[database])
        scheduler.add_job(_renew, args=[database, settings])
        scheduler.add_job(collector.reader.look_back, args=[now()])
        scheduler.add_job(
            _tell_operators, "interval", seconds=ALARM_EVERY.total_seconds(), args=[database, settings, delivery]
        )
        if settings.x_bearer_token:
            x = cast(X, readers["x"])
            bill = Reconciler(database, x, settings.x.budget, settings.admins, now, delivery.nudge)
            scheduler.add_job(bill.look, "interval", seconds=RECONCILE_EVERY.total_seconds(), next_run_time=now())
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        if settings.health_port:
            where, signs = (settings.health_host, settings.health_port), partial(_signs, ear, sending, keeper)
            page = await health.serve(where, database, now, signs, meters, settings.x.budget)
            stack.push_async_callback(page.cleanup)
            stack.callback(asyncio.create_task(health.watch_the_loop(meters), name="loop lag").cancel)

        log.info("collecting %d sources", sum(source.enabled for source in settings.roster.sources.values()))
        unfinished = await database.write(inbox.waiting)
        await converse(application, delivery, ear, unfinished, stop, settings.admins)


# --- the parts


@asynccontextmanager
async def web_session(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """The one HTTP client of all sources. Timeouts are per source; this is the outer bound."""
    contact = f" ({settings.contact})" if settings.contact else ""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30),
        headers={"User-Agent": f"Parley{contact}"},
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield session


@asynccontextmanager
async def fetchers(
    session: aiohttp.ClientSession, settings: Settings, database: Database | None = None
) -> AsyncIterator[Mapping[str, Fetcher]]:
    """One a kind of source. What X costs is kept in the database; without one it is not counted."""
    known = settings.roster.sources.values()
    readers: dict[str, Fetcher] = {
        "x": X(
            session,
            settings.x_bearer_token,
            settings.x_api_url,
            accounts=[source for source in known if source.kind == "x" and source.enabled],
            mode=settings.x.mode,
            vocabulary=settings.x.vocabulary,
            country=settings.x.country,
            purse=purse(database, settings.x.budget) if database else None,
            resting=partial(database.read, sources.switched_off) if database else tuple,
        ),
        "telegram": TelegramWeb(session, settings.telegram_web_url, settings.contact),
        "feed": Feed(session, settings.contact),
        "archive": Archive(settings.config),
    }
    if settings.telegram_client == "web":
        yield readers
        return
    client = telegram_account(settings, database)
    try:
        yield readers | {"telegram": client}
    finally:
        await client.close()


def telegram_account(settings: Settings, database: Database | None) -> TelegramClient:
    """Channels read with an account; what it is told of makes the source due at once."""

    def hurry(source: str) -> None:
        if database:
            database.submit(sources.hurry, [source], now())

    session = settings.telegram_session
    return TelegramClient(
        partial(connect, settings.telegram_api_id, settings.telegram_api_hash, session, lock_of(session)), hurry
    )


def purse(database: Database, limits: Budget, clock: Callable[[], datetime] = now) -> Purse:
    """The money for X: what may be spent, and what was."""

    async def hold(ask: Ask) -> Grant:
        return await database.write(budget.hold, limits, ask, clock())

    async def settle(ask: Ask, grant: Grant, used: Used, whole: bool) -> None:
        await database.write(budget.settle, limits, ask, grant, used, whole)

    async def drop(ask: Ask, grant: Grant) -> None:
        await database.write(budget.drop, ask, grant)

    def rests() -> datetime | None:
        """By what was billed: a note at its worst, of a call under way, would stop everybody for hours."""
        return rests_until(limits, database.read(budget.spent, clock(), notes=False), clock())

    return Purse(hold, settle, drop, rests)


def translator(settings: Settings, session: aiohttp.ClientSession) -> Translator | None:
    """None if no translation is wanted."""
    if not settings.translates:
        return None
    return Translator(session, settings.translate.service, settings.translate_url, settings.translate_key)


def telegram_bot(
    settings: Settings,
    database: Database,
    sending: AiohttpRequest,
    polling: Polling,
    pacing: Pacing,
    meters: Meters,
    translator: Translator | None = None,
    queued: Callable[[], None] = lambda: None,
) -> App:
    """python-telegram-bot on our transport, our pace and our inbox, with the chat's handlers. `queued` is called when
    they have put something into the outbox.
    """

    async def receive(number: int, update: str) -> bool:
        new = await database.write(inbox.receive, number, update, now())
        meters.updates.labels("new" if new else "repeated").inc()
        return new

    async def begun(number: int) -> None:
        await database.write(inbox.begun, number)

    async def done(number: int) -> None:
        await database.write(inbox.done, number, now())
        await database.scrub()  # the very words of /stop are forgotten by now

    application = (
        Application.builder()
        .token(settings.bot_token)
        .base_url(f"{settings.telegram_api_url}/bot")
        .base_file_url(f"{settings.telegram_api_url}/file/bot")
        .request(sending)
        .get_updates_request(polling)
        .rate_limiter(pacing)
        .update_queue(Inbox(receive))
        .concurrent_updates(InTurn(begun, done))
        .build()
    )
    chat.serve(application, chat.Desk(database, settings, now, translator, queued))
    return application


def ear_for(
    settings: Settings, application: App, polling: Polling, conflict: Callable[[], Coroutine[Any, Any, None]]
) -> Ear:
    """Telegram calls us where the settings say under which address; else it is asked."""
    if settings.webhook_url:
        host, port = settings.webhook_listen
        return Webhook(application, settings.webhook_url, settings.webhook_secret, host, port)
    return Poller(application, polling, conflict)


def ticking(jobs: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIOScheduler:
    """A clock that ticks. What is due is a column: a tick that comes late finds all that it missed."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    for name, job in jobs.items():
        scheduler.add_job(job, "interval", seconds=TICK, id=name, next_run_time=now())
    return scheduler


def _with_room(keeper: Keeper, job: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Coroutine[Any, Any, None]]:
    """Rests while the disk is almost full."""

    async def tick() -> None:
        if not keeper.low:
            await job()

    return tick


def _ask_due(sweep: Sweep) -> Callable[[], Coroutine[Any, Any, None]]:
    async def tick() -> None:
        sweep.begin_due()

    return tick


def _translate_wanted(
    database: Database, settings: Settings, translator: Translator | None, delivery: Delivery
) -> Callable[[], Coroutine[Any, Any, None]]:
    async def tick() -> None:
        a_month = settings.translate.characters
        if translator and await annotate.translate_wanted(database, settings.roster, translator, a_month, now()):
            delivery.nudge()

    return tick


def _queue_digests(
    database: Database, settings: Settings, delivery: Delivery
) -> Callable[[], Coroutine[Any, Any, None]]:
    async def tick() -> None:
        late, unread = settings.pace.digest_late, settings.uncollected
        queued = await digest.queue_due(database, settings.roster, now(), late, uncollected=unread)
        if queued + await digest.queue_catch_up(database, settings.roster, now()):
            delivery.nudge()

    return tick


async def _gather_backlog(database: Database) -> None:
    await digest.gather_backlog(database, now())


async def _renew(database: Database, settings: Settings) -> None:
    await renewal.renew(database, settings.roster)


async def _learn(database: Database) -> None:
    await alarm.learn(database, now())


async def _tell_operators(database: Database, settings: Settings, delivery: Delivery) -> None:
    if await alarm.tell_operators(database, settings.roster, settings.admins, now(), settings.uncollected):
        delivery.nudge()


async def _tell_of_conflict(database: Database, settings: Settings, delivery: Delivery) -> None:
    """Once a day at the most, however often it is noticed."""

    def tell(connection: Connection, at: datetime) -> int:
        operators = subscribers.operators(connection, settings.admins)
        for who in operators:
            messages = owners.conflict(language=who.language)
            outbox.queue(connection, [(who.id, False)], f"conflict:{at.date()}", messages, "notice", at)
        return len(operators)

    if await database.write(tell, now()):
        delivery.nudge()


async def say(bot: ExtBot[Any], chat: int, message: Message) -> bool:
    """Write to a chat at once, past the outbox; False if that did not work."""
    try:
        await bot.send_message(chat, **arguments(message))
    except TelegramError as error:
        log.warning("an operator could not be told directly: %s", type(error).__name__)
        return False
    return True


async def _compare_clocks(sending: AiohttpRequest, keeper: Keeper) -> None:
    keeper.compare_clocks(health.skew(sending.dated, now(), asyncio.get_running_loop().time()))


def _signs(ear: Ear, sending: AiohttpRequest, keeper: Keeper) -> health.Signs:
    time = asyncio.get_running_loop().time()
    heard_at = None if ear.heard_at is None else now() - timedelta(seconds=time - ear.heard_at)
    return health.Signs(heard_at, health.skew(sending.dated, now(), time), keeper.low, keeper.backed_up_at)


# --- the conversation with Telegram


async def converse(
    application: App,
    delivery: Delivery,
    ear: Ear,
    unfinished: Sequence[tuple[int, str]],
    stop: asyncio.Event,
    admins: Collection[int] = (),
) -> None:
    """Listen and deliver until told to stop, the updates that an earlier process left `unfinished` first.

    Collecting goes on meanwhile, whether Telegram answers or not.
    """
    if not await _reach_telegram(application, stop):
        return
    delivering = asyncio.create_task(delivery.run(stop), name="deliver")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await cast(Inbox, application.update_queue).resume(unfinished, application.bot)
        await application.start()
        await ear.open()
        registering = asyncio.create_task(chat.register(application.bot, admins), name="register")
        log.info("listening as @%s", application.bot.username)
        listening = asyncio.create_task(ear.watch(), name="watch")
        await asyncio.wait({delivering, stopping, listening}, return_when=asyncio.FIRST_COMPLETED)
        for task in (listening, registering):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await listening  # it ends by itself only with an error that an operator has to mend
    finally:
        stop.set()
        try:
            await delivering  # before the transport closes under what is on its way
        finally:
            await ear.close()
            if application.running:
                await application.stop()
            await application.shutdown()
            stopping.cancel()


async def _reach_telegram(application: App, stop: asyncio.Event) -> bool:
    """False if told to stop before Telegram answered."""
    wait = FIRST_WAIT
    while not stop.is_set():
        try:
            await application.initialize()
            return True
        except InvalidToken as error:
            raise ParleyError("Telegram does not know this bot: check TELEGRAM_BOT_TOKEN with @BotFather") from error
        except TelegramError as error:
            log.warning("Telegram cannot be reached (%s); next try in %.0f s", type(error).__name__, wait)
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            wait = min(2 * wait, LONGEST_WAIT)
    return False
