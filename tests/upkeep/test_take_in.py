"""Posts of files are stored once, go on where they ended, and mistakes are named."""

import io
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import FetchError, LockedError, ParleyError, StoreError
from bot.settings import Settings
from bot.sources import archive
from bot.store import connection as connecting
from bot.store import statements
from bot.store.connection import sqlite3
from bot.store.database import Database
from bot.upkeep.poll import poll
from bot.upkeep.take_in import take_in
from tests.upkeep.worlds import Terminal, nowhere, stored
from tests.worlds import a_post

pytestmark = pytest.mark.anyio


async def test_posts_of_an_archive_are_stored_once_and_read_for_speakers(settings: Settings, tmp_path: Path) -> None:
    lines = [archive.line(a_post(str(number), f"“It is agreed on day {number},” Petrov said.")) for number in range(3)]
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(lines) + "\n\n")
    said: list[str] = []
    assert await take_in(settings, path, said.append, io.StringIO()) == 0
    assert await take_in(settings, path, said.append, io.StringIO()) == 0
    assert said == ["3 posts read, 3 new", "3 posts read, 0 new"]
    with closing(Database.open(settings.database)) as database:
        told = database.read(statements.latest, speakers=["petrov"])
        assert [telling.post.external_id for telling in told] == ["2", "1", "0"]
        assert database.read(lambda connection: connection.execute("SELECT count(*) FROM outbox").fetchone()) == (0,)


async def test_an_import_that_was_ended_goes_on_where_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.history.BATCH", 2)
    path = tmp_path / "days.jsonl"
    good = [archive.line(a_post(str(number), f"day {number}")) for number in range(5)]
    path.write_text("\n".join([*good[:3], "", '{"external_id": "x"', *good[3:]]))
    said: list[str] = []
    with pytest.raises(FetchError, match=rf"{path}, line 5: "):
        await take_in(settings, path, said.append, io.StringIO())
    assert said == ["3 posts read, 3 new"]
    path.write_text("\n".join(good))
    await take_in(settings, path, said.append, io.StringIO())
    assert said[1:] == ["5 posts read, 2 new"]
    assert [post.external_id for post in stored(settings)] == ["0", "1", "2", "3", "4"]


async def test_a_post_of_an_unknown_source_names_its_line_and_what_to_do(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "days.jsonl"
    path.write_text("\n" + archive.line(a_post("1", "x")) + "\n" + archive.line(a_post("2", "x", "elsewhere")))
    with pytest.raises(ParleyError) as caught:
        await take_in(settings, path, nowhere, io.StringIO())
    assert str(caught.value) == (
        f"{path}, line 3: {settings.config}/sources.toml has no source 'elsewhere'; "
        "add it there (enabled = false if it is not to be read), then import again"
    )
    assert len(stored(settings)) == 1


async def test_a_file_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.jsonl", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(FetchError, match=f"{path}: {reason}"):
            await take_in(settings, path, nowhere, io.StringIO())


async def test_in_a_terminal_one_line_tells_how_far_it_is_and_goes_at_the_end(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.history.BATCH", 2)
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(archive.line(a_post(str(number), "x")) for number in range(3)))
    terminal, said = Terminal(), list[str]()
    await take_in(settings, path, said.append, terminal)
    renew = "\r\033[K"
    assert terminal.getvalue() == f"{renew}2 posts read, 2 new{renew}3 posts read, 3 new{renew}"
    assert said == ["3 posts read, 3 new"]
    pipe = io.StringIO()
    await take_in(settings, path, said.append, pipe)
    assert pipe.getvalue() == ""


async def test_while_the_bot_runs_nothing_is_imported_or_polled_and_it_says_why(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(Database.open(settings.database)):
        for door in (take_in(settings, tmp_path, nowhere, io.StringIO()), poll(settings, [], nowhere)):
            with pytest.raises(LockedError, match=r"is in use by another Parley \(process \d+\); stop that one first"):
                await door


async def test_a_database_that_another_program_holds_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database.open(settings.database).close()
    monkeypatch.setattr(connecting, "BUSY_MS", 10)
    path = tmp_path / "days.jsonl"
    path.write_text(archive.line(a_post("1", "x")))
    with closing(sqlite3.connect(str(settings.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await take_in(settings, path, nowhere, io.StringIO())
