"""What Telegram tells of the chat itself: the bot came or was put out, the group became a supergroup."""

from telegram import Bot, Chat, ChatMember, ChatMemberRestricted, ChatMemberUpdated, User
from telegram import Message as Told
from telegram.constants import ChatMemberStatus, ChatType

from bot.botapi.messages import arguments
from bot.chat import admitting
from bot.chat.desk import Desk
from bot.models import Message, SubscriberState
from bot.render.language import pick, voice
from bot.render.replies import admitting as refusals
from bot.render.replies import greeting
from bot.store import access, subscribers


async def changed(desk: Desk, bot: Bot, update: ChatMemberUpdated) -> None:
    """The bot's own standing in a chat is another one: rest where it may not speak, come back where it may again."""
    chat = update.chat
    before = _state(update.old_chat_member, chat.type)
    after = _state(update.new_chat_member, chat.type)
    if after != "active":
        await desk.database.write(subscribers.deactivate, chat.id, after, desk.now())
        return
    await desk.database.write(subscribers.reactivate, chat.id)
    if before == "blocked" and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
        message = await _hello(desk, chat, update.from_user)
        if message is not None:
            await bot.send_message(chat.id, **arguments(message))


async def _hello(desk: Desk, chat: Chat, who: User) -> Message | None:
    """To a group that took the bot in; to one that is not let in only why nothing will come, once."""
    defaults = desk.settings.defaults
    known = desk.database.read(subscribers.find, chat.id, 0)
    words = voice(known.language if known else pick(who.language_code, defaults.language), defaults.zone)
    standing = admitting.standing(desk, chat.id, who.id)
    if standing == "in":
        return greeting.hello_group(words, desk.roster)
    if standing == "closed" and await desk.database.write(access.turn_away, chat.id, desk.now()):
        return refusals.closed(words, desk.settings.contact, chat.id)
    return None


def _state(member: ChatMember, chat_type: str) -> SubscriberState:
    """What the bot's membership means for sending: `blocked` is outside, `paused` inside and silenced."""
    if member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED):
        return "blocked"
    if isinstance(member, ChatMemberRestricted):
        if not member.is_member:
            return "blocked"
        return "active" if member.can_send_messages else "paused"
    if chat_type == ChatType.CHANNEL and not getattr(member, "can_post_messages", False):
        return "paused"
    return "active"


async def migrated(desk: Desk, message: Told) -> None:
    """A group is a supergroup from here on: its settings go along. Both chats are told; once is enough."""
    old = message.migrate_from_chat_id or message.chat.id
    new = message.migrate_to_chat_id or message.chat.id
    await desk.database.write(subscribers.move, old, new)
