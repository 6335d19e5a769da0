"""The case forms of surnames in Russian and Ukrainian.

The case tells who speaks: a speaker stands in the nominative, or in the genitive after "по словам". The forms are
made by rule from the nominative, since no dictionary knows most of the surnames. English names have one form, and so
have those that a language does not decline ("Рубио").
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

Cases: TypeAlias = frozenset[str]
"""Any of "nominative", "genitive", "other"."""

NOMINATIVE: Cases = frozenset({"nominative"})
GENITIVE: Cases = frozenset({"genitive"})
OTHER: Cases = frozenset({"other"})
ANY: Cases = NOMINATIVE | GENITIVE | OTHER


# How surnames decline: what the nominative ends in, how many of its letters go, the endings of the genitive (for men
# also the accusative) and of the other cases. The first line that fits counts; where none does nothing changes.
_Rule: TypeAlias = tuple[str, int, str, str]

_RUSSIAN: tuple[_Rule, ...] = (
    ("(?:ий|ый|ой)", 2, "ого", "ому им ым ом"),
    ("(?:[оеё]в|[иы]н)", 0, "а", "у ым ом е"),  # foreign names in -ин have -ином
    ("ия", 1, "и", "ю ей ею"),
    ("[жчшщцкгх]а", 1, "и ы", "е у ой ою ей"),
    ("а", 1, "ы", "е у ой ою"),
    ("я", 1, "и", "е ю ей ею"),
    ("[йь]", 1, "я", "ю ем е"),
    ("[жчшщц]", 0, "а", "у ем ом е"),
    ("[бвгдзклмнпрстфх]", 0, "а", "у ом е"),
)
_RUSSIAN_FEMININE: tuple[_Rule, ...] = (
    ("(?:\\w{3}ая|яя)", 2, "ой ей", "ую юю ою"),
    ("(?:[оеё]в|[иы]н)а", 1, "ой", "у ою"),
    *(rule for rule in _RUSSIAN if rule[0].endswith(("а", "я"))),
)
_UKRAINIAN: tuple[_Rule, ...] = (
    ("(?:ий|ій)", 2, "ого", "ому им ім"),
    ("(?:[оеєї]в|[иії]н)", 0, "а", "у ові им ом і е"),
    ("ія", 1, "ї", "ю єю є"),
    ("я", 1, "і", "ю ею е"),
    ("га", 2, "ги", "зі гу гою го"),
    ("ка", 2, "ки", "ці ку кою ко"),
    ("ха", 2, "хи", "сі ху хою хо"),
    ("[жчшщц]а", 1, "і", "у ею е"),
    ("а", 1, "и", "і у ою о"),
    ("[бвгґджзклмнпрстфхцчшщ]о", 1, "а", "у ові ом"),
    ("й", 1, "я", "ю єві єм ї"),
    ("ь", 1, "я", "ю еві ем і"),
    ("[жчшщц]", 0, "а", "у еві ові ем ом і е"),
    ("[бвгґдзклмнпрстфх]", 0, "а", "у ові ом і е"),
)
_UKRAINIAN_FEMININE: tuple[_Rule, ...] = (
    ("(?:[сцз]ьк|[оеєї]в|[иії]н)а", 1, "ої", "ій у ою"),
    *(rule for rule in _UKRAINIAN if rule[0].endswith(("а", "я"))),
)
_RULES = {
    ("ru", False): _RUSSIAN,
    ("ru", True): _RUSSIAN_FEMININE,
    ("uk", False): _UKRAINIAN,
    ("uk", True): _UKRAINIAN_FEMININE,
}


@lru_cache(maxsize=4096)
def forms(surname: str, language: str, *, feminine: bool = False) -> Mapping[str, Cases]:
    """Every form of a surname given in the nominative, with the cases it can stand for.

    A name that the language does not decline stands for any case.
    """
    for ending, cut, genitive, other in _RULES.get((language, feminine), ()):
        if re.search(f"{ending}$", surname):
            stem = surname[: len(surname) - cut]
            found = {surname: NOMINATIVE}
            for cases, some in ((GENITIVE, genitive), (OTHER, other)):
                for form in (stem + one for one in some.split()):
                    found[form] = found.get(form, frozenset()) | cases
            return found
    return {surname: ANY}
