"""Machine translation over HTTP: a LibreTranslate server, or DeepL.

What is sent is what was posted; nothing tells who asks. LibreTranslate: docs.libretranslate.com; DeepL:
developers.deepl.com/api-reference/translate.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import aiohttp

from bot.errors import TranslationError

Service = Literal["libretranslate", "deepl"]

NAMES: Mapping[Service, str] = {"libretranslate": "LibreTranslate", "deepl": "DeepL"}

DEEPL_FREE, DEEPL = "https://api-free.deepl.com", "https://api.deepl.com"
"""Keys that end in :fx belong to the free one."""

DEEPL_TARGETS = {"en": "EN-GB", "uk": "UK", "ru": "RU"}
"""DeepL wants to know which English."""

LONGEST = 5000
"""Characters of one text; what is longer is cut by the caller."""

ANSWER = 256 * 1024
"""Bytes of an answer; a translation of the longest text in three bytes a letter is a tenth of it."""

PATIENCE = aiohttp.ClientTimeout(total=12, sock_connect=5)


class Translator:
    """One service. `url` may stand empty for DeepL, `key` for a LibreTranslate that asks for none."""

    def __init__(self, session: aiohttp.ClientSession, service: Service, url: str, key: str) -> None:
        self.service = service
        self._session = session
        self._url = url or (DEEPL_FREE if key.endswith(":fx") else DEEPL)
        self._key = key

    @property
    def name(self) -> str:
        return NAMES[self.service]

    async def translate(self, text: str, source: str, target: str) -> str:
        """From the language `source` (empty: to be found out) into `target`. Raises TranslationError."""
        path, headers, body = (
            self._deepl(text, source, target) if self.service == "deepl" else self._libre(text, source, target)
        )
        try:
            async with self._session.post(
                f"{self._url}{path}", json=body, headers=headers, timeout=PATIENCE, allow_redirects=False
            ) as answer:
                status, content = answer.status, b""
                async for chunk in answer.content.iter_chunked(ANSWER):
                    content += chunk
                    if len(content) > ANSWER:
                        break
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError) as error:
            raise TranslationError(f"{self.name} cannot be reached ({type(error).__name__})") from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise TranslationError(f"{self.name} gave no answer ({type(error).__name__})", billed=True) from error
        if status != 200:
            raise TranslationError(f"{self.name} refused (HTTP {status})")
        return self._read(content)

    def _libre(self, text: str, source: str, target: str) -> tuple[str, dict[str, str], dict[str, Any]]:
        body = {"q": text, "source": source or "auto", "target": target, "format": "text"}
        return "/translate", {}, body | ({"api_key": self._key} if self._key else {})

    def _deepl(self, text: str, source: str, target: str) -> tuple[str, dict[str, str], dict[str, Any]]:
        body: dict[str, Any] = {"text": [text], "target_lang": DEEPL_TARGETS[target]}
        headers = {"Authorization": f"DeepL-Auth-Key {self._key}"}
        return "/v2/translate", headers, body | ({"source_lang": source.upper()} if source else {})

    def _read(self, content: bytes) -> str:
        """The translation in an answer of the far end, which may be anything."""
        try:
            if len(content) > ANSWER:
                raise ValueError("too long")
            answer = json.loads(content)
            text = answer["translations"][0]["text"] if self.service == "deepl" else answer["translatedText"]
            if not isinstance(text, str) or not text.strip():
                raise ValueError("no text")
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise TranslationError(f"{self.name} gave an answer that is none", billed=True) from error
        return text
