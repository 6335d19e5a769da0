"""One update that is being answered: who speaks, in which chat and topic, and how the answer goes back."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import Bot, CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, TelegramError

from bot import models
from bot.botapi.messages import arguments, caption, keyboard
from bot.chat.desk import Desk
from bot.models import Button, Subscriber, Telling, Timetable
from bot.render.language import Voice, pick, voice
from bot.render.replies import citing, managing
from bot.render.text import finished
from bot.schedule import next_digest_at
from bot.store import managed, posts, subscribers
from bot.store.managed import Managed

log = logging.getLogger(__name__)

DIGITS = 12
"""Of the largest number that a button may name."""

STEERING = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer in the making. `thread` is the forum topic, 0 outside of one; `pressed` the button, if it was one.

    `managed` is the channel or group that it is about, if somebody sets one up from their private chat.
    """

    desk: Desk
    bot: Bot
    chat: Chat
    thread: int
    message: Message
    user: User | None
    pressed: CallbackQuery | None = None
    managed: Managed | None = None

    @classmethod
    def of(cls, desk: Desk, bot: Bot, update: Update) -> "Turn | None":
        """None if the message is out of reach: a button on a message that Telegram no longer shows to bots."""
        pressed = update.callback_query
        message = pressed.message if pressed else update.effective_message
        if not isinstance(message, Message) or not message.is_accessible:
            return None
        thread = (message.message_thread_id or 0) if message.is_topic_message else 0
        turn = cls(desk, bot, message.chat, thread, message, update.effective_user, pressed)
        return turn.managing(turn._named()) if message.chat.type == ChatType.PRIVATE else turn

    def _named(self) -> Managed | None:
        """Of a button that chat for which it was made, of words the one that is being set up."""
        if self.pressed is None:
            return self.desk.database.read(managed.current, self.chat.id)
        number, bound, _ = (self.pressed.data or "").partition("~")
        known = number.isascii() and number.isdigit() and len(number) <= DIGITS
        return self.desk.database.read(managed.find, int(number), self.chat.id) if bound and known else None

    def managing(self, chat: Managed | None) -> "Turn":
        return replace(self, managed=chat)

    def at_home(self) -> "Turn":
        """The same, about the chat in which it is said."""
        return self.managing(None)

    # who it is

    @property
    def place(self) -> tuple[int, int]:
        """The chat and the topic that it is about."""
        return (self.managed.chat, 0) if self.managed else (self.chat.id, self.thread)

    @property
    def subscriber(self) -> Subscriber | None:
        """As stored; None for somebody who has set nothing yet."""
        return self.desk.database.read(subscribers.find, *self.place)

    @property
    def voice(self) -> Voice:
        """The language and zone that were chosen, else the user's own language and the house's zone."""
        if known := self.subscriber:
            return voice(known.language, known.zone)
        return voice(self.language, self.desk.settings.defaults.zone)

    @property
    def language(self) -> str:
        """The one of the user's Telegram, if we speak it."""
        return pick(self.user.language_code if self.user else None, self.desk.settings.defaults.language)

    @property
    def newcomer(self) -> subscribers.Newcomer:
        """How the chat is enrolled when it sets something for the first time. Of a private chat no name is kept."""
        defaults = self.desk.settings.defaults
        return subscribers.Newcomer(
            chat=self.place[0],
            thread=self.place[1],
            kind=self.managed.kind if self.managed else self.chat.type,
            title=self.managed.title if self.managed else self.chat.title or "",
            language=self.language,
            zone=defaults.zone,
            digest=self.daily,
            next_digest_at=next_digest_at(self.daily, defaults.zone, self.desk.now()),
        )

    @property
    def daily(self) -> Timetable:
        """When digests come to whoever has not chosen."""
        return Timetable((self.desk.settings.defaults.digest,))

    @property
    def as_new(self) -> Subscriber:
        """What a chat that has set nothing would have."""
        who = self.newcomer
        return Subscriber(
            0, who.chat, who.thread, who.kind, "", who.language, who.zone, who.digest, self.desk.now(), None, "active"
        )

    @property
    def in_private(self) -> bool:
        """Whether it is said in a private chat."""
        return self.chat.type == ChatType.PRIVATE

    @property
    def private(self) -> bool:
        """Whether it is about a private chat."""
        return self.in_private and self.managed is None

    @property
    def operator(self) -> bool:
        """Whether this is somebody who runs the bot, in private."""
        return self.in_private and self.chat.id in self.desk.settings.admins

    async def steers(self) -> bool:
        """Whether this person may change what comes into the chat: in groups and channels, its administrators.

        Who posts in a channel and who speaks as the group itself (an anonymous administrator) is one; for a pressed
        button only the person counts, whoever sent the message that bears it.
        """
        if self.private:
            return True
        sender = self.message.sender_chat
        if self.pressed is None and self.managed is None and sender is not None:
            return sender.id == self.chat.id
        if self.user is None:
            return False
        try:
            member = await self.bot.get_chat_member(self.place[0], self.user.id)
        except TelegramError as error:
            log.warning("cannot ask who is an administrator: %s", type(error).__name__)
            return False
        return member.status in STEERING

    # how the answer goes back

    async def telling(self, number: int) -> Telling | None:
        """The post of that number; None, after saying so, if it is not stored any more."""
        found = self.desk.database.read(posts.tellings, [number])
        if not found:
            await self.say(citing.gone(self.voice))
            return None
        return found[0]

    async def say(self, message: models.Message) -> None:
        await self.bot.send_message(
            self.chat.id, message_thread_id=self.thread or None, **arguments(self._about(message))
        )

    def _about(self, message: models.Message) -> models.Message:
        return managing.about(message, self.managed.title, self.managed.id) if self.managed else message

    async def give(self, name: str, content: bytes, under: models.Message) -> None:
        """A file, with words under it."""
        await self.bot.send_document(
            self.chat.id, content, filename=name, message_thread_id=self.thread or None, **caption(self._about(under))
        )

    async def picture(self, png: bytes, under: models.Message) -> None:
        await self.bot.send_photo(
            self.chat.id,
            png,
            filename="parley.png",
            message_thread_id=self.thread or None,
            **caption(self._about(under)),
        )

    async def rearrange(self, rows: Sequence[Sequence[Button]]) -> None:
        """Other buttons under the message whose button was pressed; its words stay."""
        buttons = finished(rows)
        if self.managed:
            buttons = managing.bound(buttons, self.managed.id)
        try:
            await self.bot.edit_message_reply_markup(
                self.chat.id, self.message.message_id, reply_markup=keyboard(buttons)
            )
        except BadRequest as error:
            if "not modified" not in error.message.casefold():
                raise

    async def show(self, message: models.Message) -> None:
        """In place of the message whose button was pressed; as a new one where that is not possible."""
        if self.pressed is None:
            await self.say(message)
            return
        try:
            await self.bot.edit_message_text(
                chat_id=self.chat.id, message_id=self.message.message_id, **arguments(self._about(message))
            )
        except BadRequest as error:
            words = error.message.casefold()
            if "not modified" in words:
                return
            if "message to edit" in words or "can't be edited" in words:
                await self.say(message)
                return
            raise
