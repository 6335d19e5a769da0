"""Telegram's own view of a message: its limits, and its parser (TDLib, offline)."""

import json
from itertools import pairwise
from typing import Any

import tdjson

from bot.models import Entity, Message

_QUIET = tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')

TYPES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "code": "Code",
    "pre": "Pre",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
    "text_link": "TextUrl",
    "date_time": "DateTime",
}


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
    """The formatted text after TDLib has checked and repaired it, or its error.

    It goes through `parseMarkdown`, which repairs what it is given before it looks for marks of its own; signs that it
    would take for marks are replaced first.
    """
    text = message.text
    for sign in "*_~`|[]":
        text = text.replace(sign, ".")
    entities = [
        {"@type": "textEntity", "offset": one.offset, "length": one.length, "type": _type(one)}
        for one in message.entities
    ]
    question = {"@type": "parseMarkdown", "text": {"@type": "formattedText", "text": text, "entities": entities}}
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(question).encode()) or b"{}")
    return answer


def _type(entity: Entity) -> dict[str, Any]:
    kind: dict[str, Any] = {"@type": f"textEntityType{TYPES[entity.type]}"}
    if entity.url:
        kind["url"] = entity.url
    if entity.unix_time:
        kind["unix_time"] = entity.unix_time
    return kind


def survives_telegram(message: Message) -> None:
    """Telegram takes the message, and every link, quotation and time stays where it was put."""
    answer = as_telegram_reads_it(message)
    assert answer["@type"] == "formattedText", answer
    stays = {"TextUrl", "BlockQuote", "ExpandableBlockQuote", "DateTime", "Code"}
    wanted = {_key(TYPES[one.type], stretch(message, one), one.url) for one in message.entities}
    raw = answer["text"].encode("utf-16-le")
    got = set()
    for one in answer["entities"]:
        words = raw[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        got.add(_key(one["type"]["@type"].removeprefix("textEntityType"), words, one["type"].get("url", "")))
    for kind, words, url in wanted:
        if kind in stays:
            assert (kind, words, url) in got, (kind, words, url, got)


def _key(kind: str, words: str, url: str) -> tuple[str, str, str]:
    for sign in "*_~`|[]":
        words = words.replace(sign, ".")
    # TDLib takes away accents that draw vertical lines, and spaces of no width at the ends
    kept = "".join(letter for letter in words if letter not in "\u0333\u033f\u030a")
    return kind, kept, url.rstrip("/")


def in_order(message: Message) -> bool:
    return all((a.offset, -a.length) <= (b.offset, -b.length) for a, b in pairwise(message.entities))
