"""/stats: in numbers and as a picture."""

import pytest

from bot import charts
from bot.store import gaps
from tests.chat.offline import Talk, data_of, text_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
def said(office: Office) -> Office:
    office.said(98, "A truce is near.", quoted("petrov"), quoted("ivanenko"))
    office.said(97, "Gas is dear.", quoted("petrov"))
    office.said(50, "Gas was dear.", quoted("sidorov"))
    return office


async def test_what_was_said_is_counted_by_side_day_and_topic(talk: Talk, said: Office) -> None:
    (answer,) = await talk.says("/stats")
    assert answer["text"] == (
        "📊 Statements, 8–14 March 2022 (Europe/Kyiv)\nA statement told by many counts once.\n\n"
        "🟥 South: 3 (75%) ▇▇▇▇▇▇▇▇▇▇▇▇\n🟦 North: 1 (25%) ▇▇▇▇\n\n"
        "By day\n14 Mar ▇▇▇▇▇▇▇▇▇▇▇▇ 3 · 🟥 2, 🟦 1\n13 Mar 0\n12 Mar ▇▇▇▇ 1 · 🟥 1\n8–11 Mar 0\n\n"
        "Topics\nTruce: 1 (25%)\n\n"
        "Topics know words, not irony; who rebuts a thing is counted as naming it."
    )
    assert data_of(answer) == ["stats:7", "stats:30", "picture:7"]


async def test_thirty_days_are_a_button_or_a_number_away(talk: Talk, said: Office) -> None:
    (answer,) = await talk.says("/stats 30")
    assert "📊 Statements, 13 February – 14 March 2022" in answer["text"]
    assert "13 Feb – 11 Mar 0" in answer["text"]
    (shown,) = [call for call in await talk.presses("stats:7", answer) if call["method"] == "editMessageText"]
    assert "8–14 March" in shown["text"]
    captions = [button["text"] for button in answer["reply_markup"]["inline_keyboard"][0]]
    assert captions == ["7 days", "● 30 days"]


async def test_when_nothing_could_be_seen_that_is_said(talk: Talk, said: Office) -> None:
    await said.database.write(gaps.add, "", NOON.replace(hour=1), NOON.replace(hour=9), "down")
    assert "03:00" in text_of(await talk.says("/stats"))


async def test_nothing_said_is_one_line_without_a_picture(talk: Talk) -> None:
    (answer,) = await talk.says("/stats")
    assert answer["text"].endswith("\n\nNothing was heard in these days.")
    assert data_of(answer) == ["stats:7", "stats:30"]
    assert "No picture could be made" in text_of(await talk.presses("picture:7", answer))


async def test_a_picture_comes_as_a_message_of_its_own(talk: Talk, said: Office) -> None:
    answers = await talk.presses("picture:7")
    assert [call["method"] for call in answers] == ["answerCallbackQuery", "sendPhoto"]
    assert answers[1]["files"]["parley.png"].startswith(b"\x89PNG")
    assert answers[1]["caption"] == "Up to 14 March 2022, 14:00 EET. /stats has the numbers."


@pytest.mark.parametrize(
    "refusal", [(400, "Bad Request: not enough rights to send photos to the chat"), (403, "Forbidden: x")]
)
async def test_a_chat_that_takes_no_pictures_is_answered_in_words(
    talk: Talk, said: Office, refusal: tuple[int, str]
) -> None:
    talk.telegram.refuse["sendPhoto"] = refusal
    assert "No picture could be made" in str((await talk.presses("picture:7"))[-1]["text"])


async def test_without_matplotlib_there_is_text_alone(
    talk: Talk, said: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "EXTRA", "no_such_package")
    (answer,) = await talk.says("/stats")
    assert data_of(answer) == ["stats:7", "stats:30"]


@pytest.mark.parametrize("data", ["stats:8", "picture:", "stats:7:7"])
async def test_a_button_for_other_days_is_stale(talk: Talk, data: str) -> None:
    (answer,) = await talk.presses(data)
    assert answer["show_alert"]
