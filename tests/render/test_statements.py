"""A statement card says who, by which right we say so, what, where and when; and claims no more."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Button, Message, Statement, Telling
from bot.render.language import voice
from bot.render.statements import card, page, title_of
from bot.render.text import finish, plain
from tests.render import judge, worlds

ROSTER = worlds.roster()
EN = voice("en", "Europe/Kyiv")


def shown(telling: Telling, language: str = "en") -> Message:
    return finish(card(voice(language, "Europe/Kyiv"), telling, ROSTER))


def lines(telling: Telling) -> list[str]:
    return shown(telling).text.split("\n")


def test_a_speakers_own_words_in_full() -> None:
    message = shown(worlds.own("We meet tomorrow.\nAt noon."))
    assert message.text.split("\n") == [
        "🇦🇶 Ann One",
        "North · chief negotiator",
        "Own words",
        "We meet tomorrow.",
        "At noon.",
        "14 March 2022, 18:42 EET · X @ann_one",
    ]
    marks = {(one.type, judge.stretch(message, one)): one for one in message.entities}
    assert ("blockquote", "We meet tomorrow.\nAt noon.") in marks
    assert marks["text_link", "X @ann_one"].url == "https://x.com/ann_one/status/1"
    assert marks["text_link", "Own words"].url == "https://x.com/ann_one/status/1"
    assert marks["date_time", "14 March 2022, 18:42 EET"].unix_time == int(worlds.AT.timestamp())


def test_an_outlet_that_quotes_is_named_with_what_readers_must_know_of_it() -> None:
    telling = worlds.told("“We meet”, said Ben.", Statement("ben", "quote", "We meet"))
    assert "Quoted by The Daily (state media)" in lines(telling)
    assert lines(telling)[0] == "🇧🇻 Ben Two"
    assert lines(telling)[-1].endswith("· daily.example")


def test_what_is_reported_is_not_called_quoted() -> None:
    assert "Reported by The Daily (state media)" in lines(worlds.told("x", Statement("ben", "report", "x")))


def test_two_speakers_share_one_card_each_with_their_own_kind() -> None:
    telling = worlds.told("both", Statement("ben", "quote", "a"), Statement("ann", "report", "b"))
    assert lines(telling)[:6] == [
        "🇧🇻 Ben Two",
        "South",
        "Quoted by The Daily (state media)",
        "🇦🇶 Ann One",
        "North · chief negotiator",
        "Reported by The Daily (state media)",
    ]


def test_who_is_only_mentioned_does_not_stand_at_the_head() -> None:
    telling = worlds.told("Ann met Ben.", Statement("ben", "mention", ""), Statement("ann", "mention", ""))
    assert lines(telling)[:2] == [
        "The Daily (state media)",
        "Mentioned, not speaking: 🇧🇻 Ben Two, 🇦🇶 Ann One",
    ]


def test_a_post_in_which_nobody_is_known_has_its_source_at_the_head() -> None:
    assert lines(worlds.told("Markets rose."))[0] == "The Daily (state media)"


def test_a_speaker_who_quotes_another_is_named_as_the_source() -> None:
    telling = Telling(worlds.own().post, (Statement("ben", "quote", "x"),))
    assert "Quoted by 🇦🇶 Ann One" in lines(telling)


def test_many_speakers_are_counted_after_the_sixth() -> None:
    telling = worlds.told("all", *(Statement(f"p{number}", "report", "") for number in range(9)))
    assert "and 3 more speakers" in lines(telling)
    named = worlds.told("all", *(Statement(f"p{number}", "mention", "") for number in range(9)))
    assert "Mentioned, not speaking: p0, p1, p2, p3, p4, p5, …" in lines(named)


def test_the_role_is_the_one_of_that_day() -> None:
    later = replace(worlds.own().post, published_at=worlds.AT.replace(year=2024))
    assert lines(replace(worlds.own(), post=later))[1] == "North"


def test_a_speaker_and_a_source_that_left_the_configuration_are_still_shown() -> None:
    post = replace(worlds.own().post, source="gone")
    assert lines(Telling(post, (Statement("nobody", "report", ""),)))[:2] == ["nobody", "Reported by x.com"]
    bare = Telling(replace(post, url=""), ())
    assert lines(bare)[0] == "gone"
    assert lines(bare)[-1].endswith("· gone")


def test_platforms_are_named_as_people_look_them_up() -> None:
    telegram = replace(worlds.own().post, source="ben_telegram", url="https://t.me/ben_two/1")
    assert lines(Telling(telegram))[-1].endswith("· Telegram @ben_two")


def test_a_post_from_an_archive_is_placed_where_it_once_stood() -> None:
    def place(url: str) -> str:
        post = replace(worlds.own().post, source="past", url=url)
        return lines(Telling(post))[-1].rsplit(" · ", 1)[-1]

    assert place("https://t.me/ben_two/1") == "Telegram @ben_two"
    assert place("https://x.com/ann_one/status/1") == "X @ann_one"
    assert place("https://paper.example/one/two") == "paper.example"
    assert place("") == "past"


def test_a_label_stands_beside_own_words_too() -> None:
    mirror = replace(ROSTER.sources["ann_x"], label={"en": "unofficial mirror"})
    roster = replace(ROSTER, sources={**ROSTER.sources, "ann_x": mirror})
    assert "Own words (unofficial mirror)" in card(EN, worlds.own(), roster).plain


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("repost", "🔁 Repost: the words are those of Eve"),
        ("forward", "↪️ Forwarded: the words are those of Eve"),
        ("reply", "↩️ A reply: And when?"),
        ("quote", "💬 Beside somebody else's post: And when?"),
        ("service", "A note by the platform"),
    ],
)
def test_a_post_that_is_not_a_plain_one_says_what_it_is(kind: str, line: str) -> None:
    assert line in lines(worlds.own(kind=kind, author="Eve", quoted="And\nwhen?"))


def test_a_repost_of_nobody_known_and_a_reply_to_nothing_known_say_so() -> None:
    assert "🔁 Repost: the words are those of another account" in lines(worlds.own(kind="repost"))
    assert "↩️ A reply" in lines(worlds.own(kind="reply"))


def test_edits_and_deletions_are_marked_with_their_times() -> None:
    text = shown(worlds.told("x")).text
    assert "✏️" not in text
    post = replace(worlds.told("gone").post, edited_at=worlds.AT, deleted_at=worlds.AT)
    assert "✏️ Edited, 14 March 2022, 18:42 EET" in lines(Telling(post))
    assert "🗑 Deleted at the source; seen to be gone 14 March 2022, 18:42 EET" in lines(Telling(post))
    assert "gone" in lines(Telling(post))


@pytest.mark.parametrize("source", ["ann_x", "gone"])
def test_what_was_deleted_on_x_is_not_repeated_anywhere(source: str) -> None:
    telling = worlds.own("secret words")
    telling = replace(telling, post=replace(telling.post, deleted_at=worlds.AT, source=source))
    assert "The text was deleted on X and is no longer shown." in lines(telling)
    assert "secret" not in shown(telling).text
    turned = page([telling], ROSTER, language="en", zone="UTC", title=plain("Latest"))
    assert "secret" not in turned.text


def test_a_picture_without_words_is_named_and_so_is_one_beside_words() -> None:
    assert "No words, only: photo ×2, attachment" in lines(worlds.own(" \n", media=("photo", "photo", "hologram")))
    assert "📎 video" in lines(worlds.own("Look", media=("video",)))
    assert "No words" in lines(worlds.own(""))


def test_long_words_are_folded_and_short_ones_are_not() -> None:
    assert {one.type for one in shown(worlds.own("word " * 200)).entities} >= {"expandable_blockquote"}
    assert {one.type for one in shown(worlds.own("word")).entities} >= {"blockquote"}


def test_topics_stand_under_the_card() -> None:
    text = card(EN, worlds.own(), ROSTER, topics=["Size of the fleet", "pause"])
    assert text.plain.endswith("\n🏷 Size of the fleet 🏷 pause")


def test_a_page_numbers_its_cards_and_turns_both_ways() -> None:
    message = page(
        [worlds.own(), worlds.told("x", Statement("ben", "quote", "x")), Telling(replace(worlds.told().post, url=""))],
        ROSTER,
        language="en",
        zone="UTC",
        title=plain("Latest"),
        first=6,
        newer="latest:all::9",
        older="latest:all::3",
        buttons=[[Button("Follow", "follow:all")]],
    )
    judge.within_limits(message)
    assert "6. 🇦🇶 Ann One · North · chief negotiator" in message.text
    assert "7. 🇧🇻 Ben Two · South" in message.text
    assert "8. The Daily (state media)" in message.text
    assert [[button.data or button.url for button in row] for row in message.buttons] == [
        ["https://x.com/ann_one/status/1", "https://daily.example/2"],
        ["cite:1", "cite:2", "cite:2"],
        ["latest:all::9", "latest:all::3"],
        ["follow:all"],
        ["doubt:2"],
    ]


def test_on_a_page_each_of_several_speakers_keeps_their_own_kind() -> None:
    both = worlds.told("both", Statement("ben", "quote", ""), Statement("ann", "report", ""))
    text = page([both], ROSTER, language="en", zone="UTC", title=plain("Latest")).text
    assert "1. 🇧🇻 Ben Two · Quoted by The Daily (state media)\n" in text
    assert "\n🇦🇶 Ann One · Reported by The Daily (state media)\n" in text


def test_a_page_of_crowds_is_cut_and_not_refused() -> None:
    roster = worlds.roster(name="Ann " * 30, label="state media " * 20)
    crowd = [Statement(one, "report", "") for one in ["ann", *(f"{n} " * 80 for n in range(5))]]
    message = page(
        [worlds.told("x " * 500, *crowd, number=n) for n in range(1, 11)],
        roster,
        language="en",
        zone="UTC",
        title=plain("Latest"),
    )
    judge.within_limits(message)


def test_an_empty_page_says_so() -> None:
    message = page([], ROSTER, language="uk", zone="UTC", title=plain("Latest"))
    assert len(message.text.split("\n")) == 3


def test_long_posts_are_shortened_until_a_page_fits() -> None:
    many = [worlds.own("word " * 2000, number=number) for number in range(1, 8)]
    message = page(many, ROSTER, language="en", zone="UTC", title=plain("Latest"))
    judge.within_limits(message)
    assert message.text.count("Ann One") == 7


@pytest.mark.parametrize(
    ("what", "value", "title"),
    [
        ("all", "", "everything"),
        ("side", "north", "🇦🇶 North"),
        ("speaker", "ben", "🇧🇻 Ben Two"),
        ("topic", "size", "Size of the fleet"),
        ("source", "ann_x", "🇦🇶 Ann One, X @ann_one"),
        ("source", "daily", "The Daily, daily.example"),
        ("speaker", "gone", "gone"),
    ],
)
def test_everything_that_can_be_followed_has_a_title(what: str, value: str, title: str) -> None:
    assert title_of(EN, ROSTER, what, value).plain == title


@given(worlds.tellings(), worlds.rosters(), st.sampled_from(["en", "uk", "ru"]))
@settings(max_examples=100, deadline=None)
def test_any_telling_makes_a_message_that_telegram_takes(telling: Telling, roster, language: str) -> None:  # type: ignore[no-untyped-def]
    message = finish(card(voice(language, "Asia/Tokyo"), telling, roster))
    judge.within_limits(message)
    judge.survives_telegram(message)


@given(st.lists(worlds.tellings(), max_size=5), worlds.rosters(), st.sampled_from(["en", "uk", "ru"]))
@settings(max_examples=60, deadline=None)
def test_any_page_is_one_message_that_telegram_takes(tellings, roster, language: str) -> None:  # type: ignore[no-untyped-def]
    message = page(tellings, roster, language=language, zone="Europe/Kyiv", title=plain("Latest"), older="latest")
    judge.within_limits(message)
    judge.survives_telegram(message)
