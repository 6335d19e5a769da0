"""A text cut for reading who says what: quotations masked, sentences apart, old news and credits set aside.

Masking keeps every character's place: inside a quotation each becomes MASK, so that a name, a verb or a full stop in
there decides nothing outside.
"""

import re
from dataclasses import dataclass

MASK = "\x00"

_OPENING = {"«": "»", "“": "”", "„": "“”"}
_MARK = re.compile('[«“„"]')
_CLOSING = re.compile(r'"(?![^\W_])')
_SHORTEST = 3  # characters; less is an inch sign or an ellipsis
_WORDS_OF_SPEECH = 3  # a shorter quotation is a title or a single word held at arm's length

_PARAGRAPH = re.compile(r"[^\n]+")
_END = re.compile(r"(?:(?<![.!?…])[.!?…]+[»”“\")\]]*|[»”\"][.!?…]+)(?=\s+(?:[«\"“„]|[^\s\w]*[A-ZА-ЯЁІЇЄҐ\d]))")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"„“\x00])(?:[A-ZА-ЯЁІЇЄҐ]|г|гг|ст|им|ім|п|пп|тыс|тис|млн|млрд|рр?|см|др|т\. ?[дпе]|Mr|Mrs|Ms|Dr|St"
    r"|Gen|Sen|Rep|Lt|Col|Gov|No|vs|U\.S|U\.N|a\.m|p\.m)\.$"
)
_LONGEST_ABBREVIATION = 8  # characters, with what stands before it and its full stop
_SPACES = re.compile(r"\s*")
_BACKGROUND = re.compile(
    r"\W*(?:ранее|напомн\w+|раніше|нагада(?:ємо|ю|єм)"
    r"|(?:как|як) (?:(?:ранее|раніше|уже|вже) )?(?:сообща|писа|повідомля)\w+"
    r"|earlier|previously|as (?:[\w'’-]+ ){0,5}reported|recall|background|предыстория|передісторія|бэкграунд)\b",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"\W*[A-ZА-ЯЁІЇЄҐ][\w’'-]+(?: [A-ZА-ЯЁІЇЄҐ][\w-]+)?[.,] \d{1,2} [а-яіїє]{3,9}[.,]? ")
_MAY_BE_OLD = re.compile(
    r"ранее|раніше|напомн|нагада|сообща|писа|повідомля|earlier|previously|reported|recall|background"
    r"|предыстория|передісторія|бэкграунд|фото|знімк|снимк|pictured|photo",
    re.IGNORECASE,
)
_OLD_FROM_HERE = re.compile(r"\W*(?:background|предыстория|передісторія)\b", re.IGNORECASE)
_LABEL = re.compile(
    r"\W*(?:source|quote|details|джерело|деталі|пряма мова|источник|детали|прямая речь)\b", re.IGNORECASE
)
_CREDIT = re.compile(
    r"(?:\b(?:photo|image|video|picture)(?: by| credit)?|\b(?<!на )(?:фото|відео|видео|скрин\w*|ілюстрація))\s*:", re.I
)
_ON_PHOTO = re.compile(r"\W*(?:на фото|на знімку|на снимке|pictured|in the photo)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the text. `background`: it retells what was said before; nobody speaks in it anew."""

    start: int
    end: int
    number: int
    paragraph: int
    background: bool = False
    anaphoric: bool = False
    """It speaks about what the sentence before says: "Об этом сообщил …"."""


_ANAPHORIC = re.compile(
    r"\W*(?:об этом|это (?:заявил|сообщил|написал)|такое (?:заявление|мнение)|про це|про таке|таку (?:заяву|думку)"
    r"|відповідну заяву|(?:he|she|they) (?:said|wrote|announced|stated) (?:this|that|so)\b"
    r"|this was|that was|the statement was)",
    re.IGNORECASE,
)


_FIRST_WORD = re.compile(r"[^\W_]{1,3}")
_MAY_OPEN_OLD = frozenset("ран нап наг как як ear pre as rec bac пре пер бэк".split())
_MAY_OPEN_PHOTO = frozenset("на pic in".split())
_MAY_REFER = frozenset("об это так про від he she the thi tha".split())


def masked(text: str) -> str:
    """The text with the inside of every quotation masked; one that never closes is masked to its paragraph's end."""
    if not _MARK.search(text):
        return text
    found = list(text)
    for paragraph in _PARAGRAPH.finditer(text):
        for start, end in _quotations(text, paragraph.start(), paragraph.end()):
            found[start:end] = MASK * (end - start)
    return "".join(found)


def _quotations(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The insides of the outermost quotations between two places."""
    found = []
    while opening := _MARK.search(text, start, end):
        at = opening.start()
        inside = _inside(text, at, end)
        if inside is None:
            start = at + 1
            continue
        if inside - at > _SHORTEST:
            found.append((at + 1, inside))
        start = inside + 1
    return found


def _inside(text: str, opening: int, end: int) -> int | None:
    """Where the quotation that opens there closes. None: that mark does not open one."""
    mark = text[opening]
    if mark == '"':
        if opening and text[opening - 1].isalnum():
            return None  # 19" or a stray closing mark
        closing = _CLOSING.search(text, opening + 1, end)
        return closing.start() if closing else end
    depth = 0
    for at in range(opening + 1, end):
        if text[at] == mark:
            depth += 1
        elif text[at] in _OPENING[mark]:
            if not depth:
                return at
            depth -= 1
    return end


def is_speech(inside: str) -> bool:
    """Whether what stands between quotation marks is somebody's words and not a title."""
    return len(re.findall(r"\w+", inside)) >= _WORDS_OF_SPEECH


def without_credits(text: str) -> str:
    """The masked text with photo credits masked as well, each to the end of its line."""
    for credit in _CREDIT.finditer(text) if ":" in text else ():
        end = text.find("\n", credit.start())
        end = len(text) if end < 0 else end
        text = text[: credit.start()] + MASK * (end - credit.start()) + text[end:]
    return text


def sentences(masked_text: str) -> list[Sentence]:
    """The sentences of a masked text."""
    found: list[Sentence] = []
    paragraphs = [match.span() for match in _PARAGRAPH.finditer(masked_text) if match[0].strip()]
    old = False
    for number, (start, end) in enumerate(paragraphs):
        old = _OLD_FROM_HERE.match(masked_text, start, end) is not None or (
            old and not _LABEL.match(masked_text, start, end)
        )
        stale = old
        for first, last in _cut(masked_text, start, end):
            sentence = masked_text[first:last]
            opening = _FIRST_WORD.search(sentence)
            begins = opening[0].lower() if opening else ""
            stale = stale or (begins in _MAY_OPEN_OLD and _BACKGROUND.match(sentence) is not None)
            found.append(
                Sentence(
                    first,
                    last,
                    len(found),
                    number,
                    background=stale or (begins in _MAY_OPEN_PHOTO and _ON_PHOTO.match(sentence) is not None),
                    anaphoric=begins in _MAY_REFER and _ANAPHORIC.match(sentence) is not None,
                )
            )
    return found


def old_news(text: str) -> list[tuple[int, int]]:
    """The places of the text that are not its news: what was said before, and where and when it was written."""
    dateline = _DATELINE.match(text)
    found = [dateline.span()] if dateline else []
    if _MAY_BE_OLD.search(text):
        found += [(one.start, one.end) for one in sentences(masked(text)) if one.background]
    return found


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found = []
    for stop in _END.finditer(text, start, end):
        if not _ABBREVIATION.search(text[max(start, stop.end() - _LONGEST_ABBREVIATION) : stop.end()]):
            found.append((start, stop.end()))
            start = _SPACES.match(text, stop.end(), end).end()  # type: ignore[union-attr]  # it always matches
    found.append((start, end))
    return found
