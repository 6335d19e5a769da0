"""Other rules or dictionaries: what was made with the old ones is made anew while searches are answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import renewal, search
from bot.models import IndexEntry, Post, Roster, Statement, Telling
from bot.store import posts, sources, subscribers
from bot.store import search as index
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import query, version
from bot.words.facts import filters
from bot.words.meaning import Meanings
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

MANY = 120
OLD = "rules and dictionaries of last year"
OTHER = IndexEntry("something", (), "a version in between")


def fill(connection: Connection) -> None:
    """Posts as an older Parley has indexed them: "truces" was a word of its own, and nothing known but words."""
    sources.enrol(connection, ROSTER.sources.values(), NOON)
    for number in range(1, MANY + 1):
        post = a_post(str(number), "Truces and talks.", at=NOON + timedelta(minutes=number), language="en")
        id = posts.insert(connection, post, NOON)
        assert id
        posts.put_statements(connection, post, id, [Statement("petrov", "report", "Truces and talks.")])
        index.add(connection, [(id, post.published_at, IndexEntry("truces and talk φtalks", ("gone",), OLD))])


@pytest.fixture
def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(renewal, "POSTS", 10)
    database.submit(fill).result()
    return database


def found(database: Database, typed: str, roster: Roster = ROSTER) -> int:
    wanted = query.parse(typed, filters(roster))
    return len(database.read(search.page, roster, wanted, limit=2 * MANY))


async def test_searches_are_answered_while_the_index_is_made_anew(filled: Database) -> None:
    assert (found(filled, "talks"), found(filled, "truce"), found(filled, "from:petrov")) == (MANY, 0, 0)
    meanings = Meanings(ROSTER)
    renewing = asyncio.create_task(renewal.renew(filled, ROSTER))
    standing = MANY
    answered = 0
    while not renewing.done():
        assert found(filled, "talks") == standing
        answered += 1
        if answered < 4:  # one comes, two are edited or go
            await filled.write(_store, meanings, a_post(f"new {answered}", "A truce after talks.", language="en"))
            await filled.write(_edit, meanings, 1 + answered)
            await filled.write(_purge, MANY - answered)
            standing -= 1
        await asyncio.sleep(0)
    assert answered >= 4
    assert await renewing >= MANY
    assert (found(filled, "talks"), found(filled, "truce")) == (MANY - 3, MANY)
    assert found(filled, "from:petrov") == MANY - 3
    assert filled.read(index.version) == version.of_posts(ROSTER)
    assert filled.read(posts.tellings, [5])[0].topics == ("truce",)
    assert await renewal.renew(filled, ROSTER) == 0


async def test_a_phrase_is_found_in_an_index_of_another_format(database: Database) -> None:
    """Words stood beside their forms in it, and so not beside each other."""

    def fill(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        for number, text in enumerate(["They agreed talks.", "Talks, agreed."]):
            post = a_post(str(number), text, language="en")
            id = posts.insert(connection, post, NOON)
            assert id
            index.add(connection, [(id, post.published_at, IndexEntry("they agree φagreed talk φtalks", (), OLD))])

    await database.write(fill)
    assert found(database, '"agree talk"') == 1
    assert database.read(search.trial, ROSTER, query.parse('"agree talk"'), NOON).hits == 1
    await renewal.renew(database, ROSTER)
    assert found(database, '"agree talk"') == 1


async def test_a_renewal_that_was_ended_goes_on_where_it_was(filled: Database) -> None:
    renewing = asyncio.create_task(renewal.renew(filled, ROSTER))
    while not await filled.read_slow(_done):
        assert found(filled, "talks") == MANY
    renewing.cancel()
    await asyncio.wait([renewing])
    assert found(filled, "talks") == MANY
    assert found(filled, "truce") == 0
    assert 0 < await renewal.renew(filled, ROSTER) < MANY
    assert found(filled, "truce") == MANY


async def test_the_old_index_goes_piece_by_piece(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CLEARED", 9)

    def rows(connection: Connection) -> int:
        left: int = connection.execute(
            "SELECT (SELECT count(*) FROM search_0_data) + (SELECT count(*) FROM search_0_docsize)"
        ).fetchone()[0]
        return left

    renewing = asyncio.create_task(renewal.renew(filled, ROSTER))
    while await filled.read_slow(index.version) != version.of_posts(ROSTER):
        assert not renewing.done()
    renewing.cancel()
    await asyncio.wait([renewing])
    assert filled.read(rows) > 2
    assert await renewal.renew(filled, ROSTER) == 0
    assert filled.read(rows) == 2  # what FTS5 has of an empty table
    assert found(filled, "truce") == MANY
    other = replace(ROSTER, topics={})
    assert await renewal.renew(filled, other) == MANY
    assert found(filled, "truce", other) == MANY


async def test_a_post_that_comes_before_the_last_step_is_in_the_new_index(filled: Database) -> None:
    meanings = Meanings(ROSTER)
    await filled.write(index.begin_anew, meanings.version)
    await filled.write(renewal._change_over, meanings, MANY - 15)
    assert found(filled, "truce") == 15
    assert filled.read(index.version) == version.of_posts(ROSTER)


async def test_another_version_begins_from_the_first_post(filled: Database) -> None:
    await filled.write(index.begin_anew, "a version in between")
    await filled.write(index.grow, [(telling, OTHER) for telling in filled.read(posts.after, 0, 9)], 9)
    assert await renewal.renew(filled, ROSTER) == MANY
    assert found(filled, "talks") == MANY


async def test_topics_are_counted_anew_when_their_words_change(filled: Database) -> None:
    await renewal.renew(filled, ROSTER)
    assert found(filled, "topic:truce") == MANY
    other = replace(ROSTER, topics={"truce": replace(ROSTER.topics["truce"], watch={"en": "armistice OR grain"})})
    assert await renewal.renew(filled, other) == MANY
    assert found(filled, "topic:truce", other) == 0


async def test_watches_are_compiled_anew(database: Database) -> None:
    who = database.submit(_subscriber).result()
    keys = database.read(subscribers.keys_of, [who])
    revision, _ = database.read(subscribers.watch_keys, -1)
    assert await renewal.renew(database, ROSTER) == 4
    renewed = database.read(subscribers.keys_of, [who])
    assert [renewed[id] for id in sorted(renewed)] == [query.parse("truces").key, keys[3], query.parse("talk").key]
    _, changes = database.read(subscribers.watch_keys, revision)
    assert changes == {1: renewed[1], 2: None, 3: keys[3], 4: renewed[4]}
    assert await renewal.renew(database, ROSTER) == 0


def _subscriber(connection: Connection) -> int:
    """Who watches twice for what is one and the same now, for somebody who has left, and for what means the same."""
    who = subscribers.enrol(connection, subscribers.Newcomer(1, 0, "private", "", "en", "UTC", None, None), NOON)
    for words, key in (("truces", "old 1"), ("truce", "old 2"), ("from:gone", "old 3")):
        subscribers.watch(connection, who.id, words, key, NOON, version=OLD)
    subscribers.watch(connection, who.id, "talk", query.parse("talk").key, NOON, version=OLD)
    return who.id


def _done(connection: Connection) -> int:
    done: int = connection.execute("SELECT max(done) FROM editions").fetchone()[0]
    return done


def _purge(connection: Connection, id: int) -> None:
    posts.delete(connection, id, NOON, NOON)
    posts.purge(connection, id)
    index.drop(connection, id)


def _store(connection: Connection, meanings: Meanings, post: Post) -> None:
    id = posts.insert(connection, post, NOON)
    assert id
    index.add(connection, [(id, post.published_at, meanings.again(Telling(replace(post, id=id))))])


def _edit(connection: Connection, meanings: Meanings, id: int) -> None:
    posts.revise(connection, id, "Truces alone.", "en", NOON)
    (telling,) = posts.tellings(connection, [id])
    index.put(connection, id, telling.post.published_at, meanings.again(telling))
