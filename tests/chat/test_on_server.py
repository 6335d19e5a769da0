"""Cards, counts, citations, files, pictures and inline mode through Telegram's own checks, by real HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot import app
from bot.models import LANGUAGES, Statement
from bot.render.commands import described
from bot.render.language import voice
from bot.settings import Limits, Pace
from bot.store import pictures, sources
from bot.store.database import Database
from tests.chat.offline import all_data_of
from tests.chat.worlds import put_post, quoted
from tests.telegram_server.serving import Telegram, serve
from tests.test_app import talking
from tests.worlds import ROSTER, a_post

pytestmark = pytest.mark.anyio

OWN = Statement("ivanenko", "own", "")


@pytest.fixture(autouse=True)
def answers_about_429_without_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


class Person:
    """Somebody in a private chat, one after the other in each language."""

    def __init__(self, telegram: Telegram, chat: int, language: str) -> None:
        self.telegram, self.chat = telegram, chat
        self.user = {"id": chat, "is_bot": False, "first_name": "Eve", "language_code": language}

    async def says(self, text: str) -> dict[str, Any]:
        where = {"id": self.chat, "type": "private", "first_name": "Eve"}
        return self._shown(await self._called(message={"from": self.user, "chat": where, "text": text}))

    async def presses(self, data: str, under: dict[str, Any]) -> dict[str, Any]:
        """Refused if there is no such button under that message."""
        assert data in all_data_of(under)
        return self._shown(await self._pressed(data, under))

    async def tries(self, data: str, under: dict[str, Any]) -> dict[str, Any] | None:
        """Presses; None if the message is to stay as it is, which Telegram refuses to write once more."""
        call = await self._pressed(data, under)
        fields, there = call["fields"], self._standing(call)
        rows = json.loads(fields["reply_markup"]) if "reply_markup" in fields else None
        same = (fields.get("text"), rows) == (there.get("text"), there.get("reply_markup"))
        return None if call["status"] == 400 and same else self._shown(call)

    async def types(self, words: str) -> list[dict[str, Any]]:
        before = len(self.telegram.calls("answerInlineQuery"))
        await self.telegram.update(
            inline_query={"id": f"i{self.chat}", "from": self.user, "query": words, "offset": ""}
        )
        await self.telegram.called("answerInlineQuery", before + 1, within=20)
        call = self.telegram.calls("answerInlineQuery")[-1]
        assert call["status"] == 200, call
        results = call["fields"]["results"]
        return cast("list[dict[str, Any]]", json.loads(results) if isinstance(results, str) else results)

    async def _pressed(self, data: str, under: dict[str, Any]) -> dict[str, Any]:
        query = {"id": f"{self.chat}{data}", "from": self.user, "chat_instance": "1", "data": data, "message": under}
        return await self._called(callback_query=query)

    async def _called(self, **update: Any) -> dict[str, Any]:
        """The call by which the bot sends or edits a message in answer."""
        before = len(self._calls())
        await self.telegram.update(**update)
        async with asyncio.timeout(20):
            while len(self._calls()) == before:  # noqa: ASYNC110 - the record is a list
                await asyncio.sleep(0.002)
        return self._calls()[-1]

    def _shown(self, call: dict[str, Any]) -> dict[str, Any]:
        assert call["status"] == 200, call
        return self._standing(call)

    def _standing(self, call: dict[str, Any]) -> dict[str, Any]:
        """The message that was sent or edited, as it stands."""
        standing = [one for one in self.telegram.standing(self.chat) if one["from"]["is_bot"]]
        edited = call["fields"].get("message_id")
        return next(one for one in reversed(standing) if edited is None or one["message_id"] == int(edited))

    def _calls(self) -> list[dict[str, Any]]:
        """Those that were answered."""
        told = ("send", "editMessage")
        return [one for one in self.telegram.calls() if one["method"].startswith(told) and one["status"] is not None]


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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_command_and_every_button_that_it_leads_to(telegram: Telegram, language: str) -> None:
    """Whatever can be typed or pressed is answered by messages that Telegram takes; buttons that differ by a number
    alone are one.
    """
    eve = Person(telegram, 21, language)
    pressed: set[str] = set()
    await _press_all(eve, await eve.says("/start"), language, pressed)
    for words in ("truce", "gas", "grain"):
        await eve.presses("keep", await eve.says(f"/watch {words}"))
    for command in described(voice(language, "UTC"), ROSTER):
        for words in ("", *(example.plain for example in command.examples)):
            if command.name != "stop":
                await _press_all(eve, await eve.says(f"/{command.name} {words}".strip()), language, pressed)
    assert {shape.split(":")[0] for shape in pressed} >= STEERED
    assert telegram.calls("answerCallbackQuery")
    assert not [call for call in telegram.calls("answerCallbackQuery") if call["fields"].get("text")]
    assert "text" in await eve.says("/stop")
    refused = [call["method"] for call in telegram.calls() if call["status"] not in (200, None)]
    assert set(refused) <= {"editMessageText", "getChat"}  # what is pressed twice, and a channel that is none


async def _press_all(eve: Person, message: dict[str, Any], language: str, pressed: set[str]) -> None:
    """Press every button that the message leads to, but those that were; the language stays."""
    todo = [message]
    while todo:
        message = todo.pop()
        for data in all_data_of(message):
            shape = re.sub(r"\d+", "N", data)
            if shape in pressed or (shape.endswith(LANGUAGES) and not shape.endswith(language)):
                continue
            pressed.add(shape)
            if (answer := await eve.tries(data, message)) is not None:
                todo.append(answer)


STEERED = {
    *("begin", "menu", "side", "topics", "on", "off", "follows", "how", "drop", "watches", "watched", "keep"),
    *("unwatch", "settings", "set", "language", "zone", "digest", "quiet"),
}
"""Verbs that the walk must come by."""


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
