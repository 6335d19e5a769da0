"""The parser of Telegram's pages, on pages in Telegram's shapes with words of our own."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.models import Post
from bot.sources.telegram_page import FOR_GOOD, MEANING, Page, parse
from tests.far_ends import previews

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)


def channel(*messages: dict[str, Any], **facts: Any) -> previews.Channel:
    made = previews.Channel("Some_Channel", title="Some channel", **facts)
    for message in messages:
        made.post({"date": NOW.isoformat(), **message})
    return made


def page(*messages: dict[str, Any], **facts: Any) -> str:
    return previews.page(channel(*messages, **facts), {})


def read(html: str) -> Page:
    return parse(html.encode(), "s", "uk")


def only(**message: Any) -> Post:
    (post,) = read(page(message)).posts
    return post


def test_a_post_has_its_id_canonical_address_time_and_language() -> None:
    assert only(id=7, text="Words") == Post(
        "s", "7", "https://t.me/Some_Channel/7", NOW, "Words", language="uk", kind="post"
    )


def test_the_channels_title_name_and_number_are_read() -> None:
    found = read(page({"text": "Words"}, number=1413275904))
    assert (found.title, found.name, found.channel_id) == ("Some channel", "Some_Channel", "1413275904")


def test_an_albums_number_is_read_though_its_id_is_text() -> None:
    assert read(page({"media": ["photo", "photo"]}, number=1413275904)).channel_id == "1413275904"


@pytest.mark.parametrize("token", ["", "?", "AAAA", "e30", "W10", "eyJjIjogMWU5OTl9", "яяя"])
def test_a_token_that_says_nothing_gives_no_number(token: str) -> None:
    html = page({"text": "Words"}).split('data-view="')
    assert read(html[0] + f'data-view="{token}"' + html[1].partition('"')[2]).channel_id == ""


# --- words


def test_lines_break_where_the_author_broke_them() -> None:
    assert only(text="First\n\nThird <b>& more</b>").text == "First\n\nThird <b>& more</b>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<i class="emoji" style="x"><b>👍</b></i> Yes', "👍 Yes"),
        ('<tg-emoji emoji-id="5"><i class="emoji"><b>❤‍🔥</b></i></tg-emoji>Yes', "❤‍🔥Yes"),
        ('See <a href="https://example.org/a" target="_blank">here</a><br/>end', "See here\nend"),
        ('<a href="?q=%23tag">#tag</a> @name', "#tag @name"),
        ("Before<blockquote>Quote</blockquote>After", "Before\nQuote\nAfter"),
        ("Before<br/><blockquote expandable>Quote</blockquote><br/>After", "Before\nQuote\n\nAfter"),
        ("Look:<pre>a\n  b</pre>", "Look:\na\nb"),
        ("<code>a</code> and <tg-spoiler>secret</tg-spoiler>", "a and secret"),
        ("по&nbsp;снимкам &lt;b&gt; &amp;amp;", "по\xa0снимкам <b> &amp;"),
        ("two\n      lines of source", "two lines of source"),
        ("מילה\u200f <b>עוד</b>", "מילה\u200f עוד"),
        ("<div class='tgme_widget_message_text js-message_text'>Inner</div>", "Inner"),
    ],
)
def test_marks_vanish_and_words_stay(html: str, text: str) -> None:
    assert only(html=html).text == text


def test_a_text_inside_the_text_is_read_once() -> None:
    nested = '<div class="tgme_widget_message_text js-message_text" dir="auto"><b>Caption</b><br/>more</div>'
    assert only(html=nested, media=["photo", "video"]).text == "Caption\nmore"


def test_the_text_that_a_reply_answers_stands_apart() -> None:
    post = only(text="Answer", reply={"id": 5, "text": "Question?"})
    assert (post.kind, post.text, post.quoted) == ("reply", "Answer", "Question?")


def test_a_reply_to_a_picture_quotes_what_telegram_says_of_it() -> None:
    html = page({"id": 9, "text": "Answer", "reply": {"id": 5, "text": "Photo"}})
    html = html.replace("tgme_widget_message_text js-message_reply_text", "tgme_widget_message_metatext")
    assert read(html).posts[0].quoted == "Photo"


def test_a_reply_without_any_quotation_is_still_a_reply() -> None:
    html = page({"text": "Answer", "reply": {"id": 5, "text": "Q"}}).replace("js-message_reply_text", "other")
    assert (read(html).posts[0].kind, read(html).posts[0].quoted) == ("reply", "")


def test_a_forward_is_somebody_elses_words() -> None:
    post = only(text="Their words", forward="Another channel")
    assert (post.kind, post.author, post.text) == ("forward", "Another channel", "Their words")


def test_a_signed_forward_names_its_author() -> None:
    signed = '</span></a> (<span class="tgme_widget_message_forwarded_from_author">J. Doe</span>)</div>'
    html = page({"text": "Their words", "forward": "Another channel"}).replace(
        "channel</span></a></div>", "channel" + signed
    )
    assert read(html).posts[0].author == "Another channel (J. Doe)"


def test_a_forward_that_answers_something_is_a_forward() -> None:
    assert only(text="T", forward="Another", reply={"id": 1, "text": "Q"}).kind == "forward"


def test_a_poll_is_its_question_and_options() -> None:
    post = only(poll={"question": "Peace?", "options": ["Yes", "No & never"]})
    assert (post.text, post.media) == ("Peace?\n• Yes\n• No & never", ("poll",))


def test_what_telegram_notes_by_itself_is_service() -> None:
    assert only(text="Channel created", service=True).kind == "service"


def test_an_edited_post_is_marked_and_a_signature_with_that_word_is_not() -> None:
    found = read(page({"id": 1, "text": "a", "edited": True}, {"id": 2, "text": "b", "signed": "edited by J."}))
    assert found.edited == {1}


# --- media


@pytest.mark.parametrize(
    "media",
    [
        ["photo"],
        ["video"],
        ["round_video"],
        ["voice"],
        ["document"],
        ["audio"],
        ["sticker"],
        ["location"],
        ["contact"],
        ["game"],
        ["invoice"],
        ["photo", "video", "photo"],
    ],
)
def test_media_are_listed_by_kind(media: list[str]) -> None:
    post = only(media=media)
    assert (Counter(post.media), post.text) == (Counter(media), "")


def test_photos_have_their_addresses() -> None:
    assert only(media=["photo", "video", "photo"]).pictures == ("https://cdn.example/file/a_b-1.jpg",) * 2
    for style in ("", "width:1px", "background-image:url('http://a.example')", "background-image:url('https://a b')"):
        html = page({"media": ["photo"]}).replace("background-image:url('https://cdn.example/file/a_b-1.jpg')", style)
        (post,) = read(html).posts
        assert (post.media, post.pictures) == (("photo",), ())


def test_a_videos_length_is_not_its_date() -> None:
    assert only(media=["video"]).published_at == NOW


def test_what_telegram_cannot_show_is_a_gap_and_not_an_empty_post() -> None:
    assert only(media=["unsupported"]).media == ("unsupported",)
    assert only(media=["unsupported"], text="Words").media == ()


def test_a_venue_is_a_location() -> None:
    html = page({"media": ["location"]}).replace(
        'a class="tgme_widget_message_location_wrap', 'a class="tgme_widget_message_venue_wrap'
    )
    assert read(html).posts[0].media == ("location",)


def test_a_forward_of_somebody_who_hides_has_a_name_and_no_address() -> None:
    html = page({"text": "Their words", "forward": "Somebody"})
    hidden = html.replace(
        '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/elsewhere/7">',
        "<span class='tgme_widget_message_forwarded_from_name'>",
    ).replace("Somebody</span></a>", "Somebody</span></span>")
    assert hidden.count("forwarded_from_name") == 1
    post = read(hidden).posts[0]
    assert (post.kind, post.author, post.text) == ("forward", "Somebody", "Their words")


def test_the_preview_of_a_link_is_another_sites_words() -> None:
    preview = (
        '<a class="tgme_widget_message_link_preview" href="https://news.example/1"><i class="link_preview_image"></i>'
        '<div class="link_preview_site_name">News</div><div class="link_preview_title">A headline</div>'
        '<div class="link_preview_description">More words</div></a>'
    )
    html = page({"text": "Look"}).replace(
        '<div class="tgme_widget_message_footer', preview + '<div class="tgme_widget_message_footer'
    )
    assert "A headline" in html
    post = read(html).posts[0]
    assert (post.text, post.media) == ("Look", ())


def test_a_poll_of_2026_has_no_shares_and_its_votes_are_no_words() -> None:
    html = page({"poll": {"question": "Peace?", "options": ["Yes", "No"]}})
    html = html.replace('<div class="tgme_widget_message_poll_option_percent">0%</div>', '<span class="radio"></span>')
    html = html.replace(
        '<div class="tgme_widget_message_footer',
        '<div class="tgme_widget_message_poll_votes">746 votes</div><div class="tgme_widget_message_footer',
    )
    assert read(html).posts[0].text == "Peace?\n• Yes\n• No"


def test_what_may_be_played_in_2026_stands_beside_its_words() -> None:
    html = page({"text": "Words", "media": ["video"]})
    html = html.replace(
        '<div class="message_media_not_supported_wrap">',
        '<div class="media_supported_cont"></div>'
        '<div class="media_not_supported_cont message_media_not_supported_wrap">',
    )
    post = read(html).posts[0]
    assert (post.text, post.media) == ("Words", ("video",))


def test_an_album_has_its_lowest_id_and_all_its_members_are_there() -> None:
    found = read(page({"id": 10, "text": "one"}, {"id": 11, "media": ["photo"] * 3}, {"id": 14, "text": "two"}))
    assert [post.external_id for post in found.posts] == ["10", "11", "14"]
    assert found.ids == {10, 11, 12, 13, 14}


# --- what cannot be read


def test_a_message_without_date_is_counted_and_not_invented() -> None:
    html = page({"id": 1, "text": "a"}, {"id": 2, "text": "b"})
    undated = html.replace('<time datetime="2022-03-14T12:00:00+00:00"', "<time", 1)
    assert ([post.external_id for post in read(undated).posts], read(undated).unread) == (["2"], 1)


@pytest.mark.parametrize("date", ["yesterday", "2022-03-14T12:00:00", "0001-01-01T00:00:00+14:00", ""])
def test_a_date_that_cannot_stand_is_none(date: str) -> None:
    assert read(page({"text": "a"}).replace("2022-03-14T12:00:00+00:00", date)).unread == 1


@pytest.mark.parametrize("place", ["Some_Channel", "Some_Channel/x", "a b/1", "/1", "name/1/2", ""])
def test_an_id_that_is_none_is_counted(place: str) -> None:
    html = page({"id": 1, "text": "a"}).replace('data-post="Some_Channel/1"', f'data-post="{place}"')
    assert (read(html).posts, read(html).unread) == ((), 1)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_page_that_was_cut_is_not_whole(kept: float) -> None:
    html = page(*({"text": f"Post {number}"} for number in range(20)))
    assert read(html).whole
    assert not read(html[: int(len(html) * kept)]).whole


def test_a_page_without_its_end_mark_is_not_whole() -> None:
    assert not read(page({"text": "a"}).replace("page generated", "page")).whole


def test_a_page_that_would_take_minutes_to_parse_is_not_read() -> None:
    assert read("<div>" * 200_000 + "</html>") == Page("unknown", whole=False)


# --- pages


def test_older_posts_begin_where_the_page_says() -> None:
    messages = [{"text": str(number)} for number in range(30)]
    html = page(*messages)
    assert read(html).before == 11
    assert read(html.replace("js-messages_more", "x")).before == 11
    assert read(page(*messages[:3])).before is None


@pytest.mark.parametrize("state", ["preview_off", "withheld", "absent", "group", "person", "private"])
def test_a_plain_page_tells_why_there_is_no_preview(state: str) -> None:
    found = read(previews.plain(channel(state=state)).text or "")
    assert (found.state, found.whole) == (state.replace("_", " "), True)


def test_a_plain_page_may_offer_the_preview() -> None:
    found = read(previews.plain(channel()).text or "")
    assert (found.state, found.title) == ("preview on", "Some channel")


@pytest.mark.parametrize(
    ("html", "state"),
    [
        (previews._FRONT_PAGE, "front page"),
        (previews._RESTRICTED, "restricted"),
        ('<section class="tgme_channel_history">This channel can’t be displayed because</section>', "restricted"),
        ("<p>This channel can't be displayed</p>", "restricted"),
        ("<html><title>Just a moment...</title></html>", "unknown"),
        ("", "unknown"),
        ('<div class="tgme_page"></div>', "unknown"),
        ('<div class="tgme_page"><div class="tgme_page_widget"></div></div>', "post"),
        ('<section class="tgme_channel_history"></section>', "unknown"),
        ('<meta property="og:title" content="Somebody">', "unknown"),
    ],
)
def test_what_comes_instead_has_a_name(html: str, state: str) -> None:
    assert read(html).state == state


def test_one_post_or_none_is_told_from_a_channel() -> None:
    made = channel({"id": 5, "text": "Words"})
    assert read(previews.embed(made, 5).text or "").state == "post"
    assert read(previews.embed(made, 6).text or "").state == "no post"


def test_a_channel_without_posts_is_empty_and_a_page_beyond_them_is_the_end() -> None:
    assert read(page()).state == "empty"
    assert read(previews.page(channel({"id": 5, "text": "a"}), {"before": "5"})).state == "end"


def test_a_channel_with_counted_photos_is_not_believed_to_be_empty() -> None:
    assert read(page().replace(">subscribers<", ">photos<")).state == "unknown"


def test_every_state_has_words_for_the_operator() -> None:
    assert MEANING.keys() > FOR_GOOD
