import asyncio
import json
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot import health
from bot.budget import Budget
from bot.errors import SettingsError
from bot.meters import Meters
from bot.models import Cursor, Message
from bot.store import outbox, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words.query import parse
from tests.store.worlds import put_subscriber
from tests.worlds import NOON, ROSTER, Clock

pytestmark = pytest.mark.anyio


def vitals(**changed: object) -> health.Vitals:
    sound: dict[str, object] = {
        "now": NOON,
        "started_at": NOON - timedelta(days=1),
        "signs": health.Signs(NOON),
        "next_poll_at": NOON,
        "overdue_since": None,
    }
    return health.Vitals(**(sound | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "ailment"),
    [
        ({}, []),
        (
            {"signs": health.Signs(NOON - timedelta(seconds=91))},
            ["Telegram has not answered getUpdates for over 90 seconds"],
        ),
        ({"signs": health.Signs()}, ["Telegram has not answered getUpdates for over 90 seconds"]),
        ({"signs": health.Signs(), "started_at": NOON - timedelta(seconds=30)}, []),
        ({"next_poll_at": NOON - timedelta(minutes=11)}, ["sources are not being polled"]),
        ({"next_poll_at": None}, []),
        ({"overdue_since": NOON - timedelta(minutes=11)}, ["messages are not being sent"]),
        ({"overdue_since": NOON - timedelta(minutes=9)}, []),
        (
            {"signs": health.Signs(NOON, resting=True), "next_poll_at": NOON - timedelta(hours=1)},
            ["the disk is almost full: nothing is collected"],
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_words(changed: dict[str, object], ailment: list[str]) -> None:
    assert health.ailments(vitals(**changed)) == ailment


@pytest.mark.parametrize(
    ("dated", "ahead"),
    [
        (None, None),
        (("", 10.0), None),
        (("yesterday", 10.0), None),
        (("Mon, 14 Mar 2022 12:00:00 GMT", 10.0), timedelta(0)),
        (("Mon, 14 Mar 2022 12:00:00 GMT", 4.0), timedelta(seconds=6)),
        (("Mon, 14 Mar 2022 11:58:00 +0000", 10.0), timedelta(minutes=-2)),
    ],
)
async def test_the_clocks_are_compared(dated: tuple[str, float] | None, ahead: timedelta | None) -> None:
    assert health.skew(dated, NOON, 10.0) == ahead


class Page:
    """The page of a store whose process has these signs."""

    def __init__(self, database: Database, port: int) -> None:
        self.database, self.port, self.clock, self.meters = database, port, Clock(), Meters()
        self.signs = health.Signs()

    async def get(self, *paths: str) -> list[tuple[int, str]]:
        runner = await health.serve(
            ("127.0.0.1", self.port), self.database, self.clock, lambda: self.signs, self.meters, Budget()
        )
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session:
                answers = []
                for path in paths:
                    async with session.get(path) as answer:
                        answers.append((answer.status, await answer.text()))
                return answers
        finally:
            await runner.cleanup()


@pytest.fixture(name="page")
def a_page(database: Database, unused_port: int) -> Page:
    page = Page(database, unused_port)
    database.submit(sources.enrol, ROSTER.sources.values(), NOON).result()
    return page


async def test_all_is_well_until_a_message_is_stuck(page: Page) -> None:
    assert await page.get("/healthz") == [(200, "ok")]
    who = page.database.submit(put_subscriber, NOON).result()
    page.database.submit(outbox.queue, [(who.id, False)], "post:1", [Message("x")], "alert", NOON).result()
    runner = await health.serve(
        ("127.0.0.1", page.port), page.database, page.clock, lambda: health.Signs(page.clock()), page.meters, Budget()
    )
    try:
        page.clock.goes(minutes=20)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{page.port}") as session:
            async with session.get("/healthz") as answer:
                assert (answer.status, await answer.text()) == (
                    503,
                    "sources are not being polled\nmessages are not being sent",
                )
    finally:
        await runner.cleanup()


async def test_the_metrics_tell_the_state_of_the_store(page: Page) -> None:
    who = page.database.submit(put_subscriber, NOON).result()
    page.database.submit(outbox.queue, [(who.id, False)], "post:1", [Message("x")], "alert", NOON).result()
    page.database.submit(sources.failed, "wire", "no answer", NOON, NOON).result()
    page.database.submit(sources.polled, "ivanenko-x", Cursor("1"), NOON, NOON).result()
    page.clock.goes(minutes=20)
    page.signs = health.Signs(page.clock(), timedelta(seconds=-3), True, NOON)
    ((_, metrics),) = await page.get("/metrics")
    for line in (
        'parley_outbox_rows{lane="alert",state="queued"} 1.0',
        "parley_sources_failing 1.0",
        "parley_outbox_overdue_seconds 1200.0",
        "parley_healthy 0.0",
        "parley_collecting 0.0",
        'parley_source_read_age_seconds{source="ivanenko-x"} 1200.0',
        "parley_clock_skew_seconds -3.0",
        "parley_backup_age_seconds 1200.0",
        "parley_subscribers 1.0",
        'parley_x_cap_dollars{period="day"} 5.0',
    ):
        assert f"{line}\n" in metrics


DASHBOARD = Path(__file__).parents[1] / "docs" / "grafana.json"


async def test_every_metric_of_the_dashboard_is_there_and_every_metric_is_on_it(page: Page) -> None:
    page.signs = health.Signs(NOON, timedelta(0), False, NOON)
    page.database.submit(sources.polled, "wire", Cursor("1"), NOON, NOON).result()
    who = page.database.submit(put_subscriber, NOON).result()
    page.database.submit(outbox.queue, [(who.id, False)], "post:1", [Message("x")], "alert", NOON).result()
    page.meters.sends.labels("alert", "sent").inc()
    page.meters.doubles.labels("alert").inc()
    page.meters.polls.labels("wire", "read").inc()
    page.meters.new_posts.labels("wire").inc()
    page.meters.poll_seconds.labels("feed").observe(0.1)
    page.meters.updates.labels("new").inc()
    ((_, metrics),) = await page.get("/metrics")
    there = set(re.findall(r"^(\w+)(?:\{| )", metrics, re.MULTILINE))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"\b(?:parley|process)_\w+", target["expr"])
    }
    assert asked <= there
    guide = DASHBOARD.with_name("operators.md").read_text()
    kinds = set(re.findall(r"^# TYPE (\w+) ", metrics, re.MULTILINE))
    assert set(re.findall(r"\bparley_[a-z_]+", guide)) <= there | kinds
    ours = {name for name in there if name.startswith("parley_") and not name.endswith(("_created", "_sum", "_count"))}
    assert ours <= asked


async def test_no_label_tells_who_watches_for_what(page: Page) -> None:
    """Whatever is in the store: labels come from settings and from lists of ours."""

    def secrets(connection: Connection) -> None:
        who = put_subscriber(connection, NOON, 123454321)
        subscribers.watch(connection, who.id, "verysecretword", parse("verysecretword").key, NOON)
        outbox.queue(connection, [(who.id, False)], "post:1", [Message("verysecretword")], "alert", NOON)

    await page.database.write(secrets)
    ((_, metrics),) = await page.get("/metrics")
    assert "parley_watches 1.0" in metrics
    assert not re.search("verysecretword|123454321|Ann", metrics)


async def test_the_image_asks_for_health_as_it_is_answered(page: Page) -> None:
    """The command of HEALTHCHECK, run against the page."""
    image = (Path(__file__).parents[1] / "Dockerfile").read_text().replace("\\\n", "")
    (written,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", image, re.MULTILINE)
    command = [sys.executable, *json.loads(written.replace("8080", str(page.port)))[1:]]
    signs = [health.Signs(NOON), health.Signs(NOON, resting=True)]
    outcomes = []
    for page.signs in signs:
        runner = await health.serve(
            ("127.0.0.1", page.port), page.database, page.clock, lambda: page.signs, page.meters, Budget()
        )
        asked = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        said, _ = await asked.communicate()
        outcomes.append((asked.returncode, said.decode()))
        await runner.cleanup()
    assert outcomes == [(0, "ok\n"), (1, "the disk is almost full: nothing is collected\n")]


async def test_the_lag_of_the_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LAG_EVERY", 0.0)
    meters = Meters()
    watching = asyncio.create_task(health.watch_the_loop(meters))
    for _ in range(9):
        await asyncio.sleep(0)
    watching.cancel()
    (family,) = meters.loop_lag_seconds.collect()
    assert next(one.value for one in family.samples if one.name.endswith("_count")) > 0


async def test_a_port_that_is_taken_is_a_mistake_in_the_settings(page: Page) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        page.port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=r"PARLEY_HEALTH_PORT: .* cannot be used"):
            await page.get("/healthz")
