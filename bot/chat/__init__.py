"""The conversation: commands and buttons are read, the store is asked or told, `bot.render` words the answer.

Nothing is remembered between two updates but what the store holds: a button carries its meaning, a menu is made of
what is stored at that moment, and a search is read back from the message that shows it.
"""

from bot.chat.desk import Desk
from bot.chat.wiring import register, serve

__all__ = ["Desk", "register", "serve"]
