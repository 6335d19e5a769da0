"""“Not their words?”: readers ask why and doubt, operators decide, /corrections is public."""

from dataclasses import replace

import pytest

from bot.models import Statement
from bot.store import outbox, search
from tests.chat.offline import Talk, data_of, operator_of, text_of
from tests.chat.worlds import Office, quoted

pytestmark = pytest.mark.anyio

SIGNED = replace(quoted("petrov"), rule="subject-verb", evidence="Petrov said", confidence=85)


def waiting(office: Office) -> list[tuple[int, str]]:
    rows = office.database.submit(outbox.claim, office.clock(), 99).result()
    return [(row.chat, row.message.text) for row in rows]


async def test_a_reader_is_shown_why_and_can_say_that_it_is_not_so(talk: Talk, office: Office) -> None:
    number = office.said(1, "“No,” Petrov said.", SIGNED, Statement("ivanenko", "mention", "words"))
    for one in (talk, operator_of(talk)):
        await one.says("/subscribe all")
    (page,) = await talk.says("/latest")
    assert f"doubt:{number}" in data_of(page)
    _, why = await talk.presses(f"doubt:{number}", page)
    assert "A verb of saying stands beside the name: Petrov said · sure by 85 of 100" in why["text"]
    assert data_of(why) == [f"doubt:{number}:petrov"]
    _, noted = await talk.presses(f"doubt:{number}:petrov", why)
    assert noted["text"].startswith("🙏 Noted.")
    _, again = await talk.presses(f"doubt:{number}:petrov", why)
    assert again["text"] == "That was asked already."
    ((chat, question),) = waiting(office)
    assert chat == 99
    assert "🤔 A reader doubts that these are the words of 🟥 Pavel Petrov." in question


async def test_one_chat_cannot_bury_the_operators_in_questions(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe all")
    numbers = [office.said(number, "“No,” Petrov said.", SIGNED) for number in range(1, 23)]
    answers = [(await talk.presses(f"doubt:{number}:petrov"))[-1]["text"] for number in numbers]
    assert [answer.startswith("🙏") for answer in answers] == [True] * 20 + [False] * 2
    assert answers[-1].startswith("Many questions of yours are not answered yet.")


async def test_operators_decide_and_everybody_can_read_it(talk: Talk, office: Office) -> None:
    number = office.said(1, "“No,” Petrov said.", SIGNED)
    report = office.said(2, "Sidorov: yes", Statement("sidorov", "report", "words", "colon"))
    assert text_of(await talk.says("/corrections")).endswith("Nothing had to be put right so far.")
    _, noted = await talk.presses(f"doubt:{number}:petrov")
    assert noted["text"] == "🙏 Noted. The operators are asked; /corrections shows what they put right."
    await talk.presses(f"doubt:{report}:sidorov")
    operator = operator_of(talk)
    _, settled = await operator.presses("settle:1:1")
    assert settled["text"].startswith("✳️ Put right: these are not the words of 🟥 Pavel Petrov.")
    assert data_of(settled) == ["settle:1:0"]
    await operator.presses("settle:2:1")
    assert len(await operator.presses("settle:2:1")) == 1
    log = text_of(await talk.says("/corrections"))
    assert "not quoted by The Wire (state media): 🟥 Pavel Petrov" in log
    assert "not reported by The Wire (state media): 🟥 Semyon Sidorov" in log
    latest = text_of(await talk.says("/latest wire"))
    assert "✳️ Corrected: these are not the words of 🟥 Pavel Petrov" in latest
    _, why = await talk.presses(f"doubt:{number}")
    assert why["text"] == "Nobody is quoted there any more."
    _, back = await operator.presses("settle:1:0", settled)
    assert back["text"].startswith("☑️ It stands: these are the words of 🟥 Pavel Petrov.")
    assert "Pavel Petrov" not in text_of(await talk.says("/corrections"))


async def test_the_filters_of_a_search_follow_what_operators_decide(talk: Talk, office: Office) -> None:
    number = office.said(1, "“A truce,” Petrov said.", SIGNED)

    async def found() -> list[bool]:
        asked = ("from:petrov", "side:north", "kind:quote", "kind:mention", "topic:truce", "truce from:petrov")
        return ["A truce" in text_of(await talk.says(f"/search {typed}")) for typed in asked]

    as_read = await found()
    assert as_read == [True, False, True, False, True, True]
    await talk.presses(f"doubt:{number}:petrov")
    await operator_of(talk).presses("settle:1:1")
    assert await found() == [False, False, False, True, True, False]
    await operator_of(talk).presses("settle:1:0")
    assert await found() == as_read


async def test_what_is_not_found_any_more_is_not_found_for_being_corrected(talk: Talk, office: Office) -> None:
    number = office.said(1, "“A truce,” Petrov said.", SIGNED)
    await talk.presses(f"doubt:{number}:petrov")
    office.database.submit(search.drop, number).result()
    await operator_of(talk).presses("settle:1:1")
    assert "A truce" not in text_of(await talk.says("/search kind:mention"))


@pytest.mark.parametrize("data", ["settle:1:1", "doubt:1:nobody", "doubt:x", "settle:1:2", "doubt:1:petrov:2"])
async def test_what_is_no_button_of_theirs_does_nothing(talk: Talk, office: Office, data: str) -> None:
    office.said(1, "“No,” Petrov said.", SIGNED)
    calls = await talk.presses(data)
    assert len(calls) == 1
    assert waiting(office) == []


async def test_a_post_that_is_not_there_has_no_reasons(talk: Talk) -> None:
    assert len(await talk.presses("doubt:404")) == 1
