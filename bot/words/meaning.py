"""What a post says by itself, whatever else is stored: its language, its words, who speaks, topics, what to index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.models import IndexEntry, Post, Roster, Source, Statement, Telling
from bot.words import attribution, facts, language, search, tokens, topics, version
from bot.words.names import Names


@dataclass(frozen=True, slots=True)
class Meaning:
    """`post` bears its language, `text` all that a query may ask of it."""

    post: Post
    text: tokens.Text
    statements: tuple[Statement, ...]
    entry: IndexEntry


class Meanings:
    """Reads posts for the speakers and topics of a roster. Made once: it loads the dictionaries."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self.names = Names(roster)
        self._topics = topics.compile(roster.topics.values())
        self.version = version.of_posts(roster)

    def of(self, post: Post, source: Source) -> Meaning:
        if not post.language:
            post = replace(post, language=language.detect(post.text) or source.language)
        text = facts.words(post)
        said = attribution.attribute(post, source, self._roster, self.names, text)
        return Meaning(post, text, said, self._entry(text, post, said))

    def again(self, telling: Telling) -> IndexEntry:
        """How a stored post is found from here on. Who speaks in it is not asked again."""
        return self._entry(facts.words(telling.post), telling.post, telling.statements)

    def _entry(self, text: tokens.Text, post: Post, said: Sequence[Statement]) -> IndexEntry:
        touched = tuple(topics.hits(text, self._topics))
        facts.know(text, post, said, touched, self._roster)
        return IndexEntry(search.document(text), touched, self.version)


def entry(telling: Telling, roster: Roster) -> IndexEntry:
    """How a stored post is found from here on, by what is stored of it now: its words, who speaks, its topics."""
    return IndexEntry(search.document(facts.read(telling, roster)), telling.topics, version.of_posts(roster))
