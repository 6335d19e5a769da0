"""A Telegram Bot API server for tests: this computer only, no account and no network.

    python -m tests.telegram_server 9110           listen on that port of 127.0.0.1 (0, the default: any free port)
    python -m tests.telegram_server 9110 --flood   and hold the bot to Telegram's limits of pace

In a test's own loop: `async with serve() as telegram`, see `serving`.

Two packages do the hard part. lo-bot-api-emulator (MIT) speaks the Bot API over HTTP: long polling with offsets
and acknowledgement, webhooks, uploads and downloads, a check of every parameter. tdjson (MIT) carries TDLib, so
markup is read by Telegram's own parser. Added here: messages that stay, chats with a state, topics and members,
Telegram's wording of refusals, limits of pace, and faults on demand.

Control, all JSON:

    POST   /__fixture/updates  {"token": …, "update": {"message": {…}}}        something happens in Telegram
    POST   /__chat             {"id": -100, "state": "blocked", …}             what is true of a chat: CHAT_KEYS
    GET    /__chat/-100        the messages that stand in the chat now, oldest first
    POST   /__fault            {"kind": "error", "method": "sendMessage", …}   what goes wrong next: Fault
    DELETE /__fault            forget the faults that are left
    GET    /__calls            what the bot asked, in order; ?method=sendMessage&after=17 narrows it, and
                               ?spoiled=1 adds the calls that a fault kept from being done
    DELETE /__calls            forget the calls
    GET    /__polling          true while a bot waits for updates: it is ready
"""
