"""Random statements, names and digests: whatever is said and whoever is called what, Telegram takes what we make of it.

    python -m tests.render.anything             100,000 of them; minutes on two cores
    python -m tests.render.anything 3000        so many

Each message goes through Telegram's own parser (TDLib, offline); it has to be within the limits in UTF-16 units, and
every link, quotation and time has to stay where it was put. Prints counts, and the smallest example of what failed;
ends with 1 if anything did.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.models import LANGUAGES, Gap, Message, Roster, Telling, Watch
from bot.render import actions, alerts, digests, statements
from bot.render.language import Voice, voice
from bot.render.replies import citing, following, history, sharing
from bot.render.replies.citing import Cited
from bot.render.text import finish, plain
from tests.render import judge, test_pages, test_replies, worlds

SHARE = 500
"""Examples by one seed."""

ZONES = ("Europe/Kyiv", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe")
HASH = "ab" * 32


def voices() -> st.SearchStrategy[Voice]:
    return st.builds(voice, st.sampled_from(LANGUAGES), st.sampled_from(ZONES))


def statement(
    _: Voice, telling: Telling, roster: Roster, queries: list[str], spans: list[tuple[int, int]], which: int
) -> list[Message]:
    """Its alert, and a third of everything else that is made of one statement."""
    spoken: dict[str, Any] = {"language": _.language, "zone": _.zone.key}
    watches = [Watch(number, 1, query) for number, query in enumerate(queries, 1)]
    made = alerts.alert(
        telling, roster, watches=queries, found=spans, also=[telling] * 3, picture="https://a.example/1", **spoken
    )
    if which == 0:
        made += alerts.edited(" ".join(queries), telling, roster, **spoken)
        made.append(statements.page([telling] * 2, roster, title=plain("Latest"), older="latest:all::6:1", **spoken))
        made.append(finish(plain("x"), actions.mute_rows(_, telling, roster, watches)))
    elif which == 1:
        made += [*alerts.deleted(telling, roster, **spoken), *alerts.back(telling, roster, **spoken)]
        made.append(citing.citation(_, Cited(telling, HASH), roster))
        made.append(history.changed(_, [telling] * 3, roster, plain("x")))
    else:
        made += alerts.catch_up([telling] * 3, roster, **spoken)
        made.append(sharing.shared(_, telling, roster))
        texts = [(telling.post.published_at, query, HASH) for query in queries]
        made.append(history.versions(_, telling, texts, roster))
        made.append(finish(plain("x"), actions.all_rows(_, telling, roster)))
    return made


def names(_: Voice, roster: Roster, typed: str, answer: str, page: str) -> list[Message]:
    """Answers and pages in which speakers, sides and what was typed are named."""
    return [
        test_replies.ANSWERS[answer](_, roster, typed),
        test_pages.PAGES[page](_, roster, typed),
        following.menu(_, roster, test_replies.FOLLOWS),
        following.speakers(_, roster, {"ann": worlds.AT}, worlds.AT),
    ]


def digest(
    _: Voice, tellings: list[Telling], roster: Roster, gaps: list[Gap], days: int, silent: list[str]
) -> list[Message]:
    """The same window by side and by topic."""
    before = digests.Before(days, {("north", "size")}, silent)
    made: list[Message] = []
    for by in ("side", "topic"):
        made += digests.digest(
            tellings,
            roster,
            language=_.language,
            zone=_.zone.key,
            since=worlds.AT,
            until=worlds.AT + timedelta(days=1),
            gaps=gaps,
            changed=tellings[:4],
            corrected=tellings[2:5],
            unread=list(roster.sources)[:days],
            by=by,
            before=before,
            drawn=True,
        )
    return made


def gaps() -> st.SearchStrategy[Gap]:
    return st.builds(
        Gap,
        source=st.sampled_from(["", "ann_x", "daily", "<b>"]),
        since=st.just(worlds.AT),
        until=st.sampled_from([None, worlds.AT + timedelta(hours=9)]),
        reason=worlds.letters(),
    )


KINDS: Mapping[str, tuple[Callable[..., Iterable[Message]], tuple[st.SearchStrategy[Any], ...], int]] = {
    "statements": (
        statement,
        (
            voices(),
            worlds.tellings(),
            worlds.rosters(),
            st.lists(worlds.letters(), max_size=4),
            st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=3),
            st.integers(0, 2),
        ),
        5,
    ),
    "names": (
        names,
        (
            voices(),
            worlds.rosters(),
            worlds.long_letters(),
            st.sampled_from(sorted(test_replies.ANSWERS)),
            st.sampled_from(sorted(test_pages.PAGES)),
        ),
        3,
    ),
    "digests": (
        digest,
        (
            voices(),
            st.lists(worlds.tellings(), max_size=8),
            worlds.rosters(),
            st.lists(gaps(), max_size=3),
            st.integers(0, 3),
            st.lists(st.sampled_from(["ann", "ben", "gone"]), max_size=3),
        ),
        2,
    ),
}
"""What makes the messages, of what, and its part of all examples."""


def check(kind: str, count: int, number: int) -> Counter[str]:
    """So many examples of a kind, by that seed. Returns how many there were, and how many messages; raises at the first
    that Telegram would not take, with the smallest example.
    """
    make, strategies, _part = KINDS[kind]
    done: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*strategies))
    def taken(given: tuple[Any, ...]) -> None:
        for message in make(*given):
            judge.within_limits(message)
            judge.survives_telegram(message)
            done["messages"] += 1
        done[kind] += 1

    taken()
    return done


def _share(job: tuple[str, int, int]) -> tuple[Counter[str], str]:
    try:
        return check(*job), ""
    except Exception as error:
        notes = "\n".join(getattr(error, "__notes__", []))
        return Counter(), f"{job}: {type(error).__name__}: {error}\n{notes}"


def run(count: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """All kinds, shared out over the cores."""
    parts = sum(part for _make, _given, part in KINDS.values())
    jobs = [
        (kind, min(SHARE, wanted - at), first + at)
        for kind, (_make, _given, part) in KINDS.items()
        for wanted in [count * part // parts]
        for at in range(0, wanted, SHARE)
    ]
    jobs.sort(key=lambda job: job[2])  # all kinds side by side: what is ended early has seen each
    total: Counter[str] = Counter()
    failures = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, failure in pool.map(_share, jobs):
            total += done
            if failure:
                failures.append(failure)
                print(failure, file=sys.stderr)
            print(f"{sum(total[kind] for kind in KINDS):,} of {count:,}, {len(failures)} failed", file=sys.stderr)
    return total, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="random statements, names and digests through Telegram's parser")
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    began = time.monotonic()
    total, failures = run(options.count, options.first)
    print(", ".join(f"{total[kind]:,} {kind}" for kind in KINDS), end=": ")
    print(f"{total['messages']:,} messages in {time.monotonic() - began:,.0f} s, {len(failures)} shares failed")
    for failure in failures[:20]:
        print(failure)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
