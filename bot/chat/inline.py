"""Inline mode: `@bot words` in any chat finds a statement and shares it.

Whoever types need not know the bot. Nothing is stored of them, and what is shared tells of them no more than their
language: times are those of the house's zone. The one button leads to the post: ours would lead nowhere in a chat
without the bot.
"""

import logging

from telegram import InlineQuery, InlineQueryResultArticle, InlineQueryResultsButton, InputTextMessageContent
from telegram.error import TelegramError

from bot import search
from bot.botapi.messages import arguments
from bot.chat.desk import Desk
from bot.errors import QueryError
from bot.models import Telling
from bot.render.language import Voice, pick, voice
from bot.render.replies import sharing
from bot.render.statements import withdrawn
from bot.store import posts, statements, subscribers
from bot.store import search as index
from bot.store.connection import Connection
from bot.words import facts, query

log = logging.getLogger(__name__)

RESULTS = 10
"""Statements on a page; Telegram takes up to 50, and shows three or four at once."""

CACHED = 30
"""Seconds for which Telegram may repeat an answer to the same person: as long as a thought, for news come in."""


async def answer(desk: Desk, asked: InlineQuery) -> None:
    """A page of what the query finds, newest first; without words, the newest statements."""
    _ = _voice(desk, asked)
    typed = asked.query.strip()
    try:
        found = await desk.database.read_slow(_found, desk, typed, _number(asked.offset))
    except QueryError as error:
        await _give(asked, _, [], "", sharing.mistake(_, error.reason))
        return
    shown = found[:RESULTS]
    more = str(shown[-1].post.id) if len(found) > RESULTS else ""
    nothing = sharing.nothing(_) if not found and not asked.offset else ""
    results = [_result(_, one, desk) for one in shown if not withdrawn(one, desk.roster)]
    await _give(asked, _, results, more, nothing)


async def refuse(desk: Desk, asked: InlineQuery) -> None:
    """Too many in a minute: nothing, and nothing looked up."""
    _ = _voice(desk, asked)
    await _give(asked, _, [], "", sharing.too_often(_))


async def _give(asked: InlineQuery, _: Voice, results: list[InlineQueryResultArticle], offset: str, note: str) -> None:
    """Kept for this person alone: others read other languages. Who types on gets no answer to what was typed before."""
    button = InlineQueryResultsButton(note, start_parameter="inline") if note else None
    try:
        await asked.answer(results, cache_time=CACHED, is_personal=True, next_offset=offset, button=button)
    except TelegramError as error:
        log.info("an inline query was not answered: %s", type(error).__name__)


def _voice(desk: Desk, asked: InlineQuery) -> Voice:
    """In the language that the person chose, if the bot knows them, else in that of their Telegram."""
    defaults, person = desk.settings.defaults, asked.from_user
    known = desk.database.read(subscribers.find, person.id, 0)
    return voice(known.language if known else pick(person.language_code, defaults.language), defaults.zone)


def _number(offset: str) -> int:
    """The post after which the page begins; 0 for the first page, and for what is no offset of ours."""
    return int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 18 else 0


def _found(connection: Connection, desk: Desk, typed: str, before: int) -> list[Telling]:
    """One more than a page. Unfinished typing (a quotation mark not yet closed) is read as what it may become."""
    roster, limit = desk.roster, RESULTS + 1
    if not typed:
        last = posts.tellings(connection, [before]) if before else []
        place = statements.place(last[0]) if last else None
        return statements.latest(connection, before=place, limit=limit)
    if len(typed) > (most := desk.settings.limits.query):
        raise QueryError("too_long", most)
    filters, zone = facts.filters(roster), voice("en", desk.settings.defaults.zone).zone
    try:
        wanted = query.parse(typed, filters, zone)
    except QueryError as error:
        if not error.suggestion:
            raise
        wanted = query.parse(error.suggestion, filters, zone)
    after = index.place_of(connection, before) if before else None
    return [hit.telling for hit in search.page(connection, roster, wanted, before=after, limit=limit)]


def _result(_: Voice, telling: Telling, desk: Desk) -> InlineQueryResultArticle:
    given = arguments(sharing.shared(_, telling, desk.roster))
    content = InputTextMessageContent(
        given["text"], entities=given["entities"], link_preview_options=given["link_preview_options"]
    )
    return InlineQueryResultArticle(
        str(telling.post.id),
        sharing.title(_, telling, desk.roster),
        content,
        description=sharing.description(_, telling, desk.roster),
        reply_markup=given["reply_markup"],
    )
