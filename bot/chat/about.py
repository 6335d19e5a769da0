"""Help, the state of things, and leaving."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.chat.reading import LANGUAGE_NAMES
from bot.chat.turn import Turn
from bot.models import Gap
from bot.render.replies import following, greeting, settling
from bot.settings import Settings
from bot.store import budget, gaps, outbox, posts, sources, statements, subscribers
from bot.store.connection import Connection
from bot.words import find

RECENT = timedelta(days=1)
"""How far back /status tells when sources were not seen."""


async def help_page(turn: Turn, typed: str) -> None:
    await turn.show(greeting.help_page(turn.voice, turn.desk.roster))


async def privacy(turn: Turn, typed: str) -> None:
    await turn.show(greeting.privacy(turn.voice, turn.desk.settings.contact, turn.place[0]))


async def stop(turn: Turn, typed: str) -> None:
    """Erase at once. In a forum that is the topic in which it was said."""
    words = turn.voice
    chat, thread = turn.place
    known = await turn.desk.database.write(subscribers.erase, chat, None if turn.private else thread)
    turn.desk.database.erased = True
    await turn.say(greeting.erased(words) if known else greeting.nothing_to_erase(words))


async def language(turn: Turn, typed: str) -> None:
    """Show the choice, or take the language that was named."""
    chosen = LANGUAGE_NAMES.get(typed.strip().casefold())
    if chosen is None:
        await turn.show(greeting.languages(turn.voice, typed.strip()))
    elif not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
    else:
        await speak(turn, chosen)


async def show_languages(turn: Turn) -> None:
    await turn.show(greeting.languages(turn.voice))


async def speak(turn: Turn, language: str) -> None:
    await store_language(turn, language)
    await turn.show(greeting.language_set(turn.voice))


async def store_language(turn: Turn, language: str) -> None:
    def set_language(connection: Connection) -> None:
        subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
        subscribers.speak(connection, subscriber.id, language)

    await turn.desk.database.write(set_language)


# --- who and what there is


async def speakers(turn: Turn, typed: str) -> None:
    sides = [one.value for one in find.follow_targets(typed, turn.desk.roster) if one.what == "side"]
    await show_speakers(turn, sides[0] if sides else "", 0)


async def show_speakers(turn: Turn, side: str, page: int) -> None:
    roster = turn.desk.roster
    spoke_at = turn.desk.database.read(statements.last_words, list(roster.speakers))
    uncollected = turn.desk.settings.uncollected
    await turn.show(following.speakers(turn.voice, roster, spoke_at, turn.desk.now(), side, page, uncollected))


async def status(turn: Turn, typed: str) -> None:
    await show_status(turn, 0)


async def show_status(turn: Turn, page: int) -> None:
    """Which sources can be read; to operators also what waits and what went wrong."""
    now = turn.desk.now()
    unseen = turn.desk.database.read(gaps.between, now - RECENT, now)
    settings = turn.desk.settings
    states = turn.desk.database.read(source_states, settings, unseen, now)
    queue = await turn.desk.database.read_slow(work, settings, now) if turn.operator else None
    away = [gap for gap in unseen if not gap.source]
    await turn.show(settling.status(turn.voice, turn.desk.roster, states, now, queue, page, away))


def source_states(
    connection: Connection, settings: Settings, unseen: Sequence[Gap], now: datetime
) -> list[settling.SourceState]:
    """How each source fares; `unseen` are the gaps that are told."""
    states = []
    for health in sources.health(connection):
        tokenless = health.id in settings.uncollected
        silent = health.silence and health.last_new_at and now - health.last_new_at > health.silence
        states.append(
            settling.SourceState(
                health.id,
                health.last_ok_at,
                None if tokenless else health.failing_since,
                health.last_error or health.note,
                tokenless,
                [gap for gap in unseen if gap.source == health.id],
                health.last_new_at if silent else None,
            )
        )
    off = sources.switched_off(connection)
    states += [settling.SourceState(id, off_since=since) for id, since in off.items() if id in settings.roster.sources]
    return states


def work(connection: Connection, settings: Settings, now: datetime) -> settling.Queue:
    """What only operators see."""
    x = (settings.x.budget, budget.spent(connection, now)) if settings.x_bearer_token else None
    return settling.Queue(outbox.count(connection), subscribers.count(connection), posts.count(connection), x)
