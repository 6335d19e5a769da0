"""Notice when a source ails: learn what silence is usual for each, and tell the operators once, with reason and remedy,
when one cannot be read or has gone silent, and once when it is well again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot import schedule
from bot.models import Roster, SourceKind
from bot.render import alerts
from bot.render.alerts import Trouble, TroubleKind
from bot.store import outbox, sources, subscribers
from bot.store.connection import Connection
from bot.store.database import Database

FAILING_AFTER = timedelta(hours=1)
"""A source that could not be read for so long is told to operators; most outages of far ends are shorter."""

LEARN_EVERY = timedelta(days=1)

BATCH = 20
"""Sources whose habits are worked out at once."""


async def learn(database: Database, now: datetime) -> int:
    """Work out the habits of sources that are due for it, some at a time. Returns of how many."""
    names = database.read(sources.unlearned, now - LEARN_EVERY, BATCH)
    for name in names:
        published = await database.read_slow(sources.published_since, name, now - schedule.LEARNED_FROM)
        past = [moment for moment in published if moment <= now]
        await database.write(sources.learn, name, schedule.rates(past, now), schedule.expected_silence(past, now), now)
    return len(names)


async def tell_operators(
    database: Database, roster: Roster, admins: Collection[int], now: datetime, uncollected: Collection[str] = ()
) -> int:
    """Queue one message to each operator about what has begun to ail and what is well again. Returns how many.

    Operators who have not begun to talk with the bot cannot be written to; while there is none, nothing counts as told.
    Of sources that are `uncollected` for want of a token operators know.
    """
    return await database.write(_tell, roster, admins, now, uncollected)


def _tell(
    connection: Connection, roster: Roster, admins: Collection[int], now: datetime, uncollected: Collection[str]
) -> int:
    operators = subscribers.operators(connection, admins)
    health = [one for one in sources.health(connection) if one.id not in uncollected and one.id in roster.sources]
    alone, together = _begun(health, roster, now), _begun_together(health, roster, now)
    well, platforms = _well(health, roster, now)
    if not operators or not (alone or together or well or platforms):
        return 0
    whole = [roster.sources[name].kind for name in platforms]
    for who in operators:
        messages = alerts.ailing(
            [*together, *_grouped(alone)],
            [name for name in well if name not in platforms],
            roster,
            language=who.language,
            zone=who.zone,
            platforms=list(dict.fromkeys(whole)),
        )
        outbox.queue(connection, [(who.id, False)], f"ailing:{now.isoformat()}", messages, "notice", now)
    for trouble in (*alone, *together):
        for name in trouble.sources:
            sources.alarmed(connection, name, now, shared=trouble.kind == "platform")
    for name in (*well, *platforms):
        sources.alarmed(connection, name, None)
    return len(operators)


def _begun(health: Sequence[sources.Health], roster: Roster, now: datetime) -> list[Trouble]:
    """What has begun to ail sources each by itself; also while all of their kind are known to fail."""
    return [
        trouble
        for one in health
        if not one.shared
        and (one.alarmed_at is None or (one.alarm_shared and one.failing_since))
        and (trouble := _trouble(one, now))
    ]


def _begun_together(health: Sequence[sources.Health], roster: Roster, now: datetime) -> list[Trouble]:
    """Kinds of sources none of which can be read, for one reason: told once, however many there are."""
    begun = []
    for kind, all_of_it in _by_kind(health, roster).items():
        failing = [one for one in all_of_it if one.shared and one.failing_since]
        told = any(one.alarm_shared for one in all_of_it)
        reasons = [trouble for one in failing if (trouble := _trouble(one, now))]
        if reasons and not told:
            first = min(reasons, key=lambda trouble: trouble.since)
            begun.append(Trouble("platform", tuple(one.id for one in failing), first.since, first.reason, kind))
    return begun


def _well(health: Sequence[sources.Health], roster: Roster, now: datetime) -> tuple[list[str], list[str]]:
    """The sources that are well again, and those that are so because all of their kind are read again: that is told
    once, when none of them fails for the common reason any more.
    """
    well = [one.id for one in health if _is_well(one, now) and not one.alarm_shared]
    together = []
    for all_of_it in _by_kind(health, roster).values():
        if not any(one.shared and one.failing_since for one in all_of_it):
            together += [one.id for one in all_of_it if one.alarm_shared and not one.failing_since]
    return well, together


def _is_well(health: sources.Health, now: datetime) -> bool:
    return health.alarmed_at is not None and health.failing_since is None and _trouble(health, now) is None


def _by_kind(health: Sequence[sources.Health], roster: Roster) -> dict[SourceKind, list[sources.Health]]:
    kinds: dict[SourceKind, list[sources.Health]] = {}
    for one in health:
        kinds.setdefault(roster.sources[one.id].kind, []).append(one)
    return kinds


def _trouble(health: sources.Health, now: datetime) -> Trouble | None:
    """What ails one source, if something does that a person should look at."""
    if health.failing_since and health.stopped:
        return Trouble("stopped", (health.id,), health.failing_since, health.last_error)
    if health.failing_since:
        long = now - health.failing_since >= FAILING_AFTER
        return Trouble("failing", (health.id,), health.failing_since, health.last_error) if long else None
    if health.silence and health.last_new_at and now - health.last_new_at > health.silence:
        return Trouble("silent", (health.id,), health.last_new_at)
    return None


def _grouped(troubles: Sequence[Trouble]) -> list[Trouble]:
    """Those with the same reason as one, the largest first: when the network is down, one reason stops all."""
    groups: dict[tuple[TroubleKind, str], list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault((trouble.kind, trouble.reason), []).append(trouble)
    merged = [
        Trouble(kind, tuple(one.sources[0] for one in group), min(one.since for one in group), reason)
        for (kind, reason), group in groups.items()
    ]
    return sorted(merged, key=lambda trouble: -len(trouble.sources))
