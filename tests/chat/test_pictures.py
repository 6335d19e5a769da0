"""The button 🖼 under a statement with pictures."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.chat import Desk
from bot.models import Statement
from bot.store import pictures, posts
from bot.store.connection import Connection
from tests.chat.offline import Talk, open_chat
from tests.chat.worlds import Office, put_post
from tests.worlds import NOON, a_post

pytestmark = pytest.mark.anyio

PHOTOS = [f"https://cdn.example/{number}.jpg" for number in range(12)]


@pytest.fixture
async def reader(office: Office) -> AsyncIterator[Talk]:
    """Eve with a bot that may show the pictures of the account on X."""
    settings = office.desk.settings
    sources = {id: replace(one, pictures=id == "ivanenko-x") for id, one in settings.roster.sources.items()}
    desk = replace(office.desk, settings=replace(settings, roster=replace(settings.roster, sources=sources)))
    talk = await open_chat(Office(Desk(desk.database, desk.settings, desk.now), office.clock))
    yield talk
    await talk.application.shutdown()


async def posted(office: Office, photos: int, source: str = "ivanenko-x") -> int:
    """A statement with so many photos."""
    post = a_post("1", "We meet.", source, NOON - timedelta(hours=1), media=("photo",) * photos, language="en")

    def put(connection: Connection) -> int:
        number = put_post(connection, post, (Statement("ivanenko", "own", ""),), NOON)
        pictures.put(connection, number, PHOTOS[:photos])
        return number

    return await office.database.write(put)


async def test_one_picture_comes_with_who_when_and_the_link(reader: Talk, office: Office) -> None:
    number = await posted(office, 1)
    _, answer = await reader.presses(f"pictures:{number}")
    assert (answer["method"], answer["photo"]) == ("sendPhoto", PHOTOS[0])
    assert answer["caption"].startswith(
        "🟦 Olha Ivanenko\nNorth · head of delegation\nOwn words\n14 March 2022, 13:00 EET"
    )
    assert answer["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://x.com/o_ivanenko/status/1"


async def test_several_come_as_an_album_of_ten_at_the_most(reader: Talk, office: Office) -> None:
    number = await posted(office, 12)
    _, answer = await reader.presses(f"pictures:{number}")
    assert answer["method"] == "sendMediaGroup"
    assert [one["media"] for one in answer["media"]] == PHOTOS[:10]
    assert answer["media"][0]["caption"].startswith("🟦 Olha Ivanenko")
    assert "caption" not in answer["media"][1]


@pytest.mark.parametrize(
    ("photos", "method", "refusal"),
    [
        (1, "sendPhoto", (400, "Bad Request: failed to get HTTP URL content")),
        (1, "sendPhoto", (400, "Bad Request: not enough rights to send photos to the chat")),
        (3, "sendMediaGroup", (400, "Bad Request: Failed to send message #2 with the error message")),
        (3, "sendMediaGroup", (403, "Forbidden: whatever")),
    ],
)
async def test_what_telegram_does_not_take_is_answered_with_the_link(
    reader: Talk, office: Office, photos: int, method: str, refusal: tuple[int, str]
) -> None:
    number = await posted(office, photos)
    reader.telegram.refuse[method] = refusal
    calls = await reader.presses(f"pictures:{number}")
    assert [call["method"] for call in calls] == ["answerCallbackQuery", method, "sendMessage"]
    assert "they are at the source" in calls[-1]["text"]
    links = [entity["url"] for entity in calls[-1]["entities"] if entity["type"] == "text_link"]
    assert links == ["https://x.com/o_ivanenko/status/1"]


@pytest.mark.parametrize("fate", ["deleted", "protected"])
async def test_what_is_not_shown_any_more_has_no_pictures(reader: Talk, office: Office, fate: Any) -> None:
    number = await posted(office, 2)
    if fate == "deleted":
        await office.database.write(posts.delete, number, NOON, NOON)
    else:
        await office.database.write(posts.put_fate, number, fate, NOON)
    calls = await reader.presses(f"pictures:{number}")
    assert [call["method"] for call in calls] == ["answerCallbackQuery", "sendMessage"]


async def test_purging_a_post_forgets_where_its_pictures_are(office: Office) -> None:
    number = await posted(office, 2)
    assert office.database.read(pictures.of, number) == PHOTOS[:2]
    await office.database.write(posts.purge, number)
    assert office.database.read(pictures.of, number) == []


async def test_a_source_that_does_not_allow_it_has_none(reader: Talk, office: Office) -> None:
    number = await posted(office, 1, "petrov-telegram")
    assert "they are at the source" in (await reader.presses(f"pictures:{number}"))[-1]["text"]
    assert "not stored any more" in (await reader.presses("pictures:77"))[-1]["text"]
