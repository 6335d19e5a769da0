"""Every command and every button that they, alerts, digests and operators' pages lead to, in each language, through
Telegram's own checks, by real HTTP.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from bot import app, digest, tell
from bot.chat.buttons import VERBS
from bot.chat.operating import PAGES
from bot.chat.wiring import COMMANDS, OPERATING
from bot.meters import Meters
from bot.models import LANGUAGES, Roster, Side, Speaker
from bot.render.commands import described
from bot.render.language import voice
from bot.settings import Limits, Pace
from bot.store import late, outbox, pictures, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Subject
from bot.words import facts
from bot.words.meaning import Meanings
from tests.chat.made import shapes
from tests.chat.offline import all_data_of
from tests.chat.online import Person
from tests.chat.worlds import put_post, quoted
from tests.telegram_server.serving import Telegram, serve
from tests.test_app import Bot, talking, until
from tests.worlds import ROSTER, a_post

pytestmark = pytest.mark.anyio

EVE, ANN = 21, 22
"""A reader, and who runs the bot."""

SIDES, SOURCES = 5, 30
"""More than there are: so many that every list has a second page."""


def _crowded() -> Roster:
    """With more sides, speakers and sources, of which words may be translated and pictures shown."""
    names = dict.fromkeys(LANGUAGES, "Side")
    wire = replace(ROSTER.sources["wire"], translate=True, pictures=True)
    return replace(
        ROSTER,
        sides={**ROSTER.sides, **{f"side{one}": Side(f"side{one}", "sample", names, "🟨") for one in range(SIDES)}},
        speakers={
            **ROSTER.speakers,
            **{f"speaker{one}": Speaker(f"speaker{one}", f"side{one}", names) for one in range(SIDES)},
        },
        sources={
            **ROSTER.sources,
            "wire": wire,
            **{f"wire{one}": replace(wire, id=f"wire{one}") for one in range(SOURCES)},
        },
    )


CROWDED = _crowded()
MEANINGS = Meanings(CROWDED)


class Walk:
    """Types the commands and presses the buttons of one chat, each kind of button once; the language stays."""

    def __init__(self, person: Person, language: str) -> None:
        self.person, self._language = person, language
        self.said: set[str] = set()
        self.pressed: set[str] = set()

    async def says(self, command: str, words: str = "") -> dict[str, Any]:
        self.said.add(command)
        return await self.person.says(f"/{command} {words}".strip())

    async def goes_on(self, message: dict[str, Any]) -> None:
        """Press every button that the message leads to; those that differ by a number alone are one."""
        todo = [message]
        while todo:
            message = todo.pop()
            for data in all_data_of(message):
                shape = re.sub(r"\d+", "0", data.rpartition("~")[2])
                if shape in self.pressed or (shape.endswith(LANGUAGES) and not shape.endswith(self._language)):
                    continue
                self.pressed.add(shape)
                if (answer := await self.person.tries(data, message)) is not None:
                    todo.append(answer)


@pytest.fixture
async def telegram(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telegram]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    await database.write(sources.enrol, list(CROWDED.sources.values()), app.now())
    async with serve() as telegram:
        wall = {"type": "channel", "title": "The wall", "username": "the_wall"}
        telegram.chat(-200, **wall, admins=[EVE, 123456789])
        yield telegram


@pytest.fixture
async def bot(telegram: Telegram, database: Database) -> AsyncIterator[Bot]:
    pace, limits = Pace(overall=100_000.0, chat=100_000.0), Limits(commands_a_minute=100_000)
    async with talking(database, telegram.url, roster=CROWDED, admins=(ANN,), limits=limits, pace=pace) as bot:
        await telegram.called("setMyCommands", 4, within=20)
        yield bot


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_command_and_every_button_is_answered(
    telegram: Telegram, bot: Bot, database: Database, language: str
) -> None:
    """By messages that Telegram takes; whatever `render` makes, in some chat it was pressed."""
    reader, operator = (Walk(Person(telegram, chat, language), language) for chat in (EVE, ANN))
    await operator.says("start")
    for number, words in enumerate(("No truce.", "A truce is near.", "Grain."), 1):
        await database.write(_said, number, words, "petrov")
    for number in range(SIDES):
        await database.write(_said, 10 + number, "Gas.", f"speaker{number}")
    await _commands(reader, language)
    await _alerts_and_digest(reader, bot, database)
    await reader.goes_on(await reader.says("manage", "@the_wall"))
    await reader.person.says("/manage off")
    await operator.goes_on(operator.person.got("settle:"))
    await _delivered(bot, database)
    await _operating(operator)
    assert "text" in await reader.says("stop")

    assert reader.said | operator.said == COMMANDS.keys() | OPERATING.keys()
    pressed = reader.pressed | operator.pressed
    assert {shape.split(":")[0] for shape in pressed} == set(VERBS)
    made = {re.sub(r"\d+", "0", shape) for shape in shapes()}
    assert {shape for shape in made if not any(fnmatchcase(one, shape) for one in pressed)} == set()
    assert [call["fields"] for call in telegram.calls("answerCallbackQuery") if call["fields"].get("text")] == []
    refused = [call["method"] for call in telegram.calls() if call["status"] not in (200, None)]
    assert set(refused) <= {"editMessageText", "editMessageReplyMarkup", "getChat"}  # what stays, and no channel


async def _commands(reader: Walk, language: str) -> None:
    """With nothing after them, and as /help has them."""
    await reader.goes_on(await reader.says("start"))
    for words in ("truce", "gas", "grain"):
        await reader.person.presses("keep", await reader.says("watch", words))
    await reader.goes_on(await reader.says("compare", "gas"))
    for command in described(voice(language, "UTC"), CROWDED):
        for words in ("", *(example.plain for example in command.examples)):
            if command.name != "stop":
                await reader.goes_on(await reader.says(command.name, words))


async def _alerts_and_digest(reader: Walk, bot: Bot, database: Database) -> None:
    """Of what is said while the reader follows everybody and watches for a word of it."""
    await reader.says("subscribe", "all")
    await reader.person.presses("keep", await reader.says("watch", "peace"))
    for number in range(20, 27):
        await database.write(_said, number, f"A truce in {number} days.", "petrov")
    await database.write(_told, 27, "Truce and peace.", "petrov")
    await _delivered(bot, database)
    await reader.goes_on(reader.person.got("tools:"))
    await database.write(_held)
    await digest.queue_catch_up(database, CROWDED, app.now())
    await _delivered(bot, database)
    await reader.goes_on(reader.person.got("whole:"))
    await database.write(_digest_due)
    await digest.queue_due(database, CROWDED, app.now())
    await _delivered(bot, database)
    await reader.goes_on(reader.person.got("all:"))


async def _delivered(bot: Bot, database: Database) -> None:
    """Nothing waits that could arrive while a button is pressed."""
    bot.delivery.nudge()
    await until(lambda: not database.read(outbox.count))


def _said(connection: Connection, number: int, words: str, who: str) -> int:
    now = app.now()
    post = a_post(str(number), words, at=now - timedelta(minutes=40 - number), media=("photo",))
    stored = put_post(connection, post, (quoted(who),), now, MEANINGS)
    pictures.put(connection, stored, [f"https://cdn.example/{number}.jpg"])
    return stored


def _told(connection: Connection, number: int, words: str, who: str) -> None:
    """Said, and told at once to whom it concerns."""
    (telling,) = posts.tellings(connection, [_said(connection, number, words, who)])
    subject = Subject([who], [CROWDED.speakers[who].side], telling.post.source, ["truce"], [])
    tell.post(connection, CROWDED, telling, subject, facts.read(telling, CROWDED), app.now(), Meters())


def _held(connection: Connection) -> None:
    """What was said first waits for the reader."""
    who = subscribers.find(connection, EVE)
    assert who
    late.put(connection, 1, [(who.id, False)], app.now(), app.now())


def _digest_due(connection: Connection) -> None:
    """The words alone, for a picture would come while buttons are pressed."""
    who = subscribers.find(connection, EVE)
    assert who
    subscribers.choose(connection, who.id, "digest_picture", "0")
    subscribers.set_digest(connection, who.id, who.digest, who.zone, app.now())


async def _operating(operator: Walk) -> None:
    """Each page of /admin, a chat, and an announcement."""
    for words in ("", *PAGES, str(EVE)):
        await operator.goes_on(await operator.says("admin", words))
    await operator.says("admin", "announce Works on Sunday.")
    await until(lambda: operator.person.has("admin:send:"))
    question = operator.person.got("admin:send:")
    await operator.goes_on(operator.person.got("news:"))
    await operator.goes_on(question)
