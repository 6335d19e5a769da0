"""Setting up a channel or a group from a private chat: how to begin, and which one it is that is being set up."""

from collections.abc import Sequence
from dataclasses import replace

from bot.models import Button, Entity, Message
from bot.render.language import Voice
from bot.render.text import DATA, MESSAGE, Text, finish, inline, joined, units

TITLE = 60
"""UTF-16 units of a chat's title."""


def chats(_: Voice, known: Sequence[tuple[int, str, bool]], username: str) -> Message:
    """How to name a chat, and those (number, title, whether it is the one) that were named before."""
    here = not any(current for _id, _title, current in known)
    lines = [
        _("📢 Channels and groups").marked("bold"),
        _("Here you set up a channel or a group in which you are an administrator, without a word appearing there."),
        _steps(_, username),
    ]
    marks = {True: "● ", False: ""}
    rows = [[Button(f"{marks[current]}📢 {title}", f"manage:{id}")] for id, title, current in known[:8]]
    home = [[Button(marks[here] + _("This chat").plain, "manage:0")]] if rows else []
    return finish(joined(lines, "\n"), [*rows, *home])


def _steps(_: Voice, username: str) -> Text:
    return _(
        "1. Make @{bot} an administrator there who may post; in a group a member is enough.\n"
        "2. Send {example} here, or forward a post of the channel to me.",
        bot=username,
        example=Text("/manage @name").marked("code"),
    )


def not_there(_: Voice, typed: str, username: str) -> Message:
    what = _("I see no channel or group “{name}”, or am not in it.", name=inline(typed, TITLE))
    return finish(joined([what, _steps(_, username)], "\n"))


def not_yours(_: Voice, title: str) -> Message:
    return finish(_("You are no administrator of “{name}”; only those set it up.", name=inline(title, TITLE)))


def may_not_post(_: Voice, title: str) -> Message:
    what = _("I am in “{name}”, but may not post there. Let me, then send it again.", name=inline(title, TITLE))
    return finish(what)


def taken_up(_: Voice, title: str) -> Message:
    """From here on everything is about that chat."""
    lines = [
        _("✅ You are setting up “{name}”. All you send here now is about it.", name=inline(title, TITLE)),
        _("{command} comes back to this chat.", command=Text("/manage off").marked("code")),
    ]
    rows = [
        [Button(_("Choose whom to follow").plain, "menu")],
        [Button("⚙️ " + _("Settings").plain, "settings"), Button("↩️ " + _("This chat").plain, "manage:0")],
    ]
    return finish(joined(lines, "\n"), rows)


def left(_: Voice) -> Message:
    return finish(
        _("↩️ What you send here is about this chat again."),
        [[Button("📢 " + _("Channels and groups").plain, "manage")]],
    )


def only_in_private(_: Voice) -> Message:
    return finish(_("Send /manage to me in private; here the commands themselves do it."))


# --- whatever is said while another chat is set up


def about(message: Message, title: str, id: int) -> Message:
    """The same under the title of the chat that it is about, its buttons for that chat alone."""
    head = "📢 " + inline(title, TITLE).plain + "\n"
    shift = units(head)
    whole = replace(message, buttons=bound(message.buttons, id))
    if shift + units(message.text) > MESSAGE:
        return whole
    moved = tuple(replace(one, offset=one.offset + shift) for one in message.entities[:99])
    title_mark = Entity("italic", 0, shift - 1)
    return replace(whole, text=head + message.text, entities=(title_mark, *moved))


def bound(buttons: Sequence[Sequence[Button]], id: int) -> tuple[tuple[Button, ...], ...]:
    """The buttons for that chat alone."""
    rows = (tuple(kept for one in row if (kept := _bound(one, id))) for row in buttons)
    return tuple(filter(None, rows))


def _bound(button: Button, id: int) -> Button | None:
    """None if it would be too long for Telegram."""
    if not button.data:
        return button
    data = f"{id}~{button.data}"
    return replace(button, data=data) if len(data.encode()) <= DATA else None
