"""One run: posts appear, Telegram fails, the process is killed; then the account of what every chat got."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.models import Follow
from bot.store import subscribers
from bot.store.connection import Connection, connect
from bot.store.database import Database
from tests.process.running import Parley, ask, ended, listening, post, until, write_config

PACE = 1000
GROUPS = 100
MOVING = range(1, 21)
"""Groups that become supergroups; the first five of them are subscribed under both numbers."""
BOTH = range(1, 6)
MOVED = 1_000_000
BLOCKING = 50
"""Every so many-th chat blocks the bot after the first post."""
UNSURE = 2.0
"""Seconds before a kill within which an answer may not have reached the disk."""


@dataclass(frozen=True)
class Report:
    """What a run showed. `doubles`: (chat, post, why the first answer did not reach the disk), one by one."""

    seed: str
    kills: int
    restarts: int
    posts: int
    alerts: int
    faults: dict[str, int]
    doubles: list[tuple[int, str, str]]
    lost: list[tuple[int, str]]
    unexplained: list[tuple[int, str]]
    disordered: list[int]
    posts_twice: int
    slowest: float
    """Seconds from the last post's first alert to its last, among the chats with which nothing went wrong."""
    allowed: float

    def __str__(self) -> str:
        listed = [f"  twice: chat {chat}, {word} {why}" for chat, word, why in self.doubles]
        faults = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.faults.items()))
        return "\n".join(
            [
                f"seed {self.seed}: {self.posts} posts, {self.alerts:,} alerts that had to arrive, {self.kills} kills, "
                f"{self.restarts} ends of its own after a 401",
                f"Telegram's answers: {faults}",
                *listed,
                f"lost {len(self.lost)}, twice {len(self.doubles)}, of these unexplained {len(self.unexplained)}, "
                f"out of order {len(self.disordered)}, posts stored twice {self.posts_twice}",
                f"healthy chats were served within {self.slowest:.1f} s of the first; the pace explains "
                f"{self.allowed:.1f} s",
            ]
        )

    def sound(self) -> bool:
        """Nothing lost, repeated without a reason or out of order."""
        return not any((self.lost, self.unexplained, self.disordered, self.posts_twice))

    def prompt(self) -> bool:
        """Nobody waited for somebody else's trouble. Depends on how much of the machine there is."""
        return self.slowest <= 2 * self.allowed + 5


class Run:
    def __init__(self, folder: Path, seed: str, chats: int, hangs: float) -> None:
        self.folder, self.seed, self.chats, self.hangs = folder, seed, chats, hangs
        self.chance = random.Random(seed)
        self.words: list[str] = []
        self.kills: list[float] = []
        self.restarts = 0

    def play(self, kills: int, posts_a_life: float = 1.0) -> Report:
        with listening("tests.chaos.faulty_telegram", self.seed, str(self.hangs)) as self.telegram, self.world():
            self.live_and_die(kills, posts_a_life)
            until(self.settled, within=300, why=self.parley.said)
            self.new_post()  # nobody is killed any more, but every tenth message goes wrong
            until(self.settled, within=300, why=self.parley.said)
            report = self.report()
            assert self.parley.stop() == 0, self.parley.said()
        return report

    @contextmanager
    def world(self) -> Iterator[None]:
        with listening("tests.far_ends") as self.far_ends:
            pace = f"[pace]\npaid = true\noverall = {PACE}\nchat = 1000\ngroup = 1000\n"
            write_config(self.folder, self.far_ends, pace=pace)
            with closing(Database.open(self.folder / "parley.db")) as database:
                database.submit(self.enrol).result()
            urls = {"TELEGRAM_API_URL": self.telegram, "TELEGRAM_WEB_URL": self.far_ends, "X_API_URL": self.far_ends}
            with ended(Parley(self.folder, X_BEARER_TOKEN="a-token-for-tests", **urls)) as self.parley:
                yield

    def enrol(self, connection: Connection) -> None:
        """Everybody follows everything, as if they had said so."""
        now = datetime.now(UTC)
        for chat in self.everybody():
            kind = "private" if chat > 0 else "supergroup"
            newcomer = subscribers.Newcomer(chat, 0, kind, "Ann", "en", "UTC", None, None)
            who = subscribers.enrol(connection, newcomer, now).id
            subscribers.follow(connection, who, Follow("all"))
            subscribers.choose(connection, who, "bundle", "0")

    def everybody(self) -> list[int]:
        groups = [-number for number in range(1, GROUPS + 1)]
        return [*range(1, self.chats - GROUPS + 1), *groups, *(-MOVED - number for number in BOTH)]

    # what happens

    def live_and_die(self, kills: int, posts_a_life: float) -> None:
        self.parley.start()
        self.wait_for_first_polls()
        self.new_post()
        until(self.taken, within=60, why=self.parley.said)
        blocked = list(range(BLOCKING, self.chats - GROUPS, BLOCKING))
        ask(f"{self.telegram}/__facts", {"blocked": blocked, "moved": {-n: -MOVED - n for n in MOVING}})
        for number in range(kills):
            if self.chance.random() < posts_a_life:
                self.new_post()
            match number % 8:
                case 1:
                    ask(f"{self.telegram}/__storm", {"seconds": 1.0})
                case 3:
                    ask(f"{self.telegram}/__once", {"getUpdates": 409})
                case 5:
                    ask(f"{self.telegram}/__once", {"sendMessage": 401})
                case 7:
                    ask(f"{self.telegram}/__once", {"getUpdates": 401})
            time.sleep(self.chance.uniform(0.2, 3.0))  # the moment is what this is about
            self.kill()
            self.parley.start()

    def kill(self) -> None:
        assert self.parley.process
        self.kills.append(time.time())
        if self.parley.process.poll() is None:
            self.parley.kill()
        else:
            self.restarts += 1

    def settled(self) -> bool:
        """Every post is stored and nothing waits any more. A process that ended by itself is started again."""
        assert self.parley.process
        if self.parley.process.poll() is not None:
            self.restarts += 1
            self.kills.append(time.time())
            self.parley.start()
        time.sleep(0.2)
        stored = self.ask_store("SELECT count(*) FROM posts")[0][0]
        return stored == len(self.words) and not self.ask_store("SELECT 1 FROM outbox WHERE due_at IS NOT NULL LIMIT 1")

    def wait_for_first_polls(self) -> None:
        """The first poll of each source is silent, so it must be over before posts are news."""
        read = "SELECT count(*) FROM sources WHERE last_ok_at IS NOT NULL"
        until(lambda: self.ask_store(read)[0][0] == 3, within=60, why=self.parley.said)

    def new_post(self) -> None:
        number = len(self.words) + 1
        kind = ("x", "telegram", "feed")[number % 3]
        text = f"Sample statement {kind}-{number:03}."
        match kind:
            case "x":
                post(self.far_ends, "x", "o_ivanenko", id=1500000000000000000 + number, text=text)
            case "telegram":
                post(self.far_ends, "telegram", "p_petrov", id=number, text=text)
            case "feed":
                link = f"https://wire.example/{number}"
                post(self.far_ends, "feed", "wire", id=f"w-{number}", title=f"Petrov: {text}", link=link)
        self.words.append(f"{kind}-{number:03}.")

    # the account

    def taken(self) -> list[Any]:
        found: list[Any] = ask(f"{self.telegram}/__taken")
        return found

    def ask_store(self, question: str) -> list[Any]:
        with closing(connect(self.folder / "parley.db")) as connection:
            return connection.execute(question).fetchall()

    def report(self) -> Report:
        copies: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
        for entry in self.taken():
            copies[entry[1], entry[2]].append(entry)
        expected = [(chat, word) for chat in self.healthy() for word in self.words]
        doubles = [
            (*key, self.why(some)) for key, some in copies.items() for _ in some[1:] if key[1] in set(self.words)
        ]
        twice = "SELECT count(*) - count(DISTINCT text) FROM posts"
        return Report(
            self.seed,
            len(self.kills) - self.restarts,
            self.restarts,
            len(self.words),
            len(expected),
            ask(f"{self.telegram}/__faults"),
            [(chat, word, why or "for no reason") for chat, word, why in doubles],
            [(chat, word) for chat, word in expected if not self.got(copies, chat, word)],
            [(chat, word) for chat, word, why in doubles if not why],
            [chat for chat in self.healthy() if not self.in_order(copies, chat)],
            self.ask_store(twice)[0][0],
            self.spread(copies, self.words[-1]),
            self.chats / PACE,
        )

    def healthy(self) -> Sequence[int]:
        """Those who get everything; a group that moved counts by its old number."""
        blocked = set(range(BLOCKING, self.chats - GROUPS, BLOCKING))
        return [chat for chat in self.everybody() if chat not in blocked and chat > -MOVED]

    @staticmethod
    def got(copies: dict[tuple[int, str], list[Any]], chat: int, word: str) -> bool:
        return (chat, word) in copies or (-chat in MOVING and (chat - MOVED, word) in copies)

    def why(self, some: list[Any]) -> str:
        """Why the message had to be sent again, as far as Telegram and the killer know; empty if they do not."""
        for at, _, _, fault, answered, _ in some[:-1]:
            if not answered:
                return f"{fault or 'killed'} before the answer"
            if any(0 <= kill - at < UNSURE for kill in self.kills):
                return "killed before the answer was on the disk"
        return ""

    def in_order(self, copies: dict[tuple[int, str], list[Any]], chat: int) -> bool:
        """Whether the first copies came in the order in which the posts did. Posts of one moment may change places."""
        firsts = [copies[chat, word][0][0] for word in self.words if (chat, word) in copies]
        queued = {word: number for number, word in enumerate(self.queued_order())}
        came = sorted(
            (word for word in self.words if (chat, word) in copies), key=lambda word: copies[chat, word][0][0]
        )
        return len(firsts) == len(came) and all(queued[one] < queued[two] for one, two in pairwise(came))

    def queued_order(self) -> list[str]:
        """The posts in the order in which their alerts were queued."""
        texts = "SELECT text FROM posts ORDER BY id"
        return [next(word for word in self.words if word in text) for (text,) in self.ask_store(texts)]

    def spread(self, copies: dict[tuple[int, str], list[Any]], word: str) -> float:
        """Among those with whom nothing went wrong, the time between the first and the last."""
        times = [some[0][0] for (_, known), some in copies.items() if known == word and some[0][3:] == ["", True, 1]]
        return float(max(times) - min(times))
