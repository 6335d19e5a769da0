"""What operators write to all: seen before it goes, queued behind everything else, taken back as far as it waits."""

from typing import Any

import pytest

from bot.store import announcements, outbox, subscribers
from bot.store.connection import Connection
from tests.chat.offline import Talk, data_of, text_of
from tests.chat.worlds import Office
from tests.store.worlds import put_subscriber
from tests.worlds import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
def chats(office: Office) -> None:
    """Three chats, one of them a forum with two topics, one that speaks Ukrainian, and one that has left."""

    def story(connection: Connection) -> None:
        put_subscriber(connection, NOON, 7)
        put_subscriber(connection, NOON, -5, 1)
        put_subscriber(connection, NOON, -5, 2)
        subscribers.speak(connection, put_subscriber(connection, NOON, 8).id, "uk")
        subscribers.deactivate(connection, put_subscriber(connection, NOON, 9).chat, "blocked", NOON)

    office.database.submit(story).result()


def waiting(office: Office) -> list[tuple[int, int, str, str]]:
    rows = office.database.submit(outbox.claim, office.clock(), 99).result()
    return sorted((row.chat, row.thread, row.lane, row.message.text) for row in rows)


async def draft(boss: Talk, words: str = "Works on Sunday.", **more: Any) -> dict[str, Any]:
    preview, question = await boss.says(f"/admin announce {words}", **more)
    assert preview["text"] == words
    return question


async def test_it_goes_once_to_each_chat_behind_everything_else(boss: Talk, office: Office, chats: None) -> None:
    question = await draft(boss)
    assert "Send it to 3 chats?" in question["text"]
    assert waiting(office) == []
    assert data_of(question) == ["admin:send:1:all", "admin:send:1:en", "admin:send:1:uk", "admin:drop:1"]
    _, progress = await boss.presses("admin:send:1:all", question)
    assert "to 3 chats" in progress["text"]
    assert "On its way: 3" in progress["text"]
    await boss.presses("admin:send:1:all", question)
    assert [row[:3] for row in waiting(office)] == [(-5, 1, "broadcast"), (7, 0, "broadcast"), (8, 0, "broadcast")]


async def test_it_can_go_to_those_of_one_language_in_whose_words_the_button_is(
    boss: Talk, office: Office, chats: None
) -> None:
    question = await draft(boss)
    await boss.presses("admin:send:1:uk", question)
    (row,) = await office.database.write(outbox.claim, office.clock(), 9)
    assert row.chat == 8
    assert row.message.buttons[0][0].text == "🔕 Більше без оголошень"


async def test_the_marks_of_the_operator_go_along(boss: Talk, office: Office, chats: None) -> None:
    command = {"type": "bot_command", "offset": 0, "length": 6}
    bold = {"type": "bold", "offset": len("/admin announce "), "length": 5}
    question = await draft(boss, "Works on Sunday.", entities=[command, bold])
    await boss.presses("admin:send:1:all", question)
    row, *_ = await office.database.write(outbox.claim, office.clock(), 9)
    assert [(one.type, one.offset, one.length) for one in row.message.entities] == [("bold", 0, 5)]


async def test_undo_takes_back_what_waits_and_says_how_many_had_gone(boss: Talk, office: Office, chats: None) -> None:
    question = await draft(boss)
    await boss.presses("admin:send:1:all", question)
    first, second = await office.database.write(outbox.claim, office.clock(), 2)
    await office.database.write(outbox.sent, [outbox.Arrival(first, 5)], office.clock())
    await office.database.write(outbox.unknown, second.id, None, "no answer", office.clock())
    (shown,) = await boss.says("/admin news")
    assert "admin:news:1" in data_of(shown)
    _, progress = await boss.presses("admin:news:1", shown)
    assert "Arrived: 1\nMay have arrived: 1\nOn its way: 1" in progress["text"]
    _, undone = await boss.presses("admin:undo:1", progress)
    assert "taken back" in undone["text"]
    assert "1 chat was spared" in undone["text"]
    assert "Arrived: 1\nMay have arrived: 1\nDid not go or was refused: 1" in undone["text"]
    assert waiting(office) == []
    _, again = await boss.presses("admin:undo:1", progress)
    assert "spared" not in again["text"]


async def test_a_draft_can_be_dropped_and_does_not_come_back(boss: Talk, office: Office, chats: None) -> None:
    question = await draft(boss)
    _, dropped = await boss.presses("admin:drop:1", question)
    assert "It was not sent." in dropped["text"]
    for data in ("admin:send:1:all", "admin:drop:1", "admin:undo:1", "admin:news:1"):
        _, shown = await boss.presses(data, question)
        assert "📣 Announcements" in shown["text"]
    assert waiting(office) == []


async def test_a_chat_that_wants_none_gets_none_in_any_topic(
    talk: Talk, boss: Talk, office: Office, chats: None
) -> None:
    _, note = await talk.presses("news:0")
    assert "No more announcements come here." in note["text"]
    forum = talk.elsewhere({"id": -5, "type": "supergroup", "title": "Forum", "is_forum": True}, thread=2)
    _asked, refused = await forum.presses("news:0")
    assert "Only administrators" in refused["text"]
    talk.telegram.ranks[7] = "administrator"
    await forum.presses("news:0")
    question = await draft(boss)
    assert "Send it to 1 chat?" in question["text"]
    _, back = await talk.presses("news:1", note)
    assert "come here" in back["text"]
    assert office.database.read(announcements.readers) == {"en": 1, "uk": 1}


async def test_a_group_that_wants_none_wants_none_as_a_supergroup(office: Office) -> None:
    def story(connection: Connection) -> None:
        put_subscriber(connection, NOON, -5)
        put_subscriber(connection, NOON, -105)
        announcements.want(connection, -5, False)
        subscribers.move(connection, -5, -105)

    office.database.submit(story).result()
    assert office.database.read(announcements.readers) == {}


async def test_without_words_and_without_readers_nothing_can_be_sent(boss: Talk, office: Office) -> None:
    assert "What shall be announced?" in text_of(await boss.says("/admin announce"))
    _, question = await boss.says("/admin announce Hello")
    assert "Nobody would get it" in question["text"]
    assert not any("send" in data for data in data_of(question))
    office.database.submit(announcements.forget, office.clock.goes(hours=1)).result()
    assert office.database.read(announcements.find, 1) is None
