"""Which update goes where."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, cast

from telegram import Bot, BotCommandScopeChat, CallbackQuery, ChatMemberUpdated, InlineQuery, Message, Update
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.chat import (
    about,
    admitting,
    beginning,
    browsing,
    buttons,
    citing,
    correcting,
    following,
    history,
    inline,
    managing,
    membership,
    operating,
    people,
    preferences,
    reading,
    settling,
    stats,
    talks,
    watching,
)
from bot.chat.desk import Desk
from bot.chat.quota import Quota
from bot.chat.turn import Turn
from bot.models import LANGUAGES
from bot.models import Message as Answer
from bot.render.commands import commands
from bot.render.replies import admitting as refusals
from bot.render.replies import greeting

log = logging.getLogger(__name__)

Context = CallbackContext[Any, Any, Any, Any]
Command = Callable[[Turn, str], Awaitable[None]]

COMMANDS: Mapping[str, Command] = {
    "start": beginning.start,
    "help": about.help_page,
    "subscribe": following.subscribe,
    "unsubscribe": following.unsubscribe,
    "subscriptions": following.subscriptions,
    "latest": browsing.latest,
    "search": browsing.look_for,
    "history": history.history,
    "speaker": people.speaker,
    "talks": talks.talks,
    "compare": talks.compare,
    "stats": stats.stats,
    "corrections": correcting.log,
    "watch": watching.watch,
    "watches": watching.watches,
    "unwatch": watching.unwatch,
    "settings": preferences.settings,
    "digest": settling.digest,
    "quiet": settling.quiet,
    "zone": settling.zone,
    "language": about.language,
    "speakers": about.speakers,
    "topics": following.topics,
    "status": about.status,
    "manage": managing.manage,
    "privacy": about.privacy,
    "export": citing.export,
    "stop": about.stop,
}

OPERATING: Mapping[str, Command] = {"admin": operating.admin}
"""For operators in private; whoever else types them is told that there is no such command."""

KEYSTROKES = 4
"""Inline queries to a command: Telegram asks while a person types."""

STEERING = frozenset({"export", "stop"})
"""Commands that change or tell things of the whole chat, whatever stands after them; the others ask for themselves."""


def serve(application: Application[Any, Any, Any, Any, Any, Any], desk: Desk) -> None:
    """Give the application all handlers of the chat."""
    reception = Reception(desk)
    spoken = filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST
    plain = filters.TEXT & ~filters.COMMAND & ~filters.VIA_BOT & filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    application.add_handlers(
        [
            MessageHandler(filters.StatusUpdate.MIGRATE, reception.migrated),
            MessageHandler(filters.COMMAND & spoken, reception.command),
            MessageHandler(plain | (filters.FORWARDED & filters.ChatType.PRIVATE), reception.words),
            MessageHandler(
                filters.LOCATION & filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE, reception.location
            ),
            CallbackQueryHandler(reception.button),
            InlineQueryHandler(reception.inline),
            ChatMemberHandler(reception.membership, ChatMemberHandler.MY_CHAT_MEMBER),
        ]
    )
    application.add_error_handler(reception.failed)


async def register(bot: Bot, admins: Collection[int] = ()) -> None:
    """Put the commands into Telegram's menu, for each language and for all others; operators see one more. Doing it
    again is harmless.
    """
    for code in (None, *LANGUAGES):
        try:
            await bot.set_my_commands(commands(code or "en"), language_code=code)
            for chat in admins:
                await _register_operator(bot, chat, code)
        except TelegramError as error:
            log.warning("the menu of commands was not set (%s); the next start tries again", type(error).__name__)
            return


async def _register_operator(bot: Bot, chat: int, code: str | None) -> None:
    """Who has not begun to talk with the bot is not known to Telegram here."""
    with suppress(BadRequest):
        listed = commands(code or "en", operator=True)
        await bot.set_my_commands(listed, BotCommandScopeChat(chat), language_code=code)


class Reception:
    """Takes updates from python-telegram-bot and hands each on as a turn; each method gets only its handler's kind."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._quota = Quota(desk.settings.limits.commands_a_minute)
        self._typing = Quota(KEYSTROKES * desk.settings.limits.commands_a_minute)

    async def command(self, update: Update, context: Context) -> None:
        """A command, if it is for us: `/latest@another_bot` is not."""
        turn = Turn.of(self._desk, context.bot, update)
        if turn is None or turn.message.is_automatic_forward:
            return
        name, addressed, typed = _read(turn.message, context.bot.username)
        known = COMMANDS.get(name)
        if name in OPERATING and turn.operator:
            turn, known = turn.at_home(), OPERATING[name]
        if not addressed or (known is None and not (turn.in_private or "@" in (turn.message.text or "").split()[0])):
            return
        if await self._too_much(turn) or (name not in admitting.ALWAYS and await self._not_let_in(turn)):
            return
        if name != "manage" and await managing.ended(turn):
            return
        if known is None:
            await turn.say(greeting.unknown_command(turn.voice, name, reading.near(name, COMMANDS)))
        elif name in STEERING and not await turn.steers():
            await turn.say(greeting.only_admins(turn.voice))
        else:
            await known(turn, typed)

    async def words(self, update: Update, context: Context) -> None:
        """Words without a command, in private: an offer to look for them."""
        turn = Turn.of(self._desk, context.bot, update)
        if turn is None or await self._too_much(turn) or await self._not_let_in(turn):
            return
        if not (await managing.forwarded(turn) or await managing.ended(turn)):
            await turn.say(greeting.plain_words(turn.voice, turn.message.text or ""))

    async def location(self, update: Update, context: Context) -> None:
        """A place, in private: its time zone."""
        turn = Turn.of(self._desk, context.bot, update)
        if turn is None or await self._too_much(turn) or await self._not_let_in(turn):
            return
        if not await managing.ended(turn):
            await settling.place(turn)

    async def button(self, update: Update, context: Context) -> None:
        query = cast(CallbackQuery, update.callback_query)
        turn = Turn.of(self._desk, context.bot, update)
        if turn is not None and (wait := self._quota.wait(turn.chat.id, self._desk.now())):
            with suppress(TelegramError):
                await query.answer(self._slow_down(turn, wait).text)
            return
        if turn is not None and admitting.of(turn) != "in":
            with suppress(TelegramError):
                await query.answer(refusals.shut(turn.voice).text, show_alert=True)
            return
        await buttons.press(self._desk, context.bot, update, query)

    async def inline(self, update: Update, context: Context) -> None:
        """Words typed after the bot's name in any chat."""
        query = cast(InlineQuery, update.inline_query)
        user = query.from_user.id
        if self._typing.wait(user, self._desk.now()) or admitting.standing(self._desk, user, user) != "in":
            await inline.refuse(self._desk, query)
        else:
            await inline.answer(self._desk, query)

    async def membership(self, update: Update, context: Context) -> None:
        await membership.changed(self._desk, context.bot, cast(ChatMemberUpdated, update.my_chat_member))

    async def migrated(self, update: Update, context: Context) -> None:
        await membership.migrated(self._desk, cast(Message, update.effective_message))

    async def failed(self, update: object, context: Context) -> None:
        """Whatever a handler did not expect: noted with its traceback, never with what was typed; told once."""
        error = context.error
        if isinstance(error, TelegramError) and not isinstance(error, BadRequest):
            level = logging.INFO if isinstance(error, Forbidden) else logging.WARNING
            log.log(level, "Telegram did not take an answer: %s", type(error).__name__)
            return
        log.error("an update was not handled", exc_info=error)
        turn = Turn.of(self._desk, context.bot, update) if isinstance(update, Update) else None
        if turn is not None:
            with suppress(TelegramError):
                await turn.say(greeting.failed(turn.voice))

    def _slow_down(self, turn: Turn, wait: int) -> Answer:
        return greeting.slow_down(turn.voice, wait, self._desk.settings.limits.commands_a_minute)

    async def _not_let_in(self, turn: Turn) -> bool:
        standing = admitting.of(turn)
        if standing != "in":
            await admitting.turn_away(turn, standing)
        return standing != "in"

    async def _too_much(self, turn: Turn) -> bool:
        now = self._desk.now()
        wait = self._quota.wait(turn.chat.id, now)
        if wait and self._quota.tell(turn.chat.id, now):
            await turn.say(self._slow_down(turn, wait))
        return wait > 0


def _read(message: Message, username: str) -> tuple[str, bool, str]:
    """The command's name, whether it is meant for us, and what was typed after it."""
    first, *rest = (message.text or "").split(maxsplit=1)
    name, _, to = first[1:].partition("@")
    return name.casefold(), to.casefold() in ("", username.casefold()), rest[0] if rest else ""
