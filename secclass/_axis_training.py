"""Labelled sentences to an axis: a linear model a label, a network beside them, calibration.

The shipped model and ``SentenceClassifier`` are learnt by this one engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import joblib
import numpy as np
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from secclass._calibration import calibrate
from secclass._features import Extractor
from secclass._linear import Axis, FloatArray, coded, decoded
from secclass._linear_training import AxisSettings, LinearFitter, Matrix
from secclass._network import Network
from secclass._network_training import DIMENSIONS, FILTERS, Trainer
from secclass._pretraining import pretrained
from secclass._sentences import Sentences
from secclass._table import in_order
from secclass._tokens import BoolArray, IntArray

_Function = TypeVar("_Function", bound=Callable[..., object])

FOLDS = 5
_FAR = -12.0  # raw score of what no expression points to
_MIN_TOKENS = 3  # an attribute of tokens must stand on so many to be known to a network
Folds = Sequence[tuple[IntArray, IntArray]]  # for each fold the sentences to learn from and those held out

# With more threads sums are added up in another order, and fitting ends elsewhere: a model would depend on the cores.
_one_thread: Callable[[_Function], _Function] = threadpool_limits.wrap(limits=1, user_api="blas")


@dataclass(frozen=True)
class Lesson:
    """What an axis learns from.

    ``gold`` has a row a text and a column a label; ``weight`` says, in the same shape, how much a text counts for a
    label in fitting (for a network only whether it does), ``frequency`` how much in calibration: it mends frequencies
    that are not natural. ``times`` is how often a network sees each text, once if it is not given.
    """

    texts: Sequence[str]
    gold: BoolArray
    weight: FloatArray
    frequency: FloatArray
    folds: Folds
    times: IntArray | None = None


def ungated(
    views: Iterable[str], *, c: float = 3.0, min_count: int = 2, cues: bool = True, network: bool = False
) -> AxisSettings:
    """How labels are learnt that no lexicon proposes: from these n-gram views and the lexicon's expressions."""
    groups = (*views, "crime", "context")
    return AxisSettings(groups, groups, (), c, min_count, cues, network=network, weight_floor=0.0)


def random_folds(count: int) -> Folds:
    """Folds of sentences drawn without regard to their labels."""
    return list(KFold(FOLDS, shuffle=True, random_state=0).split(np.empty(count)))


def even_folds(gold: BoolArray) -> Folds:
    """Folds over which the texts of each label are spread evenly, those of rare labels first."""
    fold = np.full(len(gold), -1)
    rest = np.random.default_rng(0).permutation(len(gold))
    for label in np.argsort(gold.sum(axis=0), kind="stable"):
        mine = rest[gold[rest, label]]
        fold[mine] = np.arange(len(mine)) % FOLDS
        rest = rest[~gold[rest, label]]
    fold[rest] = np.arange(len(rest)) % FOLDS
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(FOLDS)]


@_one_thread
def fit_axis(
    name: str,
    labels: Sequence[str],
    settings: AxisSettings,
    extractor: Extractor,
    lesson: Lesson,
    n_jobs: int | None,
    taught: Network | None = None,
) -> tuple[Axis, FloatArray]:
    """The axis, and the calibrated probabilities of each text (rows) for each label while it was held out.

    If it has a network, that begins with what the network ``taught`` knows, if that is of the same shape.
    """
    gold = lesson.gold
    matrix = Matrix.build(extractor, lesson.texts, settings)
    # A crime that no expression points to is out of reach, and a sentence without one tells nothing of what those
    # with one mean: the scores of both lie far below any threshold.
    reach = matrix.candidates if settings.gated else np.ones_like(gold)
    fitted = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_fit_label)(
            LinearFitter(matrix.for_label(column, settings), matrix.cues, matrix.cue_sentence, settings),
            gold[:, column],
            reach[:, column],
            lesson.weight[:, column],
            lesson.folds,
        )
        for column in range(len(labels))
    )
    weights = np.stack([weights for weights, _ in fitted], axis=1)
    raw = np.stack([held_out for _, held_out in fitted], axis=1)
    network, constant, beside = None, np.zeros(len(labels)), np.zeros_like(raw)
    if settings.network:
        network, constant, beside = _fit_network(extractor, lesson, n_jobs, taught)
    calibrated = [
        calibrate(raw[:, column], beside[:, column], gold[:, column], reach[:, column], lesson.frequency[:, column])
        for column in range(len(labels))
    ]
    share = np.array([label.share for label in calibrated])
    if network:
        network = replace(network, output=(network.output * share).astype(np.float32))
    bias = weights[-1] + constant * share
    groups, rarity = settings.groups, np.concatenate([*matrix.rarity.values(), np.ones(len(matrix.cue_keys))])
    keys = np.concatenate([*matrix.keys.values(), matrix.cue_keys])
    by_feature = weights[:-1] * rarity[:, None]
    by_feature[np.abs(by_feature) < settings.weight_floor] = 0
    felt = np.flatnonzero(by_feature.any(axis=1) | (settings.weight_floor == 0))
    keys, rarity, by_feature = keys[felt], rarity[felt], by_feature[felt]
    if settings.gated:
        groups = (*groups, "mention")
        keys = np.concatenate([extractor.mention_keys(labels), keys])
        rarity = np.concatenate([np.ones(len(labels)), rarity])
        by_feature = np.concatenate([np.diag(bias - _FAR), by_feature])
    codes, scale = coded(by_feature)
    if settings.gated:
        bias = bias - np.diag(decoded(codes[: len(labels)], scale))
    keys, order = in_order(keys)
    axis = Axis(
        name,
        tuple(labels),
        groups,
        settings.unit,
        settings.gated,
        settings.cues,
        keys,
        rarity[order].astype(np.float32),
        codes[order],
        bias,
        np.array([label.slope for label in calibrated]),
        np.array([label.intercept for label in calibrated]),
        np.array([label.threshold for label in calibrated]),
        network,
        scale=scale,
    )
    return axis, np.stack([label.held_out for label in calibrated], axis=1)


@_one_thread
def _fit_label(
    fitter: LinearFitter, gold: BoolArray, reach: BoolArray, weight: FloatArray, folds: Folds
) -> tuple[FloatArray, FloatArray]:
    """One linear model: its weights, the bias last, and out-of-fold raw scores."""
    raw = np.full(len(gold), _FAR)
    for fit, held in folds:
        within = held[reach[held]]
        raw[within] = fitter.raw(fitter.fit(fit[_teaching(gold[fit], reach[fit])], gold, weight), within)
    return fitter.fit(np.flatnonzero(_teaching(gold, reach)), gold, weight), raw


def _teaching(gold: BoolArray, reach: BoolArray) -> BoolArray:
    """Which sentences teach a label: those in its reach or, where few seeds have it in all of them, the others too."""
    return reach if 0 < gold[reach].sum() < reach.sum() else ~gold | reach


def _fit_network(
    extractor: Extractor, lesson: Lesson, n_jobs: int | None, taught: Network | None
) -> tuple[Network, FloatArray, FloatArray]:
    """One network for all labels: with its constants (an entry a label), and out-of-fold raw scores."""
    texts, gold = lesson.texts, lesson.gold
    sentences = Sentences.build(
        (extractor.extract(texts[begin : begin + 512]) for begin in range(0, len(texts), 512)), _MIN_TOKENS
    )
    if taught and not ((taught.embedding.shape[1], len(taught.bias)) == (DIMENSIONS, FILTERS) and taught.knows):
        taught = None
    start = np.zeros((len(sentences.keys), DIMENSIONS)) if taught else pretrained(sentences, DIMENSIONS)
    everything = np.arange(len(texts))
    folds = [*lesson.folds, (everything, everything[:0])]
    fits = [fit if lesson.times is None else np.repeat(fit, lesson.times[fit]) for fit, _ in folds]
    trainers = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_fit_trainer)(sentences, fit, gold, lesson.weight > 0, start, taught) for fit in fits
    )
    raw = np.zeros(gold.shape)
    for trainer, (_, held) in zip(trainers, folds, strict=True):
        raw[held] = trainer.raw(held)
    return trainers[-1].network(), trainers[-1].weights["constant"], raw


@_one_thread
def _fit_trainer(
    sentences: Sentences, rows: IntArray, gold: BoolArray, counts: BoolArray, start: FloatArray, taught: Network | None
) -> Trainer:
    return Trainer(sentences, gold.shape[1], start, taught).fit(rows, gold, counts)
