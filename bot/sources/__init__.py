"""Where posts come from: one class a kind of source, all with the same two methods.

    fetch(source, cursor, now) -> Fetched    what stands there, known posts included; raises FetchError
    resolve(source, now) -> Account          who is behind the address; raises FetchError

`X`, `TelegramWeb` and `Feed` read over HTTP through one shared session, `Archive` reads files. None of them keeps
what it has read: where it left off is the cursor, which only the class that made it can read. When a fetch fails,
nothing has moved: the caller still has its old cursor.
"""
