"""What the buttons under our messages mean.

A button says `verb:arguments`. Anybody who can talk to the bot can make up such data, so each argument is checked
against the configuration, and what is stored is looked up under the chat that pressed.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TypeVar, get_args

from telegram import Bot, CallbackQuery, MessageEntity, Update
from telegram.constants import ChatType
from telegram.error import TelegramError

from bot.chat import (
    about,
    acting,
    announcing,
    beginning,
    browsing,
    citing,
    correcting,
    following,
    history,
    managing,
    operating,
    people,
    pictures,
    preferences,
    reading,
    settling,
    stats,
    talks,
    translating,
    watching,
)
from bot.chat.desk import Desk
from bot.chat.turn import Turn
from bot.models import CHOICES, EVERY_DAY, LANGUAGES, FollowWhat, How, MuteWhat, Telling, WatchHow
from bot.render import actions
from bot.render.language import voice
from bot.render.replies import greeting
from bot.render.replies import stats as pages
from bot.render.text import FSI, PDI
from bot.words.query import KINDS

log = logging.getLogger(__name__)

Act = Callable[[Turn], Awaitable[None]]

LARGEST = 10**12
"""No page and no number of ours is larger."""

WHATS: tuple[FollowWhat, ...] = get_args(FollowWhat)
HOWS: tuple[How, ...] = get_args(How)
WATCH_HOWS: tuple[WatchHow, ...] = get_args(WatchHow)
MUTED: tuple[MuteWhat, ...] = get_args(MuteWhat)

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True)
class Verb:
    """`read` makes the act of a button's arguments, or raises ValueError; `steers` if it changes what comes."""

    read: Callable[[Sequence[str], Turn], Act]
    steers: bool = False


async def press(desk: Desk, bot: Bot, update: Update, query: CallbackQuery) -> None:
    """Answer the button, then do what it says. A button that means nothing any more says so."""
    turn = Turn.of(desk, bot, update)
    if turn is None:
        words = voice(desk.settings.defaults.language, desk.settings.defaults.zone)
        await _answer(query, greeting.stale(words).plain)
        return
    try:
        act, steers = understand(_bare(query.data or "", turn), turn)
    except ValueError:
        await _answer(query, greeting.stale(turn.voice).plain)
        return
    if steers and not await turn.steers():
        await _answer(query, greeting.only_admins(turn.voice).text)
        return
    await _answer(query)
    if not await managing.ended(turn):
        await act(turn)


async def _answer(query: CallbackQuery, note: str | None = None) -> None:
    """Stop the button's clock. That it ran out before is no reason not to do what was asked."""
    try:
        await query.answer(note, show_alert=note is not None)
    except TelegramError as error:
        log.info("a button was not answered: %s", type(error).__name__)


def _bare(data: str, turn: Turn) -> str:
    """Without the mark of the chat for which it was made. Raises ValueError if that is not set up from here."""
    _number, marked, rest = data.partition("~")
    if marked and turn.managed is None:
        raise ValueError(data)
    return rest if marked else data


def understand(data: str, turn: Turn) -> tuple[Act, bool]:
    """What to do, and whether only those may who steer the chat. Raises ValueError for what is no button of ours."""
    name, *arguments = data.split(":")
    if name not in VERBS:
        raise ValueError(name)
    verb = VERBS[name]
    return verb.read(arguments, turn), verb.steers


# --- reading arguments


def _number(typed: str) -> int:
    number = int(typed)
    if not 0 <= number <= LARGEST:
        raise ValueError(typed)
    return number


def _one_of(typed: str, known: Iterable[Word]) -> Word:
    for one in known:
        if typed == one:
            return one
    raise ValueError(typed)


def _what(typed: str) -> FollowWhat:
    return _one_of(typed, WHATS)


def _doubt(arguments: Sequence[str], turn: Turn) -> Act:
    post, *speakers = arguments
    number = _number(post)
    if not speakers:
        return lambda turn: correcting.show_why(turn, number)
    (speaker,) = speakers
    _existing("speaker", speaker, turn)
    return lambda turn: correcting.doubt(turn, number, speaker)


def _settle(arguments: Sequence[str], turn: Turn) -> Act:
    number, typed = arguments
    if not turn.operator:
        raise ValueError(typed)
    correction, confirmed = _number(number), _one_of(typed, ("0", "1")) == "1"
    return lambda turn: correcting.settle(turn, correction, confirmed)


def _existing(what: str, value: str, turn: Turn) -> FollowWhat:
    if not following.exists(what, value, turn.desk.roster):
        raise ValueError(what, value)
    return _what(what)


def _shown_query(turn: Turn) -> str:
    """The query that the message shows: the first words that are set as code."""
    for words in turn.message.parse_entities([MessageEntity.CODE]).values():
        return words.strip(FSI + PDI)
    raise ValueError("no query")


# --- the verbs


def _numbered(show: Callable[[Turn, int], Awaitable[None]]) -> Callable[[Sequence[str], Turn], Act]:
    """A verb whose one argument is a number, of a page or a post."""

    def read(arguments: Sequence[str], turn: Turn) -> Act:
        (number,) = map(_number, arguments)
        return lambda turn: show(turn, number)

    return read


def _menu(arguments: Sequence[str], turn: Turn) -> Act:
    () = arguments
    return following.show_menu


def _side(arguments: Sequence[str], turn: Turn) -> Act:
    side, page = arguments
    number = _number(page)
    _existing("side", side, turn)
    return lambda turn: following.show_side(turn, side, number)


def _switch(on: bool) -> Callable[[Sequence[str], Turn], Act]:
    def read(arguments: Sequence[str], turn: Turn) -> Act:
        typed, value = arguments
        what = _existing(typed, value, turn) if on else _what(typed)
        return lambda turn: following.switch(turn, what, value, on)

    return read


def _change(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value, way = arguments
    what, how = _what(typed), _one_of(way, HOWS)
    return lambda turn: following.change(turn, what, value, how)


def _drop(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value = arguments
    what = _what(typed)
    return lambda turn: following.drop(turn, what, value)


def _speakers(arguments: Sequence[str], turn: Turn) -> Act:
    side, page = arguments
    if side:
        _existing("side", side, turn)
    number = _number(page)
    return lambda turn: about.show_speakers(turn, side, number)


def _people(arguments: Sequence[str], turn: Turn) -> Act:
    side, page = arguments
    if side:
        _existing("side", side, turn)
    number = _number(page)
    return lambda turn: people.show_people(turn, side, number)


def _about(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value = arguments
    what = _existing(typed, value, turn)
    shows: Mapping[str, Act] = {
        "speaker": lambda turn: people.show_card(turn, value),
        "topic": lambda turn: talks.show_topic(turn, value, 0),
    }
    _one_of(what, list(shows))
    return shows[what]


def _who(arguments: Sequence[str], turn: Turn) -> Act:
    (id,) = arguments
    _existing("speaker", id, turn)
    return lambda turn: people.show_card(turn, id, apart=True)


def _talks(arguments: Sequence[str], turn: Turn) -> Act:
    (id,) = arguments
    _one_of(id, list(turn.desk.roster.talks))
    return lambda turn: talks.show_talks(turn, id)


def _rounds(arguments: Sequence[str], turn: Turn) -> Act:
    id, page = arguments
    number = _number(page)
    _one_of(id, list(turn.desk.roster.talks))
    return lambda turn: talks.show_rounds(turn, id, number)


def _compare(arguments: Sequence[str], turn: Turn) -> Act:
    """A page of the topics to choose from, or of the sides that spoke of one."""
    *topic, page = arguments
    number = _number(page)
    if not topic:
        return lambda turn: talks.show_choice(turn, number)
    (id,) = topic
    _existing("topic", id, turn)
    return lambda turn: talks.show_topic(turn, id, number)


def _days(arguments: Sequence[str]) -> int:
    (typed,) = arguments
    return int(_one_of(typed, [str(days) for days in pages.SPANS]))


def _stats(arguments: Sequence[str], turn: Turn) -> Act:
    days = _days(arguments)
    return lambda turn: stats.show_stats(turn, days)


def _picture(arguments: Sequence[str], turn: Turn) -> Act:
    days = _days(arguments)
    return lambda turn: stats.show_picture(turn, days)


def _compared(arguments: Sequence[str], turn: Turn) -> Act:
    (page,) = map(_number, arguments)
    words = _shown_query(turn)
    return lambda turn: talks.show_words(turn, words, page)


def _latest(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value, *place = arguments
    what = _existing(typed, value, turn)
    first, before = _place(place)
    return lambda turn: browsing.turn_latest(turn, what, value, first, before)


LONGEST = 31 * 24 * 60
"""Minutes of a digest's window; what is missed for longer is no digest any more."""


def _seen(apart: bool) -> Callable[[Sequence[str], Turn], Act]:
    """A verb about the statements of a speaker, or on a topic, in the window of a digest."""

    def read(arguments: Sequence[str], turn: Turn) -> Act:
        typed, value, *numbers = arguments
        what = _existing(_one_of(typed, ("speaker", "topic")), value, turn)
        start, minutes, page = map(_number, numbers)
        if minutes > LONGEST or page > LONGEST:
            raise ValueError(minutes)
        since = datetime.fromtimestamp(min(start, int(turn.desk.now().timestamp()) // 60) * 60, UTC)
        return lambda turn: browsing.show_seen(turn, what, value, since, minutes, page, apart=apart)

    return read


def _of_telling(act: Callable[[Turn, Telling], Awaitable[None]]) -> Callable[[Sequence[str], Turn], Act]:
    """A verb about one post, which may not be stored any more."""

    def read(arguments: Sequence[str], turn: Turn) -> Act:
        (number,) = map(_number, arguments)

        async def of_telling(turn: Turn) -> None:
            if telling := await turn.telling(number):
                await act(turn, telling)

        return of_telling

    return read


def _recent(arguments: Sequence[str], turn: Turn) -> Act:
    (speaker,) = arguments
    _existing("speaker", speaker, turn)
    return lambda turn: browsing.show_recent(turn, speaker)


def _muted(typed: str, value: str, turn: Turn) -> MuteWhat:
    """A speaker of the configuration, or the number of a watch."""
    what = _one_of(typed, MUTED)
    if what == "speaker":
        _existing(what, value, turn)
    else:
        _number(value)
    return what


def _hush(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value, span, post = arguments
    what, number = _muted(typed, value, turn), _number(post)
    until = _one_of(span, actions.SPANS)
    return lambda turn: acting.mute(turn, what, value, until, number)


def _unhush(arguments: Sequence[str], turn: Turn) -> Act:
    typed, value, *post = arguments
    what = _one_of(typed, MUTED)
    (number,) = map(_number, post) if post else (None,)
    return lambda turn: acting.unmute(turn, what, value, number)


def _export(arguments: Sequence[str], turn: Turn) -> Act:
    (form,) = arguments
    _one_of(form, list(citing.FORMS))
    words = _shown_query(turn)
    return lambda turn: citing.export_found(turn, words, form)


def _search(arguments: Sequence[str], turn: Turn) -> Act:
    first, before = _place(arguments)
    words = _shown_query(turn)
    return lambda turn: browsing.turn_search(turn, words, first, before)


def _place(arguments: Sequence[str]) -> tuple[int, int]:
    """The number of the first card, and the post before it (0: counted from the newest)."""
    first, before = [*map(_number, arguments), *(1, 0)[len(arguments) :]]
    if before == 0 and first > browsing.FARTHEST:
        raise ValueError(first)
    return max(first, 1), before


def _of_query(act: Callable[[Turn, str], Awaitable[None]]) -> Callable[[Sequence[str], Turn], Act]:
    """A verb about the query that the message shows."""

    def read(arguments: Sequence[str], turn: Turn) -> Act:
        () = arguments
        words = _shown_query(turn)
        return lambda turn: act(turn, words)

    return read


def _narrow(arguments: Sequence[str], turn: Turn) -> Act:
    if not arguments:
        return _of_query(watching.narrow)((), turn)
    name, value = arguments
    _one_of(name, ("side", "kind"))
    _one_of(value, KINDS if name == "kind" else list(turn.desk.roster.sides))
    words = _shown_query(turn)
    return lambda turn: watching.narrow_to(turn, words, name, value)


def _unwatch(arguments: Sequence[str], turn: Turn) -> Act:
    (number,) = map(_number, arguments)
    return lambda turn: watching.remove(turn, number)


def _digest(arguments: Sequence[str], turn: Turn) -> Act:
    """The page of the digest, one time more or less, other days, or no digests."""
    if not arguments:
        return settling.show_digest
    step, *rest = arguments
    if step == "days":
        (typed,) = rest
        days = frozenset(map(int, typed))
        if not days or not days <= EVERY_DAY:
            raise ValueError(typed)
        return lambda turn: settling.choose_days(turn, days)
    if step == "off" and not rest:
        return settling.end_digest
    at = reading.clock(":".join(rest))
    if at is None:
        raise ValueError(rest)
    on = _one_of(step, ("on", "off")) == "on"
    return lambda turn: settling.switch_digest(turn, at, on)


def _clock(arguments: Sequence[str]) -> time | None:
    """A time of day, or None for `off`."""
    typed = ":".join(arguments)
    at = reading.clock(typed)
    if at is None and typed != "off":
        raise ValueError(typed)
    return at


def _quiet(arguments: Sequence[str], turn: Turn) -> Act:
    if not arguments:
        return settling.show_quiet
    typed = ":".join(arguments)
    hours = reading.span(typed)
    if hours is None and typed != "off":
        raise ValueError(typed)
    return lambda turn: settling.set_quiet(turn, hours)


def _watched(arguments: Sequence[str], turn: Turn) -> Act:
    """The page of one watch, or another way to be told of it."""
    typed, *ways = arguments
    number = _number(typed)
    if not ways:
        return lambda turn: watching.show_watch(turn, number)
    (way,) = ways
    how = _one_of(way, WATCH_HOWS)
    return lambda turn: watching.change(turn, number, how)


def _zone(arguments: Sequence[str], turn: Turn) -> Act:
    if not arguments:
        return settling.show_zone
    (name,) = arguments
    _one_of(name, reading.zones(name))
    return lambda turn: settling.set_zone(turn, name)


def _begin(arguments: Sequence[str], turn: Turn) -> Act:
    """A tap of the first three."""
    step, *rest = arguments
    if step == "language":
        (language,) = rest
        _one_of(language, LANGUAGES)
        return lambda turn: beginning.speak(turn, language)
    if step == "follow":
        typed, value = rest
        what = _existing(typed, value, turn)
        return lambda turn: beginning.follow(turn, what, value)
    if step == "digest" and rest:
        at = _clock(rest)
        return lambda turn: beginning.set_digest(turn, at)
    () = rest
    return {"whom": beginning.show_whom, "digest": beginning.show_digest}[_one_of(step, ("whom", "digest"))]


def _settings(arguments: Sequence[str], turn: Turn) -> Act:
    () = arguments
    return preferences.show_settings


def _set(arguments: Sequence[str], turn: Turn) -> Act:
    """The page of one setting, or its new value."""
    name, *values = arguments
    _one_of(name, sorted(CHOICES.keys() - preferences.unavailable(turn)))
    if not values:
        return lambda turn: preferences.show_choice(turn, name)
    (value,) = values
    _one_of(value, CHOICES[name])
    return lambda turn: preferences.choose(turn, name, value)


def _language(arguments: Sequence[str], turn: Turn) -> Act:
    if not arguments:
        return about.show_languages
    (language,) = arguments
    _one_of(language, LANGUAGES)
    return lambda turn: about.speak(turn, language)


def _news(arguments: Sequence[str], turn: Turn) -> Act:
    (typed,) = arguments
    _one_of(typed, ("0", "1"))
    return lambda turn: announcing.want(turn, typed == "1")


def _manage(arguments: Sequence[str], turn: Turn) -> Act:
    """The chats that are set up from here; one of them; 0: this chat itself."""
    if turn.chat.type != ChatType.PRIVATE:
        raise ValueError(arguments)
    if not arguments:
        return lambda turn: managing.show_chats(turn.at_home())
    (number,) = map(_number, arguments)
    if not number:
        return lambda turn: managing.leave(turn.at_home())
    return lambda turn: managing.choose(turn.at_home(), number)


VERBS: Mapping[str, Verb] = {
    "begin": Verb(_begin, steers=True),
    "menu": Verb(_menu),
    "side": Verb(_side),
    "topics": Verb(_numbered(following.show_topics)),
    "on": Verb(_switch(True), steers=True),
    "off": Verb(_switch(False), steers=True),
    "follows": Verb(_numbered(following.show_subscriptions)),
    "how": Verb(_change, steers=True),
    "drop": Verb(_drop, steers=True),
    "settings": Verb(_settings),
    "set": Verb(_set, steers=True),
    "doubt": Verb(_doubt),
    "settle": Verb(_settle),
    "history": Verb(_numbered(history.show_versions)),
    "speakers": Verb(_speakers),
    "people": Verb(_people),
    "about": Verb(_about),
    "who": Verb(_who),
    "talks": Verb(_talks),
    "rounds": Verb(_rounds),
    "compare": Verb(_compare),
    "compared": Verb(_compared),
    "stats": Verb(_stats),
    "picture": Verb(_picture),
    "latest": Verb(_latest),
    "search": Verb(_search),
    "all": Verb(_seen(apart=True)),
    "more": Verb(_seen(apart=False)),
    "watch": Verb(_of_query(watching.offer), steers=True),
    "keep": Verb(_of_query(watching.save), steers=True),
    "narrow": Verb(_narrow, steers=True),
    "nowatch": Verb(_of_query(watching.drop), steers=True),
    "whole": Verb(_of_telling(acting.show)),
    "tools": Verb(_of_telling(acting.unfold)),
    "fold": Verb(_of_telling(acting.fold)),
    "recent": Verb(_recent),
    "mute": Verb(_of_telling(acting.offer), steers=True),
    "hush": Verb(_hush, steers=True),
    "unhush": Verb(_unhush, steers=True),
    "cite": Verb(_numbered(citing.cite)),
    "export": Verb(_export),
    "translate": Verb(_of_telling(translating.show)),
    "pictures": Verb(_of_telling(pictures.show)),
    "watches": Verb(_numbered(watching.show_watches)),
    "unwatch": Verb(_unwatch, steers=True),
    "digest": Verb(_digest, steers=True),
    "quiet": Verb(_quiet, steers=True),
    "watched": Verb(_watched, steers=True),
    "zone": Verb(_zone, steers=True),
    "language": Verb(_language, steers=True),
    "status": Verb(_numbered(about.show_status)),
    "news": Verb(_news, steers=True),
    "manage": Verb(_manage),
    "admin": Verb(operating.understand),
}
