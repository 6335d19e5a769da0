"""The map in bot/__init__.py is true: a room imports only rooms on lower floors."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

HOUSE = Path(bot.__file__).parent
FLOORS = {
    room: int(floor)
    for floor, rooms in re.findall(r"^ {4}(\d)  (.+)$", bot.__doc__ or "", re.MULTILINE)
    for room in rooms.split()
}
FILES = sorted(path for path in HOUSE.rglob("*.py") if path.parent != HOUSE or not path.stem.startswith("__"))


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the room"
            names = [node.module or ""]
            if node.module == "bot":
                names = [f"bot.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("bot."))


def test_every_room_stands_on_the_map_and_nothing_else_does() -> None:
    assert {room_of(path) for path in FILES} == set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_imports_only_lower_floors(path: Path) -> None:
    room = room_of(path)
    above = {other for other in imported_rooms(path) if other != room and FLOORS[other] >= FLOORS[room]}
    assert not above


def test_sql_stands_in_the_store_alone() -> None:
    words = re.compile(r"\b(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b")
    assert {room_of(path) for path in FILES if words.search(path.read_text())} == {"store"}
