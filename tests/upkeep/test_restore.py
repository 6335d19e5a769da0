"""A copy is put back whole: nothing is told again, nobody comes back who was erased, and what was replaced is kept."""

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.budget import Ask, Budget, Used
from bot.errors import LockedError, ParleyError, StoreError
from bot.models import Cursor, Message
from bot.settings import Backup, Settings
from bot.store import budget, copies, inbox, outbox, posts, restoring, sources, subscribers
from bot.store.connection import Connection, connect, sqlite3
from bot.store.database import Database
from bot.upkeep.backup import backup, restore
from tests.store.worlds import put_subscriber
from tests.upkeep.test_backup import held
from tests.upkeep.worlds import Configure, nowhere
from tests.worlds import NOON, ROSTER, a_post

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN, BEN, CAT = 1, 2, 3
MONEY = Budget()


def do(settings: Settings, *steps: object) -> None:
    """Each step gets a connection, in a process of its own as far as the lock is concerned."""
    with closing(Database.open(settings.database)) as database:
        for step in steps:
            database.submit(step).result()  # type: ignore[arg-type]


def ask(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(connect(path)) as connection:
        return connection.execute(question).fetchall()


def begin(connection: Connection) -> None:
    """Three subscribers; an alert was sent to one of them, another waits for each."""
    sources.enrol(connection, ROSTER.sources.values(), NOON)
    sources.polled(connection, "wire", Cursor("at noon"), NOON, NOON + HOUR)
    one, two = (posts.insert(connection, a_post(number, "x"), NOON) for number in "12")
    who = [put_subscriber(connection, NOON, chat) for chat in (ANN, BEN, CAT)]
    outbox.queue(connection, [(who[0].id, False)], f"post:{one}", [Message("told")], "alert", NOON)
    (row,) = outbox.claim(connection, NOON, 9)
    outbox.sent(connection, [outbox.Arrival(row, 5)], NOON)
    everybody = [(one.id, False) for one in who]
    outbox.queue(connection, everybody, f"post:{two}", [Message("waits"), Message("its second part")], "alert", NOON)
    outbox.queue(connection, everybody[:1], "digest:1", [Message("the day")], "digest", NOON)
    inbox.receive(connection, 7, '{"update_id": 7}', NOON)


@pytest.fixture(name="copy")
def a_copy(settings: Settings, tmp_path: Path) -> Path:
    do(settings, begin)
    assert backup(settings, tmp_path / "copy.db", nowhere) == 0
    return tmp_path / "copy.db"


def test_what_was_sent_before_is_not_sent_again_and_what_waited_becomes_a_backlog(
    settings: Settings, copy: Path
) -> None:
    settings.database.unlink()
    restored = restoring.restore(settings.database, copy, NOON + DAY, 2 * HOUR)
    assert restored == restoring.Restored(NOON, 2, 3, None, None)
    assert ask(settings.database, "SELECT count(*) FROM outbox WHERE due_at IS NOT NULL") == [(0,)]
    keys = "SELECT key, state FROM outbox JOIN notifications ON notifications.id = notification ORDER BY outbox.id"
    states = ask(settings.database, keys)
    assert states[0] == ("post:1", "sent")
    assert {state for _, state in states[1:]} == {"unknown"}
    assert ask(settings.database, "SELECT subscriber, post FROM late ORDER BY subscriber") == [(1, 2), (2, 2), (3, 2)]
    assert ask(settings.database, "SELECT update_id FROM inbox WHERE done_at IS NULL") == [(7,)]


def test_sources_go_on_where_they_were_and_their_posts_count_as_a_backlog(settings: Settings, copy: Path) -> None:
    restoring.restore(settings.database, copy, NOON + timedelta(minutes=5), 2 * HOUR)
    with closing(connect(settings.database)) as connection:
        due = {one.id: one for one in sources.due(connection, NOON + timedelta(minutes=5))}
        (gap,) = connection.execute("SELECT since, until FROM gaps WHERE source IS NULL")
    assert due["wire"].cursor == "at noon"
    assert due["wire"].last_ok_at == NOON + timedelta(minutes=5) - 2 * HOUR
    assert due["ivanenko-x"].last_ok_at is None, "it was never read: its first poll is silent still"
    assert gap[1] - gap[0] == 5 * 60 * 1000


def test_whoever_said_stop_since_is_erased_again_and_a_group_that_moved_is_found(
    settings: Settings, copy: Path
) -> None:
    do(
        settings,
        lambda connection: subscribers.erase(connection, BEN),
        lambda connection: subscribers.move(connection, CAT, -1003),
        lambda connection: put_subscriber(connection, NOON + HOUR, 4),
    )
    said: list[str] = []
    assert restore(settings, copy, said.append) == 0
    assert ask(settings.database, "SELECT chat FROM subscribers ORDER BY id") == [(ANN,), (-1003,)]
    assert "1 chats that said /stop after 2022-03-14 12:00:00+00:00 are erased again" in said
    (kept,) = settings.database.parent.glob("parley.db.replaced-*")
    assert ask(kept, "SELECT chat FROM subscribers ORDER BY chat") == [(-1003,), (ANN,), (4,)]


def test_a_database_that_began_anew_erases_nobody(settings: Settings, copy: Path) -> None:
    settings.database.unlink()
    do(settings, lambda connection: put_subscriber(connection, NOON + HOUR, 4))
    said: list[str] = []
    assert restore(settings, copy, said.append) == 0
    assert ask(settings.database, "SELECT count(*) FROM subscribers") == [(3,)]
    assert any("is there again" in line for line in said)


def test_what_x_has_billed_since_stays_counted(settings: Settings, copy: Path) -> None:
    def spend(connection: Connection) -> None:
        question = Ask("timeline", 10, 5)
        grant = budget.hold(connection, MONEY, question, NOON + HOUR)
        budget.settle(connection, MONEY, question, grant, Used(frozenset({"1", "2"}), frozenset()), True)

    do(settings, spend)
    restoring.restore(settings.database, copy, NOON + 2 * HOUR, 2 * HOUR)
    with closing(connect(settings.database)) as connection:
        assert budget.spent(connection, NOON + 2 * HOUR).today == 2 * MONEY.post_price


def test_what_stands_in_the_log_alone_is_kept_and_is_not_mixed_into_what_is_restored(
    settings: Settings, copy: Path
) -> None:
    with held(settings.database):  # and killed: its log stays behind
        pass
    assert settings.database.with_name("parley.db-wal").stat().st_size > 0
    assert restore(settings, copy, nowhere) == 0
    assert ask(settings.database, "SELECT count(*) FROM notifications WHERE key = 'stored'") == [(0,)]
    (kept,) = settings.database.parent.glob("parley.db.replaced-*")
    assert ask(kept, "SELECT count(*) FROM notifications WHERE key = 'stored'") == [(1,)]
    assert ask(settings.database, "PRAGMA integrity_check") == [("ok",)]


def test_a_database_that_is_destroyed_is_replaced_and_kept_with_its_log(settings: Settings, copy: Path) -> None:
    with held(settings.database):
        pass
    settings.database.write_bytes(b"this is no database" * 1000)
    log = settings.database.with_name("parley.db-wal").read_bytes()
    said: list[str] = []
    assert restore(settings, copy, said.append) == 0
    assert ask(settings.database, "SELECT count(*) FROM posts") == [(2,)]
    (kept,) = (path for path in settings.database.parent.glob("parley.db.replaced-*") if path.suffix[-1] == "Z")
    assert kept.read_bytes().startswith(b"this is no database")
    assert kept.with_name(kept.name + "-wal").read_bytes() == log
    assert not settings.database.with_name("parley.db-wal").exists()
    assert any("is there again" in line for line in said)


def test_a_restore_is_refused_while_a_parley_runs(settings: Settings, copy: Path) -> None:
    before = settings.database.read_bytes()
    with held(settings.database) as other:
        with pytest.raises(LockedError, match=rf"\(process {other.pid}\); stop that one first"):
            restore(settings, copy, nowhere)
    assert settings.database.read_bytes() == before


@pytest.mark.parametrize("damage", ["half", "other", "newer", "missing", "text"])
def test_a_file_that_will_not_do_replaces_nothing(settings: Settings, copy: Path, damage: str) -> None:
    reasons = {
        "half": "is damaged .*take an older backup",
        "other": "is no database of Parley",
        "newer": "made by a newer Parley",
        "missing": "does not exist",
        "text": "is damaged .*not a database",
    }
    match damage:
        case "half":
            copy.write_bytes(copy.read_bytes()[:40_000])
        case "other":
            copy.unlink()
            with closing(sqlite3.connect(str(copy))) as made:
                made.execute("CREATE TABLE posts (id)")
        case "newer":
            with sqlite3.connect(str(copy)) as made:
                made.execute("UPDATE _sqlite_migrations SET name = 'of_tomorrow' WHERE name = 'search'")
            made.close()
        case "missing":
            copy.unlink()
        case "text":
            copy.write_text("notes" * 2000)
    before = settings.database.read_bytes()
    with pytest.raises(StoreError, match=reasons[damage]):
        restore(settings, copy, nowhere)
    assert settings.database.read_bytes() == before
    assert {path.name for path in settings.database.parent.iterdir()} <= {
        "parley.db", "parley.db.lock", "copy.db", "copy.db-shm", "copy.db-wal",
    }  # fmt: skip


def test_a_copy_of_an_older_parley_is_brought_up_to_date(settings: Settings, copy: Path) -> None:
    with sqlite3.connect(str(copy)) as made:
        made.execute("DROP TABLE lineage")
        made.execute("DELETE FROM _sqlite_migrations WHERE name = 'lineage'")
    made.close()
    do(settings, lambda connection: connection.execute("DROP TABLE lineage"))
    assert restore(settings, copy, nowhere) == 0
    assert ask(settings.database, "SELECT count(*) FROM lineage") == [(1,)]
    assert ask(settings.database, "SELECT count(*) FROM subscribers") == [(3,)]


def test_a_file_that_cannot_be_kept_is_not_replaced(settings: Settings, copy: Path) -> None:
    name = f"parley.db.replaced-{NOON.strftime(copies.STAMP)}"
    settings.database.with_name(name).touch()
    do(settings, lambda connection: put_subscriber(connection, NOON + HOUR, 4))
    with pytest.raises(StoreError, match=r"cannot be kept as parley\.db\.replaced-\S+ \(File exists\); move it away"):
        restoring.restore(settings.database, copy, NOON, HOUR)
    assert ask(settings.database, "SELECT count(*) FROM subscribers") == [(4,)]


# --- copies in a folder


def test_the_newest_copies_stay_and_each_says_when_it_was_made(configure: Configure, tmp_path: Path) -> None:
    settings = configure(backup=Backup(folder=tmp_path / "safe", keep=2))
    do(settings, begin)
    folder = tmp_path / "safe" / "deep"
    stranger = tmp_path / "safe" / "deep" / "mine.db"
    for days in range(4):
        copies.copy_into(settings.database, folder, 2, NOON + days * DAY)
        stranger.touch()
    assert sorted(path.name for path in folder.iterdir()) == [
        "mine.db",
        "parley-20220316T120000Z.db",
        "parley-20220317T120000Z.db",
    ]
    assert [at for at, _ in copies.made_in(folder, settings.database)] == [NOON + 2 * DAY, NOON + 3 * DAY]
    assert folder.stat().st_mode & 0o077 == 0


def test_without_a_name_the_copy_goes_into_the_folder_of_the_settings(configure: Configure, tmp_path: Path) -> None:
    settings = configure(backup=Backup(folder=tmp_path / "safe", keep=1))
    do(settings, begin)
    copies.copy_into(settings.database, tmp_path / "safe", 1, NOON)
    said: list[str] = []
    assert backup(settings, None, said.append) == 0
    (made,) = (tmp_path / "safe").iterdir()
    assert said[0].startswith(f"{made}: ")
    assert said[1] == "dropped: parley-20220314T120000Z.db; the 1 newest stay"
    assert ask(made, "SELECT count(*) FROM posts") == [(2,)]


def test_without_a_folder_and_a_name_it_says_what_is_missing(settings: Settings) -> None:
    with pytest.raises(ParleyError, match=r"set folder in \[backup\] of .*parley\.toml"):
        backup(settings, None, nowhere)


def test_a_damaged_database_drops_no_older_copy(settings: Settings, tmp_path: Path) -> None:
    do(settings, begin)
    folder = tmp_path / "safe"
    copies.copy_into(settings.database, folder, 1, NOON)
    with settings.database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_000)
    with pytest.raises(StoreError):
        copies.copy_into(settings.database, folder, 1, NOON + DAY)
    assert [path.name for path in folder.iterdir()] == ["parley-20220314T120000Z.db"]


def test_what_a_killed_copy_left_is_cleared_away_after_a_day(settings: Settings, tmp_path: Path) -> None:
    do(settings, begin)
    folder = tmp_path / "safe"
    folder.mkdir()
    (folder / ".parley-20220314T120000Z-abc.part").touch()
    copies.copy_into(settings.database, folder, 9, datetime.now(UTC))
    assert len(list(folder.glob(".*.part"))) == 1
    copies.copy_into(settings.database, folder, 9, datetime.now(UTC) + 2 * DAY)
    assert list(folder.glob(".*.part")) == []


def test_a_folder_that_cannot_be_made_says_so(settings: Settings, tmp_path: Path) -> None:
    do(settings, begin)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="name a folder that can be written"):
        copies.copy_into(settings.database, tmp_path / "file" / "safe", 1, NOON)


def test_a_copy_of_an_empty_database_can_take_the_place_of_none(settings: Settings, tmp_path: Path) -> None:
    do(settings)
    assert backup(settings, tmp_path / "copy.db", nowhere) == 0
    settings.database.unlink()
    said: list[str] = []
    assert restore(settings, tmp_path / "copy.db", said.append) == 0
    assert said[0] == f"{settings.database}: as of the beginning, 0 posts, 0 subscribers, checked"
    assert not any("replaces" in line for line in said)


def test_the_command_restores(settings: Settings, copy: Path, tmp_path: Path) -> None:
    """As an operator does it, with the shipped config."""
    house = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin", "PARLEY_DATABASE": str(settings.database)}
    command = [sys.executable, "-m", "bot"]
    done = subprocess.run(
        [*command, "restore", str(copy)], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "as of 2022-03-14 12:00:00+00:00, 2 posts, 3 subscribers, checked" in done.stdout
    done = subprocess.run(
        [*command, "backup", str(tmp_path)], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "parley-2" in done.stdout
