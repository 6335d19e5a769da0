"""What changed between two versions of a text, word by word. Space and line breaks do not count."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.render.text import Text, verbatim

CELLS = 250_000
"""Pairs of words that are compared at the most, after what both begin and end with is set aside: some 50 ms. Of longer
texts the whole stretch between the first and the last change is taken for changed.
"""

AROUND = 120
"""Characters that are shown on both sides of a change where the whole text is too long."""

Span = tuple[int, int]

_WORD = re.compile(r"\w+(?:['’ʼ-]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """The characters of the earlier text that are gone, and those of the later one that stand in their place.

    One of both may be empty: then it is where something was put in or left out.
    """

    before: Span
    after: Span


def differ(before: str, after: str) -> bool:
    """Whether the words are others."""
    return _words(before) != _words(after)


def changes(before: str, after: str) -> list[Change]:
    """In order, none touching another. What lies between them is, word by word, the same in both."""
    old, new = list(_WORD.finditer(before)), list(_WORD.finditer(after))
    return [
        Change(_characters(old, removed, before), _characters(new, added, after))
        for removed, added in _runs([match[0] for match in old], [match[0] for match in new])
    ]


def shown(text: str, spans: Sequence[Span], mark: str, limit: int) -> Text:
    """The text with that mark on the spans; if it is longer than `limit` UTF-16 units, only what is around them."""
    whole = verbatim(text, spans, (mark,)).stripped()
    if whole.units <= limit or not spans:
        return whole.cut(limit)
    result = Text()
    for start, end in _stretches(text, spans):
        here = [(max(one, start) - start, min(two, end) - start) for one, two in spans]
        result = result + ("… " if start else "") + verbatim(text[start:end], here, (mark,)).stripped()
        result = result + (" …\n" if end < len(text) else "")
        if result.units > limit:
            break
    return result.stripped().cut(limit)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _characters(words: Sequence[re.Match[str]], run: Span, text: str) -> Span:
    """From the first word of the run to its last; the place between its neighbours if it is empty."""
    start, end = run
    if start < end:
        return words[start].start(), words[end - 1].end()
    place = words[start].start() if start < len(words) else len(text)
    return place, place


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Span, Span]]:
    """Stretches of words that differ; a single word between two of them belongs to both, which reads better."""
    open_run: tuple[int, int, int, int] | None = None
    for one, two, three, four in _differences(old, new):
        if open_run is None:
            open_run = (one, two, three, four)
        elif one - open_run[1] <= 1:
            open_run = (open_run[0], two, open_run[2], four)
        else:
            yield open_run[:2], open_run[2:]
            open_run = (one, two, three, four)
    if open_run is not None:
        yield open_run[:2], open_run[2:]


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """old[a:b] became new[c:d], with as many words kept as possible."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    end, new_end = len(old) - tail, len(new) - tail
    i = k = head
    for match, other in [*_kept(old[head:end], new[head:new_end]), (end - head, new_end - head)]:
        if (i, k) != (head + match, head + other):
            yield i, head + match, k, head + other
        i, k = head + match + 1, head + other + 1


def _kept(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest common subsequence as pairs of places."""
    if not old or not new or len(old) * len(new) > CELLS:
        return []
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below = lengths[i], lengths[i + 1]
        for k in range(len(new) - 1, -1, -1):
            row[k] = below[k + 1] + 1 if old[i] == new[k] else max(below[k], row[k + 1])
    pairs = []
    i = k = 0
    while i < len(old) and k < len(new):
        if old[i] == new[k]:
            pairs.append((i, k))
            i, k = i + 1, k + 1
        elif lengths[i + 1][k] >= lengths[i][k + 1]:
            i += 1
        else:
            k += 1
    return pairs


def _stretches(text: str, spans: Sequence[Span]) -> list[Span]:
    """What is shown of a long text: the spans with what is around them, cut between words, joined where they meet."""
    stretches: list[Span] = []
    for span in spans:
        start = text.rfind(" ", 0, max(span[0] - AROUND, 0)) + 1 if span[0] > AROUND else 0
        end = text.find(" ", span[1] + AROUND)
        end = len(text) if end < 0 else end
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches
