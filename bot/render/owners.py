"""What the owners of a chat, and the operators, are told in private."""

from typing import Literal

from bot.models import Message
from bot.render.language import voice
from bot.render.text import finish, inline, joined


def silenced(title: str, why: Literal["rights", "topic"], *, language: str, zone: str) -> list[Message]:
    """The bot may not write any more into their group or channel, or into one topic of it."""
    _ = voice(language, zone)
    name = inline(title, 80)
    if why == "rights":
        what = _("🔇 I may not write in “{title}” any more.", title=name)
        remedy = _("Let me send messages there, then send /start there. All settings are kept.")
    else:
        what = _("🔇 A topic of “{title}” that I write to is closed or gone.", title=name)
        remedy = _("Open it again, then send /start in it, or set up another topic. All settings are kept.")
    return [finish(joined([what, remedy], "\n"))]


def conflict(*, language: str) -> list[Message]:
    """Somebody else asks Telegram for this bot's updates."""
    _ = voice(language, "UTC")
    what = _("⚠️ Another program answers in the name of this bot: some of what people write does not reach this one.")
    remedy = _("End that one, or remove its webhook. If you know of none, renew the token with @BotFather.")
    return [finish(joined([what, remedy], "\n"))]
