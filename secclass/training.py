"""Seeds and lexicon to a model directory, with scikit-learn. The same input gives the same model."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
import sklearn

from secclass import _store
from secclass._axis_training import FOLDS, Lesson, fit_axis, random_folds
from secclass._calibration import natural_weight, precision_recall, unsure_bands
from secclass._card import card
from secclass._data import AXES, Labelled, digest, read_labelled
from secclass._features import Extractor
from secclass._lexicon import Lexicon
from secclass._linear import Axis, FloatArray
from secclass._linear_training import AxisSettings
from secclass._scope import Scope
from secclass._tokens import BoolArray
from secclass._validated import Validated
from secclass.errors import SeedError
from secclass.evaluation import AxisScore, Reliability, Unsure, indicator, score

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
    trained = []
    for axis_name, settings in SETTINGS.items():
        trained.append(_train_axis(axis_name, settings, extractor, rows, n_jobs))
        axis_score = trained[-1].score()
        log(
            f"{axis_name}: {len(trained[-1].axis.keys)} features, cross-validated macro F1 {axis_score.macro_f1:.3f}, "
            f"micro F1 {axis_score.micro_f1:.3f}"
        )
    axes, reliability, unsure = _validate(trained, np.array([row.natural for row in rows]))
    log(f"calibration error {reliability.error:.4f}; {unsure.errors:.0%} of errors in {unsure.sentences:.0%} unsure")
    scores = tuple(part.score() for part in trained)
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
        "cross_validated": _rounded(
            {score.axis: score.to_dict() for score in scores}
            | {"reliability": asdict(reliability), "unsure": asdict(unsure)}
        ),
    }
    scope = Scope.learn([row.text for row in rows], extractor.function_words)
    model = _store.Model(manifest, extractor, axes, scope)
    _store.write(output, model, card(manifest, axes))
    return TrainingReport(len(rows), {axis.name: len(axis.keys) for axis in axes}, scores)


def _rounded(part: Any) -> Any:
    """The same figures with four digits after the point."""
    if isinstance(part, dict):
        return {name: _rounded(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)):
        return [_rounded(value) for value in part]
    return round(part, 4) if isinstance(part, float) else part


@dataclass(frozen=True)
class _Trained:
    """An axis with the gold labels and calibrated out-of-fold scores of all seeds, and how much each counts.

    A seed that leaves a label of the axis open has no label and no score here, and counts for nothing.
    """

    axis: Axis
    gold: BoolArray
    held_out: FloatArray
    weight: FloatArray

    def score(self) -> AxisScore:
        return score(self.axis.name, self.gold, self.held_out >= self.axis.threshold, self.weight == 0)


def _validate(trained: Sequence[_Trained], natural: BoolArray) -> tuple[tuple[Axis, ...], Reliability, Unsure]:
    """The axes with their curves and unsure bands, and what both are worth: of all labels and seeds together."""
    gold, held_out, weight = (
        np.concatenate([getattr(part, name) for part in trained], axis=1) for name in ("gold", "held_out", "weight")
    )
    thresholds = np.concatenate([part.axis.threshold for part in trained])
    low, high = unsure_bands(held_out, thresholds, natural)
    rows = natural if natural.any() else np.ones_like(natural)
    unsure = Unsure.measure(((held_out >= low) & (held_out < high))[rows], ((held_out >= thresholds) != gold)[rows])
    axes, begin = [], 0
    for part in trained:
        own = slice(begin, begin + len(part.axis.labels))
        curves = map(precision_recall, part.gold.T, part.held_out.T, part.weight.T, part.axis.threshold.tolist())
        axes.append(replace(part.axis, validated=Validated(tuple(curves), low[own], high[own])))
        begin = own.stop
    return tuple(axes), Reliability.measure(held_out, gold, weight), unsure


def _train_axis(
    name: str, settings: AxisSettings, extractor: Extractor, rows: Sequence[Labelled], n_jobs: int
) -> _Trained:
    labels = AXES[name]
    # A sentence that leaves a label of the axis open teaches nothing about it.
    taught = np.array([not set(row.free) & set(labels) for row in rows])
    rows = [row for row, counts in zip(rows, taught, strict=True) if counts]
    gold = indicator([row.labels(name) for row in rows], labels)
    for label, count in zip(labels, gold.sum(axis=0), strict=True):
        if count < FOLDS:
            raise SeedError(f"label {label!r} has {count} positive seeds; it needs at least {FOLDS}")
    natural = np.array([row.natural for row in rows])
    frequency = np.stack([natural_weight(column, natural) for column in gold.T], axis=1)
    lesson = Lesson([row.text for row in rows], gold, np.ones(gold.shape), frequency, random_folds(len(rows)))
    axis, held_out = fit_axis(name, labels, settings, extractor, lesson, n_jobs)
    return _Trained(axis, *(_among(taught, part) for part in (gold, held_out, frequency)))


def _among(rows: BoolArray, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values of some rows in their places among all, the others 0."""
    spread = np.zeros((len(rows), values.shape[1]), values.dtype)
    spread[rows] = values
    return spread
