"""A statement with its machine translation: the original first, and never without it."""

from bot.models import Message, Roster, Telling
from bot.render.language import Voice
from bot.render.statements import body, foot, head, source_button
from bot.render.text import MESSAGE, finish, joined, verbatim

FEW = 200
"""UTF-16 units that original and translation each keep at least."""


def translation(_: Voice, telling: Telling, roster: Roster, made: tuple[str, str] | None) -> Message:
    """`made`: the translation and the service that made it; None: there is none."""
    opening, ending = head(_, telling, roster), foot(_, telling, roster)
    buttons = [source_button(_, telling)]
    original = body(_, telling, roster)
    if made is None:
        note = _("There is no translation at the moment.").marked("italic")
        room = MESSAGE - opening.units - ending.units - note.units - 4
        return finish(joined([opening, original.cut(max(room, FEW)), note, ending], "\n"), buttons)
    words, service = made
    title = _("🌐 Machine translation by {service}, not their words:", service=service).marked("bold")
    translated = verbatim(words).stripped()
    room = MESSAGE - opening.units - ending.units - title.units - 8
    half = max(room // 2, FEW)
    first = original.cut(max(half, room - translated.units))
    second = translated.cut(max(room - first.units, FEW)).marked("blockquote")
    return finish(joined([opening, first, title, second, ending], "\n"), buttons)
