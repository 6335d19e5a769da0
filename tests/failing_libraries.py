"""A program in which everything fails with secrets at hand: `FORM BOT_TOKEN BEARER_TOKEN` are its arguments."""

import asyncio
import gc
import logging
import sys
import threading
import warnings

import aiohttp
import httpx
import telegram
import tweepy
import tweepy.asynchronous

from bot import logs
from bot.botapi.transport import AiohttpRequest

NOBODY = "http://127.0.0.1:9"


class Finalized:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __del__(self) -> None:
        raise RuntimeError(f"a finalizer has failed with {self.secret}")


async def fail(token: str, bearer: str) -> None:
    log = logging.getLogger("bot")
    address = f"{NOBODY}/bot{token}/getMe?authorization={bearer}"
    try:
        async with httpx.AsyncClient() as client:
            await client.get(address)
    except httpx.HTTPError:
        log.exception("httpx has failed with %s", address)
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {bearer}"}) as session:
            await session.get(address, raise_for_status=True)
    except aiohttp.ClientError as error:
        log.exception("aiohttp has failed with %r", error)
    try:
        async with aiohttp.ClientSession() as session:
            await session.get(f"nonsense:{address}")
    except aiohttp.ClientError as error:
        log.exception("aiohttp has failed with %r", error)
    for blocking in (True, False):
        try:
            if blocking:
                client_v2 = tweepy.Client(bearer)
                client_v2.session.headers["Authorization"] = f"Bearer {bearer}"
                client_v2.session.get(address)
            else:
                waiting = tweepy.asynchronous.AsyncClient(bearer)
                waiting.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoResolver()))
                await waiting.get_tweet(1)
        except Exception:
            log.exception("tweepy has failed with %s", bearer)
        finally:
            if not blocking and waiting.session:
                await waiting.session.close()
    for request in (None, AiohttpRequest()):
        bot = telegram.Bot(token, base_url=f"{NOBODY}/bot", request=request)
        try:
            await bot.initialize()
        except telegram.error.TelegramError:
            log.exception("telegram has failed with %s", bot.base_url)
        await bot.shutdown()
    asyncio.get_running_loop().create_task(fails("a task has failed", token))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()


class NoResolver(aiohttp.abc.AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        raise OSError(f"nobody looks up {host}")

    async def close(self) -> None:
        """Nothing is open."""


async def fails(words: str, secret: str) -> None:
    raise RuntimeError(f"{words} with {secret}")


def main(form: str, token: str, bearer: str) -> None:
    logs.start([token, bearer], logging.DEBUG, form="json" if form == "json" else "text")
    for name in logs.QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG)
    asyncio.run(fail(token, bearer))
    warnings.warn(f"a warning has failed with {token}", stacklevel=1)
    logging.getLogger("bot").warning("%d is no number", token)
    thread = threading.Thread(target=asyncio.run, args=(fails("a thread has failed", token),))
    thread.start()
    thread.join()
    Finalized(bearer)
    raise RuntimeError(f"the end has failed with {token} and {bearer}")


if __name__ == "__main__":
    main(*sys.argv[1:])
