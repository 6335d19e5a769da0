"""What operators write to all: a preview first, then into the outbox behind everything else, and back as far as it
waits.
"""

from datetime import datetime

from bot.chat.turn import Turn
from bot.models import Entity
from bot.render.language import voice
from bot.render.replies import announcing as pages
from bot.render.text import units
from bot.store import announcements, outbox
from bot.store.connection import Connection


async def draft(turn: Turn, words: str) -> None:
    """Show what it will look like and to how many chats it would go. `words` end the operator's message."""
    whole = turn.message.text or ""
    marks = [Entity(one.type, one.offset, one.length, one.url or "") for one in turn.message.entities]
    message = pages.written(whole, marks, units(whole[: len(whole) - len(words)]))
    if not message.text:
        await turn.say(pages.ask_for_words(turn.voice))
        return
    drafted = await turn.desk.database.write(announcements.draft, message, turn.desk.now())
    readers = await turn.desk.database.read_slow(announcements.readers)
    await turn.say(pages.announcement(turn.voice, message))
    await turn.say(pages.draft(turn.voice, drafted.id, readers))


async def send(turn: Turn, id: int, language: str) -> None:
    """Queue it, once, however often that is pressed."""
    await turn.desk.database.write(_send, id, language, turn.desk.now())
    turn.desk.queued()
    await show_progress(turn, id)


def _send(connection: Connection, id: int, language: str, now: datetime) -> None:
    drafted = announcements.find(connection, id)
    readers = announcements.send(connection, id, language, now)
    if drafted is None or readers is None:
        return
    for spoken, subscribers in readers.items():
        message = pages.announcement(voice(spoken, "UTC"), drafted.message)
        members = [(subscriber, False) for subscriber in subscribers]
        outbox.queue(connection, members, announcements.key(id), [message], "broadcast", now)


async def drop(turn: Turn, id: int) -> None:
    """Forget a draft; what was sent meanwhile shows how far it has come."""
    if await turn.desk.database.write(announcements.drop, id):
        await turn.show(pages.dropped(turn.voice))
    else:
        await show_progress(turn, id)


async def take_back(turn: Turn, id: int) -> None:
    """What has not gone does not go; how many have it stands there."""
    found = turn.desk.database.read(announcements.find, id)
    spared = await turn.desk.database.write(announcements.take_back, found, turn.desk.now()) if found else 0
    await show_progress(turn, id, spared)


async def show_progress(turn: Turn, id: int, spared: int = 0) -> None:
    found = turn.desk.database.read(announcements.find, id)
    if found is None or found.state == "drafted":
        await show_sent(turn)
        return
    done = await turn.desk.database.read_slow(announcements.progress, found)
    await turn.show(pages.progress(turn.voice, found, done, spared))


async def show_sent(turn: Turn) -> None:
    await turn.show(pages.sent(turn.voice, turn.desk.database.read(announcements.newest, pages.LISTED)))


async def want(turn: Turn, wanted: bool) -> None:
    """The chat wants announcements, or none; as a message of its own, so that what was announced stays."""
    await turn.desk.database.write(announcements.want, turn.place[0], wanted)
    await turn.say(pages.wanted(turn.voice, wanted))
