"""Citations: the verbatim words with everything that lets somebody else find and check them.

What is said here of a post of X that X no longer shows has no words, wherever it goes: message, file or clipboard.
"""

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.models import Button, Message, Roster, Telling
from bot.render.language import Voice
from bot.render.statements import body, head, kind, place, said, source_button, teller, who, withdrawn
from bot.render.text import COPY, Text, clean, finish, inline, joined, split, units, verbatim

WORDS = 2600
"""UTF-16 units of the words in a message; what is longer comes as a file."""

PARTS = 6
"""Buttons among which the words are shared out; longer ones are copied from the block that shows them."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A telling with the SHA-256 of its text as it stands. Without `words` only the link to them may be given."""

    telling: Telling
    sha256: str
    words: bool = True


def citation(_: Voice, cited: Cited, roster: Roster) -> Message:
    """Words, speaker, platform, address, times and hash; buttons that copy the words and the reference."""
    telling = cited.telling
    blocks = [
        _("❝ Citation").marked("bold"),
        _block(_, cited, roster),
        joined([head(_, telling, roster), _details(_, cited, roster)], "\n"),
    ]
    return finish(joined(blocks, "\n\n"), [*_copies(_, cited, roster), source_button(_, telling)])


def _block(_: Voice, cited: Cited, roster: Roster) -> Text:
    """The words in monospaced type, which apps copy with one touch."""
    text = _text(cited, roster)
    if not text:
        return body(_, cited.telling, roster)
    return verbatim(text).stripped().cut(WORDS).marked("pre")


def is_long(cited: Cited, roster: Roster) -> bool:
    """Whether the message cannot hold all the words."""
    return units(_text(cited, roster)) > WORDS


def _text(cited: Cited, roster: Roster) -> str:
    return "" if withdrawn(cited.telling, roster) else cited.telling.post.text


def _details(_: Voice, cited: Cited, roster: Roster) -> Text:
    post = cited.telling.post
    return joined(
        [
            _("Where: {place}", place=place(_, cited.telling, roster)),
            Text(inline(post.url, 2048).plain),
            _("Posted: {moment}", moment=_utc(post.published_at)),
            _("Seen: {moment}", moment=_utc(post.seen_at)) if post.seen_at else Text(),
            "SHA-256 " + Text(cited.sha256).marked("code"),
        ],
        "\n",
    )


def _utc(at: datetime) -> Text:
    return Text(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))


def _copies(_: Voice, cited: Cited, roster: Roster) -> list[list[Button]]:
    words = _shares(_text(cited, roster).strip())
    count = len(words)
    caption = _("Copy the words").plain
    copies = [
        Button(f"📋 {caption}" if count == 1 else f"📋 {caption} {number}/{count}", copy=part)
        for number, part in enumerate(words, 1)
    ]
    return [
        *([one] for one in copies),
        [Button("📋 " + _("Copy the reference").plain, copy=reference(_, cited, roster))],
    ]


def _shares(words: str) -> list[str]:
    """The words in pieces that a button can copy, cut where they are best cut; none if those were too many."""
    pieces = [part.plain.strip() for part in split(Text(clean(words)), COPY)]
    return [piece for piece in pieces if piece] if len(pieces) <= PARTS else []


def reference(_: Voice, cited: Cited, roster: Roster) -> str:
    """Who, where, when and the hash in one line: as much of it as a button can copy."""
    post = cited.telling.post
    posted, seen, sha256 = post.published_at, post.seen_at, f"SHA-256 {cited.sha256}"
    at, url = f"{posted:%Y-%m-%d %H:%M} UTC", clean(post.url)
    found = _("seen {moment}", moment=Text(f"{seen:%Y-%m-%d %H:%M} UTC")).plain if seen else ""
    by, where = attributed(_, cited.telling, roster), place(_, cited.telling, roster).plain
    for parts in ((by, where, at, url, found, sha256), (by, at, url, sha256), (at, url, sha256)):
        line = ", ".join(filter(None, parts))
        if units(line) <= COPY:
            return line
    return sha256


def attributed(_: Voice, telling: Telling, roster: Roster) -> str:
    """Whose words they are and by which right we say so; the source, where nobody speaks."""
    people = [f"{who(_, one.speaker, roster).plain} ({kind(_, one, telling, roster).plain})" for one in said(telling)]
    return "; ".join(people) or teller(_, telling, roster).plain


def whole(_: Voice, cited: Cited, roster: Roster) -> bytes:
    """The same as a text file, for words that no message can hold."""
    return as_citations(_, [cited], roster)


def in_full(_: Voice) -> Message:
    return finish(_("The words in full."))


def gone(_: Voice) -> Message:
    return finish(_("This statement is not stored any more."))


# --- files

COLUMNS = (
    "posted_at", "seen_at", "speakers", "kinds", "attribution", "platform", "url", "language", "text", "sha256",
    "edited_at", "deleted_at", "topics", "note",
)  # fmt: skip
_FORMULA = frozenset("=+-@\t\r")

AT_SOURCE = "the words are at the address alone: X allows no more in a day"
NOT_SHOWN = "not shown by X any more"


def as_json(_: Voice, found: Sequence[Cited], roster: Roster) -> bytes:
    """The posts as a list of objects; the words are verbatim."""
    return json.dumps([_row(_, one, roster) for one in found], ensure_ascii=False, indent=1).encode("utf-8", "replace")


def as_csv(_: Voice, found: Sequence[Cited], roster: Roster) -> bytes:
    """The posts as a table for spreadsheets. A cell that these would take for a formula begins with an apostrophe."""
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, COLUMNS)
    table.writeheader()
    for one in found:
        row = _row(_, one, roster)
        table.writerow({name: _harmless(_cell(row[name])) for name in COLUMNS})
    return written.getvalue().encode("utf-8-sig", "replace")


def as_citations(_: Voice, found: Sequence[Cited], roster: Roster) -> bytes:
    """The posts as a numbered list for footnotes, in the reader's language."""
    entries = []
    for number, one in enumerate(found, 1):
        text = _text(one, roster) if one.words else ""
        where = joined([attributed(_, one.telling, roster), _details(_, one, roster)], "\n").plain
        entries.append("\n".join(filter(None, [f"[{number}] {where}", text and f"“{text}”"])))
    return ("\n\n".join(entries) + "\n").encode("utf-8", "replace")


def _row(_: Voice, cited: Cited, roster: Roster) -> dict[str, Any]:
    telling, post = cited.telling, cited.telling.post
    hidden = withdrawn(telling, roster)
    return {
        "posted_at": _iso(post.published_at),
        "seen_at": _iso(post.seen_at),
        "speakers": [one.speaker for one in said(telling)],
        "kinds": [one.kind for one in said(telling)],
        "attribution": attributed(_, telling, roster),
        "platform": place(_, telling, roster).plain,
        "url": post.url,
        "language": post.language,
        "text": "" if hidden or not cited.words else post.text,
        "sha256": cited.sha256,
        "edited_at": _iso(post.edited_at),
        "deleted_at": _iso(post.deleted_at),
        "topics": list(telling.topics),
        "note": NOT_SHOWN if hidden else "" if cited.words else AT_SOURCE,
    }


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else ""


def _cell(value: str | Collection[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _harmless(cell: str) -> str:
    return "'" + cell if cell[:1] in _FORMULA and cell else cell


def exported(_: Voice, query: str, count: int, more: bool, links: int) -> Message:
    """What stands under the file: of which search, how many, and what is not in it."""
    lines = [
        _.many(
            "{count} statement found by {query}", "{count} statements found by {query}", count, query=inline(query, 100)
        ),
        _("There are more; narrow the search, or bound it with since: and until:.") if more else Text(),
        _.many(
            "Of {count} on X only the link is given: X allows a limited number a day.",
            "Of {count} on X only the links are given: X allows a limited number a day.",
            links,
        )
        if links
        else Text(),
    ]
    return finish(joined(lines, "\n"))


def nothing_to_export(_: Voice) -> Message:
    return finish(_("Nothing found."))


def own_data(_: Voice) -> Message:
    """Under the file that /export sends."""
    return finish(_("Everything that is stored of this chat. /stop erases all of it."))


def no_data(_: Voice) -> Message:
    return finish(_("Nothing is stored about this chat. /start begins."))
