"""What inline mode shows: the line to choose from, and the card that is shared."""

from bot.models import Message, Roster, Telling
from bot.render.language import Voice
from bot.render.replies.watching import explanation
from bot.render.statements import card, said, short, source_button, teller, who
from bot.render.text import MESSAGE, finish, joined

LINE = 120
"""UTF-16 units of the words beneath a title; an app shows two lines."""

NOTE = 60
"""UTF-16 units of the button above the results."""


def shared(_: Voice, telling: Telling, roster: Roster) -> Message:
    """The whole statement, cut to one message, with the link to the post as its only button."""
    return finish(card(_, telling, roster).cut(MESSAGE), [[one for one in source_button(_, telling) if one.url]])


def title(_: Voice, telling: Telling, roster: Roster) -> str:
    """Who, and the day."""
    by = joined([who(_, one.speaker, roster) for one in said(telling)[:3]], ", ") or teller(_, telling, roster)
    return joined([by, _.day(telling.post.published_at)], " · ").cut(LINE).plain


def description(_: Voice, telling: Telling, roster: Roster) -> str:
    return short(_, telling, roster, LINE).plain


def nothing(_: Voice) -> str:
    return _("Nothing found.").cut(NOTE).plain


def mistake(_: Voice, reason: str) -> str:
    """What is wrong with what is being typed."""
    return explanation(_, reason).cut(NOTE).plain


def too_often(_: Voice) -> str:
    return _("Too many searches; wait a minute.").cut(NOTE).plain
