"""What operators see and write, and what is said to who is not let in: taken by Telegram, whatever it is about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.budget import Budget, Spent
from bot.models import (
    LANGUAGES,
    Alarm,
    Announcement,
    Entity,
    Known,
    Message,
    Misfire,
    People,
    Progress,
    Queue,
    Roster,
    Subscriber,
    Waiting,
)
from bot.render.language import Voice, voice
from bot.render.replies import admitting, announcing, operating
from bot.render.replies.settling import SourceState
from tests.render import judge, worlds

EN = voice("en", "Europe/Kyiv")
AT = worlds.AT
STATES = [SourceState("ann_x", AT), SourceState("gone", off_since=AT), SourceState("x", AT, AT, "503 " * 90)] * 9


def somebody(x: str) -> Known:
    who = Subscriber(1, -100, 3, "supergroup", x, "uk", "Europe/Kyiv", None, AT, None, "active")
    return Known(who, AT, 3, 4, 5, 6)


def told(x: str, state: str = "sent") -> Announcement:
    return Announcement(3, announcing.written(x or "x", [], 0), state, "", AT, 100_000)  # type: ignore[arg-type]


MISFIRES = [("refused", "ours: x"), ("unknown", "y"), ("refused", "bot was kicked"), ("refused", "told together")]
LANES = ("answer", "urgent", "alert", "notice", "digest", "broadcast")

PAGES: dict[str, Callable[[Voice, Roster, str], Message]] = {
    "menu": lambda _, r, x: operating.menu(_, operating.Overview(1, 2, 3, 4, 5, 6)),
    "people": lambda _, r, x: operating.people(_, People({"active": 3, x: 1}, {"private": 3}, {"uk": 2}, 1, 2)),
    "chat": lambda _, r, x: operating.chat(_, -100, [somebody(x)] * 3, True),
    "stranger": lambda _, r, x: operating.chat(_, 7, [], False),
    "sources": lambda _, r, x: operating.sources(_, r, STATES, AT, 1),
    "money": lambda _, r, x: operating.money(_, (Budget(), Spent(1, 2, 3, 4.0)), (5, 6), AT),
    "no money": lambda _, r, x: operating.money(_, None, None, AT),
    "queue": lambda _, r, x: operating.queue(
        _, Queue(tuple(Waiting(lane, 9, 2, 3, 4, 5, AT) for lane in LANES), 2, AT, 3)  # type: ignore[arg-type]
    ),
    "troubles": lambda _, r, x: operating.troubles(
        _, r, STATES[:8], [Misfire(state, why + x, 3, AT) for state, why in MISFIRES] * 2,
        [Alarm(AT, Message(x))] * 8, AT,
    ),
    "no troubles": lambda _, r, x: operating.troubles(_, r, [], [], [], AT),
    "draft": lambda _, r, x: announcing.draft(_, 3, {"en": 2, "uk": 5}),
    "draft for nobody": lambda _, r, x: announcing.draft(_, 3, {}),
    "dropped": lambda _, r, x: announcing.dropped(_),
    "no words": lambda _, r, x: announcing.ask_for_words(_),
    "progress": lambda _, r, x: announcing.progress(_, told(x), Progress(1, 2, 3, 4), 5),
    "taken back": lambda _, r, x: announcing.progress(_, told(x, "taken back"), Progress()),
    "announcements": lambda _, r, x: announcing.sent(_, [told(x)] * 10),
    "wanted": lambda _, r, x: announcing.wanted(_, True),
    "not wanted": lambda _, r, x: announcing.wanted(_, False),
    "closed": lambda _, r, x: admitting.closed(_, x, -100),
    "shut out": lambda _, r, x: admitting.barred(_, x),
    "a button": lambda _, r, x: admitting.shut(_),
}  # fmt: skip
"""Those that test_pages.py shows to Telegram's parser."""


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_words_of_its_own_in_each_language(page: str) -> None:
    said = {PAGES[page](voice(language, "Europe/Kyiv"), worlds.roster(), "слово 😀").text for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


# --- an operator's own words


def test_marks_stay_on_the_words_that_bear_them() -> None:
    begin = judge.units("/admin announce ")
    text = "/admin announce 😀 Bold and a link.\nSecond line"
    bold, link = text.index("Bold") + 1, text.index("link") + 1
    marks = [
        Entity("bot_command", 0, 6),
        Entity("bold", bold, 4),
        Entity("text_link", link, 4, url="https://a.example/"),
        Entity("mention", bold, 4),
    ]
    message = announcing.written(text, marks, begin)
    assert message.text == "😀 Bold and a link.\nSecond line"
    assert [(one.type, judge.stretch(message, one), one.url) for one in message.entities] == [
        ("bold", "Bold", ""),
        ("text_link", "link", "https://a.example/"),
    ]
    judge.survives_telegram(message)


def test_where_telegram_would_replace_signs_the_words_go_without_marks() -> None:
    message = announcing.written("x\u202e bold", [Entity("bold", 3, 4)], 0)
    assert (message.text, message.entities) == ("x bold", ())


@given(worlds.long_letters(), st.integers(0, 50), st.integers(0, 50), st.sampled_from(sorted(announcing.MARKS)))
@settings(max_examples=100, deadline=None)
def test_whatever_an_operator_writes_can_be_sent(said: str, offset: int, length: int, kind: str) -> None:
    message = announcing.written(said, [Entity(kind, offset, length, url="https://a.example/")], 0)
    if message.text:
        judge.within_limits(announcing.announcement(EN, message))


def test_an_announcement_has_the_operators_words_and_a_way_out() -> None:
    message = announcing.announcement(EN, Message("Hello"))
    assert replace(message, buttons=()) == Message("Hello")
    assert [button.data for row in message.buttons for button in row] == ["news:0"]
    later = announcing.progress(EN, told("Hello"), Progress(sent=1, waiting=2))
    assert "admin:undo:3" in [button.data for row in later.buttons for button in row]
    done = announcing.progress(EN, replace(told("Hello"), at=AT + timedelta(1)), Progress(sent=1))
    assert "admin:undo:3" not in [button.data for row in done.buttons for button in row]
