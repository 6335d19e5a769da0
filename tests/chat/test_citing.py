"""Citations under statements, and what is taken away as a file."""

import csv
import io
import json
from hashlib import sha256
from typing import Any

import pytest

from bot.models import Message, Statement
from bot.store import exports, outbox, posts, subscribers
from bot.store.connection import Connection
from tests.chat.offline import Talk, all_data_of, copies_of, data_of, text_of
from tests.chat.worlds import Office, quoted
from tests.worlds import NOON

pytestmark = pytest.mark.anyio

OWN = Statement("ivanenko", "own", "words")


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def the_file(calls: list[dict[str, Any]], name: str) -> bytes:
    (sent,) = [call for call in calls if call["method"] == "sendDocument"]
    content = sent["files"][name]
    assert isinstance(content, bytes)
    return content


# --- citations


async def test_a_statement_is_cited_with_everything_that_lets_one_check_it(talk: Talk, office: Office) -> None:
    number = office.said(99, "A truce is near.", quoted("petrov"))
    _, answer = await talk.presses(f"cite:{number}")
    assert answer["method"] == "sendMessage"
    assert answer["text"] == (
        "❝ Citation\n\nA truce is near.\n\n"
        "🟥 Pavel Petrov\nSouth\nQuoted by The Wire (state media)\n"
        "Where: wire.example\nhttps://wire.example/99\n"
        "Posted: 2022-03-14 11:00:00 UTC\nSeen: 2022-03-14 12:00:00 UTC\nSHA-256 " + hashed("A truce is near.")
    )
    words, reference = copies_of(answer)
    assert words == "A truce is near."
    assert reference == (
        "🟥 Pavel Petrov (Quoted by The Wire (state media)), wire.example, 2022-03-14 11:00 UTC, "
        "https://wire.example/99, seen 2022-03-14 12:00 UTC, SHA-256 " + hashed("A truce is near.")
    )
    marks = {entity["type"]: entity for entity in answer["entities"]}
    assert marks["pre"]["length"] == len("A truce is near.")
    assert marks["code"]["length"] == 64


async def test_words_longer_than_a_button_can_copy_are_shared_out_among_several(talk: Talk, office: Office) -> None:
    text = " ".join(f"Sentence number {number} is long." for number in range(30))
    _, answer = await talk.presses(f"cite:{office.said(1, text, quoted('petrov'))}")
    *words, _reference = copies_of(answer)
    assert len(words) == 4
    assert " ".join(words) == text
    assert all(len(part) <= 256 for part in words)


async def test_words_that_no_message_can_hold_come_as_a_file_too(talk: Talk, office: Office) -> None:
    text = "Слово за слово. " * 400
    answers = await talk.presses(f"cite:{office.said(1, text, quoted('petrov'))}")
    assert [answer["method"] for answer in answers] == ["answerCallbackQuery", "sendMessage", "sendDocument"]
    assert len(copies_of(answers[1])) == 1
    assert text in the_file(answers, "citation-1.txt").decode()
    assert hashed(text) in the_file(answers, "citation-1.txt").decode()


@pytest.mark.parametrize("fate", ["deleted", "protected"])
async def test_of_what_x_does_not_show_there_are_no_words_in_a_citation(talk: Talk, office: Office, fate: Any) -> None:
    number = office.said(1, "A secret offer.", OWN, source="ivanenko-x")
    if fate == "deleted":
        await office.database.write(posts.delete, number, NOON, NOON)
    else:
        await office.database.write(posts.put_fate, number, fate, NOON)
    _, answer = await talk.presses(f"cite:{number}")
    assert "secret" not in json.dumps(answer)
    assert hashed("A secret offer.") in answer["text"]
    assert len(copies_of(answer)) == 1


async def test_what_was_deleted_on_telegram_stays_evidence(talk: Talk, office: Office) -> None:
    number = office.said(1, "An offer.", Statement("petrov", "own", "words"), source="petrov-telegram")
    await office.database.write(posts.delete, number, NOON, NOON)
    _, answer = await talk.presses(f"cite:{number}")
    assert "An offer." in answer["text"]
    assert "🗑 Deleted at the source" in answer["text"]


async def test_a_statement_that_is_gone_is_said_to_be(talk: Talk) -> None:
    assert text_of(await talk.presses("cite:77")) == "This statement is not stored any more."


async def test_every_statement_of_a_page_can_be_cited(talk: Talk, office: Office) -> None:
    for number in range(1, 9):
        office.said(number, f"statement {number}", quoted("petrov"))
    (answer,) = await talk.says("/latest 8")
    assert all_data_of(answer)[:8] == [f"cite:{number}" for number in range(8, 0, -1)]


# --- what a search finds


@pytest.fixture
async def found(talk: Talk, office: Office) -> dict[str, Any]:
    """The answer to a search that finds an item of the wire and a post on X; a deleted post on X is not found."""
    office.said(1, '=HYPERLINK("http://evil.example") truce', quoted("petrov"), quoted("ivanenko"))
    office.said(2, "A truce, we say.", OWN, source="ivanenko-x")
    gone = office.said(3, "No truce, we said.", OWN, source="ivanenko-x")
    await office.database.write(posts.delete, gone, NOON, NOON)
    (answer,) = await talk.says("/search truce")
    assert [data for data in all_data_of(answer) if data not in data_of(answer)][-3:] == [
        "export:csv",
        "export:json",
        "export:list",
    ]
    return answer


async def test_a_search_is_exported_as_json(talk: Talk, found: dict[str, Any]) -> None:
    answers = await talk.presses("export:json", found)
    assert answers[-1]["caption"] == "2 statements found by truce"
    own, wire = json.loads(the_file(answers, "parley.json"))
    assert own["text"] == "A truce, we say."
    assert own["url"] == "https://x.com/o_ivanenko/status/2"
    assert (wire["speakers"], wire["kinds"]) == (["petrov", "ivanenko"], ["quote", "quote"])
    assert wire["text"].startswith("=HYPERLINK")
    assert wire["posted_at"] == "2022-03-10T09:00:00Z"


async def test_a_search_is_exported_as_csv_that_no_spreadsheet_obeys(talk: Talk, found: dict[str, Any]) -> None:
    content = the_file(await talk.presses("export:csv", found), "parley.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["text"] for row in rows] == [
        "A truce, we say.",
        '\'=HYPERLINK("http://evil.example") truce',
    ]
    assert rows[1]["speakers"] == "petrov ivanenko"


async def test_a_search_is_exported_as_a_list_of_citations(talk: Talk, found: dict[str, Any]) -> None:
    content = the_file(await talk.presses("export:list", found), "parley.txt").decode()
    assert content.startswith(
        "[1] 🟦 Olha Ivanenko (Own words)\nWhere: X @o_ivanenko\nhttps://x.com/o_ivanenko/status/2\n"
    )
    assert "No truce, we said." not in content
    assert "“A truce, we say.”" in content


async def test_no_more_words_of_x_leave_in_a_day_than_x_allows(
    talk: Talk, office: Office, found: dict[str, Any]
) -> None:
    assert await office.database.write(exports.take, 7, 499, office.clock()) == 499
    office.said(4, "One more truce.", OWN, source="ivanenko-x")
    answers = await talk.presses("export:json", found)
    texts = {one["url"]: one["text"] for one in json.loads(the_file(answers, "parley.json"))}
    assert texts["https://x.com/o_ivanenko/status/4"] == "One more truce."
    assert texts["https://x.com/o_ivanenko/status/2"] == ""
    assert texts["https://wire.example/1"]
    assert "Of 1 on X only the link is given" in answers[-1]["caption"]
    office.clock.goes(days=1)
    await office.database.write(exports.forget, office.clock())
    answers = await talk.presses("export:json", found)
    assert "only the link" not in answers[-1]["caption"]


async def test_an_export_that_finds_nothing_is_not_offered_and_says_so(talk: Talk, found: dict[str, Any]) -> None:
    (nothing,) = await talk.says("/search nowhere")
    assert all_data_of(nothing) == ["watch"]
    assert "export:csv" in all_data_of(found)
    assert text_of(await talk.presses("export:csv", nothing)) == "Nothing found."
    broken = {"text": '"x', "entities": [{"type": "code", "offset": 0, "length": 2}]}
    assert "quotation mark" in text_of(await talk.presses("export:csv", broken))


# --- what is stored of oneself


async def test_export_gives_everything_that_is_stored(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe Petrov")
    (offer,) = await talk.says("/watch truce")
    await talk.presses("keep", offer)

    def tell(connection: Connection) -> None:
        known = subscribers.find(connection, 7)
        assert known
        outbox.queue(connection, [(known.id, False)], "a", [Message("Told.")], "alert", NOON)

    await office.database.write(tell)
    held = json.loads(the_file(await talk.says("/export"), "parley-export.json"))
    assert held["subscriber"]["chat"] == 7
    assert held["subscriber"]["created_at"] == "2022-03-14T12:00:00+00:00"
    assert [(one["what"], one["value"]) for one in held["follows"]] == [("speaker", "petrov")]
    assert [one["query"] for one in held["watches"]] == ["truce"]
    assert [one["message"] for one in held["messages"]] == ["Told."]
    assert held["late"] == []
    assert held["messages_left_out"] == 0


async def test_export_knows_every_table_that_is_kept_for_a_subscriber(talk: Talk, office: Office) -> None:
    def tables(connection: Connection) -> set[str]:
        """By their foreign keys, where the export goes by columns."""
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        keys = {name: connection.execute(f"PRAGMA foreign_key_list({name})").fetchall() for name in names}
        return {name for name in names if any(key[2] == "subscribers" for key in keys[name])}

    await talk.says("/subscribe Petrov")
    held = json.loads(the_file(await talk.says("/export"), "parley-export.json"))
    assert office.database.read(tables) - {"outbox"} <= set(held)


async def test_who_is_not_known_has_nothing_to_export_but_what_was_counted(talk: Talk, office: Office) -> None:
    assert "Nothing is stored about this chat." in text_of(await talk.says("/export"))
    await office.database.write(exports.take, 7, 3, NOON)
    held = json.loads(the_file(await talk.says("/export"), "parley-export.json"))
    assert held == {"x_exports": [{"day": "2022-03-14", "posts": 3}], "managed": []}
    await talk.says("/stop")
    assert "Nothing is stored about this chat." in text_of(await talk.says("/export"))


async def test_in_a_group_its_admins_alone_export(talk: Talk) -> None:
    group = talk.elsewhere({"id": -5, "type": "group", "title": "Desk"})
    assert "admin" in text_of(await group.says("/export"))
