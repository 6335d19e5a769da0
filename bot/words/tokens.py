"""A text read once: its words in order, their keys, and where they stand in the original.

Four kinds of key share one space and cannot be confused: a lemma (`мир`), an exact form (`=мира`), a tag
(`#переговори`), a name (`@someone`). A prefix (`перемир*`) is a question to the exact forms.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.words import language as languages
from bot.words import lemmas
from bot.words.letters import APOSTROPHES, MARKS, clean, fold

_WORD = rf"[^\W_]+(?:[{MARKS}{APOSTROPHES}]+[^\W_]+)*[{MARKS}]*"
_TOKEN = re.compile(
    rf"(?P<url>https?://\S+|www\.\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{{2,}}/\S*)"
    rf"|(?<!\w)(?P<tag>\#[\w{MARKS}]+)"
    rf"|(?<!\w)(?P<name>@\w+)"
    rf"|(?P<word>{_WORD})",
    re.IGNORECASE,
)
_PART = re.compile(_WORD)
_PLAIN = re.compile(f"(?P<word>{_WORD})")  # three times as fast as _TOKEN
_NOT_PLAIN = re.compile(r"[/#@]|www\.", re.IGNORECASE)
_HYPHENS = frozenset("-‐‑")
_REMEMBERED = 200_000
_MOST_JOINED_KEYS = 4

MOST_KEYS_A_PLACE = lemmas.MOST_KEYS + 1 + 2 * _MOST_JOINED_KEYS + 1
"""Lemmas, the form, the lemmas of two hyphenated pairs that meet there, a tag."""


class Text:
    """What a query asks: which keys stand at which places, and which characters of the original those places are.

    Places count words from 0; the parts of a hyphenated word are words of their own. `language` is the language
    that the reading assumed, or "".
    """

    __slots__ = ("forms", "language", "original", "places", "spans")

    def __init__(self, original: str, language: str) -> None:
        self.original = original
        self.language = language
        self.spans: list[tuple[int, int]] = []
        self.forms: list[str] = []
        self.places: dict[str, list[int]] = {}

    def at(self, key: str) -> list[int]:
        """The places of a key, ascending."""
        if key.endswith("*"):
            return [place for place, form in enumerate(self.forms) if form.startswith(key[:-1])]
        return self.places.get(key, [])

    def rows(self) -> list[list[str]]:
        """The keys of every place, in order: what a full-text index has to hold."""
        found: list[list[str]] = [[] for _ in self.spans]
        for key, places in self.places.items():
            for place in places:
                found[place].append(key)
        return found


def read(text: str, language: str = "") -> Text:
    """Tokenise and lemmatise. `language` is what the platform or `language.detect` says; clear letters overrule it."""
    clear = languages.letters(text) or (language if language in ("uk", "ru") else "")
    found = Text(text, language or clear)
    spans, forms, places = found.spans, found.forms, found.places
    joins = -2  # where a word ended whose next character is a hyphen
    token = _TOKEN if _NOT_PLAIN.search(text) else _PLAIN
    for match in token.finditer(text):
        kind = match.lastgroup
        if kind == "word":
            start, end = match.span()
            form, keys = _word(match[0], clear)
            place = len(forms)
            for key in keys:
                if key in places:
                    places[key].append(place)
                else:
                    places[key] = [place]
            spans.append((start, end))
            forms.append(form)
            if joins == start - 1:
                _join(found, clear)
            joins = end if text[end : end + 1] in _HYPHENS else -2
        elif kind == "tag":
            _read_tag(found, match, clear)
        elif kind == "name":
            name = name_key(match[0])
            _add(found, match.span(), name, (name,))
    return found


def _add(found: Text, span: tuple[int, int], form: str, keys: Iterable[str]) -> None:
    found.spans.append(span)
    found.forms.append(form)
    _mark(found, len(found.forms) - 1, keys)


def _mark(found: Text, place: int, keys: Iterable[str]) -> None:
    for key in keys:
        at = found.places.setdefault(key, [])
        if place not in at[-2:]:
            at.append(place)
            at.sort()


def _read_tag(found: Text, match: re.Match[str], clear: str) -> None:
    """A tag is its words, and at the first of them the tag."""
    place = len(found.spans)
    for part in _PART.finditer(match[0], 1):
        form, keys = _word(part[0], clear)
        _add(found, (match.start() + part.start(), match.start() + part.end()), form, keys)
    if len(found.spans) > place:
        found.spans[place] = (match.start(), found.spans[place][1])
        _mark(found, place, (tag_key(match[0]),))


def _join(found: Text, clear: str) -> None:
    """`cease-fire` is also found as `ceasefire`: both halves carry the lemmas of the whole."""
    place = len(found.spans) - 1
    whole = found.forms[place - 1] + found.forms[place]
    if whole.isalpha():
        keys = lemmas.text_keys(whole, clear)[:_MOST_JOINED_KEYS]
        _mark(found, place - 1, keys)
        _mark(found, place, keys)


@lru_cache(maxsize=_REMEMBERED)
def _word(token: str, clear: str) -> tuple[str, tuple[str, ...]]:
    """The exact form of a token and its keys. Remembered: a word met for the first time costs some 60 µs."""
    word = clean(token)
    form = fold(word)
    return form, (*lemmas.text_keys(word, clear), form_key(form))


def form_key(form: str) -> str:
    return "=" + form


def tag_key(tag: str) -> str:
    """The key of `#Tag`."""
    return "#" + fold(clean(tag[1:]))


def name_key(name: str) -> str:
    """The key of `@Name`."""
    return name.lower()
