"""Parley listens to what negotiators say in public and tells its subscribers on Telegram.

The one path:

    sources ─▶ collect ─▶ store ─▶ words (who said it? which watches?) ─▶ outbox ─▶ deliver ─▶ a chat
                            ▲                                              ▲
               chat commands read and write the store            digest queues what is due

A post is fetched, stored, read for speakers and watches, and queued for its subscribers; delivery sends what is due.
Nothing flows back. Commands never call collect or deliver; they talk to the store, and the outbox is the only way a
message that nobody asked for leaves the house. The transaction that stores a post also queues its notifications and
moves its source's cursor; what is due is a column, and the scheduler only ticks.

The floors: a room imports only rooms on lower floors (tests/test_floors.py reads this map).

    8  cli
    7  demo  upkeep
    6  app  history
    5  collect  sweep  digest  deliver  annotate  chat  health  alarm  reconcile  keep
    4  charts  reader  tell  interpret  search  renewal  listen
    3  store  sources  botapi  translate
    2  words  render  settings  schedule
    1  models  errors  logs  budget  meters  memory
"""
