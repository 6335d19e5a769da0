"""Digest time, time zone, and the state of the sources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from bot.budget import DOLLAR, Budget, Spent, lasts_until
from bot.models import EVERY_DAY, Button, Gap, Message, Roster, Subscriber
from bot.render.digests import blind, spans
from bot.render.language import Voice, zone_name
from bot.render.statements import account
from bot.render.text import Text, finish, in_rows, inline, joined

TIMES = ("08:00", "12:00", "18:00", "20:00", "22:00")
"""Digest times to choose by a button; any other can be typed."""

NIGHTS = ("22:00-07:00", "23:00-07:00", "23:00-08:00", "00:00-08:00")
"""Quiet hours to choose by a button."""

MOST_TIMES = 6
"""Digests a day."""

IN_A_ROW = 3
"""Times beside each other."""

PAGE = 25
"""Sources on one page of /status."""


def digest(_: Voice, subscriber: Subscriber, now: datetime) -> Message:
    """When digests come, with a button for each time and day that puts it in or takes it out."""
    when = subscriber.digest
    chosen = [at.strftime("%H:%M") for at in when.times] if when else []
    offered = sorted({*TIMES, *chosen})
    times = [_switch(at, at in chosen, f"digest:{'off' if at in chosen else 'on'}:{at}") for at in offered]
    off = _switch(_("No digest").plain, when is None, "digest:off")
    hint = _("Other times and days: {example}", example=Text("/digest 7:30 21:00 mon-fri").marked("code"))
    rows = in_rows(times, IN_A_ROW)
    rows += [_days(_, when.days) if when else [], [off, Button("🕰 " + _("Time zone").plain, "zone")]]
    return finish(joined([digest_line(_, subscriber, now), hint], "\n"), [*rows, to_settings(_)])


def _switch(name: str, on: bool, data: str) -> Button:
    return Button(("● " if on else "") + name, data)


def _days(_: Voice, chosen: frozenset[int]) -> list[Button]:
    """A button a day; the last one that is left ends the digests."""
    buttons = []
    for day in sorted(EVERY_DAY):
        others = "".join(str(one) for one in sorted(chosen ^ {day}))
        buttons.append(Button(("●" if day in chosen else "") + _.weekday(day), f"digest:days:{others}"))
        if not others:
            buttons[-1] = Button("●" + _.weekday(day), "digest:off")
    return buttons


def quiet(_: Voice, subscriber: Subscriber) -> Message:
    """The hours without alerts, with a button for each usual choice."""
    chosen = "" if subscriber.quiet is None else _hours(subscriber.quiet)
    nights = [_switch(one.replace("-", "–"), one == chosen, f"quiet:{one}") for one in NIGHTS]
    rows = [nights[:2], nights[2:]]
    hint = _("Other hours: {example}", example=Text("/quiet 23:30-6:45").marked("code"))
    rows.append([_switch(_("No quiet hours").plain, not chosen, "quiet:off")])
    return finish(joined([quiet_line(_, subscriber), _quiet_rules(_), hint], "\n"), [*rows, to_settings(_)])


def quiet_line(_: Voice, subscriber: Subscriber) -> Text:
    if subscriber.quiet is None:
        return _("🌙 You have no quiet hours.")
    hours = Text(_hours(subscriber.quiet).replace("-", "–")).marked("bold")
    return _("🌙 Quiet from {hours}.", hours=hours)


def _quiet_rules(_: Voice) -> Text:
    return _(
        "What comes in quiet hours is held and told in one message when they end. Urgent watches and digests come."
    )


def _hours(quiet: tuple[time, time]) -> str:
    return "-".join(at.strftime("%H:%M") for at in quiet)


def bad_hours(_: Voice, typed: str) -> Message:
    examples = joined([Text(f"/quiet {one}").marked("code") for one in ("23:00-7:00", "22 8", "off")], ", ")
    lines = [
        _("“{typed}” does not say from when to when.", typed=inline(typed, 60)),
        _("For example: {example}", example=examples),
    ]
    return finish(joined(lines, "\n"))


def to_settings(_: Voice) -> list[Button]:
    """The way back to /settings."""
    return [Button("↩️ " + _("Settings").plain, "settings")]


def digest_line(_: Voice, subscriber: Subscriber, now: datetime) -> Text:
    when = subscriber.digest
    if when is None:
        return _("📰 You get no digest.")
    times, zone = clocks(when.times), zone_label(_, now)
    if when.days == EVERY_DAY:
        line = _("📰 Your digest comes every day at {time}, {zone}.", time=times, zone=zone)
    else:
        days = days_label(_, when.days)
        line = _("📰 Your digest comes on {days} at {time}, {zone}.", days=days, time=times, zone=zone)
    due = subscriber.next_digest_at
    return joined([line, _("The next one: {moment}.", moment=_.moment(due)) if due else ""], " ")


def clocks(times: Iterable[time]) -> Text:
    return joined([Text(at.strftime("%H:%M")).marked("bold") for at in times], ", ")


def days_label(_: Voice, days: frozenset[int]) -> Text:
    """Mon–Fri, or Mon, Wed."""
    first, last = min(days), max(days)
    if len(days) > 2 and last - first + 1 == len(days):
        return Text(f"{_.weekday(first)}–{_.weekday(last)}")
    return Text(", ".join(_.weekday(day) for day in sorted(days)))


def zone_label(_: Voice, now: datetime) -> Text:
    """The reader's zone, by its name and what a clock there is called."""
    local = now.astimezone(_.zone)
    name, key = zone_name(local), _.zone.key
    return inline(name if key.startswith("Etc/") or name == key else f"{key} ({name})", 80)


def bad_time(_: Voice, unknown: str, times: Sequence[time], days: frozenset[int]) -> Message:
    """What of it was understood, what not, and how it can be said."""
    examples = ("20:00", "7:30 21:00 mon-fri", "off")
    understood = joined([clocks(times), days_label(_, days) if days else ""], ", ")
    lines = [
        _("I understood: {words}", words=understood) if understood else "",
        _("“{typed}” is neither a time of day nor a day of the week.", typed=inline(unknown, 60))
        if unknown
        else _.many("There can be {count} digest a day.", "There can be up to {count} digests a day.", MOST_TIMES),
        _("For example: {example}", example=joined([Text(f"/digest {one}").marked("code") for one in examples], ", ")),
    ]
    return finish(joined(lines, "\n"))


def zone(_: Voice, now: datetime, default: str) -> Message:
    """The zone and the time there, so that one sees whether it is right."""
    buttons = [[Button(name, f"zone:{name}") for name in dict.fromkeys((default, "UTC")) if name != _.zone.key]]
    return finish(joined([zone_line(_, now), _zone_hint(_)], "\n"), [*buttons, to_settings(_)])


def zone_line(_: Voice, now: datetime) -> Text:
    clock = Text(now.astimezone(_.zone).strftime("%H:%M")).marked("bold")
    return _("🕰 Your time zone is {zone}; it is {time} there.", zone=zone_label(_, now), time=clock)


def _zone_hint(_: Voice) -> Text:
    examples = joined([Text(f"/zone {one}").marked("code") for one in ("Europe/Kyiv", "New York", "+3")], ", ")
    return joined(
        [
            _("Another one, by a large city, a country or the distance from UTC: {examples}", examples=examples),
            _("Or send me your location (📎) in our private chat: its zone is taken, the place is not kept."),
        ],
        "\n",
    )


def zone_set(_: Voice, subscriber: Subscriber, now: datetime) -> Message:
    return finish(joined([zone_line(_, now), digest_line(_, subscriber, now)], "\n"), [to_settings(_)])


def bad_zone(_: Voice, typed: str, near: Sequence[str]) -> Message:
    """An unknown zone, and those that look like it."""
    lines = [
        _("I do not know the time zone “{typed}”.", typed=inline(typed, 60)),
        _("Did you mean one of these?") if near else "",
        _zone_hint(_),
    ]
    return finish(joined(lines, "\n"), _zone_buttons(near))


def several_zones(_: Voice, typed: str, zones: Sequence[str]) -> Message:
    """A place or a distance that more than one zone has."""
    asked = _("“{typed}” may be one of several time zones. Which one?", typed=inline(typed, 60))
    return finish(joined([asked, _zone_hint(_)], "\n"), _zone_buttons(zones))


def _zone_buttons(zones: Sequence[str]) -> list[list[Button]]:
    return [[Button(name, f"zone:{name}")] for name in zones[:8]]


def no_zone(_: Voice) -> Message:
    """A place that lies in no zone."""
    return finish(joined([_("I know no time zone for that place."), _zone_hint(_)], "\n"))


def digest_set(_: Voice, subscriber: Subscriber, now: datetime) -> Message:
    """After a change."""
    return finish(digest_line(_, subscriber, now), [[Button("🕰 " + _("Time zone").plain, "zone")], to_settings(_)])


# --- the state of the sources


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source as /status shows it. `no_token`: it is set up and not collected, for want of one. `gaps`: when it was
    not seen of late; `silent_since`: since when it brings nothing new, if that is unusually long. `error` is for
    operators: why it cannot be read, or what wants mending although it can. `off_since`: an operator switched it off.
    """

    id: str
    last_ok_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    no_token: bool = False
    gaps: Sequence[Gap] = ()
    silent_since: datetime | None = None
    off_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What only operators see: how much waits, for how many, and what X may cost and has cost, if it is paid."""

    waiting: int
    subscribers: int
    posts: int
    x: tuple[Budget, Spent] | None = None


def status(
    _: Voice,
    roster: Roster,
    states: Sequence[SourceState],
    now: datetime,
    queue: Queue | None = None,
    page: int = 0,
    away: Sequence[Gap] = (),
) -> Message:
    """Which sources can be read, the troubled ones first; for operators also the queue and the errors.

    `away`: when all of them were not seen of late.
    """
    ordered = sorted(states, key=_by_trouble)
    last = max(len(ordered) - 1, 0) // PAGE
    page = min(max(page, 0), last)
    shown = (source_line(_, roster, one, now, queue is not None) for one in ordered[page * PAGE : (page + 1) * PAGE])
    turning = [
        *([Button("◀️ " + _("Back").plain, f"status:{page - 1}")] if page else []),
        *([Button(_("More").plain + " ▶️", f"status:{page + 1}")] if page < last else []),
    ]
    return finish(joined([_summary(_, roster, states, now, queue, away), *shown], "\n"), [turning])


def report(
    _: Voice, roster: Roster, states: Sequence[SourceState], now: datetime, queue: Queue, away: Sequence[Gap]
) -> str:
    """The same for an operator's terminal, of all sources."""
    lines = (source_line(_, roster, one, now, True) for one in sorted(states, key=_by_trouble))
    return joined([_summary(_, roster, states, now, queue, away), *lines], "\n").plain


def _summary(
    _: Voice, roster: Roster, states: Sequence[SourceState], now: datetime, queue: Queue | None, away: Sequence[Gap]
) -> Text:
    failing = sum(one.failing_since is not None for one in states)
    off = sum(one.off_since is not None for one in states)
    idle = sum(one.no_token and one.off_since is None for one in states)
    read = len(states) - idle - off
    lines: list[Text | str] = [
        _.many("{count} source is collected.", "{count} sources are collected.", read).marked("bold"),
        _.many("⚠️ {count} cannot be read at the moment.", "⚠️ {count} cannot be read at the moment.", failing)
        if failing
        else "",
        _.many("{count} is not collected: no X token.", "{count} are not collected: no X token.", idle) if idle else "",
        _.many("⏸ {count} is switched off.", "⏸ {count} are switched off.", off) if off else "",
        _operators(_, queue, now) if queue else "",
        blind(_, away, roster, now),
    ]
    return joined(lines, "\n")


def _operators(_: Voice, queue: Queue, now: datetime) -> Text:
    line = _(
        "Waiting to be sent: {waiting}. Subscribers: {subscribers}. Posts: {posts}.",
        waiting=queue.waiting,
        subscribers=queue.subscribers,
        posts=queue.posts,
    )
    return joined([line, x_money(_, *queue.x, now) if queue.x else ""], "\n")


def x_money(_: Voice, limits: Budget, spent: Spent, now: datetime) -> Text:
    """What X has cost, of what it may cost, and how long the month's money lasts at the rate of the last days."""
    so_far = _(
        "X: {today} of {day_cap} today (UTC), {month} of {month_cap} this month",
        today=_dollars(spent.today),
        day_cap=_dollars(limits.day_cap),
        month=_dollars(spent.month),
        month_cap=_dollars(limits.month_cap),
    )
    until = lasts_until(limits, spent, now)
    outlook = _("at this rate until {day}", day=_.day(until)) if until else _("at this rate it lasts the month")
    return joined([so_far, outlook], "; ")


def _dollars(millionths: int) -> Text:
    return Text(f"${millionths / DOLLAR:,.2f}")


def source_line(_: Voice, roster: Roster, state: SourceState, now: datetime, errors: bool) -> Text:
    """How one source fares; `errors`: for somebody who can mend it."""
    source = roster.sources.get(state.id)
    name = account(_, source, roster) if source else inline(state.id, 60)
    if state.off_since:
        return "⏸ " + name + " – " + _("switched off since {moment}", moment=_.moment(state.off_since))
    if state.no_token:
        return "➖ " + name
    if state.failing_since:
        line = "⚠️ " + name + " – " + _("since {moment}", moment=_.moment(state.failing_since))
        return joined([line, inline(state.error, 120) if errors else ""], ": ")
    if state.last_ok_at is None:
        return "⏳ " + name + " – " + _("not read yet")
    unseen = _("not readable {spans}", spans=spans(_, state.gaps, now)) if state.gaps else Text()
    note = inline(state.error, 120) if errors else ""
    if state.silent_since:
        silent = "🔇 " + name + " – " + _("silent since {moment}", moment=_.moment(state.silent_since))
        return joined([silent, unseen, note], "; ")
    return joined(["✅ " + name + " – " + _ago(_, state.last_ok_at, now), unseen, note], "; ")


def _by_trouble(state: SourceState) -> tuple[bool, ...]:
    return (
        state.failing_since is None,
        state.silent_since is None,
        state.off_since is None,
        state.no_token,
        state.last_ok_at is not None,
    )


def _ago(_: Voice, at: datetime, now: datetime) -> Text:
    minutes = max(int((now - at).total_seconds() // 60), 0)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _.many("{count} minute ago", "{count} minutes ago", minutes)
    return _.many("{count} hour ago", "{count} hours ago", minutes // 60)
