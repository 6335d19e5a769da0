"""An alert names what it is for and is complete; notices of edits and deletions keep the platforms' rules."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Fate, Message, Roster, Statement, Telling
from bot.render.actions import all_rows, statement_rows
from bot.render.alerts import PARTS, Trouble, ailing, alert, back, catch_up, deleted, edited
from bot.render.language import voice
from tests.render import judge, worlds

ROSTER = worlds.roster()


def alerted(telling: Telling, **more: object) -> list[Message]:
    return alert(telling, ROSTER, language="en", zone="Europe/Kyiv", **more)  # type: ignore[arg-type]


def test_an_alert_names_its_watches_and_marks_the_words_that_matched() -> None:
    (message,) = alerted(worlds.own("The fleet stays."), watches=["fleet", "шлях"], found=[(4, 9)])
    assert message.text.startswith("🔔 fleet, шлях\n🇦🇶 Ann One\n")
    bold = [judge.stretch(message, one) for one in message.entities if one.type == "underline"]
    assert bold == ["fleet"]
    assert message.buttons[0][0].url == "https://x.com/ann_one/status/1"


def test_an_alert_of_a_follow_has_no_bell() -> None:
    (message,) = alerted(worlds.own())
    assert message.text.startswith("🇦🇶 Ann One")


def test_many_watches_are_named_up_to_the_tenth() -> None:
    (message,) = alerted(worlds.own(), watches=[f"w{number}" for number in range(12)])
    assert message.text.split("\n")[0].endswith("w9, …")


def test_an_address_that_cannot_be_opened_makes_no_button() -> None:
    (message,) = alerted(Telling(replace(worlds.own().post, url="")))
    assert [button.data for row in message.buttons for button in row] == ["cite:1", "tools:1"]


def test_what_can_be_done_with_a_statement_stands_in_rows_that_a_phone_shows() -> None:
    sources = {**ROSTER.sources, "ann_x": replace(ROSTER.sources["ann_x"], translate=True, pictures=True)}
    roster, uk = replace(ROSTER, sources=sources), voice("uk", "UTC")
    plain = [["https://x.com/ann_one/status/1", "cite:1", "tools:1"]]

    def rows(telling: Telling) -> list[list[str]]:
        return [[one.data or one.url for one in row] for row in statement_rows(uk, telling, roster) if row]

    assert rows(worlds.own(language="uk")) == plain
    assert rows(worlds.own(language="ru", media=("photo",))) == [*plain, ["translate:1", "pictures:1"]]
    assert rows(worlds.own(language="ru", media=("photo",), fate="protected")) == plain
    assert rows(worlds.own(number=0)) == [["https://x.com/ann_one/status/0"]]


def test_the_picture_goes_with_the_last_part_and_only_where_it_may_be_shown() -> None:
    sources = {**ROSTER.sources, "ann_x": replace(ROSTER.sources["ann_x"], pictures=True)}

    def shown(telling: Telling, picture: str = "https://cdn.example/1.jpg", allowed: bool = True) -> list[str]:
        roster = replace(ROSTER, sources=sources) if allowed else ROSTER
        return [one.picture for one in alert(telling, roster, language="en", zone="UTC", picture=picture)]

    pictured = worlds.own(media=("photo",))
    assert shown(pictured) == ["https://cdn.example/1.jpg"]
    assert shown(worlds.own("word " * 900, media=("photo",))) == ["", "https://cdn.example/1.jpg"]
    assert shown(pictured, "") == shown(pictured, "ftp://x") == shown(pictured, allowed=False) == [""]
    assert shown(worlds.own(media=("photo",), fate="deleted")) == [""]


def test_behind_the_last_button_is_everything_that_can_be_done_with_a_statement() -> None:
    def rows(telling: Telling) -> list[list[str]]:
        return [[one.data or one.url for one in row] for row in all_rows(voice("en", "UTC"), telling, ROSTER) if row]

    assert rows(worlds.told("x", Statement("ann", "quote", "x"), Statement("ben", "quote", "x"))) == [
        ["https://daily.example/2", "cite:2", "fold:2"],
        ["who:ann", "recent:ann"],
        ["history:2", "mute:2"],
        ["doubt:2"],
    ]
    assert rows(worlds.told("x")) == [["https://daily.example/2", "cite:2", "fold:2"], ["history:2", "mute:2"]]


def test_a_long_statement_comes_in_parts_and_the_last_has_the_link() -> None:
    words = " ".join(f"word{number}" for number in range(1500))
    parts = alerted(worlds.own(words))
    assert len(parts) == 4
    assert " ".join(part.text for part in parts).split().count("word777") == 1
    assert all(f"word{number} " in " ".join(part.text for part in parts).replace("\n", " ") for number in range(1499))
    assert parts[1].text.startswith("🇦🇶 Ann One · 2/4\n")
    last = parts[-1]
    assert any(one.url == "https://x.com/ann_one/status/1" for one in last.entities)
    assert [bool(part.buttons) for part in parts] == [False, False, False, True]


def test_a_text_without_end_is_cut_and_the_rest_is_at_the_source() -> None:
    parts = alerted(worlds.own("word " * 20_000))
    assert len(parts) == PARTS
    assert "The rest is at the source." in parts[-1].text
    assert any(one.type == "text_link" for one in parts[-1].entities)


def test_an_edit_shows_both_versions_and_how_long_the_first_stood() -> None:
    telling = worlds.own("We meet on Friday.", edited_at=worlds.AT + timedelta(hours=2))
    (message,) = edited("We meet tomorrow.", telling, ROSTER, language="en", zone="UTC")
    assert message.text.startswith("✏️ Changed after 2 hours\n")
    assert "Earlier version:\nWe meet tomorrow.\nNow:\nWe meet on Friday." in message.text
    assert message.buttons


def test_an_edit_marks_word_by_word_what_went_and_what_came() -> None:
    telling = worlds.own("We do not meet on Friday, in Geneva.", edited_at=worlds.AT + timedelta(hours=2))
    (message,) = edited("We meet on Monday, in Geneva.", telling, ROSTER, language="en", zone="UTC")
    struck = [judge.stretch(message, one) for one in message.entities if one.type == "strikethrough"]
    underlined = [judge.stretch(message, one) for one in message.entities if one.type == "underline"]
    assert (struck, underlined) == (["Monday"], ["do not", "Friday"])


def test_a_later_edit_says_how_long_the_version_before_it_stood() -> None:
    telling = worlds.own("Third.", edited_at=worlds.AT + timedelta(hours=5))
    since = worlds.AT + timedelta(hours=2)
    (message,) = edited("Second.", telling, ROSTER, language="en", zone="UTC", since=since)
    assert message.text.startswith("✏️ Changed after 3 hours\n")
    assert message.buttons[-1][0].data == "history:1"


def test_of_a_long_text_what_is_around_the_change_is_shown() -> None:
    long = "word " * 2000
    telling = worlds.own(f"{long}agreed {long}", edited_at=worlds.AT + timedelta(hours=2))
    (message,) = edited(f"{long}refused {long}", telling, ROSTER, language="en", zone="UTC")
    assert "… " in message.text
    assert "refused" in message.text
    assert "agreed" in message.text
    assert len(message.text) < 1500


def test_a_post_found_late_says_so() -> None:
    late = worlds.own(late=True, seen_at=worlds.AT + timedelta(hours=3))
    (message,) = alerted(late)
    assert "🕰 Found late: 14 March 2022, 21:42 EET" in message.text
    (prompt,) = alerted(worlds.own(seen_at=worlds.AT + timedelta(hours=3)))
    assert "late" not in prompt.text


def test_what_x_does_not_show_to_everybody_is_not_shown_and_not_called_deleted() -> None:
    why: dict[Fate, str] = {
        "protected": "🔒 The account is protected: only its followers may read it",
        "suspended": "⛔️ The account is suspended",
        "withheld": "🙈 Withheld: not shown in some countries",
        "unsure": "🔒 Not public at its source at the moment",
    }
    for fate, words in why.items():
        (message,) = alerted(worlds.own("secret", fate=fate))
        assert "secret" not in message.text
        assert words in message.text
        assert "eleted" not in message.text
    (elsewhere,) = alerted(replace(worlds.own(), post=replace(worlds.told("open").post, fate="withheld")))
    assert "open" in elsewhere.text


def test_what_was_told_to_be_deleted_is_put_right() -> None:
    (message,) = back(worlds.own(), ROSTER, language="en", zone="UTC")
    assert message.text.startswith("↩️ No longer deleted\n🇦🇶 Ann One")
    assert "We meet tomorrow." in message.text


def test_an_edit_at_an_unknown_time_says_no_time() -> None:
    (message,) = edited("", worlds.own(""), ROSTER, language="en", zone="UTC")
    assert message.text.startswith("✏️ Changed\n")
    assert "Earlier version:\nNo words\nNow:\nNo words" in message.text


def test_a_deletion_is_told_with_the_words_where_the_platform_allows() -> None:
    post = replace(worlds.told("Ben said no.").post, deleted_at=worlds.AT + timedelta(days=1))
    (message,) = deleted(Telling(post), ROSTER, language="en", zone="UTC")
    assert message.text.startswith("🗑 Deleted after 24 hours\n")
    assert "Ben said no." in message.text


def test_a_deletion_on_x_is_told_without_the_words_and_an_edit_of_it_likewise() -> None:
    telling = worlds.own("secret", deleted_at=worlds.AT)
    for messages in (
        deleted(telling, ROSTER, language="en", zone="UTC"),
        edited("secret before", telling, ROSTER, language="en", zone="UTC"),
    ):
        assert messages[0].text.startswith("🗑 Deleted\n")
        assert "secret" not in messages[0].text


def test_a_catch_up_is_one_message_that_counts_what_it_does_not_show() -> None:
    many = [worlds.own(f"post {number}", number=number) for number in range(1, 13)]
    (message,) = catch_up(many, ROSTER, language="en", zone="UTC", dropped=3)
    assert message.text.startswith("📬 15 posts while you were not reached")
    assert "post 12" in message.text
    assert "post 2\n" not in message.text
    assert "5 earlier ones are not shown. /latest has them all." in message.text
    (short,) = catch_up(many[:1], ROSTER, language="en", zone="UTC")
    assert "earlier" not in short.text


def test_what_was_held_is_numbered_and_opened_by_its_number() -> None:
    many = [worlds.own(f"post {number}", number=number) for number in range(1, 71)]
    parts = catch_up(many, ROSTER, language="en", zone="UTC", why="quiet")
    assert [len(part.buttons) for part in parts] == [3, 3, 3, 3]
    opened = [button for part in parts for row in part.buttons for button in row]
    assert [button.text for button in opened] == [f"{number} ⋯" for number in range(1, 61)]
    assert [button.data for button in opened] == [f"whole:{number}" for number in range(11, 71)]
    for number in range(1, 61):
        part = parts[(number - 1) // 15]
        assert f"\n\n{number}. " in "\n\n" + part.text
        assert f"post {number + 10}\n" in part.text + "\n"


def test_a_catch_up_claims_no_kind_where_two_speakers_differ() -> None:
    both = worlds.told("both", Statement("ben", "quote", ""), Statement("ann", "report", ""))
    (message,) = catch_up([both], ROSTER, language="en", zone="UTC")
    assert "🇧🇻 Ben Two, 🇦🇶 Ann One · The Daily (state media)\n" in message.text


def test_operators_read_what_ails_why_and_what_to_do() -> None:
    troubles = [
        Trouble("stopped", ("ben_telegram",), worlds.AT, "no such channel"),
        Trouble("failing", ("daily", "past", "gone"), worlds.AT, "no answer"),
        Trouble("silent", ("ann_x",), worlds.AT),
    ]
    (message,) = ailing(troubles, ["daily"], ROSTER, language="en", zone="UTC")
    blocks = message.text.split("\n\n")
    assert blocks[0].split("\n")[:2] == [
        "⛔️ Not read any more since 14 March 2022, 16:42 UTC: 🇧🇻 Ben Two, Telegram @ben_two",
        "no such channel",
    ]
    assert "config/sources.toml" in blocks[0]
    assert "The Daily, daily.example; The Past, archive; gone\nno answer\n" in blocks[1]
    assert "browser" in blocks[1]
    assert blocks[2].startswith("🔇 Silent for unusually long, since 14 March 2022, 16:42 UTC: 🇦🇶 Ann One")
    assert blocks[3] == "✅ Read again: The Daily, daily.example"


def test_troubles_of_many_kinds_and_sources_fit_one_message() -> None:
    many = [
        Trouble("failing", tuple(f"source {number}" for number in range(40)), worlds.AT, "a reason " * 99)
        for _ in range(9)
    ]
    (message,) = ailing(many, ["daily"] * 40, ROSTER, language="uk", zone="UTC")
    judge.within_limits(message)
    assert "і ще 30 джерел" in message.text
    assert "і ще 120 джерел: /status" in message.text


@given(
    worlds.tellings(),
    worlds.rosters(),
    st.sampled_from(["en", "uk", "ru"]),
    st.lists(worlds.letters(), max_size=3),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=60),
)
@settings(max_examples=80, deadline=None)
def test_telegram_takes_every_notice_of_any_telling(
    telling: Telling, roster: Roster, language: str, watches: list[str], found: list[tuple[int, int]]
) -> None:
    zone = "America/New_York"
    messages = [
        *alert(telling, roster, language=language, zone=zone, watches=watches, found=found),
        *edited(" ".join([*watches, telling.post.quoted]), telling, roster, language=language, zone=zone),
        *deleted(telling, roster, language=language, zone=zone),
        *back(telling, roster, language=language, zone=zone),
        *ailing(
            [Trouble("failing", (telling.post.source,), telling.post.published_at, telling.post.quoted)],
            [],
            roster,
            language=language,
            zone=zone,
        ),
        *catch_up([telling] * 11, roster, language=language, zone=zone),
        *catch_up([telling] * 70, roster, language=language, zone=zone, why="quiet"),
        *catch_up([telling] * 3, roster, language=language, zone=zone, why="burst"),
    ]
    for message in messages:
        judge.within_limits(message)
        judge.survives_telegram(message)


@given(st.lists(st.sampled_from(["ann", "ben", "gone"]), max_size=3), st.integers(0, 5000))
@settings(max_examples=30, deadline=None)
def test_every_part_of_a_long_alert_is_headed_and_the_last_leads_to_the_post(speakers: list[str], length: int) -> None:
    telling = worlds.told("слово 😀" * length, *(Statement(one, "quote", "") for one in speakers))
    parts = alerted(telling)
    assert len(parts) <= PARTS
    assert any(one.url for one in parts[-1].entities)
    for number, part in enumerate(parts[1:], 2):
        assert f"{number}/{len(parts)}" in part.text.split("\n")[0]
