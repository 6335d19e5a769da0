"""Translations that were made, and how many characters a month were sent away for them.

A translation is of the words that stand: it goes with them when they are edited, purged or forgotten.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store.connection import Connection
from bot.store.times import to_ms


@dataclass(frozen=True, slots=True)
class Made:
    """A translation and the service that made it."""

    text: str
    service: str


def find(connection: Connection, post: int, language: str) -> Made | None:
    row = connection.execute(
        "SELECT text, service FROM translations WHERE post = ? AND language = ?", (post, language)
    ).fetchone()
    return Made(*row) if row else None


def put(connection: Connection, post: int, language: str, sha256: str, made: Made, now: datetime) -> None:
    """Keep it, if the post still has the words with that SHA-256."""
    connection.execute(
        """INSERT INTO translations (post, language, service, text, made_at)
        SELECT id, ?, ?, ?, ? FROM posts WHERE id = ? AND sha256 = ? AND text <> ''
        ON CONFLICT DO UPDATE SET service = excluded.service, text = excluded.text, made_at = excluded.made_at""",
        (language, made.service, made.text, to_ms(now), post, sha256),
    )


def spend(connection: Connection, characters: int, a_month: int, now: datetime) -> bool:
    """Take so many characters from the month's; False if there are not as many left."""
    row = connection.execute("SELECT characters FROM translated WHERE month = ?", (_month(now),)).fetchone()
    if (row[0] if row else 0) + characters > a_month:
        return False
    connection.execute(
        "INSERT INTO translated (month, characters) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET characters = characters + excluded.characters",
        (_month(now), characters),
    )
    return True


def give_back(connection: Connection, characters: int, now: datetime) -> None:
    """Nothing was translated, and nothing will be billed."""
    connection.execute(
        "UPDATE translated SET characters = max(characters - ?, 0) WHERE month = ?", (characters, _month(now))
    )


def spent(connection: Connection, now: datetime) -> int:
    """Characters of this month."""
    row = connection.execute("SELECT characters FROM translated WHERE month = ?", (_month(now),)).fetchone()
    return row[0] if row else 0


def want(connection: Connection, post: int, language: str) -> None:
    """Somebody wants the post's alert with a translation."""
    connection.execute(
        "INSERT INTO translations_wanted (post, language) VALUES (?, ?) ON CONFLICT DO NOTHING", (post, language)
    )


def wanted(connection: Connection, most: int) -> list[tuple[int, str]]:
    """Posts and languages, the newest first: who reads an alert reads the last one."""
    return connection.execute(
        "SELECT post, language FROM translations_wanted ORDER BY post DESC, language LIMIT ?", (most,)
    ).fetchall()


def tried(connection: Connection, post: int, language: str) -> None:
    """It was made, or will not be."""
    connection.execute("DELETE FROM translations_wanted WHERE post = ? AND language = ?", (post, language))


def _month(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y-%m}"
