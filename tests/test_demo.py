"""`parley try`: the real bot over the sample days, as a newcomer types it."""

import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot import demo
from bot.errors import ParleyError
from bot.settings import Settings, load

pytestmark = pytest.mark.anyio

HOUSE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def sample() -> Settings:
    return load({"PARLEY_CONFIG": str(HOUSE / "config")}, "sample/sources.toml")


async def talk(sample: Settings, *lines: str) -> str:
    shown = io.StringIO()
    await demo.run(sample, io.StringIO("".join(f"{line}\n" for line in lines)), shown)
    return shown.getvalue()


async def test_a_newcomer_sees_statements_an_alert_with_its_watch_and_a_digest(sample: Settings) -> None:
    shown = await talk(sample, "/watch neutrality", "1", "/start", "/subscribe all", "/latest")
    history, live = shown.split("> /latest\n", 1)[1].split("Older", 1)
    for speaker, side, place in (
        ("Mykhailo Podolyak", "Ukraine", "www.reuters.com <https://www.reuters.com/world/"),
        ("Leonid Slutsky", "Russia", "Telegram @rian_ru <https://t.me/rian_ru/"),
    ):
        assert speaker in history
        assert side in history
        assert place in history
    for speaker, place in (
        ("Mykhailo Podolyak", "X @Podolyak_M <https://x.com/Podolyak_M/status/"),
        ("Vladimir Medinsky", "Telegram @interfaxonline <https://t.me/interfaxonline/"),
        ("Leonid Slutsky", "Telegram @slutsky_l <https://t.me/slutsky_l/"),
    ):
        assert speaker in live
        assert place in live
    alert = live.split("🔔 neutrality\n", 1)[1].split("\n\n", 1)[0]
    assert "Mykhailo Podolyak" in alert
    assert live.count("📰 Digest") == 2
    assert "\x1b" not in shown


async def test_who_subscribes_to_nothing_is_left_in_peace(sample: Settings) -> None:
    shown = await talk(sample, "/latest 1")
    assert shown.count("Leonid Slutsky") == 1
    assert "Digest" not in shown


async def test_a_number_presses_the_button_that_has_it(sample: Settings) -> None:
    shown = await talk(sample, "/start", "2")
    assert "[2] Українська" in shown
    assert "За ким ви хочете стежити?" in shown


async def test_only_what_is_followed_comes(sample: Settings) -> None:
    shown = await talk(sample, "/subscribe Medinsky", "/digest off")
    live = shown.split("/digest off", 1)[1]
    assert "Vladimir Medinsky" in live
    assert "Own words (sample)" not in live


def taken(path: Path) -> Any:
    """What the file holds; it and its folder go."""
    found = json.loads(path.read_text())
    shutil.rmtree(path.parent)
    return found


async def test_a_search_is_taken_away_as_a_file_whose_path_is_shown(sample: Settings) -> None:
    shown = await talk(sample, "/search ceasefire", "6", "/export")
    (path,) = re.findall(r"^\[(/.*/1-parley\.json)\]$", shown, re.MULTILINE)
    assert [one["speakers"] for one in taken(Path(path))] == [["cavusoglu"], ["kuleba"], ["kuleba"]]
    assert "Nothing is stored about this chat." in shown


async def test_an_archive_without_posts_is_an_error_in_words(sample: Settings, tmp_path: Path) -> None:
    for name in ("talks.toml", "topics.toml", "parley.toml"):
        (tmp_path / name).write_bytes((HOUSE / "config" / name).read_bytes())
    (tmp_path / "sources.toml").write_text(
        '[[sources]]\nid = "a"\nkind = "archive"\naddress = "a.jsonl"\noutlet = { en = "A" }\nproof = "-"\n'
    )
    (tmp_path / "a.jsonl").write_text("")
    empty = load({"PARLEY_CONFIG": str(tmp_path)})
    with pytest.raises(ParleyError, match="holds no posts"):
        await demo.run(empty, io.StringIO(""), io.StringIO())


class Screen:
    """A terminal as its user sees it: what was shown so far, and a keyboard."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal
        self.shown = ""

    def types(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def waits_for(self, words: str, within: float = 60.0) -> None:
        end = time.monotonic() + within
        while words not in self.shown:
            assert time.monotonic() < end, self.shown
            self.looks()

    def looks(self) -> bool:
        """False once the other side has hung up, which a terminal reports as an error."""
        if select.select([self.terminal], [], [], 0.1)[0]:
            try:
                self.shown += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                return False
        return True


@pytest.mark.process
def test_in_a_terminal_it_says_how_to_begin_and_waits_for_the_end() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bot", "try"]
    with subprocess.Popen(command, cwd=HOUSE, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        screen = Screen(ours)
        screen.waits_for("Try: /start")
        screen.types("/subscribe all\n")
        screen.waits_for("You follow")
        screen.waits_for("Own words")
        screen.types("\x04")
        while screen.looks() and process.poll() is None:
            pass
        assert process.wait(30) == 0
    os.close(ours)
    assert "\x1b[1m" in screen.shown


@pytest.fixture(scope="module")
def fourteenth() -> str:
    """What `make try` shows a subscriber to everything of 14 March 2022, with a digest in the evening of that day."""
    typed = "/start\n/subscribe all\n/digest 20:00\n"
    command = [sys.executable, "-m", "bot", "try"]
    tried = subprocess.run(command, cwd=HOUSE, input=typed, capture_output=True, text=True, timeout=120, check=True)
    return tried.stdout.split("/digest 20:00", 1)[1]


PODOLYAK, PRAVDA = (
    "Mykhailo Podolyak <https://x.com/Podolyak_M/status/",
    "Ukrainska Pravda <https://t.me/ukrpravda_news/",
)


@pytest.mark.process
def test_the_digest_of_14_march_joins_twin_posts_and_the_copies_of_agencies(fourteenth: str) -> None:
    digest = fourteenth.split("📰 Digest", 1)[1].split("📰 Digest", 1)[0]
    assert "Ukraine 2: 🇺🇦 Mykhailo Podolyak 2" in digest
    assert "Russia 3: 🇷🇺 Dmitry Peskov 1, 🇷🇺 Vladimir Medinsky 1, 🇷🇺 Leonid Slutsky 1" in digest
    lines = digest.split("\n")
    under = {line.split(" · ")[0]: lines[number + 1 : number + 3] for number, line in enumerate(lines) if " · " in line}
    assert under["14:41"][0].startswith("The negotiations take a technical pause")
    assert under["14:41"][1] == (
        f"Also: 🇺🇦 {PODOLYAK}1500000000000000016> (Ukrainian) 14:43, {PRAVDA}90000017> (Ukrainian) 15:05"
    )
    assert under["18:36"][0].startswith("«Переговоры идут ежедневно")
    assert under["18:36"][1] == "Also: Interfax <https://t.me/interfaxonline/90000019> 18:42"
    assert under["10:05"][1].startswith(f"Also: 🇺🇦 {PODOLYAK}1500000000000000013> (Ukrainian) 10:08")


@pytest.mark.parametrize(
    ("words", "speaker", "kind"),
    [
        ("Fourth round of negotiations", "🇺🇦 Mykhailo Podolyak", "Own words (sample)"),
        ("переговоры с Украиной сегодня", "🇷🇺 Dmitry Peskov", "Reported by TASS (state media, Russia; sample)"),
        ("The negotiations take a technical", "🇺🇦 Mykhailo Podolyak", "Own words (sample)"),
        ("«Переговоры идут ежедневно", "🇷🇺 Vladimir Medinsky", "Quoted by TASS (state media, Russia; sample)"),
        ("Нейтральный статус Украины", "🇷🇺 Leonid Slutsky", "Own words (sample)"),
        ("On neutrality: there can be no", "🇺🇦 Mykhailo Podolyak", "Own words (sample)"),
        ("«Нейтралітет без гарантій", "🇺🇦 Mykhailo Podolyak", "Quoted by Ukrainska Pravda (independent"),
    ],
)
@pytest.mark.process
def test_each_statement_of_14_march_is_its_speakers(fourteenth: str, words: str, speaker: str, kind: str) -> None:
    cards = [card.strip() for card in fourteenth.split("\n\n") if words in card and "│" in card]
    assert cards
    for card in cards:
        first, _, third, *_ = card.split("\n")
        assert first == speaker
        assert third.startswith(kind)
