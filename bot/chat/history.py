"""/history: which statements were edited or deleted, and the versions of one."""

import re

from bot.chat import following
from bot.chat.turn import Turn
from bot.models import Follow, Roster, Telling
from bot.render.replies import following as replies
from bot.render.replies import history as pages
from bot.render.statements import title_of
from bot.render.text import Text
from bot.store import posts
from bot.store.connection import Connection
from bot.tell import NEWSWORTHY

_X = re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/(\w+)/status/(\d+)", re.IGNORECASE)
_TELEGRAM = re.compile(r"(?:https?://)?(?:t|telegram)\.me/(?:s/)?(\w+)/(\d+)", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


async def history(turn: Turn, typed: str) -> None:
    """The last changes, of everybody or of whom is named; or the versions of what a link or a number means."""
    words = typed.strip()
    if any(pattern.match(words) for pattern in (_X, _TELEGRAM, _LINK)):
        await _show_one(turn, words, await turn.desk.database.read_slow(_at, turn.desk.roster, words))
    elif words.isdecimal() and len(words) < 3:
        listed = await turn.desk.database.read_slow(_changed, turn.desk.roster, Follow("all"))
        await _show_one(turn, words, dict(enumerate((one.post.id for one in listed), 1)).get(int(words)))
    else:
        await _show_changed(turn, words)


async def _show_one(turn: Turn, typed: str, number: int | None) -> None:
    if number is None:
        await turn.say(pages.unknown(turn.voice, typed))
    else:
        await show_versions(turn, number)


async def _show_changed(turn: Turn, typed: str) -> None:
    roster = turn.desk.roster
    meant = following.target(typed, roster) if typed else Follow("all")
    if meant is None or meant.what == "topic":
        near = following.lookalikes(typed, roster)
        await turn.say(replies.not_understood(turn.voice, roster, "history", typed, near))
        return
    found = await turn.desk.database.read_slow(_changed, roster, meant)
    whose = title_of(turn.voice, roster, meant.what, meant.value) if meant.what != "all" else Text()
    await turn.say(pages.changed(turn.voice, found, roster, whose))


async def show_versions(turn: Turn, number: int) -> None:
    """A message of its own: the alert or the list with the button stays."""
    found = await turn.desk.database.read_slow(_versions, number)
    if found is None:
        await turn.say(pages.unknown(turn.voice, str(number)))
        return
    telling, versions = found
    await turn.say(pages.versions(turn.voice, telling, versions, turn.desk.roster))


def _versions(connection: Connection, number: int) -> tuple[Telling, list[pages.Version]] | None:
    found = posts.tellings(connection, [number])
    if not found:
        return None
    return found[0], [(one.seen_at, one.text, one.sha256) for one in posts.versions(connection, number)]


def _changed(connection: Connection, roster: Roster, meant: Follow) -> list[Telling]:
    """Where edits are news; of a source that is named, whatever it is."""
    speakers = None
    if meant.what in ("speaker", "side"):
        side = [speaker.id for speaker in roster.speakers_of(meant.value)]
        speakers = side if meant.what == "side" else [meant.value]
    sources = [source.id for source in roster.sources.values() if source.kind in NEWSWORTHY]
    chosen = [meant.value] if meant.what == "source" else sources
    return posts.tellings(connection, posts.last_changed(connection, speakers, chosen, pages.LISTED))


def _at(connection: Connection, roster: Roster, link: str) -> int | None:
    """The number of the post that a link leads to, None if it is not known."""
    for kind, pattern in (("x", _X), ("telegram", _TELEGRAM)):
        if match := pattern.match(link):
            accounts = [source for source in roster.sources.values() if source.kind == kind]
            named = [one.id for one in accounts if one.address.lstrip("@").casefold() == match[1].casefold()]
            for source in named:
                if known := posts.known(connection, source, [match[2]]):
                    return known[match[2]].id
    return posts.changed_at(connection, link)
