import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import PostKind, Source, Statement
from bot.words.attribution import attribute
from bot.words.names import Names
from tests.words.people import ROSTER, SOURCES, post

NAMES = Names(ROSTER)


def said(text: str, language: str = "") -> tuple[Statement, ...]:
    return attribute(post(text, language=language), SOURCES["wire"], ROSTER, NAMES)


def kinds(text: str, language: str = "") -> dict[str, str]:
    return {one.speaker: one.kind for one in said(text, language)}


# --- the speaker's own account


@pytest.mark.parametrize("kind", ["post", "reply", "quote"])
def test_what_an_account_posts_itself_is_its_own(kind: PostKind) -> None:
    found = attribute(post("Лавров сказал…", kind=kind), SOURCES["x-podolyak"], ROSTER, NAMES)
    assert found == (Statement("podolyak", "own", "Лавров сказал…", rule="own"),)


def test_a_picture_without_words_is_its_own_too() -> None:
    assert attribute(post(""), SOURCES["x-podolyak"], ROSTER, NAMES) == (Statement("podolyak", "own", "", rule="own"),)


@pytest.mark.parametrize("kind", ["forward", "repost"])
def test_what_an_account_passes_on_is_not_its_own(kind: PostKind) -> None:
    found = attribute(post("Мединский: разговор деловой", kind=kind), SOURCES["tg-slutsky"], ROSTER, NAMES)
    assert [(one.speaker, one.kind) for one in found] == [("medinsky", "report")]


@pytest.mark.parametrize("source", ["x-podolyak", "wire"])
def test_a_note_of_the_platform_says_nothing(source: str) -> None:
    assert attribute(post("Podolyak said: x", kind="service"), SOURCES[source], ROSTER, NAMES) == ()


def test_an_account_of_nobody_in_the_roster_says_nothing() -> None:
    stranger = Source("s", "x", "s", speaker="stranger")
    assert attribute(post("words"), stranger, ROSTER, NAMES) == ()


# --- constructions, and what they look like when nobody speaks

EXAMPLES = [
    (
        "Переговоры идут ежедневно, сообщил в Telegram глава делегации, помощник президента Владимир Мединский.",
        "medinsky:report",
    ),
    ("«Такой формат бережёт силы», - написал Мединский.", "medinsky:quote"),
    ('"У перемовинах пауза до завтра", - написав Подоляк у Twitter.', "podolyak:quote"),
    ("A member of the delegation, adviser Mykhailo Podoliak, wrote this on Twitter.", "podolyak:report"),
    (
        "In a post on X, Rustem Umerov, secretary of the Council, said the sides discussed the parameters.",
        "umerov:report",
    ),
    ("Sybiha: Whoever wants peace has to cease fire", "sybiha:report"),
    (
        "Возглавит делегацию Владимир Мединский. Об этом рассказал пресс-секретарь Дмитрий Песков.",
        "medinsky:mention peskov:report",
    ),
    ("Глава МИД Сибига уйдёт в отставку. Об этом заявил депутат Алексей Гончаренко в Telegram.", "sybiha:mention"),
    ("По словам официального представителя МИД РФ Марии Захаровой, обмен сорван.", "zakharova:report"),
    (
        "Дмитриев прокомментировал заявление президента Франции Макрона о канале связи.",
        "dmitriev:report macron:mention",
    ),
    ('"Ми рухаємось — повільно", — зазначив керівник Офісу Президента Буданов.', "budanov:quote"),
    (
        "Цей допис Буданова є відповіддю на коментар глави делегації Володимира Мединського.",
        "budanov:mention medinsky:mention",
    ),
    (
        "Умєров повідомив, що був на зустрічі Зеленського з Дрісколлом.",
        "umerov:report zelensky:mention driscoll:mention",
    ),
    ("Секретарь СНБО Рустем Умеров удалил публикацию. На это обратили внимание журналисты ТАСС.", "umerov:mention"),
    ("«Мы остановились на этом месте», – приводит слова Мединского RT.", "medinsky:quote"),
    ("Dmitriev's visit follows Trump's statements on Putin.", "trump:mention putin:mention"),
    ("Umerov met with Witkoff and Kushner in Florida.", "umerov:mention witkoff:mention kushner:mention"),
    ("Юрий Подоляка рассказал о переговорах.", ""),
    ('"Ми готові прибути", - написав він у телеграм-каналі.', ""),
]

FAILURES = {
    "nested speech": [
        ("Putin said he was ready, Podolyak wrote.", "putin:mention podolyak:report"),
        ("Путин заявил о готовности, написал Подоляк в Telegram", "putin:mention podolyak:report"),
        ("Подоляк написал, что Путин заявил о готовности.", "podolyak:report putin:mention"),
        ("Podolyak said Putin said he was ready.", "podolyak:report putin:mention"),
        ("По словам Захаровой, Лавров заявил о готовности.", "zakharova:report lavrov:mention"),
        ("Песков: Путин заявил о готовности", "peskov:report putin:mention"),
    ],
    "two speakers side by side": [
        ("Песков заявил, что паузы нет, а Лавров добавил, что встреча будет.", "peskov:report lavrov:report"),
        ("Lavrov said the talks were over, while Kuleba said they went on.", "lavrov:report kuleba:report"),
        ("Lavrov and Kuleba said the talks were hard.", "lavrov:report kuleba:report"),
        ("Лавров и Кулеба заявили о готовности к встрече.", "lavrov:report kuleba:report"),
        ("Лавров ответил коротко; Кулеба отметил сложность.", "lavrov:report kuleba:report"),
    ],
    "a spokesperson is not the principal": [
        ("Речниця Умєрова Діана Давітян повідомила про зустріч.", "umerov:mention"),
        ("A spokesman for Umerov said nothing had changed.", "umerov:mention"),
        ("Adviser to President Zelensky said nothing.", "zelensky:mention"),
        ("According to a spokesman for Umerov, nothing had changed.", "umerov:mention"),
        ("По словам представителя Умерова, встреча идёт.", "umerov:mention"),
        ("Putin aide Ushakov said the talks were useful.", "putin:mention ushakov:report"),
        ("Trump administration officials said the plan was ready.", "trump:mention"),
    ],
    "an agency quotes an agency": [
        ("УНН пише, що Bloomberg повідомив про план Трампа.", "trump:mention"),
        ("Мединский прибыл в Стамбул, сообщил ТАСС", "medinsky:mention"),
        ("Прибыл Мединский, переговоры начнутся завтра, сообщил депутат Гончаренко", "medinsky:mention"),
        ("Как сообщил ТАСС, Мединский прибыл в Стамбул.", "medinsky:mention"),
    ],
    "the object comes first": [
        ("Главу МИД Сибигу отправят в отставку, — Гончаренко", "sybiha:mention"),
        ("С Рубио встретился Лавров.", "rubio:mention lavrov:mention"),
        ("Госсекретарь Рубио заявил о прогрессе.", "rubio:report"),
    ],
    "hedges stay in the text": [
        ("Лавров якобы заявил о паузе.", "lavrov:report"),
        ("Allegedly, Lavrov left.", "lavrov:mention"),
    ],
    "old statements": [
        ("Ранее Лавров заявил, что встреча возможна.", "lavrov:mention"),
        ("Паузы не будет.\n\nНагадаємо, Подоляк повідомив про перерву.", "podolyak:mention"),
        ("Talks go on.\n\nBackground:\n\nLavrov said the talks were hard.", "lavrov:mention"),
        ("Talks go on.\n\nBackground: old.\n\nSource: Lavrov on Telegram", "lavrov:report"),
        ("As the agency reported, Kuleba said that nothing was agreed.", "kuleba:mention"),
    ],
    "quotation marks": [
        ("«Путин сказал, что готов», — написал Подоляк.", "podolyak:quote putin:mention"),
        ("«Он сказал: „Лавров готов“, и ушёл», — написал Подоляк.", "podolyak:quote lavrov:mention"),
        ("«Он сказал: «Лавров готов», и ушёл», — написал Подоляк.", "podolyak:quote lavrov:mention"),
        ("«Лавров заявил о паузе\n\nПодоляк написал о встрече.", "lavrov:mention podolyak:report"),
        ('Kuleba said: "Lavrov was not ready to talk." He left.', "kuleba:quote lavrov:mention"),
        ("Подоляк назвав план «сирим».", "podolyak:report"),
        ("Подоляк сказав «ні» і пішов.", "podolyak:report"),
        ("Подоляк написав:\n\n«Ми взяли паузу до завтра».", "podolyak:quote"),
        ('A 19" screen showed Lavrov.', "lavrov:mention"),
        ("«Мы готовы продолжать» — Мединский", "medinsky:quote"),
        ("«Мы готовы!» Об этом заявил Мединский.", "medinsky:report"),
        ("«Мы готовы продолжать разговор». Об этом заявил Мединский.", "medinsky:quote"),
    ],
    "unnamed": [("Источник сообщил о паузе.", ""), ("Российская делегация заявила о паузе.", "")],
    "photo credits and captions": [
        ("Фото: Мединский сообщил ТАСС", ""),
        ("На фото: Мединский сообщил о паузе", "medinsky:mention"),
        ("Photo by: Kuleba said\nKuleba said no.", "kuleba:report"),
    ],
    "epithets are left to their authors": [
        ("Помощник российского диктатора Мединский заявил о паузе.", "medinsky:report"),
    ],
    "denials are statements": [("Сибіга заперечив, що казав це.", "sybiha:report")],
    "what was not said": [
        ("Песков не сказал, когда будет встреча.", "peskov:mention"),
        ("Песков не исключил встречи.", "peskov:report"),
        ("Lavrov was told that the talks were over.", "lavrov:mention"),
        ("Umerov was quoted as saying that work went on.", "umerov:report"),
        ("Peskov declined to comment.", "peskov:mention"),
        ("Песков отказался называть дату, но подчеркнул важность встречи.", "peskov:report"),
    ],
    "questions": [
        ("Песков заявил о выходе из переговоров?", "peskov:mention"),
        ("Что сказал Зеленский о встрече", "zelensky:mention"),
        ("Подоляк запитав: «Чи готові вони?»", "podolyak:mention"),
    ],
    "verbs agree with who speaks": [
        ("Об этом заявила в Москве Захарова.", "zakharova:report"),
        ("Об этом заявили в МИД, где Лавров принял посла.", "lavrov:mention"),
        ("Журналистка спросила Пескова, и Захарова ответила.", "peskov:mention zakharova:report"),
        ("Она сообщила журналистам Лавров", "lavrov:mention"),
    ],
    "pronouns": [
        ('Напередодні Подоляк прибув до Гомеля. "Ми готові до розмови", — додав він.', "podolyak:quote"),
        ("Захарова выступила с заявлением. «Обмен сорван не нами», — сказала она.", "zakharova:quote"),
        ("Захарова прибыла. «Обмен сорван не нами», — сказал он.", "zakharova:mention"),
        ("Лавров та Кулеба прибули. «Ми готові до розмови», — додав він.", "lavrov:mention kuleba:mention"),
        ("Подоляк прибув.\n\n«Ми готові до розмови», — додав він.", "podolyak:mention"),
        ("Подоляк повідомив про паузу.\n\n«Ми готові до розмови», — додав він.", "podolyak:quote"),
        ("Подоляк повідомив про паузу. Посол зазначив інше. «Ми готові до розмови», — додав він.", "podolyak:report"),
        ("Подоляк написал о паузе. Он добавил, что ждёт.", "podolyak:report"),
    ],
    "namesakes": [
        ("Юрий Подоляка заявил о прорыве. Юрія Подоляку цитують усі.", ""),
        ("Oleksii Kuleba said that repairs went on.", ""),
        ("Алексей Кулеба сообщил о ремонте.", ""),
        ("Андрей Медведев сказал, что доволен.", ""),
        ("Player Daniil Medvedev said that he was happy.", ""),
        ("Melania Trump said that the letter had been sent.", ""),
        ("In Antalya Lavrov said that the talks were over.", "lavrov:report"),
        ("Foreign Minister Sergei Lavrov said that the talks were over.", "lavrov:report"),
        ("Олена Зеленська повідомила про фонд.", ""),
        ("Елена Зеленская сообщила о фонде.", ""),
        ("Венки из лавров, сообщил продавец песков.", ""),
        ("Кошти надійшли, повідомили в раді.", ""),
        ("Трамплин готовий, повідомили тренери.", ""),
        ("Maria Callas said little.", ""),
        ("Спортсменка Каллас заявила о победе.", ""),
        ("Адмирал Ушаков сообщил о манёврах.", ""),
    ],
    "cases": [
        ("Подоляку передали: пауза до завтра.", "podolyak:mention"),
        ("Заявлено Подоляком, что паузы нет.", "podolyak:report"),
        ("О Подоляке заявил депутат.", "podolyak:mention"),
        ("За словами Подоляка, паузи немає.", "podolyak:report"),
        ("Сибізі повідомили про паузу.", "sybiha:mention"),
        ("Рубио заявил о паузе.", "rubio:report"),
        ("Рубио сообщили о паузе.", "rubio:mention"),
        ("Глава дипломатии Кая Каллас предупредила о спешке.", "kallas:report"),
        ("Кае Каллас предъявили счёт.", "kallas:mention"),
    ],
    "passives and the words of somebody": [
        ("The pause was announced by Ukrainian adviser Mykhailo Podolyak.", "podolyak:report"),
        ("The pause was announced by an aide to Podolyak.", "podolyak:mention"),
        ("Ushakov was quoted by the agency as saying that work went on.", "ushakov:report"),
        ("Заява Сибіги: «Паузи не буде».", "sybiha:quote"),
        ("Заявление Сибиги: паузы не будет", "sybiha:report"),
        ("Заявление Сибиги вызвало вопросы: кто прав?", "sybiha:mention"),
        ("Yermak's post on X: the work goes on", "yermak:report"),
        ("Yermak's plan: the work goes on", "yermak:mention"),
        ("Statement by Ursula von der Leyen: Europe is ready", "leyen:report"),
        ("Statement by Macron on Ukraine draws criticism", "macron:mention"),
    ],
    "somebody unknown retells": [
        ("Источник сообщил, что Ермак предложил новую формулу.", "yermak:mention"),
        ("A diplomat said Witkoff told the ministers to hurry.", "witkoff:mention"),
        ("Bloomberg: Макрон предложил Путину встречу", "macron:mention putin:mention"),
        ("Источник ушёл, а Песков заявил о паузе.", "peskov:report"),
        ("The agency said that the pause would last, Peskov said.", "peskov:report"),
    ],
    "short quotations": [
        ("«Нет», — ответил Песков.", "peskov:quote"),
        ("Песков ответил: «Нет».", "peskov:quote"),
        ("«Нафтогаз» — компанія держави, зазначив Подоляк.", "podolyak:report"),
        ("“No,” Peskov said.", "peskov:quote"),
        ("Песков назвал план «сырым».", "peskov:report"),
    ],
    "on air and in interviews": [
        ("«Работа идёт по плану», — заявил в эфире радио Леонид Слуцкий.", "slutsky:quote"),
        ("В интервью газете Лавров назвал условия прежними.", "lavrov:report"),
        ("Газета напечатала интервью с Лавровым.", "lavrov:mention"),
        ("Подоляк пише у Telegram, що паузи немає.", "podolyak:report"),
    ],
    "verbs that take themselves as object": [
        ("Песков пожаловался на задержку.", "peskov:report"),
        ("Захарова поделилась новостью.", "zakharova:report"),
        ("Кулеба висловився проти паузи.", "kuleba:report"),
        ("Захаров поделился новостью.", ""),
    ],
    "labels": [
        ('Source: Podolyak on X\nQuote: "We took a pause."\nDetails: Lavrov came.', "podolyak:quote lavrov:mention"),
        ("Quote from Sybiha: \"The pause is over and we go on.\"", "sybiha:quote"),
        ("Source: Podolyak and Yermak on Telegram", "podolyak:report yermak:mention"),
    ],
    "behind the dash": [
        ("Российская делегация получила предложения — Мединский по итогам переговоров", "medinsky:report"),
        ("Глава российской делегации — Мединский.", "medinsky:mention"),
        ("Ukraine wants guarantees - Sybiha", "sybiha:report"),
        ("Встреча будет, — Лавров и ещё трое приехали вместе", "lavrov:mention"),
        ("Пауза. Встреча будет — Лавров", "lavrov:mention"),
        ("Встреча — дело решённое, отметил по итогам Лавров", "lavrov:report"),
    ],
    "English order": [
        ('"We are ready," said Ukraine\'s foreign minister, Dmytro Kuleba.', "kuleba:quote"),
        ('"We are ready to go," said a friend of Kuleba.', "kuleba:mention"),
        ("The call was useful, said Trump would call again.", "trump:mention"),
        ("Kuleba (foreign minister) said no.", "kuleba:report"),
        ("Kuleba, who said no, left.", "kuleba:report"),
        ("Kuleba stood up and said no.", "kuleba:report"),
        ("Kuleba on Monday evening said no.", "kuleba:report"),
        ("Office of the President Andriy Yermak said no.", "yermak:report"),
        ("The officials quoted Lavrov as saying no.", "lavrov:report"),
        ("The ministers told Lavrov no.", "lavrov:mention"),
        ("Talks with Medinsky: what we know", "medinsky:mention"),
        ('"We go on," said a lawyer for the family, Kuleba.', "kuleba:mention"),
        ("According to Putin's aide Ushakov, the call was long.", "putin:mention ushakov:report"),
    ],
    "Slavic order": [
        ("Лавров, который заявил о паузе, уехал.", "lavrov:report"),
        ("Лавров, когда заявил о паузе, уехал.", "lavrov:mention"),
        ("Лавров (глава МИД) заявил о паузе.", "lavrov:report"),
        ("Лавров, глава МИД РФ, заявил о паузе.", "lavrov:report"),
        ("Посол, помощник министра Лавров, заявил о паузе.", "lavrov:report"),
        ("Лавров во время долгого разговора со своим коллегой из Анкары заявил о паузе.", "lavrov:report"),
        ("Как отметил в Анталье министр, Лавров приехал.", "lavrov:mention"),
        ("Как отметил Лавров, пауза кончилась.", "lavrov:report"),
        ("Сообщил о паузе Лавров Кулебе", "lavrov:report kuleba:mention"),
        ("Лавров о паузе: она кончилась", "lavrov:report"),
        ("Лавров, глава МИД РФ, заявил", "lavrov:report"),
        ("Лавров, глава МИД РФ, сообщил ТАСС", "lavrov:mention"),
        ("Сообщил Песков в присутствии посла Лавров", "peskov:report lavrov:mention"),
        ("Песков сообщил журналистам Лавров", "peskov:report lavrov:mention"),
        ("Лавров (МИД): пауза кончилась", "lavrov:report"),
        ("Лавров в 10:30 приехал", "lavrov:mention"),
        ("цитирует Захарову агентство", "zakharova:report"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_who_speaks_in_sentences_of_agencies(text: str, expected: str) -> None:
    assert kinds(text) == dict(one.split(":") for one in expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*example, id=f"{name} {at}") for name, some in FAILURES.items() for at, example in enumerate(some)],
)
def test_nobody_gets_words_put_into_their_mouth(text: str, expected: str) -> None:
    assert kinds(text) == dict(one.split(":") for one in expected.split())


# --- what is handed over


def test_the_only_speaker_of_a_post_gets_all_of_it() -> None:
    text = "Переговоры идут\n\nПауза кончилась. Об этом сообщил Мединский. С ним был Лавров."
    spoken, named = said(text)
    assert (spoken.speaker, spoken.text) == ("medinsky", text)
    assert (named.speaker, named.text) == ("lavrov", "С ним был Лавров.")


def test_each_of_several_speakers_gets_their_own_sentences() -> None:
    text = (
        "Паузы не будет. Об этом заявил Песков. «Мы продолжаем работу». Погода ясная. "
        "Лавров подтвердил это. «Встреча будет завтра», — добавил он."
    )
    peskov, lavrov = said(text)
    assert peskov.text == "Паузы не будет. Об этом заявил Песков. «Мы продолжаем работу»."
    assert lavrov.text == "Лавров подтвердил это. «Встреча будет завтра», — добавил он."
    assert (peskov.kind, lavrov.kind) == ("report", "quote")


def test_speakers_come_in_the_order_in_which_they_speak() -> None:
    assert [one.speaker for one in said("С Кулебой говорил Лавров. Песков сообщил. Захарова сообщила.")] == [
        "kuleba",
        "lavrov",
        "peskov",
        "zakharova",
    ]


def test_the_strongest_place_decides_and_says_by_which_rule() -> None:
    (found,) = said("Лавров: пауза кончилась\n\nЛавров прибыл. «Пауза кончилась вчера», — заявил Лавров.")
    assert (found.kind, found.rule, found.evidence, found.confidence) == ("quote", "verb-subject", "заявил Лавров", 80)


def test_a_sign_that_is_not_enough_is_kept_and_attributes_nothing() -> None:
    (found,) = said("Подоляк прибув. Він додав, що чекає.")
    assert (found.kind, found.rule, found.confidence) == ("unknown", "carry-over", 55)
    assert found.evidence == "додав"
    assert not found.speaks


def test_the_language_of_the_source_counts_where_the_text_does_not_tell() -> None:
    source = Source("u", "feed", "u", outlet={"uk": "У"}, language="uk")
    (found,) = attribute(post("Руденко"), source, ROSTER, NAMES)
    assert found.kind == "mention"


def test_a_decomposed_text_reads_the_same() -> None:
    text = "«Перемовини йдуть важко», – зазначив Подоляк у Києві."
    assert kinds(unicodedata.normalize("NFD", text)) == kinds(text) == {"podolyak": "quote"}


PIECES = (
    'Лавров|Putin|Захарова|Рубио|Подоляка|сказал|заявила|said|who|что|he|он|«|»|"|“|”|„|(|)|,|:|.|?|—|-|\n|\n\n| и '
    "|Ранее|Фото:|Source:|по словам|According to|'s|İ|🚀"
)
pieces = st.sampled_from(PIECES.split("|"))


@given(st.lists(pieces, max_size=25).map(" ".join) | st.text(max_size=80))
def test_any_text_gives_each_speaker_at_most_one_statement_of_the_text(text: str) -> None:
    found = said(text)
    assert len({one.speaker for one in found}) == len(found)
    squeezed = " ".join(text.split())
    for one in found:
        assert one.kind in ("quote", "report", "mention", "unknown")
        assert 0 < one.confidence <= 100
        assert " ".join(one.evidence.split()) in squeezed or not text.isascii()
