"""How a table is described and read, and how its mistakes are kept.

A reader takes what TOML (or a variable) gives and returns the value, or raises Wrong and says what was expected. A
Table is its keys with their readers. Its `read` is a reader too, so tables and lists lie in each other freely.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from bot.budget import DOLLAR
from bot.errors import SettingsError
from bot.models import LANGUAGES


class Wrong(Exception):  # noqa: N818  no failure of the house: it never leaves this room
    """A value that will not do. Without a reason, its mistakes have been noted already."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a file. All places of one loading share their mistakes, and the ids known so far of each table."""

    file: str
    key: str
    mistakes: list[SettingsError]
    known: dict[str, frozenset[str]]

    def at(self, key: str | int) -> "Place":
        name = str(key) if re.fullmatch(r"[\w-]{1,64}", str(key)) else shown(str(key))
        return replace(self, key=f"{self.key}.{name}" if self.key else name)

    def wrong(self, reason: str) -> None:
        self.mistakes.append(SettingsError(self.file, self.key, reason))

    def take(self, read: "Reader", value: object, fields: dict[str, Any], name: str) -> None:
        """Puts what was read under that name, or notes why there is nothing to put."""
        try:
            fields[name] = read(value, self)
        except Wrong as wrong:
            if wrong.args:
                self.wrong(str(wrong))


Reader = Callable[[Any, Place], Any]


# --- how a mistake is said


def shown(written: str) -> str:
    return json.dumps(written if len(written) <= 60 else written[:59] + "…", ensure_ascii=False)


def near(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word[:60], sorted(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def expected(what: str, value: object) -> Wrong:
    """The value itself is shown if it is text; a number may have thousands of digits."""
    if isinstance(value, str):
        return Wrong(f"{shown(value)} is not {what}")
    return Wrong(f"expected {what}, not {kind_of(value)}")


def kind_of(value: object) -> str:
    kinds = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
        datetime: "a date with a time",
        date: "a date",
        time: "a time",
    }
    return kinds[type(value)]


# --- single values


def text(limit: int) -> Reader:
    """One line of text, not empty, without control characters, of at most `limit` characters."""

    def read(value: Any, place: Place) -> str:
        if not isinstance(value, str):
            raise expected("text", value)
        if not value.strip():
            raise Wrong("is empty")
        if len(value) > limit:
            raise Wrong(f"is {len(value)} characters long; expected at most {limit}")
        if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value):
            raise Wrong("holds a line break or another control character")
        return value.strip()

    return read


name = text(100)
remark = text(1000)


def path(value: Any, place: Place) -> Path:
    return Path(remark(value, place))


def identifier(value: Any, place: Place) -> str:
    """Short, because it travels in the data of a button, which holds 64 bytes."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", value):
        raise expected("an id: up to 40 Latin letters, digits, hyphens and _", value)
    return value


def choice(*words: str) -> Reader:
    def read(value: Any, place: Place) -> str:
        if not isinstance(value, str):
            raise expected(f"one of {', '.join(words)}", value)
        if value not in words:
            raise Wrong(f"{shown(value)} is none of {', '.join(words)}{near(value, words)}")
        return value

    return read


def reference(table: str) -> Reader:
    """An id of an entry elsewhere; anything passes if the file that would hold the entry could not be read."""

    def read(value: Any, place: Place) -> str:
        if not isinstance(value, str):
            raise expected(f"the id of one of [[{table}]]", value)
        known = place.known.get(table)
        if known is not None and value not in known:
            raise Wrong(f"no [[{table}]] has the id {shown(value)}{near(value, known)}")
        return value

    return read


def truth(value: Any, place: Place) -> bool:
    if not isinstance(value, bool):
        raise expected("true or false, without quotation marks", value)
    return value


def count(value: Any, place: Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise expected("a whole number from 1 to 1000000", value)
    return value


def chat(value: Any, place: Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < abs(value) < 10**15:
        raise expected("the number of a person or a chat, as /privacy shows it, without quotation marks", value)
    return value


def rate(value: Any, place: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise expected("a number above 0, at most 1000", value)
    return float(value)


def money(value: Any, place: Place) -> int:
    """Dollars, as millionths of one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
        raise expected("dollars: a number from 0 to 1000000", value)
    return round(value * DOLLAR)


def country(value: Any, place: Place) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z]{2}", value):
        raise expected('a country of two letters, such as "UA"', value)
    return value.upper()


def duration(written: str) -> timedelta | None:
    """ "30s", "5m", "1h", "1h30m", above nothing and at most a day; None for anything else."""
    parts = re.fullmatch(r"(?:([0-9]{1,2})h)?(?:([0-9]{1,4})m)?(?:([0-9]{1,5})s)?", written)
    if not parts:
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return length if timedelta(0) < length <= timedelta(days=1) else None


def pause(value: Any, place: Place) -> timedelta:
    length = duration(value) if isinstance(value, str) else None
    if length is None:
        raise expected('a pause such as "30s", "5m" or "1h30m", above nothing and at most a day', value)
    return length


def day(value: Any, place: Place) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise Wrong(f"{shown(value)} is no day of the calendar") from error
    raise expected("a day such as 2022-03-10", value)


def local_time(value: Any, place: Place) -> time:
    if isinstance(value, time) and value == value.replace(second=0, microsecond=0):
        return value
    if isinstance(value, str) and re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise expected('a local time such as "20:00"', value)


def zone(value: Any, place: Place) -> str:
    if not isinstance(value, str):
        raise expected("a time zone such as Europe/Kyiv", value)
    if value not in _zones():
        raise Wrong(f"{shown(value)} is not a time zone such as Europe/Kyiv{near(value, _zones())}")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def url(value: Any, place: Place) -> str:
    address: str = remark(value, place)
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a half bracket of an IPv6 address
        usable = False
    if not usable or " " in address:
        raise expected("an address that begins with http:// or https://", value)
    return address


def handle(expression: str, what: str, hosts: str) -> Reader:
    """A name on a platform. An @ before it is dropped; a link is answered with the name that is in it."""

    def read(value: Any, place: Place) -> str:
        written: str = remark(value, place).removeprefix("@")
        if re.fullmatch(expression, written):
            return written
        link = re.match(rf"(?:https?://)?(?:www\.)?(?:{hosts})/(?:s/)?@?({expression})(?:[/?#]|$)", written)
        if link:
            raise Wrong(f'{shown(value)} is a link; expected the name alone, "{link[1]}"')
        raise expected(what, value)

    return read


def account_id(value: Any, place: Place) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return str(value)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,19}", value):
        raise expected("the number of an account", value)
    return value


def is_there(path: Path, what: Callable[[Path], bool]) -> bool:
    """Path.is_file or Path.is_dir, also of a name longer than the file system allows."""
    try:
        return what(path)
    except OSError:
        return False


# --- many values


def items(read: Reader) -> Reader:
    """A list, as a tuple."""

    def read_items(value: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise expected("a list, in [ ]", value)
        good: dict[str, Any] = {}
        for number, item in enumerate(value, start=1):
            place.at(number).take(read, item, good, str(number))
        if len(good) < len(value):
            raise Wrong
        return tuple(good.values())

    return read_items


def by_language(read: Reader) -> Reader:
    """A table from language codes to values, at least one."""

    def read_languages(value: Any, place: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise expected('a table such as { en = "…", uk = "…", ru = "…" }', value)
        if not value:
            raise Wrong(f"is empty; expected at least one of {', '.join(LANGUAGES)}")
        good: dict[str, Any] = {}
        for language, words in value.items():
            if language in LANGUAGES:
                place.at(language).take(read, words, good, language)
            else:
                place.at(language).wrong(f"unknown language; expected {', '.join(LANGUAGES)}")
        if len(good) < len(value):
            raise Wrong
        return good

    return read_languages


names = by_language(name)


# --- tables


@dataclass(frozen=True, slots=True)
class Key:
    """`fills` is the field it becomes, where that has another name."""

    read: Reader
    required: bool = False
    fills: str = ""


Check = Callable[[Mapping[str, Any], dict[str, Any], Place], None]


@dataclass(frozen=True, slots=True)
class Table:
    """The keys of a table and what they make.

    `check` sees the table as written and the fields read so far, also when some are wrong; it notes what does not
    go together, and may fill fields in.
    """

    makes: Callable[..., Any]
    keys: Mapping[str, Key]
    check: Check = lambda written, fields, place: None

    def read(self, value: Any, place: Place) -> Any:
        if not isinstance(value, dict):
            raise expected("a table", value)
        before = len(place.mistakes)
        fields: dict[str, Any] = {}
        for written in value:
            if written not in self.keys:
                place.at(written).wrong(f"unknown key; expected {', '.join(self.keys)}{near(written, self.keys)}")
        for known, key in self.keys.items():
            if known in value:
                place.at(known).take(key.read, value[known], fields, key.fills or known)
            elif key.required:
                place.at(known).wrong("is missing")
        self.check(value, fields, place)
        if len(place.mistakes) > before:
            raise Wrong
        return self.makes(**fields)


def entries(title: str, table: Table) -> Reader:
    """An array of tables, by id. An id that is written counts as known, also that of an entry with mistakes."""

    def read_entries(value: Any, place: Place) -> dict[str, Any]:
        if not isinstance(value, list):
            raise Wrong(f"expected entries that begin with [[{title}]], not {kind_of(value)}")
        written = [entry.get("id") if isinstance(entry, dict) else None for entry in value]
        ids = [key if isinstance(key, str) else "" for key in written]
        place.known[title] = frozenset(ids)
        good: dict[str, Any] = {}
        for number, (key, entry) in enumerate(zip(ids, value, strict=True), start=1):
            there = place.at(key if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", key) else number)
            if key and ids.index(key) + 1 < number:
                there.at("id").wrong(f"entry {number} has the id of entry {ids.index(key) + 1}; an id stands once")
            there.take(table.read, entry, good, key)
        return good

    return read_entries
