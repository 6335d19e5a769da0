"""/stats: who spoke how often, day by day, and of what."""

from datetime import datetime

from bot.models import Button, Message, Roster
from bot.render.figures import Counts
from bot.render.language import Voice
from bot.render.replies.people import bar
from bot.render.replies.talks import words_only
from bot.render.statements import title_of
from bot.render.text import Text, finish, inline, joined

SPANS = (7, 30)
"""Days that can be chosen."""

TOPICS = 10
"""Topics that are listed, those touched most often."""

FLAGS = 4
"""Sides that a day's line names."""


def stats(_: Voice, roster: Roster, counts: Counts, blind: Text, pictures: bool) -> Message:
    """Sides with their shares, days, topics with their shares. `blind`: when nothing could be seen at all."""
    parts = [
        joined([_title(_, counts), _("A statement told by many counts once.").marked("italic")], "\n"),
        _sides(_, roster, counts),
        _days(_, roster, counts),
        _topics(_, roster, counts),
        joined([blind, words_only(_)], "\n"),
    ]
    if not counts.total:
        parts = [parts[0], _("Nothing was heard in these days."), blind]
    chosen = len(counts.days)
    spans = [Button(("● " if one == chosen else "") + _span(_, one).plain, f"stats:{one}") for one in SPANS]
    draw = [Button("🖼 " + _("Picture").plain, f"picture:{chosen}")] if pictures and counts.total else []
    return finish(joined(parts, "\n\n"), [spans, draw])


def _title(_: Voice, counts: Counts) -> Text:
    span = _.span(counts.days[0], counts.days[-1])
    return _("📊 Statements, {span} ({zone})", span=span, zone=_.zone.key).marked("bold")


def _span(_: Voice, days: int) -> Text:
    return _.many("{count} day", "{count} days", days)


def _sides(_: Voice, roster: Roster, counts: Counts) -> Text:
    most = max((sum(row) for row in counts.sides.values()), default=0)
    lines = [
        joined(
            [
                title_of(_, roster, "side", side) + ":",
                _.number(sum(row)) + " (" + _.share(sum(row), counts.total) + ")",
                bar(sum(row), most),
            ],
            " ",
        )
        for side, row in counts.sides.items()
    ]
    return joined(lines, "\n")


def _days(_: Voice, roster: Roster, counts: Counts) -> Text:
    """The newest first; silent days that follow each other share a line."""
    most = max((counts.on(day) for day in range(len(counts.days))), default=0)
    lines = [_("By day").marked("bold")]
    place = len(counts.days) - 1
    while place >= 0:
        first = place
        while not counts.on(first) and first > 0 and not counts.on(first - 1):
            first -= 1
        total = counts.on(place)
        days = (
            _.short_span(counts.days[first], counts.days[place]) if first < place else _.short_day(counts.days[place])
        )
        day = joined([days, bar(total, most), str(total)], " ")
        lines.append(joined([day, _who(_, roster, counts, place)], " · "))
        place = first - 1
    return joined(lines, "\n")


def _who(_: Voice, roster: Roster, counts: Counts, place: int) -> Text:
    """The sides that spoke most on that day."""
    spoke = sorted(((row[place], side) for side, row in counts.sides.items() if row[place]), reverse=True)
    return joined([_mark(_, roster, side) + f" {count}" for count, side in spoke[:FLAGS]], ", ")


def _mark(_: Voice, roster: Roster, side: str) -> Text:
    """The flag, or the name of a side that has none."""
    known = roster.sides[side]
    return inline(known.flag, 16) if known.flag else _.name(known.name, 30)


def _topics(_: Voice, roster: Roster, counts: Counts) -> Text:
    if not counts.topics:
        return Text()
    lines = [
        title_of(_, roster, "topic", topic) + f": {sum(row)} (" + _.share(sum(row), counts.total) + ")"
        for topic, row in list(counts.topics.items())[:TOPICS]
    ]
    return joined([_("Topics").marked("bold"), *lines], "\n")


def caption(_: Voice, counts_until: datetime) -> Message:
    """Under the picture."""
    return finish(_("Up to {moment}. /stats has the numbers.", moment=_.moment(counts_until)))


def no_picture(_: Voice) -> Message:
    return finish(_("No picture could be made; /stats has the numbers."))
