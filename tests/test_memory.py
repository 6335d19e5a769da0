"""What a process holds of what it has freed: measured in a process of its own, as glibc's switches hold for good."""

import subprocess
import sys

import pytest

from bot import memory
from tests.process.running import HOUSE

HELD = """
import os, threading
from bot import memory
from tests.bench.spending import resident

{before}
turn = threading.Barrier(8)

def work():
    blocks = [bytearray(1000) for _ in range(4000)]
    turn.wait()
    del blocks[:-1]
    kept.append(blocks)
    turn.wait()

kept = []
held = resident(os.getpid())
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
{after}
print(resident(os.getpid()) - held)
"""
"""Eight threads take 4 MB each at the same time, and keep a block of it."""


def held(*, before: str = "", after: str = "") -> float:
    """MiB."""
    program = HELD.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


@pytest.mark.process
def test_who_reads_nothing_on_x_does_not_hold_its_library() -> None:
    subprocess.run(
        [sys.executable, "-c", "import sys; from bot import app; 'tweepy' in sys.modules and sys.exit(1)"],
        cwd=HOUSE,
        check=True,
    )


@pytest.mark.process
def test_what_threads_have_freed_goes_back_to_the_computer() -> None:
    assert held(before="memory.keep_little()", after="memory.give_back()") < held() / 2


def test_a_c_library_without_these_switches_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    memory.keep_little()
    memory.give_back()
