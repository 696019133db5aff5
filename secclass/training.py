"""Seeds and lexicon to a model directory, with scikit-learn. The same input gives the same model."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
import sklearn

from secclass import _store
from secclass._axis_training import FOLDS, Lesson, fit_axis, random_folds
from secclass._calibration import natural_weight
from secclass._data import AXES, Labelled, digest, read_labelled
from secclass._features import Extractor
from secclass._lexicon import Lexicon
from secclass._linear import Axis
from secclass._linear_training import AxisSettings
from secclass._tokens import tokenize
from secclass.errors import SeedError
from secclass.evaluation import AxisScore, indicator, score

LENGTHS = {"word": (1, 2), "symbol": (1, 2)}
SETTINGS = {
    "crimes": AxisSettings(("symbol", "crime", "context"), ("symbol", "context"), ("symbol", "context"), c=3.0),
    "stances": AxisSettings(("word", "symbol", "shape"), ("word", "symbol"), (), c=10.0, cues=True, network=True),
}


@dataclass(frozen=True)
class TrainingReport:
    """What training did: the cross-validated scores a axis, and how many sentences and features."""

    sentences: int
    features: Mapping[str, int]
    scores: tuple[AxisScore, ...]


def train(
    seeds: Path,
    output: Path,
    *,
    name: str = "en",
    version: str = "1",
    n_jobs: int = 1,
    log: Callable[[str], None] = print,
) -> TrainingReport:
    """Train a model from a seed directory (``*.jsonl`` and ``lexicon/``) and write it.

    Raises
    ------
    SeedError
        If a seed or lexicon file has a fault, or a label has too few positives to learn from.
    """
    rows = read_labelled(seeds)
    extractor = Extractor(Lexicon.read(seeds / "lexicon", AXES["crimes"]), LENGTHS)
    log(f"{len(rows)} sentences from {seeds}")
    axes, scores = [], []
    for axis_name, settings in SETTINGS.items():
        axis, axis_score = _train_axis(axis_name, settings, extractor, rows, n_jobs)
        log(
            f"{axis_name}: {len(axis.keys)} features, cross-validated macro F1 {axis_score.macro_f1:.3f}, "
            f"micro F1 {axis_score.micro_f1:.3f}"
        )
        axes.append(axis)
        scores.append(axis_score)
    report = TrainingReport(len(rows), {axis.name: len(axis.keys) for axis in axes}, tuple(scores))
    manifest = {
        "name": name,
        "version": version,
        "language": "en",
        "seeds": {"sha256": digest(seeds), "sentences": len(rows)},
        "trained_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "cross_validated": {
            s.axis: {"macro_f1": round(s.macro_f1, 4), "micro_f1": round(s.micro_f1, 4)}
            | {label.label: round(label.f1, 4) for label in s.labels}
            for s in scores
        },
    }
    texts = {"vocabulary.txt": _vocabulary(rows, extractor), "card.md": _card(name, version, report)}
    _store.write(output, manifest, extractor, tuple(axes), texts)
    return report


def _train_axis(
    name: str, settings: AxisSettings, extractor: Extractor, rows: Sequence[Labelled], n_jobs: int
) -> tuple[Axis, AxisScore]:
    labels = AXES[name]
    # A sentence that leaves a label of the axis open teaches nothing about it.
    rows = [row for row in rows if not set(row.free) & set(labels)]
    gold = indicator([row.labels(name) for row in rows], labels)
    for label, count in zip(labels, gold.sum(axis=0), strict=True):
        if count < FOLDS:
            raise SeedError(f"label {label!r} has {count} positive seeds; it needs at least {FOLDS}")
    natural = np.array([row.natural for row in rows])
    frequency = np.stack([natural_weight(column, natural) for column in gold.T], axis=1)
    lesson = Lesson([row.text for row in rows], gold, np.ones(gold.shape), frequency, random_folds(len(rows)))
    axis, held_out = fit_axis(name, labels, settings, extractor, lesson, n_jobs)
    return axis, score(name, gold, held_out >= axis.threshold)


def _vocabulary(rows: Sequence[Labelled], extractor: Extractor) -> str:
    """The words that stand in at least two seeds, sorted, a line each."""
    tokens = tokenize([row.text for row in rows])
    counts: dict[str, set[int]] = {}
    for at in np.flatnonzero(tokens.word):
        sentence = int(tokens.sentence[at])
        word = rows[sentence].text[tokens.start[at] : tokens.end[at]].lower()
        counts.setdefault(word, set()).add(sentence)
    return "".join(f"{word}\n" for word in sorted(word for word, where in counts.items() if len(where) > 1))


def _card(name: str, version: str, report: TrainingReport) -> str:
    lines = [
        f"# Model card: secclass {name}, version {version}",
        "",
        f"Linear models over lexicon and n-gram features, one a label, and a small network for stance, trained on "
        f"{report.sentences} sentences written for the purpose (seeds/en). It tags English sentences of "
        "regional-security text with crime types and stance, as defined in docs/codebook.md.",
        "",
        "Scores from 5-fold cross-validation on the seeds; real text is harder or easier, see docs/accuracy.md.",
        "",
        "| axis | label | precision | recall | F1 | support |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {axis.axis} | {s.label} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |"
        for axis in report.scores
        for s in axis.labels
    ]
    lines += [
        "",
        "Meant for: finding, counting and sorting statements in texts. Not meant for: evidence against anybody; "
        "a mention is no finding of guilt.",
    ]
    return "\n".join(lines) + "\n"
