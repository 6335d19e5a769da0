"""Marked text: words with marks on stretches of them, and how it becomes messages within Telegram's limits.

Nothing here is ever parsed as markup: what a stranger wrote stays plain text, marks are kept beside it. Strangers'
words come in by two doors, `inline` for a name within one of our lines and `verbatim` for a block of its own; both
make harmless what could break a message or turn our own line around.

Offsets of marks count characters; `finish` turns them into UTF-16 units, as Telegram counts. Telegram's limits here
are the strict reading of its own (UTF-16 units where it counts code points).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import Formatter

from bot.models import Button, Entity, Message

MESSAGE = 4096
"""UTF-16 units in one message."""

ENTITIES = 100
"""Marks in one message; Telegram drops or refuses more."""

DATA = 64
"""Bytes of a button's callback data."""

COPY = 256
"""UTF-16 units that a button copies."""

CAPTION = 48
"""Characters of a button's words: what a phone shows of a full-width button."""

ROW, BUTTONS = 8, 100
"""Buttons in a row, and under one message."""

URL = 2048
"""Characters of an address; far above any real permalink."""

FSI, PDI = "\u2068", "\u2069"
_TURNING = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_OVERRIDE = re.compile("[\u202a-\u202e]")
_ISOLATE = re.compile("[\u2066-\u2069]")
_SENTENCE_END = re.compile(r"[.!?…][\"»”)]*\s")
_USABLE = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:(?P<port>\d{1,5}))?([/?#][^\s\x00-\x1f\x7f]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """Telegram's name of a mark, and the characters from `start` to before `end` that bear it."""

    type: str
    start: int
    end: int
    url: str = ""
    unix_time: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Words with marks. Adding a str adds words of our own."""

    plain: str = ""
    marks: tuple[Mark, ...] = ()

    def __add__(self, other: "Text | str") -> "Text":
        if isinstance(other, str):
            return Text(self.plain + clean(other), self.marks)
        here = len(self.plain)
        moved = (replace(mark, start=mark.start + here, end=mark.end + here) for mark in other.marks)
        return Text(self.plain + other.plain, (*self.marks, *moved))

    def __radd__(self, other: str) -> "Text":
        return Text(clean(other)) + self

    def __bool__(self) -> bool:
        return bool(self.plain)

    def __getitem__(self, stretch: slice) -> "Text":
        """The characters of that stretch (no step), with what their marks leave on them."""
        start, end, _ = stretch.indices(len(self.plain))
        marks = (
            replace(mark, start=max(mark.start, start) - start, end=min(mark.end, end) - start)
            for mark in self.marks
            if mark.start < end and mark.end > start
        )
        return Text(self.plain[start:end], tuple(marks))

    @property
    def units(self) -> int:
        """The length as Telegram counts it."""
        return units(self.plain)

    def marked(self, type: str, *, url: str = "", unix_time: int = 0) -> "Text":
        """The same words with one more mark over all of them."""
        if not self.plain:
            return self
        return Text(self.plain, (Mark(type, 0, len(self.plain), url, unix_time), *self.marks))

    def linked(self, url: str) -> "Text":
        """The same words leading to that address; plain, where Telegram would refuse the address.

        Of a time that leads somewhere Telegram keeps the link alone.
        """
        if not usable(url):
            return self
        return Text(self.plain, tuple(one for one in self.marks if one.type != "date_time")).marked(
            "text_link", url=url
        )

    def stripped(self) -> "Text":
        start = len(self.plain) - len(self.plain.lstrip())
        return self[start : max(start, len(self.plain.rstrip()))]

    def cut(self, limit: int) -> "Text":
        """At most `limit` UTF-16 units, ended at a word with an ellipsis if anything is left out."""
        if self.units <= limit:
            return self
        fits = _fitting(self.plain, max(limit - 1, 0))
        word = max(self.plain.rfind(space, 0, fits + 1) for space in " \n")
        end = word if word > fits * 0.6 else _whole(self.plain, fits)
        kept = self[: len(self.plain[:end].rstrip())]
        return kept + "…" if limit > 0 else kept


def units(plain: str) -> int:
    """UTF-16 units."""
    return len(plain) if plain.isascii() else len(plain.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """The same words without what breaks messages: lone surrogates, control characters, overrides of direction.

    Telegram itself drops or replaces most of these; doing it first keeps our offsets true.
    """
    if text.isascii() and text.isprintable():
        return text
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_END.sub("\n", text)
    text = _CONTROL.sub(" ", text)
    return _OVERRIDE.sub("", text)


def plain(text: str) -> Text:
    """Words of our own."""
    return Text(clean(text))


def inline(text: str, limit: int = 200) -> Text:
    """A stranger's words within a line of ours: one line, cut, and fenced off if they run from right to left."""
    line = _ISOLATE.sub("", " ".join(clean(text[: limit * 8]).split()))
    short = Text(line).cut(limit)
    if any(unicodedata.bidirectional(character) in _TURNING for character in short.plain):
        return FSI + short + PDI
    return short


def verbatim(text: str, found: Sequence[tuple[int, int]] = (), marks: Sequence[str] = ("underline", "bold")) -> Text:
    """A stranger's words as a block of lines of their own, the stretches in `found` (characters) marked."""
    result, done = Text(), 0
    for start, end in _apart(found, len(text)):
        hit = Text(clean(text[start:end]))
        for mark in marks:
            hit = hit.marked(mark)
        result = result + clean(text[done:start]) + hit
        done = end
    result = result + clean(text[done:])
    if not _ISOLATE.search(result.plain):
        return result
    return Text("\n".join(_balanced(line) for line in result.plain.split("\n")), result.marks)


def _apart(spans: Sequence[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """The spans in order, within the text, without overlaps."""
    done = 0
    for span in sorted(spans):
        start, end = max(span[0], done), min(span[1], length)
        if start < end:
            yield start, end
            done = end


def _balanced(line: str) -> str:
    """The line as it was if its isolates are closed in order, else with spaces of no width in their places."""
    depth = 0
    for character in line:
        depth += {"\u2066": 1, "\u2067": 1, FSI: 1, PDI: -1}.get(character, 0)
        if depth < 0:
            break
    return line if depth == 0 else _ISOLATE.sub("\u200b", line)


def fill(template: str, values: dict[str, "Text | str | int"]) -> Text:
    """The template with its `{names}` filled in; a str is a stranger's (`inline`), a Text keeps its marks."""
    result = Text()
    for literal, name, _, _ in Formatter().parse(template):
        result = result + literal
        if name is not None:
            value = values[name]
            result = result + (
                inline(value) if isinstance(value, str) else value if isinstance(value, Text) else str(value)
            )
    return result


def joined(pieces: Iterable[Text | str], between: str) -> Text:
    """The pieces that are not empty, with `between` between them."""
    result = Text()
    for piece in pieces:
        if piece:
            result = (result + between if result else result) + piece
    return result


def lined(lines: Iterable["Text | str"]) -> Text:
    """The lines one under the other; "" is an empty line, none at the end."""
    result = Text()
    for number, line in enumerate(lines):
        result = result + ("\n" if number else "") + line
    return result.stripped()


def usable(url: str) -> bool:
    """Whether Telegram takes the address in a link or a button: one bad address and it refuses the message."""
    match = _USABLE.fullmatch(url) if len(url) <= URL else None
    return match is not None and 0 <= int(match["port"] or 0) <= 65535 and clean(url) == url


# --- splitting


def split(text: Text, limit: int = MESSAGE, marks: int = ENTITIES) -> list[Text]:
    """Parts of at most `limit` UTF-16 units and, where that is possible, at most `marks` marks.

    Broken between paragraphs, else lines, sentences or words, never inside a letter or an emoji; put together, the
    parts are the text.
    """
    parts = []
    rest = text
    while rest.units > limit or len(rest.marks) > marks:
        end = _fitting(rest.plain, limit)
        if len(rest.marks) > marks:
            end = min(end, sorted(mark.start for mark in rest.marks)[marks]) or end
        end = _break(rest.plain, end)
        if not 0 < end < len(rest.plain):
            break
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest]


def _fitting(plain: str, limit: int) -> int:
    """How many characters from the start fit into that many UTF-16 units."""
    head = plain[:limit].encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return len(head.decode("utf-16-le", "ignore"))


def _break(plain: str, end: int) -> int:
    """The best place to end a part, at or before `end`, in its second half where there is one."""
    if end >= len(plain):
        return end
    half = end // 2
    for separator in ("\n\n", "\n"):
        at = plain.rfind(separator, half, end)
        if at > 0:
            return at + len(separator)
    sentences = [match.end() for match in _SENTENCE_END.finditer(plain, half, end)]
    if sentences:
        return sentences[-1]
    at = plain.rfind(" ", half, end)
    return at + 1 if at > 0 else _whole(plain, end) or end


_CLUSTER = 64
"""Characters that one visible sign may be made of before it is cut like anything else."""


def _whole(plain: str, end: int) -> int:
    """`end`, or a little before it, so that no letter loses its accents and no emoji its parts; 0 if none fits."""
    at = end
    while end - at < _CLUSTER and 0 < at < len(plain) and _glued(plain, at):
        at -= 1
    return at if end - at < _CLUSTER else end


def _glued(plain: str, at: int) -> bool:
    """Whether the characters on both sides of `at` are one visible sign."""
    before, after = plain[at - 1], plain[at]
    if before == "\u200d" or after == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _regional(after) and _regionals_before(plain, at) % 2 == 1


def _regional(character: str) -> bool:
    """One half of a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regionals_before(plain: str, at: int) -> int:
    start = at
    while start > 0 and _regional(plain[start - 1]):
        start -= 1
    return at - start


# --- finishing


def finish(text: Text, buttons: Iterable[Sequence[Button]] = ()) -> Message:
    """The message as it is sent: trimmed, within every limit, marks in UTF-16 units and never ending on white space.

    A button that Telegram would refuse (data over 64 bytes, an address that it does not take) is left out: the words
    matter more.
    """
    whole = text.stripped().cut(MESSAGE)
    return Message(whole.plain, _entities(whole), finished(buttons))


def _entities(text: Text) -> tuple[Entity, ...]:
    trimmed = (_trimmed(mark, text.plain) for mark in text.marks)
    unique = dict.fromkeys(mark for mark in trimmed if mark.start < mark.end)
    kept = sorted(unique, key=_importance)[:ENTITIES]
    kept.sort(key=lambda mark: (mark.start, -mark.end))
    return tuple(
        Entity(
            mark.type,
            units(text.plain[: mark.start]),
            units(text.plain[mark.start : mark.end]),
            mark.url,
            mark.unix_time,
        )
        for mark in kept
    )


def _trimmed(mark: Mark, plain: str) -> Mark:
    words = plain[mark.start : mark.end]
    start = mark.start + len(words) - len(words.lstrip())
    return replace(mark, start=start, end=max(start, mark.end - len(words) + len(words.rstrip())))


def _importance(mark: Mark) -> int:
    """What is kept first where there are too many marks: links and quotations before decoration."""
    return {"text_link": 0, "expandable_blockquote": 0, "blockquote": 0, "code": 0, "date_time": 1}.get(mark.type, 2)


def finished(buttons: Iterable[Sequence[Button]]) -> tuple[tuple[Button, ...], ...]:
    """Rows of buttons within Telegram's limits; what it would refuse is left out."""
    rows = []
    left = BUTTONS
    for wanted in buttons:
        good = [_captioned(button) for button in wanted if _pressable(button)][: min(ROW, left)]
        left -= len(good)
        if good:
            rows.append(tuple(good))
    return tuple(rows)


def in_rows(buttons: Sequence[Button], many: int) -> list[Sequence[Button]]:
    """So many beside each other, the last row with what is left."""
    return [buttons[start : start + many] for start in range(0, len(buttons), many)]


def _pressable(button: Button) -> bool:
    if button.copy:
        return units(button.copy) <= COPY
    return usable(button.url) if button.url else 0 < len(button.data.encode("utf-8", "replace")) <= DATA


def _captioned(button: Button) -> Button:
    return replace(button, text=inline(button.text, CAPTION).plain or "…")
