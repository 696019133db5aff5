"""Fits the linear model of an axis: the features of all seeds as a matrix, and logistic regression on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse
from sklearn.linear_model import LogisticRegression

from secclass._features import Extractor
from secclass._linear import FloatArray, logistic
from secclass._tokens import BoolArray, IntArray, KeyArray
from secclass.errors import SeedError


@dataclass(frozen=True)
class AxisSettings:
    """How one axis is learnt.

    ``groups`` are its feature groups, those in ``unit`` scaled to length 1 a sentence, those in ``gated`` counted
    for a label only beside an expression of that label; ``c`` is the inverse regularisation of logistic
    regression; a feature must occur in ``min_count`` seeds. With ``cues`` the cues of stance are learnt too, with
    the inverse regularisation ``cue_c``; with ``network`` a network, beside the linear models. Weights below
    ``weight_floor`` are 0, and features with no others are left out of the axis.
    """

    groups: tuple[str, ...]
    unit: tuple[str, ...]
    gated: tuple[str, ...]
    c: float
    min_count: int = 2
    cues: bool = False
    cue_c: float = 0.7
    network: bool = False
    weight_floor: float = 0.1


@dataclass(frozen=True)
class Matrix:
    """Features of all seeds: a block a group, with the key and rarity of each column.

    The values are those that ``Axis.raw`` weighs: counts, times rarity and scaled in the groups in ``unit``.
    """

    blocks: dict[str, sparse.csr_matrix]
    keys: dict[str, KeyArray]
    rarity: dict[str, FloatArray]
    candidates: BoolArray
    owner: IntArray  # the crime type of each column of the group "crime", -1 for none
    cues: sparse.csr_matrix  # a row a cue
    cue_keys: KeyArray
    cue_sentence: IntArray

    @classmethod
    def build(cls, extractor: Extractor, texts: Sequence[str], settings: AxisSettings) -> Matrix:
        parts: dict[str, list[tuple[KeyArray, IntArray]]] = {group: [] for group in settings.groups}
        candidates, owner, cue_key, cue_sentence = [], [], [], []
        for begin in range(0, len(texts), 512):
            found = extractor.extract(texts[begin : begin + 512])
            candidates.append(found.candidates)
            owner.append(found.owner)
            cue_key.append(found.cues.key)
            cue_sentence.append(found.cues.sentence + begin)
            for group in settings.groups:
                occurring = found.groups[group]
                parts[group].append((occurring.key, occurring.sentence + begin))
        blocks: dict[str, sparse.csr_matrix] = {}
        keys: dict[str, KeyArray] = {}
        rarity: dict[str, FloatArray] = {}
        owner_of = np.empty(0, np.int64)
        for group in settings.groups:
            found_keys, row = (np.concatenate(column) for column in zip(*parts.pop(group), strict=True))
            key, column = np.unique(found_keys, return_inverse=True)
            counts = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(texts), len(key)))
            counts.sum_duplicates()
            frequency = np.bincount(counts.indices, minlength=len(key))
            often = frequency >= settings.min_count
            if group in settings.unit:
                often &= frequency < len(texts)  # what stands everywhere tells nothing, and has no length
            counts = counts[:, often]
            if group == "crime":
                owner_of = np.full(len(key), -1)
                owner_of[column] = np.concatenate(owner)
                owner_of = owner_of[often]
            keys[group] = key[often]
            rarity[group] = np.ones(counts.shape[1])
            if group in settings.unit:
                rarity[group] = np.log(len(texts) / frequency[often])
                lengths = np.sqrt(counts @ rarity[group] ** 2)
                scale = np.divide(1.0, lengths, out=np.zeros(len(texts)), where=lengths > 0)
                counts = sparse.diags(scale) @ counts @ sparse.diags(rarity[group])
            blocks[group] = counts.tocsr()
        if not any(map(len, keys.values())):
            raise SeedError(
                f"nothing can be learnt from these {len(texts)} texts: no word or other feature stands in at least "
                f"{settings.min_count} of them but not in all"
            )
        cues, cue_keys = _cue_matrix(np.concatenate(cue_key, axis=1), settings)
        sentence = np.concatenate(cue_sentence)
        return cls(blocks, keys, rarity, np.concatenate(candidates), owner_of, cues, cue_keys, sentence)

    def for_label(self, column: int, settings: AxisSettings) -> sparse.csr_matrix:
        """The matrix of one label: gated groups only in its candidates, and then of "crime" only its own features."""
        blocks = []
        for group, block in self.blocks.items():
            if group == "crime" and settings.gated:
                block = block @ sparse.diags(((self.owner == column) | (self.owner < 0)).astype(float))
            if group in settings.gated:
                block = sparse.diags(self.candidates[:, column].astype(float)) @ block
            blocks.append(block)
        return sparse.hstack(blocks).tocsr()


def _cue_matrix(keys: KeyArray, settings: AxisSettings) -> tuple[sparse.csr_matrix, KeyArray]:
    """Which features each cue has (a row a cue), and the key of each column."""
    if not settings.cues:
        return sparse.csr_matrix((keys.shape[1], 0)), np.empty(0, np.uint64)
    known, column = np.unique(keys.ravel(), return_inverse=True)
    row = np.tile(np.arange(keys.shape[1]), keys.shape[0])
    matrix = sparse.csr_matrix((np.ones(len(row)), (row, column.ravel())), shape=(keys.shape[1], len(known)))
    often = np.bincount(matrix.indices, minlength=len(known)) >= settings.min_count
    return matrix[:, often].tocsr(), known[often]


@dataclass(frozen=True)
class LinearFitter:
    """Fits one label: logistic regression over the sentence's features and, if there are any, its strongest cue.

    The cues are pooled by a soft maximum, log(1 + sum(exp(s * v))) / s over their scores v, which the gradient can
    follow; scoring takes the maximum itself.
    """

    features: sparse.csr_matrix
    cues: sparse.csr_matrix
    cue_sentence: IntArray
    settings: AxisSettings
    sharpness: float = 4.0

    def fit(self, rows: IntArray, gold: BoolArray, weight: FloatArray | None = None) -> FloatArray:
        """Weights of the features, of the cue features, and the bias, learnt from these sentences.

        ``gold`` and ``weight`` (how much a sentence counts; 1 if not given) have an entry a sentence of the corpus.
        """
        counts = np.ones(len(rows)) if weight is None else weight[rows]
        if not self.settings.cues:
            # liblinear shrinks the bias as well; a scale spares it.
            model = LogisticRegression(
                C=self.settings.c, solver="liblinear", intercept_scaling=10.0, max_iter=300, random_state=0
            )
            model.fit(self.features[rows], gold[rows], counts)
            return np.append(model.coef_[0], model.intercept_)
        features, cues, sentence = self._of(rows)
        transposed = features.T.tocsr(), cues.T.tocsr()
        count, cut = len(rows), features.shape[1]
        sign = np.where(gold[rows], 1.0, -1.0)
        penalty = np.repeat([1 / self.settings.c, 1 / self.settings.cue_c, 0.0], [cut, cues.shape[1], 1])

        def loss(weights: FloatArray) -> tuple[float, FloatArray]:
            scaled = self.sharpness * (cues @ weights[cut:-1])
            top = np.zeros(count)
            np.maximum.at(top, sentence, scaled)
            powers = np.exp(scaled - top[sentence])
            total = np.exp(-top) + np.bincount(sentence, powers, minlength=count)
            raw = features @ weights[:cut] + (top + np.log(total)) / self.sharpness + weights[-1]
            value = counts @ np.logaddexp(0, -sign * raw) + 0.5 * penalty @ weights**2
            slope = -sign * logistic(-sign * raw) * counts
            of_cue = slope[sentence] * powers / total[sentence]
            gradient = np.concatenate([transposed[0] @ slope, transposed[1] @ of_cue, [slope.sum()]])
            return value, gradient + penalty * weights

        start = np.zeros(len(penalty))
        start[-1] = -1.0
        found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80})
        return np.asarray(found.x)

    def raw(self, weights: FloatArray, rows: IntArray) -> FloatArray:
        """Raw scores of these sentences."""
        features, cues, sentence = self._of(rows)
        cut = features.shape[1]
        strongest = np.zeros(len(rows))
        np.maximum.at(strongest, sentence, cues @ weights[cut:-1])
        return features @ weights[:cut] + strongest + weights[-1]

    def _of(self, rows: IntArray) -> tuple[sparse.csr_matrix, sparse.csr_matrix, IntArray]:
        """Features of these sentences, their cues, and the place in ``rows`` of each cue's sentence."""
        place = np.full(self.features.shape[0], -1)
        place[rows] = np.arange(len(rows))
        mine = np.flatnonzero(place[self.cue_sentence] >= 0)
        return self.features[rows], self.cues[mine], place[self.cue_sentence[mine]]
