"""All posts as lines of JSON, which `bot.upkeep.take_in` reads back."""

from bot.settings import Settings
from bot.sources import archive
from bot.store import posts
from bot.store.connection import existing
from bot.upkeep.terminal import Say


def export(settings: Settings, say: Say) -> int:
    """Every post as one line of JSON, oldest first; `take_in` reads it back. Works while the bot runs."""
    with existing(settings.database) as connection:
        for post in posts.everything(connection):
            say(archive.line(post))
    return 0
