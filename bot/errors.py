"""What can go wrong, as one tree.

    ParleyError
    ├── SettingsError    a setting or a line of config/ is wrong: names its file, key and reason
    ├── FetchError       a source could not be read: for good, until a time, or for now
    ├── TranslationError a text was not translated
    ├── QueryError       a watch or a search cannot be understood: names the position
    └── StoreError       the database cannot be used: says what to do
        └── LockedError       another Parley has it

Failures of Telegram's Bot API are python-telegram-bot's own classes; `bot.botapi.failures` sorts them.
"""

from datetime import datetime


class ParleyError(Exception):
    """Anything that Parley itself reports; its text is meant for the person who can act."""


class SettingsError(ParleyError):
    """One mistake in the environment or in config/. Several come together in an ExceptionGroup."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}, {key}: {reason}" if key else f"{file}: {reason}")
        self.file, self.key, self.reason = file, key, reason


class FetchError(ParleyError):
    """A source could not be read.

    `permanent`: the same request will not work again until a person changes something (a wrong name, a removed
    feed, a refused token). `retry_at`: the far end named a time before which it will not answer. With neither,
    the poll is tried again with growing pauses. `shared`: it is no failure of that source, but of the account with
    which all of its kind are read.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, retry_at: datetime | None = None, shared: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.permanent, self.retry_at, self.shared = reason, permanent, retry_at, shared


class TranslationError(ParleyError):
    """A text was not translated. `billed`: the service may count it all the same."""

    def __init__(self, reason: str, *, billed: bool = False) -> None:
        super().__init__(reason)
        self.billed = billed


class QueryError(ParleyError):
    """A query that cannot be understood.

    `reason` is a key of `bot.render`'s catalogue of explanations, so that the person reads it in their language;
    `position` counts characters from 0; `suggestion` is a query that would work, or empty.
    """

    def __init__(self, reason: str, position: int, suggestion: str = "") -> None:
        super().__init__(f"{reason} at {position}")
        self.reason, self.position, self.suggestion = reason, position, suggestion


class StoreError(ParleyError):
    """The database cannot be used; the text says why and what to do."""


class LockedError(StoreError):
    """Another process works on the same database."""
