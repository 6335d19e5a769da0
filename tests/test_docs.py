"""What README.md says exists, and what exists stands in README.md."""

import re
from pathlib import Path

import pytest

from bot.chat.wiring import COMMANDS, OPERATING
from bot.cli import _parser
from bot.settings import ENVIRONMENT

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text()
USERS = (HOUSE / "docs" / "users.md").read_text()


def test_every_command_of_the_chat_is_explained_and_no_other() -> None:
    told = set(re.findall(r"^\| `/(\w+)", README, re.MULTILINE))
    assert told == {*COMMANDS, *OPERATING}


def test_what_users_are_told_of_in_full_are_commands() -> None:
    told = re.findall(r"^## `/(\w+)", USERS, re.MULTILINE)
    assert told
    assert set(told) <= set(COMMANDS)
    assert set(re.findall(r"^    /(\w+)", USERS, re.MULTILINE)) <= set(told)


def test_every_command_of_the_operator_is_explained_and_no_other() -> None:
    known = set(re.findall(r"^    (\w+) ", _parser().format_help(), re.MULTILINE))
    assert set(re.findall(r"^\| `parley (\w+)", README, re.MULTILINE)) == known


def test_every_setting_is_explained_and_no_other() -> None:
    assert set(re.findall(r"^\| `([A-Z_]+)`", README, re.MULTILINE)) == set(ENVIRONMENT)


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_inside_the_project_lead_somewhere(path: str) -> None:
    assert (HOUSE / path).exists()


def test_the_targets_that_the_readme_names_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make (\w+)", README)) <= targets


def test_the_image_asks_for_the_settings_that_exist() -> None:
    files = (HOUSE / "Dockerfile").read_text() + (HOUSE / "docker-compose.yml").read_text()
    named = set(re.findall(r"\b((?:PARLEY|TELEGRAM|X)_[A-Z_]+?)(?:_FILE)?\b", files))
    assert named <= set(ENVIRONMENT)
