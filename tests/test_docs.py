"""What README.md says exists, and what exists stands in README.md."""

import re
from pathlib import Path

import pytest

from bot.chat.wiring import COMMANDS, OPERATING
from bot.cli import _parser
from bot.meters import Meters
from bot.settings import ENVIRONMENT, files

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text()
USERS = (HOUSE / "docs" / "users.md").read_text()
OPERATORS = (HOUSE / "docs" / "operators.md").read_text()
HOUSE_PAGE = (HOUSE / "docs" / "house.md").read_text()
MAKEFILE = (HOUSE / "Makefile").read_text()
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]


def test_every_command_of_the_chat_is_explained_and_no_other() -> None:
    told = set(re.findall(r"^\| `/(\w+)", README, re.MULTILINE))
    assert told == {*COMMANDS, *OPERATING}


def test_users_are_told_of_each_command_in_full() -> None:
    told = re.findall(r"^## `/(\w+)", USERS, re.MULTILINE)
    assert sorted(told) == sorted(COMMANDS)
    assert set(re.findall(r"^    /(\w+)", USERS, re.MULTILINE)) <= set(told)


def in_first_cells(page: str, pattern: str) -> list[str]:
    """What of a pattern stands in the first column of the page's tables."""
    cells = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    return [found for cell in cells for found in re.findall(pattern, cell)]


def test_operators_are_told_of_each_setting_once_and_of_no_other() -> None:
    assert sorted(in_first_cells(OPERATORS, r"`([A-Z]+_[A-Z_]+)`")) == sorted(ENVIRONMENT)
    known = [f"[{table}] {key}" for table, made in files.PARLEY.items() for key in made.keys]
    assert sorted(in_first_cells(OPERATORS, r"`(\[\w+\] \w+)`")) == sorted(known)


def test_operators_are_told_of_each_key_of_the_roster() -> None:
    rows = dict(re.findall(r"^\| `\w+\.toml` `\[\[(\w+)\]\]` \| (.+) \|$", OPERATORS, re.MULTILINE))
    told = {table: re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", keys)) for table, keys in rows.items()}
    known = {
        table: list(made.keys)
        for table, made in {**files.TALKS, **files.sources_tables(HOUSE, {}), **files.topics_tables(str)}.items()
    }
    assert told == known
    assert {"from", "to", "place", "evidence"} <= set(re.findall(r"`(\w+)`", rows["talks"]))


def test_operators_are_told_of_each_metric_and_of_no_other() -> None:
    counted = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Meters().registry.collect()
        if family.name.startswith("parley_")
    }
    read = set(re.findall(r'"(parley_\w+)"', (HOUSE / "bot" / "health.py").read_text()))
    assert sorted(in_first_cells(OPERATORS, r"`(parley_\w+)`")) == sorted(counted | read)


def test_developers_are_told_of_each_room_and_each_target() -> None:
    rooms = {path.stem for path in (HOUSE / "bot").iterdir() if not path.stem.startswith("__")}
    assert set(in_first_cells(HOUSE_PAGE, r"`([a-z]+)`")) == rooms
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE)) - {"help", "run", "check", "lock", "clean"}
    assert set(in_first_cells(HOUSE_PAGE, r"`make (\w+)`")) == targets


def test_every_command_of_the_operator_is_explained_and_no_other() -> None:
    known = set(re.findall(r"^    (\w+) ", _parser().format_help(), re.MULTILINE))
    assert set(re.findall(r"^\| `parley (\w+)", README, re.MULTILINE)) == known


def test_every_setting_is_explained_and_no_other() -> None:
    assert set(re.findall(r"^\| `([A-Z_]+)`", README, re.MULTILINE)) == set(ENVIRONMENT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
        assert (page.parent / path).exists(), path


def test_the_targets_that_the_readme_names_exist() -> None:
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", "".join(page.read_text() for page in PAGES))) <= targets


def test_the_image_asks_for_the_settings_that_exist() -> None:
    files = (HOUSE / "Dockerfile").read_text() + (HOUSE / "docker-compose.yml").read_text()
    named = set(re.findall(r"\b((?:PARLEY|TELEGRAM|X)_[A-Z_]+?)(?:_FILE)?\b", files))
    assert named <= set(ENVIRONMENT)
