"""What is logged and how: one event a line on standard error, and never a secret."""

import logging
import time
from collections.abc import Collection
from urllib.parse import quote

QUIET = ("httpx", "aiohttp", "apscheduler", "asyncio", "pymorphy3", "telegram", "tweepy", "urllib3")
"""Libraries that tell too much: httpx logs addresses with the bot's token, tweepy at DEBUG its Authorization header."""


def one_line(text: str) -> str:
    """What a far end says, as one line that cannot steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


class _Redacting(logging.Formatter):
    """Blots out the secrets wherever they turn up, tracebacks included. Times are in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        written = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
        self._secrets = sorted(written, key=len, reverse=True)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is of logging
        """Without the traceback, which has lines of its own."""
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


def start(secrets: Collection[str], level: int = logging.INFO) -> None:
    """Log from that level up; of libraries, from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
