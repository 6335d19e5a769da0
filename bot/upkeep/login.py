"""The session of an account that reads channels: made by hand, once, and put where the bot finds it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ParleyError
from bot.settings import Settings
from bot.sources import telegram_client
from bot.upkeep.terminal import Say

Ask = Callable[[str], str]
"""Puts a question and gives the answer."""

WARNING = """\
You log in with an account of Telegram, which may ban it for reading channels in this way: take one that you can do
without, and read config/parley.toml first. Nothing that you type is kept but the session that comes of it."""


async def login(settings: Settings, target: Path, ask: Ask, ask_secretly: Ask, say: Say) -> int:
    """Log in and write the session into a new file that nobody else can read. It is never shown. Raises ParleyError."""
    if not (settings.telegram_api_id and settings.telegram_api_hash):
        raise ParleyError("TELEGRAM_API_ID and TELEGRAM_API_HASH are not set; https://my.telegram.org gives both")
    with _secret(target) as handle:
        say(WARNING)
        session = await telegram_client.login(settings.telegram_api_id, settings.telegram_api_hash, ask, ask_secretly)
        os.write(handle, session.encode())
    say(
        f"{target} holds the session, which is as good as the account: keep it secret, and for one Parley alone.\n"
        f'export TELEGRAM_SESSION_FILE={target}, and in config/parley.toml set client = "mtproto"'
    )
    return 0


@contextmanager
def _secret(target: Path) -> Iterator[int]:
    """A new file for us alone, open for writing; it goes again if what is in the `with` fails."""
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ParleyError(f"{target} is there already; name a new file") from error
    except OSError as error:
        raise ParleyError(f"{target}: {error.strerror}; name a file in a folder that can be written") from error
    try:
        yield handle
    except BaseException:
        target.unlink()
        raise
    finally:
        os.close(handle)
