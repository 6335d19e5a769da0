"""docs/tour.md, written from what `make try` really shows: the same bot over the same days, on a clock of its own.

    python -m tests.tour         writes it anew

A scene is a heading, a few words, and what the person does: types a line, presses the last button of that name (in
square brackets), or waits `until` a moment.
"""

import asyncio
import io
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import demo
from bot.settings import Settings, load

HOUSE = Path(__file__).parents[1]
PAGE = HOUSE / "docs" / "tour.md"

INTRODUCTION = """\
# A tour

What a reader sees, from the first word to the last. All of it is what `make try` really shows (no account, no token):
the bot over sample days of March 2022, on its own clock. Lines that begin with `>` are typed; a number presses the
button that bears it; an address in angle brackets is what a word leads to. On Telegram buttons are buttons, bold is
bold, long quotations are folded, and times are shown on the reader's own clock. The words of the sample are
paraphrases, marked as samples.

This page is written by `make tour`, and a test fails when it is not what the bot says any more.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    words: str
    steps: tuple[str, ...]


SCENES = (
    Scene("Beginning", "Three taps: language, whom to follow, when the digest comes.", ("/start", "[● English]")),
    Scene(
        "Whom to follow",
        "By a tap, or by a name in any of the languages and any case form.",
        ("/subscribe all", "/subscribe Мединського", "/subscribe Medinski", "/subscriptions"),
    ),
    Scene(
        "Words to watch for",
        "A watch is tried on what was said before it is saved.",
        ("/watch neutrality", "[✅ Save]", "/watch ceasefire AND NOT (", "/watches"),
    ),
    Scene(
        "Alerts",
        "The day goes on. Each statement comes with who says it, how that is known, and its link; what is told again "
        "is added to the alert that stands.",
        ("until 2022-03-14 19:25:00+02:00",),
    ),
    Scene(
        "Under an alert",
        "One row; the rest opens in place. The citation is copied by its buttons, silence can be undone.",
        ("[⋯ More]", "[🔕 Mute]", "[today]", "[❝ Cite]", "/subscriptions"),
    ),
    Scene(
        "The digest",
        "At your time. Its buttons open all statements of one speaker, or on one topic, in full.",
        ("until 2022-03-14 20:00:00+02:00", "[🇺🇦 Mykhailo Podolyak 2]"),
    ),
    Scene(
        "The digest by topic",
        "Settings are buttons, too; here the order of the digest is changed.",
        ("/settings", "[🗂 Order of the digest]", "[topic]", "until 2022-03-15 20:00:00+02:00"),
    ),
    Scene(
        "A picture of it",
        "On Telegram it is shown; in a terminal its path is.",
        ("[🖼 Picture]", "/stats"),
    ),
    Scene(
        "Asking",
        "What was said, by whom, and what each side says.",
        (
            "/latest Slutsky",
            '/search "prisoner exchange" OR коридор*',
            "/speaker Zelensky",
            "/compare neutrality",
            "/talks",
        ),
    ),
    Scene(
        "Taking it along",
        "What a search finds, as files; in a terminal their paths are shown.",
        ("/search neutrality", "[⬇️ CSV]", "[⬇️ Citations]", "@parley_bot neutrality"),
    ),
    Scene(
        "Whether it can be trusted",
        "What was changed, what was put right, and which sources are read.",
        ("/history", "/corrections", "/status"),
    ),
    Scene(
        "Running it",
        "What an operator sees and switches; for everybody else there is no such command.",
        ("/admin", "[📡 Sources]", "/admin announce Parley rests tonight from 2 to 3."),
    ),
    Scene(
        "In another language",
        "Everything the bot says; the words of others stay as they are.",
        ("/language uk", "/latest 1", "/language ru", "/topics"),
    ),
    Scene("The end", "Everything of you is erased at once.", ("/privacy", "/stop")),
)


def settings() -> Settings:
    return load({"PARLEY_CONFIG": str(HOUSE / "config")}, "sample/sources.toml")


async def written() -> str:
    """The whole page."""
    shown = io.StringIO()
    parts = [INTRODUCTION]
    async with demo.staged(settings(), shown) as days:
        await days.happen()
        for scene in SCENES:
            before = len(shown.getvalue())
            for step in scene.steps:
                await _do(days, step, shown)
            said = shown.getvalue()[before:].strip()
            parts.append(f"## {scene.title}\n\n{scene.words}\n\n```text\n{said}\n```\n")
    return _cleaned("\n".join(parts))


async def _do(days: demo.Days, step: str, shown: io.StringIO) -> None:
    if step.startswith("until "):
        await days.go_to(datetime.fromisoformat(step.removeprefix("until ")))
    elif step.startswith("["):
        await days.answer(_number(shown.getvalue(), step[1:-1]))
    else:
        await days.answer(step)


def _number(shown: str, caption: str) -> str:
    """That of the last button of this name."""
    found = re.findall(rf"\[(\d+)\] {re.escape(caption)}(?=  \[|  \S+ <|$)", shown, re.MULTILINE)
    if not found:
        raise ValueError(f"no button {caption!r} in what was shown last:\n{shown[-2000:]}")
    return str(found[-1])


def _cleaned(page: str) -> str:
    """Without what differs from run to run: the folder of files, which goes."""
    for folder in set(re.findall(r"^\[(/.*/parley-files-\w+)/", page, re.MULTILINE)):
        shutil.rmtree(folder)
        page = page.replace(folder, "/tmp/parley-files")
    return page


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(written()))
