"""The doors for an operator: `parley run · try · check · poll · import · export · backup`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot import logs
from bot.errors import ParleyError, SettingsError
from bot.settings import Settings, load

HOW_TO_BEGIN = """\
TELEGRAM_BOT_TOKEN is not set, and the bot cannot speak without it.

  1. In Telegram, open a chat with @BotFather, send /newbot and follow it; it answers with a token.
  2. Put the token into a file and name the file:  export TELEGRAM_BOT_TOKEN_FILE=token.txt
     (or, less safely, the token itself:           export TELEGRAM_BOT_TOKEN=…)
  3. Start again.

`parley try` needs no token: it is the same bot in this terminal, with sample days."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 it failed, 2 the settings or the arguments are wrong."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(os.environ, options.sources)
    except ExceptionGroup as group:
        for mistake in group.exceptions:
            print(mistake, file=sys.stderr)
        print(f"{group.message}; nothing was started", file=sys.stderr)
        return 2
    logs.start([settings.bot_token, settings.x_bearer_token])
    try:
        status: int = options.command(settings, options)
        return status
    except ParleyError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley", description="Collects what negotiators say; tells it on Telegram.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(
        name: str, run: Callable[[Settings, argparse.Namespace], int], text: str, sources: str = "sources.toml"
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(command=run, sources=sources)
        return one

    command("run", _run, "collect and serve until stopped")
    command("try", _try, "the same bot in this terminal, with sample days; no token", "sample/sources.toml")
    check = command("check", _check, "list every mistake in the settings, then look up every account")
    check.add_argument("--offline", action="store_true", help="look nothing up")
    poll = command("poll", _poll, "look at the sources once and store what is new")
    poll.add_argument("source", nargs="*", help="only these sources (ids of config/sources.toml)")
    command("import", _import, "store the posts of an archive (JSON Lines); alerts nobody").add_argument(
        "file", type=Path
    )
    command("export", _export, "write every post as JSON Lines to standard output")
    command("backup", _backup, "copy the database, also while the bot runs").add_argument("file", type=Path)
    return parser


# Each command imports what it needs: `parley check` should not wait for the dictionaries.


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from bot import app

    if not settings.bot_token:
        print(HOW_TO_BEGIN, file=sys.stderr)
        return 2
    asyncio.run(app.run(settings))
    return 0


def _try(settings: Settings, options: argparse.Namespace) -> int:
    from bot import demo

    asyncio.run(demo.run(settings, sys.stdin, sys.stdout))
    return 0


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from bot import upkeep

    print(f"{settings.config}: no mistakes")
    return 0 if options.offline else asyncio.run(upkeep.check(settings, print))


def _poll(settings: Settings, options: argparse.Namespace) -> int:
    from bot import upkeep

    return asyncio.run(upkeep.poll(settings, options.source, print))


def _import(settings: Settings, options: argparse.Namespace) -> int:
    from bot import upkeep

    return asyncio.run(upkeep.take_in(settings, options.file, print))


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from bot import upkeep

    return upkeep.export(settings, print)


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from bot import upkeep

    return upkeep.backup(settings, options.file, print)
