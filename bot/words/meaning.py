"""What a post says by itself, whatever else is stored: its language, its words, who speaks, topics, what to index."""

from dataclasses import dataclass, replace

from bot.models import Post, Roster, Source, Statement
from bot.words import attribution, language, search, tokens, topics
from bot.words.names import Names


@dataclass(frozen=True, slots=True)
class Meaning:
    """`post` bears its language; `document` is what the full-text index keeps of it."""

    post: Post
    text: tokens.Text
    statements: tuple[Statement, ...]
    topics: tuple[str, ...]
    document: str


class Meanings:
    """Reads posts for the speakers and topics of a roster. Made once: it loads the dictionaries."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._names = Names(roster)
        self._topics = topics.compile(roster.topics.values())

    def of(self, post: Post, source: Source) -> Meaning:
        post = replace(post, language=post.language or language.detect(post.text) or source.language)
        text = tokens.read("" if post.kind == "service" else post.text, post.language)  # the platform's own words
        said = attribution.attribute(post, source, self._roster, self._names, text)
        return Meaning(post, text, said, tuple(topics.hits(text, self._topics)), search.document(text))
