"""What stored keys and stored topics depend on. What was made with another version has to be made anew."""

import hashlib

from bot.models import Roster
from bot.words import lemmas, search

_FORMAT = f"index {search.FORMAT}"


def of_posts(roster: Roster) -> str:
    """Of what is stored of posts: their words, topics and sides."""
    topics = [(topic.id, *sorted(topic.watch.items())) for topic in roster.topics.values()]
    sides = sorted((speaker.id, speaker.side) for speaker in roster.speakers.values())
    return f"{lemmas.version()}, {_FORMAT}, config {_digest(topics, sides)}"


def is_of_this_format(version: str) -> bool:
    """Whether an index of that version holds its words where `bot.words.search` puts them."""
    return _FORMAT in version.split(", ")


def of_watches(roster: Roster) -> str:
    """Of compiled watches: their words, and what is meant by the names behind their filters."""
    return f"{lemmas.version()}, config {_digest(roster.sides, roster.speakers, roster.sources, roster.topics)}"


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
