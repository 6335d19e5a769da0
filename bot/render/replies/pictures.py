"""What stands under the pictures of a statement, and what there is instead of them."""

from bot.models import Message, Roster, Telling
from bot.render.language import Voice
from bot.render.statements import foot, head, source_button
from bot.render.text import finish, joined

CAPTION = 1000
"""UTF-16 units under a picture; Telegram takes 1024."""


def under(_: Voice, telling: Telling, roster: Roster) -> Message:
    """Who, by which right we say so, when and where; the words stand in the statement."""
    text = joined([head(_, telling, roster), foot(_, telling, roster)], "\n")
    return finish(text.cut(CAPTION), [source_button(_, telling)])


def unavailable(_: Voice, telling: Telling, roster: Roster) -> Message:
    note = _("The pictures cannot be shown here; they are at the source.")
    return finish(joined([note, foot(_, telling, roster)], "\n"), [source_button(_, telling)])
