"""Topics: watches that the operator has written, one query a language, tried on every post."""

from collections.abc import Iterable

from bot.models import Topic
from bot.words import query
from bot.words.index import WatchIndex
from bot.words.tokens import Text


class Presets:
    """Topics compiled once for many texts. Raises QueryError if one of the queries cannot be read."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._index = WatchIndex()
        self._topics: list[str] = []  # by the number of their watch
        for topic in topics:
            for watch in topic.watch.values():
                self._index.add(len(self._topics), query.parse(watch))
                self._topics.append(topic.id)

    def hits(self, text: Text) -> list[str]:
        return list(dict.fromkeys(self._topics[watch] for watch in sorted(self._index.matches(text))))


def compile(topics: Iterable[Topic]) -> Presets:
    return Presets(topics)


def hits(text: Text, presets: Presets) -> list[str]:
    """The ids of the topics that the text touches, in the order of the configuration.

    A text is tried in every language: an outlet quotes one language in another.
    """
    return presets.hits(text)
