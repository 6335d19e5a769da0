"""Every message that a bot sends in any test is read as Telegram would read it: its limits in UTF-16 units, and its
marks by Telegram's own parser (tdjson, which carries TDLib), links and quotations where they were put.

Far ends hand each call to `call`. What Telegram would refuse, or show otherwise than meant, goes into the file that
MISREAD names, so that far ends in processes of their own tell of it, too; tests/conftest.py fails the test. Where
tdjson has no wheel for the platform, the limits alone are checked, and tests/test_judging.py says so.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PARSER = find_spec("tdjson") is not None

MISREAD = "PARLEY_TESTS_MISREAD"
"""The variable with the path of the file of complaints."""

TYPES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
    "text_link": "TextUrl",
    "date_time": "DateTime",
}
STAYS = frozenset({"TextUrl", "BlockQuote", "ExpandableBlockQuote", "DateTime", "Code"})
"""Marks without which a message says something else."""

SIGNS = "*_~`|[]"
TEXT, CAPTION, ENTITIES, COPY, DATA, NOTE = 4096, 1024, 100, 256, 64, 200

Entity = Mapping[str, Any]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# --- a whole call


def call(method: str, fields: Mapping[str, Any]) -> None:
    """Judge what a call of the Bot API says, whether its fields are JSON or read already; outside of tests nothing."""
    if MISREAD not in os.environ:
        return
    found = [f"{method}: {complaint}" for complaint in _of_call(method, fields)]
    if found:
        with Path(os.environ[MISREAD]).open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(one)}\n" for one in found)


def emptied(file: Path) -> str:
    """The complaints in the file, which are forgotten."""
    found = file.read_text(encoding="utf-8")
    file.write_text("")
    return found


def _of_call(method: str, fields: Mapping[str, Any]) -> Iterator[str]:
    if method == "answerCallbackQuery":
        if units(fields.get("text") or "") > NOTE:
            yield "a note is too long"
        return
    if not method.startswith(("send", "edit", "answerInline")):
        return
    for one in [fields, *_read(fields.get("media")), *_contents(_read(fields.get("results")))]:
        for body, marks, most in (
            ("text", "entities", TEXT),
            ("message_text", "entities", TEXT),
            ("caption", "caption_entities", CAPTION),
        ):
            text = one.get(body)
            if isinstance(text, str) and not one.get("parse_mode"):
                yield from complaints(text, _read(one.get(marks)), most)
    keyboards = [
        _read(fields.get("reply_markup")) or {},
        *(one.get("reply_markup") or {} for one in _read(fields.get("results"))),
    ]
    for keyboard in keyboards:
        yield from _of_buttons(keyboard.get("inline_keyboard") or [])


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or []


def _contents(results: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (one["input_message_content"] for one in results if "input_message_content" in one)


def _of_buttons(rows: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        yield "too many buttons"
    for button in (button for row in rows for button in row):
        if not button.get("text", "").strip():
            yield "a button without words"
        if len(button.get("callback_data", "").encode()) > DATA:
            yield f"the data of a button is too long: {button['callback_data']}"
        if units((button.get("copy_text") or {}).get("text", "")) > COPY:
            yield "a button copies too much"
        if not button.get("url", "https://").startswith(("http://", "https://", "tg://")):
            yield f"a button leads nowhere: {button['url']}"


# --- one text


def complaints(text: str, entities: Sequence[Entity], most: int = TEXT) -> list[str]:
    """What Telegram would refuse of it, or show otherwise than meant."""
    return list(_complaints(text, json.dumps(entities, default=str, sort_keys=True), most))


@lru_cache(maxsize=2048)
def _complaints(text: str, marks: str, most: int) -> tuple[str, ...]:
    entities: list[Entity] = json.loads(marks)
    found = [*_of_limits(text, entities, most)]
    if not found and PARSER:
        found += _of_parser(text, entities)
    return tuple(f"{one}, in {text[:80]!r}" for one in found)


def _of_limits(text: str, entities: Sequence[Entity], most: int) -> Iterator[str]:
    try:
        raw = text.encode("utf-16-le")
    except UnicodeEncodeError:
        yield "half of a surrogate pair"
        return
    if not text.strip():
        yield "nothing is said"
    if len(raw) // 2 > most:
        yield f"{len(raw) // 2} UTF-16 units are more than {most}"
    if len(entities) > ENTITIES:
        yield f"{len(entities)} marks are more than {ENTITIES}"
    for one in entities:
        begin, end = 2 * one["offset"], 2 * (one["offset"] + one["length"])
        if not 0 <= begin < end <= len(raw):
            yield f"a mark lies outside: {one}"
            continue
        words = raw[begin:end].decode("utf-16-le", "replace")
        if words != words.strip() or ("\ufffd" in words and "\ufffd" not in text):
            yield f"a mark begins or ends on nothing: {one}"


def _of_parser(text: str, entities: Sequence[Entity]) -> Iterator[str]:
    known = [one for one in entities if one["type"] in TYPES]
    answer = as_telegram_reads_it(text, known)
    if answer["@type"] != "formattedText":
        yield f"the parser: {answer}"
        return
    before, after = text.encode("utf-16-le"), answer["text"].encode("utf-16-le")
    got = {
        _key(one["type"]["@type"].removeprefix("textEntityType"), after, one, one["type"].get("url", ""))
        for one in answer["entities"]
    }
    for one in known:
        wanted = _key(TYPES[one["type"]], before, one, one.get("url") or "")
        if wanted[0] in STAYS and wanted not in got:
            yield f"lost on its way: {wanted}"


def tdlib(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one of TDLib's offline requests."""
    answer: dict[str, Any] = json.loads(_tdlib()(json.dumps(request).encode()) or b"{}")
    return answer


@cache
def _tdlib() -> Callable[[bytes], bytes | None]:
    """Without a log of each request."""
    import tdjson

    tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')
    execute: Callable[[bytes], bytes | None] = tdjson.td_execute
    return execute


def as_telegram_reads_it(text: str, entities: Sequence[Entity]) -> dict[str, Any]:
    """The formatted text after TDLib has checked and repaired it, or its error.

    It goes through `parseMarkdown`, which repairs what it is given before it looks for marks of its own; signs that it
    would take for marks are replaced first.
    """
    for sign in SIGNS:
        text = text.replace(sign, ".")
    given = [
        {"@type": "textEntity", "offset": one["offset"], "length": one["length"], "type": _type(one)}
        for one in entities
    ]
    return tdlib({"@type": "parseMarkdown", "text": {"@type": "formattedText", "text": text, "entities": given}})


def _type(entity: Entity) -> dict[str, Any]:
    kind: dict[str, Any] = {"@type": f"textEntityType{TYPES[entity['type']]}"}
    for name in ("url", "unix_time"):
        if entity.get(name):
            kind[name] = entity[name]
    return kind


def _key(kind: str, raw: bytes, one: Mapping[str, Any], url: str) -> tuple[str, str, str]:
    words = raw[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
    for sign in SIGNS:
        words = words.replace(sign, ".")
    # TDLib takes away accents that draw vertical lines, and writes rows of direction marks otherwise
    kept = "".join(letter for letter in words if letter not in "\u0333\u033f\u030a\u200c\u200e\u200f")
    return kind, kept, url.rstrip("/")
