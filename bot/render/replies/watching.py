"""Words: watches and searches, and what is wrong with a query."""

from collections.abc import Callable, Mapping, Sequence

from bot.errors import QueryError
from bot.models import Button, Message, Roster, Telling, Trial, Watch, WatchHow
from bot.render import statements as cards
from bot.render.language import Voice
from bot.render.text import Text, clean, finish, in_rows, inline, joined

SIGNS: Mapping[WatchHow, str] = {"urgent": "🚨", "now": "🔔", "silent": "🔕", "digest": "📰", "off": "⏸"}

WINDOW = 32
"""Characters of a query that are shown around a mistake: one line of a phone in its monospaced type."""

LISTED = 40
"""Watches in one list: with two buttons a row below Telegram's hundred."""


def shown(query: str) -> Text:
    """A query in a message, whole: buttons under it read it back from there."""
    return inline(query, 400).marked("code")


def saved(_: Voice, watch: Watch, new: bool) -> Message:
    """The watch stands; `new` if it did not before."""
    if new:
        line = _("🔔 Watching for {query}.", query=shown(watch.query))
    else:
        line = _("🔔 You watch for {query} already.", query=shown(watch.query))
    hint = _("Found in every form of the words, in any source, whoever says it. It counts words: irony and denial too.")
    return finish(joined([line, hint], "\n"), _watch_buttons(_, watch))


def offer(_: Voice, roster: Roster, query: str, tried: Trial) -> Message:
    """A watch before it is saved: how often it would have fired, the last posts that it would have told of."""
    lines = [
        _("🔔 Watch for {query}?", query=shown(query)),
        _counted(_, tried),
        _warning(_, tried) if tried.broad else "",
        *(_hit(_, telling, roster) for telling in tried.last),
    ]
    save = _("Save it all the same") if tried.broad else _("Save")
    buttons = [
        [Button("✅ " + save.plain, "keep")],
        [Button(_("Narrow it").plain, "narrow"), Button(_("Drop it").plain, "nowatch")],
    ]
    return finish(joined(lines, "\n\n"), buttons)


def _counted(_: Voice, tried: Trial) -> Text:
    if not tried.posts:
        counted = _("There is nothing of the last 30 days to try it on.")
    elif tried.estimated:
        counted = _.many("About {count} hit in 30 days.", "About {count} hits in 30 days.", tried.hits)
    elif tried.hits:
        counted = _.many("{count} hit in 30 days.", "{count} hits in 30 days.", tried.hits)
    else:
        counted = _("No hit in 30 days.")
    if not tried.last:
        return counted
    if not tried.hits:
        return counted + " " + _("The last ones before that:")
    count = len(tried.last)
    return counted + " " + (_("Here it is:") if count == 1 else _("Here are the last {count}:", count=count))


def _warning(_: Voice, tried: Trial) -> Text:
    share = _.share(tried.hits, tried.posts)
    return _("⚠️ That is {share} of all posts: you would be alerted all day long.", share=share)


def _hit(_: Voice, telling: Telling, roster: Roster) -> Text:
    """When, who or where, and the beginning of the words."""
    by = joined([cards.who(_, one.speaker, roster) for one in cards.said(telling)[:3]], ", ")
    heading = joined([_.moment(telling.post.published_at), by or cards.teller(_, telling, roster)], " · ")
    return heading.linked(telling.post.url) + "\n" + cards.short(_, telling, roster, 160)


def narrowing(_: Voice, roster: Roster, query: str) -> Message:
    """How to make a watch bring less; the buttons try it with one more filter."""
    lines = [
        _("🔔 Watch for {query}?", query=shown(query)),
        _("It brings less with another word beside it, as a phrase in quotation marks, or with a filter:"),
        Text("from:… side:… source:… kind:own topic:… lang:uk").marked("code"),
    ]
    kinds = [
        Button(_("Own words only").plain, "narrow:kind:own"),
        Button(_("Quotations only").plain, "narrow:kind:quote"),
    ]
    sides = [
        Button(joined([inline(side.flag, 16), _.name(side.name, 30)], " ").plain, f"narrow:side:{side.id}")
        for side in list(roster.sides.values())[:8]
    ]
    done = [Button("✅ " + _("Save").plain, "keep"), Button(_("Drop it").plain, "nowatch")]
    return finish(joined(lines, "\n"), [kinds, *in_rows(sides, 2), done])


def dropped(_: Voice, query: str) -> Message:
    line = _("Not saved: {query}", query=shown(query))
    return finish(line, [[Button(_("Watch for this after all").plain, "watch")]])


def _watch_buttons(_: Voice, watch: Watch) -> list[list[Button]]:
    return [
        [Button(_("🔎 What was said before").plain, "search:1")],
        [Button(_("Stop watching").plain, f"unwatch:{watch.id}"), Button(_("All watches").plain, "watches:0")],
    ]


def watched(_: Voice, watch: Watch) -> Message:
    """One watch: how it is told, with a button for each way."""
    ways = how_words(_)
    lines = [
        _("🔔 Watching for {query}.", query=shown(watch.query)),
        _("It is told: {how}.", how=ways[watch.how]),
        _("What is urgent also comes in quiet hours and in a burst."),
    ]
    marks = {True: "● ", False: ""}
    rows = [
        [Button(f"{marks[way == watch.how]}{SIGNS[way]} {words.plain}", f"watched:{watch.id}:{way}")]
        for way, words in ways.items()
    ]
    return finish(joined(lines, "\n"), [*rows, *_watch_buttons(_, watch)])


def how_words(_: Voice) -> Mapping[WatchHow, Text]:
    return {
        "urgent": _("at once, and it is urgent"),
        "now": _("at once"),
        "silent": _("at once, without sound"),
        "digest": _("in the digest only"),
        "off": _("not at all"),
    }


def too_many(_: Voice, limit: int) -> Message:
    return finish(
        _.many(
            "You have {count} watch already, the most for one chat. Remove one first: /watches",
            "You have {count} watches already, the most for one chat. Remove one first: /watches",
            limit,
        )
    )


def ask_for_words(_: Voice, command: str) -> Message:
    """The command came without words."""
    examples = joined(
        [
            Text(f"/{command} {words.plain}").marked("code")
            for words in (_("ceasefire"), _('"prisoner exchange"'), _("guarantees AND (army OR fleet) NOT gas"))
        ],
        "\n",
    )
    return finish(joined([_("Which words? For example:"), examples], "\n"))


def removed(_: Voice, query: str) -> Message:
    line = _("No longer watching for {query}.", query=shown(query))
    return finish(line, [[Button(_("Watch again").plain, "keep"), Button(_("All watches").plain, "watches:0")]])


def no_such_watch(_: Voice, typed: str) -> Message:
    lines = [_("You do not watch for “{typed}”.", typed=inline(typed, 100)), _("/watches shows what you watch for.")]
    return finish(joined(lines, " "))


def watches(_: Voice, found: Sequence[Watch], page: int = 0) -> Message:
    """All watches, numbered as /unwatch takes them, each with a button that leads to its page."""
    if not found:
        example = Text("/watch " + _("neutrality").plain).marked("code")
        return finish(_("You watch for no words yet. For example: {example}", example=example))
    last = (len(found) - 1) // LISTED
    page = min(max(page, 0), last)
    part = list(enumerate(found, 1))[page * LISTED : (page + 1) * LISTED]
    lines = [_("Words you watch for").marked("bold")]
    lines += [Text(f"{number}. ") + inline(watch.query, 80).marked("code") for number, watch in part]
    lines.append(_("Press a number to change how you are told, or to stop watching."))
    buttons = [Button(f"{SIGNS[watch.how]} {number}", f"watched:{watch.id}") for number, watch in part]
    turning = [
        *([Button("◀️", f"watches:{page - 1}")] if page else []),
        *([Button("▶️", f"watches:{page + 1}")] if page < last else []),
    ]
    return finish(joined(lines, "\n"), [*in_rows(buttons, 5), turning])


def search_title(_: Voice, query: str) -> Text:
    return _("🔎 Search: {query}", query=shown(query))


def search_buttons(_: Voice, *, found: bool) -> list[list[Button]]:
    """To watch for the words; and to take away what was `found`, if anything was."""
    rows = [[Button(_("🔔 Watch for this").plain, "watch")]]
    if found:
        files = [("CSV", "csv"), ("JSON", "json"), (_("Citations").plain, "list")]
        rows.append([Button(f"⬇️ {name}", f"export:{form}") for name, form in files])
    return rows


def query_error(_: Voice, command: str, query: str, error: QueryError) -> Message:
    """What is wrong with a query, where, and what would work."""
    lines = [explanation(_, error.reason), _pointed(query, error.position)]
    if error.suggestion:
        lines.append(_("This works: {query}", query=Text(f"/{command} {clean(error.suggestion)}").marked("code")))
    else:
        example = Text(f"/{command} ") + _("guarantees AND (army OR fleet) NOT gas")
        lines.append(_("For example: {example}", example=Text(example.plain).marked("code")))
    return finish(joined(lines, "\n"))


def _pointed(query: str, position: int) -> Text:
    """The query in monospaced type with a caret under the place."""
    query = " ".join(clean(query[: position + WINDOW]).split("\n"))
    start = max(0, position - WINDOW // 2)
    part = query[start : start + WINDOW]
    if not part.strip():
        return Text()
    return Text(f"{part}\n{' ' * min(position - start, len(part))}^").marked("pre")


def explanation(_: Voice, reason: str) -> Text:
    """The reasons of `bot.words.query`, in the reader's language."""
    reasons: dict[str, Callable[[], Text]] = {
        "empty": lambda: _("There are no words in it."),
        "too_long": lambda: _("It is too long."),
        "too_many_terms": lambda: _("There are too many words in it."),
        "too_deep": lambda: _("There are too many brackets within brackets."),
        "unclosed_quote": lambda: _("A quotation mark is opened here and not closed."),
        "unclosed_bracket": lambda: _("A bracket is opened here and not closed."),
        "extra_bracket": lambda: _("This bracket closes nothing."),
        "empty_brackets": lambda: _("There is nothing between these brackets."),
        "empty_quote": lambda: _("There is nothing between these quotation marks."),
        "missing_word": lambda: _("AND, OR and NOT need a word beside them."),
        "only_not": lambda: _("It says only what must not be there; at least one word must be there."),
        "short_prefix": lambda: _("Before a * there must be at least three letters."),
        "misplaced_star": lambda: _("A * can only stand at the end of a word."),
        "misplaced_minus": lambda: _("To leave a word out, write NOT before it."),
        "no_word": lambda: _("This is not a word."),
        "unknown_filter_value": lambda: _(
            "Nothing here goes by that name: /speakers, /topics and /status list all names."
        ),
        "bad_date": lambda: _("This is no day. Write 2022-03-10, 10.03.2022, 2022-03 or 2022."),
        "date_in_watch": lambda: _("A watch is about what is said from now on; only /search takes days."),
        "only_dates": lambda: _("It says only when; add a word, or a filter like from:NAME."),
    }
    return reasons.get(reason, lambda: _("I do not understand this query."))()
