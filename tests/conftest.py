"""What every test may use. No test reaches beyond this computer: see `no_network`."""

import ipaddress
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram.request import RequestData

from bot import logs
from bot.chat.console import ConsoleRequest
from bot.store.database import Database
from tests import judging

NOW = datetime(2022, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def now() -> datetime:
    """A Monday noon in UTC; two hours later in Kyiv."""
    return NOW


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "parley.db")
    yield opened
    opened.close()


@pytest.fixture
def unused_port() -> int:
    """A port of this computer that nobody listens on; another process could take it, but none here does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """For tests that let Parley set up logging, which is one thing for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, one in levels.items():
        logging.getLogger(name).setLevel(one)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sockets connect to this computer alone."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise OSError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True, scope="session")
def misread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file into which far ends of this and of other processes write what Telegram would not have taken."""
    file = tmp_path_factory.mktemp("judging") / "misread"
    file.touch()
    os.environ[judging.MISREAD] = str(file)
    yield file
    del os.environ[judging.MISREAD]


@pytest.fixture(autouse=True)
def telegram_reads_every_message(misread: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails the test that has sent a message which Telegram would refuse, or show otherwise than meant."""
    monkeypatch.setattr(ConsoleRequest, "do_request", _judged(ConsoleRequest.do_request))
    yield
    if found := judging.emptied(misread):
        pytest.fail(f"Telegram would not have taken:\n{found}")


def _judged(do_request: Any) -> Any:
    async def judged(self: ConsoleRequest, url: str, *how: Any, **named: Any) -> Any:
        given = named.get("request_data") or next((one for one in how if isinstance(one, RequestData)), None)
        judging.call(url.rpartition("/")[2], given.json_parameters if given else {})
        return await do_request(self, url, *how, **named)

    return judged


@pytest.fixture
def misread_on_purpose(misread: Path, telegram_reads_every_message: None) -> Iterator[None]:
    """For tests of what happens when Telegram refuses a message."""
    yield
    judging.emptied(misread)
