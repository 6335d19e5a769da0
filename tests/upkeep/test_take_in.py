"""Posts of files are stored once, go on where they ended, and mistakes are named."""

import io
import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import FetchError, LockedError, ParleyError, StoreError
from bot.models import Source
from bot.settings import Settings
from bot.sources import archive
from bot.store import connection as connecting
from bot.store import statements
from bot.store.connection import sqlite3
from bot.store.database import Database
from bot.upkeep.poll import poll
from bot.upkeep.take_in import take_in
from bot.upkeep.terminal import RENEW
from tests.far_ends.serving import Far
from tests.upkeep.worlds import Configure, Terminal, nowhere, stored
from tests.worlds import NOON, Clock, a_post

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


async def test_bad_lines_are_named_and_the_others_stored(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "days.jsonl"
    good = [archive.line(a_post(str(number), f"day {number}")) for number in range(5)]
    path.write_text("\n".join([*good[:3], "", '{"external_id": "x"', *good[3:], *["{}"] * 30]))
    said: list[str] = []
    assert await take_in(settings, path, said.append, io.StringIO()) == 1
    assert said[0].startswith(f"✗ {path}, line 5: Expecting")
    assert said[1] == f"✗ {path}, line 8: external_id is missing"
    assert said[20:] == ["✗ and 11 more that cannot be read", "5 posts read, 5 new"]
    path.write_text("\n".join(good))
    assert await take_in(settings, path, said.append, io.StringIO()) == 0
    assert said[-1] == "5 posts read, 0 new"
    assert [post.external_id for post in stored(settings)] == ["0", "1", "2", "3", "4"]


async def test_a_file_that_is_cut_off_gives_what_stands_before(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.history.BATCH", 2)
    path = tmp_path / "result.json"
    path.write_bytes(channel_export(5).encode()[:-60])
    said: list[str] = []
    with pytest.raises(FetchError, match=rf"{path}, message 4: "):
        await take_in(settings, path, said.append, io.StringIO(), source="petrov-telegram")
    assert said == ["4 posts read, 4 new"]
    path.write_text(channel_export(5))
    assert await take_in(settings, path, said.append, io.StringIO(), source="petrov-telegram") == 0
    assert said[1:] == ["5 posts read, 1 new"]


async def test_a_post_of_an_unknown_source_names_its_line_and_what_to_do(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "days.jsonl"
    whose = [("1", "wire"), ("2", "elsewhere"), ("3", "elsewhere")]
    path.write_text("\n" + "\n".join(archive.line(a_post(id, "x", source)) for id, source in whose))
    said: list[str] = []
    assert await take_in(settings, path, said.append, io.StringIO()) == 1
    assert said == [
        f"✗ {path}, line 3: {settings.config}/sources.toml has no source 'elsewhere', to which 2 posts belong; "
        "add it there (enabled = false if it is not to be read), then import again",
        "1 posts read, 1 new",
    ]
    assert len(stored(settings)) == 1


async def test_a_file_of_another_kind_is_no_thousand_mistakes(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<p>words</p>\n" * 100)
    said: list[str] = []
    with pytest.raises(FetchError, match=r"no posts\. What can be read: lines that `parley export` wrote, "):
        await take_in(settings, path, said.append, io.StringIO())
    assert len(said) == 22


# --- what others wrote


def channel_export(count: int, **more: object) -> str:
    """As Telegram Desktop writes it."""
    unix = int(NOON.timestamp())
    messages = [
        {"id": id, "type": "message", "date_unixtime": str(unix + id), "text": f"Words {id}. [sample]", **more}
        for id in range(1, count + 1)
    ]
    whole = {"name": "Петров", "type": "public_channel", "id": 1413275904, "messages": messages}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def answer(*found: tuple[int, str]) -> str:
    """As twarc2 writes it: of each post its number and its author's."""
    data = [
        {"id": str(id), "author_id": author, "created_at": "2022-03-14T12:00:00.000Z", "text": f"Words {id}. [sample]"}
        for id, author in found
    ]
    users = [{"id": "42", "username": "O_Ivanenko"}, {"id": "43", "username": "other"}]
    return json.dumps({"data": data, "includes": {"users": users}, "meta": {"result_count": len(data)}}) + "\n"


async def test_an_export_of_telegram_desktop_belongs_to_the_channel_of_its_number(
    configure: Configure, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    path.write_text(channel_export(2))
    pinned = Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov", account_id="1413275904")
    said: list[str] = []
    assert await take_in(configure(pinned), path, said.append, io.StringIO()) == 0
    assert said == ["2 posts read, 2 new"]
    assert [post.url for post in stored(configure(pinned))] == ["https://t.me/p_petrov/1", "https://t.me/p_petrov/2"]


async def test_a_number_that_a_poll_has_seen_is_known(configure: Configure, far: Far, tmp_path: Path) -> None:
    settings = configure(Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov"), telegram_web_url=far.url)
    path = tmp_path / "result.json"
    path.write_text(channel_export(2))
    with pytest.raises(FetchError, match=r"“Петров”, number 1413275904, and no source has that account_id"):
        await take_in(settings, path, nowhere, io.StringIO())
    far.account("telegram", "p_petrov", number=1413275904)
    far.post("telegram", "p_petrov", id=9, text="Words")
    assert await poll(settings, [], nowhere) == 0
    assert await take_in(settings, path, nowhere, io.StringIO()) == 0
    assert [post.external_id for post in stored(settings)] == ["1", "2", "9"]


async def test_a_source_that_is_named_must_exist(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ParleyError, match=r"sources\.toml has no source 'petrov'"):
        await take_in(settings, tmp_path, nowhere, io.StringIO(), source="petrov")


async def test_an_old_export_needs_the_zone_of_its_computer(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(channel_export(1, date_unixtime="", date="2022-03-14T14:00:00"))
    with pytest.raises(FetchError, match="--zone"):
        await take_in(settings, path, nowhere, io.StringIO(), source="petrov-telegram")
    zone = ZoneInfo("Europe/Kyiv")
    assert await take_in(settings, path, nowhere, io.StringIO(), source="petrov-telegram", zone=zone) == 0
    assert stored(settings)[0].published_at == NOON


async def test_answers_of_the_x_api_belong_to_the_accounts_of_their_authors(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    strangers = [(7 << 50, str(number)) for number in range(50, 56)]
    path.write_text(answer((5 << 50, "42"), (6 << 50, "43")) + answer(*strangers))
    said: list[str] = []
    assert await take_in(settings, path, said.append, io.StringIO()) == 0
    assert said == ["7 posts of others passed over: @other 1, 50 1, 51 1, 52 1, 53 1, …", "1 posts read, 1 new"]
    assert [post.source for post in stored(settings)] == ["ivanenko-x"]


async def test_a_file_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.jsonl", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(FetchError, match=f"{path}: {reason}"):
            await take_in(settings, path, nowhere, io.StringIO())


async def test_in_a_terminal_one_line_tells_how_far_it_is_how_fast_and_how_long_it_takes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.history.BATCH", 2)
    path = tmp_path / "days.jsonl"
    lines = [archive.line(a_post(str(number), "x")) + "\n" for number in range(7)]
    path.write_text("".join([*lines[:3], "{}\n", *lines[3:]]))
    terminal, said, clock = Terminal(), list[str](), Clock()

    def later() -> datetime:
        return clock.goes(seconds=5)

    assert await take_in(settings, path, said.append, terminal, clock=later) == 1
    shown = [line for line in terminal.getvalue().split(RENEW) if line]
    assert shown[0] == "██████░░░░░░░░░░░░░░  28% · 2 posts read, 2 new · 0 a second · 0:00:25 left"
    assert [line.split(" · ")[1] for line in shown] == [
        "2 posts read, 2 new",
        "3 posts read, 3 new",
        "5 posts read, 5 new",
        "7 posts read, 7 new",
    ]
    assert terminal.getvalue().endswith(RENEW)
    assert said[-1] == "7 posts read, 7 new"
    pipe = io.StringIO()
    await take_in(settings, path, nowhere, pipe)
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
