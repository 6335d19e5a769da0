import hashlib
from datetime import datetime, timedelta

from bot.models import Post, Statement
from bot.store import posts, statements
from bot.store.connection import Connection
from bot.store.database import Database
from tests.store.worlds import a_post, put_post, put_source

LATER = timedelta(minutes=5)


def test_the_store_says_what_was_new(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    first = database.submit(posts.insert, a_post(now), now).result()
    assert first
    assert database.submit(posts.insert, a_post(now), now + LATER).result() is None
    assert database.read(posts.known, "web", ["1", "2"]) == {"1": posts.Known(first, posts.fingerprint("Talks go on."))}


def test_a_post_comes_back_as_it_went_in(database: Database, now: datetime) -> None:
    post = Post(
        "web",
        "7",
        "https://example.org/7",
        now,
        "Перемир'я\n👍🏽",
        "uk",
        "reply",
        ("photo", "video"),
        "a question",
        "Ann",
    )
    database.submit(put_source, now).result()
    id = database.submit(posts.insert, post, now + LATER, story=3).result()
    assert id
    said = [
        Statement("ann", "quote", "Перемир'я", "verb-subject", "сказала Ann", 80),
        Statement("bob", "own", post.text),
    ]
    database.submit(posts.put_statements, post, id, said).result()
    (telling,) = database.read(posts.tellings, [id, 99])
    assert telling.statements == tuple(said)
    assert (telling.post.id, telling.post.seen_at, telling.story) == (id, now + LATER, 3)
    assert list(database.read(posts.everything)) == [telling.post]
    assert database.read(posts.count) == 1


def test_an_edit_keeps_every_text_with_the_time_it_was_seen(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now, text="We agree.").result()
    assert not database.submit(posts.revise, id, "We agree.", "en", now + LATER).result()
    assert database.submit(posts.revise, id, "We may agree.", "en", now + LATER).result()
    assert database.submit(posts.revise, id, "We agree.", "en", now + 2 * LATER).result()
    kept = database.read(posts.versions, id)
    assert [(version.seen_at, version.text) for version in kept] == [
        (now, "We agree."),
        (now + LATER, "We may agree."),
        (now + 2 * LATER, "We agree."),
    ]
    assert kept[1].sha256 == hashlib.sha256(b"We may agree.").hexdigest()
    (telling,) = database.read(posts.tellings, [id])
    assert telling.post.edited_at == now + 2 * LATER


def test_statements_are_replaced_not_added(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now, "1", "ann").result()
    database.submit(posts.put_statements, a_post(now), id, [Statement("bob", "mention", "Talks go on.")]).result()
    (telling,) = database.read(posts.tellings, [id])
    assert [said.speaker for said in telling.statements] == ["bob"]


def a_week(connection: Connection, now: datetime) -> None:
    """Ann speaks on even days, Bob on odd ones; on day 4 both do; on day 5 Bob is only mentioned."""
    put_source(connection, now)
    for day in range(1, 7):
        at = now + timedelta(days=day)
        id = put_post(connection, at, str(day), "ann" if day % 2 == 0 else "bob", kind="mention" if day == 5 else "own")
        if day == 4:
            both = [Statement("ann", "quote", "a"), Statement("bob", "report", "b")]
            posts.put_statements(connection, a_post(at, "4"), id, both)


def test_the_latest_words_run_from_the_newest_and_can_be_continued(database: Database, now: datetime) -> None:
    database.submit(a_week, now).result()

    def latest(**which: object) -> list[str]:
        found = database.read(lambda connection: statements.latest(connection, **which))  # type: ignore[arg-type]
        return [telling.post.external_id for telling in found]

    assert latest(limit=3) == ["6", "4", "3"]
    assert latest(speakers=["ann"]) == ["6", "4", "2"]
    assert latest(speakers=["bob"]) == ["4", "3", "1"]
    assert latest(speakers=["ann", "bob"], limit=2) == ["6", "4"]
    assert latest(speakers=[]) == []
    assert latest(source="web", limit=2) == ["6", "5"]
    (shown,) = database.read(lambda connection: statements.latest(connection, limit=1))
    before = statements.place(shown)
    assert latest(before=before, limit=2) == ["4", "3"]
    assert latest(before=before, speakers=["ann", "bob"], limit=9) == ["4", "3", "2", "1"]
    assert latest(before=before, source="web", limit=1) == ["5"]


def test_a_span_of_sight_is_open_at_its_start_and_closed_at_its_end(database: Database, now: datetime) -> None:
    database.submit(a_week, now).result()
    day = timedelta(days=1)
    found = database.read(statements.seen_between, now + day, now + 3 * day)
    assert [telling.post.external_id for telling in found] == ["2", "3"]
    found = database.read(statements.seen_since, now + day, 2)
    assert [telling.post.external_id for telling in found] == ["5", "6"]


def test_the_last_words_leave_out_mentions_and_the_silent(database: Database, now: datetime) -> None:
    database.submit(a_week, now).result()
    day = timedelta(days=1)
    assert database.read(statements.last_words, ["ann", "bob", "eve"]) == {"ann": now + 6 * day, "bob": now + 4 * day}
