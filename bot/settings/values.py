"""What the rest of the house is given: frozen values with the defaults that hold where nothing is written."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Literal

from bot.budget import Budget
from bot.models import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a new subscriber has before choosing; `digest` is a local time of `zone`."""

    language: str = "en"
    zone: str = "Europe/Kyiv"
    digest: time = time(20, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one subscriber may ask for; `query` counts characters."""

    watches: int = 50
    follows: int = 100
    query: int = 300
    commands_a_minute: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use this instance: everybody if it is `open`, else the people and chats whose numbers are allowed."""

    open: bool = True
    allow: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast messages leave: `overall` and `chat` (one private chat) a second, `group` (or channel) a minute.

    `paid`: Telegram may take its price, in Stars, for what goes beyond the free 30 a second. A digest that is
    `digest_late` after its time is left out, and what it would have told stands in the next one.
    """

    overall: float = 28.0
    chat: float = 1.0
    group: float = 20.0
    paid: bool = False
    digest_late: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnX:
    """How X is read, and what that may cost.

    `mode`: by timelines, by searches, or by whichever its limits allow. `vocabulary` is how X names its fields in
    requests. `country` (two letters) is where the bot's readers are, empty if not said.
    """

    mode: Literal["auto", "timelines", "search"] = "auto"
    vocabulary: Literal["tweet", "post"] = "tweet"
    country: str = ""
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Copies of the database that are made by themselves: one a day into `folder`, None for none.

    `at` is a local time of the zone of new subscribers. The `keep` newest stay.
    """

    folder: Path | None = None
    at: time = time(4)
    keep: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how many days is kept what is not needed any more.

    `outbox`: what was sent or refused. `inbox`: the numbers of Telegram's updates, without what they said; Telegram may
    repeat one for a day. `log`: a log that is written to a file.
    """

    outbox: int = 30
    inbox: int = 2
    log: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """How events are written: as `text` or as lines of `json`, to standard error or to a `file`."""

    format: Literal["text", "json"] = "text"
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate:
    """Machine translation: by which service, and how many characters a month may be sent there."""

    service: Literal["libretranslate", "deepl"] = "libretranslate"
    characters: int = 500_000


MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator decides. Tokens are empty where none was given; `health_port` 0 is off; `health_host` is
    the address that the page listens on.
    `translate_url` is where the translation service is, `translate_key` what it asks for.
    With less than `disk_reserve` bytes free, nothing is collected.

    `webhook_url`: the address at which Telegram is to call us, empty if it is asked for updates; by `webhook_secret` we
    know that it is Telegram. `webhook_listen`: the host and port here that the address leads to.

    `telegram_client`: channels are read by their public previews, or through Telegram's own protocol with the session
    of an account.
    """

    bot_token: str = field(default="", repr=False)
    telegram_api_url: str = "https://api.telegram.org"
    telegram_web_url: str = "https://t.me"
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    webhook_listen: tuple[str, int] = ("127.0.0.1", 8443)
    telegram_client: Literal["web", "mtproto"] = "web"
    telegram_api_id: int = 0
    telegram_api_hash: str = field(default="", repr=False)
    telegram_session: str = field(default="", repr=False)
    x_bearer_token: str = field(default="", repr=False)
    x_api_url: str = "https://api.x.com"
    translate_url: str = ""
    translate_key: str = field(default="", repr=False)
    database: Path = Path("data/parley.db")
    config: Path = Path("config")
    admins: tuple[int, ...] = ()
    health_port: int = 0
    health_host: str = "127.0.0.1"
    roster: Roster
    defaults: Defaults = Defaults()
    limits: Limits = Limits()
    access: Access = Access()
    pace: Pace = Pace()
    x: OnX = OnX()
    contact: str = ""
    backup: Backup = Backup()
    keep: Keep = Keep()
    log: Log = Log()
    translate: Translate = Translate()
    disk_reserve: int = 200 * MEGABYTE

    @property
    def uncollected(self) -> frozenset[str]:
        """The sources that are on and not collected, for there is no X token."""
        if self.x_bearer_token:
            return frozenset()
        return frozenset(one.id for one in self.roster.sources.values() if one.kind == "x" and one.enabled)

    @property
    def translates(self) -> bool:
        """Whether there is a service: DeepL asks for a key, LibreTranslate has an address."""
        return bool(self.translate_key if self.translate.service == "deepl" else self.translate_url)
