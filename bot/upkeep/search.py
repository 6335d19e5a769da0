"""Everything that was said, asked in the language of /search."""

from itertools import islice

from bot import search
from bot.errors import ParleyError, QueryError
from bot.render import statements as cards
from bot.render.language import Voice
from bot.render.replies.watching import explanation
from bot.settings import Settings
from bot.store.connection import existing
from bot.upkeep.terminal import Say
from bot.words import query
from bot.words.facts import filters


def look_for(settings: Settings, typed: str, say: Say, *, page: int, count: int) -> int:
    """Show one page of the posts that match, newest first, so many on a page; works while the bot runs.

    Raises ParleyError for what is no query: with the place of the mistake, and with what would work.
    """
    voice = Voice("en", settings.defaults.zone)
    try:
        wanted = query.parse(typed, filters(settings.roster), voice.zone)
    except QueryError as error:
        raise ParleyError(_complaint(voice, typed, error)) from None
    first = (page - 1) * count
    with existing(settings.database) as connection:
        found = search.page(connection, settings.roster, wanted, limit=first + count + 1)
    for number, hit in enumerate(islice(found, first, first + count), first + 1):
        say(f"{number}. {cards.card(voice, hit.telling, settings.roster).plain}\n{hit.telling.post.url}\n")
    if len(found) <= first:
        say("Nothing found." if page == 1 else "Nothing more found.")
    elif len(found) > first + count:
        say(f"There is more: --page {page + 1}")
    return 0


def _complaint(voice: Voice, typed: str, error: QueryError) -> str:
    lines = [explanation(voice, error.reason).plain, typed, " " * error.position + "^"]
    if error.suggestion:
        lines.append(f"This works: {error.suggestion}")
    return "\n".join(lines)
