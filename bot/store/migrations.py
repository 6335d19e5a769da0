"""The tables, as steps that are only ever appended: a step that has been released is not edited."""

import sqlite_utils
from sqlite_utils import Migrations

from bot.store.connection import sqlite3

migrations = Migrations("parley")


def _step(name: str, script: str) -> None:
    """A step that is SQL alone."""

    @migrations(name=name)
    def run(database: sqlite_utils.Database) -> None:
        _run(database, script)


def _run(database: sqlite_utils.Database, script: str) -> None:
    """Statement by statement, for `executescript` would commit the transaction that the step runs in."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            database.conn.execute(statement)
            statement = ""
    database.conn.execute(statement)  # the last one, if it has no semicolon


_step(
    "first",
    """
CREATE TABLE sources (
    id TEXT PRIMARY KEY,                       -- the id in config/sources.toml
    kind TEXT NOT NULL,
    address TEXT NOT NULL,                     -- another address under the same id is another source: the cursor goes
    account_id TEXT NOT NULL DEFAULT '',       -- the platform's number of the account, as last seen
    title TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL,
    cursor TEXT,                               -- opaque; NULL until the first poll, which is silent
    next_poll_at INTEGER NOT NULL,
    last_ok_at INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,       -- in a row
    failing_since INTEGER,
    stopped INTEGER NOT NULL DEFAULT 0,        -- failed for good: a person must act, then start Parley again
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL REFERENCES sources(id),
    external_id TEXT NOT NULL,
    url TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    kind TEXT NOT NULL,
    media TEXT NOT NULL,                       -- a JSON list of kinds
    quoted TEXT NOT NULL,
    author TEXT NOT NULL,
    sha256 TEXT NOT NULL,                      -- of the text as it stands
    story INTEGER NOT NULL DEFAULT 0,          -- the earliest post that tells the same; 0: none
    edited_at INTEGER,
    deleted_at INTEGER,
    UNIQUE (source, external_id)
) STRICT;
CREATE INDEX posts_by_time ON posts (published_at, id);
CREATE INDEX posts_by_sight ON posts (seen_at, id);
CREATE INDEX posts_by_source ON posts (source, published_at, id);
CREATE INDEX posts_by_story ON posts (story) WHERE story <> 0;

CREATE TABLE versions (                        -- earlier texts of a post; the present one stands in posts
    id INTEGER PRIMARY KEY,
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    seen_at INTEGER NOT NULL,                  -- when this text was first seen
    text TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX versions_by_post ON versions (post, id);

CREATE TABLE statements (
    id INTEGER PRIMARY KEY,
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    speaker TEXT NOT NULL,                     -- the id in config/talks.toml
    kind TEXT NOT NULL,                        -- own, quote, report, mention
    text TEXT,                                 -- NULL: the whole text of the post
    rule TEXT NOT NULL,
    evidence TEXT NOT NULL,
    confidence INTEGER NOT NULL,
    published_at INTEGER NOT NULL,             -- the post's, so that one index answers "the latest of a speaker"
    UNIQUE (post, speaker)
) STRICT;
CREATE INDEX statements_by_speaker ON statements (speaker, published_at, post) WHERE kind <> 'mention';
CREATE INDEX statements_by_time ON statements (published_at, post) WHERE kind <> 'mention';

CREATE TABLE subscribers (
    id INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,                        -- Telegram's type of the chat
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    zone TEXT NOT NULL,
    digest TEXT,                               -- local time HH:MM; NULL: none
    digested_at INTEGER NOT NULL,              -- the end of the last digest's window
    next_digest_at INTEGER,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (chat, thread)
) STRICT;
CREATE INDEX subscribers_due ON subscribers (next_digest_at) WHERE next_digest_at IS NOT NULL AND state = 'active';

CREATE TABLE follows (
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    value TEXT NOT NULL,
    how TEXT NOT NULL,
    PRIMARY KEY (subscriber, what, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_by_value ON follows (what, value, subscriber);

CREATE TABLE watches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never used twice: the index in memory knows watches by it
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    query TEXT NOT NULL,                       -- as typed
    key TEXT NOT NULL,                         -- compiled: equal for equal meaning
    how TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (subscriber, key)
) STRICT;
CREATE TABLE watch_changes (                   -- what the index in memory has to learn
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    watch INTEGER NOT NULL
) STRICT;
CREATE TRIGGER watch_added AFTER INSERT ON watches BEGIN
    INSERT INTO watch_changes (watch) VALUES (new.id);
END;
CREATE TRIGGER watch_removed AFTER DELETE ON watches BEGIN
    INSERT INTO watch_changes (watch) VALUES (old.id);
END;

CREATE TABLE late (                            -- posts found after a long silence, for one catch-up message
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (subscriber, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX late_by_time ON late (found_at);

CREATE TABLE bodies (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL                      -- a finished message as JSON
) STRICT;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    body INTEGER NOT NULL REFERENCES bodies(id),
    lane INTEGER NOT NULL,                     -- the lower goes first
    silent INTEGER NOT NULL,
    state TEXT NOT NULL,                       -- queued, sending, sent, deferred, refused, unknown
    due_at INTEGER,                            -- NULL: nothing more happens to it
    attempts INTEGER NOT NULL DEFAULT 0,
    doubts INTEGER NOT NULL DEFAULT 0,         -- how often nobody could tell whether it arrived
    queued_at INTEGER NOT NULL,
    settled_at INTEGER,
    message_id INTEGER,
    error TEXT NOT NULL DEFAULT '',
    UNIQUE (subscriber, key)
) STRICT;
CREATE INDEX outbox_due ON outbox (lane, due_at, id) WHERE due_at IS NOT NULL AND state <> 'sending';
CREATE INDEX outbox_open ON outbox (subscriber, lane, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX outbox_by_body ON outbox (body);

CREATE TABLE inbox (
    update_id INTEGER PRIMARY KEY,
    payload TEXT NOT NULL,                     -- JSON; emptied once handled, for it holds what people typed
    received_at INTEGER NOT NULL,
    starts INTEGER NOT NULL DEFAULT 0,         -- how often its handlers were begun
    done_at INTEGER
) STRICT;
CREATE INDEX inbox_waiting ON inbox (update_id) WHERE done_at IS NULL;
""",
)


@migrations()
def search(database: sqlite_utils.Database) -> None:
    """The keys that `bot.words.search` makes of a post: letters, digits and spaces alone."""
    database.conn.execute(
        "CREATE VIRTUAL TABLE search USING fts5("
        "document, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0')"
    )


_step(
    "fates",
    """
ALTER TABLE posts ADD COLUMN fate TEXT NOT NULL DEFAULT 'stands';  -- what the platform last said of it
ALTER TABLE posts ADD COLUMN fate_at INTEGER;                      -- when we learned that; NULL: it always stood
ALTER TABLE posts ADD COLUMN late INTEGER NOT NULL DEFAULT 0;      -- found long after it was published
UPDATE posts SET fate = 'deleted', fate_at = deleted_at WHERE deleted_at IS NOT NULL;
CREATE INDEX posts_by_fate ON posts (fate_at) WHERE fate_at IS NOT NULL;
CREATE INDEX posts_by_edit ON posts (edited_at) WHERE edited_at IS NOT NULL;

CREATE TABLE checks (                          -- posts whose fate is to be asked for
    post INTEGER PRIMARY KEY REFERENCES posts(id) ON DELETE CASCADE,
    due_at INTEGER,                            -- NULL: it is missing and yet stands, as the platform says
    missed_at INTEGER,                         -- since when a look does not show it; NULL: a check of routine
    gone INTEGER NOT NULL DEFAULT 0,           -- how often the platform has said that it is deleted
    unsure INTEGER NOT NULL DEFAULT 0,         -- how often in a row it has not said
    cleared_at INTEGER                         -- when the platform last said that it stands
) STRICT;
CREATE INDEX checks_due ON checks (due_at) WHERE due_at IS NOT NULL;
""",
)


_step(
    "gaps",
    """
CREATE TABLE gaps (                            -- when a source was not seen
    id INTEGER PRIMARY KEY,
    source TEXT REFERENCES sources(id),        -- NULL: all of them
    since INTEGER NOT NULL,
    until INTEGER,                             -- NULL: it lasts
    reason TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX gaps_open ON gaps (source) WHERE until IS NULL;
CREATE INDEX gaps_by_end ON gaps (until);
""",
)


_step(
    "habits",
    """
ALTER TABLE sources ADD COLUMN last_new_at INTEGER;               -- when its newest post was published
ALTER TABLE sources ADD COLUMN rates TEXT NOT NULL DEFAULT '[]';  -- JSON: its posts an hour, by hour of the day in UTC
ALTER TABLE sources ADD COLUMN silence INTEGER;                   -- the longest silence to expect; NULL: not known
ALTER TABLE sources ADD COLUMN learned_at INTEGER;                -- when the two above were worked out
ALTER TABLE sources ADD COLUMN alarmed_at INTEGER;                -- since when operators know that it is ailing
ALTER TABLE sources ADD COLUMN note TEXT NOT NULL DEFAULT '';     -- what wants mending although it can be read
""",
)


_step("changes", "ALTER TABLE subscribers ADD COLUMN changes TEXT NOT NULL DEFAULT 'now'")


_step(
    "x_budget",
    """
CREATE TABLE x_days (                          -- what X has billed, a day of UTC
    day TEXT PRIMARY KEY,                      -- 2022-03-14
    posts INTEGER NOT NULL,
    users INTEGER NOT NULL,
    spent INTEGER NOT NULL                     -- millionths of a dollar, as this and the other prices
) STRICT, WITHOUT ROWID;
CREATE TABLE x_billed (                        -- each post and user is billed once a day
    day TEXT NOT NULL,
    kind TEXT NOT NULL,                        -- post, user
    id TEXT NOT NULL,
    PRIMARY KEY (day, kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE x_holds (                         -- calls whose answer is not known, at their worst
    day TEXT NOT NULL,
    question TEXT NOT NULL,
    results INTEGER NOT NULL,
    price INTEGER NOT NULL,
    PRIMARY KEY (day, question)
) STRICT, WITHOUT ROWID;
""",
)


_step(
    "amendments",
    """
ALTER TABLE bodies ADD COLUMN key TEXT;                            -- of words that can be amended: what they tell,
ALTER TABLE bodies ADD COLUMN part INTEGER NOT NULL DEFAULT 0;     -- the number of the part,
ALTER TABLE bodies ADD COLUMN audience TEXT;                       -- and to whom, as JSON
CREATE INDEX bodies_by_key ON bodies (key) WHERE key IS NOT NULL;
""",
)


@migrations()
def lineage(database: sqlite_utils.Database) -> None:
    """By this a copy of a database is told from a copy of another one."""
    database.conn.execute("CREATE TABLE lineage (id TEXT NOT NULL) STRICT")
    database.conn.execute("INSERT INTO lineage VALUES (lower(hex(randomblob(16))))")


_step(
    "backfills",
    """
CREATE TABLE backfills (                       -- how far a source's past has been read, while that is under way
    source TEXT PRIMARY KEY REFERENCES sources(id) ON DELETE CASCADE,
    address TEXT NOT NULL,                     -- another address is another past
    since INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    cursor TEXT NOT NULL,                      -- opaque; from there it goes on
    posts INTEGER NOT NULL,
    reached INTEGER                            -- when the oldest of them was published
) STRICT, WITHOUT ROWID;
""",
)


INDEX_BUFFER = 16 << 20
"""Bytes of new entries that the full-text index holds until the commit; with its own 1 MiB an import merges twice as
much.
"""

INDEX_BY_TIME = """
CREATE TABLE dictionaries (                    -- versions of what words, topics and watches are read with
    id INTEGER PRIMARY KEY,
    version TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE topic_hits (
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    topic TEXT NOT NULL,                       -- the id in config/topics.toml
    dictionary INTEGER NOT NULL REFERENCES dictionaries(id),
    PRIMARY KEY (post, topic)
) STRICT, WITHOUT ROWID;
CREATE TABLE places (                          -- posts as the full-text index numbers them: in the order of time
    place INTEGER PRIMARY KEY,
    post INTEGER NOT NULL UNIQUE REFERENCES posts(id) ON DELETE CASCADE
) STRICT;
CREATE TABLE editions (                        -- the two full-text indexes, search_0 and search_1
    at INTEGER PRIMARY KEY,
    serves INTEGER NOT NULL,                   -- one of them answers searches
    grows INTEGER NOT NULL DEFAULT 0,          -- the other one is being made anew
    dictionary INTEGER REFERENCES dictionaries(id),
    done INTEGER NOT NULL DEFAULT 0            -- up to which post that is done
) STRICT;
INSERT INTO editions (at, serves) VALUES (0, 1), (1, 0);
DROP TABLE search;                             -- numbered as posts came; made anew from them

ALTER TABLE watches ADD COLUMN dictionary INTEGER REFERENCES dictionaries(id);
CREATE INDEX watches_by_dictionary ON watches (dictionary, id);
CREATE TRIGGER watch_recompiled AFTER UPDATE OF key ON watches BEGIN
    INSERT INTO watch_changes (watch) VALUES (new.id);
END;
"""


@migrations()
def index_by_time(database: sqlite_utils.Database) -> None:
    _run(database, INDEX_BY_TIME)
    for table in ("search_0", "search_1"):
        database.conn.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5(document, content='', contentless_delete=1, tokenize='ascii')"
        )
        database.conn.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('hashsize', {INDEX_BUFFER})")  # noqa: S608


_step(
    "shared_words",
    """
ALTER TABLE outbox RENAME TO old_outbox;
ALTER TABLE bodies RENAME TO old_bodies;

CREATE TABLE notifications (                   -- what is said, to whomever
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE                   -- post:17
) STRICT;
CREATE TABLE bodies (                          -- and in which words
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never used twice: the sender remembers words by it
    notification INTEGER NOT NULL REFERENCES notifications(id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    audience TEXT NOT NULL,                    -- JSON; empty: these words cannot be amended
    sha256 TEXT NOT NULL,                      -- of part, audience and message
    message TEXT NOT NULL,                     -- a finished message as JSON
    UNIQUE (notification, sha256)
) STRICT;
CREATE TABLE outbox (                          -- narrow and with few indexes: one alert may be 100,000 rows
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never used twice: an answer may come when its row is gone
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    notification INTEGER NOT NULL,
    part INTEGER NOT NULL,
    body INTEGER NOT NULL,
    lane INTEGER NOT NULL,                     -- the lower goes first
    silent INTEGER NOT NULL,
    state TEXT NOT NULL,                       -- queued, sending, sent, deferred, refused, unknown
    due_at INTEGER,                            -- NULL: nothing more happens to it
    attempts INTEGER NOT NULL DEFAULT 0,
    doubts INTEGER NOT NULL DEFAULT 0,         -- how often nobody could tell whether it arrived
    queued_at INTEGER NOT NULL,
    settled_at INTEGER,
    message_id INTEGER,                        -- with a due_at: this message is to be edited
    error TEXT NOT NULL DEFAULT '',
    UNIQUE (notification, part, subscriber)
) STRICT;

INSERT INTO notifications (key)
    SELECT DISTINCT substr(stem, 1, length(stem) - 1) FROM (SELECT rtrim(key, '0123456789') AS stem FROM old_outbox);
CREATE TEMP TABLE numbered AS
    SELECT old.id, body, notifications.id AS notification, CAST(substr(old.key, length(stem) + 1) AS INTEGER) AS part
    FROM (SELECT *, rtrim(key, '0123456789') AS stem FROM old_outbox) AS old
    JOIN notifications ON notifications.key = substr(stem, 1, length(stem) - 1);
INSERT INTO bodies (notification, part, audience, sha256, message)
    SELECT DISTINCT notification, numbered.part, coalesce(audience, ''), sha256, message
    FROM numbered JOIN old_bodies ON old_bodies.id = body;
INSERT INTO outbox (id, subscriber, notification, part, body, lane, silent, state, due_at, attempts, doubts, queued_at,
        settled_at, message_id, error)
    SELECT old_outbox.id, subscriber, numbered.notification, numbered.part, bodies.id,
        CASE lane WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE lane END,
        silent, state, due_at, attempts, doubts, queued_at, settled_at, message_id, error
    FROM old_outbox JOIN numbered ON numbered.id = old_outbox.id JOIN old_bodies ON old_bodies.id = old_outbox.body
    JOIN bodies ON bodies.notification = numbered.notification AND bodies.sha256 = old_bodies.sha256;

DROP TABLE numbered;
DROP TABLE old_outbox;
DROP TABLE old_bodies;
CREATE INDEX outbox_due ON outbox (lane, due_at, id) WHERE due_at IS NOT NULL AND state <> 'sending';
CREATE INDEX outbox_by_subscriber ON outbox (subscriber, due_at, lane);
CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

DROP INDEX follows_by_value;
CREATE INDEX follows_by_value ON follows (what, value, subscriber, how);
""",
)


_step(
    "shared_failures",
    """
ALTER TABLE sources ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;        -- its failure is that of all of its kind
ALTER TABLE sources ADD COLUMN alarm_shared INTEGER NOT NULL DEFAULT 0;  -- and operators were told of that one
""",
)


_step(
    "stories",
    """
ALTER TABLE subscribers ADD COLUMN retold TEXT NOT NULL DEFAULT 'attach';   -- how they are told what is told again
ALTER TABLE subscribers ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;     -- whether they want mentions, too

CREATE TABLE corrections (                     -- readers' doubts whether somebody said that, and what became of them
    id INTEGER PRIMARY KEY,
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    speaker TEXT NOT NULL,
    kind TEXT NOT NULL,                        -- what it was taken for: own, quote, report
    rule TEXT NOT NULL,
    state TEXT NOT NULL,                       -- asked, confirmed, refused
    subscriber INTEGER REFERENCES subscribers(id) ON DELETE SET NULL,  -- who asked first and gets the answer
    asked_at INTEGER NOT NULL,
    settled_at INTEGER,
    UNIQUE (post, speaker)
) STRICT;
CREATE INDEX corrections_by_time ON corrections (settled_at) WHERE state = 'confirmed';
CREATE INDEX corrections_by_asker ON corrections (subscriber) WHERE subscriber IS NOT NULL;
""",
)


# The posts of a day as X itself has counted them; NULL while it has not said.
_step("x_usage", "ALTER TABLE x_days ADD COLUMN billed INTEGER")


_step(
    "exports",
    """
CREATE TABLE x_exports (                       -- posts of X whose words a chat took away as a file
    chat INTEGER NOT NULL,
    day TEXT NOT NULL,                         -- of UTC; X allows so many a day
    posts INTEGER NOT NULL,
    PRIMARY KEY (chat, day)
) STRICT, WITHOUT ROWID;
""",
)


# How often the process ended while a row was being sent. Not a doubt: it was perhaps not even begun.
_step("deaths", "ALTER TABLE outbox ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0")


_step(
    "translations",
    """
CREATE TABLE translations (                    -- by machine; each goes with the words that it is of
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    service TEXT NOT NULL,                     -- its name, as shown
    text TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (post, language)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER words_changed AFTER UPDATE OF text ON posts WHEN new.text <> old.text BEGIN
    DELETE FROM translations WHERE post = new.id;
END;
CREATE TABLE translated (                      -- characters that were sent to the service
    month TEXT PRIMARY KEY,                    -- of UTC: 2022-03
    characters INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
)


_step(
    "pictures",
    """
CREATE TABLE pictures (                        -- where the photos of a post are; they go with its words
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (post, at)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER words_purged AFTER UPDATE OF media ON posts WHEN new.media = '[]' BEGIN
    DELETE FROM pictures WHERE post = new.id;
END;
""",
)


_step(
    "looks",
    """
ALTER TABLE subscribers ADD COLUMN digest_by TEXT NOT NULL DEFAULT 'side';       -- or topic
ALTER TABLE subscribers ADD COLUMN empty_digest INTEGER NOT NULL DEFAULT 1;      -- whether one says that it is empty
ALTER TABLE subscribers ADD COLUMN digest_picture INTEGER NOT NULL DEFAULT 0;    -- whether a picture comes with each
ALTER TABLE subscribers ADD COLUMN pictures INTEGER NOT NULL DEFAULT 0;          -- whether alerts show one of the post
""",
)


_step(
    "operating",
    """
ALTER TABLE sources ADD COLUMN off_since INTEGER;            -- an operator switched it off; config/ has it on
ALTER TABLE subscribers ADD COLUMN announcements INTEGER NOT NULL DEFAULT 1;  -- whether operators may write to it

CREATE TABLE barred (                          -- chats that an operator has shut out
    chat INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0            -- whether that was said there
) STRICT;
CREATE TABLE turned_away (                     -- chats that were told that this instance is closed
    chat INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE announcements (                   -- what operators write to all
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL,                     -- a finished message as JSON
    state TEXT NOT NULL,                       -- drafted, sent, taken back
    language TEXT NOT NULL DEFAULT '',         -- of those to whom it goes; empty: to all
    at INTEGER NOT NULL,                       -- of its last state
    chats INTEGER NOT NULL DEFAULT 0           -- to how many it was queued
) STRICT;
CREATE INDEX outbox_troubled ON outbox (settled_at) WHERE settled_at IS NOT NULL AND error <> '';
""",
)


_step(
    "mutes",
    """
CREATE TABLE mutes (                           -- what somebody does not want to be told of for a while
    subscriber INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
    what TEXT NOT NULL,                        -- speaker or watch
    value TEXT NOT NULL,                       -- the speaker's id, the watch's number
    ends_at INTEGER,                           -- NULL: until it is unmuted
    PRIMARY KEY (subscriber, what, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX mutes_by_value ON mutes (what, value, subscriber, ends_at);
CREATE TRIGGER watch_gone AFTER DELETE ON watches BEGIN
    DELETE FROM mutes WHERE subscriber = old.subscriber AND what = 'watch' AND value = CAST(old.id AS TEXT);
END;
""",
)


# `digest` holds one or more local times from here on (08:00,20:00); these are its days, 1 is Monday.
_step("timetables", "ALTER TABLE subscribers ADD COLUMN digest_days TEXT NOT NULL DEFAULT '1234567'")


INDEX_PARTS = 64
"""Parts of like size that the full-text index may be in, before it makes one of them on its own."""


@migrations()
def index_in_parts(database: sqlite_utils.Database) -> None:
    """Whoever stores a post does not join parts of the index, which held up everybody for 0.7 s with a million posts:
    `search.join_parts` does, between posts.
    """
    for table in ("search_0", "search_1"):
        for name, value in (("automerge", 0), ("crisismerge", INDEX_PARTS)):
            database.conn.execute(f"INSERT INTO {table} ({table}, rank) VALUES (?, ?)", (name, value))  # noqa: S608


_step(
    "managed",
    """
CREATE TABLE managed (                         -- channels and groups that somebody sets up from their private chat
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- in the data of buttons: never used twice
    user INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    current INTEGER NOT NULL,                  -- what they say is about this one
    UNIQUE (user, chat)
) STRICT;
CREATE INDEX managed_by_chat ON managed (chat);
""",
)


_step(
    "held",
    """
ALTER TABLE late ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;   -- when it is told with others
ALTER TABLE late ADD COLUMN why TEXT NOT NULL DEFAULT 'late';    -- late, quiet, burst
ALTER TABLE late ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE late ADD COLUMN told_at INTEGER;                     -- NULL: it waits
UPDATE late SET due_at = found_at + 60000;
DROP INDEX late_by_time;
CREATE INDEX late_due ON late (due_at) WHERE told_at IS NULL;
CREATE INDEX late_told ON late (told_at) WHERE told_at IS NOT NULL;
CREATE INDEX late_by_post ON late (post);
ALTER TABLE subscribers ADD COLUMN quiet TEXT;                   -- local hours without alerts, 23:00-07:00; NULL: none
ALTER TABLE subscribers ADD COLUMN bundle INTEGER NOT NULL DEFAULT 1;  -- whether a burst of alerts becomes one message
CREATE INDEX subscribers_quiet ON subscribers (quiet, zone) WHERE quiet IS NOT NULL;
""",
)


_step(
    "counted",
    """
DROP INDEX statements_by_time;
CREATE INDEX statements_by_time ON statements (published_at, post, speaker, kind)  -- all that counting needs
    WHERE kind <> 'mention' AND kind <> 'unknown';
""",
)


_step(
    "apart",
    """
ALTER TABLE subscribers ADD COLUMN deletions TEXT NOT NULL DEFAULT 'now';  -- how they are told; `changes`: edits
UPDATE subscribers SET deletions = changes;
ALTER TABLE subscribers ADD COLUMN previews INTEGER NOT NULL DEFAULT 0;    -- whether an alert shows its page
""",
)


_step(
    "drawings",
    """
CREATE TABLE drawings (                        -- pictures of counts that are to be sent, each once for all who get it
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    png BLOB NOT NULL,
    file_id TEXT NOT NULL DEFAULT '',          -- by which Telegram knows it, once it has it
    made_at INTEGER NOT NULL
) STRICT;
""",
)


_step(
    "bursts",
    """
ALTER TABLE subscribers ADD COLUMN burst_until INTEGER;   -- until then alerts are gathered, for there were many
CREATE INDEX subscribers_bursting ON subscribers (burst_until) WHERE burst_until IS NOT NULL;
""",
)


_step(
    "beside",
    """
ALTER TABLE subscribers ADD COLUMN translate INTEGER NOT NULL DEFAULT 0;  -- whether alerts come with a translation
CREATE TABLE translations_wanted (             -- for alerts that have gone
    post INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    PRIMARY KEY (post, language)
) STRICT, WITHOUT ROWID;
""",
)


# What is counted for a page is counted in indexes alone.
_step(
    "census",
    """
CREATE INDEX posts_told ON posts (published_at, story) WHERE story <> 0;   -- what is told again, and what tells it
CREATE INDEX subscribers_census ON subscribers (state, kind, language, created_at);
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (lane, due_at, id, state) WHERE due_at IS NOT NULL AND state <> 'sending';
""",
)
