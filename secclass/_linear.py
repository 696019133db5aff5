"""Linear scores over features: raw scores, calibrated probabilities, contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from secclass._features import Features
from secclass._network import Network
from secclass._table import KeyTable
from secclass._tokens import BoolArray, IntArray, KeyArray, run_starts
from secclass._validated import Validated

FloatArray = npt.NDArray[np.float64]

_LARGEST_CODE = 127


@dataclass(frozen=True)
class Axis:
    """One group of labels that is scored together.

    ``weights`` has a row a feature (row i belongs to ``keys[i]``; stored keys, rising) and a column a label; where
    there is a ``scale``, with an entry a label, they are codes of one byte: c stands for c * |c| * scale, so that
    small weights keep their share. ``rarity`` has an entry a feature: its inverse document frequency,
    log(sentences / sentences with it), with which the weights are already multiplied. In a feature group named in
    ``unit`` a sentence's values are scaled to Euclidean length 1, in the others they are plain counts.
    Groups named in ``gated`` count for a label only where the sentence holds an expression of that label
    (``Features.candidates``). Where ``cues`` is set, the features of each cue are summed, and the sum of the
    strongest cue counts, if it is above 0. What ``network`` says, if there is one, is added.
    ``bias``, ``slope``, ``intercept`` and ``threshold`` have an entry a label. The probability of a raw score r is
    1 / (1 + exp(-(slope * r + intercept))) (Platt scaling); a label holds where it reaches the threshold.
    ``validated`` is what cross-validation found, which models before format 4 do not tell.
    """

    name: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    unit: tuple[str, ...]
    gated: tuple[str, ...]
    cues: bool
    keys: KeyArray
    rarity: npt.NDArray[np.floating[Any]]
    weights: npt.NDArray[np.int8] | npt.NDArray[np.floating[Any]]
    bias: FloatArray
    slope: FloatArray
    intercept: FloatArray
    threshold: FloatArray
    network: Network | None = None
    validated: Validated | None = None
    scale: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", KeyTable(self.keys))

    def rows(self, keys: KeyArray) -> npt.NDArray[np.int32]:
        """The weight row of each feature key, -1 for features without weight."""
        table: KeyTable = self._table  # type: ignore[attr-defined]
        return table.find(keys)

    def weights_of(self, rows: IntArray, label: int | slice = slice(None)) -> FloatArray:
        """The weights of features by their rows, on any number of axes; a column a label comes after, or one label."""
        weights = self.weights[rows, label]
        if self.scale is None:
            return weights.astype(np.float64)
        return decoded(weights, self.scale[label])

    def raw(self, found: Features) -> FloatArray:
        """Raw score of each sentence (rows) for each label (columns).

        Weights are added in the order of the sentence's own features, so that no score depends on the batch.
        """
        scores = np.tile(self.bias, (found.tokens.size, 1))
        some: BoolArray = np.logical_or.reduce(found.candidates, axis=1)
        keys, sentences = [], []
        for group in self.groups:
            occurring = found.groups[group]
            counting = some[occurring.sentence] if group in self.gated else slice(None)
            keys.append(occurring.key[counting])
            sentences.append(occurring.sentence[counting])
        cues = found.cues.key if self.cues else found.cues.key[:0]
        rows_of_all = self.rows(np.concatenate([*keys, cues.ravel()])).astype(np.int64)
        begin = 0
        for group, sentence in zip(self.groups, sentences, strict=True):
            rows = rows_of_all[begin : begin + len(sentence)]
            begin += len(sentence)
            known = (rows >= 0).nonzero()[0]
            known = known[np.argsort(sentence[known], kind="stable")]
            if not len(known):
                continue
            rows, sentence = rows[known], sentence[known]
            begins = run_starts(sentence)
            sums = np.add.reduceat(self.weights_of(rows), begins, axis=0)
            if group in self.unit:
                sums /= self._lengths(rows, begins)[:, None]
            if group in self.gated:
                sums *= found.candidates[sentence[begins], : len(self.labels)]  # names of one's own come after
            scores[sentence[begins]] += sums
        if cues.size:
            strongest = np.zeros_like(scores)
            np.maximum.at(strongest, found.cues.sentence, self._cue_sums(rows_of_all[begin:].reshape(cues.shape)))
            scores += strongest
        if self.network:
            scores += self.network.raw(found)
        return scores

    def _cue_sums(self, rows: IntArray, label: int | slice = slice(None)) -> FloatArray:
        """Score of each cue (rows) for each label (columns), from the weight row of each feature (rows) of each cue."""
        weights = self.weights_of(rows, label)
        weights[rows < 0] = 0
        sums = np.zeros(weights.shape[1:])
        for feature in weights:  # one after the other, so that no sum depends on the batch
            sums += feature
        return sums

    def _lengths(self, rows: IntArray, begins: IntArray) -> FloatArray:
        squares = self.rarity[rows].astype(np.float64) ** 2
        return np.sqrt(np.add.reduceat(squares, begins))

    def probabilities(self, raw: FloatArray) -> FloatArray:
        """Calibrated probabilities of raw scores."""
        return logistic(raw * self.slope + self.intercept)

    def contributions(self, label: int, found: Features) -> list[tuple[str, int, int, float]]:
        """Of one sentence: group, first and last token, and share in the label's raw score of each feature."""
        parts = []
        for group in self.groups:
            if group in self.gated and not found.candidates[0, label]:
                continue
            occurring = found.groups[group]
            rows = self.rows(occurring.key).astype(np.int64)
            at = (rows >= 0).nonzero()[0]
            shares = self.weights_of(rows[at], label)
            if group in self.unit and len(at):
                shares /= self._lengths(rows[at], np.zeros(1, np.int64))
            parts += [
                (group, int(occurring.first[i]), int(occurring.last[i]), float(share))
                for i, share in zip(at, shares, strict=True)
                if share
            ]
        if self.cues and len(found.cues.sentence):
            rows = self.rows(found.cues.key.ravel()).reshape(found.cues.key.shape).astype(np.int64)
            sums = self._cue_sums(rows, label)
            best = int(np.argmax(sums))
            shares = self.weights_of(rows[:, best], label)
            parts += [
                ("cue", int(found.cues.first[i, best]), int(found.cues.last[i, best]), float(share))
                for i, (row, share) in enumerate(zip(rows[:, best], shares, strict=True))
                if sums[best] > 0 and row >= 0 and share
            ]
        if self.network:
            parts += self.network.contributions(label, found)
        return parts


def coded(weights: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Weights as codes of one byte, and the scale of each label (column), as ``Axis`` has them."""
    most = np.abs(weights).max(axis=0, initial=0.0)
    scale = np.where(most > 0, most, 1.0) / _LARGEST_CODE**2
    codes = np.sign(weights) * np.sqrt(np.abs(weights) / scale)
    return codes.round().astype(np.int8), scale


def decoded(codes: npt.NDArray[Any], scale: FloatArray) -> FloatArray:
    """The weights that codes stand for."""
    squares = codes.astype(np.int16)  # the square of a byte fits
    squares *= np.abs(squares)
    return squares * scale


def logistic(values: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(values))
    result: FloatArray = np.where(values >= 0, 1.0, small) / (1.0 + small)
    return result
