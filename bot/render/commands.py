"""The commands: their names, what the menu of Telegram says of each, and the examples in /help."""

from dataclasses import dataclass

from bot.models import Roster
from bot.render.language import Voice, voice
from bot.render.text import Text


@dataclass(frozen=True, slots=True)
class Command:
    """`examples` are what may stand after the name, in the reader's language."""

    name: str
    description: Text
    examples: tuple[Text, ...] = ()


def commands(language: str, *, operator: bool = False) -> list[tuple[str, str]]:
    """Name and description of every command, in the order in which the menu shows them; for operators one more."""
    _ = voice(language, "UTC")
    more = [("admin", _("Run this bot").plain)] if operator else []
    return [*more, *((one.name, one.description.plain) for one in described(_, None))]


def described(_: Voice, roster: Roster | None) -> list[Command]:
    """Every command; the examples name speakers and sides of the roster, if there are any."""
    speaker = _first_name(_, roster)
    side = _first_side(_, roster)
    return [
        Command("start", _("Begin here")),
        Command("help", _("All commands, with examples")),
        Command("subscribe", _("Be told what somebody says"), (speaker, side, _("all"))),
        Command("unsubscribe", _("Stop being told"), (speaker, _("all"))),
        Command("subscriptions", _("Whom you follow, and how")),
        Command("latest", _("The newest statements"), (speaker, side, Text("3"))),
        Command("search", _("Look for words in everything said"), (_("ceasefire"), _("\"prisoner exchange\""))),
        Command("history", _("What was edited or deleted, and every version"), (speaker,)),
        Command("speaker", _("Who somebody is, their accounts and last words"), (speaker,)),
        Command("talks", _("The talks: rounds, and each side's latest words")),
        Command("compare", _("What each side last said of something"), (_("ceasefire"), _("neutrality"))),
        Command("stats", _("How much was said, by day, side and topic"), (Text("30"),)),
        Command("corrections", _("What was put right: who did not say it")),
        Command("watch", _("Be told when words are said"), (_("neutrality"), _("guarantees AND NOT gas"))),
        Command("watches", _("The words you watch for")),
        Command("unwatch", _("Stop watching for words"), (Text("1"), _("neutrality"))),
        Command("settings", _("How you are told, all in one place")),
        Command("digest", _("A summary once a day, at your time"), (Text("20:00"), _("off"))),
        Command("quiet", _("Hours without alerts"), (Text("23:00-7:00"), _("off"))),
        Command("zone", _("Your time zone"), (Text(_.zone.key), Text("+2"))),
        Command("language", _("The language of the bot")),
        Command("speakers", _("Who is listened to"), (side,)),
        Command("topics", _("Subjects to follow")),
        Command("status", _("Whether all sources can be read")),
        Command("manage", _("Set up a channel or a group from here"), (Text("@channel"), _("off"))),
        Command("privacy", _("What is stored about you")),
        Command("export", _("All that is stored about you, as a file")),
        Command("stop", _("Forget me and all my settings")),
    ]  # fmt: skip


def _first_name(_: Voice, roster: Roster | None) -> Text:
    names = [_.name(speaker.name, 40) for speaker in roster.speakers.values()] if roster else []
    return names[0] if names else Text()


def _first_side(_: Voice, roster: Roster | None) -> Text:
    names = [_.name(side.name, 40) for side in roster.sides.values()] if roster else []
    return names[0] if names else Text()
