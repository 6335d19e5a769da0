"""Cards, comparisons, counts, citations, pages of /admin: Telegram takes them in three languages, whatever they say."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import LANGUAGES, Button, Message, Role, Roster, Round, Speaker, Statement, Talks, Telling, Topic
from bot.render.figures import Counts
from bot.render.language import Voice, voice
from bot.render.replies import citing, people, stats, talks
from bot.render.replies.citing import Cited
from bot.render.replies.settling import SourceState
from bot.render.text import Text, inline
from tests.render import judge, test_operating, worlds

ROSTER = worlds.roster()
EN = voice("en", "Europe/Kyiv")
GONE = worlds.own("secret", deleted_at=worlds.AT, fate="deleted")
HASH = "ab" * 32


def a_speaker(x: str) -> Speaker:
    days = [(None, None), (date(2022, 1, 1), None), (None, date(2022, 1, 1)), (date(2022, 1, 1), date(2022, 2, 1))]
    roles = tuple(Role("lake", {"en": x}, since, until) for since, until in days * 2)
    return Speaker("ann", "north", {"en": "Ann " + x}, roles=roles)


def some(x: str) -> list[Telling]:
    return [worlds.own(x), GONE, worlds.told(x, Statement("ann", "report", x))]


def last(x: str, r: Roster) -> Mapping[str, Telling]:
    return dict(zip(r.sides, some(x), strict=False))


def table(x: str, count: int) -> Talks:
    first = date(2021, 12, 31)
    rounds = [
        Round(first + timedelta(days=n), first + timedelta(days=2 * n), {"en": x}, (x, "https://a.example/"))
        for n in range(count)
    ]
    return Talks("lake", {"en": x}, tuple(rounds))


def a_topic(x: str) -> Topic:
    return Topic("size", {"en": "Size " + x}, {"en": "size"}, ("lake",))


def a_month(r: Roster) -> Counts:
    days = [date(2022, 3, 1) + timedelta(days=n) for n in range(30)]
    return Counts(
        days,
        {side: [n % 4 for n in range(30)] for side in r.sides},
        {one: [n % 3 for n in range(30)] for one in r.topics},
    )


DAYS = {worlds.AT.date() - timedelta(days=days): 1 for days in (0, 1, 8, 9, 10, 30)}

PAGES: dict[str, Callable[[Voice, Roster, str], Message]] = {
    **test_operating.PAGES,
    "card": lambda _, r, x: people.card(
        _,
        r,
        a_speaker(x),
        [SourceState("ann_x", worlds.AT)] * 9,
        some(x),
        DAYS,
        worlds.AT,
        [Button(x or "x", "on:speaker:ann")],
    ),
    "empty card": lambda _, r, x: people.card(_, r, Speaker("ann", "north", {}), [], [], {}, worlds.AT),
    "whose card": lambda _, r, x: people.chooser(_, r, "", 0),
    "card of a side": lambda _, r, x: people.chooser(_, r, "north", 9),
    "talks": lambda _, r, x: talks.talks(_, r, table(x, 30), [talks.Positions(a_topic(x), last(x, r))] * 2),
    "talks so far silent": lambda _, r, x: talks.talks(_, r, table(x, 0), [talks.Positions(a_topic(x), {})]),
    "rounds": lambda _, r, x: talks.rounds(_, table(x, 30), 1),
    "no talks": lambda _, r, x: talks.no_talks(_),
    "choice of topics": lambda _, r, x: talks.choose_topic(_, r, 0),
    "comparison": lambda _, r, x: talks.comparison(_, r, a_topic(x), last(x, r), 0),
    "comparison of words": lambda _, r, x: talks.comparison(_, r, x, {}, 3),
    "stats": lambda _, r, x: stats.stats(_, r, a_month(r), inline(x, 9), True),
    "stats of nothing": lambda _, r, x: stats.stats(_, r, Counts(a_month(r).days, {}, {}), Text(), True),
    "under a picture": lambda _, r, x: stats.caption(_, worlds.AT),
    "no picture": lambda _, r, x: stats.no_picture(_),
    "citation": lambda _, r, x: citing.citation(_, Cited(worlds.told(x, Statement("ann", "quote", x)), HASH), r),
    "citation of what is gone": lambda _, r, x: citing.citation(_, Cited(GONE, HASH), r),
    "citation of what is not stored": lambda _, r, x: citing.gone(_),
    "in full": lambda _, r, x: citing.in_full(_),
    "exported": lambda _, r, x: citing.exported(_, x, 3, True, 2),
    "own data": lambda _, r, x: citing.own_data(_),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_telegram_takes_every_page(page: str, language: str) -> None:
    message = PAGES[page](voice(language, "Europe/Kyiv"), ROSTER, "слово 😀")
    judge.within_limits(message)
    judge.survives_telegram(message)
    english = PAGES[page](EN, ROSTER, "слово 😀")
    captions = [[button.text for button in row] for row in message.buttons]
    assert ((message.text, captions) == (english.text, [[b.text for b in row] for row in english.buttons])) is (
        language == "en"
    )


@given(st.sampled_from(sorted(PAGES)), worlds.rosters(), worlds.long_letters(), st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_telegram_takes_every_page_whatever_was_said(page: str, roster: Roster, said: str, language: str) -> None:
    message = PAGES[page](voice(language, "Asia/Tokyo"), roster, said)
    judge.within_limits(message)
    judge.survives_telegram(message)


@given(worlds.long_letters())
@settings(max_examples=100, deadline=None)
def test_files_of_whatever_was_said_are_whole(said: str) -> None:
    found = [Cited(worlds.own(said), HASH), Cited(GONE, HASH), Cited(worlds.told(said), HASH, words=False)]
    for write in (citing.as_csv, citing.as_json, citing.as_citations):
        content = write(EN, found, ROSTER)
        assert content.decode("utf-8-sig").count(HASH) == 3
        assert b"secret" not in content


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            ["14–17 March 2022", "28 February – 3 March 2022", "31 December 2021 – 2 January 2022", "9 March 2022"],
        ),
        (
            "uk",
            ["14–17 березня 2022", "28 лютого – 3 березня 2022", "31 грудня 2021 – 2 січня 2022", "9 березня 2022"],
        ),
        ("ru", ["14–17 марта 2022", "28 февраля – 3 марта 2022", "31 декабря 2021 – 2 января 2022", "9 марта 2022"]),
    ],
)
def test_days_are_said_briefly_in_every_language(language: str, expected: list[str]) -> None:
    spans = [
        (date(2022, 3, 14), date(2022, 3, 17)),
        (date(2022, 2, 28), date(2022, 3, 3)),
        (date(2021, 12, 31), date(2022, 1, 2)),
        (date(2022, 3, 9), date(2022, 3, 9)),
    ]
    assert [voice(language, "UTC").span(*span).plain for span in spans] == expected


def test_a_reference_that_is_too_long_to_copy_leaves_out_what_can_be_found() -> None:
    post = worlds.told("words").post
    long = Telling(post.__class__(post.source, "1", "https://a.example/" + "a" * 120, post.published_at, "words"))
    assert citing.reference(EN, Cited(long, HASH), ROSTER).endswith(f", SHA-256 {HASH}")
    longer = Telling(post.__class__(post.source, "1", "https://a.example/" + "a" * 200, post.published_at, "words"))
    assert citing.reference(EN, Cited(longer, HASH), ROSTER) == f"SHA-256 {HASH}"
