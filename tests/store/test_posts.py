import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import Post, Statement, Version
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
    assert database.read(posts.seen_since, now + day, 2) == [(6, now + 6 * day), (5, now + 5 * day)]


def test_the_last_words_leave_out_mentions_and_the_silent(database: Database, now: datetime) -> None:
    database.submit(a_week, now).result()
    day = timedelta(days=1)
    assert database.read(statements.last_words, ["ann", "bob", "eve"]) == {"ann": now + 6 * day, "bob": now + 4 * day}


# --- what becomes of a post


def test_a_deleted_post_keeps_when_it_was_missed_and_is_deleted_once(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now).result()
    assert database.submit(posts.delete, id, now + LATER, now + 2 * LATER).result()
    assert not database.submit(posts.delete, id, now + 3 * LATER, now + 4 * LATER).result()
    (telling,) = database.read(posts.tellings, [id])
    assert (telling.post.fate, telling.post.deleted_at, telling.post.text) == ("deleted", now + LATER, "Talks go on.")
    assert database.read(posts.known, "web", ["1"])["1"].fate == "deleted"
    database.submit(posts.put_fate, id, "protected", now).result()
    assert database.read(posts.known, "web", ["1"])["1"].fate == "deleted"


def test_what_must_go_goes_in_every_version_and_leaves_a_tombstone(database: Database, now: datetime) -> None:
    secret = ("a secret", "a changed secret", "evidence of a secret")

    def story(connection: Connection) -> int:
        put_source(connection, now)
        id = put_post(connection, now, "1", "ann", text=secret[0])
        posts.revise(connection, id, secret[1], "en", now + LATER)
        posts.put_statements(connection, a_post(now), id, [Statement("ann", "quote", "secret", "rule", secret[2])])
        posts.purge(connection, id)
        return id

    id = database.submit(story).result()
    everything = database.read(
        lambda connection: str(
            [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("posts", "versions", "statements")]
        )
    )
    assert "secret" not in everything
    assert [version.sha256 for version in database.read(posts.versions, id)] == [
        posts.fingerprint(text) for text in secret[:2]
    ]
    (telling,) = database.read(posts.tellings, [id])
    assert telling.statements == (Statement("ann", "quote", "", "rule", ""),)
    assert (telling.post.url, telling.post.published_at, telling.post.edited_at) == (
        "https://example.org/1",
        now,
        now + LATER,
    )


def test_a_post_that_is_there_again_stands_with_its_words(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now).result()
    database.submit(posts.delete, id, now, now).result()
    database.submit(posts.purge, id).result()
    database.submit(posts.stand_again, id, a_post(now, text="Something else.")).result()
    (telling,) = database.read(posts.tellings, [id])
    assert (telling.post.fate, telling.post.deleted_at, telling.post.text) == ("stands", None, "")
    database.submit(posts.stand_again, id, a_post(now)).result()
    (telling,) = database.read(posts.tellings, [id])
    assert telling.post.text == "Talks go on."


def test_what_is_not_public_for_a_while_is_neither_deleted_nor_standing(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now).result()
    database.submit(posts.put_fate, id, "suspended", now).result()
    (telling,) = database.read(posts.tellings, [id])
    assert (telling.post.fate, telling.post.deleted_at) == ("suspended", None)
    assert database.read(posts.last_changed, None, ["web"], 9) == [id]
    database.submit(posts.put_fate, id, "stands", now).result()
    assert database.read(posts.known, "web", ["1"])["1"].fate == "stands"
    assert database.read(posts.last_changed, None, ["web"], 9) == []


def changes(connection: Connection, now: datetime) -> None:
    """Of six posts 1 is edited after one hour, 2 deleted after two, 3 edited after three and deleted after four, 4 not
    public; 6 is of another source. Ann speaks in 1 and 3, and is mentioned in 2.
    """
    hour = timedelta(hours=1)
    put_source(connection, now, "web", "other")
    for number, speaker, kind in (
        (1, "ann", "own"),
        (2, "ann", "mention"),
        (3, "ann", "quote"),
        (4, "", ""),
        (5, "", ""),
    ):
        put_post(connection, now, str(number), speaker, kind=kind)
    posts.insert(connection, a_post(now, "6", source="other"), now)
    posts.revise(connection, 1, "Other.", "en", now + hour)
    posts.delete(connection, 2, now, now + 2 * hour)
    posts.revise(connection, 3, "Other.", "en", now + 3 * hour)
    posts.delete(connection, 3, now, now + 4 * hour)
    posts.put_fate(connection, 4, "protected", now + 5 * hour)
    posts.revise(connection, 6, "Other.", "en", now + 6 * hour)


def test_what_was_edited_or_deleted_in_a_span_is_found(database: Database, now: datetime) -> None:
    database.submit(changes, now).result()
    hour = timedelta(hours=1)
    assert database.read(posts.changed_between, now, now + 9 * hour) == [1, 2, 3, 6]
    assert database.read(posts.changed_between, now + hour, now + 3 * hour) == [2, 3]
    assert database.read(posts.changed_between, now + 3 * hour, now + 5 * hour) == [3]
    assert database.read(posts.changed_between, now + 6 * hour, now + 9 * hour) == []


def test_the_last_changes_are_those_of_whom_is_asked_for(database: Database, now: datetime) -> None:
    database.submit(changes, now).result()
    assert database.read(posts.last_changed, None, ["web", "other"], 9) == [6, 4, 3, 2, 1]
    assert database.read(posts.last_changed, None, ["web"], 2) == [4, 3]
    assert database.read(posts.last_changed, ["ann"], ["web", "other"], 9) == [3, 1]
    assert database.read(posts.last_changed, [], ["web"], 9) == []


def test_a_changed_post_is_found_by_its_address(database: Database, now: datetime) -> None:
    database.submit(changes, now).result()
    assert database.read(posts.changed_at, "https://example.org/3") == 3
    assert database.read(posts.changed_at, "https://example.org/5") is None


def test_an_archive_knows_what_became_of_a_post(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now).result()
    database.submit(posts.put_past, id, replace(a_post(now), edited_at=now + LATER)).result()
    assert database.read(posts.tellings, [id])[0].post.fate == "stands"
    past = replace(
        a_post(now),
        edited_at=now + LATER,
        deleted_at=now + 2 * LATER,
        late=True,
        versions=(Version(now, "Talks begin."), Version(now + LATER, "", "ab" * 32)),
        sha256="cd" * 32,
    )
    database.submit(posts.put_past, id, past).result()
    (post,) = database.read(lambda connection: list(posts.everything(connection)))
    assert (post.fate, post.edited_at, post.deleted_at, post.fate_at, post.late) == (
        "deleted",
        now + LATER,
        now + 2 * LATER,
        now + 2 * LATER,
        True,
    )
    assert [(one.seen_at, one.text, one.sha256) for one in database.read(posts.versions, id)] == [
        (now, "Talks begin.", posts.fingerprint("Talks begin.")),
        (now + LATER, "", "ab" * 32),
        (now + LATER, "Talks go on.", "cd" * 32),
    ]


def test_an_archive_may_know_less_of_when(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    id = database.submit(put_post, now).result()
    database.submit(posts.put_past, id, replace(a_post(now), fate="deleted")).result()
    (post,) = database.read(lambda connection: list(posts.everything(connection)))
    assert (post.fate, post.deleted_at, post.fate_at) == ("deleted", now, now)


def test_a_post_found_late_stays_so(database: Database, now: datetime) -> None:
    database.submit(put_source, now).result()
    late = database.submit(posts.insert, a_post(now), now, late=True).result()
    prompt = database.submit(posts.insert, a_post(now, "2"), now).result()
    assert [one.post.late for one in database.read(posts.tellings, [late or 0, prompt or 0])] == [True, False]
