"""What is exported can be taken in elsewhere and gives the same lines again."""

import io
import json
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.settings import Settings
from bot.upkeep.backup import backup
from bot.upkeep.export import export
from bot.upkeep.status import status
from bot.upkeep.take_in import take_in
from tests.upkeep.worlds import VARIED, Configure, exported, kept, nowhere, stored

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
