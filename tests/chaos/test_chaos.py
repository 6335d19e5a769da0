"""A minute's share of `make chaos`."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.chaos import Run

pytestmark = pytest.mark.process


def test_kill_9_and_a_telegram_that_fails_lose_nothing_and_repeat_only_what_was_cut_off(tmp_path: Path) -> None:
    seed = os.environ.get("PARLEY_CHAOS_SEED", str(random.SystemRandom().randrange(1_000_000)))
    report = Run(tmp_path, seed, chats=2000, hangs=0).play(kills=4, posts_a_life=0.5)
    print(report)
    assert report.kills + report.restarts == 4
    assert report.sound()
