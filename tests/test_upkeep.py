"""What an operator does by hand, over real files, real SQLite and real HTTP on this computer."""

import asyncio
import io
import json
import re
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import upkeep
from bot.errors import FetchError, LockedError, ParleyError, StoreError
from bot.models import Post, Source
from bot.settings import Settings
from bot.sources import archive
from bot.store import connection as connecting
from bot.store import posts, statements
from bot.store.connection import Connection, connect, sqlite3
from bot.store.database import Database
from tests.far_ends.serving import Far, serve
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.anyio

Configure = Callable[..., Settings]


@pytest.fixture(name="far")
async def far_ends() -> AsyncIterator[Far]:
    async with serve() as ends:
        yield ends


@pytest.fixture(name="configure")
def settings_of_a_world(tmp_path: Path) -> Configure:
    """Settings whose sources are these, or those of tests.worlds."""

    def make(*sources: Source, **more: object) -> Settings:
        known = {source.id: source for source in sources} or ROSTER.sources
        settings = Settings(
            database=tmp_path / "parley.db", config=tmp_path / "config", roster=replace(ROSTER, sources=known)
        )
        return replace(settings, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture(name="settings")
def settings_of_the_world(configure: Configure) -> Settings:
    return configure()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def nowhere(line: str) -> None:
    """What is said is not of interest."""


async def kept(settings: Settings, *found: Post) -> None:
    """A database that holds these posts, left by a process that ended."""
    lines = settings.database.parent / "kept.jsonl"
    lines.write_text("".join(archive.line(post) + "\n" for post in found))
    await upkeep.take_in(settings, lines, nowhere, io.StringIO())


def stored(settings: Settings) -> list[Post]:
    with closing(connect(settings.database)) as connection:
        return list(posts.everything(connection))


def exported(settings: Settings) -> str:
    lines: list[str] = []
    assert upkeep.export(settings, lines.append) == 0
    return "".join(f"{line}\n" for line in lines)


# --- check

OFF = Source("petrov-x", "x", "p_petrov", speaker="petrov", enabled=False)


async def test_every_account_is_shown_with_its_title_and_number(configure: Configure, far: Far, tmp_path: Path) -> None:
    far.account("x", "o_ivanenko", title="Olha\x1b[2J Ivanenko", number=42)
    far.account("telegram", "p_petrov", title="Петров", number=1500)
    far.post("telegram", "p_petrov", text="one")
    far.account("feed", "wire", title="The Wire\nnews")
    far.post("feed", "wire", title="one", date="2022-03-14T12:00:00+00:00")
    (tmp_path / "days.jsonl").write_text(archive.line(a_post("1", "one", "old")) + "\n")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko", account_id="42"),
        Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov"),
        Source("wire", "feed", f"{far.url}/feed/wire", outlet={"en": "The Wire"}, account_id="7"),
        Source("old", "archive", "days.jsonl", outlet={"en": "Old days"}),
        OFF,
        telegram_web_url=far.url,
        x_api_url=far.url,
        x_bearer_token="a-token",
        config=tmp_path,
    )
    said: list[str] = []
    assert await upkeep.check(settings, said.append) == 0
    assert said == [
        "✓ ivanenko-x      x o_ivanenko: “Olha [2J Ivanenko”, number 42",
        "✓ petrov-telegram telegram p_petrov: “Петров”, number 1500",
        f"✓ wire            feed {far.url}/feed/wire: “The Wire news”, no number; "
        "1 items, the newest of 2022-03-14 12:00 UTC; account_id 7 cannot be compared",
        "✓ old             archive days.jsonl: “days.jsonl”, no number; 1 posts, 2022-03-14 to 2022-03-14",
        "4 of 4 accounts confirmed",
        "1 sources are off; --all looks them up too",
    ]


async def test_an_account_that_is_another_or_gone_is_not_confirmed(configure: Configure, far: Far) -> None:
    far.account("x", "o_ivanenko", number=42)
    far.account("x", "p_petrov", state="suspended")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko", account_id="41"),
        replace(OFF, enabled=True),
        x_api_url=far.url,
        x_bearer_token="a-token",
    )
    said: list[str] = []
    assert await upkeep.check(settings, said.append) == 1
    assert said[0] == "✗ ivanenko-x x o_ivanenko: “o_ivanenko”, number 42; another account: config/ says 41"
    assert said[1].startswith("✗ petrov-x   x p_petrov: ")
    assert "suspended" in said[1]
    assert said[2:] == ["0 of 2 accounts confirmed"]


async def test_sources_that_are_off_are_looked_up_when_asked_for_and_never_count(
    configure: Configure, far: Far
) -> None:
    far.account("x", "p_petrov", state="absent")
    settings = configure(OFF, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await upkeep.check(settings, said.append, everything=True) == 0
    assert said[0].startswith("✗ petrov-x x p_petrov (off): ")
    assert said[1:] == ["0 of 1 accounts confirmed"]


async def test_without_a_token_accounts_on_x_are_not_looked_up_and_do_not_count(configure: Configure, far: Far) -> None:
    settings = configure(replace(OFF, enabled=True), x_api_url=far.url)
    said: list[str] = []
    assert await upkeep.check(settings, said.append) == 0
    assert said == [
        "– petrov-x x p_petrov: not looked up: no X token (X_BEARER_TOKEN)",
        "0 of 0 accounts confirmed",
        "1 accounts on X not looked up: no X token (X_BEARER_TOKEN)",
    ]
    assert not far.requests()


async def test_a_far_end_that_cannot_be_reached_is_asked_twice_and_no_more(
    configure: Configure, unused_port: int
) -> None:
    host = f"127.0.0.1:{unused_port}"
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=f"http://{host}", x_bearer_token="a-token")
    said: list[str] = []
    assert await upkeep.check(settings, said.append) == 1
    assert [
        line.startswith(f"✗ x-{number} x name{number}: {host} cannot be read: ") for number, line in enumerate(said[:2])
    ]
    assert said[2:] == [
        f"✗ x-2 x name2: not looked up: {host} cannot be reached",
        f"✗ x-3 x name3: not looked up: {host} cannot be reached",
        "0 of 4 accounts confirmed",
    ]


async def test_a_refusal_is_an_answer_and_does_not_end_the_look_ups(configure: Configure, far: Far) -> None:
    for number in range(3):
        far.account("x", f"name{number}", state="absent")
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await upkeep.check(settings, said.append) == 1
    assert said[3].startswith("✓ x-3 ")


async def test_a_check_that_is_ended_early_leaves_nothing_under_way(configure: Configure, far: Far) -> None:
    accounts = [Source(f"x-{number}", "x", f"name{number}", speaker="petrov") for number in range(4)]
    settings = configure(*accounts, x_api_url=far.url, x_bearer_token="a-token")

    def closed(line: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await upkeep.check(settings, closed)
    assert not [task for task in asyncio.all_tasks() if "LookUps" in repr(task)]


# --- poll


async def test_a_poll_stores_what_is_new_and_says_what_could_not_be_read(configure: Configure, far: Far) -> None:
    far.account("feed", "wire", state="absent")
    far.post("telegram", "p_petrov", text="one")
    far.post("telegram", "p_petrov", text="two")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko"),
        Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov"),
        Source("wire", "feed", f"{far.url}/feed/wire", outlet={"en": "The Wire"}),
        OFF,
        telegram_web_url=far.url,
    )
    said: list[str] = []
    assert await upkeep.poll(settings, [], said.append) == 1
    assert said == [
        "1 accounts on X not read: no X token (X_BEARER_TOKEN)",
        "✗ wire: 127.0.0.1 has nothing at this address (404): check it",
        "1 of 2 sources read, 2 new posts",
    ]
    said.clear()
    assert await upkeep.poll(settings, ["petrov-telegram"], said.append) == 0, "what others suffer is not asked for"
    assert said == ["1 of 1 sources read, 0 new posts"]
    assert [post.text for post in stored(settings)] == ["one", "two"]


async def test_with_a_token_a_poll_reads_x(configure: Configure, far: Far) -> None:
    far.post("x", "o_ivanenko", text="one")
    ivanenko = Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko")
    settings = configure(ivanenko, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await upkeep.poll(settings, [], said.append) == 0
    assert said == ["1 of 1 sources read, 1 new posts"]


async def test_a_poll_of_what_is_unknown_or_off_says_so(configure: Configure) -> None:
    settings = configure(OFF)
    with pytest.raises(ParleyError, match=r"sources.toml has no source 'nobody'"):
        await upkeep.poll(settings, ["nobody"], nowhere)
    with pytest.raises(ParleyError, match=r"petrov-x is off .*enabled = false"):
        await upkeep.poll(settings, ["petrov-x"], nowhere)


# --- import


async def test_posts_of_an_archive_are_stored_once_and_read_for_speakers(settings: Settings, tmp_path: Path) -> None:
    lines = [archive.line(a_post(str(number), f"“It is agreed on day {number},” Petrov said.")) for number in range(3)]
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(lines) + "\n\n")
    said: list[str] = []
    assert await upkeep.take_in(settings, path, said.append, io.StringIO()) == 0
    assert await upkeep.take_in(settings, path, said.append, io.StringIO()) == 0
    assert said == ["3 posts read, 3 new", "3 posts read, 0 new"]
    with closing(Database.open(settings.database)) as database:
        told = database.read(statements.latest, speakers=["petrov"])
        assert [telling.post.external_id for telling in told] == ["2", "1", "0"]
        assert database.read(lambda connection: connection.execute("SELECT count(*) FROM outbox").fetchone()) == (0,)


async def test_an_import_that_was_ended_goes_on_where_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    path = tmp_path / "days.jsonl"
    good = [archive.line(a_post(str(number), f"day {number}")) for number in range(5)]
    path.write_text("\n".join([*good[:3], "", '{"external_id": "x"', *good[3:]]))
    said: list[str] = []
    with pytest.raises(FetchError, match=rf"{path}, line 5: "):
        await upkeep.take_in(settings, path, said.append, io.StringIO())
    assert said == ["3 posts read, 3 new"]
    path.write_text("\n".join(good))
    await upkeep.take_in(settings, path, said.append, io.StringIO())
    assert said[1:] == ["5 posts read, 2 new"]
    assert [post.external_id for post in stored(settings)] == ["0", "1", "2", "3", "4"]


async def test_a_post_of_an_unknown_source_names_its_line_and_what_to_do(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "days.jsonl"
    path.write_text("\n" + archive.line(a_post("1", "x")) + "\n" + archive.line(a_post("2", "x", "elsewhere")))
    with pytest.raises(ParleyError) as caught:
        await upkeep.take_in(settings, path, nowhere, io.StringIO())
    assert str(caught.value) == (
        f"{path}, line 3: {settings.config}/sources.toml has no source 'elsewhere'; "
        "add it there (enabled = false if it is not to be read), then import again"
    )
    assert len(stored(settings)) == 1


async def test_a_file_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.jsonl", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(FetchError, match=f"{path}: {reason}"):
            await upkeep.take_in(settings, path, nowhere, io.StringIO())


async def test_in_a_terminal_one_line_tells_how_far_it_is_and_goes_at_the_end(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(archive.line(a_post(str(number), "x")) for number in range(3)))
    terminal, said = Terminal(), list[str]()
    await upkeep.take_in(settings, path, said.append, terminal)
    renew = "\r\033[K"
    assert terminal.getvalue() == f"{renew}2 posts read, 2 new{renew}3 posts read, 3 new{renew}"
    assert said == ["3 posts read, 3 new"]
    pipe = io.StringIO()
    await upkeep.take_in(settings, path, said.append, pipe)
    assert pipe.getvalue() == ""


async def test_while_the_bot_runs_nothing_is_imported_or_polled_and_it_says_why(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(Database.open(settings.database)):
        for door in (upkeep.take_in(settings, tmp_path, nowhere, io.StringIO()), upkeep.poll(settings, [], nowhere)):
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
            await upkeep.take_in(settings, path, nowhere, io.StringIO())


# --- export

VARIED = (
    a_post("2", "Same moment, another source 👩‍👩‍👧 \u202eright to left\u202c", "ivanenko-x"),
    a_post("10", "Same moment, before it", media=("photo", "video"), language="en"),
    a_post(
        "9", "Same moment,\n\nafter it: <b>&amp;]]> \x01\t\u2028", kind="forward", author="Somebody", quoted="«Так»"
    ),
    a_post("1", "", "petrov-telegram", NOON - timedelta(days=300, microseconds=1), media=("photo",), kind="reply"),
    a_post(
        "3",
        "Переговоры идут.",
        "petrov-telegram",
        NOON + timedelta(milliseconds=5),
        seen_at=NOON + timedelta(minutes=3),
        edited_at=NOON + timedelta(hours=1, milliseconds=7),
        deleted_at=NOON + timedelta(hours=2),
    ),
)


async def test_what_is_exported_and_taken_in_elsewhere_is_exported_again_byte_for_byte(
    configure: Configure, tmp_path: Path
) -> None:
    here, there = configure(), configure(database=tmp_path / "there" / "parley.db")
    await kept(here, *VARIED)
    first = exported(here)
    path = tmp_path / "export.jsonl"
    path.write_bytes(first.encode())
    await upkeep.take_in(there, path, nowhere, io.StringIO())
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


async def test_status_tells_of_sources_work_and_money_while_the_bot_runs(
    settings: Settings, far: Far, unused_port: int
) -> None:
    settings = replace(
        settings, x_bearer_token="token", x_api_url=far.url, telegram_web_url=f"http://127.0.0.1:{unused_port}"
    )
    x = next(source for source in settings.roster.sources.values() if source.kind == "x" and source.enabled)
    far.post("x", x.address, text="Words")
    await upkeep.poll(settings, [x.id], nowhere)
    said: list[str] = []
    with closing(Database.open(settings.database)):
        assert upkeep.status(settings, said.append) == 0
    (report,) = said
    assert re.search(r"^✅ .*, X @\w+ – just now$", report, re.MULTILINE)
    assert "Posts: 1." in report
    assert (
        "X: $0.01 of $5.00 today (UTC), $0.01 of $50.00 this month; " in report
    )  # a user, and a post: a cent and a half
    said.clear()
    assert upkeep.status(replace(settings, x_bearer_token=""), said.append) == 0
    assert "no X token" in said[0]
    assert "$" not in said[0]


def test_without_a_database_nothing_is_exported_or_copied_and_none_is_made(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"parley\.db does not exist; PARLEY_DATABASE names the database"):
        upkeep.export(settings, nowhere)
    with pytest.raises(StoreError, match=r"parley\.db does not exist"):
        upkeep.status(settings, nowhere)
    with pytest.raises(StoreError, match=r"parley\.db does not exist"):
        upkeep.backup(settings, tmp_path / "copy.db", nowhere)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.database.write_text("notes " * 1000)
    with pytest.raises(StoreError, match="file is not a database; restore a backup or move the file away"):
        upkeep.export(settings, nowhere)


# --- backup

HOLD = """
import sys, pathlib
from bot.store.database import Database
database = Database.open(pathlib.Path(sys.argv[1]))
def add(connection, text):
    connection.execute("INSERT INTO bodies (sha256, message) VALUES (?, '')", (text,))
database.submit(add, "stored").result()
print("ready", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the database, with something that stands in its log alone."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
        try:
            yield other
        finally:
            other.send_signal(signal.SIGKILL)


def bodies(connection: Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT sha256 FROM bodies")]


async def test_a_backup_is_complete_and_one_file_also_while_another_process_has_the_database(
    settings: Settings, tmp_path: Path
) -> None:
    await kept(settings, *VARIED)
    target = tmp_path / "safe" / "copy.db"
    target.parent.mkdir()
    said: list[str] = []
    with held(settings.database) as other:
        assert upkeep.backup(settings, target, said.append) == 0
        with pytest.raises(LockedError, match=rf"\(process {other.pid}\)"):
            await upkeep.poll(settings, [], nowhere)
    assert said == [f"{target}: {target.stat().st_size:,} bytes, checked"]
    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_mode & 0o077 == 0, "subscribers are nobody else's business"
    with closing(connect(target)) as copy:
        assert bodies(copy) == ["stored"]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert exported(replace(settings, database=target)) == exported(settings)
    Database.open(target).close()


def test_a_backup_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    target = tmp_path / "copy.db"
    target.write_text("dear")
    for there in (target, tmp_path):
        with pytest.raises(StoreError, match="is there already; name a new file"):
            upkeep.backup(settings, there, nowhere)
    assert target.read_text() == "dear"


def test_a_backup_to_where_nothing_can_be_written_says_so(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    with pytest.raises(StoreError, match="No such file or directory; name a file in a folder that can be written"):
        upkeep.backup(settings, tmp_path / "none" / "copy.db", nowhere)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As if the disk were full: the kernel refuses to write beyond."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_backup_that_fails_leaves_no_half_file(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    target = tmp_path / "safe" / "copy.db"
    target.parent.mkdir()
    with files_no_longer_than(20_000), pytest.raises(StoreError, match=r"copy\.db: .*; is there room for [\d,]+ bytes"):
        upkeep.backup(settings, target, nowhere)
    assert list(target.parent.iterdir()) == []


def test_a_damaged_database_is_not_passed_off_as_a_backup(settings: Settings, tmp_path: Path) -> None:
    def fill(connection: Connection) -> None:
        rows = [(str(number), "x" * 1000) for number in range(300)]
        connection.executemany("INSERT INTO bodies (sha256, message) VALUES (?, ?)", rows)

    with closing(Database.open(settings.database)) as database:
        database.submit(fill).result()
    with settings.database.open("r+b") as file:
        file.seek(-50 * 4096, 2)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(StoreError, match="keep every older backup"):
        upkeep.backup(settings, tmp_path / "copy.db", nowhere)
    assert not (tmp_path / "copy.db").exists()


async def test_an_import_onto_a_full_disk_says_so(settings: Settings, tmp_path: Path) -> None:
    Database.open(settings.database).close()
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(archive.line(a_post(str(number), "x", quoted="q" * 5000)) for number in range(100)))
    with files_no_longer_than(400_000), pytest.raises(StoreError, match="disk"):
        await upkeep.take_in(settings, path, nowhere, io.StringIO())
    await upkeep.take_in(settings, path, nowhere, io.StringIO())
    assert len(stored(settings)) == 100
