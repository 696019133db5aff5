"""What a crime lexicon is worth: crimes learnt anew with it, stances left out, in a minute instead of a quarter hour.

    python tests/benchmarks/lexicon.py SEEDS GOLD.jsonl... [--errors FILE] [--n-jobs N]

SEEDS is a seed directory, such as seeds/en or a copy of it with another lexicon. Prints a row a file of gold; with
``--errors`` writes every wrong label, with the expressions that stood for it in the sentence, if any. Those of files
that only measure are not to be read by who writes the lexicon.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from secclass._data import read_labelled
from secclass._features import Extractor
from secclass._linear import Axis
from secclass._scope import Scope
from secclass.evaluation import indicator, score
from secclass.labels import AXES
from secclass.training import LENGTHS, SETTINGS, _lexicon, _train_axis

LABELS = AXES["crimes"]


def learnt(seeds: Path, n_jobs: int) -> tuple[Axis, Extractor, float, float]:
    """The axis of crimes, what extracts its features, and its macro and micro F1 in cross-validation."""
    rows = read_labelled(seeds)
    extractor = Extractor(_lexicon(seeds, None), LENGTHS)
    times = np.ones(len(rows), np.int64)
    trained = _train_axis("crimes", LABELS, SETTINGS["crimes"], extractor, rows, times, n_jobs)
    scope = Scope.learn([row.text for row in rows], extractor.function_words, extractor.lexicon.vocabulary)
    extractor.spelling = scope.spelling
    return trained.axis, extractor, trained.score().macro_f1, trained.score().micro_f1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--errors", type=Path)
    parser.add_argument("--n-jobs", type=int, default=1)
    asked = parser.parse_args()
    axis, extractor, macro, micro = learnt(asked.seeds, asked.n_jobs)
    print(f"{'':28}   macro   micro  precision  recall   off topic")
    print(f"{'cross-validation':28}   {macro:.3f}   {micro:.3f}")
    wrong = []
    for path in asked.gold:
        rows = read_labelled(path)
        found = extractor.extract([row.text for row in rows])
        given = axis.probabilities(axis.raw(found)) >= axis.threshold
        gold = indicator([row.labels("crimes") for row in rows], LABELS)
        free = indicator([row.free for row in rows], LABELS)
        scores = score("crimes", gold, given, free, LABELS)
        pairs = int((given & gold & ~free).sum())
        precision, recall = pairs / max(1, int((given & ~free).sum())), pairs / max(1, int((gold & ~free).sum()))
        off = np.array([row.offtopic for row in rows]) & ~gold.any(axis=1)
        print(
            f"{path.name:28}   {scores.macro_f1:.3f}   {scores.micro_f1:.3f}      {precision:.3f}   {recall:.3f}"
            f"   {int((given & ~free)[off].any(axis=1).sum())} of {int(off.sum())}"
        )
        for at, column in np.argwhere((given != gold) & ~free).tolist():
            reach = "an expression" if found.candidates[at, column] else "no expression"
            kind = "FALSE" if given[at, column] else f"MISSED, {reach}"
            wrong.append(f"{path.stem}\t{LABELS[column]}\t{kind}\t{rows[at].text}\n")
    if asked.errors:
        asked.errors.write_text("".join(sorted(wrong)), encoding="utf-8")


if __name__ == "__main__":
    main()
