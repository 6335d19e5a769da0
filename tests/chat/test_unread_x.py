"""What X does not show is not shown here; accounts that are not read for want of a token are named everywhere."""

import pytest

from bot.models import Statement
from bot.store import posts
from tests.chat.offline import Talk
from tests.chat.worlds import Office
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

WORDS = "Mind the sample of a secret."


def text_of(answers: list[dict[str, str]]) -> str:
    (answer,) = [one for one in answers if "text" in one]
    return answer["text"]


@pytest.mark.parametrize(
    ("fate", "why"),
    [
        ("protected", "🔒 The account is protected"),
        ("suspended", "⛔️ The account is suspended"),
        ("withheld", "🙈 Withheld"),
    ],
)
async def test_a_hidden_post_is_nowhere_to_be_read_until_it_is_shown_again(
    talk: Talk, office: Office, fate: str, why: str
) -> None:
    number = office.said(50, WORDS, Statement("ivanenko", "own", WORDS), source="ivanenko-x")
    await office.database.write(posts.revise, number, WORDS + " Changed.", "en", NOON)
    office.database.submit(posts.put_fate, number, fate, NOON).result()  # type: ignore[arg-type]
    asked = ("/latest", "/latest Ivanenko", "/search secret", "/history", "/history https://x.com/o_ivanenko/status/50")
    for typed in asked:
        assert "Mind the sample" not in text_of(await talk.says(typed))
    assert why in text_of(await talk.says("/latest Ivanenko"))
    assert why in text_of(await talk.says("/history"))
    assert "Nothing found" in text_of(await talk.says("/search secret"))

    office.database.submit(posts.put_fate, number, "stands", NOON).result()
    for typed in asked:
        assert "Mind the sample" in text_of(await talk.says(typed))


async def test_without_a_token_every_answer_about_an_account_on_x_says_so(talk: Talk) -> None:
    named = "➖ Not collected, for there is no X token: 🟦 Olha Ivanenko, X @o_ivanenko"
    for typed in ("/subscribe Ivanenko", "/subscribe North", "/subscribe all", "/start follow_ivanenko"):
        assert named in text_of(await talk.says(typed)), typed
    assert "no X token" not in text_of(await talk.says("/subscribe Petrov"))
    (line,) = [line for line in text_of(await talk.says("/speakers")).split("\n") if "Ivanenko" in line]
    assert line.endswith("➖ not collected on X: no X token")
    await talk.says("/language uk")
    assert "на X не збирається: немає токена X" in text_of(await talk.says("/speakers"))
    assert "➖ Не збирається, бо немає токена X: " in text_of(await talk.says("/subscribe Ivanenko"))
