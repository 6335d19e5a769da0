"""The doors for an operator: `parley run · try · check · poll · status` and those that move what is stored."""

import argparse
import asyncio
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot import logs
from bot.errors import ParleyError, QueryError, SettingsError
from bot.settings import Settings, load

HOW_TO_BEGIN = """\
TELEGRAM_BOT_TOKEN is not set, and the bot cannot speak without it.

  1. In Telegram, open a chat with @BotFather, send /newbot and follow it; it answers with a token.
  2. Put the token into a file and name the file:  export TELEGRAM_BOT_TOKEN_FILE=token.txt
     (or, less safely, the token itself:           export TELEGRAM_BOT_TOKEN=…)
  3. Start again.

`parley try` needs no token: it is the same bot in this terminal, with sample days."""

IMPORT = """\
Store the posts of a file; nobody is alerted. It may hold what `parley export` wrote, the result.json of Telegram
Desktop (“Export chat history” of a channel, as JSON), or answers of the X API in lines, as twarc2 writes them."""

SEARCH = """\
Words (in all their forms), "phrases", =exact, begin*, #tags, @names, AND, OR, NOT, NEAR and brackets; from:, side:,
source:, kind: (own, quote, report, mention), topic:, lang:; since: and until: with a day. docs/queries.md has them all.
A query that the shell would take apart goes into 'single quotes'."""

BACKFILL = """\
Read what a source said since a date, where its platform shows it: X its newest 3,200 posts, within the budget; a
channel of Telegram all of it, a page a second; a feed nothing. What is new is stored, gaps that it fills are closed,
nobody is alerted. Ended early, the same command goes on. The bot must be stopped meanwhile."""

STATUS = "Exit status: 0 done, 1 it failed, 2 the settings or the arguments are wrong."

RUNNING = (
    "While the bot runs, status, export, backup and check work; poll, import, backfill and restore want it stopped."
)

CHECK_STATUS = """\
Exit status: 0 no mistakes, and every account that is on was confirmed (accounts on X count only with a token);
1 an account could not be confirmed; 2 there are mistakes in the settings, and nothing was looked up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 it failed, 2 the settings or the arguments are wrong."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # no terminal's own alphabet ends a command
    try:
        status = _obey(arguments)
        _say("", end="")
        return status
    except BrokenPipeError:  # whoever read our output has had enough
        _forget_output()
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:  # and does not wait for a reader who has stopped reading
        _forget_output()
        return 128 + signal.SIGINT
    except ParleyError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1


def _obey(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as ended:  # it has shown the help, or said what is wrong with the arguments
        return int(ended.code or 0)
    if options.command is None:
        parser.print_help()
        return 2
    try:
        settings = load(os.environ, options.sources, options.complaint, logging_in=options.command is _login)
    except ExceptionGroup as group:
        for mistake in group.exceptions:
            print(mistake, file=sys.stderr)
        print(f"{group.message}; nothing was done", file=sys.stderr)
        return 2
    blot = _log(settings, options)
    try:
        status: int = options.command(settings, options)
    except ParleyError as error:
        print(blot(str(error)), file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    return status


def _log(settings: Settings, options: argparse.Namespace) -> logs.Blot:
    """The bot logs as the settings say; a command by hand speaks to whoever sits there. Raises SettingsError."""
    secrets = [str(getattr(settings, field.name)) for field in fields(settings) if not field.repr]
    if options.command is not _run:
        return logs.start(secrets, options.log)
    wanted = settings.log
    try:
        return logs.start(secrets, options.log, form=wanted.format, file=wanted.file, days=settings.keep.log)
    except OSError as error:
        raise SettingsError(str(settings.config / "parley.toml"), "log.file", str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parley",
        description="Collects what negotiators say; tells it on Telegram.",
        epilog=f"{STATUS} {RUNNING}",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(metavar="command")

    def command(
        name: str, run: Callable[[Settings, argparse.Namespace], int], text: str, sources: str = "sources.toml"
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, epilog=STATUS)
        one.set_defaults(command=run, sources=sources, complaint=complaint, log=logging.INFO)
        return one

    command("run", _run, "collect and serve until stopped")
    talk = command("try", _try, "the same bot in this terminal, with sample days; no token", "sample/sources.toml")
    talk.set_defaults(log=logging.WARNING)  # the terminal is the conversation
    check = command("check", _check, "list every mistake in the settings, then look up every account")
    check.epilog = CHECK_STATUS
    check.add_argument("--offline", action="store_true", help="look nothing up")
    check.add_argument("--database", action="store_true", help="look through the database for damage instead")
    check.add_argument("--all", action="store_true", help="look up the sources that are off, too")
    poll = command("poll", _poll, "look at the sources once and store what is new")
    poll.add_argument("source", nargs="*", help="only these sources (ids of config/sources.toml)")
    status = command("status", _status, "how each source fares, what waits, what X has cost")
    look_for = command("search", _search, "look for words in everything said, newest first; also while the bot runs")
    look_for.description = SEARCH
    look_for.add_argument("query", nargs="+", help='as for /search: neutrality "prisoner exchange" from:NAME')
    look_for.add_argument("--page", type=_positive, default=1, help="the first page is 1")
    look_for.add_argument("--count", type=_positive, default=10, help="posts on a page")
    take_in = command("import", _import, "store the posts of a file")
    take_in.description = IMPORT
    take_in.add_argument("file", type=Path, help="what is stored already is passed over: import again to go on")
    take_in.add_argument("--source", default="", help="whose posts they are, where the file does not say")
    take_in.add_argument("--zone", type=_zone, help="where an export before 2022 was made, such as Europe/Kyiv")
    backfill = command("backfill", _backfill, "read what a source said since a date")
    backfill.description = BACKFILL
    backfill.add_argument("source", help="an id of config/sources.toml")
    backfill.add_argument("--since", type=_date, required=True, help="the first day that is read, such as 2022-03-01")
    backfill.add_argument("--yes", action="store_true", help="agree to what it may cost")
    export = command("export", _export, "write every post and gap as JSON Lines to standard output")
    backup = command("backup", _backup, "copy the database and check the copy")
    backup.add_argument("target", type=Path, nargs="?", help="a new file, or a folder where the newest copies stay")
    restore = command("restore", _restore, "put a backup in the place of the database")
    restore.add_argument("file", type=Path, help="what parley backup has made; stop the bot before")
    login = command("login", _login, "make the session of an account that reads channels")
    login.set_defaults(log=logging.WARNING)  # Telethon tells at length how it connects
    login.add_argument("file", type=Path, help="a new file, into which the session is written")
    for one in (status, look_for, export, backup, restore, login):
        one.set_defaults(complaint=lambda query: "")  # none reads topics: no wait for dictionaries
    return parser


def _positive(typed: str) -> int:
    number = int(typed)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("a number from 1 to 10,000")
    return number


def _date(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{written!r} is no date such as 2022-03-01") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone such as Europe/Kyiv") from error


# Each command imports what it needs: a mistake in the settings should not wait for aiohttp and Telegram.


def complaint(query: str) -> str:
    """What is wrong with a watch query, in plain words; empty if nothing is."""
    from bot.render.language import Voice
    from bot.render.replies.watching import explanation
    from bot.words.query import parse

    try:
        parse(query)
    except QueryError as error:
        reason = explanation(Voice("en", "UTC"), error.reason).plain
        works = f" This works: {error.suggestion}" if error.suggestion else ""
        return f"cannot be read at character {error.position + 1} of “{query}”. {reason}{works}"
    return ""


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from bot import app, memory

    if not settings.bot_token:
        print(HOW_TO_BEGIN, file=sys.stderr)
        return 2
    memory.keep_little()
    asyncio.run(app.run(settings))
    return 0


def _try(settings: Settings, options: argparse.Namespace) -> int:
    from bot import demo

    asyncio.run(demo.run(settings, sys.stdin, sys.stdout))
    return 0


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.check import check, check_database

    if options.database:
        return check_database(settings, _say)
    _say(f"{settings.config}: no mistakes")
    return 0 if options.offline else asyncio.run(check(settings, _say, everything=options.all))


def _poll(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.poll import poll

    return asyncio.run(poll(settings, options.source, _say))


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.status import status

    return status(settings, _say)


def _search(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.search import look_for

    return look_for(settings, " ".join(options.query), _say, page=options.page, count=options.count)


def _import(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.take_in import take_in

    return asyncio.run(take_in(settings, options.file, _say, sys.stderr, source=options.source, zone=options.zone))


def _backfill(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.backfill import backfill

    def agree(question: str) -> bool:
        if options.yes:
            _say(f"{question}.")
            return True
        if not sys.stdin.isatty():
            raise ParleyError(f"{question}. If you agree, say --yes")
        _say(f"{question}. Go on? [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return asyncio.run(backfill(settings, options.source, options.since, _say, sys.stderr, agree))


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.export import export

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    return export(settings, lambda line: _say(line, flush=False))


def _login(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.login import login

    def ask(question: str) -> str:
        _say(question, end="")
        if not (answer := sys.stdin.readline()):
            raise ParleyError("nothing was typed; nobody is logged in")
        return answer.strip()

    def ask_secretly(question: str) -> str:
        return getpass(question) if sys.stdin.isatty() else ask(question)

    return asyncio.run(login(settings, options.file, ask, ask_secretly, _say))


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.backup import backup

    return backup(settings, options.target, _say)


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from bot.upkeep.backup import restore

    return restore(settings, options.file, _say)


# --- standard output


def _say(line: str, *, end: str = "\n", flush: bool = True) -> None:
    """Raises ParleyError when there is nowhere to write it to: a full disk, say."""
    try:
        print(line, end=end, flush=flush)
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_output()
        raise ParleyError(f"standard output: {error.strerror}") from error


def _forget_output() -> None:
    """What is still waiting to be written would fail again, and loudly, when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
