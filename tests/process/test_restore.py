"""Backed up, watched and put back as an operator does it: real processes, real HTTP."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.process.running import HOUSE, Parley, TelegramFarEnd, ended, listening, post, until, write_config

pytestmark = pytest.mark.process

ANN = 42
WORD = "перемир'я"


def command(parley: Parley, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=HOUSE, env=parley.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_nothing_is_told_again_that_was_told_before_the_backup(tmp_path: Path, unused_port: int) -> None:
    with listening("tests.telegram_server") as telegram_url, listening("tests.far_ends") as far_ends:
        telegram = TelegramFarEnd(telegram_url)
        backups = tmp_path / "backups"
        write_config(tmp_path, far_ends, pace=f'[backup]\nfolder = "{backups}"\n')
        parley = Parley(
            tmp_path,
            TELEGRAM_API_URL=telegram_url,
            TELEGRAM_WEB_URL=far_ends,
            X_API_URL=far_ends,
            PARLEY_HEALTH_PORT=str(unused_port),
        )

        def told(word: str) -> int:
            return sum(word in text for text in telegram.texts(ANN))

        with ended(parley):
            parley.start()
            until(telegram.polling, why=parley.said)
            telegram.says(ANN, "/subscribe all")
            telegram.says(ANN, f"/watch {WORD}")
            until(lambda: len(telegram.texts(ANN)) > 1, why=parley.said)
            post(far_ends, "telegram", "p_petrov", id=1, text="Образец: первый пост.")
            until(lambda: told("первый пост"), why=parley.said)
            until(lambda: list(backups.glob("parley-*.db")), why=parley.said)  # by itself, at the start

            _assert_watched(unused_port)
            done = command(parley, "backup", str(tmp_path / "copy.db"))
            assert done.returncode == 0, done.stderr

            post(far_ends, "telegram", "p_petrov", id=2, text="Образец: второй пост.")
            until(lambda: told("второй пост"), why=parley.said)
            parley.kill()
            done = command(parley, "restore", str(tmp_path / "copy.db"))
            assert done.returncode == 0, done.stderr
            assert "1 posts, 1 subscribers, checked" in done.stdout
            post(far_ends, "telegram", "p_petrov", id=3, text="Образец: третий пост.")
            parley.start()
            until(lambda: told("третий пост"), why=parley.said)
            until(lambda: told("второй пост") == 2, why=parley.said)  # told by the process that was replaced
            assert told("первый пост") == 1
            assert parley.stop() == 0
        assert len(list(tmp_path.glob("parley.db.replaced-*"))) == 1


def _assert_watched(port: int) -> None:
    """The pages of the running process: all is well, sends are counted, and nobody's words are shown."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.read() == b"ok"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    for line in (
        r'parley_sends_total\{lane="\w+",result="sent"\} 1\.0',
        r'parley_polls_total\{result="read",source="petrov-telegram"\} [1-9]',
        r'parley_new_posts_total\{source="petrov-telegram"\} 1\.0',
        r"parley_backup_age_seconds \d",
        r"parley_clock_skew_seconds -?\d",
        r"process_resident_memory_bytes \d",
    ):
        assert re.search(line, metrics), (line, metrics)
    assert WORD not in metrics
