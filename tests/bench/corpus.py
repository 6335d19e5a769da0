"""Made-up posts as a large archive has them: three languages, words as unevenly spread as people use them (Zipf), every
word in one of its forms. Seeded: each run has the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice

import pymorphy3
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from tests.bench.words import LEADS, WORDS

SHARES = {"uk": 45, "ru": 35, "en": 20}
FORMS = 40_000
"""Words of a language; of all three about as many as a million real posts have in more than two (121,000 lemmas).

The vocabulary is closed: a post brings 4 words that are new after 10,000 posts, 0.5 after 40,000 and none after
200,000, where collections of real posts have 7, 3 and fewer ever after. Each costs some 40 µs in each process that
meets it.
"""

STEP = 80
"""A Cyrillic dictionary has millions of forms, in the order of the alphabet: every so many-th is looked at."""

SMALL = {
    "uk": "і в на що не з та до у про за це як від для по але його має був також після при бути між ми вони",
    "ru": "и в на что не с по для к о за это как от но его был также после при быть между мы они из у",
    "en": "the of to and in a is that for on with as by at from it was be has are not an this will have said",
}
SPEECH = 0.1
"""Share of posts that begin with the words of somebody whom the roster names; most posts of an agency do not."""


@dataclass(frozen=True)
class Vocabulary:
    words: list[str]
    weights: list[float]  # cumulative


@cache
def vocabulary(language: str) -> Vocabulary:
    """The commonest first: small words, words of talks, then any."""
    known = list(dict.fromkeys([*SMALL[language].split(), *WORDS[language], *_forms(language)]))
    return Vocabulary(known, list(accumulate(1 / (rank + 3) for rank in range(len(known)))))


def _forms(language: str) -> list[str]:
    """Forms from all over a dictionary, in an order without meaning."""
    if language == "en":
        found = [word for word in DefaultDictionaryFactory().get_dictionary("en") if word.isalpha()]
    else:
        dictionary = pymorphy3.MorphAnalyzer(lang=language).dictionary.words
        found = [word for word in islice(dictionary.iterkeys(), 0, None, STEP) if len(word) > 2]
    chance = random.Random(language)
    return chance.sample(found, min(FORMS, len(found)))


def texts(count: int, seed: int = 14) -> Iterator[tuple[str, str]]:
    """Language and text of so many posts, of about 400 characters; in some of them Petrov speaks."""
    chance = random.Random(seed)
    for language in chance.choices(list(SHARES), list(SHARES.values()), k=count):
        yield language, _text(language, chance)


def _text(language: str, chance: random.Random) -> str:
    known = vocabulary(language)
    words = chance.choices(known.words, cum_weights=known.weights, k=chance.randint(15, 65))
    sentences = [" ".join(words[start : start + 13]).capitalize() + "." for start in range(0, len(words), 13)]
    if chance.random() < SPEECH:
        sentences[0] = LEADS[language].format(sentences[0][:-1]).strip()
    return " ".join(sentences)
