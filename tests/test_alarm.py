"""Operators are told once when a source ails, with reason and remedy, and once when it is well again."""

from datetime import datetime, timedelta

import pytest

from bot import alarm, schedule
from bot.models import Cursor
from bot.store import outbox, posts, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database
from tests.worlds import NOON, ROSTER, Clock, a_post

pytestmark = pytest.mark.anyio

OPERATOR = 99
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEXT = Cursor("next")


class Watch:
    """A store with all sources, read a moment ago, and an operator who talks with the bot."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        database.submit(sources.enrol, ROSTER.sources.values(), NOON).result()
        for source in ROSTER.sources:
            self.reads(source)
        self.meets(OPERATOR)

    def meets(self, chat: int, language: str = "en") -> None:
        newcomer = subscribers.Newcomer(chat, 0, "private", "", language, "UTC", None, None)
        self.database.submit(subscribers.enrol, newcomer, self.clock()).result()

    def reads(self, source: str, newest: datetime | None = None) -> None:
        self.database.submit(sources.polled, source, NEXT, self.clock(), self.clock(), newest=newest).result()

    def fails(self, source: str, reason: str = "no answer", *, stopped: bool = False) -> None:
        now = self.clock()
        self.database.submit(sources.failed, source, reason, now, now, stopped=stopped).result()

    async def told(self, *admins: int) -> list[str]:
        """What operators are told now."""
        await alarm.tell_operators(self.database, ROSTER, admins or (OPERATOR,), self.clock())
        taken = []
        while rows := self.database.submit(outbox.claim, self.clock(), 99).result():
            for row in rows:
                self.database.submit(outbox.sent, [outbox.Arrival(row, 1)], self.clock()).result()
            assert {row.lane for row in rows} == {"notice"}
            taken += [row.message.text for row in rows]
        return taken


@pytest.fixture
def watch(database: Database) -> Watch:
    return Watch(database)


async def test_a_source_that_fails_for_an_hour_is_told_once_and_once_that_it_is_well(watch: Watch) -> None:
    watch.fails("wire")
    watch.clock.goes(minutes=59)
    assert await watch.told() == []
    watch.clock.goes(minutes=1)
    (text,) = await watch.told()
    assert text.startswith("⚠️ Not readable since 14 March 2022, 12:00 UTC: The Wire, wire.example\nno answer\n")
    watch.fails("wire", "another reason")
    watch.clock.goes(hours=5)
    assert await watch.told() == []
    watch.reads("wire")
    assert await watch.told() == ["✅ Read again: The Wire, wire.example"]
    assert await watch.told() == []
    watch.fails("wire")
    watch.clock.goes(hours=1)
    assert len(await watch.told()) == 1


async def test_a_short_failure_is_nobodys_business(watch: Watch) -> None:
    watch.fails("wire")
    watch.clock.goes(minutes=50)
    watch.reads("wire")
    assert await watch.told() == []


async def test_what_only_a_person_can_mend_is_told_at_once(watch: Watch) -> None:
    watch.fails("petrov-telegram", "another channel: somebody else may have taken the name", stopped=True)
    (text,) = await watch.told()
    assert text.startswith("⛔️ Not read any more since")
    assert "somebody else may have taken the name" in text
    assert "config/sources.toml" in text


async def test_what_is_not_collected_for_want_of_a_token_alarms_nobody(watch: Watch) -> None:
    watch.fails("ivanenko-x", "no X token", stopped=True)
    assert await alarm.tell_operators(watch.database, ROSTER, [OPERATOR], watch.clock(), ["ivanenko-x"]) == 0
    assert await watch.told() != []


async def test_sources_that_fail_for_one_reason_are_told_together(watch: Watch) -> None:
    for source in ROSTER.sources:
        watch.fails(source, "name not resolved" if source != "wire" else "HTTP 404")
    watch.clock.goes(hours=1)
    (text,) = await watch.told()
    first, second = text.split("\n\n")
    assert "Olha Ivanenko, X @o_ivanenko; 🟥 Pavel Petrov, Telegram @p_petrov\nname not resolved" in first
    assert "HTTP 404" in second


async def test_unusual_silence_is_told_and_its_end_too(watch: Watch) -> None:
    watch.reads("wire", newest=NOON)
    watch.database.submit(sources.learn, "wire", (), 5 * HOUR, NOON).result()
    watch.clock.goes(hours=5)
    watch.reads("wire")
    assert await watch.told() == []
    watch.clock.goes(minutes=1)
    (text,) = await watch.told()
    assert text.startswith("🔇 Silent for unusually long, since 14 March 2022, 12:00 UTC: The Wire")
    assert await watch.told() == []
    watch.clock.goes(minutes=5)
    watch.fails("wire")
    assert await watch.told() == []
    watch.reads("wire", newest=watch.clock())
    assert await watch.told() == ["✅ Read again: The Wire, wire.example"]


async def test_each_operator_is_told_in_their_language_and_only_who_talks_with_the_bot(watch: Watch) -> None:
    watch.meets(98, "uk")
    watch.fails("wire", stopped=True)
    texts = await watch.told(OPERATOR, 98, 97)
    assert [text.split(" ")[1] for text in texts] == ["Not", "Більше"]


async def test_nothing_counts_as_told_while_nobody_can_be(watch: Watch) -> None:
    watch.fails("wire", stopped=True)
    assert await watch.told(97) == []
    watch.meets(97)
    assert len(await watch.told(97)) == 1


async def test_habits_are_learned_from_what_was_published_once_a_day(watch: Watch) -> None:
    def publish(connection: Connection) -> None:
        for number in range(400):
            posts.insert(connection, a_post(str(number), "Petrov spoke.", at=NOON - number * 2 * HOUR), NOON)
        for number in range(100):
            posts.insert(connection, a_post(f"ahead {number}", "Petrov will speak.", at=NOON + 900 * DAY), NOON)

    watch.database.submit(publish).result()
    assert await alarm.learn(watch.database, NOON) == 3
    (rates,) = [due.rates for due in watch.database.read(sources.due, NOON) if due.id == "wire"]
    assert sum(rates) == pytest.approx(12, rel=0.05)
    assert {one.id: one.silence for one in watch.database.read(sources.health)} == {
        "wire": 6 * HOUR,
        "ivanenko-x": None,
        "petrov-telegram": None,
    }
    assert await alarm.learn(watch.database, NOON + DAY - MINUTE) == 0
    assert await alarm.learn(watch.database, NOON + DAY) == 3


async def test_habits_are_those_of_the_last_weeks(watch: Watch) -> None:
    def publish(connection: Connection) -> None:
        for number in range(400):
            at = NOON - schedule.LEARNED_FROM - number * 2 * HOUR
            posts.insert(connection, a_post(str(number), "Petrov spoke.", at=at), NOON)

    watch.database.submit(publish).result()
    await alarm.learn(watch.database, NOON + HOUR)
    assert {one.silence for one in watch.database.read(sources.health)} == {None}


async def test_of_many_sources_some_are_learned_at_a_time(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "BATCH", 2)
    assert [await alarm.learn(watch.database, NOON) for _ in range(3)] == [2, 1, 0]
