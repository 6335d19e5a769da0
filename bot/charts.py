"""Pictures of counts, drawn with matplotlib, which is an extra: without it there is text alone.

It is imported when something is drawn and not before, and drawing happens on a thread, so that the event loop stays
free. Made for a phone held upright: 1080 by 1350 pixels, letters of 24 pixels at the least, colours that people tell
apart who do not see them all (Okabe and Ito's), and hatching besides.
"""

import asyncio
import importlib.util
import io
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.models import Roster
from bot.render import figures
from bot.render.figures import Picture
from bot.render.language import Voice
from bot.store import activity
from bot.store.connection import Connection
from bot.store.database import Database

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXTRA = "matplotlib"

WIDTH, HEIGHT, DPI = 6.0, 7.5, 180
"""In inches, and dots an inch."""

SMALL, LARGE = 10, 13
"""Points of letters; 10 are 25 pixels."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#999999")
HATCHES = ("", "//", "..", "\\\\", "xx", "--", "")

LABELS = 8
"""Days that are named below an axis, about."""

NUMBERED = 10
"""Days up to which each cell of the heat map bears its number: more would be too small to read."""

WRAPPED = 18
"""Characters of a topic's name on one line."""


def available() -> bool:
    """Whether pictures can be drawn here."""
    return importlib.util.find_spec(EXTRA) is not None


async def activity_of(database: Database, roster: Roster, _: Voice, days: int, now: datetime) -> bytes | None:
    """A PNG of the last days on the reader's calendar; None if nothing was said, or without the extra."""
    counts = await database.read_slow(counted, roster, _, days, now)
    if not counts.total or not available():
        return None
    return await asyncio.to_thread(draw, figures.picture(_, roster, counts))


def counted(connection: Connection, roster: Roster, _: Voice, days: int, now: datetime) -> figures.Counts:
    """What was said on the last days, today included: statements by side, topics."""
    calendar = figures.days_until(_, days, now)
    starts = figures.starts(_, calendar, now)
    said = activity.statements_by_day(connection, starts)
    return figures.count(roster, calendar, said, activity.topics_by_day(connection, starts))


def draw(picture: Picture) -> bytes:
    """A PNG. Slow (half a second, more the first time): not for the event loop."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    rows = max(len(picture.heat), 1)
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, height_ratios=[8, 3 + rows])
    _bars(above, picture)
    legend = figure.legend(fontsize=SMALL, ncols=2, frameon=False, loc="outside upper center", title=picture.title)
    legend.get_title().set(fontsize=LARGE, fontweight="bold")
    _heat(below, picture)
    figure.supxlabel(textwrap.fill(picture.note, 62), fontsize=SMALL - 1, color="#444444")
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign
        text.set_fontfamily("DejaVu Sans")  # comes with matplotlib and has Cyrillic letters
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


def _bars(axes: "Axes", picture: Picture) -> None:
    """One bar a day, the sides on top of each other."""
    from matplotlib.ticker import MaxNLocator

    places = range(len(picture.days))
    floor = [0] * len(picture.days)
    for number, (name, counts) in enumerate(picture.bars):
        axes.bar(
            places,
            counts,
            bottom=floor,
            width=0.8,
            label=name,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            linewidth=0.5,
        )
        floor = [below + count for below, count in zip(floor, counts, strict=True)]
    axes.set_title(picture.bars_title, fontsize=LARGE, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y", color="#dddddd")
    axes.set_axisbelow(True)
    _name_days(axes, picture.days)


def _heat(axes: "Axes", picture: Picture) -> None:
    """A row a topic, a column a day: the darker, the more."""
    axes.set_title(picture.heat_title, fontsize=LARGE, loc="left")
    if not picture.heat:
        axes.set_axis_off()
        return
    cells = [list(counts) for _name, counts in picture.heat]
    most = max(map(max, cells))
    axes.imshow(cells, aspect="auto", cmap="Blues", vmin=0, vmax=most)
    axes.set_yticks(range(len(cells)), [textwrap.fill(name, WRAPPED) for name, _counts in picture.heat])
    axes.tick_params(labelsize=SMALL, length=0)
    axes.spines[:].set_visible(False)
    _name_days(axes, picture.days)
    if len(picture.days) <= NUMBERED:
        for row, counts in enumerate(cells):
            for column, count in enumerate(counts):
                colour = "white" if count > most * 0.6 else "black"
                axes.text(column, row, str(count or ""), ha="center", va="center", color=colour, fontsize=SMALL)


def _name_days(axes: "Axes", days: Sequence[str]) -> None:
    """Some of them, today always."""
    step = -(-len(days) // LABELS)
    named = range(len(days) - 1, -1, -step)
    axes.set_xticks(list(named), [days[place].replace(" ", "\n", 1) for place in named])
