"""Out-of-fold scores to calibrated probabilities and thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from secclass._linear import FloatArray, logistic
from secclass._tokens import BoolArray


@dataclass(frozen=True)
class Calibrated:
    slope: float
    intercept: float
    share: float  # weight of the network beside the linear model
    threshold: float
    held_out: FloatArray  # calibrated out-of-fold probabilities


def calibrate(raw: FloatArray, beside: FloatArray, gold: BoolArray, reach: BoolArray, weight: FloatArray) -> Calibrated:
    """Turn out-of-fold scores of one label into probabilities, and set its threshold; sentences count by weight."""
    use = ~gold | reach
    scores = np.stack([raw, beside], axis=1)
    platt = LogisticRegression(C=1e6).fit(scores[use], gold[use], sample_weight=weight[use])
    slope, of_network = map(float, platt.coef_[0])
    intercept = float(platt.intercept_[0])
    held_out = logistic(scores @ platt.coef_[0] + intercept)
    threshold = set_threshold(gold[use], held_out[use], weight[use])
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
