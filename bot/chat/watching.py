"""/watch, /watches, /unwatch."""

from bot.chat.turn import Turn
from bot.errors import QueryError
from bot.models import Watch
from bot.render.replies import greeting, watching
from bot.store import subscribers
from bot.store.connection import Connection
from bot.words import query
from bot.words.facts import filters


async def watch(turn: Turn, typed: str) -> None:
    """Save a watch. One of the same meaning that is there already stays as it is."""
    words = typed.strip()
    if not words:
        await turn.say(watching.ask_for_words(turn.voice, "watch"))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    await save(turn, words)


async def save(turn: Turn, words: str) -> None:
    try:
        if len(words) > (most := turn.desk.settings.limits.query):
            raise QueryError("too_long", most)
        key = query.parse(words, filters(turn.desk.roster)).key
    except QueryError as error:
        await turn.say(watching.query_error(turn.voice, "watch", words, error))
        return
    saved = await turn.desk.database.write(_save, turn, words, key)
    if saved is None:
        await turn.say(watching.too_many(turn.voice, turn.desk.settings.limits.watches))
        return
    await turn.say(watching.saved(turn.voice, *saved))


def _save(connection: Connection, turn: Turn, words: str, key: str) -> tuple[Watch, bool] | None:
    """The watch and whether it is new; None if there is no room for it."""
    subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
    keys = subscribers.keys_of(connection, [subscriber.id]).values()
    if key not in keys and len(keys) >= turn.desk.settings.limits.watches:
        return None
    new = key not in keys
    return subscribers.watch(connection, subscriber.id, words, key, turn.desk.now()), new


async def watches(turn: Turn, typed: str) -> None:
    await show_watches(turn, 0)


async def show_watches(turn: Turn, page: int) -> None:
    await turn.show(watching.watches(turn.voice, _all(turn), page))


async def unwatch(turn: Turn, typed: str) -> None:
    """Remove the watch with that number in the list, or with those words."""
    words = typed.strip()
    if not words:
        await show_watches(turn, 0)
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    meant = _meant(words, _all(turn), filters(turn.desk.roster))
    if meant is None:
        await turn.say(watching.no_such_watch(turn.voice, words))
        return
    await remove(turn, meant.id)


async def remove(turn: Turn, id: int) -> None:
    """Remove a watch, if it is this chat's."""
    subscriber = turn.subscriber
    gone = await turn.desk.database.write(subscribers.unwatch, subscriber.id, id) if subscriber else None
    if gone is None:
        await show_watches(turn, 0)
    else:
        await turn.show(watching.removed(turn.voice, gone.query))


def _all(turn: Turn) -> list[Watch]:
    subscriber = turn.subscriber
    return turn.desk.database.read(subscribers.watches, subscriber.id) if subscriber else []


def _meant(words: str, found: list[Watch], known: query.Filters) -> Watch | None:
    if words.isascii() and words.isdigit() and 0 < int(words) <= len(found):
        return found[int(words) - 1]
    return next((one for one in found if one.query.casefold() == words.casefold()), None) or _same(words, found, known)


def _same(words: str, found: list[Watch], known: query.Filters) -> Watch | None:
    """The watch that means what the words mean."""
    key = _key(words, known)
    return next((one for one in found if key and _key(one.query, known) == key), None)


def _key(words: str, known: query.Filters) -> str:
    """Empty for what is no query."""
    try:
        return query.parse(words, known).key
    except QueryError:
        return ""
