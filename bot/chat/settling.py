"""/digest and /zone."""

from datetime import time

from bot.chat import reading
from bot.chat.turn import Turn
from bot.models import Subscriber
from bot.render.replies import greeting, settling
from bot.schedule import next_digest_at
from bot.store import subscribers
from bot.store.connection import Connection


async def digest(turn: Turn, typed: str) -> None:
    """Show how the digest is set, or set its local time; `off` ends it."""
    words = typed.strip()
    if not words:
        await show_digest(turn)
        return
    at = None if words.casefold() in reading.OFF else reading.clock(words)
    if at is None and words.casefold() not in reading.OFF:
        await turn.say(settling.bad_time(turn.voice, words))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    await set_digest(turn, at)


async def show_digest(turn: Turn) -> None:
    subscriber = turn.subscriber or turn.as_new
    await turn.show(settling.digest(turn.voice, subscriber, turn.desk.now()))


async def store_digest(turn: Turn, at: time | None) -> Subscriber:
    return await turn.desk.database.write(_set, turn, at, None)


async def set_digest(turn: Turn, at: time | None) -> None:
    subscriber = await store_digest(turn, at)
    await turn.show(settling.digest_set(turn.voice, subscriber, turn.desk.now()))


async def zone(turn: Turn, typed: str) -> None:
    """Show the time zone, or take the one that was named."""
    words = typed.strip()
    if not words:
        await show_zone(turn)
        return
    meant = reading.zones(words)
    if len(meant) != 1:
        near = meant or reading.near_zones(words)
        await turn.say(settling.bad_zone(turn.voice, words, near))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    await set_zone(turn, meant[0])


async def show_zone(turn: Turn) -> None:
    await turn.show(settling.zone(turn.voice, turn.desk.now(), turn.desk.settings.defaults.zone))


async def set_zone(turn: Turn, name: str) -> None:
    subscriber = await turn.desk.database.write(_set, turn, None, name)
    await turn.show(settling.zone_set(turn.voice, subscriber, turn.desk.now()))


def _set(connection: Connection, turn: Turn, at: time | None, zone: str | None) -> Subscriber:
    """Another digest time, or another zone with the time as it is; when the next digest is due follows from both."""
    now = turn.desk.now()
    subscriber = subscribers.enrol(connection, turn.newcomer, now)
    at, zone = (at, subscriber.zone) if zone is None else (subscriber.digest, zone)
    due = next_digest_at(at, zone, now) if at else None
    subscribers.set_digest(connection, subscriber.id, at, zone, due)
    return subscribers.get(connection, subscriber.id)
