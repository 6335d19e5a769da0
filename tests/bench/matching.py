"""Watches matched."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bot.words import query, tokens
from bot.words.index import WatchIndex
from tests.bench.figures import Figure
from tests.bench.words import TEXTS, watches


def matching(folder: Path) -> Iterator[Figure]:
    index = WatchIndex()
    compiled = [query.parse(text) for text in watches(10_000)]
    for number, one in enumerate(compiled):
        index.add(number, one)
    texts = [tokens.read(text) for text in TEXTS]
    times = []
    hits = 0
    for _ in range(20):
        for text in texts:
            began = time.perf_counter()
            hits += len(index.matches(text))
            times.append(time.perf_counter() - began)
    milliseconds = statistics.median(times) * 1000
    found = hits / len(times)
    yield Figure(
        "watches matched, a post, 10,000 watches",
        milliseconds,
        "ms",
        f"median; {found:.0f} watches hit a post; already tokenised",
    )
    few = texts[:20]
    began = time.perf_counter()
    for text in few:
        for one in compiled:
            one.matches(text)
    each = (time.perf_counter() - began) / len(few) * 1000
    yield Figure("the same, one watch after the other", each, "ms", "what the index saves")
    began = time.perf_counter()
    for post in TEXTS:
        tokens.read(post)
    yield Figure(
        "reading a post", (time.perf_counter() - began) / len(TEXTS) * 1000, "ms", "tokens and lemmas, words met before"
    )
