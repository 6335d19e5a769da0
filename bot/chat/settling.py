"""/digest and /zone."""

import asyncio
from datetime import datetime, time
from typing import cast

from telegram import Location

from bot.chat import reading
from bot.chat.turn import Turn
from bot.models import EVERY_DAY, Subscriber, Timetable
from bot.render.replies import greeting, settling
from bot.schedule import quiet_until, rescheduled
from bot.store import late, subscribers
from bot.store.connection import Connection


async def digest(turn: Turn, typed: str) -> None:
    """Show when digests come, or set their local times and days; `off` ends them."""
    words = typed.strip()
    if not words:
        await show_digest(turn)
        return
    wanted = reading.When() if words.casefold() in reading.OFF else reading.when(words)
    if wanted.unknown or len(wanted.times) > settling.MOST_TIMES:
        await turn.say(settling.bad_time(turn.voice, wanted.unknown, wanted.times, wanted.days))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    if words.casefold() in reading.OFF:
        await set_digest(turn, None)
        return
    now = (turn.subscriber or turn.as_new).digest or turn.daily
    await set_digest(turn, Timetable(wanted.times or now.times, wanted.days or now.days))


async def show_digest(turn: Turn) -> None:
    await turn.show(settling.digest(turn.voice, turn.subscriber or turn.as_new, turn.desk.now()))


async def switch_digest(turn: Turn, at: time, on: bool) -> None:
    """One more time of the day, or one less; without the last one there are no digests."""
    held = (turn.subscriber or turn.as_new).digest
    times = {*(held.times if held else ()), at} if on else {*(held.times if held else ())} - {at}
    if len(times) > settling.MOST_TIMES:
        await show_digest(turn)
        return
    days = held.days if held else EVERY_DAY
    await store_digest(turn, Timetable(tuple(sorted(times)), days) if times else None)
    await show_digest(turn)


async def choose_days(turn: Turn, days: frozenset[int]) -> None:
    """Other days, with the times as they are."""
    held = (turn.subscriber or turn.as_new).digest or turn.daily
    await store_digest(turn, Timetable(held.times, days))
    await show_digest(turn)


async def end_digest(turn: Turn) -> None:
    await store_digest(turn, None)
    await show_digest(turn)


async def store_digest(turn: Turn, when: Timetable | None) -> Subscriber:
    def change(connection: Connection) -> Subscriber:
        subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
        return _reschedule(connection, subscriber, when, subscriber.zone, turn.desk.now())

    return await turn.desk.database.write(change)


async def set_digest(turn: Turn, when: Timetable | None) -> None:
    subscriber = await store_digest(turn, when)
    await turn.show(settling.digest_set(turn.voice, subscriber, turn.desk.now()))


async def zone(turn: Turn, typed: str) -> None:
    """Show the time zone, or take the one that was named."""
    words = typed.strip()
    if not words:
        await show_zone(turn)
        return
    meant = reading.zones(words)
    if len(meant) != 1:
        answer = settling.several_zones if meant else settling.bad_zone
        await turn.say(answer(turn.voice, words, meant or reading.near_zones(words)))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    await set_zone(turn, meant[0])


async def place(turn: Turn) -> None:
    """Take the zone of the place that was sent; the place itself is not kept."""
    where = cast(Location, turn.message.location)
    name = await asyncio.to_thread(reading.zone_at, where.latitude, where.longitude)
    if name:
        await set_zone(turn, name)
    else:
        await turn.say(settling.no_zone(turn.voice))


async def show_zone(turn: Turn) -> None:
    await turn.show(settling.zone(turn.voice, turn.desk.now(), turn.desk.settings.defaults.zone))


async def set_zone(turn: Turn, name: str) -> None:
    def change(connection: Connection) -> Subscriber:
        subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
        return _reschedule(connection, subscriber, subscriber.digest, name, turn.desk.now())

    subscriber = await turn.desk.database.write(change)
    await turn.show(settling.zone_set(turn.voice, subscriber, turn.desk.now()))


async def quiet(turn: Turn, typed: str) -> None:
    """Show the quiet hours, or set them; `off` ends them."""
    words = typed.strip()
    if not words:
        await show_quiet(turn)
        return
    hours = None if words.casefold() in reading.OFF else reading.span(words)
    if hours is None and words.casefold() not in reading.OFF:
        await turn.say(settling.bad_hours(turn.voice, words))
    elif not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
    else:
        await set_quiet(turn, hours)


async def show_quiet(turn: Turn) -> None:
    await turn.show(settling.quiet(turn.voice, turn.subscriber or turn.as_new))


async def set_quiet(turn: Turn, hours: tuple[time, time] | None) -> None:
    """Other quiet hours; what is held comes when these end."""

    def change(connection: Connection) -> Subscriber:
        now = turn.desk.now()
        subscriber = subscribers.enrol(connection, turn.newcomer, now)
        subscribers.keep_quiet(connection, subscriber.id, hours)
        return _wake(connection, subscribers.get(connection, subscriber.id), now)

    subscriber = await turn.desk.database.write(change)
    await turn.show(settling.quiet(turn.voice, subscriber))


def _wake(connection: Connection, who: Subscriber, now: datetime) -> Subscriber:
    """What quiet hours hold is due when they end now."""
    until = quiet_until(who.quiet, who.zone, now) if who.quiet else None
    late.wake(connection, who.id, until or now)
    return who


def _reschedule(
    connection: Connection, who: Subscriber, when: Timetable | None, zone: str, now: datetime
) -> Subscriber:
    """Other times or another zone; when the next digest is due follows from both."""
    due = rescheduled(who.digest, who.zone, who.next_digest_at, when, zone, now)
    subscribers.set_digest(connection, who.id, when, zone, due)
    return _wake(connection, subscribers.get(connection, who.id), now)
