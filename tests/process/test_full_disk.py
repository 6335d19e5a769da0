"""A disk that fills up, as the kernel does it: a file system of some megabytes in memory."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.store import disk
from bot.store.connection import connect
from tests.process.running import Parley, TelegramFarEnd, ended, listening, post, until, write_config

pytestmark = pytest.mark.process

OPERATOR, ANN = 99, 42
MEGABYTE = 1_000_000


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of twelve megabytes; skips where nothing may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "parley-test", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def leave(folder: Path, room: int) -> None:
    """Fill the disk until so many bytes are left."""
    with (folder / "ballast").open("ab", buffering=0) as file:
        while (free := disk.free(folder)) > room:
            file.write(b"x" * min(65536, free - room))


def posts(parley: Parley) -> int:
    database = connect(Path(parley.environment["PARLEY_DATABASE"]))
    found: int = database.execute("SELECT count(*) FROM posts").fetchone()[0]
    database.close()
    return found


def test_a_full_disk_stops_collecting_and_loses_nothing(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk") as folder,
        listening("tests.telegram_server") as telegram_url,
        listening("tests.far_ends") as far_ends,
    ):
        telegram = TelegramFarEnd(telegram_url)
        write_config(tmp_path, far_ends, pace="[disk]\nreserve = 4\n")
        parley = Parley(
            tmp_path,
            TELEGRAM_API_URL=telegram_url,
            TELEGRAM_WEB_URL=far_ends,
            X_API_URL=far_ends,
            PARLEY_ADMINS=str(OPERATOR),
            PARLEY_DATABASE=str(folder / "parley.db"),
        )
        with ended(parley):
            parley.start()
            until(telegram.polling, why=parley.said)
            for chat in (OPERATOR, ANN):
                telegram.says(chat, "/start")
                telegram.says(chat, "/subscribe all")
                until(lambda chat=chat: len(telegram.texts(chat)) > 1, why=parley.said)  # type: ignore[misc]
            post(far_ends, "telegram", "p_petrov", id=1, text="Sample: the first.")
            until(lambda: "the first" in str(telegram.texts(ANN)), why=parley.said)

            leave(folder, 3 * MEGABYTE)
            until(lambda: "almost full" in str(telegram.texts(OPERATOR)), why=parley.said)
            post(far_ends, "telegram", "p_petrov", id=2, text="Образец: переговоры идут.")
            telegram.says(ANN, "/watch переговоры")
            until(lambda: "Watch for переговоры?" in str(telegram.texts(ANN)), why=parley.said)
            telegram.presses(ANN, telegram.messages(ANN)[-1], "keep")
            until(lambda: "Watching for переговоры" in str(telegram.texts(ANN)), why=parley.said)
            assert posts(parley) == 1, "nothing is collected"

            leave(folder, 0)
            telegram.says(ANN, "/language")  # it waits at Telegram, or is answered
            (folder / "ballast").unlink()
            until(lambda: "переговоры идут" in str(telegram.texts(ANN)), why=parley.said)
            until(lambda: "Which language" in str(telegram.texts(ANN)), why=parley.said)
            until(lambda: "There is room" in str(telegram.texts(OPERATOR)), why=parley.said)
            assert "🔔 переговоры" in next(text for text in telegram.texts(ANN) if "переговоры идут" in text)
            assert "Traceback" not in parley.log.read_text(), parley.said()

            leave(folder, 0)
            parley.kill()
            (folder / "ballast").unlink()
            database = connect(folder / "parley.db")
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM posts").fetchone() == (2,)
            database.close()
        assert sum("the first" in text for text in telegram.texts(ANN)) == 1
        assert sum("переговоры идут" in text for text in telegram.texts(ANN)) == 1
