"""A share of `make messages`, and that it finds what Telegram would refuse."""

import pytest

from bot.models import Message
from tests.render import anything, worlds


@pytest.mark.parametrize("kind", anything.KINDS)
def test_telegram_takes_whatever_is_made_of_anything(kind: str) -> None:
    done = anything.check(kind, 25, 1)
    assert done[kind] >= 25
    assert done["messages"] > done[kind]


def test_a_message_that_telegram_would_not_take_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(said: str) -> list[Message]:
        return [Message(said.strip() or "x")]

    monkeypatch.setitem(anything.KINDS, "long", (make, (worlds.long_letters(),), 1))
    with pytest.raises(AssertionError):
        anything.check("long", 200, 1)
