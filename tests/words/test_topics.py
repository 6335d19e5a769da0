import pytest

from bot.errors import QueryError
from bot.models import Topic
from bot.words import topics
from bot.words.tokens import read

PRESETS = topics.compile(
    [
        Topic(
            "neutrality",
            {"en": "Neutrality"},
            {"en": "neutrality OR neutral", "uk": "нейтралітет", "ru": "нейтралитет"},
        ),
        Topic("army", {"en": "Army"}, {"en": "army", "uk": "армія", "ru": "армия"}),
    ]
)


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("neutrality, neutral", ["neutrality"]),
        ("армії та нейтралітету", ["neutrality", "army"]),
        ("о численности армии", ["army"]),
        ("nothing", []),
    ],
)
def test_a_topic_is_touched_in_any_language_once(text: str, hits: list[str]) -> None:
    assert topics.hits(read(text), PRESETS) == hits


def test_a_topic_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(QueryError):
        topics.compile([Topic("bad", {"en": "Bad"}, {"en": "NOT army"})])
