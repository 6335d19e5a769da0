"""What is shipped in config/: every source that is on has its proof, topics find what they are named for."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import settings
from bot.models import LANGUAGES, Post, Roster, Speaker
from bot.words import attribution, query, tokens
from bot.words.names import Names

CONFIG = Path(__file__).parents[1] / "config"


@pytest.fixture(scope="module", name="shipped")
def shipped_settings() -> settings.Settings:
    return settings.load({"PARLEY_CONFIG": str(CONFIG)})


@pytest.fixture(scope="module", name="roster")
def shipped_roster(shipped: settings.Settings) -> Roster:
    return shipped.roster


@pytest.fixture(scope="module", name="names")
def shipped_names(roster: Roster) -> Names:
    return Names(roster)


@pytest.fixture(scope="module", name="sample")
def sample_roster() -> Roster:
    return settings.load({"PARLEY_CONFIG": str(CONFIG)}, "sample/sources.toml").roster


@pytest.fixture(scope="module", name="sample_posts")
def posts_of_the_sample() -> list[Post]:
    lines = (CONFIG / "sample" / "march-2022.jsonl").read_text("utf-8").splitlines()
    return [as_post(json.loads(line)) for line in lines]


def as_post(line: Mapping[str, str]) -> Post:
    assert set(line) == {"source", "external_id", "url", "published_at", "text", "language"}
    return Post(**{**line, "published_at": datetime.fromisoformat(line["published_at"])})  # type: ignore[arg-type]


# --- parley.toml


def test_parley_toml_says_what_holds_without_it(shipped: settings.Settings) -> None:
    assert shipped.defaults == settings.Defaults()
    assert shipped.limits == settings.Limits()
    assert shipped.pace == settings.Pace()
    assert shipped.x == settings.OnX()
    assert shipped.backup == settings.Backup()
    assert shipped.keep == settings.Keep()
    assert shipped.log == settings.Log()
    assert shipped.disk_reserve == 200 * settings.MEGABYTE
    assert {source.kind: source.every for source in shipped.roster.sources.values() if source.every.seconds < 900} == {
        kind: pause for kind, pause in settings.EVERY.items() if kind != "archive"
    }


# --- talks.toml


def test_everything_a_reader_sees_is_in_three_languages(roster: Roster) -> None:
    seen = [talks.name for talks in roster.talks.values()]
    seen += [side.name for side in roster.sides.values()]
    for speaker in roster.speakers.values():
        seen += [speaker.name, *(role.title for role in speaker.roles)]
    for source in roster.sources.values():
        seen += [texts for texts in (source.outlet, source.label) if texts]
    for topic in roster.topics.values():
        seen += [topic.name, topic.watch]
    assert all(set(texts) == set(LANGUAGES) for texts in seen)


def test_every_side_has_somebody_who_speaks(roster: Roster) -> None:
    assert {speaker.side for speaker in roster.speakers.values()} == set(roster.sides)


def is_office(speaker: Speaker) -> bool:
    """Offices need their handle in the post, people a word or nothing."""
    return bool(speaker.needs) and all(word.startswith("@") for word in speaker.needs)


def test_every_person_has_a_role(roster: Roster) -> None:
    people = [speaker for speaker in roster.speakers.values() if not is_office(speaker)]
    assert len(people) == 51
    assert all(person.roles for person in people)


@pytest.mark.parametrize(
    ("speaker", "day", "title"),
    [
        ("podolyak", date(2022, 3, 14), "negotiator, adviser to the head of the President's Office"),
        ("podolyak", date(2026, 3, 14), "adviser, Office of the President"),
        ("medinsky", date(2022, 3, 14), "head of the delegation, presidential aide"),
        ("slutsky", date(2022, 3, 13), "member of the delegation, head of a State Duma committee"),
        ("yermak", date(2025, 11, 28), "head of the delegation, head of the President's Office"),
        ("yermak", date(2025, 11, 29), None),
        ("budanov", date(2026, 1, 1), "head of defence intelligence (GUR)"),
        ("budanov", date(2026, 1, 2), "head of the President's Office, member of the delegation"),
        ("dmitriev", date(2025, 2, 23), "special envoy of the president, head of RDIF"),
    ],
)
def test_a_role_is_the_one_of_the_day(roster: Roster, speaker: str, day: date, title: str | None) -> None:
    role = roster.speakers[speaker].role_on(day)
    assert (role.title["en"] if role else None) == title


def test_everybody_is_found_by_the_full_name(roster: Roster, names: Names) -> None:
    for person in roster.speakers.values():
        if not is_office(person):
            for language, name in person.name.items():
                found = names.find(f"{name}, {person.needs[0]}" if person.needs else name, language)
                assert [named.speaker for named in found][:1] == [person.id], name


CALLED = """
podolyak    en  Podoliak said
podolyak    uk  за словами Подоляка
medinsky    uk  заявив Медінський
medinsky    ru  с Мединским
zelensky    en  Zelensky's office
witkoff     ru  с Виткоффом
witkoff     uk  зустріч з Віткоффом
vonderleyen uk  з Урсулою фон дер Ляєн
rudenko     ru  замглавы МИД Руденко
dmitriev    ru  спецпредставитель Дмитриева не назвал
lytvyn      uk  радник президента Литвин
costa       uk  президент Євроради Кошта
kalin       uk  Ібрагім Калин
kallas      en  EU diplomat Kallas
erdogan     en  President Erdoğan
-           ru  Юрий Подоляка рассказал
-           uk  слова Олексія Кулеби
-           uk  Олена Зеленська
-           ru  Медведчук рассказал
-           ru  сад из лавров и песков
-           ru  писатель Литвин
-           uk  Кошти перераховано
-           uk  Калина достигла
-           ru  адмирал Ушаков
-           en  Maria Callas and Jerome Powell
-           en  the Kremlin spokesman said
-           en  the White House and the United Nations
-           ru  министр иностранных дел России
-           uk  президента України
kremlin     en  the Kremlin (@KremlinRussia_E) said
"""


@pytest.mark.parametrize(("speaker", "language", "words"), [line.split(None, 2) for line in CALLED.split("\n") if line])
def test_speakers_are_found_and_their_namesakes_are_not(names: Names, speaker: str, language: str, words: str) -> None:
    assert [named.speaker for named in names.find(words, language)] == ([] if speaker == "-" else [speaker])


# --- sources.toml


def test_every_source_that_is_on_has_a_proof(roster: Roster) -> None:
    on = [source for source in roster.sources.values() if source.enabled]
    assert len(on) > 70
    assert not [source.id for source in on if not source.proof or source.confidence not in ("A", "B")]


def test_every_source_that_is_off_has_a_reason(roster: Roster) -> None:
    off = [source for source in roster.sources.values() if not source.enabled]
    assert not [source.id for source in off if source.confidence in ("A", "B") and not source.note.startswith("Off: ")]
    assert all(source.proof and source.confidence for source in off)


@pytest.mark.parametrize("outlet", ["RIA Novosti", "RT"])
def test_suspended_broadcasters_are_off_and_say_so(roster: Roster, outlet: str) -> None:
    theirs = [source for source in roster.sources.values() if (source.outlet or {}).get("en") == outlet]
    assert theirs
    assert not [source.id for source in theirs if source.enabled or "EU suspended" not in source.note]


def test_every_outlet_is_labelled(roster: Roster) -> None:
    assert not [source.id for source in roster.sources.values() if source.outlet and not source.label]


def test_nothing_that_is_blocked_is_on(roster: Roster) -> None:
    blocked = ("president.gov.ua", "mid.ru", "mfa.gov.ua", "rt.com", "ria.ru", "news.google.com")
    on = [source.address for source in roster.sources.values() if source.enabled and source.kind == "feed"]
    assert not [address for address in on if any(host in address for host in blocked)]


def test_known_account_numbers_are_pinned(roster: Roster) -> None:
    pinned = {source.address: source.account_id for source in roster.sources.values() if source.account_id}
    assert pinned == {
        "V_Zelenskiy_official": "1463721328",
        "SteveWitkoff": "1813545855028277248",
        "JaredKushner": "245963716",
    }


# --- topics

ABOUT = """
ceasefire               en  The sides discussed a full cease-fire for thirty days.
ceasefire               en  Truces at Easter were broken before.
ceasefire               uk  Говорили про припинення вогню на тридцять днів.
ceasefire               uk  Перемир'ям це назвати не можна.
ceasefire               ru  Обсуждалось прекращение огня на тридцать дней.
ceasefire               ru  О перемирии речи не было.
schedule                en  A technical pause has been taken in the negotiations until tomorrow.
schedule                en  Talks will be resumed on Tuesday.
schedule                uk  У перемовинах взято технічну паузу до завтра.
schedule                uk  Переговори поновлено.
schedule                ru  Переговоры возобновились утром.
schedule                ru  Взята пауза в переговорах.
format-venue            en  The talks go on by videoconference.
format-venue            en  A delegation has arrived in Abu Dhabi.
format-venue            uk  Делегація прибула до Женеви.
format-venue            uk  Перемовини тривають у форматі відеоконференції.
format-venue            ru  Переговоры идут по видеосвязи.
format-venue            ru  Делегации встретятся в Стамбуле.
neutrality              en  Neutrality is on the table.
neutrality              en  A neutral country with its own army.
neutrality              uk  Питання нейтралітету обговорюють.
neutrality              uk  Ідеться про нейтральний статус.
neutrality              ru  Нейтралитета никто не обещал.
neutrality              ru  Нейтрального, внеблокового статуса.
nuclear-status          en  A non-nuclear country.
nuclear-status          uk  Без'ядерний статус держави.
nuclear-status          ru  Отказ от ядерного оружия.
nato                    en  Membership of NATO is not discussed.
nato                    uk  Вступу до НАТО не буде.
nato                    ru  О вступлении в НАТО речи нет.
eu-accession            en  The country wants to join the EU.
eu-accession            uk  Умови членства в ЄС.
eu-accession            ru  Россия не против вступления Украины в ЕС.
security-guarantees     en  Security guarantees must be binding.
security-guarantees     en  The guarantors will sign.
security-guarantees     uk  Без гарантій безпеки угоди немає.
security-guarantees     uk  Список країн-гарантів узгоджено.
security-guarantees     ru  Гарантии безопасности обсуждают отдельно.
security-guarantees     ru  Речь о государствах-гарантах.
crimea                  en  The status of Crimea was put aside.
crimea                  uk  Питання Криму відклали.
crimea                  uk  Кримського питання не торкалися.
crimea                  ru  Признание Крыма российским.
donbas-recognition      en  Recognition of Donetsk and Luhansk was demanded.
donbas-recognition      en  The people's republics were named.
donbas-recognition      uk  Про Донбас говорили окремо.
donbas-recognition      uk  Донецької та Луганської областей.
donbas-recognition      ru  Признание ДНР и ЛНР.
donbas-recognition      ru  О Донбассе говорили отдельно.
territory-withdrawal    en  The withdrawal of troops was discussed.
territory-withdrawal    uk  Відведення військ від лінії зіткнення.
territory-withdrawal    ru  Вывод российских войск не обсуждали.
territory-withdrawal    ru  Территориальные вопросы самые трудные.
demilitarisation        en  The size of the army is disputed.
demilitarisation        en  They call it demilitarisation.
demilitarisation        uk  Чисельність армії не є предметом торгу.
demilitarisation        uk  Демілітаризації не буде.
demilitarisation        ru  Численность вооруженных сил Украины.
demilitarisation        ru  Говорили о демилитаризации.
denazification          en  The word denazification was heard again.
denazification          uk  Слово «денацифікація» прозвучало знову.
denazification          ru  Слово «денацификация» прозвучало снова.
language-church         en  The status of the Russian language was raised.
language-church         uk  Про статус російської мови.
language-church         ru  О статусе русского языка.
sanctions               en  Sanctions would be lifted step by step.
sanctions               uk  Зняття санкцій не обговорювали.
sanctions               ru  Об отмене санкций речи нет.
prisoners               en  An exchange of prisoners was agreed.
prisoners               uk  Домовилися про обмін військовополоненими.
prisoners               ru  Договорились об обмене пленными.
children                en  The return of deported children.
children                uk  Повернення депортованих дітей.
children                ru  Возвращение вывезенных детей.
humanitarian-corridors  en  Humanitarian corridors were opened.
humanitarian-corridors  uk  Гуманітарні коридори погоджено.
humanitarian-corridors  ru  О гуманитарных коридорах договорились.
grain-sea               en  The grain deal was extended.
grain-sea               uk  Зернову угоду подовжено.
grain-sea               ru  Зерновая сделка продлена.
energy-truce            en  An energy truce was proposed.
energy-truce            uk  Про енергетичне перемир'я і удари по енергетиці.
energy-truce            ru  Энергетического перемирия нет.
npp                     en  The Zaporizhzhia NPP was discussed.
npp                     uk  Запорізька АЕС залишається під контролем.
npp                     ru  О Запорожской АЭС говорили отдельно.
reparations-assets      en  Frozen assets will pay for reconstruction.
reparations-assets      uk  Заморожені російські активи підуть на відбудову.
reparations-assets      ru  Замороженные активы вернут.
elections-legitimacy    en  Elections under martial law are impossible.
elections-legitimacy    uk  Виборів під час воєнного стану не буде.
elections-legitimacy    ru  Выборы пройдут позже.
leaders-meeting         en  A leaders' meeting is being prepared.
leaders-meeting         uk  Готують зустріч президентів.
leaders-meeting         ru  Готовится встреча лидеров двух стран.
agreement-text          en  A draft treaty was handed over.
agreement-text          en  The 28-point plan was changed.
agreement-text          uk  Передали проєкт договору.
agreement-text          ru  Проект договора передан.
monitoring              en  Monitoring of the ceasefire was discussed.
monitoring              uk  Моніторинг припинення вогню.
monitoring              ru  Мониторинг прекращения огня обсуждали.
"""

NOT_ABOUT = """
schedule                en  The singer took a pause in her career.
schedule                uk  Концерт продовжили до ранку.
format-venue            en  A fire broke out in Istanbul.
neutrality              en  A carbon neutral factory was opened.
neutrality              uk  Вуглецевого нейтралітету не досягли.
crimea                  uk  Кримінал зріс удвічі.
crimea                  ru  Криминальная хроника дня.
nato                    ru  Кто-то натоптал в коридоре.
nato                    uk  Донатори зібрали гроші.
territory-withdrawal    ru  Надо делать выводы из ошибок.
elections-legitimacy    uk  Вибору не було, вибір зроблено.
elections-legitimacy    ru  Выбор сделан, другого выбора нет.
donbas-recognition      uk  Донецький Шахтар переміг у матчі.
language-church         ru  Рабочим языком переговоров был русский язык, рабочий язык не обсуждали.
monitoring              en  Monitoring of prices goes on.
children                ru  Возвращение делегации.
"""


def sentences(table: str) -> list[tuple[str, str, str]]:
    return [(topic, language, sentence) for topic, language, sentence in map(split, table.strip().splitlines())]


def split(line: str) -> list[str]:
    return line.split(None, 2)


@pytest.mark.parametrize(("topic", "language", "sentence"), sentences(ABOUT))
def test_a_topic_finds_a_sentence_about_it(roster: Roster, topic: str, language: str, sentence: str) -> None:
    watch = query.parse(roster.topics[topic].watch[language])
    assert watch.matches(tokens.read(sentence, language))


@pytest.mark.parametrize(("topic", "language", "sentence"), sentences(NOT_ABOUT))
def test_a_topic_leaves_other_sentences_alone(roster: Roster, topic: str, language: str, sentence: str) -> None:
    watch = query.parse(roster.topics[topic].watch[language])
    assert not watch.matches(tokens.read(sentence, language))


def test_every_topic_can_be_read(roster: Roster) -> None:
    assert len(roster.topics) == 26
    for topic in roster.topics.values():
        for watch in topic.watch.values():
            query.parse(watch)


# --- the sample days

MARK = {"en": "[sample]", "uk": "[зразок]", "ru": "[образец]"}

SPEAKING = """
2022-03-10 10:20  reuters             kuleba    quote
2022-03-10 10:32  kuleba-x            kuleba    own
2022-03-10 10:45  tass-telegram       lavrov    quote
2022-03-10 11:05  interfax-telegram   lavrov    report
2022-03-10 11:15  ukrpravda-telegram  kuleba    quote
2022-03-10 12:10  cavusoglu-x         cavusoglu own
2022-03-11 09:30  tass-telegram       peskov    report
2022-03-12 13:40  reuters             zelensky  report
2022-03-13 09:20  ukrpravda-telegram  podolyak  report
2022-03-13 13:50  reuters             podolyak  quote
2022-03-13 14:30  ria-telegram        slutsky   quote
2022-03-14 08:05  podolyak-x          podolyak  own
2022-03-14 08:08  podolyak-x          podolyak  own
2022-03-14 09:15  tass-telegram       peskov    report
2022-03-14 12:41  podolyak-x          podolyak  own
2022-03-14 12:43  podolyak-x          podolyak  own
2022-03-14 13:05  ukrpravda-telegram  podolyak  quote
2022-03-14 16:36  tass-telegram       medinsky  quote
2022-03-14 16:42  interfax-telegram   medinsky  report
2022-03-14 17:20  slutsky-telegram    slutsky   own
2022-03-14 18:05  podolyak-x          podolyak  own
2022-03-14 18:30  ukrpravda-telegram  podolyak  quote
2022-03-15 08:10  podolyak-x          podolyak  own
2022-03-15 08:12  podolyak-x          podolyak  own
2022-03-15 10:40  ria-telegram        slutsky   report
2022-03-15 12:30  interfax-telegram   medinsky  quote
2022-03-15 14:20  zelensky-telegram   zelensky  own
2022-03-15 16:35  podolyak-x          podolyak  own
2022-03-15 16:50  reuters             podolyak  quote
2022-03-15 17:25  tass-telegram       medinsky  report
"""


def test_the_sample_is_an_archive_of_the_sample_days(sample: Roster, sample_posts: list[Post]) -> None:
    assert {source.kind for source in sample.sources.values()} == {"archive"}
    assert {post.source for post in sample_posts} == set(sample.sources)
    moments = [post.published_at for post in sample_posts]
    assert moments == sorted(moments)
    assert moments[0] >= datetime(2022, 3, 10, 10, tzinfo=UTC)
    assert moments[-1] < datetime(2022, 3, 16, tzinfo=UTC)
    assert {moment.utcoffset() for moment in moments} == {timedelta(0)}


def test_every_sample_says_that_it_is_one(sample: Roster, sample_posts: list[Post]) -> None:
    assert not [post.url for post in sample_posts if not post.text.endswith(f" {MARK[post.language]}")]
    assert all("sample" in source.label["en"] for source in sample.sources.values())


def test_every_sample_has_an_address_of_its_own(sample_posts: list[Post]) -> None:
    assert len({post.url for post in sample_posts}) == len(sample_posts)
    assert len({(post.source, post.external_id) for post in sample_posts}) == len(sample_posts)


def test_the_sample_says_who_speaks(sample: Roster, names: Names, sample_posts: list[Post]) -> None:
    found = []
    for post in sample_posts:
        (said,) = attribution.attribute(post, sample.sources[post.source], sample, names)
        found.append([f"{post.published_at:%Y-%m-%d %H:%M}", post.source, said.speaker, said.kind])
    rows = [line.split() for line in SPEAKING.strip().splitlines()]
    assert found == [[f"{day} {clock}", *row] for day, clock, *row in rows]


@pytest.mark.parametrize(
    ("watch", "language", "posts"),
    [
        ("neutrality", "en", 1),
        ("нейтралітет", "uk", 1),
        ("нейтралитет", "ru", 2),
        ("Донбас", "uk", 1),
        ("Donetsk", "en", 1),
    ],
)
def test_the_replayed_days_answer_the_watches_people_try(
    sample_posts: list[Post], watch: str, language: str, posts: int
) -> None:
    wanted = query.parse(watch)
    replayed = [post for post in sample_posts if post.published_at >= datetime(2022, 3, 14, tzinfo=UTC)]
    hits = [post for post in replayed if wanted.matches(tokens.read(post.text, post.language))]
    assert [post.language for post in hits] == [language] * posts
