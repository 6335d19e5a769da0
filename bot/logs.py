"""What is logged and how: one event a line, and never a secret.

Every line goes through one filter on its way out, whoever wrote it: ours, those of libraries, tracebacks, warnings,
what threads and tasks die of. A secret is known in whatever form an address or a library gives it.
"""

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote

QUIET = ("httpx", "aiohttp", "apscheduler", "asyncio", "pymorphy3", "telegram", "tweepy", "urllib3")
"""Libraries that tell too much: httpx logs addresses with the bot's token, tweepy at DEBUG its Authorization header."""

BEGINNING = 16
"""So many signs of a secret at its beginning are blotted out even if the rest was cut off."""

Blot = Callable[[str], str]
"""Takes the secrets out of a text."""


def one_line(text: str) -> str:
    """What a far end says, as one line that cannot steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


# --- secrets


def blotting(secrets: Collection[str]) -> Blot:
    """Replaces the secrets by ***, plain or percent-encoded in whatever way and however often, and their beginnings."""
    known = {form for secret in secrets if secret for form in _forms(secret)}
    if not known:
        return lambda text: text
    ordered = sorted(known, key=len, reverse=True)
    whole = [_written(secret) for secret in ordered]
    begun = [_written(secret[:BEGINNING]) + r"[\w%+=:.~-]*" for secret in ordered if len(secret) > BEGINNING]
    pattern = re.compile("|".join([*whole, *begun]))
    return lambda text: pattern.sub("***", text)


def _forms(secret: str) -> set[str]:
    """As it is, as an address may have decoded it, and of a bot's token what follows its number."""
    _, _, after = secret.partition(":")
    return {secret, unquote(secret)} | ({after} if len(after) > BEGINNING else set())


def _written(secret: str) -> str:
    return "".join(_sign(sign) for sign in secret)


def _sign(sign: str) -> str:
    """A sign as text, JSON or an address writes it."""
    if sign.isalnum():
        return sign
    code = "".join(f"%(?:25)*{byte >> 4:X}{byte & 15:X}" for byte in sign.encode())
    return rf"\\?(?:{re.escape(sign)}|(?i:{code}))"


# --- lines


class _Text(logging.Formatter):
    """Time, level, logger, message. Times are in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, blot: Blot) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._blot = blot

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is of logging
        """Without the traceback, which has lines of its own."""
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return self._blot(super().format(record))


class _Json(_Text):
    """One object a line. What a message names by `key=%s` is a field of its own."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {key: value for key, value in _named(record).items() if key not in fields}
        if record.exc_info and record.exc_info[0]:
            fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        told = {key: self._blot(value) if isinstance(value, str) else value for key, value in fields.items()}
        return json.dumps(told, ensure_ascii=False)


_PLACE = re.compile(r"%%|(?:(\w+)=)?%[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")


def _named(record: logging.LogRecord) -> dict[str, object]:
    """The values of a message that its own text names; what a far end says cannot name any."""
    if not isinstance(record.args, tuple):
        return {}
    places = [place for place in _PLACE.finditer(str(record.msg)) if place[0] != "%%"]
    return {
        place[1]: value if isinstance(value, int | float) else str(value)
        for place, value in zip(places, record.args, strict=False)
        if place[1]
    }


class _Quiet(logging.Handler):
    """logging shows what it could not write, secrets and all; here it only says that there was something."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is of logging
        kind = sys.exc_info()[0]
        try:
            sys.stderr.write(f"an event of {record.name} could not be logged: {kind.__name__ if kind else 'unknown'}\n")
        except (OSError, ValueError):
            return


class _Stream(_Quiet, logging.StreamHandler[Any]):
    """Standard error."""


class _File(_Quiet, TimedRotatingFileHandler):
    """A file that begins anew at midnight in UTC."""


def start(
    secrets: Collection[str],
    level: int = logging.INFO,
    *,
    form: Literal["text", "json"] = "text",
    file: Path | None = None,
    days: int = 14,
) -> Blot:
    """Log from that level up; of libraries, from WARNING up. Returns what takes the secrets out of other texts.

    With a `file`, into that instead of standard error; files of the last `days` are kept beside it. Raises OSError.
    """
    blot = blotting(secrets)
    handler: logging.Handler = _Stream()
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _File(file, when="midnight", backupCount=days, encoding="utf-8", utc=True)
    handler.setFormatter(_Json(blot) if form == "json" else _Text(blot))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _died
    sys.unraisablehook = lambda what: _died(what.exc_type, what.exc_value, what.exc_traceback)
    threading.excepthook = lambda what: _died(what.exc_type, what.exc_value, what.exc_traceback)
    return blot


def _died(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    logging.getLogger("bot").critical("an error that nobody expected", exc_info=(kind, error or kind(), where))
