"""/subscribe and its menus, /unsubscribe, /subscriptions."""

from collections.abc import Sequence

from bot.chat import reading
from bot.chat.turn import Turn
from bot.models import Follow, FollowWhat, How, Message, Roster
from bot.render import actions
from bot.render.replies import following, greeting
from bot.store import mutes, subscribers
from bot.store.connection import Connection
from bot.words import find

Understood = tuple[list[Follow], list[tuple[str, Sequence[Follow]]]]
"""What was meant, and each name that means nothing with what it looks like."""


async def subscribe(turn: Turn, typed: str) -> None:
    """Follow what is named, each with a word on how; with no name, show the menu."""
    names, way = reading.how(typed)
    if not names:
        await show_menu(turn)
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    wanted, missed = understand(names, turn.desk.roster)
    if not wanted:
        typed_name, near = missed[0]
        await turn.say(following.not_understood(turn.voice, turn.desk.roster, "subscribe", typed_name, near))
        return
    done, refused = await turn.desk.database.write(take_up, turn, [Follow(one.what, one.value, way) for one in wanted])
    uncollected = turn.desk.settings.uncollected
    most = turn.desk.settings.limits.follows
    await turn.say(following.followed(turn.voice, turn.desk.roster, done, missed, refused, uncollected, most))


async def unsubscribe(turn: Turn, typed: str) -> None:
    """End what is named, or everything; with no name, show what there is."""
    if not typed.strip():
        await subscriptions(turn, "")
        return
    if not await turn.steers():
        await turn.say(greeting.only_admins(turn.voice))
        return
    roster, subscriber = turn.desk.roster, turn.subscriber
    if typed.strip().casefold() in reading.ALL:
        gone = [(one.what, one.value) for one in followed(turn)]
        await turn.desk.database.write(give_up, turn, gone)
        await turn.say(following.unfollowed_all(turn.voice, len(gone)))
        return
    wanted, missed = understand(typed, roster)
    done = await turn.desk.database.write(give_up, turn, [(one.what, one.value) for one in wanted])
    if subscriber is None or not (followed(turn) or any(was for _, was in done)):
        await turn.say(following.nothing_followed(turn.voice))
        return
    await turn.say(following.unfollowed(turn.voice, roster, done, missed))


async def subscriptions(turn: Turn, typed: str) -> None:
    await show_subscriptions(turn, 0)


async def show_subscriptions(turn: Turn, page: int) -> None:
    subscriber = turn.subscriber
    _, roster, database, now = turn.voice, turn.desk.roster, turn.desk.database, turn.desk.now()
    watches = database.read(subscribers.watches, subscriber.id) if subscriber else []
    silent = database.read(mutes.of, subscriber.id, now) if subscriber else []
    muted = [actions.muted(_, one, roster, watches) for one in silent]
    await turn.show(following.subscriptions(_, roster, followed(turn), len(watches), page, muted))


async def topics(turn: Turn, typed: str) -> None:
    await show_topics(turn, 0)


# --- menus and their buttons


async def show_menu(turn: Turn) -> None:
    await turn.show(following.menu(turn.voice, turn.desk.roster, followed(turn)))


async def show_side(turn: Turn, side: str, page: int) -> None:
    roster = turn.desk.roster
    await turn.show(following.side_menu(turn.voice, roster, roster.sides[side], followed(turn), page))


async def show_topics(turn: Turn, page: int) -> None:
    await turn.show(following.topics_menu(turn.voice, turn.desk.roster, followed(turn), page))


async def switch(turn: Turn, what: FollowWhat, value: str, on: bool) -> None:
    """Follow or no longer; the menu on which the button stood shows how it is."""
    target = Follow(what, value)
    if on:
        _done, refused = await turn.desk.database.write(take_up, turn, [target])
        if refused:
            await turn.show(left_out(turn, refused))
            return
    else:
        await turn.desk.database.write(give_up, turn, [(what, value)])
    await _show_menu_of(turn, target)


async def _show_menu_of(turn: Turn, target: Follow) -> None:
    roster = turn.desk.roster
    page = following.page_of(roster, target.what, target.value)
    side = roster.side_of(target.value) if target.what == "speaker" else roster.sides.get(target.value)
    if target.what == "topic":
        await show_topics(turn, page)
    elif side is None:
        await show_menu(turn)
    else:
        await show_side(turn, side.id, page if target.what == "speaker" else 0)


async def change(turn: Turn, what: FollowWhat, value: str, way: How) -> None:
    """Another way to be told of what is followed already."""
    if find_follow(turn, what, value):
        await turn.desk.database.write(take_up, turn, [Follow(what, value, way)])
    await show_subscriptions(turn, 0)


async def drop(turn: Turn, what: FollowWhat, value: str) -> None:
    await turn.desk.database.write(give_up, turn, [(what, value)])
    await show_subscriptions(turn, 0)


# --- understanding and storing


def understand(typed: str, roster: Roster) -> Understood:
    """What each name of a list means."""
    wanted: dict[tuple[str, str], Follow] = {}
    missed: list[tuple[str, Sequence[Follow]]] = []
    for piece in reading.pieces(typed):
        meant = target(piece, roster)
        if meant is None:
            missed.append((piece, lookalikes(piece, roster)))
        else:
            wanted[meant.what, meant.value] = meant
    return list(wanted.values()), missed


def target(typed: str, roster: Roster) -> Follow | None:
    """What one name means; None if nothing, or if it may mean several."""
    if typed.strip().casefold() in reading.ALL:
        return Follow("all")
    meant = find.follow_targets(typed, roster)
    best = [one for one in meant if one.what == meant[0].what]
    return best[0] if len(best) == 1 else None


def lookalikes(typed: str, roster: Roster) -> list[Follow]:
    """What a name may mean that does not say it clearly: all that bear it, else what resembles it."""
    return find.follow_targets(typed, roster)[:5] or find.near_targets(typed, roster)


def exists(what: str, value: str, roster: Roster) -> bool:
    """Whether the configuration knows what a button names."""
    shelves = {
        "side": roster.sides,
        "speaker": roster.speakers,
        "source": roster.sources,
        "topic": roster.topics,
    }
    return value == "" if what == "all" else value in shelves.get(what, ())


def followed(turn: Turn) -> list[Follow]:
    subscriber = turn.subscriber
    return turn.desk.database.read(subscribers.follows, subscriber.id) if subscriber else []


def find_follow(turn: Turn, what: FollowWhat, value: str) -> Follow | None:
    """How this is followed, if it is."""
    return next((one for one in followed(turn) if (one.what, one.value) == (what, value)), None)


def left_out(turn: Turn, refused: int) -> Message:
    """That so many more are beyond the limit."""
    most = turn.desk.settings.limits.follows
    return following.followed(turn.voice, turn.desk.roster, [], refused=refused, limit=most)


def take_up(connection: Connection, turn: Turn, wanted: Sequence[Follow]) -> tuple[list[tuple[Follow, bool]], int]:
    """Enrol and follow. Returns what is followed and whether it is new, and how many were beyond the limit."""
    subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
    before = {(one.what, one.value) for one in subscribers.follows(connection, subscriber.id)}
    room = turn.desk.settings.limits.follows - len(before)
    done: list[tuple[Follow, bool]] = []
    for one in wanted:
        new = (one.what, one.value) not in before
        if new and room <= 0:
            continue
        room -= new
        changed = subscribers.follow(connection, subscriber.id, one)
        done.append((one, changed))
    return done, len(wanted) - len(done)


def give_up(connection: Connection, turn: Turn, gone: Sequence[tuple[FollowWhat, str]]) -> list[tuple[Follow, bool]]:
    subscriber = subscribers.find(connection, *turn.place)
    if subscriber is None:
        return [(Follow(what, value), False) for what, value in gone]
    return [(Follow(what, value), subscribers.unfollow(connection, subscriber.id, what, value)) for what, value in gone]
