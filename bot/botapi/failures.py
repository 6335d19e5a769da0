"""What became of a message whose call failed: one table, from the words on the wire to what has to happen next.

A failure is permanent only by words that are known to mean it; an answer in other words is tried again. Only a
connection that broke leaves it open whether the message arrived: a refusal of Telegram settles that.
"""

import re
from dataclasses import dataclass
from typing import Literal

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)

from bot.botapi.transport import UnansweredError, UnsentError

RefusalKind = Literal[
    "blocked",  # by the person; until they unblock the bot or say /start
    "not_started",  # the person never spoke to the bot
    "gone",  # the account or the group no longer exists
    "kicked",  # the bot is no longer in the group or channel
    "rights",  # the bot may not write there
    "topic_closed",
    "topic_gone",
    "edit",  # the message to edit is gone or cannot be edited
    "late",  # the button was pressed too long ago to be answered
]

OursKind = Literal["markup", "too_long", "empty", "buttons", "too_big", "media"]


@dataclass(frozen=True, slots=True)
class Sent:
    """It stands in the chat as it should, whatever the answer looks like."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It did not arrive and is worth another try: after `seconds`, or with growing pauses if that is None.

    `counted`: the try counts against the message. It does not if Telegram only asked to wait or was not reached at
    all (`unreached`). `missing`: the chat is unknown there, which is believed after several tries hours apart (a
    mistyped @name looks the same for a while). `without`: the next try must leave this part out.
    """

    reason: str
    seconds: float | None = None
    counted: bool = True
    unreached: bool = False
    missing: bool = False
    without: Literal["", "reply", "media"] = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """The group has become a supergroup with another number; send it there."""

    chat: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The chat does not take it, and will not take the next one either until something changes there."""

    kind: RefusalKind
    reason: str


@dataclass(frozen=True, slots=True)
class Ours:
    """The message itself is wrong: the same again fails again. A mistake in Parley, for its log."""

    kind: OursKind
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can say whether it arrived."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing can be sent at all: the token is refused, or the address is not the Bot API's."""

    reason: str


Outcome = Sent | Deferred | Moved | Refused | Ours | Lost | Stopped

# Pieces of Telegram's words in small letters, first match wins. PTB has cut "Bad Request: " and changed the case.
_FORBIDDEN: tuple[tuple[str, RefusalKind], ...] = (
    ("bot was blocked by the user", "blocked"),
    ("user is deactivated", "gone"),
    ("can't initiate conversation", "not_started"),
    ("bot was kicked", "kicked"),
    ("bot is not a member", "kicked"),
    ("group chat was deleted", "gone"),
)
_REFUSED: tuple[tuple[str, RefusalKind], ...] = (
    ("not enough rights", "rights"),
    ("have no rights", "rights"),
    ("have no write access", "rights"),
    ("need administrator rights", "rights"),
    ("chat_write_forbidden", "rights"),
    ("chat_restricted", "rights"),
    ("chat_send_plain_forbidden", "rights"),
    ("chat_admin_required", "rights"),
    ("topic_closed", "topic_closed"),
    ("message thread not found", "topic_gone"),
    ("topic_deleted", "topic_gone"),
    ("message to edit not found", "edit"),
    ("message can't be edited", "edit"),
    ("query is too old", "late"),
)
_OURS: tuple[tuple[str, OursKind], ...] = (
    ("can't parse entities", "markup"),
    ("can't parse messageentity", "markup"),
    ("entity_", "markup"),
    ("entities_", "markup"),
    ("reply markup is too long", "buttons"),
    ("button_", "buttons"),
    ("inline keyboard button", "buttons"),
    ("reply_markup_", "buttons"),
    ("is too long", "too_long"),
    ("message_too_long", "too_long"),
    ("caption_too_long", "too_long"),
    ("message text is empty", "empty"),
    ("text must be non-empty", "empty"),
    ("must be encoded in utf-8", "markup"),
)
_MEDIA = (
    "wrong file identifier",
    "failed to get http url content",
    "wrong type of the web page content",
    "photo_invalid_dimensions",
    "image_process_failed",
    "webpage_",
)
_RETRY_AFTER = re.compile(r"retry after (\d+)")
_MAX_REASON = 200  # a gateway's page comes along whole


def sort(error: BaseException) -> Outcome:  # noqa: PLR0911 - a table, one line a class
    """What a failed call means for its message.

    Whatever is not from the table counts as lost: it may have failed on the way out or on the way back.
    """
    words = str(error)[:_MAX_REASON]
    match error:
        case RetryAfter():
            return Deferred(words, wait_of(error), counted=False)
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return _refused(_FORBIDDEN, words) or Deferred(words)
        case BadRequest():
            return _bad_request(words)
        case InvalidToken():
            return Stopped(words)
        case UnsentError():
            return Deferred(words, counted=False, unreached=True)
        case Conflict():
            return Deferred(words)
        case UnansweredError():
            return Lost(words)
        case NetworkError():
            return _server_error(words)
        case _:
            return Lost(f"{type(error).__name__}: {words}")


def wait_of(error: RetryAfter) -> float:
    """The seconds that Telegram asks to wait.

    The public attribute warns unless PTB_TIMEDELTA is set, and has another type then; this field is always the same.
    """
    return error._retry_after.total_seconds()


def _bad_request(words: str) -> Outcome:
    lower = words.lower()
    if "message is not modified" in lower:
        return Sent()
    if "failed to send message #" in lower:
        # Of an album: the server waits for all items and reports one failure, so others may stand in the chat.
        return Lost(words)
    if "chat not found" in lower or "peer_id_invalid" in lower:
        return Deferred(words, missing=True)
    if "message to be replied not found" in lower:
        return Deferred(words, without="reply")
    if any(piece in lower for piece in _MEDIA):
        return Deferred(words, without="media")
    return _refused(_REFUSED, words) or _ours(words) or Deferred(words)


def _server_error(words: str) -> Outcome:
    """Of the answers that are neither a refusal nor JSON: gateways' pages, 413, 429 without a time, 5xx."""
    lower = words.lower()
    if "too many requests" in lower:
        named = _RETRY_AFTER.search(lower)
        return Deferred(words, float(named[1]) if named else None, counted=False)
    if "sent message was immediately deleted" in lower:
        return Sent()
    if "entity too large" in lower or "content too large" in lower:
        return Ours("too_big", words)
    return Lost(words)


def _refused(table: tuple[tuple[str, RefusalKind], ...], words: str) -> Refused | None:
    lower = words.lower()
    return next((Refused(kind, words) for piece, kind in table if piece in lower), None)


def _ours(words: str) -> Ours | None:
    lower = words.lower()
    return next((Ours(kind, words) for piece, kind in _OURS if piece in lower), None)
