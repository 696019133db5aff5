"""All sentences of a corpus as the attributes of their tokens, ready for training a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from secclass._features import ATTRIBUTES, Features
from secclass._network import REACH, FloatArray, places
from secclass._table import TOLD_APART
from secclass._tokens import IntArray, KeyArray

_HIDDEN = {"word": 0.5, "ending": 0.3, "class": 0.1, "shape": 0.0}  # share of times that training hides an attribute


@dataclass(frozen=True)
class Sentences:
    """The attributes of all tokens: ``matrix`` has a row a token and a column an attribute, that of ``keys``.

    The tokens of sentence i are the rows ``bounds[i]`` to ``bounds[i + 1]``; ``kind`` is the place of each
    attribute's kind in ``ATTRIBUTES``, ``hidden`` the share of times that training hides each attribute.
    """

    keys: KeyArray
    matrix: sparse.csr_matrix
    bounds: IntArray
    kind: IntArray
    hidden: FloatArray

    @classmethod
    def build(cls, batches: Iterable[Features], min_count: int) -> Sentences:
        """All sentences of some batches; an attribute must stand on ``min_count`` tokens."""
        rows, keys, kinds, counts = [], [], [], []
        before = 0
        for found in batches:
            inside = ~found.tokens.boundary
            row_of = np.cumsum(inside) - 1 + before
            for kind, name in enumerate(ATTRIBUTES):
                part = found.attributes[name]
                rows.append(row_of[part.token])
                keys.append(part.key)
                kinds.append(np.full(len(part.key), kind))
            counts.append(np.bincount(found.tokens.sentence[inside], minlength=found.tokens.size))
            before += int(inside.sum())
        known, first, column = np.unique(np.concatenate(keys) & TOLD_APART, return_index=True, return_inverse=True)
        row = np.concatenate(rows)
        matrix = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(before, len(known)))
        often = np.bincount(column, minlength=len(known)) >= min_count
        bounds = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        kind_of = np.concatenate(kinds)[first[often]]
        hidden = np.array([_HIDDEN[name] for name in ATTRIBUTES])[kind_of]
        return cls(known[often], matrix[:, often].tocsr(), bounds, kind_of, hidden)

    def words(self) -> IntArray:
        """For each token the attribute that is its word, -1 where that is not known."""
        word = np.full(self.matrix.shape[0], -1)
        entries = self.matrix.tocoo()
        is_word = self.kind[entries.col] == ATTRIBUTES.index("word")
        word[entries.row[is_word]] = entries.col[is_word]
        return word

    def shown(self, tokens: IntArray, random: np.random.Generator) -> sparse.csr_matrix:
        """The rows of these tokens, some attributes hidden at random."""
        attributes = self.matrix[tokens]
        attributes.data = (random.random(attributes.nnz) >= self.hidden[attributes.indices]).astype(float)
        return attributes

    def part(self, rows: IntArray) -> tuple[IntArray, IntArray, IntArray, int]:
        """Tokens of these sentences, their places as inference lays them out, where sentences open, and the size."""
        sizes = self.bounds[rows + 1] - self.bounds[rows]
        ends = np.cumsum(sizes)
        token = np.repeat(self.bounds[rows] - (ends - sizes), sizes) + np.arange(ends[-1])
        sentence = np.repeat(np.arange(len(rows)), sizes)
        place = places(sentence, np.arange(ends[-1]) + sentence + 1)
        count = np.arange(len(rows) + 1)
        opens = places(count, np.append(0, ends) + count)
        return token, place, opens[:-1], int(opens[-1]) + REACH + 1
