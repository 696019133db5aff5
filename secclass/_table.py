"""A read-only table of keys, looked up with whole numpy arrays.

Keys are told apart by 40 bits: less to store, and of a million strange keys not one is taken for one of half a million
known ones. Stored keys are scattered evenly over those bits and stand in rising order; a directory by their
first bits, made in one pass, says where to look.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from secclass._tokens import IntArray, KeyArray

BITS = 40
TOLD_APART = np.uint64((1 << BITS) - 1)
_SCATTER = np.uint64(0xD6E8FEB86659FD93)
_MOST_SCANNED = 256  # ten times what keys of text ever need


def stored(keys: KeyArray) -> KeyArray:
    """Keys as tables store them."""
    kept: KeyArray = keys * _SCATTER
    kept &= TOLD_APART
    return kept


def in_order(keys: KeyArray) -> tuple[KeyArray, IntArray]:
    """Keys as tables store them, in rising order, and the place of each in ``keys``.

    Of keys that are not told apart the first one is kept: among half a million, one or none.
    """
    return np.unique(stored(keys), return_index=True)


class KeyTable:
    """Says where a key stands in ``keys``, which must be stored keys, each above the one before it.

    Raises
    ------
    ValueError
        If they are not, or are chosen so that they crowd in one place.
    """

    def __init__(self, keys: KeyArray) -> None:
        if len(keys) and not (keys[-1] <= TOLD_APART and (keys[1:] > keys[:-1]).all()):
            raise ValueError(f"keys must rise, and take at most {BITS} bits")
        bits = max(4, len(keys).bit_length())
        self._shift = np.uint64(BITS - bits)
        counts = np.bincount((keys >> self._shift).view(np.int64), minlength=1 << bits)
        self._scans = int(counts.max())
        if self._scans > _MOST_SCANNED:
            raise ValueError(f"{self._scans} of {len(keys)} keys crowd in one place")
        self._keys = keys
        self._begins = np.zeros(1 << bits, np.int32)
        np.cumsum(counts[:-1], out=self._begins[1:])
        np.minimum(self._begins, max(0, len(keys) - 1), out=self._begins)

    def find(self, keys: KeyArray) -> npt.NDArray[np.int32]:
        """The place of each key (as it is before it is stored) in ``keys``, -1 where it is not there."""
        keys = stored(keys)
        place: npt.NDArray[np.int32] = self._begins[keys >> self._shift]
        if not len(self._keys):
            return place - np.int32(1)
        found = self._keys[place]
        below = (found < keys).nonzero()[0]
        for _ in range(self._scans):
            if not len(below):
                break
            place[below] = np.minimum(place[below] + 1, len(self._keys) - 1)
            found[below] = self._keys[place[below]]
            below = below[found[below] < keys[below]]
        place[found != keys] = -1
        return place
