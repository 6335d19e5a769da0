"""Every answer of the chat, in three languages, is a message that Telegram takes, and says what it should."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.budget import DOLLAR, Budget, Spent
from bot.errors import QueryError
from bot.models import CHOICES, LANGUAGES, Follow, Gap, Message, Roster, Speaker, Subscriber, Timetable, Topic, Watch
from bot.render.commands import commands
from bot.render.language import Voice, voice
from bot.render.replies import beginning, following, greeting, history, preferences, settling, watching
from bot.render.text import Text, finish, plain
from tests.render import judge, worlds

ROSTER = worlds.roster()
EMPTY = Roster({}, {}, {}, {}, {})
EN = voice("en", "Europe/Kyiv")
FOLLOWS = [Follow("all"), Follow("speaker", "ann", "silent"), Follow("topic", "size", "digest")]
ANN = Follow("speaker", "ann")
GAPS = [Gap("", worlds.AT - timedelta(hours=hours), worlds.AT - timedelta(hours=hours - 1), "x") for hours in (9, 5)]
GONE = worlds.own("secret", deleted_at=worlds.AT, fate="deleted")


TWICE_ON_WORKDAYS = Timetable((time(8), time(20)), frozenset(range(1, 6)))


def subscriber(when: Timetable | None = TWICE_ON_WORKDAYS) -> Subscriber:
    due = worlds.AT + timedelta(hours=3)
    return Subscriber(1, 10, 0, "private", "Eve", "en", "Europe/Kyiv", when, worlds.AT, due if when else None, "active")


def buttons(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row]


def long_roster() -> Roster:
    speakers = {f"p{n}": Speaker(f"p{n}", "north", {"en": f"Person {n}"}) for n in range(45)}
    topics = {f"t{n}": Topic(f"t{n}", {"en": f"Topic {n}"}, {"en": "word"}) for n in range(20)}
    return replace(ROSTER, speakers=speakers, topics=topics)


ANSWERS: dict[str, Callable[[Voice, Roster, str], Message]] = {
    "welcome": lambda _, r, x: greeting.welcome(_, r),
    "welcome back": lambda _, r, x: greeting.welcome_back(_, r, 2, 1),
    "welcome back to nothing": lambda _, r, x: greeting.welcome_back(_, r, 0, 0),
    "hello group": lambda _, r, x: greeting.hello_group(_, r),
    "languages": lambda _, r, x: greeting.languages(_, x),
    "language set": lambda _, r, x: greeting.language_set(_),
    "help": lambda _, r, x: greeting.help_page(_, r),
    "privacy": lambda _, r, x: greeting.privacy(_, x, -1001234567890),
    "erased": lambda _, r, x: greeting.erased(_),
    "nothing to erase": lambda _, r, x: greeting.nothing_to_erase(_),
    "unknown command": lambda _, r, x: greeting.unknown_command(_, x, ["latest"]),
    "unlike any command": lambda _, r, x: greeting.unknown_command(_, x, []),
    "plain words": lambda _, r, x: greeting.plain_words(_, x),
    "only admins": lambda _, r, x: greeting.only_admins(_),
    "slow down": lambda _, r, x: greeting.slow_down(_, 12, 30),
    "failed": lambda _, r, x: greeting.failed(_),
    "menu": lambda _, r, x: following.menu(_, r, FOLLOWS),
    "side menu": lambda _, r, x: following.side_menu(_, r, ROSTER.sides["north"], FOLLOWS),
    "topics": lambda _, r, x: following.topics_menu(_, r, FOLLOWS),
    "followed": lambda _, r, x: following.followed(_, r, [(ANN, True), (FOLLOWS[0], False)], [(x, [ANN]), (x, [])], 3),
    "followed in the digest": lambda _, r, x: following.followed(_, r, [(Follow("all", "", "digest"), True)]),
    "unfollowed": lambda _, r, x: following.unfollowed(_, r, [(ANN, True), (FOLLOWS[0], False)], [(x, [ANN])]),
    "unfollowed all": lambda _, r, x: following.unfollowed_all(_, 3),
    "unfollowed nothing": lambda _, r, x: following.unfollowed_all(_, 0),
    "not understood": lambda _, r, x: following.not_understood(_, r, "latest", x, [ANN]),
    "subscriptions": lambda _, r, x: following.subscriptions(_, r, FOLLOWS, 2),
    "no subscriptions": lambda _, r, x: following.subscriptions(_, r, [], 0),
    "speakers": lambda _, r, x: following.speakers(_, r, {"ann": worlds.AT}, worlds.AT),
    "speakers not collected": lambda _, r, x: following.speakers(_, r, {}, worlds.AT, unread=set(r.sources)),
    "followed, not collected": lambda _, r, x: following.followed(_, r, [(ANN, True)], unread=set(r.sources)),
    "whom first": lambda _, r, x: beginning.whom(_, r, FOLLOWS),
    "digest first": lambda _, r, x: beginning.digest(_, r, FOLLOWS, subscriber(), worlds.AT),
    "begun": lambda _, r, x: beginning.done(_, r, [], subscriber(None), worlds.AT),
    "begun with many": lambda _, r, x: beginning.done(_, r, FOLLOWS * 2, subscriber(), worlds.AT),
    "by link": lambda _, r, x: beginning.followed_by_link(_, r, ANN),
    "by an unknown link": lambda _, r, x: beginning.unknown_link(_, r, x, [ANN]),
    "by a link to nothing": lambda _, r, x: beginning.unknown_link(_, r, x, []),
    "saved": lambda _, r, x: watching.saved(_, Watch(1, 1, x), True),
    "saved before": lambda _, r, x: watching.saved(_, Watch(1, 1, x), False),
    "too many": lambda _, r, x: watching.too_many(_, 50),
    "ask for words": lambda _, r, x: watching.ask_for_words(_, "watch"),
    "removed": lambda _, r, x: watching.removed(_, x),
    "no such watch": lambda _, r, x: watching.no_such_watch(_, x),
    "watches": lambda _, r, x: watching.watches(_, [Watch(n, 1, x or "a") for n in range(50)]),
    "no watches": lambda _, r, x: watching.watches(_, []),
    "query error": lambda _, r, x: watching.query_error(_, "watch", x, QueryError("unclosed_quote", len(x) // 2, x)),
    "query error at the end": lambda _, r, x: watching.query_error(_, "search", x, QueryError("empty", len(x))),
    "query error of nothing": lambda _, r, x: watching.query_error(_, "watch", " ", QueryError("empty", 0)),
    "search": lambda _, r, x: finish(watching.search_title(_, x), watching.search_buttons(_, found=True)),
    "settings": lambda _, r, x: preferences.settings(_, subscriber(), 3, 2, worlds.AT),
    **{
        f"setting {name}": lambda _, r, x, name=name: preferences.choice(_, subscriber(), name)  # type: ignore[misc]
        for name in CHOICES
    },
    "quiet": lambda _, r, x: settling.quiet(_, replace(subscriber(), quiet=(time(23), time(7)))),
    "no quiet": lambda _, r, x: settling.quiet(_, subscriber()),
    "bad hours": lambda _, r, x: settling.bad_hours(_, x),
    "watched": lambda _, r, x: watching.watched(_, Watch(1, 1, x, "urgent")),
    "digest": lambda _, r, x: settling.digest(_, subscriber(), worlds.AT),
    "no digest": lambda _, r, x: settling.digest(_, subscriber(None), worlds.AT),
    "digest set": lambda _, r, x: settling.digest_set(_, subscriber(), worlds.AT),
    "bad time": lambda _, r, x: settling.bad_time(_, x, [time(8)], frozenset({1, 3})),
    "too many times": lambda _, r, x: settling.bad_time(_, "", [time(8)] * 7, frozenset()),
    "zone": lambda _, r, x: settling.zone(_, worlds.AT, "UTC"),
    "zone set": lambda _, r, x: settling.zone_set(_, subscriber(), worlds.AT),
    "bad zone": lambda _, r, x: settling.bad_zone(_, x, ["Europe/Kyiv"]),
    "several zones": lambda _, r, x: settling.several_zones(_, x, ["Europe/Kyiv", "Europe/Simferopol"]),
    "status": lambda _, r, x: settling.status(
        _, r, [settling.SourceState("daily", None, worlds.AT, x)], worlds.AT, settling.Queue(1, 2, 3), 0, GAPS
    ),
    "status of the silent": lambda _, r, x: settling.status(
        _, r, [settling.SourceState("daily", worlds.AT, gaps=GAPS, silent_since=worlds.AT)], worlds.AT
    ),
    "versions": lambda _, r, x: history.versions(
        _, worlds.own(x), [(worlds.AT, x * (n % 3), "ab" * 32) for n in range(9)], r
    ),
    "versions that had to go": lambda _, r, x: history.versions(_, GONE, [(worlds.AT, "", "ab" * 32)] * 2, r),
    "changed": lambda _, r, x: history.changed(_, [worlds.own(x), GONE], r, plain(x[:9].strip())),
    "nothing changed": lambda _, r, x: history.changed(_, [], r, Text()),
    "no such history": lambda _, r, x: history.unknown(_, x),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("roster", [ROSTER, EMPTY, long_roster()], ids=["small", "empty", "long"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_telegram_takes_every_answer(answer: str, roster: Roster, language: str) -> None:
    message = ANSWERS[answer](voice(language, "Europe/Kyiv"), roster, "слово 😀")
    judge.within_limits(message)
    judge.survives_telegram(message)
    english = ANSWERS[answer](voice("en", "Europe/Kyiv"), roster, "слово 😀")
    assert (message.text == english.text) is (language == "en")


@given(st.sampled_from(sorted(ANSWERS)), worlds.rosters(), worlds.long_letters(), st.sampled_from(LANGUAGES))
@settings(max_examples=150, deadline=None)
def test_telegram_takes_every_answer_to_whatever_is_typed(
    answer: str, roster: Roster, typed: str, language: str
) -> None:
    message = ANSWERS[answer](voice(language, "Asia/Tokyo"), roster, typed)
    judge.within_limits(message)
    judge.survives_telegram(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_menu_of_commands_is_what_telegram_takes(language: str) -> None:
    listed = commands(language)
    assert len(listed) == len(dict(listed)) <= 100
    assert all(name.isascii() and name.islower() and len(name) <= 32 for name, _ in listed)
    assert all(1 <= len(description) <= 256 for _, description in listed)


def test_help_names_every_command_with_examples_from_the_roster() -> None:
    text = greeting.help_page(EN, ROSTER).text
    assert all(f"/{name} – {description}" in text for name, description in commands("en"))
    assert "/latest Ann One, /latest North, /latest 3" in text


def test_the_menu_shows_what_is_followed_and_offers_the_opposite() -> None:
    assert buttons(following.menu(EN, ROSTER, []))[:4] == ["on:all:", "side:north:0", "side:south:0", "topics:0"]
    assert buttons(following.menu(EN, ROSTER, FOLLOWS))[0] == "off:all:"
    side = following.side_menu(EN, ROSTER, ROSTER.sides["north"], FOLLOWS)
    assert buttons(side) == ["on:side:north", "off:speaker:ann", "menu"]
    assert side.buttons[1][0].text == "✅ 🇦🇶 Ann One"


def test_long_menus_have_pages_and_a_page_beyond_the_end_is_the_last() -> None:
    roster = long_roster()
    side = roster.sides["north"]
    assert buttons(following.side_menu(EN, roster, side, [], 0))[-2:] == ["side:north:1", "menu"]
    assert buttons(following.side_menu(EN, roster, side, [], 1))[-3:] == ["side:north:0", "side:north:2", "menu"]
    last = following.side_menu(EN, roster, side, [], 99)
    assert last == following.side_menu(EN, roster, side, [], 5)
    assert "on:speaker:p44" in buttons(last)
    assert following.page_of(roster, "speaker", "p44") == 5
    assert following.page_of(roster, "topic", "t9") == 1
    assert following.page_of(roster, "topic", "gone") == 0


def test_subscriptions_change_how_and_end_by_a_button_each() -> None:
    message = following.subscriptions(EN, ROSTER, FOLLOWS, 1)
    assert buttons(message) == [
        "how:all::silent",
        "drop:all:",
        "how:speaker:ann:digest",
        "drop:speaker:ann",
        "how:topic:size:off",
        "drop:topic:size",
        "menu",
        "settings",
    ]
    assert "🇦🇶 Ann One – at once, without sound" in message.text
    assert "You also watch 1 query: /watches" in message.text


def test_what_was_not_understood_is_said_with_what_it_may_have_meant() -> None:
    message = following.followed(EN, ROSTER, [(ANN, True)], [("anne", [ANN])])
    assert "✅ You follow 🇦🇶 Ann One: at once." in message.text
    assert "Whom do you mean by “anne”?" in message.text
    assert buttons(message) == ["on:speaker:ann"]
    assert buttons(following.not_understood(EN, ROSTER, "latest", "anne", [ANN])) == ["latest:speaker:ann"]


def test_speakers_stand_by_side_with_their_role_and_when_they_last_spoke() -> None:
    message = following.speakers(EN, ROSTER, {"ann": worlds.AT}, worlds.AT)
    assert "🇦🇶 North\n• Ann One – chief negotiator – last heard 14 March 2022\n\n🇧🇻 South\n• Ben Two" in message.text
    only = following.speakers(EN, ROSTER, {}, worlds.AT, "south")
    assert "Ann" not in only.text
    assert buttons(only) == ["speakers:north:0", "menu"]
    assert "speakers::1" in buttons(following.speakers(EN, long_roster(), {}, worlds.AT))


def test_a_mistake_in_a_query_is_pointed_at() -> None:
    message = watching.query_error(EN, "watch", 'fleet "open sea', QueryError("unclosed_quote", 6, 'fleet "open sea"'))
    assert message.text.split("\n") == [
        "A quotation mark is opened here and not closed.",
        'fleet "open sea',
        "      ^",
        'This works: /watch fleet "open sea"',
    ]


def test_every_reason_of_the_watch_language_is_explained() -> None:
    from typing import get_args

    from bot.words.query import Reason

    unknown = watching.explanation(EN, "something else").plain
    assert all(watching.explanation(EN, reason).plain != unknown for reason in get_args(Reason))


def test_a_long_list_of_watches_has_pages_and_keeps_its_numbers() -> None:
    many = [Watch(100 + n, 1, f"word{n}") for n in range(95)]
    first, last = watching.watches(EN, many), watching.watches(EN, many, 9)
    assert buttons(first)[-1] == "watches:1"
    assert "95. word94" in last.text
    assert buttons(last)[-2:] == ["watched:194", "watches:1"]


def test_the_times_and_days_of_the_digest_are_said_and_marked() -> None:
    message = settling.digest(EN, subscriber(), worlds.AT)
    assert message.text.startswith(
        "📰 Your digest comes on Mon–Fri at 08:00, 20:00, Europe/Kyiv (EET). The next one: 14 March 2022, 21:42 EET."
    )
    marked = [button.text for row in message.buttons for button in row if button.text.startswith("●")]
    assert marked == ["● 08:00", "● 20:00", "●Mon", "●Tue", "●Wed", "●Thu", "●Fri"]
    every_day = settling.digest(EN, subscriber(Timetable((time(20),))), worlds.AT)
    assert "every day at 20:00, Europe/Kyiv" in every_day.text
    none = settling.digest(EN, subscriber(None), worlds.AT)
    assert "● No digest" in [button.text for row in none.buttons for button in row]


def test_the_zone_offers_the_default_one_unless_it_is_chosen() -> None:
    assert buttons(settling.zone(EN, worlds.AT, "Europe/Kyiv")) == ["zone:UTC", "settings"]
    assert "it is 18:42 there" in settling.zone(EN, worlds.AT, "UTC").text


def test_status_puts_the_troubled_sources_first_and_errors_before_operators_alone() -> None:
    ago = worlds.AT - timedelta(minutes=2)
    states = [
        settling.SourceState("daily", last_ok_at=ago),
        settling.SourceState("past", last_ok_at=worlds.AT - timedelta(hours=5)),
        settling.SourceState("new"),
        settling.SourceState("fresh", worlds.AT),
        settling.SourceState("ann_x", no_token=True),
        settling.SourceState("ben_telegram", ago, worlds.AT, "no such channel"),
    ]
    message = settling.status(EN, ROSTER, states, worlds.AT)
    assert message.text.split("\n") == [
        "5 sources are collected.",
        "⚠️ 1 cannot be read at the moment.",
        "1 is not collected: no X token.",
        "⚠️ 🇧🇻 Ben Two, Telegram @ben_two – since 14 March 2022, 18:42 EET",
        "⏳ new – not read yet",
        "✅ The Daily, daily.example – 2 minutes ago",
        "✅ The Past, archive – 5 hours ago",
        "✅ fresh – just now",
        "➖ 🇦🇶 Ann One, X @ann_one",
    ]
    operators = settling.status(EN, ROSTER, states, worlds.AT, settling.Queue(3, 4, 5))
    assert "no such channel" in operators.text
    assert "Waiting to be sent: 3. Subscribers: 4. Posts: 5." in operators.text


LIMITS = Budget(day_cap=5 * DOLLAR, month_cap=50 * DOLLAR)


def test_what_x_costs_is_told_to_operators_with_an_outlook() -> None:
    quick = Spent(1_204_999, 20 * DOLLAR, 14 * DOLLAR, 4.0)
    queue = settling.Queue(3, 4, 5, (LIMITS, quick))
    assert settling.status(EN, ROSTER, [], worlds.AT, queue).text.split("\n")[-1] == (
        "X: $1.20 of $5.00 today (UTC), $20.00 of $50.00 this month; at this rate until 23 March 2022"
    )
    slow = settling.x_money(EN, LIMITS, Spent(0, 9_999 * DOLLAR // 1000, DOLLAR, 7.0), worlds.AT).plain
    assert slow == "X: $0.00 of $5.00 today (UTC), $10.00 of $50.00 this month; at this rate it lasts the month"
    ukrainian = settling.x_money(voice("uk", "Europe/Kyiv"), LIMITS, quick, worlds.AT).plain
    assert ukrainian.endswith("за такого темпу – до 23 березня 2022")
    assert len({settling.x_money(voice(one, "UTC"), LIMITS, Spent(), worlds.AT).plain for one in LANGUAGES}) == 3


def test_an_operators_terminal_shows_all_sources_without_pages() -> None:
    states = [settling.SourceState(f"s{n}", worlds.AT, worlds.AT, "no such channel") for n in range(60)]
    told = settling.report(EN, ROSTER, states, worlds.AT, settling.Queue(3, 4, 5), GAPS[:1]).split("\n")
    assert told[0] == "60 sources are collected."
    assert "All sources: 09:42–10:42" in told
    assert sum(line.endswith(": no such channel") for line in told) == 60


def test_status_says_when_a_source_was_not_seen_and_that_it_is_unusually_silent() -> None:
    states = [
        settling.SourceState("past", worlds.AT, gaps=GAPS),
        settling.SourceState("daily", worlds.AT, silent_since=worlds.AT - timedelta(days=3)),
    ]
    assert settling.status(EN, ROSTER, states, worlds.AT, away=GAPS[:1]).text.split("\n") == [
        "2 sources are collected.",
        "⚠️ Not readable, so perhaps missing here:",
        "All sources: 09:42–10:42",
        "🔇 The Daily, daily.example – silent since 11 March 2022, 18:42 EET",
        "✅ The Past, archive – just now; not readable 09:42–10:42, 13:42–14:42",
    ]


def test_status_of_many_sources_has_pages() -> None:
    states = [settling.SourceState(f"s{n}", last_ok_at=worlds.AT) for n in range(60)]
    assert buttons(settling.status(EN, ROSTER, states, worlds.AT)) == ["status:1"]
    assert buttons(settling.status(EN, ROSTER, states, worlds.AT, page=1)) == ["status:0", "status:2"]
    assert buttons(settling.status(EN, ROSTER, states, worlds.AT, page=7)) == ["status:1"]


def test_a_note_on_a_button_is_short_enough_for_telegram() -> None:
    assert all(len(greeting.stale(voice(language, "UTC")).plain) <= 200 for language in LANGUAGES)


# --- history


def test_every_version_is_shown_with_its_time_and_hash_and_what_came_with_it() -> None:
    found = [
        (worlds.AT, "We agree.", "aa" * 32),
        (worlds.AT + timedelta(hours=1), "We may agree.", "bb" * 32),
        (worlds.AT + timedelta(hours=2), "We may agree soon.", "cc" * 32),
    ]
    message = history.versions(EN, worlds.own("We may agree soon."), found, ROSTER)
    blocks = message.text.split("\n\n")
    assert blocks[0].startswith("🕓 All versions\n🇦🇶 Ann One")
    assert blocks[1].split("\n") == [
        "1. An earlier version, first seen 14 March 2022, 18:42 EET",
        "We agree.",
        "SHA-256 " + "aa" * 32,
    ]
    assert blocks[3].startswith("3. The last version, first seen 14 March 2022, 20:42 EET\nWe may agree soon.")
    marked = [judge.stretch(message, one) for one in message.entities if one.type == "underline"]
    assert marked == ["may", "soon"]
    assert message.buttons[0][0].url == "https://x.com/ann_one/status/1"


def test_of_many_versions_the_last_ones_are_shown_under_their_numbers() -> None:
    found = [(worlds.AT, f"Text {number}", "aa" * 32) for number in range(1, 10)]
    text = history.versions(EN, worlds.own("Text 9"), found, ROSTER).text
    assert "3 earlier versions are not shown." in text
    assert "4. An earlier version" in text
    assert "Text 3\n" not in text
    only = history.versions(EN, worlds.own("Text"), found[:1], ROSTER).text
    assert "The only version, first seen" in only


def test_of_texts_that_had_to_go_only_time_and_hash_are_shown() -> None:
    text = history.versions(EN, GONE, [(worlds.AT, "secret", "aa" * 32)], ROSTER).text
    assert "secret" not in text
    assert "aa" * 32 in text
    assert "🗑 Deleted at the source" in text
    assert "as X asks" in text


def test_the_list_of_changes_has_a_button_each() -> None:
    edit = worlds.own("We meet.", number=7, edited_at=worlds.AT + timedelta(hours=1))
    message = history.changed(EN, [GONE, edit], ROSTER, Text("Ann"))
    assert message.text.startswith("✏️ Edited or deleted: Ann\n\n1. 18:42 · 🇦🇶 Ann One")
    assert "\n🗑 deleted, 14 March 2022, 18:42 EET\n\n2. 18:42" in message.text
    assert message.text.endswith("We meet.\n✏️ edited, 14 March 2022, 19:42 EET")
    assert buttons(message) == ["history:1", "history:7"]
