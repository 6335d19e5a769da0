"""The digest: what was said in a window of time, at one glance and then in order."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from bot.models import Button, DigestBy, Gap, Message, Roster, Telling
from bot.render.language import Voice, voice
from bot.render.statements import account, again, fate, line, named, said, teller, title_of, uncollected, who
from bot.render.text import ENTITIES, MESSAGE, Text, finish, inline, joined, split

MESSAGES = 4
"""A digest longer than this is shortened: fewer lines a group, the rest counted; but every group keeps one."""

LINES = (50, 20, 10, 5, 3, 1)
"""Lines of a speaker or a topic, tried in this order until the digest fits."""

SHORT = 220
"""UTF-16 units of a statement's words in a digest."""

GLANCED = 8
"""Speakers that the glance names for one side, and of those who are silent."""

TOUCHED, FIRSTS = 5, 6
"""Topics that the glance counts, those touched most often; and first mentions that it names."""

CHANGED = 20
"""Edited and deleted posts that one digest lists."""

BLIND, SPANS = 10, 3
"""Sources that could not be seen which one digest names, and spans of each; the longest first."""

OPENED = 4
"""Speakers, and topics, that have a button of their own."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a digest is compared with: the `days` before it, 0 if too few are known.

    `topics`: which sides (ids) spoke of which topics then. `silent`: who usually speaks at these hours and did not.
    """

    days: int = 0
    topics: Collection[tuple[str, str]] = ()
    silent: Sequence[str] = ()


@dataclass
class _Group:
    """What stands under one name, in order of time: a speaker's tellings (or a source's, where nobody speaks), or those
    on a topic. `again` has the repeats of each story; `above`: so many more stand under names before this one.
    """

    name: Text
    side: str = ""
    speaker: str = ""
    tellings: list[Telling] = field(default_factory=list)
    again: dict[int, list[Telling]] = field(default_factory=dict)
    above: int = 0


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
    by: DigestBy = "side",
    before: Before | None = None,
    drawn: bool = False,
) -> list[Message]:
    """The window [since, until) as messages: a glance, then each statement by side and speaker, or by topic.

    `gaps`: when sources could not be seen; what they said may be missing here. `changed`: posts that were edited or
    deleted, also older ones; `corrected`: those where somebody did not say what was said of them. `unread`: sources
    that are not collected. `drawn`: a picture of the counts can be had. A story told by several sources stands once, as
    its speaker's own account told it, else at its earliest, with the others named.
    """
    _ = voice(language, zone)
    speakers = _by_speaker(_, tellings, roster)
    groups = _by_topic(_, tellings, roster) if by == "topic" else speakers
    closing = [
        _changed(_, changed, roster),
        _corrected(_, corrected, roster),
        blind(_, gaps, roster, until),
        uncollected(_, unread, roster),
    ]
    if not (tellings or any(closing[:2])):
        quiet = _("📰 A quiet time: nothing new from those you follow since {moment}.", moment=_.moment(since))
        return [finish(joined([quiet, *closing], "\n\n"))]
    opening = _opening(_, speakers, tellings, changed, roster, since, until, before or Before())
    for lines in LINES:
        blocks = [opening, *(block for group in groups for block in _blocks(_, group, roster, lines)), *closing]
        parts = _packed([block for block in blocks if block])
        if len(parts) <= MESSAGES:
            break
    buttons = _openers(_, speakers, tellings, roster, since, until, drawn)
    return [finish(part, buttons if part is parts[-1] else ()) for part in parts]


def stories(tellings: Iterable[Telling]) -> tuple[list[Telling], dict[int, list[Telling]]]:
    """Of each story the telling that stands for it, in order of time; and the others of each."""
    shown: list[Telling] = []
    again: dict[int, list[Telling]] = {}
    for telling in sorted(tellings, key=lambda one: (not _is_own(one), one.post.published_at, one.post.id)):
        if telling.story in again:
            again[telling.story].append(telling)
            continue
        shown.append(telling)
        if telling.story:
            again[telling.story] = []
    shown.sort(key=lambda one: (one.post.published_at, one.post.id))
    return shown, again


def _is_own(telling: Telling) -> bool:
    return any(one.kind == "own" for one in telling.statements)


def _by_speaker(_: Voice, tellings: Sequence[Telling], roster: Roster) -> list[_Group]:
    """The groups by side, in the order of the configuration; sources where nobody speaks come last."""
    groups: dict[str, _Group] = {}
    all_of: dict[str, list[Telling]] = {}
    for telling in tellings:
        for key, place in _places(_, telling, roster):
            groups.setdefault(key, place)
            all_of.setdefault(key, []).append(telling)
    for key, group in groups.items():
        group.tellings, group.again = stories(all_of[key])
    order = {side: number for number, side in enumerate(roster.sides)}
    return sorted(
        groups.values(), key=lambda group: (order.get(group.side, len(order)), group.tellings[0].post.published_at)
    )


def _places(_: Voice, telling: Telling, roster: Roster) -> list[tuple[str, _Group]]:
    """Where the telling is listed, by key: under each who speaks, or under its source."""
    speakers = dict.fromkeys(one.speaker for one in said(telling))
    if not speakers:
        return [(f"source {telling.post.source}", _Group(teller(_, telling, roster)))]
    return [(speaker, _Group(who(_, speaker, roster), _side(speaker, roster), speaker)) for speaker in speakers]


def _side(speaker: str, roster: Roster) -> str:
    side = roster.side_of(speaker)
    return side.id if side else ""


def _by_topic(_: Voice, tellings: Sequence[Telling], roster: Roster) -> list[_Group]:
    """The topics that were touched most first; each statement once, under the first of its topics."""
    left, again = stories(tellings)
    groups = []
    for topic, count in _touched(left, roster):
        here = [one for one in left if topic in one.topics]
        left = [one for one in left if topic not in one.topics]
        if here:
            name = "🏷 " + title_of(_, roster, "topic", topic)
            groups.append(_Group(name, tellings=here, again=again, above=count - len(here)))
    if left:
        groups.append(_Group(_("On other things") if groups else Text(), tellings=left, again=again))
    return groups


def _touched(shown: Sequence[Telling], roster: Roster) -> list[tuple[str, int]]:
    """Topics with how many statements touch them, the most first."""
    counted = Counter(topic for one in shown for topic in one.topics)
    return sorted(((topic, counted[topic]) for topic in roster.topics if counted[topic]), key=lambda one: -one[1])


# --- the glance


def _opening(
    _: Voice,
    groups: Sequence[_Group],
    tellings: Sequence[Telling],
    changed: Sequence[Telling],
    roster: Roster,
    since: datetime,
    until: datetime,
    before: Before,
) -> Text:
    """Who spoke how often, of what, what is new, who is silent: what one sees without scrolling."""
    shown, _again = stories(tellings)
    topics = [title_of(_, roster, "topic", topic) + f" {count}" for topic, count in _touched(shown, roster)[:TOUCHED]]
    lines = [
        _("📰 Digest").marked("bold"),
        _("From {since} to {until}", since=_.moment(since), until=_.moment(until)),
        _counts(_, groups, roster),
        "🏷 " + joined(topics, " · ") if topics else "",
        _firsts(_, shown, roster, before),
        _silent(_, before, roster),
        _fates(_, changed),
    ]
    return joined(lines, "\n")


def _counts(_: Voice, groups: Sequence[_Group], roster: Roster) -> Text:
    """Who spoke how often, one line a side. Statements, not tellings of them."""
    lines = []
    for side in dict.fromkeys(group.side for group in groups):
        here = [group for group in groups if group.side == side]
        counts = sorted(here, key=lambda group: -len(group.tellings))
        names = joined([group.name + f" {len(group.tellings)}" for group in counts[:GLANCED]], ", ")
        known = roster.sides.get(side)
        name = _.name(known.name) if known else _("Others")
        total = sum(len(group.tellings) for group in here)
        lines.append(name.marked("bold") + f" {total}: " + names + (", …" if len(counts) > GLANCED else ""))
    return joined(lines, "\n")


def _firsts(_: Voice, tellings: Sequence[Telling], roster: Roster, before: Before) -> Text:
    """Which side spoke of what for the first time in days, leading to the statement."""
    if not before.days:
        return Text()
    found: dict[tuple[str, str], Telling] = {}
    for one in tellings:
        sides = dict.fromkeys(_side(statement.speaker, roster) for statement in said(one))
        for pair in ((side, topic) for side in sides if side for topic in one.topics if topic in roster.topics):
            if pair not in before.topics:
                found.setdefault(pair, one)
    named: dict[str, list[Text]] = {}
    for (side, topic), one in list(found.items())[:FIRSTS]:
        named.setdefault(side, []).append(title_of(_, roster, "topic", topic).linked(one.post.url))
    items = [title_of(_, roster, "side", side) + " – " + joined(topics, " · ") for side, topics in named.items()]
    if not items:
        return Text()
    firsts = joined(items, "; ") + (" · …" if len(found) > FIRSTS else "")
    return _.many("🆕 First in {count} day: {firsts}", "🆕 First in {count} days: {firsts}", before.days, firsts=firsts)


def _silent(_: Voice, before: Before, roster: Roster) -> Text:
    if not before.silent:
        return Text()
    names = joined([who(_, speaker, roster) for speaker in before.silent[:GLANCED]], ", ")
    more = ", …" if len(before.silent) > GLANCED else ""
    return _("🔇 Usually heard at these hours, not now: {names}", names=names + more)


def _fates(_: Voice, changed: Sequence[Telling]) -> Text:
    """How many were edited and how many deleted."""
    deleted = sum(one.post.deleted_at is not None for one in changed)
    edited = len(changed) - deleted
    return joined(
        [
            _.many("✏️ {count} edited", "✏️ {count} edited", edited) if edited else "",
            _.many("🗑 {count} deleted", "🗑 {count} deleted", deleted) if deleted else "",
        ],
        ", ",
    )


# --- what it opens


def _openers(
    _: Voice,
    groups: Sequence[_Group],
    tellings: Sequence[Telling],
    roster: Roster,
    since: datetime,
    until: datetime,
    drawn: bool,
) -> list[list[Button]]:
    """Buttons to all statements of one speaker, or on one topic, of which there are several; and to the picture."""
    start = int(since.timestamp() // 60)
    window = f"{start}:{math.ceil(until.timestamp() / 60) - start}"
    heard = sorted((one for one in groups if one.speaker in roster.speakers), key=lambda one: -len(one.tellings))
    speakers = [
        Button(f"{group.name.plain} {len(group.tellings)}", f"all:speaker:{group.speaker}:{window}:0")
        for group in heard[:OPENED]
        if len(group.tellings) > 1
    ]
    topics = [
        Button(f"🏷 {title_of(_, roster, 'topic', topic).plain} {count}", f"all:topic:{topic}:{window}:0")
        for topic, count in _touched(stories(tellings)[0], roster)[:OPENED]
        if count > 1
    ]
    picture = [Button("🖼 " + _("Picture").plain, "picture:7")] if drawn and heard else []
    return [speakers[:2], speakers[2:], topics[:2], topics[2:], picture]


def seen_title(_: Voice, roster: Roster, what: str, value: str, since: datetime, until: datetime) -> Text:
    """Over what such a button opens."""
    window = _("From {since} to {until}", since=_.moment(since), until=_.moment(until))
    return joined([title_of(_, roster, what, value).marked("bold"), window], "\n")


# --- the blocks


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
    blocks[0] = joined([group.name.marked("bold"), blocks[0]], "\n")
    hidden = len(group.tellings) - lines
    if hidden > 0:
        blocks.append(_.many("… and {count} more: /latest", "… and {count} more: /latest", hidden))
    if group.above:
        blocks.append(_.many("{count} more stands above.", "{count} more stand above.", group.above).marked("italic"))
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
