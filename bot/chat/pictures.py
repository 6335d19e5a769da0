"""The pictures of a statement, on request: the alert has gone out by then and cannot be lost by a bad picture.

Telegram fetches them from the platform itself; nothing is kept or passed through here. If it cannot, the link is left.
"""

import logging

from telegram import InputMediaPhoto
from telegram.error import BadRequest, Forbidden

from bot.botapi.messages import caption
from bot.chat.turn import Turn
from bot.models import Telling
from bot.render.replies import pictures as pages
from bot.render.statements import with_pictures
from bot.store import pictures

log = logging.getLogger(__name__)

ALBUM = 10
"""Pictures that Telegram takes as one album."""


async def show(turn: Turn, telling: Telling) -> None:
    """A picture or an album with who, when and the link under it; the link alone where the pictures do not come."""
    roster = turn.desk.roster
    addresses = turn.desk.database.read(pictures.of, telling.post.id) if with_pictures(telling, roster) else []
    if not addresses or not await _sent(turn, telling, addresses[:ALBUM]):
        await turn.say(pages.unavailable(turn.voice, telling, roster))


async def _sent(turn: Turn, telling: Telling, addresses: list[str]) -> bool:
    """False if Telegram refuses. Of a refused album a part may have come: it is not tried again."""
    under = caption(pages.under(turn.voice, telling, turn.desk.roster))
    thread = turn.thread or None
    try:
        if len(addresses) == 1:
            await turn.bot.send_photo(turn.chat.id, addresses[0], message_thread_id=thread, **under)
        else:
            del under["reply_markup"]  # an album bears no buttons
            first, *others = addresses
            album = [InputMediaPhoto(first, **under), *map(InputMediaPhoto, others)]
            await turn.bot.send_media_group(turn.chat.id, album, message_thread_id=thread)
    except (BadRequest, Forbidden) as error:
        log.info("pictures were not taken: %s", type(error).__name__)
        return False
    return True
