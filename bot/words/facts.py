"""What is known of a post beside its words, as the filters of the watch language ask for it."""

from collections.abc import Collection, Iterable

from bot.models import Post, Roster, Statement, Telling
from bot.words import find, tokens
from bot.words.query import Filters, fact
from bot.words.tokens import Text


def facts(post: Post, statements: Iterable[Statement], topics: Iterable[str], roster: Roster) -> set[str]:
    """The facts of one post. Who is only mentioned does not speak in it: `from:` and `side:` do not find them."""
    found = {fact("source", post.source)}
    found.update(fact("topic", topic) for topic in topics)
    if post.language:
        found.add(fact("lang", post.language))
    for statement in statements:
        found.add(fact("kind", statement.kind))
        if statement.speaks:
            found.add(fact("from", statement.speaker))
            side = roster.side_of(statement.speaker)
            if side is not None:
                found.add(fact("side", side.id))
    return found


def words(post: Post) -> Text:
    """The words of a post. A platform's own note has none: nobody said it."""
    return tokens.read("" if post.kind == "service" else post.text, post.language)


def know(text: Text, post: Post, statements: Iterable[Statement], topics: Iterable[str], roster: Roster) -> None:
    """Add to the words of a post what is known of it: then a query can be asked of it."""
    text.know(facts(post, statements, topics, roster), int(post.published_at.timestamp()))


def read(telling: Telling, roster: Roster) -> Text:
    """A stored post as queries ask it: its words, and what is stored of it."""
    text = words(telling.post)
    know(text, telling.post, telling.statements, telling.topics, roster)
    return text


def filters(roster: Roster) -> Filters:
    """Reads what a person typed behind the colon of a filter as `bot.words.find` reads names."""

    def meant(name: str, typed: str) -> Collection[str]:
        if name == "from":
            return find.speakers(typed, roster)
        return [follow.value for follow in find.follow_targets(typed, roster) if follow.what == name]

    def near(name: str, typed: str) -> Collection[str]:
        if name == "from":
            return find.near(typed, roster)
        return [follow.value for follow in find.near_targets(typed, roster) if follow.what == name]

    return Filters(meant, near)
