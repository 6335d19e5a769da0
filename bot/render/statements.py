"""How a statement is shown: flag, speaker, role on that day, kind, words, source, link and time.

The words are the post's, verbatim, in the language they were said in. Who merely is named does not stand at the
head: we put words in nobody's mouth.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from bot.models import CORRECTED, WITHDRAWN, Button, Fate, Message, Post, Roster, Source, Statement, Telling
from bot.render.language import Voice, voice
from bot.render.text import MESSAGE, Text, finish, inline, joined, plain, usable, verbatim

LONG = 600
"""Characters from which a quotation is shown folded: about a phone's screen."""

SPEAKERS = 6
"""Speakers that one card names in full; the others are counted."""

UNCOLLECTED = 6
"""Sources without a token that one message names."""

PAGE = 5
"""Cards on one page of /latest and /search."""

ALSO = 8
"""Who else tells the same, by name; the rest is counted."""


# --- the parts of a card


def card(
    _: Voice,
    telling: Telling,
    roster: Roster,
    *,
    topics: Sequence[str] = (),
    found: Sequence[tuple[int, int]] = (),
) -> Text:
    """The whole statement, however long: who, by which right we say so, the words, where and when."""
    parts = [head(_, telling, roster), body(_, telling, roster, found), foot(_, telling, roster, topics)]
    return joined(parts, "\n")


def head(_: Voice, telling: Telling, roster: Roster) -> Text:
    """Who speaks and how we know; the source's name where nobody speaks."""
    speaking = said(telling)
    day = _.local_day(telling.post.published_at)
    lines = [
        joined([who(_, one.speaker, roster).marked("bold"), standing(_, one.speaker, roster, day)], "\n")
        + (Text() if _one_kind(speaking) else "\n" + kind(_, one, telling, roster))
        for one in speaking[:SPEAKERS]
    ]
    if len(speaking) > SPEAKERS:
        more = len(speaking) - SPEAKERS
        lines.append(_.many("and {count} more speaker", "and {count} more speakers", more))
    if not speaking:
        lines.append(teller(_, telling, roster).marked("bold"))
    elif _one_kind(speaking):
        lines.append(kind(_, speaking[0], telling, roster))
    return joined([*lines, named(_, telling, roster), *origin(_, telling)], "\n")


def said(telling: Telling) -> list[Statement]:
    """The statements in which somebody speaks."""
    return [one for one in telling.statements if one.speaks]


def _one_kind(statements: Sequence[Statement]) -> bool:
    return len({one.kind for one in statements}) == 1


def who(_: Voice, speaker: str, roster: Roster) -> Text:
    """Flag and name; the bare id of a speaker who has left the configuration."""
    known = roster.speakers.get(speaker)
    side = roster.side_of(speaker)
    name = (_.name(known.name) if known else Text()) or inline(speaker, 80)
    return inline(side.flag, 16) + " " + name if side and side.flag else name


def standing(_: Voice, speaker: str, roster: Roster, day: date) -> Text:
    """The side and what the speaker was on that day."""
    known = roster.speakers.get(speaker)
    side = roster.side_of(speaker)
    role = known.role_on(day) if known else None
    title = _.name(role.title, 160).marked("italic") if role else Text()
    return joined([_.name(side.name) if side else Text(), title], " · ")


def kind(_: Voice, statement: Statement, telling: Telling, roster: Roster) -> Text:
    """By which right the words are the speaker's, leading to the post."""
    source = teller(_, telling, roster)
    words = {
        "own": lambda: _("Own words") + _label(_, telling, roster),
        "quote": lambda: _("Quoted by {source}", source=source),
        "report": lambda: _("Reported by {source}", source=source),
        "mention": lambda: _("Mentioned by {source}", source=source),
        "unknown": lambda: _("Mentioned by {source}", source=source),
    }[statement.kind]()
    return words.linked(telling.post.url)


def teller(_: Voice, telling: Telling, roster: Roster) -> Text:
    """Whose account or outlet the post is from, with what readers must know of it."""
    source = roster.sources.get(telling.post.source)
    if source is None:
        return inline(_host(telling.post.url) or telling.post.source, 80)
    if source.speaker:
        return who(_, source.speaker, roster)
    return (_.name(source.outlet or {}) or inline(source.id, 80)) + _label(_, telling, roster)


def _label(_: Voice, telling: Telling, roster: Roster) -> Text:
    """What readers must know of the source, in brackets after its name."""
    source = roster.sources.get(telling.post.source)
    label = _.name(source.label) if source else Text()
    return " (" + label + ")" if label else Text()


def place(_: Voice, telling: Telling, roster: Roster) -> Text:
    """The platform and the address on it."""
    source = roster.sources.get(telling.post.source)
    if source is None or source.kind == "archive":
        return _place_of(telling.post.url) or inline(telling.post.source, 80)
    return address(_, source)


def _place_of(url: str) -> Text:
    """What the address of a post says of its platform: the source itself is an archive, or no longer known."""
    host = _host(url)
    account = re.match(r"https?://[^/]+/(\w+)/", url)
    if account and host in ("x.com", "twitter.com"):
        return inline("X @" + account[1], 40)
    if account and host == "t.me":
        return inline("Telegram @" + account[1], 60)
    return inline(host, 80)


def address(_: Voice, source: Source) -> Text:
    """A source as a reader would look it up."""
    if source.kind == "x":
        return "X @" + inline(source.address.lstrip("@"), 40)
    if source.kind == "telegram":
        return "Telegram @" + inline(source.address.lstrip("@"), 40)
    if source.kind == "feed":
        return inline(_host(source.address) or source.address, 60)
    return _("archive")


def _host(url: str) -> str:
    """The address's host, empty if it has none; a feed's address can be anything, so nothing is raised."""
    match = re.match(r"https?://([\w.-]+)", url, re.IGNORECASE)
    return match[1].lower() if match else ""


def named(_: Voice, telling: Telling, roster: Roster) -> Text:
    """Those who are only mentioned, those of whom it is not clear, and those whom a person has put right."""
    right = [one.speaker for one in telling.statements if one.rule == CORRECTED]
    unclear = [one.speaker for one in telling.statements if one.kind == "unknown"]
    speakers = [one.speaker for one in telling.statements if one.kind == "mention" and one.speaker not in right]
    lines = [
        _("✳️ Corrected: these are not the words of {names}", names=_names(_, right, roster)) if right else "",
        _("Mentioned, not speaking: {names}", names=_names(_, speakers, roster)) if speakers else "",
        _("Named; whether they say it is not clear: {names}", names=_names(_, unclear, roster)) if unclear else "",
    ]
    return joined(lines, "\n")


def _names(_: Voice, speakers: Sequence[str], roster: Roster) -> Text:
    names = joined([who(_, speaker, roster) for speaker in speakers[:SPEAKERS]], ", ")
    return names + ", …" if len(speakers) > SPEAKERS else names


def origin(_: Voice, telling: Telling) -> list[Text]:
    """What sets the post apart from a plain one: whose words it carries or answers, and what became of it."""
    post = telling.post
    author = inline(post.author, 80) or _("another account")
    lines = {
        "repost": lambda: _("🔁 Repost: the words are those of {author}", author=author),
        "forward": lambda: _("↪️ Forwarded: the words are those of {author}", author=author),
        "reply": lambda: _("↩️ A reply") + _shortly(post.quoted),
        "quote": lambda: _("💬 Beside somebody else's post") + _shortly(post.quoted),
        "service": lambda: _("A note by the platform"),
    }
    marks = [lines[post.kind]()] if post.kind in lines else []
    if post.edited_at:
        marks.append(_("✏️ Edited, {moment}", moment=_.moment(post.edited_at)))
    if post.deleted_at:
        marks.append(_("🗑 Deleted at the source; seen to be gone {moment}", moment=_.moment(post.deleted_at)))
    elif post.fate != "stands":
        marks.append(_hidden(_, post.fate))
    if post.late and post.seen_at:
        marks.append(_("🕰 Found late: {moment}", moment=_.moment(post.seen_at)))
    return marks


def fate(_: Voice, telling: Telling) -> Text:
    """What happened to the post last, and when; empty if nothing did."""
    post = telling.post
    if post.deleted_at:
        return _("🗑 deleted, {moment}", moment=_.moment(post.deleted_at))
    if post.fate != "stands":
        return _hidden(_, post.fate)
    return _("✏️ edited, {moment}", moment=_.moment(post.edited_at)) if post.edited_at else Text()


def _hidden(_: Voice, fate: Fate) -> Text:
    """Why a post that is not deleted cannot be seen at its source at the moment."""
    words: dict[Fate, Callable[[], Text]] = {
        "protected": lambda: _("🔒 The account is protected: only its followers may read it"),
        "suspended": lambda: _("⛔️ The account is suspended"),
        "withheld": lambda: _("🙈 Withheld: not shown in some countries"),
    }
    return words.get(fate, lambda: _("🔒 Not public at its source at the moment"))()


def _shortly(quoted: str) -> Text:
    return ": " + inline(quoted, 120).marked("italic") if quoted.strip() else Text()


def body(_: Voice, telling: Telling, roster: Roster, found: Sequence[tuple[int, int]] = ()) -> Text:
    """The words as a quotation, folded if long; what there is instead, if there are none."""
    post = telling.post
    if withdrawn(telling, roster):
        if post.deleted_at:
            return _("The text was deleted on X and is no longer shown.").marked("italic")
        return _("X does not show this text to everybody at the moment, so it is not shown here.").marked("italic")
    words = verbatim(post.text, found).stripped()
    media = _media(_, post.media)
    if not words:
        return (_("No words, only: {media}", media=media) if media else _("No words")).marked("italic")
    quotation = words.marked("expandable_blockquote" if len(words.plain) > LONG else "blockquote")
    return quotation + "\n" + _("📎 {media}", media=media) if media else quotation


def withdrawn(telling: Telling, roster: Roster) -> bool:
    """Whether the platform's rules forbid to repeat the text: X wants what it no longer shows gone everywhere."""
    return on_x(telling, roster) and (telling.post.deleted_at is not None or telling.post.fate != "stands")


def on_x(telling: Telling, roster: Roster) -> bool:
    """Whether X's rules hold for it."""
    source = roster.sources.get(telling.post.source)
    return source.kind in WITHDRAWN if source else _host(telling.post.url) in ("x.com", "twitter.com")


def _media(_: Voice, kinds: Sequence[str]) -> Text:
    """What is attached, in words: "photo ×2, video"."""
    words: dict[str, Callable[[], Text]] = {
        "photo": lambda: _("photo"),
        "video": lambda: _("video"),
        "animation": lambda: _("animation"),
        "audio": lambda: _("audio"),
        "voice": lambda: _("voice message"),
        "document": lambda: _("file"),
        "poll": lambda: _("poll"),
        "sticker": lambda: _("sticker"),
    }
    counted = Counter(words.get(one, lambda: _("attachment"))().plain for one in kinds)
    return joined([word if count == 1 else f"{word} ×{count}" for word, count in counted.items()], ", ")


def uncollected(_: Voice, sources: Sequence[str], roster: Roster) -> Text:
    """That these sources (their ids) are not collected for want of a token; empty if there are none."""
    known = [account(_, roster.sources[source], roster) for source in sources if source in roster.sources]
    if not known:
        return Text()
    hidden = len(known) - UNCOLLECTED
    more = [_.many("and {count} more source", "and {count} more sources", hidden)] if hidden > 0 else []
    return _(
        "➖ Not collected, for there is no X token: {sources}", sources=joined([*known[:UNCOLLECTED], *more], "; ")
    )


def foot(_: Voice, telling: Telling, roster: Roster, topics: Sequence[str] = ()) -> Text:
    """When and where, leading to the post; then the topics."""
    link = place(_, telling, roster).linked(telling.post.url)
    when = joined([_.moment(telling.post.published_at), link, written_in(_, telling.post.language)], " · ")
    return joined([when, joined(["🏷 " + inline(topic, 60) for topic in topics[:8]], " ")], "\n")


def again(_: Voice, telling: Telling, others: Sequence[Telling], roster: Roster) -> Text:
    """Who tells the same as this one, and when, each leading to its post; with the day and the language where they are
    others.
    """
    if not others:
        return Text()
    shown = sorted(others, key=lambda one: (one.post.published_at, one.post.id))
    tellers = [_teller(_, one, roster, telling.post) for one in shown[:ALSO]]
    if hidden := len(others) - len(tellers):
        tellers.append(_.many("and {count} more", "and {count} more", hidden))
    return _("Also: {tellers}", tellers=joined(tellers, ", "))


def _teller(_: Voice, telling: Telling, roster: Roster, first: Post) -> Text:
    post = telling.post
    source = roster.sources.get(post.source)
    name = _.name(source.outlet) if source and source.outlet else teller(_, telling, roster)
    same_day = _.local_day(post.published_at) == _.local_day(first.published_at)
    when = _.clock(post.published_at) if same_day else _.moment(post.published_at)
    other = _.language_name(post.language) if post.language not in ("", first.language) else Text()
    return name.linked(post.url) + (" (" + other + ") " if other else " ") + when


def doubt_button(_: Voice, telling: Telling, label: str = "") -> list[Button]:
    """Leads to why we say that they said it, and to denying it; an account of one's own speaks for itself."""
    if not telling.post.id or not any(one.kind in ("quote", "report") for one in telling.statements):
        return []
    return [Button("🤔 " + (label or _("Not their words?").plain), f"doubt:{telling.post.id}")]


def written_in(_: Voice, language: str) -> Text:
    """The language of a post, where it is known and not the reader's own."""
    return _.language_name(language) if language not in ("", _.language) else Text()


def source_button(_: Voice, telling: Telling) -> list[Button]:
    """Leads to the post itself; none where the address cannot be opened."""
    return [Button(_("Source").plain, url=telling.post.url)] if usable(telling.post.url) else []


def with_pictures(telling: Telling, roster: Roster) -> bool:
    """Whether its pictures may be asked for: it has some, the source allows it, and it still stands."""
    source, post = roster.sources.get(telling.post.source), telling.post
    allowed = source is not None and source.pictures and post.fate == "stands" and post.deleted_at is None
    return allowed and "photo" in post.media and post.id > 0


def translatable(_: Voice, telling: Telling, roster: Roster) -> bool:
    """Whether a translation may be asked for: the source allows it, and there are words in another language."""
    source, post = roster.sources.get(telling.post.source), telling.post
    allowed = source is not None and source.translate and not withdrawn(telling, roster)
    return allowed and bool(post.text.strip()) and post.language != _.language


# --- one line for a statement, as digests and catch-ups list it


def line(_: Voice, telling: Telling, roster: Roster, limit: int, *, speaker: str = "") -> Text:
    """Time, speakers, kind (leading to the post) and the beginning of the words.

    With `speaker`, only that speaker's part in it, unnamed: the line stands under the name.
    """
    opening = _opening(_, telling, roster, _.clock(telling.post.published_at), speaker)
    return opening + "\n" + short(_, telling, roster, limit)


def entry(_: Voice, telling: Telling, roster: Roster, limit: int, *, speaker: str = "") -> Text:
    """The same with the day, and the words as a quotation: for lists that reach over days."""
    opening = _opening(_, telling, roster, _.moment(telling.post.published_at), speaker)
    words = Text() if withdrawn(telling, roster) else verbatim(telling.post.text).stripped().cut(limit)
    return joined([opening, *origin(_, telling), words.marked("blockquote") or body(_, telling, roster)], "\n")


def _opening(_: Voice, telling: Telling, roster: Roster, when: Text, speaker: str) -> Text:
    speaking = [one for one in said(telling) if speaker in ("", one.speaker)]
    by = joined([who(_, one.speaker, roster) for one in speaking[:SPEAKERS]], ", ") if not speaker else Text()
    label = (
        kind(_, speaking[0], telling, roster)
        if _one_kind(speaking)
        else teller(_, telling, roster).linked(telling.post.url)
    )
    return joined([when, by.marked("bold"), label], " · ")


def short(_: Voice, telling: Telling, roster: Roster, limit: int) -> Text:
    """The beginning of the words, on one line."""
    if withdrawn(telling, roster):
        return body(_, telling, roster)
    words = inline(telling.post.text, limit)
    return words if words else body(_, telling, roster)


# --- pages of /latest and /search


def page(
    tellings: Sequence[Telling],
    roster: Roster,
    *,
    language: str,
    zone: str,
    title: Text,
    first: int = 1,
    newer: str = "",
    older: str = "",
    buttons: Sequence[Sequence[Button]] = (),
) -> Message:
    """One message with a card for each telling, numbered from `first`, shortened until all fit.

    `newer` and `older` are the callback data of the neighbouring pages, empty where there is none; `buttons` are rows
    under them.
    """
    _ = voice(language, zone)
    if not tellings:
        return finish(joined([title, _("Nothing found.")], "\n\n"), buttons)
    turn = [
        *([Button("◀️ " + _("Newer").plain, newer)] if newer else []),
        *([Button(_("Older").plain + " ▶️", older)] if older else []),
    ]
    links = [
        Button(f"{number} ↗", url=telling.post.url)
        for number, telling in enumerate(tellings, first)
        if usable(telling.post.url)
    ]
    doubts = [
        button for number, telling in enumerate(tellings, first) for button in doubt_button(_, telling, str(number))
    ]
    cites = [Button(f"{number} ❝", f"cite:{telling.post.id}") for number, telling in enumerate(tellings, first)]
    rows = [row for at in range(0, len(tellings), PAGE) for row in (links[at : at + PAGE], cites[at : at + PAGE])]
    return finish(_fitting(_, tellings, roster, title, first), [*rows, turn, *buttons, doubts])


def _fitting(_: Voice, tellings: Sequence[Telling], roster: Roster, title: Text, first: int) -> Text:
    """The longest of the shortened pages that is within one message."""
    for limit in (600, 450, 300, 200, 120, 60):
        cards = [_compact(_, one, roster, number, limit) for number, one in enumerate(tellings, first)]
        text = joined([title, *cards], "\n\n")
        if text.units <= MESSAGE:
            return text
    return text


def _compact(_: Voice, telling: Telling, roster: Roster, number: int, limit: int) -> Text:
    """A card on a page: who with role, kind, the beginning of the words, when and where."""
    heading = _compact_heading(_, telling, roster)
    words = verbatim(telling.post.text).stripped().cut(limit)
    shown = Text() if withdrawn(telling, roster) else words.marked("blockquote")
    lines = [*origin(_, telling), shown or body(_, telling, roster), foot(_, telling, roster)]
    return joined([plain(f"{number}. ") + heading, *lines], "\n")


def _compact_heading(_: Voice, telling: Telling, roster: Roster) -> Text:
    """One speaker with role and kind; several by a line each, the role left out; the source where nobody speaks."""
    speaking = said(telling)[:SPEAKERS]
    if not speaking:
        return joined([teller(_, telling, roster).marked("bold"), named(_, telling, roster)], "\n")
    people = [(who(_, one.speaker, roster).marked("bold"), kind(_, one, telling, roster)) for one in speaking]
    if len(people) > 1:
        return joined([joined(one, " · ") for one in people], "\n")
    role = standing(_, speaking[0].speaker, roster, _.local_day(telling.post.published_at))
    return joined([joined([people[0][0], role], " · "), people[0][1]], "\n")


def title_of(_: Voice, roster: Roster, what: str, value: str) -> Text:
    """The name of what is followed or asked for; the bare id where the configuration does not know it."""
    if what == "all":
        return _("everything")
    if what == "side" and value in roster.sides:
        side = roster.sides[value]
        return joined([inline(side.flag, 16), _.name(side.name)], " ")
    if what == "speaker" and value in roster.speakers:
        return who(_, value, roster)
    if what == "topic" and value in roster.topics:
        return _.name(roster.topics[value].name)
    if what == "source" and value in roster.sources:
        return account(_, roster.sources[value], roster)
    return inline(value, 80)


def account(_: Voice, source: Source, roster: Roster) -> Text:
    """A source in a list: whose it is, and its address."""
    owner = who(_, source.speaker, roster) if source.speaker else _.name(source.outlet or {})
    return joined([owner, address(_, source)], ", ")
