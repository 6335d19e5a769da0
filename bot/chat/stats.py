"""/stats: how much was said, in numbers and as a picture."""

from telegram.error import BadRequest, Forbidden

from bot import charts
from bot.chat.turn import Turn
from bot.render.digests import blind
from bot.render.figures import since
from bot.render.replies import stats as pages
from bot.store import gaps


async def stats(turn: Turn, typed: str) -> None:
    """The last seven days, or the last thirty if that is what was typed."""
    days = max(pages.SPANS) if str(max(pages.SPANS)) in typed.split() else min(pages.SPANS)
    await show_stats(turn, days)


async def show_stats(turn: Turn, days: int) -> None:
    database, roster, now, _ = turn.desk.database, turn.desk.roster, turn.desk.now(), turn.voice
    counts = await database.read_slow(charts.counted, roster, _, days, now)
    unseen = database.read(gaps.between, since(_, counts.days), now)
    away = [gap for gap in unseen if not gap.source]
    await turn.show(pages.stats(_, roster, counts, blind(_, away, roster, now), charts.available()))


async def show_picture(turn: Turn, days: int) -> None:
    """As a message of its own, for a text cannot become a picture; in words where a chat takes none."""
    now, _ = turn.desk.now(), turn.voice
    drawn = await charts.activity_of(turn.desk.database, turn.desk.roster, _, days, now)
    if drawn is not None:
        try:
            await turn.picture(drawn, pages.caption(_, now))
        except (BadRequest, Forbidden):
            drawn = None
    if drawn is None:
        await turn.say(pages.no_picture(_))
