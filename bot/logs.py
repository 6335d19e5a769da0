"""What is logged and how: one event a line on standard error, and never a secret."""

import logging
from collections.abc import Collection

QUIET = ("httpx", "aiohttp", "apscheduler", "asyncio", "pymorphy3", "telegram", "tweepy", "urllib3")
"""Libraries that tell too much: httpx logs addresses with the bot's token, tweepy at DEBUG its Authorization header."""


class _Redacting(logging.Formatter):
    """Blots out the secrets wherever they turn up, tracebacks included."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


def start(secrets: Collection[str]) -> None:
    """Log from INFO up; of libraries, from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
