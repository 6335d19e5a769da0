"""`parley import`, killed at its work: begun again it ends with the same store as one that was left alone."""

import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sources import archive
from bot.store import posts
from bot.store.connection import connect, sqlite3
from tests.process.running import HOUSE, Parley, until, write_config
from tests.worlds import NOON, a_post

pytestmark = pytest.mark.process

COUNT = 10_000
"""Ten batches, of which two are waited for: the hand that kills has the time of eight to come too late."""


def lines() -> str:
    """Petrov's channel over a year, every tenth post with an earlier version."""
    found = []
    for number in range(COUNT):
        at = NOON + timedelta(hours=number)
        post = a_post(str(number), f"Зразок {number}: переговори тривають. [зразок]", "petrov-telegram", at, seen_at=at)
        line = archive.line(post)
        if number % 10 == 0:
            edit = f', "edited_at": "{(at + timedelta(minutes=5)).isoformat()}", "versions": [{{"seen_at": '
            line = line[:-1] + edit + f'"{at.isoformat()}", "text": "Інакше {number}. [зразок]"}}]}}'
        found.append(line + "\n")
    return "".join(found)


def command(parley: Parley, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def stored(database: Path) -> int:
    if not database.exists():
        return 0
    with closing(connect(database)) as connection:
        try:
            return posts.count(connection)
        except sqlite3.OperationalError:  # its tables are being made
            return 0


def export(parley: Parley) -> str:
    return subprocess.run(
        command(parley, "export"), cwd=HOUSE, env=parley.environment, check=True, capture_output=True, text=True
    ).stdout


def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    write_config(tmp_path, "http://127.0.0.1:1")
    file = tmp_path / "history.jsonl"
    file.write_text(lines())
    parley = Parley(tmp_path)
    database = tmp_path / "parley.db"
    before = 0
    for _ in range(2):
        with subprocess.Popen(
            command(parley, "import", str(file)), cwd=HOUSE, env=parley.environment, stdout=subprocess.PIPE
        ) as killed:
            until(lambda known=before: stored(database) > known)  # type: ignore[misc]
            killed.send_signal(signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL
        before = stored(database)
    assert 0 < before < COUNT
    again = subprocess.run(
        command(parley, "import", str(file)), cwd=HOUSE, env=parley.environment, check=True, capture_output=True
    )
    assert again.stdout.decode() == f"{COUNT:,} posts read, {COUNT - before:,} new\n"

    other = tmp_path / "other"
    other.mkdir()
    write_config(other, "http://127.0.0.1:1")
    alone = Parley(other)
    subprocess.run(
        command(alone, "import", str(file)), cwd=HOUSE, env=alone.environment, check=True, capture_output=True
    )
    assert export(parley) == export(alone)
