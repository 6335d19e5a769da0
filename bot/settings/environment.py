"""The variables of the environment. Reasons never show what a variable holds that may be secret."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.settings.reading import Key, Place, Reader, Wrong, expected, shown, url


def _secret(expression: str, reason: str) -> Reader:
    """What the whole value must look like, and what is said if it does not: nothing of the value itself."""

    def read(value: Any, place: Place) -> str:
        if not re.fullmatch(expression, value):
            raise Wrong(reason)
        return str(value)

    return read


_bot_token = _secret(
    r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}",
    "is no bot token; expected what @BotFather gives, digits:letters, without quotation marks",
)
_bearer_token = _secret(
    r"[A-Za-z0-9%._~+/=-]+",
    'is no bearer token; expected it alone, without "Bearer", quotation marks or spaces',
)
_translate_key = _secret(
    r"[\x21-\x7e]{1,200}",
    "is no key; expected it alone, without quotation marks or spaces",
)
_api_hash = _secret(
    r"[0-9a-f]{32}",
    "is no api_hash; expected the 32 characters that https://my.telegram.org gives",
)
_session = _secret(
    r"1[A-Za-z0-9_=-]{100,1000}",
    "is no session of Telethon's; expected the text that logging in gives",
)
_webhook_secret = _secret(
    r"[A-Za-z0-9_-]{16,256}",
    "is no secret for a webhook; expected 16 to 256 letters, digits, _ and -",
)


def _number(value: Any, place: Place) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise expected("the number that https://my.telegram.org gives as api_id", value)
    return int(value)


def _base(value: Any, place: Place) -> str:
    address: str = url(value, place)
    if "?" in address or "#" in address:
        raise expected("the beginning of an address, without ? and #", value)
    return address.rstrip("/")


def _path(value: Any, place: Place) -> Path:
    return Path(value)


def _chats(value: Any, place: Place) -> tuple[int, ...]:
    chats = [chat for chat in re.split(r"[\s,;]+", value) if chat]
    for chat in chats:
        if not re.fullmatch(r"-?[0-9]{1,18}", chat):
            raise Wrong(f"{shown(chat)} is no chat id; expected numbers with commas between them")
    return tuple(int(chat) for chat in chats)


def _address(value: Any, place: Place) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise expected("an address such as 127.0.0.1, or 0.0.0.0 for all of this computer's", value) from None


def _port(value: Any, place: Place) -> int:
    if value == "off":
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
        raise expected("a port from 1 to 65535, or off", value)
    return int(value)


def _host_and_port(value: Any, place: Place) -> tuple[str, int]:
    found = re.fullmatch(r"([A-Za-z0-9.:-]+):([0-9]{1,5})", value)
    if not found or not 0 < int(found[2]) <= 65535:
        raise expected("a host and a port, such as 127.0.0.1:8443", value)
    return found[1], int(found[2])


ENVIRONMENT: Mapping[str, Key] = {
    "TELEGRAM_BOT_TOKEN": Key(_bot_token, fills="bot_token"),
    "TELEGRAM_API_URL": Key(_base, fills="telegram_api_url"),
    "TELEGRAM_WEBHOOK_URL": Key(_base, fills="webhook_url"),
    "TELEGRAM_WEBHOOK_SECRET": Key(_webhook_secret, fills="webhook_secret"),
    "TELEGRAM_WEB_URL": Key(_base, fills="telegram_web_url"),
    "TELEGRAM_API_ID": Key(_number, fills="telegram_api_id"),
    "TELEGRAM_API_HASH": Key(_api_hash, fills="telegram_api_hash"),
    "TELEGRAM_SESSION": Key(_session, fills="telegram_session"),
    "X_BEARER_TOKEN": Key(_bearer_token, fills="x_bearer_token"),
    "X_API_URL": Key(_base, fills="x_api_url"),
    "TRANSLATE_URL": Key(_base, fills="translate_url"),
    "TRANSLATE_KEY": Key(_translate_key, fills="translate_key"),
    "PARLEY_DATABASE": Key(_path, fills="database"),
    "PARLEY_CONFIG": Key(_path, fills="config"),
    "PARLEY_ADMINS": Key(_chats, fills="admins"),
    "PARLEY_WEBHOOK_LISTEN": Key(_host_and_port, fills="webhook_listen"),
    "PARLEY_HEALTH_PORT": Key(_port, fills="health_port"),
    "PARLEY_HEALTH_HOST": Key(_address, fills="health_host"),
}
"""Every variable that is read; each also as NAME_FILE, the path of a file that holds the value."""


def from_environment(environment: Mapping[str, str], mistakes: list[SettingsError]) -> dict[str, Any]:
    """The fields of Settings that the environment sets; an empty variable is as good as none."""
    fields: dict[str, Any] = {}
    for variable, key in ENVIRONMENT.items():
        place = Place("environment", variable, mistakes, {})
        value, file = environment.get(variable, "").strip(), environment.get(f"{variable}_FILE", "").strip()
        if value and file:
            place.wrong(f"{variable}_FILE is set too; expected one of them")
        elif file:
            Place("environment", f"{variable}_FILE", mistakes, {}).take(_in_file(key.read), file, fields, key.fills)
        elif value:
            place.take(key.read, value, fields, key.fills)
    return fields


def _in_file(read: Reader) -> Reader:
    return lambda file, place: read(_content(file), place)


def _content(file: str) -> str:
    """What the file holds. The reasons do not show its path: somebody may have put the secret itself there."""
    try:
        value = Path(file).read_text("utf-8").strip()
    except OSError as error:
        raise Wrong(f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Wrong("does not hold text") from error
    if not value:
        raise Wrong("is empty")
    return value
