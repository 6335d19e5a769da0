"""/speaker: the card of one speaker."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bot.chat import about, browsing, following
from bot.chat.turn import Turn
from bot.models import Follow, Telling
from bot.render import figures
from bot.render.language import Voice
from bot.render.replies import following as replies
from bot.render.replies import people
from bot.store import activity, gaps, statements
from bot.store.connection import Connection


async def speaker(turn: Turn, typed: str) -> None:
    """The card of whom is named; of a side, or with no name, those to choose from."""
    roster = turn.desk.roster
    if not typed.strip():
        await show_people(turn, "", 0)
        return
    meant = following.target(typed, roster)
    if meant is not None and meant.what == "source":
        owner = roster.sources[meant.value].speaker
        meant = Follow("speaker", owner) if owner else None
    if meant is not None and meant.what == "speaker":
        await show_card(turn, meant.value)
    elif meant is not None and meant.what == "side":
        await show_people(turn, meant.value, 0)
    else:
        near = [one for one in following.lookalikes(typed, roster) if one.what == "speaker"]
        await turn.say(replies.not_understood(turn.voice, roster, "speaker", typed.strip(), near))


async def show_people(turn: Turn, side: str, page: int) -> None:
    await turn.show(people.chooser(turn.voice, turn.desk.roster, side, page))


async def show_card(turn: Turn, id: str, *, apart: bool = False) -> None:
    """`apart`: in a message of its own, for the alert with the button stays."""
    roster, database, now = turn.desk.roster, turn.desk.database, turn.desk.now()
    said, spoke = await database.read_slow(_heard, turn.voice, id, now)
    own = {source.id for source in roster.sources_of(id)}
    unseen = database.read(gaps.between, now - about.RECENT, now)
    states = database.read(about.source_states, turn.desk.settings, unseen, now)
    card = people.card(
        turn.voice,
        roster,
        roster.speakers[id],
        [state for state in states if state.id in own],
        said,
        spoke,
        now,
        browsing.follow_button(turn, Follow("speaker", id)),
    )
    await (turn.say(card) if apart else turn.show(card))


def _heard(connection: Connection, _: Voice, id: str, now: datetime) -> tuple[Sequence[Telling], Mapping[date, int]]:
    """The last words, and how much was said on each day of the weeks that the card shows."""
    days = figures.days_until(_, people.WEEKS * 7, now)
    counted = activity.statements_by_day(connection, figures.starts(_, days, now), id)
    said = statements.latest(connection, speakers=[id], limit=people.WORDS)
    return said, {days[day]: count for _id, day, count in counted}
