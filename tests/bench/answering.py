"""How long people wait for an answer: from the update that comes in to the answer that is handed to the transport, with
a million posts and 100,000 subscribers, while an alert goes to all of them at the paid pace.

The bot is the real one, with its inbox, handlers and delivery; only Telegram is replaced: answers end in this process,
alerts at a server beside it.
"""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from telegram import Update
from telegram.request import RequestData

from bot import app, settings
from bot.botapi.pacing import Pacing
from bot.botapi.transport import AiohttpRequest, Polling
from bot.deliver import Delivery
from bot.meters import Meters
from bot.models import Follow, Message, Post, Roster, Statement, StatementKind, Timetable
from bot.schedule import next_digest_at
from bot.store import outbox, posts, sources, subscribers
from bot.store import search as index
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.outbox import Subject
from bot.words import version
from bot.words.tokens import Token
from tests.bench.corpus import SHARES, vocabulary
from tests.bench.figures import Figure, percentile
from tests.bench.searching import POSTS, entry, sentences
from tests.bench.words import WORDS
from tests.chat.offline import Telegram
from tests.process.running import HOUSE, listening

SUBSCRIBERS = 100_000
APART = timedelta(seconds=60)
BATCH = 20_000
KINDS: dict[StatementKind, int] = {"own": 20, "quote": 55, "report": 25}
SPOKEN, NAMED = 0.6, 0.3
"""Shares of the posts in which somebody speaks, and in which somebody is only named."""

OPERATORS = 50
"""Those who give /admin in turn: nobody asks more often than is allowed."""

EACH = 25
"""Times that each command is given."""

APART_ASKED = 0.04
"""Seconds between an answer and the next question."""

WORDS_TOLD = Message("A statement. " * 25)
EVERYBODY = Subject(["x"], [], "", [], [])
ANSWERS = frozenset({"sendMessage", "editMessageText", "sendPhoto", "sendDocument", "answerInlineQuery"})


def answering(folder: Path) -> Iterator[Figure]:
    loaded = settings.load({"PARLEY_CONFIG": str(HOUSE / "config")})
    opened = replace(loaded, database=folder / "parley.db", bot_token="1:bench", admins=tuple(range(1, OPERATORS + 1)))
    now = app.now()
    database = Database.open(opened.database)
    began = time.perf_counter()
    database.submit(sources.enrol, list(opened.roster.sources.values()), now).result()
    words = _fill(database, opened.roster, now)
    database.submit(_subscribe, opened.roster, now).result()
    while database.submit(index.join_parts).result():
        pass
    print(f"    filled in {time.perf_counter() - began:.0f} s", flush=True)
    with listening("tests.bench.slow_telegram", "0.05") as url:
        times, spent = asyncio.run(_measure(opened, database, url, words))
    database.close()
    yield from _figures(times, spent)


def _figures(times: dict[str, list[float]], spent: dict[str, list[float]]) -> Iterator[Figure]:
    together = sorted(one for some in times.values() for one in some)
    slow = sorted(((percentile(some, 95), name) for name, some in times.items()), reverse=True)
    where = f"{POSTS:,} posts, {SUBSCRIBERS:,} subscribers, an alert going to all of them at 1,000 a second"
    yield Figure(
        "commands and buttons answered, p95",
        percentile(together, 95),
        "ms",
        f"from the update to the transport; must be below 100; median {statistics.median(together):.1f}, "
        f"p99 {percentile(together, 99):.0f}, worst {together[-1]:.0f}, of {len(together)}; {where}",
    )
    work = sorted(one for some in spent.values() for one in some)
    heavy = sorted(((percentile(some, 95), name) for name, some in spent.items()), reverse=True)
    yield Figure(
        "processor time of an answer, p95",
        percentile(work, 95),
        "ms",
        "of the whole process meanwhile, the alert's too: what other processes take away does not count; "
        f"median {statistics.median(work):.1f}, p99 {percentile(work, 99):.0f}; "
        f"{100 * sum(one < 100 for one in work) / len(work):.1f} % below 100; "
        "the heaviest: " + ", ".join(f"{name} {p95:.0f}" for p95, name in heavy[:6]) + " ms (p95)",
    )
    within = sum(one < 100 for one in together) / len(together)
    beside = (
        "must be 95 or more; the slowest: " + ", ".join(f"{name} {p95:.0f}" for p95, name in slow[:6]) + " ms (p95)"
    )
    yield Figure("answered in under 100 ms", 100 * within, "%", beside)


# --- the house


def _fill(database: Database, roster: Roster, now: datetime) -> dict[str, str]:
    """A million posts, in half of which somebody speaks. Returns what to look for."""
    chance = random.Random(21)
    pools = {language: list(sentences(language, chance)) for language in SHARES}
    made = _posts(pools, roster, now, random.Random(22))
    while batch := list(islice(made, BATCH)):
        database.submit(_store, batch, roster).result()
    return {
        "rare": chance.choice(vocabulary("uk").words[-5000:]),
        "common": WORDS["ru"][2],
        "both": f"{WORDS['uk'][0]} AND {WORDS['uk'][4]}",
        "phrase": '"' + " ".join(pools["ru"][7][0].split()[2:4]) + '"',
    }


Made = tuple[Post, list[Token], list[Statement], list[str]]


def _posts(
    pools: dict[str, list[tuple[str, list[Token]]]], roster: Roster, now: datetime, chance: random.Random
) -> Iterator[Made]:
    speakers, known, topics = list(roster.speakers), list(roster.sources), list(roster.topics)
    by_rank = {len(some): list(accumulate(1 / (n + 3) for n in range(len(some)))) for some in (speakers, known, topics)}
    for number in range(POSTS):
        language = chance.choices(list(SHARES), list(SHARES.values()))[0]
        parts = chance.choices(pools[language], k=3)
        text = " ".join(part[0] for part in parts)
        (source,) = chance.choices(known, cum_weights=by_rank[len(known)])
        post = Post(source, str(number), f"https://x.example/{number}", now - (POSTS - number) * APART, text, language)
        who = chance.choices(speakers, cum_weights=by_rank[len(speakers)], k=2)
        said = []
        if chance.random() < SPOKEN:
            (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
            said.append(Statement(who[0], kind, parts[0][0]))
        if chance.random() < NAMED and who[1] != who[0]:
            said.append(Statement(who[1], "mention", ""))
        touched = chance.choices(
            topics, cum_weights=by_rank[len(topics)], k=chance.choices((0, 1, 2, 3), (4, 3, 2, 1))[0]
        )
        yield post, [word for part in parts for word in part[1]], said, list(dict.fromkeys(touched))


def _store(connection: Connection, batch: Sequence[Made], roster: Roster) -> None:
    numbers = posts.insert_all(connection, [posts.row(post, post.published_at) for post, *_ in batch])
    made_with = version.of_posts(roster)
    entries = [
        (numbers[at], post.published_at, entry(post, words, said, topics, roster, made_with))
        for at, (post, words, said, topics) in enumerate(batch)
    ]
    posts.add_statements(
        connection, [(numbers[at], posts.statement_rows(post, said)) for at, (post, _, said, _) in enumerate(batch)]
    )
    index.add(connection, entries)


def _subscribe(connection: Connection, roster: Roster, now: datetime) -> None:
    speakers = list(roster.speakers)
    digest = Timetable((settings.Defaults().digest,))
    due = next_digest_at(digest, "Europe/Kyiv", now)
    for chat in range(1, SUBSCRIBERS + 1):
        who = subscribers.enrol(
            connection,
            subscribers.Newcomer(chat, 0, "private", "", ("en", "uk", "ru")[chat % 3], "Europe/Kyiv", digest, due),
            now,
        )
        subscribers.follow(connection, who.id, Follow("all"))
        subscribers.follow(connection, who.id, Follow("speaker", speakers[chat % len(speakers)], "digest"))


# --- who asks


class Answered(Telegram):
    """Takes every answer, and notes when the first one to each update came."""

    def __init__(self) -> None:
        super().__init__()
        self.first: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: object, **more: object
    ) -> tuple[int, bytes]:
        if url.rpartition("/")[2] in ANSWERS and not self.first.done():
            self.first.set_result(time.perf_counter())
        return await super().do_request(url, method, request_data, *timeouts, **more)


async def _measure(
    opened: settings.Settings, database: Database, url: str, words: dict[str, str]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds from the update to the transport, and of processor time meanwhile, by question."""
    telegram = Answered()
    pacing = Pacing(1000.0, 1000.0, 1000.0, paid=True)
    async with _running(replace(opened, telegram_api_url=url), database, telegram, pacing) as application:
        times: dict[str, list[float]] = {}
        spent: dict[str, list[float]] = {}
        number = 0
        for post in range(1, EACH + 1):
            if database.read(outbox.count) < SUBSCRIBERS / 2:
                await database.write(outbox.tell, EVERYBODY, post, lambda _: [WORDS_TOLD], app.now())
            for name, ask in _questions(opened.roster, words).items():
                number += 1
                somebody = 1 + number % (OPERATORS if name.startswith("/admin") else SUBSCRIBERS)
                update = Update.de_json({"update_id": number, **ask(somebody)}, application.bot)
                telegram.first = asyncio.get_running_loop().create_future()
                began, used = time.perf_counter(), time.process_time()
                await application.update_queue.put(update)
                times.setdefault(name, []).append((await asyncio.wait_for(telegram.first, 30) - began) * 1000)
                spent.setdefault(name, []).append((time.process_time() - used) * 1000)
                await asyncio.sleep(APART_ASKED)
        assert database.read(outbox.count), "the alert had gone to all before the last question"
    return times, spent


@asynccontextmanager
async def _running(
    opened: settings.Settings, database: Database, telegram: Telegram, pacing: Pacing
) -> AsyncIterator[Any]:
    """The application as `run` makes it, and delivery beside it with a transport of its own."""
    meters, stop = Meters(), asyncio.Event()
    answers: Any = telegram
    application = app.telegram_bot(opened, database, answers, Polling(), pacing, meters)
    sender = app.telegram_bot(opened, database, AiohttpRequest(), Polling(), pacing, meters)
    delivery = Delivery(database, sender.bot, pacing, app.now, meters=meters)
    async with sender.bot, application:
        await application.start()
        running = asyncio.create_task(delivery.run(stop))
        try:
            yield application
        finally:
            stop.set()
            await running
            await application.stop()


def _questions(roster: Roster, words: dict[str, str]) -> dict[str, Callable[[int], dict[str, Any]]]:
    speaker, topic, side = next(iter(roster.speakers)), next(iter(roster.topics)), next(iter(roster.sides))
    last = list(roster.speakers)[-1]
    name = roster.speakers[speaker].name["en"]
    talks = next(iter(roster.talks))
    said = [
        "/start", "/help", "/settings", "/subscribe", f"/subscribe {name}", "/subscriptions", "/watches", "/latest",
        f"/latest {name}", f"/latest {side}", f"/latest {topic}", f"/search {words['rare']}",
        f"/search {words['common']}",
        f"/search {words['both']}", f"/search {words['phrase']}", f"/search {words['common']} from:{speaker}",
        f"/watch {words['common']}", f"/speaker {name}", "/talks", f"/compare {topic}", f"/compare {words['common']}",
        "/stats", "/stats 30", "/history", "/corrections", "/digest", "/zone", "/language", "/speakers", "/topics",
        "/status", "/privacy", "/export", "/manage", words["common"], "/admin", "/admin queue", "/admin people",
        "/admin troubles",
    ]  # fmt: skip
    pressed = [
        "menu", f"side:{side}:0", "topics:0", "follows:0", "latest:all::6:0", f"latest:speaker:{last}:1:0",
        f"who:{speaker}", f"about:topic:{topic}", f"talks:{talks}", f"rounds:{talks}:0", f"compare:{topic}:0",
        "stats:30",
        "people::0", "status:1", "cite:999990", "settings", "on:speaker:" + last, "how:all::silent", "history:0",
    ]  # fmt: skip
    questions = {words: _says(words) for words in said} | {data: _presses(data) for data in pressed}
    return questions | {"@bot " + words["common"]: _types(words["common"])}


def _says(text: str) -> Callable[[int], dict[str, Any]]:
    def message(chat: int) -> dict[str, Any]:
        told: dict[str, Any] = {
            "message_id": 1, "date": 1647259200, "chat": _chat(chat), "from": _person(chat), "text": text,
        }  # fmt: skip
        if text.startswith("/"):
            told["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return {"message": told}

    return message


def _presses(data: str) -> Callable[[int], dict[str, Any]]:
    def query(chat: int) -> dict[str, Any]:
        menu = {"message_id": 5, "date": 1647259200, "chat": _chat(chat), "from": _person(1), "text": "A menu"}
        return {
            "callback_query": {
                "id": "5", "from": _person(chat), "chat_instance": "1", "data": data, "message": menu,
            }
        }  # fmt: skip

    return query


def _types(words: str) -> Callable[[int], dict[str, Any]]:
    return lambda chat: {"inline_query": {"id": "9", "from": _person(chat), "query": words, "offset": ""}}


def _chat(number: int) -> dict[str, Any]:
    return {"id": number, "type": "private", "first_name": "Ann"}


def _person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Ann", "language_code": "uk"}
