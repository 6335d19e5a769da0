"""Whom to follow: the menus, what was changed, what is followed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from bot.models import Button, Follow, How, Message, Roster, Side, Speaker
from bot.render.actions import Muted
from bot.render.language import Voice
from bot.render.statements import title_of, uncollected
from bot.render.text import Text, finish, inline, joined, lined

LINES = 8
"""Entries on one page of a menu: with turning and going back, what a phone shows without scrolling."""

NAMES = 20
"""Speakers on one page of /speakers."""

HOWS: tuple[How, ...] = get_args(How)


def how_words(_: Voice, how: How) -> Text:
    return {
        "now": lambda: _("at once"),
        "silent": lambda: _("at once, without sound"),
        "digest": lambda: _("in the digest only"),
        "off": lambda: _("not at all"),
    }[how]()


SIGNS: Mapping[How, str] = {"now": "🔔", "silent": "🔕", "digest": "📰", "off": "⏸"}


# --- menus


def menu(_: Voice, roster: Roster, follows: Sequence[Follow]) -> Message:
    """All that can be followed: everything, side by side, topics."""
    lines = [
        _("Whom do you want to follow?").marked("bold"),
        _.many("You follow {count} entry.", "You follow {count} entries.", len(follows))
        if follows
        else _("You follow nobody yet."),
        _("Or type a name: {example}", example=example(_, roster, "subscribe")),
    ]
    rows = [[_switch(_, roster, Follow("all"), follows)]]
    rows += [
        [Button(title_of(_, roster, "side", side.id).plain + " ›", f"side:{side.id}:0")]
        for side in roster.sides.values()
    ]
    if roster.topics:
        rows.append([Button("🏷 " + _("Topics").plain + " ›", "topics:0")])
    ending = [Button(_("Digest time").plain, "digest"), Button("⚙️ " + _("Settings").plain, "settings")]
    return finish(joined(lines, "\n"), [*rows, ending])


def side_menu(_: Voice, roster: Roster, side: Side, follows: Sequence[Follow], page: int = 0) -> Message:
    """One side: as a whole, or its speakers one by one."""
    speakers = roster.speakers_of(side.id)
    shown, turning = _paged(_, speakers, page, f"side:{side.id}")
    rows = [[_switch(_, roster, Follow("side", side.id), follows)]]
    rows += [[_switch(_, roster, Follow("speaker", speaker.id), follows)] for speaker in shown]
    title = title_of(_, roster, "side", side.id).marked("bold")
    hint = _("The first button follows the whole side, the others one speaker each.")
    return finish(joined([title, hint], "\n"), [*rows, turning, _back(_)])


def topics_menu(_: Voice, roster: Roster, follows: Sequence[Follow], page: int = 0) -> Message:
    """The topics, with what each looks for."""
    shown, turning = _paged(_, list(roster.topics.values()), page, "topics")
    lines = [_.name(topic.name).marked("bold") + ": " + inline(topic.watch.get(_.language, ""), 120) for topic in shown]
    opening = _(
        "A topic finds its words in all three languages, whoever says them. It counts words: irony and denial too."
    )
    rows = [[_switch(_, roster, Follow("topic", topic.id), follows)] for topic in shown]
    body = joined(lines, "\n") if lines else _("No topics are set up.")
    return finish(joined([opening, body], "\n\n"), [*rows, turning, _back(_)])


def page_of(roster: Roster, what: str, value: str) -> int:
    """The page of its menu on which a speaker or a topic stands."""
    if what == "speaker" and value in roster.speakers:
        shelf = [speaker.id for speaker in roster.speakers_of(roster.speakers[value].side)]
    else:
        shelf = list(roster.topics)
    return shelf.index(value) // LINES if value in shelf else 0


def _switch(_: Voice, roster: Roster, target: Follow, follows: Sequence[Follow]) -> Button:
    """Says what is now, does the other."""
    followed = any((one.what, one.value) == (target.what, target.value) for one in follows)
    name = {
        "all": lambda: _("Everything"),
        "side": lambda: _("The whole side"),
    }.get(target.what, lambda: title_of(_, roster, target.what, target.value))()
    sign, verb = ("✅", "off") if followed else ("➕", "on")
    return Button(f"{sign} {name.plain}", f"{verb}:{target.what}:{target.value}")


def _paged(_: Voice, entries: Sequence[object], page: int, data: str, size: int = LINES) -> tuple[list, list[Button]]:  # type: ignore[type-arg]
    """The entries of that page, and the buttons that turn it."""
    last = max(len(entries) - 1, 0) // size
    page = min(max(page, 0), last)
    turning = [
        *([Button("◀️ " + _("Back").plain, f"{data}:{page - 1}")] if page > 0 else []),
        *([Button(_("More").plain + " ▶️", f"{data}:{page + 1}")] if page < last else []),
    ]
    return list(entries[page * size : (page + 1) * size]), turning


def _back(_: Voice) -> list[Button]:
    return [Button("↩️ " + _("All").plain, "menu")]


def example(_: Voice, roster: Roster, command: str) -> Text:
    """The command with a name that exists."""
    names = [_.name(speaker.name, 40) for speaker in roster.speakers.values()]
    return Text(f"/{command} " + (names[0].plain if names else "all")).marked("code")


# --- what was changed


def followed(
    _: Voice,
    roster: Roster,
    done: Sequence[tuple[Follow, bool]],
    not_found: Sequence[tuple[str, Sequence[Follow]]] = (),
    refused: int = 0,
    unread: Collection[str] = (),
    limit: int = 0,
) -> Message:
    """What is followed from here on, entry by entry; `done` says of each whether that is new.

    `not_found`: what was typed and not understood, with what it may have meant. `refused`: how many beyond the limit.
    """
    lines = []
    for follow, new in done:
        name = title_of(_, roster, follow.what, follow.value).marked("bold")
        how = how_words(_, follow.how)
        if new:
            lines.append(_("✅ You follow {name}: {how}.", name=name, how=how))
        else:
            lines.append(_("☑️ You follow {name} already: {how}.", name=name, how=how))
    if any(follow.how in ("now", "silent") for follow, _new in done):
        lines.append(_("You are told when the next statement is seen. /latest shows what was said before."))
    lines.append(uncollected(_, unread_of(roster, [follow for follow, _new in done], unread), roster))
    lines += _misses(_, not_found)
    if refused:
        lines.append(
            _.many(
                "{count} more was left out: one chat may follow {limit} at most. /subscriptions ends some.",
                "{count} more were left out: one chat may follow {limit} at most. /subscriptions ends some.",
                refused,
                limit=limit,
            )
        )
    return finish(joined(lines, "\n"), _offers(_, roster, not_found, "on"))


def unfollowed(
    _: Voice,
    roster: Roster,
    done: Sequence[tuple[Follow, bool]],
    not_found: Sequence[tuple[str, Sequence[Follow]]] = (),
) -> Message:
    """What is no longer followed; `done` says of each whether it was."""
    lines = []
    for follow, was in done:
        name = title_of(_, roster, follow.what, follow.value).marked("bold")
        lines.append(
            _("You no longer follow {name}.", name=name) if was else _("You did not follow {name}.", name=name)
        )
    lines += _misses(_, not_found)
    return finish(joined(lines, "\n"), _offers(_, roster, not_found, "off"))


def unfollowed_all(_: Voice, count: int) -> Message:
    if not count:
        return nothing_followed(_)
    return finish(_.many("You no longer follow {count} entry.", "You no longer follow any of {count} entries.", count))


def not_understood(_: Voice, roster: Roster, command: str, typed: str, near: Sequence[Follow]) -> Message:
    """A name that means nobody, with those it looks like and an example."""
    lines = [*_misses(_, [(typed, near)]), _("For example: {example}", example=example(_, roster, command))]
    verb = {"subscribe": "on", "speaker": "about", "compare": "about"}.get(command, "latest")
    return finish(joined(lines, "\n"), _offers(_, roster, [(typed, near)], verb))


def unread_of(roster: Roster, follows: Sequence[Follow], unread: Collection[str]) -> list[str]:
    """Those of the sources that belong to what is followed."""
    wanted = {(one.what, one.value) for one in follows}
    whose = [(source, roster.side_of(source.speaker)) for source in roster.sources.values() if source.id in unread]
    return [
        source.id
        for source, side in whose
        if wanted & {("all", ""), ("source", source.id), ("speaker", source.speaker), ("side", side.id if side else "")}
    ]


def _misses(_: Voice, not_found: Sequence[tuple[str, Sequence[Follow]]]) -> list[Text]:
    return [
        _("🤷 Whom do you mean by “{typed}”?", typed=inline(typed, 60))
        if near
        else _("🤷 “{typed}” is neither a speaker nor a side, a source or a topic.", typed=inline(typed, 60))
        for typed, near in not_found[:5]
    ]


def _offers(
    _: Voice, roster: Roster, not_found: Sequence[tuple[str, Sequence[Follow]]], verb: str
) -> list[list[Button]]:
    near = dict.fromkeys((one.what, one.value) for _typed, some in not_found for one in some)
    return [[Button(title_of(_, roster, *one).plain, f"{verb}:{one[0]}:{one[1]}")] for one in list(near)[:LINES]]


# --- what is followed


def nothing_followed(_: Voice) -> Message:
    return finish(_("You follow nobody yet."), [[Button(_("Choose whom to follow").plain, "menu")]])


def subscriptions(
    _: Voice,
    roster: Roster,
    follows: Sequence[Follow],
    watches: int,
    page: int = 0,
    muted: Sequence[Muted] = (),
) -> Message:
    """What is followed and how: one button changes how, the other ends it; and what is muted, with the way back."""
    if not (follows or watches or muted):
        return nothing_followed(_)
    shown, turning = _paged(_, follows, page, "follows")
    rows = [row for follow in shown for row in _follow_rows(_, roster, follow)]
    entries = [
        _("What you follow").marked("bold") if follows else _("You follow nobody yet."),
        *(title_of(_, roster, one.what, one.value) + " – " + how_words(_, one.how) for one in shown),
    ]
    signs = _(
        "{now} at once, {silent} without sound, {digest} in the digest only, {off} not at all; press to change.",
        now=SIGNS["now"],
        silent=SIGNS["silent"],
        digest=SIGNS["digest"],
        off=SIGNS["off"],
    )
    more = [
        signs if follows else "",
        _.many("You also watch {count} query: /watches", "You also watch {count} queries: /watches", watches)
        if watches
        else "",
        *("🔕 " + one.name + " – " + one.until for one in muted),
    ]
    rows += [[Button(f"🔔 {one.name.plain}", f"unhush:{one.what}:{one.value}")] for one in muted[:LINES]]
    ending = [[Button("➕ " + _("Choose more").plain, "menu"), Button("⚙️ " + _("Settings").plain, "settings")]]
    return finish(joined([joined(entries, "\n"), joined(more, "\n")], "\n\n"), [*rows, turning, *ending])


def _follow_rows(_: Voice, roster: Roster, follow: Follow) -> Iterator[list[Button]]:
    following = HOWS[(HOWS.index(follow.how) + 1) % len(HOWS)]
    name = title_of(_, roster, follow.what, follow.value).plain
    yield [
        Button(f"{SIGNS[follow.how]} {name}", f"how:{follow.what}:{follow.value}:{following}"),
        Button("✖️", f"drop:{follow.what}:{follow.value}"),
    ]


# --- who there is


def speakers(
    _: Voice,
    roster: Roster,
    spoke_at: Mapping[str, datetime],
    now: datetime,
    side: str = "",
    page: int = 0,
    unread: Collection[str] = (),
) -> Message:
    """Everybody who is listened to, by side, with their role today and when they last spoke; and who is not read on X:
    `unread` are the sources that are not collected for want of a token.
    """
    chosen = [one for one in _by_side(roster) if side in ("", one.side)]
    shown, turning = _paged(_, chosen, page, f"speakers:{side}", NAMES)
    lines: list[Text | str] = [_("Who is listened to").marked("bold")]
    heading = ""
    for speaker in shown:
        if speaker.side != heading:
            heading = speaker.side
            lines += ["", title_of(_, roster, "side", heading).marked("bold")]
        lines.append(_entry(_, roster, speaker, spoke_at.get(speaker.id), now, unread))
    if not chosen:
        lines.append(_("Nobody is set up."))
    rows = [
        [Button(title_of(_, roster, "side", one.id).plain, f"speakers:{one.id}:0")]
        for one in roster.sides.values()
        if one.id != side and len(roster.sides) > 1
    ]
    return finish(lined(lines), [turning, *rows, [Button(_("Choose whom to follow").plain, "menu")]])


def _by_side(roster: Roster) -> list[Speaker]:
    order = {side: number for number, side in enumerate(roster.sides)}
    return sorted(roster.speakers.values(), key=lambda speaker: order.get(speaker.side, len(order)))


def _entry(
    _: Voice, roster: Roster, speaker: Speaker, spoke_at: datetime | None, now: datetime, unread: Collection[str]
) -> Text:
    role = speaker.role_on(_.local_day(now))
    title = _.name(role.title, 80).marked("italic") if role else Text()
    heard = _("last heard {day}", day=_.day(spoke_at)) if spoke_at else Text()
    idle = any(source.id in unread for source in roster.sources_of(speaker.id))
    missing = "➖ " + _("not collected on X: no X token") if idle else Text()
    return joined(["• " + _.name(speaker.name, 60), title, heard, missing], " – ")
