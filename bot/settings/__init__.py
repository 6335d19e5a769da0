"""What the operator decides: the environment and the TOML files of config/, read into one frozen Settings.

Reading goes on after a mistake, so that a person sees all of them at once. A mistake's key reads
`sources.ivanenko-x.kind`; an entry without a usable id is counted from 1, `sources.3.kind`. Files are read once,
when `load` is called. This room knows no query language: what is wrong with the watch queries of topics, the caller's
`Complaint` says.

    values        what the rest of the house is given
    reading       how a table is described and read, and how mistakes are kept
    environment   the variables
    files         the tables of config/
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.settings.environment import ENVIRONMENT, from_environment
from bot.settings.files import EVERY, Complaint, from_folder
from bot.settings.reading import duration, is_there
from bot.settings.values import MEGABYTE, Access, Backup, Defaults, Keep, Limits, Log, OnX, Pace, Settings, Translate

__all__ = [
    "ENVIRONMENT",
    "EVERY",
    "MEGABYTE",
    "Access",
    "Backup",
    "Complaint",
    "Defaults",
    "Keep",
    "Limits",
    "Log",
    "OnX",
    "Pace",
    "Settings",
    "Translate",
    "duration",
    "load",
]


def load(
    environment: Mapping[str, str],
    sources: str = "sources.toml",
    complaint: Complaint = lambda query: "",
    *,
    logging_in: bool = False,
) -> Settings:
    """Reads the environment and the folder PARLEY_CONFIG; `sources` is the file of sources in that folder.

    `complaint` looks at the watch queries of topics; without it they are not looked at. `logging_in`: a session is
    about to be made, and need not be there.
    Raises one ExceptionGroup of SettingsErrors that holds every mistake. Nothing secret stands in their texts.
    """
    mistakes: list[SettingsError] = []
    outer = from_environment(environment, mistakes)
    folder = outer.setdefault("config", Path("config"))
    inner: dict[str, Any] = {}
    if is_there(folder, Path.is_dir):
        inner = from_folder(folder, sources, complaint, mistakes)
    else:
        mistakes.append(SettingsError("environment", "PARLEY_CONFIG", f"no such folder: {folder}"))
    if inner.get("telegram_client") == "mtproto" and not logging_in:
        mistakes += _missing_for_mtproto(environment)
    if "webhook_url" in outer and "webhook_secret" not in outer and not _given(environment, "TELEGRAM_WEBHOOK_SECRET"):
        reason = "is missing; with TELEGRAM_WEBHOOK_URL it tells Telegram's calls from others"
        mistakes.append(SettingsError("environment", "TELEGRAM_WEBHOOK_SECRET", reason))
    settings = None if mistakes else Settings(**outer, **inner)
    if settings:
        mistakes += _sent_away(settings, sources)
    if mistakes or settings is None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ExceptionGroup(f"{count} in the settings", mistakes)
    return settings if settings.translates else _untranslated(settings)


def _sent_away(settings: Settings, sources: str) -> list[SettingsError]:
    """Telegram's terms forbid to hand its contents to others for use by machines: only a server of one's own may."""
    if not settings.translates or settings.translate.service != "deepl":
        return []
    reason = "must not be true for a channel while DeepL translates; a LibreTranslate server of your own may do it"
    return [
        SettingsError(str(settings.config / sources), f"sources.{source.id}.translate", reason)
        for source in settings.roster.sources.values()
        if source.translate and source.kind == "telegram"
    ]


def _untranslated(settings: Settings) -> Settings:
    """Without a service no source can be translated, whatever it allows."""
    roster = settings.roster
    sources = {id: replace(source, translate=False) for id, source in roster.sources.items()}
    return replace(settings, roster=replace(roster, sources=sources))


def _missing_for_mtproto(environment: Mapping[str, str]) -> list[SettingsError]:
    wanted = {"TELEGRAM_API_ID": "", "TELEGRAM_API_HASH": "", "TELEGRAM_SESSION": " (parley login makes one)"}
    return [
        SettingsError("environment", name, f'is missing; client = "mtproto" needs it{how}')
        for name, how in wanted.items()
        if not _given(environment, name)
    ]


def _given(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))
