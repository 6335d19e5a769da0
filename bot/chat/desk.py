"""What the handlers work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.models import Roster
from bot.settings import Settings
from bot.store.database import Database
from bot.translate import Translator


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the settings and the clock of the house; `now` gives aware UTC. No translator: that is off.

    `queued` is called when many are to be sent something.
    """

    database: Database
    settings: Settings
    now: Callable[[], datetime]
    translator: Translator | None = None
    queued: Callable[[], None] = lambda: None

    @property
    def roster(self) -> Roster:
        return self.settings.roster
