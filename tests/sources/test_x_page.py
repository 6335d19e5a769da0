"""One page of a timeline, in both of X's vocabularies."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources.x_page import TimelinePage, problem_of, read, refuse_account, time_of

SOURCE = Source("s", "x", "@o_ivanenko")
ID = 1503400000000000000


def item(**more: Any) -> dict[str, Any]:
    return {"id": str(ID), "text": "Words", "created_at": "2022-03-14T12:00:00.000Z", **more}


def answer(*items: dict[str, Any], **includes: Any) -> dict[str, Any]:
    return {"data": list(items), "includes": includes, "meta": {"result_count": len(items)}}


def only(more: dict[str, Any], **includes: Any) -> Post:
    (post,) = read(answer(item(**more), **includes), SOURCE).posts
    return post


def test_a_post_is_its_words_its_time_and_its_address() -> None:
    assert only({"lang": "uk"}) == Post(
        "s",
        str(ID),
        f"https://x.com/o_ivanenko/status/{ID}",
        datetime(2022, 3, 14, 12, tzinfo=UTC),
        "Words",
        language="uk",
    )


def test_a_time_without_fraction_is_a_time() -> None:
    assert only({"created_at": "2022-03-14T12:00:00Z"}).published_at == datetime(2022, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", ["und", "zxx", "qme", "", None, 5])
def test_no_language_is_no_language(language: object) -> None:
    assert only({"lang": language}).language == ""


# --- words


@pytest.mark.parametrize("name", ["note_tweet", "note_post"])
def test_a_long_post_is_read_whole_with_its_own_addresses(name: str) -> None:
    urls = [{"url": "https://t.co/a", "expanded_url": "https://example.org/a?b=1&copy=2"}]
    note = {"text": "Long &amp; whole https://t.co/a", "entities": {"urls": urls}}
    assert only({"text": "Long…", name: note}).text == "Long & whole https://example.org/a?b=1&copy=2"


def test_escapes_are_undone_once() -> None:
    assert only({"text": "a &lt;b&gt; &amp;amp; &copy;"}).text == "a <b> &amp; &copy;"


def test_attached_pictures_leave_no_address_behind() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://example.org/"},
        {"url": "https://t.co/pic", "expanded_url": "https://x.com/u/status/1/photo/1", "media_key": "3_1"},
        {"url": "https://t.co/old", "display_url": "pic.twitter.com/old"},
    ]
    post = only({"text": "See https://t.co/a https://t.co/pic https://t.co/old", "entities": {"urls": urls}})
    assert post.text == "See https://example.org/"


@pytest.mark.parametrize(
    "url", [{"url": "https://t.co/a"}, {"url": "https://t.co/a", "expanded_url": "javascript:x"}, {}]
)
def test_an_address_that_is_not_expanded_stays(url: dict[str, str]) -> None:
    assert only({"text": "See https://t.co/a", "entities": {"urls": [url]}}).text == "See https://t.co/a"


def test_half_an_emoji_at_the_cut_is_dropped() -> None:
    assert only(json.loads(r'{"text": "cut \ud83d"}')).text == "cut "


def test_an_article_has_its_title() -> None:
    assert only({"text": "https://t.co/a", "article": {"title": "On talks"}}).text == "On talks\n\nhttps://t.co/a"


# --- kinds


@pytest.mark.parametrize(("references", "included"), [("referenced_tweets", "tweets"), ("referenced_posts", "posts")])
def test_a_repost_carries_the_originals_whole_words_and_whose_they_are(references: str, included: str) -> None:
    original = {
        "id": "7",
        "text": "The whole…",
        "note_tweet": {"text": "The whole of the original"},
        "attachments": {"media_keys": ["3_1"]},
    }
    post = only(
        {"text": "RT @p_petrov: The whole…", references: [{"type": "retweeted", "id": "7"}]},
        **{included: [original], "media": [{"media_key": "3_1", "type": "video"}]},
    )
    assert (post.kind, post.author, post.text, post.media) == (
        "repost",
        "@p_petrov",
        "The whole of the original",
        ("video",),
    )
    assert post.external_id == str(ID)


def test_a_repost_whose_original_did_not_come_is_as_much_as_there_is() -> None:
    post = only({"text": "RT @p_petrov: The wh…", "referenced_tweets": [{"type": "retweeted", "id": "7"}]})
    assert (post.kind, post.author, post.text) == ("repost", "@p_petrov", "The wh…")


def test_a_repost_under_its_new_name_is_one() -> None:
    assert only({"text": "RT @a: b", "referenced_posts": [{"type": "reposted", "id": "7"}]}).kind == "repost"


def test_a_repost_that_does_not_say_whose_has_no_author() -> None:
    post = only(
        {"text": "odd", "referenced_tweets": [{"type": "retweeted", "id": "7"}]}, tweets=[{"id": "7", "text": "a"}]
    )
    assert (post.author, post.text) == ("", "a")


@pytest.mark.parametrize(("type", "kind"), [("quoted", "quote"), ("replied_to", "reply")])
def test_the_others_words_stand_apart(type: str, kind: str) -> None:
    other = {"id": "7", "text": "Their &amp; words"}
    post = only({"text": "Mine", "referenced_tweets": [{"type": type, "id": "7"}]}, tweets=[other])
    assert (post.kind, post.text, post.quoted, post.author) == (kind, "Mine", "Their & words", "")
    assert only({"referenced_tweets": [{"type": type, "id": "7"}]}).quoted == ""


def test_a_quote_within_a_reply_is_a_quote() -> None:
    references = [{"type": "replied_to", "id": "6"}, {"type": "quoted", "id": "7"}]
    post = only({"referenced_tweets": references}, tweets=[{"id": "6", "text": "six"}, {"id": "7", "text": "seven"}])
    assert (post.kind, post.quoted) == ("quote", "seven")


def test_media_are_listed_by_kind() -> None:
    media = [
        {"media_key": "1", "type": "photo"},
        {"media_key": "2", "type": "video"},
        {"media_key": "3", "type": "animated_gif"},
        {"media_key": "4", "type": "hologram"},
    ]
    attachments = {"media_keys": ["1", "2", "3", "4", "absent"], "poll_ids": ["1"]}
    assert only({"attachments": attachments}, media=media).media == ("photo", "video", "gif", "other", "poll")


# --- edits


@pytest.mark.parametrize("name", ["edit_history_tweet_ids", "edit_history_post_ids"])
def test_an_edit_is_the_post_that_it_was_first(name: str) -> None:
    later = ID + (600_000 << 22)
    post = only({"id": str(later), name: [str(ID), str(later)], "created_at": "2022-03-14T13:00:00.000Z"})
    assert post.external_id == str(ID)
    assert post.published_at == time_of(ID)
    assert post.edited_at == datetime(2022, 3, 14, 13, tzinfo=UTC)
    assert post.url.endswith(str(later))


def test_an_unedited_post_was_never_edited() -> None:
    assert only({"edit_history_tweet_ids": [str(ID)]}).edited_at is None


def test_an_id_that_holds_no_time_gives_none() -> None:
    post = only({"id": "75", "edit_history_tweet_ids": ["74", "75"]})
    assert (post.external_id, post.published_at) == ("74", datetime(2022, 3, 14, 12, tzinfo=UTC))


def test_an_id_tells_its_time() -> None:
    assert time_of(1212092628029698048).isoformat(timespec="milliseconds") == "2019-12-31T19:26:16.771+00:00"


# --- pages


def test_ids_are_compared_as_numbers() -> None:
    page = read(answer(item(id="999"), item(id="1000")), SOURCE)
    assert (page.newest, page.next_token) == (1000, "")


def test_the_next_page_is_named() -> None:
    assert read(answer(item()) | {"meta": {"next_token": "abc"}}, SOURCE).next_token == "abc"
    assert read(answer(item()) | {"meta": {"next_token": 5}}, SOURCE).next_token == ""


def test_nothing_new_is_an_empty_page() -> None:
    assert read({"meta": {"result_count": 0}}, SOURCE) == TimelinePage((), 0, "")
    assert read({"data": [], "meta": {"result_count": 0, "newest_id": ""}}, SOURCE) == TimelinePage((), 0, "")


@pytest.mark.parametrize("body", [{}, {"meta": {"result_count": 3}}, {"data": "x"}, {"data": {}}, {"meta": []}])
def test_an_answer_without_posts_or_reason_is_not_believed(body: dict[str, Any]) -> None:
    with pytest.raises(FetchError, match="not believed"):
        read(body, SOURCE)


def test_posts_that_cannot_be_understood_are_an_alarm() -> None:
    with pytest.raises(FetchError, match="understood"):
        read(answer({"id": "x", "text": "a"}, item(created_at="then")), SOURCE)


@pytest.mark.parametrize("date", ["2022-03-14T12:00:00", "0001-01-01T00:00:00+10:00", None])
def test_one_that_cannot_be_understood_does_not_spoil_the_page(date: object) -> None:
    page = read(answer(item(), item(id=str(ID + 1), created_at=date)), SOURCE)
    assert [post.external_id for post in page.posts] == [str(ID)]
    assert page.newest == ID + 1


def test_errors_of_single_things_do_not_spoil_the_page() -> None:
    error = {"resource_type": "tweet", "parameter": "referenced_tweets.id", "type": ".../resource-not-found"}
    assert len(read(answer(item()) | {"errors": [error]}, SOURCE).posts) == 1
    assert read({"errors": [error], "meta": {"result_count": 0}}, SOURCE).posts == ()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"detail": "User has been suspended: [1]."}, "suspended"),
        ({"type": "https://api.x.com/2/problems/not-authorized-for-resource"}, "protected"),
        ({"type": "https://api.twitter.com/2/problems/resource-not-found"}, "does not know"),
    ],
)
def test_an_account_that_cannot_be_read_is_told_why(error: dict[str, str], words: str) -> None:
    with pytest.raises(FetchError, match=words) as failure:
        refuse_account({"errors": [{"resource_type": "user", "parameter": "id", **error}]})
    assert failure.value.permanent


@pytest.mark.parametrize("host", ["https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/", ""])
def test_a_problem_is_the_last_part_of_its_address(host: str) -> None:
    assert problem_of({"type": f"{host}usage-capped"}) == "usage-capped"
    assert problem_of({}) == ""
