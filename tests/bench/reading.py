"""Posts read for who speaks in them and for what they repeat."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.models import Post
from bot.words import language
from bot.words.attribution import attribute
from bot.words.names import Names
from bot.words.similarity import Prints, Recent, Told
from bot.words.tokens import read
from tests.bench.figures import Figure
from tests.bench.words import TEXTS
from tests.words.people import ROSTER, SOURCES
from tests.words.test_attribution_quality import fresh, rows

AT = datetime(2022, 3, 14, tzinfo=UTC)
WINDOW = 5000
"""Texts of a busy day and a half."""


def reading(folder: Path) -> Iterator[Figure]:
    names = Names(ROSTER)
    chance = random.Random(14)
    sentences = [text for *_, text, _ in [*rows(), *fresh()]]
    naming = [_post(" ".join(chance.sample(sentences, 2))) for _ in range(400)]
    silent = [_post(text) for text in TEXTS]
    wire = SOURCES["wire"]
    for name, posts in (("that name people", naming), ("that name nobody", silent)):
        yield Figure(
            f"posts read for who speaks, {name}",
            _each(posts, lambda post: attribute(post, wire, ROSTER, names)) * 1e3,
            "ms a post",
            f"{sum(len(post.text) for post in posts) // len(posts)} characters, {len(ROSTER.speakers)} speakers",
        )
    prints, recent = Prints(ROSTER, names), Recent()
    vocabulary = _words(chance, 20_000)
    told = [_news(chance, vocabulary) for _ in range(WINDOW)]
    fingerprints = [prints.of(read(text, "ru"), Told(AT, [f"speaker {at % 50}"])) for at, text in enumerate(told)]
    for number, fingerprint in enumerate(fingerprints):
        recent.add(number, fingerprint, AT)
    words = [read(text, "ru") for text in told[:500]]
    yield Figure(
        "posts made ready to be compared",
        _each(words, lambda text: prints.of(text, Told(AT, ["lavrov"]))) * 1e3,
        "ms a post",
        "words that were met before",
    )
    took = sorted(_times(fingerprints[:1000], recent.match))
    for share, name in ((0.5, "median"), (0.99, "99 of 100")):
        yield Figure(
            f"posts compared with {WINDOW}, {name}",
            took[int(len(took) * share)] * 1e3,
            "ms a post",
            "60 words each, few of them everywhere and most of them rare, as words are; one thread",
        )


def _post(text: str) -> Post:
    post = Post("wire", "1", "https://wire.test/1", AT, text)
    return replace(post, language=language.detect(text))


def _news(chance: random.Random, words: Sequence[str]) -> str:
    """Sixty words, a few of them everywhere and most of them rare, as words are."""
    return " ".join(words[min(int(chance.paretovariate(0.5)), len(words)) - 1] for _ in range(60))


def _words(chance: random.Random, count: int) -> list[str]:
    """Made of syllables, so that there are as many as one likes."""
    syllables = [one + two for one in "бвгдзклмнпрст" for two in "аеиоу"]
    return list(dict.fromkeys("".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(count)))


def _each(values: Sequence[object], work: Callable[..., object]) -> float:
    """Seconds of one thread a value, at the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        for value in values:
            work(value)
        best = min(best, time.thread_time() - began)
    return best / len(values)


def _times(values: Sequence[object], work: Callable[..., object]) -> Iterator[float]:
    for value in values:
        began = time.thread_time()
        work(value)
        yield time.thread_time() - began
