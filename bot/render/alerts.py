"""Messages that nobody asked for at that moment: a new statement, an edit, a deletion, what was missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from babel.dates import format_timedelta

from bot.models import Button, Message, Roster, SourceKind, Telling
from bot.render.actions import statement_rows
from bot.render.changes import Span, changes, shown
from bot.render.language import Voice, voice
from bot.render.statements import (
    account,
    again,
    body,
    card,
    foot,
    head,
    line,
    said,
    teller,
    who,
    with_pictures,
    withdrawn,
)
from bot.render.text import MESSAGE, Text, finish, in_rows, inline, joined, split, usable, verbatim

FOUND = 40
"""Matched forms that are marked in one text; past that the marks crowd out the rest."""

PARTS = 8
"""Messages for one alert: enough for the longest post of X (25,000 characters). What is over is behind the link."""

LISTED = 10
"""Posts that a catch-up shows by a line each."""

HELD, HELD_PARTS, SHORT = 15, 4, 90
"""What was held on purpose is shown by shorter lines, so many in each of so many messages."""

ROW = 5
"""Buttons with a number each beside each other."""

HEADING = 160
"""UTF-16 units kept free in each part for its heading and for the line that ends a cut one."""

TROUBLES = 6
"""Reasons of trouble in one message to operators, each with up to LISTED sources."""

MB = 1_000_000

BEFORE = 1500
"""UTF-16 units of each version in a notice of an edit, so that both fit one message."""


PLATFORMS: Mapping[SourceKind, str] = {"x": "X", "telegram": "Telegram", "feed": "RSS", "archive": "JSON Lines"}
"""What a kind of sources is called, in any language."""

TroubleKind = Literal["failing", "stopped", "silent", "platform"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Sources (their ids) that ail for the same reason, and since when the first of them does. `platform`: it is one
    reason that stops all of that kind.
    """

    kind: TroubleKind
    sources: tuple[str, ...]
    since: datetime
    reason: str = ""
    platform: SourceKind = "x"


def alert(
    telling: Telling,
    roster: Roster,
    *,
    language: str,
    zone: str,
    watches: Sequence[str] = (),
    found: Sequence[tuple[int, int]] = (),
    also: Sequence[Telling] = (),
    picture: str = "",
    preview: bool = False,
    translation: tuple[str, str] | None = None,
) -> list[Message]:
    """A new statement, in parts if it is longer than a message; each part is headed, the last has the link.

    `watches` are the queries and topics that matched, as the reader calls them; `found` the characters of the post's
    text that did. `also`: who tells the same. `picture` is the address of the first one, if it is to be shown;
    `preview`: else the page of the post is. `translation`: the words and the service that made them; only where both
    fit into one message.
    """
    _ = voice(language, zone)
    bell = joined([inline(watch, 60) for watch in watches[:10]], ", ")
    if len(watches) > 10:
        bell = bell + ", …"
    whole = joined([("🔔 " + bell) if bell else "", card(_, telling, roster, found=found[:FOUND])], "\n")
    ending = again(_, telling, also, roster)
    if translation is not None:
        whole = joined([whole, _translated(_, *translation, MESSAGE - whole.units - ending.units - 2)], "\n")
    buttons = statement_rows(_, telling, roster)
    if joined([whole, ending], "\n").units <= MESSAGE:
        parts = [finish(joined([whole, ending], "\n"), buttons)]
    else:
        parts = _parts(_, whole, telling, roster, buttons, ending)
    shown = picture if usable(picture) and with_pictures(telling, roster) else ""
    if preview and not shown and usable(telling.post.url) and not withdrawn(telling, roster):
        shown = telling.post.url
    return [*parts[:-1], replace(parts[-1], picture=shown)]


def _translated(_: Voice, words: str, service: str, room: int) -> Text:
    """The translation, marked as such; nothing where there is no room for all of it."""
    title = _("🌐 Machine translation by {service}, not their words:", service=service).marked("bold")
    translated = verbatim(words).stripped()
    if title.units + 1 + translated.units > room:
        return Text()
    return title + "\n" + translated.marked("expandable_blockquote")


def _parts(
    _: Voice, whole: Text, telling: Telling, roster: Roster, buttons: Sequence[Sequence[Button]], also: Text
) -> list[Message]:
    ending = foot(_, telling, roster)
    parts = split(whole, MESSAGE - ending.units - also.units - HEADING)
    if len(parts) > PARTS:
        parts = parts[:PARTS]
        parts[-1] = parts[-1].stripped() + " …\n" + _("The rest is at the source.") + "\n" + ending
    name = _headline(_, telling, roster)
    messages = []
    for number, part in enumerate(parts, 1):
        heading = name + f" · {number}/{len(parts)}\n" if number > 1 else Text()
        last = number == len(parts)
        text = joined([heading + part.stripped(), also if last else ""], "\n")
        messages.append(finish(text, buttons if last else ()))
    return messages


def _headline(_: Voice, telling: Telling, roster: Roster) -> Text:
    """Who it is about, in a few words."""
    speaking = said(telling)
    return (who(_, speaking[0].speaker, roster) if speaking else teller(_, telling, roster)).cut(120)


def edited(
    before: str, telling: Telling, roster: Roster, *, language: str, zone: str, since: datetime | None = None
) -> list[Message]:
    """The author changed the post: both versions with what went and what came, and how long the first one stood.

    `since` is when the earlier version was first seen, if it was not the first. An earlier version is always shown
    with this note and with the way to the post, as X asks.
    """
    if withdrawn(telling, roster):
        return deleted(telling, roster, language=language, zone=zone)
    _ = voice(language, zone)
    post = telling.post
    stood = lasted(_, since or post.published_at, post.edited_at or post.seen_at)
    found = changes(before, post.text)
    parts = [
        _("✏️ Changed after {time}", time=stood).marked("bold") if stood else _("✏️ Changed").marked("bold"),
        head(_, telling, roster),
        _("Earlier version:"),
        quotation(_, before, [change.before for change in found], "strikethrough"),
        _("Now:"),
        quotation(_, post.text, [change.after for change in found], "underline"),
        foot(_, telling, roster),
    ]
    history = [Button("🕓 " + _("All versions").plain, f"history:{post.id}")] if post.id else []
    return [finish(joined(parts, "\n"), [*statement_rows(_, telling, roster), history])]


def quotation(_: Voice, words: str, spans: Sequence[Span] = (), mark: str = "underline", limit: int = BEFORE) -> Text:
    """A version of a text, shortened to what is around the marked spans."""
    text = shown(words, spans, mark, limit)
    return text.marked("expandable_blockquote") if text else _("No words").marked("italic")


def lasted(_: Voice, since: datetime, until: datetime | None) -> Text:
    """How long, roughly, in words; empty where it is not known."""
    if until is None or until - since < timedelta(seconds=1):
        return Text()
    return inline(format_timedelta(until - since, locale=_.language, threshold=2))


def deleted(telling: Telling, roster: Roster, *, language: str, zone: str) -> list[Message]:
    """The post is gone at its source. The words are repeated only where the platform's rules allow it."""
    _ = voice(language, zone)
    post = telling.post
    stood = lasted(_, post.published_at, post.deleted_at)
    words = body(_, telling, roster) if withdrawn(telling, roster) else quotation(_, post.text)
    parts = [
        _("🗑 Deleted after {time}", time=stood).marked("bold") if stood else _("🗑 Deleted").marked("bold"),
        head(_, telling, roster),
        words,
        foot(_, telling, roster),
    ]
    return [finish(joined(parts, "\n"))]


def back(telling: Telling, roster: Roster, *, language: str, zone: str) -> list[Message]:
    """A post that was told to be deleted is shown at its source again: what we said is put right."""
    _ = voice(language, zone)
    parts = [_("↩️ No longer deleted").marked("bold"), card(_, telling, roster)]
    return [finish(joined(parts, "\n").cut(MESSAGE), statement_rows(_, telling, roster))]


def catch_up(
    tellings: Sequence[Telling],
    roster: Roster,
    *,
    language: str,
    zone: str,
    dropped: int = 0,
    why: Literal["late", "quiet", "burst"] = "late",
) -> list[Message]:
    """One message for everything that came while nothing could be sent, or, in parts if it is much, in quiet hours or
    in a burst; a button opens each. `dropped` more have no line at all.
    """
    _ = voice(language, zone)
    shown = tellings[-(LISTED if why == "late" else HELD * HELD_PARTS) :]
    hidden = dropped + len(tellings) - len(shown)
    total = dropped + len(tellings)
    if why == "quiet":
        opening = _.many("🌙 {count} post in your quiet hours", "🌙 {count} posts in your quiet hours", total)
    elif why == "burst":
        opening = _.many("📦 {count} more post in a short time", "📦 {count} more posts in a short time", total)
    else:
        opening = _.many(
            "📬 {count} post while you were not reached", "📬 {count} posts while you were not reached", total
        )
    limit = SHORT if len(shown) > LISTED else 160
    lines: list[Text | str] = [
        f"{number}. {_fate(one)}" + line(_, one, roster, limit) for number, one in enumerate(shown, 1)
    ]
    more = (
        _.many(
            "{count} earlier one is not shown. /latest has them all.",
            "{count} earlier ones are not shown. /latest has them all.",
            hidden,
        )
        if hidden
        else ""
    )
    starts = range(0, max(len(lines), 1), HELD)
    parts = [lines[start : start + HELD] for start in starts]
    parts[0] = [opening.marked("bold"), *parts[0]]
    parts[-1] = [*parts[-1], more]
    return [
        finish(joined(part, "\n\n").cut(MESSAGE), _whole(shown[start : start + HELD], start + 1))
        for start, part in zip(starts, parts, strict=True)
    ]


def _whole(tellings: Sequence[Telling], first: int) -> list[Sequence[Button]]:
    """Buttons that open the statements, by the numbers that they have from `first` on."""
    numbered = enumerate(tellings, first)
    buttons = [Button(f"{number} ⋯", f"whole:{one.post.id}") for number, one in numbered if one.post.id]
    return in_rows(buttons, ROW)


def _fate(telling: Telling) -> str:
    """What has become of it since it was said."""
    if telling.post.deleted_at:
        return "🗑 "
    return "✏️ " if telling.post.edited_at else ""


# --- to operators


def ailing(
    troubles: Sequence[Trouble],
    well: Sequence[str],
    roster: Roster,
    *,
    language: str,
    zone: str,
    platforms: Sequence[SourceKind] = (),
) -> list[Message]:
    """Which sources cannot be read or have gone silent, why, and what to do; and which are `well` again (their ids), or
    all of some `platforms`.
    """
    _ = voice(language, zone)
    blocks = [_trouble(_, trouble, roster) for trouble in troubles[:TROUBLES]]
    if len(troubles) > TROUBLES:
        hidden = sum(len(trouble.sources) for trouble in troubles[TROUBLES:])
        blocks.append(_.many("and {count} more source: /status", "and {count} more sources: /status", hidden))
    if well or platforms:
        again: list[Text | str] = [*(PLATFORMS[kind] for kind in platforms), _accounts(_, well, roster)]
        blocks.append("✅ " + _("Read again: {sources}", sources=joined(again, "; ")))
    return [finish(joined(blocks, "\n\n"))]


def disk_low(free: int, reserve: int, *, language: str) -> list[Message]:
    """There is less room (in bytes) than the reserve, and nothing is collected."""
    _ = voice(language, "UTC")
    left = _(
        "⚠️ The disk is almost full: {free} MB are left, the reserve is {reserve} MB.",
        free=free // MB,
        reserve=reserve // MB,
    )
    what = _(
        "Nothing is collected until there is room again; commands are answered, and what is queued is sent. "
        "Make room, or set a smaller reserve in config/parley.toml."
    )
    return [finish(joined([left, what], "\n"))]


def disk_ample(*, language: str) -> list[Message]:
    """There is room again."""
    _ = voice(language, "UTC")
    return [finish(_("✅ There is room on the disk again, and collecting goes on."))]


def backup_failed(reason: str, *, language: str) -> list[Message]:
    """The copy of the database that was due could not be made."""
    _ = voice(language, "UTC")
    failed = _("⚠️ No backup of the database could be made. It is tried again every hour.")
    return [finish(joined([failed, inline(reason, 300).marked("italic")], "\n"))]


def _trouble(_: Voice, trouble: Trouble, roster: Roster) -> Text:
    names = _accounts(_, trouble.sources, roster)
    since = _.moment(trouble.since)
    opening = {
        "failing": lambda: _("⚠️ Not readable since {moment}: {sources}", moment=since, sources=names),
        "stopped": lambda: _("⛔️ Not read any more since {moment}: {sources}", moment=since, sources=names),
        "silent": lambda: _("🔇 Silent for unusually long, since {moment}: {sources}", moment=since, sources=names),
        "platform": lambda: _(
            "⛔️ Nothing of {platform} is read since {moment}", platform=PLATFORMS[trouble.platform], moment=since
        ),
    }[trouble.kind]()
    remedy = {
        "failing": lambda: _("It is tried again at least once an hour. Does the address open in a browser?"),
        "stopped": lambda: _(
            "Only a person can mend this: put config/sources.toml right (parley check shows each account), "
            "then start Parley anew."
        ),
        "silent": lambda: _(
            "It can be read, but brings nothing new. Has the account moved, or does its page look otherwise now?"
        ),
        "platform": lambda: _(
            "It is asked again by itself; what was said meanwhile is then read, as far back as it goes."
        ),
    }[trouble.kind]()
    return joined([opening, inline(trouble.reason, 300).marked("italic"), remedy], "\n")


def counted_otherwise(day: date, ours: int, theirs: int, *, language: str, zone: str) -> Message:
    """X has counted another number of posts on a day (of UTC) than we."""
    _ = voice(language, zone)
    counted = _(
        "💳 X: {theirs} posts on {day} by its own count, {ours} by ours.",
        theirs=theirs,
        ours=ours,
        day=_.day(datetime.combine(day, time(12), _.zone)),
    )
    remedy = (
        _("What is missing counts as spent. Does something else use the token?")
        if theirs > ours
        else _("The budget stays as careful as it was; nothing needs to be done.")
    )
    return finish(joined([counted, remedy], "\n"))


def _accounts(_: Voice, sources: Sequence[str], roster: Roster) -> Text:
    """Their names, the last ones only counted."""
    named = [
        account(_, roster.sources[source], roster) if source in roster.sources else inline(source, 60)
        for source in sources[:LISTED]
    ]
    if len(sources) > LISTED:
        hidden = len(sources) - LISTED
        named.append(_.many("and {count} more source", "and {count} more sources", hidden))
    return joined(named, "; ")
