"""Posts in files."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import FetchError
from bot.models import Cursor, Fetched, Gap, Post, Source, Version
from bot.sources import archive
from bot.sources.archive import Archive

pytestmark = pytest.mark.anyio

START = datetime(2022, 3, 14, 12, tzinfo=UTC)
SOURCE = Source("s", "archive", "day.jsonl")


class Day:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "day.jsonl"
        self.path.touch()
        self.reader = Archive(folder)

    def write(self, *minutes: int, source: str = "s") -> None:
        for minute in minutes:
            at = START + timedelta(minutes=minute)
            self.add(archive.line(Post(source, f"{source}{minute}", "https://a.example/", at, f"At {minute}")))

    def add(self, line: str, end: str = "\n") -> None:
        with self.path.open("a") as file:
            file.write(line + end)

    async def poll(self, cursor: Cursor | None, minute: int) -> Fetched:
        return await self.reader.fetch(SOURCE, cursor, START + timedelta(minutes=minute))


@pytest.fixture
def day(tmp_path: Path) -> Day:
    return Day(tmp_path)


def texts(fetched: Fetched) -> list[str]:
    return [post.text for post in fetched.posts]


async def test_a_day_is_lived_again_as_its_time_comes(day: Day) -> None:
    day.write(0, 5, 10)
    first = await day.poll(None, 0)
    assert texts(first) == ["At 0"]
    second = await day.poll(first.cursor, 7)
    assert texts(second) == ["At 5"]
    assert texts(await day.poll(second.cursor, 60)) == ["At 10"]


async def test_posts_of_one_moment_are_all_given(day: Day) -> None:
    day.write(0)
    first = await day.poll(None, 5)
    day.add(archive.line(Post("s", "other", "", START, "Another of that moment")))
    assert texts(await day.poll(first.cursor, 5)) == ["Another of that moment"]


async def test_lines_may_stand_in_any_order(day: Day) -> None:
    day.write(10, 0, 20, 5)
    cursor, seen = None, []
    for minute in range(0, 21, 5):
        fetched = await day.poll(cursor, minute)
        cursor = fetched.cursor
        seen += texts(fetched)
    assert seen == ["At 0", "At 5", "At 10", "At 20"]


async def test_a_long_file_is_read_only_as_far_ahead_as_needed(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_AHEAD", 3)
    day.write(*range(10))
    first = await day.poll(None, 1)
    assert texts(first) == ["At 0", "At 1"]
    assert len(json.loads(first.cursor)["later"]) == 3
    assert texts(await day.poll(first.cursor, 9)) == [f"At {minute}" for minute in range(2, 10)]


async def test_lines_of_another_source_are_passed_over_and_those_of_none_are_ours(day: Day) -> None:
    day.write(0)
    day.write(1, source="other")
    day.write(2, source="")
    fetched = await day.poll(None, 10)
    assert texts(fetched) == ["At 0", "At 2"]
    assert {post.source for post in fetched.posts} == {"s"}


async def test_lines_that_tell_of_gaps_are_passed_over(day: Day) -> None:
    day.add(archive.line_of_gap(Gap("s", START, None, "away")))
    day.write(0)
    assert texts(await day.poll(None, 5)) == ["At 0"]
    assert [post.text for post in archive.posts(day.path)] == ["At 0"]


async def test_lines_added_later_are_found(day: Day) -> None:
    first = await day.poll(None, 0)
    day.write(0)
    assert texts(await day.poll(first.cursor, 0)) == ["At 0"]


async def test_a_line_that_is_being_written_is_left_until_it_is_whole(day: Day) -> None:
    line = archive.line(Post("s", "1", "", START, "Words"))
    day.add(line[:20], end="")
    first = await day.poll(None, 0)
    assert texts(first) == []
    day.add(line[20:], end="")
    second = await day.poll(first.cursor, 0)
    assert texts(second) == ["Words"]
    day.add("")
    assert texts(await day.poll(second.cursor, 0)) == []


async def test_a_file_that_became_shorter_or_another_is_read_anew(day: Day, tmp_path: Path) -> None:
    day.write(0, 1, 2)
    first = await day.poll(None, 5)
    day.path.write_text("")
    day.write(3)
    assert texts(await day.poll(first.cursor, 5)) == ["At 3"]
    (tmp_path / "other.jsonl").write_text(day.path.read_text())
    other = replace(SOURCE, address="other.jsonl")
    assert len((await day.reader.fetch(other, first.cursor, START + timedelta(minutes=5))).posts) == 1


async def test_empty_lines_say_nothing_and_line_ends_may_be_two_characters(day: Day) -> None:
    day.add("\n  ")
    day.add(archive.line(Post("s", "1", "", START, "Words\u2028more")) + "\r")
    assert texts(await day.poll(None, 0)) == ["Words\u2028more"]


WHOLE = {"external_id": "1", "published_at": "2022-03-14T12:00:00+00:00", "text": "Words"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not JSON", "Expecting value"),
        ("[]", "expected a JSON object"),
        ("[" * 100_000, ""),
        (json.dumps({**WHOLE, "external_id": ""}), "external_id is empty"),
        (json.dumps({**WHOLE, "external_id": 1}), "external_id is not text"),
        (json.dumps({**WHOLE, "text": None}), "text is not text"),
        (json.dumps({"external_id": "1", "text": "a"}), "published_at is missing"),
        (json.dumps({**WHOLE, "published_at": "2022-03-14T12:00:00"}), "not a time like"),
        (json.dumps({**WHOLE, "published_at": "yesterday"}), "not a time like"),
        (json.dumps({**WHOLE, "published_at": 5}), "not a time like"),
        (json.dumps({**WHOLE, "published_at": "0001-01-01T00:00:00+10:00"}), "not a time like"),
        (json.dumps({**WHOLE, "kind": "sermon"}), "kind 'sermon' is none of"),
        (json.dumps({**WHOLE, "media": "photo"}), "media is not a list"),
        (json.dumps({**WHOLE, "media": [1]}), "media is not text"),
        (json.dumps({**WHOLE, "fate": "unsure"}), "fate 'unsure' is none of"),
        (json.dumps({**WHOLE, "sha256": "short"}), "sha256 is none"),
        (json.dumps({**WHOLE, "versions": "many"}), "versions is not a list"),
        (json.dumps({**WHOLE, "versions": [{"text": "a"}]}), "seen_at is missing"),
        (json.dumps({"gap": "long"}), "expected a JSON object"),
        (json.dumps({"gap": {"since": "yesterday"}}), "not a time like"),
    ],
)
async def test_a_bad_line_is_named_with_its_file_and_number(day: Day, line: str, reason: str) -> None:
    day.write(0)
    cursor = (await day.poll(None, 0)).cursor
    day.add("")
    day.add(line)
    for known in (None, cursor):
        with pytest.raises(FetchError) as failure:
            await day.poll(known, 0)
        assert f"{day.path}, line 3: " in failure.value.reason
        assert reason in failure.value.reason
        assert failure.value.permanent


async def test_a_missing_file_is_said(day: Day) -> None:
    day.path.unlink()
    with pytest.raises(FetchError, match=r"day\.jsonl: No such file") as failure:
        await day.poll(None, 0)
    assert failure.value.permanent


async def test_resolve_says_how_much_there_is(day: Day) -> None:
    assert (await day.reader.resolve(SOURCE, START)).note == "0 posts"
    day.write(0, 24 * 60)
    day.write(5, source="other")
    account = await day.reader.resolve(SOURCE, START)
    assert (account.title, account.note) == ("day.jsonl", "2 posts, 2022-03-14 to 2022-03-15")


async def test_a_file_never_tells_what_became_of_a_post(day: Day) -> None:
    assert await day.reader.confirm(SOURCE, [Post("s", "1", "", START, "Words")], START) == {"1": "unsure"}


async def test_history_is_what_the_file_holds_of_the_source_from_a_date_until_now(day: Day) -> None:
    day.write(*range(1, 1201))
    day.write(2, source="other")
    since, until = START + timedelta(minutes=100), START + timedelta(minutes=1150)
    pages = [texts(page) async for page in day.reader.history(SOURCE, since, until)]
    assert [len(page) for page in pages] == [500, 500, 51]
    assert (pages[0][0], pages[-1][-1]) == ("At 100", "At 1150")


def test_a_line_holds_no_more_than_it_says() -> None:
    assert archive.line(Post("s", "1", "", START, "")) == (
        '{"source": "s", "external_id": "1", "published_at": "2022-03-14T12:00:00+00:00", "text": ""}'
    )


def test_times_are_written_in_utc_and_words_as_they_are() -> None:
    post = Post("s", "1", "", datetime.fromisoformat("2022-03-14T17:42:00+02:00"), "Переговори 👍\n\nдалі")
    assert '"2022-03-14T15:42:00+00:00", "text": "Переговори 👍\\n\\nдалі"' in archive.line(post)


def test_keys_that_are_not_ours_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + json.dumps({**WHOLE, "views": 5}) + "\n\n")
    (post,) = archive.posts(path, "mine")
    assert (post.source, post.text) == ("mine", "Words")


TIMES = st.integers(0, 4_000_000_000_000_000).map(
    lambda at: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
)
WORDS = st.text(max_size=40) | st.just("\0")
HASHES = st.sampled_from(["", "ab" * 32])
POSTS = st.builds(
    Post,
    source=WORDS,
    external_id=st.text(min_size=1, max_size=9).filter(lambda id: id.strip("\0")),
    url=WORDS,
    published_at=TIMES,
    text=WORDS | st.just("a\ud83d\0\u2028\n"),
    language=st.sampled_from(["", "en", "uk", "ru"]),
    kind=st.sampled_from(["post", "repost", "reply", "quote", "forward", "service"]),
    media=st.lists(st.sampled_from(["photo", "video"]), max_size=3).map(tuple),
    quoted=WORDS,
    author=WORDS,
    seen_at=st.none() | TIMES,
    edited_at=st.none() | TIMES,
    deleted_at=st.none() | TIMES,
    fate=st.sampled_from(["stands", "deleted", "protected", "suspended", "withheld"]),
    fate_at=st.none() | TIMES,
    late=st.booleans(),
    versions=st.lists(st.builds(Version, TIMES, WORDS, HASHES), max_size=2).map(tuple),
    sha256=HASHES,
)
GAPS = st.builds(Gap, source=WORDS, since=TIMES, until=st.none() | TIMES, reason=WORDS)


@given(st.lists(POSTS, max_size=3))
def test_what_is_given_out_comes_back_in_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, given: Any) -> None:
    path = tmp_path_factory.mktemp("archive") / "out.jsonl"
    out = "".join(archive.line(post) + "\n" for post in given)
    path.write_text(out)
    back = list(archive.posts(path))
    assert "".join(archive.line(post) + "\n" for post in back) == out
    assert [post.published_at for post in back] == [post.published_at for post in given]


@given(GAPS)
def test_a_gap_is_one_line(gap: Gap) -> None:
    line = archive.line_of_gap(gap)
    back = archive.of_line(line.encode(), Path("a.jsonl"), 1, "")
    assert isinstance(back, Gap)
    assert archive.line_of_gap(back) == line
    assert (back.since, back.until) == (gap.since, gap.until)
