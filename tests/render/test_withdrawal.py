"""Words are taken out of finished messages; everything else stays where it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import Entity, Message, Statement, Telling
from bot.render.alerts import alert, catch_up
from bot.render.digests import digest
from bot.render.withdrawal import without
from tests.render import judge, worlds

ROSTER = worlds.roster()
SECRET = "A secret sample 👩‍👩‍👧 of words, on \n two lines."
GONE = {"en": "The text was deleted on X and is no longer shown.", "uk": "Текст видалено в X"}


def gone(telling: Telling) -> Telling:
    post = replace(telling.post, text="", fate="deleted", deleted_at=worlds.AT + timedelta(hours=1))
    return replace(telling, post=post)


def others() -> list[Telling]:
    said = Statement("ben", "quote", "x")
    return [worlds.told(f"👍 words of {number}", said, number=number) for number in (3, 4, 5)]


def marks(message: Message) -> list[tuple[str, str]]:
    """What each mark stands on."""
    units = message.text.encode("utf-16-le")
    return [
        (one.type, units[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le"))
        for one in message.entities
    ]


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_a_digest_keeps_all_but_the_words(language: str) -> None:
    telling = worlds.own(SECRET)
    since, until = worlds.AT - timedelta(days=1), worlds.AT + timedelta(days=1)

    def made(one: Telling) -> Message:
        (message,) = digest([*others(), one], ROSTER, language=language, zone="UTC", since=since, until=until)
        return message

    before = made(telling)
    after = without(before, gone(telling), ROSTER, language)
    assert "secret" in before.text
    assert "secret" not in after.text
    assert GONE.get(language, "X") in after.text
    assert len(after.text.split("\n")) == len(before.text.split("\n"))
    assert [mark for mark in marks(after) if mark[0] != "italic"] == marks(before)
    judge.within_limits(after)
    assert without(after, gone(telling), ROSTER, language) == after


def test_a_catch_up_keeps_all_but_the_words() -> None:
    telling = worlds.own(SECRET)
    (before,) = catch_up([*others(), telling], ROSTER, language="en", zone="UTC")
    after = without(before, gone(telling), ROSTER, "en")
    assert after.text.count("words of") == 3
    assert "secret" not in after.text
    assert after.text.endswith(GONE["en"])


def test_a_card_loses_its_quotation() -> None:
    telling = worlds.own(SECRET)
    (before,) = alert(telling, ROSTER, language="en", zone="UTC")
    after = without(before, gone(telling), ROSTER, "en")
    assert ("blockquote", GONE["en"]) in marks(after)
    assert after.text == before.text.replace(SECRET.replace(" \n ", " \n ").strip(), GONE["en"])
    assert after.buttons == before.buttons


def test_a_message_that_is_full_stays_within_its_limit() -> None:
    telling = worlds.own("no")
    link = Entity("text_link", 0, 4, url=telling.post.url)
    full = Message("link\nno\n" + "x" * 4088, (link, Entity("bold", 5, 2), Entity("italic", 6, 5)))
    after = without(full, gone(telling), ROSTER, "en")
    assert after.text == "link\n…\n" + "x" * 4088
    assert marks(after) == [("text_link", "link"), ("bold", "…")]


def test_what_does_not_lead_to_the_post_is_left() -> None:
    telling = worlds.own(SECRET)
    message = Message("12:00 · Own words\nOther words", (Entity("text_link", 0, 5, url="https://a.example/"),))
    assert without(message, gone(telling), ROSTER, "en") == message
