"""The translation of a statement, asked for by a button."""

from bot import interpret
from bot.chat.turn import Turn
from bot.models import Telling
from bot.render.replies import translations as pages
from bot.render.statements import translatable


async def show(turn: Turn, telling: Telling) -> None:
    """The original with its translation beside it, in a message of its own; the original alone where there is none."""
    roster, _ = turn.desk.roster, turn.voice
    made = None
    if translatable(_, telling, roster):
        desk = turn.desk
        cap = desk.settings.translate.characters
        made = await interpret.made(desk.database, desk.translator, cap, telling, _.language, desk.now())
    await turn.say(pages.translation(_, telling, roster, (made.text, made.service) if made else None))
