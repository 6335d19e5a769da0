"""What a post says by itself, whatever else is stored: its language, its words, who speaks, topics, what to index."""

from dataclasses import dataclass, replace

from bot.models import Post, Roster, Source, Statement
from bot.words import attribution, facts, language, search, tokens, topics
from bot.words.names import Names


@dataclass(frozen=True, slots=True)
class Meaning:
    """`post` bears its language, `text` all that a query may ask of it; `document` is for the full-text index."""

    post: Post
    text: tokens.Text
    statements: tuple[Statement, ...]
    topics: tuple[str, ...]
    document: str


class Meanings:
    """Reads posts for the speakers and topics of a roster. Made once: it loads the dictionaries."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self.names = Names(roster)
        self._topics = topics.compile(roster.topics.values())

    def of(self, post: Post, source: Source) -> Meaning:
        post = replace(post, language=post.language or language.detect(post.text) or source.language)
        text = facts.words(post)
        said = attribution.attribute(post, source, self._roster, self.names, text)
        touched = tuple(topics.hits(text, self._topics))
        facts.know(text, post, said, touched, self._roster)
        return Meaning(post, text, said, touched, search.document(text))
