"""Somebody in a private chat with a bot that talks to the test server by real HTTP."""

import asyncio
import json
from typing import Any, cast

from tests.chat.offline import all_data_of
from tests.telegram_server.serving import Telegram


class Person:
    """Types and presses, and is given what stands in the chat then, as Telegram has it."""

    def __init__(self, telegram: Telegram, chat: int, language: str) -> None:
        self.telegram, self.chat = telegram, chat
        self.user = {"id": chat, "is_bot": False, "first_name": "Eve", "language_code": language}

    async def says(self, text: str) -> dict[str, Any]:
        where = {"id": self.chat, "type": "private", "first_name": "Eve"}
        return self._shown(await self._called(message={"from": self.user, "chat": where, "text": text}))

    async def presses(self, data: str, under: dict[str, Any]) -> dict[str, Any]:
        """Refused if there is no such button under that message."""
        assert data in all_data_of(under)
        return self._shown(await self._pressed(data, under))

    async def tries(self, data: str, under: dict[str, Any]) -> dict[str, Any] | None:
        """Presses; None if the message is to stay as it is, which Telegram refuses to write once more."""
        call = await self._pressed(data, under)
        there = self._standing(call)
        written = {key: _read(call["fields"][key]) for key in ("text", "reply_markup") if key in call["fields"]}
        same = all(there.get(key) == value for key, value in written.items())
        return None if call["status"] == 400 and same else self._shown(call)

    async def types(self, words: str) -> list[dict[str, Any]]:
        before = len(self.telegram.calls("answerInlineQuery"))
        await self.telegram.update(
            inline_query={"id": f"i{self.chat}", "from": self.user, "query": words, "offset": ""}
        )
        await self.telegram.called("answerInlineQuery", before + 1, within=20)
        call = self.telegram.calls("answerInlineQuery")[-1]
        assert call["status"] == 200, call
        return cast("list[dict[str, Any]]", _read(call["fields"]["results"]))

    def got(self, data: str) -> dict[str, Any]:
        """The newest message that stands there with a button whose data begin so."""
        return self._with(data)[-1]

    def has(self, data: str) -> bool:
        return bool(self._with(data))

    def _with(self, data: str) -> list[dict[str, Any]]:
        standing = self.telegram.standing(self.chat)
        return [one for one in standing if any(some.startswith(data) for some in all_data_of(one))]

    async def _pressed(self, data: str, under: dict[str, Any]) -> dict[str, Any]:
        query = {"id": f"{self.chat}{data}", "from": self.user, "chat_instance": "1", "data": data, "message": under}
        return await self._called(callback_query=query)

    async def _called(self, **update: Any) -> dict[str, Any]:
        """The call by which the bot sends or edits a message in answer."""
        before = len(self._calls())
        await self.telegram.update(**update)
        async with asyncio.timeout(20):
            while len(self._calls()) == before:  # noqa: ASYNC110 - the record is a list
                await asyncio.sleep(0.002)
        return self._calls()[-1]

    def _shown(self, call: dict[str, Any]) -> dict[str, Any]:
        assert call["status"] == 200, call
        return self._standing(call)

    def _standing(self, call: dict[str, Any]) -> dict[str, Any]:
        """The message that was sent or edited, as it stands."""
        standing = [one for one in self.telegram.standing(self.chat) if one["from"]["is_bot"]]
        edited = call["fields"].get("message_id")
        return next(one for one in reversed(standing) if edited is None or one["message_id"] == int(edited))

    def _calls(self) -> list[dict[str, Any]]:
        """Those about this chat that were answered."""
        told = ("send", "editMessage")
        return [
            call
            for call in self.telegram.calls()
            if call["method"].startswith(told)
            and call["status"] is not None
            and str(call["fields"].get("chat_id")) == str(self.chat)
        ]


def _read(value: Any) -> Any:
    """What a form carries as JSON and JSON as it is."""
    return json.loads(value) if isinstance(value, str) and value.startswith(("[", "{")) else value
