"""Labelled sentences and a lexicon to a model directory, with scikit-learn. The same input gives the same model."""

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
from secclass._axis_training import FOLDS, Lesson, even_folds, fit_axis, random_folds, ungated
from secclass._calibration import natural_weight, precision_recall, unsure_bands
from secclass._card import card
from secclass._data import Labelled, checked_names, digest, read_labelled, read_own, scheme_of
from secclass._features import Extractor
from secclass._lexicon import Lexicon
from secclass._linear import Axis, FloatArray
from secclass._linear_training import AxisSettings
from secclass._scope import Scope
from secclass._tokens import BoolArray, IntArray
from secclass._validated import Validated
from secclass.errors import OptionError, SeedError
from secclass.evaluation import AxisScore, Reliability, Unsure, indicator, score
from secclass.labels import AXES, MOST_LABELS

LENGTHS = {"word": (1, 2), "symbol": (1, 2)}
OWN_LENGTHS = {"word": (1, 2), "character": (2, 5), "symbol": (1, 2)}
SETTINGS = {
    "crimes": AxisSettings(
        ("symbol", "crime", "context", "list"),
        ("symbol", "context", "list"),
        ("symbol", "context", "list"),
        c=5.0,
        min_count=4,
        weight_floor=0.2,
    ),
    "stances": AxisSettings(
        ("word", "symbol", "shape"), ("word", "symbol"), (), c=10.0, min_count=3, cues=True, network=True
    ),
}


@dataclass(frozen=True)
class TrainingReport:
    """What training did: the cross-validated scores a axis, and how many sentences and features."""

    sentences: int
    features: Mapping[str, int]
    scores: tuple[AxisScore, ...]


def train(
    sentences: Path,
    output: Path,
    *,
    lexicon: Path | None = None,
    with_seeds: Path | None = None,
    weight: int | None = None,
    name: str | None = None,
    version: str = "1",
    n_jobs: int = 1,
    log: Callable[[str], None] = print,
) -> TrainingReport:
    """Train a model from labelled sentences and write it.

    Parameters
    ----------
    sentences
        A CSV or JSON-lines file, or a directory of JSON lines, with labels of any scheme. A directory that holds
        ``lexicon/`` is a seed directory: all its sentences have crimes and stances, as the shipped model's have.
    output
        The model directory to write.
    lexicon
        Further expressions: a file with a line ``[label]`` before those of each label, or a directory laid out as the
        lexicon of the seeds.
    with_seeds
        A seed directory: the sentences then come on top of it, and the model knows crimes and stances as well.
    weight
        With ``with_seeds``, as how many seeds each of the sentences counts; 1 if not given.
    name, version
        What the model says of itself; without a name it is called as ``output``.
    n_jobs
        How many labels are learnt at a time, as joblib counts them.
    log
        What is called with each line that tells how far training is.

    Raises
    ------
    SeedError
        If a file has a fault, or a label has too few sentences to learn from.
    OptionError
        If ``with_seeds`` is no seed directory, or ``weight`` has no meaning.
    """
    seeds = with_seeds
    if with_seeds is None and (sentences / "lexicon").is_dir():
        seeds = sentences
    if with_seeds is not None and not (with_seeds / "lexicon").is_dir():
        raise OptionError(
            f"{with_seeds} is no seed directory, which holds *.jsonl and lexicon/; that of the shipped model is "
            "seeds/en of a source checkout: it is not installed with the package"
        )
    if weight is not None and (with_seeds is None or weight < 1):
        raise OptionError(
            "the weight is a whole number from 1: as how many seeds each of your sentences counts beside the seeds; "
            f"got {weight}{'' if with_seeds else ', and no seeds'}"
        )
    own = [] if seeds == sentences else read_own(sentences)
    rows = [*(read_labelled(seeds) if seeds else []), *own]
    times = np.repeat([1, weight or 1], [len(rows) - len(own), len(own)])
    scheme = scheme_of(own, seeds=seeds is not None)
    lengths = LENGTHS if seeds and len(scheme) == len(AXES) else OWN_LENGTHS
    extractor = Extractor(_lexicon(seeds, lexicon), lengths)
    log(f"{len(rows)} sentences from {sentences if seeds in (None, sentences) else f'{seeds} and {sentences}'}")
    trained = []
    for axis_name, labels in scheme:
        settings = SETTINGS.get(axis_name) if seeds else None
        trained.append(_train_axis(axis_name, labels, settings, extractor, rows, times, n_jobs))
        axis_score = trained[-1].score()
        log(
            f"{axis_name}: {len(trained[-1].axis.keys)} features, cross-validated macro F1 {axis_score.macro_f1:.3f}, "
            f"micro F1 {axis_score.micro_f1:.3f}"
        )
    axes, reliability, unsure = _validate(trained, np.array([row.natural for row in rows]))
    log(f"calibration error {reliability.error:.4f}; {unsure.errors:.0%} of errors in {unsure.sentences:.0%} unsure")
    scores = tuple(part.score() for part in trained)
    sources: dict[str, Any] = {}
    if seeds:
        sources["seeds"] = {"sha256": digest(seeds), "sentences": len(rows) - len(own)}
    if own:
        sources["own"] = {"sha256": digest(sentences), "sentences": len(own), "times": weight or 1}
    if lexicon:
        sources["own_lexicon"] = {"sha256": digest(lexicon)}
    manifest = {
        "name": name or ("en" if seeds == sentences else output.resolve().name),
        "version": version,
        "language": "en",
        **sources,
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
    # A few sentences do not show what words other sentences will have: then none is outside.
    scope = (
        Scope.learn([row.text for row in rows], extractor.function_words, extractor.lexicon.vocabulary)
        if seeds
        else Scope(np.empty(0, np.uint64), 0.0)
    )
    model = _store.Model(manifest, extractor, axes, scope)
    _store.write(output, model, card(manifest, axes))
    return TrainingReport(len(rows), {axis.name: len(axis.keys) for axis in axes}, scores)


def _lexicon(seeds: Path | None, more: Path | None) -> Lexicon:
    """The lexicon of the seeds, or else of the shipped model, with more expressions."""
    if seeds:
        lexicon = Lexicon.read(seeds / "lexicon", AXES["crimes"])
    else:
        lexicon = _store.read(_store.find("en")).extractor.lexicon
    if more is None:
        return lexicon
    lexicon = lexicon.with_files(more)
    if len(lexicon.crime_names) > MOST_LABELS:
        raise SeedError(f"{more} has more than {MOST_LABELS} names of expressions with those of the shipped lexicon")
    checked_names(lexicon.crime_names, more)
    return lexicon


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

    Where a seed leaves a label open it has no label and no score here, and counts for nothing.
    """

    axis: Axis
    gold: BoolArray
    held_out: FloatArray
    weight: FloatArray

    def score(self) -> AxisScore:
        given = self.held_out >= self.axis.threshold
        return score(self.axis.name, self.gold, given, self.weight == 0, self.axis.labels)


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
    name: str,
    labels: Sequence[str],
    settings: AxisSettings | None,
    extractor: Extractor,
    rows: Sequence[Labelled],
    times: IntArray,
    n_jobs: int,
) -> _Trained:
    """Learn an axis: as the shipped model's, or without ``settings`` as labels of one's own."""
    # A label that a sentence leaves open is not learnt from it.
    counts = np.array([[label not in row.open(name, labels) for label in labels] for row in rows])
    taught: BoolArray = np.logical_or.reduce(counts, axis=1)
    rows = [row for row, some in zip(rows, taught, strict=True) if some]
    counts, times = counts[taught], times[taught]
    gold = indicator([row.labels(name) for row in rows], labels) & counts
    for label, count, among in zip(labels, gold.sum(axis=0), counts.sum(axis=0), strict=True):
        if min(count, among - count) < FOLDS:
            raise SeedError(
                f"label {label!r} of axis {name!r} stands on {count} of {among} sentences; it needs at least "
                f"{FOLDS} with it and {FOLDS} without it: write more, or take the label out (or all of {name!r}, if it "
                "is no axis)"
            )
    natural = np.array([row.natural for row in rows])
    frequency = np.zeros(gold.shape)
    for column, of_label in enumerate(counts.T):
        frequency[of_label, column] = natural_weight(gold[of_label, column], natural[of_label])
    weight = times[:, None] * counts.astype(float)
    folds = random_folds(len(rows)) if settings else even_folds(gold)
    lesson = Lesson([row.text for row in rows], gold, weight, frequency, folds, times)
    axis, held_out = fit_axis(name, labels, settings or ungated(OWN_LENGTHS), extractor, lesson, n_jobs)
    return _Trained(axis, *(_among(taught, part) for part in (gold, held_out * counts, frequency)))


def _among(rows: BoolArray, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values of some rows in their places among all, the others 0."""
    spread = np.zeros((len(rows), values.shape[1]), values.dtype)
    spread[rows] = values
    return spread
