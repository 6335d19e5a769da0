"""Where posts come from: one class a kind of source, all with the same three methods.

    fetch(source, cursor, now) -> Fetched                   what stands there, known posts included
    confirm(source, posts, now) -> {external_id: Fate}      what has become of posts that were seen there
    resolve(source, now) -> Account                         who is behind the address

All raise FetchError. `X`, `TelegramWeb` and `Feed` read over HTTP through one shared session, `TelegramClient` (in
place of TelegramWeb, if settings say so) through a connection of its own, `Archive` reads files. None of them keeps
what it has read, but for a minute what a search of X found: where it left off is the cursor, which only the class that
made it can read. When a fetch fails, nothing has moved: the caller still has its old cursor.

Channels, accounts on X and archives also have `history`, from a date on (`bot.models.Historian`); `imports` reads the
files of others.
"""
