"""Put translations under alerts whose readers want them, once these are on their way: an alert waits for nothing."""

from datetime import datetime

from bot import interpret, tell
from bot.models import Roster
from bot.render.language import voice
from bot.render.statements import translatable
from bot.store import posts, translations
from bot.store.database import Database
from bot.translate import Translator

AT_ONCE = 5
"""Translations of one tick, one after the other: a service of one's own may have one processor."""


async def translate_wanted(
    database: Database, roster: Roster, translator: Translator, a_month: int, now: datetime
) -> int:
    """Make some of the translations that are wanted, and add them to the alerts that stand. Each is tried once: where
    there is none the original stands alone. Returns how many were added.
    """
    added = 0
    for post, language in database.read(translations.wanted, AT_ONCE):
        (telling,) = database.read(posts.tellings, [post])
        if (
            translatable(voice(language, "UTC"), telling, roster)  # it may have been taken back meanwhile
            and await interpret.made(database, translator, a_month, telling, language, now) is not None
        ):
            await database.write(tell.annotated, roster, post, now)
            added += 1
        await database.write(translations.tried, post, language)
    return added
