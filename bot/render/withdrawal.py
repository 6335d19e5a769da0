"""Words that must not be repeated any more, taken out of a finished message that tells of others, too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from bot.models import Entity, Message, Roster, Telling
from bot.render.language import voice
from bot.render.statements import body
from bot.render.text import MESSAGE, Text


def without(message: Message, telling: Telling, roster: Roster, language: str) -> Message:
    """A message that tells of several posts, with what stands in place of the words of this one, which must not be
    repeated any more: its quotation, or the line under the one that leads to it.
    """
    notice = body(voice(language, "UTC"), telling, roster).plain
    units = message.text.encode("utf-16-le")
    quoted = [(one.offset, one.offset + one.length) for one in message.entities if one.type.endswith("blockquote")]
    for start, end in reversed(quoted or list(_lines_under(message, telling.post.url))):
        words = notice.encode("utf-16-le")
        if len(units) // 2 + len(words) // 2 - (end - start) > MESSAGE:
            words = "…".encode("utf-16-le")
        units = units[: 2 * start] + words + units[2 * end :]
        message = replace(message, entities=tuple(_moved(message.entities, start, end, len(words) // 2)))
    return replace(message, text=units.decode("utf-16-le"))


def _lines_under(message: Message, url: str) -> Iterator[tuple[int, int]]:
    """In UTF-16 units, in order."""
    lines = message.text.split("\n")
    starts = [0, *accumulate(Text(line).units + 1 for line in lines)]
    links = [one.offset for one in message.entities if one.url == url]
    for number in range(1, len(lines)):
        if any(starts[number - 1] <= link < starts[number] for link in links):
            yield starts[number], starts[number + 1] - 1


def _moved(entities: Sequence[Entity], start: int, end: int, length: int) -> Iterator[Entity]:
    """The marks when the units from `start` to before `end` have become so many; those that began or ended in the
    middle of them are gone.
    """
    for one in entities:
        last = one.offset + one.length
        if last <= start:
            yield one
        elif one.offset >= end:
            yield replace(one, offset=one.offset + length - (end - start))
        elif one.offset <= start and last >= end:
            yield replace(one, length=one.length + length - (end - start))
