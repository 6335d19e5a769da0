"""What can be done with a statement: the buttons under it.

One row under every alert, which a phone shows whole; the rest is behind its last button, in place. Where the words are
in another language or there are pictures, a second row offers these, for that is what one wants then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bot.models import Button, Mute, MuteWhat, Roster, Telling, Watch
from bot.render.language import Voice
from bot.render.statements import doubt_button, said, source_button, title_of, translatable, who, with_pictures
from bot.render.text import Text, inline

Rows = list[list[Button]]

Span = Literal["hour", "day", "on"]
"""For how long something is muted: an hour, until midnight where the reader is, until it is unmuted."""

SPANS: tuple[Span, ...] = get_args(Span)

MUTABLE = 3
"""Speakers, and watches, that one statement offers to mute."""


@dataclass(frozen=True, slots=True)
class Muted:
    """What is muted, by the name that it has, and until when in words."""

    what: MuteWhat
    value: str
    name: Text
    until: Text


def statement_rows(_: Voice, telling: Telling, roster: Roster) -> Rows:
    """Its source, its citation, and everything else; its translation and its pictures, where there are any."""
    post = telling.post
    if not post.id:
        return [source_button(_, telling)]
    cite = Button("❝ " + _("Cite").plain, f"cite:{post.id}")
    more = Button("⋯ " + _("More").plain, f"tools:{post.id}")
    return [[*source_button(_, telling), cite, more], _seen_at_once(_, telling, roster)]


def _seen_at_once(_: Voice, telling: Telling, roster: Roster) -> list[Button]:
    post = telling.post
    return [
        *([Button("🌐 " + _("Translate").plain, f"translate:{post.id}")] if translatable(_, telling, roster) else []),
        *([Button("🖼 " + _("Pictures").plain, f"pictures:{post.id}")] if with_pictures(telling, roster) else []),
    ]


def all_rows(_: Voice, telling: Telling, roster: Roster) -> Rows:
    """Everything: who it is and what else they said, its versions, silence, doubt."""
    post = telling.post
    cite = Button("❝ " + _("Cite").plain, f"cite:{post.id}")
    less = Button("▲ " + _("Less").plain, f"fold:{post.id}")
    speaker = next((one.speaker for one in said(telling) if one.speaker in roster.speakers), "")
    about = [
        Button("👤 " + _("Who is it?").plain, f"who:{speaker}"),
        Button("📜 " + _("More from them").plain, f"recent:{speaker}"),
    ]
    history = Button("🕓 " + _("History").plain, f"history:{post.id}")
    mute = Button("🔕 " + _("Mute").plain, f"mute:{post.id}")
    return [
        [*source_button(_, telling), cite, less],
        _seen_at_once(_, telling, roster),
        about if speaker else [],
        [history, mute],
        doubt_button(_, telling),
    ]


def mute_rows(_: Voice, telling: Telling, roster: Roster, watches: Sequence[Watch]) -> Rows:
    """For how long which of its speakers, or which of the `watches` that brought it, shall be silent here."""
    post = telling.post
    speakers = dict.fromkeys(one.speaker for one in said(telling) if one.speaker in roster.speakers)
    silenced = [
        *(("speaker", speaker, who(_, speaker, roster)) for speaker in list(speakers)[:MUTABLE]),
        *(("watch", str(watch.id), "🔎 " + inline(watch.query, 24)) for watch in watches[:MUTABLE]),
    ]
    rows: Rows = []
    for what, value, name in silenced:
        rows.append([Button(f"🔕 {name.plain}: " + _span(_, "hour").plain, f"hush:{what}:{value}:hour:{post.id}")])
        rows.append([Button(_span(_, span).plain, f"hush:{what}:{value}:{span}:{post.id}") for span in SPANS[1:]])
    return [*rows, [Button("◀️ " + _("Back").plain, f"tools:{post.id}")]]


def _span(_: Voice, span: Span) -> Text:
    return {
        "hour": lambda: _("1 hour"),
        "day": lambda: _("today"),
        "on": lambda: _("until unmuted"),
    }[span]()


def muted_rows(_: Voice, telling: Telling, roster: Roster, muted: Muted) -> Rows:
    """That it is silent, and the way back; below it what there always is."""
    undo = Button(f"🔔 {muted.name.plain}: {muted.until.plain}", f"unhush:{muted.what}:{muted.value}:{telling.post.id}")
    return [[undo], *statement_rows(_, telling, roster)]


def muted(_: Voice, mute: Mute, roster: Roster, watches: Sequence[Watch]) -> Muted:
    """A speaker by name, one of the `watches` as it was typed."""
    queries = {str(watch.id): watch.query for watch in watches}
    name = (
        title_of(_, roster, "speaker", mute.value)
        if mute.what == "speaker"
        else "🔎 " + inline(queries.get(mute.value, "?"), 24)
    )
    until = _("muted until {moment}", moment=_.clock(mute.until)) if mute.until else _("muted until unmuted")
    return Muted(mute.what, mute.value, name, until)
