"""Whether Parley hears, polls and delivers: `/healthz` for Docker's health check, `/metrics` for Prometheus.

Both are answered from the store and from two stamps at the moment of asking; nothing is counted on the side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.errors import SettingsError
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database

DEAF_AFTER = timedelta(seconds=90)
"""A long poll of getUpdates answers within about a minute; without an answer for longer, commands go unheard."""

BLIND_AFTER = timedelta(minutes=10)
"""A source that was due this long ago and has not been looked at means that polling stands still."""

STUCK_AFTER = timedelta(minutes=10)
"""As long for a message that could have been sent."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known at one moment. `heard_at`: Telegram's last good answer to getUpdates, None before the first."""

    now: datetime
    started_at: datetime
    heard_at: datetime | None
    next_poll_at: datetime | None
    overdue_since: datetime | None
    waiting: dict[str, int]
    failing: int
    sources: int
    posts: int
    subscribers: int


def look(connection: Connection, now: datetime, started_at: datetime, heard_at: datetime | None) -> Vitals:
    health = sources.health(connection)
    return Vitals(
        now,
        started_at,
        heard_at,
        min((source.next_poll_at for source in health), default=None),
        outbox.overdue_since(connection, now),
        outbox.counts(connection),
        sum(source.failing_since is not None for source in health),
        len(health),
        posts.count(connection),
        subscribers.count(connection),
    )


def ailments(vitals: Vitals) -> list[str]:
    """What is wrong, in words; empty if all is well. A single failing source is its own affair, told in /status."""
    found = []
    if vitals.now - (vitals.heard_at or vitals.started_at) > DEAF_AFTER:
        found.append("Telegram has not answered getUpdates for over 90 seconds")
    if vitals.next_poll_at and vitals.now - vitals.next_poll_at > BLIND_AFTER:
        found.append("sources are not being polled")
    if vitals.overdue_since and vitals.now - vitals.overdue_since > STUCK_AFTER:
        found.append("messages are not being sent")
    return found


class _Gauges(Collector):
    """The vitals as Prometheus reads them."""

    def __init__(self, vitals: Callable[[], Vitals]) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        vitals = self._vitals()
        outbox_rows = GaugeMetricFamily("parley_outbox_rows", "Messages that wait, by state", labels=["state"])
        for state, count in vitals.waiting.items():
            outbox_rows.add_metric([state], count)
        yield outbox_rows
        oldest = (vitals.now - vitals.overdue_since).total_seconds() if vitals.overdue_since else 0.0
        for name, meaning, value in (
            (
                "parley_outbox_overdue_seconds",
                "For how long the oldest message that is due has waited",
                oldest,
            ),
            ("parley_sources", "Sources that are collected", vitals.sources),
            ("parley_sources_failing", "Of these, how many could not be read at the last poll", vitals.failing),
            ("parley_posts", "Posts in the store", vitals.posts),
            ("parley_subscribers", "Active subscribers", vitals.subscribers),
            ("parley_healthy", "1 while nothing is wrong with Parley itself", not ailments(vitals)),
        ):
            yield GaugeMetricFamily(name, meaning, value=float(value))


async def serve(
    port: int, database: Database, clock: Callable[[], datetime], heard_at: Callable[[], datetime | None]
) -> web.AppRunner:
    """Answer on loopback until the runner is cleaned up. The caller is on the event loop's thread.

    Raises SettingsError if the port is taken.
    """
    started_at = clock()

    def vitals() -> Vitals:
        return database.read(look, clock(), started_at, heard_at())

    async def healthz(_: web.Request) -> web.Response:
        found = ailments(vitals())
        return web.Response(text="\n".join(found) or "ok", status=503 if found else 200)

    registry = CollectorRegistry()
    registry.register(_Gauges(vitals))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError("environment", "PARLEY_HEALTH_PORT", f"{port} cannot be used: {error.strerror}") from error
    return runner
