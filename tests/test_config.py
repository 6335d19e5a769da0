"""What is shipped in config/: it loads, every switched-on source has a proof, the topics find what they are named for."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import settings
from bot.models import LANGUAGES, Roster, SourceKind
from bot.words import query, tokens

CONFIG = Path(__file__).parents[1] / "config"


@pytest.fixture(scope="module", name="roster")
def shipped_roster() -> Roster:
    return settings.load({"PARLEY_CONFIG": str(CONFIG)}).roster


@pytest.fixture(scope="module", name="sample")
def sample_roster() -> Roster:
    return settings.load({"PARLEY_CONFIG": str(CONFIG)}, "sample/sources.toml").roster


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
