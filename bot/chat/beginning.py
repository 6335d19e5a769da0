"""/start: the three taps of a newcomer (language, whom to follow, when the digest comes), and links to follow by."""

from datetime import time

from bot.chat import about, following, settling
from bot.chat.turn import Turn
from bot.models import Follow, FollowWhat, Timetable
from bot.render.replies import beginning, greeting
from bot.render.replies import following as replies
from bot.store import subscribers
from bot.words import find


async def start(turn: Turn, typed: str) -> None:
    """Greet; take the chat in, or back in, if the person may decide for it; follow whom a link names."""
    roster = turn.desk.roster
    if not await turn.steers():
        await turn.say(greeting.hello_group(turn.voice, roster))
        return
    known = turn.subscriber
    subscriber = await turn.desk.database.write(subscribers.enrol, turn.newcomer, turn.desk.now())
    if typed.strip():
        await _follow_link(turn, typed.strip())
    elif known is not None:
        follows = turn.desk.database.read(subscribers.follows, subscriber.id)
        watches = turn.desk.database.read(subscribers.watches, subscriber.id)
        await turn.say(greeting.welcome_back(turn.voice, roster, len(follows), len(watches)))
    elif turn.private:
        await turn.say(greeting.welcome(turn.voice, roster))
    else:
        await turn.say(greeting.hello_group(turn.voice, roster))


async def _follow_link(turn: Turn, typed: str) -> None:
    """What t.me/bot?start=follow_… or, in a group, ?startgroup=follow_… names; where that is nobody, whom it may have
    meant.
    """
    roster = turn.desk.roster
    verb, _, value = typed.partition("_")
    wanted = _named(value, turn) if verb == "follow" else None
    if wanted is None:
        near = following.lookalikes(value.replace("_", " "), roster) if verb == "follow" else []
        await turn.say(beginning.unknown_link(turn.voice, roster, typed, near))
        return
    uncollected = turn.desk.settings.uncollected
    if there := following.find_follow(turn, wanted.what, wanted.value):
        await turn.say(replies.followed(turn.voice, roster, [(there, False)], unread=uncollected))
        return
    _done, refused = await turn.desk.database.write(following.take_up, turn, [wanted])
    if refused:
        await turn.say(following.left_out(turn, refused))
    else:
        await turn.say(beginning.followed_by_link(turn.voice, roster, wanted, uncollected))


def _named(value: str, turn: Turn) -> Follow | None:
    """An id first; then any name that is meant by it alone: a link has no spaces, so _ stands for one."""
    roster = turn.desk.roster
    whats: tuple[FollowWhat, ...] = ("speaker", "side", "topic", "source")
    for what in whats:
        if following.exists(what, value, roster):
            return Follow(what, value)
    meant = find.follow_targets(value.replace("_", " "), roster)
    return meant[0] if len(meant) == 1 else None


# --- the three taps


async def speak(turn: Turn, language: str) -> None:
    """The first: the language, in which the rest is said."""
    await about.store_language(turn, language)
    await show_whom(turn)


async def show_whom(turn: Turn) -> None:
    await turn.show(beginning.whom(turn.voice, turn.desk.roster, following.followed(turn)))


async def follow(turn: Turn, what: FollowWhat, value: str) -> None:
    """The second: whom to follow. Pressing again what is followed ends it, to choose otherwise."""
    if following.find_follow(turn, what, value):
        await turn.desk.database.write(following.give_up, turn, [(what, value)])
        await show_whom(turn)
        return
    _done, refused = await turn.desk.database.write(following.take_up, turn, [Follow(what, value)])
    if refused:
        await turn.show(following.left_out(turn, refused))
    else:
        await show_digest(turn)


async def show_digest(turn: Turn) -> None:
    subscriber = turn.subscriber or turn.as_new
    await turn.show(
        beginning.digest(turn.voice, turn.desk.roster, following.followed(turn), subscriber, turn.desk.now())
    )


async def set_digest(turn: Turn, at: time | None) -> None:
    """The third: when the digest comes. What has been chosen is said."""
    subscriber = await settling.store_digest(turn, None if at is None else Timetable((at,)))
    await turn.show(beginning.done(turn.voice, turn.desk.roster, following.followed(turn), subscriber, turn.desk.now()))
