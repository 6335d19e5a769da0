"""Checked copies of the database, and the way back from one."""

from pathlib import Path

from bot.app import now
from bot.collect import CATCH_UP_AFTER
from bot.errors import ParleyError
from bot.settings import Settings
from bot.store import copies, restoring
from bot.upkeep.terminal import Say


def backup(settings: Settings, target: Path | None, say: Say) -> int:
    """Copy the database into a new file, or into a folder where the newest copies stay, and check the copy.

    Without a target the folder is that of the settings. Works while the bot runs.
    """
    target = target or settings.backup.folder
    if target is None:
        raise ParleyError(f"name a new file, a folder, or set folder in [backup] of {settings.config / 'parley.toml'}")
    dropped: list[Path] = []
    if target.is_dir() or target == settings.backup.folder:
        target, dropped = copies.copy_into(settings.database, target, settings.backup.keep, now())
    else:
        copies.copy(settings.database, target)
    say(f"{target}: {target.stat().st_size:,} bytes, checked")
    if dropped:
        say(f"dropped: {', '.join(file.name for file in dropped)}; the {settings.backup.keep} newest stay")
    return 0


def restore(settings: Settings, file: Path, say: Say) -> int:
    """Put a copy in the place of the database, which is kept beside it. Refused while a Parley uses the database."""
    restored = restoring.restore(settings.database, file, now(), 2 * CATCH_UP_AFTER)
    as_of = restored.as_of.isoformat(sep=" ", timespec="seconds") if restored.as_of else "the beginning"
    say(f"{settings.database}: as of {as_of}, {restored.posts:,} posts, {restored.subscribers:,} subscribers, checked")
    if restored.kept:
        say(f"what it replaces is kept as {restored.kept}; delete it when you are sure")
    if restored.erased is None:
        say(f"whoever said /stop after {as_of} is there again: what was replaced cannot tell who that was")
    elif restored.erased:
        say(f"{restored.erased} chats that said /stop after {as_of} are erased again")
    say("what was posted since then will come as one catch-up message to each subscriber")
    return 0
