"""One row for each line of the table of Telegram's answers, through PTB's own reading of them."""

import json

import pytest
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.request import BaseRequest, RequestData

from bot.botapi.failures import Deferred, Lost, Moved, Ours, Outcome, Refused, Sent, Stopped, sort
from bot.botapi.transport import LateAnswerError, LateConnectionError, UnansweredError, UnsentError


class Answering(BaseRequest):
    """Gives one answer to every call, so that PTB turns it into its error."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body

    @property
    def read_timeout(self) -> float:
        return 1

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **named: object
    ) -> tuple[int, bytes]:
        return self.status, self.body


def refusal(status: int, description: str, **parameters: int) -> tuple[int, bytes]:
    body = {"ok": False, "error_code": status, "description": description}
    return status, json.dumps(body | ({"parameters": parameters} if parameters else {})).encode()


def gateway(status: int) -> tuple[int, bytes]:
    return status, b"<html><h1>Something</h1></html>"


async def error_of(answer: tuple[int, bytes]) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        await Answering(*answer).post("http://127.0.0.1/bot1:T/sendMessage")
    return caught.value


def kind(outcome: Outcome) -> object:
    """An outcome without its words."""
    match outcome:
        case Refused() | Ours():
            return type(outcome), outcome.kind
        case Deferred():
            return Deferred, outcome.seconds, outcome.counted, outcome.missing, outcome.without
        case Moved():
            return Moved, outcome.chat
        case _:
            return type(outcome)


LATER = (Deferred, None, True, False, "")
UNCOUNTED = (Deferred, None, False, False, "")


TABLE: list[tuple[tuple[int, bytes], object]] = [
    (refusal(429, "Too Many Requests: retry after 5", retry_after=5), (Deferred, 5, False, False, "")),
    (refusal(429, "Too Many Requests: retry after 5"), (Deferred, 5, False, False, "")),
    (gateway(429), UNCOUNTED),
    (refusal(403, "Forbidden: bot was blocked by the user"), (Refused, "blocked")),
    (refusal(403, "Forbidden: user is deactivated"), (Refused, "gone")),
    (refusal(403, "Forbidden: bot can't initiate conversation with a user"), (Refused, "not_started")),
    (refusal(403, "Forbidden: bot was kicked from the group chat"), (Refused, "kicked")),
    (refusal(403, "Forbidden: bot was kicked from the supergroup chat"), (Refused, "kicked")),
    (refusal(403, "Forbidden: bot is not a member of the channel chat"), (Refused, "kicked")),
    (refusal(403, "Forbidden: the group chat was deleted"), (Refused, "gone")),
    (refusal(403, "Forbidden: some words that nobody has seen"), LATER),
    (gateway(403), LATER),
    (refusal(400, "Bad Request: chat not found"), (Deferred, None, True, True, "")),
    (refusal(400, "Bad Request: private chat not found"), (Deferred, None, True, True, "")),
    (refusal(400, "Bad Request: PEER_ID_INVALID"), (Deferred, None, True, True, "")),
    (
        refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009),
        (Moved, -1009),
    ),
    (refusal(400, "Bad Request: not enough rights to send text messages to the chat"), (Refused, "rights")),
    (refusal(400, "Bad Request: not enough rights to send photos to the chat"), (Refused, "rights")),
    (refusal(400, "Bad Request: have no rights to send a message"), (Refused, "rights")),
    (refusal(400, "Bad Request: have no write access to the chat"), (Refused, "rights")),
    (refusal(400, "Bad Request: need administrator rights in the channel chat"), (Refused, "rights")),
    (refusal(400, "Bad Request: CHAT_WRITE_FORBIDDEN"), (Refused, "rights")),
    (refusal(400, "Bad Request: CHAT_RESTRICTED"), (Refused, "rights")),
    (refusal(400, "Bad Request: TOPIC_CLOSED"), (Refused, "topic_closed")),
    (refusal(400, "Bad Request: message thread not found"), (Refused, "topic_gone")),
    (refusal(400, "Bad Request: message to be replied not found"), (Deferred, None, True, False, "reply")),
    (refusal(400, "Bad Request: can't parse entities: unexpected end tag at byte offset 3"), (Ours, "markup")),
    (refusal(400, "Bad Request: ENTITIES_TOO_LONG"), (Ours, "markup")),
    (refusal(400, "Bad Request: ENTITY_BOUNDS_INVALID"), (Ours, "markup")),
    (refusal(400, "Bad Request: strings must be encoded in UTF-8"), (Ours, "markup")),
    (refusal(400, "Bad Request: message is too long"), (Ours, "too_long")),
    (refusal(400, "Bad Request: text is too long"), (Ours, "too_long")),
    (refusal(400, "Bad Request: message caption is too long"), (Ours, "too_long")),
    (refusal(400, "Bad Request: message text is empty"), (Ours, "empty")),
    (refusal(400, "Bad Request: BUTTON_DATA_INVALID"), (Ours, "buttons")),
    (refusal(400, "Bad Request: reply markup is too long"), (Ours, "buttons")),
    (refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"), (Deferred, None, True, False, "media")),
    (refusal(400, "Bad Request: failed to get HTTP URL content"), (Deferred, None, True, False, "media")),
    (refusal(400, "Bad Request: wrong type of the web page content"), (Deferred, None, True, False, "media")),
    (refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), (Deferred, None, True, False, "media")),
    (refusal(400, "Bad Request: message is not modified: specified new message content"), Sent),
    (refusal(400, "Bad Request: message to edit not found"), (Refused, "edit")),
    (refusal(400, "Bad Request: message can't be edited"), (Refused, "edit")),
    (refusal(400, "Bad Request: query is too old and response timeout expired"), (Refused, "late")),
    (refusal(400, 'Bad Request: Failed to send message #2 with the error message "X"'), Lost),
    (refusal(400, "Bad Request: some words that nobody has seen"), LATER),
    (gateway(400), LATER),
    (refusal(401, "Unauthorized"), Stopped),
    (refusal(404, "Not Found"), Stopped),
    (gateway(404), Stopped),
    (refusal(409, "Conflict: terminated by other getUpdates request"), LATER),
    (refusal(413, "Request Entity Too Large"), (Ours, "too_big")),
    (gateway(413), (Ours, "too_big")),
    (refusal(500, "Internal Server Error: sent message was immediately deleted and can't be returned"), Sent),
    (refusal(500, "Internal Server Error"), Lost),
    (gateway(502), Lost),
    (gateway(504), Lost),
    (refusal(599, "Something"), Lost),
    ((200, b"<html>"), Lost),
]


def name(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].partition(b'Bad Request: ')[2][:40].decode() or answer[1][:70].decode()}"


@pytest.mark.anyio
@pytest.mark.parametrize(("answer", "expected"), TABLE, ids=[name(answer) for answer, _ in TABLE])
async def test_an_answer_means(answer: tuple[int, bytes], expected: object) -> None:
    assert kind(sort(await error_of(answer))) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnsentError("refused"), UNCOUNTED),
        (LateConnectionError("busy"), UNCOUNTED),
        (UnansweredError("broken"), Lost),
        (LateAnswerError("late"), Lost),
        (TelegramError("something of PTB's"), Lost),
        (KeyError("a bug, before or after the sending"), Lost),
    ],
    ids=repr,
)
def test_a_failure_on_the_way_means(error: Exception, expected: object) -> None:
    assert kind(sort(error)) == expected


def test_a_429_is_read_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    error = RetryAfter(7)
    monkeypatch.delenv("PTB_TIMEDELTA")
    assert kind(sort(error)) == (Deferred, 7, False, False, "")


def test_the_reason_is_kept_and_a_page_is_cut() -> None:
    assert sort(BadRequest("Topic_closed")) == Refused("topic_closed", "Topic_closed")
    outcome = sort(TelegramError("x" * 5000))
    assert isinstance(outcome, Lost)
    assert len(outcome.reason) < 300
