"""A digest says at one glance who spoke, states its window, and names what is missing from it."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Message, Roster, Statement, Telling
from bot.render.digests import digest
from tests.render import judge, worlds

ROSTER = worlds.roster()
SINCE, UNTIL = worlds.AT, worlds.AT + timedelta(days=1)


def made(tellings: list[Telling], unseen: list[tuple[str, datetime]] | None = None) -> list[Message]:
    return digest(tellings, ROSTER, language="en", zone="Europe/Kyiv", since=SINCE, until=UNTIL, unseen=unseen or [])


def quoted(speaker: str, number: int, **more: int) -> Telling:
    return worlds.told(f"words {number}", Statement(speaker, "quote", "x"), number=number, **more)


def test_the_window_and_the_count_by_side_come_first() -> None:
    (message,) = made([quoted("ben", 5), worlds.own(), quoted("ann", 3), quoted("ben", 4)])
    assert message.text.split("\n")[:4] == [
        "📰 Digest",
        "From 14 March 2022, 18:42 EET to 15 March 2022, 18:42 EET",
        "North 2: 🇦🇶 Ann One 2",
        "South 2: 🇧🇻 Ben Two 2",
    ]


def test_statements_stand_under_their_speaker_in_order_of_time() -> None:
    (message,) = made([quoted("ben", 5), quoted("ben", 4), worlds.own("first")])
    blocks = message.text.split("\n\n")[1:]
    assert blocks[0].startswith("🇦🇶 Ann One\n18:42 · Own words\nfirst")
    assert blocks[1].startswith("🇧🇻 Ben Two\n18:46 · Quoted by The Daily (state media)\nwords 4")
    assert blocks[2].startswith("18:47 ·")
    links = {one.url for one in message.entities if one.url}
    assert links == {f"https://daily.example/{n}" for n in (4, 5)} | {"https://x.com/ann_one/status/1"}


def test_a_post_of_two_speakers_stands_under_each_with_that_ones_kind() -> None:
    both = worlds.told("both", Statement("ann", "quote", ""), Statement("ben", "report", ""))
    (message,) = made([both])
    assert "🇦🇶 Ann One\n18:44 · Quoted by" in message.text
    assert "🇧🇻 Ben Two\n18:44 · Reported by" in message.text


def test_a_story_told_again_is_counted_at_its_earliest_telling() -> None:
    (message,) = made([quoted("ben", 9, story=7), quoted("ben", 4, story=7), quoted("ben", 6, story=7)])
    assert "words 4 (+2 later tellings)" in message.text
    assert "words 9" not in message.text
    assert "South 3:" in message.text


def test_a_window_over_two_days_names_them() -> None:
    (message,) = made([worlds.own("late"), worlds.own("early", number=2, hours=20)])
    assert "14 March 2022\n18:42 ·" in message.text
    assert "15 March 2022\n14:42 ·" in message.text


def test_posts_in_which_nobody_speaks_come_last_under_their_source() -> None:
    stranger = worlds.told("x", Statement("cat", "report", ""), number=8)
    (message,) = made([worlds.told("Ships were seen."), stranger, worlds.own()])
    assert message.text.index("Ann One\n") < message.text.index("The Daily (state media)\n18:44")
    assert "Others 2: The Daily (state media) 1, Cat Three 1" in message.text


def test_an_empty_window_says_so_in_one_line() -> None:
    (message,) = made([])
    assert message.text.split("\n")[2:] == ["A quiet time: nothing new from those you follow."]


def test_sources_that_could_not_be_read_are_named() -> None:
    (message,) = made([], [("ann_x", worlds.AT), ("daily", worlds.AT), ("gone", worlds.AT)])
    assert message.text.split("\n")[-4:] == [
        "⚠️ Could not be read, so missing here:",
        "🇦🇶 Ann One, X @ann_one: since 14 March 2022, 18:42 EET",
        "The Daily, daily.example: since 14 March 2022, 18:42 EET",
        "gone: since 14 March 2022, 18:42 EET",
    ]
    (crowded,) = made([], [("gone", worlds.AT)] * 25)
    assert crowded.text.endswith("and 5 more sources")


def test_a_loud_day_is_shortened_and_says_how_much_is_left_out() -> None:
    many = [worlds.own("word " * 40, number=number) for number in range(1, 120)]
    messages = made([*many, quoted("ben", 3)])
    assert len(messages) <= 4
    text = "\n".join(message.text for message in messages)
    assert "… and 69 more: /latest" in text
    assert "North 119: 🇦🇶 Ann One 119" in text
    assert "Ben Two" in text


def test_a_table_with_very_many_speakers_gives_each_a_line_however_many_messages() -> None:
    roster = replace(ROSTER, speakers={})
    many = [worlds.told("word " * 60, Statement(f"p{number}", "report", ""), number=number) for number in range(90)]
    messages = digest(many, roster, language="en", zone="UTC", since=SINCE, until=UNTIL)
    text = "\n".join(message.text for message in messages)
    assert all(f"\np{number}\n" in f"\n{text}" for number in range(90))
    assert ", …" in text


@given(
    st.lists(worlds.tellings(), max_size=12),
    worlds.rosters(),
    st.sampled_from(["en", "uk", "ru"]),
    st.lists(st.tuples(st.sampled_from(["ann_x", "daily", "<b>"]), st.just(worlds.AT)), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_telegram_takes_any_digest(
    tellings: list[Telling], roster: Roster, language: str, unseen: list[tuple[str, datetime]]
) -> None:
    for message in digest(
        tellings, roster, language=language, zone="Europe/Kyiv", since=SINCE, until=UNTIL, unseen=unseen
    ):
        judge.within_limits(message)
        judge.survives_telegram(message)
