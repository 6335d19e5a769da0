"""The first three taps, and what links lead to."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.models import Button, Follow, FollowWhat, Message, Roster, Subscriber
from bot.render.language import Voice
from bot.render.replies.following import LINES, how_words, unread_of
from bot.render.replies.greeting import first_steps
from bot.render.replies.settling import TIMES, digest_line, zone_line
from bot.render.statements import title_of, uncollected
from bot.render.text import Text, finish, inline, joined

NAMED = 5
"""Follows that are named one by one; of more it is said how many."""


def whom(_: Voice, roster: Roster, follows: Sequence[Follow]) -> Message:
    """The second tap: everything, a side, or the pages of speakers and topics."""
    lines = [
        _("Whom do you want to follow?").marked("bold"),
        _("A press follows the whole side; behind “speakers” you choose one by one. All of it can be changed later."),
    ]
    rows = [[_choose(_, roster, "all", "", follows)]]
    rows += [
        [
            _choose(_, roster, "side", side.id, follows),
            Button(_("speakers").plain + " ›", f"side:{side.id}:0"),
        ]
        for side in roster.sides.values()
    ]
    if roster.topics:
        rows.append([Button("🏷 " + _("Topics").plain + " ›", "topics:0")])
    return finish(joined(lines, "\n"), [*rows, [Button(_("Next: the digest").plain + " ›", "begin:digest")]])


def _choose(_: Voice, roster: Roster, what: FollowWhat, value: str, follows: Sequence[Follow]) -> Button:
    name = _("Everything") if what == "all" else title_of(_, roster, what, value)
    sign = "✅" if any((one.what, one.value) == (what, value) for one in follows) else "➕"
    return Button(f"{sign} {name.plain}", f"begin:follow:{what}:{value}")


def digest(_: Voice, roster: Roster, follows: Sequence[Follow], subscriber: Subscriber, now: datetime) -> Message:
    """The third tap: when the digest comes, on which clock."""
    lines = [
        _followed(_, roster, follows),
        _("When shall the digest come, a summary of the day?").marked("bold"),
        zone_line(_, now),
    ]
    times = [Button(at, f"begin:digest:{at}") for at in TIMES]
    rows = [times[:3], [*times[3:], Button(_("No digest").plain, "begin:digest:off")]]
    ending = [Button("‹ " + _("Whom to follow").plain, "begin:whom"), Button("🕰 " + _("Time zone").plain, "zone")]
    return finish(joined(lines, "\n"), [*rows, ending])


def done(_: Voice, roster: Roster, follows: Sequence[Follow], subscriber: Subscriber, now: datetime) -> Message:
    """What has been chosen, and where to go from there."""
    lines = [
        _("That is all.").marked("bold"),
        _followed(_, roster, follows),
        digest_line(_, subscriber, now),
        _("/latest shows what was said before, /help everything else."),
    ]
    return finish(joined(lines, "\n"), first_steps(_))


def _followed(_: Voice, roster: Roster, follows: Sequence[Follow]) -> Text:
    if not follows:
        return _("You follow nobody yet.")
    if len(follows) > NAMED:
        return _.many("You follow {count} entry.", "You follow {count} entries.", len(follows))
    names = joined([title_of(_, roster, one.what, one.value).marked("bold") for one in follows], ", ")
    return _("✅ You follow {name}.", name=names)


# --- links


def followed_by_link(_: Voice, roster: Roster, follow: Follow, unread: Collection[str] = ()) -> Message:
    """After a link: who is followed, and the first steps of a newcomer."""
    name = title_of(_, roster, follow.what, follow.value).marked("bold")
    lines = [
        _("✅ You follow {name}: {how}.", name=name, how=how_words(_, follow.how)),
        uncollected(_, unread_of(roster, [follow], unread), roster),
        _("/latest shows what was said before, /help everything else."),
    ]
    return finish(joined(lines, "\n"), first_steps(_))


def unknown_link(_: Voice, roster: Roster, typed: str, near: Sequence[Follow]) -> Message:
    """A link that names nobody here, with whom it may have meant."""
    lines = [
        _("The link that brought you here names “{typed}”, and nobody here goes by that.", typed=inline(typed, 64)),
        _("Did you mean one of these?") if near else "",
        _("Choose whom to follow yourself, or see who is listened to: /speakers"),
    ]
    offers = [
        [Button("➕ " + title_of(_, roster, one.what, one.value).plain, f"on:{one.what}:{one.value}")]
        for one in near[:LINES]
    ]
    return finish(joined(lines, "\n"), [*offers, *first_steps(_)])
