"""How the sources fare, what waits, and what X has cost."""

from bot.app import now
from bot.chat import about
from bot.render.language import Voice
from bot.render.replies import settling
from bot.settings import Settings
from bot.store import gaps
from bot.store.connection import existing
from bot.upkeep.terminal import Say


def status(settings: Settings, say: Say) -> int:
    """How the sources fare, what waits, and what X has cost; also while the bot runs."""
    moment = now()
    with existing(settings.database) as connection:
        unseen = gaps.between(connection, moment - about.RECENT, moment)
        states = about.source_states(connection, settings, unseen, moment)
        queue = about.work(connection, settings, moment)
    away = [gap for gap in unseen if not gap.source]
    say(settling.report(Voice("en", settings.defaults.zone), settings.roster, states, moment, queue, away))
    return 0
