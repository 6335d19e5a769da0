"""The values that travel through the house: frozen, without behaviour beyond looking things up.

Every datetime is aware and in UTC. A mapping of names goes from a language code (`en`, `uk`, `ru`) to words.
Keys of the configuration (`Speaker.id` and the like) are text; numbers of the database are ints, 0 before the
value has been stored.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal, NewType, Protocol, get_args, runtime_checkable

Names = Mapping[str, str]

LANGUAGES = ("en", "uk", "ru")


def in_language(names: Names, language: str) -> str:
    """The name in that language, else in English, else in whatever language it has."""
    return names.get(language) or names.get("en") or next(iter(names.values()), "")


# --- what config/ says


@dataclass(frozen=True, slots=True)
class Round:
    """One meeting of talks: its first and last day, where or by which means, and where one can read that it was so."""

    since: date
    until: date
    place: Names
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talks:
    """A negotiation: the table at which sides sit. `rounds` in no particular order."""

    id: str
    name: Names
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """A party to talks, or a mediator of them."""

    id: str
    talks: str
    name: Names
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """What a speaker was, from and until which day (both included; None is open)."""

    talks: str
    title: Names
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person (or an institution) whose statements are collected.

    `name` and `aliases` are nominatives; their case forms are found by `words.names`. A form counts only with its
    capital letters as given. `never`: words that, right before the name, make it somebody else's. `needs`: if any
    are given, one of them must stand somewhere in the post (for very common surnames).
    """

    id: str
    side: str
    name: Names
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    needs: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def role_on(self, day: date) -> Role | None:
        """The role held that day: the one that began last."""
        held = [
            role
            for role in self.roles
            if (role.since is None or role.since <= day) and (role.until is None or day <= role.until)
        ]
        return max(held, key=lambda role: role.since or date.min, default=None)


SourceKind = Literal["x", "telegram", "feed", "archive"]

WITHDRAWN: frozenset[str] = frozenset({"x"})
"""Kinds of sources of which nobody may show what the platform itself no longer shows, by its terms: the text of a
deleted post goes, in all its versions; that of one which is hidden stays unseen until it is shown again. Elsewhere it
is evidence.
"""

Dialect = Literal["", "nitter", "rsshub"]
"""Who made a feed of an account on X; the feed stands in for the account."""


@dataclass(frozen=True, slots=True)
class Source:
    """One address where statements appear: an account of a speaker, or an outlet that quotes speakers.

    Exactly one of `speaker` and `outlet` is set. `address` is a handle (x), a channel name (telegram), a URL (feed)
    or a path (archive). `account_id` is the platform's own number of the account, pinned against taken-over names.
    `label` is what readers must know of an outlet ("state media"). `every` is the pause between polls. `proof` and
    `confidence` say why this is the right account; `note` tells the operator the rest (why it is off). `dialect` is
    only for feeds, and so is `zone`, the IANA name of the zone in which dates are that name none.
    `translate`: its words may be sent to the translation service, and there is one. `pictures`: those of its posts may
    be shown.
    """

    id: str
    kind: SourceKind
    address: str
    speaker: str = ""
    outlet: Names | None = None
    label: Names = field(default_factory=dict)
    language: str = ""
    account_id: str = ""
    every: timedelta = timedelta(minutes=5)
    enabled: bool = True
    proof: str = ""
    confidence: str = ""
    note: str = ""
    dialect: Dialect = ""
    translate: bool = False
    pictures: bool = False
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A preset watch: one query a language. `talks` are those whose course it is about: pauses, places, formats."""

    id: str
    name: Names
    watch: Names
    talks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything config/ says of the talks, by id."""

    talks: Mapping[str, Talks]
    sides: Mapping[str, Side]
    speakers: Mapping[str, Speaker]
    sources: Mapping[str, Source]
    topics: Mapping[str, Topic]

    def side_of(self, speaker: str) -> Side | None:
        known = self.speakers.get(speaker)
        return self.sides.get(known.side) if known else None

    def speakers_of(self, side: str) -> list[Speaker]:
        return [speaker for speaker in self.speakers.values() if speaker.side == side]

    def sources_of(self, speaker: str) -> list[Source]:
        return [source for source in self.sources.values() if source.speaker == speaker]


# --- what is collected

Cursor = NewType("Cursor", str)
"""Where a fetcher left off. Only the fetcher that made it reads it; the store keeps it."""

PostKind = Literal["post", "repost", "reply", "quote", "forward", "service"]
"""`repost` and `forward` carry somebody else's words; `quote` is a post beside somebody else's; `service` is the
platform's own note ("channel created")."""


Fate = Literal["stands", "deleted", "protected", "suspended", "withheld", "unsure"]
"""What a platform says has become of a post. protected: only the author's followers may read it. suspended: the
author's account is. withheld: it is not shown where we are. unsure: it does not say."""


@dataclass(frozen=True, slots=True)
class Version:
    """One text that a post has had, and when it was first seen. The text is empty where it had to go; `sha256` is that
    of the verbatim text in UTF-8, in hexadecimal.
    """

    seen_at: datetime
    text: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One post as its platform shows it.

    `external_id` is the platform's id, unique within the source and stable through edits. `text` is verbatim: of a
    feed's item the title, an empty line and the summary. `quoted` is the text of the post that a reply or quote
    answers, never part of `text`. `author` names whose words a repost or forward carries. `media` lists kinds
    ("photo", "video", …). `language` is a code or empty. `fate` is what the platform last said of it; where it is
    `deleted`, `deleted_at` is since when it was missing; `fate_at` is when we learned of it, unless it stands. `late`:
    it was found long after it was published.

    `pictures` are the addresses of its photos, where a look at its source says them; the store gives them apart.

    Only archives have the rest: `versions`, the texts that it had before, the first one first; and `sha256`, that of
    its text where the text itself had to go.
    """

    source: str
    external_id: str
    url: str
    published_at: datetime
    text: str
    language: str = ""
    kind: PostKind = "post"
    media: tuple[str, ...] = ()
    quoted: str = ""
    author: str = ""
    id: int = 0
    seen_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    fate: Fate = "stands"
    fate_at: datetime | None = None
    late: bool = False
    pictures: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    sha256: str = ""


StatementKind = Literal["own", "quote", "report", "mention", "unknown"]


CORRECTED = "corrected"
"""The rule of a statement of which a person has said that it is none of the speaker's: a mention from then on."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one speaker says in one post, and by which right we say so.

    own: the speaker's own account. quote: an outlet gives the words in quotation marks. report: it gives the
    content. mention: the speaker is named and does not speak. unknown: something says that they speak, and not
    clearly enough; nothing is attributed to them. `text` is the part of the post that is theirs; `evidence` the
    part, verbatim, that names who speaks; `rule` which construction decided; `confidence` runs from 0 to 100.
    """

    speaker: str
    kind: StatementKind
    text: str
    rule: str = ""
    evidence: str = ""
    confidence: int = 100

    @property
    def speaks(self) -> bool:
        """Whether it says that the speaker speaks."""
        return self.kind not in ("mention", "unknown")


@dataclass(frozen=True, slots=True)
class Telling:
    """A stored post with its statements; what a reader is shown. `story` joins tellings of the same statement;
    `topics` are the ids of those that it was found to touch.
    """

    post: Post
    statements: tuple[Statement, ...] = ()
    story: int = 0
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """How a post is found: `document` is for the full-text index, `topics` are the ids of those that it touches,
    `version` says with which rules and dictionaries both were made.
    """

    document: str
    topics: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one look at a source brought.

    `posts` in any order, known ones included. `title` and `account_id` are what the platform says of the account,
    where it says so. `next_at`: the far end asks not to be read before.

    `covered`: between these external ids, both included, the look shows everything that stands; what is stored there
    and stands neither in `posts` nor in `members` may have been deleted. `members` are the ids of an album's parts,
    which stand without a post of their own. `gap`: a span of time that could not be read and will not be read later.
    `note` is for the operator: what wants mending although the look went well.
    """

    posts: tuple[Post, ...]
    cursor: Cursor
    title: str = ""
    account_id: str = ""
    next_at: datetime | None = None
    covered: tuple[int, int] | None = None
    members: tuple[str, ...] = ()
    gap: tuple[datetime, datetime] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which what a source said was not seen: `until` None while it lasts, `source` empty for all sources."""

    source: str
    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whom an address belongs to, as its platform says; `account_id` is empty where it gives no number.

    `note` is for the operator: what else is worth knowing before trusting it.
    """

    title: str
    account_id: str = ""
    note: str = ""


class Fetcher(Protocol):
    """One a kind of source, in `bot.sources`."""

    async def fetch(self, source: Source, cursor: Cursor | None, now: datetime) -> Fetched:
        """Raises FetchError."""

    async def resolve(self, source: Source, now: datetime) -> Account:
        """Who the address belongs to. Raises FetchError."""

    async def confirm(self, source: Source, posts: Sequence[Post], now: datetime) -> Mapping[str, Fate]:
        """What has become of posts that are stored, by external id. Raises FetchError.

        `unsure` where the far end does not say, and for every post of a source that cannot tell; posts that could not
        be asked for are left out.
        """


@runtime_checkable
class Historian(Protocol):
    """A fetcher of a platform that shows the past, too."""

    def history(
        self, source: Source, since: datetime, now: datetime, cursor: Cursor | None = None
    ) -> AsyncIterator[Fetched]:
        """Page after page back to `since`, the newest first. Each has a cursor (not one of `fetch`) from which another
        call goes on. Raises FetchError; what came before it stands.
        """


# --- who is told

SubscriberState = Literal["active", "blocked", "gone", "paused", "barred"]
"""blocked: the chat refuses us, its settings are kept and come back with /start. gone: the account no longer
exists. paused: rights or topic lost. barred: an operator has shut it out."""

How = Literal["now", "silent", "digest", "off"]
"""now: an alert with sound. silent: an alert without. digest: only in the digest. off: it rests."""

WatchHow = Literal["urgent", "now", "silent", "digest", "off"]
"""urgent: an alert with sound, in quiet hours and in a burst too."""

Changes = Literal["now", "digest", "off"]
"""How a subscriber is told of posts that were edited or deleted: by an alert, in the digest, not at all."""

Retold = Literal["attach", "now", "off"]
"""How a subscriber is told that a statement is told again: by an edit of the alert that told it first, by an alert of
its own, not at all. The digest always says so.
"""

DigestBy = Literal["side", "topic"]
"""What the statements of a digest stand under: their side and speaker, or what they are about."""


CHOICES: Mapping[str, tuple[str, ...]] = {
    "changes": get_args(Changes),
    "deletions": get_args(Changes),
    "retold": get_args(Retold),
    "mentions": ("0", "1"),
    "bundle": ("1", "0"),
    "previews": ("0", "1"),
    "translate": ("0", "1"),
    "digest_by": get_args(DigestBy),
    "empty_digest": ("0", "1"),
    "digest_picture": ("0", "1"),
    "pictures": ("0", "1"),
    "announcements": ("0", "1"),
}
"""What a subscriber chooses of a few words, by field; a flag is 0 or 1."""


EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Timetable:
    """When digests come: at these local times, in order and at least one, on these days of the week (1 is Monday)."""

    times: tuple[time, ...]
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A chat, or one topic of a forum (`thread`, 0 for none), and how it wants to be told.

    `zone` is an IANA name. `digest` is when digests come, None for never. `digested_at` is the end of the last
    digest's window. `changes` and `deletions`: how edits and deletions are told; `retold`: how tellings of what is
    known. `mentions`: whether posts that only mention somebody who is followed are told, too. `quiet`: local hours
    in which alerts are held, None for none. `bundle`: whether a burst of alerts becomes one message. `previews`:
    whether an alert shows Telegram's preview of its post. `digest_by`: what a digest is sorted by; `empty_digest`:
    whether one with nothing in it comes; `digest_picture`: whether a picture of the counts comes with each;
    `pictures`: whether an alert shows the first picture of its post. `translate`: whether one comes with a
    translation.
    """

    id: int
    chat: int
    thread: int
    kind: str
    title: str
    language: str
    zone: str
    digest: Timetable | None
    digested_at: datetime
    next_digest_at: datetime | None
    state: SubscriberState
    changes: Changes = "now"
    deletions: Changes = "now"
    retold: Retold = "attach"
    mentions: bool = False
    quiet: tuple[time, time] | None = None
    bundle: bool = True
    previews: bool = False
    translate: bool = False
    digest_by: DigestBy = "side"
    empty_digest: bool = True
    digest_picture: bool = False
    pictures: bool = False
    announcements: bool = True


FollowWhat = Literal["all", "side", "speaker", "source", "topic"]


@dataclass(frozen=True, slots=True)
class Follow:
    """`value` is the id of the side, speaker, source or topic; empty for all."""

    what: FollowWhat
    value: str = ""
    how: How = "now"


@dataclass(frozen=True, slots=True)
class Watch:
    """A keyword query of one subscriber, as typed."""

    id: int
    subscriber: int
    query: str
    how: WatchHow = "now"


MuteWhat = Literal["speaker", "watch"]


@dataclass(frozen=True, slots=True)
class Mute:
    """A speaker (the id), or a watch of the subscriber's (its number), of which they are not told at once until then;
    None: until it is unmuted.
    """

    what: MuteWhat
    value: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a watch would have brought in 30 days: so many `hits` of so many `posts`, `estimated` if they were too many
    to read; the `last` posts that match, from whenever. `broad`: it would fire all day long.
    """

    hits: int
    posts: int
    last: tuple[Telling, ...]
    estimated: bool = False
    broad: bool = False


# --- what is sent


@dataclass(frozen=True, slots=True)
class Entity:
    """A mark on a stretch of a message; `offset` and `length` count UTF-16 units, as Telegram does.

    `type` is Telegram's name ("bold", "text_link", "expandable_blockquote", "date_time", …). `unix_time` and
    `format` belong to date_time.
    """

    type: str
    offset: int
    length: int
    url: str = ""
    unix_time: int = 0
    format: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """Under a message: opens `url`, copies `copy` (at most 256 characters), or sends `data` (at most 64 bytes) back."""

    text: str
    data: str = ""
    url: str = ""
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A finished message within Telegram's limits: plain text, marks and rows of buttons; no markup to parse.

    `picture` is the address of one, or of a page, that Telegram shows below the words as their preview, if it can.
    `drawing` is the number of one of ours: the message is that picture, with the words below it.
    """

    text: str
    entities: tuple[Entity, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: str = ""
    drawing: int = 0


Lane = Literal["answer", "urgent", "alert", "notice", "digest", "broadcast"]
"""Who goes first when there is more to send than may be sent. `urgent`: alerts that a watch of the subscriber's own
brought. `notice`: for operators and owners of groups. `broadcast`: from the operators to everybody.
"""


@dataclass(frozen=True, slots=True)
class Notification:
    """One row of the outbox that is due: a message nobody asked for, to one subscriber.

    `attempts` counts the tries that ended, `doubts` those after which nobody could tell whether it had arrived,
    `deaths` the processes that ended meanwhile.
    `body` is the number of its words. With a `message_id` it stands in the chat already, and is to be edited.
    """

    id: int
    subscriber: int
    chat: int
    thread: int
    lane: Lane
    message: Message
    silent: bool = False
    attempts: int = 0
    doubts: int = 0
    deaths: int = 0
    body: int = 0
    message_id: int = 0


# --- what operators see


@dataclass(frozen=True, slots=True)
class People:
    """All subscribers by state, those that are active by kind of chat and by language; how many are `new`, and how many
    chats are shut out.
    """

    states: Mapping[str, int]
    kinds: Mapping[str, int]
    languages: Mapping[str, int]
    new: int
    barred: int


@dataclass(frozen=True, slots=True)
class Known:
    """One subscriber with how much it follows and watches, how many messages it was `sent` and how many did not reach
    it, as far as that is remembered.
    """

    subscriber: Subscriber
    since: datetime
    follows: int
    watches: int
    sent: int
    refused: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one lane: `rows` for `chats`. `deferred` was put off, `doubtful` is on its way or may have arrived,
    `later` is not due yet; `oldest` is when the first of it was queued.
    """

    lane: Lane
    rows: int
    chats: int
    deferred: int
    doubtful: int
    later: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """The lanes in which something waits, in the order in which they go; how many chats are `held`, the last of them
    until then; of how many messages of the last day nobody can tell whether they arrived.
    """

    lanes: tuple[Waiting, ...]
    held: int
    held_until: datetime | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Misfire:
    """Messages that ended alike: their state, the reason that Telegram or we gave, how many, and when the last was."""

    state: str
    reason: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that an operator was told of."""

    at: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class Announcement:
    """What operators write to all, or to those who read one `language`. `at` is when it got its state, `chats` to how
    many it was queued.
    """

    id: int
    message: Message
    state: Literal["drafted", "sent", "taken back"]
    language: str
    at: datetime
    chats: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many chats have an announcement, wait for it, will not get it (they refuse it, or it was taken back), and may
    have it.
    """

    sent: int = 0
    waiting: int = 0
    refused: int = 0
    unknown: int = 0
