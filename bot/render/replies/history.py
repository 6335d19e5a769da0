"""What became of statements: the versions of one, and which were edited or deleted last."""

from collections.abc import Sequence
from datetime import datetime

from bot.models import Button, Message, Roster, Telling
from bot.render.alerts import quotation
from bot.render.changes import changes
from bot.render.language import Voice
from bot.render.statements import fate, foot, head, line, source_button, withdrawn
from bot.render.text import Text, finish, inline, joined

VERSIONS = 6
"""Versions that one message shows, the last ones."""

WORDS = 2800
"""UTF-16 units of all their texts together."""

LISTED = 8
"""Statements in the list of changes."""

SHORT = 120
"""UTF-16 units of a statement's words in the list."""

Version = tuple[datetime, str, str]
"""When it was first seen, its text, its SHA-256."""


def versions(_: Voice, telling: Telling, found: Sequence[Version], roster: Roster) -> Message:
    """Every text that the post has had, what came with each marked; of a text that had to go the time and the hash."""
    gone = withdrawn(telling, roster)
    shown = found[-VERSIONS:]
    blocks = [joined([_("🕓 All versions").marked("bold"), head(_, telling, roster)], "\n")]
    if hidden := len(found) - len(shown):
        blocks.append(
            _.many("{count} earlier version is not shown.", "{count} earlier versions are not shown.", hidden)
        )
    for number, (seen_at, text, sha256) in enumerate(shown, 1 + hidden):
        before = found[number - 2][1] if number > 1 else text
        spans = [change.after for change in changes(before, text)]
        words = Text() if gone else quotation(_, text, spans, "underline", WORDS // len(shown))
        blocks.append(joined([_heading(_, number, len(found), seen_at), words, _hash(sha256)], "\n"))
    if gone:
        blocks.append(_("The texts themselves had to go, as X asks; the hashes stay."))
    return finish(joined([*blocks, foot(_, telling, roster)], "\n\n"), [source_button(_, telling)])


def _heading(_: Voice, number: int, last: int, seen_at: datetime) -> Text:
    if last == 1:
        return _("The only version, first seen {moment}", moment=_.moment(seen_at))
    if number == last:
        return _("{number}. The last version, first seen {moment}", number=number, moment=_.moment(seen_at))
    return _("{number}. An earlier version, first seen {moment}", number=number, moment=_.moment(seen_at))


def _hash(sha256: str) -> Text:
    return "SHA-256 " + Text(sha256).marked("code")


def changed(_: Voice, tellings: Sequence[Telling], roster: Roster, whose: Text) -> Message:
    """The statements that were edited or deleted last, the newest change first; a button opens each."""
    title = _("✏️ Edited or deleted").marked("bold")
    if whose:
        title = title + ": " + whose
    if not tellings:
        return finish(joined([title, _("Nothing was edited or deleted, as far as is known.")], "\n\n"))
    cards = [
        f"{number}. " + line(_, telling, roster, SHORT) + "\n" + fate(_, telling)
        for number, telling in enumerate(tellings, 1)
    ]
    buttons = [Button(f"🕓 {number}", f"history:{one.post.id}") for number, one in enumerate(tellings, 1)]
    return finish(joined([title, *cards], "\n\n"), [buttons[:4], buttons[4:]])


def unknown(_: Voice, typed: str) -> Message:
    """A link to nothing that is known, or to what has never changed."""
    return finish(_("Of {link} no earlier version is known.", link=inline(typed, 200)))
