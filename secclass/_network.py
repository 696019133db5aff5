"""A small convolutional network over the tokens of a sentence, in whole numbers.

Each token is the sum of the embeddings of its attributes; a filter weighs the tokens in a window of one to seven; of
each filter the strongest place in the sentence counts, if it is above 0 (Kim 2014, Convolutional Neural Networks for
Sentence Classification). Embeddings and filters are stored as small integers and added up exactly: no score depends
on the batch, or on how a machine rounds.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from secclass._features import ATTRIBUTES, Features
from secclass._table import KeyTable
from secclass._tokens import BoolArray, IntArray, KeyArray, run_starts

FloatArray = npt.NDArray[np.float64]
WIDTHS = (1, 3, 5, 7)  # tokens that a filter sees; there are as many filters of each width, in this order
REACH = max(WIDTHS) // 2
_AT_ONCE = 64  # sentences: their values stay in the cache of a core


@functools.cache
def columns(filters: int) -> list[tuple[int, slice, slice]]:
    """How the products of a token with all filters are laid out, for ``filters`` filters in all.

    For each width and each place in the window: its offset from the middle, the columns of the products, and the
    filters that they belong to.
    """
    each = filters // len(WIDTHS)
    parts: list[tuple[int, slice, slice]] = []
    for number, width in enumerate(WIDTHS):
        for offset in range(-(width // 2), width // 2 + 1):
            begin = len(parts) * each
            parts.append((offset, slice(begin, begin + each), slice(number * each, (number + 1) * each)))
    return parts


def places(sentence: IntArray, token: IntArray) -> IntArray:
    """The row of each token where the sentences stand ``REACH`` empty rows apart: no window sees two of them."""
    return token + (REACH - 1) * (sentence + 1)


class _Laid(NamedTuple):
    """The sentences of a batch, laid out for the filters.

    ``kind`` is the kind of token at each place, with ``REACH`` places more on either side; ``outside`` flags the places
    that are in no sentence; ``products`` are those of each kind with the filters, an array for each of ``columns``;
    sentence i is laid from ``opens[i]`` to ``opens[i + 1]``.
    """

    kind: IntArray
    outside: BoolArray
    products: npt.NDArray[np.float32]
    opens: IntArray


@dataclass(frozen=True)
class Network:
    """The network of one axis.

    ``embedding`` (int8) has a row a known attribute, that of ``keys[i]`` (stored, rising), and a column a dimension;
    ``weights`` (int8) a row a dimension and the columns that ``columns`` lays out; ``bias`` (whole numbers) an entry a
    filter; ``output`` a row a filter and a column a label: what one unit of the filter's strongest place adds to the
    raw score.
    """

    keys: KeyArray
    embedding: npt.NDArray[np.int8]
    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.float32]
    output: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", KeyTable(self.keys))

    @property
    def knows(self) -> bool:
        """Whether it has learnt anything: a file may hold zeros alone."""
        return bool(self.embedding.any() and self.weights.any())

    def raw(self, found: Features) -> FloatArray:
        """What the network adds to the raw scores: a row a sentence, a column a label."""
        laid = self._lay(found)
        strongest = np.empty((len(laid.opens) - 1, len(self.bias)), np.float32)
        for begin in range(0, len(strongest), _AT_ONCE):
            opens = laid.opens[begin : begin + _AT_ONCE + 1]
            for own, values in self._values(laid, opens[0], opens[-1]):
                np.maximum.reduceat(values, opens[:-1] - opens[0], axis=0, out=strongest[begin : begin + _AT_ONCE, own])
        shares: FloatArray = np.multiply(strongest[:, :, None], self.output.astype(np.float64))
        return shares.sum(axis=1)

    def contributions(self, label: int, found: Features) -> list[tuple[str, int, int, float]]:
        """Of one sentence: first and last token that each filter saw, and its share in the label's raw score."""
        laid = self._lay(found)
        values = np.concatenate([part.copy() for _, part in self._values(laid, 0, laid.opens[-1])], axis=1)
        end = len(found.tokens.key) - 2
        parts = []
        for filter_, place in enumerate(values.argmax(axis=0)):
            value = float(values[place, filter_])
            if value:
                half = WIDTHS[filter_ * len(WIDTHS) // len(self.bias)] // 2
                middle = int(place) + 1
                share = value * float(self.output[filter_, label])
                parts.append(("pattern", max(1, middle - half), min(end, middle + half), share))
        return parts

    def _lay(self, found: Features) -> _Laid:
        tokens = found.tokens
        row_of = places(tokens.sentence, np.arange(len(tokens.key)))
        kind = np.zeros(row_of[-1] + REACH + 1, np.int64)
        kind[row_of], sums = self._kinds(found)
        outside = np.ones(len(kind) - 2 * REACH, bool)
        outside[row_of[~tokens.boundary] - REACH] = False
        # Whole numbers, which float32 multiplies exactly.
        parts = self.weights.astype(np.float32).reshape(len(self.weights), sum(WIDTHS), -1).swapaxes(0, 1)
        opens = row_of[tokens.boundary] + 1 - REACH
        opens[-1] = len(outside)
        return _Laid(kind, outside, sums.astype(np.float32) @ parts, opens)

    def _values(self, laid: _Laid, begin: int, end: int) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
        """The filters of each width, and the value of each (columns) at each place from ``begin`` to ``end``.

        Between the sentences the values are 0, so that a sentence's strongest is at least that. The array is used again
        for the next width: memory that is taken anew costs more than what is reckoned in it.
        """
        shape = end - begin, len(self.bias) // len(WIDTHS)
        values, more = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for (offset, _, own), product in zip(columns(len(self.bias)), laid.products, strict=True):
            width = WIDTHS[own.start * len(WIDTHS) // len(self.bias)]
            first = offset == -(width // 2)
            seen = laid.kind[begin + REACH + offset : end + REACH + offset]
            product.take(seen, axis=0, out=values if first else more, mode="clip")
            values += self.bias[own] if first else more
            if offset == width // 2:
                values[laid.outside[begin:end]] = 0
                yield own, values

    def _kinds(self, found: Features) -> tuple[IntArray, npt.NDArray[np.int32]]:
        """Tokens with equal attributes are of one kind: the kind of each token, and the embedding of each kind.

        Kind 0 has no attributes, and embedding 0.
        """
        token = np.concatenate([found.attributes[name].token for name in ATTRIBUTES])
        key = np.concatenate([found.attributes[name].key for name in ATTRIBUTES])
        order = np.argsort(token, kind="stable")
        token, key = token[order], key[order]
        begins = run_starts(token)
        if not len(begins):
            return np.zeros(len(found.tokens.key), np.int64), np.zeros((1, self.embedding.shape[1]), np.int32)
        _, first, inverse = np.unique(np.add.reduceat(key, begins), return_index=True, return_inverse=True)
        kind = np.zeros(len(found.tokens.key), np.int64)
        kind[token[begins]] = inverse + 1
        example = np.zeros(len(found.tokens.key), bool)
        example[token[begins[first]]] = True
        of_example = example[token].nonzero()[0]
        row = self._table.find(key[of_example])  # type: ignore[attr-defined]
        owner = kind[token[of_example[row >= 0]]]
        changes = run_starts(owner)
        sums = np.zeros((len(first) + 1, self.embedding.shape[1]), np.int32)
        if len(changes):
            sums[owner[changes]] = np.add.reduceat(self.embedding[row[row >= 0]], changes, axis=0, dtype=np.int32)
        return kind, sums
