"""Telegram's own view of a message: its limits, and its parser (TDLib, offline)."""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

from bot.models import Entity, Message
from tests import judging


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def stretch(message: Message, entity: Entity) -> str:
    raw = message.text.encode("utf-16-le")
    return raw[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def within_limits(message: Message) -> None:
    """Fails on anything for which Telegram would refuse the message or show it otherwise than meant."""
    assert message.text.strip() == message.text
    assert 1 <= units(message.text) <= 4096
    assert len(message.entities) <= 100
    for entity in message.entities:
        assert entity.length > 0
        words = stretch(message, entity)
        assert words.strip() == words
        assert words
    assert sum(len(row) for row in message.buttons) <= 100
    for row in message.buttons:
        assert 1 <= len(row) <= 8
        for button in row:
            assert button.text.strip()
            assert units(button.text) <= 64
            assert [bool(button.data), bool(button.url), bool(button.copy)].count(True) == 1
            assert units(button.copy) <= 256
            assert len(button.data.encode()) <= 64
            assert not button.url or button.url.startswith(("http://", "https://"))


def as_telegram_reads_it(message: Message) -> dict[str, Any]:
    """The formatted text after TDLib has checked and repaired it, or its error."""
    return judging.as_telegram_reads_it(message.text, [asdict(one) for one in message.entities])


def survives_telegram(message: Message) -> None:
    """Telegram takes the message, and every link, quotation and time stays where it was put."""
    assert judging.complaints(message.text, [asdict(one) for one in message.entities]) == []


def in_order(message: Message) -> bool:
    return all((a.offset, -a.length) <= (b.offset, -b.length) for a, b in pairwise(message.entities))
