"""Killed at every boundary of the deliver loop: what arrives is what is promised for its kind."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.boundaries import FIRST_CHAT, TEXTS
from tests.process.running import HOUSE
from tests.telegram_server.serving import serve

pytestmark = [pytest.mark.process, pytest.mark.anyio]


@pytest.mark.parametrize(("lane", "repeated"), [("alert", True), ("digest", False)])
async def test_killed_anywhere_a_statement_comes_once_or_twice_and_a_digest_once_or_not_at_all(
    tmp_path: Path, lane: str, repeated: bool
) -> None:
    async with serve() as telegram:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.boundaries",
            telegram.url,
            str(tmp_path),
            lane,
            cwd=HOUSE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        boundaries = [json.loads(line) for line in output.splitlines()]
        arrived = {one["boundary"]: telegram.texts(FIRST_CHAT + one["boundary"]) for one in boundaries}

    for one in boundaries:
        assert one["end"] == expected_end(one, repeated), one
        assert Counter(arrived[one["boundary"]]) == expected_copies(one, repeated), one
        assert first_copies(arrived[one["boundary"]]) == [text for text in TEXTS if text in arrived[one["boundary"]]]
    kinds = Counter(kind(one) for one in boundaries)
    print(f"{lane}: {len(boundaries)} boundaries: {dict(kinds)}")
    assert kinds["claimed"]
    assert kinds["called"]


def on_its_way(one: dict[str, Any]) -> str:
    """The message that was being sent when the process died, if any."""
    return next((text for text, state in zip(TEXTS, one["left"], strict=True) if state == "sending"), "")


def kind(one: dict[str, Any]) -> str:
    if not on_its_way(one):
        return "at rest"
    return "claimed" if one["called"] is False else "called"


def expected_end(one: dict[str, Any], repeated: bool) -> list[str]:
    cut = on_its_way(one)
    return ["unknown" if text == cut and not repeated else "sent" for text in TEXTS]


def expected_copies(one: dict[str, Any], repeated: bool) -> Counter[str]:
    """As the table says: after the claim 1 or none, after the call 2 or 1."""
    copies = Counter(TEXTS)
    if kind(one) == "called" and repeated:
        copies[on_its_way(one)] += 1
    if kind(one) == "claimed" and not repeated:
        copies[on_its_way(one)] -= 1
    return +copies


def first_copies(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))
