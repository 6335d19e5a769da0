"""A large JSON object, piece by piece."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources import json_stream
from bot.sources.json_stream import JsonStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


def members(raw: bytes) -> dict[str, Any]:
    stream = JsonStream(io.BytesIO(raw))
    return {key: list(stream.elements()) if key == "list" else stream.value() for key in stream.members()}


@pytest.fixture(params=[1, 2, 7, 1 << 18])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is read at a time."""
    monkeypatch.setattr(json_stream, "_CHUNK", request.param)


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("indent", [None, 1])
def test_what_was_written_is_read(indent: int | None) -> None:
    given: dict[str, Any] = {
        "name": "Канал 👍",
        "number": 12345,
        "list": [{"id": 1, "text": ["a", {}]}, 2.5, -1e30, 12, None, "", []],
        "": {},
    }
    others: list[dict[str, Any]] = [{}, {"list": []}]
    for written in (given, *others):
        for pure in (True, False):
            assert members(json.dumps(written, indent=indent, ensure_ascii=pure).encode()) == written


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.lists(VALUES, max_size=5), st.integers(1, 9))
def test_any_object_is_read_as_python_reads_it(rest: dict[str, Any], items: list[Any], size: int) -> None:
    written = {**rest, "list": items}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", size)
        assert members(json.dumps(written).encode()) == written


def test_a_byte_order_mark_says_nothing() -> None:
    assert members(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"",
            b"  ",
            b"[]",
            b"{",
            b'{"a"',
            b'{"a":',
            b'{"a": 1',
            b'{"a": 1,',
            b'{"a": 1 "b"',
            b"{1: 2}",
            b'{"a": tru}',
        ),
        *(b'{"list": [1, 2', b'{"list": [1 2]}', b'{"list": {}}', b'{"a": "\xff"}', b'{"list": ["' + b"[" * 9),
    ],
)
def test_what_is_no_object_or_ends_too_early_is_an_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        members(raw)


def test_values_too_deep_in_each_other_are_an_error() -> None:
    with pytest.raises(ValueError, match="too deep"):
        members(b'{"a": ' + b"[" * 100_000)


def test_a_value_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_LARGEST", 1000)
    monkeypatch.setattr(json_stream, "_CHUNK", 100)
    file = io.BytesIO(b'{"a": "' + b"x" * 1_000_000)
    with pytest.raises(ValueError, match="less than 16 MB"):
        next(iter([key and stream.value() for stream in [JsonStream(file)] for key in stream.members()]))
    assert file.tell() < 5000


def test_how_much_is_read_is_counted() -> None:
    raw = b'{"a": 1, "b": 2}'
    stream = JsonStream(io.BytesIO(raw))
    assert [stream.value() for _ in stream.members()] == [1, 2]
    assert stream.read == len(raw)
