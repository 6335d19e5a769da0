"""Whoever judges all messages is judged: what Telegram would not take is found, and Telegram's parser is here."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import judging


@pytest.fixture
def found(misread: Path, misread_on_purpose: None) -> Any:
    """Judges a call and gives the complaints."""

    def judge(method: str, **fields: Any) -> str:
        judging.call(method, fields)
        told = misread.read_text(encoding="utf-8")
        misread.write_text("")
        return told

    return judge


def test_telegrams_parser_reads_all_messages() -> None:
    if not judging.PARSER:
        pytest.skip("tdjson has no wheel for this platform: messages are held to Telegram's limits alone")
    assert judging.as_telegram_reads_it("words", [])["text"] == "words"


def test_what_telegram_takes_is_not_complained_of(found: Any) -> None:
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.example/"}
    assert not found("sendMessage", text="😀 link", entities=[link], reply_markup='{"inline_keyboard": []}')
    assert not found("sendPhoto", caption="x" * 1024, caption_entities=json.dumps([]))
    assert not found("getUpdates", timeout=1)
    assert not found("answerCallbackQuery", callback_query_id="1", text="x" * 200)
    assert not found("sendMediaGroup", media=json.dumps([{"type": "photo", "media": "x", "caption": "words"}]))


BOLD = {"type": "bold", "offset": 0, "length": 1}


@pytest.mark.parametrize(
    ("method", "fields", "complaint"),
    [
        ("sendMessage", {"text": "x" * 4097}, "4097 UTF-16 units"),
        ("sendMessage", {"text": "😀" * 2049}, "4098 UTF-16 units"),
        ("editMessageText", {"text": " "}, "nothing is said"),
        ("sendMessage", {"text": "\ud800"}, "half of a surrogate pair"),
        ("sendPhoto", {"caption": "x" * 1025}, "1025 UTF-16 units"),
        ("sendMediaGroup", {"media": [{"caption": "x" * 1025}]}, "1025 UTF-16 units"),
        ("sendMessage", {"text": "x" * 101, "entities": [BOLD] * 101}, "101 marks"),
        ("sendMessage", {"text": "x", "entities": [BOLD | {"offset": 1}]}, "a mark lies outside"),
        ("sendMessage", {"text": "😀", "entities": [BOLD]}, "begins or ends on nothing"),
        ("sendMessage", {"text": "x y", "entities": [BOLD | {"length": 2}]}, "begins or ends on nothing"),
        (
            "sendMessage",
            {"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "no address"}]},
            "Telegram" if not judging.PARSER else "no address",
        ),
        ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}] * 9]}}, "too many buttons"),
        ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": " "}]]}}, "without words"),
        (
            "editMessageReplyMarkup",
            {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "я" * 33}]]}},
            "data of a button is too long",
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "copy_text": {"text": "x" * 257}}]]}},
            "copies too much",
        ),
        (
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "javascript:1"}]]}},
            "leads nowhere",
        ),
        ("answerCallbackQuery", {"text": "x" * 201}, "a note is too long"),
        (
            "answerInlineQuery",
            {"results": [{"input_message_content": {"message_text": "x" * 4097}}]},
            "4097 UTF-16 units",
        ),
    ],
)
def test_what_it_would_not_take_is(found: Any, method: str, fields: dict[str, Any], complaint: str) -> None:
    if complaint == "no address" and not judging.PARSER:
        pytest.skip("only Telegram's parser knows addresses")
    assert complaint in found(method, **fields)
