"""Cards, counts, citations, files, pictures and inline mode through Telegram's own checks, by real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import app
from bot.models import LANGUAGES, Statement
from bot.settings import Limits, Pace
from bot.store import pictures, sources
from bot.store.database import Database
from tests.chat.online import Person
from tests.chat.worlds import put_post, quoted
from tests.telegram_server.serving import Telegram, serve
from tests.test_app import talking
from tests.worlds import ROSTER, a_post

pytestmark = pytest.mark.anyio

OWN = Statement("ivanenko", "own", "")


@pytest.fixture(autouse=True)
def answers_about_429_without_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


def _button(data: str) -> dict[str, Any]:
    """That of an alert or a digest, which the server has not seen here."""
    return {"inline_keyboard": [[{"text": "🖼", "callback_data": data}]]}


@pytest.fixture
async def telegram(database: Database) -> AsyncIterator[Telegram]:
    now = app.now()
    await database.write(sources.enrol, list(ROSTER.sources.values()), now)
    for number, (who, words) in enumerate(
        [("petrov", "No truce."), ("ivanenko", "A truce is near."), ("petrov", "Gas.")]
    ):
        post = a_post(str(number), words * (1 + 400 * (words == "Gas.")), at=now - timedelta(minutes=9 - number))
        await database.write(put_post, post, (quoted(who),), now)
    shown = {id: replace(source, pictures=True) for id, source in ROSTER.sources.items()}
    for number, count in ((7, 1), (8, 3)):
        post = a_post(str(number), "We meet.", "ivanenko-x", now - timedelta(hours=number), media=("photo",) * count)
        stored = await database.write(put_post, post, (OWN,), now)
        await database.write(pictures.put, stored, [f"https://cdn.example/{at}.jpg" for at in range(count)])
    async with (
        serve() as telegram,
        talking(
            database,
            telegram.url,
            roster=replace(ROSTER, sources=shown),
            limits=Limits(commands_a_minute=100_000),
            pace=Pace(overall=100_000.0, chat=100_000.0),
        ),
    ):
        await telegram.called("setMyCommands", 4, within=20)
        yield telegram


async def test_everything_that_is_shown_passes_telegram_in_every_language(telegram: Telegram) -> None:
    for chat, language in enumerate(LANGUAGES, 11):
        eve = Person(telegram, chat, language)
        card = await eve.says("/speaker Petrov")
        assert "🟥" in card["text"]
        assert "Gas." in (await eve.presses("latest:speaker:petrov", card))["text"]
        table = await eve.says("/talks")
        assert "Hall 7" in table["text"]
        assert "Hall 1" in (await eve.presses("rounds:sample:0", table))["text"]
        compared = await eve.says("/compare truce")
        assert "No truce." in compared["text"]
        stats = await eve.says("/stats")
        month = await eve.presses("stats:30", stats)
        assert month["message_id"] == stats["message_id"]
        assert "photo" in await eve.presses("picture:30", month)
        found = await eve.says("/search truce")
        for form in ("csv", "json", "list"):
            assert "document" in await eve.presses(f"export:{form}", found)
        citation = await eve.presses("cite:2", found)
        assert "A truce is near." in citation["text"]
        copied = [
            button["copy_text"]["text"] for row in citation["reply_markup"]["inline_keyboard"][:2] for button in row
        ]
        assert copied[0] == "A truce is near."
        for number in (4, 5):
            alert = found | {"reply_markup": _button(f"pictures:{number}")}
            assert "photo" in await eve.presses(f"pictures:{number}", alert)
        alert = found | {"reply_markup": _button("tools:2")}
        for data in ("tools:2", "mute:2", "hush:speaker:ivanenko:hour:2", "unhush:speaker:ivanenko:2", "tools:2"):
            alert = await eve.presses(data, alert)
            assert alert["message_id"] == found["message_id"]
        assert "🟦" in (await eve.presses("recent:ivanenko", alert))["text"]
        window = f"all:topic:truce:{int(app.now().timestamp()) // 60 - 60}:61:0"
        opened = await eve.presses(window, found | {"reply_markup": _button(window)})
        assert "No truce." in opened["text"]
        assert opened["message_id"] != found["message_id"]
        await eve.says("/language uk")
        assert "document" in await eve.says("/export")
        assert [result["id"] for result in await eve.types("truce")] == ["2", "1"]
    refused = [call for call in telegram.calls() if call["status"] not in (200, None)]
    assert refused == []
