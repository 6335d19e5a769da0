"""Who is let in: an open instance answers everybody whom no operator has shut out, a closed one those in its list."""

from typing import Literal

from bot.chat.desk import Desk
from bot.chat.turn import Turn
from bot.render.replies import admitting as pages
from bot.store import access

ALWAYS = frozenset({"privacy", "export", "stop"})
"""Commands for everybody: what is kept of a person is theirs."""

Standing = Literal["in", "closed", "barred"]


def standing(desk: Desk, chat: int, user: int | None) -> Standing:
    """Of a person in a chat. Operators are never shut out; what lets a person or a chat in is its number."""
    numbers = {chat} if user is None else {chat, user}
    if not numbers.isdisjoint(desk.settings.admins):
        return "in"
    if any(desk.database.read(access.is_barred, number) for number in numbers):
        return "barred"
    rules = desk.settings.access
    return "in" if rules.open or not numbers.isdisjoint(rules.allow) else "closed"


def of(turn: Turn) -> Standing:
    return standing(turn.desk, turn.chat.id, turn.user.id if turn.user else None)


async def turn_away(turn: Turn, why: Standing) -> None:
    """Say once why there is no answer, and whom to ask."""
    database, settings = turn.desk.database, turn.desk.settings
    if why == "closed" and await database.write(access.turn_away, turn.chat.id, turn.desk.now()):
        await turn.say(pages.closed(turn.voice, settings.contact, turn.chat.id))
    if why == "barred" and await database.write(access.tell_barred, turn.chat.id):
        await turn.say(pages.barred(turn.voice, settings.contact))
