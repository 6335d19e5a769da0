"""Searches over a million posts: how long they take, what the index weighs, what one more post costs."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import search
from bot.models import IndexEntry, Post, Roster, Statement
from bot.store import posts, sources
from bot.store import search as index
from bot.store.connection import Connection, connect
from bot.store.database import Database
from bot.words import facts, query, tokens, version
from bot.words.search import document
from bot.words.tokens import Text, Token
from tests.bench.corpus import SHARES, vocabulary
from tests.bench.figures import Figure, percentile
from tests.bench.matching import on_one_core
from tests.bench.words import WORDS
from tests.bench.worlds import NOW, ROSTER

POSTS = 1_000_000
POOL = 100_000
"""Sentences that posts are made of, three each: about 400 characters."""

BATCH = 20_000
APART = timedelta(seconds=150)
ADDED = 3000
JOINED = 20
"""Posts between which the index is put in order; the keeper does so every ten seconds."""

ASKED = 200
"""Searches of a kind; as many others come before."""

ZONE = ZoneInfo("Europe/Kyiv")

Sentence = tuple[str, list[Token]]
Made = tuple[Post, list[Token]]


def searching(folder: Path) -> Iterator[Figure]:
    with on_one_core():
        yield from _measured(folder)


def _measured(folder: Path) -> Iterator[Figure]:
    path = folder / "parley.db"
    chance = random.Random(11)
    pools = {language: list(sentences(language, chance)) for language in SHARES}
    database = Database.open(path)
    database.submit(sources.enrol, list(ROSTER.sources.values()), NOW).result()
    made = _posts(pools, random.Random(12))
    length = 0
    while batch := list(islice(made, BATCH)):
        length += database.submit(_store, [post for post, _ in batch]).result()
    before = database.read(_pages)
    began = time.perf_counter()
    made = _posts(pools, random.Random(12))
    number = 0
    while batch := list(islice(made, BATCH)):
        database.submit(_index, number, batch).result()
        number += len(batch)
    took = time.perf_counter() - began
    began = time.perf_counter()
    while database.submit(index.join_parts).result():
        pass
    joined = time.perf_counter() - began
    beside = f"{POSTS:,} posts of {length / POSTS:.0f} characters in three languages; 4 hours old to 4.8 years"
    weight = (database.read(_pages) - before) / 1e6
    database.close()
    beside += f"; {POSTS / took:,.0f} posts indexed a second, then put in order in {joined:.0f} s"
    yield Figure("the index of a million posts", weight, "MB", beside)

    connection = connect(path)
    for kind, asked in _queries(pools, chance).items():
        times, found = _asked(connection, asked)
        beside = (
            f"median {statistics.median(times):.2f}, worst {max(times):.1f} ms of CPU; {found:.1f} of 6 posts found"
        )
        yield Figure(f"search, {kind}, p95", percentile(times, 95), "ms", beside)
    connection.close()
    yield from _one_more(path, pools, chance)


def sentences(language: str, chance: random.Random) -> Iterator[Sentence]:
    known = vocabulary(language)
    for _ in range(POOL * SHARES[language] // 100):
        text = " ".join(chance.choices(known.words, cum_weights=known.weights, k=13)).capitalize() + "."
        yield text, tokens.read(text, language).words


def _posts(pools: dict[str, list[Sentence]], chance: random.Random) -> Iterator[Made]:
    for number in range(POSTS):
        language = chance.choices(list(SHARES), list(SHARES.values()))[0]
        parts = chance.choices(pools[language], k=3)
        text = " ".join(part[0] for part in parts)
        at = NOW - (POSTS - number) * APART
        post = Post("wire", str(number), f"https://wire.example/{number}", at, text, language)
        yield post, [word for part in parts for word in part[1]]


def entry(
    post: Post, words: list[Token], said: Sequence[Statement], topics: Sequence[str], roster: Roster, made_with: str
) -> IndexEntry:
    """As collecting makes it, of words that are read already."""
    text = Text(post.text, post.language, words)
    facts.know(text, post, said, topics, roster)
    return IndexEntry(document(text), tuple(topics), made_with)


def _store(connection: Connection, batch: Sequence[Post]) -> int:
    for post in batch:
        posts.insert(connection, post, post.published_at)
    return sum(len(post.text) for post in batch)


def _index(connection: Connection, number: int, batch: Sequence[Made]) -> None:
    made_with = version.of_posts(ROSTER)
    index.add(
        connection,
        [
            (number + at, post.published_at, entry(post, words, (), (), ROSTER, made_with))
            for at, (post, words) in enumerate(batch, 1)
        ],
    )


def _pages(connection: Connection) -> int:
    """Bytes in use."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _queries(pools: dict[str, list[Sentence]], chance: random.Random) -> dict[str, Callable[[], str]]:
    """Makers of queries, by kind."""

    def some() -> str:
        return chance.choices(list(SHARES), list(SHARES.values()))[0]

    def rare() -> str:
        return chance.choice(vocabulary(some()).words[-5000:])

    def common() -> str:
        return chance.choice(WORDS[some()])

    def phrase() -> str:
        words = chance.choice(pools[some()])[0].rstrip(".").split()
        start = chance.randrange(len(words) - 1)
        return f'"{words[start]} {words[start + 1]}"'

    def both() -> str:
        words = chance.sample(WORDS[some()], 2)
        return " AND ".join(words)

    return {
        "rare words": rare,
        "common words": common,
        "phrases": phrase,
        "AND of common words": both,
        "within a month": lambda: f"{common()} since:2020-03 until:2020-03",
        "NOT": lambda: f"{common()} NOT {common()}",
    }


def _asked(connection: Connection, typed: Callable[[], str]) -> tuple[list[float], float]:
    """Milliseconds of CPU from the typed words to the page, and how many posts there were on average."""
    times, found = [], 0
    for number in range(2 * ASKED):
        words = typed()
        began = time.thread_time()
        wanted = query.parse(words, facts.filters(ROSTER), ZONE)
        hits = search.page(connection, ROSTER, wanted, limit=6)
        if number >= ASKED:
            times.append((time.thread_time() - began) * 1000)
            found += len(hits)
    return times, found / ASKED


def _one_more(path: Path, pools: dict[str, list[Sentence]], chance: random.Random) -> Iterator[Figure]:
    connection = connect(path, write=True)
    times: list[float] = []
    joins: list[float] = []
    made_with = version.of_posts(ROSTER)
    for number, (post, words) in enumerate(islice(_posts(pools, chance), ADDED)):
        indexed = entry(post, words, (), (), ROSTER, made_with)
        at: datetime = NOW + timedelta(minutes=number)
        connection.execute("BEGIN")
        id = posts.insert(connection, Post("wire", f"n{number}", post.url, at, post.text, post.language), at)
        assert id
        began = time.thread_time()
        index.add(connection, [(id, at, indexed)])
        connection.execute("COMMIT")
        times.append((time.thread_time() - began) * 1000)
        if number % JOINED == 0:
            joins += _join(connection)
    connection.close()
    yield Figure(
        "one more post in the index, median",
        statistics.median(times),
        "ms",
        f"a transaction each, with its commit; p99 {percentile(times, 99):.2f}, p99.9 {percentile(times, 99.9):.2f}, "
        f"worst {max(times):.1f} ms of CPU, of {ADDED:,}",
    )
    yield Figure(
        "a step of putting the index in order, median",
        statistics.median(joins),
        "ms",
        f"after every {JOINED} posts, {len(joins) / ADDED:.1f} steps a post; p99 {percentile(joins, 99):.2f}, "
        f"worst {max(joins):.1f} ms of CPU",
    )


def _join(connection: Connection) -> Iterator[float]:
    """Milliseconds of CPU of each step."""
    going = True
    while going:
        began = time.thread_time()
        connection.execute("BEGIN")
        going = index.join_parts(connection)
        connection.execute("COMMIT")
        yield (time.thread_time() - began) * 1000
