"""The session is made once, goes into a file that nobody else can read, and is never shown."""

import io
import stat
from pathlib import Path

import pytest

from bot import cli
from bot.settings import ENVIRONMENT
from tests.process.running import write_config
from tests.sources.mtproto import Client, FloodWaitError, install

pytestmark = pytest.mark.usefixtures("logging_as_it_was")

Caught = pytest.CaptureFixture[str]

HASH = "ab" * 16


@pytest.fixture(name="client")
def telethon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Client:
    """A world whose parley.toml wants a session that is not there yet; Telethon is installed; somebody types."""
    for variable in ENVIRONMENT:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(f"{variable}_FILE", raising=False)
    write_config(tmp_path, "http://127.0.0.1:1", pace='[telegram]\nclient = "mtproto"\n')
    monkeypatch.setenv("PARLEY_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PARLEY_DATABASE", str(tmp_path / "parley.db"))
    monkeypatch.setenv("TELEGRAM_API_ID", "12345")
    monkeypatch.setenv("TELEGRAM_API_HASH", HASH)
    monkeypatch.setattr("sys.stdin", io.StringIO("+380 44 000\n12345\nsecret\n"))
    client = Client()
    client.session.save = lambda: "1SessionText"
    install(monkeypatch, client)
    return client


def test_a_session_is_written_where_the_bot_finds_it_and_never_shown(
    client: Client, tmp_path: Path, capsys: Caught, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "session"
    assert cli.main(["login", str(target)]) == 0
    assert target.read_text() == "1SessionText"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert client.answers == ["+380 44 000", "12345", "secret"]
    said = capsys.readouterr()
    assert f"export TELEGRAM_SESSION_FILE={target}" in said.out
    assert "may ban it" in said.out
    for secret in ("1SessionText", HASH, "secret\n"):
        assert secret not in said.out + said.err + caplog.text


def test_nobody_else_than_login_starts_without_the_session(client: Client, capsys: Caught) -> None:
    assert cli.main(["poll"]) == 2
    assert "TELEGRAM_SESSION: is missing" in capsys.readouterr().err


def test_a_login_that_fails_leaves_no_file(client: Client, tmp_path: Path, capsys: Caught) -> None:
    client.refuse = FloodWaitError(60)
    assert cli.main(["login", str(tmp_path / "session")]) == 1
    assert "Telegram does not log in: A wait of 60 seconds is required" in capsys.readouterr().err
    assert not (tmp_path / "session").exists()


def test_when_nothing_is_typed_nobody_is_logged_in(
    client: Client, tmp_path: Path, capsys: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("+380 44 000\n"))
    assert cli.main(["login", str(tmp_path / "session")]) == 1
    assert "nothing was typed; nobody is logged in" in capsys.readouterr().err
    assert not (tmp_path / "session").exists()


def test_the_file_must_be_a_new_one_that_can_be_written(client: Client, tmp_path: Path, capsys: Caught) -> None:
    (tmp_path / "session").write_text("dear")
    assert cli.main(["login", str(tmp_path / "session")]) == 1
    assert cli.main(["login", str(tmp_path / "none" / "session")]) == 1
    said = capsys.readouterr().err
    assert "session is there already; name a new file" in said
    assert "No such file or directory; name a file in a folder that can be written" in said
    assert (tmp_path / "session").read_text() == "dear"
    assert client.answers == []


def test_without_an_api_id_it_says_where_to_get_one(
    client: Client, tmp_path: Path, capsys: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TELEGRAM_API_HASH")
    assert cli.main(["login", str(tmp_path / "session")]) == 1
    assert "https://my.telegram.org gives both" in capsys.readouterr().err
