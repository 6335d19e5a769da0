"""Talks, a source and subscribers for the measurements."""

from datetime import UTC, datetime

from bot.models import Follow, Roster, Side, Source, Speaker, Talks
from bot.store import subscribers
from bot.store.connection import Connection

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)

ROSTER = Roster(
    {"sample": Talks("sample", {"en": "Sample talks"})},
    {"north": Side("north", "sample", {"en": "North"}), "south": Side("south", "sample", {"en": "South"})},
    {
        "ivanenko": Speaker(
            "ivanenko", "north", {"en": "Olha Ivanenko", "uk": "Ольга Іваненко", "ru": "Ольга Иваненко"}
        ),
        "petrov": Speaker("petrov", "south", {"en": "Pavel Petrov", "uk": "Павло Петров", "ru": "Павел Петров"}),
    },
    {"wire": Source("wire", "feed", "https://wire.example/rss", outlet={"en": "The Wire"})},
    {},
)


def followers(connection: Connection, count: int) -> list[int]:
    members = []
    for chat in range(1, count + 1):
        newcomer = subscribers.Newcomer(chat, 0, "private", "Ann", "en", "UTC", None, None)
        who = subscribers.enrol(connection, newcomer, NOW)
        subscribers.follow(connection, who.id, Follow("all"))
        members.append(who.id)
    return members
