"""What Telegram tells of the chat itself: the bot came or was put out, the group became a supergroup."""

from telegram import Bot, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message
from telegram.constants import ChatMemberStatus, ChatType

from bot.botapi.messages import arguments
from bot.chat.desk import Desk
from bot.models import SubscriberState
from bot.render.language import pick, voice
from bot.render.replies import greeting
from bot.store import subscribers


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
        defaults = desk.settings.defaults
        known = desk.database.read(subscribers.find, chat.id, 0)
        language = known.language if known else pick(update.from_user.language_code, defaults.language)
        message = greeting.hello_group(voice(language, defaults.zone), desk.roster)
        await bot.send_message(chat.id, **arguments(message))


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


async def migrated(desk: Desk, message: Message) -> None:
    """A group is a supergroup from here on: its settings go along. Both chats are told; once is enough."""
    old = message.migrate_from_chat_id or message.chat.id
    new = message.migrate_to_chat_id or message.chat.id
    await desk.database.write(subscribers.move, old, new)
