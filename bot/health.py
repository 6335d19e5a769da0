"""Whether Parley hears, polls and delivers: `/healthz` for Docker's health check, `/metrics` for Prometheus.

Answered from the store and from what the process itself knows at the moment of asking, off the event loop; what happens
in between is counted by `bot.meters`.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.budget import DOLLAR, Budget, Spent
from bot.errors import SettingsError
from bot.listen import DEAF_AFTER
from bot.meters import Meters
from bot.store import budget, disk, outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database

BLIND_AFTER = timedelta(minutes=10)
"""A source that was due this long ago and has not been looked at means that polling stands still."""

STUCK_AFTER = timedelta(minutes=10)
"""As long for a message that could have been sent."""

LAG_EVERY = 0.5
"""Seconds between two looks at how late the event loop is."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the process knows of itself.

    `heard_at`: Telegram's last good answer to getUpdates, None before the first. `skew`: how far Telegram's clock is
    ahead of ours, None while it is not known. `resting`: nothing is collected for want of room on the disk.
    `backed_up_at`: when the newest backup was made, None if there is none or none is wanted.
    """

    heard_at: datetime | None = None
    skew: timedelta | None = None
    resting: bool = False
    backed_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known at one moment, as far as it decides whether all is well."""

    now: datetime
    started_at: datetime
    signs: Signs
    next_poll_at: datetime | None
    overdue_since: datetime | None


def look(connection: Connection, now: datetime, started_at: datetime, signs: Signs) -> Vitals:
    return Vitals(now, started_at, signs, sources.next_poll_at(connection), outbox.overdue_since(connection, now))


def ailments(vitals: Vitals) -> list[str]:
    """What is wrong, in words; empty if all is well. A single failing source is its own affair, told in /status."""
    found = []
    if vitals.now - (vitals.signs.heard_at or vitals.started_at) > DEAF_AFTER:
        found.append("Telegram has not answered getUpdates for over 90 seconds")
    if vitals.signs.resting:
        found.append("the disk is almost full: nothing is collected")
    elif vitals.next_poll_at and vitals.now - vitals.next_poll_at > BLIND_AFTER:
        found.append("sources are not being polled")
    if vitals.overdue_since and vitals.now - vitals.overdue_since > STUCK_AFTER:
        found.append("messages are not being sent")
    return found


@dataclass(frozen=True, slots=True)
class State:
    """What the store holds at one moment, for graphs. `waiting` counts rows of the outbox by lane and state."""

    vitals: Vitals
    waiting: Sequence[tuple[str, str, int]]
    health: Sequence[sources.Health]
    posts: int
    subscribers: int
    watches: int
    spent: Spent
    database: int
    disk_free: int


def examine(connection: Connection, database: Database, vitals: Vitals) -> State:
    return State(
        vitals,
        outbox.depths(connection),
        sources.health(connection),
        posts.count(connection),
        subscribers.count(connection),
        subscribers.count_watches(connection),
        budget.spent(connection, vitals.now),
        disk.size(database.path),
        disk.free(database.path),
    )


class _Gauges(Collector):
    """The state as Prometheus reads it."""

    def __init__(self, state: State, caps: Budget) -> None:
        self._state, self._caps = state, caps

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state, vitals = self._state, self._state.vitals
        now, signs = vitals.now, vitals.signs
        yield _gauge("parley_healthy", "1 while nothing is wrong with Parley itself", not ailments(vitals))
        yield _gauge(
            "parley_collecting", "0 while nothing is collected for want of room on the disk", not signs.resting
        )
        yield _by(
            "parley_outbox_rows",
            "Messages that wait",
            ("lane", "state"),
            [((lane, kind), count) for lane, kind, count in state.waiting],
        )
        yield _gauge(
            "parley_outbox_overdue_seconds",
            "For how long the oldest message that is due has waited",
            (now - vitals.overdue_since).total_seconds() if vitals.overdue_since else 0.0,
        )
        heard_at = signs.heard_at or vitals.started_at
        yield _gauge(
            "parley_heard_age_seconds",
            "Since Telegram last answered getUpdates",
            (now - heard_at).total_seconds(),
        )
        yield _gauge("parley_sources", "Sources that are collected", len(state.health))
        yield _gauge(
            "parley_sources_failing",
            "Of these, how many could not be read at the last poll",
            sum(source.failing_since is not None for source in state.health),
        )
        yield _by(
            "parley_source_read_age_seconds",
            "Since a source was last read",
            ("source",),
            [((one.id,), (now - one.last_ok_at).total_seconds()) for one in state.health if one.last_ok_at],
        )
        yield _gauge("parley_posts", "Posts in the store", state.posts)
        yield _gauge("parley_subscribers", "Active subscribers", state.subscribers)
        yield _gauge("parley_watches", "Watches of all subscribers", state.watches)
        yield _by(
            "parley_x_spent_dollars",
            "What X has billed, calls without an answer at their worst",
            ("period",),
            [(("day",), state.spent.today / DOLLAR), (("month",), state.spent.month / DOLLAR)],
        )
        yield _by(
            "parley_x_cap_dollars",
            "What X may cost",
            ("period",),
            [(("day",), self._caps.day_cap / DOLLAR), (("month",), self._caps.month_cap / DOLLAR)],
        )
        yield _gauge("parley_database_bytes", "The database with its log", state.database)
        yield _gauge("parley_disk_free_bytes", "What may still be written beside the database", state.disk_free)
        if signs.skew is not None:
            yield _gauge(
                "parley_clock_skew_seconds", "How far Telegram's clock is ahead of ours", signs.skew.total_seconds()
            )
        if signs.backed_up_at is not None:
            yield _gauge(
                "parley_backup_age_seconds",
                "Since the newest backup was made",
                (now - signs.backed_up_at).total_seconds(),
            )


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _by(
    name: str, meaning: str, labels: Sequence[str], values: Sequence[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for label, value in values:
        family.add_metric(label, float(value))
    return family


async def serve(
    where: tuple[str, int],
    database: Database,
    clock: Callable[[], datetime],
    signs: Callable[[], Signs],
    meters: Meters,
    caps: Budget,
) -> web.AppRunner:
    """Answer on that address and port until the runner is cleaned up. `caps` are those of X.

    Raises SettingsError if the port is taken.
    """
    host, port = where
    started_at = clock()

    async def vitals() -> Vitals:
        return await database.read_slow(look, clock(), started_at, signs())

    async def healthz(_: web.Request) -> web.Response:
        found = ailments(await vitals())
        return web.Response(text="\n".join(found) or "ok", status=503 if found else 200)

    async def metrics(_: web.Request) -> web.Response:
        state = await database.read_slow(examine, database, await vitals())
        gauges = CollectorRegistry()
        gauges.register(_Gauges(state, caps))
        body = generate_latest(gauges) + generate_latest(meters.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(
            "environment", "PARLEY_HEALTH_PORT", f"{host}:{port} cannot be used: {error.strerror}"
        ) from error
    return runner


def skew(dated: tuple[str, float] | None, now: datetime, time: float) -> timedelta | None:
    """How far the clock of whoever sent that Date is ahead of ours, to a second or two; None if there is none.

    `dated` has the loop's time at which it came, `time` is that of now.
    """
    if dated is None:
        return None
    try:
        theirs = parsedate_to_datetime(dated[0])
    except ValueError:
        return None
    return theirs.astimezone(UTC) - (now - timedelta(seconds=time - dated[1]))


async def watch_the_loop(meters: Meters) -> None:
    """Measure, for ever, how late the event loop comes round: then everything else is late as well."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY
        await asyncio.sleep(LAG_EVERY)
        meters.loop_lag_seconds.observe(max(0.0, loop.time() - due))
