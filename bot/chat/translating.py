"""The translation of a statement: from what was made before, else by the service, within the month's characters."""

import logging

from bot.chat.turn import Turn
from bot.errors import TranslationError
from bot.models import Telling
from bot.render.replies import citing
from bot.render.replies import translations as pages
from bot.render.statements import translatable
from bot.render.text import plain, split
from bot.store import posts, translations
from bot.store.translations import Made
from bot.translate import LONGEST

log = logging.getLogger(__name__)


async def show(turn: Turn, number: int) -> None:
    """The original with its translation beside it, in a message of its own; the original alone where there is none."""
    roster, _ = turn.desk.roster, turn.voice
    found = turn.desk.database.read(posts.tellings, [number])
    if not found:
        await turn.say(citing.gone(_))
        return
    (telling,) = found
    made = await _made(turn, telling) if translatable(_, telling, roster) else None
    await turn.say(pages.translation(_, telling, roster, (made.text, made.service) if made else None))


async def _made(turn: Turn, telling: Telling) -> Made | None:
    """None if the service is off, its month is used up, or it fails: that is noted for the operator alone."""
    database, translator, now = turn.desk.database, turn.desk.translator, turn.desk.now()
    language, post = turn.voice.language, telling.post
    known = database.read(translations.find, post.id, language)
    if known is not None or translator is None:
        return known
    text = split(plain(post.text), LONGEST)[0].plain.strip()
    cap = turn.desk.settings.translate.characters
    if not await database.write(translations.spend, len(text), cap, now):
        log.warning("no translation: the %d characters of this month are used up", cap)
        return None
    try:
        words = await translator.translate(text, post.language, language)
    except TranslationError as error:
        log.warning("no translation: %s", error)
        if not error.billed:
            await database.write(translations.give_back, len(text), now)
        return None
    made = Made(words, translator.name)
    sha256 = database.read(posts.hashes, [post.id]).get(post.id, "")
    await database.write(translations.put, post.id, language, sha256, made, now)
    return made
