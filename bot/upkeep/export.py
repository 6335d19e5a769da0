"""Everything as lines of JSON, which `bot.upkeep.take_in` reads back."""

from bot.settings import Settings
from bot.sources import archive
from bot.store import gaps, posts
from bot.store.connection import existing
from bot.upkeep.terminal import Say


def export(settings: Settings, say: Say) -> int:
    """Every post as one line of JSON, the oldest first, then every gap. Works while the bot runs.

    What X does not show at present has no text here.
    """
    with existing(settings.database) as connection:
        connection.execute("BEGIN")  # all of it is as of one moment
        for post in posts.everything(connection):
            say(archive.line(post))
        for gap in gaps.everything(connection):
            say(archive.line_of_gap(gap))
    return 0
