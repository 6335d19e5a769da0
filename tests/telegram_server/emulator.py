"""The emulator with what it lacks of Telegram's parameters, every call on record, and faults on demand."""

import asyncio
import time
from typing import Any

import lo_bot_api_emulator as lo
from aiohttp import web
from lo_bot_api_emulator import updates as lo_updates

from tests import judging
from tests.telegram_server.faults import SPOILING, Fault, Fields, Interrupted

# Parameters up to Bot API 10.0 that the emulator refuses.
SENDING = [
    "link_preview_options",
    "message_thread_id",
    "protect_content",
    "allow_paid_broadcast",
    "message_effect_id",
    "direct_messages_topic_id",
    "has_spoiler",
    "show_caption_above_media",
]
PARAMETERS = {
    **dict.fromkeys(("sendMessage", "sendPhoto", "sendDocument", "sendVideo", "sendMediaGroup"), SENDING),
    "editMessageText": ["link_preview_options"],
    "editMessageCaption": ["show_caption_above_media"],
    "sendChatAction": ["message_thread_id"],
    "answerInlineQuery": ["button"],
}

FAULT = web.RequestKey("fault", Fault)
CALL = web.RequestKey("call", dict)


class Queues(lo_updates.UpdateQueues):  # type: ignore[misc]
    """The emulator's queues, patient with a second poller.

    Telegram ends the old poll when a new one comes; the emulator refuses the new one until it has noticed that
    the old connection is gone. A short wait makes a restarted bot start as it would in life.
    """

    async def poll(self, token: str, fields: Fields, **options: Any) -> list[Fields]:
        for _ in range(40):
            if not self._state(token).polling:
                break
            await asyncio.sleep(0.01)
        result: list[Fields] = await super().poll(token, fields, **options)
        return result


def extend_emulator() -> None:
    """Teach the emulator the updates and parameters that it refuses and Telegram knows; twice is harmless."""
    lo_updates.ALLOWED_UPDATE_TYPES |= {"managed_bot", "guest_message"}
    lo_updates.KINDS |= lo_updates.ALLOWED_UPDATE_TYPES
    lists = [(lo.CONTRACT["methods"][method]["parameters"], names) for method, names in PARAMETERS.items()]
    lists.append((lo.CONTRACT["inputMedia"]["parameters"], ["has_spoiler", "show_caption_above_media"]))
    for known, names in lists:
        known += [name for name in names if name not in known]


class FaultyEmulator(lo.LoBotApiEmulator):  # type: ignore[misc]
    """The emulator with every call on record and faults on demand."""

    def __init__(self) -> None:
        extend_emulator()
        super().__init__(enable_control=True, max_assets=10**6)
        self._update_queues = Queues(record=self._record, max_updates=10**5, insecure_webhooks=True)
        self.calls: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self._call_count = 0

    def app(self) -> web.Application:
        app: web.Application = super().app()
        app.router.add_post("/__fault", self._post_fault)
        app.router.add_delete("/__fault", self._delete_faults)
        app.router.add_get("/__calls", self._get_calls)
        app.router.add_delete("/__calls", self._delete_calls)
        app.router.add_get("/__polling", self._get_polling)
        return app

    async def read_request(self, request: web.Request) -> tuple[Fields, Fields]:
        """Read a call, write it down, and let a fault strike before anything is done."""
        fields, uploads = await super().read_request(request)
        method = request.match_info["method"]
        judging.call(method, fields)
        fault = self._fault_for(method, fields)
        if fault is not None:
            request[FAULT] = fault
        request[CALL] = self._write_down(method, fields, uploads, fault)
        if fault is not None and fault.kind == "error":
            raise lo.ApiRefusal(fault.description, fault.error_code, fault.parameters or None)
        if fault is not None and fault.kind in SPOILING:
            raise Interrupted
        return fields, uploads

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a call, or spoil the answer as a fault says."""
        try:
            response: web.Response = await super().handle(request)
        except Interrupted:
            page = "<html><h1>Bad Gateway</h1></html>"
            response = web.Response(status=request[FAULT].status, text=page, content_type="text/html")
        fault: Fault | None = request.get(FAULT)
        if CALL in request:
            request[CALL]["status"] = 0 if fault is not None and fault.kind == "drop_before" else response.status
        if fault is not None and fault.kind == "delay_after":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind.startswith("drop") and request.transport is not None:
            request.transport.abort()
        return response

    def _fault_for(self, method: str, fields: Fields) -> Fault | None:
        struck = next((fault for fault in self.faults if fault.matches(method, fields) and fault.strikes()), None)
        self.faults = [fault for fault in self.faults if fault.times != 0]
        return struck

    def _write_down(self, method: str, fields: Fields, uploads: Fields, fault: Fault | None) -> dict[str, Any]:
        """Keep a call. Its status comes with the answer; 0 means that nothing was done. Quiet polls are not kept."""
        call = {
            "number": self._call_count + 1,
            "at": time.time(),
            "method": method,
            "fields": dict(fields),
            "files": {name: upload["filename"] for name, upload in uploads.items()},
            "fault": fault.kind if fault else None,
            "status": None,
        }
        if method != "getUpdates" or fault is not None:
            self._call_count += 1
            self.calls.append(call)
        return call

    async def _post_fault(self, request: web.Request) -> web.Response:
        try:
            self.faults.append(Fault(**await request.json()))
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"ok": True})

    async def _delete_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({"ok": True})

    async def _get_calls(self, request: web.Request) -> web.Response:
        method = request.query.get("method")
        after = int(request.query.get("after", 0))
        unwanted = set() if "spoiled" in request.query else SPOILING
        calls = [call for call in self.calls if call["number"] > after and call["fault"] not in unwanted]
        return web.json_response([call for call in calls if method in (None, call["method"])])

    async def _delete_calls(self, request: web.Request) -> web.Response:
        self.calls.clear()
        return web.json_response({"ok": True})

    async def _get_polling(self, request: web.Request) -> web.Response:
        return web.json_response(any(inbox.polling for inbox in self._update_queues._bots.values()))
