"""The answers of the chat, by area: what a person reads after a command or a button.

Each function takes the reader's voice first and returns a finished message. Buttons carry `verb:arguments`, at most 64
bytes; `bot.chat` reads them.
"""
