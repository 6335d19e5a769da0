"""Whether the store says what is true. Each finding is a sentence; none is what is wanted."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from bot import schedule
from bot.models import Gap, Post
from bot.store import gaps, posts
from bot.store.connection import Connection
from bot.store.sources import AWAY_AFTER
from tests.month.accounts import Account, InFeeds, Said
from tests.month.simulation import STEP, Simulation, Span
from tests.month.witness import host_of

A_MINUTE = timedelta(minutes=1)

HOST_RESTS = timedelta(minutes=65)
X_RESTS = timedelta(hours=25)
"""For so long one trouble may keep others of its host from being read."""

HINTED = timedelta(hours=1)
"""So long a server may put off the next poll."""


def findings(one: Simulation, database: Connection) -> list[str]:
    stored: defaultdict[str, dict[str, Post]] = defaultdict(dict)
    for post in posts.everything(database):
        stored[post.source][post.external_id] = post
    unseen = gaps.between(database, one.begin, one.end)
    found = []
    for account in one.accounts.values():
        known = stored[account.source.id]
        found += [f"{account.source.id}: {what}" for what in _of_posts(one, account, known, unseen)]
        found += [f"{account.source.id}: {what}" for what in _of_texts(one, database, account, known)]
        found += [f"{account.source.id}: {what}" for what in _of_gaps(one, account, known, unseen)]
    return [*found, *_of_gaps_of_all(one, unseen), *_of_alerts(one, database, stored), *_of_money(one)]


# --- posts


def _of_posts(one: Simulation, account: Account, stored: dict[str, Post], unseen: list[Gap]) -> Iterator[str]:
    seen = one.witness.seen[account.source.id]
    if not seen.looks:
        yield "never read"
        return
    for id in stored.keys() - account.said.keys():
        yield f"{id} was never said"
    must = {id for id, _ in seen.shown}
    must |= {said.id for said in account.standing() if said.at > seen.looks[0]}
    for id in must - stored.keys():
        if isinstance(account, InFeeds) and id not in account.shown() and _is_told(account, account.said[id], unseen):
            continue
        yield f"{id} is missing; said {account.said[id].at}, gone {account.said[id].gone_at}"
    for id, post in stored.items():
        said = account.said.get(id)
        if said is None:
            continue
        wanted = "deleted" if said.gone_at else "stands"
        if post.fate != wanted:
            yield f"{id} is {post.fate} and should be {wanted}; said {said.at}, gone {said.gone_at}"
        if post.deleted_at and said.gone_at and post.deleted_at < said.gone_at - STEP and not _in(one, said):
            yield f"{id} is said to be gone since {post.deleted_at}, before {said.gone_at}"
        if post.kind != said.kind:
            yield f"{id} is a {post.kind} and should be a {said.kind}"
        dated = not (isinstance(account, InFeeds) and (account.kind.dates == "none" or _in(one, said)))
        if dated and abs(post.published_at - said.at) > STEP:
            yield f"{id} was published {said.at}, not {post.published_at}"


def _is_told(account: Account, said: Said, unseen: list[Gap]) -> bool:
    """Whether a gap says that it could not be read before it left its feed."""
    rows = [row for row in unseen if row.source == account.source.id and row.reason == gaps.UNREAD]
    return any(row.since <= said.at <= (row.until or said.at) for row in rows)


def _in(one: Simulation, said: Said) -> bool:
    """Whether the clock was wrong then."""
    moments = [moment for moment in (said.at, said.gone_at) if moment]
    return any(span.since <= moment <= span.until for span in one.wrong_clock for moment in moments)


def _of_texts(one: Simulation, database: Connection, account: Account, stored: dict[str, Post]) -> Iterator[str]:
    must: defaultdict[str, set[str]] = defaultdict(set)
    for id, text in one.witness.seen[account.source.id].shown:
        must[id].add(posts.fingerprint(text))
    for id, post in stored.items():
        said = account.said.get(id)
        if said is None:
            continue
        true = [posts.fingerprint(text) for text in said.texts]
        kept = [version.sha256 for version in posts.versions(database, post.id)]
        rest = iter(true)
        if not all(text in rest for text in kept):
            yield f"{id} has a version that never stood: {post.text!r}"
        if missing := must[id] - set(kept):
            yield f"{id} lacks {len(missing)} of the versions that were shown"
        if not said.gone_at and kept[-1:] != true[-1:] and not _left_the_feed(account, id):
            yield f"{id} stands with another text than is kept"
        if (post.edited_at is not None) != (len(kept) > 1):
            yield f"{id} was edited {post.edited_at} and has {len(kept)} versions"


def _left_the_feed(account: Account, id: str) -> bool:
    return isinstance(account, InFeeds) and id not in account.shown()


# --- gaps


def _of_gaps(one: Simulation, account: Account, stored: dict[str, Post], unseen: list[Gap]) -> Iterator[str]:
    source = account.source
    seen = one.witness.seen[source.id]
    looks = [look for look in seen.looks if look <= one.end]
    longest = max(source.every * schedule.SLOWEST, HINTED) * (1 + schedule.JITTER) + AWAY_AFTER + 2 * STEP
    rows = [gap for gap in unseen if gap.source in (source.id, "")]
    allowed: list[Span] = list(one.wrong_clock)
    for before, after in pairwise(looks):
        failed = [moment for moment in seen.failed if before < moment < after]
        if failed or after - before > longest or _trouble_elsewhere(one, account, Span(before, after)):
            allowed.append(Span(before, after))
        blind = min([before + longest, *failed])
        if any(span.since <= after and before <= span.until for span in one.wrong_clock):
            troubled = failed or _trouble_elsewhere(one, account, Span(before, after))
            blind = after if troubled else before + longest  # the rows of that time are in its own
        while blind < after:
            if not any(row.since <= blind <= (row.until or one.end) for row in rows):
                yield f"not seen between {before} and {after}, of which no row tells at {blind}"
                break
            blind += A_MINUTE
    allowed.append(Span(looks[-1], one.end))
    lost = [said for id, said in account.said.items() if id not in stored and isinstance(account, InFeeds)]
    allowed += [
        Span(row.since, row.until or one.end)
        for row in rows
        if row.reason == gaps.UNREAD and any(_is_told(account, said, [row]) for said in lost)
    ]
    for row in rows:
        if row.until is not None and row.since > row.until:
            yield f"a gap that ends before it begins: {row}"
        if row.source and not _within(row, allowed, one):
            yield f"a gap where it was seen: {row}"


def _trouble_elsewhere(one: Simulation, account: Account, span: Span) -> bool:
    """Whether its host rested, or the process did."""
    host = host_of(account.source)
    rests = X_RESTS if host == "x" else HOST_RESTS
    neighbours = [id for id, other in one.accounts.items() if host_of(other.source) == host]
    troubles = [*one.witness.troubled[host], *(moment for id in neighbours for moment in one.witness.seen[id].failed)]
    return any(span.since - rests <= moment <= span.until for moment in troubles) or any(
        down.since <= span.until and span.since <= down.until for down in one.down
    )


def _within(row: Gap, allowed: list[Span], one: Simulation) -> bool:
    """Whether each minute of the row lies in a span that is allowed."""
    at, until = row.since, min(row.until or one.end, one.end)
    while at < until:
        span = next((span for span in allowed if span.since - A_MINUTE <= at < span.until + A_MINUTE), None)
        if span is None:
            return False
        at = span.until + A_MINUTE
    return True


def _of_gaps_of_all(one: Simulation, unseen: list[Gap]) -> Iterator[str]:
    """While the process or the computer rested; and from the last look before that on."""
    looks = sorted(look for seen in one.witness.seen.values() for look in seen.looks)
    allowed = list(one.wrong_clock)
    for down in one.down:
        last = max((look for look in looks if look <= down.since), default=one.begin)
        allowed.append(Span(min(last, down.since), down.until))
    for row in unseen:
        if not row.source and not _within(row, allowed, one):
            yield f"a gap of all that was none: {row}"


# --- what was told, and paid


def _of_alerts(one: Simulation, database: Connection, stored: dict[str, dict[str, Post]]) -> Iterator[str]:
    fates = {str(post.id): post.fate for known in stored.values() for post in known.values()}
    for (key,) in database.execute("SELECT key FROM notifications"):
        what, number, version, *_ = f"{key}::".split(":")
        if what == "back":
            yield f"told that post {number} is back, and it never was gone"
        if what == "deleted" and fates.get(number) != "deleted":
            yield f"told that post {number} is deleted"
        if what == "edit" and int(version) > len(posts.versions(database, int(number))):
            yield f"told of an edit of post {number} that there was not"


def _of_money(one: Simulation) -> Iterator[str]:
    for time, cost, cap in one.spent:
        if cost > cap:
            yield f"X has billed {cost} in {time}, more than {cap}"
