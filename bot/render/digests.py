"""The digest: what was said in a window of time, at one glance and then in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from bot.models import Gap, Message, Roster, Telling
from bot.render.language import Voice, voice
from bot.render.statements import account, again, fate, line, named, said, teller, uncollected, who
from bot.render.text import ENTITIES, MESSAGE, Text, finish, inline, joined, split

MESSAGES = 4
"""A digest longer than this is shortened: fewer lines a speaker, the rest counted; but every speaker keeps one."""

LINES = (50, 20, 10, 5, 3, 1)
"""Lines a speaker, tried in this order until the digest fits."""

SHORT = 220
"""UTF-16 units of a statement's words in a digest."""

GLANCED = 8
"""Speakers that the glance names for one side."""

CHANGED = 20
"""Edited and deleted posts that one digest lists."""

BLIND, SPANS = 10, 3
"""Sources that could not be seen which one digest names, and spans of each; the longest first."""


@dataclass
class _Group:
    """One speaker's tellings (or one source's, where nobody speaks), in order of time; `again` has the repeats of each
    story.
    """

    name: Text
    side: str
    speaker: str = ""
    tellings: list[Telling] = field(default_factory=list)
    again: dict[int, list[Telling]] = field(default_factory=dict)


def digest(
    tellings: Sequence[Telling],
    roster: Roster,
    *,
    language: str,
    zone: str,
    since: datetime,
    until: datetime,
    gaps: Sequence[Gap] = (),
    changed: Sequence[Telling] = (),
    unread: Sequence[str] = (),
    corrected: Sequence[Telling] = (),
) -> list[Message]:
    """The window [since, until) as messages: who spoke how often, then each statement by side and speaker.

    `gaps`: when sources could not be seen; what they said may be missing here. `changed`: posts that were edited or
    deleted, also older ones; `corrected`: those where somebody did not say what was said of them. `unread`: sources
    that are not collected. A story told by several sources stands once, as its speaker's own account told it, else at
    its earliest, with the others named.
    """
    _ = voice(language, zone)
    groups = _grouped(_, tellings, roster)
    opening = joined(
        [
            _("📰 Digest").marked("bold"),
            _("From {since} to {until}", since=_.moment(since), until=_.moment(until)),
            _glance(_, groups, roster) if groups else _("A quiet time: nothing new from those you follow."),
        ],
        "\n",
    )
    closing = [
        _changed(_, changed, roster),
        _corrected(_, corrected, roster),
        blind(_, gaps, roster, until),
        uncollected(_, unread, roster),
    ]
    for lines in LINES:
        blocks = [opening, *(block for group in groups for block in _blocks(_, group, roster, lines)), *closing]
        parts = _packed([block for block in blocks if block])
        if len(parts) <= MESSAGES:
            break
    return [finish(part) for part in parts]


def _grouped(_: Voice, tellings: Sequence[Telling], roster: Roster) -> list[_Group]:
    """The groups by side, in the order of the configuration; sources where nobody speaks come last."""
    groups: dict[str, _Group] = {}
    for telling in sorted(tellings, key=lambda one: (not _is_own(one), one.post.published_at, one.post.id)):
        for key, place in _places(_, telling, roster):
            group = groups.setdefault(key, place)
            if telling.story in group.again:
                group.again[telling.story].append(telling)
                continue
            group.tellings.append(telling)
            if telling.story:
                group.again[telling.story] = []
    for group in groups.values():
        group.tellings.sort(key=lambda one: (one.post.published_at, one.post.id))
    order = {side: number for number, side in enumerate(roster.sides)}
    return sorted(
        groups.values(), key=lambda group: (order.get(group.side, len(order)), group.tellings[0].post.published_at)
    )


def _places(_: Voice, telling: Telling, roster: Roster) -> list[tuple[str, _Group]]:
    """Where the telling is listed, by key: under each who speaks, or under its source."""
    speakers = dict.fromkeys(one.speaker for one in said(telling))
    if not speakers:
        return [(f"source {telling.post.source}", _Group(teller(_, telling, roster), ""))]
    return [(speaker, _Group(who(_, speaker, roster), _side(speaker, roster), speaker)) for speaker in speakers]


def _is_own(telling: Telling) -> bool:
    return any(one.kind == "own" for one in telling.statements)


def _side(speaker: str, roster: Roster) -> str:
    side = roster.side_of(speaker)
    return side.id if side else ""


def _glance(_: Voice, groups: Sequence[_Group], roster: Roster) -> Text:
    """Who spoke how often, one line a side."""
    lines = []
    for side in dict.fromkeys(group.side for group in groups):
        here = [group for group in groups if group.side == side]
        counts = sorted(here, key=lambda group: -_count(group))
        names = joined([group.name + f" {_count(group)}" for group in counts[:GLANCED]], ", ")
        known = roster.sides.get(side)
        name = _.name(known.name) if known else _("Others")
        total = sum(_count(group) for group in here)
        lines.append(name.marked("bold") + f" {total}: " + names + (", …" if len(counts) > GLANCED else ""))
    return joined(lines, "\n")


def _count(group: _Group) -> int:
    """Statements, not tellings of them."""
    return len(group.tellings)


def _blocks(_: Voice, group: _Group, roster: Roster, lines: int) -> list[Text]:
    """The group's heading together with its first line, then a block a line, then how many were left out."""
    days = {_.local_day(one.post.published_at) for one in group.tellings}
    blocks, day = [], None
    for telling in group.tellings[:lines]:
        item = line(_, telling, roster, SHORT, speaker=group.speaker)
        others = again(_, telling, group.again.get(telling.story, ()), roster)
        item = joined([item, others], "\n")
        today = _.local_day(telling.post.published_at)
        if len(days) > 1 and today != day:
            item = _.day(telling.post.published_at).marked("italic") + "\n" + item
        day = today
        blocks.append(item)
    blocks[0] = group.name.marked("bold") + "\n" + blocks[0]
    hidden = len(group.tellings) - lines
    if hidden > 0:
        blocks.append(_.many("… and {count} more: /latest", "… and {count} more: /latest", hidden))
    return blocks


def _changed(_: Voice, changed: Sequence[Telling], roster: Roster) -> Text:
    """What was edited or deleted, a line each, the last said first."""
    lines = [line(_, telling, roster, SHORT) + "\n" + fate(_, telling) for telling in changed[-CHANGED:][::-1]]
    hidden = len(changed) - len(lines)
    if hidden:
        lines.append(_.many("… and {count} more: /history", "… and {count} more: /history", hidden))
    return joined([_("✏️ Edited or deleted").marked("bold") if lines else "", *lines], "\n")


def _corrected(_: Voice, corrected: Sequence[Telling], roster: Roster) -> Text:
    """Where somebody did not say what was said of them, a line each."""
    lines = [line(_, telling, roster, SHORT) + "\n" + named(_, telling, roster) for telling in corrected[-CHANGED:]]
    return joined([_("✳️ Put right: /corrections").marked("bold") if lines else "", *lines], "\n")


def blind(_: Voice, gaps: Sequence[Gap], roster: Roster, now: datetime) -> Text:
    """Which sources could not be seen, and when; the longest unseen first."""
    by_source: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_source.setdefault(gap.source, []).append(gap)
    ordered = sorted(by_source.items(), key=lambda item: (bool(item[0]), -_length(item[1], now)))
    lines = [_blind_one(_, source, roster) + ": " + spans(_, found, now) for source, found in ordered[:BLIND]]
    if hidden := len(ordered) - len(lines):
        lines.append(_.many("and {count} more source", "and {count} more sources", hidden))
    return joined([_("⚠️ Not readable, so perhaps missing here:").marked("bold") if lines else "", *lines], "\n")


def _blind_one(_: Voice, source: str, roster: Roster) -> Text:
    if not source:
        return _("All sources")
    return account(_, roster.sources[source], roster) if source in roster.sources else inline(source, 60)


def _length(gaps: Sequence[Gap], now: datetime) -> timedelta:
    return sum(((gap.until or now) - gap.since for gap in gaps), timedelta())


def spans(_: Voice, gaps: Sequence[Gap], now: datetime) -> Text:
    """When: "14:05–16:40, since 18:10"; with the day where it is not the present one."""
    shown = [_span(_, gap, now) for gap in gaps[-SPANS:]]
    return joined(["…" if len(gaps) > len(shown) else "", *shown], ", ")


def _span(_: Voice, gap: Gap, now: datetime) -> Text:
    today = _.local_day(now)
    since = _.clock(gap.since) if _.local_day(gap.since) == today else _.moment(gap.since)
    if gap.until is None:
        return _("since {moment}", moment=since)
    same_day = _.local_day(gap.until) in (today, _.local_day(gap.since))
    return since + "–" + (_.clock(gap.until) if same_day else _.moment(gap.until))


def _packed(blocks: Sequence[Text]) -> list[Text]:
    """The blocks in as few messages as hold them, none cut in two that fits one."""
    parts = [Text()]
    for block in chain.from_iterable(map(split, blocks)):
        joint = joined([parts[-1], block], "\n\n")
        if joint.units <= MESSAGE and len(joint.marks) <= ENTITIES:
            parts[-1] = joint
        else:
            parts.append(block)
    return parts
