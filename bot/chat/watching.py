"""/watch, /watches, /unwatch."""

from bot import search
from bot.chat.turn import Turn
from bot.errors import QueryError
from bot.models import Watch, WatchHow
from bot.render.replies import greeting, watching
from bot.store import subscribers
from bot.store.connection import Connection
from bot.words import query, version
from bot.words.facts import filters


async def watch(turn: Turn, typed: str) -> None:
    """Try a watch on what has been said, and offer to save it."""
    words = typed.strip()
    if not words:
        await turn.say(watching.ask_for_words(turn.voice, "watch"))
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    await offer(turn, words)


async def offer(turn: Turn, words: str) -> None:
    """What the watch would have brought, with buttons to save, narrow or drop it. The message holds all that they
    need.
    """
    wanted = await _understood(turn, words)
    if wanted is None:
        return
    there = _same(wanted.key, _all(turn), filters(turn.desk.roster))
    if there is not None:
        await turn.say(watching.saved(turn.voice, there, new=False))
        return
    tried = await turn.desk.database.read_slow(search.trial, turn.desk.roster, wanted, turn.desk.now())
    await turn.say(watching.offer(turn.voice, turn.desk.roster, words, tried))


async def save(turn: Turn, words: str) -> None:
    """Save a watch. One of the same meaning that is there already stays as it is."""
    wanted = await _understood(turn, words)
    if wanted is None:
        return
    saved = await turn.desk.database.write(_save, turn, words, wanted.key)
    if saved is None:
        await turn.say(watching.too_many(turn.voice, turn.desk.settings.limits.watches))
        return
    await turn.show(watching.saved(turn.voice, *saved))


async def narrow(turn: Turn, words: str) -> None:
    """Ways to make a watch bring less."""
    await turn.show(watching.narrowing(turn.voice, turn.desk.roster, words))


async def narrow_to(turn: Turn, words: str, name: str, value: str) -> None:
    """Try the watch again, with one more filter; in brackets if they are needed to bind it to the whole."""
    wanted = await _understood(turn, words)
    if wanted is not None:
        narrowed = f"{words} {name}:{value}"
        both = query.all_of([wanted, query.known(name, value)])
        binds = _key(narrowed, filters(turn.desk.roster)) == both.key
        await offer(turn, narrowed if binds else f"({words}) {name}:{value}")


async def drop(turn: Turn, words: str) -> None:
    """Do not save a watch."""
    await turn.show(watching.dropped(turn.voice, words))


async def _understood(turn: Turn, words: str) -> query.Query | None:
    """The query; None if the mistake in it has been answered."""
    try:
        if len(words) > (most := turn.desk.settings.limits.query):
            raise QueryError("too_long", most)
        return query.parse(words, filters(turn.desk.roster))
    except QueryError as error:
        await turn.say(watching.query_error(turn.voice, "watch", words, error))
        return None


def _save(connection: Connection, turn: Turn, words: str, key: str) -> tuple[Watch, bool] | None:
    """The watch and whether it is new; None if there is no room for it."""
    subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
    keys = subscribers.keys_of(connection, [subscriber.id]).values()
    if key not in keys and len(keys) >= turn.desk.settings.limits.watches:
        return None
    new = key not in keys
    made_with = version.of_watches(turn.desk.roster)
    return subscribers.watch(connection, subscriber.id, words, key, turn.desk.now(), version=made_with), new


async def watches(turn: Turn, typed: str) -> None:
    await show_watches(turn, 0)


async def show_watches(turn: Turn, page: int) -> None:
    await turn.show(watching.watches(turn.voice, _all(turn), page))


async def show_watch(turn: Turn, id: int) -> None:
    """One watch and how it is told, if it is this chat's; else all."""
    found = next((one for one in _all(turn) if one.id == id), None)
    if found is None:
        await show_watches(turn, 0)
    else:
        await turn.show(watching.watched(turn.voice, found))


async def change(turn: Turn, id: int, how: WatchHow) -> None:
    if subscriber := turn.subscriber:
        await turn.desk.database.write(subscribers.change_watch, subscriber.id, id, how)
    await show_watch(turn, id)


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
    alike = next((one for one in found if one.query.casefold() == words.casefold()), None)
    return alike or _same(_key(words, known), found, known)


def _same(key: str, found: list[Watch], known: query.Filters) -> Watch | None:
    """The watch of that meaning."""
    return next((one for one in found if key and _key(one.query, known) == key), None)


def _key(words: str, known: query.Filters) -> str:
    """Empty for what is no query."""
    try:
        return query.parse(words, known).key
    except QueryError:
        return ""
