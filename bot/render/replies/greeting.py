"""Hello, help and goodbye: the answers that need to know nothing of what is stored."""

from collections.abc import Sequence

from bot.models import LANGUAGES, Button, Message, Roster
from bot.render.commands import described
from bot.render.language import NATIVE, Voice
from bot.render.replies.settling import to_settings
from bot.render.text import Text, finish, inline, joined


def welcome(_: Voice, roster: Roster) -> Message:
    """The first words in a private chat."""
    return finish(
        joined([_about(_, roster), _how(_), _("Three taps and you are set up. First, your language:")], "\n\n"),
        language_buttons(_, "begin:language"),
    )


def welcome_back(_: Voice, roster: Roster, follows: int, watches: int) -> Message:
    """To somebody whose settings are still there."""
    kept = joined(
        [
            _.many("{count} follow", "{count} follows", follows) if follows else "",
            _.many("{count} watch", "{count} watches", watches) if watches else "",
        ],
        ", ",
    )
    lines = [
        _("👋 Welcome back. Your settings are as you left them: {kept}.", kept=kept or _("nothing chosen yet")),
        _("/subscriptions shows them, /help all commands."),
    ]
    return finish(joined(lines, "\n"), first_steps(_))


def hello_group(_: Voice, roster: Roster) -> Message:
    """When the bot is added to a group."""
    rules = _(
        "In a group only administrators change what comes here; anybody may read. "
        "In a forum each topic has settings of its own: give the commands there."
    )
    return finish(joined([_about(_, roster), rules], "\n\n"), language_buttons(_, "begin:language"))


def _about(_: Voice, roster: Roster) -> Text:
    talks = joined([_.name(one.name) for one in roster.talks.values()][:5], "; ")
    return joined(
        [
            _("👋 Parley collects what negotiators say in public: on their own accounts and as the press quotes them."),
            _("The talks: {talks}", talks=talks) if talks else "",
        ],
        "\n",
    )


def _how(_: Voice) -> Text:
    return _(
        "You get an alert when somebody you follow speaks or when words you watch for are said, "
        "and a digest once a day."
    )


def first_steps(_: Voice) -> list[list[Button]]:
    return [
        [Button(_("Choose whom to follow").plain, "menu")],
        [Button(_("Newest statements").plain, "latest:all:"), Button(_("Digest time").plain, "digest")],
        [Button("⚙️ " + _("Settings").plain, "settings")],
    ]


def language_buttons(_: Voice, verb: str = "language") -> list[list[Button]]:
    marks = {True: "● ", False: ""}
    return [[Button(marks[code == _.language] + NATIVE[code], f"{verb}:{code}") for code in LANGUAGES]]


def languages(_: Voice, unknown: str = "") -> Message:
    """The choice of a language; `unknown` is what was asked for in vain."""
    lines = [
        _("I do not speak “{language}”.", language=unknown) if unknown else "",
        _("Which language shall I speak? What is quoted always stays in its own."),
    ]
    return finish(joined(lines, "\n"), [*language_buttons(_), to_settings(_)])


def language_set(_: Voice) -> Message:
    return finish(_("From here on I speak English. What is quoted stays in its own language."), first_steps(_))


def help_page(_: Voice, roster: Roster) -> Message:
    """Every command with its examples."""
    lines = [_("What I understand").marked("bold")]
    for command in described(_, roster):
        examples = joined([_example(command.name, one) for one in command.examples if one], ", ")
        lines.append(joined([f"/{command.name} – " + command.description, examples], "\n    "))
    hint = _(
        "Names may be typed in any of the three languages and in any case form. Words are found in all their forms; "
        'AND, OR, NOT, NEAR, brackets and "phrases in quotation marks" work in /search and /watch.'
    )
    filters = _(
        "Both can be narrowed with {filters}, a search also with {dates}.",
        filters=Text("from: side: source: kind: topic: lang:").marked("code"),
        dates=Text("since:2022-03-10 until:2022-03").marked("code"),
    )
    return finish(joined([*lines, "", hint, filters], "\n"))


def _example(command: str, argument: Text) -> Text:
    return Text(f"/{command} {argument.plain}").marked("code")


def privacy(_: Voice, contact: str, chat: int) -> Message:
    """Telegram asks every bot for its own privacy policy here."""
    paragraphs = [
        _("What is stored about you").marked("bold"),
        _(
            "• the number of this chat ({chat}) and its title, and those of the topic if it is one;\n"
            "• language, time zone, digest times, quiet hours and how you want to be told;\n"
            "• whom you follow and the words you watch for;\n"
            "• which channels and groups you set up from here with /manage;\n"
            "• for 30 days, which messages were sent here and whether they arrived.",
            chat=str(chat),
        ),
        _(
            "What you type is not kept, nor is a location that you send. Nobody else is told what you follow or watch "
            "for; there is no advertising and no analysis of users."
        ),
        _("For a day it is counted how many posts of X were taken away from here as a file."),
        _("/export gives you all of it as a file. /stop erases all of it at once."),
        _(
            "Statements are public ones by public figures. Their text belongs to those who wrote it; "
            "each is shown with its source."
        ),
        _("Questions, corrections, removal: {contact}", contact=contact)
        if contact
        else _("Questions, corrections, removal: ask whoever runs this bot."),
    ]
    return finish(joined(paragraphs, "\n\n"))


def erased(_: Voice) -> Message:
    return finish(
        _("🗑 Done. Everything stored about this chat is erased, and nothing more will come. /start begins anew.")
    )


def nothing_to_erase(_: Voice) -> Message:
    return finish(_("Nothing is stored about this chat. /start begins."))


# --- when something is not right


def unknown_command(_: Voice, typed: str, near: Sequence[str]) -> Message:
    """A command that does not exist, with those it looks like."""
    lines = [_("I do not know /{command}.", command=inline(typed, 40))]
    if near:
        lines.append(_("Did you mean {commands}?", commands=joined([f"/{name}" for name in near], ", ")))
    lines.append(_("/help lists all commands."))
    return finish(joined(lines, "\n"))


def plain_words(_: Voice, typed: str) -> Message:
    """Somebody wrote words without a command."""
    quoted = inline(typed, 300).marked("code")
    lines = [
        _("I go by commands; /help lists them."),
        _("Shall I look for {words}, or watch for it?", words=quoted) if quoted else "",
    ]
    offer = [[Button(_("🔎 Search").plain, "search:1"), Button(_("🔔 Watch").plain, "watch")]] if quoted else []
    return finish(joined(lines, "\n"), offer)


def only_admins(_: Voice) -> Message:
    return finish(_("Only administrators of this chat can change that."))


def stale(_: Voice) -> Text:
    """On a button that leads nowhere any more; shown as a note of at most 200 characters."""
    return _("This button is out of date. Please give the command again.")


def slow_down(_: Voice, seconds: int, limit: int) -> Message:
    return finish(
        _.many(
            "That was a lot at once: one chat may ask {limit} times a minute. Please go on in {count} second.",
            "That was a lot at once: one chat may ask {limit} times a minute. Please go on in {count} seconds.",
            seconds,
            limit=limit,
        )
    )


def failed(_: Voice) -> Message:
    return finish(_("Something went wrong here; it has been noted. Please try again."))
