"""The doors as an operator opens them: in this process, and from a shell where the shell matters."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path

import pytest

from bot import cli
from bot.models import Post
from bot.settings import ENVIRONMENT
from bot.sources import archive
from bot.store import posts, sources
from bot.store.connection import Connection
from bot.store.database import Database
from tests.process.running import SOURCES, TALKS, ask, listening, until, write_config
from tests.worlds import NOON, ROSTER, a_post

pytestmark = pytest.mark.usefixtures("logging_as_it_was")

HOUSE = Path(__file__).parents[1]

Caught = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def streams_as_they_were() -> Iterator[None]:
    """`main` makes standard output forgive what a terminal cannot show."""
    before = sys.stdout.errors
    yield
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(errors=before)


@pytest.fixture(name="world")
def world_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with config/; the environment names it, and far ends where nobody answers."""
    for variable in ENVIRONMENT:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(f"{variable}_FILE", raising=False)
    write_config(tmp_path, "http://127.0.0.1:1")
    monkeypatch.setenv("PARLEY_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PARLEY_DATABASE", str(tmp_path / "parley.db"))
    for variable in ("TELEGRAM_API_URL", "TELEGRAM_WEB_URL", "X_API_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    return tmp_path


def parley(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    """`python -m bot` in the test's environment."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "bot", *arguments], cwd=HOUSE, check=False, text=True, timeout=60, **more
    )


def history(world: Path, *found: Post) -> Path:
    path = world / "history.jsonl"
    path.write_text("".join(archive.line(post) + "\n" for post in found))
    return path


def stored(world: Path, found: list[Post]) -> None:
    """A database with these posts, as they are."""

    def put(connection: Connection) -> None:
        sources.enrol(connection, ROSTER.sources.values(), NOON)
        for post in found:
            posts.insert(connection, post, NOON)

    with closing(Database.open(world / "parley.db")) as database:
        database.submit(put).result()


# --- without settings


def test_without_a_command_the_help_is_shown(capsys: Caught) -> None:
    assert cli.main([]) == 2
    shown = capsys.readouterr().out
    for command in ("run", "try", "check", "poll", "status", "import", "export", "backup"):
        assert re.search(rf"^    {command} ", shown, re.MULTILINE)
    assert "Exit status: 0 done, 1 it failed, 2 the settings or the arguments are wrong." in shown


def test_help_says_what_the_statuses_of_a_check_mean(capsys: Caught) -> None:
    assert cli.main(["check", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "1 an account could not be confirmed; 2 there are mistakes in the settings" in shown


def test_a_command_that_is_none_ends_with_status_2(capsys: Caught) -> None:
    assert cli.main(["chekc"]) == 2
    assert "invalid choice: 'chekc'" in capsys.readouterr().err


# --- the settings


def spoil(file: Path, what: str, by: str) -> None:
    text = file.read_text()
    assert what in text
    file.write_text(text.replace(what, by, 1))


def make_ten_mistakes(world: Path) -> None:
    config = world / "config"
    (config / "talks.toml").write_text(TALKS)
    (config / "sources.toml").write_text(SOURCES.format(feeds="https://wire.example"))
    spoil(config / "talks.toml", 'talks = "sample"', 'talks = "smaple"')
    spoil(config / "talks.toml", "[[speakers]]\n", '[[speakers]]\nnick = "Olya"\n')
    spoil(config / "talks.toml", 'id = "petrov"', 'id = "ivanenko"')
    spoil(config / "sources.toml", 'kind = "x"', 'kind = "twiter"')
    spoil(config / "sources.toml", 'speaker = "petrov"', 'speaker = "petrow"')
    spoil(config / "sources.toml", 'every = "1s"', 'every = "5 minutes"')
    spoil(
        config / "sources.toml",
        'kind = "feed"\naddress = "https://wire.example/feed/wire"',
        'kind = "archive"\naddress = "gone.jsonl"',
    )
    (config / "topics.toml").write_text(
        '[[topics]]\nid = "truce"\nname = { en = "Truce" }\nwatch = { en = "truce OR", uk = "мир", ru = "\\"мир" }\n'
    )
    (config / "parley.toml").write_text('[defaults]\nzone = "Europe/Kiyv"\n')


MISTAKES = [
    'talks.toml, sides.north.talks: no [[talks]] has the id "smaple"; did you mean "sample"?',
    "talks.toml, speakers.ivanenko.nick: unknown key; expected id, side, name, aliases, roles, needs, never",
    "talks.toml, speakers.ivanenko.id: entry 2 has the id of entry 1; an id stands once",
    'sources.toml, sources.ivanenko-x.kind: "twiter" is none of x, telegram, feed, archive',
    'sources.toml, sources.ivanenko-x.every: "5 minutes" is not a pause such as "30s", "5m" or "1h30m", above nothing '
    "and at most a day",
    'sources.toml, sources.petrov-telegram.speaker: no [[speakers]] has the id "petrow"',
    "sources.toml, sources.wire.address: no such file: {config}/gone.jsonl",
    "topics.toml, topics.truce.watch.en: cannot be read at character 7 of “truce OR”. AND, OR and NOT need a word "
    "beside them. This works: truce",
    'topics.toml, topics.truce.watch.ru: cannot be read at character 1 of “"мир”. A quotation mark is opened here and '
    'not closed. This works: "мир"',
    'parley.toml, defaults.zone: "Europe/Kiyv" is not a time zone such as Europe/Kyiv; did you mean "Europe/Kyiv"?',
]


def test_a_check_lists_ten_different_mistakes_at_once(world: Path) -> None:
    make_ten_mistakes(world)
    ended = parley("check", capture_output=True)
    config = f"{world}/config"
    expected = [f"{config}/{mistake.format(config=config)}" for mistake in MISTAKES]
    *mistakes, last = ended.stderr.splitlines()
    assert sorted(mistakes) == sorted(expected)
    assert last == "10 mistakes in the settings; nothing was done"
    assert (ended.returncode, ended.stdout) == (2, "")


def test_a_topic_that_cannot_be_read_stops_a_start(world: Path, capsys: Caught) -> None:
    (world / "config" / "topics.toml").write_text(
        '[[topics]]\nid = "t"\nname = { en = "T" }\nwatch = { en = "NOT war" }\n'
    )
    for command in (["run"], ["poll"], ["import", "history.jsonl"]):
        assert cli.main(command) == 2
        assert (
            "topics.toml, topics.t.watch.en: cannot be read at character 1 of “NOT war”. It says only what must not"
            in (capsys.readouterr().err)
        )
    assert not (world / "parley.db").exists()
    stored(world, [a_post("1", "one")])
    assert cli.main(["export"]) == 0, "what reads no topics goes on"


def test_a_mistake_without_a_remedy_offers_none() -> None:
    assert cli.complaint("truce OR ceasefire") == ""
    assert cli.complaint(" " * 301) == f"cannot be read at character 301 of “{' ' * 301}”. It is too long."


def test_without_a_token_run_says_how_to_get_one(world: Path) -> None:
    ended = parley("run", capture_output=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("TELEGRAM_BOT_TOKEN is not set")
    assert "@BotFather" in ended.stderr
    assert not (world / "parley.db").exists()


def test_a_second_instance_refuses_to_start_and_says_why(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: Caught
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:test")
    with closing(Database.open(world / "parley.db")):
        assert cli.main(["run"]) == 1
    said = f"{world}/parley.db is in use by another Parley (process {os.getpid()}); stop that one first\n"
    assert capsys.readouterr().err.endswith(said)


# --- the commands


def test_a_check_without_looking_up_ends_well(world: Path, capsys: Caught) -> None:
    assert cli.main(["check", "--offline"]) == 0
    assert capsys.readouterr().out == f"{world}/config: no mistakes\n"


def test_a_check_looks_every_account_up(world: Path, capsys: Caught) -> None:
    spoil(world / "config" / "sources.toml", 'speaker = "petrov"', 'speaker = "petrov"\nenabled = false')
    assert cli.main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == [f"{world}/config:", "–", "✗", "0", "1", "1"]
    assert cli.main(["check", "--all"]) == 1
    assert "✗ petrov-telegram telegram p_petrov (off): 127.0.0.1" in capsys.readouterr().out


def test_posts_are_taken_in_given_out_and_copied(world: Path, capsys: Caught) -> None:
    path = history(world, a_post("1", "one"), a_post("2", "two 👩‍👩‍👧"))
    assert cli.main(["import", str(path)]) == 0
    assert capsys.readouterr().out == "2 posts read, 2 new\n"
    assert cli.main(["export"]) == 0
    exported = capsys.readouterr().out
    assert [post.text for post in archive.posts(history(world, a_post("1", "one"), a_post("2", "two 👩‍👩‍👧")))] == [
        "one",
        "two 👩‍👩‍👧",
    ]
    assert exported.count("\n") == 2
    assert cli.main(["status"]) == 0
    assert "Posts: 2." in capsys.readouterr().out
    assert cli.main(["backup", str(world / "copy.db")]) == 0
    assert capsys.readouterr().out.endswith("bytes, checked\n")
    assert cli.main(["backup", str(world / "copy.db")]) == 1
    assert capsys.readouterr().err == f"{world}/copy.db is there already; name a new file\n"


def test_what_was_said_is_searched_from_the_shell(world: Path, capsys: Caught) -> None:
    words = ["“The truce holds,” Petrov said.", "Truces fail.", "“A truce,” Petrov said.", "“No truce,” Petrov said."]
    said = [a_post(str(hour), text, at=NOON.replace(hour=hour), language="en") for hour, text in enumerate(words, 6)]
    assert cli.main(["import", str(history(world, *said))]) == 0
    capsys.readouterr()

    def found(*arguments: str) -> tuple[list[str], str]:
        assert cli.main(["search", *arguments]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return re.findall(r"https://wire.example/\d+", shown.out), shown.out.splitlines()[-1]

    newest, more = found("truces", "kind:quote", 'from:"Павло Петров"', "--count", "2")
    assert newest == ["https://wire.example/9", "https://wire.example/8"]
    assert more == "There is more: --page 2"
    assert found("truces kind:quote from:Петров", "--page", "2", "--count", "2") == (["https://wire.example/6"], "")
    assert found("truce", "--page", "2") == ([], "Nothing more found.")
    assert found("truce", "side:north") == ([], "Nothing found.")
    assert found('"truce fail"')[0] == ["https://wire.example/7"]
    assert found('"fail truce"')[0] == []
    assert len(found("truce", "since:2022-03-14", "until:14.03.2022")[0]) == len(said)
    assert found("truce", "until:2022-03-13")[0] == []


def test_a_mistake_in_a_search_is_shown_where_it_is_with_what_would_work(world: Path, capsys: Caught) -> None:
    stored(world, [])
    for arguments, lines in (
        (["truce", "from:Petrow"], ["truce from:Petrow", "           ^", "This works: truce from:petrov"]),
        (['truce "of the'], ['truce "of the', "      ^", 'This works: truce "of the"']),
        (["truce", "OR"], ["truce OR", "      ^", "This works: truce"]),
        (["truce", "since:soon"], ["truce since:soon", "            ^"]),
    ):
        assert cli.main(["search", *arguments]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.splitlines()[1:] == lines
    assert cli.main(["search"]) == 2
    assert "the following arguments are required: query" in capsys.readouterr().err
    assert cli.main(["search", "truce", "--page", "0"]) == 2
    assert "argument --page: a number from 1 to 10,000" in capsys.readouterr().err


def test_a_search_without_a_database_says_so(world: Path, capsys: Caught) -> None:
    assert cli.main(["search", "truce"]) == 1
    assert capsys.readouterr().err == f"{world}/parley.db does not exist; PARLEY_DATABASE names the database\n"


def test_a_poll_names_what_it_does_not_know(world: Path, capsys: Caught) -> None:
    assert cli.main(["poll", "nobody"]) == 1
    assert capsys.readouterr().err == f"{world}/config/sources.toml has no source 'nobody'\n"


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_what_a_backfill_may_cost_is_asked_first(world: Path, monkeypatch: pytest.MonkeyPatch, capsys: Caught) -> None:
    command = ["backfill", "ivanenko-x", "--since", "2022-03-01"]
    monkeypatch.setenv("X_BEARER_TOKEN", "token")
    with listening("tests.far_ends") as far_ends:
        monkeypatch.setenv("X_API_URL", far_ends)
        words = {"kind": "x", "name": "o_ivanenko", "text": "Words", "date": "2022-03-14T12:00:00+00:00"}
        ask(f"{far_ends}/__post", words)
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert cli.main(command) == 1
        assert capsys.readouterr().err.endswith("is used up. If you agree, say --yes\n")
        for answer in ("\n", "n\n"):
            monkeypatch.setattr("sys.stdin", Typed(answer))
            assert cli.main(command) == 1
            assert capsys.readouterr().out.endswith("Go on? [y/N] ")
        assert ask(f"{far_ends}/__requests?path=/2/") == []
        monkeypatch.setattr("sys.stdin", Typed("yes\n"))
        assert cli.main(command) == 0
        assert capsys.readouterr().out.endswith("Go on? [y/N] 1 posts read, 1 new, back to 2022-03-01\n")
        assert cli.main([*command, "--yes"]) == 0
        assert capsys.readouterr().out.endswith("is used up.\n1 posts read, 0 new, back to 2022-03-01\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["backfill", "ivanenko-x"], "the following arguments are required: --since"),
        (["backfill", "ivanenko-x", "--since", "spring"], "'spring' is no date such as 2022-03-01"),
        (["import", "a.json", "--zone", "Europe/Kiyv"], "'Europe/Kiyv' is no time zone such as Europe/Kyiv"),
    ],
)
def test_an_argument_that_is_none_is_named(world: Path, capsys: Caught, arguments: list[str], words: str) -> None:
    assert cli.main(arguments) == 2
    assert words in capsys.readouterr().err


def test_an_old_export_is_read_in_the_zone_that_is_named(world: Path, capsys: Caught) -> None:
    message = {"id": 1, "type": "message", "date": "2022-03-14T14:00:00", "text": "Words"}
    head = {"name": "P", "type": "public_channel", "id": 5, "messages": [message]}
    (world / "result.json").write_text(json.dumps(head))
    command = ["import", str(world / "result.json"), "--source", "petrov-telegram"]
    assert cli.main(command) == 1
    assert cli.main([*command, "--zone", "Europe/Kyiv"]) == 0
    capsys.readouterr()
    assert cli.main(["export"]) == 0
    assert '"published_at": "2022-03-14T12:00:00+00:00"' in capsys.readouterr().out


def test_the_sample_days_are_a_command_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Caught) -> None:
    monkeypatch.setenv("PARLEY_CONFIG", str(tmp_path))
    assert cli.main(["try"]) == 2
    assert f"{tmp_path}/sample/sources.toml: no such file" in capsys.readouterr().err


# --- the shell


def test_the_script_and_the_module_are_the_same() -> None:
    assert parley("--help", capture_output=True).stdout.startswith("usage: parley ")


@contextmanager
def long_export(world: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An export that is held up: nobody reads on after its first line."""
    stored(world, [a_post(str(number), "words " * 200) for number in range(200)])
    command = [sys.executable, "-m", "bot", "export"]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout
        assert export.stdout.readline().startswith(b'{"source": "wire"')
        yield export
        assert export.stderr
        assert export.stderr.read() == b""


def test_whoever_reads_may_stop_reading(world: Path) -> None:
    with long_export(world) as export:
        assert export.stdout
        export.stdout.close()
    assert export.returncode == 141


def test_an_interrupted_command_ends_at_once_as_a_shell_expects(world: Path) -> None:
    with long_export(world) as export:
        export.send_signal(signal.SIGINT)
        assert export.wait(20) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_said_and_no_traceback_shown(world: Path) -> None:
    stored(world, [a_post("1", "one")])
    with Path("/dev/full").open("w") as full:
        ended = parley("export", stdout=full, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (1, "standard output: No space left on device\n")


def test_posts_are_given_out_in_utf_8_and_other_words_as_the_terminal_can(world: Path) -> None:
    stored(world, [a_post("1", "Переговори 🇺🇦")])
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii", "PARLEY_CONFIG": str(world / "config")}
    assert "Переговори 🇺🇦" in parley("export", env=narrow, stdout=subprocess.PIPE, encoding="utf-8").stdout
    assert parley("check", "--offline", env=narrow, stdout=subprocess.PIPE).returncode == 0
    assert parley("poll", env=narrow, stdout=subprocess.PIPE).stdout.startswith("1 accounts on X not read")


def test_output_that_is_no_stream_of_python_s_own_is_left_alone(world: Path) -> None:
    stored(world, [a_post("1", "one")])
    with redirect_stdout(io.StringIO()) as output:
        assert cli.main(["export"]) == 0
    assert output.getvalue().count("\n") == 1


def test_the_bot_logs_as_the_settings_say(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers: the bot says so in its log and waits until it is told to stop."""
    log = world / "logs" / "parley.log"
    with (world / "config" / "parley.toml").open("a") as settings:
        settings.write(f'[log]\nformat = "json"\nfile = "{log}"\n')
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456789:AAsample_token-of_tests-0123456789")
    with subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=HOUSE, stderr=subprocess.PIPE, text=True) as bot:
        until(lambda: log.exists() and "cannot be reached" in log.read_text())
        bot.terminate()
        assert bot.wait(20) == 0
        assert bot.stderr
        assert bot.stderr.read() == ""
    assert json.loads(log.read_text().splitlines()[0])["message"] == "collecting 3 sources"


def test_a_log_that_cannot_be_written_is_a_mistake_in_the_settings(world: Path, capsys: Caught) -> None:
    (world / "file").touch()
    with (world / "config" / "parley.toml").open("a") as settings:
        settings.write(f'[log]\nfile = "{world}/file/parley.log"\n')
    assert cli.main(["run"]) == 2
    assert "parley.toml, log.file: " in capsys.readouterr().err
