import logging
from collections.abc import Iterator

import pytest

from bot import logs


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, one in levels.items():
        logging.getLogger(name).setLevel(one)


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


def test_libraries_are_heard_from_warnings_up(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start([])
    logging.getLogger("httpx").info("HTTP Request: POST https://…")
    logging.getLogger("tweepy.client").debug("Authorization: …")
    logging.getLogger("bot").info("heard")
    assert [line.rsplit(" ", 1)[1] for line in capsys.readouterr().err.splitlines()] == ["heard"]
