"""The buttons that the source of `render` makes, by what they say."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bot import render


def shapes() -> set[str]:
    """What each says, with * for what is filled in: "admin:send:*:all", "picture:7"."""
    return {shape for path in Path(render.__file__).parent.rglob("*.py") for shape in _in(path)}


def _in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Button":
            for data in (*node.args[1:2], *(one.value for one in node.keywords if one.arg == "data")):
                yield from _written(data)


def _written(data: ast.expr) -> Iterator[str]:
    """What is named elsewhere (`again`) is a part of what another button says, or of a page's own place."""
    if isinstance(data, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in data.values)  # type: ignore[misc]
    elif isinstance(data, ast.Constant):
        yield data.value  # type: ignore[misc]
