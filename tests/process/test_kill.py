"""SIGKILL at random moments of the path: no post twice, no alert lost, and an alert again only where its answer was
cut off.
"""

import os
import random
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.store.connection import connect
from tests.process.running import Parley, TelegramFarEnd, ended, listening, post, until, write_config

pytestmark = pytest.mark.process

ROUNDS = 50
CHATS = (41, 42, 43)
LONGEST = 1.5
"""Seconds after the posts appear within which the process is killed: a poll, its commit and the sends lie there."""
SLOW = 0.4
"""In so many rounds Telegram does the work and answers late, so that answers are cut off too."""


def test_kill_9_at_any_moment_loses_nothing_and_repeats_only_what_was_on_the_wire(tmp_path: Path) -> None:
    seed = int(os.environ.get("PARLEY_KILL_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"seed {seed} (PARLEY_KILL_SEED repeats it)")
    chance = random.Random(seed)
    with listening("tests.telegram_server") as telegram_url, listening("tests.far_ends") as far_ends:
        telegram = TelegramFarEnd(telegram_url)
        write_config(tmp_path, far_ends, pace="[pace]\npaid = true\noverall = 1000\nchat = 1000\n")
        environment = {"TELEGRAM_API_URL": telegram_url, "TELEGRAM_WEB_URL": far_ends, "X_API_URL": far_ends}
        with ended(Parley(tmp_path, X_BEARER_TOKEN="a-token-for-tests", **environment)) as parley:
            _subscribe(parley, telegram)
            words: list[str] = []
            ends: list[int] = []
            for number in range(1, ROUNDS + 1):
                ends.append(_last_call(telegram))
                parley.start()
                if chance.random() < 0.8:
                    until(telegram.polling, why=parley.said)
                if chance.random() < SLOW:
                    telegram.fault(kind="delay_after", method="sendMessage", seconds=LONGEST, times=2)
                words += _new_posts(far_ends, number, chance)
                time.sleep(chance.uniform(0, LONGEST))  # the moment is what this test is about
                parley.kill()
            ends.append(_last_call(telegram))
            parley.start()
            until(lambda: _arrived(telegram, words), within=60, why=parley.said)
            assert parley.stop() == 0
        _assert_no_post_twice(tmp_path / "parley.db", len(words))
        repeated = _repeats(telegram, words, ends)
        print(f"{len(words)} posts to {len(CHATS)} chats, {ROUNDS} kills, {repeated} alerts repeated")


def _subscribe(parley: Parley, telegram: TelegramFarEnd) -> None:
    parley.start()
    until(telegram.polling, why=parley.said)
    for chat in CHATS:
        telegram.says(chat, "/subscribe all")
        until(lambda chat=chat: telegram.texts(chat), why=parley.said)  # type: ignore[misc]
    database = connect(parley.folder / "parley.db")
    read = "SELECT count(*) FROM sources WHERE last_ok_at IS NOT NULL"
    until(lambda: database.execute(read).fetchone()[0] == 3, why=parley.said)
    database.close()
    assert parley.stop() == 0


def _new_posts(far_ends: str, number: int, chance: random.Random) -> list[str]:
    """One or more posts; gives the word by which each is known."""
    kinds = chance.sample(["x", "telegram", "feed"], chance.randint(1, 3))
    for kind in kinds:
        text = f"Sample statement {kind}-{number:03}."
        match kind:
            case "x":
                post(far_ends, "x", "o_ivanenko", id=1500000000000000000 + number, text=text)
            case "telegram":
                post(far_ends, "telegram", "p_petrov", id=number, text=text)
            case "feed":
                post(
                    far_ends,
                    "feed",
                    "wire",
                    id=f"w-{number}",
                    title=f"Petrov: {text}",
                    link=f"https://wire.example/{number}",
                )
    return [f"{kind}-{number:03}." for kind in kinds]


def _alerts(telegram: TelegramFarEnd, words: list[str]) -> list[tuple[int, int, str]]:
    """Every alert that Telegram took, in order: number of the call, chat, word."""
    taken = []
    for call in telegram.calls("sendMessage"):
        text = str(call["fields"].get("text", ""))
        taken += [(call["number"], int(call["fields"]["chat_id"]), word) for word in words if word in text]
    return taken


def _arrived(telegram: TelegramFarEnd, words: list[str]) -> bool:
    taken = {(chat, word) for _, chat, word in _alerts(telegram, words)}
    return len(taken) == len(words) * len(CHATS)


def _last_call(telegram: TelegramFarEnd) -> int:
    calls: list[dict[str, Any]] = telegram.calls("sendMessage")
    return max((call["number"] for call in calls), default=0)


def _assert_no_post_twice(path: Path, expected: int) -> None:
    database = connect(path)
    rows = database.execute("SELECT text FROM posts").fetchall()
    database.close()
    assert len(rows) == len(set(rows)) == expected


def _repeats(telegram: TelegramFarEnd, words: list[str], ends: list[int]) -> int:
    """How many alerts came again. Each must have been the last that its chat got before a kill."""
    alerts = _alerts(telegram, words)
    lasts = set()
    for before, end in pairwise(ends):
        last_of_chat = {chat: word for number, chat, word in alerts if before < number <= end}
        lasts |= set(last_of_chat.items())
    counts = Counter((chat, word) for _, chat, word in alerts)
    again = {key for key, count in counts.items() if count > 1}
    assert again <= lasts
    return sum(counts[key] - 1 for key in again)
