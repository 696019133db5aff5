"""Out-of-fold scores to calibrated probabilities, thresholds, curves and the unsure band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from secclass._linear import FloatArray, logistic
from secclass._tokens import BoolArray
from secclass._validated import PRECISION, Curve

_POINTS = 40  # of a curve, at equal steps of recall
_UNSURE = 0.1  # share of natural sentences that may have an unsure label


@dataclass(frozen=True)
class Calibrated:
    slope: float
    intercept: float
    share: float  # weight of the network beside the linear model
    threshold: float
    held_out: FloatArray  # calibrated out-of-fold probabilities


def calibrate(raw: FloatArray, beside: FloatArray, gold: BoolArray, reach: BoolArray, weight: FloatArray) -> Calibrated:
    """Turn out-of-fold scores of one label into probabilities, and set its threshold; sentences count by weight.

    Those out of ``reach`` of the label have a part in neither, unless all within it have the label.
    """
    reach = reach if 0 < gold[reach].sum() < reach.sum() else ~gold | reach
    scores = np.stack([raw, beside], axis=1)
    platt = LogisticRegression(C=1e6).fit(scores[reach], gold[reach], sample_weight=weight[reach])
    slope, of_network = map(float, platt.coef_[0])
    intercept = float(platt.intercept_[0])
    held_out = logistic(scores @ platt.coef_[0] + intercept)
    threshold = set_threshold(gold[reach], held_out[reach], weight[reach])
    return Calibrated(slope, intercept, of_network / slope, threshold, held_out)


def natural_weight(gold: BoolArray, natural: BoolArray) -> FloatArray:
    """Weights under which a label is as frequent among the seeds as it is among the natural ones.

    Seeds written to teach a point are richer in labels than running text, but their near misses are what real
    text holds too: so they count, at natural frequency.
    """
    share = (gold[natural].sum() + gold.mean()) / (natural.sum() + 1)
    return np.where(gold, share / gold.mean(), (1 - share) / (1 - gold.mean()))


def set_threshold(gold: BoolArray, probability: FloatArray, weight: FloatArray) -> float:
    """The threshold at which as many sentences are given the label as have it (precision equals recall).

    The F1 curve is flat around its peak, which lies lower: this choice costs little F1, gives unbiased counts,
    and does not lean on recall where real text holds more near misses than the seeds.
    """
    order = np.argsort(-probability, kind="stable")
    given = np.cumsum(weight[order])
    last = int(np.searchsorted(given, weight[gold].sum()))
    return float(np.clip(np.round(probability[order][min(last, len(order) - 1)], 3), 0.05, 0.9))


def precision_recall(gold: BoolArray, probability: FloatArray, weight: FloatArray, balanced: float) -> Curve:
    """Precision and recall by threshold.

    Thinned to steps of recall, the balanced threshold, and the lowest above it with ``PRECISION``.
    """
    thresholds, place = np.unique(np.append(np.round(probability, 5), balanced), return_inverse=True)
    given, right = (
        np.cumsum(np.bincount(place[:-1], mass, minlength=len(thresholds))[::-1])[::-1]
        for mass in (weight, weight * gold)
    )
    precision = np.divide(right, given, out=np.zeros_like(right), where=given > 0)
    precision, recall = (np.floor(share * 1e4) / 1e4 for share in (precision, right / right[0]))
    steps = np.searchsorted(-recall, -np.arange(1, _POINTS) / _POINTS, side="right") - 1
    enough = np.flatnonzero((precision >= PRECISION) & (thresholds >= balanced))[:1]
    kept = np.unique(np.concatenate([steps[steps >= 0], place[-1:], enough]))
    return Curve(thresholds[kept], precision[kept], recall[kept])


def unsure_bands(probability: FloatArray, thresholds: FloatArray, natural: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Of each label (columns) the lowest score that is unsure and the lowest above it that is not.

    A label is unsure where the chance that it is wrongly given, or wrongly not given, is at least so high. That bound
    is the same for all labels, and such that a tenth of the natural sentences (rows) have an unsure label.
    """
    doubt = np.where(probability >= thresholds, 1 - probability, probability)
    rows = natural if natural.any() else slice(None)
    bound = float(np.quantile(doubt[rows].max(axis=1), 1 - _UNSURE))
    return np.minimum(bound, thresholds).round(5), np.maximum(1 - bound, thresholds).round(5)
