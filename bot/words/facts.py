"""What is known of a post beside its words, as the filters of the watch language ask for it."""

from collections.abc import Iterable

from bot.models import Post, Roster, Source, Statement
from bot.words import find
from bot.words.query import Filters, fact


def facts(
    post: Post, source: Source, statements: Iterable[Statement], topics: Iterable[str], roster: Roster
) -> set[str]:
    """The facts of one post. Who is only mentioned does not speak in it: `from:` and `side:` do not find them."""
    found = {fact("source", source.id)}
    found.update(fact("topic", topic) for topic in topics)
    if post.language:
        found.add(fact("lang", post.language))
    for statement in statements:
        found.add(fact("kind", statement.kind))
        if statement.kind != "mention":
            found.add(fact("from", statement.speaker))
            side = roster.side_of(statement.speaker)
            if side is not None:
                found.add(fact("side", side.id))
    return found


def filters(roster: Roster) -> Filters:
    """Reads what a person typed behind the colon of a filter as `bot.words.find` reads names."""

    def meant(name: str, typed: str) -> list[str]:
        if name == "from":
            return find.speakers(typed, roster)
        return [follow.value for follow in find.follow_targets(typed, roster) if follow.what == name]

    return meant
