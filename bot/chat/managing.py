"""/manage: setting up a channel or a group from the private chat of one of its administrators."""

import re

from telegram import ChatMember, MessageOriginChannel, MessageOriginChat
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.chat import reading
from bot.chat.turn import STEERING, Turn
from bot.render.replies import managing as pages
from bot.store import managed
from bot.store.connection import Connection


async def manage(turn: Turn, typed: str) -> None:
    """Which chats there are; take up the one that is named; or come back to this one."""
    home = turn.at_home()
    word = typed.strip()
    if not home.private or turn.user is None:
        await home.say(pages.only_in_private(home.voice))
    elif not word:
        await show_chats(home)
    elif word.casefold() in reading.OFF:
        await leave(home)
    else:
        await _take_up(home, word)


async def show_chats(turn: Turn) -> None:
    known = [(one.id, one.title, one.current) for one in turn.desk.database.read(managed.of, turn.chat.id)]
    await turn.show(pages.chats(turn.voice, known, turn.bot.username))


async def leave(turn: Turn) -> None:
    await turn.desk.database.write(managed.leave, turn.chat.id)
    await turn.show(pages.left(turn.voice))


async def choose(turn: Turn, id: int) -> None:
    """One that was named before: whoever is no administrator any more has it no longer."""
    known = turn.desk.database.read(managed.find, id, turn.chat.id)
    if known is not None:
        await _take_up(turn, str(known.chat))
    else:
        await show_chats(turn)


async def forwarded(turn: Turn) -> bool:
    """A post of a channel, or of a group in its own name, that was forwarded here names it. False if it is none."""
    origin = turn.message.forward_origin
    if isinstance(origin, MessageOriginChannel):
        await _take_up(turn.at_home(), str(origin.chat.id))
    elif isinstance(origin, MessageOriginChat):
        await _take_up(turn.at_home(), str(origin.sender_chat.id))
    else:
        return False
    return True


async def ended(turn: Turn) -> bool:
    """Whether somebody sets up a chat in which they are no administrator any more; they are told, and it is over."""
    if turn.managed is None or await turn.steers():
        return False
    await turn.desk.database.write(managed.leave, turn.chat.id)
    home = turn.at_home()
    await home.say(pages.not_yours(home.voice, turn.managed.title))
    return True


async def _take_up(turn: Turn, word: str) -> None:
    """Ask Telegram whether they may: they and the bot are members there who can do what is needed."""
    name = re.sub(r"^(?:https?://)?(?:t|telegram)\.me/", "@", word)
    number = int(name) if re.fullmatch(r"-[0-9]{1,15}", name) else name
    try:
        chat = await turn.bot.get_chat(number)
        person = await turn.bot.get_chat_member(chat.id, turn.chat.id)
        itself = await turn.bot.get_chat_member(chat.id, turn.bot.id)
    except TelegramError:
        await turn.say(pages.not_there(turn.voice, word, turn.bot.username))
        return
    if chat.type == ChatType.PRIVATE or person.status not in STEERING:
        await turn.desk.database.write(_forget, turn.chat.id, chat.id)
        await turn.say(pages.not_yours(turn.voice, chat.title or word))
    elif not _may_post(chat.type, itself):
        await turn.say(pages.may_not_post(turn.voice, chat.title or word))
    else:
        known = await turn.desk.database.write(managed.choose, turn.chat.id, chat.id, chat.type, chat.title or "")
        await turn.managing(known).say(pages.taken_up(turn.voice, known.title))


def _may_post(kind: str, itself: ChatMember) -> bool:
    if kind == ChatType.CHANNEL:
        return bool(getattr(itself, "can_post_messages", False)) or itself.status == ChatMemberStatus.OWNER
    return itself.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def _forget(connection: Connection, user: int, chat: int) -> None:
    for one in managed.of(connection, user):
        if one.chat == chat:
            managed.drop(connection, one.id)
