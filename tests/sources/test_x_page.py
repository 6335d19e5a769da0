"""One page of a timeline, in both of X's vocabularies."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.errors import FetchError
from bot.models import Post, Source
from bot.sources.x_page import (
    Page,
    fate_of_account,
    fates,
    id_at,
    next_token,
    part,
    problem_of,
    read,
    refuse_account,
    time_of,
    usage,
    used,
)

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


def test_photos_have_their_addresses() -> None:
    media = [
        {"media_key": "1", "type": "photo", "url": "https://pbs.example/1.jpg"},
        {"media_key": "2", "type": "video", "url": "https://pbs.example/2.mp4"},
        {"media_key": "3", "type": "photo", "url": "http://pbs.example/3.jpg"},
        {"media_key": "4", "type": "photo", "url": "https://pbs.example/" + "x" * 3000},
        {"media_key": "5", "type": "photo"},
        {"media_key": "6", "type": "photo", "url": "https://pbs.example/6.jpg"},
    ]
    attachments = {"media_keys": ["6", "5", "4", "3", "2", "1", "absent"]}
    found = only({"attachments": attachments}, media=media).pictures
    assert found == ("https://pbs.example/6.jpg", "https://pbs.example/1.jpg")


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
    assert (page.newest, page.oldest, page.next_token) == (1000, 999, "")


def test_the_next_page_is_named() -> None:
    assert read(answer(item()) | {"meta": {"next_token": "abc"}}, SOURCE).next_token == "abc"
    assert read(answer(item()) | {"meta": {"next_token": 5}}, SOURCE).next_token == ""


def test_nothing_new_is_an_empty_page() -> None:
    assert read({"meta": {"result_count": 0}}, SOURCE) == Page((), 0, 0, "")
    assert read({"data": [], "meta": {"result_count": 0, "newest_id": ""}}, SOURCE) == Page((), 0, 0, "")


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


def test_what_does_not_lie_above_is_left_out_and_still_counts_as_read() -> None:
    page = read(answer(item(id="9"), item(id="8"), item(id="7")), SOURCE, above=8)
    assert ([post.external_id for post in page.posts], page.oldest) == (["9"], 7)
    assert read(answer(item(id="8")), SOURCE, above=8).posts == ()


# --- polls


def test_a_polls_options_are_words_and_its_votes_are_not() -> None:
    options = [{"position": 1, "label": "Yes \ud83d", "votes": 7}, {"position": 2, "label": "No"}, {"label": ""}]
    poll = {"id": "5", "options": options, "voting_status": "open"}
    post = only({"text": "Is it?", "attachments": {"poll_ids": ["5", "absent"]}}, polls=[poll])
    assert (post.text, post.media) == ("Is it?\n• Yes \n• No", ("poll",))


def test_the_poll_of_a_repost_is_its_originals() -> None:
    original = {"id": "7", "text": "Is it?", "attachments": {"poll_ids": ["5"]}}
    poll = {"id": "5", "options": [{"label": "Yes"}]}
    post = only(
        {"text": "RT @a: Is…", "referenced_tweets": [{"type": "retweeted", "id": "7"}]}, tweets=[original], polls=[poll]
    )
    assert post.text == "Is it?\n• Yes"


# --- withheld

IN_ONE_COUNTRY = {"withheld": {"copyright": False, "country_codes": ["DE"], "scope": "tweet"}}


@pytest.mark.parametrize(
    ("withheld", "country", "shown"),
    [
        ({}, "", True),
        ({"country_codes": ["DE"]}, "", False),
        ({"country_codes": ["DE"]}, "UA", True),
        ({"country_codes": ["DE", "ua"]}, "UA", False),
        ({"country_codes": ["XX"]}, "UA", False),
        ({"country_codes": ["XY"]}, "ua", False),
        ({"copyright": True, "country_codes": []}, "UA", False),
    ],
)
def test_a_withheld_post_is_not_read_where_it_is_withheld(withheld: dict[str, Any], country: str, shown: bool) -> None:
    body = answer(item(withheld=withheld) if withheld else item())
    page = read(body, SOURCE, country=country)
    assert (len(page.posts), page.newest) == (int(shown), ID)
    assert fates(body, [str(ID)], country=country) == {str(ID): "stands" if shown else "withheld"}


# --- searches


def test_each_account_gets_its_own_part_of_a_search() -> None:
    found = answer(
        item(author_id="1"), item(id="5", author_id="2"), item(id="6"), item(id="7", author_id="1", **IN_ONE_COUNTRY)
    )
    assert [post.external_id for post in part(found, SOURCE, "1")] == [str(ID)]
    assert [post.external_id for post in part(found, SOURCE, "1", country="UA")] == [str(ID), "7"]


def test_an_edit_stands_in_place_of_what_it_changed() -> None:
    first, edit = item(id="5", text="First", author_id="1"), item(id="6", text="Other", author_id="1")
    history = {"edit_history_tweet_ids": ["5", "6"]}
    assert [post.text for post in part(answer(edit | history, first), SOURCE, "1")] == ["Other"]
    assert [post.text for post in read(answer(edit | history, first), SOURCE).posts] == ["Other"]


def test_the_end_of_a_search_is_known_from_an_answer_that_is_none() -> None:
    assert next_token({"meta": {"result_count": 0}}) == ""
    assert next_token(answer(item()) | {"meta": {"next_token": "b"}}) == "b"
    with pytest.raises(FetchError, match="not believed"):
        next_token({"meta": {"next_token": "b"}})


# --- the bill


@pytest.mark.parametrize("name", ["tweets", "posts"])
def test_what_came_along_is_billed_too_and_each_thing_once(name: str) -> None:
    body = answer(
        item(id="1"), item(id="2"), **{name: [{"id": "2"}, {"id": "3"}, {"id": 4}, {}], "users": [{"id": "9"}]}
    )
    found = used(body, "post")
    assert (sorted(found.posts), sorted(found.users)) == (["1", "2", "3"], ["9"])


def test_a_look_up_of_users_bills_users() -> None:
    assert used({"data": {"id": "9"}, "includes": {"tweets": [{"id": "1"}]}}, "user").users == {"9"}
    assert used({"data": [{"id": "9"}, {"id": "8"}]}, "user").users == {"8", "9"}
    assert used({"errors": [{"resource_id": "9"}]}, "user").users == frozenset()


# --- what became of posts


def gone(id: str, problem: str, detail: str = "", **more: str) -> dict[str, str]:
    return {"resource_id": id, "type": f"https://api.x.com/2/problems/{problem}", "detail": detail, **more}


def test_each_posts_fate_is_what_x_says_of_it() -> None:
    errors = [
        gone("2", "resource-not-found", "Could not find tweet with ids: [2]."),
        gone("3", "not-authorized-for-resource", "Sorry, you are not authorized to see the Tweet with ids: [3]."),
        gone("4", "resource-not-found", "User has been suspended: [4]."),
        gone("5", "about:blank", "Something else"),
        gone("", "resource-not-found", value="6"),
        gone("99", "resource-not-found"),
    ]
    body = {"data": [{"id": "1"}, {"id": "98"}], "errors": errors}
    assert fates(body, [str(id) for id in range(1, 8)]) == {
        "1": "stands",
        "2": "deleted",
        "3": "hidden",
        "4": "suspended",
        "5": "unsure",
        "6": "deleted",
        "7": "unsure",
    }


@pytest.mark.parametrize("body", [{}, {"data": []}, {"errors": {}}, {"data": [{"id": 5}], "errors": ["x", {}]}])
def test_what_is_missing_without_a_word_is_not_deleted(body: dict[str, Any]) -> None:
    assert fates(body, ["1"]) == {"1": "unsure"}


@pytest.mark.parametrize(
    ("body", "fate"),
    [
        ({"errors": [{"detail": "Could not find it"}, {"detail": "User has been suspended: [1]."}]}, "suspended"),
        ({"data": {"id": "1", "protected": True}}, "protected"),
        ({"data": {"id": "1", "protected": False}}, "unsure"),
        ({"errors": [{"detail": "Could not find user"}]}, "unsure"),
        ({}, "unsure"),
    ],
)
def test_why_posts_are_hidden_their_account_tells(body: dict[str, Any], fate: str) -> None:
    assert fate_of_account(body) == fate


def test_a_moment_has_its_lowest_id() -> None:
    moment = datetime(2022, 3, 14, 12, 0, 0, 123_000, tzinfo=UTC)
    assert time_of(id_at(moment)) == moment
    assert time_of(id_at(moment) - 1) < moment
    assert id_at(datetime(1999, 1, 1, tzinfo=UTC)) == 0


# --- what X has counted


def counted(*days: tuple[object, object]) -> dict[str, Any]:
    written = [{"date": day, "usage": posts} for day, posts in days]
    return {"data": {"daily_project_usage": {"project_id": "1", "usage": written}}}


def test_a_day_that_stands_twice_counts_once_at_its_largest() -> None:
    body = counted(
        ("2026-11-16T00:00:00.000Z", "660"),
        ("2026-11-16T00:00:00.000Z", 661),
        ("2026-11-17T00:00:00.000Z", "0"),
        ("yesterday", "5"),
        ("2026-11-18T00:00:00.000Z", "many"),
        (None, None),
    )
    assert usage(body) == {date(2026, 11, 16): 661, date(2026, 11, 17): 0}


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {"daily_project_usage": {"usage": {}}}}, counted()])
def test_without_a_count_it_says_so(body: dict[str, Any]) -> None:
    with pytest.raises(FetchError, match="does not say what it has counted"):
        usage(body)
