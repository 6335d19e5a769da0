"""Telegram channels through Telegram's own protocol, with the session of a user's account: optional, off by default.

Needs Telethon (`pip install "parley-monitor[mtproto]"`) and a dedicated account, which Telegram may ban for this. What
stands in a channel is asked for at each poll; events only make a poll come sooner, because Telegram does not send them
for every channel and loses them under load.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.errors import FetchError
from bot.models import Account, Cursor, Fate, Fetched, Post, PostKind, Source
from bot.sources.plain import one_line, tidy

_NEWEST = 50
"""Messages that each poll reads again, for edits: one request."""

_AT_ONCE = 500
"""The most that one poll reads of what came since the last one; Telegram gives a hundred a request."""

_A_REQUEST = 100
_ALBUMS = 40

_LONGEST_WAIT = timedelta(days=1)
"""Telegram asks for no longer one: what seems longer is a clock that was set back."""

_STOPPED = {
    "ChannelPrivateError": "the channel is private, or our account was put out of it",
    "AuthKeyDuplicatedError": "Telegram ended the session: it was used from two addresses; log in anew",
    "AuthKeyUnregisteredError": "Telegram does not know the session any more; log in anew",
    "SessionRevokedError": "the session was ended from another device; log in anew",
    "UserDeactivatedBanError": "Telegram has banned our account",
}
"""What only a person can mend, by the names of Telethon's errors."""

_MEDIA = ("photo", "video", "round_video", "voice", "audio", "sticker", "document", "location", "poll")
_NAMES_OF_TELETHON = {"round_video": "video_note", "location": "geo"}


@dataclass(frozen=True, slots=True)
class Connection:
    """Telethon's client; how it wants a channel to be named, by number and access hash; its class of refusals."""

    client: Any
    peer: Callable[[int, int], Any]
    refusal: type[Exception]
    release: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """The channel, resolved once (Telegram minds more), and the highest id seen. `groups` has the id under which each
    recent album is known, by Telegram's number of the album.
    """

    name: str
    channel: int = 0
    hash: int = 0
    title: str = ""
    last: int = 0
    groups: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: Cursor | None, source: Source) -> "_Place | None":
        """None before the first look, also if config/ names another channel now, or another number of it. What the
        public preview left off at is gone on from.
        """
        written = json.loads(cursor) if cursor else {}
        if written.get("name") != _name(source):
            return None
        place = cls(**{key: written[key] for key in cls.__slots__ if key in written})
        last = written["after"] if written.get("before") else place.last
        place = replace(place, channel=int(place.channel or 0), last=last)
        return place if source.account_id in ("", str(place.channel)) or not place.channel else None

    def write(self) -> Cursor:
        return Cursor(json.dumps({key: getattr(self, key) for key in self.__slots__}))


class TelegramClient:
    """Connects at the first request, and asks one thing at a time; after a flood wait, nothing until it is over.

    `connect` is given what to call with the number of a channel of which an event has come, and raises FetchError;
    `hurry` is called with the id of that channel's source.
    """

    def __init__(
        self, connect: Callable[[Callable[[int], None]], Awaitable[Connection]], hurry: Callable[[str], None]
    ) -> None:
        self._connect = connect
        self._hurry = hurry
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._waits_until: datetime | None = None
        self._sources: dict[int, str] = {}

    async def close(self) -> None:
        """Give the session back."""
        if self._connection:
            await self._connection.client.disconnect()
            self._connection.release()
            self._connection = None

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """The newest messages, and all between them and the last known one: 500 a poll, the oldest first."""
        left_off = _Place.read(cursor, source)
        async with self._asking(now) as connection:
            place = await _resolved(connection, source, left_off)
            self._sources[place.channel] = source.id
            peer = connection.peer(place.channel, place.hash)
            newest = _sorted(await connection.client.get_messages(peer, limit=_NEWEST))
            if len(newest) == _NEWEST:
                newest = _without_album_of(newest[0], newest)
            between = {"min_id": place.last, "max_id": newest[0].id if newest else 0}
            some_missed = left_off is not None and between["max_id"] > place.last + 1
            missed = (
                _sorted(await connection.client.get_messages(peer, limit=_AT_ONCE, reverse=True, **between))
                if some_missed
                else []
            )
        if not newest:
            if place.last:
                raise FetchError("empty: the channel shows no posts where there were some; not believed")
            return Fetched((), place.write(), place.title, str(place.channel))
        highest = max(place.last, newest[-1].id)
        if len(missed) == _AT_ONCE:  # the next poll goes on behind them
            missed = _without_album_of(missed[-1], missed)
            last, low = missed[-1].id, newest[0].id
        else:
            last, low = highest, [*missed, *newest][0].id
        fetched = _fetched(source, replace(place, last=last), [*missed, *newest])
        return replace(fetched, covered=(low, highest))

    async def resolve(self, source: Source, now: datetime) -> Account:
        async with self._asking(now) as connection:
            place = await _resolved(connection, source)
        return Account(place.title, str(place.channel))

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """Telegram gives nothing for the id of a message that was deleted. Where `account_id` is set, another channel
        under the name says nothing.
        """
        fates: dict[str, Fate] = {post.external_id: "unsure" for post in posts}
        ids = [int(id) for id in fates if id.isdecimal()]
        async with self._asking(now) as connection:
            place = await _resolved(connection, source)
            if source.account_id not in ("", str(place.channel)):
                return fates
            peer = connection.peer(place.channel, place.hash)
            for at in range(0, len(ids), _A_REQUEST):
                asked = ids[at : at + _A_REQUEST]
                found = await connection.client.get_messages(peer, ids=asked)
                for id, message in zip(asked, found, strict=True):
                    fates[str(id)] = "deleted" if message is None else "stands"
        return fates

    async def history(
        self, source: Source, since: datetime, now: datetime, cursor: Cursor | None = None
    ) -> AsyncIterator[Fetched]:
        """A hundred messages at a time back to `since`, the newest first."""
        written = json.loads(cursor) if cursor else {}
        before: int = written.get("before", 0)
        while True:
            async with self._asking(now) as connection:
                place = await _resolved(connection, source)
                peer = connection.peer(place.channel, place.hash)
                messages = _sorted(await connection.client.get_messages(peer, limit=_A_REQUEST, max_id=before))
            if len(messages) == _A_REQUEST:
                messages = _without_album_of(messages[0], messages)
            if not messages:
                return
            before = messages[0].id
            fetched = _fetched(source, place, messages)
            posts = tuple(post for post in fetched.posts if post.published_at >= since)
            yield replace(fetched, posts=posts, cursor=Cursor(json.dumps({"before": before})))
            if messages[0].date < since:
                return

    @asynccontextmanager
    async def _asking(self, now: datetime) -> AsyncIterator[Connection]:
        async with self._turn:
            if self._waits_until and now < self._waits_until <= now + _LONGEST_WAIT:
                raise FetchError("Telegram wants us to wait", retry_at=self._waits_until, shared=True)
            if self._connection is None:
                self._connection = await self._connect(self._heard)
            try:
                yield self._connection
            except self._connection.refusal as error:
                name, seconds = type(error).__name__, getattr(error, "seconds", None)
                self._waits_until = now + timedelta(seconds=seconds) if seconds else None
                reason = f"Telegram: {_STOPPED.get(name, error)}"
                raise FetchError(
                    reason,
                    permanent=name in _STOPPED,
                    retry_at=self._waits_until,
                    shared=bool(seconds) or (name in _STOPPED and name != "ChannelPrivateError"),
                ) from error
            except (OSError, EOFError, ValueError) as error:
                raise FetchError(f"Telegram cannot be read: {error or type(error).__name__}") from error

    def _heard(self, channel: int) -> None:
        if source := self._sources.get(channel):
            self._hurry(source)


async def connect(api_id: int, api_hash: str, session: str, lock: Path, heard: Callable[[int], None]) -> Connection:
    """Log in with a session string; `lock` is a file that keeps a second process from using it. Raises FetchError."""
    try:
        from telethon import TelegramClient as Telethon
        from telethon import events
        from telethon.errors import RPCError
        from telethon.sessions import StringSession
        from telethon.tl.types import InputPeerChannel
    except ImportError as error:
        raise _not_installed() from error
    with ExitStack() as stack:
        stack.enter_context(_alone(lock))
        try:
            # No sleeping through flood waits: the poll is put off instead.
            client = Telethon(
                StringSession(session), api_id, api_hash, flood_sleep_threshold=0, sequential_updates=True
            )
            await client.connect()
            known = await client.is_user_authorized()
        except (RPCError, OSError, EOFError, ValueError) as error:
            raise FetchError(f"Telegram's session cannot be used: {error or type(error).__name__}") from error
        if not known:
            await client.disconnect()
            raise FetchError("Telegram's session is not logged in; make a new one", permanent=True)

        async def hear(event: Any) -> None:
            peer = getattr(getattr(event, "message", None), "peer_id", event.original_update)
            if channel := getattr(peer, "channel_id", None):
                heard(channel)

        for kind in (events.NewMessage, events.MessageEdited, events.MessageDeleted):
            client.add_event_handler(hear, kind())
        return Connection(client, InputPeerChannel, RPCError, stack.pop_all().close)


async def login(api_id: int, api_hash: str, ask: Callable[[str], str], ask_secretly: Callable[[str], str]) -> str:
    """Log in by hand, once; returns the session as text, which is as good as the account itself. Raises FetchError."""
    try:
        from telethon import TelegramClient as Telethon
        from telethon.errors import RPCError
        from telethon.sessions import StringSession
    except ImportError as error:
        raise _not_installed() from error
    client = Telethon(StringSession(), api_id, api_hash)
    try:
        await client.start(
            phone=lambda: ask("Phone number of the account, with + and country: "),
            code_callback=lambda: ask_secretly("Code that Telegram has sent: "),
            password=lambda: ask_secretly("Password of the account: "),
        )
        if getattr(await client.get_me(), "bot", False):
            await client.log_out()
            raise FetchError("that is a bot: it cannot read channels; log in with an account", permanent=True)
        return str(client.session.save())
    except (RPCError, OSError, EOFError, ValueError, RuntimeError) as error:
        raise FetchError(f"Telegram does not log in: {error or type(error).__name__}") from error
    finally:
        await client.disconnect()


def _not_installed() -> FetchError:
    return FetchError('Telethon is not installed: pip install "parley-monitor[mtproto]"', permanent=True)


def lock_of(session: str) -> Path:
    """The file that is locked while a session is used, the same for every process of this computer."""
    name = hashlib.sha256(session.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"parley-session-{name}.lock"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FetchError(f"{lock}: {error.strerror}; another user of this computer may use the session") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise FetchError("another process uses Telegram's session, which serves only one") from error
    finally:
        os.close(handle)


async def _resolved(connection: Connection, source: Source, place: _Place | None = None) -> _Place:
    """The channel's number and access hash, from the place if they are known."""
    place = place or _Place(_name(source))
    if not place.hash:
        entity = await connection.client.get_entity(_name(source))
        if not getattr(entity, "broadcast", False):
            raise FetchError(f"{source.address} is no channel", permanent=True)
        place = replace(place, channel=entity.id, hash=entity.access_hash, title=one_line(entity.title))
    return place


def _name(source: Source) -> str:
    return source.address.removeprefix("@").lower()


# --- messages


def _sorted(found: Sequence[Any]) -> list[Any]:
    return sorted(found, key=lambda message: int(message.id))


def _without_album_of(edge: Any, messages: Sequence[Any]) -> list[Any]:
    """An album that may go on beyond the edge is not taken apart; it is read with what lies there."""
    return [message for message in messages if not edge.grouped_id or message.grouped_id != edge.grouped_id]


def _fetched(source: Source, place: _Place, messages: Sequence[Any]) -> Fetched:
    """Messages in order. An album is known by the id under which it was first seen, also when the message that had it
    has been deleted.
    """
    albums: dict[str, list[Any]] = {}
    for message in messages:
        albums.setdefault(str(message.grouped_id or f"single {message.id}"), []).append(message)
    groups = dict(place.groups)
    posts = []
    for group, album in albums.items():
        id = groups.setdefault(group, album[0].id) if album[0].grouped_id else album[0].id
        if album[0].action is None:
            posts.append(replace(_post(album, source), external_id=str(id)))
    recent = dict(sorted(groups.items(), key=lambda known: known[1])[-_ALBUMS:])
    ids = {post.external_id for post in posts}
    return Fetched(
        tuple(posts),
        replace(place, groups=recent).write(),
        place.title,
        str(place.channel),
        members=tuple(str(message.id) for message in messages if str(message.id) not in ids),
    )


def _post(album: Sequence[Any], source: Source) -> Post:
    """As the channel's preview shows it: an album is one post with the lowest id and whichever text it has."""
    first = album[0]
    text = next(filter(None, (tidy(message.message or "") for message in album)), "") or _poll(first.poll)
    media = tuple(medium for message in album if (medium := _medium(message)))
    edits = [message.edit_date for message in album if message.edit_date and not message.edit_hide]
    kind: PostKind = "forward" if first.forward else "reply" if first.reply_to else "post"
    return Post(
        source=source.id,
        external_id=str(first.id),
        url=f"https://t.me/{source.address.removeprefix('@')}/{first.id}",
        published_at=first.date.astimezone(UTC),
        text=text,
        language=source.language,
        kind=kind,
        media=media or (() if text else ("unsupported",)),
        author=_author(first.forward) if first.forward else "",
        edited_at=max(edits).astimezone(UTC) if edits else None,
    )


def _medium(message: Any) -> str:
    """Telethon counts a link's preview among the photos and documents, too."""
    if message.web_preview:
        return ""
    return next((kind for kind in _MEDIA if getattr(message, _NAMES_OF_TELETHON.get(kind, kind), None)), "")


def _poll(poll: Any) -> str:
    if not poll:
        return ""
    return "\n".join([_plain(poll.poll.question), *(f"• {_plain(answer.text)}" for answer in poll.poll.answers)])


def _plain(text: Any) -> str:
    """A text, or a text with marks."""
    return one_line(str(getattr(text, "text", text)))


def _author(forward: Any) -> str:
    named = getattr(forward.chat, "title", None) or forward.from_name or ""
    signed = f"({forward.post_author})" if forward.post_author else ""
    return one_line(" ".join(filter(None, [named, signed])))
