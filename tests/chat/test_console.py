"""The terminal as a far end, with PTB's real Application on top."""

import io
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Update,
)
from telegram.error import BadRequest
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.botapi.messages import arguments
from bot.chat.console import CHAT, ConsoleRequest, shape, update_of
from bot.models import Button, Entity, Message

pytestmark = pytest.mark.anyio

Context = CallbackContext[Any, Any, Any, Any]
NOW = datetime(2022, 3, 14, 12, 0, tzinfo=UTC)
MENU = Message(
    "Whom?",
    buttons=((Button("Ann", "follow:ann"), Button("Bob", "follow:bob")), (Button("Web", url="https://a.test"),)),
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Talk:
    """A small bot in a terminal: /menu offers, a press is named, other words come back."""

    def __init__(self, shown: io.StringIO) -> None:
        self.shown = shown
        self.application = (
            Application.builder()
            .token("1:terminal")
            .request(ConsoleRequest(shown))
            .get_updates_request(ConsoleRequest(shown))
            .updater(None)
            .build()
        )
        self.application.add_handlers(
            [
                CommandHandler("menu", self.menu),
                CallbackQueryHandler(self.press),
                MessageHandler(filters.TEXT, self.words),
            ]
        )

    @property
    def bot(self) -> Bot:
        bot: Bot = self.application.bot
        return bot

    async def menu(self, update: Update, context: Context) -> None:
        await self.bot.send_message(CHAT, **arguments(MENU))

    async def press(self, update: Update, context: Context) -> None:
        query = update.callback_query
        assert query is not None
        await query.answer("noted" if query.data == "follow:bob" else None)
        await query.edit_message_text(f"pressed {query.data}")

    async def words(self, update: Update, context: Context) -> None:
        assert update.effective_message is not None
        await update.effective_message.reply_text(f"you said {update.effective_message.text}")

    async def type(self, line: str) -> str:
        """Type a line; gives what is printed then."""
        before = len(self.shown.getvalue())
        await self.application.process_update(update_of(line, NOW, self.bot))
        return self.shown.getvalue()[before:]


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    talk = Talk(io.StringIO())
    async with talk.application:
        yield talk


async def test_a_command_is_answered_and_its_buttons_are_numbered(talk: Talk) -> None:
    assert await talk.type("/menu") == "> /menu\nWhom?\n[1] Ann  [2] Bob\nWeb <https://a.test>\n\n"


async def test_a_number_presses_its_button(talk: Talk) -> None:
    await talk.type("/menu")
    assert await talk.type("2") == "> 2\n(noted)\n\npressed follow:bob\n\n"


async def test_a_number_is_never_given_twice_and_dies_with_its_message(talk: Talk) -> None:
    await talk.type("/menu")
    assert "[3] Ann  [4] Bob" in await talk.type("/menu")
    assert "pressed follow:ann" in await talk.type("1")
    assert "you said 2" in await talk.type("2")
    assert "pressed follow:bob" in await talk.type("4")


@pytest.mark.parametrize("line", ["7", "²", "٣", "-1", "1.", "9" * 4000])
async def test_what_is_no_number_of_a_button_is_words(talk: Talk, line: str) -> None:
    await talk.type("/menu")
    assert f"you said {line}" in await talk.type(line)


async def test_a_very_long_line_is_cut_as_telegram_would(talk: Talk) -> None:
    update = update_of("x" * 10_000, NOW, talk.bot)
    assert update.message is not None
    assert update.message.text is not None
    assert len(update.message.text) == 4096
    assert update.message.date == NOW


async def test_a_terminal_shows_no_echo_and_has_styles() -> None:
    talk = Talk(Terminal())
    async with talk.application:
        await talk.bot.send_message(CHAT, **arguments(Message("a bold word", (Entity("bold", 2, 4),))))
        assert await talk.type("hello") == "you said hello\n\n"
    assert "a \x1b[1mbold\x1b[22m word" in talk.shown.getvalue()


async def test_once_nobody_reads_any_more_the_bot_goes_on() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    talk = Talk(Broken())
    async with talk.application:
        assert (await talk.bot.send_message(CHAT, "x")).text == "x"
        assert (await talk.bot.send_message(CHAT, "y")).text == "y"


async def test_what_the_stream_cannot_show_is_replaced() -> None:
    raw = io.BytesIO()
    talk = Talk(io.TextIOWrapper(raw, encoding="ascii"))  # type: ignore[arg-type]
    async with talk.application:
        await talk.bot.send_message(CHAT, "Привіт 😀 x")
    assert raw.getvalue() == b"?????? ? x\n\n"


# --- the methods of the Bot API


async def test_the_usual_questions_have_answers(talk: Talk) -> None:
    bot = talk.bot
    assert bot.username == "parley_bot"
    assert await bot.get_updates() == ()
    assert (await bot.get_chat(CHAT)).type == "private"
    assert (await bot.get_chat_member(CHAT, CHAT)).status == "member"
    assert await bot.set_my_commands([("help", "what I can do")])
    assert await bot.send_chat_action(CHAT, "typing")
    with pytest.raises(BadRequest, match="terminal has no getfile"):
        await bot.get_file("x")
    assert talk.shown.getvalue() == ""


async def test_the_picture_of_an_alert_is_named_below_its_words() -> None:
    shown = io.StringIO()
    console = ConsoleRequest(shown)
    async with Bot("1:terminal", request=console, get_updates_request=console) as bot:
        await bot.send_message(CHAT, **arguments(Message("words", picture="https://cdn.example/1\x1b.jpg")))
    assert shown.getvalue() == "words\n[🖼 https://cdn.example/1�.jpg]\n\n"


async def test_an_edit_is_shown_again_and_an_equal_one_is_not(talk: Talk) -> None:
    message = await talk.bot.send_message(CHAT, **arguments(MENU))
    with pytest.raises(BadRequest, match="not modified"):
        await talk.bot.edit_message_text(chat_id=CHAT, message_id=message.message_id, **arguments(MENU))
    await talk.bot.edit_message_reply_markup(chat_id=CHAT, message_id=message.message_id)
    assert talk.shown.getvalue().endswith("Web <https://a.test>\n\nWhom?\n\n")
    assert await talk.bot.delete_message(CHAT, message.message_id)
    with pytest.raises(BadRequest, match="not found"):
        await talk.bot.edit_message_text("x", chat_id=CHAT, message_id=message.message_id)


async def test_of_an_edit_that_leaves_the_buttons_what_is_new_is_shown(talk: Talk) -> None:
    message = await talk.bot.send_message(CHAT, **arguments(MENU))
    told = talk.shown.getvalue()
    more = replace(MENU, text=f"{MENU.text}\nOf all.")
    await talk.bot.edit_message_text(chat_id=CHAT, message_id=message.message_id, **arguments(more))
    assert talk.shown.getvalue().removeprefix(told) == "✏️ Whom?\nOf all.\n\n"
    assert "pressed follow:ann" in await talk.type("1")


@pytest.mark.usefixtures("misread_on_purpose")
async def test_files_are_named(talk: Talk) -> None:
    await talk.bot.send_document(CHAT, b"1,2", filename="hits\x1b.csv", caption="the hits")
    assert talk.shown.getvalue() == "[hits�.csv]\nthe hits\n\n"
    await talk.bot.send_document(CHAT, b"1,2", filename="bare.csv")
    assert talk.shown.getvalue().endswith("[bare.csv]\n\n")
    with pytest.raises(BadRequest, match="empty"):
        await talk.bot.send_message(CHAT, "")


async def test_files_are_saved_and_their_paths_shown_and_what_a_button_copies_too() -> None:
    shown, kept = io.StringIO(), {}

    def save(name: str, content: bytes) -> str:
        kept[name] = content
        return f"/kept/{name}"

    bot = Bot("1:T", request=ConsoleRequest(shown, save=save))
    button = InlineKeyboardButton("Copy", copy_text=CopyTextButton("a\x1bb"))
    await bot.send_document(CHAT, b"1,2", filename="hits.csv", reply_markup=InlineKeyboardMarkup([[button]]))
    assert shown.getvalue() == "[/kept/hits.csv]\nCopy «a�b»\n\n"
    assert kept == {"hits.csv": b"1,2"}


async def test_words_after_the_bots_name_list_results_and_a_number_shares_one() -> None:
    shown = io.StringIO()
    application = Application.builder().token("1:T").request(ConsoleRequest(shown)).updater(None).build()

    async def answer(update: Update, context: Context) -> None:
        assert update.inline_query
        content = InputTextMessageContent(f"The words of {update.inline_query.query}{update.inline_query.offset}")
        result = InlineQueryResultArticle("1", "Ann", content, description="words")
        button = InlineQueryResultsButton("a note", start_parameter="x")
        await update.inline_query.answer([result], next_offset="7", button=button)

    async def heard(update: Update, context: Context) -> None:
        assert update.message
        assert update.message.via_bot
        await update.message.reply_text("thanks")

    application.add_handlers([InlineQueryHandler(answer), MessageHandler(filters.VIA_BOT, heard)])
    await application.initialize()
    for line in ("@parley_bot two words", "2", "3"):
        await application.process_update(update_of(line, NOW, application.bot))
    await application.shutdown()
    assert shown.getvalue() == (
        "> @parley_bot two words\n(a note)\n[1] Ann: words\n[2] ▶️\n\n"
        "> 2\n(a note)\n[3] Ann: words\n[4] ▶️\n\n"
        "> 3\nThe words of two words7\n\nthanks\n\n"
    )


async def test_old_messages_are_forgotten(talk: Talk) -> None:
    first = await talk.bot.send_message(CHAT, **arguments(MENU))
    for number in range(500):
        await talk.bot.send_message(CHAT, str(number))
    with pytest.raises(BadRequest, match="not found"):
        await talk.bot.edit_message_text("x", chat_id=CHAT, message_id=first.message_id)
    assert "you said 1" in await talk.type("1")


async def test_another_transport_is_not_a_terminal() -> None:
    with pytest.raises(TypeError):
        update_of("x", NOW, Bot("1:T"))


# --- how a message looks


def entity(type: str, text: str, part: str, **more: str) -> dict[str, Any]:
    before = text[: text.index(part)]
    return {"type": type, "offset": units(before), "length": units(part), **more}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def plain(text: str, *entities: dict[str, Any]) -> str:
    return shape(text, entities, styled=False)


def test_a_link_stands_beside_its_words() -> None:
    text = "😀 by Reuters, today"
    assert (
        plain(text, entity("text_link", text, "Reuters", url="https://r.test/1"))
        == "😀 by Reuters <https://r.test/1>, today"
    )


def test_a_link_that_is_its_own_words_stands_alone() -> None:
    text = "see https://r.test/1"
    assert plain(text, entity("text_link", text, "https://r.test/1", url="https://r.test/1")) == text


def test_an_address_is_told_once_where_it_stands_last() -> None:
    text = "Reuters\nwords\nReuters again"
    first = entity("text_link", text, "Reuters", url="https://r.test/1")
    last = entity("text_link", text, "Reuters again", url="https://r.test/1")
    assert plain(text, first, last) == "Reuters\nwords\nReuters again <https://r.test/1>"


async def test_a_button_to_an_address_that_the_text_tells_is_left_out(talk: Talk) -> None:
    buttons = (
        (Button("Open", url="https://r.test/1"), Button("More", "m:1")),
        (Button("Again", url="https://r.test/1"),),
    )
    message = Message("Reuters", (Entity("text_link", 0, 7, url="https://r.test/1"),), buttons)
    await talk.bot.send_message(CHAT, **arguments(message))
    assert talk.shown.getvalue() == "Reuters <https://r.test/1>\n[1] More\n\n"


@pytest.mark.parametrize("kind", ["blockquote", "expandable_blockquote"])
def test_a_quotation_stands_behind_a_bar_on_every_line(kind: str) -> None:
    text = "He said:\none\n\ntwo\nand left"
    assert plain(text, entity(kind, text, "one\n\ntwo\n")) == "He said:\n│ one\n│ \n│ two\nand left"


def test_marks_that_reach_over_lines_and_into_each_other_are_shown() -> None:
    text = "one two\nthree"
    marks = [entity("bold", text, "one two\nthree"), entity("italic", text, "two\n"), entity("spoiler", text, "one")]
    assert shape(text, marks, styled=True) == "\x1b[1mone \x1b[3mtwo\x1b[23m\nthree\x1b[22m"
    assert shape(text, marks, styled=False) == text


def test_marks_that_stand_nowhere_are_passed_over() -> None:
    misplaced = [{"type": "bold", "offset": 1, "length": 1}, {"type": "blockquote", "offset": 0, "length": 99}]
    assert shape("😀!", misplaced, styled=True) == "😀!"


def test_nothing_that_was_written_steers_the_terminal() -> None:
    text = "a\x1b[2J\x07b\r\nc\u202ed\u2066e\td\x9b31m\ud800"
    assert plain(text) == "a�[2J�b\ncde d�31m�"
    link = entity("text_link", "x", "x", url="https://a.test/\x1b]0;owned\x07\n")
    assert plain("x", link) == "x <https://a.test/�]0;owned� >"


texts = st.text(st.characters(exclude_categories=()) | st.sampled_from("\x1b\n\r\u202e😀│"))
marks = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["bold", "italic", "text_link", "blockquote", "code"]),
        "offset": st.integers(0, 30),
        "length": st.integers(0, 30),
        "url": texts,
    }
)


@settings(max_examples=200, deadline=None)
@given(text=texts, entities=st.lists(marks, max_size=5))
def test_whatever_comes_is_shown_in_as_many_lines_and_without_control_characters(
    text: str, entities: list[dict[str, Any]]
) -> None:
    shown = shape(text, entities, styled=False)
    assert shown.count("\n") == text.count("\n")
    assert not [
        character for character in shown if unicodedata.category(character) in ("Cc", "Cs") and character != "\n"
    ]
    shown.encode()
