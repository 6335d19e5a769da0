from datetime import datetime, timedelta

from bot.models import Telling
from bot.store import search
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words.search import TOKENIZER
from tests.store.worlds import put_post, put_source


def fill(connection: Connection, now: datetime) -> None:
    put_source(connection, now)
    for number in range(120):
        id = put_post(connection, now + timedelta(minutes=number), str(number))
        search.put(connection, id, "talk go " + ("rare" if number % 40 == 0 else "common"))


def every(telling: Telling) -> bool:
    return True


def numbers(found: list[Telling]) -> list[str]:
    return [telling.post.external_id for telling in found]


def test_the_newest_come_first_and_can_be_continued(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    first = database.read(search.find, '"common"', every, limit=2)
    assert numbers(first) == ["119", "118"]
    assert numbers(database.read(search.find, '"common"', every, before=first[-1].post.id, limit=2)) == ["117", "116"]
    assert numbers(database.read(search.find, '"rare"', every)) == ["80", "40", "0"]


def test_a_candidate_must_be_confirmed_however_many_are_not(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()

    def first_only(telling: Telling) -> bool:
        return telling.post.external_id == "0"

    assert numbers(database.read(search.find, '"go"', first_only)) == ["0"]
    assert numbers(database.read(search.find, '"absent"', every)) == []


def test_the_index_splits_texts_as_the_words_expect(database: Database) -> None:
    (made,) = database.read(
        lambda connection: connection.execute("SELECT sql FROM sqlite_master WHERE name = 'search'").fetchone()
    )
    assert f"tokenize='{TOKENIZER}'" in made


def test_an_edited_post_is_found_by_its_present_words_alone(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.put, 1, "changed").result()
    assert numbers(database.read(search.find, '"changed"', every)) == ["0"]
    assert "0" not in numbers(database.read(search.find, '"rare"', every))


def test_a_dropped_post_is_not_found(database: Database, now: datetime) -> None:
    database.submit(fill, now).result()
    database.submit(search.drop, 81).result()
    assert numbers(database.read(search.find, '"rare"', every)) == ["40", "0"]
