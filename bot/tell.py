"""Queue what is to be told of a post, for everybody whom it concerns: inside the transaction that stores it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.meters import Meters
from bot.models import Message, Roster, Subscriber, Telling, in_language
from bot.render import alerts, corrections
from bot.render.language import voice
from bot.render.statements import translatable
from bot.render.withdrawal import without
from bot.store import late, outbox, pictures, posts, subscribers, translations
from bot.store.connection import Connection
from bot.store.corrections import Correction
from bot.store.outbox import Audience, Subject
from bot.words import facts, query, tokens

NEWSWORTHY = frozenset({"x", "telegram"})
"""Kinds of sources where an edit or a deletion is news. Agencies rewrite their items all day: their versions are kept,
nobody is woken.
"""

_OF_ONE_POST = ("post:", "edit:", "back:")
"""Keys under which nothing else is told."""

ATTACHED = 12
"""Tellings that are added to an alert; of a story that everybody tells the rest is in the digest."""


def post(
    connection: Connection,
    roster: Roster,
    telling: Telling,
    subject: Subject,
    text: tokens.Text,
    now: datetime,
    meters: Meters,
) -> None:
    """A new post; `text` is what was read of it.

    Who has been told the same by another telling gets this one added to that alert; unless it is the first one by the
    speaker's own account: what somebody says themselves is worth being told after a report of it.
    """
    others = _others(connection, telling)
    known = _told(connection, others)
    primary = is_own(telling) and not any(map(is_own, others))
    render = _alert(connection, telling, others, roster, lambda: text)

    translated: set[str] = set()

    def timed(audience: Audience) -> list[Message]:
        if audience.translate and translatable(voice(audience.language, audience.zone), telling, roster):
            translated.add(audience.language)
        with meters.render_seconds.time():
            return render(audience)

    outbox.tell(connection, subject, telling.post.id, timed, now, known=() if primary else known)
    for language in translated:
        translations.want(connection, telling.post.id, language)
    if len(others) <= ATTACHED:
        for one in others:
            again = [other for other in (*others, telling) if other is not one]
            _amend(connection, roster, one, again, now)


def _amend(connection: Connection, roster: Roster, telling: Telling, others: Sequence[Telling], now: datetime) -> None:
    """The alerts of a post say from here on what is known of it now."""
    text = partial(facts.read, telling, roster)
    outbox.amend(connection, _key(telling), _alert(connection, telling, others, roster, text), now)


def told_before(connection: Connection, telling: Telling) -> frozenset[int]:
    """The subscribers who have been told the same by another telling."""
    return _told(connection, _others(connection, telling))


def corrected(connection: Connection, roster: Roster, correction: Correction, now: datetime) -> None:
    """The operators have decided about a doubt: the alert says so where it stands, and who asked is answered."""
    (telling,) = posts.tellings(connection, [correction.post])
    _amend(connection, roster, telling, _others(connection, telling), now)
    if correction.subscriber is not None:
        who = subscribers.get(connection, correction.subscriber)
        answer = corrections.answer(
            telling, correction.speaker, roster, confirmed=correction.state == "confirmed", **_voice(who)
        )
        key = f"correction:{correction.id}:{correction.state}"
        outbox.queue(connection, [(who.id, True)], key, [answer], "answer", now)


def doubted(
    connection: Connection, roster: Roster, correction: Correction, operators: Collection[int], now: datetime
) -> None:
    """A reader doubts that somebody said that: the operators (their chats) are asked."""
    (telling,) = posts.tellings(connection, [correction.post])
    for who in subscribers.operators(connection, operators):
        message = corrections.question(telling, correction.speaker, correction.id, roster, **_voice(who))
        outbox.queue(connection, [(who.id, False)], f"doubt:{correction.id}", [message], "notice", now)


def is_own(telling: Telling) -> bool:
    """Whether it is somebody's own account that tells it."""
    return any(said.kind == "own" for said in telling.statements)


def _key(telling: Telling) -> str:
    return f"post:{telling.post.id}"


def _voice(who: Subscriber) -> dict[str, str]:
    return {"language": who.language, "zone": who.zone}


def _others(connection: Connection, telling: Telling) -> list[Telling]:
    """The other tellings of its story that stand, the first seen first."""
    if not telling.story:
        return []
    found = posts.tellings(connection, posts.told_again(connection, telling.story, ATTACHED + 2))
    return [one for one in found if one.post.id != telling.post.id and one.post.fate == "stands"]


def _told(connection: Connection, others: Sequence[Telling]) -> frozenset[int]:
    if not others:
        return frozenset()
    keys, found = [_key(one) for one in others], [one.post.id for one in others]
    return outbox.have_been_told(connection, keys) | late.have_been_told(connection, found)


def _alert(
    connection: Connection,
    telling: Telling,
    others: Sequence[Telling],
    roster: Roster,
    text: Callable[[], tokens.Text],
) -> Callable[[Audience], list[Message]]:
    filters = facts.filters(roster)

    def render(audience: Audience) -> list[Message]:
        return alerts.alert(
            telling,
            roster,
            language=audience.language,
            zone=audience.zone,
            watches=_labels(audience, roster),
            found=[span for watch in audience.watches for span in query.marks(watch, filters, text())],
            also=others if audience.retold == "attach" else (),
            picture=next(iter(pictures.of(connection, telling.post.id)), "") if audience.pictures else "",
            preview=audience.previews,
            translation=_translation(connection, telling, roster, audience),
        )

    return render


def _translation(
    connection: Connection, telling: Telling, roster: Roster, audience: Audience
) -> tuple[str, str] | None:
    """The words and the service that made them, if they want it and there is one."""
    if not (audience.translate and translatable(voice(audience.language, audience.zone), telling, roster)):
        return None
    found = translations.find(connection, telling.post.id, audience.language)
    return (found.text, found.service) if found else None


def annotated(connection: Connection, roster: Roster, post: int, now: datetime) -> None:
    """There is a translation: the alerts of the post have it from here on."""
    (telling,) = posts.tellings(connection, [post])
    _amend(connection, roster, telling, _others(connection, telling), now)


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

    _change(connection, subject, telling.post.id, f"edit:{telling.post.id}:{number}", render, now)


def deletion(connection: Connection, roster: Roster, telling: Telling, subject: Subject, now: datetime) -> None:
    """A post that is gone; at most once, should it come back and go again."""

    def render(audience: Audience) -> list[Message]:
        return alerts.deleted(telling, roster, language=audience.language, zone=audience.zone)

    _change(connection, subject, telling.post.id, f"deleted:{telling.post.id}", render, now, gone=True)


def return_(connection: Connection, roster: Roster, telling: Telling, subject: Subject, now: datetime) -> None:
    """A post that was told to be gone and is there again."""

    def render(audience: Audience) -> list[Message]:
        return alerts.back(telling, roster, language=audience.language, zone=audience.zone)

    _change(connection, subject, telling.post.id, f"back:{telling.post.id}", render, now, gone=True)


def retell(connection: Connection, roster: Roster, post: int, now: datetime) -> None:
    """What was told of a post loses its words when its platform shows them no more and forbids to repeat them, in chats
    and in all that waits, and gets them back with it. Of a deleted one, alerts that were not sent are not.

    A digest or another message that tells of more keeps the rest; it does not get the words back.
    """
    (telling,) = posts.tellings(connection, [post])
    render = _alert(connection, telling, _others(connection, telling), roster, partial(facts.read, telling, roster))
    rendered: dict[Audience, list[Message]] = {}
    for told in outbox.told_of(connection, telling.post):
        if told.key.startswith(_OF_ONE_POST):
            if told.audience not in rendered:
                rendered[told.audience] = render(told.audience)
            parts = rendered[told.audience]
            if telling.post.deleted_at:
                outbox.withdraw(connection, told, now)
            outbox.take_back(connection, told, parts[min(told.part, len(parts) - 1)], now)
        elif telling.post.fate != "stands":
            outbox.take_back(connection, told, without(told.message, telling, roster, told.audience.language), now)


def both(one: Subject, other: Subject) -> Subject:
    """Whom either concerns: an edit may take out the very words that somebody watches for."""
    return replace(
        one,
        speakers=sorted({*one.speakers, *other.speakers}),
        sides=sorted({*one.sides, *other.sides}),
        topics=sorted({*one.topics, *other.topics}),
        watches=sorted({*one.watches, *other.watches}),
        mentioned=sorted({*one.mentioned, *other.mentioned}),
        mentioned_sides=sorted({*one.mentioned_sides, *other.mentioned_sides}),
    )


def _change(
    connection: Connection,
    subject: Subject,
    post: int,
    key: str,
    render: Callable[[Audience], Sequence[Message]],
    now: datetime,
    *,
    gone: bool = False,
) -> None:
    """For those who want to be told of changes at once. Where alerts are held, what is told of the post later tells
    this.
    """
    held = outbox.holds(connection, subject, now)
    for audience, members in outbox.audiences(connection, subject, now).items():
        wanted = subscribers.told_of_changes(connection, [subscriber for subscriber, _ in members], gone=gone)
        told = [(subscriber, silent) for subscriber, silent in members if subscriber in wanted]
        told = outbox.hold_back(connection, post, told, held, now)
        if told:
            outbox.queue(connection, told, key, render(audience), "alert", now, audience)


def _labels(audience: Audience, roster: Roster) -> list[str]:
    """What brought the post to them, in their words: watches as typed, topics by name."""
    named = [in_language(roster.topics[topic].name, audience.language) for topic in audience.topics]
    return [*audience.watches, *named]
