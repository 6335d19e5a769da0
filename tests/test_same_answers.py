"""A search finds in the store what the matcher says, and so does the index of watches: 10,000 pairs of query and post,
the queries from a generator of the whole grammar. `PARLEY_PAIRS` asks for more.
"""

import os
import random
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import search
from bot.errors import QueryError
from bot.models import Telling
from bot.store import posts, sources
from bot.store import search as index
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import facts, query, tokens
from bot.words.index import WatchIndex
from bot.words.letters import clean, fold
from bot.words.meaning import Meanings
from tests.worlds import NOON, ROSTER, a_post

PAIRS = int(os.environ.get("PARLEY_PAIRS", "10000"))
POSTS = 60
ZONE = ZoneInfo("Europe/Kyiv")
FILTERS = facts.filters(ROSTER)

WORDS = {
    "en": "talks truce ceasefire cease-fire delegation a the pause technical prisoners exchange agreed US U.S. strikes",
    "uk": "переговори переговорів перемир'я перемир’ям делегація взяла технічну паузу обмін полоненими мир мова їхній "
    "прем'єр-міністр Ґудзь після посол діє",
    "ru": "переговоры переговоров перемирие о мире делегация взяла техническую паузу обмен пленными самолёт после "
    "посол стали сталь Эр-Рияд",
}
EXTRA = ["#Мир", "#talks", "@o_ivanenko", "https://x.example/talks", "2022", "58%", "вiйна", "—", "Zelenskyy's"]
LEADS = ["“{}” Petrov said.", "«{}», — заявил Петров.", "«{}», – сказала Ольга Іваненко.", "{}", "{}"]


def _posts(chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Source, language and text."""
    for _ in range(POSTS):
        language = chance.choice(list(WORDS))
        words = chance.choices([*WORDS[language].split(), *chance.sample(EXTRA, 2)], k=chance.randint(0, 14))
        text = chance.choice(LEADS).format(" ".join(words))
        yield chance.choice(list(ROSTER.sources)), chance.choice([language, ""]), text


class _Grammar:
    """Queries of every shape that the grammar has."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def query(self, depth: int = 3) -> str:
        if depth == 0 or self._chance.random() < 0.3:
            return self._near()
        shape = self._chance.choice(
            ["{} AND {}", "{} {}", "{} OR {}", "{} NOT {}", "({})", "{} АБО ({})", "НЕ {} І {}"]
        )
        return shape.format(*(self.query(depth - 1) for _ in range(shape.count("{}"))))

    def _near(self) -> str:
        if self._chance.random() < 0.85:
            return self._term()
        return f"{self._term()} {self._chance.choice(['NEAR', 'NEAR/0', 'NEAR/3'])} {self._term()}"

    def _term(self) -> str:
        words = WORDS[self._chance.choice(list(WORDS))].split()
        one, two, three = self._chance.choices(words, k=3)
        terms: list[str] = [
            *[one] * 6,
            *[f'"{one} {two}"'] * 2,
            f'"{one} {two} {three}"',
            f"={one}",
            f'="{one} {two}"',
            f"{clean(one)[:4]}*" if len(clean(one)) > 3 else one,
            self._chance.choice(EXTRA[:3]),
            self._chance.choice(["from:petrov", "from:Іваненко", "side:north", "side:south", "source:wire"]),
            self._chance.choice(["kind:own", "kind:quote", "kind:report", "kind:mention", "topic:truce"]),
            self._chance.choice(["lang:en", "lang:uk", "lang:ru", "since:2022-03-13", "until:12.03.2022"]),
        ]
        return self._chance.choice(terms)


@pytest.fixture(name="archive")
def filled(database: Database) -> Database:
    meanings = Meanings(ROSTER)

    def fill(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        for number, (source, language, text) in enumerate(_posts(random.Random(2022))):
            at = NOON - timedelta(hours=7 * (number * 37 % POSTS))  # they come in no order
            read = meanings.of(a_post(str(number), text, source, at, language=language), ROSTER.sources[source])
            id = posts.insert(connection, read.post, NOON)
            assert id
            posts.put_statements(connection, read.post, id, read.statements)
            index.add(connection, [(id, at, read.entry)])

    database.submit(fill).result()
    return database


def test_a_search_and_a_watch_find_what_matches(archive: Database) -> None:
    everything = archive.read(posts.after, 0, POSTS)
    texts = [(telling, facts.read(telling, ROSTER)) for telling in everything]
    grammar = _Grammar(random.Random(3))
    watches = WatchIndex()
    asked = matched = 0
    expected: dict[int, list[int]] = {}
    while asked * POSTS < PAIRS:
        typed = grammar.query()
        try:
            wanted = query.parse(typed, FILTERS, ZONE)
        except QueryError:
            continue
        right = [telling.post.id for telling, text in texts if wanted.matches(text)]
        hits = archive.read(search.page, ROSTER, wanted, limit=POSTS)
        assert sorted(hit.telling.post.id for hit in hits) == right, typed
        times = [hit.telling.post.published_at for hit in hits]
        assert times == sorted(times, reverse=True), typed
        watches.add(asked, wanted)
        expected[asked] = right
        asked += 1
        matched += len(right)
    for telling, text in texts:
        told = sorted(watches.matches(text))
        assert told == [number for number, right in expected.items() if telling.post.id in right]
    assert asked * POSTS / 20 < matched < asked * POSTS * 0.9, "most pairs would say nothing"


def test_a_trial_counts_what_matches(archive: Database) -> None:
    texts = [facts.read(telling, ROSTER) for telling in archive.read(posts.after, 0, POSTS)]
    grammar = _Grammar(random.Random(4))
    tried = 0
    while tried < 50:
        try:
            wanted = query.parse(grammar.query(2), FILTERS)
        except QueryError:
            continue
        tried += 1
        trial = archive.read(search.trial, ROSTER, wanted, NOON)
        assert trial.posts == POSTS
        assert trial.hits == sum(map(wanted.matches, texts))


def understood(typed: str) -> query.Query | QueryError:
    try:
        return query.parse(typed, FILTERS, ZONE)
    except QueryError as mistake:
        return mistake


@pytest.mark.parametrize(
    "typed",
    [
        "a" * 10_000,
        "(" * 10_000,
        '"' * 10_000,
        "talks\x00truce",
        "\x00",
        "NEAR(talks truce, 2)",
        "document : talks",
        "talks^2 + pause",
        "{a b}: c",
        "talks*truce",
        "' OR 1=1 --",
        '") UNION SELECT text FROM posts --',
        "🚀 OR 👩‍👩‍👧",
        "tаlks ОR pаuse",  # Cyrillic look-alikes
        "from:\x00 side:' OR source:\"",
        "since:9999-99-99 talks",
        "\ud800 talks",
    ],
)
def test_a_hostile_query_is_answered_or_named_a_mistake(archive: Database, typed: str) -> None:
    wanted = understood(typed)
    if isinstance(wanted, QueryError):
        assert 0 <= wanted.position <= len(typed)
        return
    hits = archive.read(search.page, ROSTER, wanted, limit=POSTS)
    assert all(wanted.matches(facts.read(hit.telling, ROSTER)) for hit in hits)
    assert archive.read(search.trial, ROSTER, wanted, NOON).posts == POSTS


# --- ways to write one and the same


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _other_apostrophes(text: str) -> str:
    return text.replace("'", "’").replace("ʼ", "'")


def _without_dots(text: str) -> str:
    return text.replace("ё", "е").replace("Ё", "Е")


VARIANTS: list[Callable[[str], str]] = [_decomposed, _composed, str.lower, _other_apostrophes, _without_dots]
TEXTS = [text for _, _, text in _posts(random.Random(7)) if "US" not in text and "U.S." not in text]
ALL_WORDS = [word for words in WORDS.values() for word in words.split() if word not in ("US", "U.S.")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_word_is_found_however_it_is_written(variant: Callable[[str], str]) -> None:
    for word in ALL_WORDS:
        for typed in (word, f"={word}"):
            assert query.parse(typed).matches(tokens.read(variant(word))), typed
            assert query.parse(variant(typed)).matches(tokens.read(word)), typed


@given(st.sampled_from(TEXTS), st.sampled_from(ALL_WORDS), st.sampled_from(VARIANTS), st.booleans())
def test_how_a_word_is_written_makes_no_difference(
    text: str, word: str, variant: Callable[[str], str], exact: bool
) -> None:
    typed = f"={word}" if exact else word
    told = query.parse(typed).matches(tokens.read(text))
    assert query.parse(typed).matches(tokens.read(variant(text))) == told
    assert query.parse(variant(typed)).matches(tokens.read(text)) == told


@pytest.mark.parametrize("word", ["мій", "їжа", "йод", "поїзд", "війна"])
def test_letters_that_are_letters_of_their_own_stay(word: str) -> None:
    for written in (word, _decomposed(word), word.upper()):
        assert fold(clean(written)) == word


def test_a_telling_without_words_is_found_by_what_is_known_of_it() -> None:
    telling = Telling(a_post("1", "", "wire", language="en"))
    assert query.parse("source:wire", FILTERS).matches(facts.read(telling, ROSTER))
