"""/latest and /search: pages of what was said."""

from datetime import datetime, timedelta

from bot import search
from bot.chat import following, reading
from bot.chat.turn import Turn
from bot.errors import QueryError
from bot.models import Button, Follow, FollowWhat, Message, Telling
from bot.render import digests
from bot.render import statements as cards
from bot.render.replies import following as replies
from bot.render.replies import watching
from bot.store import posts, statements
from bot.store import search as index
from bot.store.connection import Connection
from bot.words import facts, query

PAGE = cards.PAGE

MOST = 10
"""Cards that /latest shows at once."""

FARTHEST = 200
"""Cards back from the newest within which a page can be turned forward; beyond, forward leads to the newest."""


async def latest(turn: Turn, typed: str) -> None:
    """The newest statements, of everybody or of whom is named; a number says how many."""
    roster = turn.desk.roster
    name, count = reading.counted(typed)
    meant = following.target(name, roster) if name else Follow("all")
    if meant is None and count is not None:  # a name may end in a number
        meant, count = following.target(typed, roster), None
    if meant is None:
        near = following.lookalikes(name, roster)
        await turn.say(replies.not_understood(turn.voice, roster, "latest", name, near))
        return
    size = PAGE if count is None else min(max(count, 1), MOST)
    await turn.say(await _page(turn, meant, size=size))


async def show_recent(turn: Turn, speaker: str) -> None:
    """The newest of a speaker in a message of its own, for the alert with the button stays."""
    await turn.say(await _page(turn, Follow("speaker", speaker)))


async def turn_latest(turn: Turn, what: FollowWhat, value: str, first: int, before: int) -> None:
    """A page that a button leads to: from the `first`-th card on, which is the one after post `before` (0: none)."""
    await turn.show(await _page(turn, Follow(what, value), first=first, before=before))


async def _page(turn: Turn, target: Follow, *, size: int = PAGE, first: int = 1, before: int = 0) -> Message:
    database, roster, _ = turn.desk.database, turn.desk.roster, turn.voice
    skip = 0 if before else first - 1
    if target.what == "topic":
        found = await database.read_slow(_touching, turn, target.value, before, skip + size + 1)
    else:
        found = database.read(_said, turn, target, before, skip + size + 1)
    found = found[skip:]
    shown = found[:size]
    where = f"latest:{target.what}:{target.value}"
    older = f"{where}:{first + size}:{shown[-1].post.id}" if len(found) > size else ""
    title = _("Newest statements").marked("bold")
    if target.what != "all":
        title = title + ": " + cards.title_of(_, roster, target.what, target.value)
    return cards.page(
        shown,
        roster,
        language=_.language,
        zone=_.zone.key,
        title=title,
        first=first,
        newer=f"{where}:{_newer(first)}" if first > 1 else "",
        older=older,
        buttons=[follow_button(turn, target)],
    )


def _newer(first: int) -> int:
    return max(1, first - PAGE) if first <= FARTHEST else 1


def follow_button(turn: Turn, target: Follow) -> list[Button]:
    """Offers to follow what was just read, unless it is."""
    if any((one.what, one.value) in ((target.what, target.value), ("all", "")) for one in following.followed(turn)):
        return []
    name = cards.title_of(turn.voice, turn.desk.roster, target.what, target.value)
    return [Button(f"➕ {name.plain}", f"on:{target.what}:{target.value}")]


def _said(connection: Connection, turn: Turn, target: Follow, before: int, limit: int) -> list[Telling]:
    """The newest of a speaker, a side, a source or all, newest first: a walk along an index."""
    last = posts.tellings(connection, [before]) if before else []
    place = statements.place(last[0]) if last else None
    if target.what == "source":
        return statements.latest(connection, source=target.value, before=place, limit=limit)
    return statements.latest(connection, speakers=_speakers(turn, target), before=place, limit=limit)


def _touching(connection: Connection, turn: Turn, topic: str, before: int, limit: int) -> list[Telling]:
    """The newest that touch a topic."""
    wanted = query.known("topic", topic)
    place = index.place_of(connection, before) if before else None
    return [hit.telling for hit in search.page(connection, turn.desk.roster, wanted, before=place, limit=limit)]


def _speakers(turn: Turn, target: Follow) -> list[str] | None:
    """Who is meant; None is everybody."""
    if target.what == "side":
        return [speaker.id for speaker in turn.desk.roster.speakers_of(target.value)]
    return [target.value] if target.what == "speaker" else None


# --- what a digest tells of


async def show_seen(
    turn: Turn, what: FollowWhat, value: str, since: datetime, minutes: int, page: int, *, apart: bool
) -> None:
    """All statements of a speaker, or on a topic, that were seen in the window of a digest, the newest first.

    `apart`: in a message of its own, for the digest with the button stays; its pages turn in it.
    """
    until = since + timedelta(minutes=minutes)
    roster, _ = turn.desk.roster, turn.voice
    found = await turn.desk.database.read_slow(_seen, what, value, since, until)
    first = page * PAGE
    where = f"more:{what}:{value}:{int(since.timestamp()) // 60}:{minutes}"
    message = cards.page(
        found[first : first + PAGE],
        roster,
        language=_.language,
        zone=_.zone.key,
        title=digests.seen_title(_, roster, what, value, since, until),
        first=first + 1,
        newer=f"{where}:{page - 1}" if page else "",
        older=f"{where}:{page + 1}" if len(found) > first + PAGE else "",
        buttons=[follow_button(turn, Follow(what, value))],
    )
    await (turn.say(message) if apart else turn.show(message))


def _seen(connection: Connection, what: FollowWhat, value: str, since: datetime, until: datetime) -> list[Telling]:
    """Of each story the telling that stands for it."""
    seen = statements.seen_between(connection, since, until)
    if what == "topic":
        chosen = [one for one in seen if value in one.topics and cards.said(one)]
    else:
        chosen = [one for one in seen if value in {statement.speaker for statement in cards.said(one)}]
    return digests.stories(chosen)[0][::-1]


# --- search


async def look_for(turn: Turn, typed: str) -> None:
    """The newest posts that match what was typed."""
    if not typed.strip():
        await turn.say(watching.ask_for_words(turn.voice, "search"))
        return
    try:
        message = await _results(turn, typed.strip(), 1, 0)
    except QueryError as error:
        message = watching.query_error(turn.voice, "search", typed.strip(), error)
    await turn.say(message)


async def turn_search(turn: Turn, typed: str, first: int, before: int) -> None:
    """Another page of the search that the message shows."""
    try:
        message = await _results(turn, typed, first, before)
    except QueryError as error:
        message = watching.query_error(turn.voice, "search", typed, error)
    await turn.show(message)


async def _results(turn: Turn, typed: str, first: int, before: int) -> Message:
    if len(typed) > (most := turn.desk.settings.limits.query):
        raise QueryError("too_long", most)
    wanted = query.parse(typed, facts.filters(turn.desk.roster), turn.voice.zone)
    skip = 0 if before else first - 1
    found = await turn.desk.database.read_slow(
        search.page, turn.desk.roster, wanted, before=before or None, limit=skip + PAGE + 1
    )
    found = found[skip:]
    _ = turn.voice
    shown = found[:PAGE]
    return cards.page(
        [hit.telling for hit in shown],
        turn.desk.roster,
        language=_.language,
        zone=_.zone.key,
        title=watching.search_title(_, typed),
        first=first,
        newer=f"search:{_newer(first)}" if first > 1 else "",
        older=f"search:{first + PAGE}:{shown[-1].place}" if len(found) > PAGE else "",
        buttons=watching.search_buttons(_, found=bool(shown)),
    )
