"""The tables of config/, each key with its reader; the folder is read in the order in which its files refer."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from bot.budget import DOLLAR, Budget
from bot.errors import SettingsError
from bot.models import LANGUAGES, Dialect, Role, Roster, Round, Side, Source, SourceKind, Speaker, Talks, Topic
from bot.settings import reading
from bot.settings.reading import Key, Place, Reader, Table, Wrong
from bot.settings.values import MEGABYTE, Access, Backup, Defaults, Keep, Limits, Log, OnX, Pace, Translate

EVERY: Mapping[SourceKind, timedelta] = {
    "x": timedelta(minutes=5),
    "telegram": timedelta(minutes=3),
    "feed": timedelta(minutes=5),
    "archive": timedelta(minutes=1),
}
"""The pause between polls where neither the source nor parley.toml sets one."""

_KINDS: tuple[str, ...] = get_args(SourceKind)
_DIALECTS = tuple(filter(None, get_args(Dialect)))


# --- talks.toml


def _in_order(written: Mapping[str, Any], fields: dict[str, Any], place: Place) -> None:
    since, until = fields.get("since"), fields.get("until")
    if since and until and until < since:
        place.at("to").wrong(f"{until} lies before from, {since}")


_ROLE = Table(
    Role,
    {
        "talks": Key(reading.reference("talks"), required=True),
        "title": Key(reading.by_language(reading.text(200)), required=True),
        "from": Key(reading.day, fills="since"),
        "to": Key(reading.day, fills="until"),
    },
    _in_order,
)


def _one_day(written: Mapping[str, Any], fields: dict[str, Any], place: Place) -> None:
    """A round of which no last day is written took one."""
    if "since" in fields:
        fields.setdefault("until", fields["since"])
    _in_order(written, fields, place)


_ROUND = Table(
    Round,
    {
        "from": Key(reading.day, required=True, fills="since"),
        "to": Key(reading.day, fills="until"),
        "place": Key(reading.by_language(reading.text(120)), required=True),
        "evidence": Key(reading.items(reading.text(300)), required=True),
    },
    _one_day,
)

TALKS = {
    "talks": Table(
        Talks,
        {
            "id": Key(reading.identifier, required=True),
            "name": Key(reading.names, required=True),
            "rounds": Key(reading.items(_ROUND.read)),
        },
    ),
    "sides": Table(
        Side,
        {
            "id": Key(reading.identifier, required=True),
            "talks": Key(reading.reference("talks"), required=True),
            "name": Key(reading.names, required=True),
            "flag": Key(reading.text(16)),
        },
    ),
    "speakers": Table(
        Speaker,
        {
            "id": Key(reading.identifier, required=True),
            "side": Key(reading.reference("sides"), required=True),
            "name": Key(reading.names, required=True),
            "aliases": Key(reading.by_language(reading.items(reading.name))),
            "roles": Key(reading.items(_ROLE.read)),
            "needs": Key(reading.items(reading.name)),
            "never": Key(reading.items(reading.name)),
        },
    ),
}
"""The tables of talks.toml, by their titles."""


# --- sources.toml

_ADDRESS: Mapping[SourceKind, Reader] = {
    "x": reading.handle(
        r"[A-Za-z0-9_]{1,15}",
        "an X handle: up to 15 of A-Z, a-z, 0-9 and _",
        r"x\.com|twitter\.com",
    ),
    "telegram": reading.handle(
        r"[A-Za-z][A-Za-z0-9_]{3,31}",
        "the name of a Telegram channel: 4 to 32 of A-Z, a-z, 0-9 and _, a letter first",
        r"t\.me|telegram\.me",
    ),
    "feed": reading.url,
    "archive": reading.remark,
}


def sources_tables(folder: Path, every: Mapping[SourceKind, timedelta]) -> dict[str, Table]:
    """Of sources.toml. `every` fills in where a source sets no pause; archives lie in `folder`."""

    def check(written: Mapping[str, Any], fields: dict[str, Any], place: Place) -> None:
        if "speaker" in written and "outlet" in written:
            place.wrong("has both speaker and outlet; expected one of them")
        if "speaker" not in written and "outlet" not in written:
            place.wrong("has neither speaker nor outlet; expected one of them")
        kind = fields.get("kind")
        if kind:
            fields.setdefault("every", every[kind])
        if kind and "address" in fields:
            place.at("address").take(_ADDRESS[kind], fields["address"], fields, "address")
        if fields.get("pictures") and kind not in (None, "x", "telegram"):
            place.at("pictures").wrong("is only for x and telegram; the pictures of agencies are theirs")
        if "dialect" in written and kind not in (None, "feed"):
            place.at("dialect").wrong("is only for feeds; an account on X is read by kind x")
        if "zone" in written and kind not in (None, "feed"):
            place.at("zone").wrong("is only for feeds; the dates of other kinds have theirs")
        if kind == "archive" and "address" in fields:
            file = folder / fields["address"]
            if not reading.is_there(file, Path.is_file):
                place.at("address").wrong(f"no such file: {file}")

    keys = {
        "id": Key(reading.identifier, required=True),
        "kind": Key(reading.choice(*_KINDS), required=True),
        "address": Key(reading.remark, required=True),
        "speaker": Key(reading.reference("speakers")),
        "outlet": Key(reading.names),
        "label": Key(reading.names),
        "language": Key(reading.choice(*LANGUAGES)),
        "account_id": Key(reading.account_id),
        "every": Key(reading.pause),
        "enabled": Key(reading.truth),
        "proof": Key(reading.remark),
        "confidence": Key(reading.choice("A", "B", "C", "U", "exists")),
        "note": Key(reading.remark),
        "translate": Key(reading.truth),
        "pictures": Key(reading.truth),
        "dialect": Key(reading.choice(*_DIALECTS)),
        "zone": Key(reading.zone),
    }
    return {"sources": Table(Source, keys, check)}


def _read_once(sources: Mapping[str, Source], place: Place) -> None:
    """Two enabled sources at one address would store every post twice. An archive holds many sources."""
    first: dict[tuple[str, str], str] = {}
    for source in sources.values():
        if source.enabled and source.kind != "archive":
            reader = first.setdefault((source.kind, source.address.casefold()), source.id)
            if reader != source.id:
                place.at(source.id).at("address").wrong(f"{reading.shown(source.address)} is read as {reader} already")


# --- topics.toml, parley.toml

Complaint = Callable[[str], str]
"""Says in plain words what is wrong with a watch query; empty if nothing is."""


def topics_tables(complaint: Complaint) -> dict[str, Table]:
    """Of topics.toml."""
    written = reading.text(300)

    def query(value: Any, place: Place) -> str:
        typed: str = written(value, place)
        if wrong := complaint(typed):
            raise Wrong(wrong)
        return typed

    keys = {
        "id": Key(reading.identifier, required=True),
        "name": Key(reading.names, required=True),
        "watch": Key(reading.by_language(query), required=True),
        "talks": Key(reading.items(reading.reference("talks"))),
    }
    return {"topics": Table(Topic, keys)}


_MONEY = ("post_price", "user_price", "day_cap", "month_cap")
_LEAST_LOOK = 15
"""The smallest look at a timeline is five posts; each may bring along two that it answers or quotes."""


def _on_x(**fields: Any) -> OnX:
    money = {name: fields.pop(name) for name in _MONEY if name in fields}
    return OnX(**fields, budget=Budget(**money))


def _enough(written: Mapping[str, Any], fields: dict[str, Any], place: Place) -> None:
    """A cap below the price of any look would be silence without a reason."""
    budget = Budget(**{name: fields[name] for name in _MONEY if name in fields})
    for cap in ("day_cap", "month_cap"):
        if getattr(budget, cap) < _LEAST_LOOK * budget.post_price:
            least = _LEAST_LOOK * budget.post_price / DOLLAR
            place.at(cap).wrong(f"is less than the smallest look at an account may cost, {least:g} dollars")


def _inbox_days(value: Any, place: Place) -> int:
    days = reading.count(value, place)
    if days < 2:
        raise Wrong("is too short; expected at least 2, for Telegram may repeat an update for a day")
    return days


def _numbers(value: Any, place: Place) -> frozenset[int]:
    return frozenset(reading.items(reading.chat)(value, place))


def _megabytes(value: Any, place: Place) -> int:
    return reading.count(value, place) * MEGABYTE


_FREE = 30


def _not_by_accident(written: Mapping[str, Any], fields: dict[str, Any], place: Place) -> None:
    """What costs something is said in so many words."""
    if fields.get("overall", 0) > _FREE and not fields.get("paid"):
        place.at("overall").wrong(
            f"is more than the {_FREE} a second that are free; paid = true lets Telegram charge for it"
        )


PARLEY = {
    "defaults": Table(
        Defaults,
        {
            "language": Key(reading.choice(*LANGUAGES)),
            "zone": Key(reading.zone),
            "digest": Key(reading.local_time),
        },
    ),
    "limits": Table(
        Limits,
        {limit: Key(reading.count) for limit in ("watches", "follows", "query", "commands_a_minute")},
    ),
    "access": Table(Access, {"open": Key(reading.truth), "allow": Key(_numbers)}),
    "pace": Table(
        Pace,
        {
            **{where: Key(reading.rate) for where in ("overall", "chat", "group")},
            "paid": Key(reading.truth),
            "digest_late": Key(reading.pause),
        },
        _not_by_accident,
    ),
    "every": Table(dict, {kind: Key(reading.pause) for kind in _KINDS}),
    "telegram": Table(dict, {"client": Key(reading.choice("web", "mtproto"), fills="telegram_client")}),
    "x": Table(
        _on_x,
        {
            "mode": Key(reading.choice("auto", "timelines", "search")),
            "vocabulary": Key(reading.choice("tweet", "post")),
            "country": Key(reading.country),
            **{name: Key(reading.money) for name in _MONEY},
        },
        _enough,
    ),
    "operator": Table(dict, {"contact": Key(reading.remark)}),
    "backup": Table(Backup, {"folder": Key(reading.path), "at": Key(reading.local_time), "keep": Key(reading.count)}),
    "keep": Table(Keep, {"outbox": Key(reading.count), "inbox": Key(_inbox_days), "log": Key(reading.count)}),
    "log": Table(Log, {"format": Key(reading.choice("text", "json")), "file": Key(reading.path)}),
    "translate": Table(
        Translate,
        {"service": Key(reading.choice("libretranslate", "deepl")), "characters": Key(reading.count)},
    ),
    "disk": Table(dict, {"reserve": Key(_megabytes, fills="disk_reserve")}),
}
"""The tables of parley.toml, by their titles."""


# --- the folder


def from_folder(folder: Path, sources: str, complaint: Complaint, mistakes: list[SettingsError]) -> dict[str, Any]:
    """The fields of Settings that the files set; what could not be read is left out and stands in `mistakes`."""
    known: dict[str, frozenset[str]] = {}

    def read(file: str, keys: Mapping[str, Key]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        Place(str(folder / file), "", mistakes, known).take(_file(folder / file, keys), None, fields, file)
        found: dict[str, Any] = fields.get(file, {})
        return found

    parley = read("parley.toml", {title: Key(table.read) for title, table in PARLEY.items()})
    every = {**EVERY, **parley.pop("every", {})}
    roster: dict[str, Any] = {}
    for file, tables in (
        ("talks.toml", TALKS),
        (sources, sources_tables(folder, every)),
        ("topics.toml", topics_tables(complaint)),
    ):
        found = read(file, {title: Key(reading.entries(title, table)) for title, table in tables.items()})
        roster |= {title: found.get(title, {}) for title in tables}
    _read_once(roster["sources"], Place(str(folder / sources), "sources", mistakes, known))
    flat = {**parley.pop("operator", {}), **parley.pop("telegram", {}), **parley.pop("disk", {})}
    return {**flat, **parley, "roster": Roster(**roster)}


def _file(path: Path, keys: Mapping[str, Key]) -> Reader:
    def read(value: None, place: Place) -> Any:
        document = _document(path)
        place.known.update({title: frozenset() for title in keys})
        return Table(dict, keys).read(document, place)

    return read


def _document(path: Path) -> dict[str, Any]:
    try:
        # Some editors put a byte order mark first, which TOML forbids: utf-8-sig.
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise Wrong("no such file") from error
    except OSError as error:
        raise Wrong(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Wrong(f"is not UTF-8 (byte {error.start + 1})") from error
    except RecursionError as error:
        raise Wrong("tables and lists lie too deep in each other") from error
    except ValueError as error:
        raise Wrong(f"is not TOML: {error}") from error
