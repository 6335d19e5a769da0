"""/speaker: who somebody is, where their words are read, and what they said last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.models import Button, Message, Role, Roster, Speaker, Telling
from bot.render.language import Voice
from bot.render.replies.settling import SourceState, source_line
from bot.render.replies.talks import paged
from bot.render.statements import entry, title_of, who
from bot.render.text import MESSAGE, Text, finish, joined

WEEKS = 8
"""Weeks of activity that a card shows, this one included."""

SOURCES, ROLES = 6, 6
"""Entries of a card that are shown in full; the others are counted."""

WORDS = 3
"""Statements that a card shows."""

BLOCKS = 12
"""The longest bar of a chart made of text."""

LISTED = 8
"""Names on one page of those to choose from."""


def card(
    _: Voice,
    roster: Roster,
    speaker: Speaker,
    states: Sequence[SourceState],
    said: Sequence[Telling],
    spoke: Mapping[date, int],
    now: datetime,
    follow: Sequence[Button] = (),
) -> Message:
    """Roles with their dates, sources with their state, the last words, and how much was said in each week.

    `spoke`: how many statements were made on the days of the last weeks. `follow`: a button that offers to follow.
    """
    head = [who(_, speaker.id, roster).marked("bold"), title_of(_, roster, "side", speaker.side)]
    parts = [
        joined(head, "\n"),
        _listed(_("Roles"), [_role(_, one) for one in speaker.roles], ROLES),
        _sources(_, roster, states, now),
        _activity(_, spoke, now),
    ]
    buttons = [
        [Button(_("Newest statements").plain, f"latest:speaker:{speaker.id}")],
        list(follow),
        [Button("↩️ " + title_of(_, roster, "side", speaker.side).plain, f"people:{speaker.side}:0")],
    ]
    for limit in (300, 200, 120, 60, 0):
        words = [entry(_, one, roster, limit, speaker=speaker.id) for one in said if limit]
        heading = _("Last words").marked("bold")
        last = joined([heading, *words], "\n") if words else _("Nothing was heard of them yet.")
        whole = joined([*parts[:3], last, parts[3]], "\n\n")
        if whole.units <= MESSAGE:
            break
    return finish(whole, buttons)


def _listed(title: Text, lines: Sequence[Text], most: int) -> Text:
    if not lines:
        return Text()
    more = ["…"] if len(lines) > most else []
    return joined([title.marked("bold"), *("• " + line for line in lines[:most]), *more], "\n")


def _role(_: Voice, role: Role) -> Text:
    since, until = role.since and _.on(role.since), role.until and _.on(role.until)
    if since and until:
        when = _("from {since} to {until}", since=since, until=until)
    elif since:
        when = _("since {moment}", moment=since)
    else:
        when = _("until {moment}", moment=until) if until else Text()
    return joined([_.name(role.title, 160), when], ", ")


def _sources(_: Voice, roster: Roster, states: Sequence[SourceState], now: datetime) -> Text:
    if not states:
        return _("No account of their own is read; what outlets quote is.").marked("italic")
    lines = [source_line(_, roster, one, now, False) for one in states[:SOURCES]]
    return joined([_("Own accounts").marked("bold"), *lines, *(["…"] if len(states) > SOURCES else [])], "\n")


def _activity(_: Voice, spoke: Mapping[date, int], now: datetime) -> Text:
    this = _monday(_.local_day(now))
    weeks = [this - timedelta(weeks=back) for back in range(WEEKS)]
    counted = Counter[date]()
    for day, count in spoke.items():
        counted[_monday(day)] += count
    most = max(counted.values(), default=0)
    if not most:
        return Text()
    lines = [
        joined([_.short_span(week, week + timedelta(days=6)), bar(counted[week], most), str(counted[week])], " ")
        for week in weeks
    ]
    return joined([_("Statements by week").marked("bold"), *lines], "\n")


def bar(value: int, most: int) -> str:
    """As long as the value is large; empty for none, at least one block for any."""
    return "▇" * max(round(value * BLOCKS / most), 1) if value else ""


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def chooser(_: Voice, roster: Roster, side: str, page: int) -> Message:
    """Whose card to show: the sides, or the speakers of one."""
    if not side:
        rows = [[Button(title_of(_, roster, "side", one).plain, f"people:{one}:0")] for one in roster.sides]
        return finish(_("Whose card do you want to see?"), rows)
    known = roster.speakers_of(side)
    shown, turning = paged(_, known, page, LISTED, f"people:{side}")
    rows = [[Button(who(_, one.id, roster).plain, f"about:speaker:{one.id}")] for one in shown]
    back = [Button("↩️ " + _("All").plain, "people::0")]
    return finish(title_of(_, roster, "side", side).marked("bold"), [*rows, turning, back])
