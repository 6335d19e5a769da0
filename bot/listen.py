"""How updates come in: by asking Telegram for them, or by Telegram calling us. Either way they are kept (the inbox)
before Telegram hears that we have them, and what stops them is noticed and said.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol, cast

from aiohttp import web
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, Updater

from bot.botapi.transport import Polling
from bot.errors import ParleyError, SettingsError

log = logging.getLogger(__name__)

App = Application[Any, Any, Any, Any, Any, Any]

ALLOWED_UPDATES = ["message", "channel_post", "callback_query", "inline_query", "my_chat_member"]

POLL_SECONDS = 25
"""How long Telegram may hold a getUpdates open. One that is lost costs this and the read timeout, twice that with the
next: within the time after which we count as deaf.
"""

DEAF_AFTER = timedelta(seconds=90)
"""A long poll of getUpdates answers within about a minute; without an answer for longer, commands go unheard."""

REFUSALS = 3
"""So often, with nothing heard between, the token is refused before the process ends: a proxy's 404 looks the same."""

CONFLICT = (
    "another program asks Telegram for the updates of this bot (409), or a webhook is set: only one of them hears what "
    "people write. End the other one, or give this Parley a bot of its own"
)
REFUSED = "Telegram refuses the bot's token: check TELEGRAM_BOT_TOKEN with @BotFather, and TELEGRAM_API_URL"

INFO_EVERY = timedelta(seconds=60)
"""How often Telegram is asked whether it reaches our webhook."""

HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Ear(Protocol):
    """`heard_at`: the event loop's time at which Telegram last answered, None before it did."""

    @property
    def heard_at(self) -> float | None: ...

    async def open(self) -> None:
        """Begin to take updates in. The application has been started."""
        ...

    async def watch(self) -> None:
        """Mend what can be mended, for ever. Raises ParleyError for what an operator has to mend."""
        ...

    async def close(self) -> None:
        """Take in no more; harmless when it was never open."""
        ...


class Poller:
    """Asks Telegram. `conflict` is called when somebody else does, too."""

    def __init__(self, application: App, polling: Polling, conflict: Callable[[], Awaitable[None]]) -> None:
        self._application, self._polling, self._conflict = application, polling, conflict
        self._conflicts = asyncio.Event()

    @property
    def heard_at(self) -> float | None:
        return self._polling.last_good

    @property
    def _updater(self) -> Updater:
        """There is one, unless the application was built without."""
        return cast(Updater, self._application.updater)

    async def open(self) -> None:
        await self._updater.start_polling(
            allowed_updates=ALLOWED_UPDATES,
            timeout=POLL_SECONDS,
            bootstrap_retries=-1,
            error_callback=self._failed,
        )

    async def watch(self) -> None:
        """Begin to listen again when polling has fallen silent: one 401 or 404 ends PTB's own loop for good."""
        refusals = 0
        telling = asyncio.create_task(self._tell_conflicts(), name="conflicts")
        try:
            while True:
                await asyncio.sleep(DEAF_AFTER.total_seconds())
                if self.heard_at is not None and _now() - self.heard_at <= DEAF_AFTER.total_seconds():
                    refusals = 0
                    continue
                refusals += await self._stop()
                if refusals >= REFUSALS:
                    raise ParleyError(REFUSED)
                log.error("Telegram has not answered getUpdates for over %s; listening anew", DEAF_AFTER)
                refusals += await self._open_anew()
        finally:
            telling.cancel()

    async def close(self) -> None:
        await self._stop()

    async def _open_anew(self) -> bool:
        """With a new updater: one that was turned away keeps the mark by which it stops. True if it is refused, too."""
        application = self._application
        application.updater = Updater(application.bot, application.update_queue)
        try:
            await application.updater.initialize()
            await self.open()
        except InvalidToken:
            log.error("%s", REFUSED)
            return True
        return False

    async def _stop(self) -> bool:
        """True if polling had ended because the token was refused: an updater that Telegram turned away says so now."""
        if self._updater.running:
            try:
                await self._updater.stop()
            except InvalidToken:
                log.error("%s", REFUSED)
                return True
            except TelegramError as error:
                log.warning("polling had ended with %s", type(error).__name__)
        return False

    def _failed(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            log.error("%s", CONFLICT)
            self._conflicts.set()
        else:
            log.warning("getUpdates failed: %s", type(error).__name__)

    async def _tell_conflicts(self) -> None:
        while True:
            await self._conflicts.wait()
            self._conflicts.clear()
            await self._conflict()


class Webhook:
    """Lets Telegram call `url`, which leads to `host`:`port` here; only calls with the secret are taken for Telegram's.

    Raises SettingsError on opening if the port cannot be used.
    """

    def __init__(self, application: App, url: str, secret: str, host: str, port: int) -> None:
        self._application = application
        self._url, self._secret, self._host, self._port = url, secret, host, port
        self._runner: web.AppRunner | None = None
        self._heard_at: float | None = None

    @property
    def heard_at(self) -> float | None:
        return self._heard_at

    async def open(self) -> None:
        site = web.Application()
        site.router.add_post("/{path:.*}", self._called)
        self._runner = web.AppRunner(site, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.close()
            where = f"{self._host}:{self._port}"
            reason = f"{where} cannot be used: {error.strerror}"
            raise SettingsError("environment", "PARLEY_WEBHOOK_LISTEN", reason) from error
        await self._look()

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(INFO_EVERY.total_seconds())
            await self._look()

    async def close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _called(self, request: web.Request) -> web.Response:
        """An update that cannot be kept is not acknowledged: Telegram sends it again."""
        if not hmac.compare_digest(
            request.headers.get(HEADER, "").encode("utf-8", "surrogateescape"), self._secret.encode()
        ):
            return web.Response(status=403)
        try:
            update = Update.de_json(json.loads(await request.read()), self._application.bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            log.exception("a call of the webhook is no update")
            return web.Response(status=400)
        try:
            await self._application.update_queue.put(update)
        except TelegramError as error:
            log.error("%s", error)
            return web.Response(status=503)
        self._heard_at = _now()
        return web.Response()

    async def _look(self) -> None:
        """Whether Telegram knows our address and reaches it."""
        bot = self._application.bot
        try:
            info = await bot.get_webhook_info()
            if info.url != self._url:
                await bot.set_webhook(self._url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES)
                log.info("Telegram calls the webhook from here on")
            elif info.last_error_message and info.pending_update_count:
                log.error(
                    "Telegram does not reach TELEGRAM_WEBHOOK_URL: %s; %d updates wait",
                    info.last_error_message,
                    info.pending_update_count,
                )
                return
        except InvalidToken as error:
            raise ParleyError(REFUSED) from error
        except TelegramError as error:
            log.warning("Telegram cannot be asked about the webhook: %s", type(error).__name__)
            return
        self._heard_at = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
