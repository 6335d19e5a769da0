"""What is said to whoever is not let in."""

from bot.models import Message
from bot.render.language import Voice
from bot.render.text import Text, finish, inline, joined


def closed(_: Voice, contact: str, chat: int) -> Message:
    """This instance is not for everybody: whom to ask, and what to tell them."""
    number = Text(str(chat)).marked("code")
    lines = [
        _("🔒 This bot is open only to those whom its operators have let in."),
        _("To be let in, write to {contact} and name this chat: {number}", contact=inline(contact, 200), number=number)
        if contact
        else _("To be let in, ask whoever runs it and name this chat: {number}", number=number),
        _("Nothing is kept of this chat but that it was told so."),
    ]
    return finish(joined(lines, "\n"))


def barred(_: Voice, contact: str) -> Message:
    lines = [
        _("⛔ The operators of this bot have shut this chat out."),
        _("/export gives you what is stored of it, /stop erases it."),
        _("Questions: {contact}", contact=inline(contact, 200)) if contact else "",
    ]
    return finish(joined(lines, "\n"))


def shut(_: Voice) -> Message:
    """On a button; shown as a note of at most 200 characters."""
    return finish(_("🔒 This bot does not answer this chat. /stop erases what is stored of it."))
