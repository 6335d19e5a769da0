"""Doubts whether somebody said something: why we say so, the question to the operators, its answer, the public log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models import Button, Message, Roster, Statement, StatementKind, Telling
from bot.render.language import Voice, voice
from bot.render.statements import card, foot, kind, line, said, source_button, teller, who
from bot.render.text import Text, finish, inline, joined

LOGGED = 10
"""Corrections that the log shows."""

SHORT = 120
"""UTF-16 units of a statement's words in the log."""

DOUBTED = 6
"""Speakers of one post who can be doubted."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One correction of the log: the post as it is shown now, and what was said of it before."""

    telling: Telling
    speaker: str
    kind: StatementKind
    settled_at: datetime


def why(_: Voice, telling: Telling, roster: Roster) -> Message:
    """Who is said to have said it and by which sign; a button each to say that it is not so."""
    speaking = [one for one in said(telling) if one.kind != "own"][:DOUBTED]
    if not speaking:
        return finish(_("Nobody is quoted there any more."))
    lines = [
        who(_, one.speaker, roster).marked("bold") + "\n" + joined([kind(_, one, telling, roster), sign(_, one)], "\n")
        for one in speaking
    ]
    opening = _("Why we say so; programs read it, and they err.")
    asking = _("Is it not theirs? Press, and the operators of this bot look. /corrections shows what was put right.")
    buttons = [[_not_them(_, telling.post.id, one.speaker, roster)] for one in speaking]
    return finish(joined([opening, *lines, asking, foot(_, telling, roster)], "\n\n"), buttons)


def _not_them(_: Voice, post: int, speaker: str, roster: Roster) -> Button:
    return Button("🙅 " + _("Not {name}", name=who(_, speaker, roster)).plain, f"doubt:{post}:{speaker}")


def sign(_: Voice, statement: Statement) -> Text:
    """By which construction it was decided, with the words, and how sure that is."""
    words = {
        "colon": lambda: _("The name stands before a colon"),
        "according-to": lambda: _("“According to” or the like leads to the name"),
        "label": lambda: _("A heading names the source"),
        "subject-verb": lambda: _("A verb of saying stands beside the name"),
        "verb-subject": lambda: _("A verb of saying stands beside the name"),
        "passive": lambda: _("“Announced by” or the like leads to the name"),
        "dash": lambda: _("The name signs the words behind a dash"),
        "quote-dash": lambda: _("The name signs the words behind a dash"),
        "carry-over": lambda: _("“He” or “she” stands for who was named before"),
    }
    rule = words[statement.rule]() if statement.rule in words else inline(statement.rule, 40)
    evidence = ": " + inline(statement.evidence, 160).marked("italic") if statement.evidence else Text()
    return rule + evidence + " · " + _("sure by {percent} of 100", percent=statement.confidence)


def noted(_: Voice, new: bool | None, *, answered: bool) -> Message:
    """To who has doubted; None: they have to wait until more is answered. `answered`: whether we can tell them."""
    if new is None:
        return finish(_("Many questions of yours are not answered yet. Try again when they are."))
    if new and answered:
        return finish(_("🙏 Noted. The operators are asked, and you are told what they find."))
    if new:
        return finish(_("🙏 Noted. The operators are asked; /corrections shows what they put right."))
    return finish(_("That was asked already."))


def question(
    telling: Telling, speaker: str, number: int, roster: Roster, *, language: str, zone: str, settled: str = ""
) -> Message:
    """To the operators: whose words are these? `settled` is how it was decided, if it was."""
    _ = voice(language, zone)
    name = who(_, speaker, roster)
    opening = {
        "": lambda: _("🤔 A reader doubts that these are the words of {name}.", name=name),
        "confirmed": lambda: _("✳️ Put right: these are not the words of {name}.", name=name),
        "refused": lambda: _("☑️ It stands: these are the words of {name}.", name=name),
    }[settled]()
    signs = [sign(_, one) for one in telling.statements if one.speaker == speaker and one.speaks]
    short = card(_, telling, roster)
    text = joined([opening.marked("bold"), *signs, short.cut(2500)], "\n\n")
    buttons = [
        *([] if settled == "confirmed" else [Button("🙅 " + _("Not theirs").plain, f"settle:{number}:1")]),
        *([] if settled == "refused" else [Button("☑️ " + _("It stands").plain, f"settle:{number}:0")]),
    ]
    return finish(text, [buttons, source_button(_, telling)])


def answer(telling: Telling, speaker: str, roster: Roster, *, confirmed: bool, language: str, zone: str) -> Message:
    """To who asked."""
    _ = voice(language, zone)
    name = who(_, speaker, roster)
    opening = (
        _("✳️ You were right: these are not the words of {name}. Alerts and lists say so now.", name=name)
        if confirmed
        else _("☑️ The operators looked: these are the words of {name}, as they read it.", name=name)
    )
    return finish(joined([opening, line(_, telling, roster, SHORT)], "\n\n"), [source_button(_, telling)])


def log(_: Voice, logged: Sequence[Logged], roster: Roster) -> Message:
    """What was put right, the last first."""
    title = _("✳️ Corrections").marked("bold")
    if not logged:
        return finish(joined([title, _("Nothing had to be put right so far.")], "\n\n"))
    return finish(joined([title, *(_entry(_, one, roster) for one in logged[:LOGGED])], "\n\n"))


def _entry(_: Voice, one: Logged, roster: Roster) -> Text:
    name, source = who(_, one.speaker, roster), teller(_, one.telling, roster)
    wrong = (
        _("{moment}: not quoted by {source}: {name}", moment=_.moment(one.settled_at), source=source, name=name)
        if one.kind == "quote"
        else _("{moment}: not reported by {source}: {name}", moment=_.moment(one.settled_at), source=source, name=name)
    )
    return wrong + "\n" + line(_, one.telling, roster, SHORT)
