"""A finished message as the arguments of a call, and as the body of one."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    TelegramObject,
)

from bot.models import Button, Entity, Message

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def arguments(message: Message) -> dict[str, Any]:
    """For `bot.send_message` and `bot.edit_message_text`, which need the chat (and the message) besides.

    Never a parse_mode: what people wrote is text and nothing else. Without buttons an edit takes the old ones away.
    """
    return {
        "text": message.text,
        "entities": [_entity(entity) for entity in message.entities] or None,
        "reply_markup": keyboard(message.buttons),
        "link_preview_options": _preview(message.picture) if message.picture else _NO_PREVIEW,
    }


def _preview(picture: str) -> LinkPreviewOptions:
    """As wide as the message, below its words, whatever addresses stand in these."""
    return LinkPreviewOptions(url=picture, prefer_large_media=True, show_above_text=False)


def written(message: Message) -> bytes:
    """The same as JSON, for whoever sends it to many: an object that lacks its first brace and the chat."""
    given = {name: value for name, value in arguments(message).items() if value is not None}
    parameters = {name: _plain(value) for name, value in given.items()}
    return json.dumps(parameters, ensure_ascii=False).encode()[1:]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.to_dict() if isinstance(value, TelegramObject) else value


def caption(message: Message) -> dict[str, Any]:
    """The same words under a file."""
    return {
        "caption": message.text,
        "caption_entities": [_entity(entity) for entity in message.entities] or None,
        "reply_markup": keyboard(message.buttons),
    }


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """None where there are no buttons."""
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in rows]) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    copied = CopyTextButton(button.copy) if button.copy else None
    return InlineKeyboardButton(
        button.text, url=button.url or None, callback_data=button.data or None, copy_text=copied
    )


def _entity(entity: Entity) -> MessageEntity:
    return MessageEntity(
        entity.type,
        entity.offset,
        entity.length,
        url=entity.url or None,
        unix_time=datetime.fromtimestamp(entity.unix_time, UTC) if entity.unix_time else None,
        date_time_format=entity.format or None,
    )
