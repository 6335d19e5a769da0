"""Who says what in a post, and by which right we say so.

The speaker's own account needs no reading: what it posts itself is `own`. In an outlet's post every place that names
somebody of the roster is judged within its sentence: it stands in the nominative beside a verb of saying, or in the
genitive after "according to", or before the colon of a headline; anything else is a mention. Every doubt is a
mention: nobody gets words put into their mouth. Quotations are masked first, so that a name or a verb inside one
never decides who speaks outside.

The rules, with the confidence each gives:

    own             100  the speaker's own account
    colon            95  "N: clause", near the beginning of a sentence
    according-to     90  "по словам N", "за словами N", "according to N"
    label            90  "Source: N", "Quote from N:"
    subject-verb     85  "N said", "N, role, said"; 60 when more stands between
    verb-subject     80  "…, said N"
    dash             65  "…, — N" at the end of a headline
    passive          80  "it was announced by N"
    carry-over       55  "…, he added", from the last one who was named in the same paragraph
    quote-dash       50  "“…” — N"

A report needs 60, a quotation 50; what has less is `unknown`: something says that they speak, and not enough. Of
several speakers in one sentence the outer one counts ("Petrov was ready, Ivanenko wrote" is Ivanenko's), unless the
sentence says two things beside each other.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from bot.models import Post, Roster, Source, Statement, StatementKind
from bot.words import cues, lemmas
from bot.words import language as languages
from bot.words.cues import Cue
from bot.words.letters import clean
from bot.words.names import Named, Names
from bot.words.sentences import MASK, Sentence, is_speech, masked, sentences, without_credits
from bot.words.tokens import Text

ENOUGH_FOR_REPORT = 60
ENOUGH_FOR_QUOTE = 50

LONGEST = 20_000
"""Characters of a post that are read for who speaks; an agency's item has some thousand, a live page many more."""

MOST_NAMED = 200
"""Names in a post that are looked at: each is compared with the verbs and the other names of its sentence."""

_STRENGTH: dict[StatementKind, int] = {"mention": 0, "unknown": 1, "report": 2, "quote": 3, "own": 4}


def attribute(
    post: Post, source: Source, roster: Roster, names: Names, read: Text | None = None
) -> tuple[Statement, ...]:
    """One statement for each speaker who speaks in the post or is named in it, in the order of the text.

    `read` is the post's text, if it has been read already.
    """
    if post.kind == "service":
        return ()
    if source.speaker and post.kind not in ("forward", "repost"):
        return (Statement(source.speaker, "own", post.text, rule="own"),) if source.speaker in roster.speakers else ()
    text = unicodedata.normalize("NFC", post.text)
    if not names.are_in(text[:LONGEST]):
        return ()
    language = languages.detect(text) or post.language or source.language
    return _Reading(text, language, names, read).statements()


@dataclass(frozen=True, slots=True)
class _Place:
    """One place that names somebody, and what it makes of them there."""

    named: Named
    sentence: Sentence
    rule: str
    score: int = 0
    start: int = 0  # of what was evidence: name and verb or frame
    end: int = 0
    cue: int = -1  # where the verb stands that was used

    @property
    def speaks(self) -> bool:
        return self.score > 0


class _Reading:
    """One text while it is being read. `low` has the length of `text`: small letters, quotations masked."""

    def __init__(self, whole: str, language: str, names: Names, read: Text | None) -> None:
        self.whole = whole
        self.text = text = whole[:LONGEST]
        self.language = language
        self.names = names
        self.named = list(islice(names.find(text, language, read), MOST_NAMED))
        uncredited = masked(text) if self.named else text
        self.masked = without_credits(uncredited)
        self.named = [  # in a quotation, but in no photo credit
            one for one in self.named if self.masked[one.start] != MASK or uncredited[one.start] == MASK
        ]
        self.low = _lowered(self.masked)
        self.sentences = sentences(self.masked) if self.named else []
        self._verbs: dict[int, list[Cue]] = {}

    def statements(self) -> tuple[Statement, ...]:
        if not self.named:
            return ()
        places = self._carried_over([place for sentence in self.sentences for place in self._judged(sentence)])
        best: dict[str, tuple[StatementKind, _Place]] = {}
        for place in places:
            kind = self._kind(place)
            known = best.get(place.named.speaker)
            if known is None or (_STRENGTH[kind], place.score) > (_STRENGTH[known[0]], known[1].score):
                best[place.named.speaker] = (kind, place)
        speaking = [speaker for speaker, (kind, _) in best.items() if kind not in ("mention", "unknown")]
        found = sorted(best.items(), key=lambda item: item[1][1].named.start)
        return tuple(self._statement(kind, place, places, alone=len(speaking) == 1) for _, (kind, place) in found)

    # --- one sentence

    def verbs(self, sentence: Sentence) -> list[Cue]:
        if sentence.number not in self._verbs:
            self._verbs[sentence.number] = cues.verbs(self.low, sentence.start, sentence.end)
        return self._verbs[sentence.number]

    def _judged(self, sentence: Sentence) -> list[_Place]:
        here = [named for named in self.named if sentence.start <= named.start < sentence.end]
        if not here:
            return []
        asks = self.low[sentence.start : sentence.end].rstrip(f'{MASK}»”"“ ').endswith("?")
        asks = asks or (sentence.start == 0 and cues.QUESTION_START.match(self.low) is not None)
        verbs = self.verbs(sentence)
        framed = cues.may_frame(self.low[sentence.start : sentence.end])
        places = []
        for named in here:
            if self.masked[named.start] == MASK:
                places.append(_Place(named, sentence, "quoted"))
            elif sentence.background:
                places.append(_Place(named, sentence, "background"))
            elif asks:
                places.append(_Place(named, sentence, "question"))
            else:
                outside = [one for one in here if self.masked[one.start] != MASK]
                places.append(self._judge(named, sentence, outside, verbs, framed=framed))
        return _outer(places, self.low)

    def _judge(self, named: Named, sentence: Sentence, here: list[Named], verbs: list[Cue], *, framed: bool) -> _Place:
        place = _Place(named, sentence, "named", start=named.start, end=named.end)
        if self._is_possessive(named):
            of_theirs = cues.OF_THEIRS.match(self.low, named.end)
            if of_theirs is None or named.start - sentence.start > 60:
                return replace(place, rule="possessive")
            return replace(place, rule="according-to", score=85, end=of_theirs.end(), cue=named.start)
        found: list[_Place | None] = []
        if framed:
            found += [self._according_to(place, here), self._label(place, here)]
            found += [self._words_of(place, here), self._passive(place)]
        if "nominative" in named.cases and not self._is_object(named, sentence):
            found += [self._colon(place, here, verbs), self._subject_verb(place, here, verbs)]
            found += [self._verb_subject(place, here, verbs), self._dash(place)]
        elif "nominative" in named.cases:
            found += [self._verb_subject(place, here, verbs)] if self.language != "en" else []
        return max((one for one in found if one is not None), key=lambda one: one.score, default=place)

    def _is_possessive(self, named: Named) -> bool:
        return (
            self.text[named.end : named.end + 1] in _APOSTROPHES and _POSSESSIVE.match(self.text, named.end) is not None
        )

    def _is_object(self, named: Named, sentence: Sentence) -> bool:
        """Whether a name without a case of its own stands behind a preposition or a verb that wants an object."""
        if named.cases == frozenset({"nominative"}):
            return False
        before = self.low[sentence.start : named.start]
        if cues.OFFICE_OF.search(before):
            return False
        return (cues.PREPOSITION_BEFORE.search(before) or cues.TITLED_OBJECT.search(before)) is not None

    def _is_subject(self, named: Named, sentence: Sentence) -> bool:
        return "nominative" in named.cases and not self._is_possessive(named) and not self._is_object(named, sentence)

    def _according_to(self, place: _Place, here: list[Named]) -> _Place | None:
        named = place.named
        if not {"genitive", "other"} & named.cases:
            return None
        frame = cues.ACCORDING_TO.search(self.low, place.sentence.start, named.start)
        if frame is None or cues.SPEAKS_FOR.search(frame["role"]):
            return None
        genitive = "genitive" in named.cases or frame[0].startswith(("цит", "проц", "со ссылкой", "з пос", "із пос"))
        others = [one for one in here if frame.end("role") > one.start > frame.start()]
        if not genitive or any(one is not named and not self._is_possessive(one) for one in others):
            return None
        return replace(place, rule="according-to", score=90, start=frame.start(), cue=frame.start())

    def _words_of(self, place: _Place, here: list[Named]) -> _Place | None:
        """ "Заявление N: …": the words that stand behind the colon are theirs."""
        named = place.named
        after = cues.COLON_AFTER.match(self.low, named.end)
        if after is None or here[0] is not named or "genitive" not in named.cases:
            return None
        frame = cues.WORDS_OF.search(self.low, place.sentence.start, named.start)
        if frame is None or frame.start() - place.sentence.start > 30 or cues.SPEAKS_FOR.search(frame["role"]):
            return None
        return replace(place, rule="according-to", score=85, start=frame.start(), end=after.end(), cue=frame.start())

    def _passive(self, place: _Place) -> _Place | None:
        """ "It was announced by N", "было озвучено N"."""
        named = place.named
        if not self._is_english(named) and "other" not in named.cases:
            return None
        frame = cues.PASSIVE.search(self.low, place.sentence.start, named.start)
        if frame is None or cues.SPEAKS_FOR.search(frame["role"]):
            return None
        return replace(place, rule="passive", score=80, start=frame.start(), cue=frame.start())

    def _label(self, place: _Place, here: list[Named]) -> _Place | None:
        if here[0] is not place.named:
            return None
        line = self.low.rfind("\n", 0, place.named.start) + 1
        label = cues.LABEL.match(self.low, line, place.named.start)
        if label is None or (label["of"] and not cues.COLON_AFTER.match(self.low, place.named.end)):
            return None
        return replace(place, rule="label", score=90, start=line, cue=line)

    def _colon(self, place: _Place, here: list[Named], verbs: list[Cue]) -> _Place | None:
        named = place.named
        if named.start - place.sentence.start > 60 or any(verb.start < named.start for verb in verbs):
            return None
        after = _COLON.match(self.low, named.end, place.sentence.end)
        if after is None or any(named.end <= verb.start < after.end() for verb in verbs):
            return None
        return replace(place, rule="colon", score=95 if not after["role"] else 85, end=after.end(), cue=after.end())

    def _subject_verb(self, place: _Place, here: list[Named], verbs: list[Cue]) -> _Place | None:
        named = place.named
        for verb in verbs:
            if verb.start < named.end or not self._agrees(named, verb, here):
                continue
            gap = self.low[named.end : verb.start]
            opened = "," in self.low[place.sentence.start : named.start]
            if self._is_english(named):
                score = _subject_gap(gap) or self._closed_apposition(gap, verb, opened=opened)
                score = score or self._second_of_headline(gap, verb)
            else:
                score = self._slavic_subject_gap(gap, verb) or self._closed_apposition(gap, verb, opened=opened)
            between = [
                one for one in here if named.end <= one.start < verb.start and self._is_subject(one, place.sentence)
            ]
            if not all(self._joined(named, one) for one in between):
                score = 0
            if score:
                found = replace(place, rule="subject-verb", score=score, end=verb.end, cue=verb.start)
                return replace(found, rule="nested", score=0) if self._is_retold(found, verbs) else found
            if not gap.lstrip().startswith((",", "(")):
                break
        return None

    def _is_retold(self, place: _Place, verbs: list[Cue]) -> bool:
        """Whether somebody else tells that they spoke: "Источник сообщил, что N …"."""
        named = place.named
        for verb in verbs:
            if verb.end > named.start:
                break
            gap = self.low[verb.end : named.start]
            told = cues.SUBORDINATE.search(gap) or (self._is_english(named) and _TOLD.fullmatch(gap))
            if told and not cues.COORDINATED.search(gap) and not _closes(place, self.low):
                return True
        cue = self.low[place.cue : place.end]
        outlet = self.low.find(":", place.sentence.start, named.start)
        return outlet >= 0 and cues.WEAK.match(cue) is not None

    def _slavic_subject_gap(self, gap: str, verb: Cue) -> int:
        """How well what stands between them makes a Russian or Ukrainian name the subject of a verb; 0: not at all."""
        gap = cues.HEDGE.sub("", gap)
        if cues.SUBORDINATE.search(gap):
            return 70 if _RELATIVE.match(gap) else 0
        if _SLAVIC_NEAR.fullmatch(gap):
            return 85
        if _SLAVIC_FAR.fullmatch(gap) and (len(gap) <= 45 or not self._has_verb(gap)):
            return 60
        apposition = _SLAVIC_APPOSITION.fullmatch(gap)
        if apposition and not self._has_verb(apposition[1]) and not self._has_subject_after(verb):
            return 85
        return 60 if _SLAVIC_SECOND_VERB.fullmatch(gap) else 0

    def _closed_apposition(self, gap: str, verb: Cue, *, opened: bool) -> int:
        """ "a member of the delegation, adviser N, wrote": the name itself is the apposition."""
        return 75 if opened and gap.strip() == "," and not self._has_subject_after(verb) else 0

    def _second_of_headline(self, gap: str, verb: Cue) -> int:
        """ "N arrives in Antalya, says he hopes": the subject of the first verb is that of the second."""
        fits = _HEADLINE_VERB.fullmatch(gap) and not self._has_subject_after(verb)
        return 60 if fits and not cues.OTHER_SUBJECT.match(self.low, verb.end) else 0

    def _is_clause(self, words: str, named: Named) -> bool:
        """Whether a headline says something and is not "head of the delegation — N"."""
        if self._is_english(named):
            return len(words.split()) >= 3
        language = self.language if self.language in ("uk", "ru") else "ru"
        return any(lemmas.can_be_verb(clean(word), language) for word in _WORD.findall(words))

    def _has_verb(self, words: str) -> bool:
        language = self.language if self.language in ("uk", "ru") else "ru"
        return any(lemmas.is_verb(clean(word), language) for word in _WORD.findall(words))

    def _has_subject_after(self, verb: Cue) -> bool:
        """Whether the verb is followed by its own subject: "сообщил ТАСС", "повідомив депутат …"."""
        word = _NEXT_WORD.match(self.text, verb.end)
        if word is None:
            return False
        if self.low[verb.start : verb.end] in ("told", "tells"):
            return False  # whom it was told follows, not who told
        if word[1][0].isupper() or word[1] in ("the", "a", "an"):
            return True
        language = self.language if self.language in ("uk", "ru") else "ru"
        return lemmas.is_person(clean(word[1]), language)

    def _verb_subject(self, place: _Place, here: list[Named], verbs: list[Cue]) -> _Place | None:
        named = place.named
        before = [verb for verb in verbs if verb.end <= named.start]
        if not before or not self._agrees(named, before[-1], here):
            return None
        verb = before[-1]
        gap = self.low[verb.end : named.start]
        between = [one for one in here if verb.end <= one.start < named.start and "nominative" in one.cases]
        if any(not self._joined(one, named) and not self._is_possessive(one) for one in between):
            return None
        fits = _inverted_english(self.low, verb, named) if self._is_english(named) else _inverted(self.low, verb, named)
        if not fits or len(gap) > 90 or cues.SUBORDINATE.search(gap) or cues.COORDINATED.search(gap):
            return None
        has_subject = any(one.end <= verb.start < one.end + 25 and "nominative" in one.cases for one in here)
        if has_subject and not self.low[: verb.start].rstrip().endswith(_BEFORE_VERB):
            return None
        return replace(place, rule="verb-subject", score=80, start=verb.start, cue=verb.start)

    def _dash(self, place: _Place) -> _Place | None:
        """The speaker behind a dash: of a quotation, or of the headline."""
        named, sentence = place.named, place.sentence
        before = self.low[sentence.start : named.start]
        tail = _AFTER_DASHED.fullmatch(self.low, named.end, sentence.end)
        dash = _DASH.search(before)
        if tail is None or dash is None or self._has_verb(dash["role"]):
            return None
        if dash["mark"] and dash["mark"] in f'»”"{MASK}':
            return replace(place, rule="quote-dash", score=50, start=sentence.start + dash.start())
        if sentence.start or not (dash["mark"] or self._is_clause(before[: dash.start()], named)):
            return None
        score = 65 if dash["mark"] == "," else 60
        return replace(place, rule="dash", score=score, start=sentence.start + dash.start())

    def _agrees(self, named: Named, verb: Cue, here: list[Named]) -> bool:
        around = self.low[max(0, named.start - 4) : named.start] + "|" + self.low[named.end : named.end + 4]
        joint = _AND.search(around) is not None
        joint = joint or any(self._joined(one, named) or self._joined(named, one) for one in here)
        return verb.agrees(feminine=self.names.is_feminine(named.speaker), joint=joint)

    def _joined(self, one: Named, other: Named) -> bool:
        near = 0 < other.start - one.end < 70
        return near and _JOINING.fullmatch(self.low, one.end, other.start) is not None

    def _is_english(self, named: Named) -> bool:
        return self.text[named.end - 1] < "\u0400"

    # --- the whole text

    def _carried_over(self, places: list[_Place]) -> list[_Place]:
        """Adds the sentences in which "he" or "she" is the one who spoke last, or was named last in the paragraph.

        Whoever speaks without being known ends it: from there on a pronoun may be theirs.
        """
        found = list(places)
        last: _Place | None = None
        for sentence in self.sentences:
            here = [place for place in places if place.sentence is sentence and place.rule != "quoted"]
            speaking = [place for place in here if place.speaks]
            if speaking or sentence.background:
                last = speaking[0] if len(speaking) == 1 else None
                continue
            if last is not None and not last.speaks and last.sentence.paragraph != sentence.paragraph:
                last = None
            verb = last and self._pronoun_verb(sentence, feminine=self.names.is_feminine(last.named.speaker))
            if last is not None and verb is not None:
                carried = replace(last, sentence=sentence, rule="carry-over", score=55, start=verb.start, end=verb.end)
                found.append(carried)
                continue
            subjects = [place for place in here if "nominative" in place.named.cases]
            if subjects or self.verbs(sentence):
                last = subjects[0] if len(subjects) == 1 else None
        return found

    def _pronoun_verb(self, sentence: Sentence, *, feminine: bool) -> Cue | None:
        pronoun = cues.PRONOUN["feminine" if feminine else "masculine"]
        for verb in self.verbs(sentence):
            near = self.low[max(sentence.start, verb.start - 12) : min(sentence.end, verb.end + 12)]
            if pronoun.search(near) and verb.agrees(feminine=feminine, joint=False):
                return verb
        return None

    def _kind(self, place: _Place) -> StatementKind:
        if self._is_quotation(place) and place.score >= ENOUGH_FOR_QUOTE:
            return "quote"
        if place.score >= ENOUGH_FOR_REPORT:
            return "report"
        return "unknown" if place.speaks else "mention"

    def _is_quotation(self, place: _Place) -> bool:
        """Whether quotation marks hold speech in that sentence, right after its colon, or in the one it refers to."""
        sentence = place.sentence
        stretches = [(sentence.start, sentence.end)]
        number = sentence.number
        if place.rule in ("colon", "label") or self.low[: sentence.end].rstrip().endswith(":"):
            stretches += [(after.start, after.end) for after in self.sentences[number + 1 : number + 2]]
        if sentence.anaphoric:
            stretches += [(before.start, before.end) for before in self.sentences[max(0, number - 1) : number]]
        return any(
            is_speech(self.text[inside.start() : inside.end()]) or self._is_set_off(inside, start)
            for start, end in stretches
            for inside in _MASKED.finditer(self.masked, start, end)
        )

    def _is_set_off(self, inside: re.Match[str], start: int) -> bool:
        """Whether few words in quotation marks are speech all the same: behind a colon, or before a dash and a verb."""
        before = self.low[start : inside.start() - 1].strip()
        if before.endswith(":") or (not before and self.low[:start].rstrip().endswith(":")):
            return True
        return not _WORD.search(before) and _SET_OFF.match(self.text, inside.end() - 1) is not None

    def _statement(self, kind: StatementKind, place: _Place, places: Iterable[_Place], *, alone: bool) -> Statement:
        speaker = place.named.speaker
        evidence = " ".join(self.text[place.start : place.end].split()) if place.speaks else ""
        if kind in ("mention", "unknown"):
            confidence = place.score if place.speaks else 90
            return Statement(speaker, kind, self._cut([place.sentence]), place.rule, evidence, confidence)
        text = self.whole if alone else self._cut(self._own_sentences(speaker, places))
        return Statement(speaker, kind, text, place.rule, evidence, place.score)

    def _own_sentences(self, speaker: str, places: Iterable[_Place]) -> list[Sentence]:
        """The sentences in which that speaker speaks, with those they refer to and the quotations that follow."""
        own: set[int] = set()
        taken = {place.sentence.number for place in places}
        for place in places:
            if place.named.speaker != speaker or not place.speaks:
                continue
            number = place.sentence.number
            own.add(number)
            if place.sentence.anaphoric and number and number - 1 not in taken:
                own.add(number - 1)
            after = number + 1
            while after < len(self.sentences) and after not in taken and self._continues(number, after):
                own.add(after)
                after += 1
        return [self.sentences[number] for number in sorted(own)]

    def _continues(self, number: int, after: int) -> bool:
        """Whether a sentence is a quotation and nothing else, in the same paragraph or after a colon."""
        sentence = self.sentences[after]
        if _WORD.search(self.masked, sentence.start, sentence.end):
            return False
        before = self.sentences[number]
        return sentence.paragraph == before.paragraph or self.low[: before.end].rstrip().endswith(":")

    def _cut(self, parts: list[Sentence]) -> str:
        return " ".join(self.text[part.start : part.end].strip() for part in parts)


def _lowered(text: str) -> str:
    """In small letters and without ё, each character at its place: some capitals (İ) become two small ones."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(one if len(one) == 1 else " " for one in map(str.lower, text))
    return lowered.replace("ё", "е")


# --- how a name and a verb may stand


_APOSTROPHES = frozenset("'’ʼ")
_POSSESSIVE = re.compile(r"['’ʼ]s\b")
_RELATIVE = re.compile(r"\s*,\s*(?:котор|як)\w+\s+(?:\w+\s+){0,2}$")
_WORD = re.compile(r"[\w'’]+")
_NEXT_WORD = re.compile(r"\s+([\w'’]+)")
_BEFORE_VERB = (",", MASK, "»", "”", '"', "—", "–")
_AFTER_DASHED = re.compile(r"[\s.!»”\"#…]*|\s+(?:по|в|у|на|о|об|про|після|после|за|in|on|at|after)\s[^,:;]{1,60}")
_DASH = re.compile(rf"(?P<mark>[,»”\"{MASK}.!]?)\s*[—–-]\s+(?P<role>[^.!?;:—–,]{{0,60}})$")
_AND = re.compile(r"(?<!\w)(?:и|та|і|й)\s")
_JOINING = re.compile(r"\s+(?:и|та|і|й|and)\s+[^,.!?;:]{0,60}")
_BROKEN = re.compile(rf"[.!?;:«»“”\"{MASK}—–()]|,\s*$")
_AS_SAID = re.compile(r"(?<!\w)(?:как|як)(?:\s+\w+)?\s*$")
_BROKEN_ENGLISH = re.compile(rf"[.!?;:\"{MASK}]|\b(?:that|of|to|with|for|from|against|about)\s+$|\bfor\b")
_LAST_CLAUSE = re.compile(rf"[,»”\"{MASK}—–-]\s*([^,.;:{MASK}—–]{{0,50}})$")
_MASKED = re.compile(f"{MASK}+")
_SET_OFF = re.compile(r".(?:[,!?.…][»”“\"]|[»”“\"][,!?.…])\s*[—–-]\s|[,!?.…][”\"]\s")
_COLON = re.compile(
    r"(?P<role>|\s*\([^)\n]{1,60}\)"
    r"|(?:(?:\s[—–-])?\s(?:о|об|про|щодо|по|в|у|на|после|після|on|about|after|in|at|to)\s|,\s)"
    rf"[^.!?:;\n{MASK}]{{1,50}})\s?:(?!\d|//)"
)
_SLAVIC_NEAR = re.compile(r"(?:\s+|\s*\([^)]{1,60}\)\s*)(?:[\w'’-]+\s+){0,3}")
_SLAVIC_FAR = re.compile(rf"[^,.!?;:()«»“”„\"{MASK}—–]{{0,100}}")
_SLAVIC_APPOSITION = re.compile(rf"\s*,\s*([^.!?;:{MASK}]{{1,90}}),\s*(?:[\w'’-]+\s+){{0,4}}")
_SLAVIC_SECOND_VERB = re.compile(  # "N отказался называть дату, но подчеркнул"
    rf"[^.!?;:«»“”„\"{MASK}]{{0,120}},?\s+(?:но|и|а также|однако|але|й|та|і)\s+(?:[\w'’-]+\s+){{0,2}}"
)

_AFTER_INVERTED = re.compile(
    r"\s*(?:$|[.,;!?)\n—–-]|(?:on|in|at|during|after|as|when|while|adding|who|to|via|citing|late|early|earlier|later|today|yesterday"
    r"|this|last|before|from|outside|upon|following|amid|through|again|\w+day|\w+ly)\b)"
)
_HEADLINE_VERB = re.compile(rf"\s[a-z]+(?:s|ed)\s[^,.;:\"{MASK}]{{2,60}},\s+")
_TOLD = re.compile(r"\s(?:[\w'’-]+\s){0,3}")
_ADVERB = r"(?:also|later|then|again|earlier|today|yesterday|has|had|have|previously|himself|herself|\w+ly|\w+day)"
_ENGLISH_GAPS = [
    (re.compile(gap), score)
    for gap, score in (
        (rf"\s+(?:{_ADVERB}\s+){{0,3}}", 85),
        (rf"\s*\([^)]{{1,60}}\)\s*(?:{_ADVERB}\s+){{0,2}}", 85),
        (rf"\s*,\s*(?!who|which)[^.!?;:\"{MASK}]{{1,90}},\s*(?:{_ADVERB}\s+){{0,3}}", 85),
        (rf"\s+(?:on|in|at|during|via|after)\s[^,.:;\"{MASK}]{{1,45}}\s", 80),
        (rf"\s*,\s*who\s+(?:{_ADVERB}\s+){{0,2}}", 70),
        (rf"\s+and\s+[a-z][^,.;:\"{MASK}]{{2,50}}\s", 60),
        (rf"\s[^,.;:\"{MASK}]{{1,60}}\sand\s+(?:{_ADVERB}\s+)?", 60),
    )
]


def _subject_gap(gap: str) -> int:
    """How well what stands between them makes an English name the subject of a verb; 0: not at all."""
    return next((score for fits, score in _ENGLISH_GAPS if fits.fullmatch(gap)), 0)


def _inverted(low: str, verb: Cue, named: Named) -> bool:
    """ "сообщил в Telegram руководитель делегации, помощник президента N": the subject follows its verb."""
    gap = low[verb.end : named.start]
    if _BROKEN.search(gap):
        return False
    starts = low.rfind("\n", 0, verb.start) + 1
    as_said = _AS_SAID.search(low, starts, verb.start)
    return "," not in gap or not as_said


def _inverted_english(low: str, verb: Cue, named: Named) -> bool:
    before = low[: verb.start].rstrip()
    if not before.endswith((",", '"', "”", "»", MASK)):
        return False
    gap = low[verb.end : named.start]
    if _BROKEN_ENGLISH.search(gap):
        return False
    return _AFTER_INVERTED.match(low, named.end) is not None


def _outer(places: list[_Place], low: str) -> list[_Place]:
    """Of those who speak in one sentence the ones whose sentence it is; the others become mentions."""
    speaking = [place for place in places if place.speaks]
    if len(speaking) < 2:
        return places
    tail = speaking[-1]
    framed = speaking[0].rule in ("according-to", "colon", "label")
    if not framed and _closes(tail, low) and not _beside(speaking[-2], tail, low):
        kept = [place for place in speaking if place.cue == tail.cue or place is tail]
    else:
        kept = [speaking[0]]
        for place in speaking[1:]:
            if place.cue == kept[0].cue or _beside(kept[-1], place, low):
                kept.append(place)
    return [place if not place.speaks or place in kept else replace(place, rule="nested", score=0) for place in places]


def _closes(place: _Place, low: str) -> bool:
    """Whether the sentence ends with it: "…, Ivanenko wrote", "…, сообщила Иваненко в Telegram"."""
    rest = low[place.end : place.sentence.end]
    before = low[place.sentence.start : place.start]
    clause = _LAST_CLAUSE.search(before)
    if clause is None or cues.SUBORDINATE.search(clause[1]):
        return False
    return len(rest) <= 60 and not cues.SUBORDINATE.search(rest) and ":" not in rest and MASK not in rest


def _beside(one: _Place, other: _Place, low: str) -> bool:
    """Whether the sentence sets the two beside each other: "N said this, and M said that"."""
    between = low[max(one.end, one.named.end) : min(other.start, other.named.start)]
    if other.rule == "subject-verb" and cues.CLAUSE_BESIDE.search(between):
        return True
    return cues.COORDINATED.search(between) is not None and cues.SUBORDINATE.search(between) is None
