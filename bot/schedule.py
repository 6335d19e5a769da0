"""When the next thing is due. Pure: the time and the chance are arguments."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_PAUSE = timedelta(hours=1)
"""A source that keeps failing is tried at least this often: nobody else notices that it works again."""

PERMANENT_PAUSE = timedelta(days=1)
"""A failure that only a person can mend is looked at once a day, in case somebody did."""

JITTER = 0.1
"""A poll comes up to this share of its interval later, so that sources do not march in step."""


def next_digest_at(at: time, zone: str, after: datetime) -> datetime:
    """The first moment after `after` when a clock in that IANA zone shows `at`, in UTC.

    Where the clock skips that time, the moment of the skip counts (02:30 becomes 03:30 as the offset before the skip
    has it); where it shows it twice, the first. So there is exactly one digest for each local date.
    """
    local = ZoneInfo(zone)
    day = after.astimezone(local).date()
    moment: datetime = datetime.combine(day, at, local).astimezone(UTC)
    while moment <= after:
        day += timedelta(days=1)
        moment = datetime.combine(day, at, local).astimezone(UTC)
    return moment


def next_poll_at(every: timedelta, now: datetime, chance: float, *, asked: datetime | None = None) -> datetime:
    """After a poll that went well. `chance` is from 0 to 1; `asked`: the far end wants no poll before."""
    own = now + every * (1 + JITTER * chance)
    return max(own, asked) if asked else own


def next_try_at(every: timedelta, failures: int, now: datetime, chance: float) -> datetime:
    """After the poll that failed as the `failures`-th in a row: the interval doubles up to an hour."""
    pause = max(every, min(every * 2.0 ** min(failures, 20), LONGEST_PAUSE))
    return now + pause * (1 + JITTER * chance)
