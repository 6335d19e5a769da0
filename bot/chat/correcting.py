"""Saying that somebody did not say it: readers ask, operators decide, everybody can read what was put right."""

from bot import tell
from bot.chat.turn import Turn
from bot.models import Roster
from bot.render import corrections as cards
from bot.store import corrections, posts, search, subscribers
from bot.store.connection import Connection
from bot.store.corrections import Correction
from bot.words import meaning

OPEN = 20
"""Doubts of one chat that may wait for the operators at a time."""


async def log(turn: Turn, typed: str) -> None:
    """The public log of corrections."""
    logged = await turn.desk.database.read_slow(_logged)
    await turn.say(cards.log(turn.voice, logged, turn.desk.roster))


def _logged(connection: Connection) -> list[cards.Logged]:
    found = corrections.confirmed(connection, cards.LOGGED)
    tellings = {one.post.id: one for one in posts.tellings(connection, [one.post for one in found])}
    return [
        cards.Logged(tellings[one.post], one.speaker, one.kind, one.settled_at)
        for one in found
        if one.settled_at is not None
    ]


async def show_why(turn: Turn, post: int) -> None:
    """Why we say that they said it; a message of its own, so that the alert stays."""
    found = turn.desk.database.read(posts.tellings, [post])
    if found:
        await turn.say(cards.why(turn.voice, found[0], turn.desk.roster))


async def doubt(turn: Turn, post: int, speaker: str) -> None:
    """A reader says that it is not theirs: once for each post and speaker the operators are asked."""
    new = await turn.desk.database.write(_doubt, turn, post, speaker)
    await turn.show(cards.noted(turn.voice, new, answered=turn.subscriber is not None))


def _doubt(connection: Connection, turn: Turn, post: int, speaker: str) -> bool | None:
    """Whether it is new; None if too much of theirs is open, for operators are people."""
    known = subscribers.find(connection, *turn.place)
    who = known.id if known else None
    if corrections.open_of(connection, who) >= OPEN:
        return None
    asked = corrections.ask(connection, post, speaker, who, turn.desk.now())
    if asked is not None:
        tell.doubted(connection, turn.desk.roster, asked, turn.desk.settings.admins, turn.desk.now())
    return asked is not None


async def settle(turn: Turn, number: int, confirmed: bool) -> None:
    """An operator decides, or decides otherwise than before."""
    found = await turn.desk.database.write(_settle, turn, number, confirmed)
    if found is None:
        return
    _, roster = turn.voice, turn.desk.roster
    (telling,) = turn.desk.database.read(posts.tellings, [found.post])
    await turn.show(
        cards.question(
            telling, found.speaker, found.id, roster, language=_.language, zone=_.zone.key, settled=found.state
        )
    )


def _settle(connection: Connection, turn: Turn, number: int, confirmed: bool) -> Correction | None:
    settled = corrections.settle(connection, number, confirmed=confirmed, now=turn.desk.now())
    if settled is not None:
        _index(connection, settled.post, turn.desk.roster)
        tell.corrected(connection, turn.desk.roster, settled, turn.desk.now())
    return settled


def _index(connection: Connection, post: int, roster: Roster) -> None:
    """The filters of a search, too, find by whoever speaks there now; what is found no more stays so."""
    if search.place_of(connection, post) is not None:
        (telling,) = posts.tellings(connection, [post])
        search.put(connection, post, telling.post.published_at, meaning.entry(telling, roster))
