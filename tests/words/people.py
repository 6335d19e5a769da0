"""A roster for the tests of this room: public officials, by name and country only."""

from datetime import UTC, datetime

from bot.models import Post, PostKind, Roster, Side, Source, Speaker, Talks

_ROWS = """
podolyak    ua  Mykhailo Podolyak    Михайло Подоляк      Михаил Подоляк        Podoliak,Podolak
arakhamia   ua  Davyd Arakhamia      Давид Арахамія       Давид Арахамия        Arahamia
kuleba      ua  Dmytro Kuleba        Дмитро Кулеба        Дмитрий Кулеба
zelensky    ua  Volodymyr Zelenskyy  Володимир Зеленський  Владимир Зеленский    Zelensky,Zelenskiy
yermak      ua  Andriy Yermak        Андрій Єрмак         Андрей Ермак
umerov      ua  Rustem Umerov        Рустем Умєров        Рустем Умеров
sybiha      ua  Andrii Sybiha        Андрій Сибіга        Андрей Сибига         Sybiga
kyslytsya   ua  Sergiy Kyslytsya     Сергій Кислиця       Сергей Кислица
budanov     ua  Kyrylo Budanov       Кирило Буданов       Кирилл Буданов
reznikov    ua  Oleksii Reznikov     Олексій Резніков     Алексей Резников
medinsky    ru  Vladimir Medinsky    Володимир Мединський  Владимир Мединский    Medinskiy
slutsky     ru  Leonid Slutsky       Леонід Слуцький      Леонид Слуцкий
lavrov      ru  Sergey Lavrov        Сергій Лавров        Сергей Лавров         Sergei Lavrov
peskov      ru  Dmitry Peskov        Дмитро Пєсков        Дмитрий Песков
zakharova   ru  Maria Zakharova      Марія Захарова       Мария Захарова
dmitriev    ru  Kirill Dmitriev      Кирило Дмитрієв      Кирилл Дмитриев
ushakov     ru  Yury Ushakov         Юрій Ушаков          Юрий Ушаков
rudenko     ru  Andrey Rudenko       Андрій Руденко       Андрей Руденко
medvedev    ru  Dmitry Medvedev      Дмитро Медведєв      Дмитрий Медведев
putin       ru  Vladimir Putin       Володимир Путін      Владимир Путин
trump       us  Donald Trump         Дональд Трамп        Дональд Трамп
witkoff     us  Steve Witkoff        Стів Віткофф         Стив Уиткофф
rubio       us  Marco Rubio          Марко Рубіо          Марко Рубио
kushner     us  Jared Kushner        Джаред Кушнер        Джаред Кушнер
driscoll    us  Daniel Driscoll      Деніел Дрісколл      Дэниел Дрисколл
macron      eu  Emmanuel Macron      Емманюель Макрон     Эмманюэль Макрон
leyen       eu  Ursula von der Leyen  Урсула фон дер Ляєн  Урсула фон дер Ляйен
kallas      eu  Kaja Kallas          Кая Каллас           Кая Каллас
costa       eu  Antonio Costa        Антоніу Кошта        Антониу Кошта
cavusoglu   tr  Mevlut Cavusoglu     Мевлют Чавушоглу     Мевлют Чавушоглу      Çavuşoğlu
"""

_GUARDS: dict[str, dict[str, tuple[str, ...]]] = {
    "podolyak": {"never": ("Юрій", "Юрий")},
    "kuleba": {"never": ("Oleksii", "Олексій")},
    "ushakov": {"never": ("admiral", "адмірал", "адмирал")},
    "dmitriev": {"needs": ("Kirill", "envoy", "Кирилл", "спецпредставитель", "Кирило", "спецпредставник", "Макрон")},
    "costa": {"needs": ("Antonio", "Антоніу", "Антониу")},
    "kallas": {"needs": ("Kaja", "Кая")},
}


def _speaker(row: str) -> Speaker:
    id, side, english, ukrainian, russian, *spellings = [
        cell.strip() for cell in row.replace("  ", "\t").split("\t") if cell
    ]
    return Speaker(
        id,
        side,
        {"en": english, "uk": ukrainian, "ru": russian},
        {"en": tuple(spellings[0].split(","))} if spellings else {},
        never=_GUARDS.get(id, {}).get("never", ()),
        needs=_GUARDS.get(id, {}).get("needs", ()),
    )


_SPEAKERS = [_speaker(row) for row in _ROWS.strip().splitlines()]

SOURCES = {
    source.id: source
    for source in (
        Source("x-podolyak", "x", "Podolyak_M", speaker="podolyak"),
        Source("tg-slutsky", "telegram", "slutsky_l", speaker="slutsky"),
        Source("wire", "feed", "https://wire.test/feed", outlet={"en": "Wire"}),
        Source("tass", "telegram", "tass_agency", outlet={"en": "TASS", "ru": "ТАСС"}, language="ru"),
    )
}

ROSTER = Roster(
    talks={"talks": Talks("talks", {"en": "The talks"})},
    sides={
        id: Side(id, "talks", name)
        for id, name in {
            "ua": {"en": "Ukraine", "uk": "Україна", "ru": "Украина"},
            "ru": {"en": "Russia", "uk": "Росія", "ru": "Россия"},
            "us": {"en": "United States", "uk": "США", "ru": "США"},
            "eu": {"en": "European Union", "uk": "Європейський Союз", "ru": "Евросоюз"},
            "tr": {"en": "Türkiye", "uk": "Туреччина", "ru": "Турция"},
        }.items()
    },
    speakers={speaker.id: speaker for speaker in _SPEAKERS},
    sources=SOURCES,
    topics={},
)


def post(text: str, *, source: str = "wire", kind: PostKind = "post", language: str = "") -> Post:
    return Post(source, "1", "https://wire.test/1", datetime(2022, 3, 14, tzinfo=UTC), text, language, kind)
