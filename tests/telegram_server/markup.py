"""Telegram's own reading of text, offline: TDLib's parser for markup, and what it finds in plain text."""

from typing import Any

import lo_bot_api_emulator as lo

from tests.judging import tdlib

Entity = dict[str, Any]

PARSE_MODES = {
    "html": {"@type": "textParseModeHTML"},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
}
# TDLib's names of entities where the Bot API's are not the same in small letters.
ENTITY_NAMES = {
    "PreCode": "pre",
    "ExpandableBlockQuote": "expandable_blockquote",
    "TextUrl": "text_link",
    "MentionName": "text_mention",
    "CustomEmoji": "custom_emoji",
    "DateTime": "date_time",
    "BotCommand": "bot_command",
    "EmailAddress": "email",
    "PhoneNumber": "phone_number",
}
UNSHOWN_ENTITIES = {"BankCardNumber", "MediaTimestamp"}


def read_markup(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Turn marked-up text into plain text and entities, or refuse it in Telegram's words."""
    if mode.lower() not in PARSE_MODES:
        raise lo.ApiRefusal("Bad Request: unsupported parse_mode")
    answer = tdlib({"@type": "parseTextEntities", "text": text, "parse_mode": PARSE_MODES[mode.lower()]})
    if answer["@type"] == "error":
        reason = answer["message"]
        raise lo.ApiRefusal("Bad Request: " + reason[0].lower() + reason[1:])
    return answer["text"], entities_of(answer)


def find_entities(text: str) -> list[Entity]:
    """Find the commands, mentions, links and tags that Telegram sees in what a person typed."""
    return entities_of(tdlib({"@type": "getTextEntities", "text": text}))


def entities_of(answer: dict[str, Any]) -> list[Entity]:
    """TDLib's entities in the Bot API's form; those that the Bot API does not show are left out."""
    named = [(found["type"]["@type"].removeprefix("textEntityType"), found) for found in answer["entities"]]
    return [
        entity(ENTITY_NAMES.get(name, name.lower()), found) for name, found in named if name not in UNSHOWN_ENTITIES
    ]


def entity(name: str, found: dict[str, Any]) -> Entity:
    kind = found["type"]
    result: Entity = {"type": name, "offset": found["offset"], "length": found["length"]}
    for key in ("url", "language", "custom_emoji_id", "unix_time"):
        if key in kind:
            result[key] = kind[key]
    if "user_id" in kind:
        result["user"] = {"id": kind["user_id"], "is_bot": False, "first_name": "User"}
    return result
