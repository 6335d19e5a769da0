"""A digest says at one glance who spoke, states its window, and names what is missing from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import CORRECTED, DigestBy, Gap, Message, Roster, Statement, Telling
from bot.render.digests import Before, digest
from tests.render import judge, worlds

ROSTER = worlds.roster()
SINCE, UNTIL = worlds.AT, worlds.AT + timedelta(days=1)


def made(
    tellings: list[Telling],
    gaps: Sequence[Gap] = (),
    changed: Sequence[Telling] = (),
    corrected: Sequence[Telling] = (),
    by: DigestBy = "side",
    before: Before | None = None,
    drawn: bool = False,
) -> list[Message]:
    return digest(
        tellings,
        ROSTER,
        language="en",
        zone="Europe/Kyiv",
        since=SINCE,
        until=UNTIL,
        gaps=gaps,
        changed=changed,
        corrected=corrected,
        by=by,
        before=before,
        drawn=drawn,
    )


def unseen(source: str, since: float, until: float | None = None) -> Gap:
    """In hours before the end of the digest's window, which is 18:42 in Kyiv."""
    ended = None if until is None else UNTIL - timedelta(hours=until)
    return Gap(source, UNTIL - timedelta(hours=since), ended, "no answer")


def unread(roster: Roster, *sources: str) -> str:
    messages = digest([], roster, language="en", zone="UTC", since=SINCE, until=UNTIL, unread=sources)
    return messages[-1].text.split("\n\n")[-1]


def test_sources_that_are_not_collected_are_named() -> None:
    first = next(iter(ROSTER.sources.values()))
    assert unread(ROSTER, first.id, "?") == "➖ Not collected, for there is no X token: 🇦🇶 Ann One, X @ann_one"
    many = {f"s{number}": replace(first, id=f"s{number}") for number in range(9)}
    assert unread(replace(ROSTER, sources=many), *many).endswith("X @ann_one; and 3 more sources")


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


def on(telling: Telling, *topics: str) -> Telling:
    return replace(telling, topics=topics)


def test_the_glance_says_of_what_was_spoken_what_is_new_who_is_silent_and_what_was_taken_back() -> None:
    deletion = worlds.told("Ben said no.", number=9)
    deletion = replace(deletion, post=replace(deletion.post, deleted_at=UNTIL, fate="deleted"))
    edit = worlds.own("We meet on Friday.", number=8, edited_at=UNTIL)
    before = Before(14, {("north", "size")}, ["cat"])
    tellings = [on(quoted("ben", 5), "size", "gone"), on(worlds.own(), "size")]
    (message,) = made(tellings, changed=[edit, deletion], before=before)
    assert message.text.split("\n")[4:8] == [
        "🏷 Size of the fleet 2",
        "🆕 First in 14 days: 🇧🇻 South – Size of the fleet",
        "🔇 Usually heard at these hours, not now: Cat Three",
        "✏️ 1 edited, 🗑 1 deleted",
    ]
    (first,) = [one for one in message.entities if one.url == "https://daily.example/5" and one.length == 17]
    assert judge.stretch(message, first) == "Size of the fleet"


def test_with_too_little_history_nothing_is_called_new() -> None:
    (message,) = made([on(worlds.own(), "size")], before=Before(0))
    assert "🆕" not in message.text


def test_many_first_mentions_and_many_silent_speakers_are_condensed() -> None:
    (topic,) = ROSTER.topics.values()
    topics = {f"t{number}": replace(topic, id=f"t{number}") for number in range(9)}
    roster = replace(ROSTER, topics=topics)
    before = Before(3, (), ["ann"] * 9)
    (message,) = digest(
        [on(worlds.own(), *topics)], roster, language="en", zone="UTC", since=SINCE, until=UNTIL, before=before
    )
    lines = message.text.split("\n")
    assert lines[4].count("Size of the fleet") == 6
    assert lines[4].endswith(" · …")
    assert lines[5].count("Ann One") == 8
    assert lines[5].endswith(", …")


def test_by_topic_each_statement_stands_once_under_the_topic_that_was_touched_most() -> None:
    (topic,) = ROSTER.topics.values()
    roster = replace(ROSTER, topics={"pace": replace(topic, id="pace", name={"en": "Pace"}), "size": topic})
    tellings = [
        on(quoted("ben", 4), "size", "pace"),
        on(quoted("ann", 6), "pace"),
        on(quoted("ann", 5, story=3), "size"),
        quoted("ann", 7, story=3),
        quoted("cat", 8),
        on(quoted("ben", 9), "size"),
    ]
    (message,) = digest(
        tellings, roster, language="en", zone="Europe/Kyiv", since=SINCE, until=UNTIL, by="topic", drawn=True
    )
    blocks = message.text.split("\n\n")[1:]
    assert [block.split("\n")[0] for block in blocks] == [
        "🏷 Size of the fleet",
        "18:47 · 🇦🇶 Ann One · Quoted by The Daily (state media)",
        "18:51 · 🇧🇻 Ben Two · Quoted by The Daily (state media)",
        "🏷 Pace",
        "1 more stands above.",
        "On other things",
    ]
    assert blocks[1].endswith("words 5\nAlso: The Daily 18:49")
    plain = digest([quoted("ann", 5)], roster, language="en", zone="UTC", since=SINCE, until=UNTIL, by="topic")
    assert plain[0].text.split("\n\n")[1].startswith("16:47 · 🇦🇶 Ann One")


def test_buttons_open_what_several_statements_are_about_and_the_picture() -> None:
    tellings = [on(quoted("ben", 4), "size"), on(quoted("ann", 5), "size"), quoted("ben", 6), quoted("gone", 7)]
    (message,) = made(tellings, drawn=True)
    minutes = int(SINCE.timestamp()) // 60
    assert [[(button.text, button.data) for button in row] for row in message.buttons] == [
        [("🇧🇻 Ben Two 2", f"all:speaker:ben:{minutes}:1440:0")],
        [("🏷 Size of the fleet 2", f"all:topic:size:{minutes}:1440:0")],
        [("🖼 Picture", "picture:7")],
    ]
    (without,) = made([quoted("ben", 4)])
    assert without.buttons == ()


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


def test_a_story_told_again_stands_once_at_its_earliest_with_who_tells_it_again() -> None:
    (message,) = made([quoted("ben", 9, story=7), quoted("ben", 4, story=7), quoted("ben", 6, story=7)])
    assert "words 4\nAlso: The Daily 18:48, The Daily 18:51" in message.text
    assert "words 9" not in message.text
    assert "South 1:" in message.text


def test_a_story_that_the_speaker_tells_stands_in_the_speakers_own_words() -> None:
    mine = replace(worlds.own("My own words", number=3, hours=1), story=7)
    (message,) = made([quoted("ann", 4, story=7), mine, quoted("ann", 6)])
    assert "My own words\nAlso: The Daily 18:46" in message.text
    assert "North 2:" in message.text
    assert message.text.index("words 6") < message.text.index("My own words")


def test_of_a_story_that_everybody_tells_the_last_are_counted() -> None:
    (message,) = made([quoted("ben", number, story=7) for number in range(1, 13)])
    assert message.text.count("The Daily 18:") == 8
    assert "and 3 more" in message.text


def test_what_was_put_right_is_named() -> None:
    right = worlds.told("They agreed.", Statement("ben", "mention", "", rule=CORRECTED))
    (message,) = made([], corrected=[right])
    assert "✳️ Put right: /corrections" in message.text
    assert "✳️ Corrected: these are not the words of 🇧🇻 Ben Two" in message.text


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
    assert message.text == "📰 A quiet time: nothing new from those you follow since 14 March 2022, 18:42 EET."


def test_what_was_not_seen_is_named_with_its_times_the_longest_first() -> None:
    found = [unseen("daily", 4, 1.5), unseen("gone", 2), unseen("ann_x", 30, 25), unseen("daily", 1, 0.5)]
    (message,) = made([], [*found, unseen("", 9, 8)])
    assert message.text.split("\n")[-5:] == [
        "⚠️ Not readable, so perhaps missing here:",
        "All sources: 09:42–10:42",
        "🇦🇶 Ann One, X @ann_one: 14 March 2022, 12:42 EET–17:42",
        "The Daily, daily.example: 14:42–17:12, 17:42–18:12",
        "gone: since 16:42",
    ]


def test_many_sources_and_many_spans_are_condensed() -> None:
    (message,) = made([], [unseen(f"source {number:02}", 20 - number, 1) for number in range(14)])
    assert message.text.count("source ") == 10
    assert "source 00" in message.text
    assert message.text.endswith("and 4 more sources")
    (often,) = made([], [unseen("gone", hours, hours - 0.5) for hours in range(9, 1, -1)])
    assert often.text.endswith("gone: …, 14:42–15:12, 15:42–16:12, 16:42–17:12")


def test_what_was_edited_or_deleted_is_listed_with_what_happened_to_it() -> None:
    edit = worlds.own("We meet on Friday.", hours=-40, edited_at=UNTIL - timedelta(hours=1))
    deletion = worlds.told("Ben said no.", number=9)
    deletion = replace(deletion, post=replace(deletion.post, deleted_at=UNTIL - timedelta(hours=2), fate="deleted"))
    (message,) = made([], changed=[edit, deletion])
    block = message.text.split("\n\n")[1]
    assert block.startswith("✏️ Edited or deleted\n18:51 · The Daily (state media)\nBen said no.\n🗑 deleted, 15 March")
    assert "We meet on Friday.\n✏️ edited, 15 March 2022, 17:42 EET" in block
    many = made([], changed=[edit] * 30)
    assert "… and 10 more: /history" in many[-1].text


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
    st.lists(
        st.builds(
            Gap,
            source=st.sampled_from(["", "ann_x", "daily", "<b>"]),
            since=st.just(worlds.AT),
            until=st.sampled_from([None, UNTIL]),
            reason=worlds.letters(),
        ),
        max_size=6,
    ),
    st.sampled_from(["side", "topic"]),
)
@settings(max_examples=60, deadline=None)
def test_telegram_takes_any_digest(
    tellings: list[Telling], roster: Roster, language: str, gaps: list[Gap], by: DigestBy
) -> None:
    for message in digest(
        tellings,
        roster,
        language=language,
        zone="Europe/Kyiv",
        since=SINCE,
        until=UNTIL,
        gaps=gaps,
        changed=tellings[:4],
        corrected=tellings[2:5],
        by=by,
        before=Before(3, (), ["ann", "gone"]),
        drawn=True,
    ):
        judge.within_limits(message)
        judge.survives_telegram(message)
