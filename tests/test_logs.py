import logging
import re

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
