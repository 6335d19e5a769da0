"""The words by which texts in three languages say that somebody speaks.

All expressions read text in small letters, with ё as е and the inside of quotations masked.

Only finite verbs of saying are here: a noun ("заявление", "the statement"), a participle or a passive ("был назван")
tells that words exist, not whose sentence this is; but for those that lead to a name ("announced by N").
"""

import re
from collections.abc import Mapping

_RUSSIAN_PAST = """
    заяви заявля сообщи сообща отмети отмеча подчеркну подчеркива добави добавля уточни уточня написа писа рассказа
    рассказыва сказа говори поясни поясня объясни объясня призна признава подтверди подтвержда напомни напомина указа
    указыва ответи отвеча предупреди предупрежда объяви объявля счита посчита назва называ обвини обвиня призва
    призыва анонсирова проинформирова информирова прокомментирова комментирова увери уверя завери резюмирова
    констатирова предположи допусти пообеща обеща потребова требова предложи предлага утвержда настаива опроверга
    процитирова раскритикова пригрози отрица замети замеча подытожи озвучи обозначи охарактеризова изложи намекну
    намека пошути спрогнозирова прогнозирова сокруша предполага оцени оценива
"""
_RUSSIAN_PRESENT = """
    заявля сообща отмеча подчеркива добавля уточня рассказыва поясня объясня подтвержда напомина указыва отвеча
    предупрежда объявля счита называ обвиня призыва уверя утвержда настаива опроверга предлага обеща полага призна
    информиру комментиру анонсиру констатиру резюмиру требу замеча отрица намека дума прогнозиру предполага оценива
"""
_UKRAINIAN_PAST = """
    заяви заявля повідоми повідомля зазначи зазнача наголоси наголошува підкресли підкреслюва дода додава уточни
    уточнюва написа писа розпові розповіда сказа каза говори поясни пояснюва визна визнава підтверди підтверджува
    нагада нагадува вказа вказува відпові відповіда попереди попереджа оголоси оголошува вважа назва назива
    звинувати звинувачува заклика анонсува поінформува проінформува інформува прокоментува коментува спростува
    спростовува резюмува процитува запевни запевня констатува припусти запропонува пропонува пообіця обіця вимага
    наполяга стверджува підсумува розкритикува пригрози заперечи заперечува
    зауважи зауважува озвучи окресли охарактеризува відзначи відзнача натякну натяка пожартува спрогнозува прогнозува
    припусти припуска передбачи оціни оцінюва
"""
_UKRAINIAN_PRESENT = """
    заявля повідомля зазнача розповіда відповіда запевня вимага наполяга обіця наголошу підкреслю дода уточню поясню
    визна підтверджу нагаду вказу попереджа оголошу вважа назива звинувачу заклика анонсу інформу коменту спростову
    резюму констату пропону стверджу зауважу заперечу відзнача натяка прогнозу припуска оціню дума перекону
"""
_ENGLISH = """
    said says told tells wrote writes tweeted tweets posted posts stressed stresses noted notes added adds warned warns
    announced announces confirmed confirms stated declared declares insisted insists claimed claims denied denies
    explained explains replied replies reported reports emphasised emphasises emphasized emphasizes described describes
    urged urges vowed vows pledged pledges argued argues admitted admits acknowledged acknowledges promised promises
    demanded demands asserted asserts recalled suggested suggests believes concluded remarked clarified reiterated
    commented underlined underscored responded accuses accused thinks continued hinted hints cautioned cautions
    predicted predicts reaffirmed reaffirms assured assures answered complained
    complains joked quipped revealed reveals disclosed outlined outlines voiced expressed reckons contends contended
    recounted lamented opined signalled signaled threatened threatens
"""


# Endings: of one man, of one woman, of several; "" and the present tense of one fit men and women.
def _forms(stems: str, endings: str) -> dict[str, str]:
    return {stem + ending: ending for stem in stems.split() for ending in endings.split()}


_VERBS: Mapping[str, str] = {
    **dict.fromkeys(_ENGLISH.split(), ""),
    **dict.fromkeys("опроверг отверг счел предостерег застеріг наполіг".split(), "л"),
    **dict.fromkeys("пише каже говорить пишет говорит".split(), ""),
    **_forms("опровергл отвергл соч предостерегл застерегл наполягл", "а и ла ли"),
    **_forms("пиш каж говор", "ут ят уть ять"),
    **_forms("убежден уверен", "а ы"),
    **_forms("впевнен переконан", "а і ий"),
    **dict.fromkeys("убежден уверен".split(), "л"),
    **_forms("призна пожалова высказа подели обмолви отозва", "лся лась лись"),
    **_forms("зізна поскаржи висловлюва вислови поділи обмови", "вся лася лися лась лись"),
    **_forms(_UKRAINIAN_PRESENT, "є ють"),
    **_forms(_UKRAINIAN_PAST, "в ла ли"),
    **_forms(_RUSSIAN_PRESENT, "ет ют"),
    **_forms(_RUSSIAN_PAST, "л ла ли"),
}
"""Each form of the verbs of saying that are one word, and its ending."""

DENIALS = frozenset(
    "denied denies опроверг опровергла опровергли опровергает отрицает отрицал отрицала отрицали спростував спростувала"
    " спростували спростовує заперечив заперечила заперечили заперечує".split()
)


def is_verb(form: str) -> bool:
    """Whether the word, in small letters, is a verb of saying."""
    return form in _VERBS


_PHRASE = re.compile(
    r"""(?<!\w)(?:
        не\ исключ(?:ает|и(?P<ru>л|ла|ли)) | не\ виключ(?:ає|и(?P<uk>в|ла|ли))
      | вырази(?P<voiced>л|ла|ли)\ (?:\w+\ )?(?:мнение|надежду|уверенность|готовность|сомнение|сожаление)
      | вислови(?P<felt>в|ла|ли)\ (?:\w+\ )?(?:думку|сподівання|переконання|впевненість|готовність|сумнів)
      | да(?P<gave>л|ла|ли)\ понять | да(?P<knew>в|ла|ли)\ зрозуміти
      | (?:called|calls)\ (?:on|for)
      | (?:called|calls)(?=\ (?:it|this|that|the|a|an)\ (?!\w*\ ?(?:president|minister|leader|chancellor|king|pope)))
      | (?:rules|ruled)\ out | (?:puts|put)\ it | made\ (?:it\ )?clear
      | (?:was|is|were|are)\ (?:quoted|cited)\ (?:by\ [^.,;:]{1,40}\ )?as\ saying
    )(?!\w)""",
    re.VERBOSE,
)
_WORD = re.compile(r"\w+")

WEAK = re.compile(
    r"(?:предлаг|предлож|потребо|требу|пообеща|обеща|признал|признае|допуст|обвин|оцен|отриц|опроверг|отверг|пропон|запропон|пообіця"
    r"|обіця|вимаг|визна|звинува|оцін|спрост|запереч|called|calls|accus|promis|pledg|demand|threat|ruled|rules|offer)"
)
"""Verbs of what somebody does by words: behind another one's colon they tell of the deed."""

_FEMININE = frozenset({"ла", "а", "лась", "лася"})
_PLURAL = frozenset({"ли", "и", "лись", "лися", "ют", "ють", "ут", "ят", "уть", "ять", "ы", "і"})

_NOT_SAID = re.compile(
    r"(?:(?<!\w)(?:не|ні|не стал[аи]?|не буд\w+|отказал\w+|відмови\w+)\s+(?:\w+\s+)?"
    r"|(?:\bnot|\bnever|n['’]t|\bdeclined to|\brefused to|\bwithout|\byet to)\s+(?:\w+\s+)?"
    r"|\b(?:was|were|is|are|been|being|be|get|got)\s+(?:\w+ly\s+)?)$"
)

_NEGATING = frozenset(
    "не ні not never declined refused without yet to was were is are been being be get got стал стали стала".split()
)

SUBORDINATE = re.compile(
    r"(?<!\w)(?:что|чтобы|будто|якобы|если|когда|где|котор\w+|поскольку|хотя|ли|що|щоб|нібито|ніби|якщо|коли|де|як(?:ий|а|е|і|ого"
    r"|ої|их|им|ою|ому)|оскільки|хоча|чи|that|whether|if|when|where|who|which|because|although|why|how)(?!\w)"
)
HEDGE = re.compile(r"(?<!\w)(?:якобы|будто бы|нібито|ніби)\s")  # between subject and verb; it stays in the text
COORDINATED = re.compile(
    r"(?:[,;–—]\s*(?:а|но|зато|тогда как|в то время как|же|та|але|тоді як|а от|while|whereas|but|and)(?!\w)|;)"
)
CLAUSE_BESIDE = re.compile(r"[,;]\s*(?:а|но|та|але|тогда как|тоді як|while|whereas|and|but)\s+(?:[\w'’-]+\s+){0,4}$")

ACCORDING_TO = re.compile(
    r"""(?<!\w)(?:
        по\ словам | по\ мнению | по\ утверждению | со\ слов | по\ данным | по\ версии
      | за\ словами | зі\ слів | із\ слів | на\ думку | за\ твердженням | за\ даними | за\ версією
      | (?:со\ ссылкой|[зі]з?\ посиланням)\ на
      | (?:приводит|привел[аи]?|приводят|передает|передал[аи]?|цитирует
            |наводить|навела?|навів|наводять|передає|передав|цитує)
            \ (?:[^\s,.:;]+\ ){0,3}слова
      | цитиру(?:ет|ют) | процитировал[аи]? | циту(?:є|ють) | процитува(?:в|ла|ли)
      | according\ to | in\ the\ words\ of | quot(?:ed|es|ing) | cit(?:ed|es|ing)
    )\s(?P<role>[^,.!?;:«»"“”„()\x00—–]{0,90})$""",
    re.VERBOSE,
)
SPEAKS_FOR = re.compile(
    r"(?:жены|дружини|адвоката|представителя|представительницы|представника|представниці|речника|речниці|окружения|оточення"
    r"|(?:spokes(?:man|woman|person)|aide|adviser|lawyer|office|team|allies|ally|source) (?:for|of|to|close to))\s*$"
)

LABEL = re.compile(
    r"\W*(?:(?:source|quote|джерело|пряма мова|цитата|дослівно|источник|прямая речь|дословно)\s?:"
    r"|(?P<of>(?:quote|statement|comment|message|post|remarks|words) (?:by|from|of|to)\b))"
    r"(?P<role>[^.!?;:\x00\n]{0,90})$"
)

OF_THEIRS = re.compile(
    r"""['’ʼ]s\s+(?:(?:new|latest|own|full|short|daily|evening)\s)?
        (?:post|message|statement|comment|address|tweet|remarks|words|reaction|reply|response)\b[^.!?:;\n]{0,60}:\s""",
    re.VERBOSE,
)
"""What follows the name where a colon leads from it to the words: "N's post on X: …"."""

WORDS_OF = re.compile(
    r"(?<!\w)(?:заявление|комментарий|пост|сообщение|обращение|слова|реакция|ответ|заява|коментар|допис|повідомлення"
    r"|звернення|реакція|відповідь)\s(?P<role>[^,.!?;:«»“”„()\x00—–]{0,90})$"
)
COLON_AFTER = re.compile(
    r"(?:\s\([^)\n]{1,60}\)|\s+(?:в|у|на|для|о|об|про|щодо|on|in|at|to|about)\s[^.!?:;\n\x00]{1,50})?\s?:\s"
)

PASSIVE = re.compile(
    r"""(?<!\w)(?:
        (?:announced|stated|confirmed|reported|declared|voiced|revealed|disclosed|noted|explained|denied|stressed)
        (?:\ (?:on|in|at)\ [^,.;:]{1,40}?)?\ by
      | (?:заявлен|сказан|озвучен|анонсирован|объявлен|подтвержден|отмечен|опровергнут)(?:о|а|ы|)
      | (?:заявлен|сказан|озвучен|анонсован|оголошен|підтверджен|зазначен|повідомлен|спростован)(?:о|а|і|ий)
    )\s(?P<role>[^,.!?;:«»“”„()\x00—–]{0,70})$""",
    re.VERBOSE,
)
"""Words that lead to who said it, in the instrumental case or behind "by"."""

_FRAMES = (
    "слов слів мнени утвержден данным верси ссылк думк твердженн даним версі посиланн цит accord quot cited cites"
    " citing заяв коммент комент пост допис сообщен повідомлен обращен звернен реакц ответ відповід source statement"
    " comment message remarks words джерело пряма дослівно источник прямая дословно"
).split()
_BY = re.compile(r" by |(?:лен|зан|чен|ван|шен|жен|нут)(?:о|а|ы|і|ий) ")


def may_frame(sentence: str) -> bool:
    """Whether the sentence has a word of any of the above: one quick look instead of many."""
    return any(map(sentence.__contains__, _FRAMES)) or _BY.search(sentence) is not None


PREPOSITION_BEFORE = re.compile(
    r"(?<!\w)(?:with|to|of|for|from|against|about|on|after|between|by|at|over|than|like|without|toward|towards|via|met|meets|meeting"
    r"|с|со|к|ко|от|о|об|обо|у|для|против|на|за|перед|между|через|по|без|до|из|при|про|над"
    r"|з|із|зі|від|проти|щодо|між|біля|після|після|заради|under|joined|joins|sees|saw|thanked|thanks|told|tells|asked|asks|urged"
    r"|urges|called|calls|invited|accused|accuses|named|replaced|blamed|praised)\s+(?:the\s+)?$"
)
TITLED_OBJECT = re.compile(
    r"(?<!\w)(?:with|to|of|for|from|against|about|between|by|met|told|accused)\s+"
    r"(?:(?:the|a|his|her|its|their|new|former|then|other|senior|top|special|deputy|vice|prime|foreign|defen[cs]e|first|chief"
    r"|interior|finance|u\.?s\.?|eu|nato|[\w’'-]+(?:an|ish|ese|ch|ic|ine|['’]s))\s+){0,4}?"
    r"(?:president|minister|envoy|leader|adviser|secretary|chancellor|negotiator|ambassador|chief|general|mr|counterpart)\s+$"
)
OTHER_SUBJECT = re.compile(
    r"\s+(?:[\w’'-]+\s+){0,2}?(?:spokes\w+|officials?|sources?|ministr?y?|aides?|advisers?|agency|agencies|media|reports?|police"
    r"|governor|mayor|diplomats?|envoy|office|kremlin|department|statement)\b"
)
"""Somebody whom English puts behind the verb: "…, says a spokesman"."""

OFFICE_OF = re.compile(r"(?:office|administration|chief of staff|head) (?:of|to) the president\s+$")

PRONOUN = {
    "masculine": re.compile(r"(?<!\w)(?:он|він|he)(?!\w)"),
    "feminine": re.compile(r"(?<!\w)(?:она|вона|she)(?!\w)"),
}

QUESTION_START = re.compile(r"\W*(?:что|почему|зачем|кто|що|чому|навіщо|хто|what|why|how|who|whether)(?!\w)")


class Cue:
    """One verb of saying in a sentence; start and end are places in the text."""

    __slots__ = ("end", "ending", "start")

    def __init__(self, start: int, end: int, ending: str) -> None:
        self.start, self.end, self.ending = start, end, ending

    def agrees(self, *, feminine: bool, joint: bool) -> bool:
        """Whether the verb's number and gender fit one person (or one of several)."""
        if self.ending in _PLURAL:
            return joint
        if self.ending in ("", "ет", "є", "ий"):
            return True
        return (self.ending in _FEMININE) == feminine


def _is_not_said(before: str) -> bool:
    """Whether what stands before a verb negates it or makes it passive."""
    for word in before.split()[-3:]:
        if word in _NEGATING or word.endswith(("n't", "n’t")) or word.startswith(("отказал", "відмови")):
            return _NOT_SAID.search(before) is not None
    return False


def verbs(text: str, start: int, end: int) -> list[Cue]:
    """The verbs of saying between two places: neither negated nor passive."""
    found = []
    for match in _WORD.finditer(text, start, end):
        ending = _VERBS.get(match[0])
        if ending is not None and not _is_not_said(text[max(start, match.start() - 40) : match.start()]):
            found.append(Cue(match.start(), match.end(), ending))
    for match in _PHRASE.finditer(text, start, end):
        ending = next((group for group in match.groups() if group), "")
        found.append(Cue(match.start(), match.end(), ending))
    return sorted(found, key=lambda cue: cue.start)
