"""Events are lines, and no line holds a secret."""

import io
import json
import logging
import re
import subprocess
import sys
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from bot import logs

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def test_a_secret_is_blotted_out_also_in_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(["123:SECRET", ""])
    log = logging.getLogger("bot.app")
    try:
        raise RuntimeError("https://api.telegram.org/bot123:SECRET/getMe")
    except RuntimeError:
        log.exception("asking %s", "123:SECRET")
    said = capsys.readouterr().err
    assert "SECRET" not in said
    assert "bot***/getMe" in said


def test_a_secret_is_blotted_out_as_an_address_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(["AAA%2F/b=c"])
    logging.getLogger("bot").warning("GET https://x.example/?token=AAA%252F%2Fb%3Dc and AAA%2F/b=c")
    assert capsys.readouterr().err.endswith("?token=*** and ***\n")


def test_a_secret_within_another_leaves_no_rest(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(["abc", "abcdef"])
    logging.getLogger("bot").warning("token abcdef")
    assert capsys.readouterr().err.endswith("token ***\n")


def test_libraries_are_heard_from_warnings_up(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([])
    logging.getLogger("httpx").info("HTTP Request: POST https://…")
    logging.getLogger("tweepy.client").debug("Authorization: …")
    logging.getLogger("bot").info("heard")
    assert [line.rsplit(" ", 1)[1] for line in capsys.readouterr().err.splitlines()] == ["heard"]


def test_an_event_is_one_line_whatever_a_far_end_says(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([])
    logging.getLogger("bot").warning("refused: %s", "no\r\n2022-03-14 INFO bot all is well \x1b[2J\u202e")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING bot refused: no  2022-03-14 INFO bot all is well  [2J ")


def test_times_are_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([])
    record = logging.makeLogRecord({"name": "bot", "levelname": "INFO", "msg": "noon", "created": 1647259200.25})
    record.msecs = 250
    logging.getLogger().handlers[0].handle(record)
    assert capsys.readouterr().err == "2022-03-14T12:00:00.250Z INFO bot noon\n"


def test_a_line_keeps_its_letters() -> None:
    assert logs.one_line("Ольга Іваненко 🇺🇦") == "Ольга Іваненко 🇺🇦"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e]", logs.one_line("\x00\n\x1b\x7f\x9b\u2028\u202e"))


TOKEN = "123456789:AAsample_token-of_tests-0123456789"
BEARER = "AAAAAAAAAAAAAAAAAAAAAsample%2Btoken%2Fof%3Dtests%2B0123456789abcdefGHIJKLMNOP%3Dlong"


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        TOKEN.replace(":", "%3A"),
        TOKEN.replace(":", "%3a"),
        TOKEN.replace(":", "%253A").replace("_", "%255F").replace("-", "%2d"),
        TOKEN.partition(":")[2],
        TOKEN[:25],
        BEARER,
        unquote(BEARER),
        quote(BEARER, safe=""),
        quote(quote(BEARER, safe="")),
        BEARER[:60],
        unquote(BEARER).replace("/", r"\/"),
    ],
)
def test_a_secret_is_known_in_every_form(written: str) -> None:
    blot = logs.blotting([TOKEN, BEARER])
    said = blot(f"https://api.telegram.org/bot{written}/getMe failed")
    assert said in ("https://api.telegram.org/bot***/getMe failed", "https://api.telegram.org/bot*** failed")
    assert blot("12:30 and 123456 messages") == "12:30 and 123456 messages"


def test_a_line_of_json_has_the_fields_that_its_message_names(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([TOKEN], form="json")
    log = logging.getLogger("bot.collect")
    log.warning("source=%s failed %d%%: %s; status=%d", "wire", 5, f"source=fake bot{TOKEN}\n", 502)
    log.info("%(what)s has come", {"what": "a day"})
    log.info("nothing to fill in")
    try:
        raise RuntimeError(TOKEN)
    except RuntimeError:
        log.exception("message=%s failed", 7)
    first, second, third, fourth = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first.pop("at").endswith("Z")
    assert first == {
        "level": "warning",
        "logger": "bot.collect",
        "message": "source=wire failed 5%: source=fake bot***\n; status=502",
        "source": "wire",
        "status": 502,
    }
    assert second["message"] == "a day has come"
    assert third["message"] == "nothing to fill in"
    assert fourth["message"] == "message=7 failed", "a field cannot take the place of one of ours"
    assert fourth["traceback"].endswith("RuntimeError: ***\n")


def test_a_log_can_be_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([TOKEN], file=tmp_path / "logs" / "parley.log", days=3)
    logging.getLogger("bot").warning("asking %s", TOKEN)
    assert (tmp_path / "logs" / "parley.log").read_text().endswith("WARNING bot asking ***\n")
    assert capsys.readouterr().err == ""
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, TimedRotatingFileHandler)
    assert (handler.when, handler.utc, handler.backupCount) == ("MIDNIGHT", True, 3)


def test_what_cannot_be_logged_is_not_shown_either(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([TOKEN])
    logging.getLogger("bot").warning("%d messages", TOKEN)
    said = capsys.readouterr().err
    assert said == "an event of bot could not be logged: TypeError\n"


def test_where_nothing_can_be_written_nothing_more_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.start([TOKEN])
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)
    logging.getLogger("bot").warning("%d messages", TOKEN)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_library_and_no_way_to_die_tells_a_secret(form: str) -> None:
    """httpx, aiohttp, tweepy and telegram at their most talkative, against an address where nobody answers; then a
    warning, a bad call of logging, a thread, a task, a finalizer and the program itself fail.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "tests.failing_libraries", form, TOKEN, BEARER],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    for what in ("httpx", "aiohttp", "tweepy", "telegram", "a thread", "a task", "a finalizer", "a warning", "the end"):
        assert f"{what} has failed" in said, said
    assert said.count("***") > 20
    for secret in (TOKEN, BEARER):
        beginnings = {
            secret[:20],
            unquote(secret)[-20:],
            quote(secret, safe="")[-20:],
            secret.partition(":")[2] or secret,
        }
        assert not [one for one in beginnings if one.lower() in said.lower()]
