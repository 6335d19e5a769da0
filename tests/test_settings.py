"""Settings: what an operator writes becomes one value, and every mistake is named at once."""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot import settings
from bot.budget import DOLLAR, Budget
from bot.errors import SettingsError
from bot.models import Role, Round, Side, Source, Speaker, Talks, Topic

SESSION = "1" + "BVtsOMWBu7" * 35

TALKS = """
[[talks]]
id = "lake"
name = { en = "Lake talks", uk = "Озерні переговори" }

[[talks.rounds]]
from = 2022-03-14
to = 2022-03-17
place = { en = "by video" }
evidence = ["a.example"]

[[talks.rounds]]
from = 2022-03-29
place = { en = "Hut" }
evidence = ["b.example", "c.example"]

[[sides]]
id = "north"
talks = "lake"
name = { en = "North" }
flag = "🏔"

[[speakers]]
id = "ada"
side = "north"
name = { en = "Ada Berg", uk = "Ада Берг" }
aliases = { en = ["Bergh", "Ada Bergh"] }
roles = [{ talks = "lake", title = { en = "envoy" }, from = 2022-02-28, to = "2022-12-31" }]
needs = ["lake"]
never = ["Ida"]
"""

SOURCES = """
[[sources]]
id = "ada-x"
kind = "x"
address = "@AdaBerg"
speaker = "ada"
account_id = 1463721328
every = "1m30s"
proof = "a photograph of her card"
confidence = "A"

[[sources]]
id = "courier"
kind = "feed"
address = "https://courier.example/rss?lang=en"
outlet = { en = "The Courier" }
label = { en = "state media" }
language = "en"
enabled = false
note = "asks to be left alone"
"""

TOPICS = """
[[topics]]
id = "ice"
name = { en = "Ice" }
watch = { en = "ice OR frost", uk = "лід" }
"""

WORLD = {"talks.toml": TALKS, "sources.toml": SOURCES, "topics.toml": TOPICS, "parley.toml": ""}

Folder = Callable[..., Path]


@pytest.fixture(name="folder")
def folder_of_files(tmp_path: Path) -> Folder:
    """Writes config/ with these files instead of the good ones; None leaves one out."""

    def write(files: Mapping[str, str | bytes | None] = {}) -> Path:
        for name, content in {**WORLD, **files}.items():
            if content is None:
                (tmp_path / name).unlink(missing_ok=True)
            else:
                (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def load(folder: Path, **variables: str) -> settings.Settings:
    return settings.load({"PARLEY_CONFIG": str(folder), **variables})


def mistakes(folder: Path, **variables: str) -> list[SettingsError]:
    with pytest.raises(ExceptionGroup) as raised:
        load(folder, **variables)
    assert all(isinstance(mistake, SettingsError) for mistake in raised.value.exceptions)
    return [mistake for mistake in raised.value.exceptions if isinstance(mistake, SettingsError)]


def said(folder: Path, **variables: str) -> list[str]:
    """The mistakes as a person reads them, without the folder's path."""
    return [str(mistake).replace(f"{folder}/", "") for mistake in mistakes(folder, **variables)]


# --- what is right


def test_the_files_become_a_roster(folder: Folder) -> None:
    roster = load(folder()).roster
    rounds = (
        Round(date(2022, 3, 14), date(2022, 3, 17), {"en": "by video"}, ("a.example",)),
        Round(date(2022, 3, 29), date(2022, 3, 29), {"en": "Hut"}, ("b.example", "c.example")),
    )
    assert roster.talks == {"lake": Talks("lake", {"en": "Lake talks", "uk": "Озерні переговори"}, rounds)}
    assert roster.sides == {"north": Side("north", "lake", {"en": "North"}, "🏔")}
    assert roster.speakers == {
        "ada": Speaker(
            "ada",
            "north",
            {"en": "Ada Berg", "uk": "Ада Берг"},
            {"en": ("Bergh", "Ada Bergh")},
            (Role("lake", {"en": "envoy"}, date(2022, 2, 28), date(2022, 12, 31)),),
            ("lake",),
            ("Ida",),
        )
    }
    assert roster.topics == {"ice": Topic("ice", {"en": "Ice"}, {"en": "ice OR frost", "uk": "лід"})}


def test_the_files_become_sources(folder: Folder) -> None:
    assert load(folder()).roster.sources == {
        "ada-x": Source(
            "ada-x",
            "x",
            "AdaBerg",
            speaker="ada",
            account_id="1463721328",
            every=timedelta(seconds=90),
            proof="a photograph of her card",
            confidence="A",
        ),
        "courier": Source(
            "courier",
            "feed",
            "https://courier.example/rss?lang=en",
            outlet={"en": "The Courier"},
            label={"en": "state media"},
            language="en",
            every=timedelta(minutes=5),
            enabled=False,
            note="asks to be left alone",
        ),
    }


def test_empty_files_are_enough(folder: Folder) -> None:
    found = load(folder(dict.fromkeys(WORLD, "")))
    assert found == settings.Settings(config=found.config, roster=found.roster)
    assert not found.roster.talks
    assert not found.roster.sources


def test_parley_toml_is_read(folder: Folder) -> None:
    found = load(
        folder(
            {
                "parley.toml": """
                defaults = { language = "uk", zone = "Europe/Rome", digest = "07:30" }
                limits = { watches = 5, follows = 6, query = 70, commands_a_minute = 8 }
                pace = { overall = 900, chat = 0.5, group = 10.5, paid = true, digest_late = "6h" }
                every = { feed = "1h" }
                operator = { contact = "mailto:editor@example.org" }
                [x]
                mode = "search"
                vocabulary = "post"
                country = "ua"
                post_price = 0.01
                day_cap = 2
                month_cap = 9.5
                [backup]
                folder = "/backups"
                at = "03:30"
                keep = 2
                [keep]
                outbox = 3
                inbox = 4
                log = 5
                [log]
                format = "json"
                file = "logs/parley.log"
                [translate]
                service = "deepl"
                characters = 7
                [disk]
                reserve = 6
                """
            }
        )
    )
    assert found.defaults == settings.Defaults(language="uk", zone="Europe/Rome", digest=time(7, 30))
    assert found.limits == settings.Limits(watches=5, follows=6, query=70, commands_a_minute=8)
    assert found.pace == settings.Pace(overall=900.0, chat=0.5, group=10.5, paid=True, digest_late=timedelta(hours=6))
    money = Budget(post_price=10_000, user_price=10_000, day_cap=2 * DOLLAR, month_cap=9_500_000)
    assert found.x == settings.OnX(mode="search", vocabulary="post", country="UA", budget=money)
    assert found.contact == "mailto:editor@example.org"
    assert found.backup == settings.Backup(folder=Path("/backups"), at=time(3, 30), keep=2)
    assert found.keep == settings.Keep(outbox=3, inbox=4, log=5)
    assert found.log == settings.Log(format="json", file=Path("logs/parley.log"))
    assert found.translate == settings.Translate(service="deepl", characters=7)
    assert found.disk_reserve == 6_000_000
    assert found.roster.sources["courier"].every == timedelta(hours=1)
    assert found.roster.sources["ada-x"].every == timedelta(seconds=90)


def test_a_time_of_day_may_be_written_without_quotation_marks(folder: Folder) -> None:
    assert load(folder({"parley.toml": "defaults = { digest = 06:45:00 }"})).defaults.digest == time(6, 45)


TRANSLATED = SOURCES.replace("enabled = false", "translate = true").replace(
    'kind = "x"', 'kind = "x"\ntranslate = true'
)


@pytest.mark.parametrize(
    ("service", "environment", "on"),
    [
        ("libretranslate", {"TRANSLATE_URL": "http://localhost:5000/"}, True),
        ("libretranslate", {"TRANSLATE_KEY": "k"}, False),
        ("deepl", {"TRANSLATE_KEY": "k:fx"}, True),
        ("deepl", {"TRANSLATE_URL": "http://localhost:5000"}, False),
        ("deepl", {}, False),
    ],
)
def test_sources_are_translated_if_there_is_a_service(
    folder: Folder, service: str, environment: dict[str, str], on: bool
) -> None:
    path = folder({"sources.toml": TRANSLATED, "parley.toml": f'translate = {{ service = "{service}" }}'})
    found = load(path, **environment)
    assert found.translates is on
    assert [source.translate for source in found.roster.sources.values()] == [on, on]
    assert "k:fx" not in repr(found)


def test_a_channel_is_not_sent_to_deepl(folder: Folder) -> None:
    channel = TRANSLATED.replace('kind = "feed"', 'kind = "telegram"')
    channel = channel.replace('"https://courier.example/rss?lang=en"', '"courier"')
    path = folder({"sources.toml": channel, "parley.toml": 'translate = { service = "deepl" }'})
    assert load(path).roster.sources["courier"].kind == "telegram"
    (mistake,) = mistakes(path, TRANSLATE_KEY="k")
    assert (mistake.key, mistake.file) == ("sources.courier.translate", str(path / "sources.toml"))
    assert "while DeepL translates" in mistake.reason


def test_what_x_gives_for_nothing_needs_no_money(folder: Folder) -> None:
    found = load(folder({"parley.toml": "x = { post_price = 0, user_price = 0, day_cap = 0, month_cap = 0 }"}))
    assert found.x.budget == Budget(post_price=0, user_price=0, day_cap=0, month_cap=0)


def test_a_feed_may_stand_in_for_an_account_on_x(folder: Folder) -> None:
    changed_sources = changed(SOURCES, 'kind = "feed"\n', 'kind = "feed"\ndialect = "nitter"\n')
    assert load(folder({"sources.toml": changed_sources})).roster.sources["courier"].dialect == "nitter"


def test_an_account_number_may_be_written_as_text(folder: Folder) -> None:
    assert (
        load(folder({"sources.toml": changed(SOURCES, "1463721328", '"0123"')})).roster.sources["ada-x"].account_id
        == "0123"
    )


def test_another_file_of_sources_can_be_named(folder: Folder) -> None:
    path = folder({"other.toml": "", "sources.toml": "broken"})
    assert settings.load({"PARLEY_CONFIG": str(path)}, "other.toml").roster.sources == {}


def test_a_byte_order_mark_does_no_harm(folder: Folder) -> None:
    assert load(folder({"topics.toml": b"\xef\xbb\xbf" + TOPICS.encode()})).roster.topics


def test_an_archive_lies_in_the_folder(folder: Folder) -> None:
    archive = '[[sources]]\nid = "a"\nkind = "archive"\naddress = "{}"\noutlet = {{ en = "O" }}'
    path = folder({"sources.toml": archive.format("days.jsonl"), "days.jsonl": ""})
    assert load(path).roster.sources["a"].address == "days.jsonl"
    folder({"sources.toml": archive.format("nights.jsonl")})
    assert said(path) == ["sources.toml, sources.a.address: no such file: nights.jsonl"]


def test_many_archives_share_a_file_and_a_switched_off_source_an_address(folder: Folder) -> None:
    entry = '[[sources]]\nid = "{}"\nkind = "{}"\naddress = "{}"\noutlet = {{ en = "O" }}\n'
    archives = "".join(entry.format(id, "archive", "days.jsonl") for id in "ab")
    feeds = "".join(entry.format(id, "feed", "http://o.example") for id in "cd") + "enabled = false\n"
    assert len(load(folder({"sources.toml": archives + feeds, "days.jsonl": ""})).roster.sources) == 4


# --- the environment


def test_the_environment_is_read(folder: Folder) -> None:
    found = load(
        folder(),
        TELEGRAM_BOT_TOKEN=" 123456789:TEST ",
        TELEGRAM_API_URL="http://127.0.0.1:9110/",
        TELEGRAM_WEBHOOK_URL="https://hook.example/parley/",
        TELEGRAM_WEBHOOK_SECRET="a-secret-of-some-length",
        PARLEY_WEBHOOK_LISTEN="0.0.0.0:8080",
        TELEGRAM_WEB_URL="https://preview.example/mirror/",
        TELEGRAM_API_ID="12345",
        TELEGRAM_API_HASH="0123456789abcdef0123456789abcdef",
        TELEGRAM_SESSION=SESSION,
        X_BEARER_TOKEN="AAAA%2Fbb",
        X_API_URL="http://localhost:1",
        PARLEY_DATABASE="somewhere/parley.db",
        PARLEY_ADMINS="12, -1003 45;",
        PARLEY_HEALTH_PORT="8080",
        PARLEY_HEALTH_HOST="0.0.0.0",
    )
    assert found.bot_token == "123456789:TEST"
    assert found.telegram_api_url == "http://127.0.0.1:9110"
    assert found.webhook_url == "https://hook.example/parley"
    assert (found.webhook_secret, found.webhook_listen) == ("a-secret-of-some-length", ("0.0.0.0", 8080))
    assert found.telegram_web_url == "https://preview.example/mirror"
    assert (found.telegram_api_id, found.telegram_api_hash[:4], found.telegram_session) == (12345, "0123", SESSION)
    assert found.x_bearer_token == "AAAA%2Fbb"
    assert found.x_api_url == "http://localhost:1"
    assert found.database == Path("somewhere/parley.db")
    assert found.admins == (12, -1003, 45)
    assert found.health_port == 8080
    assert found.health_host == "0.0.0.0"


@pytest.mark.parametrize("off", ["", "0", "off", "  "])
def test_the_health_page_can_be_off(folder: Folder, off: str) -> None:
    assert load(folder(), PARLEY_HEALTH_PORT=off).health_port == 0


def test_an_empty_variable_is_as_good_as_none(folder: Folder) -> None:
    names = [name + ending for name in settings.ENVIRONMENT if name != "PARLEY_CONFIG" for ending in ("", "_FILE")]
    assert load(folder(), **dict.fromkeys(names, "")) == load(folder())


def test_a_webhook_needs_a_secret(folder: Folder) -> None:
    (mistake,) = mistakes(folder(), TELEGRAM_WEBHOOK_URL="https://hook.example")
    assert "TELEGRAM_WEBHOOK_SECRET" in str(mistake)


def test_a_secret_is_read_from_its_file(folder: Folder) -> None:
    path = folder({"token": "123:abc\n"})
    found = load(path, TELEGRAM_BOT_TOKEN_FILE=str(path / "token"))
    assert found.bot_token == "123:abc"


def test_every_variable_may_stand_in_a_file(folder: Folder) -> None:
    path = folder({"where": str(folder())})
    assert settings.load({"PARLEY_CONFIG_FILE": str(path / "where")}).config == path


def test_secrets_are_not_shown(folder: Folder) -> None:
    found = load(folder(), TELEGRAM_BOT_TOKEN="123:hidden-one", X_BEARER_TOKEN="hidden-two")
    assert "hidden" not in repr(found)
    assert "hidden" not in str(found)


@pytest.mark.parametrize("given", [{}, {"TELEGRAM_API_ID": "12345", "TELEGRAM_SESSION": SESSION}])
def test_telegrams_own_protocol_needs_an_account(folder: Folder, given: dict[str, str]) -> None:
    path = folder({"parley.toml": '[telegram]\nclient = "mtproto"\n'})
    missing = [name for name in ("API_ID", "API_HASH", "SESSION") if f"TELEGRAM_{name}" not in given]
    hint = {"SESSION": " (parley login makes one)"}
    told = [
        f'environment, TELEGRAM_{name}: is missing; client = "mtproto" needs it{hint.get(name, "")}' for name in missing
    ]
    assert said(path, **given) == told


def test_with_an_account_channels_can_be_read_through_telegrams_own_protocol(folder: Folder, tmp_path: Path) -> None:
    path = folder({"parley.toml": '[telegram]\nclient = "mtproto"\n', "session": SESSION})
    account = {"TELEGRAM_API_ID": "12345", "TELEGRAM_API_HASH": "0123456789abcdef0123456789abcdef"}
    found = load(path, **account, TELEGRAM_SESSION_FILE=str(path / "session"))
    assert (found.telegram_client, found.telegram_session) == ("mtproto", SESSION)
    assert load(folder()).telegram_client == "web"


WRONG_VARIABLES = [
    ("TELEGRAM_API_ID", "12a", '"12a" is not the number that https://my.telegram.org gives as api_id'),
    ("TELEGRAM_API_HASH", "hidden", "is no api_hash"),
    ("TELEGRAM_SESSION", "hidden", "is no session of Telethon's"),
    ("TELEGRAM_BOT_TOKEN", "hidden", "is no bot token"),
    ("TELEGRAM_BOT_TOKEN", '"123:hidden"', "is no bot token"),
    ("TELEGRAM_BOT_TOKEN", "123:hid den", "is no bot token"),
    ("X_BEARER_TOKEN", "Bearer hidden", 'is no bearer token; expected it alone, without "Bearer"'),
    ("TELEGRAM_WEBHOOK_SECRET", "short", "expected 16 to 256 letters"),
    ("PARLEY_WEBHOOK_LISTEN", "8443", "is not a host and a port"),
    ("PARLEY_WEBHOOK_LISTEN", "127.0.0.1:99999", "is not a host and a port"),
    ("TELEGRAM_API_URL", "api.telegram.org", '"api.telegram.org" is not an address that begins with http'),
    ("TELEGRAM_API_URL", "http://[::1", "is not an address"),
    ("TELEGRAM_WEB_URL", "ftp://t.me", "is not an address"),
    ("X_API_URL", "https://api.x.com/?a=b", "is not the beginning of an address, without ? and #"),
    ("X_API_URL", "https://api.x.com:port", "is not an address"),
    ("PARLEY_ADMINS", "12, anna", '"anna" is no chat id'),
    ("PARLEY_ADMINS", "٣", "is no chat id"),
    ("TRANSLATE_KEY", "a hidden key", "is no key; expected it alone"),
    ("TRANSLATE_URL", "http://a.test/?q", "without ? and #"),
    ("PARLEY_HEALTH_PORT", "70000", '"70000" is not a port from 1 to 65535'),
    ("PARLEY_HEALTH_PORT", "http", '"http" is not a port'),
    ("PARLEY_HEALTH_PORT", "-1", "is not a port"),
    ("PARLEY_HEALTH_HOST", "parley.example", '"parley.example" is not an address such as 127.0.0.1'),
    ("PARLEY_CONFIG", "/nowhere/at/all", "no such folder: /nowhere/at/all"),
    ("PARLEY_CONFIG", "x" * 5000, "no such folder"),
]


@pytest.mark.parametrize(("name", "value", "reason"), WRONG_VARIABLES)
def test_a_wrong_variable_is_named(folder: Folder, name: str, value: str, reason: str) -> None:
    (mistake,) = mistakes(folder(), **{name: value})
    assert (mistake.file, mistake.key) == ("environment", name)
    assert reason in mistake.reason
    assert "hidden" not in str(mistake)


def test_a_variable_and_its_file_exclude_each_other(folder: Folder) -> None:
    path = folder({"token": "123:hidden"})
    found = said(path, TELEGRAM_BOT_TOKEN="123:hidden", TELEGRAM_BOT_TOKEN_FILE=str(path / "token"))
    assert found == ["environment, TELEGRAM_BOT_TOKEN: TELEGRAM_BOT_TOKEN_FILE is set too; expected one of them"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file or directory"), (b"\xff\xfe", "does not hold text"), (b" \n", "is empty")],
)
def test_a_file_of_a_secret_that_cannot_be_read_is_named(folder: Folder, content: bytes | None, reason: str) -> None:
    path = folder({"token": content})
    assert said(path, X_BEARER_TOKEN_FILE=str(path / "token")) == [f"environment, X_BEARER_TOKEN_FILE: {reason}"]


def test_a_secret_in_the_place_of_its_file_is_not_shown(folder: Folder) -> None:
    (words,) = said(folder(), TELEGRAM_BOT_TOKEN_FILE="123:hidden")
    assert "hidden" not in words


def test_a_wrong_value_in_a_file_names_the_file_variable(folder: Folder) -> None:
    path = folder({"admins": "anna"})
    (mistake,) = mistakes(path, PARLEY_ADMINS_FILE=str(path / "admins"))
    assert mistake.key == "PARLEY_ADMINS_FILE"


def test_without_a_folder_nothing_else_is_asked_of_it(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder())
    with pytest.raises(ExceptionGroup, match="1 mistake in the settings"):
        settings.load({})


# --- what is wrong in the files


def test_ten_different_mistakes_are_listed_at_once(folder: Folder) -> None:
    path = folder(
        {
            "talks.toml": TALKS
            + '[[sides]]\nid = "north"\ntalks = "lakes"\nname = { en = "North again" }\ncolour = "red"\n',
            "sources.toml": """
                [[sources]]
                id = "ada-x"
                kind = "twiter"
                address = "AdaBerg"
                speaker = "adda"

                [[sources]]
                id = "courier"
                kind = "feed"
                address = "courier.example"
                outlet = { en = "The Courier" }
                speaker = "ada"
                every = "5 minutes"
            """,
            "topics.toml": "[[topics]\n",
            "parley.toml": 'defaults = { zone = "Europe/Kiyv" }\nlimits = { watches = "many" }\n',
        }
    )
    assert said(path) == [
        'parley.toml, defaults.zone: "Europe/Kiyv" is not a time zone such as Europe/Kyiv; did you mean "Europe/Kyiv"?',
        'parley.toml, limits.watches: "many" is not a whole number from 1 to 1000000',
        "talks.toml, sides.north.id: entry 2 has the id of entry 1; an id stands once",
        "talks.toml, sides.north.colour: unknown key; expected id, talks, name, flag",
        'talks.toml, sides.north.talks: no [[talks]] has the id "lakes"; did you mean "lake"?',
        'sources.toml, sources.ada-x.kind: "twiter" is none of x, telegram, feed, archive',
        'sources.toml, sources.ada-x.speaker: no [[speakers]] has the id "adda"; did you mean "ada"?',
        'sources.toml, sources.courier.every: "5 minutes" is not a pause such as "30s", "5m" or "1h30m", '
        "above nothing and at most a day",
        "sources.toml, sources.courier: has both speaker and outlet; expected one of them",
        'sources.toml, sources.courier.address: "courier.example" is not an address that begins with http:// or '
        "https://",
        "topics.toml: is not TOML: Expected ']]' at the end of an array declaration (at line 1, column 9)",
    ]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


WRONG_LINES = [
    # file, instead of, stands, key, reason
    ("talks.toml", 'flag = "🏔"', "flag = 7", "sides.north.flag", "expected text, not a number"),
    ("talks.toml", 'flag = "🏔"', 'flag = "🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔🏔"', "sides.north.flag", "is 17 characters long"),
    ("talks.toml", 'id = "ada"', "", "speakers.1.id", "is missing"),
    ("talks.toml", 'id = "ada"', 'id = "ада"', "speakers.1.id", '"ада" is not an id: up to 40 Latin letters'),
    ("talks.toml", 'id = "ada"', f'id = "{"a" * 41}"', f"speakers.{'a' * 41}.id", "is not an id"),
    ("talks.toml", 'id = "ada"', "id = 5", "speakers.1.id", "expected an id"),
    ("talks.toml", 'side = "north"', 'side = ["north"]', "speakers.ada.side", "of one of [[sides]], not a list"),
    ("talks.toml", "never", "newer", "speakers.ada.newer", 'did you mean "never"?'),
    ("talks.toml", '["Ida"]', '"Ida"', "speakers.ada.never", '"Ida" is not a list, in [ ]'),
    ("talks.toml", '["Ida"]', '["Ida", 3, ""]', "speakers.ada.never.2", "expected text, not a number"),
    ("talks.toml", '["Ida"]', '["I\\nda"]', "speakers.ada.never.1", "holds a line break"),
    ("talks.toml", '["Ida"]', '["  "]', "speakers.ada.never.1", "is empty"),
    ("talks.toml", 'name = { en = "North" }', 'name = "North"', "sides.north.name", "is not a table such as"),
    ("talks.toml", 'name = { en = "North" }', "name = {}", "sides.north.name", "expected at least one of en, uk, ru"),
    ("talks.toml", 'name = { en = "North" }', 'name = { de = "Nord" }', "sides.north.name.de", "unknown language"),
    ("talks.toml", '{ en = ["Bergh"', '{ ua = ["Bergh"', "speakers.ada.aliases.ua", "expected en, uk, ru"),
    ("talks.toml", 'roles = [{ talks = "lake"', 'roles = [{ talks = "sea"', "speakers.ada.roles.1.talks", '"sea"'),
    ("talks.toml", "from = 2022-02-28", "from = 2023-02-28", "speakers.ada.roles.1.to", "before from, 2023-02-28"),
    ("talks.toml", "from = 2022-02-28", "from = 2022-02-28T00:00:00Z", "speakers.ada.roles.1.from", "not a date with"),
    ("talks.toml", '"2022-12-31"', '"2022-02-30"', "speakers.ada.roles.1.to", "is no day of the calendar"),
    ("talks.toml", '"2022-12-31"', '"in May"', "speakers.ada.roles.1.to", "a day such as 2022-03-10"),
    ("talks.toml", '"2022-12-31"', "2022", "speakers.ada.roles.1.to", "a day such as 2022-03-10, not a number"),
    ("talks.toml", "[[speakers]]", "[[speaker]]", "speaker", 'did you mean "speakers"?'),
    ("talks.toml", "[[talks]]", "[talks]", "talks", "expected entries that begin with [[talks]], not a table"),
    ("talks.toml", TALKS, "talks = [1]", "talks.1", "expected a table, not a number"),
    ("sources.toml", '"ada"', '"bob"', "sources.ada-x.speaker", 'no [[speakers]] has the id "bob"'),
    ("sources.toml", 'speaker = "ada"\n', "", "sources.ada-x", "has neither speaker nor outlet"),
    ("sources.toml", '"@AdaBerg"', '"Ada Berg"', "sources.ada-x.address", "is not an X handle"),
    ("sources.toml", '"@AdaBerg"', '"AdaBergOfTheNorth"', "sources.ada-x.address", "is not an X handle: up to 15"),
    ("sources.toml", '"@AdaBerg"', '"https://x.com/AdaBerg/"', "sources.ada-x.address", 'the name alone, "AdaBerg"'),
    ("sources.toml", '"@AdaBerg"', "7", "sources.ada-x.address", "expected text, not a number"),
    ("sources.toml", '"https://courier.example/rss?lang=en"', '"file:///etc"', "sources.courier.address", "an address"),
    ("sources.toml", '"feed"', '"telegram"', "sources.courier.address", "is not the name of a Telegram channel"),
    ("sources.toml", '"feed"', "true", "sources.courier.kind", "feed, archive, not true or false"),
    ("sources.toml", '"feed"', '"archive"', "sources.courier.address", "no such file"),
    ("sources.toml", "1463721328", '"abc"', "sources.ada-x.account_id", "is not the number of an account"),
    ("sources.toml", "1463721328", "-1", "sources.ada-x.account_id", "expected the number of an account"),
    ("sources.toml", '"1m30s"', '"0s"', "sources.ada-x.every", "above nothing"),
    ("sources.toml", '"1m30s"', "90", "sources.ada-x.every", "expected a pause"),
    ("sources.toml", "enabled = false", 'enabled = "no"', "sources.courier.enabled", "without quotation marks"),
    ("sources.toml", 'language = "en"', 'language = "eng"', "sources.courier.language", 'did you mean "en"?'),
    ("sources.toml", '"A"', '"certain"', "sources.ada-x.confidence", "is none of A, B, C, U, exists"),
    ("sources.toml", 'kind = "feed"\n', 'kind = "feed"\npictures = true\n', "sources.courier.pictures", "agencies"),
    ("sources.toml", 'kind = "x"\n', 'kind = "x"\ndialect = "nitter"\n', "sources.ada-x.dialect", "only for feeds"),
    ("sources.toml", 'kind = "x"\n', 'kind = "x"\nzone = "UTC"\n', "sources.ada-x.zone", "only for feeds"),
    ("sources.toml", 'kind = "feed"\n', 'kind = "feed"\ndialect = "x"\n', "sources.courier.dialect", "nitter, rsshub"),
    ("talks.toml", "to = 2022-03-17", "to = 2022-03-13", "talks.lake.rounds.1.to", "before from, 2022-03-14"),
    ("talks.toml", 'evidence = ["a.example"]', "", "talks.lake.rounds.1.evidence", "is missing"),
    ("topics.toml", "[[topics]]", '[[topics]]\ntalks = ["sea"]', "topics.ice.talks.1", 'no [[talks]] has the id "sea"'),
    ("topics.toml", "ice OR frost", "i" * 301, "topics.ice.watch.en", "is 301 characters long; expected at most 300"),
    ("topics.toml", 'watch = { en = "ice OR frost", uk = "лід" }', "", "topics.ice.watch", "is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "key", "reason"), WRONG_LINES)
def test_a_wrong_line_is_named(folder: Folder, file: str, old: str, new: str, key: str, reason: str) -> None:
    found = mistakes(folder({file: changed(WORLD[file], old, new)}))
    named = [mistake for mistake in found if mistake.key == key and reason in mistake.reason]
    assert len(named) == 1, [str(mistake) for mistake in found]
    assert named[0].file.endswith(f"/{file}")


WRONG_PARLEY = [
    ("defaults = 5", "defaults", "expected a table, not a number"),
    ("backup = { folder = 5 }", "backup.folder", "expected text, not a number"),
    ("backup = { keep = 0 }", "backup.keep", "expected a whole number from 1 to 1000000"),
    ("keep = { inbox = 1 }", "keep.inbox", "expected at least 2, for Telegram may repeat an update for a day"),
    ('log = { format = "xml" }', "log.format", '"xml" is none of text, json'),
    ('disk = { reserve = "1 GB" }', "disk.reserve", '"1 GB" is not a whole number'),
    ('defaults = { language = "de" }', "defaults.language", '"de" is none of en, uk, ru'),
    ('defaults = { zone = "Kyiv" }', "defaults.zone", '"Kyiv" is not a time zone'),
    ("defaults = { zone = 2 }", "defaults.zone", "expected a time zone such as Europe/Kyiv, not a number"),
    ('defaults = { zone = "../etc" }', "defaults.zone", "is not a time zone"),
    ('defaults = { digest = "24:00" }', "defaults.digest", '"24:00" is not a local time'),
    ('defaults = { digest = "8" }', "defaults.digest", "is not a local time"),
    ("defaults = { digest = 08:00:30 }", "defaults.digest", "expected a local time"),
    ("limits = { watches = 0 }", "limits.watches", "a whole number from 1"),
    ("limits = { watches = true }", "limits.watches", "not true or false"),
    ("limits = { watches = 1.5 }", "limits.watches", "a whole number from 1"),
    ("limits = { wotches = 1 }", "limits.wotches", 'did you mean "watches"?'),
    ("pace = { chat = 0 }", "pace.chat", "a number above 0"),
    ("pace = { overall = 31 }", "pace.overall", "more than the 30 a second that are free; paid = true"),
    ("pace = { overall = 31, paid = false }", "pace.overall", "more than the 30 a second that are free"),
    ("pace = { chat = nan }", "pace.chat", "a number above 0"),
    ("pace = { chat = inf }", "pace.chat", "at most 1000"),
    ("pace = { chat = false }", "pace.chat", "not true or false"),
    ('every = { twitter = "5m" }', "every.twitter", "unknown key; expected x, telegram, feed, archive"),
    ('every = { x = "25h" }', "every.x", "at most a day"),
    ('x = { mode = "streams" }', "x.mode", "is none of auto, timelines, search"),
    ('x = { vocabulary = "tweets" }', "x.vocabulary", 'did you mean "tweet"?'),
    ('x = { country = "Ukraine" }', "x.country", 'such as "UA"'),
    ("x = { country = 804 }", "x.country", "not a number"),
    ("x = { post_price = -1 }", "x.post_price", "dollars: a number from 0"),
    ("x = { user_price = true }", "x.user_price", "not true or false"),
    ("x = { day_cap = nan }", "x.day_cap", "dollars"),
    ("x = { month_cap = 1e9 }", "x.month_cap", "to 1000000"),
    ("x = { day_cap = 0.07 }", "x.day_cap", "less than the smallest look at an account may cost, 0.075 dollars"),
    ("x = { post_price = 1, day_cap = 15, month_cap = 14.9 }", "x.month_cap", "15 dollars"),
    ("operator = { contact = 5 }", "operator.contact", "expected text"),
    ('"two words\\n" = 1', '"two words\\n"', "unknown key"),
]


@pytest.mark.parametrize(("line", "key", "reason"), WRONG_PARLEY)
def test_a_wrong_line_of_parley_toml_is_named(folder: Folder, line: str, key: str, reason: str) -> None:
    (mistake,) = mistakes(folder({"parley.toml": line}))
    assert mistake.key == key
    assert reason in mistake.reason


def test_what_is_wrong_with_a_watch_query_is_said_by_the_caller(folder: Folder) -> None:
    def no_frost(query: str) -> str:
        return f"{query!r} mentions frost" if "frost" in query else ""

    with pytest.raises(ExceptionGroup) as caught:
        settings.load({"PARLEY_CONFIG": str(folder({"parley.toml": "a = 1"}))}, complaint=no_frost)
    unknown_key, query = caught.value.exceptions
    assert str(unknown_key).endswith(
        "parley.toml, a: unknown key; "
        "expected defaults, limits, access, pace, every, telegram, x, operator, backup, keep, log, translate, disk"
    )
    assert str(query).endswith("topics.toml, topics.ice.watch.en: 'ice OR frost' mentions frost")
    assert settings.load({"PARLEY_CONFIG": str(folder())}, complaint=lambda query: "").roster.topics


WRONG_FILES: list[tuple[bytes | None, str]] = [
    (None, "topics.toml: no such file"),
    (b"a = 1\nb 2\n", "topics.toml: is not TOML: Expected '=' after a key in a key/value pair (at line 2, column 3)"),
    (b'a = "\xff"', "topics.toml: is not UTF-8 (byte 6)"),
    (b"a = " + b"[" * 20_000, "topics.toml: tables and lists lie too deep in each other"),
    (b"a = " + b"9" * 5_000, "topics.toml: is not TOML: Exceeds the limit"),
]


@pytest.mark.parametrize(("content", "words"), WRONG_FILES)
def test_a_file_that_cannot_be_read_is_named(folder: Folder, content: bytes | None, words: str) -> None:
    (mistake,) = said(folder({"topics.toml": content}))
    assert mistake.startswith(words)


def test_a_folder_in_the_place_of_a_file_is_named(folder: Folder) -> None:
    path = folder({"topics.toml": None})
    (path / "topics.toml").mkdir()
    assert said(path) == ["topics.toml: cannot be read: Is a directory"]


def test_an_unreadable_file_does_not_make_every_reference_to_it_wrong(folder: Folder) -> None:
    assert said(folder({"talks.toml": None})) == ["talks.toml: no such file"]


def test_an_entry_with_a_mistake_can_still_be_referred_to(folder: Folder) -> None:
    (mistake,) = mistakes(folder({"talks.toml": changed(TALKS, '["Ida"]', "5")}))
    assert mistake.key == "speakers.ada.never"


def test_one_account_is_not_read_twice(folder: Folder) -> None:
    again = '[[sources]]\nid = "ada-again"\nkind = "x"\naddress = "adaberg"\nspeaker = "ada"\n'
    assert said(folder({"sources.toml": SOURCES + again})) == [
        'sources.toml, sources.ada-again.address: "adaberg" is read as ada-x already'
    ]


def test_a_long_value_is_shortened_in_the_mistake(folder: Folder) -> None:
    (mistake,) = mistakes(folder({"parley.toml": f'every = {{ x = "{"m" * 5000}" }}'}))
    assert len(str(mistake)) < 300


# --- properties


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    parts = zip((hours, minutes, seconds), "hms", strict=True)
    written = "".join(f"{number}{unit}" for number, unit in parts if number)
    assert settings.duration(written) == (length or None)


@given(st.text("0123456789hms -.٣", max_size=12))
def test_any_other_duration_is_none_or_within_a_day(written: str) -> None:
    length = settings.duration(written)
    assert length is None or timedelta(0) < length <= timedelta(days=1)


LINE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SCALAR = (
    LINE
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.sampled_from(["ada", "lake", "x", "archive", "https://[", "2022-02-30", "5m", "..", "\x00"])
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(LINE | st.sampled_from(["en", "uk"]), inner, max_size=3)
    ),
    max_leaves=6,
)
WHOLE = {file: tomllib.loads(text) for file, text in WORLD.items()}
WHOLE["parley.toml"] = {
    "defaults": {"language": "en", "zone": "UTC", "digest": "20:00"},
    "limits": {"watches": 1},
    "pace": {"chat": 1.5},
    "every": {"x": "1h"},
    "x": {"mode": "auto", "country": "UA", "post_price": 0.005, "day_cap": 5},
    "operator": {"contact": "somebody"},
    "backup": {"folder": "backups", "at": "03:30", "keep": 2},
    "keep": {"outbox": 3, "inbox": 4, "log": 5},
    "log": {"format": "json", "file": "parley.log"},
    "disk": {"reserve": 6},
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything that stands in it, in tables and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in inner for deeper in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def toml(value: Any) -> str:
    """The value as TOML writes it on one line."""
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return value.isoformat() if isinstance(value, date | time) else str(value)


@given(st.sampled_from([path for path in places(WHOLE) if len(path) > 1]), VALUE)
@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_the_place_of_a_value_is_read_or_named(
    folder: Folder, path: tuple[str | int, ...], value: Any
) -> None:
    changed = replaced(WHOLE, path, value)
    files = {
        name: "\n".join(f"{toml(key)} = {toml(item)}" for key, item in tables.items())
        for name, tables in changed.items()
    }
    assert not other_failures({"PARLEY_CONFIG": str(folder(files))})


@given(st.sampled_from(sorted(settings.ENVIRONMENT)), LINE)
@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_variable_is_read_or_named(folder: Folder, name: str, value: str) -> None:
    assert not other_failures({"PARLEY_CONFIG": str(folder()), name: value})


def other_failures(environment: Mapping[str, str]) -> ExceptionGroup[Exception] | None:
    """What goes wrong beyond mistakes that are named."""
    try:
        settings.load(environment)
    except ExceptionGroup as group:
        return group.split(SettingsError)[1]
    return None
