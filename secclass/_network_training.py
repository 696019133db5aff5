"""Fits the network of an axis: stochastic gradient descent (Adam) in numpy, then rounding to whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from secclass._features import ATTRIBUTES, Features
from secclass._linear import logistic
from secclass._network import REACH, WIDTHS, FloatArray, Network, columns, places
from secclass._table import TOLD_APART, in_order
from secclass._tokens import BoolArray, IntArray, KeyArray

DIMENSIONS = 48
FILTERS = 128
EPOCHS = 10
_BATCH = 32
_RATE, _WARM, _DECAY = 2e-3, 100, 1e-4  # learning rate, steps until it is reached, weight decay
_HIDDEN = {"word": 0.5, "ending": 0.3, "class": 0.1, "shape": 0.0}  # share of attributes hidden in a step
_DROPPED = 0.5  # share of dimensions, and of filters, dropped in a step
_MOST = 127


@dataclass(frozen=True)
class Sentences:
    """The attributes of all tokens: ``matrix`` has a row a token and a column an attribute, that of ``keys``.

    The tokens of sentence i are the rows ``bounds[i]`` to ``bounds[i + 1]``; ``hidden`` is the share of times that
    training hides each attribute.
    """

    keys: KeyArray
    matrix: sparse.csr_matrix
    bounds: IntArray
    hidden: FloatArray

    @classmethod
    def build(cls, batches: Iterable[Features], min_count: int) -> Sentences:
        """All sentences of some batches; an attribute must stand on ``min_count`` tokens."""
        rows, keys, shares, counts = [], [], [], []
        before = 0
        for found in batches:
            inside = ~found.tokens.boundary
            row_of = np.cumsum(inside) - 1 + before
            for name in ATTRIBUTES:
                part = found.attributes[name]
                rows.append(row_of[part.token])
                keys.append(part.key)
                shares.append(np.full(len(part.key), _HIDDEN[name]))
            counts.append(np.bincount(found.tokens.sentence[inside], minlength=found.tokens.size))
            before += int(inside.sum())
        known, first, column = np.unique(np.concatenate(keys) & TOLD_APART, return_index=True, return_inverse=True)
        row = np.concatenate(rows)
        matrix = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(before, len(known)))
        often = np.bincount(column, minlength=len(known)) >= min_count
        bounds = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return cls(known[often], matrix[:, often].tocsr(), bounds, np.concatenate(shares)[first[often]])

    def part(self, rows: IntArray) -> tuple[sparse.csr_matrix, IntArray, IntArray, int]:
        """Tokens of these sentences as inference lays them out: their places, where sentences open, and the size."""
        sizes = self.bounds[rows + 1] - self.bounds[rows]
        ends = np.cumsum(sizes)
        token = np.repeat(self.bounds[rows] - (ends - sizes), sizes) + np.arange(ends[-1])
        sentence = np.repeat(np.arange(len(rows)), sizes)
        place = places(sentence, np.arange(ends[-1]) + sentence + 1)
        count = np.arange(len(rows) + 1)
        opens = places(count, np.append(0, ends) + count)
        return self.matrix[token], place, opens[:-1], int(opens[-1]) + REACH + 1


class Trainer:
    """The weights of a network while they are learnt."""

    def __init__(self, sentences: Sentences, labels: int, seed: int = 0) -> None:
        self.sentences = sentences
        self._random = np.random.default_rng(seed)
        self._columns = columns(FILTERS)
        fan = DIMENSIONS * np.repeat(WIDTHS, FILTERS // len(WIDTHS))
        self.weights: dict[str, FloatArray] = {
            "embedding": self._random.normal(0, 0.1, (len(sentences.keys), DIMENSIONS)),
            "filters": np.concatenate(
                [
                    self._random.uniform(-1, 1, (DIMENSIONS, c.stop - c.start)) / np.sqrt(fan[own])
                    for _, c, own in self._columns
                ],
                axis=1,
            ),
            "bias": np.zeros(FILTERS),
            "output": self._random.uniform(-1, 1, (FILTERS, labels)) / np.sqrt(FILTERS),
            "constant": np.zeros(labels),
        }
        self._first = {name: np.zeros_like(value) for name, value in self.weights.items()}
        self._second = {name: np.zeros_like(value) for name, value in self.weights.items()}

    def fit(self, rows: IntArray, gold: BoolArray) -> Trainer:
        """Learn from these sentences; ``gold`` has a row a sentence of the corpus and a column a label."""
        steps = EPOCHS * -(-len(rows) // _BATCH)
        step = 0
        for _ in range(EPOCHS):
            order = self._random.permutation(rows)
            for begin in range(0, len(order), _BATCH):
                batch = order[begin : begin + _BATCH]
                rate = _RATE * min(1.0, (step + 1) / _WARM) * max(0.02, 1 - step / steps)
                self._step(self._gradient(batch, gold[batch]), rate, step + 1)
                step += 1
        return self

    def _gradient(self, batch: IntArray, gold: BoolArray) -> Mapping[str, FloatArray]:
        """Gradient of the mean logistic loss, with attributes, dimensions and filters dropped at random."""
        attributes, place, opens, size = self.sentences.part(batch)
        attributes.data = (self._random.random(attributes.nnz) >= self.sentences.hidden[attributes.indices]).astype(
            float
        )
        tokens = attributes @ self.weights["embedding"]
        kept = (self._random.random(tokens.shape) >= _DROPPED) / (1 - _DROPPED)
        laid = np.zeros((size, DIMENSIONS))
        laid[place] = tokens * kept
        strongest, where = self._strongest(laid, place, opens)
        filters = (self._random.random(strongest.shape) >= _DROPPED) / (1 - _DROPPED)
        seen = strongest * filters
        error = (logistic(seen @ self.weights["output"] + self.weights["constant"]) - gold) / gold.size
        back = (error @ self.weights["output"].T) * filters * (strongest > 0)
        # Only the strongest place of a filter learns: a sparse matrix of places and columns.
        parts = [(where[:, own] + offset, column, back[:, own]) for offset, column, own in self._columns]
        row = np.concatenate([rows.ravel() for rows, _, _ in parts])
        column = np.concatenate([np.tile(np.arange(c.start, c.stop), len(batch)) for _, c, _ in parts])
        value = np.concatenate([values.ravel() for _, _, values in parts])
        products = sparse.csr_matrix((value, (row, column)), shape=(size, self._columns[-1][1].stop))
        to_tokens = (products @ self.weights["filters"].T)[place] * kept
        return {
            "embedding": attributes.T @ to_tokens,
            "filters": (products.T @ laid).T,
            "bias": back.sum(axis=0),
            "output": seen.T @ error,
            "constant": error.sum(axis=0),
        }

    def _strongest(self, laid: FloatArray, place: IntArray, opens: IntArray) -> tuple[FloatArray, IntArray]:
        """Value of each filter (columns) at its strongest place in each sentence (rows), and that place."""
        products = laid @ self.weights["filters"]
        values = np.tile(self.weights["bias"], (len(laid) - 2 * REACH, 1))
        for offset, column, own in self._columns:
            values[:, own] += products[REACH + offset : len(laid) - REACH + offset, column]
        outside = np.ones(len(values), bool)
        outside[place - REACH] = False
        values[outside] = 0
        begins = opens + 1 - REACH
        strongest = np.maximum.reduceat(values, begins, axis=0)
        sentence = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(values))))
        hit = values == strongest[sentence]
        where = np.zeros(strongest.shape, np.int64)
        at, of = np.nonzero(hit[::-1])
        where[sentence[::-1][at], of] = len(values) - 1 - at + REACH  # the first such place is written last
        return strongest, where

    def _step(self, gradient: Mapping[str, FloatArray], rate: float, step: int) -> None:
        """One step of Adam with decoupled weight decay (Loshchilov and Hutter 2019), gradients clipped to length 1."""
        norm = np.sqrt(sum(float((part**2).sum()) for part in gradient.values()))
        for name, part in gradient.items():
            first, second = self._first[name], self._second[name]
            part = part / max(1.0, norm)
            first += 0.1 * (part - first)
            second += 0.001 * (part**2 - second)
            change = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            self.weights[name] *= 1 - rate * _DECAY
            self.weights[name] -= rate * change

    def raw(self, rows: IntArray) -> FloatArray:
        """Scores of these sentences (rows) for each label (columns)."""
        scores = np.zeros((len(rows), len(self.weights["constant"])))
        for begin in range(0, len(rows), 256):
            attributes, place, opens, size = self.sentences.part(rows[begin : begin + 256])
            laid = np.zeros((size, DIMENSIONS))
            laid[place] = attributes @ self.weights["embedding"]
            strongest, _ = self._strongest(laid, place, opens)
            scores[begin : begin + 256] = strongest @ self.weights["output"] + self.weights["constant"]
        return scores

    def network(self) -> Network:
        """The network in whole numbers, without its constants."""
        unit = np.abs(self.weights["embedding"]).max() / _MOST
        grain = np.abs(self.weights["filters"]).max() / _MOST
        keys, order = in_order(self.sentences.keys)
        return Network(
            keys,
            np.round(self.weights["embedding"][order] / unit).astype(np.int8),
            np.round(self.weights["filters"] / grain).astype(np.int8),
            np.round(self.weights["bias"] / (unit * grain)).astype(np.float32),
            (self.weights["output"] * unit * grain).astype(np.float32),
        )
