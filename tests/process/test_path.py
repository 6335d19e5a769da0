"""The whole path with real parts: from a post on each kind of source to a subscriber's chat, and again after a stop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.running import Parley, TelegramFarEnd, ask, ended, listening, post, until, write_config

pytestmark = pytest.mark.process

ANN = 42


class World:
    """The bot's process between a Telegram and the sources' far ends."""

    def __init__(self, parley: Parley, telegram: TelegramFarEnd, far_ends: str) -> None:
        self.parley, self.telegram, self.far_ends = parley, telegram, far_ends

    def post(self, kind: str, name: str, **what: Any) -> Any:
        return post(self.far_ends, kind, name, **what)

    def asked(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(f"{self.far_ends}/__requests")
        return [request for request in found if request["path"].startswith(path)]

    def start(self) -> None:
        self.parley.start()
        until(self.telegram.polling, why=self.parley.said)

    def alerts(self, word: str) -> list[dict[str, Any]]:
        return [message for message in self.telegram.messages(ANN) if word in message["text"]]

    def wait_for(self, word: str) -> dict[str, Any]:
        (found,) = until(
            lambda: self.alerts(word), why=lambda: f"{word}: {self.telegram.texts(ANN)}\n{self.parley.said()}"
        )
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with listening("tests.telegram_server") as telegram, listening("tests.far_ends") as far_ends:
        write_config(tmp_path, far_ends)
        parley = Parley(
            tmp_path,
            TELEGRAM_API_URL=telegram,
            TELEGRAM_WEB_URL=far_ends,
            X_API_URL=far_ends,
            X_BEARER_TOKEN="a-token-for-tests",
        )
        with ended(parley):
            yield World(parley, TelegramFarEnd(telegram), far_ends)


def first_polls(world: World) -> None:
    """Wait until each source has been read once, which is silent."""
    for path in ("/s/p_petrov", "/feed/wire", "/2/users"):
        until(lambda path=path: len(world.asked(path)) > 1, why=world.parley.said)  # type: ignore[misc]


def test_a_post_on_each_kind_of_source_becomes_exactly_one_alert(world: World) -> None:
    world.post("telegram", "p_petrov", id=1, text="Старый пост о нейтралитете")
    world.start()
    first_polls(world)
    world.telegram.says(ANN, "/subscribe all")
    until(lambda: len(world.telegram.texts(ANN)) >= 1, why=world.parley.said)
    world.telegram.says(ANN, "/watch neutrality")
    until(lambda: len(world.telegram.texts(ANN)) >= 2, why=world.parley.said)
    world.telegram.presses(ANN, world.telegram.messages(ANN)[-1], "keep")
    until(lambda: "Watching for neutrality" in str(world.telegram.texts(ANN)), why=world.parley.said)

    world.post("x", "o_ivanenko", id=1500000000000000001, text="Sample: we spoke of Neutrality & guarantees today.")
    world.post("telegram", "p_petrov", id=2, text="Образец: переговоры идут каждый день.")
    world.post(
        "feed",
        "wire",
        id="w-1",
        title="Petrov says a draft is ready",
        text="“The draft is ready,” Petrov said.",
        link="https://wire.example/w-1",
    )
    own = world.wait_for("guarantees")
    channel = world.wait_for("каждый день")
    quoted = world.wait_for("draft is ready")

    assert "🔔 neutrality" in own["text"]
    assert_shown(
        own,
        "🟦",
        "Olha Ivanenko",
        "head of delegation",
        "Own words",
        "https://x.com/o_ivanenko/status/1500000000000000001",
    )
    assert "Neutrality & guarantees" in own["text"]
    assert "🔔" not in channel["text"]
    assert_shown(channel, "🟥", "Pavel Petrov", "envoy", "Own words", "https://t.me/p_petrov/2")
    assert_shown(quoted, "🟥", "Pavel Petrov", "Quoted by The Wire", "https://wire.example/w-1")

    told = len(world.telegram.messages(ANN))
    assert world.parley.stop() == 0
    world.start()
    first_polls_after = len(world.asked("/feed/wire")) + 2
    until(lambda: len(world.asked("/feed/wire")) >= first_polls_after, why=world.parley.said)
    world.telegram.says(ANN, "/latest")
    until(lambda: len(world.telegram.messages(ANN)) > told, why=world.parley.said)
    assert len(world.telegram.messages(ANN)) == told + 1, world.telegram.texts(ANN)
    assert "Старый пост" in world.telegram.texts(ANN)[-1]
    assert world.parley.stop() == 0


def assert_shown(message: dict[str, Any], *expected: str) -> None:
    everything = str(message)
    missing = [part for part in expected if part not in everything]
    assert not missing, everything
