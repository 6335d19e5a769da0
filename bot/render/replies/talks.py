"""/talks and /compare: the rounds of talks, and what each side said last, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.models import Button, Message, Roster, Round, Talks, Telling, Topic
from bot.render.language import Voice
from bot.render.replies.watching import shown
from bot.render.statements import entry, title_of
from bot.render.text import MESSAGE, Text, finish, inline, joined

T = TypeVar("T")

ROUNDS = 5
"""Rounds that /talks shows, the last ones."""

LISTED = 12
"""Rounds on a page of all."""

SIDES = 4
"""Sides on a page of /compare, and under a subject of /talks."""

CHOICE = 10
"""Topics on a page of those to choose from."""


@dataclass(frozen=True, slots=True)
class Positions:
    """What each side said last of a topic, by the side's id in the order of the configuration; silent ones are out."""

    topic: Topic
    last: Mapping[str, Telling]


def talks(_: Voice, roster: Roster, table: Talks, positions: Sequence[Positions]) -> Message:
    """Who sits at the table, the last rounds, and the latest words of each side on the course of the talks."""
    sides = [title_of(_, roster, "side", one.id) for one in roster.sides.values() if one.talks == table.id]
    rounds = sorted(table.rounds, key=lambda one: one.since, reverse=True)
    head = joined(
        [
            "🤝 " + _.name(table.name).marked("bold"),
            joined(sides, ", "),
        ],
        "\n",
    )
    about = [_("Rounds").marked("bold"), *(_round(_, one) for one in rounds[:ROUNDS])] if rounds else []
    for limit in (300, 200, 120, 80, 50):
        subjects = [_subject(_, roster, one, limit) for one in positions]
        whole = joined([head, joined(about, "\n"), *subjects], "\n\n")
        if whole.units <= MESSAGE:
            break
    all_rounds = _.many("All {count} round", "All {count} rounds", len(rounds)).plain
    others = [Button(_.name(one.name).plain, f"talks:{one.id}") for one in roster.talks.values() if one.id != table.id]
    return finish(
        whole,
        [
            [Button(all_rounds, f"rounds:{table.id}:0")] if len(rounds) > ROUNDS else [],
            *([Button("⚖️ " + _.name(one.topic.name).plain, f"compare:{one.topic.id}:0")] for one in positions),
            *([one] for one in others),
        ],
    )


def _subject(_: Voice, roster: Roster, positions: Positions, limit: int) -> Text:
    """The sides that spoke last on it, in the order of the configuration."""
    title = "🏷 " + _.name(positions.topic.name).marked("bold")
    newest = sorted(positions.last, key=lambda side: positions.last[side].post.published_at, reverse=True)[:SIDES]
    said = [entry(_, one, roster, limit) for side, one in positions.last.items() if side in newest]
    return joined([title, *(said or [_("Nothing found.")])], "\n")


def _round(_: Voice, one: Round) -> Text:
    evidence = joined([inline(where, 120).linked(where) for where in one.evidence], ", ")
    return "• " + _.span(one.since, one.until) + ", " + _.name(one.place) + " (" + evidence + ")"


def rounds(_: Voice, table: Talks, page: int) -> Message:
    """All of them, the last first."""
    known = sorted(table.rounds, key=lambda one: one.since, reverse=True)
    part, turning = paged(_, known, page, LISTED, f"rounds:{table.id}")
    title = _("Rounds").marked("bold") + ": " + _.name(table.name)
    back = [Button("↩️ " + _.name(table.name).plain, f"talks:{table.id}")]
    return finish(joined([title, *(_round(_, one) for one in part)], "\n"), [turning, back])


def no_talks(_: Voice) -> Message:
    return finish(_("No talks are set up."))


# --- /compare


def choose_topic(_: Voice, roster: Roster, page: int) -> Message:
    part, turning = paged(_, list(roster.topics.values()), page, CHOICE, "compare")
    rows = [[Button("⚖️ " + _.name(one.name).plain, f"compare:{one.id}:0")] for one in part]
    example = Text("/compare " + _("neutrality").plain).marked("code")
    lines = [
        _("What did each side say last, and of what?").marked("bold"),
        _("Any words will do: {example}", example=example),
    ]
    return finish(joined(lines, "\n"), [*rows, turning])


def comparison(_: Voice, roster: Roster, subject: Topic | str, last: Mapping[str, Telling], page: int) -> Message:
    """What each side said last of a topic, or with the words of a query; the sides in their order, some a page."""
    if isinstance(subject, Topic):
        title = "⚖️ " + _.name(subject.name).marked("bold")
        data, more = f"compare:{subject.id}", [Button(_("Newest statements").plain, f"latest:topic:{subject.id}")]
    else:
        title = "⚖️ " + shown(subject)
        data, more = "compared", [Button(_("🔎 Search").plain, "search:1")]
    part, turning = paged(_, list(last), page, SIDES, data)
    silent = [title_of(_, roster, "side", one) for one in roster.sides if one not in last]
    notes = [
        _("Found nothing by: {sides}.", sides=joined(silent, ", ")) if silent else Text(),
        words_only(_),
    ]
    for limit in (600, 400, 250, 150, 80):
        cards = [
            title_of(_, roster, "side", side).marked("bold") + "\n" + entry(_, last[side], roster, limit)
            for side in part
        ]
        whole = joined([title, *cards, joined(notes, "\n")], "\n\n")
        if whole.units <= MESSAGE:
            break
    return finish(whole, [turning, more])


def words_only(_: Voice) -> Text:
    """What readers must know of every count of topics."""
    return _("Topics know words, not irony; who rebuts a thing is counted as naming it.").marked("italic")


def paged(_: Voice, entries: Sequence[T], page: int, size: int, data: str) -> tuple[Sequence[T], list[Button]]:
    """The entries of that page, and the buttons that turn it: `data` and the number of the page."""
    last = max(len(entries) - 1, 0) // size
    page = min(max(page, 0), last)
    turning = [
        *([Button("◀️ " + _("Back").plain, f"{data}:{page - 1}")] if page else []),
        *([Button(_("More").plain + " ▶️", f"{data}:{page + 1}")] if page < last else []),
    ]
    return entries[page * size : (page + 1) * size], turning
