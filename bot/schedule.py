"""When the next thing is due. Pure: the time and the chance are arguments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from bot.models import Timetable

LONGEST_PAUSE = timedelta(hours=1)
"""A source that keeps failing is tried at least this often: nobody else notices that it works again."""

PERMANENT_PAUSE = timedelta(days=1)
"""A failure that only a person can mend is looked at once a day, in case somebody did."""

JITTER = 0.1
"""A poll comes up to this share of its interval later, so that sources do not march in step."""

SLOWEST = 4
"""A source that is quiet at this hour is polled so many times as rarely as it may be, and not more rarely."""

PROMPTNESS = timedelta(hours=1) / 20
"""Who posts once an hour is looked at so often; who posts half as often, half as often. A post is found within a
twentieth of the time that usually lies between two, if the source's own interval is not longer.
"""

STIRRING = timedelta(hours=1)
"""A source that has said something so recently may well go on: it is polled as often as it may be."""

NO_HABITS = timedelta(seconds=10)
"""An interval as short as this is meant as it stands."""

LEARNED_FROM = timedelta(weeks=8)
"""Habits are those of this time; what is older says little of a source that has changed."""

FEWEST_DAYS, FEWEST_POSTS, FEWEST_WEEKS = 7, 20, 3
"""With less history nothing is said: of the hours without a week, of silence without posts in several weeks."""

UNUSUAL = 3
"""A silence is unusual when it is so many times as long as the longest of an ordinary week."""

SHORTEST_SILENCE = timedelta(hours=1)
"""No shorter silence alarms anybody."""

CHECKED_AT = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7))
"""The ages at which a post is looked up again where its platform wants what was deleted to go: most deletions come
within the first hour or day.
"""


def next_digest_at(when: Timetable, zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which a digest is due on the clocks of that IANA zone, in UTC.

    Where the clock skips a time, the moment of the skip counts (02:30 becomes 03:30 as the offset before the skip has
    it); where it shows it twice, the first. So there is one digest for each time of each local date; two that fall on
    the same moment are one.
    """
    day = after.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    found: datetime | None = None
    while True:
        later = [moment for moment in _moments(when, zone, day) if moment > after]
        if found is not None:  # where a whole day is skipped, the next one's can come before it
            return min([found, *later])
        found = min(later, default=None)
        day += timedelta(days=1)


def rescheduled(
    before: Timetable | None, zone: str, due: datetime | None, when: Timetable | None, new_zone: str, now: datetime
) -> datetime | None:
    """When the next digest is due after a subscriber has changed its times or its zone.

    What is due already stays so. In another zone the same digest comes, of the same local date and time: at once where
    that has passed there, so that none is left out; and none comes twice where the date comes again.
    """
    if when is None:
        return None
    if due is not None and due <= now:
        return due
    if before == when and due is not None:
        return max(_elsewhere(when, zone, due, new_zone), now)
    return next_digest_at(when, new_zone, now)


def _elsewhere(when: Timetable, zone: str, due: datetime, new_zone: str) -> datetime:
    """When the digest that is due then in a zone is due in another one."""
    date = due.astimezone(ZoneInfo(zone)).date()
    for day in (date, date - timedelta(days=1)):  # a skipped time may be due on the next day
        for here, there in zip(_moments(when, zone, day), _moments(when, new_zone, day), strict=True):
            if here == due:
                return there
    return due


def _moments(when: Timetable, zone: str, day: date) -> list[datetime]:
    """The moments of one local date, in the order of its times."""
    if day.isoweekday() not in when.days:
        return []
    local = ZoneInfo(zone)
    return [datetime.combine(day, at, local).astimezone(UTC) for at in when.times]


def hours(written: str) -> tuple[time, time]:
    """Hours as they are stored: 23:00-07:00."""
    since, _, until = written.partition("-")
    return time.fromisoformat(since), time.fromisoformat(until)


def quiet_until(quiet: tuple[time, time], zone: str, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` lies, in UTC; None if it lies in none.

    They may go over midnight. An edge that the clock skips lies so much later, one that it shows twice is the first.
    """
    since, until = quiet
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    for day in (today - timedelta(days=1), today):
        begins = datetime.combine(day, since, local).astimezone(UTC)
        ends = datetime.combine(day + timedelta(days=until <= since), until, local).astimezone(UTC)
        if begins <= now < ends:
            return ends
    return None


def next_poll_at(every: timedelta, now: datetime, chance: float, *, asked: datetime | None = None) -> datetime:
    """After a poll that went well. `chance` is from 0 to 1; `asked`: the far end wants no poll before."""
    own = now + every * (1 + JITTER * chance)
    return max(own, asked) if asked else own


def next_try_at(every: timedelta, failures: int, now: datetime, chance: float) -> datetime:
    """After the poll that failed as the `failures`-th in a row: the interval doubles up to an hour."""
    pause = max(every, min(every * 2.0 ** min(failures, 20), LONGEST_PAUSE))
    return now + pause * (1 + JITTER * chance)


# --- habits


def pause(every: timedelta, rates: Sequence[float], now: datetime, last_new_at: datetime | None) -> timedelta:
    """How long to wait between two polls of a source: `every`, or up to SLOWEST times that when it is usually quiet.

    `rates` are its posts an hour by hour of the day in UTC, empty while they are not known.
    """
    stirring = last_new_at is not None and now - last_new_at < STIRRING
    if every <= NO_HABITS or not rates or stirring:
        return every
    rate = rates[now.astimezone(UTC).hour]
    longest = every * SLOWEST
    return max(every, PROMPTNESS / rate) if longest * rate > PROMPTNESS else longest


def longest_pause(every: timedelta) -> timedelta:
    """Between two polls of a source that can be read; who is read more rarely is not seen meanwhile."""
    return max(every * SLOWEST, LONGEST_PAUSE) * (1 + JITTER)


def rates(published: Sequence[datetime], until: datetime) -> tuple[float, ...]:
    """Posts an hour for each hour of the day in UTC, of a source's posts in order of time; each hour is smoothed with
    its neighbours. Empty if there is too little history.
    """
    days = (until - published[0]) / timedelta(days=1) if published else 0.0
    if days < FEWEST_DAYS:
        return ()
    counts = [0] * 24
    for moment in published:
        counts[moment.astimezone(UTC).hour] += 1
    return tuple((counts[hour - 1] + counts[hour] + counts[(hour + 1) % 24]) / 3 / days for hour in range(24))


def expected_silence(published: Sequence[datetime], until: datetime) -> timedelta | None:
    """How long a source may be silent before that is unusual, of its posts in order of time; None if they are too few.

    The longest silence of each week counts, so that nights and weekends are usual.
    """
    longest: dict[int, float] = {}
    for before, after in pairwise(published):
        week = (until - after) // timedelta(weeks=1)
        longest[week] = max(longest.get(week, 0.0), (after - before).total_seconds())
    if len(published) < FEWEST_POSTS or len(longest) < FEWEST_WEEKS:
        return None
    return max(timedelta(seconds=UNUSUAL * median(longest.values())), SHORTEST_SILENCE)


# --- what becomes of posts


def next_check_at(published_at: datetime, now: datetime) -> datetime | None:
    """When a post is to be looked up again; None once it is old enough."""
    return next((published_at + age for age in CHECKED_AT if published_at + age > now), None)
