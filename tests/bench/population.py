"""Watches as people would set them on the posts of `tests.bench.corpus`: half of their words as common as they are
said, half any word of the dictionaries; most are single words. Seeded: each run has the same.
"""

import random
from collections.abc import Iterator

from bot.errors import QueryError
from bot.words import query
from bot.words.query import Query
from tests.bench.corpus import SHARES, SMALL, texts, vocabulary

SHAPES = {
    "word": 58.0,
    "phrase": 17.0,
    "and": 9.0,
    "or": 6.0,
    "not": 3.0,
    "nested": 2.0,
    "exact": 2.0,
    "prefix": 1.5,
    "tag": 1.0,
    "name": 0.5,
}
"""Percent."""

SOURCE = 5000
"""Posts that words and phrases are taken from; none of them is one that is measured."""

_SMALL = {word for words in SMALL.values() for word in words.split()}


def watches(count: int, seed: int = 3) -> Iterator[Query]:
    """So many compiled watches, some of them alike."""
    writer = _Writer(seed)
    while count:
        try:
            yield query.parse(writer.typed())
        except QueryError:  # two words that the dictionaries take for none
            continue
        count -= 1


class _Writer:
    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._said: dict[str, list[list[str]]] = {language: [] for language in SHARES}
        for language, text in texts(SOURCE, seed=101):
            self._said[language].append([word.strip("«»“”.,–—") for word in text.split()])

    def typed(self) -> str:
        chance = self._chance
        language = chance.choices(list(SHARES), list(SHARES.values()))[0]
        shape = chance.choices(list(SHAPES), list(SHAPES.values()))[0]
        if shape == "phrase":
            return self._phrase(language)
        one, two, three, four = (self._word(language) for _ in range(4))
        shapes = {
            "word": one,
            "and": f"{one} AND {two}",
            "or": f"{one} OR {two}",
            "not": f"{one} NOT {two}",
            "nested": f"({one} OR {two}) AND {three} NOT {four}",
            "exact": f"={one}",
            "prefix": one[: 4 if len(one) < 7 else 5] + "*",
            "tag": f"#{one}",
            "name": f"@{chance.choice(vocabulary('en').words)}",
        }
        return shapes[shape]

    def _phrase(self, language: str) -> str:
        said = self._chance.choice(self._said[language])
        start = self._chance.randrange(len(said) - 3)
        return f'"{" ".join(said[start : start + self._chance.choice((2, 2, 3))])}"'

    def _word(self, language: str) -> str:
        """Nobody watches for "and": no small word."""
        while True:
            if self._chance.random() < 0.5:
                word = self._chance.choice(self._chance.choice(self._said[language]))
            else:
                word = self._chance.choice(vocabulary(language).words)
            if len(word) > 3 and word.lower() not in _SMALL:
                return word
