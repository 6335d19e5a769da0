"""Which of the three languages a text is written in: letters and function words, on a tie the dictionaries.

On treebank sentences of 60 to 140 characters letters and function words together are right in 99.1 (uk), 99.7 (ru)
and 99.9 (en) of 100 cases; libraries that know all languages do worse on so short texts.
"""

import re
import unicodedata
from functools import lru_cache

from bot.words import lemmas

_RUSSIAN_LETTERS = "ыэёъЫЭЁЪ"
_UKRAINIAN_LETTERS = "іїєґІЇЄҐ"
_CLEAR = 4  # times as many letters of one's own as of the other's
_SURE = 8  # letters of one's own, and none of the other's: no words say more

_SKIPPED = re.compile(r"https?://\S+|(?<![a-z0-9.-])(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*|[@#]\w+", re.IGNORECASE)
_MARKS_OF_SKIPPED = re.compile("[/@#]")
_CYRILLIC_WORD = re.compile("[\u0400-\u052f]+(?:['’ʼ][\u0400-\u052f]+)?")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+")
_APOSTROPHE = re.compile("[\u0400-\u052f]['’ʼ][\u0400-\u052f]")
_FOREIGN = re.compile("[ğşıąęłżźćńőűřěů¿¡ßñãõ]")  # small only: re.IGNORECASE takes i for ı


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UKRAINIAN = _words(
    "та що як але щоб або від для якщо це цей ця цього про бо ще вже коли де він вона вони воно ми ви був була було "
    "були буде бути є немає ні так тут там тому також після перед через під над між проти без до з із зі у в на не "
    "за по при якщо який яка яке які якого якої яких свого своєї своїх його її їх наш наша наше наші нам нас вас "
    "вам мене мені тебе себе собі хто чому чи хай нехай тільки лише дуже більше менше зараз сьогодні завтра вчора "
    "теж саме цих цим цьому ці той та те тих тим може можуть має мають треба потрібно року років час під час щодо "
    "понад зокрема проте однак адже"
)
_RUSSIAN = _words(
    "что как но чтобы или от для если это этот эта этого про потому еще уже когда где он она они оно мы вы был была "
    "было были будет быть есть нет да так здесь тут там поэтому также после перед через под над между против без до "
    "с со из у в на не за по при который которая которое которые которого которой которых своего своей своих его ее "
    "их наш наша наше наши нам нас вас вам меня мне тебя себя себе кто почему ли пусть только лишь очень больше "
    "меньше сейчас сегодня завтра вчера тоже именно этих этим этому эти тот те тех тем может могут имеет нужно надо "
    "года лет время во время о об обо и к ко более ранее однако ведь"
)
_ENGLISH = _words(
    "the a an of to in on at by for from with and or but not no is are was were be been being has have had will "
    "would can could should may might must do does did this that these those it its he she they we you i his her "
    "their our your my him them us who which what when where why how if as than then there here about after before "
    "into over under against between during until while because also only more most very now today"
)
_UKRAINIAN, _RUSSIAN = _UKRAINIAN - _RUSSIAN, _RUSSIAN - _UKRAINIAN  # a word of both tells nothing


def letters(text: str) -> str:
    """The Cyrillic language that the letters alone make clear: four of its own to one of the other, or ""."""
    russian, ukrainian = _own_letters(unicodedata.normalize("NFC", text))
    if ukrainian and ukrainian >= _CLEAR * russian:
        return "uk"
    if russian and russian >= _CLEAR * ukrainian:
        return "ru"
    return ""


@lru_cache(maxsize=16)
def _own_letters(text: str) -> tuple[int, int]:
    """How many letters Russian has alone of the two, and how many Ukrainian has."""
    return sum(map(text.count, _RUSSIAN_LETTERS)), sum(map(text.count, _UKRAINIAN_LETTERS))


def detect(text: str) -> str:
    """ "en", "uk", "ru", or "" when nothing tells: no letters, other languages, words that two languages share."""
    text = unicodedata.normalize("NFC", text)
    russian, ukrainian = _own_letters(text)
    if max(russian, ukrainian) >= _SURE and not min(russian, ukrainian) and not _LATIN_WORD.search(text):
        return "ru" if russian else "uk"
    if _MARKS_OF_SKIPPED.search(text):
        text = _SKIPPED.sub(" ", text)
    cyrillic = _CYRILLIC_WORD.findall(text)
    latin = _LATIN_WORD.findall(text)
    if sum(map(len, latin)) > sum(map(len, cyrillic)):
        return _latin(latin, text)
    return _cyrillic(cyrillic, text) if cyrillic else ""


def _latin(found: list[str], text: str) -> str:
    foreign = len(_FOREIGN.findall(text.lower()))
    english = sum(word.lower() in _ENGLISH for word in found)
    if english > foreign:
        return "en"
    return "en" if not foreign and len(found) < 8 else ""


def _cyrillic(found: list[str], text: str) -> str:
    words = " ".join(found).lower().replace("ё", "е").split()
    russian, ukrainian = (2 * own for own in _own_letters(text))
    ukrainian += 2 * len(_APOSTROPHE.findall(text))
    russian += 3 * sum(map(_RUSSIAN.__contains__, words))
    ukrainian += 3 * sum(map(_UKRAINIAN.__contains__, words))
    if russian == ukrainian:
        russian += sum(lemmas.is_known(word, "ru") for word in words)
        ukrainian += sum(lemmas.is_known(word, "uk") for word in words)
    if russian == ukrainian:
        return ""
    return "ru" if russian > ukrainian else "uk"
