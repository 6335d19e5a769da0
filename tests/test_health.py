import socket
from datetime import datetime, timedelta

import aiohttp
import pytest

from bot import health
from bot.errors import SettingsError
from bot.models import Message
from bot.store import outbox, sources
from bot.store.database import Database
from tests.store.worlds import put_subscriber
from tests.worlds import NOON, ROSTER, Clock

pytestmark = pytest.mark.anyio


def vitals(**changed: object) -> health.Vitals:
    sound: dict[str, object] = {
        "now": NOON,
        "started_at": NOON - timedelta(days=1),
        "heard_at": NOON,
        "next_poll_at": NOON,
        "overdue_since": None,
        "waiting": {},
        "failing": 0,
        "sources": 3,
        "posts": 9,
        "subscribers": 1,
    }
    return health.Vitals(**(sound | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "ailment"),
    [
        ({}, []),
        ({"heard_at": NOON - timedelta(seconds=91)}, ["Telegram has not answered getUpdates for over 90 seconds"]),
        ({"heard_at": None}, ["Telegram has not answered getUpdates for over 90 seconds"]),
        ({"heard_at": None, "started_at": NOON - timedelta(seconds=30)}, []),
        ({"next_poll_at": NOON - timedelta(minutes=11)}, ["sources are not being polled"]),
        ({"next_poll_at": None}, []),
        ({"overdue_since": NOON - timedelta(minutes=11)}, ["messages are not being sent"]),
        ({"overdue_since": NOON - timedelta(minutes=9)}, []),
        ({"failing": 2}, []),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_words(changed: dict[str, object], ailment: list[str]) -> None:
    assert health.ailments(vitals(**changed)) == ailment


async def test_the_pages_tell_the_state_of_the_store(database: Database, unused_port: int) -> None:
    clock = Clock()
    heard: list[datetime | None] = [None]
    database.submit(sources.enrol, ROSTER.sources.values(), clock()).result()
    who = database.submit(put_subscriber, clock()).result()
    database.submit(outbox.queue, [(who.id, False)], "post:1", [Message("x")], "alert", clock()).result()
    database.submit(sources.failed, "wire", "no answer", clock(), clock()).result()
    runner = await health.serve(unused_port, database, clock, lambda: heard[0])
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_port}") as session:
            async with session.get("/healthz") as answer:
                assert (answer.status, await answer.text()) == (200, "ok")
            clock.goes(minutes=20)
            async with session.get("/healthz") as answer:
                assert answer.status == 503
                assert "messages are not being sent" in await answer.text()
            async with session.get("/metrics") as answer:
                metrics = await answer.text()
    finally:
        await runner.cleanup()
    assert 'parley_outbox_rows{state="queued"} 1.0' in metrics
    assert "parley_sources_failing 1.0" in metrics
    assert "parley_outbox_overdue_seconds 1200.0" in metrics
    assert "parley_healthy 0.0" in metrics


async def test_a_port_that_is_taken_is_a_mistake_in_the_settings(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(SettingsError, match=r"PARLEY_HEALTH_PORT: .* cannot be used"):
            await health.serve(taken.getsockname()[1], database, Clock(), lambda: None)
