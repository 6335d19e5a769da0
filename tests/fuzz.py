"""Whatever comes: every parser of what strangers send answers, or raises FetchError; nothing else, and not for long.

    python -m tests.fuzz                  100,000 mutated pages, feeds, answers and files; some minutes on two cores
    python -m tests.fuzz 2000             so many
    python -m tests.fuzz 1 --kind feed --first 4711      the one that failed, again

What is mutated are pages in the shapes of the far ends, and the recordings where they are. Prints counts, the worst
time and memory of each kind, and what failed; ends with 1 if anything did.
"""

import argparse
import asyncio
import json
import logging
import random
import resource
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp

from bot.errors import FetchError
from bot.models import Cursor, Fetcher, Post, Source
from bot.sources import archive, feed_document, imports, telegram_page, x_page
from bot.sources.feed import Feed
from bot.sources.imports import Item, Lines
from bot.sources.telegram_web import TelegramWeb
from bot.sources.x import X
from bot.sources.x_place import Place
from tests.far_ends import feeds, previews
from tests.far_ends.server import FarEnds
from tests.far_ends.serving import Far, serve
from tests.far_ends.x import Person, problem

RECORDINGS = Path(__file__).parents[1].parent / "shared" / "recordings"
NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
SOURCE = Source("s", "feed", "https://wire.example/feed")

LONGEST = 5.0
"""Seconds of the processor that one input of up to LARGEST bytes may take. A tag in a feed that is no XML costs
feedparser a twentieth of a millisecond.
"""

MOST_MEMORY = 64_000_000
"""Bytes that Python may hold while it reads one input; measured on each fiftieth, for measuring is slow."""

MOST_RESIDENT = 600_000_000
"""Bytes of a whole process, with everything that C holds."""

LARGEST = 256 * 1024
MEASURED = 50
SHARE = 500
"""Inputs that one process takes at a time."""

SCRAPS = [
    *("<", ">", '"', "'", "&", "</div>", "<div>", "<p>", "<item>", "</item>", "<entry>", "</channel>", "<script>"),
    *("&#x", "&#0;", "&amp;", "]]>", "<![CDATA[", "<!--", "-->", "<?", "<!DOCTYPE x [", "<!ENTITY a 'b'>", "&a;"),
    *("\0", "\xff", "\xed\xa0\x80", "\u2028", "0", "-1", "99999999999999999999", "1e999", "NaN", "null", "true", "{}"),
    *("[[", "]", "{", "}", ",", ":", "\\", "\\ud800", "javascript:", "http://[", "0001-01-01T00:00:00+14:00"),
]


@dataclass(frozen=True)
class Kind:
    """`read` gives the posts of one body. Half of the bodies that are JSON are mutated as JSON, and stay JSON. `links`:
    whether each post must have an address that may be shown.
    """

    name: str
    bodies: tuple[bytes, ...]
    read: Callable[[bytes], Iterable[Post]]
    is_json: bool = False
    links: bool = True


@dataclass
class Tally:
    """Of one kind: how many were read, refused, failed; the worst times in seconds and bytes, each with its seed."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: tuple[float, int] = (0.0, 0)
    memory: tuple[int, int] = (0, 0)
    resident: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.outcomes += other.outcomes
        self.seconds = max(self.seconds, other.seconds)
        self.memory = max(self.memory, other.memory)
        self.resident = max(self.resident, other.resident)
        self.failures += other.failures


# --- what is read


def preview() -> bytes:
    channel = previews.Channel("some_channel")
    kinds: list[dict[str, Any]] = [
        {"text": "Words\nand more 👍"},
        {"media": ["photo", "video"], "text": "Album"},
        {"forward": "Somebody", "text": "Theirs"},
        {"reply": {"id": 1, "text": "Quoted"}, "text": "Answer", "signed": "J.", "edited": True},
        {"poll": {"question": "?", "options": ["a", "b"]}},
        {"service": True, "text": "Channel created"},
        {"media": ["unsupported"]},
    ]
    for kind in kinds:
        channel.post({"date": NOW.isoformat(), **kind})
    return previews.page(channel, {}).encode()


def other_pages() -> Iterator[bytes]:
    channel = previews.Channel("some_channel")
    channel.post({"text": "Words", "id": 1, "date": NOW.isoformat()})
    for number in (1, 2):
        yield _body(previews.embed(channel, number).text)
    for state in ("ok", "preview_off", "group", "person", "private", "withheld", "absent"):
        channel.state = state
        yield _body(previews.plain(channel).text)


def _body(text: str | None) -> bytes:
    return (text or "").encode()


def wire(form: str) -> bytes:
    made = feeds.Wire("wire", format=form)
    for number in range(3):
        made.post(
            {"title": f"Item {number} <b>x</b>", "text": "<p>One</p>Two", "date": "Mon, 14 Mar 2022 10:00:00 +0200"}
            | {"link": f"https://wire.example/{number}?utm_source=x", "media": ["image/jpeg"]}
        )
    return (feeds.rss(made) if form == "rss" else feeds.atom(made)).encode()


def timeline() -> bytes:
    ends = FarEnds()
    other = {"id": 7 << 41, "author": "other", "text": "Original & more"}
    posts: list[dict[str, Any]] = [
        {"text": "Words https://example.org/ " * 20, "media": ["photo"], "id": 9 << 50},
        {"repost": other},
        {"quote": other, "reply": other, "text": "Mine"},
    ]
    for post in posts:
        ends.post({"kind": "x", "name": "somebody", **post})
    number = ends.person("somebody").number
    answer = json.loads(ends.api.timeline(str(number), {"max_results": "100"}).text or "")
    return json.dumps({**answer, "errors": [problem(None, "ids", "5")]}).encode()


def lines() -> bytes:
    posts = [Post("s", str(number), "https://a.example/1", NOW, "Words 👍", media=("photo",)) for number in range(4)]
    return "".join(archive.line(post) + "\n" for post in posts).encode()


def export() -> bytes:
    message = {"type": "message", "date": "2022-03-14T14:00:00", "date_unixtime": "1647262800", "photo": "a.jpg"}
    text = ["Words ", {"type": "bold", "text": "bold"}]
    messages = [{"id": number, **message, "text": text, "forwarded_from": None} for number in range(1, 5)]
    whole = {"name": "x", "type": "public_channel", "id": 5, "messages": messages}
    return json.dumps(whole, indent=1).encode()


def answers() -> bytes:
    return timeline() + b"\n" + json.dumps({"data": json.loads(timeline())["data"][0]}).encode() + b"\n"


def read_feed(body: bytes) -> Iterable[Post]:
    document = feed_document.parse(body, "text/xml; charset=utf-8", SOURCE, NOW)
    assert all(post.published_at <= NOW for post in document.posts)
    return document.posts


def read_timeline(body: bytes) -> Iterable[Post]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FetchError("no JSON") from error
    if not isinstance(answer, dict):
        raise FetchError("no answer of X's")
    assert x_page.fates(answer, ["5", "6"]).keys() == {"5", "6"}
    assert x_page.fate_of_account(answer) in ("suspended", "protected", "unsure")
    assert all(x_page.used(answer, "post").posts | x_page.used(answer, "user").users)
    found = x_page.part(answer, SOURCE, str(Person("somebody").number))
    assert isinstance(x_page.next_token(answer), str)
    return [*found, *x_page.read(answer, SOURCE).posts]


def read_file(source: Source, body: bytes) -> Iterable[Post]:
    path = _file()
    path.write_bytes(body)
    found = [item.found for item in items(imports.read(path, [], named=source))]
    for mistake in found:
        if isinstance(mistake, FetchError):
            raise mistake
    return [post for post in found if isinstance(post, Post)]


def items(found: Iterable[Item | Lines]) -> Iterator[Item]:
    """Everything in a file, our own lines read."""
    for one in found:
        if isinstance(one, Lines):
            yield from imports.items(one)
        else:
            yield one


@cache
def _file() -> Path:
    return Path(tempfile.mkdtemp(prefix="parley-fuzz-")) / "file.json"


@cache
def kinds(recorded: bool) -> tuple[Kind, ...]:
    def with_recordings(own: list[bytes], *patterns: str) -> tuple[bytes, ...]:
        files = [path for pattern in patterns for path in RECORDINGS.glob(pattern)] if recorded else []
        return tuple(own + [path.read_bytes() for path in sorted(files) if path.stat().st_size < LARGEST // 4])

    x_answers = with_recordings([timeline()], "x/playground/*.json", "x/third_party/pytwitter/*.json")
    telegram, x = Source("s", "telegram", "some_channel"), Source("s", "x", "somebody", account_id="77")
    return (
        Kind(
            "preview",
            with_recordings([preview()], "telegram_web/full_*.html"),
            lambda body: telegram_page.parse(body, "s").posts,
        ),
        Kind(
            "page",
            with_recordings(list(other_pages()), "telegram_web/[!f]*.html"),
            lambda body: telegram_page.parse(body, "s").posts,
        ),
        Kind("feed", with_recordings([wire("rss"), wire("atom")], "feeds/*.xml"), read_feed),
        Kind("x", tuple(map(_unwrapped, x_answers)), read_timeline, is_json=True),
        Kind("archive", (lines(),), partial(read_file, telegram), is_json=True, links=False),
        Kind("export", (export(),), partial(read_file, telegram), is_json=True),
        Kind("twarc", (answers(),), partial(read_file, x), is_json=True),
    )


def _unwrapped(body: bytes) -> bytes:
    """A recorded answer stands beside its request."""
    whole = json.loads(body)
    return json.dumps(whole["response"]["body"]).encode() if "response" in whole else body


FETCHED = ("fetch channel", "fetch feed", "fetch x")


class Doors:
    """The fetchers, over real HTTP: each of their requests gets the same body."""

    def __init__(self) -> None:
        logging.disable()  # of posts that cannot be read, of requests that are odd
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._far, self._session = self._loop.run_until_complete(self._open())

    async def _open(self) -> tuple[Far, aiohttp.ClientSession]:
        return await self._stack.enter_async_context(serve()), await self._stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )

    def close(self) -> None:
        logging.disable(logging.NOTSET)
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def kinds(self, recorded: bool) -> list[Kind]:
        """With the bodies of what is only parsed."""
        bodies = {kind.name: kind.bodies for kind in kinds(recorded)}
        url, session = self._far.url, self._session
        channel = Source("s", "telegram", "some_channel", account_id="5")
        feed, x = Source("s", "feed", f"{url}/feed/wire"), Source("s", "x", "somebody", account_id="77")
        left_off = Cursor(json.dumps({"name": "some_channel", "last": 2, "channel": "5"}))
        return [
            Kind(
                "fetch channel",
                bodies["preview"],
                partial(self._read, lambda: TelegramWeb(session, url, gap=0, pages=2), channel, left_off),
            ),
            Kind("fetch feed", bodies["feed"], partial(self._read, lambda: Feed(session, gap=0), feed, None)),
            Kind(
                "fetch x",
                bodies["x"],
                partial(self._read, lambda: X(session, "a-token", url), x, Place("somebody", "77", 5).write()),
                is_json=True,
            ),
        ]

    def _read(self, reader: Callable[[], Fetcher], source: Source, cursor: Cursor | None, body: bytes) -> list[Post]:
        self._far.ends.faults.clear()
        self._far.ends.requests.clear()
        self._far.fault(times=-1, status=200, body=body)
        return self._loop.run_until_complete(_all_of(reader(), source, cursor))


async def _all_of(reader: Fetcher, source: Source, cursor: Cursor | None) -> list[Post]:
    """What it finds; and it must be able to go on from there, and to be asked who it is and what became of posts."""
    known = [Post("s", id, "", NOW, "Words") for id in ("1", "2", "x")]
    with suppress(FetchError):
        assert (await reader.confirm(source, known, NOW)).keys() <= {"1", "2", "x"}
    with suppress(FetchError):
        account = await reader.resolve(source, NOW)
        json.dumps([account.title, account.account_id, account.note], ensure_ascii=False).encode()
    fetched = await reader.fetch(source, cursor, NOW)
    json.dumps([fetched.title, fetched.note], ensure_ascii=False).encode()
    assert not fetched.covered or fetched.covered[0] <= fetched.covered[1], "an odd span"
    again = await reader.fetch(source, fetched.cursor, NOW)
    return [*fetched.posts, *again.posts]


# --- how it is mutated


def mutated(body: bytes, seed: int) -> bytes:
    """Cut, doubled, swapped, overwritten and now and then multiplied in a few places; all by the seed."""
    chance = random.Random(seed)
    out = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(out) + 1), chance.randint(0, 200)
        match chance.randrange(60):
            case 0:
                scrap = out[at : at + length % 30] or chance.choice(SCRAPS).encode("utf-8", "surrogatepass")
                out[at:at] = scrap * chance.randint(1, 20_000 // len(scrap))
            case 1:
                del out[at:]
            case one if one < 15:
                del out[at : at + length]
            case one if one < 25:
                out[at:at] = out[at : at + length]
            case one if one < 45:
                out[at : at + chance.randint(0, 3)] = chance.choice(SCRAPS).encode("utf-8", "surrogatepass")
            case one if one < 52:
                other = chance.randrange(len(out) + 1)
                out[at : at + length] = out[other : other + length]
            case _:
                out[at : at + length] = chance.randbytes(chance.randint(0, 9))
    return bytes(out[:LARGEST])


ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    10**30,
    "",
    "x",
    "9" * 40,
    "\ud800\0",
    [],
    {},
    [[]],
    [None],
    {"id": {}},
    "e" * 999,
]


def spoiled(body: bytes, seed: int) -> bytes:
    """The same JSON, or JSON Lines, with something odd in a few places."""
    chance = random.Random(seed)
    documents = [body] if body.lstrip().startswith(b"{\n") else [line for line in body.splitlines() if line.strip()]
    share = chance.choice((0.005, 0.02, 0.1))
    spoilt = [json.dumps(_spoiled(json.loads(document), chance, share)).encode() for document in documents]
    return b"\n".join(spoilt)


def _spoiled(value: Any, chance: random.Random, share: float) -> Any:
    if chance.random() < share:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: _spoiled(inner, chance, share) for key, inner in value.items() if chance.random() > share / 2}
    return [_spoiled(inner, chance, share) for inner in value] if isinstance(value, list) else value


def sound(posts: Iterable[Post], links: bool) -> None:
    """What the rest of the house relies on."""
    for post in posts:
        assert post.published_at.tzinfo is UTC, "a time that is not in UTC"
        assert post.external_id, "an empty id"
        assert not links or post.url.startswith(("http://", "https://")), f"an odd address {post.url[:50]!r}"
        json.dumps([post.text, post.quoted, post.author, post.url, post.external_id], ensure_ascii=False).encode()
        assert "\0" not in post.text, "a NUL"


def made(kind: Kind, seed: int) -> bytes:
    chosen = random.Random(seed).choice(kind.bodies)
    return spoiled(chosen, seed) if kind.is_json and seed % 2 else mutated(chosen, seed)


def attempt(kind: Kind, seed: int) -> Tally:
    """One input; it is the same for the same seed."""
    tally = Tally()
    body = made(kind, seed)
    measured = seed % MEASURED == 0
    if measured:
        tracemalloc.start()
    begun = time.process_time()
    try:
        sound(kind.read(body), kind.links)
        tally.outcomes["read"] += 1
    except FetchError:
        tally.outcomes["refused"] += 1
    except Exception as error:
        tally.failures.append(f"{kind.name} {seed}: {repr(error)[:200]}")
    seconds = time.process_time() - begun
    if measured:
        tally.memory = tracemalloc.get_traced_memory()[1], seed
        tracemalloc.stop()
        if tally.memory[0] > MOST_MEMORY:
            tally.failures.append(f"{kind.name} {seed}: {tally.memory[0]:,} bytes of memory")
    else:
        tally.seconds = seconds, seed
        if seconds > LONGEST:
            tally.failures.append(f"{kind.name} {seed}: {seconds:.1f} s")
    return tally


# --- all of them


def share(seeds: range, recorded: bool, only: str = "") -> dict[str, Tally]:
    """Each seed goes to one kind, in turn."""
    with closing(Doors()) as doors:
        chosen = [kind for kind in [*kinds(recorded), *doors.kinds(recorded)] if only in ("", kind.name)]
        tallies = {kind.name: Tally() for kind in chosen}
        for seed in seeds:
            kind = chosen[seed % len(chosen)]
            tallies[kind.name].add(attempt(kind, seed))
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for tally in tallies.values():
        tally.resident = resident
        if resident > MOST_RESIDENT:
            tally.failures.append(f"a process of {resident:,} bytes after seeds {seeds}")
    return tallies


def run(count: int, first: int = 0, only: str = "", processes: int = 2) -> dict[str, Tally]:
    total: dict[str, Tally] = {}
    shares = [range(at, min(at + SHARE, first + count)) for at in range(first, first + count, SHARE)]
    with ProcessPoolExecutor(processes) as pool:
        for tallies in pool.map(partial(share, recorded=RECORDINGS.is_dir(), only=only), shares):
            for name, tally in tallies.items():
                total.setdefault(name, Tally()).add(tally)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="mutated pages, feeds, answers and files for every parser")
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", default="", choices=["", *(kind.name for kind in kinds(False)), *FETCHED])
    options = parser.parse_args()
    tallies = run(options.count, options.first, options.kind)
    print(f"{'':13} {'inputs':>8} {'read':>8} {'refused':>8} {'failed':>7} {'worst time':>11} {'worst memory':>13}")
    for name, tally in tallies.items():
        read, refused, failed = tally.outcomes["read"], tally.outcomes["refused"], len(tally.failures)
        print(
            f"{name:13} {read + refused + failed:8,} {read:8,} {refused:8,} {failed:7,} "
            f"{tally.seconds[0] * 1000:8,.0f} ms {tally.memory[0] / 1e6:10.1f} MB   seed {tally.seconds[1]}"
        )
    print(f"largest process: {max((tally.resident for tally in tallies.values()), default=0) / 1e6:.0f} MB")
    failures = [failure for tally in tallies.values() for failure in tally.failures]
    for failure in failures[:50]:
        print(failure)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
