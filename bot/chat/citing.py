"""Citations, and what is taken away as a file: what a search finds, and what is stored of oneself."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot import search
from bot.chat.turn import Turn
from bot.errors import QueryError
from bot.models import Roster
from bot.render.language import Voice
from bot.render.replies import citing as pages
from bot.render.replies import watching
from bot.render.replies.citing import Cited
from bot.render.statements import on_x, withdrawn
from bot.store import exports, posts
from bot.store.connection import Connection
from bot.words import facts, query

FOUND = 1000
"""Posts in one file."""

FORMS: Mapping[str, tuple[str, Callable[[Voice, Sequence[Cited], Roster], bytes]]] = {
    "csv": ("parley.csv", pages.as_csv),
    "json": ("parley.json", pages.as_json),
    "list": ("parley.txt", pages.as_citations),
}
"""A file's name, and what writes it."""


async def cite(turn: Turn, number: int) -> None:
    """The citation of a post in a message of its own; the words as a file too, if the message cannot hold them."""
    roster = turn.desk.roster
    cited = turn.desk.database.read(_cited, [number])
    if not cited:
        await turn.say(pages.gone(turn.voice))
        return
    (one,) = cited
    message = pages.citation(turn.voice, one, roster)
    await turn.say(message)
    if pages.is_long(one, roster):
        await turn.give(f"citation-{number}.txt", pages.whole(turn.voice, one, roster), pages.in_full(turn.voice))


def _cited(connection: Connection, numbers: Sequence[int]) -> list[Cited]:
    known = posts.hashes(connection, numbers)
    return [Cited(telling, known[telling.post.id]) for telling in posts.tellings(connection, numbers)]


# --- what a search finds


async def export_found(turn: Turn, typed: str, form: str) -> None:
    """All that the search of the message finds, newest first, as a file; no more words of X than X allows in a day."""
    roster, database = turn.desk.roster, turn.desk.database
    try:
        wanted = query.parse(typed, facts.filters(roster), turn.voice.zone)
    except QueryError as error:
        await turn.say(watching.query_error(turn.voice, "search", typed, error))
        return
    found = await database.read_slow(_find, roster, wanted)
    if not found:
        await turn.say(pages.nothing_to_export(turn.voice))
        return
    shown = found[:FOUND]
    of_x = [one for one in shown if on_x(one.telling, roster) and not withdrawn(one.telling, roster)]
    allowed = await database.write(exports.take, turn.chat.id, len(of_x), turn.desk.now())
    links = {one.telling.post.id for one in of_x[allowed:]}
    given = [replace(one, words=one.telling.post.id not in links) for one in shown]
    name, write = FORMS[form]
    under = pages.exported(turn.voice, typed, len(given), len(found) > FOUND, len(links))
    await turn.give(name, write(turn.voice, given, roster), under)


def _find(connection: Connection, roster: Roster, wanted: query.Query) -> list[Cited]:
    found = [hit.telling for hit in search.page(connection, roster, wanted, limit=FOUND + 1)]
    known = posts.hashes(connection, [telling.post.id for telling in found])
    return [Cited(telling, known[telling.post.id]) for telling in found]


# --- what is stored of oneself


async def export(turn: Turn, typed: str) -> None:
    """Everything that is stored of the chat (in a forum: of the topic), as JSON."""
    held = await turn.desk.database.read_slow(exports.everything_of, *turn.place)
    if held is None:
        await turn.say(pages.no_data(turn.voice))
        return
    content = json.dumps(held, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    await turn.give("parley-export.json", content, pages.own_data(turn.voice))
