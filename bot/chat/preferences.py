"""/settings: pages of buttons over what a subscriber has chosen."""

from bot.chat import following
from bot.chat.turn import Turn
from bot.models import Subscriber
from bot.render.replies import preferences
from bot.store import subscribers
from bot.store.connection import Connection


async def settings(turn: Turn, typed: str) -> None:
    await show_settings(turn)


async def show_settings(turn: Turn) -> None:
    known = turn.subscriber
    watches = turn.desk.database.read(subscribers.watches, known.id) if known else []
    await turn.show(
        preferences.settings(
            turn.voice,
            known or turn.as_new,
            len(following.followed(turn)),
            len(watches),
            turn.desk.now(),
            unavailable(turn),
        )
    )


def unavailable(turn: Turn) -> frozenset[str]:
    """Settings that mean nothing here."""
    return frozenset() if turn.desk.translator else frozenset({"translate"})


async def show_choice(turn: Turn, name: str) -> None:
    await turn.show(preferences.choice(turn.voice, turn.subscriber or turn.as_new, name))


async def choose(turn: Turn, name: str, value: str) -> None:
    """Another value; its page shows how it is."""

    def change(connection: Connection) -> Subscriber:
        subscriber = subscribers.enrol(connection, turn.newcomer, turn.desk.now())
        subscribers.choose(connection, subscriber.id, name, value)
        return subscribers.get(connection, subscriber.id)

    subscriber = await turn.desk.database.write(change)
    await turn.show(preferences.choice(turn.voice, subscriber, name))
