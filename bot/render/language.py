"""The three languages people read: catalogues, plurals, dates and numbers, and which one a person gets.

A message's id is its English text. The catalogues are `locale/<language>/parley.po`, read once a process each.
"""

import functools
import gettext
import io
from datetime import date, datetime
from importlib import resources
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.models import LANGUAGES, Names, in_language
from bot.render.text import Text, fill, inline

FORMATS = {"en": "en_GB", "uk": "uk", "ru": "ru"}
"""Whose order of day and month each language takes."""

NATIVE = {"en": "English", "uk": "Українська", "ru": "Русский"}
"""Each language's name in itself, for people to choose by."""


def pick(code: str | None, default: str = "en") -> str:
    """The language for a person whose Telegram speaks `code` ("uk", "ru-RU", …): theirs if we have it."""
    wanted = (code or "").lower().replace("_", "-").split("-")[0]
    return wanted if wanted in LANGUAGES else default


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into that language; English, and any language we lack, is the text itself."""
    file = resources.files("bot.render") / "locale" / language / "parley.po"
    if language == "en" or language not in LANGUAGES:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Voice:
    """One language at one place: what it says is a Text. By custom a function calls its voice `_`.

    `_("Quoted by {source}", source=…)` translates and fills in; a str among the values is a stranger's and is made
    harmless, a Text keeps its marks.
    """

    def __init__(self, language: str, zone: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self.zone = ZoneInfo(zone)
        self._catalogue = catalogue(self.language)

    def __call__(self, english: str, /, **values: Text | str | int) -> Text:
        return fill(self._catalogue.gettext(english), values)

    def many(self, one: str, other: str, count: int, /, **values: Text | str | int) -> Text:
        """The form for that many; `{count}` is filled in by itself."""
        return fill(self._catalogue.ngettext(one, other, count), {"count": count, **values})

    def name(self, names: Names, limit: int = 80) -> Text:
        """A name from the configuration, in this language."""
        return inline(in_language(names, self.language), limit)

    def language_name(self, code: str) -> Text:
        """What this language calls that one; the code itself if it has no word for it."""
        return inline(Locale(self.language).languages.get(code, code), 30)

    def moment(self, at: datetime) -> Text:
        """Day, time and zone on the reader's clock; Telegram knows the instant behind it."""
        local = at.astimezone(self.zone)
        words = f"{self._format(local, 'd MMMM y, HH:mm')} {zone_name(local)}"
        return _dated(Text(words), at)

    def clock(self, at: datetime) -> Text:
        """Only the time of day on the reader's clock."""
        local = at.astimezone(self.zone)
        return _dated(Text(local.strftime("%H:%M")), at)

    def day(self, at: datetime) -> Text:
        return Text(self._format(at.astimezone(self.zone), "d MMMM y"))

    def on(self, day: date) -> Text:
        """A day of the calendar, wherever one is."""
        return Text(dates.format_date(day, "d MMMM y", self.language))

    def span(self, first: date, last: date) -> Text:
        """From the one day to the other, both included; what they have in common is said once."""
        if first == last:
            return self.on(first)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–" + self.on(last)
        pattern = "d MMMM" if first.year == last.year else "d MMMM y"
        return dates.format_date(first, pattern, self.language) + " – " + self.on(last)

    def short_day(self, day: date) -> Text:
        """Day and month."""
        return Text(dates.format_skeleton("MMMd", day, locale=FORMATS[self.language]))

    def short_span(self, first: date, last: date) -> Text:
        """Days and months."""
        spanned = dates.format_interval(first, last, "MMMd", locale=FORMATS[self.language])
        return Text(spanned.replace("\u2009", " "))

    def weekday(self, day: int) -> str:
        """The day's name as a calendar has it above its columns; 1 is Monday."""
        return str(Locale(self.language).days["stand-alone"]["abbreviated"][day - 1])

    def number(self, value: int) -> Text:
        return Text(numbers.format_decimal(value, locale=self.language))

    def share(self, part: int, whole: int) -> Text:
        """In percent, rounded."""
        return Text(numbers.format_percent(part / whole if whole else 0, locale=self.language))

    def local_day(self, at: datetime) -> date:
        """The date on the reader's calendar."""
        return at.astimezone(self.zone).date()

    def _format(self, local: datetime, pattern: str) -> str:
        return dates.format_datetime(local, pattern, tzinfo=self.zone, locale=self.language)


def _dated(text: Text, at: datetime) -> Text:
    """Marked with its instant, where Telegram can hold it (a positive 32-bit number)."""
    seconds = int(at.timestamp())
    return text.marked("date_time", unix_time=seconds) if 0 < seconds < 2**31 else text


def zone_name(local: datetime) -> str:
    """The zone's abbreviation at that time; a bare offset ("+03") says which clock it is from."""
    name = local.strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


@functools.lru_cache(maxsize=512)
def voice(language: str, zone: str) -> Voice:
    """The voice for a subscriber's settings; the zone is an IANA name that exists."""
    return Voice(language, zone)
