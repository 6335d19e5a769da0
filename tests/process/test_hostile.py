"""What strangers write, at both ends: into the sources that are read, and into the chat.

The bot runs as a process. It must stay alive, answer every command, deliver every alert, and send nothing that
Telegram refuses.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.running import Parley, TelegramFarEnd, ask, ended, listening, post, until, write_config

pytestmark = pytest.mark.process

ANN = 42

MARKUP = "<b>&amp;]]></b> <script>alert('1')</script> <!-- --> &#0; {x} %s"
FAMILY = "👩‍👩‍👧‍👦🏳️‍🌈👨🏿‍🚀🇺🇦"
BIDI = "\u202eright\u202c \u2066שלום\u2069 \u200f\u200e\u061c \u2067"  # too few words to be a telling of another
CONTROL = "a\x00b\x01c\x08d\x1b[2Je\x7ff\x85g\u2028h\ufeffi\ufffe"

TEXTS = {
    "markup": MARKUP,
    "family": FAMILY * 40,
    "bidi": BIDI,
    "control": CONTROL,
    "combining": "e" + "\u0301" * 3000,
    "words": "Petrov said that it is agreed. " * 3300,
    "oneword": "x" * 100_000,
    "fullstops": "." * 100_000,
    "longemoji": FAMILY * 4500,
    "lines": "a\n" * 2000,
    "quotes": '“«"' * 30_000,
}
"""What is posted, each behind a word by which its alert is known."""

GARBAGE = [
    "/watch (((",
    '/watch "',
    "/watch *",
    "/watch NOT NOT NOT",
    "/watch AND OR",
    "/watch -",
    f"/watch {MARKUP}",
    f"/watch {FAMILY}",
    f"/watch {'(' * 200}x{')' * 200}",
    f"/watch {' OR '.join(['word'] * 60)}",
    "/latest ' OR 1=1; DROP TABLE posts; --",
    f"/latest {FAMILY}",
    "/latest -1",
    "/latest 99999999999999999999999",
    "/latest ٣",
    "/search *",
    '/search "',
    "/search NEAR(a b) text:c ^d {e}",
    f"/search {MARKUP}",
    "/search '' \"\" \\",
    "/digest 99:99",
    "/digest 25",
    "/digest -1:-1",
    "/digest ٢٠:٠٠",
    "/digest 20:00 Europe/Nowhere",
    "/digest 20:00 ../../etc/passwd",
    "/zone ../../etc/passwd",
    "/zone \u202e",
    "/language <script>",
    "/language ru\u0301",
    "/subscribe <script>",
    "/subscribe all all all",
    f"/subscribe {BIDI}",
    "/subscribe north, nobody, <b>",
    "/unsubscribe 0",
    f"/unsubscribe {FAMILY}",
    "/unwatch 0",
    "/unwatch 99999999999999999999999",
    f"/unwatch {MARKUP}",
    "/speakers %s %d {0}",
    "/topics <b>",
    "/status ''",
    "/privacy ]]>",
    "/help me",
    "/start \u202e<b>",
    "/nosuch",
    "/nosuch@test_bot <b>&amp;",
    "/WATCH",
    "/watch@test_bot",
    f"/{'x' * 4000}",
    "/привіт",
    "/",
    "👩‍👩‍👧‍👦",
    "🇺🇦" * 1000,
    MARKUP,
    BIDI,
    *(
        f"/{command} {'y' * 4000}"
        for command in ("watch", "search", "latest", "subscribe", "unwatch", "digest", "zone")
    ),
    *(f"/{command} {'я ' * 1990}" for command in ("watch", "search", "latest", "subscribe", "unsubscribe")),
    f"/search {FAMILY * 90}",
]
"""What is typed; each must be answered."""

FORGED = [
    "",
    ":",
    "::::",
    "x" * 64,
    "menu",
    "menu:1",
    "side:nowhere:0",
    "side:north:-1",
    "side:north:99999999999",
    "topics:٣",
    "on:speaker:nobody",
    "on:all:something",
    "on:<b>:<b>",
    "off:topic:nothing",
    "how:all::loud",
    "how:nothing:x:now",
    "drop:speaker:nobody",
    "follows:1e9",
    "follows:999999999999",
    "speakers:north:1000000",
    "latest:speaker:ivanenko:999999999:1",
    "latest:source:nowhere",
    "latest:all::1:999999999999999999999",
    "search:1",
    "search:x:y:z",
    "watch",
    "keep",
    "narrow",
    "narrow:side:nowhere",
    "narrow:from:petrov",
    "narrow:kind:own:x",
    "nowatch",
    "watches:99999",
    "unwatch:1",
    "unwatch:-1",
    "unwatch:999999999999999999999999",
    "digest:99:99",
    "digest:<b>",
    "zone:../../etc/passwd",
    "zone:Europe/Nowhere",
    "language:xx",
    "status:999999",
    "' OR 1=1 --",
    "\u202e👩‍👩‍👧‍👦",
]
"""What buttons are made to say."""


class World:
    """The bot's process between a Telegram and the sources' far ends."""

    def __init__(self, parley: Parley, telegram: TelegramFarEnd, far_ends: str) -> None:
        self.parley, self.telegram, self.far_ends = parley, telegram, far_ends

    def post(self, kind: str, name: str, **what: Any) -> Any:
        return post(self.far_ends, kind, name, **what)["id"]

    def says(self, text: str, where: int = ANN, /, **more: Any) -> None:
        """Say it and wait for the answer."""
        before = self.sent(where)
        self.telegram.says(where, text, **more)
        until(lambda: self.sent(where) > before, why=lambda: f"no answer to {text[:100]!r}\n{self.parley.said()}")

    def sent(self, chat: int) -> int:
        return sum(str(call["fields"]["chat_id"]) == str(chat) for call in self.telegram.calls("sendMessage"))

    def presses(self, message: dict[str, Any], data: str, then: str = "answerCallbackQuery") -> None:
        """Press, and wait for what the bot calls `then`."""
        before = len(self.telegram.calls(then))
        self.telegram.presses(ANN, message, data)
        until(
            lambda: len(self.telegram.calls(then)) > before,
            why=lambda: f"no answer to {data[:100]!r}\n{self.parley.said()}",
        )

    def turn_pages(self, most: int) -> int:
        """Turn to older pages of the last message; gives how many there were."""
        for number in range(most):
            message = self.telegram.messages(ANN)[-1]
            buttons = [button for row in message["reply_markup"]["inline_keyboard"] for button in row]
            older = [button["callback_data"] for button in buttons if "Older" in button["text"]]
            if not older:
                return number
            self.presses(message, older[0], then="editMessageText")
        return most

    def wait_for(self, word: str) -> list[dict[str, Any]]:
        """The messages of the alert."""
        return until(
            lambda: [message for message in self.telegram.messages(ANN) if word in str(message)],
            within=60,
            why=lambda: f"no alert of {word}\n{self.parley.said()}",
        )

    def read_once(self) -> None:
        """The first poll of each source is silent, so it must be over before posts are news."""
        for path in ("/s/p_petrov", "/feed/wire", "/2/users"):
            until(lambda path=path: len(ask(f"{self.far_ends}/__requests?path={path}")) > 1, why=self.parley.said)  # type: ignore[misc]

    def assert_unharmed(self) -> None:
        """Alive, and nothing that it ever said was refused."""
        assert self.parley.process
        assert self.parley.process.poll() is None, self.parley.said()
        calls = ask(f"{self.telegram.url}/__calls")
        refused = [
            (call["method"], call["status"], str(call["fields"])[:300]) for call in calls if call["status"] != 200
        ]
        assert not refused, refused
        log = self.parley.log.read_text()
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
        self.says("/status")
        assert self.parley.stop() == 0, self.parley.said()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with listening("tests.telegram_server") as telegram, listening("tests.far_ends") as far_ends:
        write_config(tmp_path, far_ends)
        config = tmp_path / "config"
        _rename(config / "talks.toml", "Olha Ivanenko", "Olha <b>&amp;]]></b> \u202eIvanenko 👩‍👩‍👧‍👦")
        _rename(config / "talks.toml", "North", "<i>North</i> & \u2066Co")
        _rename(config / "sources.toml", "The Wire", "<b>The &amp; Wire]]></b> \u202e👩‍👩‍👧‍👦")
        with (config / "parley.toml").open("a") as file:
            file.write("[limits]\ncommands_a_minute = 10000\n[pace]\npaid = true\noverall = 1000\nchat = 1000\n")
        urls = {"TELEGRAM_API_URL": telegram, "TELEGRAM_WEB_URL": far_ends, "X_API_URL": far_ends}
        with ended(Parley(tmp_path, X_BEARER_TOKEN="a-token-for-tests", **urls)) as parley:
            parley.start()
            running = World(parley, TelegramFarEnd(telegram), far_ends)
            until(running.telegram.polling, why=parley.said)
            yield running


def _rename(file: Path, name: str, hostile: str) -> None:
    text = file.read_text()
    assert name in text
    file.write_text(text.replace(name, hostile))


def test_whatever_is_posted_arrives_and_is_taken(world: World) -> None:
    world.read_once()
    world.says("/subscribe all")
    world.says("/subscribe wire")
    world.presses(world.telegram.messages(ANN)[-1], "set:bundle:0")
    for name, facts in (("p_petrov", {"kind": "telegram"}), ("o_ivanenko", {"kind": "x"}), ("wire", {"kind": "feed"})):
        ask(f"{world.far_ends}/__account", {"name": name, "title": f"{MARKUP} {BIDI}"[:120], **facts})
    world.post("telegram", "p_petrov", text=MARKUP, forward=f"{MARKUP} {BIDI}")
    world.post("x", "o_ivanenko", text="Grain leaves the port.", quote={"id": 7, "text": MARKUP, "author": "somebody"})
    for name, text in TEXTS.items():
        world.post("telegram", "p_petrov", text=f"tg{name} {text}")
        world.post("x", "o_ivanenko", text=f"xx{name} {text}")
        world.post(
            "feed", "wire", id=f"ff{name}", title=f"ff{name} {text[:500]}", text=text, link=f"https://w.example/{name}"
        )
    for name in TEXTS:
        for kind in ("tg", "xx", "ff"):
            assert len(world.wait_for(kind + name)) == 1, "one alert each, whatever its length"
    for kind in ("tg", "xx"):
        (alert,) = world.wait_for(f"{kind}markup")
        assert MARKUP in alert["text"], "verbatim: neither read as markup nor left out"
    world.post("telegram", "p_petrov", id=2, text=f"tgedited {FAMILY * 4500}")
    world.wait_for("tgedited")
    for question in ("/latest", "/latest 20", "/latest wire", "/search agreed OR script OR a", '/search "Petrov said"'):
        world.says(question)
        world.turn_pages(9)
    world.says("/latest")
    assert world.turn_pages(9) > 2, "there is something to turn"
    world.assert_unharmed()


def test_posts_without_words_arrive_too(world: World) -> None:
    world.read_once()
    world.says("/subscribe all")
    world.says("/subscribe wire")
    picture = world.post("telegram", "p_petrov", text="", media=["photo"])
    album = world.post("telegram", "p_petrov", text="", media=["photo", "video", "photo"])
    on_x = world.post("x", "o_ivanenko", text="", media=["photo"])
    world.post("feed", "wire", id="untitled", text="A summary without a title.", link="https://w.example/untitled")
    world.post("feed", "wire", id="empty", title="", text="", link="https://w.example/empty")
    world.post("feed", "wire", id="nolink", title="A title without a link", text="")
    world.wait_for(f"https://t.me/p_petrov/{picture}")
    world.wait_for(f"https://t.me/p_petrov/{album}")
    world.wait_for(f"https://x.com/o_ivanenko/status/{on_x}")
    world.wait_for("A summary without a title.")
    world.wait_for("A title without a link")
    world.assert_unharmed()


def test_whatever_is_typed_is_answered(world: World) -> None:
    world.post("telegram", "p_petrov", text=f"{MARKUP} {FAMILY}")
    world.read_once()
    ann: dict[str, Any] = {
        "id": ANN,
        "is_bot": False,
        "first_name": MARKUP,
        "last_name": BIDI,
        "username": "ann",
        "language_code": "xx\u202e",
    }
    world.says("/start", **{"from": ann})
    for text in GARBAGE:
        world.says(text, **{"from": ann})
    world.assert_unharmed()


def test_a_group_with_a_hostile_title_is_answered(world: World) -> None:
    group: dict[str, Any] = {
        "id": -1005,
        "type": "supergroup",
        "title": f"{MARKUP} {BIDI} {FAMILY}"[:128],
        "is_forum": True,
    }
    ask(f"{world.telegram.url}/__chat", {**group, "admins": [1005]})
    for text in ("/subscribe all", "/watch <b>", "/status", "/watches", "/latest", "/nosuch@test_bot"):
        world.says(text, -1005, chat=group)
        world.says(text, -1005, chat=group, message_thread_id=7, is_topic_message=True)
    world.assert_unharmed()


def test_whatever_a_button_is_made_to_say_is_answered(world: World) -> None:
    world.says("/watch peace")
    world.says("/subscribe")
    for data in FORGED:
        world.says("/help")  # a message that shows nothing which a button would show: Telegram refuses to edit in vain
        pressed = world.telegram.messages(ANN)[-1]
        world.presses(pressed, data)
    world.assert_unharmed()
