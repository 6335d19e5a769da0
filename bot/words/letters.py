"""Letters: how a token of a text becomes the form that is compared. No dictionaries here.

Case, accents, stress marks, invisible characters, apostrophe variants, ё and ґ make no difference to a reader, so
they make none here. й and ї are letters of their own and stay: everything is composed (NFC) before anything is cut.
"""

import re
import unicodedata

APOSTROPHES = "'’ʼ‘`´′＇"
MARKS = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"  # combining accents, soft hyphen, zero-width characters

_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")

# Latin letters that look like Cyrillic ones; capitals have more twins than small letters.
_LATIN_TWINS = "aceiopxyïABCEHIKMOPTXYÏ"
_CYRILLIC_TWINS = "асеіорхуїАВСЕНІКМОРТХУЇ"
_TO_CYRILLIC = str.maketrans(_LATIN_TWINS, _CYRILLIC_TWINS)
_TO_LATIN = str.maketrans(_CYRILLIC_TWINS, _LATIN_TWINS)

_WITHOUT_ACCENT = str.maketrans("ıłøđŁØĐ", "ilodLOD")  # letters that NFD does not take apart
_FOLD = str.maketrans("ёґѐѝ", "егеи", "'")


def clean(token: str) -> str:
    """The token in lower case as a dictionary would print it: composed, one apostrophe, one script.

    A token that mixes Latin and Cyrillic is repaired towards its majority (Cyrillic on a tie) when every letter of
    the minority has a twin; a token of one script stays as it is, so `HATO` and `cop` remain Latin. `U.S.` is `us`.
    """
    if token.isascii():
        return token.lower().replace("`", "'").replace(".", "")
    word = unicodedata.normalize("NFKC", _INVISIBLE.sub("", token))  # also 𝗯𝗼𝗹𝗱 letters
    cyrillic = len(_CYRILLIC.findall(word))
    if cyrillic:
        latin = len(_LATIN.findall(word))
        if latin:
            word = _one_script(word, to_cyrillic=cyrillic >= latin)
            cyrillic = len(_CYRILLIC.findall(word))
    # lower() before the accents go: some capitals (İ) take one apart
    word = _APOSTROPHE.sub("'", word).lower()
    if cyrillic:
        return _ACCENTS.sub("", word)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT_ACCENT)


def _one_script(word: str, *, to_cyrillic: bool) -> str:
    foreign = _LATIN if to_cyrillic else _CYRILLIC
    repaired = word.translate(_TO_CYRILLIC if to_cyrillic else _TO_LATIN)
    return word if foreign.search(repaired) else repaired


def fold(word: str) -> str:
    """What is compared: a cleaned word or a lemma without ё, ґ and apostrophes."""
    return word.translate(_FOLD)


def is_cyrillic(word: str) -> bool:
    return _CYRILLIC.search(word) is not None


def is_latin(word: str) -> bool:
    return _LATIN.search(word) is not None
