"""What the buttons under a statement open in place, and silence: of a speaker or a watch, for a while, in this chat."""

from datetime import datetime, time, timedelta

from bot.chat import following
from bot.chat.turn import Turn
from bot.models import Mute, MuteWhat, Telling, Watch
from bot.render import actions, alerts
from bot.render.actions import Span
from bot.store import mutes, subscribers
from bot.store.connection import Connection
from bot.words import facts, query
from bot.words.index import WatchIndex


async def show(turn: Turn, telling: Telling) -> None:
    """The whole statement with its buttons, for it was told by a line among others; in a message of its own, or more if
    it is long.
    """
    _ = turn.voice
    for message in alerts.alert(telling, turn.desk.roster, language=_.language, zone=_.zone.key):
        await turn.say(message)


async def unfold(turn: Turn, telling: Telling) -> None:
    """All that can be done with the statement."""
    await turn.rearrange(actions.all_rows(turn.voice, telling, turn.desk.roster))


async def fold(turn: Turn, telling: Telling) -> None:
    """What stood under it at first."""
    await turn.rearrange(actions.statement_rows(turn.voice, telling, turn.desk.roster))


async def offer(turn: Turn, telling: Telling) -> None:
    """Whom and what can be muted, and for how long."""
    known = turn.subscriber
    watches = await turn.desk.database.read_slow(_brought_by, turn, telling, known.id) if known else []
    await turn.rearrange(actions.mute_rows(turn.voice, telling, turn.desk.roster, watches))


async def mute(turn: Turn, what: MuteWhat, value: str, span: Span, number: int) -> None:
    """Silent from here on; the message says until when, and how to undo it."""
    telling = await turn.telling(number)
    if telling is None:
        return
    now, _ = turn.desk.now(), turn.voice
    until = {"hour": now + timedelta(hours=1), "day": _midnight(turn), "on": None}[span]
    wanted = Mute(what, value, until)
    watches = await turn.desk.database.write(_mute, turn, wanted)
    muted = actions.muted(_, wanted, turn.desk.roster, watches)
    await turn.rearrange(actions.muted_rows(_, telling, turn.desk.roster, muted))


async def unmute(turn: Turn, what: MuteWhat, value: str, number: int | None) -> None:
    """Told again: from under the statement, or from the list of what is followed (no number)."""
    if known := turn.subscriber:
        await turn.desk.database.write(mutes.lift, known.id, what, value, turn.desk.now())
    if number is None:
        await following.show_subscriptions(turn, 0)
    elif telling := await turn.telling(number):
        await fold(turn, telling)


def _midnight(turn: Turn) -> datetime:
    """When the day ends where the reader is."""
    here = turn.voice.zone
    tomorrow = turn.desk.now().astimezone(here).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), here)


def _brought_by(connection: Connection, turn: Turn, telling: Telling, subscriber: int) -> list[Watch]:
    """The watches of the subscriber that the statement matches."""
    index = WatchIndex()
    for id, key in subscribers.keys_of(connection, [subscriber]).items():
        index.add(id, query.load(key))
    matched = set(index.matches(facts.read(telling, turn.desk.roster)))
    return [watch for watch in subscribers.watches(connection, subscriber) if watch.id in matched]


def _mute(connection: Connection, turn: Turn, wanted: Mute) -> list[Watch]:
    """Gives the subscriber's watches: only their own can be muted, and they name what is."""
    subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
    watches = subscribers.watches(connection, subscriber.id)
    if wanted.what == "speaker" or wanted.value in {str(watch.id) for watch in watches}:
        mutes.put(connection, subscriber.id, wanted)
    return watches
