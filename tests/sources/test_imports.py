"""Files that others have written: Telegram Desktop's exports, and answers of the X API as twarc keeps them."""

import json
import tracemalloc
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.errors import FetchError
from bot.models import Gap, Post, Source
from bot.sources import archive, imports
from bot.sources.imports import Foreign, Item
from tests.fuzz import items

AT = datetime(2022, 3, 14, 12, tzinfo=UTC)
CHANNEL = Source("channel", "telegram", "Some_Channel", language="uk")
ACCOUNT = Source("account", "x", "o_ivanenko", account_id="77")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.json"


def read(path: Path, *ours: Source, **more: Any) -> Iterator[Item]:
    """The file is theirs, or of the one source that is named."""
    return items(imports.read(path, ours, **more))


def posts(path: Path, source: Source, **more: Any) -> list[Post]:
    """All is well with a file that is known to be the source's."""
    found = [item.found for item in read(path, named=source, **more)]
    assert not [one for one in found if isinstance(one, FetchError)]
    return [one for one in found if isinstance(one, Post)]


def mistakes(path: Path, source: Source) -> list[str]:
    return [item.found.reason for item in read(path, named=source) if isinstance(item.found, FetchError)]


def text(item: Item) -> str:
    assert isinstance(item.found, Post)
    return item.found.text


# --- what it is


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"source": "s", "external_id": "1"', "posts"),
        ('{"text": "", "published_at": ""}', "posts"),
        ('{\n "name": "A channel",\n "type": "public_channel",\n "id": 1,\n "messages": [', "telegram"),
        ('{"about": "Here is the data", "personal_information": {', "telegram"),
        ('{"data": [{"id": "1"', "x"),
        ('{"meta": {"result_count": 0}, "__twarc": {}}', "x"),
        ('{"id": "1", "text": "", "author_id": "5"', "x"),
        ('{"created_at": "", "id_str": "1"', "x"),
        ("", "posts"),
        ("not JSON", "posts"),
        ("[1]", "posts"),
        ("{}", "posts"),
    ],
)
def test_a_file_is_known_by_its_first_keys(path: Path, content: str, kind: str) -> None:
    path.write_text(content)
    assert imports.kind(path) == kind


def test_our_own_lines_need_no_source(path: Path) -> None:
    written = [Post("s", "1", "https://a.example/1", AT, "Слова"), Post("s", "2", "", AT, "More")]
    lines = [archive.line(post) for post in written]
    path.write_text(f"{lines[0]}\n\n{lines[1]}\n")
    size = path.stat().st_size
    assert list(read(path)) == [
        Item(written[0], "line 1", len(lines[0].encode()) + 1),
        Item(written[1], "line 3", size),
    ]


def test_lines_that_name_no_source_belong_to_the_one_that_is_named(path: Path) -> None:
    path.write_text(archive.line(Post("", "1", "", AT, "Words")))
    assert [post.source for post in posts(path, ACCOUNT)] == ["account"]


def test_a_line_that_is_none_is_named_and_the_next_one_read(path: Path) -> None:
    gap = Gap("s", AT, None, "away")
    path.write_text("\nnot JSON\n" + archive.line_of_gap(gap) + "\n")
    bad, good = read(path)
    assert isinstance(bad.found, FetchError)
    assert f"{path}, line 2: " in bad.found.reason
    assert good == Item(gap, "line 3", path.stat().st_size)


def test_a_file_of_another_kind_than_its_source_is_refused(path: Path) -> None:
    export(path, {})
    with pytest.raises(FetchError, match="an export of Telegram Desktop, and account is a source of kind x"):
        posts(path, ACCOUNT)


def test_a_file_that_is_not_there_is_said(path: Path) -> None:
    with pytest.raises(FetchError, match="No such file"):
        list(read(path))


# --- Telegram Desktop


def export(path: Path, *messages: dict[str, Any], **head: Any) -> None:
    """As Telegram Desktop writes it: indented by one space, the messages last."""
    unix = int(AT.timestamp())
    usual = {"type": "message", "date": "2022-03-14T14:00:00", "from": "A channel", "from_id": "channel1413275904"}
    whole = [
        {"id": number, **usual, "date_unixtime": str(unix + number), "text": "", "text_entities": [], **message}
        for number, message in enumerate(messages, 1)
    ]
    document = {"name": "A channel", "type": "public_channel", "id": 1413275904, **head, "messages": whole}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1))


def only(path: Path, **message: Any) -> Post:
    export(path, message)
    (post,) = posts(path, CHANNEL)
    return post


def test_a_message_is_the_post_that_the_preview_shows(path: Path) -> None:
    assert only(path, id=7, text="Слова") == Post(
        "channel", "7", "https://t.me/Some_Channel/7", AT + timedelta(seconds=1), "Слова", language="uk"
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("two\n lines ", "two\nlines"),
        (
            ["Plain, ", {"type": "bold", "text": "bold"}, "\n\n", {"type": "custom_emoji", "text": "👍"}],
            "Plain, bold\n\n👍",
        ),
        ([{"type": "link", "text": "https://example.org"}, {"type": "odd"}, 5], "https://example.org"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_text_is_a_list_of_pieces(path: Path, text: Any, read: str) -> None:
    export(path, {"text": text})
    (post,) = posts(path, CHANNEL)
    assert post.text == read


def test_what_no_database_takes_is_left_out(path: Path) -> None:
    export(path, {"text": "half HERE of an emoji"})
    path.write_text(path.read_text().replace("HERE", "\\ud83d\\u0000"))
    assert posts(path, CHANNEL)[0].text == "half  of an emoji"


def test_forwards_replies_and_edits_are_marked(path: Path) -> None:
    export(
        path,
        {"text": "a", "forwarded_from": "Another  channel", "reply_to_message_id": 5},
        {"text": "b", "forwarded_from": None},
        {"text": "c", "reply_to_message_id": 1},
        {"text": "d", "edited": "2022-03-14T15:00:00", "edited_unixtime": str(int(AT.timestamp()) + 3600)},
    )
    forward, hidden, reply, edited = posts(path, CHANNEL)
    assert (forward.kind, forward.author) == ("forward", "Another channel")
    assert (hidden.kind, hidden.author) == ("forward", "")
    assert (reply.kind, reply.quoted) == ("reply", "")
    assert (edited.kind, edited.edited_at) == ("post", AT + timedelta(hours=1))


def test_telegrams_own_notes_are_passed_over(path: Path) -> None:
    export(path, {"type": "service", "action": "create_channel", "title": "A channel"}, {"text": "Words"})
    assert [post.external_id for post in posts(path, CHANNEL)] == ["2"]


@pytest.mark.parametrize(
    ("message", "media"),
    [
        ({"photo": "photos/1.jpg"}, ("photo",)),
        ({"file": "(File not included)", "media_type": "video_file"}, ("video",)),
        ({"file": "a.mp4", "media_type": "animation"}, ("video",)),
        ({"file": "a.mp4", "media_type": "video_message"}, ("round_video",)),
        ({"file": "a.ogg", "media_type": "voice_message"}, ("voice",)),
        ({"file": "a.mp3", "media_type": "audio_file"}, ("audio",)),
        ({"file": "a.webp", "media_type": "sticker"}, ("sticker",)),
        ({"file": "a.pdf"}, ("document",)),
        ({"location_information": {"latitude": 1}}, ("location",)),
        ({"contact_information": {}}, ("unsupported",)),
        ({"text": "Words", "game_title": "x"}, ()),
    ],
)
def test_media_have_the_names_that_the_preview_gives_them(
    path: Path, message: dict[str, Any], media: tuple[str, ...]
) -> None:
    assert only(path, **message).media == media


def test_a_poll_is_its_question_and_options(path: Path) -> None:
    poll = {"question": "Peace?", "closed": False, "total_voters": 3, "answers": [{"text": "Yes"}, {"text": "No"}]}
    assert only(path, poll=poll).text == "Peace?\n• Yes\n• No"
    assert only(path, poll=poll).media == ("poll",)
    assert only(path, poll={}).text == ""


def album(*members: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"photo": "a.jpg", "date_unixtime": str(int(AT.timestamp())), **member} for member in members]


def test_members_of_an_album_are_one_post_under_the_lowest_id(path: Path) -> None:
    export(path, {"text": "before"}, *album({}, {"text": "Caption"}, {"edited_unixtime": "1647262800", "edited": ""}))
    before, joined = posts(path, CHANNEL)
    assert before.text == "before"
    assert (joined.external_id, joined.text, joined.media) == ("2", "Caption", ("photo",) * 3)
    assert joined.edited_at == datetime.fromtimestamp(1647262800, UTC)


@pytest.mark.parametrize(
    "members",
    [
        album({"text": "One"}, {"text": "Two"}),
        album({}, {"date_unixtime": "1647262801"}),
        album({}, {"forwarded_from": "Somebody"}),
        [*album({}), {"text": "Words", "date_unixtime": str(int(AT.timestamp()))}],
        [*album({}), {"file": "a.pdf", "date_unixtime": str(int(AT.timestamp()))}],
    ],
)
def test_what_only_stands_side_by_side_is_no_album(path: Path, members: list[dict[str, Any]]) -> None:
    export(path, *members)
    assert len(posts(path, CHANNEL)) == 2


def test_an_album_has_ten_members_at_the_most(path: Path) -> None:
    export(path, *album(*({} for _ in range(12))))
    assert [len(post.media) for post in posts(path, CHANNEL)] == [10, 2]


def test_an_old_export_has_local_times_and_needs_their_zone(path: Path) -> None:
    export(path, {"text": "a", "date_unixtime": ""})
    with pytest.raises(FetchError, match="message 1: date 2022-03-14T14:00:00 is a local time"):
        posts(path, CHANNEL)
    (post,) = posts(path, CHANNEL, zone=timezone(timedelta(hours=2)))
    assert post.published_at == AT


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"date_unixtime": "soon"}, "date 'soon' is not a time"),
        ({"date_unixtime": "", "date": "soon"}, "date 'soon' is not a time"),
        ({"date_unixtime": "9" * 30}, "is not a time"),
        ({"id": None}, "expected a message with an id"),
    ],
)
def test_a_message_that_cannot_be_read_is_named_and_the_others_stand(
    path: Path, message: dict[str, Any], words: str
) -> None:
    export(path, {"text": "fine"}, {"text": "x", **message}, {"text": "fine, too"})
    first, bad, last = read(path, named=CHANNEL)
    assert (text(first), text(last)) == ("fine", "fine, too")
    assert isinstance(bad.found, FetchError)
    assert f"{path}, message 2: " in bad.found.reason
    assert words in bad.found.reason
    assert bad.found.permanent


def test_a_file_that_was_cut_gives_what_it_has_and_says_so(path: Path) -> None:
    export(path, {"text": "one"}, {"text": "two"})
    path.write_bytes(path.read_bytes()[:-60])
    items = read(path, named=CHANNEL)
    assert text(next(items)) == "one"
    with pytest.raises(FetchError, match=r"file\.json, message 1: "):
        next(items)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"type": "personal_chat"}, "expected the export of a channel; its type is 'personal_chat'"),
        ({"type": "public_supergroup"}, "expected the export of a channel"),
        ({"id": 5}, "another channel: this is the channel “A channel”, number 5; the number of channel is 1413275904"),
    ],
)
def test_the_export_of_another_chat_is_refused(path: Path, head: dict[str, Any], words: str) -> None:
    export(path, {"text": "one"}, **head)
    with pytest.raises(FetchError, match=words):
        posts(path, Source("channel", "telegram", "Some_Channel", account_id="1413275904"))


def test_a_channel_is_known_by_its_number(path: Path) -> None:
    export(path, {"text": "one"})
    pinned = Source("pinned", "telegram", "another_name", account_id="1413275904")
    assert [item.found.source for item in read(path, ACCOUNT, CHANNEL, pinned) if isinstance(item.found, Post)] == [
        "pinned"
    ]
    with pytest.raises(
        FetchError, match=r"“A channel”, number 1413275904, and no source has that account_id; .*--source"
    ):
        list(read(path, ACCOUNT, CHANNEL))


def test_the_export_of_a_whole_account_is_refused(path: Path) -> None:
    path.write_text('{"about": "Here is the data", "personal_information": {"phone": "1"}, "chats": {"list": []}}')
    with pytest.raises(FetchError, match="an export of a whole account; in Telegram Desktop open the channel"):
        posts(path, CHANNEL)


def test_an_export_without_messages_has_none(path: Path) -> None:
    export(path)
    assert posts(path, CHANNEL) == []


def test_a_large_export_needs_little_memory(path: Path) -> None:
    export(path, *({"text": "Words of a usual length, a hundred times over. " * 5} for _ in range(10_000)))
    tracemalloc.start()
    items = read(path, named=CHANNEL)
    first = next(items)
    (last,) = deque(items, maxlen=1)
    assert tracemalloc.get_traced_memory()[1] < 3_000_000 < path.stat().st_size
    tracemalloc.stop()
    assert (first.where, last.where, last.read) == ("message 1", "message 10000", path.stat().st_size)
    assert first.read < last.read


# --- twarc


def tweet(id: int, text: str, author: str = "77", **more: Any) -> dict[str, Any]:
    written = AT.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"id": str(id), "author_id": author, "created_at": written, "text": text, "lang": "uk", **more}


def twarc(path: Path, *answers: Any) -> None:
    path.write_text("".join(json.dumps(answer) + "\n" for answer in answers))


USERS = [{"id": "77", "username": "O_Ivanenko"}, {"id": "78", "username": "other"}]


def answer(*tweets: dict[str, Any], **includes: Any) -> dict[str, Any]:
    return {
        "data": list(tweets),
        "includes": {"users": USERS, **includes},
        "meta": {"result_count": len(tweets)},
        "__twarc": {"version": "2.14.0", "retrieved_at": "2022-03-14T13:00:00Z"},
    }


def test_posts_of_each_account_are_its_sources_and_others_are_passed_over(path: Path) -> None:
    twarc(
        path,
        answer(tweet(5 << 50, "Mine"), tweet(6 << 50, "Theirs", "78"), tweet(8 << 50, "Whose?", "79")),
        answer(tweet(7 << 50, "Mine too")),
    )
    items = list(read(path, ACCOUNT, CHANNEL))
    first, theirs, whose, last = items
    assert (text(first), first.where, text(last), last.where) == ("Mine", "line 1", "Mine too", "line 2")
    assert isinstance(first.found, Post)
    assert first.found.url == f"https://x.com/o_ivanenko/status/{5 << 50}"
    assert (theirs.found, whose.found) == (Foreign("@other"), Foreign("79"))
    assert last.read == path.stat().st_size
    other = Source("other", "x", "OTHER")
    assert [one.found.source for one in read(path, ACCOUNT, other) if isinstance(one.found, Post)] == [
        "account",
        "other",
        "account",
    ]


def test_an_account_without_a_pinned_number_is_known_by_its_name(path: Path) -> None:
    twarc(path, answer(tweet(5 << 50, "Mine"), tweet(6 << 50, "Theirs", "78")), {"data": [tweet(7 << 50, "Whose?")]})
    assert [post.text for post in posts(path, Source("account", "x", "@o_ivanenko"))] == ["Mine"]


def test_a_name_that_somebody_else_has_is_not_the_account(path: Path) -> None:
    twarc(path, answer(tweet(5 << 50, "An earlier owner's")))
    assert posts(path, Source("account", "x", "o_ivanenko", account_id="5")) == []


def test_what_is_withheld_is_passed_over(path: Path) -> None:
    twarc(path, answer(tweet(5 << 50, "Mine", withheld={"country_codes": ["DE"]})))
    assert posts(path, ACCOUNT) == []
    assert [post.text for post in posts(path, ACCOUNT, country="UA")] == ["Mine"]


def test_what_a_post_refers_to_is_found_among_the_answers_includes(path: Path) -> None:
    repost = tweet(6 << 50, "RT @other: Orig…", referenced_tweets=[{"type": "retweeted", "id": str(5 << 50)}])
    twarc(path, answer(repost, tweets=[tweet(5 << 50, "Original, all of it", "78")]))
    (post,) = posts(path, ACCOUNT)
    assert (post.kind, post.text) == ("repost", "Original, all of it")


def test_a_flattened_post_holds_what_it_refers_to(path: Path) -> None:
    referenced = {"type": "quoted", **tweet(5 << 50, "Quoted", "78"), "author": USERS[1]}
    media = {"media_keys": ["3_1"], "media": [{"media_key": "3_1", "type": "photo"}]}
    flat = tweet(6 << 50, "Mine") | {"author": USERS[0]}
    twarc(path, flat | {"referenced_tweets": [referenced], "attachments": media}, flat | {"id": str(7 << 50)})
    quote, plain = posts(path, Source("account", "x", "o_ivanenko"))
    assert (quote.kind, quote.quoted, quote.media) == ("quote", "Quoted", ("photo",))
    assert (plain.kind, plain.text) == ("post", "Mine")


def test_a_stream_has_one_post_an_answer_and_empty_pages_none(path: Path) -> None:
    alone = {**answer(), "data": tweet(5 << 50, "Mine")}
    twarc(path, alone, {"meta": {"result_count": 0}}, {"errors": [{"detail": "x"}]}, {"data": None, "includes": None})
    path.write_text(path.read_text() + "\n\n")
    assert [post.text for post in posts(path, ACCOUNT)] == ["Mine"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"data": [', "line 2: "),
        ("[]", "line 2: expected a JSON object"),
        ('{"id_str": "1", "full_text": "Words"}', "line 2: a post of the old API"),
        ("[" * 100_000, "line 2: "),
    ],
)
def test_a_line_of_another_kind_is_named(path: Path, line: str, words: str) -> None:
    twarc(path, answer(tweet(5 << 50, "Mine")))
    path.write_text(f"{path.read_text()}{line}\n{path.read_text()}")
    (mistake,) = mistakes(path, ACCOUNT)
    assert f"{path}, {words}" in mistake
    assert len(list(read(path, named=ACCOUNT))) == 3
