"""A text read once: its words in order, their keys, and where they stand in the original.

Five kinds of key share one space and cannot be confused: a lemma (`мир`), an exact form (`=мира`), a tag
(`#переговори`), a name (`@someone`), a fact (`from:someone`). A prefix (`перемир*`) is a question to the exact forms.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from sys import intern
from typing import TypeAlias

from bot.words import language as languages
from bot.words import lemmas
from bot.words.letters import APOSTROPHES, MARKS, clean, fold

_LETTERS = r"[^\W_ʼ]+"  # the one apostrophe that counts as a letter
_INITIALS = r"[A-Z](?:\.[A-Z])+(?!\w)\.?"  # U.S.
_WORD = rf"{_INITIALS}|{_LETTERS}(?:[{MARKS}{APOSTROPHES}]+{_LETTERS})*[{MARKS}]*"
_TOKEN = re.compile(
    rf"(?P<url>(?i:https?://\S+|www\.\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{{2,}}/\S*))"
    rf"|(?<!\w)(?P<tag>\#[\w{MARKS}]+)"
    rf"|(?<!\w)(?P<name>@\w+)"
    rf"|(?P<word>{_WORD})"
)
_PART = re.compile(_WORD)
_PLAIN = _PART  # three times as fast as _TOKEN
_HYPHEN = re.compile("[-‐‑]")
_HYPHENATED = re.compile(rf"{_HYPHEN.pattern}(?<=\w.)\w")
_ONE_SCRIPT = re.compile("[A-Za-z]+|[\u0400-\u052f]+")
_MOST_JOINED_KEYS = 4

REMEMBERED = 1500
"""Words of each language that are remembered, at some 800 bytes each. Of the 40 words of a post some 21 are read anew
then (with 60,000 in the end one), which is most of a millisecond. Who reads a million posts asks for more: `remember`.
"""

MOST_KEYS_A_PLACE = lemmas.MOST_KEYS + 1 + 2 * _MOST_JOINED_KEYS + 1
"""Lemmas, the form, the lemmas of two hyphenated pairs that meet there, a tag."""


Written: TypeAlias = tuple[str, tuple[str, ...], str]


@dataclass(slots=True)
class Token:
    """The exact form of a word and its keys, and whether it is a function word; `written` is how `bot.words.search`
    writes it, once that was asked.
    """

    form: str
    keys: tuple[str, ...]
    function: bool = False
    written: Written | None = None


class Text:
    """What a query asks: which keys stand at which places, and which characters of the original those places are.

    Places count words from 0; the parts of a hyphenated word are words of their own. `language` is the language
    that the reading assumed, or "". `words` are the tokens place by place, `rows` their keys, `forms` their exact
    forms; `keys` are those of all. `facts` are keys that stand nowhere: what is known of the post beside its words;
    `when` it was published, in seconds since 1970.
    """

    __slots__ = (
        "_alphabet",
        "_places",
        "_spans",
        "facts",
        "forms",
        "keys",
        "language",
        "original",
        "rows",
        "when",
        "words",
    )

    def __init__(
        self,
        original: str,
        language: str,
        words: list[Token],
        spans: list[tuple[int, int]] | None = None,
    ) -> None:
        self.original = original
        self.language = language
        self.words = words
        self.forms = [word.form for word in words]
        self.rows = [word.keys for word in words]
        self.keys: set[str] = set().union(*self.rows)
        self._spans = spans
        self.facts: frozenset[str] = frozenset()
        self.when = 0
        self._places: dict[str, list[int]] = {}
        self._alphabet: list[tuple[str, int]] = []  # the forms in order, with their places

    @property
    def spans(self) -> list[tuple[int, int]]:
        if self._spans is None:
            self._spans = _spans(self.original)
        return self._spans

    def know(self, facts: Iterable[str], when: int = 0) -> None:
        """Add what is known of the post; `bot.words.facts` says what that is."""
        self.facts = self.facts.union(facts)
        self.keys.update(self.facts)
        self.when = when

    def has_any(self, keys: tuple[str, ...]) -> bool:
        if not self.keys.isdisjoint(keys):
            return True
        return any(key[-1] == "*" and self._has_prefix(key[:-1]) for key in keys)

    def at(self, key: str) -> list[int]:
        """The places of a key, ascending."""
        if key[-1] == "*":
            return self._begin_with(key[:-1])
        if not self._places:
            self._find_places()
        return self._places.get(key, [])

    def pairs(self) -> list[str]:
        """The keys of any two words that follow each other, "one other"; exact forms are not paired."""
        rows = [row[:-1] if row[-1][0] == "=" else [key for key in row if key[0] != "="] for row in self.rows]
        return [one + " " + other for ones, others in pairwise(rows) for one in ones for other in others]

    def _find_places(self) -> None:
        places = self._places
        for place, keys in enumerate(self.rows):
            for key in keys:
                if key in places:
                    places[key].append(place)
                else:
                    places[key] = [place]

    def _has_prefix(self, prefix: str) -> bool:
        start = self._begin(prefix)
        return start < len(self._alphabet) and self._alphabet[start][0].startswith(prefix)

    def _begin_with(self, prefix: str) -> list[int]:
        places = []
        start = self._begin(prefix)
        for form, place in self._alphabet[start:]:
            if not form.startswith(prefix):
                break
            places.append(place)
        return sorted(places)

    def _begin(self, prefix: str) -> int:
        """Where forms with that beginning stand in the alphabet, if there are any."""
        if not self._alphabet:
            self._alphabet = sorted(zip(self.forms, range(len(self.forms)), strict=True))
        return bisect_left(self._alphabet, (prefix, -1))


def read(text: str, language: str = "") -> Text:
    """Tokenise and lemmatise. `language` is what the platform or `language.detect` says; clear letters overrule it."""
    clear = languages.letters(text) or (language if language in ("uk", "ru") else "")
    if "/" in text or "#" in text or "@" in text or "www." in text.lower():
        spans, words = _marked_words(text, clear)
    else:
        spans, words = None, list(map(_met(clear).__getitem__, _PLAIN.findall(text)))
    if _HYPHENATED.search(text):
        spans = _spans(text) if spans is None else spans
        for place in range(1, len(spans)):
            end, start = spans[place - 1][1], spans[place][0]
            if start - end == 1 and _HYPHEN.match(text, end):
                _join(place, words, clear)
    return Text(text, language or clear, words, spans)


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text without marks stand."""
    return [match.span() for match in _PLAIN.finditer(text)]


def _marked_words(text: str, clear: str) -> tuple[list[tuple[int, int]], list[Token]]:
    """The words of a text that has addresses, tags or names: addresses are none, a tag is its words and a tag."""
    spans: list[tuple[int, int]] = []
    words: list[Token] = []
    met = _met(clear)
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            spans.append(match.span())
            words.append(met[match[0]])
        elif match.lastgroup == "name":
            name = name_key(match[0])
            spans.append(match.span())
            words.append(Token(name, (name,)))
        elif match.lastgroup == "tag":
            start = match.start()
            tag: tuple[str, ...] = (tag_key(match[0]),)
            for part in _PART.finditer(text, start + 1, match.end()):
                word = met[part[0]]
                spans.append((start, part.end()))
                words.append(Token(word.form, word.keys + tag, word.function))
                start, tag = part.end() + 1, ()
    return spans, words


def _join(place: int, words: list[Token], clear: str) -> None:
    """`cease-fire` is also found as `ceasefire`: both halves carry the lemmas of the whole."""
    whole = words[place - 1].form + words[place].form
    if whole.isalpha():
        keys = lemmas.text_keys(whole, clear)[:_MOST_JOINED_KEYS]
        for at in (place - 1, place):
            words[at] = Token(words[at].form, tuple(dict.fromkeys(words[at].keys + keys)), words[at].function)


class _Met(dict[str, Token]):
    """Tokens met before, in texts of one clear language: one that is new costs some 40 µs."""

    def __init__(self, clear: str) -> None:
        super().__init__()
        self._clear = clear
        self.most = REMEMBERED

    def __missing__(self, token: str) -> Token:
        """What begins a sentence is the word that stands in its middle, but for acronyms and mixed scripts."""
        if len(self) >= self.most:
            for oldest in list(islice(self, self.most // 16)):
                del self[oldest]
        small = token.lower()
        if small != token and small not in lemmas.ACRONYMS and _ONE_SCRIPT.fullmatch(token):
            word = self[token] = self[small]
        else:
            word = self[token] = _word(token, self._clear)
        return word


@cache
def _met(clear: str) -> _Met:
    return _Met(clear)


def remember(words: int) -> None:
    """From here on so many words of each language, for a process that has the memory."""
    for clear in ("", "uk", "ru"):
        _met(clear).most = words


def _word(token: str, clear: str) -> Token:
    word = clean(token)
    form = fold(word)
    if form == token:
        form = token  # one string less to remember
    if word in lemmas.ACRONYMS and not token.isupper():
        return Token(form, (form_key(form),), function=True)
    keys, function = lemmas.in_text(word, clear)
    return Token(form, (*map(intern, keys), form_key(form)), function)


def form_key(form: str) -> str:
    return "=" + form


def tag_key(tag: str) -> str:
    """The key of `#Tag`."""
    return "#" + fold(clean(tag[1:]))


def name_key(name: str) -> str:
    """The key of `@Name`."""
    return name.lower()
