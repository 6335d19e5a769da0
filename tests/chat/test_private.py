"""What one person does in a private chat, command by command and button by button."""

from datetime import UTC, datetime, time, timedelta
from typing import get_args

import pytest

from bot.chat import following, reading
from bot.models import Follow, Timetable, WatchHow
from bot.render.commands import commands
from bot.render.language import NATIVE
from bot.settings import load
from bot.store import subscribers
from tests.chat.offline import Talk, captions_of, data_of, marked_in, open_chat, operator_of, text_of
from tests.chat.worlds import Office, an_office, quoted
from tests.worlds import NOON, daily

pytestmark = pytest.mark.anyio


# --- beginning and ending


async def test_starting_again_says_what_is_set(talk: Talk) -> None:
    await talk.says("/start")
    await talk.says("/subscribe all")
    await talk.watches("ceasefire")
    assert "1 follow, 1 watch" in text_of(await talk.says("/start"))


async def test_starting_again_after_blocking_the_bot_brings_everything_back(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe all")
    await office.database.write(subscribers.deactivate, 7, "blocked", NOON)
    await talk.says("/start")
    known = office.subscriber()
    assert known is not None
    assert known.state == "active"
    assert office.follows() == [Follow("all")]


async def test_stop_erases_everything_at_once_and_says_so(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe all")
    assert "is erased" in text_of(await talk.says("/stop"))
    assert office.subscriber() is None
    assert "Nothing is stored" in text_of(await talk.says("/stop"))


async def test_looking_around_stores_nothing(talk: Talk, office: Office) -> None:
    for command in ("help", "subscribe", "subscriptions", "latest", "watches", "digest", "zone", "language", "status"):
        await talk.says(f"/{command}")
    assert office.subscriber() is None


@pytest.mark.parametrize("language", list(NATIVE))
@pytest.mark.parametrize("name", [name for name, _ in commands("en")])
async def test_every_command_answers_once_in_every_language(talk: Talk, name: str, language: str) -> None:
    reader = talk.elsewhere(talk.chat, language_code=language)
    await reader.says("/start")
    way = "sendDocument" if name == "export" else "sendMessage"
    answers = await reader.says(f"/{name}")
    assert [answer["method"] for answer in answers] == [way]
    again = await reader.says(f"/{name} \x00<b>&amp;]]> 😀 שלום")
    assert [answer["method"] for answer in again if answer["method"] != "getChat"] == [way]


async def test_help_and_privacy_say_what_they_should(talk: Talk) -> None:
    assert "/subscribe Olha Ivanenko" in text_of(await talk.says("/help"))
    privacy = text_of(await talk.says("/privacy"))
    assert "/stop erases all of it" in privacy
    assert "office@parley.example" in privacy


# --- following


async def test_subscribe_all_follows_everything(talk: Talk, office: Office) -> None:
    assert "✅ You follow everything: at once." in text_of(await talk.says("/subscribe all"))
    assert office.follows() == [Follow("all")]
    assert "☑️ You follow everything already" in text_of(await talk.says("/subscribe everything"))


async def test_a_list_is_answered_name_by_name(talk: Talk, office: Office) -> None:
    (answer,) = await talk.says("/subscribe Ivanenko, Петрова; south\nIvanenkko silent")
    lines = answer["text"].split("\n")
    assert lines[0] == "✅ You follow 🟦 Olha Ivanenko: at once, without sound."
    assert lines[1] == "✅ You follow 🟥 Pavel Petrov: at once, without sound."
    assert lines[2] == "✅ You follow 🟥 South: at once, without sound."
    assert lines[4].startswith("➖ Not collected, for there is no X token")
    assert "Whom do you mean by “Ivanenkko”?" in lines[5]
    assert data_of(answer) == ["on:speaker:ivanenko"]
    assert {follow.how for follow in office.follows()} == {"silent"}


async def test_a_name_that_means_nobody_is_answered_with_an_example(talk: Talk, office: Office) -> None:
    text = text_of(await talk.says("/subscribe zzzzzz"))
    assert "“zzzzzz” is neither a speaker nor a side" in text
    assert "/subscribe Olha Ivanenko" in text
    assert office.subscriber() is None


async def test_the_menu_leads_to_sides_speakers_and_topics_and_back(talk: Talk, office: Office) -> None:
    (menu,) = await talk.says("/subscribe")
    assert data_of(menu) == ["on:all:", "side:north:0", "side:south:0", "topics:0", "digest", "settings"]
    answered, side = await talk.presses("side:south:0", menu)
    assert answered["method"] == "answerCallbackQuery"
    assert side["method"] == "editMessageText"
    assert data_of(side) == ["on:side:south", "on:speaker:petrov", "on:speaker:sidorov", "menu"]
    _, switched = await talk.presses("on:speaker:petrov", side)
    assert data_of(switched)[1] == "off:speaker:petrov"
    assert office.follows() == [Follow("speaker", "petrov")]
    _, switched = await talk.presses("off:speaker:petrov", switched)
    assert data_of(switched)[1] == "on:speaker:petrov"
    _, topics = await talk.presses("on:topic:truce")
    assert data_of(topics) == ["off:topic:truce", "menu"]
    _, whole = await talk.presses("on:side:north")
    assert data_of(whole)[0] == "off:side:north"
    _, top = await talk.presses("on:all:")
    assert data_of(top)[0] == "off:all:"
    _, menu = await talk.presses("menu")
    assert "You follow 3 entries." in menu["text"]
    _, wire = await talk.presses("on:source:wire")
    assert "You follow 4 entries." in wire["text"]


async def test_pressing_a_button_twice_is_as_pressing_it_once(talk: Talk, office: Office) -> None:
    for _ in range(2):
        await talk.presses("on:speaker:petrov")
    assert office.follows() == [Follow("speaker", "petrov")]


async def test_subscriptions_change_and_end_by_buttons(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe petrov, truce")
    (shown,) = await talk.says("/subscriptions")
    assert "how:speaker:petrov:silent" in data_of(shown)
    await talk.presses("how:speaker:petrov:silent", shown)
    assert office.follows()[0].how == "silent"
    _, fewer = await talk.presses("drop:speaker:petrov", shown)
    assert office.follows() == [Follow("topic", "truce")]
    await talk.presses("how:speaker:petrov:now", fewer)
    assert office.follows() == [Follow("topic", "truce")]
    _, none = await talk.presses("drop:topic:truce", fewer)
    assert "You follow nobody yet." in none["text"]
    _, page = await talk.presses("follows:0")
    assert "You follow nobody yet." in page["text"]


async def test_unsubscribe_takes_a_name_a_list_or_everything(talk: Talk, office: Office) -> None:
    await talk.says("/subscribe ivanenko, petrov, sidorov, truce")
    text = text_of(await talk.says("/unsubscribe Иваненко, north, nobodyy"))
    assert "You no longer follow 🟦 Olha Ivanenko." in text
    assert "You did not follow 🟦 North." in text
    assert "nobodyy" in text
    assert len(office.follows()) == 3
    assert "You no longer follow any of 3 entries." in text_of(await talk.says("/unsubscribe all"))
    assert office.follows() == []
    assert "You follow nobody yet." in text_of(await talk.says("/unsubscribe all"))
    assert "You follow nobody yet." in text_of(await talk.says("/unsubscribe petrov"))
    assert "You follow nobody yet." in text_of(await talk.says("/unsubscribe"))


async def test_unsubscribing_before_anything_was_set_stores_nothing(talk: Talk, office: Office) -> None:
    assert "You follow nobody yet." in text_of(await talk.says("/unsubscribe petrov"))
    assert office.subscriber() is None


async def test_more_follows_than_allowed_are_left_out_and_said_so(office: Office) -> None:
    talk = await open_chat(an_office(office.database, follows=2))
    assert "1 more was left out" in text_of(await talk.says("/subscribe ivanenko, petrov, sidorov"))
    _, refused = await talk.presses("on:side:north")
    assert "1 more was left out" in refused["text"]
    assert "☑️" in text_of(await talk.says("/subscribe petrov"))
    assert len(office.follows()) == 2


async def test_speakers_and_topics_are_listed(talk: Talk, office: Office) -> None:
    office.said(1, "words", quoted("petrov"))
    (answer,) = await talk.says("/speakers")
    assert "• Olha Ivanenko – head of delegation" in answer["text"]
    assert "• Pavel Petrov – last heard 10 March 2022" in answer["text"]
    assert "Ivanenko" not in text_of(await talk.says("/speakers South"))
    _, north = await talk.presses("speakers:north:0", answer)
    assert "Petrov" not in north["text"]
    _, everybody = await talk.presses("speakers::0", answer)
    assert "Petrov" in everybody["text"]
    assert "Truce: truce OR ceasefire" in text_of(await talk.says("/topics"))
    _, topics = await talk.presses("topics:3", answer)
    assert "Truce" in topics["text"]


# --- reading


async def test_latest_shows_the_newest_first_and_turns_its_pages(talk: Talk, office: Office) -> None:
    for number in range(1, 13):
        office.said(number, f"statement {number}", quoted("petrov" if number % 2 else "ivanenko"))
    (first,) = await talk.says("/latest")
    assert "1. 🟦 Olha Ivanenko · North · head of delegation" in first["text"]
    assert [f"statement {number}" in first["text"] for number in (12, 8, 7)] == [True, True, False]
    assert "Quoted by The Wire (state media)" in first["text"]
    assert data_of(first) == ["latest:all::6:8", "on:all:", *(f"doubt:{number}" for number in (12, 11, 10, 9, 8))]
    _, second = await talk.presses("latest:all::6:8", first)
    assert second["method"] == "editMessageText"
    assert "6. " in second["text"]
    assert "statement 7\n" in second["text"]
    assert data_of(second)[:2] == ["latest:all::1", "latest:all::11:3"]
    _, third = await talk.presses("latest:all::11:3", second)
    assert data_of(third)[:2] == ["latest:all::6", "on:all:"]
    _, back = await talk.presses("latest:all::6", third)
    assert back["text"] == second["text"]


async def test_a_page_of_long_ago_leads_back_to_the_newest(talk: Talk, office: Office) -> None:
    post = office.said(1, "one", quoted("petrov"))
    office.said(2, "two", quoted("petrov"))
    _, page = await talk.presses(f"latest:all::206:{post + 1}")
    assert data_of(page)[0] == "latest:all::1"


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("", [4, 3, 2, 1]),
        ("2", [4, 3]),
        ("0", [4]),
        ("9999", [4, 3, 2, 1]),
        ("Петрова", [3, 1]),
        ("petrov 1", [3]),
        ("South", [3, 2, 1]),
        ("@p_petrov", [3, 1]),
        ("wire", [5, 4, 2, 1]),
        ("Truce", [5, 2]),
        ("all", [4, 3, 2, 1]),
    ],
)
async def test_latest_takes_a_speaker_a_side_a_source_a_topic_or_a_number(
    talk: Talk, office: Office, typed: str, numbers: list[int]
) -> None:
    office.said(1, "first words", quoted("petrov"))
    office.said(2, "of a ceasefire", quoted("sidorov"))
    office.said(3, "third words", quoted("petrov"), source="petrov-telegram")
    office.said(4, "fourth words", quoted("ivanenko"))
    office.said(5, "a truce, it is said")
    text = text_of(await talk.says(f"/latest {typed}"))
    words = {1: "first", 2: "ceasefire", 3: "third", 4: "fourth", 5: "a truce"}
    shown = sorted((text.index(word), number) for number, word in words.items() if word in text)
    assert [number for _, number in shown] == numbers


async def test_latest_of_somebody_offers_to_follow_them_unless_they_are(talk: Talk, office: Office) -> None:
    office.said(1, "first", quoted("petrov"))
    (answer,) = await talk.says("/latest petrov")
    assert answer["text"].startswith("Newest statements: 🟥 Pavel Petrov")
    assert data_of(answer) == ["on:speaker:petrov", "doubt:1"]
    await talk.says("/subscribe petrov")
    (answer,) = await talk.says("/latest petrov")
    assert data_of(answer) == ["doubt:1"]


async def test_latest_of_nobody_offers_whom_it_may_be(talk: Talk) -> None:
    (answer,) = await talk.says("/latest Ivanenkko 3")
    assert data_of(answer) == ["latest:speaker:ivanenko"]
    assert "Nothing found." in text_of(await talk.presses("latest:speaker:ivanenko", answer))


async def test_search_finds_inflected_words_and_turns_its_pages(talk: Talk, office: Office) -> None:
    for number in range(1, 8):
        office.said(number, f"ceasefires, the {number}. time")
    office.said(8, "no such word")
    (first,) = await talk.says("/search ceasefire")
    assert first["text"].startswith("🔎 Search: ceasefire\n\n1. The Wire")
    assert "7. time" in first["text"]
    older, watch = data_of(first)
    assert watch == "watch"
    assert older.startswith("search:6:")
    _, second = await talk.presses(older, first)
    assert "2. time" in second["text"]
    assert data_of(second) == ["search:1", "watch"]
    _, back = await talk.presses("search:1", second)
    assert back["text"] == first["text"]
    _, tried = await talk.presses("watch", back)
    assert tried["text"].startswith("🔔 Watch for ceasefire?\n\n7 hits in 30 days. Here are the last 3:")
    _, watched = await talk.presses("keep", tried)
    assert "Watching for ceasefire." in watched["text"]
    assert [watch.query for watch in office.watches()] == ["ceasefire"]


async def test_a_search_in_arabic_or_with_emoji_survives_the_way_through_its_own_message(talk: Talk) -> None:
    (answer,) = await talk.says('/search 😀 "שלום עולם" OR мир')
    assert [call["method"] for call in await talk.presses("search:1", answer)] == [
        "answerCallbackQuery",
        "editMessageText",
    ]


async def test_a_search_without_words_and_one_that_cannot_be_read_are_explained(talk: Talk) -> None:
    assert "Which words?" in text_of(await talk.says("/search"))
    text = text_of(await talk.says('/search "open'))
    assert "A quotation mark is opened here and not closed." in text
    assert "It is too long." in text_of(await talk.says("/search " + "word " * 100))
    mangled = {"text": '"open', "entities": [{"type": "code", "offset": 0, "length": 5}]}
    assert "not closed" in text_of(await talk.presses("search:1", mangled))


# --- watching


async def test_a_watch_is_saved_once_however_it_is_typed(talk: Talk, office: Office) -> None:
    _, answer = await talk.watches("ceasefire")
    assert "🔔 Watching for ceasefire." in answer["text"]
    assert data_of(answer)[0] == "search:1"
    assert "You watch for ceasefire already" in text_of(await talk.says("/watch Ceasefires"))
    assert len(office.watches()) == 1


async def test_a_watch_is_tried_on_the_archive_before_it_is_saved(talk: Talk, office: Office) -> None:
    for number in range(1, 41):
        office.said(number, f"A ceasefire, number {number}" if number % 10 == 0 else "Other words")
    (answer,) = await talk.says("/watch ceasefire")
    assert answer["text"].startswith("🔔 Watch for ceasefire?\n\n4 hits in 30 days. Here are the last 3:\n\n")
    assert [f"number {n}" in answer["text"] for n in (10, 20, 30, 40)] == [False, True, True, True]
    assert data_of(answer) == ["keep", "narrow", "nowatch"]
    assert office.watches() == []
    _, dropped = await talk.presses("nowatch", answer)
    assert "Not saved: ceasefire" in dropped["text"]
    assert office.watches() == []
    again = await talk.presses("watch", dropped)
    await talk.presses("keep", again[-1])
    assert [watch.query for watch in office.watches()] == ["ceasefire"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("words", "40 hits in 30 days. Here are the last 3:"),
        ('"other words"', "36 hits in 30 days. Here are the last 3:"),
        ('"word* number"', "4 hits in 30 days. Here are the last 3:"),
        ('"number words"', "No hit in 30 days."),
        ("=forgotten", "No hit in 30 days. The last ones before that:"),
        ('"long ago"', "No hit in 30 days. The last ones before that:"),
    ],
)
async def test_a_trial_counts_what_the_index_alone_cannot(talk: Talk, office: Office, query: str, said: str) -> None:
    office.said(-1000, "Long ago, forgotten")
    for number in range(1, 41):
        office.said(number, f"Words, number {number}" if number % 10 == 0 else "Other words")
    (answer,) = await talk.says(f"/watch {query}")
    assert said in answer["text"]


async def test_of_very_many_candidates_the_hits_are_estimated(
    talk: Talk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.search.MOST_READ", 10)
    for number in range(1, 41):
        office.said(number, "other words" if number % 2 else "words, other words")
    (answer,) = await talk.says('/watch "other words"')
    assert "About 40 hits in 30 days." in answer["text"]


async def test_without_posts_there_is_nothing_to_try_a_watch_on(talk: Talk, office: Office) -> None:
    assert "nothing of the last 30 days" in text_of(await talk.says("/watch ceasefire"))
    office.said(1, "A ceasefire")
    assert "1 hit in 30 days. Here it is:" in text_of(await talk.says("/watch ceasefire"))


async def test_a_watch_that_fires_all_day_is_saved_only_after_saying_so(talk: Talk, office: Office) -> None:
    for number in range(1, 41):
        office.said(number, "A ceasefire" if number % 2 else "Other words")
    (answer,) = await talk.says("/watch ceasefire")
    assert "⚠️ That is 50% of all posts" in answer["text"]
    assert answer["reply_markup"]["inline_keyboard"][0][0]["text"] == "✅ Save it all the same"
    await talk.presses("keep", answer)
    assert len(office.watches()) == 1


async def test_a_watch_can_be_narrowed_by_a_button(talk: Talk, office: Office) -> None:
    office.said(1, "A ceasefire", quoted("petrov"))
    office.said(2, "A ceasefire or a pause", quoted("ivanenko"))
    office.said(3, "A ceasefire")
    (answer,) = await talk.says("/watch ceasefire OR pause")
    _, ways = await talk.presses("narrow", answer)
    assert data_of(ways) == [
        *("narrow:kind:own", "narrow:kind:quote", "narrow:side:north", "narrow:side:south"),
        *("keep", "nowatch"),
    ]
    _, tried = await talk.presses("narrow:side:north", ways)
    assert tried["text"].startswith("🔔 Watch for (ceasefire OR pause) side:north?\n\n1 hit in 30 days. Here it is:")
    _, tried = await talk.presses("narrow:kind:quote", tried)
    await talk.presses("keep", tried)
    assert [watch.query for watch in office.watches()] == ["(ceasefire OR pause) side:north kind:quote"]
    long = "word " * 59
    (answer,) = await talk.says(f"/watch {' OR '.join(['word'] * 40)}")
    _, told = await talk.presses(
        "narrow:side:north", {"text": long, "entities": [{"type": "code", "offset": 0, "length": len(long)}]}
    )
    assert "too many words" in told["text"]


async def test_watches_are_listed_and_removed_by_button_number_or_words(talk: Talk, office: Office) -> None:
    for words in ("ceasefire", "army OR fleet", "Крим", "neutrality"):
        await talk.watches(words)
    (listed,) = await talk.says("/watches")
    assert "2. army OR fleet" in listed["text"]
    ids = [watch.id for watch in office.watches()]
    assert data_of(listed) == [f"watched:{id}" for id in ids]
    _, page = await talk.presses(f"watched:{ids[0]}", listed)
    assert f"unwatch:{ids[0]}" in data_of(page)
    answers = await talk.presses(f"unwatch:{ids[0]}", page)
    assert "No longer watching for ceasefire." in text_of(answers)
    assert "Watching for ceasefire." in text_of(await talk.presses("keep", answers[-1]))
    await talk.says("/unwatch 1")
    await talk.says("/unwatch КРИМ")
    await talk.says("/unwatch ceasefires")
    assert [watch.query for watch in office.watches()] == ["neutrality"]
    assert "You do not watch for “ships”." in text_of(await talk.says("/unwatch ships"))
    assert "You do not watch for “(”." in text_of(await talk.says("/unwatch ("))
    assert "neutrality" in text_of(await talk.says("/unwatch"))
    assert "neutrality" in text_of(await talk.presses("watches:0"))
    assert "neutrality" in text_of(await talk.presses(f"unwatch:{ids[0]}"))


async def test_how_a_watch_is_told_is_chosen_on_its_page(talk: Talk, office: Office) -> None:
    await talk.watches("ceasefire")
    (watch,) = office.watches()
    for way in get_args(WatchHow):
        _, page = await talk.presses(f"watched:{watch.id}:{way}")
        assert [one.how for one in office.watches()] == [way]
        assert marked_in(page) == [f"watched:{watch.id}:{way}"]
    _, gone = await talk.presses("watched:999")
    assert "Words you watch for" in gone["text"]
    for data in ("watched:", f"watched:{watch.id}:loud", f"watched:{watch.id}:off:1"):
        (note,) = await talk.presses(data)
        assert "out of date" in note["text"]


async def test_the_page_of_a_watch_of_nobody_is_the_list(talk: Talk, office: Office) -> None:
    assert "You watch for no words yet." in text_of(await talk.presses("watched:1:off"))
    assert office.subscriber() is None


async def test_a_watch_that_cannot_be_read_is_explained_and_not_saved(talk: Talk, office: Office) -> None:
    assert "Which words?" in text_of(await talk.says("/watch"))
    assert "only what must not be there" in text_of(await talk.says("/watch NOT gas"))
    assert "It is too long." in text_of(await talk.says("/watch " + "word " * 100))
    assert office.subscriber() is None


async def test_watches_have_a_limit(office: Office) -> None:
    talk = await open_chat(an_office(office.database, watches=1))
    await talk.watches("one")
    assert "You have 1 watch already" in text_of(await talk.watches("two"))
    assert "You watch for one already" in text_of(await talk.says("/watch ones"))


async def test_unwatching_before_anything_was_set_is_harmless(talk: Talk, office: Office) -> None:
    assert "You watch for no words yet." in text_of(await talk.presses("unwatch:1"))
    assert office.subscriber() is None


async def test_nobody_removes_the_watch_of_another_chat(talk: Talk, office: Office) -> None:
    await talk.watches("ceasefire")
    (watch,) = office.watches()
    stranger = talk.elsewhere({"id": 8, "type": "private"}, id=8)
    await stranger.watches("fleet")
    await stranger.presses(f"unwatch:{watch.id}")
    await stranger.presses(f"watched:{watch.id}:off")
    assert office.watches() == [watch]


# --- settings


@pytest.mark.parametrize(
    ("typed", "at", "due"),
    [
        ("21:30", time(21, 30), datetime(2022, 3, 14, 19, 30, tzinfo=UTC)),
        ("8", time(8), datetime(2022, 3, 15, 6, 0, tzinfo=UTC)),
        ("7:30 pm", time(19, 30), datetime(2022, 3, 14, 17, 30, tzinfo=UTC)),
        ("off", None, None),
        ("Вимк", None, None),
    ],
)
async def test_the_digest_comes_at_the_time_that_was_typed(
    talk: Talk, office: Office, typed: str, at: time | None, due: datetime | None
) -> None:
    answer = text_of(await talk.says(f"/digest {typed}"))
    known = office.subscriber()
    assert known is not None
    assert (known.digest, known.next_digest_at) == (at and daily(at), due)
    assert ("You get no digest" in answer) is (at is None)


async def test_the_digest_is_set_by_buttons(talk: Talk, office: Office) -> None:
    (shown,) = await talk.says("/digest")
    assert data_of(shown) == [
        *(f"digest:{'off' if at == '20:00' else 'on'}:{at}" for at in ("08:00", "12:00", "18:00", "20:00", "22:00")),
        *(f"digest:days:{'1234567'.replace(day, '')}" for day in "1234567"),
        *("digest:off", "zone", "settings"),
    ]
    for _ in range(2):
        _, changed = await talk.presses("digest:on:08:00", shown)
        assert "every day at 08:00, 20:00" in changed["text"]
    _, changed = await talk.presses("digest:off:20:00", shown)
    _, changed = await talk.presses("digest:days:12345", shown)
    assert "on Mon–Fri at 08:00" in changed["text"]
    _, changed = await talk.presses("digest:days:3", changed)
    assert data_of(changed)[5:12].count("digest:off") == 1
    known = office.subscriber()
    assert known is not None
    assert known.digest == Timetable((time(8),), frozenset({3}))
    assert known.next_digest_at == datetime(2022, 3, 16, 6, 0, tzinfo=UTC)
    await talk.presses("digest:off:08:00", changed)
    known = office.subscriber()
    assert known is not None
    assert (known.digest, known.next_digest_at) == (None, None)
    _, again = await talk.presses("digest", shown)
    assert "You get no digest." in again["text"]
    _, back = await talk.presses("digest:days:67", again)
    assert "on Sat, Sun at 20:00" in back["text"]
    _, none = await talk.presses("digest:off", back)
    assert "You get no digest." in none["text"]


async def test_there_are_so_many_digests_a_day_and_not_more(talk: Talk, office: Office) -> None:
    await talk.says("/digest 1:00 2:00 3:00 4:00 5:00 6:00")
    _, shown = await talk.presses("digest:on:22:00")
    assert "22:00" not in shown["text"].split("\n")[0]
    text = text_of(await talk.says("/digest 1:00 2:00 3:00 4:00 5:00 6:00 7:00"))
    assert "There can be up to 6 digests a day." in text
    known = office.subscriber()
    assert known is not None
    assert known.digest is not None
    assert len(known.digest.times) == 6


async def test_several_times_and_days_can_be_typed_and_a_part_keeps_the_rest(talk: Talk, office: Office) -> None:
    assert "on Mon–Fri at 07:30, 21:00" in text_of(await talk.says("/digest 7:30 9 pm weekdays"))
    assert "on Sat, Sun at 07:30, 21:00" in text_of(await talk.says("/digest sat, sun"))
    assert "on Sat, Sun at 10:00" in text_of(await talk.says("/digest о 10"))
    assert "every day at 10:00" in text_of(await talk.says("/digest щодня"))
    assert "on Mon–Fri at 10:00" in text_of(await talk.says("/digest пн–пт"))
    assert "on Mon, Fri, Sat, Sun at 10:00" in text_of(await talk.says("/digest fri-mon"))
    await talk.says("/digest daily")
    assert "every day at 08:00, 19:30" in text_of(await talk.says("/digest 8 am 7:30 p.m."))


async def test_a_time_that_is_none_is_answered_with_what_was_understood_and_examples(
    talk: Talk, office: Office
) -> None:
    text = text_of(await talk.says("/digest 8:00 25:99 mon wed"))
    assert "I understood: 08:00, Mon, Wed" in text
    assert "“25:99” is neither a time of day nor a day of the week." in text
    assert "/digest 7:30 21:00 mon-fri" in text
    assert office.subscriber() is None


async def test_another_zone_an_hour_before_brings_the_same_digest_once(talk: Talk, office: Office) -> None:
    """19:00 in Kyiv; in Tbilisi it is 21:00 already, so today's comes at once, and in Lisbon at 20:00 there."""
    office.clock.at = datetime(2022, 3, 14, 17, 0, tzinfo=UTC)
    await talk.says("/digest 20:00")
    due = []
    for zone in ("Lisbon", "Tbilisi", "Kyiv"):
        await talk.says(f"/zone {zone}")
        known = office.subscriber()
        assert known is not None
        due.append(known.next_digest_at)
    assert due == [datetime(2022, 3, 14, 20, 0, tzinfo=UTC), office.clock.at, office.clock.at]


async def test_the_zone_moves_the_digest(talk: Talk, office: Office) -> None:
    assert "America/New_York (EDT); it is 08:00 there." in text_of(await talk.says("/zone new york"))
    known = office.subscriber()
    assert known is not None
    assert known.zone == "America/New_York"
    assert known.next_digest_at == datetime(2022, 3, 15, 0, 0, tzinfo=UTC)
    assert "it is 15:00 there" in text_of(await talk.says("/zone +3"))
    await talk.says("/digest off")
    await talk.says("/zone UTC")
    known = office.subscriber()
    assert known is not None
    assert (known.zone, known.next_digest_at) == ("UTC", None)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("23:00-7:00", (time(23), time(7))),
        ("from 10 pm to 6", (time(22), time(6))),
        ("з 23:30 до 7", (time(23, 30), time(7))),
        ("13 15", (time(13), time(15))),
    ],
)
async def test_quiet_hours_are_typed(talk: Talk, office: Office, typed: str, hours: tuple[time, time]) -> None:
    assert "🌙 Quiet from" in text_of(await talk.says(f"/quiet {typed}"))
    known = office.subscriber()
    assert known is not None
    assert known.quiet == hours
    assert "no quiet hours" in text_of(await talk.says("/quiet off"))
    known = office.subscriber()
    assert known is not None
    assert known.quiet is None


@pytest.mark.parametrize("typed", ["23:00", "night", "7-7", "25-7"])
async def test_hours_that_are_none_are_answered_with_examples(talk: Talk, office: Office, typed: str) -> None:
    assert "/quiet 23:00-7:00" in text_of(await talk.says(f"/quiet {typed}"))
    assert office.subscriber() is None


async def test_quiet_hours_are_chosen_by_buttons(talk: Talk, office: Office) -> None:
    (page,) = await talk.says("/quiet")
    assert data_of(page)[-2:] == ["quiet:off", "settings"]
    _, chosen = await talk.presses("quiet:22:00-07:00", page)
    assert "🌙 Quiet from 22:00–07:00." in chosen["text"]
    assert "● 22:00–07:00" in captions_of(chosen)
    _, none = await talk.presses("quiet:off", chosen)
    assert "You have no quiet hours." in none["text"]


async def test_of_several_zones_one_is_chosen(talk: Talk) -> None:
    (answer,) = await talk.says("/zone Ukraine")
    assert "“Ukraine” may be one of several time zones" in answer["text"]
    assert data_of(answer) == ["zone:Europe/Kyiv", "zone:Europe/Simferopol"]
    assert "Europe/Kyiv (EET)" in text_of(await talk.presses("zone:Europe/Kyiv", answer))


async def test_a_zone_that_is_not_known_is_answered_with_those_like_it(talk: Talk) -> None:
    (answer,) = await talk.says("/zone Kyyv")
    assert "I do not know the time zone “Kyyv”." in answer["text"]
    assert data_of(answer) == ["zone:Europe/Kyiv"]
    assert "Europe/Kyiv (EET)" in text_of(await talk.presses("zone:Europe/Kyiv", answer))
    assert "zone:UTC" in data_of((await talk.presses("zone"))[1])


async def test_the_language_is_chosen_by_button_or_name_and_the_answer_speaks_it(talk: Talk, office: Office) -> None:
    (choice,) = await talk.says("/language")
    _, chosen = await talk.presses("language:ru", choice)
    assert chosen["text"].startswith("Теперь я говорю по-русски.")
    assert text_of(await talk.says("/language українська")).startswith("Відтепер")
    known = office.subscriber()
    assert known is not None
    assert known.language == "uk"
    assert "«klingon»" in text_of(await talk.says("/language klingon"))


# --- the state of things


async def test_status_tells_operators_more_than_others(talk: Talk, office: Office) -> None:
    from bot.models import Cursor
    from bot.store import sources

    now = office.clock()
    await office.database.write(sources.polled, "wire", Cursor("1"), now - timedelta(minutes=3), now)
    await office.database.write(sources.failed, "petrov-telegram", "no such channel", now, now)
    text = text_of(await talk.says("/status"))
    assert "1 is not collected: no X token." in text
    assert "✅ The Wire, wire.example – 3 minutes ago" in text
    assert "⚠️ 🟥 Pavel Petrov, Telegram @p_petrov – since 14 March 2022, 14:00 EET" in text
    assert "no such channel" not in text
    told = text_of(await operator_of(talk).says("/status"))
    assert "no such channel" in told
    assert "Waiting to be sent: 0. Subscribers: 0. Posts: 0." in told
    assert "✅" in text_of(await talk.presses("status:0"))


async def test_status_says_what_was_not_seen_of_late_and_who_is_unusually_silent(talk: Talk, office: Office) -> None:
    from bot.models import Cursor
    from bot.store import gaps, sources

    now, hour = office.clock(), timedelta(hours=1)
    write = office.database.write
    await write(sources.polled, "wire", Cursor("1"), now, now, note="moved for good to https://new.example/rss")
    await write(gaps.add, "wire", now - 3 * hour, now - 2 * hour, gaps.UNREAD)
    await write(gaps.add, "wire", now - 40 * hour, now - 30 * hour, gaps.UNREAD)
    await write(gaps.add, "", now - 7 * hour, now - 6 * hour, gaps.NOT_RUNNING)
    await write(sources.polled, "petrov-telegram", Cursor("1"), now, now, newest=now - 50 * hour)
    await write(sources.learn, "petrov-telegram", [], 49 * hour, now)
    lines = text_of(await talk.says("/status")).split("\n")
    assert "All sources: 07:00–08:00" in lines
    assert "🔇 🟥 Pavel Petrov, Telegram @p_petrov – silent since 12 March 2022, 12:00 EET" in lines
    assert "✅ The Wire, wire.example – just now; not readable 11:00–12:00" in lines
    told = text_of(await operator_of(talk).says("/status"))
    assert "11:00–12:00; moved for good to https://new.example/rss" in told
    await write(sources.learn, "petrov-telegram", [], 51 * hour, now)
    assert "✅ 🟥 Pavel Petrov, Telegram @p_petrov – just now" in text_of(await talk.says("/status"))


# --- words and commands that are none


async def test_unknown_commands_are_answered_with_those_like_them(talk: Talk) -> None:
    text = text_of(await talk.says("/serch peace"))
    assert "I do not know /serch." in text
    assert "/search" in text
    assert "Did you mean" not in text_of(await talk.says("/zzzzzzzz"))


async def test_commands_work_in_capitals_and_with_our_name_and_not_with_anothers(talk: Talk) -> None:
    assert "Parley collects" in text_of(await talk.says("/START"))
    assert "What is stored" in text_of(await talk.says("/privacy@Parley_Bot"))
    assert await talk.says("/privacy@another_bot") == []


async def test_plain_words_are_offered_for_a_search(talk: Talk, office: Office) -> None:
    office.said(1, "the ceasefire")
    (answer,) = await talk.says("ceasefire")
    assert data_of(answer) == ["search:1", "watch"]
    assert "1. The Wire" in text_of(await talk.presses("search:1", answer))


async def test_edited_commands_and_pictures_are_left_alone(talk: Talk) -> None:
    assert await talk.says("/help", kind="edited_message") == []
    assert await talk.says(None, photo=[]) == []


async def test_too_many_commands_are_slowed_down_and_told_so_once(office: Office) -> None:
    talk = await open_chat(an_office(office.database, commands_a_minute=2))
    await talk.says("/help")
    await talk.says("hello")
    assert "in 60 seconds" in text_of(await talk.says("/help"))
    assert await talk.says("/help") == []
    (note,) = await talk.presses("menu")
    assert (note["method"], note["text"][:10]) == ("answerCallbackQuery", "That was a")
    assert await talk.says("hello") == []
    other = talk.elsewhere({"id": 8, "type": "private"}, id=8)
    assert len(await other.says("/help")) == 1
    talk.office.clock.goes(seconds=61)
    assert len(await talk.says("/help")) == 1


def test_noon_is_the_clock(office: Office) -> None:
    assert office.clock() == NOON


# --- places and names


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (49.84, 24.03, "Europe/Kyiv"),
        (40.75, -73.98, "America/New_York"),
        (-31.55, 159.08, "Australia/Lord_Howe"),
        (0, -30, "Etc/GMT+2"),
    ],
)
async def test_a_place_that_is_sent_has_its_zone(
    talk: Talk, office: Office, latitude: float, longitude: float, zone: str
) -> None:
    place = {"latitude": latitude, "longitude": longitude}
    assert "Your time zone is" in text_of(await talk.says(None, location=place))
    known = office.subscriber()
    assert known is not None
    assert known.zone == zone


async def test_a_place_in_a_group_is_not_for_us(talk: Talk, office: Office) -> None:
    group = talk.elsewhere({"id": -100, "type": "supergroup", "title": "A group"}, id=8)
    assert await group.says(None, location={"latitude": 1, "longitude": 1}) == []


async def test_a_place_without_a_zone_is_answered(talk: Talk, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    import tzfpy

    monkeypatch.setattr(tzfpy, "get_tz", lambda longitude, latitude: "")
    text = text_of(await talk.says(None, location={"latitude": 1, "longitude": 1}))
    assert "I know no time zone for that place." in text
    assert office.subscriber() is None


async def test_a_distance_of_half_hours_offers_the_places_that_have_it(talk: Talk) -> None:
    (answer,) = await talk.says("/zone UTC+5:30")
    assert "zone:Asia/Kolkata" in data_of(answer)
    assert "Asia/Kathmandu" in text_of(await talk.says("/zone +5:45"))
    (none,) = await talk.says("/zone +1:15")
    assert "I do not know the time zone" in none["text"]


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Київ", "Europe/Kyiv"),
        ("нью йорк", "America/New_York"),
        ("Нью-Йорк", "America/New_York"),
        ("tokyo", "Asia/Tokyo"),
        ("Лондон", "Europe/London"),
        ("Варшава", "Europe/Warsaw"),
        ("-5", "Etc/GMT+5"),
        ("UTC+14", "Etc/GMT-14"),
    ],
)
def test_cities_are_known_in_three_languages(typed: str, zone: str) -> None:
    assert reading.zones(typed) == [zone]


@pytest.mark.parametrize("typed", ["medinsky", "Мединский", "Мединського", "Мединскому", "MEDINSKY", "В. Мединский"])
def test_a_speaker_of_the_real_talks_is_found_however_written(typed: str) -> None:
    roster = load({"PARLEY_CONFIG": "config"}).roster
    assert following.target(typed, roster) == Follow("speaker", "medinsky")


@pytest.mark.parametrize(
    ("typed", "speaker"),
    [
        ("medinski", "medinsky"),
        ("Medinskij", "medinsky"),
        ("Мединьский", "medinsky"),
        ("Podoliak", "podolyak"),
        ("Подолак", "podolyak"),
    ],
)
def test_a_speaker_of_the_real_talks_is_suggested_when_nearly_written(typed: str, speaker: str) -> None:
    near = following.lookalikes(typed, load({"PARLEY_CONFIG": "config"}).roster)
    assert near[0] == Follow("speaker", speaker)
