"""An invented table with two sides, and tellings of every kind, tame and hostile."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot.models import (
    CORRECTED,
    Post,
    Role,
    Roster,
    Side,
    Source,
    Speaker,
    Statement,
    Talks,
    Telling,
    Topic,
)

AT = datetime(2022, 3, 14, 16, 42, tzinfo=UTC)

NASTY = [
    "<b>&amp;]]>",
    "</a><a href='javascript:x'>",
    "\u202eturned",
    "\u2066open",
    "closed\u2069\u2069",
    "שלום עולם",
    "مرحبا",
    "👩‍👩‍👧‍👦👍🏽🇦🇶",
    "e\u0301\u0302\u0303" * 20,
    "\x00\x07\x1b",
    "\ud800 lone",
    "*_~`|[]()#@",
    " \u200b\u00a0\u3000 ",
    "\r\n\r\n",
    "{name} %s {0}",
]


def roster(name: str = "Ann One", title: str = "chief negotiator", label: str = "state media") -> Roster:
    talks = {"talks": Talks("talks", {"en": "The talks"})}
    sides = {
        "north": Side("north", "talks", {"en": "North", "uk": "Північ", "ru": "Север"}, "🇦🇶"),
        "south": Side("south", "talks", {"en": "South", "uk": "Південь", "ru": "Юг"}, "🇧🇻"),
    }
    role = Role("talks", {"en": title}, date(2022, 1, 1), date(2022, 12, 31))
    speakers = {
        "ann": Speaker("ann", "north", {"en": name, "uk": "Анна Перша"}, roles=(role,)),
        "ben": Speaker("ben", "south", {"en": "Ben Two", "uk": "Бен Другий", "ru": "Бен Второй"}),
        "cat": Speaker("cat", "nowhere", {"en": "Cat Three"}),
    }
    sources = {
        "ann_x": Source("ann_x", "x", "ann_one", speaker="ann"),
        "ben_telegram": Source("ben_telegram", "telegram", "@ben_two", speaker="ben"),
        "daily": Source("daily", "feed", "https://daily.example/rss", outlet={"en": "The Daily"}, label={"en": label}),
        "past": Source("past", "archive", "past.jsonl", outlet={"en": "The Past"}),
    }
    topics = {"size": Topic("size", {"en": "Size of the fleet", "uk": "Розмір флоту"}, {"en": "fleet"})}
    return Roster(talks, sides, speakers, sources, topics)


def own(text: str = "We meet tomorrow.", *, number: int = 1, hours: float = 0, **more: object) -> Telling:
    """What Ann says on her own account."""
    post = Post(
        "ann_x",
        str(number),
        f"https://x.com/ann_one/status/{number}",
        AT + timedelta(hours=hours),
        text,
        **{"id": number, **more},  # type: ignore[arg-type]
    )
    return Telling(post, (Statement("ann", "own", text),))


def told(text: str = "Ben said that they meet.", *statements: Statement, number: int = 2, story: int = 0) -> Telling:
    """What the Daily tells."""
    at = AT + timedelta(minutes=number)
    post = Post("daily", str(number), f"https://daily.example/{number}", at, text, id=number)
    return Telling(post, statements, story)


def letters() -> st.SearchStrategy[str]:
    """Any text at all, lone surrogates included, often with something nasty in it."""
    anything = st.text(st.characters(exclude_categories=()), max_size=60)
    pieces = st.lists(st.one_of(anything, st.sampled_from(NASTY)), max_size=6)
    return pieces.map("".join)


def long_letters() -> st.SearchStrategy[str]:
    return st.tuples(letters(), st.integers(0, 400)).map(lambda pair: pair[0] * pair[1])


def statements() -> st.SearchStrategy[tuple[Statement, ...]]:
    one = st.builds(
        Statement,
        speaker=st.sampled_from(["ann", "ben", "cat", "gone"]),
        kind=st.sampled_from(["own", "quote", "report", "mention", "unknown"]),
        rule=st.sampled_from(["", "colon", CORRECTED]),
        text=st.just("words"),
    )
    return st.lists(one, max_size=9).map(tuple)


def posts() -> st.SearchStrategy[Post]:
    times = st.integers(631152000, 2114380800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    return st.builds(
        Post,
        source=st.sampled_from(["ann_x", "ben_telegram", "daily", "past", "gone", "<b>"]),
        external_id=st.just("1"),
        url=st.one_of(
            st.sampled_from(
                ["https://t.me/ben_two/5", "https://x.com/a/status/1?x=%20&y=1#z", "", "http://localhost/a"]
            ),
            letters().map("https://".__add__),
        ),
        published_at=times,
        text=st.one_of(letters(), long_letters()),
        kind=st.sampled_from(["post", "repost", "reply", "quote", "forward", "service"]),
        media=st.lists(st.sampled_from(["photo", "video", "poll", "hologram"]), max_size=4).map(tuple),
        quoted=letters(),
        author=letters(),
        edited_at=st.none() | times,
        deleted_at=st.none() | times,
        fate=st.sampled_from(["stands", "deleted", "protected", "withheld"]),
        late=st.booleans(),
        seen_at=st.none() | times,
        id=st.integers(1, 9),
    )


def tellings() -> st.SearchStrategy[Telling]:
    topics = st.sampled_from([(), ("size",), ("size", "gone")])
    return st.builds(Telling, post=posts(), statements=statements(), story=st.integers(0, 2), topics=topics)


def rosters() -> st.SearchStrategy[Roster]:
    return st.builds(roster, name=letters(), title=letters(), label=letters())
