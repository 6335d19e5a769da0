"""/settings: everything about how somebody is told, by buttons."""

import pytest

from bot.models import CHOICES, LANGUAGES
from bot.render.language import voice
from bot.render.replies import preferences
from tests.chat.offline import Talk, data_of, marked_in, open_chat, text_of
from tests.chat.worlds import Office, an_office

pytestmark = pytest.mark.anyio

AT_HAND = sorted(CHOICES.keys() - {"translate"})
"""Without a translation service."""


async def test_the_menu_says_how_everything_is_and_leads_to_each_page(office: Office) -> None:
    talk = await open_chat(an_office(office.database, commands_a_minute=1000))
    (menu,) = await talk.says("/settings")
    for words in ("0 follows, 0 watches", "I speak English", "Europe/Kyiv", "every day at 20:00", "told: at once"):
        assert words in menu["text"]
    assert data_of(menu)[:6] == ["follows:0", "watches:0", "language", "zone", "digest", "quiet"]
    assert sorted(data_of(menu)[6:]) == sorted(f"set:{name}" for name in AT_HAND)
    for data in data_of(menu)[2:]:
        _, page = await talk.presses(data, menu)
        assert page["method"] == "editMessageText"
        assert data_of(page)[-1] == "settings"
        _, back = await talk.presses("settings", page)
        assert back["text"] == menu["text"]
    assert office.subscriber() is None


@pytest.mark.parametrize("name", AT_HAND)
async def test_each_way_is_a_button_that_shows_what_is_chosen(talk: Talk, office: Office, name: str) -> None:
    for way in CHOICES[name]:
        _, page = await talk.presses(f"set:{name}:{way}")
        assert marked_in(page) == [f"set:{name}:{way}"]
        known = office.subscriber()
        assert known is not None
        assert preferences.value(known, name) == way


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_has_words(language: str) -> None:
    offered = {one.name: set(one.ways) for one in preferences.choices(voice(language, "UTC"))}
    assert offered == {name: set(ways) for name, ways in CHOICES.items()}


async def test_members_of_a_group_look_and_its_administrators_choose(talk: Talk, office: Office) -> None:
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "A group"}, id=8)
    assert "Settings" in text_of(await group.says("/settings"))
    (refused,) = [call for call in await group.presses("set:retold:off") if call["method"] == "answerCallbackQuery"]
    assert "Only administrators" in refused["text"]
    assert office.subscriber(-100) is None
    group.telegram.ranks[8] = "administrator"
    await group.presses("set:retold:off")
    known = office.subscriber(-100)
    assert known is not None
    assert known.retold == "off"
