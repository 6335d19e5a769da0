from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import IndexEntry, Telling
from bot.store import posts, search, topics
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.search import Hit
from bot.words.search import TOKENIZER
from tests.store.worlds import parts_of_index, put_post, put_source


def entry(words: str, *touched: str) -> IndexEntry:
    return IndexEntry(words, touched, "version 1")


def fill(connection: Connection, now: datetime) -> None:
    put_source(connection, now)
    for number in range(120):
        at = now + timedelta(minutes=number)
        id = put_post(connection, at, str(number))
        search.put(connection, id, at, entry("talk go " + ("rare" if number % 40 == 0 else "common")))


def every(telling: Telling) -> bool:
    return True


def numbers(found: list[Hit]) -> list[str]:
    return [hit.telling.post.external_id for hit in found]


def test_the_newest_come_first_and_can_be_continued(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    first = database.read(search.find, '"common"', every, limit=2)
    assert numbers(first) == ["119", "118"]
    assert numbers(database.read(search.find, '"common"', every, before=first[-1].place, limit=2)) == ["117", "116"]
    assert numbers(database.read(search.find, '"rare"', every)) == ["80", "40", "0"]


def test_a_candidate_must_be_confirmed_however_many_are_not(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()

    def first_only(telling: Telling) -> bool:
        return telling.post.external_id == "0"

    assert numbers(database.read(search.find, '"go"', first_only)) == ["0"]
    assert numbers(database.read(search.find, '"absent"', every)) == []


def test_posts_are_found_and_counted_within_a_span_of_time(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    within = (int((now + timedelta(minutes=40)).timestamp()), int((now + timedelta(minutes=80)).timestamp()))
    assert numbers(database.read(search.find, '"rare"', every, within=within)) == ["40"]
    assert database.read(search.count, '"rare"', within) == 1
    assert database.read(search.size, within) == 40


def test_the_index_splits_texts_as_the_words_expect(database: Database) -> None:
    for table in ("search_0", "search_1"):
        (made,) = database.read(
            lambda connection, name: connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
            ).fetchone(),
            table,
        )
        assert f"tokenize='{TOKENIZER}'" in made


def test_an_edited_post_is_found_by_its_present_words_alone(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.put, 1, now, entry("changed")).result()
    assert numbers(database.read(search.find, '"changed"', every)) == ["0"]
    assert "0" not in numbers(database.read(search.find, '"rare"', every))


def test_a_dropped_post_is_not_found(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.drop, 81).result()
    database.submit(search.drop, 81).result()
    assert numbers(database.read(search.find, '"rare"', every)) == ["40", "0"]


def test_the_parts_of_the_index_are_joined_between_posts(database: Database, now: datetime) -> None:
    def add(connection: Connection, number: int) -> None:
        at = now + timedelta(minutes=number)
        search.add(connection, [(put_post(connection, at, str(number)), at, entry("talk"))])

    database.submit(put_source, now).result()
    assert not database.submit(search.join_parts).result()
    for number in range(40):
        database.submit(add, number).result()
    assert database.read(parts_of_index) == 40
    while database.submit(search.join_parts).result():
        pass
    assert database.read(parts_of_index) < 4
    assert len(database.read(search.find, '"talk"', every, limit=99)) == 40


def test_an_index_that_grows_is_not_cleared(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.begin_anew, "version 2").result()
    database.submit(search.put, 1, now, entry("changed")).result()
    assert not database.submit(search.clear_old).result()
    database.submit(search.change_over).result()
    assert numbers(database.read(search.find, '"changed"', every)) == ["0"]


def test_topics_are_stored_with_the_version_that_found_them(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.put, 1, now, entry("a", "truce", "army")).result()
    assert database.read(posts.tellings, [2, 1])[1].topics == ("army", "truce")
    assert database.read(topics.of, [1, 2]) == {1: ("army", "truce")}
    rows = database.read(
        lambda connection: connection.execute(
            "SELECT DISTINCT version FROM topic_hits JOIN dictionaries ON dictionaries.id = dictionary"
        ).fetchall()
    )
    assert rows == [("version 1",)]
    database.submit(search.put, 1, now, entry("a")).result()
    assert database.read(topics.of, [1]) == {}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_whatever_order_posts_come_in_the_newest_are_first(
    database: Database, now: datetime, seconds: list[int]
) -> None:
    """Many in one second included: their order is kept within the seconds that they spill into."""

    def store(connection: Connection) -> list[int]:
        connection.execute("DELETE FROM posts")
        put_source(connection, now)
        for number, second in enumerate(seconds):
            at = now + timedelta(seconds=60 * second)
            search.add(connection, [(put_post(connection, at, str(number)), at, entry("here"))])
        found = search.find(connection, '"here"', every, limit=99)
        connection.execute("INSERT INTO search_0 (search_0) VALUES ('delete-all')")
        return [seconds[int(hit.telling.post.external_id)] for hit in found]

    assert database.submit(store).result() == sorted(seconds, reverse=True)
