"""/talks and /compare: what each side said last of a topic, found by the topics of the configuration."""

from collections.abc import Mapping

from bot import search
from bot.chat import following
from bot.chat.turn import Turn
from bot.errors import QueryError
from bot.models import Message, Roster, Telling
from bot.render.replies import following as replies
from bot.render.replies import talks as pages
from bot.render.replies import watching
from bot.store.connection import Connection
from bot.words import facts, query


async def talks(turn: Turn, typed: str) -> None:
    """The talks, if there are any; of several the one that is named, else the first."""
    known = turn.desk.roster.talks
    if not known:
        await turn.say(pages.no_talks(turn.voice))
        return
    wanted = typed.strip().casefold()
    named = [one.id for one in known.values() if wanted in (one.id.casefold(), *map(str.casefold, one.name.values()))]
    await show_talks(turn, (named or list(known))[0])


async def show_talks(turn: Turn, id: str) -> None:
    roster = turn.desk.roster
    found = await turn.desk.database.read_slow(_positions, roster, id)
    await turn.show(pages.talks(turn.voice, roster, roster.talks[id], found))


def _positions(connection: Connection, roster: Roster, talks: str) -> list[pages.Positions]:
    subjects = [topic for topic in roster.topics.values() if talks in topic.talks]
    return [pages.Positions(topic, _last_on_topic(connection, roster, topic.id)) for topic in subjects]


async def show_rounds(turn: Turn, id: str, page: int) -> None:
    await turn.show(pages.rounds(turn.voice, turn.desk.roster.talks[id], page))


# --- /compare


async def compare(turn: Turn, typed: str) -> None:
    """What each side said last of a topic; what is no topic's name is looked for as words."""
    typed, roster = typed.strip(), turn.desk.roster
    if not typed:
        await show_choice(turn, 0)
        return
    meant = following.target(typed, roster)
    if meant is not None and meant.what == "topic":
        await show_topic(turn, meant.value, 0)
    elif meant is not None:
        near = [one for one in following.lookalikes(typed, roster) if one.what == "topic"]
        await turn.say(replies.not_understood(turn.voice, roster, "compare", typed, near))
    else:
        await show_words(turn, typed, 0)


async def show_choice(turn: Turn, page: int) -> None:
    await turn.show(pages.choose_topic(turn.voice, turn.desk.roster, page))


async def show_topic(turn: Turn, id: str, page: int) -> None:
    roster = turn.desk.roster
    last = await turn.desk.database.read_slow(_last_on_topic, roster, id)
    await turn.show(pages.comparison(turn.voice, roster, roster.topics[id], last, page))


async def show_words(turn: Turn, typed: str, page: int) -> None:
    await turn.show(await _compared(turn, typed, page))


async def _compared(turn: Turn, typed: str, page: int) -> Message:
    roster = turn.desk.roster
    try:
        if len(typed) > (most := turn.desk.settings.limits.query):
            raise QueryError("too_long", most)
        wanted = query.parse(typed, facts.filters(roster), turn.voice.zone)
    except QueryError as error:
        return watching.query_error(turn.voice, "compare", typed, error)
    last = await turn.desk.database.read_slow(_last_of_each_side, roster, wanted)
    return pages.comparison(turn.voice, roster, typed, last, page)


def _last_on_topic(connection: Connection, roster: Roster, topic: str) -> Mapping[str, Telling]:
    return _last_of_each_side(connection, roster, query.known("topic", topic))


def _last_of_each_side(connection: Connection, roster: Roster, wanted: query.Query) -> Mapping[str, Telling]:
    """The newest post of each side that matches, in the order of the configuration; silent sides are left out."""
    last: dict[str, Telling] = {}
    for side in roster.sides:
        for hit in search.page(connection, roster, query.all_of([wanted, query.known("side", side)]), limit=1):
            last[side] = hit.telling
    return last
