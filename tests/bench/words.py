"""Made-up agency posts in three languages for the measurements; seeded, so each run has the same."""

import random

WORDS = {
    "en": "talks delegation ceasefire neutrality treaty guarantees corridor exchange prisoners army withdrawal region "
    "minister president adviser negotiator statement position agreement draft border sanctions meeting round video "
    "conference pause status language security troops evacuation humanitarian nuclear plant grain port summit".split(),
    "uk": "переговори делегація перемир'я нейтралітет договір гарантії коридор обмін полонені армія відведення область "
    "міністр президент радник переговорник заява позиція угода проєкт кордон санкції зустріч раунд відео безпека "
    "конференція пауза статус мова війська евакуація гуманітарний ядерний станція зерно порт саміт".split(),
    "ru": "переговоры делегация перемирие нейтралитет договор гарантии коридор обмен пленные армия вывод область "
    "министр президент советник переговорщик заявление позиция соглашение проект граница санкции встреча раунд видео "
    "конференция пауза статус язык войска эвакуация гуманитарный ядерный станция зерно порт саммит".split(),
}
LEADS = {
    "en": "“{0},” Petrov said on Monday, after the delegations had met. ",
    "uk": "«{0}», – зазначив Петров у понеділок після зустрічі делегацій. ",
    "ru": "«{0}», — заявил Петров в понедельник после встречи делегаций. ",
}

_chance = random.Random(14)


def _text(language: str) -> str:
    def some(count: int) -> str:
        return " ".join(_chance.choices(WORDS[language], k=count))

    return LEADS[language].format(some(8).capitalize()) + " ".join(f"{some(9).capitalize()}." for _ in range(4))


TEXTS = [_text(_chance.choices(["uk", "ru", "en"], [45, 35, 20])[0]) for _ in range(200)]
