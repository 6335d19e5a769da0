"""The bot as a user starts it: a child process, real HTTP to servers on this computer, SIGTERM and SIGKILL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

TOKEN = "123456789:TEST"
HOUSE = Path(__file__).parents[2]


def until(question: Callable[[], T], within: float = 20.0, why: Callable[[], str] = str, pause: float = 0.02) -> T:
    """Ask until the answer is true; gives it. Fails with `why` when it takes too long. All in seconds."""
    end = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < end, why()
        time.sleep(pause)
    return answer


def ask(url: str, body: Any = None, method: str = "") -> Any:
    """One HTTP request with and for JSON; an empty or other answer comes as text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method or None)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


@contextmanager
def listening(module: str, *arguments: str) -> Iterator[str]:
    """Run a server of the tests as a process; gives its address. In the end the far ends are asked whether each request
    to X was one that X describes.
    """
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            url = f"http://127.0.0.1:{server.stdout.readline().split()[1]}"
            yield url
            if module == "tests.far_ends":
                mistakes = ask(f"{url}/__mistakes")
                assert not mistakes, mistakes
        finally:
            server.terminate()


class TelegramFarEnd:
    """The Bot API test server: what happens in Telegram, and what stands in its chats."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.number = 0

    def says(self, chat: int, text: str, /, **more: Any) -> None:
        """A person writes to the bot in a private chat, or in the chat that `more` describes."""
        person = {"id": abs(chat), "is_bot": False, "first_name": "Ann", "language_code": "en"}
        message = {"from": person, "chat": {"id": chat, "type": "private", "first_name": "Ann"}, "text": text} | more
        ask(f"{self.url}/__fixture/updates", {"token": TOKEN, "update": {"message": message}})

    def presses(self, chat: int, message: dict[str, Any], data: str) -> None:
        self.number += 1
        person = {"id": abs(chat), "is_bot": False, "first_name": "Ann", "language_code": "en"}
        query = {"id": str(self.number), "from": person, "chat_instance": "1", "message": message, "data": data}
        ask(f"{self.url}/__fixture/updates", {"token": TOKEN, "update": {"callback_query": query}})

    def messages(self, chat: int) -> list[dict[str, Any]]:
        """What the bot has written into the chat and stands there, oldest first."""
        standing: list[dict[str, Any]] = ask(f"{self.url}/__chat/{chat}")
        return [message for message in standing if message.get("from", {}).get("is_bot")]

    def texts(self, chat: int) -> list[str]:
        return [message["text"] for message in self.messages(chat)]

    def polling(self) -> bool:
        return bool(ask(f"{self.url}/__polling"))

    def calls(self, method: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(f"{self.url}/__calls?method={method}")
        return found

    def fault(self, **details: Any) -> None:
        ask(f"{self.url}/__fault", details)


class Parley:
    """`parley run`, to be started, stopped and killed any number of times on one database."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "parley.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "PARLEY_DATABASE": str(folder / "parley.db"),
            "PARLEY_CONFIG": str(folder / "config"),
            **{name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_")},
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=HOUSE, env=self.environment, stdout=log, stderr=log
            )

    def stop(self, number: int = signal.SIGTERM, within: float = 20.0) -> int:
        """Send the signal and give the exit status."""
        assert self.process
        self.process.send_signal(number)
        status = self.process.wait(within)
        self.process = None
        return status

    def kill(self) -> None:
        assert self.stop(signal.SIGKILL) == -signal.SIGKILL

    def said(self) -> str:
        """The end of the log, for a test that fails."""
        return self.log.read_text()[-6000:] if self.log.exists() else ""


@contextmanager
def ended(parley: Parley) -> Iterator[Parley]:
    """No child outlives its test."""
    try:
        yield parley
    finally:
        if parley.process:
            parley.process.kill()
            parley.process.wait()


def post(far_ends: str, kind: str, name: str, **what: Any) -> Any:
    """Let a post appear, or change, at the far end of a source."""
    return ask(f"{far_ends}/__post", {"kind": kind, "name": name, **what})


TALKS = """
[[talks]]
id = "sample"
name = { en = "Sample talks", uk = "Зразкові переговори", ru = "Образцовые переговоры" }

[[sides]]
id = "north"
talks = "sample"
name = { en = "North", uk = "Північ", ru = "Север" }
flag = "🟦"

[[sides]]
id = "south"
talks = "sample"
name = { en = "South", uk = "Південь", ru = "Юг" }
flag = "🟥"

[[speakers]]
id = "ivanenko"
side = "north"
name = { en = "Olha Ivanenko", uk = "Ольга Іваненко", ru = "Ольга Иваненко" }
roles = [{ talks = "sample", title = { en = "head of delegation", uk = "голова делегації", ru = "глава делегации" } }]

[[speakers]]
id = "petrov"
side = "south"
name = { en = "Pavel Petrov", uk = "Павло Петров", ru = "Павел Петров" }
roles = [{ talks = "sample", title = { en = "envoy", uk = "посланець", ru = "посланник" } }]
"""

SOURCES = """
[[sources]]
id = "ivanenko-x"
kind = "x"
address = "o_ivanenko"
speaker = "ivanenko"
language = "en"
every = "1s"

[[sources]]
id = "petrov-telegram"
kind = "telegram"
address = "p_petrov"
speaker = "petrov"
language = "ru"
every = "1s"

[[sources]]
id = "wire"
kind = "feed"
address = "{feeds}/feed/wire"
outlet = {{ en = "The Wire", uk = "Дріт", ru = "Провод" }}
language = "en"
every = "1s"
"""


def write_config(folder: Path, feeds: str, *, pace: str = "") -> None:
    config = folder / "config"
    config.mkdir()
    (config / "talks.toml").write_text(TALKS)
    (config / "sources.toml").write_text(SOURCES.format(feeds=feeds))
    (config / "topics.toml").write_text("")
    (config / "parley.toml").write_text('[defaults]\nlanguage = "en"\nzone = "Europe/Kyiv"\n' + pace)
