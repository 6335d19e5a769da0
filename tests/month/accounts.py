"""What each source says, changes and takes down; and what the store must make of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bot.models import Source
from tests.far_ends.feeds import Wire, listed
from tests.far_ends.previews import Channel, shown
from tests.far_ends.server import FarEnds
from tests.far_ends.x import Person
from tests.month.roster import KINDS, written

CHANGED = " Уточнено."


@dataclass
class Said:
    """One post as it is true: every text that it has had, the present one last. `fixed`: nothing becomes of it."""

    id: str
    at: datetime
    kind: str
    texts: list[str]
    fixed: bool = False
    gone_at: datetime | None = None


@dataclass
class Account:
    """`rate`: posts a day. `silent`: it says nothing, for nobody would see it."""

    source: Source
    ends: FarEnds
    chance: Random
    rate: float
    said: dict[str, Said] = field(default_factory=dict)
    silent: bool = False

    @property
    def name(self) -> str:
        return self.source.address

    def say(self, at: datetime) -> None:
        raise NotImplementedError

    def _change(self, said: Said, at: datetime) -> None:
        raise NotImplementedError

    def _remove(self, said: Said) -> None:
        raise NotImplementedError

    def changeable(self, at: datetime) -> list[Said]:
        """What may be edited: what a look at that time shows."""
        raise NotImplementedError

    def removable(self, at: datetime) -> list[Said]:
        return self.changeable(at)

    def change(self, at: datetime) -> bool:
        """False if there is nothing to change."""
        found = [] if self.silent else self.changeable(at)
        if found:
            said = self.chance.choice(found)
            self._change(said, at)
        return bool(found)

    def remove(self, at: datetime) -> bool:
        found = [] if self.silent else self.removable(at)
        if found:
            said = self.chance.choice(found)
            said.gone_at = at
            self._remove(said)
        return bool(found)

    def standing(self) -> list[Said]:
        return [said for said in self.said.values() if not said.gone_at]

    def _words(self) -> str:
        number = len(self.said) + 1
        return self.chance.choice(
            [
                f"Пункт {number} согласован. [образец]",
                f"Петров: пункт {number}, об обмене.\nОстальное & прочее <позже>. [образец]",
                f"Sample {number}: the talks go on, Ivanenko said. “No truce yet” 👍",
            ]
        )

    def _note(self, id: object, at: datetime, text: str, kind: str = "post", *, fixed: bool = False) -> None:
        self.said[str(id)] = Said(str(id), at, kind, [text], fixed)


@dataclass
class OnX(Account):
    """Edited within the hour, looked up for a week."""

    def __post_init__(self) -> None:
        self.person: Person = self.ends.person(self.name)

    def say(self, at: datetime) -> None:
        words = self._words()
        other: dict[str, Any] = {
            "id": int(self.chance.random() * 1e17) + 10**18,
            "author": "other",
            "text": "Somebody else's & more",
        }
        what: dict[str, Any] = {"text": words}
        kind, text, fixed = "post", words, False
        match self.chance.randrange(8):
            case 0:
                what["reply"], kind = other, "reply"
            case 1:
                what["quote"], kind = other, "quote"
            case 2:
                what, kind, text, fixed = {"repost": other}, "repost", other["text"], True
            case 3:
                what["text"] = text = words + " Подробности: https://example.org/a?b=1&c=2 " + "слово " * 60 + "конец."
            case 4:
                what["poll"], text, fixed = ("Да", "Нет"), f"{words}\n• Да\n• Нет", True
            case 5:
                what["media"] = ("photo",)
        id = self.person.post({"date": at.isoformat(), **what})
        self._note(id, at, text, kind, fixed=fixed)

    def changeable(self, at: datetime) -> list[Said]:
        return [said for said in self.standing() if not said.fixed and at - said.at < timedelta(minutes=55)]

    def removable(self, at: datetime) -> list[Said]:
        return [said for said in self.standing() if at - said.at < timedelta(days=6)]

    def _change(self, said: Said, at: datetime) -> None:
        said.texts.append(said.texts[-1] + CHANGED)
        self.person.post({"id": int(said.id), "text": said.texts[-1], "date": at.isoformat()})

    def _remove(self, said: Said) -> None:
        self.person.post({"id": int(said.id), "delete": True})


@dataclass
class OnTelegram(Account):
    def __post_init__(self) -> None:
        self.channel: Channel = self.ends.channel(self.name)

    def say(self, at: datetime) -> None:
        words = self._words()
        what: dict[str, Any] = {"text": words}
        kind, text, fixed = "post", words, False
        match self.chance.randrange(10):
            case 0:
                what["media"] = ("photo",) * self.chance.randint(2, 4)
            case 1:
                what, text, fixed = {"media": ("photo", "video")}, "", True
            case 2:
                what["forward"], kind = "Somebody else", "forward"
            case 3:
                what["reply"], kind = {"id": 1, "text": "What was asked"}, "reply"
            case 4:
                poll = {"question": f"Вопрос {len(self.said)}?", "options": ["Да", "Нет"]}
                what, text, fixed = {"poll": poll}, f"{poll['question']}\n• Да\n• Нет", True
            case 5:
                what["service"], kind, fixed = True, "service", True
            case 6:
                what, text, fixed = {"media": ("sticker",)}, "", True
            case 7:
                what["signed"] = "Edited by J."
        id = self.channel.post({"date": at.isoformat(), **what})
        self._note(id, at, text, kind, fixed=fixed)

    def changeable(self, at: datetime) -> list[Said]:
        return [said for said in self.standing()[-12:] if not said.fixed]

    def removable(self, at: datetime) -> list[Said]:
        """Of a few posts some stay: a channel that shows none where there were some is not believed."""
        standing = self.standing()
        return [said for said in standing[-12:] if said.kind != "service"] if len(standing) > 4 else []

    def _change(self, said: Said, at: datetime) -> None:
        said.texts.append(said.texts[-1] + CHANGED)
        self.channel.post({"id": int(said.id), "text": said.texts[-1]})

    def _remove(self, said: Said) -> None:
        self.channel.post({"id": int(said.id), "delete": True})

    def shown(self, query: Mapping[str, str]) -> Iterable[str]:
        return (str(message.id) for message in shown(self.channel, query))


@dataclass
class InFeeds(Account):
    """What has left a feed stands: it holds only its newest items."""

    def __post_init__(self) -> None:
        number = int(self.source.id[-2:])
        self.kind = KINDS[number % len(KINDS)]
        self.wire: Wire = self.ends.wire(self.name)
        self.wire.keep, self.wire.format, self.wire.encoding = 30, self.kind.format, self.kind.encoding
        self.wire.headers = dict(self.kind.headers or {})

    @property
    def name(self) -> str:
        return urlsplit(self.source.address).path.rpartition("/")[2]

    def say(self, at: datetime) -> None:
        number = len(self.said) + 1
        title, summary = f"{self.name}: пункт {number}", f"Об этом сказал Петров, {number}. [образец]"
        link = f"https://wire.example/{self.name}/{number}"
        guid = f"{self.name}-{number}" if self.kind.guid else None
        what = {"id": str(number), "title": title, "summary": summary, "link": link, "guid": guid}
        self.wire.post({**what, "date": written(at, self.kind.dates)})
        self._note(guid or link, at, f"{title}\n\n{summary}")

    def changeable(self, at: datetime) -> list[Said]:
        return self.standing()[-20:]

    def removable(self, at: datetime) -> list[Said]:
        return []

    def _change(self, said: Said, at: datetime) -> None:
        title, summary = said.texts[-1].split("\n\n")
        said.texts.append(f"{title}\n\n{summary}{CHANGED}")
        number = said.id.rpartition("/")[2].rpartition("-")[2]
        self.wire.post({"id": number, "summary": summary + CHANGED})

    def shown(self) -> Iterable[str]:
        numbers = {item.id for item in listed(self.wire)}
        return (id for id in self.said if id.rpartition("/")[2].rpartition("-")[2] in numbers)


def account(source: Source, ends: FarEnds, chance: Random) -> Account:
    kinds = {"x": OnX, "telegram": OnTelegram, "feed": InFeeds}
    return kinds[source.kind](source, ends, chance, chance.choice((2.0, 4.0, 8.0)))
