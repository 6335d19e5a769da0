"""Telegram's Bot API as a machine: what carries a call, how fast calls may go, what an answer means, what was received.

`transport` carries calls over aiohttp. `failures` says what became of a message whose call failed. `pacing` holds
every call to Telegram's limits. `inbox` keeps updates until they are handled. `messages` turns a finished message
into the arguments of a call. Nothing here knows what the messages are about.
"""
