"""Queue the digests that are due, and the catch-up messages after a long silence.

A digest covers what was first seen in (the end of the last one, now]. Queueing it and moving its due time is one
transaction, which does nothing if somebody else moved it first: a digest comes exactly once, also across crashes.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bot import charts, schedule, tell
from bot.models import CORRECTED, Follow, Gap, Message, MuteWhat, Roster, Subscriber, Telling, Watch
from bot.render import alerts, digests
from bot.render.digests import Before
from bot.render.language import voice
from bot.render.replies.stats import caption
from bot.store import (
    activity,
    backlog,
    corrections,
    drawings,
    gaps,
    late,
    mutes,
    outbox,
    posts,
    statements,
    subscribers,
)
from bot.store.connection import Connection
from bot.store.database import Database
from bot.words import facts, query
from bot.words.index import WatchIndex
from bot.words.tokens import Text

BATCH = 500
"""Digests made in one go; bounds the memory and the length of the transaction."""

MANY_ALERTS = 5
"""Alerts that may wait for one chat; more that have waited for STALE_AFTER become one message."""

STALE_AFTER = timedelta(minutes=30)
"""At Telegram's pace an alert to 50,000 chats takes this long; who waits longer waits for Telegram to come back."""

BLIND_AFTER = timedelta(minutes=30)
"""A source that could not be seen for this long is named in the digest: silence there is not "nothing was said". Less
is a failed poll or two, after which what was said is read.
"""

LOOKED_BACK, FEWEST_DAYS = 14, 3
"""Days with which a digest is compared; with fewer than the latter nothing is said of what is new or missing."""

MADE = 1000
"""Different digests of one moment that are remembered, for those who get the same."""

DRAWN_DAYS = 7
"""Days that the picture with a digest shows."""

USUAL = 0.5
"""Who spoke in the same hours of this share of the days before usually speaks then."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one subscriber wants to read in the digest; and what was `muted` since the last one."""

    subscriber: Subscriber
    follows: tuple[Follow, ...]
    watches: tuple[Watch, ...]
    muted: frozenset[tuple[MuteWhat, str]] = frozenset()

    def at_once(self) -> "Wish":
        """Without what is kept for the digest, and without muted watches."""
        return replace(
            self,
            follows=tuple(one for one in self.follows if one.how != "digest"),
            watches=tuple(
                one for one in self.watches if one.how != "digest" and ("watch", str(one.id)) not in self.muted
            ),
        )

    def hushes(self, telling: Telling) -> bool:
        """Whether everybody who speaks in it was muted."""
        speakers = {one.speaker for one in telling.statements if one.speaks}
        return bool(speakers) and all(("speaker", speaker) in self.muted for speaker in speakers)


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's digest, ready to be queued. No messages: there is nothing that it could be about."""

    subscriber: Subscriber
    messages: Sequence[Message]
    until: datetime
    next_at: datetime | None


async def queue_due(
    database: Database,
    roster: Roster,
    now: datetime,
    latest: timedelta = timedelta.max,
    *,
    uncollected: Collection[str] = (),
) -> int:
    """Queue every digest that is due; each says which sources are `uncollected`, for want of a token. Returns how many
    were.

    One that is later than `latest` is left out; what it would have told stands in the next one.
    """
    queued: list[Subscriber] = []
    moment = Moment(roster, now, sorted(uncollected))
    while batch := await database.read_slow(_compose, moment, latest):
        queued += await database.write(_queue, batch, now)
    await _queue_pictures(database, roster, [who for who in queued if who.digest_picture], now)
    return len(queued)


async def _queue_pictures(database: Database, roster: Roster, wanted: Sequence[Subscriber], now: datetime) -> None:
    """After the words, which wait for no drawing: one picture for all who read it in the same language and zone."""
    groups: dict[tuple[str, str], list[int]] = {}
    for who in wanted:
        groups.setdefault((who.language, who.zone), []).append(who.id)
    for (language, zone), members in groups.items():
        _ = voice(language, zone)
        png = await charts.activity_of(database, roster, _, DRAWN_DAYS, now)
        if png is not None:
            await database.write(_queue_picture, png, caption(_, now), members, now)


def _queue_picture(connection: Connection, png: bytes, under: Message, members: Sequence[int], now: datetime) -> None:
    message = replace(under, drawing=drawings.put(connection, png, now))
    told = [(subscriber, True) for subscriber in members]
    outbox.queue(connection, told, f"drawn:{message.drawing}", [message], "digest", now)


Read: TypeAlias = list[tuple[Telling, Text]]


@dataclass(frozen=True, slots=True)
class Window:
    """The time from one digest to the next: what was said in it, edited or deleted, and put right; when sources were
    not seen; and what it is compared with.
    """

    said: Read
    changed: Read
    corrected: Read
    gaps: list[Gap]
    past: "Past"


class Moment:
    """What the digests that are due at one moment have in common: found out once, for all batches."""

    def __init__(self, roster: Roster, now: datetime, uncollected: Sequence[str] = ()) -> None:
        self.roster, self.now, self.uncollected = roster, now, uncollected
        self.drawn = charts.available()
        self._windows: dict[datetime, Window] = {}
        self._chosen: dict[Any, Chosen] = {}
        self._messages: dict[Any, list[Message]] = {}

    def since(self, connection: Connection, since: datetime) -> Window:
        if since not in self._windows:
            self._windows[since] = self._window(connection, since)
        return self._windows[since]

    def _window(self, connection: Connection, since: datetime) -> Window:
        now, roster = self.now, self.roster
        changed = posts.tellings(connection, posts.changed_between(connection, since, now))
        kinds = {source.id: source.kind for source in roster.sources.values()}
        return Window(
            self._read(statements.seen_between(connection, since, now)),
            self._read(one for one in changed if kinds.get(one.post.source) in tell.NEWSWORTHY),
            self._read(posts.tellings(connection, corrections.between(connection, since, now))),
            _long_ones(gaps.between(connection, since, now), since, now),
            _look_back(connection, roster, since, now),
        )

    def _read(self, found: Iterable[Telling]) -> Read:
        return [(telling, facts.read(telling, self.roster)) for telling in found]

    def chosen(self, wish: Wish, choose: Callable[[Wish], "Chosen"]) -> "Chosen":
        """Who follows the same and watches nothing wants the same."""
        who = wish.subscriber
        if wish.watches:
            return choose(wish)
        key = (who.digested_at, wish.follows, wish.muted, who.mentions, who.changes, who.deletions)
        if key not in self._chosen:
            self._chosen[key] = choose(wish)
        return self._chosen[key]

    def messages(self, key: Any, make: Callable[[], list[Message]]) -> list[Message]:
        """Who follows the same in the same language and zone gets the same words; those of the last ones are kept."""
        if key not in self._messages:
            if len(self._messages) >= MADE:
                self._messages.clear()
            self._messages[key] = make()
        return self._messages[key]


def _compose(connection: Connection, moment: Moment, latest: timedelta = timedelta.max) -> list[Digest]:
    """Some of those that are due, as they will be sent."""
    return Batch(connection, moment).digests(latest)


class Batch:
    """Digests that are made together: one index has the watches of all."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment
        due = subscribers.digest_due(connection, moment.now, BATCH)
        members = [subscriber.id for subscriber in due]
        muted = mutes.since_digest(connection, members)
        self._wishes = [
            Wish(
                subscriber,
                tuple(one for one in subscribers.follows(connection, subscriber.id) if one.how != "off"),
                tuple(one for one in subscribers.watches(connection, subscriber.id) if one.how != "off"),
                muted.get(subscriber.id, frozenset()),
            )
            for subscriber in due
        ]
        self._index = WatchIndex()
        for watch, key in subscribers.keys_of(connection, members).items():
            self._index.add(watch, query.load(key))
        self._matched: dict[datetime, Matched] = {}

    def digests(self, latest: timedelta) -> list[Digest]:
        return [self._digest(wish, latest) for wish in self._wishes]

    def _digest(self, wish: Wish, latest: timedelta) -> Digest:
        who, now = wish.subscriber, self._moment.now
        next_at = schedule.next_digest_at(who.digest, who.zone, now) if who.digest else None
        if who.next_digest_at and now - who.next_digest_at > latest:
            return Digest(who, [], who.digested_at, next_at)
        messages: list[Message] = []
        if wish.follows or wish.watches:
            chosen = self._moment.chosen(wish, self._choose)
            if any((chosen.said, chosen.changed, chosen.corrected)) or who.empty_digest:
                messages = self._messages(wish, chosen)
        return Digest(who, messages, now, next_at)

    def _since(self, since: datetime) -> "Matched":
        if since not in self._matched:
            window = self._moment.since(self._connection, since)
            self._matched[since] = Matched(*map(self._match, (window.said, window.changed, window.corrected)))
        return self._matched[since]

    def _match(self, found: Read) -> list["Said"]:
        return [Said(one, frozenset(one.topics), frozenset(self._index.matches(text))) for one, text in found]

    def _choose(self, wish: Wish) -> "Chosen":
        here, roster = self._since(wish.subscriber.digested_at), self._moment.roster
        return Chosen(
            _numbers(said for said in here.said if _wanted(said, wish, roster)),
            _numbers(said for said in here.changed if _news(said, wish, roster)),
            _numbers(said for said in here.corrected if _wanted(said, wish, roster)),
        )

    def _messages(self, wish: Wish, chosen: "Chosen") -> list[Message]:
        who, moment = wish.subscriber, self._moment
        window = moment.since(self._connection, who.digested_at)
        past, silent = window.past, _missed(window.past, window.gaps, moment.uncollected, wish, moment.roster)
        here = self._since(who.digested_at)
        return moment.messages(
            (chosen, silent, who.digested_at, who.digest_by, who.language, who.zone),
            lambda: digests.digest(
                _tellings(here.said, chosen.said),
                moment.roster,
                language=who.language,
                zone=who.zone,
                since=who.digested_at,
                until=moment.now,
                gaps=window.gaps,
                changed=_tellings(here.changed, chosen.changed),
                unread=moment.uncollected,
                corrected=_tellings(here.corrected, chosen.corrected),
                by=who.digest_by,
                before=Before(past.days, past.topics, silent),
                drawn=moment.drawn,
            ),
        )


def _queue(connection: Connection, batch: Iterable[Digest], now: datetime) -> list[Subscriber]:
    """Returns for whom one was queued."""
    queued = []
    alike: dict[tuple[datetime, int], list[Digest]] = {}
    for digest in batch:
        who = digest.subscriber
        if subscribers.digested(connection, who, digest.until, digest.next_at) and digest.messages:
            alike.setdefault((digest.until, id(digest.messages)), []).append(digest)
            queued.append(who)
    for (until, _), some in alike.items():
        told = [(digest.subscriber.id, False) for digest in some]
        outbox.queue(connection, told, f"digest:{until.isoformat()}", some[0].messages, "digest", now)
    return queued


# --- what is in it


@dataclass(frozen=True, slots=True)
class Said:
    """A telling with the topics that it touches and the watches that it matches."""

    telling: Telling
    topics: frozenset[str]
    watches: frozenset[int]


@dataclass(frozen=True, slots=True)
class Matched:
    """What a window holds, with what of it the watches of a batch match."""

    said: list[Said]
    changed: list[Said]
    corrected: list[Said]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The posts that one digest tells of, by number."""

    said: tuple[int, ...]
    changed: tuple[int, ...]
    corrected: tuple[int, ...]


def _tellings(found: Iterable[Said], chosen: Collection[int]) -> list[Telling]:
    wanted = set(chosen)
    return [said.telling for said in found if said.telling.post.id in wanted]


def _wanted(said: Said, wish: Wish, roster: Roster) -> bool:
    named = wish.subscriber.mentions
    speakers = {one.speaker for one in said.telling.statements if one.speaks or named or one.rule == CORRECTED}
    sides = {roster.speakers[speaker].side for speaker in speakers if speaker in roster.speakers}
    reach: Mapping[str, Iterable[str]] = {
        "all": [""] if speakers else [],
        "speaker": speakers,
        "side": sides,
        "source": [said.telling.post.source],
        "topic": said.topics,
    }
    watched = any(watch.id in said.watches for watch in wish.watches)
    return watched or any(follow.value in reach[follow.what] for follow in wish.follows)


def _news(said: Said, wish: Wish, roster: Roster) -> bool:
    """Whether an edit or a deletion is told in this digest: not what an alert has told, nor to whom it is no news. Of
    what was muted there was no alert.
    """
    how = wish.subscriber.deletions if said.telling.post.deleted_at else wish.subscriber.changes
    if how == "digest":
        return _wanted(said, wish, roster)
    told = how == "off" or (not wish.hushes(said.telling) and _wanted(said, wish.at_once(), roster))
    return not told and _wanted(said, wish, roster)


def _numbers(found: Iterable[Said]) -> tuple[int, ...]:
    return tuple(said.telling.post.id for said in found)


def _long_ones(found: Iterable[Gap], since: datetime, now: datetime) -> list[Gap]:
    """Those that cover enough of the time since then."""
    return [gap for gap in found if (gap.until or now) - max(gap.since, since) >= BLIND_AFTER]


# --- what it is compared with


@dataclass(frozen=True, slots=True)
class Past:
    """Of the `days` before a digest (0: too few are known) which sides spoke of which topics; and who was heard in the
    same hours of most of them and is not in the digest's own, in the order of the configuration.
    """

    days: int
    topics: frozenset[tuple[str, str]] = frozenset()
    silent: tuple[str, ...] = ()


def _look_back(connection: Connection, roster: Roster, since: datetime, now: datetime) -> Past:
    first = since - timedelta(days=LOOKED_BACK)
    spoke = activity.statements(connection, first, now)
    days = (since - min((at for _speaker, at in spoke), default=since)) // timedelta(days=1)
    if days < FEWEST_DAYS:
        return Past(0)
    heard = _heard(spoke, since, now)
    usual = [speaker for speaker in roster.speakers if len(heard.get(speaker, set()) - {0}) >= USUAL * days]
    touched = activity.touched(connection, first, since)
    sides = frozenset((side.id, topic) for speaker, topic in touched if (side := roster.side_of(speaker)))
    return Past(days, sides, tuple(speaker for speaker in usual if 0 not in heard[speaker]))


def _heard(spoke: Iterable[tuple[str, datetime]], since: datetime, now: datetime) -> dict[str, set[int]]:
    """How many days before each spoke in the hours from `since` to `now`; 0 is in the digest's own."""
    a_day = timedelta(days=1)
    heard: dict[str, set[int]] = {}
    for speaker, at in spoke:
        days = max(-((at - since) // a_day), 0)
        if at + days * a_day <= now:
            heard.setdefault(speaker, set()).add(days)
    return heard


def _missed(
    past: Past, gaps: Sequence[Gap], uncollected: Collection[str], wish: Wish, roster: Roster
) -> tuple[str, ...]:
    """Whom the subscriber follows and did not hear though their own accounts were read."""
    unseen = {gap.source for gap in gaps} | set(uncollected)
    followed = {(follow.what, follow.value) for follow in wish.follows}
    return tuple(
        speaker
        for speaker in past.silent
        if followed & {("all", ""), ("speaker", speaker), ("side", roster.speakers[speaker].side)}
        and "" not in unseen
        and not unseen & {source.id for source in roster.sources_of(speaker)}
    )


# --- after a long silence


async def gather_backlog(database: Database, now: datetime) -> int:
    """Where so many alerts wait for a chat that they would be a flood, take them back for one message.

    Returns how many were taken back.
    """
    overdue_since = database.read(outbox.overdue_since, now)
    if overdue_since is None or now - overdue_since < STALE_AFTER:
        return 0
    flooded = await database.read_slow(backlog.swamped, now - STALE_AFTER, MANY_ALERTS)
    taken = 0
    for start in range(0, len(flooded), BATCH):
        taken += await database.write(backlog.gather, flooded[start : start + BATCH], now)
    return taken


async def queue_catch_up(database: Database, roster: Roster, now: datetime) -> int:
    """Queue one message for each subscriber for whom posts were found late. Returns how many."""
    return await database.write(_catch_up, roster, now)


def _once(tellings: Iterable[Telling]) -> list[Telling]:
    """Of each story the telling that was published first."""
    ordered = sorted(tellings, key=lambda one: (one.post.published_at, one.post.id))
    first: dict[int, Telling] = {}
    for one in ordered:
        first.setdefault(one.story or -one.post.id, one)
    return list(first.values())


def _catch_up(connection: Connection, roster: Roster, now: datetime) -> int:
    waiting = late.due(connection, now)
    for id, gathered in waiting.items():
        who = subscribers.get(connection, id)
        missed = _once(posts.tellings(connection, gathered.posts))
        messages = alerts.catch_up(missed, roster, language=who.language, zone=who.zone, why=gathered.why)
        outbox.queue(connection, [(id, gathered.silent)], f"late:{now.isoformat()}", messages, "alert", now)
        late.told(connection, id, gathered.posts, now)
    return len(waiting)
