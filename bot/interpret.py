"""Translations by machine: from what was made before, else by the service, within the month's characters."""

import logging
from datetime import datetime

from bot.errors import TranslationError
from bot.models import Telling
from bot.render.text import plain, split
from bot.store import posts, translations
from bot.store.database import Database
from bot.store.translations import Made
from bot.translate import LONGEST, Translator

log = logging.getLogger(__name__)


async def made(
    database: Database, translator: Translator | None, a_month: int, telling: Telling, language: str, now: datetime
) -> Made | None:
    """None if the service is off, its month is used up, or it fails: that is noted for the operator alone."""
    post = telling.post
    known = database.read(translations.find, post.id, language)
    if known is not None or translator is None:
        return known
    text = split(plain(post.text), LONGEST)[0].plain.strip()
    if not await database.write(translations.spend, len(text), a_month, now):
        log.warning("no translation: the %d characters of this month are used up", a_month)
        return None
    try:
        words = await translator.translate(text, post.language, language)
    except TranslationError as error:
        log.warning("no translation: %s", error)
        if not error.billed:
            await database.write(translations.give_back, len(text), now)
        return None
    found = Made(words, translator.name)
    sha256 = database.read(posts.hashes, [post.id]).get(post.id, "")
    await database.write(translations.put, post.id, language, sha256, found, now)
    return found
