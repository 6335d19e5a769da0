"""What operators write to all: the announcement itself, its preview, how far it has come."""

from collections.abc import Mapping, Sequence

from bot.models import Announcement, Button, Entity, Message, Progress
from bot.render.language import Voice
from bot.render.replies.operating import back
from bot.render.text import Mark, Text, finish, inline, joined, units, verbatim

MARKS = frozenset(
    ("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote",
     "text_link")
)  # fmt: skip
"""What an operator may set in a message; the rest (mentions, commands) Telegram finds by itself."""

LISTED = 10
"""Announcements that are shown."""


def written(text: str, entities: Sequence[Entity], begin: int) -> Message:
    """What stands after the first `begin` UTF-16 units of a message, with the marks that it has there."""
    places = _characters(text)
    start = places.get(begin, 0)
    body = verbatim(text[start:])
    if len(body.plain) == len(text) - start:  # nothing was replaced, so the marks are where they were
        for one in entities:
            first, last = places.get(one.offset), places.get(one.offset + one.length)
            if one.type in MARKS and first is not None and last is not None and first >= start:
                body = Text(body.plain, (*body.marks, Mark(one.type, first - start, last - start, one.url)))
    return finish(body)


def _characters(text: str) -> dict[int, int]:
    """Which character begins at each UTF-16 unit."""
    places, position = {}, 0
    for number, character in enumerate(text):
        places[position] = number
        position += units(character)
    return places | {position: len(text)}


def announcement(_: Voice, message: Message) -> Message:
    """As a chat gets it: the operator's words, and a way to get no more of them."""
    return Message(message.text, message.entities, ((Button("🔕 " + _("No more announcements").plain, "news:0"),),))


def draft(_: Voice, id: int, readers: Mapping[str, int]) -> Message:
    """Under the preview: to how many it would go; nothing is sent before a button is pressed."""
    count = sum(readers.values())
    if not count:
        return finish(_("Nobody would get it: no chat is subscribed that wants announcements."), [back(_)])
    question = _.many("☝️ That is how it looks. Send it to {count} chat?",
                      "☝️ That is how it looks. Send it to {count} chats?", count)  # fmt: skip
    rows = [[Button(_("📣 Send to all ({count})", count=count).plain, f"admin:send:{id}:all")]]
    if len(readers) > 1:
        rows += [
            [
                Button(
                    _("Only {language} ({count})", language=_.language_name(code), count=some).plain,
                    f"admin:send:{id}:{code}",
                )
            ]
            for code, some in sorted(readers.items(), key=lambda item: -item[1])
        ]
    rows.append([Button("✖️ " + _("Do not send").plain, f"admin:drop:{id}")])
    return finish(question, rows)


def dropped(_: Voice) -> Message:
    return finish(_("It was not sent."), [back(_)])


def ask_for_words(_: Voice) -> Message:
    example = Text("/admin announce ").marked("code") + "…"
    return finish(_("What shall be announced? {example}", example=example))


def progress(_: Voice, found: Announcement, done: Progress, spared: int = 0) -> Message:
    """How far it has come; while some of it waits, a button takes that back. `spared`: it just did."""
    lines = [
        _("📣 Announcement of {moment}, to {chats}", moment=_.moment(found.at),
          chats=_.many("{count} chat", "{count} chats", found.chats)).marked("bold")
        if found.state == "sent"
        else _("📣 Announcement, taken back {moment}", moment=_.moment(found.at)).marked("bold"),
        inline(found.message.text, 120).marked("italic"),
        _("Arrived: {count}", count=done.sent),
        _("May have arrived: {count}", count=done.unknown) if done.unknown else "",
        _("On its way: {count}", count=done.waiting) if done.waiting else "",
        _("Did not go or was refused: {count}", count=done.refused) if done.refused else "",
        _.many("↩️ {count} chat was spared; what had gone cannot be called back.",
               "↩️ {count} chats were spared; what had gone cannot be called back.", spared)
        if spared
        else "",
    ]  # fmt: skip
    undo = [[Button("↩️ " + _("Take back what waits ({count})", count=done.waiting).plain, f"admin:undo:{found.id}")]]
    return finish(joined(lines, "\n"), [*(undo if done.waiting else []), back(_, f"admin:news:{found.id}")])


def sent(_: Voice, found: Sequence[Announcement]) -> Message:
    """Those that were sent, each with a button, and how another is made."""
    lines = [
        _("📣 Announcements").marked("bold"),
        _("They go out after everything else, each chat gets one, and may want none."),
        _("A new one, with its bold words and links: {example}", example=Text("/admin announce …").marked("code")),
    ]
    rows = [[Button(f"{one.id}: {one.message.text}", f"admin:news:{one.id}")] for one in found]
    return finish(joined(lines, "\n"), [*rows, back(_)])


def wanted(_: Voice, on: bool) -> Message:
    """A chat has said whether it wants them."""
    if on:
        return finish(
            _("📣 Announcements of whoever runs this bot come here."), [[Button("🔕 " + _("No more").plain, "news:0")]]
        )
    return finish(
        _("🔕 No more announcements come here. Alerts and digests do."), [[Button("↩️ " + _("Undo").plain, "news:1")]]
    )
