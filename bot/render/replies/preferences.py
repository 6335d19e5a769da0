"""/settings: how somebody is told, all in one place."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.models import Button, Message, Subscriber
from bot.render.language import NATIVE, Voice
from bot.render.replies.settling import digest_line, quiet_line, to_settings, zone_line
from bot.render.text import Text, finish, in_rows, joined

IN_A_ROW = 2
"""Buttons beside each other whose words a phone shows whole."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting of a few ways: the subscriber's field, what its button is called, how it stands in a sentence, what
    each way is called, and what else one should know.
    """

    name: str
    title: str
    line: Callable[[Text], Text]
    ways: Mapping[str, Text]
    hint: Text | str = ""


def choices(_: Voice) -> list[Choice]:
    """All of them, in the order in which they are shown."""
    return [
        Choice(
            "bundle",
            "📦 " + _("Bursts").plain,
            lambda how: _("📦 When much is said in a short time: {how}.", how=how),
            {"1": _("one message after the first ten"), "0": _("an alert each")},
        ),
        Choice(
            "changes",
            "✏️ " + _("Edits").plain,
            lambda how: _("✏️ What is edited is told: {how}.", how=how),
            {"now": _("at once"), "digest": _("in the digest only"), "off": _("not at all")},
        ),
        Choice(
            "deletions",
            "🗑 " + _("Deletions").plain,
            lambda how: _("🗑 What is deleted is told: {how}.", how=how),
            {"now": _("at once"), "digest": _("in the digest only"), "off": _("not at all")},
        ),
        Choice(
            "translate",
            "🌐 " + _("Translation").plain,
            lambda how: _("🌐 A machine translation under alerts in another language: {how}.", how=how),
            {"0": _("not shown"), "1": _("shown")},
            _("It is added a little later, and never cited. The button 🌐 asks for it, too."),
        ),
        Choice(
            "previews",
            "🔗 " + _("Link previews").plain,
            lambda how: _("🔗 Telegram's preview of a post under its alert: {how}.", how=how),
            {"0": _("not shown"), "1": _("shown")},
        ),
        Choice(
            "retold",
            "🔁 " + _("Told again").plain,
            lambda how: _("🔁 The same statement, told again by others: {how}.", how=how),
            {"attach": _("added to the alert"), "now": _("an alert each"), "off": _("only in the digest")},
        ),
        Choice(
            "mentions",
            "👁 " + _("Mentions").plain,
            lambda how: _("👁 Posts that only mention whom you follow: {how}.", how=how),
            {"0": _("not told"), "1": _("told, too")},
        ),
        Choice(
            "digest_by",
            "🗂 " + _("Order of the digest").plain,
            lambda how: _("🗂 The digest is sorted by {how}.", how=how),
            {"side": _("side and speaker"), "topic": _("topic")},
        ),
        Choice(
            "empty_digest",
            "📭 " + _("Quiet days").plain,
            lambda how: _("📭 When there is nothing new: {how}.", how=how),
            {"1": _("one line says so"), "0": _("no digest")},
        ),
        Choice(
            "digest_picture",
            "📊 " + _("Picture of the digest").plain,
            lambda how: _("📊 A picture of the last days after each digest: {how}.", how=how),
            {"0": _("only by its button"), "1": _("always")},
            _("Statements by day and side, and topics by day; where the operators have set up drawing."),
        ),
        Choice(
            "pictures",
            "🖼 " + _("Pictures in alerts").plain,
            lambda how: _("🖼 The picture of a statement in its alert: {how}.", how=how),
            {"0": _("not shown"), "1": _("the first one below the words")},
            _("Of the accounts for which the operators allow it. The button 🖼 under an alert has all of them."),
        ),
        Choice(
            "announcements",
            "📣 " + _("Announcements").plain,
            lambda how: _("📣 Announcements of whoever runs this bot: {how}.", how=how),
            {"1": _("they come here"), "0": _("none")},
        ),
    ]


def settings(
    _: Voice, subscriber: Subscriber, follows: int, watches: int, now: datetime, without: Collection[str] = ()
) -> Message:
    """How everything is set, each with the button that leads to its page; `without`: what cannot be had here."""
    offered = [one for one in choices(_) if one.name not in without]
    lines = [
        "⚙️ " + _("Settings").marked("bold"),
        _counts(_, follows, watches),
        _("🌐 I speak {language}.", language=Text(NATIVE[_.language])),
        zone_line(_, now),
        digest_line(_, subscriber, now),
        quiet_line(_, subscriber),
        *(one.line(one.ways[value(subscriber, one.name)]) for one in offered),
    ]
    buttons = [
        Button("🔔 " + _("Follows").plain, "follows:0"),
        Button("🔎 " + _("Watches").plain, "watches:0"),
        Button("🌐 " + _("Language").plain, "language"),
        Button("🕰 " + _("Time zone").plain, "zone"),
        Button(_("📰 Digest").plain, "digest"),
        Button("🌙 " + _("Quiet hours").plain, "quiet"),
        *(Button(one.title, f"set:{one.name}") for one in offered),
    ]
    return finish(joined(lines, "\n"), in_rows(buttons, IN_A_ROW))


def _counts(_: Voice, follows: int, watches: int) -> Text:
    counted = [
        _.many("{count} follow", "{count} follows", follows),
        _.many("{count} watch", "{count} watches", watches),
    ]
    return "🔔 " + joined(counted, ", ")


def choice(_: Voice, subscriber: Subscriber, name: str) -> Message:
    """The page of one setting: how it is, and a button for each way."""
    (one,) = (one for one in choices(_) if one.name == name)
    chosen = value(subscriber, name)
    marks = {True: "● ", False: ""}
    rows = [[Button(marks[way == chosen] + words.plain, f"set:{name}:{way}")] for way, words in one.ways.items()]
    return finish(joined([one.line(one.ways[chosen]), one.hint], "\n"), [*rows, to_settings(_)])


def value(subscriber: Subscriber, name: str) -> str:
    """The word in CHOICES that a field has."""
    held = getattr(subscriber, name)
    return str(int(held)) if isinstance(held, bool) else str(held)
