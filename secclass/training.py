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
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from secclass import _store
from secclass._data import AXES, Labelled, digest, read_labelled
from secclass._features import Extractor, Occurrences
from secclass._lexicon import Lexicon
from secclass._linear import Axis, FloatArray, logistic
from secclass._tokens import BoolArray, IntArray, KeyArray, tokenize
from secclass.errors import SeedError
from secclass.evaluation import AxisScore, indicator, score

LENGTHS = {"word": (1, 2), "symbol": (1, 4), "skeleton": (2, 4)}
FOLDS = 5


@dataclass(frozen=True)
class AxisSettings:
    """How one axis is learnt.

    ``groups`` are its feature groups, those in ``unit`` scaled to length 1 a sentence, those in ``gated`` counted
    for a label only beside an expression of that label; ``c`` is the inverse regularisation of logistic
    regression; a feature must occur in ``min_count`` seeds.
    """

    groups: tuple[str, ...]
    unit: tuple[str, ...]
    gated: tuple[str, ...]
    c: float
    min_count: int = 2


SETTINGS = {
    "crimes": AxisSettings(("word", "crime", "context"), ("word", "context"), ("word", "context"), c=3.0),
    "stances": AxisSettings(("word", "symbol", "skeleton", "shape"), ("word", "symbol", "skeleton"), (), c=3.0),
}
# Seeds written to teach a point are harder and richer in labels than running text: calibration and thresholds
# count them this much beside the natural ones.
TAUGHT_WEIGHT = 0.15


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


@dataclass(frozen=True)
class _Matrix:
    """Features of all seeds: a block a group, with the key and rarity of each column.

    The values are those that ``Axis.raw`` weighs: counts, times rarity and scaled in the groups in ``unit``.
    """

    blocks: dict[str, sparse.csr_matrix]
    keys: dict[str, KeyArray]
    rarity: dict[str, FloatArray]
    candidates: BoolArray

    @classmethod
    def build(cls, extractor: Extractor, texts: Sequence[str], settings: AxisSettings) -> _Matrix:
        parts: dict[str, list[Occurrences]] = {group: [] for group in settings.groups}
        candidates = []
        for begin in range(0, len(texts), 512):
            found = extractor.extract(texts[begin : begin + 512])
            candidates.append(found.candidates)
            for group in settings.groups:
                occurring = found.groups[group]
                parts[group].append(replace(occurring, sentence=occurring.sentence + begin))
        matrix = cls({}, {}, {}, np.concatenate(candidates))
        for group in settings.groups:
            key, column = np.unique(np.concatenate([part.key for part in parts[group]]), return_inverse=True)
            row = np.concatenate([part.sentence for part in parts[group]])
            counts = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(texts), len(key)))
            counts.sum_duplicates()
            frequency = np.bincount(counts.indices, minlength=len(key))
            often = frequency >= settings.min_count
            counts = counts[:, often]
            matrix.keys[group] = key[often]
            matrix.rarity[group] = np.ones(counts.shape[1])
            if group in settings.unit:
                matrix.rarity[group] = np.log(len(texts) / frequency[often])
                lengths = np.sqrt(counts @ matrix.rarity[group] ** 2)
                scale = np.divide(1.0, lengths, out=np.zeros(len(texts)), where=lengths > 0)
                counts = sparse.diags(scale) @ counts @ sparse.diags(matrix.rarity[group])
            matrix.blocks[group] = counts.tocsr()
        return matrix

    def for_label(self, column: int, settings: AxisSettings, owner: IntArray | None) -> sparse.csr_matrix:
        """The matrix of one label: gated groups only in its candidates, of "crime" only its own features."""
        blocks = []
        for group, block in self.blocks.items():
            if owner is not None and group == "crime":
                block = block @ sparse.diags(((owner == column) | (owner < 0)).astype(float))
            if group in settings.gated:
                block = sparse.diags(self.candidates[:, column].astype(float)) @ block
            blocks.append(block)
        return sparse.hstack(blocks).tocsr()


def _train_axis(
    name: str, settings: AxisSettings, extractor: Extractor, rows: Sequence[Labelled], n_jobs: int
) -> tuple[Axis, AxisScore]:
    labels = AXES[name]
    gold = indicator([row.labels(name) for row in rows], labels)
    for label, count in zip(labels, gold.sum(axis=0), strict=True):
        if count < FOLDS:
            raise SeedError(f"label {label!r} has {count} positive seeds; it needs at least {FOLDS}")
    matrix = _Matrix.build(extractor, [row.text for row in rows], settings)
    owner = extractor.owner(matrix.keys["crime"]) if "crime" in matrix.keys else None
    weight = np.array([1.0 if row.natural else TAUGHT_WEIGHT for row in rows])
    # A crime that no expression points to is out of reach: it is no example to learn from.
    reach = matrix.candidates if settings.gated else np.ones_like(gold)
    learnt = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_train_label)(
            matrix.for_label(column, settings, owner), gold[:, column], reach[:, column], weight, settings.c
        )
        for column in range(len(labels))
    )
    rarity = np.concatenate(list(matrix.rarity.values()))
    weights = np.stack([label.weights for label in learnt], axis=1) * rarity[:, None]
    axis = Axis(
        name,
        labels,
        settings.groups,
        settings.unit,
        settings.gated,
        np.concatenate(list(matrix.keys.values())),
        rarity.astype(np.float32),
        weights.astype(np.float32),
        np.array([label.bias for label in learnt]),
        np.array([label.slope for label in learnt]),
        np.array([label.intercept for label in learnt]),
        np.array([label.threshold for label in learnt]),
    )
    held_out = np.stack([label.held_out for label in learnt], axis=1)
    return axis, score(name, gold, held_out >= axis.threshold)


@dataclass(frozen=True)
class _Learnt:
    weights: FloatArray
    bias: float
    slope: float
    intercept: float
    threshold: float
    held_out: FloatArray  # calibrated out-of-fold probabilities


def _train_label(
    features: sparse.csr_matrix, gold: BoolArray, reach: BoolArray, weight: FloatArray, c: float
) -> _Learnt:
    """One binary model, calibrated and given its threshold on out-of-fold scores."""
    use = ~gold | reach
    raw = np.zeros(len(gold))
    for fit, held in KFold(FOLDS, shuffle=True, random_state=0).split(gold):
        fit = fit[use[fit]]
        raw[held] = _fitted(features[fit], gold[fit], c).decision_function(features[held])
    platt = LogisticRegression(C=1e6).fit(raw[use, None], gold[use], sample_weight=weight[use])
    slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    held_out = logistic(raw * slope + intercept)
    model = _fitted(features[use], gold[use], c)
    threshold = _best_threshold(gold[use], held_out[use], weight[use])
    return _Learnt(model.coef_[0], float(model.intercept_[0]), slope, intercept, threshold, held_out)


def _fitted(features: sparse.csr_matrix, gold: BoolArray, c: float) -> LogisticRegression:
    return LogisticRegression(C=c, solver="liblinear", max_iter=300, random_state=0).fit(features, gold)


def _best_threshold(gold: BoolArray, probability: FloatArray, weight: FloatArray) -> float:
    """The threshold with the best weighted F1."""
    candidates = np.round(np.arange(0.05, 0.95, 0.01), 2)
    given = probability[:, None] >= candidates
    right = weight[gold] @ given[gold]
    scores = 2 * right / (weight[gold].sum() + weight @ given)
    return float(candidates[int(np.argmax(scores))])


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
        f"Linear models over lexicon and n-gram features, one a label, trained on {report.sentences} sentences "
        "written for the purpose (seeds/en). It tags English sentences of regional-security text with crime types "
        "and stance, as defined in docs/codebook.md.",
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
