"""The far ends of all sources for tests: Telegram's previews, feeds and the X API, on this computer only.

    python -m tests.far_ends          listen on a free port of 127.0.0.1; prints "listening PORT"
    python -m tests.far_ends 9120     or on that one

In a test's own loop: `async with serve() as far`, then `far.post("telegram", "name", text="…")`; see `serving`.

What stands where:

    /s/<channel>, ?before=, ?after=     a channel's preview          TELEGRAM_WEB_URL = http://127.0.0.1:PORT
    /<channel>, /<channel>/<id>?embed=1 its plain page, one post
    /feed/<name>                        RSS or Atom with ETag and 304
    /2/users/…, /2/tweets…              the X API v2                 X_API_URL = http://127.0.0.1:PORT

Any name exists, empty, until something else is said of it. Control, all JSON:

    POST   /__post      {"kind": "telegram", "name": "channel", "text": "…"}    a post appears; answers {"id": …}
                        with the id of one that is there, the post changes; with "delete": true it goes
    POST   /__account   {"kind": "x", "name": "handle", "state": "suspended"}   what is true of an account
    POST   /__fault     {"path": "/feed/", "status": 503, "times": 2}           what goes wrong next: Fault
    DELETE /__fault     forget the faults that are left
    GET    /__requests  what was asked, in order: method, path, query, headers, status; ?path=/s/ narrows it
    DELETE /__requests  forget the requests

A post has `id`, `text`, `date` (ISO 8601; now, if it is missing) and, by kind:

    telegram  html (in place of text), media, forward, reply, service, poll, signed, edited      previews.Message
    feed      title, link, summary (or text), guid, media                                        feeds.Item
    x         language, media, poll, reply, quote, repost, withheld                              x.Version

An account has `title` and `number` where its platform has one, and

    telegram  state: ok, preview_off, withheld, restricted, absent, group, person, private, front_page
    feed      state: ok, gone, absent, page; format: rss, atom; headers: sent with it; encoding; head: XML
    x         state: ok, absent, suspended, protected
"""
