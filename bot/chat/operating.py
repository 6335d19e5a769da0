"""/admin: what whoever runs the bot sees and switches, in private and by buttons. For everybody else there is no such
command, and its buttons mean nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.chat import about, announcing
from bot.chat.turn import Turn
from bot.models import LANGUAGES, Alarm, Misfire
from bot.render.replies import operating as pages
from bot.render.replies.settling import SourceState
from bot.settings import Settings
from bot.store import access, budget, census, outbox, sources, translations
from bot.store.connection import Connection

Act = Callable[[Turn], Awaitable[None]]

NEW = timedelta(days=7)
RECENT = timedelta(days=1)

LISTED = 8
"""Kinds of failures, and alarms, that are shown."""

FARTHEST = 10**15
"""No number of a chat is larger, with a sign or without."""


async def admin(turn: Turn, typed: str) -> None:
    """The overview; a page that is named; a chat that is named by its number; a new announcement."""
    word, *rest = typed.split(maxsplit=1) or [""]
    if word == "announce":
        await announcing.draft(turn, rest[0] if rest else "")
    elif re.fullmatch(r"-?[0-9]{1,15}", word):
        await show_chat(turn, int(word))
    else:
        await PAGES.get(word.casefold(), show_menu)(turn)


async def show_menu(turn: Turn) -> None:
    await turn.show(pages.menu(turn.voice, await turn.desk.database.read_slow(_overview, turn)))


def _overview(connection: Connection, turn: Turn) -> pages.Overview:
    now = turn.desk.now()
    people = census.people(connection, now - NEW)
    states = about.source_states(connection, turn.desk.settings, (), now)
    misfires = census.misfires(connection, now - RECENT, 1000)
    return pages.Overview(
        people.states.get("active", 0),
        people.new,
        sum(one.failing_since is not None for one in states),
        sum(one.off_since is not None for one in states),
        outbox.count(connection),
        sum(one.count for one in misfires if not pages.was_meant(one)),
    )


# --- people


async def show_people(turn: Turn) -> None:
    found = await turn.desk.database.read_slow(census.people, turn.desk.now() - NEW)
    await turn.show(pages.people(turn.voice, found))


async def show_chat(turn: Turn, chat: int) -> None:
    known = await turn.desk.database.read_slow(census.chat, chat)
    barred = turn.desk.database.read(access.is_barred, chat)
    await turn.show(pages.chat(turn.voice, chat, known, barred))


async def bar(turn: Turn, chat: int) -> None:
    await turn.desk.database.write(access.bar, chat, turn.desk.now())
    await show_chat(turn, chat)


async def admit(turn: Turn, chat: int) -> None:
    await turn.desk.database.write(access.admit, chat)
    await show_chat(turn, chat)


# --- sources


async def show_sources(turn: Turn, page: int = 0) -> None:
    now = turn.desk.now()
    states = turn.desk.database.read(about.source_states, turn.desk.settings, (), now)
    states.sort(key=lambda one: one.id)
    await turn.show(pages.sources(turn.voice, turn.desk.roster, states, now, page))


async def switch(turn: Turn, source: str, on: bool, page: int) -> None:
    change = sources.switch_on if on else sources.switch_off
    await turn.desk.database.write(change, source, turn.desk.now())
    await show_sources(turn, page)


# --- money, the queue, troubles


async def show_money(turn: Turn) -> None:
    settings, now = turn.desk.settings, turn.desk.now()
    spent = turn.desk.database.read(budget.spent, now)
    done = turn.desk.database.read(translations.spent, now)
    await turn.show(
        pages.money(
            turn.voice,
            (settings.x.budget, spent) if settings.x_bearer_token else None,
            (done, settings.translate.characters) if settings.translates else None,
            now,
        )
    )


async def show_queue(turn: Turn) -> None:
    found = await turn.desk.database.read_slow(census.queue, turn.desk.now())
    await turn.show(pages.queue(turn.voice, found))


async def show_troubles(turn: Turn) -> None:
    now = turn.desk.now()
    ailing, misfires, alarms = await turn.desk.database.read_slow(_troubles, turn.desk.settings, turn.chat.id, now)
    await turn.show(pages.troubles(turn.voice, turn.desk.roster, ailing, misfires, alarms, now))


def _troubles(
    connection: Connection, settings: Settings, chat: int, now: datetime
) -> tuple[Sequence[SourceState], Sequence[Misfire], Sequence[Alarm]]:
    states = about.source_states(connection, settings, (), now)
    ailing = [one for one in states if one.failing_since or one.silent_since or (one.error and not one.no_token)]
    return (
        ailing[:LISTED],
        census.misfires(connection, now - RECENT, LISTED),
        census.alarms(connection, chat, LISTED),
    )


PAGES: Mapping[str, Act] = {
    "menu": show_menu,
    "people": show_people,
    "sources": show_sources,
    "money": show_money,
    "queue": show_queue,
    "news": announcing.show_sent,
    "troubles": show_troubles,
}


# --- its buttons


def understand(arguments: Sequence[str], turn: Turn) -> Act:
    """What a button of /admin does. Raises ValueError for what is none, and for whoever does not run the bot."""
    if not turn.operator:
        raise ValueError(arguments)
    match arguments:
        case [page] if page in PAGES:
            return PAGES[page]
        case ["sources", page]:
            return _with(show_sources, _whole(page))
        case ["on" | "off" as way, source, page] if _can_be_switched(source, turn):
            return _with(switch, source, way == "on", _whole(page))
        case ["chat" | "bar" | "admit" as what, chat]:
            return _with({"chat": show_chat, "bar": bar, "admit": admit}[what], _whole(chat))
        case ["send", id, language] if language in ("all", *LANGUAGES):
            return _with(announcing.send, _whole(id), "" if language == "all" else language)
        case ["news" | "undo" | "drop" as what, id]:
            ways = {"news": announcing.show_progress, "undo": announcing.take_back, "drop": announcing.drop}
            return _with(ways[what], _whole(id))
    raise ValueError(arguments)


def _with(act: Callable[..., Awaitable[None]], *values: object) -> Act:
    return lambda turn: act(turn, *values)


def _whole(typed: str) -> int:
    number = int(typed)
    if abs(number) > FARTHEST:
        raise ValueError(typed)
    return number


def _can_be_switched(source: str, turn: Turn) -> bool:
    """Whether the configuration has it on; what is off there stays so."""
    known = turn.desk.roster.sources
    return source in known and known[source].enabled
