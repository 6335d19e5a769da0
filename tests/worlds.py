"""A small table of talks for tests: two sides, three speakers, an account, a channel and an agency."""

from datetime import UTC, date, datetime, time, timedelta

from bot.models import Post, Role, Roster, Round, Side, Source, Speaker, Talks, Timetable, Topic

NOON = datetime(2022, 3, 14, 12, 0, tzinfo=UTC)

ROSTER = Roster(
    {
        "sample": Talks(
            "sample",
            {"en": "Sample talks", "uk": "Зразкові переговори", "ru": "Образцовые переговоры"},
            tuple(
                Round(date(2022, 3, day), date(2022, 3, day + 1), {"en": f"Hall {day}"}, ("x.example",))
                for day in range(1, 8)
            ),
        )
    },
    {
        "north": Side("north", "sample", {"en": "North", "uk": "Північ", "ru": "Север"}, "🟦"),
        "south": Side("south", "sample", {"en": "South", "uk": "Південь", "ru": "Юг"}, "🟥"),
    },
    {
        "ivanenko": Speaker(
            "ivanenko",
            "north",
            {"en": "Olha Ivanenko", "uk": "Ольга Іваненко", "ru": "Ольга Иваненко"},
            roles=(
                Role("sample", {"en": "head of delegation", "uk": "голова делегації", "ru": "глава делегации"}),
                Role("sample", {"en": "minister", "uk": "міністерка", "ru": "министр"}, date(2023, 1, 1)),
            ),
        ),
        "petrov": Speaker("petrov", "south", {"en": "Pavel Petrov", "uk": "Павло Петров", "ru": "Павел Петров"}),
        "sidorov": Speaker("sidorov", "south", {"en": "Semyon Sidorov", "uk": "Семен Сидоров", "ru": "Семён Сидоров"}),
    },
    {
        "ivanenko-x": Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko"),
        "petrov-telegram": Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov", language="ru"),
        "wire": Source(
            "wire",
            "feed",
            "https://wire.example/rss",
            outlet={"en": "The Wire", "uk": "Дріт", "ru": "Провод"},
            label={"en": "state media", "uk": "державне ЗМІ", "ru": "государственное СМИ"},
        ),
    },
    {
        "truce": Topic(
            "truce",
            {"en": "Truce", "uk": "Перемир'я", "ru": "Перемирие"},
            {"en": "truce OR ceasefire", "uk": "перемир'я", "ru": "перемирие"},
            ("sample",),
        )
    },
)


def a_post(external_id: str, text: str, source: str = "wire", at: datetime = NOON, **more: object) -> Post:
    address = {"ivanenko-x": "https://x.com/o_ivanenko/status/", "petrov-telegram": "https://t.me/p_petrov/"}
    url = address.get(source, "https://wire.example/") + external_id
    return Post(source, external_id, url, at, text, **more)  # type: ignore[arg-type]


def daily(*times: time) -> Timetable:
    """A digest at these times on every day."""
    return Timetable(times)


class Clock:
    """A clock that tests set."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def goes(self, **time: float) -> datetime:
        self.at += timedelta(**time)
        return self.at
