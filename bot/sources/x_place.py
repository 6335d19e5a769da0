"""How far an account on X has been read: what its cursor holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.models import Cursor, Source


@dataclass(frozen=True, slots=True)
class Place:
    """`since` is the highest id of the timeline: None before the first look, 0 if that found nothing. Below it
    everything is known, but for a `hole` between two ids, both known, which was left for later.

    `read_at`: when the timeline was read. `at`: as of when everything is known, from there or by searching, but for
    reposts. `edits` has the highest id under which each edited post is known, by its first: a search may lag behind the
    timeline, and show what it was before. The account is looked up once; every look-up costs money.
    """

    handle: str = ""
    account_id: str = ""
    since: int | None = None
    hole: tuple[int, int] | None = None
    read_at: datetime | None = None
    at: datetime | None = None
    edits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: Cursor | None, source: Source) -> "Place":
        """Anew if config/ names another account now."""
        place = _place(cursor) if cursor else cls()
        name, account_id = handle(source), source.account_id or place.account_id
        if place.handle.casefold() != name.casefold() or place.account_id != account_id:
            return cls(name, source.account_id)
        return place

    def write(self) -> Cursor:
        return Cursor(
            json.dumps(
                {
                    "handle": self.handle,
                    "account_id": self.account_id,
                    "since": self.since,
                    "hole": self.hole,
                    "read_at": self.read_at and self.read_at.timestamp(),
                    "at": self.at and self.at.timestamp(),
                    **({"edits": self.edits} if self.edits else {}),
                }
            )
        )


def _place(cursor: Cursor) -> Place:
    written = json.loads(cursor)
    hole, read_at, at = (written.get(name) for name in ("hole", "read_at", "at"))
    return Place(
        written["handle"],
        written["account_id"],
        written["since"],
        (hole[0], hole[1]) if hole else None,
        datetime.fromtimestamp(read_at, UTC) if read_at else None,
        datetime.fromtimestamp(at, UTC) if at else None,
        written.get("edits", {}),
    )


def handle(source: Source) -> str:
    return source.address.removeprefix("@")
