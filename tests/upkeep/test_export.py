"""What is exported can be taken in elsewhere and gives the same lines again."""

import io
import json
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.models import Cursor, Gap, Version
from bot.settings import Settings
from bot.sources import archive
from bot.store import gaps, posts, sources
from bot.store.connection import Connection, connect
from bot.store.database import Database
from bot.upkeep.backup import backup
from bot.upkeep.export import export
from bot.upkeep.status import status
from bot.upkeep.take_in import take_in
from tests.upkeep.worlds import VARIED, Configure, exported, kept, nowhere, stored
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio


async def test_what_is_exported_and_taken_in_elsewhere_is_exported_again_byte_for_byte(
    configure: Configure, tmp_path: Path
) -> None:
    here, there = configure(), configure(database=tmp_path / "there" / "parley.db")
    await kept(here, *VARIED)
    first = exported(here)
    path = tmp_path / "export.jsonl"
    path.write_bytes(first.encode())
    await take_in(there, path, nowhere, io.StringIO())
    assert exported(there) == first
    lines = [json.loads(line) for line in first.rstrip().split("\n")]
    assert [(line["source"], line["external_id"]) for line in lines] == [
        ("petrov-telegram", "1"),
        ("ivanenko-x", "2"),
        ("wire", "10"),
        ("wire", "9"),
        ("petrov-telegram", "3"),
    ]
    assert lines[4]["seen_at"] == "2022-03-14T12:03:00+00:00"
    assert lines[4]["edited_at"] == "2022-03-14T13:00:00.007000+00:00"
    assert lines[4]["deleted_at"] == "2022-03-14T14:00:00+00:00"
    assert [post.text for post in stored(there)] == [post.text for post in stored(here)]


async def exported_again(configure: Configure, folder: Path, first: str) -> str:
    """What another database gives out after it has taken this in."""
    there = configure(database=folder / "there" / "parley.db")
    path = folder / "export.jsonl"
    path.write_bytes(first.encode())
    said: list[str] = []
    assert await take_in(there, path, said.append, io.StringIO()) == 0
    assert len(said) == 1, "nothing is passed over"
    return exported(there)


def life(connection: Connection) -> None:
    """A week: an edit of an edit, what was deleted and kept, deleted and purged, hidden, late; spans unseen."""
    sources.enrol(connection, ROSTER.sources.values(), NOON)
    ids = [
        posts.insert(connection, post, NOON + timedelta(seconds=number), late=number == 1)
        for number, post in enumerate(
            [
                a_post("1", "We agree.", "petrov-telegram", language="en"),
                a_post("2", "Found late.", "petrov-telegram", language="en"),
                a_post("3", "Mind the secret.", "ivanenko-x", quoted="A secret, too", media=("photo",), language="en"),
                a_post("4", "Another secret.", "ivanenko-x", quoted="A third secret", language="en"),
                a_post("5", "", "ivanenko-x", media=("photo",), language="en"),
            ]
        )
    ]
    kept, _, purged, hidden, _ = (id or 0 for id in ids)
    for hour, text in enumerate(["We may agree.", "We agree.", "We do not agree."], 1):
        posts.revise(connection, kept, text, "en", NOON + timedelta(hours=hour))
    posts.delete(connection, kept, NOON + timedelta(hours=5), NOON + timedelta(hours=6))
    posts.revise(connection, purged, "Mind the other secret.", "en", NOON + timedelta(hours=1))
    posts.delete(connection, purged, NOON + timedelta(hours=5), NOON + timedelta(hours=6))
    posts.purge(connection, purged)
    posts.revise(connection, hidden, "Another, later secret.", "en", NOON + timedelta(hours=1))
    posts.put_fate(connection, hidden, "protected", NOON + timedelta(days=1))
    gaps.add(connection, "", NOON, NOON + timedelta(hours=1), gaps.NOT_RUNNING)
    gaps.add(connection, "wire", NOON, NOON + timedelta(hours=2), "no answer")
    sources.polled(connection, "wire", Cursor("c"), NOON + timedelta(hours=3), NOON)
    sources.failed(connection, "wire", "no answer", NOON + timedelta(hours=4), NOON)


@pytest.fixture(name="lived")
def settings_of_a_life(settings: Settings) -> Settings:
    with closing(Database.open(settings.database)) as database:
        database.submit(life).result()
    return settings


async def test_a_life_of_edits_deletions_and_gaps_comes_back_byte_for_byte(
    lived: Settings, configure: Configure, tmp_path: Path
) -> None:
    first = exported(lived)
    assert await exported_again(configure, tmp_path, first) == first
    written = [json.loads(line) for line in first.splitlines()]
    of = {line["external_id"]: line for line in written if "gap" not in line}
    assert [version["text"] for version in of["1"]["versions"]] == ["We agree.", "We may agree.", "We agree."]
    assert (of["1"]["text"], of["1"]["deleted_at"][:16], of["1"]["fate_at"][:16]) == (
        "We do not agree.",
        "2022-03-14T17:00",
        "2022-03-14T18:00",
    )
    assert of["2"]["late"] is True
    assert (of["3"]["text"], of["3"]["sha256"]) == ("", posts.fingerprint("Mind the other secret."))
    assert of["3"]["versions"] == [
        {"seen_at": "2022-03-14T12:00:02+00:00", "text": "", "sha256": posts.fingerprint("Mind the secret.")}
    ]
    assert (of["4"]["fate"], of["4"]["text"]) == ("protected", "")
    assert "sha256" not in of["5"], "it never had words"
    assert [line["gap"] for line in written[5:]] == [
        {"since": "2022-03-14T12:00:00+00:00", "until": "2022-03-14T13:00:00+00:00", "reason": gaps.NOT_RUNNING},
        {
            "source": "wire",
            "since": "2022-03-14T12:00:00+00:00",
            "until": "2022-03-14T14:00:00+00:00",
            "reason": "no answer",
        },
        {"source": "wire", "since": "2022-03-14T15:00:00+00:00", "reason": "no answer"},
    ]


async def test_what_x_does_not_show_has_no_words_in_an_export_until_it_shows_them_again(lived: Settings) -> None:
    assert "secret" not in exported(lived)
    with closing(Database.open(lived.database)) as database:
        database.submit(posts.stand_again, 4).result()
    assert re.findall('[^"]*secret[^"]*', exported(lived)) == [
        "Another, later secret.",
        "A third secret",
        "Another secret.",
    ]


async def test_a_post_of_x_that_was_deleted_leaves_its_words_outside(settings: Settings) -> None:
    gone = a_post("1", "A secret.", "ivanenko-x", edited_at=NOON, deleted_at=NOON)
    await kept(settings, replace(gone, versions=(Version(NOON, "An older secret."),)))
    (post,) = stored(settings)
    assert (post.text, post.fate, post.sha256) == ("", "deleted", posts.fingerprint("A secret."))
    assert post.versions == (Version(NOON, "", posts.fingerprint("An older secret.")),)


async def test_gaps_of_others_are_none_where_we_have_looked_ourselves(settings: Settings, tmp_path: Path) -> None:
    def looked(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        sources.polled(connection, "wire", Cursor("c"), NOON, NOON)

    with closing(Database.open(settings.database)) as database:
        database.submit(looked).result()
    told = [Gap(source, NOON, NOON + timedelta(hours=1), "away") for source in ("", "wire", "ivanenko-x", "elsewhere")]
    path = tmp_path / "gaps.jsonl"
    path.write_text("".join(archive.line_of_gap(gap) + "\n" for gap in told))
    for _ in range(2):
        assert await take_in(settings, path, nowhere, io.StringIO()) == 0
    with closing(connect(settings.database)) as connection:
        assert [gap.source for gap in gaps.everything(connection) if gap.reason == "away"] == ["ivanenko-x"]


def test_without_a_database_nothing_is_exported_or_copied_and_none_is_made(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"parley\.db does not exist; PARLEY_DATABASE names the database"):
        export(settings, nowhere)
    with pytest.raises(StoreError, match=r"parley\.db does not exist"):
        status(settings, nowhere)
    with pytest.raises(StoreError, match=r"parley\.db does not exist"):
        backup(settings, tmp_path / "copy.db", nowhere)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.database.write_text("notes " * 1000)
    with pytest.raises(StoreError, match="file is not a database; restore a backup or move the file away"):
        export(settings, nowhere)
