"""Watches matched: one post against very many, beside other ways to do it. CPU time of one thread, on one core."""

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any

import ahocorasick
import pymorphy3
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from bot.store import subscribers
from bot.store.connection import Connection, sqlite3
from bot.store.database import Database
from bot.words import lemmas, search, tokens
from bot.words.index import WatchIndex
from bot.words.nodes import Phrase, Word
from bot.words.query import Query
from tests.bench.corpus import texts
from tests.bench.figures import Figure, percentile
from tests.bench.population import watches
from tests.bench.spending import resident
from tests.process.running import HOUSE

MANY, VERY_MANY = 100_000, 1_000_000
MEASURED = 2000
LEARNT = 9000
"""Posts that were read before: what a running Parley has learnt of words."""

FEW = 1000
"""Watches of which each is asked on its own."""

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)


def matching(folder: Path) -> Iterator[Figure]:
    with on_one_core():
        yield from _measured(folder)


def _measured(folder: Path) -> Iterator[Figure]:
    posts = list(texts(MEASURED, seed=5))
    length = statistics.mean(len(text) for _, text in posts)
    _forget_words()
    earlier = [tokens.read(text, language) for language, text in texts(LEARNT, seed=6)]
    yield from _very_many(folder)
    compiled = list(watches(MANY))
    beside = f"100,000 watches, a post of {length:.0f} characters on average, from text to watches"

    index, took = _filled(compiled, earlier)
    cold = [_milliseconds(_read_and_match, index, post) for post in posts]
    warm = [_milliseconds(_read_and_match, index, post) for post in posts for _ in range(2)][1::2]
    distinct = len({one.key for one in compiled})
    hit = statistics.mean(len(index.matches(tokens.read(text, language))) for language, text in posts)
    yield Figure("watches matched, median", statistics.median(warm), "ms", f"{beside}; {hit:.0f} watches hit a post")
    yield Figure("watches matched, p99", percentile(warm, 99), "ms", f"{distinct:,} of the watches differ")
    yield Figure(
        "the same, words met for the first time, p99", percentile(cold, 99), "ms", f"after {LEARNT:,} other posts"
    )
    yield Figure("reading alone, median", statistics.median(map(_read_time, posts)), "ms", "tokens and lemmas")
    yield Figure("a watch added, median", statistics.median(took), "ms", "compiled and filed; no rebuild")
    yield Figure("a watch added, worst", max(took), "ms", f"of {len(took):,}")
    gone = [_milliseconds(index.remove, number) for number in range(0, MANY, 7)]
    yield Figure("a watch removed, median", statistics.median(gone), "ms", f"worst {max(gone):.2f} ms")
    del index
    gc.collect()

    yield from _others(compiled, posts)
    yield from _restarting(folder, compiled)


@contextmanager
def on_one_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [max(cores)])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _filled(compiled: Sequence[Query], earlier: Sequence[tokens.Text]) -> tuple[WatchIndex, list[float]]:
    """An index that has seen some posts, and how long it took to add each of the watches that people type last."""
    index = WatchIndex()
    for text in earlier:
        index.learn(text)
    for number, one in enumerate(compiled):
        index.add(number, one)
    took: list[float] = []
    writer = watches(FEW * 3, seed=9)
    next(writer)
    gc.freeze()  # as the reader does; what the writer of the bench knows is no part of it, either
    number = len(compiled)
    while True:
        began = time.thread_time()
        typed = next(writer, None)  # most of this is its morphology
        if typed is None:
            return index, took
        index.add(number, typed)
        took.append((time.thread_time() - began) * 1000)
        number += 1


def _read_and_match(index: WatchIndex, post: tuple[str, str]) -> None:
    language, text = post
    index.matches(tokens.read(text, language))


def _read_time(post: tuple[str, str]) -> float:
    return _milliseconds(tokens.read, post[1], post[0])


def _milliseconds(work: Callable[..., Any], *args: Any) -> float:
    began = time.thread_time()
    work(*args)
    return (time.thread_time() - began) * 1000


def _forget_words() -> None:
    for remembered in (tokens._met, lemmas._readings, lemmas._known):
        remembered.cache_clear()


# --- other ways


def _others(compiled: Sequence[Query], posts: Sequence[tuple[str, str]]) -> Iterator[Figure]:
    plain = [one.node for one in compiled if isinstance(one.node, Word | Phrase)]
    automaton = ahocorasick.Automaton()
    began = time.thread_time()
    for number, node in enumerate(plain):
        for pattern in _expanded(node):
            automaton.add_word(pattern, number)
    automaton.make_automaton()
    took = time.thread_time() - began
    folded = [" " + " ".join(tokens.read(text, language).forms) + " " for language, text in posts]
    times = [_milliseconds(lambda text=text: {number for _, number in automaton.iter(text)}) for text in folded]
    began = time.thread_time()
    automaton.add_word(" one more ", 0)
    automaton.make_automaton()
    again = time.thread_time() - began
    yield Figure(
        "the same with pyahocorasick, median",
        statistics.median(times),
        "ms",
        f"words and phrases alone ({len(plain):,}), their forms written out (at most 60 of a phrase), text already cut "
        f"and folded; p99 {percentile(times, 99):.2f} ms; {took:.1f} s to build, "
        f"{again * 1000:.0f} ms to add one watch; no AND, no NOT",
    )
    yield Figure(
        "the same with FTS5, one query a watch", _with_fts(compiled[:FEW], posts[:20]), "ms", f"{FEW:,} watches"
    )


def _expanded(node: Word | Phrase) -> list[str]:
    words = (node.keys,) if isinstance(node, Word) else node.words
    forms = [sorted({form for key in keys for form in _forms(key)})[:20] for keys in words]
    return [f" {' '.join(way)} " for way in islice(product(*forms), 60)]


@cache
def _forms(key: str) -> tuple[str, ...]:
    if key[0] in "=#@" or key[-1] == "*":
        return (key.strip("=*"),)
    if key.isascii():
        return (key, *_english().get(key, ()))
    found = {key}
    for language in ("ru", "uk"):
        for parse in _analyzer(language).parse(key):
            if parse.normal_form == key:
                found.update(form.word for form in parse.lexeme)
    return tuple(found)


@cache
def _analyzer(language: str) -> Any:
    return pymorphy3.MorphAnalyzer(lang=language)


@cache
def _english() -> dict[str, list[str]]:
    forms: dict[str, list[str]] = {}
    for form, lemma in DefaultDictionaryFactory().get_dictionary("en").items():
        forms.setdefault(str(lemma), []).append(str(form))
    return forms


def _with_fts(compiled: Sequence[Query], posts: Sequence[tuple[str, str]]) -> float:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE post USING fts5(document, tokenize = '{search.TOKENIZER}')")
    expressions = [search.expression(one) for one in compiled]

    def ask(document: str) -> None:
        connection.execute("DELETE FROM post")
        connection.execute("INSERT INTO post VALUES (?)", (document,))
        for expression in expressions:
            connection.execute("SELECT 1 FROM post WHERE post MATCH ?", (expression,)).fetchone()

    times = [_milliseconds(ask, search.document(tokens.read(text, language))) for language, text in posts]
    connection.close()
    return statistics.median(times)


# --- a restart, and very many


def _restarting(folder: Path, compiled: Sequence[Query]) -> Iterator[Figure]:
    database = Database.open(folder / "parley.db")
    database.submit(_store, compiled).result()
    began = time.perf_counter(), time.thread_time()
    index = WatchIndex()
    _, stored = database.read(subscribers.watch_keys, -1)
    gc.disable()  # as the reader does
    for watch, key in stored.items():
        if key is not None:
            index.add(watch, key)
    gc.enable()
    wall, cpu = time.perf_counter() - began[0], time.thread_time() - began[1]
    assert len(index) == len(stored)
    yield Figure(
        "restart with 100,000 watches",
        cpu,
        "s",
        f"from the database into the index, no morphology; {wall:.2f} s of wall",
    )
    database.close()


def _store(connection: Connection, compiled: Sequence[Query]) -> None:
    """A subscriber each thousand watches."""
    who = 0
    for number, one in enumerate(compiled):
        if number % 1000 == 0:
            newcomer = subscribers.Newcomer(number + 1, 0, "private", "", "en", "UTC", None, None)
            who = subscribers.enrol(connection, newcomer, NOW).id
        connection.execute(
            "INSERT INTO watches (subscriber, query, key, how, created_at) VALUES (?, '', ?, 'now', 0) "
            "ON CONFLICT DO NOTHING",
            (who, one.key),
        )


def _very_many(folder: Path) -> Iterator[Figure]:
    """In a process of its own, as after a start: what compiling them has left in memory is not counted."""
    keys = folder / "keys.txt"
    with keys.open("w", encoding="utf-8") as file:
        file.writelines(one.key + "\n" for one in watches(VERY_MANY, seed=4))
    command = [sys.executable, "-c", f"from {__name__} import weigh; weigh({str(keys)!r})"]
    done = subprocess.run(command, cwd=HOUSE, check=True, stdout=subprocess.PIPE, text=True)
    median, p99, hit, weight = map(float, done.stdout.split())
    yield Figure("1,000,000 watches, median", median, "ms", f"p99 {p99:.2f} ms; {hit:.0f} hit a post")
    yield Figure("memory of 1,000,000 watches", weight, "MiB", "resident: the index with all it has to know")


def weigh(keys: str) -> None:
    """Prints median and p99 of matching with these watches, how many hit a post, and their weight in MiB."""
    posts = list(texts(MEASURED, seed=5))
    index = WatchIndex()
    for language, text in texts(LEARNT, seed=6):
        index.learn(tokens.read(text, language))
    gc.collect()
    gc.disable()
    before = resident(os.getpid())
    with Path(keys).open(encoding="utf-8") as file:
        for number, key in enumerate(file):
            index.add(number, key.rstrip("\n"))
    weight = resident(os.getpid()) - before
    gc.freeze()
    gc.enable()
    for post in posts[:500]:
        _read_and_match(index, post)
    times = [_milliseconds(_read_and_match, index, post) for post in posts]
    hit = statistics.mean(len(index.matches(tokens.read(text, language))) for language, text in posts[:500])
    print(statistics.median(times), percentile(times, 99), hit, weight)
