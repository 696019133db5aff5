"""Seeds and lexicon to a model directory, with scikit-learn. The same input gives the same model."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import scipy
import sklearn
from sklearn.model_selection import KFold

from secclass import _store
from secclass._calibration import calibrate
from secclass._data import AXES, Labelled, digest, read_labelled
from secclass._features import Extractor
from secclass._lexicon import Lexicon
from secclass._linear import Axis, FloatArray
from secclass._linear_training import AxisSettings, LinearFitter, Matrix
from secclass._network import Network
from secclass._network_training import Sentences, Trainer
from secclass._tokens import BoolArray, IntArray, tokenize
from secclass.errors import SeedError
from secclass.evaluation import AxisScore, indicator, score

LENGTHS = {"word": (1, 2), "symbol": (1, 2)}
FOLDS = 5


SETTINGS = {
    "crimes": AxisSettings(("symbol", "crime", "context"), ("symbol", "context"), ("symbol", "context"), c=3.0),
    "stances": AxisSettings(("word", "symbol", "shape"), ("word", "symbol"), (), c=10.0, cues=True, network=True),
}
MIN_TOKENS = 3  # an attribute of tokens must stand on so many to be known to a network
WEIGHT_FLOOR = 0.1  # features whose weights are all smaller are left out of the model


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
    gold = indicator([row.labels(name) for row in rows], labels)
    for label, count in zip(labels, gold.sum(axis=0), strict=True):
        if count < FOLDS:
            raise SeedError(f"label {label!r} has {count} positive seeds; it needs at least {FOLDS}")
    matrix = Matrix.build(extractor, [row.text for row in rows], settings)
    natural = np.array([row.natural for row in rows])
    # A crime that no expression points to is out of reach: it is no example to learn from.
    reach = matrix.candidates if settings.gated else np.ones_like(gold)
    fitted = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_fit_label)(
            LinearFitter(matrix.for_label(column, settings), matrix.cues, matrix.cue_sentence, settings),
            gold[:, column],
            reach[:, column],
        )
        for column in range(len(labels))
    )
    weights = np.stack([weights for weights, _ in fitted], axis=1)
    raw = np.stack([held_out for _, held_out in fitted], axis=1)
    network, constant, beside = None, np.zeros(len(labels)), np.zeros_like(raw)
    if settings.network:
        network, constant, beside = _fit_network(extractor, [row.text for row in rows], gold, n_jobs)
    calibrated = [
        calibrate(raw[:, column], beside[:, column], gold[:, column], reach[:, column], natural)
        for column in range(len(labels))
    ]
    share = np.array([label.share for label in calibrated])
    if network:
        network = replace(network, output=(network.output * share).astype(np.float32))
    rarity = np.concatenate([*matrix.rarity.values(), np.ones(len(matrix.cue_keys))])
    keys = np.concatenate([*matrix.keys.values(), matrix.cue_keys])
    by_feature = weights[:-1] * rarity[:, None]
    felt = np.abs(by_feature).max(axis=1) >= WEIGHT_FLOOR
    axis = Axis(
        name,
        labels,
        settings.groups,
        settings.unit,
        settings.gated,
        settings.cues,
        keys[felt],
        rarity[felt].astype(np.float32),
        by_feature[felt].astype(np.float32),
        weights[-1] + constant * share,
        np.array([label.slope for label in calibrated]),
        np.array([label.intercept for label in calibrated]),
        np.array([label.threshold for label in calibrated]),
        network,
    )
    held_out = np.stack([label.held_out for label in calibrated], axis=1)
    return axis, score(name, gold, held_out >= axis.threshold)


def _folds(count: int) -> list[tuple[IntArray, IntArray]]:
    """For each fold the sentences to learn from and those held out."""
    return list(KFold(FOLDS, shuffle=True, random_state=0).split(np.empty(count)))


def _fit_label(fitter: LinearFitter, gold: BoolArray, reach: BoolArray) -> tuple[FloatArray, FloatArray]:
    """One linear model: its weights, the bias last, and out-of-fold raw scores."""
    use = ~gold | reach
    raw = np.zeros(len(gold))
    for fit, held in _folds(len(gold)):
        raw[held] = fitter.raw(fitter.fit(fit[use[fit]], gold), held)
    return fitter.fit(np.flatnonzero(use), gold), raw


def _fit_network(
    extractor: Extractor, texts: Sequence[str], gold: BoolArray, n_jobs: int
) -> tuple[Network, FloatArray, FloatArray]:
    """One network for all labels: with its constants (an entry a label), and out-of-fold raw scores."""
    sentences = Sentences.build(
        (extractor.extract(texts[begin : begin + 512]) for begin in range(0, len(texts), 512)), MIN_TOKENS
    )
    everything = np.arange(len(texts))
    folds = [*_folds(len(texts)), (everything, everything[:0])]
    trainers = joblib.Parallel(n_jobs=n_jobs)(joblib.delayed(_fit_trainer)(sentences, fit, gold) for fit, _ in folds)
    raw = np.zeros(gold.shape)
    for trainer, (_, held) in zip(trainers, folds, strict=True):
        raw[held] = trainer.raw(held)
    return trainers[-1].network(), trainers[-1].weights["constant"], raw


def _fit_trainer(sentences: Sentences, rows: IntArray, gold: BoolArray) -> Trainer:
    return Trainer(sentences, gold.shape[1]).fit(rows, gold)


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
