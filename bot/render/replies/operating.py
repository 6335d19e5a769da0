"""What operators see under /admin: the people, the sources, the money, the queue and what went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.budget import Budget, Spent
from bot.models import Alarm, Button, Known, Message, Misfire, People, Queue, Roster
from bot.render.language import Voice
from bot.render.replies.settling import SourceState, clocks, source_line, x_money
from bot.render.statements import account
from bot.render.text import Text, finish, inline, joined, lined

PAGE = 8
"""Sources on one page, each with its button."""

REASON = 160
"""UTF-16 units of a reason in a list."""

_UNWILLING = ("blocked", "gone", "paused", "kicked", "not a member", "deactivated", "no rights", "not enough rights")
_MEANT = ("took it back", "told together", "gone at its source", "barred")


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page tells at a glance."""

    people: int
    new: int
    failing: int
    off: int
    waiting: int
    misfires: int


def menu(_: Voice, overview: Overview) -> Message:
    """The first page: a glance and the ways on."""
    lines = [
        _("🛠 Running Parley").marked("bold"),
        _("👥 Subscribers: {count}, new in 7 days: {new}", count=overview.people, new=overview.new),
        _("📡 Sources that cannot be read: {failing}; switched off: {off}", failing=overview.failing, off=overview.off),
        _("📤 Messages that wait: {waiting}", waiting=overview.waiting),
        _("⚠️ Messages of the last day that went wrong: {count}", count=overview.misfires),
    ]
    rows = [
        [Button("👥 " + _("People").plain, "admin:people"), Button("📡 " + _("Sources").plain, "admin:sources:0")],
        [Button("💵 " + _("Money").plain, "admin:money"), Button("📤 " + _("Queue").plain, "admin:queue")],
        [Button("📣 " + _("Announcements").plain, "admin:news"), Button("⚠️ " + _("Troubles").plain, "admin:troubles")],
    ]
    return finish(joined(lines, "\n"), rows)


def back(_: Voice, again: str = "") -> list[Button]:
    """To the first page; and the same page anew."""
    renewed = [Button("🔄 " + _("Again").plain, again)] if again else []
    return [*renewed, Button("↩️ " + _("Overview").plain, "admin:menu")]


# --- people


def people(_: Voice, found: People) -> Message:
    states = {
        "active": _("active"),
        "blocked": _("have blocked the bot or put it out"),
        "paused": _("where it may not write"),
        "gone": _("gone"),
        "barred": _("shut out by operators"),
    }
    kinds = {
        "private": _("private chats"),
        "group": _("groups"),
        "supergroup": _("supergroups"),
        "channel": _("channels"),
    }
    languages = {code: _.language_name(code) for code in found.languages}
    lines = [
        _("👥 People").marked("bold"),
        _("New in 7 days: {count}", count=found.new),
        _("By state: {counts}", counts=_counts(states, found.states)),
        _("The active ones by kind: {counts}", counts=_counts(kinds, found.kinds)),
        _("By language: {counts}", counts=_counts(languages, found.languages)),
        _("Chats that are shut out: {count}", count=found.barred) if found.barred else "",
        "",
        _("To see one: {example}", example=Text("/admin 123456789").marked("code")),
    ]
    return finish(lined(lines), [back(_, "admin:people")])


def _counts(names: Mapping[str, Text], counts: Mapping[str, int]) -> Text:
    """The largest first: "active 12, gone 1"."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return joined([names.get(what, inline(what, 20)) + f" {count}" for what, count in ordered], ", ") or Text("0")


def chat(_: Voice, number: int, known: Sequence[Known], barred: bool) -> Message:
    """One chat, each of its topics with what it set; a button shuts it out or lets it in."""
    lines: list[Text | str] = [_("Chat {number}", number=Text(str(number)).marked("code")).marked("bold")]
    if barred:
        lines.append(_("⛔ Shut out: it gets nothing, and may only read /privacy, /export and /stop."))
    lines += [_known(_, one) for one in known] or [_("It has no settings here.")]
    way = Button(_("✅ Let in").plain, f"admin:admit:{number}")
    if not barred:
        way = Button(_("⛔ Shut out").plain, f"admin:bar:{number}")
    return finish(joined(lines, "\n"), [[way], back(_, f"admin:chat:{number}")])


def _known(_: Voice, one: Known) -> Text:
    who = one.subscriber
    digest = clocks(who.digest.times).plain if who.digest else "–"
    lines = [
        _("Topic {number}", number=who.thread).marked("bold") if who.thread else "",
        inline(f"{who.kind} · {who.state} · {who.language} · {who.zone} · {digest}", 120),
        inline(who.title, 80),
        _("Since {day}. Follows: {follows}, watches: {watches}", day=_.day(one.since), follows=one.follows,
          watches=one.watches),
        _("Messages that arrived: {sent}, that did not: {refused}", sent=one.sent, refused=one.refused),
    ]  # fmt: skip
    return joined(lines, "\n")


# --- sources


def sources(
    _: Voice,
    roster: Roster,
    states: Sequence[SourceState],
    now: datetime,
    page: int,
) -> Message:
    """Every source that the configuration has on, with a button to switch it off or on again."""
    last = max(len(states) - 1, 0) // PAGE
    page = min(max(page, 0), last)
    shown = states[page * PAGE : (page + 1) * PAGE]
    hint = _("What is switched off is not read until it is switched on, restarts included; digests and /status say so.")
    rows = [[_switch(_, roster, one, page)] for one in shown]
    turning = [
        *([Button("◀️ " + _("Back").plain, f"admin:sources:{page - 1}")] if page else []),
        *([Button(_("More").plain + " ▶️", f"admin:sources:{page + 1}")] if page < last else []),
    ]
    lines: list[Text | str] = [
        _("📡 Sources").marked("bold"),
        *(source_line(_, roster, one, now, True) for one in shown),
        "",
        hint,
    ]
    return finish(lined(lines), [*rows, turning, back(_, f"admin:sources:{page}")])


def _switch(_: Voice, roster: Roster, state: SourceState, page: int) -> Button:
    """Says what is now, does the other."""
    source = roster.sources.get(state.id)
    name = account(_, source, roster).plain if source else state.id
    sign, verb = ("⏸", "on") if state.off_since else ("✅", "off")
    return Button(f"{sign} {name}", f"admin:{verb}:{state.id}:{page}")


# --- money


def money(_: Voice, x: tuple[Budget, Spent] | None, translated: tuple[int, int] | None, now: datetime) -> Message:
    """What X has cost and will; how many characters were translated, of how many."""
    lines: list[Text | str] = [_("💵 Money").marked("bold")]
    lines.append(x_money(_, *x, now) if x else _("X is not read: there is no token."))
    if x:
        hint = _("The caps and prices stand in {file}.", file=Text("[x], config/parley.toml").marked("code"))
        lines.append(hint)
    if translated:
        done, most = translated
        lines.append(_("Translated this month: {done} of {most} characters", done=_.number(done), most=_.number(most)))
    return finish(joined(lines, "\n"), [back(_, "admin:money")])


# --- the queue


def queue(_: Voice, found: Queue) -> Message:
    lanes = {
        "answer": _("answers"),
        "urgent": _("urgent alerts"),
        "alert": _("alerts"),
        "notice": _("notices to operators"),
        "digest": _("digests and edits"),
        "broadcast": _("announcements"),
    }
    lines: list[Text | str] = [_("📤 Queue").marked("bold")]
    for lane in found.lanes:
        more = [
            _("put off: {count}", count=lane.deferred) if lane.deferred else "",
            _("perhaps arrived: {count}", count=lane.doubtful) if lane.doubtful else "",
            _("not due yet: {count}", count=lane.later) if lane.later else "",
        ]
        line = _(
            "{lane}: {rows} for {chats}, the oldest since {moment}",
            lane=lanes[lane.lane].marked("bold"),
            rows=lane.rows,
            chats=_.many("{count} chat", "{count} chats", lane.chats),
            moment=_.moment(lane.oldest),
        )
        lines.append(joined([line, *more], "; "))
    if not found.lanes:
        lines.append(_("Nothing waits."))
    if found.held and found.held_until:
        lines.append(
            _.many(
                "{count} chat is held, until {moment} at the latest.",
                "{count} chats are held, the last until {moment}.",
                found.held,
                moment=_.moment(found.held_until),
            )
        )
    if found.unknown:
        lines.append(
            _.many(
                "Of {count} message of the last day nobody can tell whether it arrived.",
                "Of {count} messages of the last day nobody can tell whether they arrived.",
                found.unknown,
            )
        )
    return finish(joined(lines, "\n"), [back(_, "admin:queue")])


# --- troubles


def troubles(
    _: Voice,
    roster: Roster,
    ailing: Sequence[SourceState],
    misfires: Sequence[Misfire],
    alarms: Sequence[Alarm],
    now: datetime,
) -> Message:
    """What went wrong last, each with what to do: sources, messages, what operators were told."""
    parts = [
        joined([_("📡 Sources").marked("bold"), *(source_line(_, roster, one, now, True) for one in ailing)], "\n")
        if ailing
        else "",
        _("Their reasons stand beside them; {command} looks accounts up.", command=Text("parley check").marked("code"))
        if ailing
        else "",
        joined([_("📤 Messages of the last day").marked("bold"), *(_misfire(_, one) for one in misfires)], "\n")
        if misfires
        else "",
        joined([_("🔔 What operators were told").marked("bold"), *(_alarm(_, one) for one in alarms)], "\n")
        if alarms
        else "",
    ]
    body = joined(parts, "\n\n") or _("✅ Nothing has gone wrong of late.")
    return finish(joined([_("⚠️ Troubles").marked("bold"), body], "\n\n"), [back(_, "admin:troubles")])


def _misfire(_: Voice, one: Misfire) -> Text:
    line = _(
        "{count} × {reason} (last {moment})",
        count=one.count,
        reason=inline(one.reason, REASON).marked("code"),
        moment=_.moment(one.last_at),
    )
    return "• " + joined([line, _remedy(_, one)], "\n   ")


def was_meant(one: Misfire) -> bool:
    """Whether we ourselves decided not to send it."""
    return any(words in one.reason for words in _MEANT)


def _remedy(_: Voice, one: Misfire) -> Text:
    """What an operator can do about it."""
    reason = one.reason.casefold()
    if reason.startswith("ours:"):
        return _("A mistake of Parley itself: please report it, with the log of that moment.")
    if one.state == "unknown":
        return _("It may have arrived; it is not repeated. Many of them: look at the network to Telegram.")
    if was_meant(one):
        return _("Nothing to do: that was meant.")
    if any(word in reason for word in _UNWILLING):
        return _("Nothing to do: the chat does not want it any more, or the bot may not write there.")
    return _("Telegram did not take it. If it goes on, the log has more.")


def _alarm(_: Voice, one: Alarm) -> Text:
    first = one.message.text.split("\n", 1)[0]
    return "• " + _.moment(one.at) + ": " + inline(first, REASON)
