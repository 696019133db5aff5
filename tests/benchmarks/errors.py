"""What a model gets wrong: for each label what it was confused with, and the kinds of misses, in numbers only.

    python tests/benchmarks/errors.py GOLD.jsonl [MODEL]

Labels that a careful reader could defend either way are not counted.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import secclass
from secclass._data import Labelled, read_labelled
from secclass._features import COMPANY
from secclass._lexicon import FALLBACK, PLAIN
from secclass._names import LAW
from secclass.labels import AXES


def kind_of_crime(tagger: secclass.Tagger, text: str, label: str) -> str:
    """How far the lexicon carries: the surest expression of this crime type in the sentence."""
    extractor = tagger._extractor
    found = extractor.extract([text])
    column = extractor.lexicon.crime_names.index(label)
    if not found.candidates[0, column]:
        return "no expression of it"
    matches = set(found.groups["crime"].key.tolist())
    keys = extractor._match_keys[column]
    if matches & set(keys[[PLAIN, COMPANY, FALLBACK], :LAW].ravel().tolist()):
        return "a sure expression"
    if matches & set(keys[[PLAIN, COMPANY, FALLBACK], LAW:].ravel().tolist()):
        return "an expression in the name of a body or law"
    return "a hint only"


def kind_of_stance(score: float, threshold: float) -> str:
    """How near the score came to the threshold, in odds."""
    odds = score / max(1e-9, 1 - score) / (threshold / (1 - threshold))
    return "near the threshold (odds within 3)" if 1 / 3 < odds < 3 else "far from the threshold"


def main() -> None:
    gold: list[Labelled] = list(read_labelled(Path(sys.argv[1])))
    tagger = secclass.load(*sys.argv[2:3])
    tagged = tagger.tag_sentences([row.text for row in gold])
    for axis, labels in AXES.items():
        print(f"# {axis}\n")
        for label in labels:
            errors: dict[str, list[Counter[str]]] = {"missed": [Counter(), Counter()], "wrong": [Counter(), Counter()]}
            right = 0
            for row, sentence in zip(gold, tagged, strict=True):
                given = {str(value) for value in getattr(sentence, axis)}
                true = set(row.labels(axis))
                if label in row.free or (label not in given and label not in true):
                    continue
                if label in given and label in true:
                    right += 1
                    continue
                beside, kinds = errors["missed" if label in true else "wrong"]
                others = given - true if label in true else true - given
                beside.update(sorted(others - {label}) or ["nothing"])
                if axis == "crimes":
                    kinds[kind_of_crime(tagger, row.text, label)] += 1
                else:
                    stance = secclass.Stance(label)
                    kinds[kind_of_stance(sentence.stance_scores[stance], tagger.thresholds[stance])] += 1
            print(f"{label}: {right} right")
            for what, (beside, kinds) in errors.items():
                if kinds:
                    told = "given instead" if what == "missed" else "missed there"
                    print(f"  {what} {kinds.total()}: {_listed(kinds)}; {told}: {_listed(beside)}")
        print()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


if __name__ == "__main__":
    main()
