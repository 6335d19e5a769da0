"""Whether a request is one that X's own description of its API allows, where that description is."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "recordings" / "x" / "openapi_2.166.json"
_OLD_WORDS = {"post.fields": "tweet.fields"}
_OLD_VALUES = {
    "note_post": "note_tweet",
    "referenced_posts": "referenced_tweets",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "referenced_posts.id": "referenced_tweets.id",
}


def mistakes(method: str, path: str, query: Mapping[str, str]) -> list[str]:
    """What is wrong with a request, in words. X's new vocabulary is described nowhere: it is read as its old one."""
    described = _described()
    if described is None or not path.startswith("/2/"):
        return []
    for template, operations in described["paths"].items():
        found = re.fullmatch(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(template)), path)
        if found and method.lower() in operations and not _is_better(described, path, template):
            values = dict(zip(re.findall(r"{(\w+)}", template), found.groups(), strict=True))
            return list(_wrong(operations[method.lower()], described, values, _in_old_words(query)))
    return [f"{method} {path} is not described"]


def _is_better(described: Mapping[str, Any], path: str, template: str) -> bool:
    """Whether the path itself is described ("/2/users/by" is no user of the number "by")."""
    return path != template and path in described["paths"]


def _wrong(
    operation: Mapping[str, Any], described: Mapping[str, Any], values: Mapping[str, str], query: Mapping[str, str]
) -> Any:
    known = {(one["in"], one["name"]): one for one in (_found(one, described) for one in operation["parameters"])}
    given = {("path", name): value for name, value in values.items()}
    given |= {("query", name): value for name, value in query.items()}
    for key, parameter in known.items():
        if parameter.get("required") and key not in given:
            yield f"{key[1]} is missing"
    for key, value in given.items():
        if key not in known:
            yield f"{key[1]} is not a parameter"
        else:
            yield from (f"{key[1]} {what}" for what in _wrong_value(value, known[key]["schema"], described))


def _wrong_value(value: str, schema: Mapping[str, Any], described: Mapping[str, Any]) -> Any:
    schema = _found(schema, described)
    if schema.get("type") == "array":
        items = value.split(",")
        if not schema.get("minItems", 0) <= len(items) <= schema.get("maxItems", 1 << 20):
            yield f"has {len(items)} items"
        if schema.get("uniqueItems") and len(set(items)) < len(items):
            yield "repeats an item"
        for item in items:
            yield from _wrong_value(item, schema["items"], described)
        return
    if schema.get("type") == "integer":
        if not value.isdecimal() or not schema.get("minimum", 0) <= int(value) <= schema.get("maximum", 1 << 63):
            yield f"is {value}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"cannot be {value}"
    if not re.search(schema.get("pattern", ""), value):
        yield f"{value} is not of the form {schema['pattern']}"
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 20):
        yield f"is {len(value)} characters long"


def _found(node: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node itself, or what it refers to."""
    while "$ref" in node:
        found: Any = described
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def _in_old_words(query: Mapping[str, str]) -> dict[str, str]:
    return {
        _OLD_WORDS.get(name, name): ",".join(_OLD_VALUES.get(one, one) for one in value.split(","))
        if name in ("post.fields", "expansions")
        else value
        for name, value in query.items()
    }


@cache
def _described() -> dict[str, Any] | None:
    return json.loads(DESCRIPTION.read_text()) if DESCRIPTION.exists() else None
