"""Queue what is to be told of a post, for everybody whom it concerns: inside the transaction that stores it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.meters import Meters
from bot.models import Message, Roster, Telling, in_language
from bot.render import alerts
from bot.store import outbox, subscribers
from bot.store.connection import Connection
from bot.store.outbox import Audience, Subject
from bot.words import facts, query, tokens

NEWSWORTHY = frozenset({"x", "telegram"})
"""Kinds of sources where an edit or a deletion is news. Agencies rewrite their items all day: their versions are kept,
nobody is woken.
"""


def post(
    connection: Connection,
    roster: Roster,
    telling: Telling,
    subject: Subject,
    text: tokens.Text,
    now: datetime,
    meters: Meters,
) -> None:
    """A new post; `text` is what was read of it."""
    filters = facts.filters(roster)

    def render(audience: Audience) -> list[Message]:
        with meters.render_seconds.time():
            return alerts.alert(
                telling,
                roster,
                language=audience.language,
                zone=audience.zone,
                watches=_labels(audience, roster),
                found=[span for watch in audience.watches for span in query.marks(watch, filters, text)],
            )

    outbox.tell(connection, subject, f"post:{telling.post.id}", render, now)


def edit(
    connection: Connection,
    roster: Roster,
    telling: Telling,
    subject: Subject,
    before: str,
    since: datetime,
    number: int,
    now: datetime,
) -> None:
    """A post that has another text than `before`, which stood since then; the `number`-th that it has."""

    def render(audience: Audience) -> list[Message]:
        return alerts.edited(before, telling, roster, language=audience.language, zone=audience.zone, since=since)

    _change(connection, subject, f"edit:{telling.post.id}:{number}", render, now)


def deletion(connection: Connection, roster: Roster, telling: Telling, subject: Subject, now: datetime) -> None:
    """A post that is gone; at most once, should it come back and go again."""

    def render(audience: Audience) -> list[Message]:
        return alerts.deleted(telling, roster, language=audience.language, zone=audience.zone)

    _change(connection, subject, f"deleted:{telling.post.id}", render, now)


def return_(connection: Connection, roster: Roster, telling: Telling, subject: Subject, now: datetime) -> None:
    """A post that was told to be gone and is there again."""

    def render(audience: Audience) -> list[Message]:
        return alerts.back(telling, roster, language=audience.language, zone=audience.zone)

    _change(connection, subject, f"back:{telling.post.id}", render, now)


def both(one: Subject, other: Subject) -> Subject:
    """Whom either concerns: an edit may take out the very words that somebody watches for."""
    return replace(
        one,
        speakers=sorted({*one.speakers, *other.speakers}),
        sides=sorted({*one.sides, *other.sides}),
        topics=sorted({*one.topics, *other.topics}),
        watches=sorted({*one.watches, *other.watches}),
    )


def _change(
    connection: Connection,
    subject: Subject,
    key: str,
    render: Callable[[Audience], Sequence[Message]],
    now: datetime,
) -> None:
    """For those who want to be told of changes at once."""
    for audience, members in outbox.audiences(connection, subject).items():
        wanted = subscribers.told_of_changes(connection, [subscriber for subscriber, _ in members])
        told = [(subscriber, silent) for subscriber, silent in members if subscriber in wanted]
        if told:
            outbox.queue(connection, told, key, render(audience), "alert", now)


def _labels(audience: Audience, roster: Roster) -> list[str]:
    """What brought the post to them, in their words: watches as typed, topics by name."""
    named = [in_language(roster.topics[topic].name, audience.language) for topic in audience.topics]
    return [*audience.watches, *named]
