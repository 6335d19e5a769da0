"""How good the words are, in numbers: `python -m tests.words.quality`. Fails if a bar is missed."""

import sys

from tests.words import test_attribution_quality as attribution
from tests.words import test_matching_quality as matching
from tests.words import test_similarity as similarity


def main() -> int:
    missed = 0

    def show(what: str, precision: float, recall: float, *, least: tuple[float, float]) -> None:
        nonlocal missed
        below = precision < least[0] or recall < least[1]
        missed += below
        print(f"{what:32} precision {precision:.3f}  recall {recall:.3f}{'  BELOW THE BAR' if below else ''}")

    sets = {"own pairs": matching.own_pairs, "unseen pairs": matching.unseen_pairs}
    if matching.RECORDED.exists():
        sets["recorded pairs"] = matching.recorded_pairs
    for name, pairs in sets.items():
        for language, (precision, recall) in sorted(matching.measured(pairs()).items()):
            least = (0.97, 0.98) if language else (0.985, 0.99)
            show(f"watches, {name}, {language or 'all'}", precision, recall, least=least)
    for half in ("tune", "test", "fresh"):
        for language in ("", "en", "ru", "uk"):
            precision, recall = attribution.measured(half, language)
            show(f"who said it, {half}, {language or 'all'}", precision, recall, least=(0.95, 0.85))
    for name, path in similarity.SETS.items():
        if path.exists():
            precision, recall, wrong = similarity.measured(path)
            show(f"retellings, {name}", precision, recall, least=(1.0, 0.85))
            for pair in wrong:
                print("    wrongly joined:", *pair, sep="\n        ")
    return missed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
