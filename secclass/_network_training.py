"""Fits the network of an axis: stochastic gradient descent (Adam) in numpy, then rounding to whole numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from secclass._adam import Adam
from secclass._linear import logistic
from secclass._network import REACH, WIDTHS, FloatArray, Network, columns
from secclass._sentences import Sentences
from secclass._table import KeyTable, in_order
from secclass._tokens import BoolArray, IntArray

DIMENSIONS = 48
FILTERS = 128
EPOCHS = 10
_BATCH = 32
_RATE, _WARM, _DECAY = 2e-3, 100, 1e-4  # learning rate, steps until it is reached, weight decay
_DROPPED = 0.5  # share of dimensions, and of filters, dropped in a step
_MOST = 127
_EMBEDDING, _FILTER = 0.2, 0.1  # standard deviations of a trained network's weights, about, which it does not keep


class Trainer:
    """The weights of a network while they are learnt.

    ``embedding`` is what those of the attributes start from. Where ``taught``, a network learnt from other labels, is
    given, its filters are started from, and its embeddings of the attributes that it knows.
    """

    def __init__(
        self, sentences: Sentences, labels: int, embedding: FloatArray, taught: Network | None = None, seed: int = 0
    ) -> None:
        self.sentences = sentences
        self._random = np.random.default_rng(seed)
        self._columns = columns(FILTERS)
        fan = DIMENSIONS * np.repeat(WIDTHS, FILTERS // len(WIDTHS))
        self.weights: dict[str, FloatArray] = {
            "embedding": embedding.copy(),
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
        if taught:
            row = KeyTable(taught.keys).find(sentences.keys)
            unit, grain = _EMBEDDING / taught.embedding.std(), _FILTER / taught.weights.std()
            self.weights["embedding"][row >= 0] = taught.embedding[row[row >= 0]] * unit
            self.weights["filters"] = taught.weights * grain
            self.weights["bias"] = taught.bias * (unit * grain)

    def fit(self, rows: IntArray, gold: BoolArray, counts: BoolArray) -> Trainer:
        """Learn from these sentences.

        ``gold`` has a row a sentence of the corpus and a column a label; ``counts``, in the same shape, says where it
        is known.
        """
        steps = EPOCHS * -(-len(rows) // _BATCH)
        adam = Adam(self.weights, _DECAY)
        step = 0
        for _ in range(EPOCHS):
            order = self._random.permutation(rows)
            for begin in range(0, len(order), _BATCH):
                batch = order[begin : begin + _BATCH]
                rate = _RATE * min(1.0, (step + 1) / _WARM) * max(0.02, 1 - step / steps)
                adam.step(self._gradient(batch, gold[batch], counts[batch]), rate)
                step += 1
        return self

    def _gradient(self, batch: IntArray, gold: BoolArray, counts: BoolArray) -> Mapping[str, FloatArray]:
        """Gradient of the mean logistic loss, with attributes, dimensions and filters dropped at random."""
        token, place, opens, size = self.sentences.part(batch)
        attributes = self.sentences.shown(token, self._random)
        tokens = attributes @ self.weights["embedding"]
        kept = (self._random.random(tokens.shape) >= _DROPPED) / (1 - _DROPPED)
        laid = np.zeros((size, DIMENSIONS))
        laid[place] = tokens * kept
        strongest, where = self._strongest(laid, place, opens)
        filters = (self._random.random(strongest.shape) >= _DROPPED) / (1 - _DROPPED)
        seen = strongest * filters
        error = counts * (logistic(seen @ self.weights["output"] + self.weights["constant"]) - gold) / gold.size
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

    def raw(self, rows: IntArray) -> FloatArray:
        """Scores of these sentences (rows) for each label (columns)."""
        scores = np.zeros((len(rows), len(self.weights["constant"])))
        for begin in range(0, len(rows), 256):
            token, place, opens, size = self.sentences.part(rows[begin : begin + 256])
            laid = np.zeros((size, DIMENSIONS))
            laid[place] = self.sentences.matrix[token] @ self.weights["embedding"]
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
