"""What X answers to one call, before anybody has understood it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sources.x_page import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """As tweepy wants to see one; its body was read, and is JSON or was not."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: Json | None

    async def json(self) -> Json | None:
        return self.body


class RefusedError(Exception):
    """X answered with another status than 200."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
